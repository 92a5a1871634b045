namespace CdrEngine.Calls.Records;

// The values of these enumerations are stored and served: they only ever grow, and no value is used again.

/// <summary>What kind of thing of the directory a party of a call is.</summary>
public enum PartyKind
{
    /// <summary>A person of a tenant, with a numeric id.</summary>
    User = 0,

    /// <summary>Somebody outside whom the directory names.</summary>
    Contact = 1,

    /// <summary>A number of a tenant of which no more is known.</summary>
    Number = 2,

    /// <summary>A voice mailbox.</summary>
    Voicemail = 3,

    /// <summary>A menu that talks (interactive voice response).</summary>
    Ivr = 4,

    /// <summary>A queue with agents.</summary>
    Queue = 5,

    /// <summary>A number at which several ring.</summary>
    RingGroup = 6,

    /// <summary>A conference room.</summary>
    Conference = 7,

    /// <summary>A number that tells through which advertisement a caller came.</summary>
    Tracking = 8,

    /// <summary>A number whose calls are paid by who is called.</summary>
    Freephone = 9,

    /// <summary>A number for tests.</summary>
    Test = 10,

    /// <summary>An emergency number.</summary>
    Emergency = 11,

    /// <summary>A code that makes the telephone system do something.</summary>
    Feature = 12,

    /// <summary>A fax machine or fax server.</summary>
    Fax = 13,
}

/// <summary>What a call was, by the number that was dialled and by where its ends are.</summary>
public enum CallContext
{
    /// <summary>To or from the public network, person to person as far as is known.</summary>
    PstnCall = 0,

    /// <summary>Between users of the directory.</summary>
    UserLocal = 1,

    /// <summary>To a menu.</summary>
    Ivr = 2,

    /// <summary>To a queue.</summary>
    Queue = 3,

    /// <summary>To a ring group.</summary>
    RingGroup = 4,

    /// <summary>To a voice mailbox.</summary>
    Voicemail = 5,

    /// <summary>To a conference room.</summary>
    Conference = 6,

    /// <summary>Sent on by a user of the directory to somewhere outside (Diversion, History-Info).</summary>
    FollowMe = 7,

    /// <summary>To a number for tests.</summary>
    TestCall = 8,

    /// <summary>To a tracking number.</summary>
    Tracking = 9,

    /// <summary>To a freephone number of the directory.</summary>
    Freephone = 10,

    /// <summary>To an emergency number.</summary>
    Emergency = 11,

    /// <summary>To a feature code.</summary>
    Feature = 12,

    /// <summary>To a fax machine of the directory.</summary>
    Fax = 13,
}

/// <summary>Who a party is by the directory.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Its id within its kind; 0 where the directory gives none.</param>
/// <param name="Name">Its name.</param>
public sealed record PartyIdentity(PartyKind Kind, long Id, string Name);

/// <summary>What the directory says of a call beside its direction and its parties. Null on a record where no directory was in force.</summary>
public sealed record CallMarks
{
    /// <summary>Name of the tenant whose call it is; null where nothing tells.</summary>
    public string? Tenant { get; init; }

    /// <summary>What the call was; null where neither class nor direction tells.</summary>
    public CallContext? Context { get; init; }

    /// <summary>Name of the trunk it went over: where it left for, or came from, the outside; null where it crossed none.</summary>
    public string? Trunk { get; init; }

    /// <summary>Account that pays for it; null where nobody does or the directory names none.</summary>
    public string? BilledAccount { get; init; }

    /// <summary>What it costs; null where it was not answered, is not to be paid, or no rate is known.</summary>
    public CallCharge? Charge { get; init; }
}

/// <summary>The price of a call.</summary>
/// <param name="Rate">Price of a minute, as the table writes it.</param>
/// <param name="Amount">What the call costs, rounded as the table says, with all its decimals.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Destination">Name of the destination in the table.</param>
public sealed record CallCharge(decimal Rate, decimal Amount, string Currency, string Destination);
