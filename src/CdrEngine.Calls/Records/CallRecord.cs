using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>The record of one call (CDR): one SIP Call-ID from its first INVITE to its last BYE. Immutable once emitted; a later
/// revision is a new object with the same <see cref="Id"/>.</summary>
/// <remarks>All times are packet times. Durations derive from them and are never stored apart.</remarks>
public sealed record CallRecord
{
    private IReadOnlyList<MediaSessionRecord> _mediaSessions = [];

    /// <summary>Identity derived from the call itself, so that the same capture gives the same id: the UTC day of <see cref="StartedAt"/>
    /// as yyyyMMdd, a hyphen, and 24 hexadecimal digits of a SHA-256 over Call-ID, From-tag and start. The day names the partition.</summary>
    public required string Id { get; init; }

    /// <summary>Identity of the session (conversation) the call belongs to; the call's own id where it stands alone.</summary>
    public required string SessionId { get; init; }

    /// <summary>The Call-ID header as on the wire.</summary>
    public required string SipCallId { get; init; }

    /// <summary>Where the call is: trying, ringing, answered, ended.</summary>
    public required CallState State { get; init; }

    /// <summary>How the call came out.</summary>
    public required Disposition Disposition { get; init; }

    /// <summary>Final status the caller got, 0 where none was seen.</summary>
    public int SipStatus { get; init; }

    /// <summary>Reason phrase beside <see cref="SipStatus"/>, as on the wire.</summary>
    public string? SipReason { get; init; }

    /// <summary>Q.850 cause.</summary>
    public Cause? Cause { get; init; }

    /// <summary>Who ended the call.</summary>
    public HangupBy HangupBy { get; init; }

    /// <summary>Direction by the directory; null without one.</summary>
    public CallDirection? Direction { get; init; }

    /// <summary>The number or user part dialled (Request-URI of the first INVITE, else To).</summary>
    public string? Dialled { get; init; }

    /// <summary>Who called.</summary>
    public Party Caller { get; init; } = Party.Unknown;

    /// <summary>Who answered; where nobody did, who was called.</summary>
    public Party Callee { get; init; } = Party.Unknown;

    /// <summary>First INVITE seen at the hop nearest the caller; where the INVITE is missing, the first message.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>First 100.</summary>
    public Timestamp? TryingAt { get; init; }

    /// <summary>First 180, or 183 where no 180 came.</summary>
    public Timestamp? RangAt { get; init; }

    /// <summary>First 18x with SDP.</summary>
    public Timestamp? EarlyMediaAt { get; init; }

    /// <summary>First 2xx to the initial INVITE transaction, at the hop nearest the caller.</summary>
    public Timestamp? AnsweredAt { get; init; }

    /// <summary>First BYE, else the final response, else the last evidence; null while the call is open.</summary>
    public Timestamp? EndedAt { get; init; }

    /// <summary>The 2xx of the BYE, where seen.</summary>
    public Timestamp? ByeConfirmedAt { get; init; }

    /// <summary>Post-dial delay: first 18x less the first INVITE; null where there was none.</summary>
    public TimeSpan? PostDialDelay { get; init; }

    /// <summary>As <see cref="PostDialDelay"/>, from the authenticated INVITE; null without an authentication retry.</summary>
    public TimeSpan? PostDialDelayAuthenticated { get; init; }

    /// <summary>Transport of the first INVITE.</summary>
    public Transport Transport { get; init; }

    /// <summary>Source that saw the first message (interface, file, HEP capture id).</summary>
    public string CaptureSource { get; init; } = "";

    /// <summary>What was inferred or noticed, sorted by value.</summary>
    public CallFlags Flags { get; init; }

    /// <summary>Why <see cref="CallFlags.MissingBye"/> is set; null where it is not.</summary>
    public EndReason? MissingByeReason { get; init; }

    /// <summary>Retransmissions seen of any SIP message of the call.</summary>
    public int Retransmissions { get; init; }

    /// <summary>SIP messages of the call, hops and retransmissions included.</summary>
    public int Messages { get; init; }

    /// <summary>Where the same messages were seen: the distinct pairs of addresses the INVITE passed, in order.</summary>
    public IReadOnlyList<Hop> Hops { get; init; } = [];

    /// <summary>Dialogs of the call, one per To-tag, in order of appearance.</summary>
    public IReadOnlyList<Leg> Legs { get; init; } = [];

    /// <summary>RTP streams, in order of their first packet.</summary>
    public IReadOnlyList<StreamRecord> Streams { get; init; } = [];

    /// <summary>Digits, in order of time.</summary>
    public IReadOnlyList<DtmfDigit> Dtmf { get; init; } = [];

    /// <summary>Media sessions: one per m-line.</summary>
    public IReadOnlyList<MediaSessionRecord> MediaSessions { get => _mediaSessions; init => _mediaSessions = value; }

    /// <summary>State of the recording.</summary>
    public RecordingInfo Recording { get; init; } = RecordingInfo.NotMade;

    /// <summary>When the call was on hold, in order of start (RFC 3264 8.4, RFC 2543 hold by 0.0.0.0).</summary>
    public IReadOnlyList<HeldInterval> Held { get; init; } = [];

    /// <summary>P-Asserted-Identity, Remote-Party-ID, Diversion, History-Info, Referred-By, Replaces, Session-ID and the like, as on the
    /// wire in the first message that had them: header name in lower case, value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Times when one side was not heard though both were to be, in order of start.</summary>
    public IReadOnlyList<OneWayInterval> OneWay { get; init; } = [];

    /// <summary>The fax of the call; null where there was none.</summary>
    public FaxRecord? Fax { get; init; }

    /// <summary>What the directory says of the call; null without one.</summary>
    public CallMarks? Marks { get; init; }

    /// <summary>Name of the tenant whose call it is, by the directory; null where nothing tells.</summary>
    public string? Tenant => Marks?.Tenant;

    /// <summary>Calls that belong with this one to a session, in order of their discovery.</summary>
    public IReadOnlyList<CallLink> Links { get; init; } = [];

    /// <summary>The transfer, pick-up or forward that the call was last in; null where it was in none.</summary>
    public TransferRecord? Transfer { get; init; }

    /// <summary>Ended less started; zero while open.</summary>
    public TimeSpan Duration => EndedAt is { } ended ? NotNegative(ended - StartedAt) : TimeSpan.Zero;

    /// <summary>From ringing to the answer, or to the end where it was never answered; null where it never rang.</summary>
    public TimeSpan? RingDuration => RangAt is { } rang && (AnsweredAt ?? EndedAt) is { } until ? NotNegative(until - rang) : null;

    /// <summary>Ended less answered; zero where the call was never answered or is still open.</summary>
    public TimeSpan BillableDuration => AnsweredAt is { } answered && EndedAt is { } ended ? NotNegative(ended - answered) : TimeSpan.Zero;

    /// <summary>Puts whole media sessions in, for whoever made this record and has not shown it to anybody yet: a copy of it is 300 bytes.</summary>
    internal void SetMediaSessions(IReadOnlyList<MediaSessionRecord> sessions) => _mediaSessions = sessions;

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}

/// <summary>A Q.850 cause and where it came from.</summary>
/// <param name="Q850">Cause value, 0..127.</param>
/// <param name="Text">Its text, from the header or the table.</param>
/// <param name="Source">Whether a Reason header said it or a table mapped it from the status.</param>
public sealed record Cause(int Q850, string Text, CauseSource Source);

/// <summary>One end of a call.</summary>
public sealed record Party
{
    /// <summary>Nobody that is known; one object for all records.</summary>
    internal static readonly Party Unknown = new();

    /// <summary>User part of the URI: number or name of an address of record.</summary>
    public string? Number { get; init; }

    /// <summary>Display name.</summary>
    public string? Name { get; init; }

    /// <summary>URI as on the wire, without its parameters outside the brackets.</summary>
    public string? Uri { get; init; }

    /// <summary>Signalling address at the hop nearest this party.</summary>
    public Endpoint? Address { get; init; }

    /// <summary>User-Agent or Server header.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Codec this party sent, for example <c>PCMU/8000</c>; from its packets, else null.</summary>
    public string? Codec { get; init; }

    /// <summary>From-tag (caller) or To-tag (callee) of the dialog.</summary>
    public string? Tag { get; init; }

    /// <summary>The number in full international form, <c>+</c> and digits (E.164), by the directory's number plan; null where it has none.</summary>
    public string? E164 { get; init; }

    /// <summary>Who it is by the directory; null where it is not known there.</summary>
    public PartyIdentity? Identity { get; init; }
}

/// <summary>One place of the wire the call's INVITE was seen at.</summary>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Transport">Transport there.</param>
/// <param name="FirstSeenAt">First message there.</param>
/// <param name="Messages">SIP messages between the two.</param>
public sealed record Hop(Endpoint Source, Endpoint Destination, Transport Transport, Timestamp FirstSeenAt, int Messages);

/// <summary>One early or confirmed dialog of a call (RFC 3261 12).</summary>
public sealed record Leg
{
    /// <summary>To-tag of the dialog.</summary>
    public required string ToTag { get; init; }

    /// <summary>Address that sent the response creating it, nearest the callee.</summary>
    public Endpoint? Callee { get; init; }

    /// <summary>URI of its Contact, else null.</summary>
    public string? Contact { get; init; }

    /// <summary>Outcome of this leg.</summary>
    public required LegOutcome Outcome { get; init; }

    /// <summary>Final status of this leg, 0 where none.</summary>
    public int SipStatus { get; init; }

    /// <summary>First 18x.</summary>
    public Timestamp? RangAt { get; init; }

    /// <summary>2xx.</summary>
    public Timestamp? AnsweredAt { get; init; }

    /// <summary>BYE or final response.</summary>
    public Timestamp? EndedAt { get; init; }
}

/// <summary>A time during which one side kept the other on hold.</summary>
/// <param name="By">The side that offered sendonly, inactive or the unspecified address; callee where both did at once.</param>
/// <param name="From">First message that put the call on hold.</param>
/// <param name="To">The message that took it off, else the end of the call; null while still on hold.</param>
public sealed record HeldInterval(PartySide By, Timestamp From, Timestamp? To);

/// <summary>A digit pressed during the call.</summary>
/// <param name="Digit">0-9, *, #, A-D.</param>
/// <param name="At">Start of the digit.</param>
/// <param name="Duration">Length, where the signal told it.</param>
/// <param name="From">Which side sent it.</param>
/// <param name="Method">How.</param>
public sealed record DtmfDigit(char Digit, Timestamp At, TimeSpan? Duration, PartySide From, DtmfMethod Method);

/// <summary>The recording of a call: whether there is one, and if not why.</summary>
public sealed record RecordingInfo
{
    /// <summary>None, for no reason; one object for all records.</summary>
    internal static readonly RecordingInfo NotMade = new();

    /// <summary>State.</summary>
    public RecordingState State { get; init; }

    /// <summary>Reason where there is none, for example <c>no_rtp</c>; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Path under the API where it is available; else null.</summary>
    public string? Url { get; init; }

    /// <summary>Path of a call's recording under the API.</summary>
    public static string PathOf(string callId) => $"/api/v1/calls/{callId}.mp3";
}
