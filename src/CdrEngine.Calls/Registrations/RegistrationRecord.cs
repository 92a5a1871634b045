using CdrEngine.Core;

namespace CdrEngine.Calls.Registrations;

/// <summary>Where a registration stands. Written to disk: values only ever grow.</summary>
public enum RegistrationState : byte
{
    /// <summary>Bound: the registrar said so and the time has not run out.</summary>
    Registered = 0,

    /// <summary>Its time ran out and no refresh was seen.</summary>
    Expired = 1,

    /// <summary>The device took it back, or the registrar no longer lists it.</summary>
    Removed = 2,

    /// <summary>Never bound: every attempt was refused or not answered.</summary>
    Failed = 3,
}

/// <summary>A change of a registration. Written to disk: values only ever grow.</summary>
public enum RegistrationEventKind : byte
{
    /// <summary>Bound where it was not before.</summary>
    New = 0,

    /// <summary>Bound again in time; successive ones are one event with a count.</summary>
    Refreshed = 1,

    /// <summary>The same device from another address.</summary>
    Moved = 2,

    /// <summary>Its time ran out.</summary>
    Expired = 3,

    /// <summary>Taken back, or no longer listed by the registrar.</summary>
    Removed = 4,

    /// <summary>Refused or not answered; successive ones with the same status are one event with a count.</summary>
    Failed = 5,
}

/// <summary>One change of a registration, or several alike in succession.</summary>
/// <param name="Sequence">Place in the history, from 1.</param>
/// <param name="Kind">What changed.</param>
/// <param name="At">When; of several the first.</param>
/// <param name="LastAt">Of several the last; else as <paramref name="At"/>.</param>
/// <param name="Count">How many it stands for.</param>
public sealed record RegistrationEvent(int Sequence, RegistrationEventKind Kind, Timestamp At, Timestamp LastAt, int Count)
{
    /// <summary>Source address as seen; default where it is not known.</summary>
    public Endpoint Source { get; init; }

    /// <summary>Where it was before, for <see cref="RegistrationEventKind.Moved"/>.</summary>
    public Endpoint? Before { get; init; }

    /// <summary>Contact URI.</summary>
    public string? Contact { get; init; }

    /// <summary>Time granted, seconds; null where none was.</summary>
    public int? Expires { get; init; }

    /// <summary>Final status; 0 where nothing was answered or nothing was asked.</summary>
    public int SipStatus { get; init; }

    /// <summary>Reason phrase, or why in a word: <c>not_listed</c>, <c>no_response</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>User-Agent of the device.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Response time of the last, where there was one.</summary>
    public TimeSpan? ResponseTime { get; init; }
}

/// <summary>One binding of an address of record to a contact as REGISTER told it (RFC 3261 10), or the failure to make one.</summary>
public sealed record RegistrationRecord
{
    /// <summary>Identity: 24 hexadecimal digits derived from address of record and contact; stays when the device moves.</summary>
    public required string Id { get; init; }

    /// <summary>Address of record: the URI of To without parameters.</summary>
    public required string Aor { get; init; }

    /// <summary>User part of the address of record; null without one.</summary>
    public string? User { get; init; }

    /// <summary>Domain of the address of record.</summary>
    public string? Domain { get; init; }

    /// <summary>Where it stands.</summary>
    public RegistrationState State { get; init; }

    /// <summary>Contact URI as the device wrote it; null where it never gave one.</summary>
    public string? Contact { get; init; }

    /// <summary>Where its requests come from as the network shows it; default where only the registrar's list told of it.</summary>
    public Endpoint Source { get; init; }

    /// <summary>Where they go to: the registrar, or the proxy before it.</summary>
    public Endpoint Server { get; init; }

    /// <summary>Transport.</summary>
    public Transport Transport { get; init; }

    /// <summary>Whether the contact names another address than the packets come from; null where the contact names a host.</summary>
    public bool? IsBehindNat { get; init; }

    /// <summary>When it runs out, unless refreshed; null where it never was bound.</summary>
    public Timestamp? ExpiresAt { get; init; }

    /// <summary>Time granted, seconds.</summary>
    public int? Expires { get; init; }

    /// <summary>When it became bound.</summary>
    public Timestamp? RegisteredAt { get; init; }

    /// <summary>When it ended: ran out, was taken back.</summary>
    public Timestamp? EndedAt { get; init; }

    /// <summary>Last request seen, refused ones included.</summary>
    public Timestamp? LastRequestAt { get; init; }

    /// <summary>Last 2xx.</summary>
    public Timestamp? LastSuccessAt { get; init; }

    /// <summary>Last failure.</summary>
    public Timestamp? LastFailureAt { get; init; }

    /// <summary>Status of the last attempt; 0 where it was not answered.</summary>
    public int SipStatus { get; init; }

    /// <summary>Reason phrase of the last attempt, or <c>no_response</c>.</summary>
    public string? SipReason { get; init; }

    /// <summary>Min-Expires of the last 423, seconds.</summary>
    public int? MinExpires { get; init; }

    /// <summary>From the last request to its response.</summary>
    public TimeSpan? ResponseTime { get; init; }

    /// <summary>Challenges of the last attempt.</summary>
    public int Challenges { get; init; }

    /// <summary>Refreshes since it became bound.</summary>
    public int Refreshes { get; init; }

    /// <summary>Moves since it is known.</summary>
    public int Moves { get; init; }

    /// <summary>Failures since it is known.</summary>
    public int Failures { get; init; }

    /// <summary>Retransmissions since it is known.</summary>
    public int Retransmissions { get; init; }

    /// <summary>User-Agent of the device.</summary>
    public string? UserAgent { get; init; }

    /// <summary>+sip.instance (RFC 5626 4.1), without brackets.</summary>
    public string? Instance { get; init; }

    /// <summary>reg-id (RFC 5626 4.2).</summary>
    public int? RegId { get; init; }

    /// <summary>Hardware address, lower case with colons, where instance, contact or User-Agent tell it.</summary>
    public string? Mac { get; init; }

    /// <summary>Public GRUU (RFC 5627).</summary>
    public string? Gruu { get; init; }

    /// <summary>Digest user name.</summary>
    public string? AuthUser { get; init; }

    /// <summary>Digest realm.</summary>
    public string? Realm { get; init; }

    /// <summary>Call-ID of its last REGISTER.</summary>
    public string? SipCallId { get; init; }

    /// <summary>CSeq of its last REGISTER.</summary>
    public long CSeq { get; init; }

    /// <summary>Path (RFC 3327), one URI an item.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Service-Route (RFC 3608), one URI an item.</summary>
    public IReadOnlyList<string> ServiceRoute { get; init; } = [];

    /// <summary>Source that saw its last REGISTER.</summary>
    public string CaptureSource { get; init; } = "";

    /// <summary>Last event of its history; its number is the length of the history.</summary>
    public RegistrationEvent? LastEvent { get; init; }

    /// <summary>Tenant by the directory; null without one.</summary>
    public string? Tenant { get; init; }
}
