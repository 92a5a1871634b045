using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;

namespace CdrEngine.Calls.Outcomes;

/// <summary>One-way audio by the streams of an answered call in which both sides were to be heard.</summary>
/// <remarks>
/// <para>A side is there from the first to the last packet of its streams, gaps of five seconds and more left out; what silence suppression
/// leaves out is no gap (<see cref="StreamGap"/>). Times on hold, and a second around them for the packets on their way, count for nobody.</para>
/// <para>Where a machine relays the media and both its sides were captured under one Call-ID, a side is there where any of its packets is, and
/// what goes into the machine without coming out is told apart (<see cref="OneWayKind.NotForwarded"/>).</para>
/// <para>Told nowhere: a side of which nothing was captured though its peer reports by RTCP how well it receives it. That is a mirror of one
/// direction. Lost packets of the capture are for the caller of this to heed.</para>
/// </remarks>
public static class OneWay
{
    /// <summary>Shortest time without one side, while the other sends, that counts. Default of the call semantics: 5 s.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    /// <summary>From here on a first packet is late. Default of the call semantics: 500 ms.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMilliseconds(500);

    /// <summary>Shortest call without any sound of one side that counts. A party that listens to an announcement is quiet for a while, but a
    /// microphone is never: 10 s.</summary>
    public static readonly TimeSpan ShortestSilence = TimeSpan.FromSeconds(10);

    /// <summary>Packets of the old direction around a change to or from hold.</summary>
    private static readonly TimeSpan HoldMargin = TimeSpan.FromSeconds(1);

    /// <summary>All times when one side was not heard, in order.</summary>
    /// <param name="streams">Streams of the call's sound; those of an unknown side say nothing.</param>
    /// <param name="answeredAt">Answer; null where it was not captured: nothing is late then, and the call counts from its first packet.</param>
    /// <param name="endedAt">End; null for the last packet.</param>
    /// <param name="held">Times on hold.</param>
    /// <param name="heard">Streams that receivers report on (<see cref="RtcpMeter.Heard"/>); null for none.</param>
    public static IReadOnlyList<OneWayInterval> Find(
        IReadOnlyList<StreamRecord> streams, Timestamp? answeredAt, Timestamp? endedAt, IReadOnlyList<HeldInterval> held, IReadOnlyList<RtcpHeard>? heard = null)
    {
        var window = new TimeSpans();
        window.Add(answeredAt ?? Timestamp.MinValue, endedAt ?? Timestamp.MaxValue);
        foreach (HeldInterval interval in held) window.Remove(interval.From - HoldMargin, interval.To is { } to ? to + HoldMargin : Timestamp.MaxValue);
        var found = new List<OneWayInterval>();
        FindSide(streams, PartySide.Caller, PartySide.Callee, window, answeredAt, heard ?? [], found);
        FindSide(streams, PartySide.Callee, PartySide.Caller, window, answeredAt, heard ?? [], found);
        found.Sort(static (left, right) =>
        {
            int order = left.StartedAt.CompareTo(right.StartedAt);
            if (order == 0) order = left.From.CompareTo(right.From);
            return order != 0 ? order : left.Kind.CompareTo(right.Kind);
        });
        return found;
    }

    /// <summary>True where a time is long enough to flag the call; a first packet that is merely late is not.</summary>
    public static bool IsFlagged(OneWayInterval interval) => interval.Duration >= Shortest;

    /// <summary>When a side's sound was there, gaps of silence suppression closed.</summary>
    internal static TimeSpans Activity(IReadOnlyList<StreamRecord> streams, PartySide side) => Activity(streams, stream => stream.From == side);

    private static void FindSide(
        IReadOnlyList<StreamRecord> streams, PartySide silent, PartySide sender, TimeSpans window, Timestamp? answeredAt, IReadOnlyList<RtcpHeard> heard, List<OneWayInterval> found)
    {
        TimeSpans there = Activity(streams, stream => stream.From == silent).Within(window);
        TimeSpans other = Activity(streams, stream => stream.From == sender).Within(window);
        if (other.IsEmpty) return;
        if (!there.IsEmpty || !IsHeardElsewhere(streams, silent, sender, heard))
        {
            foreach ((Timestamp from, Timestamp to) in other.Without(there).Items)
            {
                bool isStart = answeredAt is not null && !there.IsEmpty && to == there.Items[0].From;
                if (to - from >= Shortest || (isStart && to - from > Late)) found.Add(new OneWayInterval(isStart ? OneWayKind.Late : OneWayKind.NoRtp, silent, from, to));
            }
        }

        FindNotForwarded(streams, silent, window, found);
        if (IsSilent(streams, silent, window) && there.Total >= ShortestSilence && MaySound(streams, sender, window))
            found.Add(new OneWayInterval(OneWayKind.Silent, silent, there.Items[0].From, there.Items[^1].To));
    }

    private static bool IsHeardElsewhere(IReadOnlyList<StreamRecord> streams, PartySide silent, PartySide sender, IReadOnlyList<RtcpHeard> heard)
    {
        foreach (StreamRecord stream in streams)
        {
            if (stream.From == silent) return false;
        }

        foreach (RtcpHeard report in heard)
        {
            foreach (StreamRecord stream in streams)
            {
                // The sender's host is where the other side's stream goes to.
                if (stream.From == sender && stream.Source.Address == report.To && stream.Ssrc != report.Ssrc) return true;
            }
        }

        return false;
    }

    private static void FindNotForwarded(IReadOnlyList<StreamRecord> streams, PartySide side, TimeSpans window, List<OneWayInterval> found)
    {
        // A relay: one address that the side's packets go to, and that the other side's come to on another pair of addresses.
        var relays = new List<(IpAddress Party, IpAddress Relay, IpAddress Far)>();
        foreach (StreamRecord into in streams)
        {
            if (into.From != side || into.Source.Address == into.Destination.Address) continue;
            foreach (StreamRecord back in streams)
            {
                bool isFarSide = back.From != side && back.From != PartySide.Unknown && back.Destination.Address == into.Destination.Address
                    && back.Source.Address != into.Source.Address && back.Source.Address != back.Destination.Address;
                (IpAddress, IpAddress, IpAddress) relay = (into.Source.Address, into.Destination.Address, back.Source.Address);
                if (isFarSide && !relays.Contains(relay)) relays.Add(relay);
            }
        }

        foreach ((IpAddress party, IpAddress relay, IpAddress far) in relays)
        {
            TimeSpans into = Activity(streams, s => s.From == side && s.Source.Address == party && s.Destination.Address == relay).Within(window);
            TimeSpans outOf = Activity(streams, s => s.From == side && s.Source.Address == relay && s.Destination.Address == far);
            TimeSpans back = Activity(streams, s => s.From != side && s.Source.Address == far && s.Destination.Address == relay);
            foreach ((Timestamp from, Timestamp to) in into.Without(outOf).Within(back).Items)
            {
                if (to - from >= Shortest) found.Add(new OneWayInterval(OneWayKind.NotForwarded, side, from, to));
            }
        }
    }

    private static bool IsSilent(IReadOnlyList<StreamRecord> streams, PartySide side, TimeSpans window)
    {
        bool any = false;
        foreach (StreamRecord stream in streams)
        {
            if (stream.From != side || !window.Touches(stream.StartedAt, stream.EndedAt)) continue;
            if (!stream.IsSoundKnown || stream.LastSoundAt >= window.Items[0].From) return false;
            any = true;
        }

        return any;
    }

    private static bool MaySound(IReadOnlyList<StreamRecord> streams, PartySide side, TimeSpans window)
    {
        foreach (StreamRecord stream in streams)
        {
            if (stream.From != side || !window.Touches(stream.StartedAt, stream.EndedAt)) continue;
            if (!stream.IsSoundKnown || stream.LastSoundAt >= window.Items[0].From) return true;
        }

        return false;
    }

    private static TimeSpans Activity(IReadOnlyList<StreamRecord> streams, Func<StreamRecord, bool> isOf)
    {
        var activity = new TimeSpans();
        foreach (StreamRecord stream in streams)
        {
            if (!isOf(stream)) continue;
            var own = new TimeSpans();
            own.Add(stream.StartedAt, stream.EndedAt);
            foreach (StreamGap gap in stream.Gaps) own.Remove(gap.From, gap.To);
            foreach ((Timestamp from, Timestamp to) in own.Items) activity.Add(from, to);
        }

        activity.Close(Late);
        return activity;
    }
}
