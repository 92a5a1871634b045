namespace CdrEngine.Host.Configuration;

/// <summary><c>encryption</c>: what packets and recordings are sealed with on disk.</summary>
/// <param name="KeyFile"><c>key-file</c>; empty for none.</param>
/// <param name="Keys"><c>keys</c>; empty for none.</param>
public sealed record EncryptionSettings(string KeyFile, string Keys);

/// <summary><c>retention</c>: how long what is beside packets is kept, what holds for single tenants, and what goes before the disk is full.</summary>
/// <param name="RecordingsAge"><c>recordings-age</c>; null keeps them whatever their age.</param>
/// <param name="RecordingsMaxSize"><c>recordings-max-size</c>, bytes; null sets no bound.</param>
/// <param name="RecordsAge"><c>records-age</c>; null likewise.</param>
/// <param name="DeletedAge"><c>deleted-age</c>: how long a deleted call waits for its purge.</param>
/// <param name="Every"><c>every</c>: how often it is carried out while capturing live.</param>
/// <param name="MinFree"><c>min-free</c>, bytes; 0 for no bound.</param>
/// <param name="MinFreePercent"><c>min-free-percent</c>; 0 for no bound.</param>
/// <param name="Tenants"><c>tenants</c>: shorter ages of single tenants.</param>
public sealed record KeepingSettings(
    TimeSpan? RecordingsAge,
    long? RecordingsMaxSize,
    TimeSpan? RecordsAge,
    TimeSpan DeletedAge,
    TimeSpan Every,
    long MinFree,
    int MinFreePercent,
    IReadOnlyList<TenantAges> Tenants);

/// <summary>Ages of one tenant, where they are shorter than those of all; null where nothing of its own is said.</summary>
/// <param name="Tenant">Name of the tenant.</param>
public sealed record TenantAges(string Tenant)
{
    /// <summary>Packets of SIP.</summary>
    public TimeSpan? Sip { get; init; }

    /// <summary>Packets of media.</summary>
    public TimeSpan? Rtp { get; init; }

    /// <summary>Recordings.</summary>
    public TimeSpan? Recordings { get; init; }

    /// <summary>Records, with all that belongs to them.</summary>
    public TimeSpan? Records { get; init; }

    /// <summary>Messages.</summary>
    public TimeSpan? Messages { get; init; }
}
