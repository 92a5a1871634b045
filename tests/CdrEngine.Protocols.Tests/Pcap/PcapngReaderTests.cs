using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using Xunit;

namespace CdrEngine.Protocols.Tests.Pcap;

/// <summary>pcapng files: sections, interfaces, time resolutions, blocks to step over, and damage.</summary>
public sealed class PcapngReaderTests
{
    private static readonly byte[] Data = [1, 2, 3, 4, 5];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryPacketBlock_IsRead_AllElseSteppedOver(bool bigEndian)
    {
        byte[] file = new CaptureBytes(bigEndian).Section().Block(5, static b => b.U32(0)).Interface()
            .Block(4, static b => b.U16(1).U16(0)) // name resolution
            .Enhanced(0, 1_000_001, Data, original: 90, comment: "a comment that is passed over")
            .Block(0x0BAD, static b => b.U32(1).Raw(new byte[64]))
            .Simple(Data)
            .Obsolete(0, 2_000_002, [7])
            .Block(0x8000_0001, static b => b.Raw(new byte[1000])).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Null(result.Fault);
        Assert.Equal(
            [
                new Kept(1_000_001, 0, LinkType.Ethernet, 0, 90, "0102030405"),
                new Kept(1_000_001, 0, LinkType.Ethernet, 0, 5, "0102030405"), // a simple block has the time of the packet before
                new Kept(2_000_002, 0, LinkType.Ethernet, 0, 1, "07"),
            ],
            result.Packets);
    }

    [Fact]
    public void SimpleBlock_IsCutToTheSnapLength()
    {
        ReadResult result = ReadResult.Of(new CaptureBytes().Section().Interface(snap: 3).Simple(Data[..3], original: 60).ToArray());
        Assert.Equal(new Kept(0, 0, LinkType.Ethernet, 0, 60, "010203"), Assert.Single(result.Packets));
    }

    [Theory]
    [InlineData(6, 0, 1_500_000UL, 1_500_000L, 0)]
    [InlineData(9, 0, 1_500_000_123UL, 1_500_000L, 123)]
    [InlineData(3, 0, 1500UL, 1_500_000L, 0)]
    [InlineData(0, 0, 15UL, 15_000_000L, 0)]
    [InlineData(12, 0, 1_500_000_123_999UL, 1_500_000L, 123)]
    [InlineData(19, 0, 15_000_000_000_000_000_000UL, 1_500_000L, 0)]
    [InlineData(0x80, 0, 15UL, 15_000_000L, 0)]
    [InlineData(0x81, 0, 3UL, 1_500_000L, 0)]
    [InlineData(0x94, 0, 0x18_0000UL, 1_500_000L, 0)]
    [InlineData(0x9E, 0, 0x4000_0001UL, 1_000_000L, 0)]
    [InlineData(0xA0, 0, 0x1_8000_0000UL, 1_500_000L, 0)]
    [InlineData(0xBF, 0, 0xC000_0000_0000_0000UL, 1_500_000L, 0)]
    [InlineData(6, 100, 1_500_000UL, 101_500_000L, 0)]
    [InlineData(6, -1, 1_500_000UL, 500_000L, 0)]
    [InlineData(6, -3, 1_500_000UL, -1_500_000L, 0)]
    [InlineData(9, 1_700_000_000, 7UL, 1_700_000_000_000_000L, 7)]
    [InlineData(0, 0, ulong.MaxValue, 253_402_300_799_000_000L, 0)]
    [InlineData(6, long.MinValue, 5UL, -62_135_596_800_000_000L, 0)]
    [InlineData(6, long.MaxValue, 5UL, 253_402_300_799_000_000L, 0)]
    public void TimeResolutionAndOffset_GiveTheInstant(byte resolution, long offset, ulong ticks, long microseconds, int nanoseconds)
    {
        foreach (bool bigEndian in new[] { false, true })
        {
            byte[] file = new CaptureBytes(bigEndian).Section().Interface(resolution: resolution, offsetSeconds: offset == 0 ? null : offset).Enhanced(0, ticks, Data).ToArray();
            Kept packet = Assert.Single(ReadResult.Of(file).Packets);
            Assert.Equal(microseconds, packet.Microseconds);
            Assert.Equal(nanoseconds, packet.Nanoseconds);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(0xC0)]
    public void ResolutionFinerThanCanBe_IsASoftFault(byte resolution)
    {
        ReadResult result = ReadResult.Of(new CaptureBytes().Section().Interface(resolution: resolution).Enhanced(0, 5, Data).ToArray());
        Assert.Equal(5, Assert.Single(result.Packets).Microseconds);
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.Contains("time resolution", result.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_OfEitherByteOrder_HaveInterfacesOfTheirOwn()
    {
        byte[] file =
        [
            .. new CaptureBytes().Section().Interface(1).Interface(113).Enhanced(1, 1, Data).ToArray(),
            .. new CaptureBytes(bigEndian: true).Section().Interface(101, resolution: 9).Enhanced(0, 2000, Data).ToArray(),
            .. new CaptureBytes().Section().Interface(276).Interface(0).Enhanced(0, 3, Data).Enhanced(1, 4, Data).ToArray(),
        ];
        ReadResult result = ReadResult.Of(file);
        Assert.Null(result.Fault);
        Assert.Equal([LinkType.LinuxSll, LinkType.Raw, LinkType.LinuxSll2, LinkType.Null], result.Packets.Select(static p => p.LinkType));
        Assert.Equal([1, 2, 3, 4], result.Packets.Select(static p => p.InterfaceId));
        Assert.Equal([1L, 2L, 3L, 4L], result.Packets.Select(static p => p.Microseconds));
    }

    [Fact]
    public void BlocksThatLie_AreSkippedOne_ByOne_WithASoftFault()
    {
        byte[] Head() => new CaptureBytes().Section().Interface().Enhanced(0, 1, Data).ToArray();
        byte[] tail = new CaptureBytes().Enhanced(0, 2, Data).ToArray();
        (string Name, byte[] Block, string Fault)[] table =
        [
            ("unknown interface", new CaptureBytes().Enhanced(7, 1, Data).ToArray(), "packet block at offset 100 (after packet 1) of an interface that was not described: skipped"),
            ("captured beyond block", new CaptureBytes().Block(6, static b => b.U32(0).U32(0).U32(0).U32(500).U32(500).Raw(new byte[8])).ToArray(), "packet block at offset 100 (after packet 1) with more captured bytes than the block holds: skipped"),
            ("captured above limit", new CaptureBytes().Enhanced(0, 1, new byte[262_145]).ToArray(), "packet block at offset 100 (after packet 1) with more captured bytes than the limit: skipped"),
            ("block far above limit", new CaptureBytes().Enhanced(0, 1, new byte[900_000]).ToArray(), "packet block at offset 100 (after packet 1) of 900032 bytes was skipped: above the limit"),
            ("too short", new CaptureBytes().Block(6, static b => b.U32(0)).ToArray(), "packet block at offset 100 (after packet 1) too short for its header: skipped"),
        ];
        foreach ((string name, byte[] block, string fault) in table)
        {
            ReadResult result = ReadResult.Of([.. Head(), .. block, .. tail]);
            Assert.True(result.Outcome == ReadOutcome.End, name);
            Assert.Equal(2, result.Packets.Count);
            Assert.Equal(fault, result.Fault);
        }
    }

    [Fact]
    public void DamagedBlock_LosesItsSection_NotTheNext()
    {
        byte[] good = new CaptureBytes().Section().Interface().Enhanced(0, 1, Data).ToArray();
        byte[] damaged = new CaptureBytes().Enhanced(0, 9, Data).ToArray();
        damaged[4] ^= 0x10; // its first length no longer is its last
        byte[] next = new CaptureBytes(bigEndian: true).Section().Interface().Enhanced(0, 2, Data).ToArray();
        ReadResult result = ReadResult.Of([.. good, .. damaged, .. new CaptureBytes().Enhanced(0, 3, Data).ToArray(), .. next]);
        Assert.Equal([1L, 2L], result.Packets.Select(static p => p.Microseconds));
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.StartsWith("wrong length in the block at offset 100 (after packet 1): 56 at its start, ", result.Fault, StringComparison.Ordinal);
        Assert.EndsWith("; 80 bytes were skipped to the next section", result.Fault, StringComparison.Ordinal);

        result = ReadResult.Of([.. good, .. damaged, .. new CaptureBytes().Enhanced(0, 3, Data).ToArray()]);
        Assert.Single(result.Packets);
        Assert.Equal(ReadOutcome.Failed, result.Outcome);
        Assert.StartsWith("wrong length in the block at offset 100", result.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void LengthThatLies_OfAnUnknownBlock_HoldsNoMemory()
    {
        byte[] file = new CaptureBytes().Section().Interface().U32(0x1234).U32(0xFFFF_FFF0).Raw(new byte[100]).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Equal(ReadOutcome.Failed, result.Outcome);
        Assert.Equal("cut off in the block after packet 0 at offset 60: 4294967280 bytes were due, 108 are left", result.Fault);
        Assert.Equal(ReadOutcome.Failed, ReadResult.Of(new CaptureBytes().Section().U32(6).U32(4).Raw(new byte[100]).ToArray()).Outcome);
    }

    [Fact]
    public void InterfacesBeyondTheLimit_AreSkipped()
    {
        var bytes = new CaptureBytes().Section();
        for (int i = 0; i < 5; i++) bytes.Interface();
        ReadResult result = ReadResult.Of(bytes.Enhanced(1, 1, Data).Enhanced(4, 2, Data).ToArray(), limits: new CaptureReaderLimits { MaxInterfaces = 3 });
        Assert.Single(result.Packets);
        Assert.Equal(ReadOutcome.End, result.Outcome);
        Assert.StartsWith("more than 3 interfaces", result.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownLinkType_IsRemarkedOnOnce_WhenItsFirstPacketComes()
    {
        byte[] file = new CaptureBytes().Section().Interface(1).Interface(195).Enhanced(0, 1, Data).Enhanced(1, 2, Data).Enhanced(1, 3, Data).ToArray();
        ReadResult result = ReadResult.Of(file);
        Assert.Equal(3, result.Packets.Count);
        Assert.Equal("unknown link type 195, from packet 2 at offset 132 on: such packets are counted but not decoded", result.Fault);
    }

    [Fact]
    public void EveryPrefix_GivesThePacketsThatAreWhole()
    {
        byte[] file = Sample();
        List<Kept> all = ReadResult.Of(file).Packets;
        int ends = 0;
        for (int length = 0; length < file.Length; length++)
        {
            ReadResult result = ReadResult.Of(file[..length]);
            Assert.Equal(all.Take(result.Packets.Count), result.Packets);
            if (result.Outcome == ReadOutcome.End) ends++;
            else Assert.NotNull(result.Fault);
        }

        Assert.Equal(9, ends); // before each block but the first
    }

    [Fact]
    public void AnyPieces_AndAnyBuffer_ChangeNothing()
    {
        byte[] file = Sample();
        ReadResult expected = ReadResult.Of(file);
        Assert.Equal(5, expected.Packets.Count);
        for (int piece = 1; piece < 130; piece++)
        {
            ReadResult result = ReadResult.Of(file, _ => piece, bufferBytes: 64 + (piece % 5));
            Assert.Equal(expected.Packets, result.Packets);
            Assert.Equal(expected.Fault, result.Fault);
        }
    }

    private static byte[] Sample() =>
    [
        .. new CaptureBytes().Section().Interface(snap: 100).Enhanced(0, 1, Data, comment: "x").Simple(new byte[33]).Block(99, static b => b.Raw(new byte[40])).ToArray(),
        .. new CaptureBytes(bigEndian: true).Section().Interface(resolution: 0x8A).Enhanced(0, 1024, new byte[70]).Obsolete(0, 3000, Data).Enhanced(0, 9000, []).ToArray(),
    ];
}
