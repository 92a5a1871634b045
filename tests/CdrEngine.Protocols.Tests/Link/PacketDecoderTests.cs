using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Protocols.Tests.Link;

/// <summary>Link layers, tunnels and IP down to UDP, TCP and SCTP.</summary>
public sealed class PacketDecoderTests
{
    private static readonly Timestamp At = Timestamp.FromUnix(1_700_000_000, 0);

    public static TheoryData<string> SampleNames => [.. PacketSamples.All.Keys];

    [Theory]
    [MemberData(nameof(SampleNames))]
    public void Sample_Whole_GivesItsInnermostDatagram(string name)
    {
        PacketBuilder sample = PacketSamples.All[name];
        var decoder = new PacketDecoder();
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(sample.Capture(At), out DecodedPacket decoded));
        bool isV6 = !decoded.Source.Address.IsV4;
        Assert.Equal(isV6 ? "[2001:db8::1]:1111" : "10.1.1.1:1111", decoded.Source.ToString());
        Assert.Equal(isV6 ? "[2001:db8::2]:2222" : "10.1.1.2:2222", decoded.Destination.ToString());
        Assert.Equal(IpProtocol.Udp, decoded.Protocol);
        Assert.Equal(PacketSamples.Text, Encoding.ASCII.GetString(decoded.Payload));
        Assert.False(decoded.IsTruncated);
        Assert.NotEqual(0, decoded.TransportChecksum);
        Assert.Null(decoded.Fragments);
        Assert.Equal(1, decoder.Counters[DecodeCounter.Udp]);
        if (name.StartsWith("ip", StringComparison.Ordinal) && name != "ip in ip") return;
        Assert.Equal(46, decoded.Dscp);
        Assert.Equal(61, decoded.TimeToLive);
        Assert.Equal(isV6 ? 0u : 4321u, decoded.IpIdentification);
    }

    [Theory]
    [MemberData(nameof(SampleNames))]
    public void Sample_PaddedByTheLink_HasNoPaddingInItsPayload(string name)
    {
        if (name.Contains("length 0", StringComparison.Ordinal)) return; // nothing says where those end
        PacketBuilder sample = PacketSamples.All[name];
        byte[] padded = [.. sample.Build(), .. new byte[20]];
        Assert.Equal(DecodeOutcome.Udp, new PacketDecoder().Decode(PacketBuilder.Captured(padded, At, sample.LinkType), out DecodedPacket decoded));
        Assert.Equal(PacketSamples.Text, Encoding.ASCII.GetString(decoded.Payload));
        Assert.False(decoded.IsTruncated);
    }

    [Theory]
    [MemberData(nameof(SampleNames))]
    public void Sample_CutAnywhereByTheSnapLength_GivesAPrefixOrACause(string name)
    {
        PacketBuilder sample = PacketSamples.All[name];
        byte[] frame = sample.Build();
        int textAt = frame.Length - PacketSamples.Text.Length;
        for (int length = 0; length < frame.Length; length++)
        {
            // A fresh array, so that reading past the end cannot find the rest by luck.
            var decoder = new PacketDecoder();
            DecodeOutcome outcome = decoder.Decode(PacketBuilder.Captured(frame[..length], At, sample.LinkType, frame.Length), out DecodedPacket decoded);
            if (outcome == DecodeOutcome.Udp && decoded.Destination.Port == 2222)
            {
                Assert.True(length >= textAt);
                Assert.True(decoded.IsTruncated || name.Contains("length 0", StringComparison.Ordinal));
                Assert.Equal(PacketSamples.Text[..(length - textAt)], Encoding.ASCII.GetString(decoded.Payload));
            }
            else
            {
                Assert.True(length < textAt);
                Assert.True(outcome is DecodeOutcome.Malformed or DecodeOutcome.Ignored or DecodeOutcome.Udp); // UDP: a tunnel's header was cut
            }

            Assert.Equal(1, Outcomes(decoder));
        }
    }

    [Fact]
    public void TcpSegment_Decoded_HasItsNumbers()
    {
        byte[] frame = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2", identification: 9)
            .Tcp(5060, 40_000, 0xFFFF_FFFE, 77, 0x12, options: [2, 4, 5, 0xB4]).Payload("abc").Build();
        Assert.Equal(DecodeOutcome.Tcp, new PacketDecoder().Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
        Assert.Equal(IpProtocol.Tcp, decoded.Protocol);
        Assert.Equal("10.0.0.1:5060", decoded.Source.ToString());
        Assert.Equal(0xFFFF_FFFE, decoded.TcpSequence);
        Assert.Equal(77u, decoded.TcpAcknowledgement);
        Assert.Equal(TcpFlags.Syn | TcpFlags.Acknowledge, decoded.TcpFlags);
        Assert.Equal("abc"u8.ToArray(), decoded.Payload.ToArray());
        Assert.Equal(9u, decoded.IpIdentification);
    }

    [Fact]
    public void TcpAcknowledgement_PaddedByEthernet_HasNoPayload()
    {
        byte[] frame = PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 1, "", 5, 0x10).BuildPadded();
        Assert.Equal(60, frame.Length);
        Assert.Equal(DecodeOutcome.Tcp, new PacketDecoder().Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
        Assert.Equal(0, decoded.Payload.Length);
    }

    [Fact]
    public void SctpPacket_Decoded_HasItsChunksAsPayload()
    {
        byte[] frame = new PacketBuilder().Ethernet().IPv6("2001:db8::1", "2001:db8::2").Sctp(5060, 5061).SctpData(1, payloadProtocol: 0).Payload("INVITE").Build();
        Assert.Equal(DecodeOutcome.Sctp, new PacketDecoder().Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
        Assert.Equal("[2001:db8::2]:5061", decoded.Destination.ToString());
        Assert.Equal(24, decoded.Payload.Length);
        Assert.Equal(0, decoded.TransportChecksum);
    }

    public static TheoryData<string, DecodeCounter> Ignored => new()
    {
        { "arp", DecodeCounter.Arp },
        { "lldp", DecodeCounter.OtherLinkProtocol },
        { "spanning tree", DecodeCounter.OtherLinkProtocol },
        { "ppp control", DecodeCounter.OtherLinkProtocol },
        { "unknown link type", DecodeCounter.UnknownLinkType },
        { "icmp echo", DecodeCounter.IcmpOther },
        { "icmp error quoting sip", DecodeCounter.IcmpError },
        { "icmpv6 error quoting sip", DecodeCounter.IcmpError },
        { "icmpv6 neighbour", DecodeCounter.IcmpOther },
        { "esp", DecodeCounter.Esp },
        { "esp ipv6", DecodeCounter.Esp },
        { "igmp", DecodeCounter.OtherIpProtocol },
        { "no next header", DecodeCounter.NoNextHeader },
        { "gtp echo", DecodeCounter.TunnelControl },
        { "pppoe discovery", DecodeCounter.TunnelControl },
        { "gre keep-alive", DecodeCounter.TunnelControl },
        { "gre unknown", DecodeCounter.TunnelPayload },
        { "tzsp 802.11", DecodeCounter.TunnelPayload },
        { "ten times ip in ip", DecodeCounter.TooDeep },
        { "ten vlans", DecodeCounter.TooDeep },
        { "twenty labels", DecodeCounter.TooDeep },
        { "twenty extension headers", DecodeCounter.TooDeep },
    };

    [Theory]
    [MemberData(nameof(Ignored))]
    public void PacketWithoutTraffic_IsIgnoredByName(string name, DecodeCounter cause)
    {
        PacketBuilder outer = new PacketBuilder().Ethernet();
        PacketBuilder ip = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2");
        PacketBuilder ip6 = new PacketBuilder().Ethernet().IPv6("2001:db8::1", "2001:db8::2");
        PacketBuilder Repeat(PacketBuilder builder, int times, Func<PacketBuilder, PacketBuilder> add) => times == 0 ? builder : Repeat(add(builder), times - 1, add);
        PacketBuilder frame = name switch
        {
            "arp" => outer.Raw(new byte[28], etherType: 0x0806),
            "lldp" => outer.Raw(new byte[28], etherType: 0x88CC),
            "spanning tree" => outer.Raw([0x42, 0x42, 3, 0, 0], etherType: 5),
            "ppp control" => new PacketBuilder().Ppp(),
            "icmp echo" => ip.Icmp(8),
            "icmp error quoting sip" => ip.Icmp(3, 3).IPv4("10.0.0.2", "10.0.0.1").Udp(5060, 5060),
            "icmpv6 error quoting sip" => ip6.Icmp(1, 4, version6: true).IPv6("2001:db8::2", "2001:db8::1").Udp(5060, 5060),
            "icmpv6 neighbour" => ip6.Icmp(135, version6: true),
            "esp" => ip.Raw(new byte[8], protocol: 50),
            "esp ipv6" => ip6.IPv6Extension(0).Raw(new byte[8], protocol: 50),
            "igmp" => ip.Raw(new byte[8], protocol: 2),
            "no next header" => ip6,
            "gtp echo" => ip.GtpU(messageType: 1, sequence: true),
            "pppoe discovery" => outer.Raw(new byte[8], etherType: 0x8863),
            "gre keep-alive" => ip.Gre(protocol: 0),
            "gre unknown" => ip.Gre(protocol: 0x1234),
            "tzsp 802.11" => ip.Udp(1, 37_008).Raw([1, 0, 0, 18, 1, 0, 0, 0]),
            "ten times ip in ip" => Repeat(outer, 10, static b => b.IPv4("10.0.0.1", "10.0.0.2")).Udp(1, 2),
            "ten vlans" => Repeat(outer, 10, static b => b.Vlan(1)).IPv4("10.0.0.1", "10.0.0.2").Udp(1, 2),
            "twenty labels" => Repeat(outer, 20, static b => b.Mpls(1)).IPv4("10.0.0.1", "10.0.0.2").Udp(1, 2),
            "twenty extension headers" => Repeat(ip6, 20, static b => b.IPv6Extension(60)).Udp(1, 2),
            _ => ip.Udp(1, 2),
        };
        var decoder = new PacketDecoder();
        LinkType link = name == "unknown link type" ? (LinkType)147 : frame.LinkType;
        DecodeOutcome outcome = decoder.Decode(PacketBuilder.Captured(frame.Payload("INVITE").Build(), At, link), out DecodedPacket decoded);
        Assert.Equal(DecodeOutcome.Ignored, outcome);
        Assert.Equal(1, decoder.Counters[cause]);
        Assert.Equal(1, Outcomes(decoder));
        Assert.Equal(0, decoded.Payload.Length);
        Assert.True(decoded.Source.IsNone);
    }

    public static TheoryData<string, DecodeCounter> Malformed => new()
    {
        { "version 5", DecodeCounter.BadIpHeader },
        { "header length 16", DecodeCounter.BadIpHeader },
        { "total length 19", DecodeCounter.BadIpLength },
        { "udp length 7", DecodeCounter.BadUdpLength },
        { "udp length 0", DecodeCounter.BadUdpLength },
        { "tcp offset 4", DecodeCounter.BadTcpOffset },
        { "tcp offset beyond", DecodeCounter.BadTcpOffset },
        { "gre routing", DecodeCounter.BadGre },
        { "gre version 2", DecodeCounter.BadGre },
        { "raw garbage", DecodeCounter.BadIpHeader },
        { "empty fragment", DecodeCounter.BadFragment },
        { "fragment of seven", DecodeCounter.BadFragment },
        { "fragment beyond 64 KiB", DecodeCounter.BadFragment },
        { "extension header beyond", DecodeCounter.CutInHeader },
        { "udp without header", DecodeCounter.CutInTransport },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void BrokenPacket_IsMalformedByName(string name, DecodeCounter cause)
    {
        PacketBuilder ip = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2");
        byte[] udp = PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", "payload").Build();
        byte[] tcp = PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 1, "payload").Build();
        byte[] With(byte[] frame, int offset, params byte[] bytes)
        {
            bytes.CopyTo(frame, offset);
            return frame;
        }

        byte[] frame = name switch
        {
            "version 5" => With(udp, 14, 0x55),
            "header length 16" => With(udp, 14, 0x44),
            "total length 19" => With(udp, 16, 0, 19),
            "udp length 7" => With(udp, 38, 0, 7),
            "udp length 0" => With(udp, 38, 0, 0),
            "tcp offset 4" => With(tcp, 46, 0x40),
            "tcp offset beyond" => With(tcp, 46, 0xF0),
            "gre routing" => ip.Raw([0x40, 0, 8, 0, 0, 0, 0, 0], protocol: 47).Build(),
            "gre version 2" => ip.Raw([0, 2, 8, 0, 0, 0, 0, 0], protocol: 47).Build(),
            "raw garbage" => [0xFF, 1, 2, 3],
            "empty fragment" => ip.BuildFragment([], 8, more: true),
            "fragment of seven" => ip.BuildFragment(new byte[7], 8, more: true),
            "fragment beyond 64 KiB" => ip.BuildFragment(new byte[64], 65_528, more: false),
            "extension header beyond" => new PacketBuilder().Ethernet().IPv6("2001:db8::1", "2001:db8::2").Raw([17, 200, 0, 0, 0, 0, 0, 0], protocol: 60).Build(),
            _ => ip.Raw([1, 2, 3], protocol: 17).Build(),
        };
        var decoder = new PacketDecoder();
        DecodeOutcome outcome = decoder.Decode(PacketBuilder.Captured(frame, At, name == "raw garbage" ? LinkType.Raw : LinkType.Ethernet), out _);
        Assert.Equal(DecodeOutcome.Malformed, outcome);
        Assert.Equal(1, decoder.Counters[cause]);
        Assert.Equal(1, Outcomes(decoder));
    }

    [Fact]
    public void OrdinaryTrafficOnTunnelPorts_StaysWhatItIs()
    {
        byte[] rtp = [0x80, 0x00, 0x12, 0x34, 0, 0, 0, 1, 0xDE, 0xAD, 0xBE, 0xEF, .. new byte[160]];
        byte[] rtpWithSources = [0x88, 0x00, 0x12, 0x00, 0, 0, 0, 0, 0xDE, 0xAD, 0xBE, 0xEF, .. new byte[192]];
        byte[] rtcp = [0x81, 201, 0, 7, 0xDE, 0xAD, 0xBE, 0xEF, .. new byte[24]];
        byte[] stun = [0, 1, 0x08, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[2060]];
        byte[] sip = "INVITE sip:a@b SIP/2.0\r\n\r\n"u8.ToArray();
        byte[] keepAlive = "\r\n\r\n"u8.ToArray();
        foreach (int port in new[] { 4789, 8472, 6081, 37_008, 2152 })
        {
            foreach (byte[] payload in new[] { rtp, rtpWithSources, rtcp, stun, sip, keepAlive, [] })
            {
                var decoder = new PacketDecoder();
                byte[] frame = PacketBuilder.UdpFrame("10.0.0.1:4000", $"10.0.0.2:{port}", payload).Build();
                Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
                Assert.Equal(port, decoded.Destination.Port);
                Assert.True(decoded.Payload.SequenceEqual(payload));
            }
        }
    }

    [Fact]
    public void LengthsThatLie_GiveWhatIsThere_AndSaySo()
    {
        var decoder = new PacketDecoder();
        byte[] ip = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2", totalLength: 500).Udp(1, 2).Payload("abc").Build();
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(ip, At), out DecodedPacket decoded));
        Assert.False(decoded.IsTruncated); // UDP's own length is whole
        Assert.Equal("abc"u8.ToArray(), decoded.Payload.ToArray());

        byte[] udp = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2").Udp(1, 2, length: 600).Payload("abc").Build();
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(udp, At), out decoded));
        Assert.True(decoded.IsTruncated);
        Assert.Equal("abc"u8.ToArray(), decoded.Payload.ToArray());
        Assert.Equal(2, decoder.Counters[DecodeCounter.LengthBeyondPacket]);
        Assert.Equal(0, decoder.Counters[DecodeCounter.Snapped]);
    }

    [Fact]
    public void UdpShorterThanItsIp_IsCutToItsOwnLength()
    {
        byte[] frame = new PacketBuilder().Ethernet().IPv4("10.0.0.1", "10.0.0.2").Udp(1, 2, length: 11).Payload("abcdef").Build();
        Assert.Equal(DecodeOutcome.Udp, new PacketDecoder().Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
        Assert.Equal("abc"u8.ToArray(), decoded.Payload.ToArray());
    }

    [Fact]
    public void Steady_Decoding_AllocatesNothing()
    {
        byte[][] frames = [.. PacketSamples.All.Values.Where(static b => b.LinkType == LinkType.Ethernet).Select(static b => b.Build())];
        byte[][] fragments = PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", new string('x', 3000)).BuildFragments(1480);
        var decoder = new PacketDecoder();
        void Round()
        {
            foreach (byte[] frame in frames) decoder.Decode(PacketBuilder.Captured(frame, At), out _);
            foreach (byte[] frame in fragments) decoder.Decode(PacketBuilder.Captured(frame, At), out _);
        }

        for (int i = 0; i < 50; i++) Round();

        // The best of ten: what the decoder allocated would be in each, a pool that the collector trimmed meanwhile is in one.
        long least = long.MaxValue;
        for (int window = 0; window < 10; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) Round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(1050, decoder.Counters[DecodeCounter.Reassembled]);
        Assert.Equal(0, decoder.HeldDatagrams);
        Assert.Equal(0, decoder.HeldBytes);
    }

    internal static long Outcomes(PacketDecoder decoder) =>
        Enum.GetValues<DecodeCounter>().Where(static c => c <= DecodeCounter.Ipv6FragmentOverlap).Sum(c => decoder.Counters[c]);
}
