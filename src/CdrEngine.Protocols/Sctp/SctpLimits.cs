namespace CdrEngine.Protocols.Sctp;

/// <summary>How much the SCTP reassembly may hold, and for how long. All times are packet time.</summary>
public sealed record SctpLimits
{
    /// <summary>The defaults.</summary>
    public static SctpLimits Default { get; } = new();

    /// <summary>Directions of associations (pairs of addresses) followed at once. Default 32,768. Beyond it the least recently active goes.</summary>
    public int Directions { get; init; } = 32_768;

    /// <summary>Largest SIP message, in bytes. Default 256 KiB.</summary>
    public int MessageBytes { get; init; } = 256 * 1024;

    /// <summary>Longest start line, in bytes. Default 8 KiB.</summary>
    public int StartLineBytes { get; init; } = 8 * 1024;

    /// <summary>Fragments held for one direction. Default 512 (more than a largest message in Ethernet frames).</summary>
    public int Fragments { get; init; } = 512;

    /// <summary>Bytes of fragments and their frames held for one direction. Default 1 MiB.</summary>
    public int DirectionBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of fragments and their frames held in all. Default 64 MiB.</summary>
    public long TotalBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long fragments wait for the others since the last one came. Default 5 s.</summary>
    public TimeSpan FragmentAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long without a packet a direction is forgotten. Default 10 minutes.</summary>
    public TimeSpan IdleAge { get; init; } = TimeSpan.FromMinutes(10);
}
