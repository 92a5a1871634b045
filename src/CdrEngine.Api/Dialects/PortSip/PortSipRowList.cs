using System.Collections.Concurrent;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The sessions of a day that memory tells of. Immutable but for orders, which are made when they are asked for; any thread.</summary>
/// <param name="rows">They, in order of their starts.</param>
internal sealed class PortSipDayRows(PortSipSessionRow[] rows)
{
    private readonly ConcurrentDictionary<string, int[]> _orders = new(StringComparer.Ordinal);

    /// <summary>They, in order of their starts.</summary>
    public PortSipSessionRow[] Rows => rows;

    /// <summary>Whether nothing went on from some of their first calls.</summary>
    public bool HasStrays { get; } = Array.Exists(rows, static row => row.IsStray);

    /// <summary>Their places in order of a field, those of one value by their starts and those of none last.</summary>
    public int[] OrderOf(string field) => _orders.GetOrAdd(field, static (field, rows) =>
    {
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        Comparison<PortSipSessionRow> compare = PortSipSessionRow.OrderOf(field);
        Array.Sort(order, (one, other) => compare(rows[one], rows[other]) is var by && by != 0 ? by : one.CompareTo(other));
        return order;
    }, rows);
}

/// <summary>Sessions of a list that memory tells of, in order of their starts, and those of each day in order of the list's field as well: what meets a condition on that stands together there.</summary>
internal sealed class PortSipRowList
{
    private readonly (PortSipDayRows Day, int[] ByField)[] _days;
    private readonly string? _field;

    /// <summary>The sessions of some days that meet a condition.</summary>
    /// <param name="days">The days, in order.</param>
    /// <param name="meets">The condition; null for none.</param>
    /// <param name="shown">What is told of a session, or null where it is none of the list; null for the session itself.</param>
    /// <param name="field">The list's field; null where it is in order of starts.</param>
    public PortSipRowList(IReadOnlyList<PortSipDayRows> days, Func<PortSipSessionRow, bool>? meets, Func<PortSipSessionRow, PortSipSessionRow?>? shown, string? field)
    {
        _field = field;
        PortSipDayRows[] told = shown is null ? [.. days] : [.. days.Select(day => Told(day, shown))];
        var all = new List<PortSipSessionRow>();
        var byField = new List<(PortSipDayRows, int[])>();
        foreach (PortSipDayRows day in told)
        {
            if (meets is null)
            {
                all.AddRange(day.Rows);
                if (field is not null) byField.Add((day, day.OrderOf(field)));
                continue;
            }

            bool[] met = new bool[day.Rows.Length];
            for (int i = 0; i < met.Length; i++)
            {
                if (!meets(day.Rows[i])) continue;
                met[i] = true;
                all.Add(day.Rows[i]);
            }

            if (field is not null) byField.Add((day, [.. day.OrderOf(field).Where(place => met[place])]));
        }

        All = [.. all];
        _days = [.. byField];
    }

    /// <summary>All, in order of their starts.</summary>
    public PortSipSessionRow[] All { get; }

    /// <summary>How many meet a condition on the list's field.</summary>
    public long Count(PortSipCondition condition)
    {
        long count = 0;
        foreach ((PortSipDayRows day, int[] byField) in _days)
        {
            (int from, int to) = Slice(day.Rows, byField, condition);
            count += Math.Max(0, to - from);
        }

        return count;
    }

    /// <summary>Those that meet it, in order of their starts.</summary>
    public PortSipSessionRow[] Meeting(PortSipCondition condition)
    {
        var met = new List<PortSipSessionRow>();
        foreach ((PortSipDayRows day, int[] byField) in _days)
        {
            (int from, int to) = Slice(day.Rows, byField, condition);
            if (from >= to) continue;
            int[] places = byField[from..to];
            Array.Sort(places);
            foreach (int place in places) met.Add(day.Rows[place]);
        }

        return [.. met];
    }

    private static PortSipDayRows Told(PortSipDayRows day, Func<PortSipSessionRow, PortSipSessionRow?> shown)
    {
        PortSipSessionRow[] rows = [.. day.Rows.Select(shown).OfType<PortSipSessionRow>()];
        return rows.AsSpan().SequenceEqual(day.Rows) ? day : new PortSipDayRows(rows);
    }

    // Where those stand that meet a comparison, or all of several.
    private (int From, int To) Slice(PortSipSessionRow[] rows, int[] byField, PortSipCondition condition)
    {
        switch (condition)
        {
            case PortSipJunction { IsOr: false } both:
                (int from, int to) = Slice(rows, byField, both.Left);
                (int otherFrom, int otherTo) = Slice(rows, byField, both.Right);
                return (Math.Max(from, otherFrom), Math.Min(to, otherTo));
            case PortSipComparison comparison when comparison.Field == _field:
                Func<PortSipSessionRow, bool> isThere = PortSipSessionRow.Has(comparison.Field);
                int none = First(row => !isThere(row));
                if (comparison.Text is null) return comparison.Operator == PortSipOperator.Equal ? (none, byField.Length) : (0, none);
                Func<PortSipSessionRow, int?> order = PortSipRowJudge.Order(comparison)!;
                int least = First(row => order(row) is not { } of || of >= 0), behind = First(row => order(row) is not { } of || of > 0);
                return comparison.Operator switch
                {
                    PortSipOperator.Equal => (least, behind),
                    PortSipOperator.Greater => (behind, none),
                    PortSipOperator.GreaterOrEqual => (least, none),
                    PortSipOperator.Less => (0, least),
                    PortSipOperator.LessOrEqual => (0, behind),
                    _ => throw new InvalidOperationException($"{comparison.Operator} is no range."),
                };
            default:
                throw new InvalidOperationException($"{condition} is no range of {_field}.");
        }

        int First(Func<PortSipSessionRow, bool> isBehind)
        {
            int low = 0, high = byField.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (isBehind(rows[byField[middle]])) high = middle;
                else low = middle + 1;
            }

            return low;
        }
    }
}
