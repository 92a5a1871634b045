namespace CdrEngine.Calls.Records;

// The values of these enumerations are stored and served: they only ever grow, and no value is used again.

/// <summary>Where a call is.</summary>
public enum CallState
{
    /// <summary>INVITE seen, nothing but 100 yet.</summary>
    Trying = 0,

    /// <summary>18x seen.</summary>
    Ringing = 1,

    /// <summary>2xx seen, no end yet.</summary>
    Answered = 2,

    /// <summary>Over.</summary>
    Ended = 3,
}

/// <summary>How a call came out.</summary>
public enum Disposition
{
    /// <summary>Still open.</summary>
    InProgress = 0,

    /// <summary>2xx to the initial INVITE.</summary>
    Answered = 1,

    /// <summary>486, 600, Q.850 17.</summary>
    Busy = 2,

    /// <summary>408, 480, 487 without the caller's CANCEL, Q.850 18 and 19.</summary>
    NoAnswer = 3,

    /// <summary>487 after the caller's CANCEL.</summary>
    Cancelled = 4,

    /// <summary>401, 403, 407 as final, 603, 607, 608, Q.850 21.</summary>
    Rejected = 5,

    /// <summary>404, 410, 484, 604, Q.850 1 and 28.</summary>
    InvalidNumber = 6,

    /// <summary>3xx as final.</summary>
    Redirected = 7,

    /// <summary>Any other final response.</summary>
    Failed = 8,

    /// <summary>No response at all.</summary>
    NoResponse = 9,
}

/// <summary>Who ended a call.</summary>
public enum HangupBy
{
    /// <summary>Nobody, as far as was seen.</summary>
    None = 0,

    /// <summary>The caller.</summary>
    Caller = 1,

    /// <summary>The callee.</summary>
    Callee = 2,

    /// <summary>Both at once (BYE glare).</summary>
    Both = 3,

    /// <summary>A machine between them.</summary>
    Server = 4,
}

/// <summary>Where a cause came from.</summary>
public enum CauseSource
{
    /// <summary>A Reason header (RFC 3326, 6432).</summary>
    Header = 0,

    /// <summary>Mapped from the final status.</summary>
    Mapped = 1,
}

/// <summary>Direction of a call by the directory.</summary>
public enum CallDirection
{
    /// <summary>From a trunk to a user.</summary>
    Inbound = 0,

    /// <summary>From a user to a trunk.</summary>
    Outbound = 1,

    /// <summary>From user to user.</summary>
    Internal = 2,

    /// <summary>From trunk to trunk.</summary>
    Transit = 3,
}

/// <summary>Outcome of one leg.</summary>
public enum LegOutcome
{
    /// <summary>Still early.</summary>
    Early = 0,

    /// <summary>Confirmed by a 2xx.</summary>
    Answered = 1,

    /// <summary>Cancelled because another leg answered, or by the caller.</summary>
    Cancelled = 2,

    /// <summary>Refused by a final response.</summary>
    Failed = 3,

    /// <summary>A second 2xx, ACKed and BYEd at once (RFC 3261 13.2.2.4).</summary>
    ForkLoser = 4,

    /// <summary>Ended as the branch the proxy did not choose, without a response of its own (RFC 6228 and the like).</summary>
    Abandoned = 5,
}

/// <summary>A side of a call.</summary>
public enum PartySide
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>The caller.</summary>
    Caller = 1,

    /// <summary>The callee.</summary>
    Callee = 2,
}

/// <summary>How a digit travelled.</summary>
public enum DtmfMethod
{
    /// <summary>RFC 4733 telephone-event.</summary>
    Rfc4733 = 0,

    /// <summary>SIP INFO.</summary>
    Info = 1,

    /// <summary>Tones in the audio.</summary>
    Inband = 2,
}

/// <summary>State of a recording.</summary>
public enum RecordingState
{
    /// <summary>There is none; the reason says why.</summary>
    None = 0,

    /// <summary>To be made.</summary>
    Pending = 1,

    /// <summary>There.</summary>
    Available = 2,

    /// <summary>Could not be made; the reason says why.</summary>
    Failed = 3,

    /// <summary>Removed by retention or request.</summary>
    Deleted = 4,
}

/// <summary>How the end of an answered call was known without a BYE.</summary>
public enum EndReason
{
    /// <summary>No RTP either way for the configured time.</summary>
    RtpTimeout = 0,

    /// <summary>Session timer (RFC 4028) ran out.</summary>
    SessionTimer = 1,

    /// <summary>Longest call allowed.</summary>
    MaxDuration = 2,

    /// <summary>The capture ended.</summary>
    CaptureEnd = 3,

    /// <summary>481 or 408 to an in-dialog request (RFC 3261 12.2.1.2).</summary>
    DialogLost = 4,

    /// <summary>Pushed out by the limit on open calls.</summary>
    Evicted = 5,
}

/// <summary>What was inferred or noticed of a call. A bit each; names in JSON are snake case, sorted by value.</summary>
[Flags]
public enum CallFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Answered, and no BYE was seen.</summary>
    MissingBye = 1 << 0,

    /// <summary>The capture began mid-call.</summary>
    MissingInvite = 1 << 1,

    /// <summary>One direction had no audio.</summary>
    OneWayAudio = 1 << 2,

    /// <summary>Answered and no RTP at all.</summary>
    NoRtp = 1 << 3,

    /// <summary>Media was encrypted.</summary>
    Srtp = 1 << 4,

    /// <summary>More than one dialog.</summary>
    Forked = 1 << 5,

    /// <summary>Transferred by REFER or Replaces.</summary>
    Transferred = 1 << 6,

    /// <summary>Was on hold at some time.</summary>
    Held = 1 << 7,

    /// <summary>Fax by T.38.</summary>
    T38 = 1 << 8,

    /// <summary>Shared a media port with another call.</summary>
    ReusedPort = 1 << 9,

    /// <summary>A packet of the call was cut by the snap length.</summary>
    Truncated = 1 << 10,

    /// <summary>Capture lost packets during the call.</summary>
    Gap = 1 << 11,

    /// <summary>The 2xx was never ACKed.</summary>
    NoAck = 1 << 12,

    /// <summary>The outcome was inferred: a final response, or the 2xx or BYE of an answered call, was not seen.</summary>
    Unconfirmed = 1 << 13,

    /// <summary>A limit per call was met (messages, legs, transactions, places, digits, headers …): what was over it is in the packets
    /// only. Ends and times are still right.</summary>
    Limited = 1 << 14,

    /// <summary>An initial INVITE was challenged (401/407) and tried again.</summary>
    Authenticated = 1 << 15,

    /// <summary>Belongs with other calls to a session.</summary>
    Linked = 1 << 16,

    /// <summary>The clock of the capture was set back during the call. Times after that are as if it had not been; where only the end came after it, that is the last evidence before.</summary>
    ClockSet = 1 << 17,
}
