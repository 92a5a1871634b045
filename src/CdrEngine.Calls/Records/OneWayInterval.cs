using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>Why one side was not heard.</summary>
public enum OneWayKind
{
    /// <summary>It sent nothing.</summary>
    NoRtp = 0,

    /// <summary>It sent, and what it sent was silence.</summary>
    Silent = 1,

    /// <summary>Its first packet came more than 500 ms after the answer.</summary>
    Late = 2,

    /// <summary>It reached the machine between the parties and did not leave it again.</summary>
    NotForwarded = 3,
}

/// <summary>A time when one side was not heard while the other was.</summary>
/// <param name="Kind">Why.</param>
/// <param name="From">The side that was not heard.</param>
/// <param name="StartedAt">Start.</param>
/// <param name="EndedAt">End.</param>
public sealed record OneWayInterval(OneWayKind Kind, PartySide From, Timestamp StartedAt, Timestamp EndedAt)
{
    /// <summary>End less start.</summary>
    public TimeSpan Duration => EndedAt - StartedAt;
}
