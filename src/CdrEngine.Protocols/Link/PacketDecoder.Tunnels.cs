using System.Buffers.Binary;

namespace CdrEngine.Protocols.Link;

// Tunnels over IP (GRE, ERSPAN) and over UDP (VXLAN, GENEVE, TZSP, GTP-U). A UDP tunnel is one by its port and by the shape of its header,
// so that SIP or RTP which happens to use such a port stays what it is: SIP begins with a letter, RTP with 0x80..0xBF, and no header
// below does, but for VXLAN with group policy, where the inner frame must also be a familiar one.
public sealed partial class PacketDecoder
{
    private const ushort VxlanPort = 4789;
    private const ushort VxlanLinuxPort = 8472;
    private const ushort GenevePort = 6081;
    private const ushort TzspPort = 37_008;
    private const ushort GtpUserPort = 2152;

    private static bool IsTunnelPort(ushort source, ushort destination) =>
        destination is GtpUserPort or VxlanPort or GenevePort or VxlanLinuxPort or TzspPort || source == GtpUserPort;

    /// <summary>RFC 2784, 2890; version 1 as in RFC 2637. Routing (RFC 1701) is not used any more and not followed.</summary>
    private Layer ReadGre(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
        int flags = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        ushort protocol = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        int version = flags & 7;
        bool hasSequence = (flags & 0x1000) != 0;
        if (version > 1 || (flags & 0x4000) != 0) return Malformed(DecodeCounter.BadGre);
        int length = 4;
        if ((flags & 0x8000) != 0) length += 4;
        if ((flags & 0x2000) != 0) length += 4;
        if (hasSequence) length += 4;
        if (version == 1 && (flags & 0x0080) != 0) length += 4; // acknowledgement number
        if (bytes.Length < length) return Malformed(DecodeCounter.CutInHeader);
        Counters.Increment(DecodeCounter.Gre);
        if (!MayNest(ref walk)) return Ignored(DecodeCounter.TooDeep);
        walk.Bytes = bytes[length..];
        walk.EtherType = protocol;
        if (version == 1 && walk.Bytes.IsEmpty) return Ignored(DecodeCounter.TunnelControl); // an acknowledgement alone
        switch (protocol)
        {
            case EtherTypes.ErspanOneOrTwo when !hasSequence:
                Counters.Increment(DecodeCounter.Erspan);
                return Layer.Ethernet; // type I has no header of its own
            case EtherTypes.ErspanOneOrTwo:
                return Layer.Erspan2;
            case EtherTypes.ErspanThree:
                return Layer.Erspan3;
            case EtherTypes.TransparentEthernet:
                return Layer.Ethernet;
            case 0:
                return Ignored(DecodeCounter.TunnelControl); // keep-alives are sent with protocol 0
            default:
                return protocol == EtherTypes.PppInGre || EtherTypes.IsFamiliar(protocol) ? Layer.EtherType : Ignored(DecodeCounter.TunnelPayload);
        }
    }

    /// <summary>draft-foschiano-erspan 4.2: an 8-byte header of version 1; some senders mark type III only by its version.</summary>
    private Layer ReadErspan2(ref LayerWalk walk)
    {
        if (walk.Bytes.Length < 8) return Malformed(DecodeCounter.CutInHeader);
        int version = walk.Bytes[0] >> 4;
        if (version == 2) return Layer.Erspan3;
        Counters.Increment(DecodeCounter.Erspan);
        if (version == 1) walk.Bytes = walk.Bytes[8..];
        return Layer.Ethernet;
    }

    /// <summary>draft-foschiano-erspan 4.3: 12 bytes, 8 more where the last bit says so; frame type 2 is bare IP.</summary>
    private Layer ReadErspan3(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < 12) return Malformed(DecodeCounter.CutInHeader);
        int tail = BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]);
        int length = (tail & 1) != 0 ? 20 : 12;
        if (bytes.Length < length) return Malformed(DecodeCounter.CutInHeader);
        Counters.Increment(DecodeCounter.Erspan);
        walk.Bytes = bytes[length..];
        int frameType = (tail >> 10) & 0x1F;
        return frameType == 2 ? Layer.Ip : Layer.Ethernet;
    }

    /// <summary>True where a UDP payload is a tunnel's; then <paramref name="next"/> is what follows and the walk stands behind the header.</summary>
    private bool TryUdpTunnel(ref LayerWalk walk, ReadOnlySpan<byte> payload, ushort source, ushort destination, out Layer next)
    {
        next = default;
        switch (destination)
        {
            case VxlanPort or VxlanLinuxPort:
                if (!LooksLikeVxlan(payload)) return false;
                next = EnterTunnel(ref walk, DecodeCounter.Vxlan, payload[8..], EtherTypes.TransparentEthernet);
                return true;
            case GenevePort:
                return TryGeneve(ref walk, payload, out next);
            case TzspPort:
                return TryTzsp(ref walk, payload, out next);
            default:
                return (destination == GtpUserPort || source == GtpUserPort) && TryGtpUser(ref walk, payload, out next);
        }
    }

    private Layer EnterTunnel(ref LayerWalk walk, DecodeCounter tunnel, ReadOnlySpan<byte> inner, ushort etherType)
    {
        Counters.Increment(tunnel);
        if (!MayNest(ref walk)) return Ignored(DecodeCounter.TooDeep);
        walk.Bytes = inner;
        walk.EtherType = etherType;
        return etherType == EtherTypes.TransparentEthernet ? Layer.Ethernet : Layer.EtherType;
    }

    /// <summary>RFC 7348 5, and the group policy extension (draft-smith-vxlan-group-policy) with the flag 0x80 and a group.</summary>
    private static bool LooksLikeVxlan(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 8 + EthernetBytes || payload[7] != 0) return false;
        if (payload[0] == 0x08) return payload[1] == 0 && payload[2] == 0 && payload[3] == 0;
        return payload[0] == 0x88 && (payload[1] & ~0x48) == 0 && LooksLikeEthernet(payload[8..]);
    }

    /// <summary>RFC 8926 3.4: version 0, reserved bits 0, a payload type that can be followed.</summary>
    private bool TryGeneve(ref LayerWalk walk, ReadOnlySpan<byte> payload, out Layer next)
    {
        next = default;
        if (payload.Length < 8 || payload[0] >= 0x40 || (payload[1] & 0x3F) != 0 || payload[7] != 0) return false;
        int length = 8 + ((payload[0] & 0x3F) * 4);
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        if (payload.Length < length || !(etherType == EtherTypes.TransparentEthernet || EtherTypes.IsFamiliar(etherType))) return false;
        next = EnterTunnel(ref walk, DecodeCounter.Geneve, payload[length..], etherType);
        return true;
    }

    /// <summary>TZSP as mirrors send it: version 1, a type, an encapsulated protocol, tags up to the end tag.</summary>
    private bool TryTzsp(ref LayerWalk walk, ReadOnlySpan<byte> payload, out Layer next)
    {
        next = default;
        if (payload.Length < 4 || payload[0] != 1 || payload[1] > 5) return false;
        const byte received = 0;
        const byte forTransmit = 1;
        ushort encapsulated = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        if (payload[1] is not (received or forTransmit))
        {
            next = Ignored(DecodeCounter.TunnelControl);
            return true;
        }

        const byte padding = 0;
        const byte end = 1;
        int at = 4;
        while (at < payload.Length && payload[at] != end)
        {
            if (payload[at] == padding)
            {
                at++;
                continue;
            }

            if (at + 1 >= payload.Length) return false;
            at += 2 + payload[at + 1];
        }

        if (at >= payload.Length) return false; // without an end tag it is something else
        const ushort ethernet = 1;
        next = encapsulated == ethernet
            ? EnterTunnel(ref walk, DecodeCounter.Tzsp, payload[(at + 1)..], EtherTypes.TransparentEthernet)
            : Ignored(DecodeCounter.TunnelPayload);
        return true;
    }

    /// <summary>3GPP TS 29.281 5: version 1, protocol type GTP, a length that fits, extension headers followed.</summary>
    private bool TryGtpUser(ref LayerWalk walk, ReadOnlySpan<byte> payload, out Layer next)
    {
        next = default;
        if (payload.Length < 8 || (payload[0] & 0xF8) != 0x30) return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        bool isWhole = length <= payload.Length - 8;
        if (!isWhole && walk.Missing == 0) return false;
        const byte userData = 255;
        if (payload[1] != userData)
        {
            if (payload[1] is not (1 or 2 or 26 or 31 or 254)) return false; // echo, error indication, extension headers, end marker
            next = Ignored(DecodeCounter.TunnelControl);
            return true;
        }

        ReadOnlySpan<byte> rest = isWhole ? payload.Slice(8, length) : payload[8..];
        if ((payload[0] & 7) != 0)
        {
            if (rest.Length < 4) return false;
            byte extension = rest[3];
            rest = rest[4..];
            while (extension != 0)
            {
                int extensionBytes = rest.IsEmpty ? 0 : rest[0] * 4;
                if (extensionBytes == 0 || extensionBytes > rest.Length) return false;
                extension = rest[extensionBytes - 1];
                rest = rest[extensionBytes..];
            }
        }

        if (rest.IsEmpty) return false;
        ushort etherType = (rest[0] >> 4) switch
        {
            4 => EtherTypes.IPv4,
            6 => EtherTypes.IPv6,
            _ => EtherTypes.TransparentEthernet, // an Ethernet session of 5G
        };
        if (etherType == EtherTypes.TransparentEthernet && !LooksLikeEthernet(rest)) return false;
        next = EnterTunnel(ref walk, DecodeCounter.GtpU, rest, etherType);
        return true;
    }
}
