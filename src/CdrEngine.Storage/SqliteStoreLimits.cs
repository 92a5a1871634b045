namespace CdrEngine.Storage;

/// <summary>Bounds of the SQLite store.</summary>
public sealed record SqliteStoreLimits
{
    /// <summary>Day files that the writer, and each reader, keep open; the least used is closed first. 16 by default: two weeks.</summary>
    public int OpenDays { get; init; } = 16;

    /// <summary>Queries that run at once; more wait. 4 by default.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>How long a statement waits for another connection's lock; 2 s by default.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Page cache of the writer for each day, in KiB; 24 MiB by default, which holds the index pages of some 200,000 calls; beyond, the system keeps them.</summary>
    public int WriterCacheKibibytes { get; init; } = 24 * 1024;

    /// <summary>Page cache of a reader for each day, in KiB; 8 MiB by default.</summary>
    public int ReaderCacheKibibytes { get; init; } = 8 * 1024;

    /// <summary>Rows up to which a number's prefix is answered by collecting and sorting its rows; beyond, the day is read in order of time, where such a
    /// common prefix is met often. 20,000 by default.</summary>
    public int PrefixRows { get; init; } = 20_000;
}
