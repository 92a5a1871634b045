using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What is asked of when things happened, as conditions: the same on both databases but for how a record is read.</summary>
internal static class MomentConditions
{
    private static readonly long s_disorder = CallRow.Microseconds(CallMoments.Disorder);

    /// <summary>The condition of a range on a call <c>c</c>. The record is read last, and only of calls of which times and lengths do not tell.</summary>
    /// <param name="range">The range.</param>
    /// <param name="ofRecord">The expression that reads the time from the record, in microseconds; null for a call of which it never happened.</param>
    /// <param name="hasIt">The condition that it happened at all.</param>
    /// <param name="arguments">What its question marks stand for.</param>
    public static string Of(MomentRange range, string ofRecord, string hasIt, out object[] arguments)
    {
        // What has lasted is over, and its end is told by how long it did; so is its answer where it was billable.
        string its = range.Of switch
        {
            MomentOf.Ended => $"(CASE WHEN c.duration_us > 0 THEN c.started_at + c.duration_us ELSE {ofRecord} END)",
            MomentOf.Answered => $"(CASE WHEN c.duration_us > 0 AND c.billsec_us > 0 THEN c.started_at + c.duration_us - c.billsec_us ELSE {ofRecord} END)",
            _ => ofRecord,
        };
        // No record is read of a call to which it never happened.
        var all = new List<string> { hasIt };
        var values = new List<object>();
        if (range.From is { } from)
        {
            all.Add($"(c.started_at >= ? OR ((c.duration_us = 0 OR c.started_at + c.duration_us >= ?) AND {its} >= ?))");
            values.AddRange([from.Microseconds + s_disorder, from.Microseconds - s_disorder, from.Microseconds]);
        }

        if (range.To is { } to)
        {
            all.Add($"c.started_at < ? AND ((c.duration_us > 0 AND c.started_at + c.duration_us < ?) OR {its} < ?)");
            values.AddRange([to.Microseconds + s_disorder, to.Microseconds - s_disorder, to.Microseconds]);
        }

        arguments = [.. values];
        return string.Join(" AND ", all);
    }

    /// <summary>The same of a call to which it happened.</summary>
    /// <param name="range">The range.</param>
    /// <param name="started">When the call started, microseconds.</param>
    /// <param name="lasted">How long it lasted; 0 where it has not ended.</param>
    /// <param name="billed">How long it was billable.</param>
    /// <param name="ofRecord">Reads the time from the record.</param>
    public static bool IsMetBy(MomentRange range, long started, long lasted, long billed, Func<long?> ofRecord)
    {
        long? from = range.From?.Microseconds, to = range.To?.Microseconds;
        if (started >= to + s_disorder) return false;
        if (lasted > 0 && started + lasted < from - s_disorder) return false;
        bool isBehind = !(started < from + s_disorder), isBefore = to is null || (lasted > 0 && started + lasted < to - s_disorder);
        if (isBehind && isBefore) return true;
        long? its = range.Of switch
        {
            MomentOf.Ended when lasted > 0 => started + lasted,
            MomentOf.Answered when lasted > 0 && billed > 0 => started + lasted - billed,
            _ => ofRecord(),
        };
        return its is { } at && !(at < from) && !(at >= to);
    }

    /// <summary>The starts between which all calls of a day to which it happened meet a range, and those between which calls have to be looked at; calls of other starts do not meet it.</summary>
    /// <param name="range">The range.</param>
    /// <param name="longest">The longest call of the day, microseconds.</param>
    public static MomentStarts StartsOf(MomentRange range, long longest)
    {
        long? from = range.From?.Microseconds, to = range.To?.Microseconds;
        long? allFrom = from + s_disorder, allTo = to - s_disorder - longest;
        var starts = new MomentStarts { From = allFrom, To = allTo, AreSome = allFrom is null || allTo is null || allFrom < allTo };
        if (!starts.AreSome)
        {
            starts.Open.Add((from!.Value - s_disorder - longest, to!.Value + s_disorder));
            return starts;
        }

        if (from is { } begin) starts.Open.Add((begin - s_disorder - longest, allFrom!.Value));
        if (to is { } end) starts.Open.Add((allTo!.Value, end + s_disorder));
        return starts;
    }

    /// <summary>Whether all calls of a day that have the moments meet all of some ranges, or none does; null where that depends on the call.</summary>
    /// <param name="ranges">The ranges.</param>
    /// <param name="earliest">The earliest start there may be, microseconds.</param>
    /// <param name="latest">The latest end there may be.</param>
    public static bool? Of(IReadOnlyList<MomentRange> ranges, long earliest, long latest)
    {
        bool isAll = true;
        foreach (MomentRange range in ranges)
        {
            bool? meets = Of(range, earliest, latest);
            if (meets == false) return false;
            isAll &= meets == true;
        }

        return isAll ? true : null;
    }

    private static bool? Of(MomentRange range, long earliest, long latest)
    {
        if (range.To is { } to && earliest - s_disorder >= to.Microseconds) return false;
        if (range.From is { } from && latest + s_disorder < from.Microseconds) return false;
        bool isBehind = range.From is not { } begin || earliest - s_disorder >= begin.Microseconds;
        bool isBefore = range.To is not { } end || latest + s_disorder < end.Microseconds;
        return isBehind && isBefore ? true : null;
    }
}

/// <summary>Starts of calls by which a range of moments is told.</summary>
internal sealed class MomentStarts
{
    /// <summary>From here on all meet it, microseconds; null for the first there may be.</summary>
    public long? From { get; init; }

    /// <summary>Up to here, exclusive; null for the last there may be.</summary>
    public long? To { get; init; }

    /// <summary>Whether there are any such starts.</summary>
    public bool AreSome { get; init; }

    /// <summary>Starts between which calls have to be looked at, the end exclusive.</summary>
    public List<(long Begin, long End)> Open { get; } = [];
}
