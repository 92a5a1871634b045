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
        var all = new List<string>();
        var values = new List<object>();
        if (range.From is { } from)
        {
            all.Add($"((c.started_at >= ? AND {hasIt}) OR ((c.duration_us = 0 OR c.started_at + c.duration_us >= ?) AND {its} >= ?))");
            values.AddRange([from.Microseconds + s_disorder, from.Microseconds - s_disorder, from.Microseconds]);
        }

        if (range.To is { } to)
        {
            all.Add($"c.started_at < ? AND ((c.duration_us > 0 AND c.started_at + c.duration_us < ? AND {hasIt}) OR {its} < ?)");
            values.AddRange([to.Microseconds + s_disorder, to.Microseconds - s_disorder, to.Microseconds]);
        }

        if (all.Count == 0) all.Add($"{its} IS NOT NULL");
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
