using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Exchanges;

namespace CdrEngine.Calls;

/// <summary>What rules a call's machine: its timers and its limits. One object for all calls of a thread.</summary>
public sealed record CallOptions
{
    /// <summary>Timers.</summary>
    public CallTimers Timers { get; init; } = new();

    /// <summary>Limits.</summary>
    public CallLimits Limits { get; init; } = new();

    /// <summary>Texts that many calls have in common: names of programs, phrases of responses.</summary>
    internal TextCache Texts { get; } = new(256);

    /// <summary>Puts machines away and brings them back, one at a time.</summary>
    internal StateCarrier Carrier { get; } = new();

    /// <summary>Machines that wait for another call.</summary>
    internal Stack<CallMachine> Spare { get; } = new();

    /// <summary>A machine that waits for its first message, packed; null before the first was.</summary>
    internal DormantState? Blank { get; set; }
}

/// <summary>Timers of a call, all in packet time. Keys <c>call.*</c> of <c>reference.conf</c>.</summary>
/// <remarks>A timer only notices that a call is over; when it was over is told by the last evidence, never by the timer.</remarks>
public sealed record CallTimers
{
    /// <summary>An unanswered call with no sign of life for this long is over. Default 180 s: timer C of RFC 3261 16.6, which every
    /// provisional response restarts.</summary>
    public TimeSpan SetupTimeout { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>A cancelled INVITE without a final response is taken for cancelled after this. Default 10 s.</summary>
    public TimeSpan CancelConfirm { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An answered call that had RTP and has none either way for this long is over. Default 300 s.</summary>
    public TimeSpan RtpTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>The same for a call on hold. Default 3600 s.</summary>
    public TimeSpan HeldTimeout { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>An answered call that never showed RTP and has no session timer is over this long after its last SIP. Default 4 h.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Added to Session-Expires (RFC 4028), and the silence of RTP required beside it. Default 32 s: 64·T1.</summary>
    public TimeSpan SessionGrace { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>From the end of a call to its record, for retransmissions and late media. Default 4 s: T2 of RFC 3261.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a call whose end is not settled is remembered after it: a BYE or CANCEL without its answer, a final response
    /// without its ACK. Default 32 s: 64·T1 of RFC 3261, after which nobody retransmits.</summary>
    public TimeSpan LateFacts { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>How long a call is remembered whose final response invites another try: a challenge, a redirection, a 422. Default 180 s,
    /// time for a person to type a password; the record goes out after <see cref="Linger"/> all the same and is updated by the retry.</summary>
    public TimeSpan RetryKept { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>How long an answered call whose end was inferred is remembered after its record, so that a BYE or RTP that contradicts it
    /// gives an updated record and not a second call. Default 1 h.</summary>
    public TimeSpan InferredEndKept { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A leg answered beside another one and hung up by the caller within this time of its 2xx lost the fork. Default 4 s.</summary>
    public TimeSpan ForkLoserWindow { get; init; } = TimeSpan.FromSeconds(4);
}

/// <summary>Bounds of one call: what the wire may make it remember.</summary>
public sealed record CallLimits
{
    /// <summary>Messages looked at for retransmission. Default 2000. After that the call goes on, flagged <c>limited</c>, and counts every
    /// message as new.</summary>
    public int MessagesPerCall { get; init; } = 2000;

    /// <summary>Dialogs (To-tags). Default 64; further ones are not kept apart.</summary>
    public int LegsPerCall { get; init; } = 64;

    /// <summary>INVITE attempts (CSeq numbers of initial INVITEs). Default 32.</summary>
    public int AttemptsPerCall { get; init; } = 32;

    /// <summary>INVITE client transactions (branches on all hops). Default 64.</summary>
    public int TransactionsPerCall { get; init; } = 64;

    /// <summary>Places of the wire (pairs of addresses). Default 32, at most 64.</summary>
    public int PlacesPerCall { get; init; } = 32;

    /// <summary>Media descriptions (m-lines of all offers and answers). Default 128.</summary>
    public int MediaDescriptionsPerCall { get; init; } = 128;

    /// <summary>Digits by SIP INFO. Default 256.</summary>
    public int DigitsPerCall { get; init; } = 256;

    /// <summary>Hold intervals. Default 64.</summary>
    public int HeldIntervalsPerCall { get; init; } = 64;

    /// <summary>Header fields kept in the record. Default 32.</summary>
    public int KeptHeaders { get; init; } = 32;

    /// <summary>Longest text kept of any one header field, name or URI, in bytes. Default 1024; the rest is cut.</summary>
    public int TextBytes { get; init; } = 1024;

    /// <summary>Names of further header fields to keep in the record, in any case, for example <c>X-Call-ID</c>. Default: X-Call-ID, X-CID.</summary>
    public IReadOnlyList<string> FurtherHeaders { get; init; } = ["X-Call-ID", "X-CID"];
}
