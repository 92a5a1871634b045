using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>A time in which somebody's sound reached the machine in one call and did not leave it in the other: one-way audio of the kind
/// <see cref="OneWayKind.NotForwarded"/> across two calls.</summary>
/// <param name="From">Number of who was not heard; null where unknown.</param>
/// <param name="CameIn">Id of the call in which their packets came to the machine.</param>
/// <param name="MissedIn">Id of the call in which the machine sent none of them on.</param>
/// <param name="StartedAt">Start.</param>
/// <param name="EndedAt">End.</param>
public sealed record SessionOneWay(string? From, string CameIn, string MissedIn, Timestamp StartedAt, Timestamp EndedAt)
{
    /// <summary>End less start.</summary>
    public TimeSpan Duration => EndedAt - StartedAt;

    /// <summary>All such times of a session's calls, in order.</summary>
    /// <remarks>Told from the records alone: the one call says itself that nothing came from the machine while the other side sent, which leaves out
    /// holds, captures with gaps and mirrors of one direction; and the streams of the other say that there was something to pass on. Where that other
    /// call's capture has gaps nothing is told.</remarks>
    /// <param name="calls">The calls, each with its links.</param>
    public static IReadOnlyList<SessionOneWay> Of(IReadOnlyList<CallRecord> calls)
    {
        var found = new List<SessionOneWay>();
        foreach (CallRecord inner in calls)
        {
            foreach (CallLink link in inner.Links)
            {
                if (link.Relation != LinkRelation.Upstream) continue;
                CallRecord? outer = calls.FirstOrDefault(call => call.Id == link.CallId);
                if (outer is null) continue;
                Find(outer, inner, PartySide.Caller, outer.Caller.Number, found);
                Find(inner, outer, PartySide.Callee, inner.Callee.Number ?? inner.Dialled, found);
            }
        }

        found.Sort(static (left, right) => left.StartedAt != right.StartedAt ? left.StartedAt.CompareTo(right.StartedAt) : string.CompareOrdinal(left.MissedIn, right.MissedIn));
        return found;
    }

    // The machine is the same side in the call out as the one who speaks is in the call in.
    private static void Find(CallRecord came, CallRecord missed, PartySide side, string? who, List<SessionOneWay> found)
    {
        if (came.Flags.HasFlag(CallFlags.Gap)) return;
        foreach (OneWayInterval silent in missed.OneWay)
        {
            if (silent.From != side || silent.Kind is not (OneWayKind.NoRtp or OneWayKind.Late)) continue;
            var window = new TimeSpans();
            window.Add(silent.StartedAt, silent.EndedAt);
            foreach (HeldInterval held in came.Held) window.Remove(held.From, held.To ?? Timestamp.MaxValue);
            foreach ((Timestamp from, Timestamp to) in Outcomes.OneWay.Activity(came.Streams, side).Within(window).Items)
            {
                if (to - from >= Outcomes.OneWay.Shortest) found.Add(new SessionOneWay(who, came.Id, missed.Id, from, to));
            }
        }
    }
}
