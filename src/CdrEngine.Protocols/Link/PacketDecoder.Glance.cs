using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Link;

// A look at a frame that is most likely RTP, for whoever knows its flow already and needs no more than to be told where things lie.
public sealed partial class PacketDecoder
{
    private const int RtpFixedBytes = 12;

    /// <summary>True for a whole frame that <see cref="Decode"/> would give as a UDP datagram over IPv4, not on a tunnel's port as far as its flow knows, and
    /// which begins like RTP without padding, extension or contributing sources. Counts nothing: see <see cref="CountPlain"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGlance(in CapturedPacket packet, out RtpGlance glance)
    {
        glance = default;
        ReadOnlySpan<byte> bytes = packet.Bytes;
        if (packet.LinkType != LinkType.Ethernet || bytes.Length < EthernetBytes + (MaxStraightTags * 4) + IPv4Bytes + UdpBytes || packet.IsTruncated) return false;
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        int at = EthernetBytes;
        int tags = 0;
        ushort etherType = NetworkOrder.Big16(ref start, 12);
        if (etherType != EtherTypes.IPv4)
        {
            while (EtherTypes.IsVlan(etherType))
            {
                if (tags == _straightTags) return false;
                tags++;
                etherType = NetworkOrder.Big16(ref start, at + 2);
                at += 4;
            }

            if (etherType != EtherTypes.IPv4) return false;
        }

        // There are 28 bytes behind: see above.
        ref byte ip = ref Unsafe.Add(ref start, at);
        int totalLength = NetworkOrder.Big16(ref ip, 2);
        int rtpBytes = NetworkOrder.Big16(ref ip, 24) - UdpBytes;
        if (ip != 0x45 || (NetworkOrder.Big16(ref ip, 6) & 0x3FFF) != 0 || Unsafe.Add(ref ip, 9) != (byte)IpProtocol.Udp
            || totalLength > bytes.Length - at || rtpBytes < RtpFixedBytes || rtpBytes > totalLength - IPv4Bytes - UdpBytes) return false;
        ref byte rtp = ref Unsafe.Add(ref ip, IPv4Bytes + UdpBytes);
        if (rtp != 0x80 || (Unsafe.Add(ref rtp, 1) & 0xE0) == 0xC0) return false;
        glance = new RtpGlance(at, at + IPv4Bytes + UdpBytes, rtpBytes, tags);
        return true;
    }

    /// <summary>Counts a packet that was taken by a glance, as <see cref="Decode"/> would have.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountPlain(in RtpGlance glance)
    {
        Counters.Increment(DecodeCounter.Udp);
        if (glance.VlanTags > 0) Counters.Add(DecodeCounter.Vlan, glance.VlanTags);
    }

    /// <summary>True where what comes between these ports may be a tunnel, so that <see cref="Decode"/> has to look into it.</summary>
    public static bool MayBeTunnel(ushort source, ushort destination) => IsTunnelPort(source, destination);
}
