using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using Xunit;

namespace CdrEngine.Protocols.Tests.Pcap;

/// <summary>pcap files of every variant, and broken ones.</summary>
public sealed class PcapReaderTests
{
    private const uint Micro = 0xA1B2_C3D4;
    private const uint Nano = 0xA1B2_3C4D;
    private const uint Modified = 0xA1B2_CD34;

    [Theory]
    [InlineData(Micro, false)]
    [InlineData(Micro, true)]
    [InlineData(Nano, false)]
    [InlineData(Nano, true)]
    [InlineData(Modified, false)]
    [InlineData(Modified, true)]
    public void EveryVariant_GivesTheSamePackets(uint magic, bool bigEndian)
    {
        bool isModified = magic == Modified;
        uint fraction = magic == Nano ? 123_456_789u : 123_456u;
        byte[] file = new CaptureBytes(bigEndian).PcapHeader(magic, linkType: 113)
            .PcapRecord(4_000_000_000, fraction, [1, 2, 3], original: 60, modified: isModified)
            .PcapRecord(1, 0, [], modified: isModified)
            .PcapRecord(2, 999_999, [9], modified: isModified).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Null(result.Fault);
        Assert.Equal(3, result.Packets.Count);
        Assert.Equal(new Kept(4_000_000_000_123_456, magic == Nano ? 789 : 0, LinkType.LinuxSll, 0, 60, "010203"), result.Packets[0]);
        Assert.Equal(new Kept(1_000_000, 0, LinkType.LinuxSll, 0, 0, ""), result.Packets[1]);
        Assert.Equal(magic == Nano ? 2_000_999 : 2_999_999, result.Packets[2].Microseconds);
    }

    [Fact]
    public void OldVersions_HaveTheirLengthsTheOtherWayRound()
    {
        byte[] file = new CaptureBytes().PcapHeader(Micro, minor: 2).U32(1).U32(0).U32(60).U32(3).Raw([1, 2, 3]).ToArray();
        Assert.Equal(new Kept(1_000_000, 0, LinkType.Ethernet, 0, 60, "010203"), Assert.Single(ReadResult.Of(file).Packets));
    }

    [Fact]
    public void LinkTypeField_WithFrameCheckLength_IsStillTheLinkType()
    {
        byte[] file = new CaptureBytes().PcapHeader(Micro, linkType: 0x2400_0001).PcapRecord(1, 0, [1]).ToArray();
        Assert.Equal(LinkType.Ethernet, Assert.Single(ReadResult.Of(file).Packets).LinkType);
    }

    [Fact]
    public void WrongLength_IsAFaultThatSaysWhere_AndKeepsWhatWasRead()
    {
        byte[] file = new CaptureBytes().PcapHeader(Micro).PcapRecord(1, 0, new byte[10]).U32(1).U32(0).U32(0x7FFF_FFFF).U32(60).Raw(new byte[500]).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Single(result.Packets);
        Assert.Equal(ReadOutcome.Failed, result.Outcome);
        Assert.Equal("wrong length in packet 2 at offset 50: 2147483647 captured bytes, the limit is 262144", result.Fault);
    }

    [Fact]
    public void CapturedLimit_IsConfigurable_UpTo64MiB()
    {
        byte[] file = new CaptureBytes().PcapHeader(Micro).PcapRecord(1, 0, new byte[300_000]).ToArray();
        Assert.Equal(ReadOutcome.Failed, ReadResult.Of(file).Outcome);
        Assert.Equal(600_000, Assert.Single(ReadResult.Of(file, limits: new CaptureReaderLimits { MaxCapturedBytes = 300_000 }).Packets).Bytes.Length);
        Assert.Equal(64 << 20, new CaptureReaderLimits { MaxCapturedBytes = int.MaxValue }.MaxCapturedBytes);
        Assert.Equal(1, new CaptureReaderLimits { MaxCapturedBytes = -5 }.MaxCapturedBytes);
    }

    [Fact]
    public void OriginalBelowCaptured_IsASoftFault()
    {
        byte[] file = new CaptureBytes().PcapHeader(Micro).PcapRecord(1, 0, [1, 2], original: 1).PcapRecord(2, 0, [3, 4], original: 1).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Equal([2, 2], result.Packets.Select(static p => p.OriginalLength));
        Assert.Equal("wrong length in packet 1 at offset 24: 2 bytes captured of 1; the captured length was used (and 1 more like it)", result.Fault);
    }

    [Fact]
    public void UnknownLinkType_IsASoftFault_AndPacketsAreGiven()
    {
        ReadResult result = ReadResult.Of(new CaptureBytes().PcapHeader(Micro, linkType: 195).PcapRecord(1, 0, [1, 2]).ToArray());
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Single(result.Packets);
        Assert.Equal("unknown link type 195, from packet 1 at offset 24 on: such packets are counted but not decoded", result.Fault);
    }

    [Fact]
    public void UnknownVersion_IsNoCapture()
    {
        ReadResult result = ReadResult.Of(new CaptureBytes().PcapHeader(Micro, major: 3).PcapRecord(1, 0, [1, 2]).ToArray());
        Assert.Equal("is a pcap of version 3.4, only 2.x is known", result.Fault);
    }

    [Fact]
    public void EveryPrefix_GivesThePacketsThatAreWhole()
    {
        byte[] file = Sample();
        List<Kept> all = ReadResult.Of(file).Packets;
        for (int length = 0; length < file.Length; length++)
        {
            ReadResult result = ReadResult.Of(file[..length]);
            Assert.Equal(all.Take(result.Packets.Count), result.Packets);
            int whole = Enumerable.Range(0, all.Count).Count(i => 24 + all.Take(i + 1).Sum(static p => 16 + (p.Bytes.Length / 2)) <= length);
            Assert.Equal(whole, result.Packets.Count);
            bool atBoundary = length == 24 + all.Take(whole).Sum(static p => 16 + (p.Bytes.Length / 2));
            Assert.Equal(atBoundary ? ReadOutcome.End : ReadOutcome.Failed, result.Outcome);
            Assert.Equal(atBoundary, result.Fault is null);
        }
    }

    [Fact]
    public void AnyPieces_AndAnyBuffer_ChangeNothing()
    {
        byte[] file = Sample();
        ReadResult expected = ReadResult.Of(file);
        for (int piece = 1; piece < 130; piece++)
        {
            ReadResult result = ReadResult.Of(file, _ => piece, bufferBytes: 64 + (piece % 5));
            Assert.Equal(expected.Packets, result.Packets);
            Assert.Equal(expected.Fault, result.Fault);
        }
    }

    [Fact]
    public void Steady_Reading_AllocatesNothing()
    {
        var bytes = new CaptureBytes().PcapHeader(Micro);
        for (int i = 0; i < 5000; i++) bytes.PcapRecord((uint)i, 0, new byte[200]);
        var input = new BlockReader(new PieceSource(bytes.ToArray()), 64 * 1024);
        CaptureReader reader = CaptureReader.Open(input, CaptureReaderLimits.Default, out _)!;
        for (int i = 0; i < 100; i++) reader.Read(out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int packets = 0;
        while (reader.Read(out _) == ReadOutcome.Packet) packets++;
        Assert.Equal(4900, packets);

        // The smallest object for each packet would be 117,600; what the runtime does on this thread meanwhile is not the reader's.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    private static byte[] Sample()
    {
        var bytes = new CaptureBytes().PcapHeader(Nano);
        for (int i = 0; i < 9; i++) bytes.PcapRecord((uint)i, 5, [.. Enumerable.Range(0, i * 11).Select(static b => (byte)b)], original: i * 20);
        return bytes.ToArray();
    }
}
