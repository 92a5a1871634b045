using CdrEngine.Core;

namespace CdrEngine.Calls.Registrations;

/// <summary>One registration as the registrar machine knows it.</summary>
internal sealed class Binding
{
    public required string Id { get; init; }

    public required AorEntry Owner { get; init; }

    /// <summary>What the contact is known by; empty where no contact was ever given.</summary>
    public required string Key { get; set; }

    public RegistrationState State { get; set; }

    public ContactDraft? Contact { get; set; }

    public string? ContactUri { get; set; }

    public string? ContactUser { get; set; }

    public IpAddress? ContactAddress { get; set; }

    public Endpoint Source { get; set; }

    public Endpoint Server { get; set; }

    public Transport Transport { get; set; }

    public Timestamp? ExpiresAt { get; set; }

    public int? Expires { get; set; }

    public Timestamp? RegisteredAt { get; set; }

    public Timestamp? EndedAt { get; set; }

    public Timestamp? LastRequestAt { get; set; }

    public Timestamp? LastSuccessAt { get; set; }

    public Timestamp? LastFailureAt { get; set; }

    public int SipStatus { get; set; }

    public string? SipReason { get; set; }

    public int? MinExpires { get; set; }

    public TimeSpan? ResponseTime { get; set; }

    public int Challenges { get; set; }

    public int Refreshes { get; set; }

    public int Moves { get; set; }

    public int Failures { get; set; }

    public int Retransmissions { get; set; }

    public string? UserAgent { get; set; }

    public string? Instance { get; set; }

    public int? RegId { get; set; }

    public string? Mac { get; set; }

    public string? Gruu { get; set; }

    public string? AuthUser { get; set; }

    public string? Realm { get; set; }

    public string? SipCallId { get; set; }

    public long CSeq { get; set; }

    public IReadOnlyList<string> Path { get; set; } = [];

    public IReadOnlyList<string> ServiceRoute { get; set; } = [];

    public string CaptureSource { get; set; } = "";

    public string? Tenant { get; set; }

    public byte[] Chunks { get; set; } = [];

    public RegistrationEvent? LastEvent { get; set; }

    /// <summary>Events since the last hand-over; the last one is <see cref="LastEvent"/>.</summary>
    public List<RegistrationEvent>? Pending { get; set; }

    public bool IsDirty { get; set; }

    /// <summary>Deadline under which it stands in the queue; <see cref="Timestamp.MaxValue"/> where it does not.</summary>
    public Timestamp QueuedFor { get; set; } = Timestamp.MaxValue;

    public bool IsForgotten { get; set; }

    public LinkedListNode<Binding>? Node { get; set; }

    public bool IsLive => State == RegistrationState.Registered;

    public RegistrationRecord ToRecord() => new()
    {
        Id = Id,
        Aor = Owner.Aor,
        User = Owner.User,
        Domain = Owner.Domain,
        State = State,
        Contact = ContactUri,
        Source = Source,
        Server = Server,
        Transport = Transport,
        IsBehindNat = ContactAddress is { } address && !Source.IsNone ? address != Source.Address : null,
        ExpiresAt = ExpiresAt,
        Expires = Expires,
        RegisteredAt = RegisteredAt,
        EndedAt = EndedAt,
        LastRequestAt = LastRequestAt,
        LastSuccessAt = LastSuccessAt,
        LastFailureAt = LastFailureAt,
        SipStatus = SipStatus,
        SipReason = SipReason,
        MinExpires = MinExpires,
        ResponseTime = ResponseTime,
        Challenges = Challenges,
        Refreshes = Refreshes,
        Moves = Moves,
        Failures = Failures,
        Retransmissions = Retransmissions,
        UserAgent = UserAgent,
        Instance = Instance,
        RegId = RegId,
        Mac = Mac,
        Gruu = Gruu,
        AuthUser = AuthUser,
        Realm = Realm,
        SipCallId = SipCallId,
        CSeq = CSeq,
        Path = Path,
        ServiceRoute = ServiceRoute,
        CaptureSource = CaptureSource,
        LastEvent = LastEvent,
        Tenant = Tenant,
    };

    /// <summary>Takes a stored record's members.</summary>
    public void Restore(StoredRegistration stored)
    {
        RegistrationRecord record = stored.Record;
        State = record.State;
        ContactUri = record.Contact;
        ContactUser = stored.ContactUser;
        ContactAddress = stored.ContactAddress;
        Source = record.Source;
        Server = record.Server;
        Transport = record.Transport;
        ExpiresAt = record.ExpiresAt;
        Expires = record.Expires;
        RegisteredAt = record.RegisteredAt;
        EndedAt = record.EndedAt;
        LastRequestAt = record.LastRequestAt;
        LastSuccessAt = record.LastSuccessAt;
        LastFailureAt = record.LastFailureAt;
        SipStatus = record.SipStatus;
        SipReason = record.SipReason;
        MinExpires = record.MinExpires;
        ResponseTime = record.ResponseTime;
        Challenges = record.Challenges;
        Refreshes = record.Refreshes;
        Moves = record.Moves;
        Failures = record.Failures;
        Retransmissions = record.Retransmissions;
        UserAgent = record.UserAgent;
        Instance = record.Instance;
        RegId = record.RegId;
        Mac = record.Mac;
        Gruu = record.Gruu;
        AuthUser = record.AuthUser;
        Realm = record.Realm;
        SipCallId = record.SipCallId;
        CSeq = record.CSeq;
        Path = record.Path;
        ServiceRoute = record.ServiceRoute;
        CaptureSource = record.CaptureSource;
        LastEvent = record.LastEvent;
        Tenant = record.Tenant;
        Chunks = stored.Chunks;
    }
}

/// <summary>An address of record and its registrations, in order of their making.</summary>
internal sealed class AorEntry
{
    public required string Aor { get; init; }

    public string? User { get; init; }

    public string? Domain { get; init; }

    public List<Binding> Bindings { get; } = [];

    /// <summary>Last 2xx of any of them: what is older was told before.</summary>
    public Timestamp SuccessAt { get; set; } = Timestamp.MinValue;
}

/// <summary>A registration as it is stored: the record, and what only the machine needs to go on with it.</summary>
/// <param name="Record">The record.</param>
/// <param name="Key">What its contact is known by.</param>
/// <param name="Chunks">Where the packets of its last exchange lie, as the packet log encodes it; empty where none are kept.</param>
public sealed record StoredRegistration(RegistrationRecord Record, string Key, byte[] Chunks)
{
    /// <summary>User part of the contact.</summary>
    public string? ContactUser { get; init; }

    /// <summary>Address in the contact; null where it names a host.</summary>
    public IpAddress? ContactAddress { get; init; }

    /// <summary>Events since it was last handed over, in order; each replaces the stored one of its number.</summary>
    public IReadOnlyList<RegistrationEvent> Events { get; init; } = [];
}
