namespace CdrEngine.Protocols.Pcap;

/// <summary>Bounds of the capture file readers.</summary>
public sealed record CaptureReaderLimits
{
    /// <summary>Most that <see cref="MaxCapturedBytes"/> may be set to.</summary>
    public const int MostCapturedBytes = 64 << 20;

    private readonly int _maxCapturedBytes = 256 * 1024;

    /// <summary>The defaults.</summary>
    public static CaptureReaderLimits Default { get; } = new();

    /// <summary>Most captured bytes of one packet; more is taken for a wrong length. Default 256 KiB (libpcap's MAXIMUM_SNAPLEN and
    /// Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD); 1..64 MiB, other values are clamped.</summary>
    public int MaxCapturedBytes
    {
        get => _maxCapturedBytes;
        init => _maxCapturedBytes = Math.Clamp(value, 1, MostCapturedBytes);
    }

    /// <summary>Most interface descriptions of one pcapng file, all sections together; packets of further ones are skipped. Default 65,536.</summary>
    public int MaxInterfaces { get; init; } = 65_536;
}
