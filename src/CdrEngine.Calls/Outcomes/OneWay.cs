using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Outcomes;

/// <summary>One-way audio by the streams of an answered call.</summary>
public static class OneWay
{
    /// <summary>Shortest silence of one side, while the other sends, that counts. Default of the call semantics: 5 s.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    /// <summary>True where one direction had no RTP for <see cref="Shortest"/> or more while the other flowed: at the start of the call, at its end,
    /// or all along. Gaps inside a stream are its meter's to tell.</summary>
    /// <param name="streams">Streams of the call.</param>
    /// <param name="answeredAt">Answer.</param>
    /// <param name="endedAt">End; null while open.</param>
    public static bool IsOneWay(IReadOnlyList<StreamRecord> streams, Timestamp answeredAt, Timestamp? endedAt) =>
        IsAlone(streams, PartySide.Caller, PartySide.Callee, answeredAt, endedAt) || IsAlone(streams, PartySide.Callee, PartySide.Caller, answeredAt, endedAt);

    private static bool IsAlone(IReadOnlyList<StreamRecord> streams, PartySide sender, PartySide silent, Timestamp answeredAt, Timestamp? endedAt)
    {
        if (!Span(streams, sender, answeredAt, endedAt, out Timestamp from, out Timestamp to)) return false;
        if (!Span(streams, silent, answeredAt, endedAt, out Timestamp silentFrom, out Timestamp silentTo)) return to - from >= Shortest;
        return silentFrom - from >= Shortest || to - silentTo >= Shortest;
    }

    private static bool Span(IReadOnlyList<StreamRecord> streams, PartySide side, Timestamp answeredAt, Timestamp? endedAt, out Timestamp from, out Timestamp to)
    {
        from = Timestamp.MaxValue;
        to = Timestamp.MinValue;
        foreach (StreamRecord stream in streams)
        {
            if (stream.From != side || stream.EndedAt < answeredAt) continue;
            Timestamp start = Timestamp.Max(stream.StartedAt, answeredAt);
            Timestamp end = endedAt is { } ended && stream.EndedAt > ended ? ended : stream.EndedAt;
            if (end < start) continue;
            if (start < from) from = start;
            if (end > to) to = end;
        }

        return from <= to;
    }
}
