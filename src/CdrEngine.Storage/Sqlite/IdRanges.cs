using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Ids that calls are held against, of a query, its alternatives and what it leaves out: all calls of a day meet a bound of another day, or none does, so that but for the days of the bounds nothing is
/// asked of ids. Any thread.</summary>
internal sealed class IdRanges
{
    // Days in which bounds lie, ascending.
    private readonly DateOnly[] _days;

    private IdRanges(DateOnly[] days) => _days = days;

    /// <summary>Those of a query; null where it holds no ids against others.</summary>
    public static IdRanges? Of(CallQuery query)
    {
        var ranges = new List<TextRange>();
        Add(query, ranges);
        return ranges.Count == 0 ? null : new IdRanges([.. ranges.Select(DayOf).OfType<DateOnly>().Distinct().Order()]);
    }

    /// <summary>Where a day stands among those of the bounds: the same is asked of days that stand at the same place.</summary>
    public int PlaceOf(DateOnly day) => Array.BinarySearch(_days, day) is var at && at >= 0 ? (2 * at) + 1 : 2 * ~at;

    /// <summary>A query as it is asked of a day; null where no call of the day can meet it.</summary>
    /// <param name="query">The query.</param>
    /// <param name="day">The day.</param>
    public static CallQuery? On(CallQuery query, DateOnly day)
    {
        if (!MayMeet(query, day)) return null;
        if (query.Ranges.Any(range => Meets(range, day) == true)) query = query with { Ranges = [.. query.Ranges.Where(range => Meets(range, day) is null)] };
        if (query.Without is { } without && Of(without) is not null) query = query with { Without = On(without, day) };
        if (query.Any.Count == 0 || !query.Any.Any(static one => Of(one) is not null)) return query;
        CallQuery[] any = [.. query.Any.Select(one => On(one, day)).OfType<CallQuery>()];
        return any.Length == 0 ? null : query with { Any = any.Any(IsEverything) ? [] : any };
    }

    /// <summary>Whether a day may have calls that meet the ids of a query, whatever its alternatives.</summary>
    public static bool MayMeet(CallQuery query, DateOnly day) => query.Ranges.All(range => Meets(range, day) != false);

    /// <summary>Whether all calls of a day meet a range, or none does; null where that depends on the call, and for what is not of ids.</summary>
    public static bool? Meets(TextRange range, DateOnly day)
    {
        if (range.Of != TextOf.Id) return null;
        if (range.Sense == TextSense.Present) return true;
        if (DayOf(range) is not { } bound || bound == day) return null;
        return range.Sense is TextSense.Greater or TextSense.GreaterOrEqual ? day > bound : day < bound;
    }

    /// <summary>The ids of a day between which calls meet ranges, the second exclusive: their bytes as a number, twelve of them in order. Null where one is no bound of this day.</summary>
    /// <param name="ranges">Ranges of ids.</param>
    /// <param name="day">The day.</param>
    public static (UInt128 First, UInt128 Behind)? Within(IEnumerable<TextRange> ranges, DateOnly day)
    {
        UInt128 first = 0, behind = UInt128.One << (8 * CallRow.IdBytes);
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        foreach (TextRange range in ranges)
        {
            if (range.Sense is TextSense.Contains or TextSense.Present || !CallRow.TryReadId(range.Text, out DateOnly its, id) || its != day) return null;
            UInt128 bound = NumberOf(id);
            if (range.Sense is TextSense.Greater or TextSense.LessOrEqual) bound++;
            if (range.Sense is TextSense.Greater or TextSense.GreaterOrEqual) first = UInt128.Max(first, bound);
            else behind = UInt128.Min(behind, bound);
        }

        return (first, behind);
    }

    /// <summary>The bytes behind the day of an id, as a number.</summary>
    public static UInt128 NumberOf(ReadOnlySpan<byte> id)
    {
        UInt128 number = 0;
        foreach (byte one in id) number = (number << 8) | one;
        return number;
    }

    /// <summary>The bytes of such a number; the greatest there are for what stands behind all.</summary>
    public static byte[] BytesOf(UInt128 number)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (number >> (8 * CallRow.IdBytes) != 0)
        {
            id.AsSpan().Fill(0xFF);
            return id;
        }

        for (int i = id.Length - 1; i >= 0; i--, number >>= 8) id[i] = (byte)number;
        return id;
    }

    // The day of a bound that is an id.
    private static DateOnly? DayOf(TextRange range)
    {
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        return range.Sense is not (TextSense.Contains or TextSense.Present) && CallRow.TryReadId(range.Text, out DateOnly day, id) ? day : null;
    }

    private static void Add(CallQuery query, List<TextRange> ranges)
    {
        ranges.AddRange(query.Ranges.Where(static range => range.Of == TextOf.Id));
        foreach (CallQuery one in query.Any) Add(one, ranges);
        if (query.Without is { } without) Add(without, ranges);
    }

    private static bool IsEverything(CallQuery query) => CallCursor.TextOf(query) == CallCursor.TextOf(new CallQuery());
}
