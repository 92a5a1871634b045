using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.TestKit;

/// <summary>Builds frames layer by layer, outermost first; lengths, next-protocol fields and checksums are filled in by <see cref="Build"/>.</summary>
/// <remarks><c>new PacketBuilder().Ethernet().Vlan(7).IPv4("10.0.0.1", "10.0.0.2").Udp(5060, 5060).Payload("OPTIONS …").Build()</c>.
/// Slow and obvious on purpose: it is the oracle that decoders are held against.</remarks>
public sealed class PacketBuilder
{
    private readonly List<Layer> _layers = [];
    private byte[] _payload = [];

    /// <summary>What the first layer is, as a capture file names it. A frame that begins with IP is raw IP.</summary>
    public LinkType LinkType { get; private set; } = LinkType.Raw;

    /// <summary>Ethernet, IPv4 and UDP between two endpoints written as <c>10.0.0.1:5060</c> or <c>[2001:db8::1]:5060</c>.</summary>
    public static PacketBuilder UdpFrame(string source, string destination, string payload = "", int identification = 1) =>
        UdpFrame(source, destination, Encoding.UTF8.GetBytes(payload), identification);

    /// <summary>Ethernet, IPv4 or IPv6, and UDP.</summary>
    public static PacketBuilder UdpFrame(string source, string destination, byte[] payload, int identification = 1)
    {
        (string sourceHost, int sourcePort) = Split(source);
        (string destinationHost, int destinationPort) = Split(destination);
        return new PacketBuilder().Ethernet().Ip(sourceHost, destinationHost, identification).Udp(sourcePort, destinationPort).Payload(payload);
    }

    /// <summary>Ethernet, IPv4 or IPv6, and one TCP segment.</summary>
    public static PacketBuilder TcpFrame(
        string source, string destination, uint sequence, string payload = "", uint acknowledgement = 0, byte flags = 0x18, int identification = 1) =>
        TcpFrame(source, destination, sequence, Encoding.UTF8.GetBytes(payload), acknowledgement, flags, identification);

    /// <summary>Ethernet, IPv4 or IPv6, and one TCP segment. Flags as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 0x10.</summary>
    public static PacketBuilder TcpFrame(
        string source, string destination, uint sequence, byte[] payload, uint acknowledgement = 0, byte flags = 0x18, int identification = 1)
    {
        (string sourceHost, int sourcePort) = Split(source);
        (string destinationHost, int destinationPort) = Split(destination);
        return new PacketBuilder().Ethernet().Ip(sourceHost, destinationHost, identification)
            .Tcp(sourcePort, destinationPort, sequence, acknowledgement, flags).Payload(payload);
    }

    /// <summary>A frame with its capture time, ready for a decoder.</summary>
    public static CapturedPacket Captured(byte[] frame, Timestamp at, LinkType link = LinkType.Ethernet, int originalLength = -1) => new()
    {
        CapturedAt = at,
        LinkType = link,
        OriginalLength = originalLength < 0 ? frame.Length : originalLength,
        Bytes = frame,
    };

    // ---- link layers ----

    /// <summary>An Ethernet II header.</summary>
    public PacketBuilder Ethernet(ulong source = 0x0200_0000_0001, ulong destination = 0x0200_0000_0002, int etherType = -1) =>
        First(LinkType.Ethernet).Add(new Layer
        {
            EtherType = 0x6558,
            Protocol = 97,
            Wrap = (inner, next, _) => Join(U48(destination), U48(source), U16(etherType >= 0 ? etherType : EtherTypeOf(next)), inner),
        });

    /// <summary>IEEE 802.3 with a length, LLC and SNAP.</summary>
    public PacketBuilder EthernetSnap(ulong source = 0x0200_0000_0001, ulong destination = 0x0200_0000_0002) =>
        First(LinkType.Ethernet).Add(new Layer
        {
            EtherType = 0x6558,
            Wrap = (inner, next, _) => Join(
                U48(destination), U48(source), U16(inner.Length + 8), [0xAA, 0xAA, 0x03, 0, 0, 0], U16(EtherTypeOf(next)), inner),
        });

    /// <summary>A VLAN tag; 0x88A8 or 0x9100 for the outer one of QinQ.</summary>
    public PacketBuilder Vlan(int id, int tagProtocol = 0x8100) => Add(new Layer
    {
        EtherType = tagProtocol,
        Wrap = (inner, next, _) => Join(U16(id), U16(EtherTypeOf(next)), inner),
    });

    /// <summary>One MPLS label; the bottom-of-stack bit is set where no further label follows.</summary>
    public PacketBuilder Mpls(int label, byte timeToLive = 64) => Add(new Layer
    {
        EtherType = 0x8847,
        Protocol = 137,
        Ppp = 0x0281,
        Wrap = (inner, next, _) => Join(U32(((uint)label << 12) | (next?.EtherType == 0x8847 ? 0u : 0x100u) | timeToLive), inner),
    });

    /// <summary>The control word of an Ethernet pseudowire (RFC 4448).</summary>
    public PacketBuilder PseudowireControlWord() => Add(new Layer { Wrap = static (inner, _, _) => Join(U32(1), inner) });

    /// <summary>A PPPoE session header; follow with <see cref="Ppp"/>.</summary>
    public PacketBuilder PppoeSession(int session = 1) => First(LinkType.PppEther).Add(new Layer
    {
        EtherType = 0x8864,
        Wrap = (inner, _, _) => Join([0x11, 0], U16(session), U16(inner.Length), inner),
    });

    /// <summary>A PPP protocol field, with address and control before it if asked.</summary>
    public PacketBuilder Ppp(bool addressAndControl = false) => First(addressAndControl ? LinkType.PppHdlc : LinkType.Ppp).Add(new Layer
    {
        EtherType = 0x880B,
        Wrap = (inner, next, _) => Join(addressAndControl ? [0xFF, 0x03] : [], U16(next?.Ppp ?? 0xC021), inner),
    });

    /// <summary>A Linux cooked header, version 1.</summary>
    public PacketBuilder LinuxCooked() => First(LinkType.LinuxSll).Add(new Layer
    {
        Wrap = static (inner, next, _) => Join(U16(0), U16(1), U16(6), U48(0x0200_0000_0001), U16(0), U16(EtherTypeOf(next)), inner),
    });

    /// <summary>A Linux cooked header, version 2.</summary>
    public PacketBuilder LinuxCooked2() => First(LinkType.LinuxSll2).Add(new Layer
    {
        Wrap = static (inner, next, _) =>
            Join(U16(EtherTypeOf(next)), U16(0), U32(3), U16(1), [0, 6], U48(0x0200_0000_0001), U16(0), inner),
    });

    /// <summary>A BSD loopback header. In host order (<see cref="LinkType.Null"/>) unless <paramref name="networkOrder"/>.</summary>
    public PacketBuilder BsdLoopback(bool networkOrder = false, bool bigEndianHost = false, uint ipv6Family = 30) =>
        First(networkOrder ? LinkType.Loop : LinkType.Null).Add(new Layer
        {
            Wrap = (inner, next, _) =>
            {
                byte[] family = U32(next?.EtherType == 0x86DD ? ipv6Family : 2);
                if (!networkOrder && !bigEndianHost) Array.Reverse(family);
                return Join(family, inner);
            },
        });

    // ---- IP ----

    /// <summary>IPv4 or IPv6, by how the addresses are written.</summary>
    public PacketBuilder Ip(string source, string destination, int identification = 1) =>
        source.Contains(':', StringComparison.Ordinal) ? IPv6(source, destination) : IPv4(source, destination, identification);

    /// <summary>An IPv4 header. <paramref name="totalLength"/> and <paramref name="protocol"/> override what would be right.</summary>
    public PacketBuilder IPv4(
        string source, string destination, int identification = 1, byte timeToLive = 64, int dscp = 0, byte[]? options = null,
        int totalLength = -1, int protocol = -1, bool dontFragment = false)
    {
        Layer layer = new() { EtherType = 0x0800, Protocol = 4, Ppp = 0x0021, IsIp = true, Source = Parse(source), Destination = Parse(destination), Id = (uint)identification };
        options ??= [];
        layer.WrapFragment = (piece, offset, more, next) =>
        {
            int fragment = (more ? 0x2000 : 0) | (offset / 8) | (dontFragment ? 0x4000 : 0);
            int length = 20 + options.Length;
            byte[] header = Join(
                [(byte)(0x40 | (length / 4)), (byte)(dscp << 2)], U16(totalLength >= 0 ? totalLength : length + piece.Length), U16(identification),
                U16(fragment), [timeToLive, (byte)(protocol >= 0 ? protocol : next)], U16(0), V4(layer.Source), V4(layer.Destination), options);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum(header));
            return Join(header, piece);
        };
        layer.Wrap = (inner, next, _) => layer.WrapFragment(inner, 0, false, (byte)(next?.Protocol ?? 255));
        return Add(layer);
    }

    /// <summary>An IPv6 header.</summary>
    public PacketBuilder IPv6(string source, string destination, byte hopLimit = 64, int dscp = 0, int payloadLength = -1, uint fragmentId = 1)
    {
        Layer layer = new() { EtherType = 0x86DD, Protocol = 41, Ppp = 0x0057, IsIp = true, Source = Parse(source), Destination = Parse(destination), Id = fragmentId };
        byte[] Header(byte[] inner, int next) => Join(
            U32(0x6000_0000u | ((uint)dscp << 22)), U16(payloadLength >= 0 ? payloadLength : inner.Length), [(byte)next, hopLimit],
            V6(layer.Source), V6(layer.Destination), inner);
        layer.WrapFragment = (piece, offset, more, next) =>
            Header(Join([(byte)next, 0], U16(offset | (more ? 1 : 0)), U32(layer.Id), piece), 44);
        layer.Wrap = (inner, next, _) => Header(inner, next?.Protocol ?? 59);
        return Add(layer);
    }

    /// <summary>An IPv6 extension header of the common shape: hop-by-hop 0, routing 43, destination options 60, mobility 135.</summary>
    public PacketBuilder IPv6Extension(byte type, int extraEights = 0) => Add(new Layer
    {
        Protocol = type,
        Wrap = (inner, next, _) => Join([(byte)(next?.Protocol ?? 59), (byte)extraEights, 1, 4], new byte[4 + (8 * extraEights)], inner),
    });

    /// <summary>An IPv6 fragment header written by hand; an atomic fragment by default (RFC 6946).</summary>
    public PacketBuilder IPv6FragmentHeader(uint identification, int offset = 0, bool more = false) => Add(new Layer
    {
        Protocol = 44,
        Wrap = (inner, next, _) => Join([(byte)(next?.Protocol ?? 59), 0], U16(offset | (more ? 1 : 0)), U32(identification), inner),
    });

    /// <summary>An authentication header (RFC 4302) with a 12-byte check value.</summary>
    public PacketBuilder AuthenticationHeader() => Add(new Layer
    {
        Protocol = 51,
        Wrap = static (inner, next, _) => Join([(byte)(next?.Protocol ?? 59), 4], U16(0), U32(1), U32(1), new byte[12], inner),
    });

    // ---- tunnels ----

    /// <summary>GRE (RFC 2784, 2890). The protocol is that of the next layer unless given.</summary>
    public PacketBuilder Gre(uint? key = null, uint? sequence = null, bool checksum = false, int protocol = -1) => Add(new Layer
    {
        Protocol = 47,
        Wrap = (inner, next, _) => Join(
            U16((checksum ? 0x8000 : 0) | (key is null ? 0 : 0x2000) | (sequence is null ? 0 : 0x1000)),
            U16(protocol >= 0 ? protocol : EtherTypeOf(next)),
            checksum ? U32(0) : [], key is { } k ? U32(k) : [], sequence is { } s ? U32(s) : [], inner),
    });

    /// <summary>Enhanced GRE as PPTP uses it (RFC 2637), with key and sequence; follow with <see cref="Ppp"/>.</summary>
    public PacketBuilder PptpGre(ushort callId = 1, uint sequence = 1) => Add(new Layer
    {
        Protocol = 47,
        Wrap = (inner, _, _) => Join(U16(0x3001), U16(0x880B), U16(inner.Length), U16(callId), U32(sequence), inner),
    });

    /// <summary>An ERSPAN type II header, its GRE header included (with sequence number).</summary>
    public PacketBuilder Erspan2(int session = 5, uint sequence = 1) => Gre(sequence: sequence, protocol: 0x88BE).Add(new Layer
    {
        Wrap = (inner, _, _) => Join(U16(0x1000), U16(session), U32(0), inner),
    });

    /// <summary>An ERSPAN type III header, its GRE header included; with the platform sub-header if asked.</summary>
    public PacketBuilder Erspan3(int session = 5, uint sequence = 1, bool platformHeader = false) => Gre(sequence: sequence, protocol: 0x22EB).Add(new Layer
    {
        Wrap = (inner, _, _) => Join(
            U16(0x2000), U16(session), U32(123_456), U16(0), U16(platformHeader ? 1 : 0), platformHeader ? new byte[8] : [], inner),
    });

    /// <summary>VXLAN (RFC 7348), with its UDP header.</summary>
    public PacketBuilder Vxlan(int network = 7, int port = 4789) => Udp(49_152, port).Add(new Layer
    {
        Wrap = (inner, _, _) => Join(U32(0x0800_0000), U32((uint)network << 8), inner),
    });

    /// <summary>GENEVE (RFC 8926), with its UDP header and <paramref name="optionWords"/> words of options.</summary>
    public PacketBuilder Geneve(int network = 7, int optionWords = 0) => Udp(49_152, 6081).Add(new Layer
    {
        Wrap = (inner, next, _) => Join([(byte)optionWords, 0], U16(EtherTypeOf(next)), U32((uint)network << 8), new byte[4 * optionWords], inner),
    });

    /// <summary>TZSP with Ethernet inside, with its UDP header and a few tags.</summary>
    public PacketBuilder Tzsp() => Udp(49_152, 37_008).Add(new Layer
    {
        Wrap = static (inner, _, _) => Join([1, 0, 0, 1, 0x0A, 1, 0xC8, 0, 1], inner),
    });

    /// <summary>GTP-U (3GPP TS 29.281), with its UDP header, a sequence number and extension headers of one word each if asked.</summary>
    public PacketBuilder GtpU(uint tunnel = 1, bool sequence = false, int extensionHeaders = 0, byte messageType = 255) => Udp(2152, 2152).Add(new Layer
    {
        Wrap = (inner, _, _) =>
        {
            byte[] optional = sequence || extensionHeaders > 0 ? Join(U16(9), [0, (byte)(extensionHeaders > 0 ? 0x85 : 0)]) : [];
            for (int i = 0; i < extensionHeaders; i++) optional = Join(optional, [1, 0, 9, (byte)(i + 1 < extensionHeaders ? 0x85 : 0)]);
            int flags = 0x30 | (sequence ? 2 : 0) | (extensionHeaders > 0 ? 4 : 0);
            return Join([(byte)flags, messageType], U16(optional.Length + inner.Length), U32(tunnel), optional, inner);
        },
    });

    // ---- transport ----

    /// <summary>A UDP header.</summary>
    public PacketBuilder Udp(int source, int destination, int length = -1) => Add(new Layer
    {
        Protocol = 17,
        Wrap = (inner, _, ip) =>
        {
            byte[] datagram = Join(U16(source), U16(destination), U16(length >= 0 ? length : 8 + inner.Length), U16(0), inner);
            ushort sum = TransportChecksum(ip, 17, datagram);
            BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(6), sum == 0 ? (ushort)0xFFFF : sum);
            return datagram;
        },
    });

    /// <summary>A TCP header. Flags as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 0x10.</summary>
    public PacketBuilder Tcp(
        int source, int destination, uint sequence, uint acknowledgement = 0, byte flags = 0x18, byte[]? options = null, int window = 65_535) => Add(new Layer
        {
            Protocol = 6,
            Wrap = (inner, _, ip) =>
            {
                byte[] extra = options ?? [];
                byte[] segment = Join(
                    U16(source), U16(destination), U32(sequence), U32(acknowledgement), [(byte)((5 + (extra.Length / 4)) << 4), flags], U16(window),
                    U16(0), U16(0), extra, inner);
                BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(16), TransportChecksum(ip, 6, segment));
                return segment;
            },
        });

    /// <summary>An SCTP common header (RFC 9260 3.1); its CRC stays 0. Chunks follow as layers or payload.</summary>
    public PacketBuilder Sctp(int source, int destination, uint verificationTag = 1) => Add(new Layer
    {
        Protocol = 132,
        Wrap = (inner, _, _) => Join(U16(source), U16(destination), U32(verificationTag), U32(0), inner),
    });

    /// <summary>The header of one SCTP DATA chunk, whole by default (flags 3 = first and last part); the payload is padded to four bytes.</summary>
    public PacketBuilder SctpData(uint tsn, int stream = 0, int streamSequence = 0, uint payloadProtocol = 0, byte flags = 3) => Add(new Layer
    {
        Wrap = (inner, _, _) => Join(
            [0, flags], U16(16 + inner.Length), U32(tsn), U16(stream), U16(streamSequence), U32(payloadProtocol), inner,
            new byte[-inner.Length & 3]),
    });

    /// <summary>An ICMP or ICMPv6 message header; quoted bytes follow as payload or layers.</summary>
    public PacketBuilder Icmp(byte type, byte code = 0, bool version6 = false) => Add(new Layer
    {
        Protocol = version6 ? 58 : 1,
        Wrap = (inner, _, _) => Join([type, code], U16(0), U32(0), inner),
    });

    /// <summary>Bytes as they are, as a layer of their own, with the numbers by which the layer before may name them.</summary>
    public PacketBuilder Raw(byte[] bytes, int etherType = -1, int protocol = -1) => Add(new Layer
    {
        EtherType = etherType,
        Protocol = protocol >= 0 ? protocol : null,
        Wrap = (inner, _, _) => Join(bytes, inner),
    });

    /// <summary>What the innermost layer carries.</summary>
    public PacketBuilder Payload(string text) => Payload(Encoding.UTF8.GetBytes(text));

    /// <summary>What the innermost layer carries.</summary>
    public PacketBuilder Payload(byte[] bytes)
    {
        _payload = bytes;
        return this;
    }

    // ---- results ----

    /// <summary>The whole frame.</summary>
    public byte[] Build() => WrapDown(_layers.Count, 0, _payload);

    /// <summary>The frame with trailing zero bytes up to <paramref name="length"/>, as Ethernet pads short frames.</summary>
    public byte[] BuildPadded(int length = 60)
    {
        byte[] frame = Build();
        if (frame.Length < length) Array.Resize(ref frame, length);
        return frame;
    }

    /// <summary>The frame with its capture time.</summary>
    public CapturedPacket Capture(Timestamp at) => Captured(Build(), at, LinkType);

    /// <summary>The innermost IP datagram (or the outermost) cut into fragments of <paramref name="pieceBytes"/> (a multiple of 8), in order,
    /// each in the frame's other layers.</summary>
    public byte[][] BuildFragments(int pieceBytes, bool outermost = false)
    {
        int cut = outermost ? _layers.FindIndex(static layer => layer.IsIp) : _layers.FindLastIndex(static layer => layer.IsIp);
        byte[] whole = WrapDown(_layers.Count, cut + 1, _payload);
        var frames = new List<byte[]>();
        for (int offset = 0; offset < whole.Length; offset += pieceBytes)
        {
            int length = Math.Min(pieceBytes, whole.Length - offset);
            frames.Add(BuildFragment(whole.AsSpan(offset, length).ToArray(), offset, offset + length < whole.Length, outermost));
        }

        return [.. frames];
    }

    /// <summary>One fragment written by hand: any bytes at any offset.</summary>
    public byte[] BuildFragment(byte[] piece, int offset, bool more, bool outermost = false)
    {
        int cut = outermost ? _layers.FindIndex(static layer => layer.IsIp) : _layers.FindLastIndex(static layer => layer.IsIp);
        byte protocol = (byte)(cut + 1 < _layers.Count ? _layers[cut + 1].Protocol ?? 255 : 255);
        return WrapDown(cut, 0, _layers[cut].WrapFragment!(piece, offset, more, protocol));
    }

    /// <summary>What the innermost IP header carries: the bytes that <see cref="BuildFragment"/> takes pieces of.</summary>
    public byte[] IpPayload() => WrapDown(_layers.Count, _layers.FindLastIndex(static layer => layer.IsIp) + 1, _payload);

    private byte[] WrapDown(int from, int to, byte[] bytes)
    {
        for (int i = from - 1; i >= to; i--)
        {
            Layer? ip = null;
            for (int j = i - 1; j >= 0 && ip is null; j--) ip = _layers[j].IsIp ? _layers[j] : null;
            bytes = _layers[i].Wrap(bytes, i + 1 < _layers.Count ? _layers[i + 1] : null, ip);
        }

        return bytes;
    }

    private PacketBuilder First(LinkType link)
    {
        if (_layers.Count == 0) LinkType = link;
        return this;
    }

    private PacketBuilder Add(Layer layer)
    {
        _layers.Add(layer);
        return this;
    }

    private static (string Host, int Port) Split(string endpoint)
    {
        int colon = endpoint.LastIndexOf(':');
        return (endpoint[..colon].Trim('[', ']'), int.Parse(endpoint[(colon + 1)..]));
    }

    private static IpAddress Parse(string text) =>
        IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address) ? address : throw new ArgumentException($"{text} is no IP address");

    private static int EtherTypeOf(Layer? next) => next is { EtherType: >= 0 } ? next.EtherType : 0xFFFF;

    private static ushort TransportChecksum(Layer? ip, byte protocol, byte[] segment)
    {
        if (ip is null) return 0;
        byte[] addresses = ip.Source.IsV4 ? Join(V4(ip.Source), V4(ip.Destination)) : Join(V6(ip.Source), V6(ip.Destination));
        return Checksum(Join(addresses, U32((uint)segment.Length), U32(protocol), segment));
    }

    private static ushort Checksum(byte[] bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2) sum += (uint)((bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
        while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    private static byte[] V4(IpAddress address) => U32((uint)address.Low);

    private static byte[] V6(IpAddress address) => Join(U32((uint)(address.High >> 32)), U32((uint)address.High), U32((uint)(address.Low >> 32)), U32((uint)address.Low));

    private static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] U32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static byte[] U48(ulong value) => Join(U16((int)(value >> 32)), U32((uint)value));

    private static byte[] Join(params byte[][] parts)
    {
        byte[] whole = new byte[parts.Sum(static part => part.Length)];
        int at = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }

        return whole;
    }

    private sealed class Layer
    {
        public int EtherType { get; init; } = -1;

        public int? Protocol { get; init; }

        public int? Ppp { get; init; }

        public bool IsIp { get; init; }

        public IpAddress Source { get; init; }

        public IpAddress Destination { get; init; }

        public uint Id { get; init; }

        public Func<byte[], Layer?, Layer?, byte[]> Wrap { get; set; } = static (inner, _, _) => inner;

        public Func<byte[], int, bool, byte, byte[]>? WrapFragment { get; set; }
    }
}
