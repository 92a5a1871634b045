namespace CdrEngine.Media.Srtp;

/// <summary>Bounds of what is kept and tried for secured media. All are counts.</summary>
public sealed record SrtpLimits
{
    /// <summary>The defaults.</summary>
    public static readonly SrtpLimits Default = new();

    /// <summary>Synchronisation sources remembered for a key; the one unused for longest goes. Only what authenticated is remembered. 32: more than
    /// any telephone call has, and few enough for a linear look.</summary>
    public int MaxStreamsPerKey { get; init; } = 32;

    /// <summary>Keys kept for one side and m-line; the oldest goes. 16: four crypto lines in each of four offers.</summary>
    public int MaxKeysPerSource { get; init; } = 16;

    /// <summary>Sides times m-lines of one call that are remembered; later ones are counted and stay without a key.</summary>
    public int MaxSources { get; init; } = 64;

    /// <summary>Roll-over counters tried for a source that did not authenticate by the estimate of RFC 3711 3.3.1: 0 to this for one not heard before,
    /// that many ahead of the last one otherwise. 64 wraps are 23 hours of 20 ms packets.</summary>
    public int MaxRollOverSearch { get; init; } = 64;

    /// <summary>Searches in a row that find nothing before a source is searched only for each <see cref="SearchInterval"/>th packet.</summary>
    public int MaxFailedSearches { get; init; } = 16;

    /// <summary>See <see cref="MaxFailedSearches"/>.</summary>
    public int SearchInterval { get; init; } = 64;

    /// <summary>Master keys in one crypto line (RFC 4568 6.1: several with an MKI each).</summary>
    public int MaxMasterKeysPerLine { get; init; } = 8;

    /// <summary>Connections remembered from a key log; the oldest goes.</summary>
    public int MaxKeyLogEntries { get; init; } = 65_536;
}
