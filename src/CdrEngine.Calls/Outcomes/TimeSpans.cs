using CdrEngine.Core;

namespace CdrEngine.Calls.Outcomes;

/// <summary>Stretches of time, apart from one another and in order. A call has a handful; nothing here is for thousands.</summary>
internal sealed class TimeSpans
{
    private readonly List<(Timestamp From, Timestamp To)> _items = [];

    public IReadOnlyList<(Timestamp From, Timestamp To)> Items => _items;

    public bool IsEmpty => _items.Count == 0;

    public TimeSpan Total
    {
        get
        {
            TimeSpan total = TimeSpan.Zero;
            foreach ((Timestamp from, Timestamp to) in _items) total += to - from;
            return total;
        }
    }

    /// <summary>Adds a stretch; what it overlaps becomes one with it. One without length is none.</summary>
    public void Add(Timestamp from, Timestamp to)
    {
        if (to <= from) return;
        int at = 0;
        while (at < _items.Count && _items[at].To < from) at++;
        while (at < _items.Count && _items[at].From <= to)
        {
            if (_items[at].From < from) from = _items[at].From;
            to = Timestamp.Max(to, _items[at].To);
            _items.RemoveAt(at);
        }

        _items.Insert(at, (from, to));
    }

    /// <summary>Takes a stretch out.</summary>
    public void Remove(Timestamp from, Timestamp to)
    {
        if (to <= from) return;
        for (int i = _items.Count - 1; i >= 0; i--)
        {
            (Timestamp start, Timestamp end) = _items[i];
            if (end <= from || start >= to) continue;
            _items.RemoveAt(i);
            if (end > to) _items.Insert(i, (to, end));
            if (start < from) _items.Insert(i, (start, from));
        }
    }

    /// <summary>Closes holes shorter than a span.</summary>
    public void Close(TimeSpan shortest)
    {
        for (int i = _items.Count - 1; i > 0; i--)
        {
            if (_items[i].From - _items[i - 1].To >= shortest) continue;
            _items[i - 1] = (_items[i - 1].From, _items[i].To);
            _items.RemoveAt(i);
        }
    }

    /// <summary>What of these lies within others.</summary>
    public TimeSpans Within(TimeSpans others)
    {
        var within = new TimeSpans();
        foreach ((Timestamp from, Timestamp to) in _items)
        {
            foreach ((Timestamp start, Timestamp end) in others._items) within.Add(Timestamp.Max(from, start), to < end ? to : end);
        }

        return within;
    }

    /// <summary>What of these lies outside others.</summary>
    public TimeSpans Without(TimeSpans others)
    {
        var without = new TimeSpans();
        without._items.AddRange(_items);
        foreach ((Timestamp from, Timestamp to) in others._items) without.Remove(from, to);
        return without;
    }

    /// <summary>True where any of these overlaps or meets the stretch.</summary>
    public bool Touches(Timestamp from, Timestamp to)
    {
        foreach ((Timestamp start, Timestamp end) in _items)
        {
            if (start <= to && end >= from) return true;
        }

        return false;
    }
}
