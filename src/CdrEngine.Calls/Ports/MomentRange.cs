using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Times between which something of a call was to happen. A call of which it never happened does not meet.</summary>
/// <param name="Of">What.</param>
/// <param name="From">At or after; null for any time.</param>
/// <param name="To">Before; null for any time.</param>
public sealed record MomentRange(MomentOf Of, Timestamp? From, Timestamp? To)
{
    /// <summary>Whether a call meets it.</summary>
    public bool IsMetBy(CallRecord record) => At(record) is { } at && !(at < From) && !(at >= To);

    private Timestamp? At(CallRecord record) => Of switch
    {
        MomentOf.Rang => record.RangAt,
        MomentOf.Answered => record.AnsweredAt,
        _ => record.EndedAt,
    };
}

/// <summary>What happens to a call once. It happens between the call's start and its end, give or take <see cref="CallMoments.Disorder"/>.</summary>
public enum MomentOf
{
    /// <summary>It rang.</summary>
    Rang = 0,

    /// <summary>It was answered.</summary>
    Answered = 1,

    /// <summary>It ended.</summary>
    Ended = 2,
}
