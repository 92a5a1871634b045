namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls of a day in order of their ids, by their places in <see cref="DayCalls"/>, and some of the ids, which lead to others. Immutable.</summary>
internal sealed class DayIdOrder
{
    // One id in so many is kept as it is.
    private const int Part = 64;

    private readonly WholeNumbers _order;
    private readonly UInt128[] _some;
    private readonly int _places;

    private DayIdOrder(WholeNumbers order, UInt128[] some, int places) => (_order, _some, _places) = (order, some, places);

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _order.Size + (_some.Length * 16L);

    /// <summary>That of some calls.</summary>
    /// <param name="calls">Their ids and places, in any order.</param>
    /// <param name="places">Places the day has.</param>
    public static DayIdOrder Of(IEnumerable<(UInt128 Id, int Place)> calls, int places)
    {
        (UInt128 Id, int Place)[] all = [.. calls];
        UInt128[] ids = [.. all.Select(static call => call.Id)];
        int[] its = [.. all.Select(static call => call.Place)];
        Array.Sort(ids, its);
        var order = new WholeNumbers(its.Length, places);
        for (int i = 0; i < its.Length; i++) order[i] = its[i];
        return new DayIdOrder(order, [.. ids.Where(static (_, i) => i % Part == 0)], places);
    }

    /// <summary>Between which ids those are to be counted that stand before one, and how many stand before the first of these.</summary>
    /// <param name="id">The id, as <see cref="IdRanges.NumberOf"/> has it.</param>
    public (int Before, UInt128 From) Near(UInt128 id)
    {
        int at = Array.BinarySearch(_some, id);
        if (at < 0) at = Math.Max(0, ~at - 1);
        return at < _some.Length ? (at * Part, UInt128.Min(_some[at], id)) : (0, 0);
    }

    /// <summary>The calls that stand from one rank on to before another.</summary>
    public DayPlaces Between(long first, long behind)
    {
        var places = new DayPlaces(_places);
        for (long i = Math.Max(0, first); i < Math.Min(behind, _order.Count); i++) places.Add(_order[(int)i]);
        return places;
    }
}

/// <summary>The orders of days, as long as nothing is written to them; those that were asked for longest ago are let go of where there are too many. Any thread.</summary>
/// <param name="capacity">Bytes.</param>
internal sealed class IdOrdersKept(long capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, LinkedListNode<(DateOnly Day, string Stamp, DayIdOrder Order)>> _kept = [];
    private readonly LinkedList<(DateOnly Day, string Stamp, DayIdOrder Order)> _byUse = new();
    private long _held;

    /// <summary>That of a day; null where it is not known.</summary>
    public DayIdOrder? Find(DateOnly day, DayStamp stamp)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayIdOrder Order)>? node)) return null;
            if (node.Value.Stamp != stamp.Text)
            {
                Remove(node);
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Order;
        }
    }

    /// <summary>Keeps that of a day, where it is not being written to.</summary>
    public void Keep(DateOnly day, DayStamp stamp, DayIdOrder order)
    {
        if (!stamp.IsSettled) return;
        lock (_lock)
        {
            if (_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayIdOrder Order)>? old)) Remove(old);
            _kept.Add(day, _byUse.AddLast((day, stamp.Text, order)));
            _held += order.Size;
            while (_held > capacity && _byUse.First is { } oldest && oldest.Value.Day != day) Remove(oldest);
        }
    }

    /// <summary>Forgets a day that is no more: what is stored for it later is numbered anew.</summary>
    public void Forget(DateOnly day)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(day, out LinkedListNode<(DateOnly Day, string Stamp, DayIdOrder Order)>? node)) Remove(node);
        }
    }

    private void Remove(LinkedListNode<(DateOnly Day, string Stamp, DayIdOrder Order)> node)
    {
        _kept.Remove(node.Value.Day);
        _byUse.Remove(node);
        _held -= node.Value.Order.Size;
    }
}
