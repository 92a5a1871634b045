using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>One conversation: its calls, and what happened in the words of those who took part. Made of the calls' records when it is read.</summary>
public sealed record SessionRecord
{
    /// <summary>Id: that of the record of its first call.</summary>
    public required string Id { get; init; }

    /// <summary>What it is, by the most notable thing that happened.</summary>
    public required SessionKind Kind { get; init; }

    /// <summary>Start of its first call.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>When the first two people talked; null where nobody answered.</summary>
    public Timestamp? AnsweredAt { get; init; }

    /// <summary>End of its last call; null while one goes on.</summary>
    public Timestamp? EndedAt { get; init; }

    /// <summary>How it came out for who began it.</summary>
    public required Disposition Disposition { get; init; }

    /// <summary>Who ended it: a party's number, <c>system</c>, or null where it is not known.</summary>
    public string? HangupBy { get; init; }

    /// <summary>Who called.</summary>
    public required Party Caller { get; init; }

    /// <summary>What was dialled.</summary>
    public string? Dialled { get; init; }

    /// <summary>Who took part or was called, in order of appearance.</summary>
    public required IReadOnlyList<SessionParticipant> Participants { get; init; }

    /// <summary>What happened, in order of time.</summary>
    public required IReadOnlyList<SessionStep> Story { get; init; }

    /// <summary>Its calls, in order of their start.</summary>
    public required IReadOnlyList<CallRecord> Calls { get; init; }

    /// <summary>Its links, each once.</summary>
    public required IReadOnlyList<SessionLink> Links { get; init; }

    /// <summary>Times in which a machine between its calls did not pass on what came to it.</summary>
    public IReadOnlyList<SessionOneWay> OneWay { get; init; } = [];

    /// <summary>End less start; zero while it goes on.</summary>
    public TimeSpan Duration => EndedAt is { } ended ? ended - StartedAt : TimeSpan.Zero;
}

/// <summary>One who took part.</summary>
public sealed record SessionParticipant
{
    /// <summary>Number or name of an address of record; null where unknown.</summary>
    public string? Number { get; init; }

    /// <summary>Display name; null where unknown.</summary>
    public string? Name { get; init; }

    /// <summary>Signalling address.</summary>
    public Endpoint? Address { get; init; }

    /// <summary>What they did.</summary>
    public SessionPart Part { get; init; }

    /// <summary>When they began to talk; null where they never did.</summary>
    public Timestamp? JoinedAt { get; init; }

    /// <summary>When they were out of it; null where they never were in, or still are.</summary>
    public Timestamp? LeftAt { get; init; }

    /// <summary>Ids of their calls.</summary>
    public IReadOnlyList<string> CallIds { get; init; } = [];

    /// <summary>How the story names them.</summary>
    public string Label => (Name, Number) switch
    {
        ({ Length: > 0 } name, { Length: > 0 } number) when name != number => $"{name} ({number})",
        (_, { Length: > 0 } number) => number,
        ({ Length: > 0 } name, _) => name,
        _ => Address is { } address ? address.Address.ToString() : "someone",
    };
}

/// <summary>A link between two calls of a session.</summary>
/// <param name="From">Id of the earlier call's record.</param>
/// <param name="To">Id of the other's.</param>
/// <param name="Method">What showed it.</param>
/// <param name="Score">How sure it is.</param>
/// <param name="Relation">What <paramref name="To"/> is to <paramref name="From"/>.</param>
public sealed record SessionLink(string From, string To, LinkMethod Method, double Score, LinkRelation Relation);

/// <summary>One thing that happened.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Text">In plain words.</param>
/// <param name="From">Number or name of who did it; null where unknown.</param>
/// <param name="To">Number or name of whom it concerned; null where nobody or unknown.</param>
/// <param name="CallId">Id of the call's record that shows it.</param>
public sealed record SessionStep(Timestamp At, SessionStepKind Kind, string Text, string? From, string? To, string CallId);

/// <summary>What a session is.</summary>
public enum SessionKind
{
    /// <summary>One call.</summary>
    Call = 0,

    /// <summary>One call through a machine that made another of it.</summary>
    Legs = 1,

    /// <summary>Several phones rang.</summary>
    Group = 2,

    /// <summary>Sent on before it was answered.</summary>
    Forward = 3,

    /// <summary>Answered by another phone than the one that rang.</summary>
    Pickup = 4,

    /// <summary>Parked or held, and taken over elsewhere.</summary>
    Retrieval = 5,

    /// <summary>Transferred.</summary>
    Transfer = 6,
}

/// <summary>What a participant did.</summary>
public enum SessionPart
{
    /// <summary>Called.</summary>
    Caller = 0,

    /// <summary>Was called and talked.</summary>
    Talked = 1,

    /// <summary>Rang, and another answered.</summary>
    RangElsewhere = 2,

    /// <summary>Was called and did not talk.</summary>
    Missed = 3,
}

/// <summary>Kinds of steps.</summary>
public enum SessionStepKind
{
    /// <summary>Somebody called.</summary>
    Call = 0,

    /// <summary>A phone rang.</summary>
    Ring = 1,

    /// <summary>Somebody answered.</summary>
    Answer = 2,

    /// <summary>The call was sent on before it was answered.</summary>
    Forward = 3,

    /// <summary>Somebody picked up what rang elsewhere.</summary>
    Pickup = 4,

    /// <summary>Somebody took over what was parked or held.</summary>
    Retrieve = 5,

    /// <summary>Put on hold.</summary>
    Hold = 6,

    /// <summary>Taken off hold.</summary>
    Resume = 7,

    /// <summary>Transferred.</summary>
    Transfer = 8,

    /// <summary>A transfer failed.</summary>
    TransferFailed = 9,

    /// <summary>Somebody left the others talking.</summary>
    Leave = 10,

    /// <summary>Stopped ringing because another answered.</summary>
    RangElsewhere = 11,

    /// <summary>Not reached: busy, no answer, refused and so on.</summary>
    Fail = 12,

    /// <summary>The caller gave up.</summary>
    Cancel = 13,

    /// <summary>Hung up; the conversation is over.</summary>
    Hangup = 14,
}
