namespace CdrEngine.Protocols.Link;

/// <summary>Bounds of <see cref="PacketDecoder"/>: what a hostile or broken wire may make it hold or walk.</summary>
public sealed record DecoderLimits
{
    /// <summary>The defaults.</summary>
    public static DecoderLimits Default { get; } = new();

    /// <summary>Most encapsulations (IP or Ethernet inside another) that are followed; deeper packets are ignored. Default 8: twice
    /// what a mirrored (ERSPAN), overlaid (VXLAN), mobile (GTP-U) packet needs.</summary>
    public int MaxNesting { get; init; } = 8;

    /// <summary>Most VLAN tags of one frame. Default 8; QinQ has 2.</summary>
    public int MaxVlanTags { get; init; } = 8;

    /// <summary>Most MPLS labels of one stack. Default 16; providers' stacks have up to 6.</summary>
    public int MaxMplsLabels { get; init; } = 16;

    /// <summary>Most extension headers of one IPv6 packet. Default 16; RFC 8200 4.1 lists 7 in its order.</summary>
    public int MaxIpv6ExtensionHeaders { get; init; } = 16;

    /// <summary>Most datagrams held incomplete; the oldest goes first. Default 4096.</summary>
    public int MaxFragmentedDatagrams { get; init; } = 4096;

    /// <summary>Most bytes held for incomplete datagrams, payload and frames together; the oldest goes first. Default 64 MiB.</summary>
    public long MaxFragmentBytes { get; init; } = 64L << 20;

    /// <summary>Most fragments of one datagram; one more drops it. Default 256: 64 KiB over the smallest IPv4 MTU in use (576) has 119.</summary>
    public int MaxFragmentsPerDatagram { get; init; } = 256;

    /// <summary>How long an incomplete datagram is held, in packet time since its first fragment. Default 30 s (Linux
    /// net.ipv4.ipfrag_time; RFC 8200 4.5 says 60 s for a host that must answer).</summary>
    public TimeSpan FragmentAge { get; init; } = TimeSpan.FromSeconds(30);
}
