using System.Globalization;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Directory;

/// <summary>What stands behind a trunk.</summary>
public enum TrunkSide
{
    /// <summary>The outside: a carrier, the public network.</summary>
    Carrier = 0,

    /// <summary>A telephone system of a tenant: its users are behind it.</summary>
    Pbx = 1,
}

/// <summary>What the directory wishes for the recording of a call; what is not said is left to the settings.</summary>
public enum RecordingWish
{
    /// <summary>When somebody asks for it.</summary>
    OnDemand = 0,

    /// <summary>Every answered call.</summary>
    Always = 1,

    /// <summary>Not at all.</summary>
    Never = 2,

    /// <summary>The caller's voice only.</summary>
    Caller = 3,

    /// <summary>The callee's voice only.</summary>
    Callee = 4,
}

/// <summary>One customer, company or department whose calls are kept apart from others'.</summary>
public sealed record Tenant
{
    /// <summary>Short name, as it stands in records and tokens.</summary>
    public required string Name { get; init; }

    /// <summary>Number, 1 or more; 0 where none is given.</summary>
    public long Id { get; init; }

    /// <summary>Full name; the short one where none is given.</summary>
    public required string Title { get; init; }

    /// <summary>SIP domains and addresses that stand in its users' URIs.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>How its users write numbers.</summary>
    public NumberPlan? Plan { get; init; }

    /// <summary>Account that pays for its calls; the tenant's name where none is given.</summary>
    public required string Account { get; init; }

    /// <summary>What calls to the outside cost; null where nothing does.</summary>
    public RateTable? Rates { get; init; }

    /// <summary>What calls from the outside cost, by the number that was dialled (freephone, tracking); null where nothing does.</summary>
    public RateTable? InboundRates { get; init; }

    /// <summary>Whether its calls are recorded; null to leave it to the settings.</summary>
    public RecordingWish? Recording { get; init; }
}

/// <summary>A way to somebody else's telephone system, known by its addresses.</summary>
public sealed record Trunk
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>What is behind it.</summary>
    public required TrunkSide Side { get; init; }

    /// <summary>Signalling addresses.</summary>
    public IReadOnlyList<AddressRange> Addresses { get; init; } = [];

    /// <summary>Tenant it belongs to; null where several use it.</summary>
    public Tenant? Tenant { get; init; }

    /// <summary>How numbers are written on it; null as the tenant does.</summary>
    public NumberPlan? Plan { get; init; }

    /// <summary>Prefixes put before numbers for routing, which are no part of them; the first that fits is taken off.</summary>
    public IReadOnlyList<string> Strip { get; init; } = [];

    /// <summary>Account that pays for what comes from it; null for the tenant's.</summary>
    public string? Account { get; init; }

    /// <summary>What calls over it cost; null for the tenant's.</summary>
    public RateTable? Rates { get; init; }

    /// <summary>Whether its calls are recorded; null to leave it to the tenant.</summary>
    public RecordingWish? Recording { get; init; }
}

/// <summary>A person, or a number with a meaning.</summary>
public sealed record DirectoryEntry
{
    /// <summary>What it is.</summary>
    public required PartyKind Kind { get; init; }

    /// <summary>Id, unique within its kind; 0 where none is given.</summary>
    public required long Id { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Its tenant; null where all may reach it.</summary>
    public Tenant? Tenant { get; init; }

    /// <summary>Extensions, codes and short numbers, as dialled.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Numbers as E.164; the first is the one that stands for it.</summary>
    public IReadOnlyList<string> Numbers { get; init; } = [];

    /// <summary>Ranges of numbers.</summary>
    public IReadOnlyList<NumberRange> Ranges { get; init; } = [];

    /// <summary>User parts of its addresses of record, lower case.</summary>
    public IReadOnlyList<string> Usernames { get; init; } = [];

    /// <summary>Mail address; null where none is given.</summary>
    public string? Email { get; init; }

    /// <summary>Hardware addresses of its devices, twelve lower-case hexadecimal digits each.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Department; null where none is given.</summary>
    public string? Department { get; init; }

    /// <summary>Account that pays for its calls; null for the tenant's.</summary>
    public string? Account { get; init; }

    /// <summary>Whether its calls are recorded; null to leave it to trunk and tenant.</summary>
    public RecordingWish? Recording { get; init; }

    /// <summary>Who is called by a queue or ring group: users, and groups within it.</summary>
    public IReadOnlyList<GroupMember> Members { get; init; } = [];

    /// <summary>As it stands in records.</summary>
    public required PartyIdentity Identity { get; init; }
}

/// <summary>A member of a queue or ring group.</summary>
/// <param name="Kind">User, queue or ring group.</param>
/// <param name="Id">Its id.</param>
public readonly record struct GroupMember(PartyKind Kind, long Id);

/// <summary>Numbers from one to another of the same length.</summary>
/// <param name="First">The first, as E.164.</param>
/// <param name="Last">The last, as E.164.</param>
public readonly record struct NumberRange(string First, string Last)
{
    /// <summary>How many there are.</summary>
    public long Count => Digits(Last) - Digits(First) + 1;

    /// <summary>One of them.</summary>
    /// <param name="index">Its place, 0 to <see cref="Count"/> less 1.</param>
    public string this[long index] => "+" + (Digits(First) + index).ToString($"D{First.Length - 1}", CultureInfo.InvariantCulture);

    private static long Digits(string number) => long.Parse(number.AsSpan(1), CultureInfo.InvariantCulture);
}
