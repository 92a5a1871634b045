using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Outcomes;

/// <summary>The connection to a person behind a machine that answered a call.</summary>
/// <param name="Behind">The call that the person answered.</param>
/// <param name="At">When it stood: at the earliest when the machine had answered.</param>
/// <param name="Ended">When it ended: with the first call at the latest; null while it stands.</param>
public readonly record struct Bridge(CallRecord Behind, Timestamp At, Timestamp? Ended)
{
    /// <summary>How long it stood; null while it does.</summary>
    public TimeSpan? Length => Ended is { } ended ? (ended < At ? TimeSpan.Zero : ended - At) : null;

    /// <summary>The first call beyond the machine that a person answered; null where there is none, or no machine answered. What came of a transfer is a call of its own and no part of
    /// this one.</summary>
    /// <param name="record">The call that a machine answered.</param>
    /// <param name="find">Finds a call by its id.</param>
    public static Bridge? Of(CallRecord record, Func<string, CallRecord?> find)
    {
        if (Answerer.IsPerson(record) != false) return null;
        Bridge? first = null;
        for (int i = 0; i < record.Links.Count; i++)
        {
            if (!LeadsOn(record.Links[i]) || find(record.Links[i].CallId) is not { AnsweredAt: { } answered } other || Answerer.IsPerson(other) != true) continue;
            Timestamp at = record.AnsweredAt is { } machine && answered < machine ? machine : answered;
            Timestamp? ended = record.EndedAt is { } own && !(other.EndedAt < own) ? own : other.EndedAt;
            if (first is null || at < first.Value.At) first = new Bridge(other, at, ended);
        }

        return first;
    }

    /// <summary>Whether a link leads from a machine to a call that it made or joined.</summary>
    public static bool LeadsOn(CallLink link) => link.Relation is LinkRelation.Downstream or LinkRelation.Joined;
}

/// <summary>Bounds of how long a call was bridged, both included.</summary>
/// <param name="Least">At least; null for any.</param>
/// <param name="Most">At most; null for any.</param>
public readonly record struct BridgeBounds(TimeSpan? Least, TimeSpan? Most)
{
    /// <summary>What is asked for instead: of calls that come in those that nobody took (<see cref="MissedCall"/>, true), or all others (false), and every one that goes out; null for the time.</summary>
    public bool? Missed { get; init; }
}
