using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CdrEngine.Protocols.Tests.Pcap;

/// <summary>What the writers write is what the readers, and tshark, read.</summary>
public sealed class CaptureWriterTests
{
    private static readonly LinkType[] LinkTypes = [LinkType.Ethernet, LinkType.LinuxSll, LinkType.Raw, LinkType.Null, LinkType.LinuxSll2, LinkType.Ppp];

    [Fact]
    public void AnyPackets_WrittenAndRead_AreTheSame()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<int>(),
            seed =>
            {
                var random = new Random(seed);
                using var packets = new FrameBuffer();
                bool isMixed = random.Next(2) == 0;
                bool isFine = random.Next(2) == 0;
                int count = random.Next(0, 40);
                for (int i = 0; i < count; i++)
                {
                    byte[] bytes = new byte[random.Next(20) == 0 ? random.Next(60_000, 200_000) : random.Next(0, 200)];
                    random.NextBytes(bytes);
                    packets.Append(new CapturedPacket
                    {
                        CapturedAt = new Timestamp(random.NextInt64(0, 4_294_967_296_000_000)),
                        NanosecondRemainder = (ushort)(isFine ? random.Next(1000) : 0),
                        LinkType = isMixed ? LinkTypes[random.Next(LinkTypes.Length)] : LinkTypes[0],
                        OriginalLength = bytes.Length + random.Next(3),
                        Bytes = bytes,
                    });
                }

                using var stream = new MemoryStream();
                CaptureFormat format = CaptureWriter.WriteAll(stream, [packets]);
                var expected = new List<Kept>();
                foreach (CapturedPacket packet in packets) expected.Add(Kept.Of(packet));
                ReadResult result = ReadResult.Of(stream.ToArray());
                bool isRightFormat = (format.Container == CaptureContainer.Pcapng) == (expected.Select(static p => p.LinkType).Distinct().Count() > 1)
                    && format.HasNanoseconds == expected.Any(static p => p.Nanoseconds > 0);
                return isRightFormat && result.Fault is null && expected.SequenceEqual(result.Packets.Select(static p => p with { InterfaceId = 0 }));
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void TimesBeyond32BitSeconds_AreWrittenAsPcapng()
    {
        using var packets = new FrameBuffer();
        packets.Append(PacketBuilder.UdpFrame("10.0.0.1:1", "10.0.0.2:2").Capture(Timestamp.FromUnix(5_000_000_000, 7)));
        using var stream = new MemoryStream();
        Assert.Equal(CaptureContainer.Pcapng, CaptureWriter.WriteAll(stream, [packets]).Container);
        Assert.Equal(5_000_000_000_000_007, Assert.Single(ReadResult.Of(stream.ToArray()).Packets).Microseconds);
    }

    [Fact]
    public void NoPackets_AreAnEmptyPcap()
    {
        using var stream = new MemoryStream();
        CaptureFormat format = CaptureWriter.WriteAll(stream, []);
        Assert.Equal(".pcap", format.FileExtension);
        Assert.Equal("application/vnd.tcpdump.pcap", format.MediaType);
        ReadResult result = ReadResult.Of(stream.ToArray());
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Empty(result.Packets);
    }

    [Fact]
    public void PcapOfOneLinkType_RefusesAnother()
    {
        using var stream = new MemoryStream();
        using var writer = new PcapWriter(stream, LinkType.Ethernet);
        Assert.Throws<ArgumentException>(() => writer.Write(PacketBuilder.Captured([1], default, LinkType.Raw)));
    }

    [Fact]
    public void Position_CountsWhatWasWritten_BufferedOrNot()
    {
        using var stream = new MemoryStream();
        using var writer = new PcapngWriter(stream);
        for (int i = 0; i < 100; i++) writer.Write(PacketBuilder.Captured(new byte[i * 20], Timestamp.FromUnix(i, 0)));
        long position = writer.Position;
        writer.Flush();
        Assert.Equal(position, stream.Length);
    }

    [ToolFact("tshark")]
    public void Tshark_OpensAllFormats_WithoutAWarning()
    {
        foreach ((string name, LinkType[] links, bool nanoseconds) in new[]
        {
            ("pcap", new[] { LinkType.Ethernet }, false),
            ("pcap ns", [LinkType.Ethernet], true),
            ("pcapng", [LinkType.Ethernet, LinkType.LinuxSll, LinkType.Raw], false),
            ("pcapng ns", [LinkType.Ethernet, LinkType.LinuxSll, LinkType.Raw], true),
        })
        {
            string path = Path.Combine(Path.GetTempPath(), $"writer-{Guid.NewGuid():n}");
            try
            {
                using (var packets = new FrameBuffer())
                {
                    for (int i = 0; i < 30; i++)
                    {
                        PacketBuilder frame = links[i % links.Length] switch
                        {
                            LinkType.Ethernet => new PacketBuilder().Ethernet(),
                            LinkType.LinuxSll => new PacketBuilder().LinuxCooked(),
                            _ => new PacketBuilder(),
                        };
                        packets.Append(new CapturedPacket
                        {
                            CapturedAt = Timestamp.FromUnix(1_700_000_000 + i, 123_456),
                            NanosecondRemainder = (ushort)(nanoseconds ? 789 : 0),
                            LinkType = frame.LinkType,
                            Bytes = frame.IPv4("10.0.0.1", "10.0.0.2").Udp(5060, 5060).Payload(new string('x', i)).Build(),
                            OriginalLength = 100,
                        });
                    }

                    using FileStream file = File.Create(path);
                    CaptureWriter.WriteAll(file, [packets]);
                }

                string[] lines = Tshark.Lines(path, "-T", "fields", "-e", "frame.time_epoch", "-e", "udp.dstport", "-e", "frame.len", "-e", "_ws.expert");
                Assert.Equal(30, lines.Length);
                string expected = $"1700000000.123456{(nanoseconds ? "789" : "000")}\t5060\t100";
                Assert.StartsWith(expected, lines[0], StringComparison.Ordinal);
            }
            finally
            {
                File.Delete(path);
            }
        }
    }
}
