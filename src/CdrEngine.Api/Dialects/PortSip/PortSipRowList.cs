using System.Collections.Concurrent;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The sessions of a day that memory tells of. Immutable but for what is made of them when it is asked for; any thread.</summary>
/// <param name="rows">They, in order of their starts.</param>
internal sealed class PortSipDayRows(PortSipSessionRow[] rows)
{
    private readonly ConcurrentDictionary<string, PortSipColumn> _columns = new(StringComparer.Ordinal);

    // Each session belongs to one tenant, so that all of these have as many as there are.
    private readonly ConcurrentDictionary<string, PortSipDayRows> _ofTenants = new(StringComparer.Ordinal);

    /// <summary>They, in order of their starts.</summary>
    public PortSipSessionRow[] Rows => rows;

    /// <summary>Whether nothing went on from some of their first calls.</summary>
    public bool HasStrays { get; } = Array.Exists(rows, static row => row.IsStray);

    /// <summary>Their values of a field.</summary>
    public PortSipColumn Column(string field) => _columns.GetOrAdd(field, static (field, rows) => PortSipColumn.Of(rows, field), rows);

    /// <summary>What a tenant is told of them.</summary>
    public PortSipDayRows Of(string tenant)
    {
        if (_ofTenants.TryGetValue(tenant, out PortSipDayRows? known)) return known;
        PortSipSessionRow[] own = [.. rows.Where(row => row.Tenant == tenant).Select(static row => row.Own ?? row)];
        return own.Length == 0 ? s_none : _ofTenants.GetOrAdd(tenant, new PortSipDayRows(own));
    }

    private static readonly PortSipDayRows s_none = new([]);
}

/// <summary>Sessions of several days in order of their starts, each day's put together when one of them is asked for: a list of all would be megabytes for every question, and a page is of a few days. One thread.</summary>
internal sealed class PortSipRows
{
    private readonly (PortSipDayRows Day, int Count, Func<PortSipSessionRow[]> Tell)[] _days;
    private readonly PortSipSessionRow[]?[] _told;
    private readonly int[] _ends;

    /// <summary>The sessions of some days.</summary>
    /// <param name="days">In order: all of a day, how many of them are meant, and what tells these in order of their starts.</param>
    public PortSipRows(IEnumerable<(PortSipDayRows Day, int Count, Func<PortSipSessionRow[]> Tell)> days)
    {
        _days = [.. days.Where(static day => day.Count > 0)];
        _told = new PortSipSessionRow[_days.Length][];
        _ends = new int[_days.Length];
        for (int i = 0; i < _days.Length; i++) _ends[i] = Count += _days[i].Count;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>One of them.</summary>
    /// <param name="place">Where it stands, from 0.</param>
    public PortSipSessionRow this[int place]
    {
        get
        {
            int day = Array.BinarySearch(_ends, place + 1);
            if (day < 0) day = ~day;
            return Told(day)[place - Begin(day)];
        }
    }

    /// <summary>How many of them stand before a call.</summary>
    public int Before(CallRecord call)
    {
        int behind = Bisection.First(_days.Length, day => _days[day].Day.Rows[0].CompareTo(call) >= 0);
        if (behind == 0) return 0;
        PortSipSessionRow[] rows = Told(behind - 1);
        return Begin(behind - 1) + Bisection.First(rows.Length, place => rows[place].CompareTo(call) >= 0);
    }

    private int Begin(int day) => day == 0 ? 0 : _ends[day - 1];

    private PortSipSessionRow[] Told(int day) => _told[day] ??= _days[day].Tell();
}

/// <summary>Sessions of a list that memory tells of, in order of their starts, and those of each day in order of the list's field as well.</summary>
internal sealed class PortSipRowList
{
    private readonly (PortSipDayRows Day, PortSipColumn Column)[] _days;
    private readonly string? _field;

    /// <summary>The sessions of some days that meet a condition.</summary>
    /// <param name="days">The days, in order.</param>
    /// <param name="meets">Which of a day's meet it, by their places; null for all.</param>
    /// <param name="field">The list's field; null where it is in order of starts.</param>
    public PortSipRowList(IEnumerable<PortSipDayRows> days, Func<PortSipDayRows, bool[]>? meets, string? field)
    {
        _field = field;
        var all = new List<(PortSipDayRows, int, Func<PortSipSessionRow[]>)>();
        var byField = new List<(PortSipDayRows, PortSipColumn)>();
        foreach (PortSipDayRows day in days)
        {
            bool[]? met = meets?.Invoke(day);
            int count = met is null ? day.Rows.Length : met.AsSpan().Count(true);
            all.Add((day, count, () => count == day.Rows.Length ? day.Rows : Those(day.Rows, met!, count)));
            if (field is not null) byField.Add((day, met is null ? day.Column(field) : day.Column(field).Where(met)));
        }

        All = new PortSipRows(all);
        _days = [.. byField];
    }

    /// <summary>All, in order of their starts.</summary>
    public PortSipRows All { get; }

    /// <summary>How many meet a condition on the list's field.</summary>
    public long Count(PortSipCondition condition)
    {
        long count = 0;
        foreach ((_, PortSipColumn column) in _days)
        {
            (int from, int to) = Slice(column, condition);
            count += Math.Max(0, to - from);
        }

        return count;
    }

    /// <summary>Adds to each length how many have it, of a list that is in order of lengths in whole seconds.</summary>
    /// <param name="lengths">From none on; longer ones are not counted.</param>
    public void AddLengths(long[] lengths)
    {
        foreach ((_, PortSipColumn column) in _days) column.AddTo(lengths);
    }

    /// <summary>Those that meet it, in order of their starts.</summary>
    public PortSipRows Meeting(PortSipCondition condition)
    {
        var days = new List<(PortSipDayRows, int, Func<PortSipSessionRow[]>)>();
        foreach ((PortSipDayRows day, PortSipColumn column) in _days)
        {
            (int from, int to) = Slice(column, condition);
            days.Add((day, to - from, () => Between(day, column, from, to)));
        }

        return new PortSipRows(days);
    }

    private static PortSipSessionRow[] Between(PortSipDayRows day, PortSipColumn column, int from, int to)
    {
        int[] places = column.Places[from..to].ToArray();
        Array.Sort(places);
        return Array.ConvertAll(places, place => day.Rows[place]);
    }

    private static PortSipSessionRow[] Those(PortSipSessionRow[] rows, bool[] met, int count)
    {
        var those = new PortSipSessionRow[count];
        for (int i = 0, next = 0; next < count; i++)
        {
            if (met[i]) those[next++] = rows[i];
        }

        return those;
    }

    // Where those stand that meet a comparison, or all of several.
    private (int From, int To) Slice(PortSipColumn column, PortSipCondition condition)
    {
        switch (condition)
        {
            case PortSipJunction { IsOr: false } both:
                (int from, int to) = Slice(column, both.Left);
                (int otherFrom, int otherTo) = Slice(column, both.Right);
                return (Math.Max(from, otherFrom), Math.Min(to, otherTo));
            case PortSipComparison comparison when comparison.Field == _field:
                return column.Slice(comparison);
            default:
                throw new InvalidOperationException($"{condition} is no range of {_field}.");
        }
    }
}
