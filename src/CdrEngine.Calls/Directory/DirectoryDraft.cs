using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Directory;

/// <summary>Something that is wrong in a directory.</summary>
/// <param name="Where">Where it is written: file, line and column.</param>
/// <param name="Text">What is wrong, in one line.</param>
public sealed record DirectoryProblem(string Where, string Text)
{
    /// <summary>Place and problem in one line.</summary>
    public override string ToString() => $"{Where}: {Text}";
}

/// <summary>A text and where it is written.</summary>
/// <param name="Where">Where.</param>
/// <param name="Text">The text.</param>
public readonly record struct Placed(string Where, string Text);

/// <summary>A directory as it is written, each part with its place, references by name. <see cref="CallDirectory.TryBuild"/> checks it as a whole.</summary>
public sealed class DirectoryDraft
{
    /// <summary>Name of the tenant of calls that nothing else tells of; null where there is none.</summary>
    public Placed? DefaultTenant { get; set; }

    /// <summary>Name of the plan of tenants and trunks that have none; null where there is none.</summary>
    public Placed? DefaultPlan { get; set; }

    /// <summary>Name of the rate table of calls to the outside that no other is for; null where there is none.</summary>
    public Placed? DefaultRates { get; set; }

    /// <summary>Number plans.</summary>
    public List<(string Where, NumberPlan Plan)> Plans { get; } = [];

    /// <summary>Tenants.</summary>
    public List<TenantDraft> Tenants { get; } = [];

    /// <summary>Trunks.</summary>
    public List<TrunkDraft> Trunks { get; } = [];

    /// <summary>Users, contacts and numbers.</summary>
    public List<EntryDraft> Entries { get; } = [];

    /// <summary>Rate tables.</summary>
    public List<RateTableDraft> Rates { get; } = [];
}

/// <summary>A tenant as written.</summary>
public sealed record TenantDraft
{
    /// <summary>Where it is written.</summary>
    public required string Where { get; init; }

    /// <summary>Short name.</summary>
    public required string Name { get; init; }

    /// <summary>Number; 0 for none.</summary>
    public long Id { get; init; }

    /// <summary>Full name.</summary>
    public string? Title { get; init; }

    /// <summary>SIP domains.</summary>
    public IReadOnlyList<Placed> Domains { get; init; } = [];

    /// <summary>Name of its plan.</summary>
    public Placed? Plan { get; init; }

    /// <summary>Account.</summary>
    public string? Account { get; init; }

    /// <summary>Name of its rate table.</summary>
    public Placed? Rates { get; init; }

    /// <summary>Name of the rate table of calls to it.</summary>
    public Placed? InboundRates { get; init; }

    /// <summary>Recording.</summary>
    public RecordingWish? Recording { get; init; }
}

/// <summary>A trunk as written.</summary>
public sealed record TrunkDraft
{
    /// <summary>Where it is written.</summary>
    public required string Where { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Side.</summary>
    public TrunkSide Side { get; init; }

    /// <summary>Addresses.</summary>
    public IReadOnlyList<(string Where, AddressRange Range)> Addresses { get; init; } = [];

    /// <summary>Name of its tenant.</summary>
    public Placed? Tenant { get; init; }

    /// <summary>Name of its plan.</summary>
    public Placed? Plan { get; init; }

    /// <summary>Routing prefixes.</summary>
    public IReadOnlyList<string> Strip { get; init; } = [];

    /// <summary>Account.</summary>
    public string? Account { get; init; }

    /// <summary>Name of its rate table.</summary>
    public Placed? Rates { get; init; }

    /// <summary>Recording.</summary>
    public RecordingWish? Recording { get; init; }
}

/// <summary>A user, contact or number as written.</summary>
public sealed record EntryDraft
{
    /// <summary>Where it is written.</summary>
    public required string Where { get; init; }

    /// <summary>What it is.</summary>
    public required PartyKind Kind { get; init; }

    /// <summary>Id; 0 for none.</summary>
    public long Id { get; init; }

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Name of its tenant.</summary>
    public Placed? Tenant { get; init; }

    /// <summary>Extensions, codes, short numbers.</summary>
    public IReadOnlyList<Placed> Extensions { get; init; } = [];

    /// <summary>Numbers, in any spelling of its tenant's plan.</summary>
    public IReadOnlyList<Placed> Numbers { get; init; } = [];

    /// <summary>User parts of addresses of record.</summary>
    public IReadOnlyList<Placed> Usernames { get; init; } = [];

    /// <summary>First digits of numbers, in full international form, or of codes.</summary>
    public IReadOnlyList<Placed> Prefixes { get; init; } = [];

    /// <summary>Numbers from one to another, in full international form.</summary>
    public IReadOnlyList<(Placed First, Placed Last)> Ranges { get; init; } = [];

    /// <summary>Mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Hardware addresses, twelve lower-case hexadecimal digits.</summary>
    public IReadOnlyList<Placed> Devices { get; init; } = [];

    /// <summary>Department.</summary>
    public string? Department { get; init; }

    /// <summary>Account.</summary>
    public string? Account { get; init; }

    /// <summary>Recording.</summary>
    public RecordingWish? Recording { get; init; }

    /// <summary>Members: an id of a user, or kind, colon and id.</summary>
    public IReadOnlyList<Placed> Members { get; init; } = [];
}

/// <summary>A rate table as written.</summary>
public sealed record RateTableDraft
{
    /// <summary>Where it is written.</summary>
    public required string Where { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Currency.</summary>
    public required Placed Currency { get; init; }

    /// <summary>Decimals of a charge.</summary>
    public int Scale { get; init; } = 4;

    /// <summary>Rounding.</summary>
    public ChargeRounding Rounding { get; init; }

    /// <summary>Duration that is charged.</summary>
    public ChargedDuration Duration { get; init; }

    /// <summary>Time of its bands.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Entries.</summary>
    public List<(string Where, RateEntry Entry)> Entries { get; } = [];
}
