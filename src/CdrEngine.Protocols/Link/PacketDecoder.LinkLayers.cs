using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Link;

// The layers between the capture and IP: Ethernet and its tags, cooked captures, loopback, PPP, MPLS.
public sealed partial class PacketDecoder
{
    private const int EthernetBytes = 14;

    /// <summary>True for link types whose packets can be decoded.</summary>
    public static bool Knows(LinkType linkType) => linkType is LinkType.Null or LinkType.Ethernet or LinkType.Ppp or LinkType.PppHdlc
        or LinkType.PppEther or LinkType.Raw or LinkType.RawOpenBsd or (LinkType)RawBsd or LinkType.Loop or LinkType.LinuxSll
        or LinkType.LinuxSll2 or LinkType.IPv4 or LinkType.IPv6;

    // Raw IP as most BSD systems number it inside the host; some programs write it into files.
    private const ushort RawBsd = 12;

    private Layer FirstLayer(LinkType linkType) => linkType switch
    {
        LinkType.Ethernet => Layer.Ethernet,
        LinkType.LinuxSll => Layer.LinuxCooked,
        LinkType.LinuxSll2 => Layer.LinuxCooked2,
        LinkType.Raw or LinkType.RawOpenBsd or (LinkType)RawBsd => Layer.Ip,
        LinkType.IPv4 => Layer.IPv4,
        LinkType.IPv6 => Layer.IPv6,
        LinkType.Null or LinkType.Loop => Layer.BsdLoopback,
        LinkType.Ppp or LinkType.PppHdlc => Layer.PppHdlc,
        LinkType.PppEther => Layer.Pppoe,
        _ => Ignored(DecodeCounter.UnknownLinkType),
    };

    private Layer ReadEthernet(ref LayerWalk walk)
    {
        if (walk.Bytes.Length < EthernetBytes) return Malformed(DecodeCounter.CutInHeader);
        ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes[12..]);
        walk.Bytes = walk.Bytes[EthernetBytes..];
        return ToEtherType(ref walk, etherType);
    }

    /// <summary>After a field that is an EtherType, or an IEEE 802.3 length where it is small (also behind VLAN tags).</summary>
    private static Layer ToEtherType(ref LayerWalk walk, ushort etherType)
    {
        walk.EtherType = etherType;
        if (etherType >= EtherTypes.First) return Layer.EtherType;
        if (etherType < walk.Bytes.Length) walk.Bytes = walk.Bytes[..etherType]; // the rest pads the frame
        return Layer.LogicalLink;
    }

    private Layer ReadEtherType(ref LayerWalk walk)
    {
        switch (walk.EtherType)
        {
            case EtherTypes.IPv4:
                return Layer.IPv4;
            case EtherTypes.IPv6:
                return Layer.IPv6;
            case ushort tag when EtherTypes.IsVlan(tag):
                if (walk.Bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
                if (++walk.VlanTags > _limits.MaxVlanTags) return Ignored(DecodeCounter.TooDeep);
                Counters.Increment(DecodeCounter.Vlan);
                ushort etherType = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes[2..]);
                walk.Bytes = walk.Bytes[4..];
                return ToEtherType(ref walk, etherType);
            case EtherTypes.Mpls or EtherTypes.MplsMulticast:
                return Layer.Mpls;
            case EtherTypes.PppoeSession:
                return Layer.Pppoe;
            case EtherTypes.PppInGre:
                return Layer.PppHdlc;
            case EtherTypes.TransparentEthernet:
                return MayNest(ref walk) ? Layer.Ethernet : Ignored(DecodeCounter.TooDeep);
            case EtherTypes.BackboneService: // IEEE 802.1ah: a service tag, then the customer's frame
                if (walk.Bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
                walk.Bytes = walk.Bytes[4..];
                return MayNest(ref walk) ? Layer.Ethernet : Ignored(DecodeCounter.TooDeep);
            case EtherTypes.Arp:
                return Ignored(DecodeCounter.Arp);
            case EtherTypes.PppoeDiscovery:
                return Ignored(DecodeCounter.TunnelControl);
            default:
                return Ignored(DecodeCounter.OtherLinkProtocol);
        }
    }

    /// <summary>IEEE 802.2: SNAP with a plain or bridged (RFC 1042, 0000F8) organisation code leads to an EtherType.</summary>
    private Layer ReadLogicalLink(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < 3) return Malformed(DecodeCounter.CutInHeader);
        const byte ipAccessPoint = 0x06;
        if (bytes[0] == ipAccessPoint && bytes[1] == ipAccessPoint && bytes[2] == 3)
        {
            walk.Bytes = bytes[3..];
            return Layer.IPv4;
        }

        if (bytes[0] != 0xAA || bytes[1] != 0xAA || bytes[2] != 3) return Ignored(DecodeCounter.OtherLinkProtocol);
        if (bytes.Length < 8) return Malformed(DecodeCounter.CutInHeader);
        uint organisation = (uint)((bytes[3] << 16) | (bytes[4] << 8) | bytes[5]);
        walk.EtherType = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        if (organisation is not (0 or 0xF8) || walk.EtherType < EtherTypes.First) return Ignored(DecodeCounter.OtherLinkProtocol);
        walk.Bytes = bytes[8..];
        return Layer.EtherType;
    }

    private Layer ReadLinuxCooked(ref LayerWalk walk)
    {
        const int headerBytes = 16;
        if (walk.Bytes.Length < headerBytes) return Malformed(DecodeCounter.CutInHeader);
        ushort hardware = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes[2..]);
        ushort protocol = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes[14..]);
        walk.Bytes = walk.Bytes[headerBytes..];
        return ToCookedPayload(ref walk, hardware, protocol);
    }

    private Layer ReadLinuxCooked2(ref LayerWalk walk)
    {
        const int headerBytes = 20;
        if (walk.Bytes.Length < headerBytes) return Malformed(DecodeCounter.CutInHeader);
        ushort protocol = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes);
        ushort hardware = BinaryPrimitives.ReadUInt16BigEndian(walk.Bytes[8..]);
        walk.Bytes = walk.Bytes[headerBytes..];
        return ToCookedPayload(ref walk, hardware, protocol);
    }

    private Layer ToCookedPayload(ref LayerWalk walk, ushort hardware, ushort protocol)
    {
        // For netlink, frame relay and 802.11 monitor devices the protocol field is no EtherType (tcpdump.org, LINKTYPE_LINUX_SLL).
        if (hardware is 824 or 770 or (>= 801 and <= 803)) return Ignored(DecodeCounter.OtherLinkProtocol);
        const ushort linux8022 = 0x0004;
        if (protocol == linux8022) return Layer.LogicalLink;
        if (protocol < EtherTypes.First) return Ignored(DecodeCounter.OtherLinkProtocol);
        walk.EtherType = protocol;
        return Layer.EtherType;
    }

    private Layer ReadBsdLoopback(ref LayerWalk walk)
    {
        if (walk.Bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
        uint family = BinaryPrimitives.ReadUInt32LittleEndian(walk.Bytes);
        if (family > ushort.MaxValue) family = BinaryPrimitives.ReverseEndianness(family); // families are small: the other byte order
        walk.Bytes = walk.Bytes[4..];
        return family switch
        {
            2 => Layer.IPv4,
            10 or 23 or 24 or 28 or 30 => Layer.IPv6, // Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin
            _ => Ignored(DecodeCounter.OtherLinkProtocol),
        };
    }

    /// <summary>PPP perhaps in HDLC-like framing (RFC 1662 3.1), or Cisco's HDLC, which some captures hold under the same link type.</summary>
    private Layer ReadPppHdlc(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length >= 2 && bytes[0] == 0xFF && bytes[1] == 0x03)
        {
            walk.Bytes = bytes[2..];
            return Layer.Ppp;
        }

        if (bytes.Length >= 4 && bytes[0] is 0x0F or 0x8F && bytes[1] == 0)
        {
            walk.EtherType = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            walk.Bytes = bytes[4..];
            return Layer.EtherType;
        }

        return Layer.Ppp;
    }

    private Layer ReadPpp(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.IsEmpty) return Malformed(DecodeCounter.CutInHeader);
        int length = (bytes[0] & 1) != 0 ? 1 : 2; // an odd first byte is a compressed protocol field (RFC 1661 6.5)
        if (bytes.Length < length) return Malformed(DecodeCounter.CutInHeader);
        int protocol = length == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        Counters.Increment(DecodeCounter.Ppp);
        walk.Bytes = bytes[length..];
        return protocol switch
        {
            0x0021 => Layer.IPv4,
            0x0057 => Layer.IPv6,
            0x0281 or 0x0283 => Layer.Mpls,
            _ => Ignored(DecodeCounter.OtherLinkProtocol),
        };
    }

    /// <summary>RFC 2516 4: version and type 1, code 0 for a session.</summary>
    private Layer ReadPppoe(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < 6) return Malformed(DecodeCounter.CutInHeader);
        if (bytes[0] != 0x11 || bytes[1] != 0) return Ignored(DecodeCounter.TunnelControl);
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        bytes = bytes[6..];
        walk.Bytes = length < bytes.Length ? bytes[..length] : bytes;
        return Layer.Ppp;
    }

    /// <summary>RFC 3032 2.1, then a guess at what the labels carry, for the frame does not say.</summary>
    private Layer ReadMpls(ref LayerWalk walk)
    {
        Counters.Increment(DecodeCounter.Mpls);
        for (int labels = 0; labels < _limits.MaxMplsLabels; labels++)
        {
            if (walk.Bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
            bool isBottom = (walk.Bytes[2] & 1) != 0;
            walk.Bytes = walk.Bytes[4..];
            if (isBottom) return ToLabelled(ref walk);
        }

        return Ignored(DecodeCounter.TooDeep);
    }

    private Layer ToLabelled(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.IsEmpty) return Malformed(DecodeCounter.CutInHeader);
        switch (bytes[0] >> 4)
        {
            case 4 when LooksLikeIPv4(bytes):
                return Layer.IPv4;
            case 6 when LooksLikeIPv6(bytes):
                return Layer.IPv6;
            case 1 when !LooksLikeEthernet(bytes):
                return Ignored(DecodeCounter.TunnelControl); // an associated channel (RFC 5085), not data
            case 0 when !LooksLikeEthernet(bytes) || (bytes.Length > 4 && LooksLikeEthernet(bytes[4..])):
                if (bytes.Length < 4) return Malformed(DecodeCounter.CutInHeader);
                walk.Bytes = bytes[4..]; // a control word (RFC 4448 4.6)
                break;
        }

        return MayNest(ref walk) ? Layer.Ethernet : Ignored(DecodeCounter.TooDeep);
    }

    /// <summary>A right header checksum settles it; without one it must at least not look like an Ethernet frame.</summary>
    private static bool LooksLikeIPv4(ReadOnlySpan<byte> bytes)
    {
        int headerBytes = (bytes[0] & 0x0F) * 4;
        if (headerBytes < 20 || bytes.Length < headerBytes) return !LooksLikeEthernet(bytes);
        uint sum = 0;
        for (int i = 0; i < headerBytes; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)(sum + (sum >> 16)) == 0xFFFF || !LooksLikeEthernet(bytes);
    }

    /// <summary>Not like an Ethernet frame, or else with a length that fits to the byte.</summary>
    private static bool LooksLikeIPv6(ReadOnlySpan<byte> bytes) =>
        !LooksLikeEthernet(bytes) || (bytes.Length >= 40 && BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) == bytes.Length - 40);

    private static bool LooksLikeEthernet(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= EthernetBytes && EtherTypes.IsFamiliar(BinaryPrimitives.ReadUInt16BigEndian(bytes[12..]));
}
