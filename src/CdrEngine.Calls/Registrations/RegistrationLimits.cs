using System.ComponentModel;

namespace CdrEngine.Calls.Registrations;

/// <summary>Bounds and times of registrations.</summary>
public sealed record RegistrationLimits
{
    /// <summary>Contacts looked at in one message. Default 32.</summary>
    public const int ContactsOfOneMessage = 32;

    /// <summary>Registrations known, ended and failed ones included (<c>registration.max-bindings</c>). Default 500,000. Past it goes, in this order:
    /// the failed one not tried for longest, the ended one that ended first, the live one not refreshed for longest; a failed one never
    /// pushes out a live one.</summary>
    public int MaxBindings { get; init; } = 500_000;

    /// <summary>Registrations of one address of record. Default 64; past it as above, among them.</summary>
    public int MaxOfOneAor { get; init; } = 64;

    /// <summary>How long after its time has run out a binding is called expired (<c>registration.grace</c>). Default 5 s: a refresh sent in
    /// time may need a challenge and a retransmission.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time of a binding where neither request nor response say (<c>registration.default-expires</c>). Default 3600 s: RFC 3261 10.2.</summary>
    public TimeSpan DefaultExpires { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>How long ended and failed registrations are kept (<c>registration.keep-ended</c>). Default 30 days.</summary>
    public TimeSpan KeepEnded { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>What happened to registrations.</summary>
public enum RegistrationCounter
{
    /// <summary>New.</summary>
    [Description("bindings made where there was none")]
    New,

    /// <summary>Refreshed.</summary>
    [Description("bindings refreshed in time")]
    Refreshed,

    /// <summary>Moved.</summary>
    [Description("devices that registered from another address")]
    Moved,

    /// <summary>Expired.</summary>
    [Description("bindings whose time ran out without a refresh")]
    Expired,

    /// <summary>Removed.</summary>
    [Description("bindings taken back by the device or no longer listed by the registrar")]
    Removed,

    /// <summary>Failed.</summary>
    [Description("attempts to register that were refused or not answered")]
    Failed,

    /// <summary>Queries.</summary>
    [Description("REGISTER without Contact: the sender only asked for the list")]
    Queries,

    /// <summary>Known already.</summary>
    [Description("registrations older than what is known of their address: imported before")]
    KnownAlready,

    /// <summary>Without address.</summary>
    [Description("REGISTER without a usable To")]
    WithoutAor,

    /// <summary>Too many contacts.</summary>
    [Description("contacts of one REGISTER or response beyond the limit, not looked at")]
    ContactLimit,

    /// <summary>Evicted.</summary>
    [Description("registrations forgotten because of registration.max-bindings or of the limit for one address")]
    Evicted,

    /// <summary>Refused.</summary>
    [Description("failed attempts not kept because every place is taken by a live binding")]
    Refused,

    /// <summary>Forgotten.</summary>
    [Description("ended registrations forgotten after registration.keep-ended")]
    Forgotten,
}
