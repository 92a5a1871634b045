using System.Text;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class SegmentFormatTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("a", 0xC1D04330u)]
    public void Crc32C_OfKnownTexts_IsCastagnoli(string text, uint expected) =>
        Assert.Equal(expected, SegmentFormat.Crc32C(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Crc32C_Of32Zeros_IsThatOfRfc3720() => Assert.Equal(0x8A9136AAu, SegmentFormat.Crc32C(new byte[32]));

    [Fact]
    public void Crc32C_OfAnyLengthAndPlace_IsThatByteByByte()
    {
        byte[] bytes = new byte[20_000];
        new Random(3).NextBytes(bytes);
        foreach (int length in (int[])[0, 1, 7, 8, 9, 1023, 1024, 3071, 3072, 3073, 3080, 4097, 6143, 6144, 6145, 9216, 16_447, 19_990])
        {
            foreach (int from in (int[])[0, 1, 5, 8])
            {
                uint crc = uint.MaxValue;
                foreach (byte b in bytes.AsSpan(from, length)) crc = System.Numerics.BitOperations.Crc32C(crc, b);
                Assert.Equal(~crc, SegmentFormat.Crc32C(bytes.AsSpan(from, length)));
            }
        }
    }

    [Fact]
    public void Crc32C_OfBytesCopiedInParts_IsThatOfAllTogether()
    {
        byte[] bytes = new byte[20_000];
        var random = new Random(5);
        random.NextBytes(bytes);
        for (int round = 0; round < 200; round++)
        {
            byte[] copy = new byte[bytes.Length + 8];
            uint sum = uint.MaxValue;
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(bytes.Length - at, (round % 4) switch { 0 => 2048, 1 => random.Next(1, 30), 2 => random.Next(2000, 7000), _ => random.Next(0, 2100) });
                sum = Crc32C.Copy(sum, bytes.AsSpan(at, length), copy.AsSpan(at));
                at += length;
            }

            Assert.Equal(SegmentFormat.Crc32C(bytes), ~sum);
            Assert.True(copy.AsSpan(0, bytes.Length).SequenceEqual(bytes) && !copy.AsSpan(bytes.Length).ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public void CopyBytes_OfAnyLength_CopiesThoseAndNoMore()
    {
        byte[] bytes = Frames.Payload(300, 7);
        for (int length = 0; length <= bytes.Length; length++)
        {
            byte[] copy = new byte[400];
            FrameBuffer.CopyBytes(bytes.AsSpan(0, length), copy.AsSpan(50));
            Assert.True(copy.AsSpan(50, length).SequenceEqual(bytes.AsSpan(0, length)));
            Assert.False(copy.AsSpan(0, 50).ContainsAnyExcept((byte)0) || copy.AsSpan(50 + length).ContainsAnyExcept((byte)0));
        }

        Assert.Throws<ArgumentException>(() => FrameBuffer.CopyBytes(bytes, new byte[299]));
    }

    [Fact]
    public void SegmentHeader_Written_ReadsBack()
    {
        var id = new SegmentId(PacketKind.Rtp, 7, 12345, 3, 2);
        byte[] bytes = new byte[SegmentFormat.SegmentHeaderBytes];
        SegmentFormat.WriteSegmentHeader(bytes, id);
        Assert.Equal(ParseOutcome.Message, SegmentFormat.TryReadSegmentHeader(bytes, out SegmentId read));
        Assert.Equal(id, read);
        Assert.Equal(ParseOutcome.NeedMore, SegmentFormat.TryReadSegmentHeader(bytes.AsSpan(0, 63), out _));
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.Equal(ParseOutcome.Malformed, SegmentFormat.TryReadSegmentHeader(bytes, out _));
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void Chunk_AnyBitFlipped_IsNoLongerAMessage()
    {
        byte[] chunk = Chunk(100);
        Assert.Equal(ParseOutcome.Message, SegmentFormat.TryReadChunk(chunk, out ChunkHeader header, out int length));
        Assert.Equal(chunk.Length, length);
        Assert.Equal(new ChunkHeader(PacketKind.Rtp, Frames.Key, 2, Frames.Noon, Frames.Noon + TimeSpan.FromSeconds(1), 99), header);
        for (int bit = 0; bit < chunk.Length * 8; bit++)
        {
            chunk[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(ParseOutcome.Message, SegmentFormat.TryReadChunk(chunk, out _, out _));
            chunk[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Chunk_EveryPrefix_NeedsMore()
    {
        byte[] chunk = Chunk(33);
        for (int length = 0; length < chunk.Length; length++)
            Assert.Equal(ParseOutcome.NeedMore, SegmentFormat.TryReadChunk(chunk.AsSpan(0, length), out _, out _));
    }

    [Theory]
    [InlineData(0L, "1970-01-01", "0000-sip-s03-r000012-p000")]
    [InlineData(-5_000_000L, "1970-01-01", "0000-sip-s03-r000012-p000")]
    [InlineData(1_795_148_820_000_000L, "2026-11-20", "0427-sip-s03-r000012-p000")]
    [InlineData(long.MaxValue, "9999-12-31", "2359-sip-s03-r000012-p000")]
    public void SegmentId_OfAnyTime_NamesItsMinute(long microseconds, string day, string name)
    {
        var id = new SegmentId(PacketKind.Sip, 3, SegmentId.MinuteOf(new Timestamp(microseconds)), 12, 0);
        Assert.Equal(day, id.Day);
        Assert.Equal(name, id.Name);
        Assert.True(SegmentId.TryParse(id.PathBelow("/data/packets"), out SegmentId read, out bool open));
        Assert.Equal(id, read);
        Assert.False(open);
        Assert.True(SegmentId.TryParse(id.OpenPathBelow("/data/packets"), out read, out open));
        Assert.Equal(id, read);
        Assert.True(open);
    }

    [Theory]
    [InlineData("/data/2026-11-20/0427-sip-s00-r000003-p000.seg.damaged")]
    [InlineData("/data/2026-11-20/0427-xyz-s00-r000003-p000.seg")]
    [InlineData("/data/2026-11-20/2527-sip-s00-r000003-p000.seg")]
    [InlineData("/data/2026-13-20/0427-sip-s00-r000003-p000.seg")]
    [InlineData("/data/2026-11-20/0427-sip-s70000-r000003-p000.seg")]
    [InlineData("/data/2026-11-20/0427-sip-s-r-p.seg")]
    [InlineData("/data/1969-11-20/0427-sip-s00-r000003-p000.seg")]
    [InlineData("notes.seg")]
    public void SegmentId_OfAnotherFile_IsNone(string path) => Assert.False(SegmentId.TryParse(path, out _, out _));

    private static byte[] Chunk(int payload)
    {
        byte[] chunk = new byte[SegmentFormat.ChunkHeaderBytes + payload];
        Frames.Payload(payload, 5).CopyTo(chunk, SegmentFormat.ChunkHeaderBytes);
        SegmentFormat.WriteChunkHeader(chunk, new ChunkHeader(PacketKind.Rtp, Frames.Key, 2, Frames.Noon, Frames.Noon + TimeSpan.FromSeconds(1), 99));
        return chunk;
    }
}
