using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Protocols.Tests.Ip;

/// <summary>Which packets are the same one seen twice.</summary>
public sealed class MirrorFilterTests
{
    private static readonly Timestamp At = Timestamp.FromUnix(1_700_000_000, 0);

    [Theory]
    [InlineData("same frame", 10, true)]
    [InlineData("same frame", 50_000, true)]
    [InlineData("same frame", 50_001, false)]
    [InlineData("same frame", -10, true)]
    [InlineData("other vlan", 10, true)]
    [InlineData("other time to live", 10, true)]
    [InlineData("in a tunnel", 10, true)]
    [InlineData("other identification", 10, false)]
    [InlineData("other bytes", 10, false)]
    [InlineData("other last byte", 10, false)]
    [InlineData("longer by a zero", 10, false)]
    [InlineData("other source port", 10, false)]
    [InlineData("other destination", 10, false)]
    [InlineData("swapped", 10, false)]
    [InlineData("tcp", 10, false)]
    public void SecondSight_IsADuplicate_OnlyIfAllIsTheSame(string second, int microsecondsLater, bool isDuplicate)
    {
        const string text = "INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1\r\n\r\n";
        PacketBuilder Ip(int id = 7, byte ttl = 64, bool vlan = false, string to = "10.0.0.2", string from = "10.0.0.1")
        {
            PacketBuilder builder = new PacketBuilder().Ethernet();
            if (vlan) builder.Vlan(30);
            return builder.IPv4(from, to, identification: id, timeToLive: ttl);
        }

        PacketBuilder frame = second switch
        {
            "other vlan" => Ip(vlan: true).Udp(5060, 5061).Payload(text),
            "other time to live" => Ip(ttl: 63).Udp(5060, 5061).Payload(text),
            "in a tunnel" => new PacketBuilder().Ethernet().IPv4("192.0.2.1", "192.0.2.2").Gre().IPv4("10.0.0.1", "10.0.0.2", identification: 7).Udp(5060, 5061).Payload(text),
            "other identification" => Ip(id: 8).Udp(5060, 5061).Payload(text),
            "other bytes" => Ip().Udp(5060, 5061).Payload(text.Replace("bob", "eve", StringComparison.Ordinal)),
            "other last byte" => Ip().Udp(5060, 5061).Payload(text[..^1] + "!"),
            "longer by a zero" => Ip().Udp(5060, 5061).Payload(text + "\0"),
            "other source port" => Ip().Udp(5062, 5061).Payload(text),
            "other destination" => Ip(to: "10.0.0.3").Udp(5060, 5061).Payload(text),
            "swapped" => Ip(from: "10.0.0.2", to: "10.0.0.1").Udp(5061, 5060).Payload(text),
            "tcp" => Ip().Tcp(5060, 5061, 0).Payload(text),
            _ => Ip().Udp(5060, 5061).Payload(text),
        };
        var filter = new MirrorFilter();
        Assert.False(Ask(filter, Ip().Udp(5060, 5061).Payload(text), At));
        Assert.Equal(isDuplicate, Ask(filter, frame, new Timestamp(At.Microseconds + microsecondsLater)));
        Assert.Equal(isDuplicate ? 1 : 0, filter.Counters[MirrorCounter.Duplicate]);
    }

    [Fact]
    public void EveryLengthOfPayload_TakesPartInFull()
    {
        var filter = new MirrorFilter();
        for (int length = 0; length < 200; length++)
        {
            byte[] payload = new byte[length];
            Assert.False(Ask(filter, PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", payload), At));
            for (int i = 0; i < length; i++)
            {
                payload[i] ^= 0x10;
                Assert.False(Ask(filter, PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", payload), At));
                payload[i] ^= 0x10;
            }

            Assert.True(Ask(filter, PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", payload), At));
        }
    }

    [Fact]
    public void TcpRetransmission_WithAnotherIdentification_IsNoDuplicate()
    {
        var filter = new MirrorFilter();
        Assert.False(Ask(filter, PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 100, "abc", identification: 1), At));
        Assert.False(Ask(filter, PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 100, "abc", identification: 2), At));
        Assert.False(Ask(filter, PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 103, "abc", identification: 2), At));
        Assert.True(Ask(filter, PacketBuilder.TcpFrame("10.0.0.1:1", "10.0.0.2:2", 100, "abc", identification: 1), At));
    }

    [Fact]
    public void FullTable_ForgetsTheOldest_AndCountsIt()
    {
        var filter = new MirrorFilter(new MirrorLimits { Entries = 16 });
        for (int i = 0; i < 64; i++) Assert.False(Ask(filter, PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", "x", identification: i), At));
        Assert.InRange(filter.Counters[MirrorCounter.Displaced], 48, 64);
        Assert.True(Ask(filter, PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", "x", identification: 63), At));
    }

    [Fact]
    public void Steady_Asking_AllocatesNothing()
    {
        var filter = new MirrorFilter();
        var decoder = new PacketDecoder();
        byte[] frame = PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2", new string('x', 500)).Build();
        decoder.Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded);
        filter.IsDuplicate(decoded, At);

        // The best of ten: what the filter allocated would be in each, what the runtime does on this thread meanwhile is in one.
        long least = long.MaxValue;
        for (int window = 0; window < 10; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 1; i <= 100; i++) filter.IsDuplicate(decoded, At + TimeSpan.FromMilliseconds(20 * ((100 * window) + i)));
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static bool Ask(MirrorFilter filter, PacketBuilder frame, Timestamp at)
    {
        new PacketDecoder().Decode(frame.Capture(at), out DecodedPacket decoded);
        return filter.IsDuplicate(decoded, at);
    }
}
