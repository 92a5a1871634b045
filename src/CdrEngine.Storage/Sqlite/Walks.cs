using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What one viewer is shown of one query, page after page. Locked by who uses it.</summary>
/// <param name="marks">For each day the document up to which its calls belong to the walk.</param>
/// <param name="isOfMark">Whether it is of a <see cref="CallMark"/>: what it knows of a day holds as long as nothing is written to the day or deleted from it.</param>
internal sealed class Walk(Dictionary<DateOnly, long> marks, bool isOfMark = false)
{
    private readonly Dictionary<DateOnly, SortedList<long, CallCursor>> _places = [];
    private readonly Dictionary<DateOnly, string> _stamps = [];
    private int _count;

    public Dictionary<DateOnly, long> Marks => marks;

    /// <summary>Whether it is of a mark.</summary>
    public bool IsOfMark => isOfMark;

    /// <summary>Calls on all pages, once counted.</summary>
    public long? Total { get; set; }

    /// <summary>Calls of days, once counted, and the stamp of what was deleted by then: what a walk shows does not change but by deletions.</summary>
    public Dictionary<DateOnly, (string Hidden, long Calls)> Counts { get; } = [];

    /// <summary>The same of lists of which records, or what seals tell of them, decide.</summary>
    public Dictionary<DateOnly, (string Hidden, long Calls)> Judged { get; } = [];

    /// <summary>How many calls are shorter than each of some lengths, once counted.</summary>
    public CountedLengths? Shorter { get; set; }

    /// <summary>Forgets what it knows of a day that is in another state than it was.</summary>
    public void Renew(DateOnly day, DayStamp stamp)
    {
        if (stamp.IsSettled && _stamps.TryGetValue(day, out string? known) && known == stamp.Text) return;
        Counts.Remove(day);
        if (_places.Remove(day, out SortedList<long, CallCursor>? places)) _count -= places.Count;
        if (stamp.IsSettled) _stamps[day] = stamp.Text;
        else _stamps.Remove(day);
    }

    /// <summary>True where a place at or behind this row of a day is known, so that the row is in that day or right at its end.</summary>
    public bool Reaches(DateOnly day, long row) => _places.TryGetValue(day, out SortedList<long, CallCursor>? places) && places.Keys[^1] >= row;

    /// <summary>The nearest place at or before a row: its row, and behind which call it is; row 0 and null where none is known.</summary>
    public (long Row, CallCursor? After) Nearest(DateOnly day, long row)
    {
        if (!_places.TryGetValue(day, out SortedList<long, CallCursor>? places)) return (0, null);
        int behind = Bisection.First(places.Count, place => places.Keys[place] > row);
        return behind == 0 ? (0, null) : (places.Keys[behind - 1], places.Values[behind - 1]);
    }

    /// <summary>Remembers that a row of a day stands right behind a call; nothing more once there are <paramref name="most"/>.</summary>
    public void Remember(DateOnly day, long row, CallCursor after, int most)
    {
        if (_count >= most)
        {
            // Those that walk on leave earlier pages behind: every second place serves them as well.
            Thin();
        }

        if (!_places.TryGetValue(day, out SortedList<long, CallCursor>? places)) _places.Add(day, places = []);
        if (places.TryAdd(row, after)) _count++;
    }

    private void Thin()
    {
        foreach (SortedList<long, CallCursor> places in _places.Values)
        {
            for (int i = places.Count - 2; i >= 0; i -= 2)
            {
                places.RemoveAt(i);
                _count--;
            }
        }
    }
}

/// <summary>How many calls of a walk are shorter than each of some lengths.</summary>
/// <param name="Lengths">The lengths.</param>
/// <param name="Stamps">The days' stamps then, in the order that the query asks for them.</param>
/// <param name="Calls">How many are shorter.</param>
internal sealed record CountedLengths(LengthSteps Lengths, DayStamp[] Stamps, IReadOnlyList<long> Calls);

/// <summary>The walks of late, a bounded number. Any thread.</summary>
internal sealed class Walks(int capacity, TimeSpan age)
{
    private readonly Dictionary<string, LinkedListNode<(string Key, Walk Walk, long Used)>> _walks = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, Walk Walk, long Used)> _byUse = new();
    private readonly Lock _lock = new();

    /// <summary>The walk of a key; a new one where it begins anew or is not known any more.</summary>
    public Walk Of(string key, bool anew, Func<Walk> begin)
    {
        long now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (_byUse.First is { } oldest && Stopwatch.GetElapsedTime(oldest.Value.Used, now) > age) Remove(oldest);
            if (_walks.TryGetValue(key, out LinkedListNode<(string Key, Walk Walk, long Used)>? known))
            {
                Remove(known);
                if (!anew)
                {
                    Add(key, known.Value.Walk, now);
                    return known.Value.Walk;
                }
            }
        }

        Walk walk = begin();
        lock (_lock)
        {
            if (_walks.TryGetValue(key, out LinkedListNode<(string Key, Walk Walk, long Used)>? meanwhile)) Remove(meanwhile);
            if (_walks.Count >= capacity && _byUse.First is { } least) Remove(least);
            Add(key, walk, now);
        }

        return walk;
    }

    private void Add(string key, Walk walk, long now) => _walks.Add(key, _byUse.AddLast((key, walk, now)));

    private void Remove(LinkedListNode<(string Key, Walk Walk, long Used)> node)
    {
        _walks.Remove(node.Value.Key);
        _byUse.Remove(node);
    }
}

/// <summary>The walks of what was stored by a time, those of late of each mark, as long as there is the mark. Any thread.</summary>
/// <param name="capacity">Walks of each at most, 50 KB each.</param>
internal sealed class MarkWalks(int capacity = 12)
{
    private readonly ConditionalWeakTable<CallMark, Walks> _walks = [];

    /// <summary>The walk of a query. Locked by who uses it.</summary>
    public Walk Of(CallMark mark, string query) =>
        _walks.GetValue(mark, _ => new Walks(capacity, TimeSpan.MaxValue)).Of(query, false, () => new Walk(mark.Days as Dictionary<DateOnly, long> ?? new Dictionary<DateOnly, long>(mark.Days), isOfMark: true));
}

/// <summary>What days answered to queries, as long as a day's file has not changed. Any thread.</summary>
/// <typeparam name="T">The answer.</typeparam>
internal sealed class DayAnswers<T>(int capacity)
{
    private readonly Dictionary<string, (string Version, T Answer)> _answers = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The answer, remembered as long as a day is of this version.</summary>
    public T GetOrAdd(string key, string version, Func<T> ask) => GetOrAdd(key, new DayStamp(version, true), ask);

    /// <summary>The answer, remembered where its day is not being written to.</summary>
    public T GetOrAdd(string key, DayStamp stamp, Func<T> ask)
    {
        if (TryFind(key, stamp, out T? known)) return known;
        T answer = ask();
        Keep(key, stamp, answer);
        return answer;
    }

    /// <summary>The answer, where it is remembered.</summary>
    public bool TryFind(string key, DayStamp stamp, [MaybeNullWhen(false)] out T answer)
    {
        lock (_lock)
        {
            bool isKnown = _answers.TryGetValue(key, out (string Version, T Answer) known) && known.Version == stamp.Text;
            answer = isKnown ? known.Answer : default;
            return isKnown;
        }
    }

    /// <summary>Remembers an answer where its day is not being written to.</summary>
    public void Keep(string key, DayStamp stamp, T answer)
    {
        if (!stamp.IsSettled) return;
        lock (_lock)
        {
            // Cheaper than an order of use, and seldom.
            if (_answers.Count >= capacity) _answers.Clear();
            _answers[key] = (stamp.Text, answer);
        }
    }
}
