using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Engine.Live;

/// <summary>What a record says of a call that goes on.</summary>
internal static class LiveFigures
{
    /// <summary>A stream whose last packet is no older than this flows.</summary>
    private static readonly TimeSpan Flowing = TimeSpan.FromSeconds(1);

    /// <summary>From here on the open interval of a stream says more than the last whole one.</summary>
    private const double EnoughSeconds = 5;

    /// <summary>Where the call is.</summary>
    public static LiveState StateOf(CallState state, bool isHeld) => state switch
    {
        CallState.Trying => LiveState.Trying,
        CallState.Ringing => LiveState.Ringing,
        CallState.Answered => isHeld ? LiveState.Held : LiveState.Answered,
        _ => LiveState.Ended,
    };

    /// <summary>Where a call is by its outline.</summary>
    public static LiveState StateOf(CallRecord outline) => StateOf(outline.State, outline.Held.Count > 0 && outline.Held[^1].To is null);

    /// <summary>The call with the figures of its streams.</summary>
    public static LiveCall Measured(LiveMarked marked, bool isHeld, Timestamp now)
    {
        CallRecord record = InProgress(marked.Record);
        LiveState state = StateOf(record.State, isHeld);
        LiveSide? caller = SideOf(record, PartySide.Caller), callee = SideOf(record, PartySide.Callee);
        return new LiveCall
        {
            Record = record,
            State = state,
            Tenant = marked.Tenant,
            Now = now,
            CallerSent = caller,
            CalleeSent = callee,
            Unheard = UnheardOf(record, state, now),
            IsMeasured = true,
        };
    }

    /// <summary>The call by its outline.</summary>
    public static LiveCall Outlined(LiveMarked marked, Timestamp now) => new()
    {
        Record = InProgress(marked.Record),
        State = StateOf(marked.Record),
        Tenant = marked.Tenant,
        Now = now,
    };

    /// <summary>A record in progress says so, also where it is answered.</summary>
    public static CallRecord InProgress(CallRecord record) =>
        record.State == CallState.Ended || record.Disposition == Disposition.InProgress ? record : record with { Disposition = Disposition.InProgress };

    private static LiveSide? SideOf(CallRecord record, PartySide side)
    {
        IReadOnlyList<StreamRecord> streams = MediaSessions.Nearest(record.Streams, side);
        StreamRecord? newest = null;
        long packets = 0, expected = 0, lost = 0;
        double mos = 0, mosWeight = 0, jitter = 0, jitterWeight = 0;
        foreach (StreamRecord stream in streams)
        {
            if (newest is null || stream.EndedAt >= newest.EndedAt) newest = stream;
            packets += stream.Packets;
            expected += stream.Expected;
            lost += stream.Lost;
            if (stream.Mos is { } score)
            {
                mos += score * stream.Packets;
                mosWeight += stream.Packets;
            }

            if (stream.JitterMillisecondsMean is { } mean)
            {
                jitter += mean * stream.Packets;
                jitterWeight += stream.Packets;
            }
        }

        if (newest is null) return null;
        StreamIntervalRecord? now = NowOf(newest);
        return new LiveSide
        {
            Codec = newest.Codec,
            Source = newest.Source,
            Destination = newest.Destination,
            Packets = packets,
            Expected = expected,
            Lost = lost,
            JitterMilliseconds = jitterWeight > 0 ? jitter / jitterWeight : null,
            Mos = mosWeight > 0 ? mos / mosWeight : null,
            PacketsNow = now?.Packets ?? 0,
            LostNow = now?.Lost ?? 0,
            JitterMillisecondsNow = now?.JitterMilliseconds,
            MosNow = now?.Mos,
            LastAt = newest.EndedAt,
        };
    }

    // The open interval once it is half full, else the whole one before it.
    private static StreamIntervalRecord? NowOf(StreamRecord stream)
    {
        if (stream.Intervals.Count == 0) return null;
        StreamIntervalRecord last = stream.Intervals[^1];
        bool isYoung = (stream.EndedAt - stream.StartedAt).TotalSeconds - last.StartSecond < EnoughSeconds;
        return isYoung && stream.Intervals.Count > 1 ? stream.Intervals[^2] : last;
    }

    // One side flows and the other has been silent for as long as counts. Lost packets of the capture, a fax, or a direction agreed one way explain it.
    private static PartySide? UnheardOf(CallRecord record, LiveState state, Timestamp now)
    {
        if (state != LiveState.Answered || record.AnsweredAt is not { } answered || now - answered < Calls.Outcomes.OneWay.Shortest) return null;
        if ((record.Flags & (CallFlags.Gap | CallFlags.T38)) != 0) return null;
        foreach (MediaSessionRecord session in record.MediaSessions)
        {
            if (session.Type == MediaSessionType.Audio && session.Direction != "sendrecv") return null;
        }

        Timestamp caller = LastOf(record, PartySide.Caller), callee = LastOf(record, PartySide.Callee);
        if (IsSilent(caller, answered, now) && now - callee <= Flowing) return PartySide.Caller;
        if (IsSilent(callee, answered, now) && now - caller <= Flowing) return PartySide.Callee;
        return null;
    }

    private static bool IsSilent(Timestamp last, Timestamp answered, Timestamp now) => now - Timestamp.Max(last, answered) >= Calls.Outcomes.OneWay.Shortest;

    private static Timestamp LastOf(CallRecord record, PartySide side)
    {
        var last = new Timestamp(0);
        foreach (StreamRecord stream in record.Streams)
        {
            if (stream.From == side) last = Timestamp.Max(last, stream.EndedAt);
        }

        return last;
    }
}
