using System.ComponentModel;

namespace CdrEngine.Protocols.Link;

/// <summary>What <see cref="PacketDecoder"/> counts: each packet once as an outcome or a cause, oddities and layers beside.</summary>
/// <remarks>The sum of the outcomes (up to <see cref="HeldFragment"/>), the ignored causes and the malformed causes is the number of packets
/// decoded; the rest are remarks on packets counted there.</remarks>
public enum DecodeCounter
{
    /// <summary>UDP datagrams.</summary>
    [Description("UDP datagrams decoded")]
    Udp,

    /// <summary>TCP segments.</summary>
    [Description("TCP segments decoded")]
    Tcp,

    /// <summary>SCTP packets.</summary>
    [Description("SCTP packets decoded")]
    Sctp,

    /// <summary>Fragments held, or dropped while waiting for others.</summary>
    [Description("IP fragments kept until their datagram is whole")]
    HeldFragment,

    /// <summary>ARP.</summary>
    [Description("ignored: ARP")]
    Arp,

    /// <summary>Frames whose EtherType, LLC or PPP protocol is none that carries IP.</summary>
    [Description("ignored: link-layer protocol that carries no IP (spanning tree, LLDP, PPP control)")]
    OtherLinkProtocol,

    /// <summary>Packets of a link type that the engine does not know.</summary>
    [Description("ignored: unknown link type of the capture")]
    UnknownLinkType,

    /// <summary>ICMP errors; what they quote is not traffic.</summary>
    [Description("ignored: ICMP errors (what they quote is not traffic)")]
    IcmpError,

    /// <summary>Other ICMP.</summary>
    [Description("ignored: ICMP other than errors (echo, neighbour discovery)")]
    IcmpOther,

    /// <summary>Encrypted payload.</summary>
    [Description("ignored: ESP, encrypted")]
    Esp,

    /// <summary>IP protocols that carry nothing for this engine.</summary>
    [Description("ignored: IP protocol other than UDP, TCP, SCTP or a known tunnel")]
    OtherIpProtocol,

    /// <summary>IPv6 packets without a payload.</summary>
    [Description("ignored: IPv6 without next header")]
    NoNextHeader,

    /// <summary>A tunnel's own messages.</summary>
    [Description("ignored: control messages of a tunnel (GTP-U echo, PPPoE discovery, TZSP keep-alive)")]
    TunnelControl,

    /// <summary>A tunnel with something inside that is not decoded.</summary>
    [Description("ignored: tunnel payload that carries no IP (802.11 in TZSP, unknown GRE protocol)")]
    TunnelPayload,

    /// <summary>Encapsulations deeper than the limit.</summary>
    [Description("ignored: more encapsulations, VLAN tags, labels or extension headers than the limit")]
    TooDeep,

    /// <summary>A header cut before its end.</summary>
    [Description("malformed: packet ends inside a link, tunnel or IP header")]
    CutInHeader,

    /// <summary>A transport header cut before its end.</summary>
    [Description("malformed: packet ends inside its UDP, TCP or SCTP header")]
    CutInTransport,

    /// <summary>Version nibble or header length of IP is impossible.</summary>
    [Description("malformed: IP version or header length impossible")]
    BadIpHeader,

    /// <summary>IPv4 total length below the header length.</summary>
    [Description("malformed: IPv4 total length shorter than its header")]
    BadIpLength,

    /// <summary>UDP length below 8.</summary>
    [Description("malformed: UDP length shorter than its header")]
    BadUdpLength,

    /// <summary>TCP data offset impossible.</summary>
    [Description("malformed: TCP data offset impossible")]
    BadTcpOffset,

    /// <summary>Source-routed or otherwise unusable GRE.</summary>
    [Description("malformed: GRE with routing or of an unknown version")]
    BadGre,

    /// <summary>A fragment against the rules: empty, not a multiple of eight, beyond 64 KiB, or at odds with the datagram's end.</summary>
    [Description("malformed: fragment empty, not in steps of eight, beyond 64 KiB, or at odds with its datagram's end")]
    BadFragment,

    /// <summary>An IPv6 fragment that overlaps another; its datagram is dropped (RFC 5722).</summary>
    [Description("malformed: IPv6 fragment overlapping another, its datagram dropped (RFC 5722)")]
    Ipv6FragmentOverlap,

    /// <summary>Remark: IPv4 fragments that overlap earlier ones; the first bytes win.</summary>
    [Description("remark: IPv4 fragment overlapping another (the first bytes win)")]
    Ipv4FragmentOverlap,

    /// <summary>Remark: a fragment that was already there.</summary>
    [Description("remark: fragment seen before, dropped")]
    FragmentDuplicate,

    /// <summary>Remark: datagrams put together from fragments.</summary>
    [Description("remark: datagrams reassembled from fragments")]
    Reassembled,

    /// <summary>Remark: incomplete datagrams given up for age.</summary>
    [Description("remark: incomplete datagrams given up after their time")]
    FragmentTimeout,

    /// <summary>Remark: incomplete datagrams given up for space.</summary>
    [Description("remark: incomplete datagrams given up for a limit on datagrams, bytes or fragments")]
    FragmentEvicted,

    /// <summary>Remark: length 0 in IP, as segmentation offload leaves it.</summary>
    [Description("remark: IP length 0 (segmentation offload); the captured length was used")]
    IpLengthZero,

    /// <summary>Remark: a length field beyond the end of a packet that was captured whole.</summary>
    [Description("remark: IP or UDP length beyond the end of the packet though the capture did not cut it")]
    LengthBeyondPacket,

    /// <summary>Remark: packets cut by the snap length.</summary>
    [Description("remark: payload cut by the capture's snap length")]
    Snapped,

    /// <summary>Remark: VLAN tags taken off.</summary>
    [Description("remark: VLAN tags taken off")]
    Vlan,

    /// <summary>Remark: MPLS stacks taken off.</summary>
    [Description("remark: MPLS label stacks taken off")]
    Mpls,

    /// <summary>Remark: PPP headers taken off.</summary>
    [Description("remark: PPP and PPPoE headers taken off")]
    Ppp,

    /// <summary>Remark: IP inside IP.</summary>
    [Description("remark: IP inside IP taken off")]
    IpInIp,

    /// <summary>Remark: GRE headers taken off.</summary>
    [Description("remark: GRE headers taken off")]
    Gre,

    /// <summary>Remark: ERSPAN headers taken off.</summary>
    [Description("remark: ERSPAN headers taken off")]
    Erspan,

    /// <summary>Remark: VXLAN headers taken off.</summary>
    [Description("remark: VXLAN headers taken off")]
    Vxlan,

    /// <summary>Remark: GENEVE headers taken off.</summary>
    [Description("remark: GENEVE headers taken off")]
    Geneve,

    /// <summary>Remark: TZSP headers taken off.</summary>
    [Description("remark: TZSP headers taken off")]
    Tzsp,

    /// <summary>Remark: GTP-U headers taken off.</summary>
    [Description("remark: GTP-U headers taken off")]
    GtpU,
}
