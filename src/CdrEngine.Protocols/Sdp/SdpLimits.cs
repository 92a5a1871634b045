namespace CdrEngine.Protocols.Sdp;

/// <summary>Bounds of the SDP reader. What is over a bound is passed over and counted (<see cref="SdpSession.IgnoredItems"/>).</summary>
public sealed record SdpLimits
{
    /// <summary>The documented defaults.</summary>
    public static SdpLimits Default { get; } = new();

    /// <summary>Longest description in bytes. Default 65,535, as a datagram.</summary>
    public int MaxBytes { get; init; } = 65_535;

    /// <summary>Most m-lines. Default 16; a call has one to four, a conference with video some more.</summary>
    public int MaxMedia { get; init; } = 16;

    /// <summary>Most formats of an m-line. Default 64; browsers offer about 40 for video.</summary>
    public int MaxFormats { get; init; } = 64;

    /// <summary>Most ICE candidates of an m-line. Default 64; a host with many interfaces offers about 20.</summary>
    public int MaxCandidates { get; init; } = 64;

    /// <summary>Most crypto lines of an m-line. Default 16; phones offer one to eight.</summary>
    public int MaxCryptos { get; init; } = 16;

    /// <summary>Most group lines. Default 8; there is one at most in practice.</summary>
    public int MaxGroups { get; init; } = 8;
}
