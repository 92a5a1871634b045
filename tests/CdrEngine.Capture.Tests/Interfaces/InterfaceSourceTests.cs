using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Capture.Tests.Interfaces;

public sealed class InterfaceSourceTests
{
    private static readonly InterfaceOptions Options = new() { RingBytes = 1 << 20, BlockBytes = 64 << 10 };

    [Theory]
    [InlineData("", "no name of an interface")]
    [InlineData("a name", "no name of an interface")]
    [InlineData("sixteen-letters-", "no name of an interface")]
    public void Name_ThatIsNone_IsRefused(string name, string expected)
    {
        Assert.Null(InterfaceSource.Open(name, Options, out string? problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void Filter_Compiles_OrSaysWhatIsWrong()
    {
        Assert.Equal([0x06UL | (1000UL << 32)], PacketFilter.Compile("", 1000, out string? none)!);
        Assert.Null(none);
        ulong[]? program = PacketFilter.Compile("udp and not port 22", 1000, out string? problem);
        Assert.True(program is { Length: > 3 } || problem == "a filter needs libpcap0.8: apt-get install libpcap0.8");
        Assert.Null(PacketFilter.Compile("udp and and", 1000, out problem));
        Assert.NotNull(problem);
        Assert.DoesNotContain('\n', problem);
        Assert.Null(InterfaceSource.Open("any", Options with { Filter = "udp" }, out problem));
        Assert.StartsWith("'any' takes no filter", problem, StringComparison.Ordinal);
    }

    [VethFact]
    public void Frames_ComeAsTheyWereSent_WithTheirTags()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        byte[][] frames =
        [
            PacketBuilder.UdpFrame("192.0.2.1:5060", "192.0.2.2:5060", "one").Build(),
            new PacketBuilder().Ethernet().Vlan(7).Ip("192.0.2.1", "192.0.2.2", 1).Udp(1, 2).Payload("two"u8.ToArray()).Build(),
            new PacketBuilder().Ethernet().Vlan(100, 0x88A8).Vlan(8).Ip("192.0.2.1", "192.0.2.2", 1).Udp(1, 2).Payload("three"u8.ToArray()).Build(),
        ];
        List<byte[]> read = network.Run(() =>
        {
            using InterfaceSource source = InterfaceSource.Open("vb", Options, out _)!;
            using (var sender = new FrameSender("va"))
            {
                foreach (byte[] frame in frames) sender.Send(frame);
            }

            var got = new List<byte[]>();
            Timestamp before = Timestamp.From(DateTimeOffset.UtcNow) - TimeSpan.FromSeconds(5);
            while (got.Count < frames.Length && source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
            {
                Assert.Equal((packet.Bytes.Length, LinkType.Ethernet), (packet.OriginalLength, packet.LinkType));
                Assert.InRange((packet.CapturedAt - before).TotalSeconds, 0, 60);
                got.Add(packet.Bytes.ToArray());
            }

            Assert.Equal(ReadOutcome.Idle, source.Read(out _));
            Assert.Equal(2, source.Counters[InterfaceCounter.VlanRestored]);
            return got;
        });
        Assert.Equal(frames, read);
    }

    [VethFact]
    public void SnapLengthAndFilter_AreTheKernels()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        network.Run(() =>
        {
            using InterfaceSource source = InterfaceSource.Open("vb", Options with { SnapLength = 60, Filter = "udp port 9" }, out string? problem)!;
            Assert.Null(problem);
            using var sender = new FrameSender("va");
            for (int i = 0; i < 10; i++) sender.Send(PacketBuilder.UdpFrame("192.0.2.1:5060", $"192.0.2.2:{8 + (i % 2)}", new byte[100]).Build());
            int packets = 0;
            while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
            {
                Assert.Equal((60, 142), (packet.Bytes.Length, packet.OriginalLength));
                packets++;
            }

            Assert.Equal(5, packets);
            Assert.Equal(5, source.Counters[InterfaceCounter.Truncated]);
            return packets;
        });
    }

    [VethFact]
    public void SteadyReading_AllocatesNothing()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        (long bytes, int packets) = network.Run(() =>
        {
            using InterfaceSource source = InterfaceSource.Open("vb", Options with { RingBytes = 16 << 20 }, out _)!;
            using var reader = new LiveReader([source]);
            using var sender = new FrameSender("va");
            byte[] frame = PacketBuilder.UdpFrame("192.0.2.1:5060", "192.0.2.2:5060", new byte[172]).Build();
            int read = 0;
            long before = 0;
            for (int round = 0; round < 4; round++)
            {
                for (int i = 0; i < 5000; i++) sender.Send(frame);
                if (round == 1) before = GC.GetAllocatedBytesForCurrentThread();
                while (reader.Read(100, out _) == ReadOutcome.Packet) read++;
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before, read);
        });
        Assert.Equal(20_000, packets);
        Assert.InRange(bytes, 0, 2000);
    }
}
