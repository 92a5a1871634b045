using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;

namespace CdrEngine.Protocols.Link;

// IPv4 (RFC 791) and IPv6 (RFC 8200) with extension headers and fragments, then the transport header.
public sealed partial class PacketDecoder
{
    private const byte HopByHop = 0;
    private const byte Routing = 43;
    private const byte FragmentHeader = 44;
    private const byte EncryptedPayload = 50;
    private const byte Authentication = 51;
    private const byte NoNextHeader = 59;
    private const byte DestinationOptions = 60;
    private const byte EthernetInIp = 97;
    private const byte Mobility = 135;
    private const byte MplsInIp = 137;
    private const byte HostIdentity = 139;
    private const byte Shim6 = 140;

    /// <summary>IP by its version nibble.</summary>
    private Layer ReadIp(ref LayerWalk walk)
    {
        if (walk.Bytes.IsEmpty) return Malformed(DecodeCounter.CutInHeader);
        return (walk.Bytes[0] >> 4) switch
        {
            4 => Layer.IPv4,
            6 => Layer.IPv6,
            _ => Malformed(DecodeCounter.BadIpHeader),
        };
    }

    private Layer ReadIPv4(in CapturedPacket packet, ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < IPv4Bytes) return Malformed(DecodeCounter.CutInHeader);
        int headerBytes = (bytes[0] & 0x0F) * 4;
        if (bytes[0] >> 4 != 4 || headerBytes < IPv4Bytes) return Malformed(DecodeCounter.BadIpHeader);
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (totalLength != 0 && totalLength < headerBytes) return Malformed(DecodeCounter.BadIpLength);
        if (bytes.Length < headerBytes) return Malformed(DecodeCounter.CutInHeader);
        bytes = CutToLength(ref walk, bytes, totalLength);

        int fragment = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        walk.Dscp = (byte)(bytes[1] >> 2);
        walk.TimeToLive = bytes[8];
        walk.IpIdentification = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        walk.Source = IpAddress.FromV4(bytes[12..]);
        walk.Destination = IpAddress.FromV4(bytes[16..]);
        walk.Protocol = bytes[9];
        walk.Bytes = bytes[headerBytes..];
        if ((fragment & 0x3FFF) == 0) return Layer.IpPayload;

        var key = new FragmentKey(walk.Source, walk.Destination, walk.IpIdentification, walk.Protocol, IsIPv6: false);
        return Reassemble(packet, ref walk, key, (fragment & 0x1FFF) * 8, (fragment & 0x2000) != 0);
    }

    private Layer ReadIPv6(in CapturedPacket packet, ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < IPv6Bytes) return Malformed(DecodeCounter.CutInHeader);
        if (bytes[0] >> 4 != 6) return Malformed(DecodeCounter.BadIpHeader);
        int payloadLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        walk.Protocol = bytes[6];
        // Length 0 is right where nothing follows; with a payload it is a jumbogram (RFC 2675) or left so by offload.
        bool isBare = payloadLength == 0 && walk.Protocol == NoNextHeader;
        bytes = CutToLength(ref walk, bytes, payloadLength == 0 && !isBare ? 0 : IPv6Bytes + payloadLength);
        walk.Dscp = (byte)((BinaryPrimitives.ReadUInt16BigEndian(bytes) >> 6) & 0x3F);
        walk.TimeToLive = bytes[7];
        walk.IpIdentification = 0;
        walk.Source = IpAddress.FromV6(bytes[8..]);
        walk.Destination = IpAddress.FromV6(bytes[24..]);
        walk.Bytes = bytes[IPv6Bytes..];
        return ReadExtensionHeaders(packet, ref walk);
    }

    /// <summary>Cuts the padding behind a datagram off, or notes how much of it is missing. Length 0: as long as it was captured.</summary>
    private ReadOnlySpan<byte> CutToLength(scoped ref LayerWalk walk, ReadOnlySpan<byte> bytes, int totalLength)
    {
        walk.Missing = 0;
        walk.HasNoLength = totalLength == 0;
        if (totalLength == 0)
        {
            Counters.Increment(DecodeCounter.IpLengthZero);
            return bytes;
        }

        if (totalLength <= bytes.Length) return bytes[..totalLength];
        walk.Missing = totalLength - bytes.Length;
        if (!walk.WasSnapped) Counters.Increment(DecodeCounter.LengthBeyondPacket);
        return bytes;
    }

    private Layer ReadExtensionHeaders(in CapturedPacket packet, ref LayerWalk walk)
    {
        for (int headers = 0; headers <= _limits.MaxIpv6ExtensionHeaders; headers++)
        {
            ReadOnlySpan<byte> bytes = walk.Bytes;
            int length;
            switch (walk.Protocol)
            {
                case HopByHop or Routing or DestinationOptions or Mobility or HostIdentity or Shim6:
                    length = bytes.Length < 8 ? int.MaxValue : (bytes[1] + 1) * 8;
                    break;
                case Authentication:
                    length = bytes.Length < 8 ? int.MaxValue : (bytes[1] + 2) * 4; // RFC 4302 2.2
                    break;
                case FragmentHeader:
                    length = 8;
                    break;
                case NoNextHeader:
                    return Ignored(DecodeCounter.NoNextHeader);
                default:
                    return Layer.IpPayload;
            }

            if (bytes.Length < length) return Malformed(DecodeCounter.CutInHeader);
            byte next = bytes[0];
            bool isFragmentHeader = walk.Protocol == FragmentHeader;
            walk.Protocol = next;
            walk.Bytes = bytes[length..];
            if (!isFragmentHeader) continue;

            int fragment = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            walk.IpIdentification = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
            int offset = fragment & 0xFFF8;
            bool more = (fragment & 1) != 0;
            if (offset == 0 && !more) continue; // an atomic fragment stands alone (RFC 6946)
            var key = new FragmentKey(walk.Source, walk.Destination, walk.IpIdentification, 0, IsIPv6: true);
            Layer reassembled = Reassemble(packet, ref walk, key, offset, more);
            if (reassembled != Layer.IpPayload) return reassembled;
        }

        return Ignored(DecodeCounter.TooDeep);
    }

    /// <summary>Holds a fragment; where it completes its datagram, the walk goes on in that.</summary>
    private Layer Reassemble(in CapturedPacket packet, ref LayerWalk walk, in FragmentKey key, int offset, bool more)
    {
        var fragment = new Fragment
        {
            Payload = walk.Bytes,
            Offset = offset,
            Length = walk.Bytes.Length + walk.Missing,
            HasMore = more,
            Protocol = walk.Protocol,
        };
        FragmentVerdict verdict = _fragments.Add(key, fragment, packet, walk.Completed, out FragmentedDatagram? datagram, out DecodeCounter cause);
        if (verdict == FragmentVerdict.Refused) return Malformed(cause);
        if (verdict == FragmentVerdict.Held) return Done(DecodeOutcome.HeldFragment);
        if (_completed is not null) ReleaseCompleted(); // the carrier of this one: its bytes have been copied
        _completed = datagram;
        walk.Completed = datagram;
        walk.Bytes = datagram!.Payload;
        walk.Missing = datagram.MissingBytes;
        walk.Protocol = datagram.Protocol;
        return Layer.IpPayload;
    }

    private Layer ReadIpPayload(ref LayerWalk walk)
    {
        switch (walk.Protocol)
        {
            case (byte)IpProtocol.Udp:
                return ReadUdp(ref walk);
            case (byte)IpProtocol.Tcp:
                return ReadTcp(ref walk);
            case (byte)IpProtocol.Sctp:
                return ReadSctp(ref walk);
            case (byte)IpProtocol.Gre:
                return Layer.Gre;
            case (byte)IpProtocol.IPv4:
                Counters.Increment(DecodeCounter.IpInIp);
                return MayNest(ref walk) ? Layer.IPv4 : Ignored(DecodeCounter.TooDeep);
            case (byte)IpProtocol.IPv6:
                Counters.Increment(DecodeCounter.IpInIp);
                return MayNest(ref walk) ? Layer.IPv6 : Ignored(DecodeCounter.TooDeep);
            case MplsInIp:
                return MayNest(ref walk) ? Layer.Mpls : Ignored(DecodeCounter.TooDeep);
            case EthernetInIp: // RFC 3378: a 2-byte header of version 3
                if (walk.Bytes.Length < 2) return Malformed(DecodeCounter.CutInHeader);
                walk.Bytes = walk.Bytes[2..];
                return MayNest(ref walk) ? Layer.Ethernet : Ignored(DecodeCounter.TooDeep);
            case Authentication: // behind IPv4; behind IPv6 it is an extension header
                return SkipAuthentication(ref walk);
            case (byte)IpProtocol.Icmp:
                return IgnoreIcmp(walk.Bytes, static type => type is 3 or 4 or 5 or 11 or 12);
            case (byte)IpProtocol.IcmpV6:
                return IgnoreIcmp(walk.Bytes, static type => type < 128);
            case EncryptedPayload:
                return Ignored(DecodeCounter.Esp);
            default:
                return Ignored(DecodeCounter.OtherIpProtocol);
        }
    }

    private Layer SkipAuthentication(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        int length = bytes.Length < 8 ? int.MaxValue : (bytes[1] + 2) * 4;
        if (bytes.Length < length) return Malformed(DecodeCounter.CutInHeader);
        walk.Protocol = bytes[0];
        walk.Bytes = bytes[length..];
        return Layer.IpPayload;
    }

    private Layer IgnoreIcmp(ReadOnlySpan<byte> message, Func<byte, bool> isError) =>
        Ignored(!message.IsEmpty && isError(message[0]) ? DecodeCounter.IcmpError : DecodeCounter.IcmpOther);

    private Layer ReadUdp(ref LayerWalk walk)
    {
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < UdpBytes) return Malformed(DecodeCounter.CutInTransport);
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length == 0 && walk.HasNoLength) length = bytes.Length;
        if (length < UdpBytes) return Malformed(DecodeCounter.BadUdpLength);
        if (length > bytes.Length)
        {
            if (walk.Missing == 0) Counters.Increment(DecodeCounter.LengthBeyondPacket);
            walk.Missing = length - bytes.Length;
        }
        else
        {
            walk.Missing = 0; // what is missing is behind this datagram
            bytes = bytes[..length];
        }

        ushort source = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        ushort destination = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (IsTunnelPort(source, destination) && TryUdpTunnel(ref walk, bytes[UdpBytes..], source, destination, out Layer next)) return next;
        walk.TransportChecksum = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        return Transport(ref walk, bytes, UdpBytes, DecodeOutcome.Udp);
    }

    private Layer ReadTcp(ref LayerWalk walk)
    {
        const int leastBytes = 20;
        ReadOnlySpan<byte> bytes = walk.Bytes;
        if (bytes.Length < leastBytes) return Malformed(DecodeCounter.CutInTransport);
        int headerBytes = (bytes[12] >> 4) * 4;
        if (headerBytes < leastBytes || headerBytes > bytes.Length + walk.Missing) return Malformed(DecodeCounter.BadTcpOffset);
        if (headerBytes > bytes.Length) return Malformed(DecodeCounter.CutInTransport);
        walk.TcpSequence = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        walk.TcpAcknowledgement = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        walk.TcpFlags = (TcpFlags)bytes[13];
        walk.TransportChecksum = BinaryPrimitives.ReadUInt16BigEndian(bytes[16..]);
        return Transport(ref walk, bytes, headerBytes, DecodeOutcome.Tcp);
    }

    private Layer ReadSctp(ref LayerWalk walk)
    {
        const int headerBytes = 12;
        if (walk.Bytes.Length < headerBytes) return Malformed(DecodeCounter.CutInTransport);
        return Transport(ref walk, walk.Bytes, headerBytes, DecodeOutcome.Sctp);
    }

    /// <summary>The end of the walk: all three transports begin with their ports.</summary>
    private static Layer Transport(ref LayerWalk walk, ReadOnlySpan<byte> bytes, int headerBytes, DecodeOutcome outcome)
    {
        walk.SourcePort = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        walk.DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        walk.Bytes = bytes[headerBytes..];
        return Done(outcome);
    }
}
