using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>One call belongs with another: how that is known, and how surely.</summary>
/// <param name="CallId">Id of the other call's record.</param>
/// <param name="SipCallId">Its Call-ID.</param>
/// <param name="Method">What showed it.</param>
/// <param name="Score">How sure it is, 0..1: 1 where the messages say so, less where it was concluded.</param>
/// <param name="Relation">What the other call is to this one.</param>
public sealed record CallLink(string CallId, string SipCallId, LinkMethod Method, double Score, LinkRelation Relation);

/// <summary>What a call has to do with a transfer, a pick-up or a forward.</summary>
public sealed record TransferRecord
{
    /// <summary>Which kind.</summary>
    public required TransferKind Kind { get; init; }

    /// <summary>What this call was in it.</summary>
    public required TransferRole Role { get; init; }

    /// <summary>Number of who transferred or forwarded; of who was called where a call was picked up or retrieved; null where unknown.</summary>
    public string? From { get; init; }

    /// <summary>Number it went to; null where unknown.</summary>
    public string? To { get; init; }

    /// <summary>When it was asked for.</summary>
    public Timestamp At { get; init; }

    /// <summary>What came of it.</summary>
    public TransferOutcome Outcome { get; init; }

    /// <summary>Status that NOTIFY reported (RFC 3515 2.4.5), or of the refused REFER; 0 where none was seen.</summary>
    public int SipStatus { get; init; }

    /// <summary>Id of the other call's record: the one that the transfer made, or the one it was made from; null where it was not seen.</summary>
    public string? CallId { get; init; }
}

/// <summary>What showed that two calls belong together, the surest first.</summary>
public enum LinkMethod
{
    /// <summary>A Replaces header, or one within Refer-To, names the dialog (RFC 3891).</summary>
    Replaces = 0,

    /// <summary>The INVITE does what a REFER asked for (RFC 3515, RFC 3892).</summary>
    Refer = 1,

    /// <summary>The INVITE goes where a 3xx pointed to (RFC 3261 8.1.3.4).</summary>
    Redirect = 2,

    /// <summary>A configured header is the same in both, or names the other's Call-ID.</summary>
    Header = 3,

    /// <summary>The same Session-ID (RFC 7989).</summary>
    SessionId = 4,

    /// <summary>The same Call-ID once configured affixes are taken off.</summary>
    CallId = 5,

    /// <summary>The same media address or SDP session (o=) in both.</summary>
    Sdp = 6,

    /// <summary>The same RTP into and out of one machine.</summary>
    Rtp = 7,

    /// <summary>Numbers and time of set-up agree.</summary>
    Numbers = 8,
}

/// <summary>What a linked call is to the call that names it. Each has its counterpart in the other call's record.</summary>
public enum LinkRelation
{
    /// <summary>It came into the machine that made this call of it.</summary>
    Upstream = 0,

    /// <summary>The machine made it of this call.</summary>
    Downstream = 1,

    /// <summary>This call was transferred into it.</summary>
    TransferredTo = 2,

    /// <summary>It was transferred into this call.</summary>
    TransferredFrom = 3,

    /// <summary>This call took its place (Replaces).</summary>
    Replaced = 4,

    /// <summary>It took the place of this call.</summary>
    ReplacedBy = 5,

    /// <summary>This call was redirected to it.</summary>
    RedirectedTo = 6,

    /// <summary>It was redirected to this call.</summary>
    RedirectedFrom = 7,

    /// <summary>This call was made again as that one.</summary>
    RetriedAs = 8,

    /// <summary>This call is that one made again.</summary>
    RetryOf = 9,

    /// <summary>A machine joined both, each of which it was called by or made.</summary>
    Joined = 10,
}

/// <summary>Kinds of transfer and the like.</summary>
public enum TransferKind
{
    /// <summary>REFER to a number.</summary>
    Blind = 0,

    /// <summary>REFER to a call that is there already, named by Replaces.</summary>
    Attended = 1,

    /// <summary>A ringing call answered elsewhere.</summary>
    Pickup = 2,

    /// <summary>A parked or held call taken over by another phone.</summary>
    Retrieval = 3,

    /// <summary>Sent on before it was answered: Diversion, History-Info, 3xx.</summary>
    Forward = 4,
}

/// <summary>What a call was in a transfer.</summary>
public enum TransferRole
{
    /// <summary>The call that was transferred, picked up, retrieved or forwarded.</summary>
    Original = 0,

    /// <summary>The call that came of it.</summary>
    Target = 1,

    /// <summary>The call in which the transfer was announced, and which ended with it.</summary>
    Consultation = 2,
}

/// <summary>What came of a transfer.</summary>
public enum TransferOutcome
{
    /// <summary>Not seen.</summary>
    Unknown = 0,

    /// <summary>It worked.</summary>
    Succeeded = 1,

    /// <summary>It did not.</summary>
    Failed = 2,
}
