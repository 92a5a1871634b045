using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;

namespace CdrEngine.Protocols.Link;

/// <summary>Takes link layers, tunnels and IP off captured packets and puts fragments together. Used by one thread.</summary>
/// <remarks>
/// A packet is walked layer by layer, each step naming the next, until a transport header, a fragment or a cause to stop is met. Nothing on
/// the wire makes it throw; nothing is allocated per packet once the tables are warm. Checksums are not verified: capture hosts see packets
/// before offload fills them in, and a damaged call still is a call.
/// <para>Ethernet, at most two VLAN tags, IPv4 without options or IPv6 without extension headers, and UDP, unfragmented and not on a tunnel's
/// port, takes a straight way of its own that gives exactly what the walk would.</para>
/// </remarks>
public sealed partial class PacketDecoder
{
    private const int MaxStraightTags = 2;
    private const int IPv4Bytes = 20;
    private const int IPv6Bytes = 40;
    private const int UdpBytes = 8;

    private readonly DecoderLimits _limits;
    private readonly int _straightTags;
    private readonly FragmentTable _fragments;
    private FragmentedDatagram? _completed;

    /// <summary>A decoder with its own fragment table.</summary>
    public PacketDecoder(DecoderLimits limits)
    {
        _limits = limits;
        _straightTags = Math.Min(MaxStraightTags, limits.MaxVlanTags);
        Counters = new Counters<DecodeCounter>();
        _fragments = new FragmentTable(limits, Counters);
    }

    /// <summary>A decoder with the default limits.</summary>
    public PacketDecoder()
        : this(DecoderLimits.Default)
    {
    }

    /// <summary>Outcomes, causes and remarks, by name.</summary>
    public Counters<DecodeCounter> Counters { get; }

    /// <summary>Incomplete datagrams held now.</summary>
    public int HeldDatagrams => _fragments.Count;

    /// <summary>Bytes held now for incomplete datagrams.</summary>
    public long HeldBytes => _fragments.Bytes;

    /// <summary>Decodes one packet. <paramref name="decoded"/> is set for <see cref="DecodeOutcome.Udp"/>, <see cref="DecodeOutcome.Tcp"/> and
    /// <see cref="DecodeOutcome.Sctp"/>, else empty; it is valid until the next call.</summary>
    public DecodeOutcome Decode(in CapturedPacket packet, out DecodedPacket decoded)
    {
        if (_completed is not null) ReleaseCompleted();
        if (packet.LinkType == LinkType.Ethernet && TryPlainUdp(packet, out decoded)) return DecodeOutcome.Udp;
        return DecodeByLayers(packet, out decoded);
    }

    /// <summary>Gives up incomplete datagrams that are too old at <paramref name="now"/>, for sources that fall silent.</summary>
    public void Advance(Timestamp now) => _fragments.Expire(now);

    private bool TryPlainUdp(in CapturedPacket packet, out DecodedPacket decoded)
    {
        const int tagBytes = 4;
        decoded = default;
        ReadOnlySpan<byte> bytes = packet.Bytes;
        int at = EthernetBytes;
        // Long enough for all tags and an IPv4 and UDP header; short ones are rare, and the walk sorts them out.
        if (bytes.Length < EthernetBytes + (MaxStraightTags * tagBytes) + IPv4Bytes + UdpBytes) return false;
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        ushort etherType = NetworkOrder.Big16(ref start, 12);
        int tags = 0;
        while (EtherTypes.IsVlan(etherType))
        {
            if (tags == _straightTags) return false;
            tags++;
            etherType = NetworkOrder.Big16(ref start, at + 2);
            at += tagBytes;
        }

        ref byte ip = ref Unsafe.Add(ref start, at);
        bool isUdp = etherType switch
        {
            EtherTypes.IPv4 => TryPlainIPv4(ref ip, bytes.Length - at, out decoded),
            EtherTypes.IPv6 => TryPlainIPv6(ref ip, bytes.Length - at, out decoded),
            _ => false,
        };
        if (!isUdp) return false;
        if (tags > 0) Counters.Add(DecodeCounter.Vlan, tags);
        Counters.Increment(DecodeCounter.Udp);
        return true;
    }

    /// <summary>IPv4 and UDP where all is simply right; there are at least 28 bytes. Any other length goes the long way, which knows the
    /// reasons.</summary>
    private static bool TryPlainIPv4(ref byte ip, int length, out DecodedPacket decoded)
    {
        decoded = default;
        if (ip != 0x45 || (NetworkOrder.Big16(ref ip, 6) & 0x3FFF) != 0 || Unsafe.Add(ref ip, 9) != (byte)IpProtocol.Udp) return false;
        ushort sourcePort = NetworkOrder.Big16(ref ip, 20);
        ushort destinationPort = NetworkOrder.Big16(ref ip, 22);
        int totalLength = NetworkOrder.Big16(ref ip, 2);
        int udpLength = NetworkOrder.Big16(ref ip, 24);
        if (IsTunnelPort(sourcePort, destinationPort) || totalLength > length || udpLength < UdpBytes || udpLength > totalLength - IPv4Bytes) return false;
        decoded = new DecodedPacket
        {
            Protocol = IpProtocol.Udp,
            Dscp = (byte)(Unsafe.Add(ref ip, 1) >> 2),
            TimeToLive = Unsafe.Add(ref ip, 8),
            TransportChecksum = NetworkOrder.Big16(ref ip, 26),
            IpIdentification = NetworkOrder.Big16(ref ip, 4),
            Source = new Endpoint(IpAddress.FromV4(NetworkOrder.Big32(ref ip, 12)), sourcePort),
            Destination = new Endpoint(IpAddress.FromV4(NetworkOrder.Big32(ref ip, 16)), destinationPort),
            Payload = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref ip, IPv4Bytes + UdpBytes), udpLength - UdpBytes), // checked above
        };
        return true;
    }

    /// <summary>IPv6 and UDP where all is simply right and nothing is between them.</summary>
    private static bool TryPlainIPv6(ref byte ip, int length, out DecodedPacket decoded)
    {
        decoded = default;
        if (length < IPv6Bytes + UdpBytes || ip >> 4 != 6 || Unsafe.Add(ref ip, 6) != (byte)IpProtocol.Udp) return false;
        ushort sourcePort = NetworkOrder.Big16(ref ip, IPv6Bytes);
        ushort destinationPort = NetworkOrder.Big16(ref ip, IPv6Bytes + 2);
        int payloadLength = NetworkOrder.Big16(ref ip, 4);
        int udpLength = NetworkOrder.Big16(ref ip, IPv6Bytes + 4);
        if (IsTunnelPort(sourcePort, destinationPort) || payloadLength > length - IPv6Bytes || udpLength < UdpBytes || udpLength > payloadLength) return false;
        decoded = new DecodedPacket
        {
            Protocol = IpProtocol.Udp,
            Dscp = (byte)((NetworkOrder.Big16(ref ip, 0) >> 6) & 0x3F),
            TimeToLive = Unsafe.Add(ref ip, 7),
            TransportChecksum = NetworkOrder.Big16(ref ip, IPv6Bytes + 6),
            Source = new Endpoint(new IpAddress(Big64(ref ip, 8), Big64(ref ip, 16)), sourcePort),
            Destination = new Endpoint(new IpAddress(Big64(ref ip, 24), Big64(ref ip, 32)), destinationPort),
            Payload = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref ip, IPv6Bytes + UdpBytes), udpLength - UdpBytes), // checked above
        };
        return true;
    }

    private DecodeOutcome DecodeByLayers(in CapturedPacket packet, out DecodedPacket decoded)
    {
        var walk = new LayerWalk { Bytes = packet.Bytes, WasSnapped = packet.IsTruncated };
        Layer layer = FirstLayer(packet.LinkType);
        while (layer < Layer.Finished)
        {
            layer = layer switch
            {
                Layer.Ethernet => ReadEthernet(ref walk),
                Layer.EtherType => ReadEtherType(ref walk),
                Layer.LogicalLink => ReadLogicalLink(ref walk),
                Layer.LinuxCooked => ReadLinuxCooked(ref walk),
                Layer.LinuxCooked2 => ReadLinuxCooked2(ref walk),
                Layer.BsdLoopback => ReadBsdLoopback(ref walk),
                Layer.Ppp => ReadPpp(ref walk),
                Layer.PppHdlc => ReadPppHdlc(ref walk),
                Layer.Pppoe => ReadPppoe(ref walk),
                Layer.Mpls => ReadMpls(ref walk),
                Layer.Ip => ReadIp(ref walk),
                Layer.IPv4 => ReadIPv4(packet, ref walk),
                Layer.IPv6 => ReadIPv6(packet, ref walk),
                Layer.IpPayload => ReadIpPayload(ref walk),
                Layer.Gre => ReadGre(ref walk),
                Layer.Erspan2 => ReadErspan2(ref walk),
                Layer.Erspan3 => ReadErspan3(ref walk),
                _ => throw new InvalidOperationException($"no reader for layer {layer}"),
            };
        }

        DecodeOutcome outcome = (DecodeOutcome)(layer - Layer.Finished);
        decoded = outcome <= DecodeOutcome.Sctp ? walk.ToDecoded() : default;
        if (outcome <= DecodeOutcome.HeldFragment) Counters.Increment((DecodeCounter)outcome); // the first counters are the first outcomes
        if (decoded.IsTruncated && walk.WasSnapped) Counters.Increment(DecodeCounter.Snapped);
        return outcome;
    }

    private void ReleaseCompleted()
    {
        _fragments.Release(_completed!);
        _completed = null;
    }

    private static Layer Done(DecodeOutcome outcome) => Layer.Finished + (byte)outcome;

    private Layer Ignored(DecodeCounter cause)
    {
        Counters.Increment(cause);
        return Done(DecodeOutcome.Ignored);
    }

    private Layer Malformed(DecodeCounter cause)
    {
        Counters.Increment(cause);
        return Done(DecodeOutcome.Malformed);
    }

    /// <summary>Enters an encapsulation; false where the limit is met.</summary>
    private bool MayNest(ref LayerWalk walk) => walk.Nesting++ < _limits.MaxNesting;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Big64(ref byte start, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset)));

    /// <summary>What comes next on the walk. From <see cref="Finished"/> on: done, with the outcome added.</summary>
    private enum Layer : byte
    {
        Ethernet,
        EtherType,
        LogicalLink,
        LinuxCooked,
        LinuxCooked2,
        BsdLoopback,
        Ppp,
        PppHdlc,
        Pppoe,
        Mpls,
        Ip,
        IPv4,
        IPv6,
        IpPayload,
        Gre,
        Erspan2,
        Erspan3,
        Finished,
    }

    /// <summary>Where the walk stands: what is left of the packet and what the layers before said about it.</summary>
    private ref struct LayerWalk
    {
        /// <summary>From the next header on; cut to what an enclosing header says is there.</summary>
        public ReadOnlySpan<byte> Bytes;

        /// <summary>Meaning by layer: the EtherType to dispatch on.</summary>
        public ushort EtherType;

        /// <summary>The protocol of the IP payload.</summary>
        public byte Protocol;

        /// <summary>Encapsulations entered.</summary>
        public int Nesting;

        /// <summary>VLAN tags taken off.</summary>
        public int VlanTags;

        /// <summary>The capture kept less than was on the wire.</summary>
        public bool WasSnapped;

        /// <summary>Bytes that the innermost IP header promised and that are not there; 0 where it is whole.</summary>
        public int Missing;

        /// <summary>The innermost IP header gave no length, as offload and jumbograms leave it.</summary>
        public bool HasNoLength;

        /// <summary>The last datagram that this packet completed, and so the owner of <see cref="Bytes"/>.</summary>
        public FragmentedDatagram? Completed;

        // Of the innermost IP and transport headers, for the result.
        public byte Dscp;
        public byte TimeToLive;
        public TcpFlags TcpFlags;
        public ushort SourcePort;
        public ushort DestinationPort;
        public ushort TransportChecksum;
        public uint IpIdentification;
        public uint TcpSequence;
        public uint TcpAcknowledgement;
        public IpAddress Source;
        public IpAddress Destination;

        /// <summary>The result, where <see cref="Bytes"/> stands behind a transport header.</summary>
        public readonly DecodedPacket ToDecoded() => new()
        {
            Protocol = (IpProtocol)Protocol,
            Dscp = Dscp,
            TimeToLive = TimeToLive,
            TcpFlags = TcpFlags,
            TransportChecksum = TransportChecksum,
            IsTruncated = Missing > 0,
            IpIdentification = IpIdentification,
            TcpSequence = TcpSequence,
            TcpAcknowledgement = TcpAcknowledgement,
            Source = new Endpoint(Source, SourcePort),
            Destination = new Endpoint(Destination, DestinationPort),
            Payload = Bytes,
            Fragments = Completed?.Frames,
        };
    }
}
