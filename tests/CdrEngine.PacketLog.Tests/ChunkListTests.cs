using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class ChunkListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Encoded_OfAnyChunks_ReadsBackAndGoesOn(int seed)
    {
        var random = new Random(seed);
        var expected = new List<ChunkLocator>();
        using var list = new ChunkList();
        for (int i = 0; i < 500; i++)
        {
            ChunkLocator chunk = Any(random);
            expected.Add(chunk);
            list.Add(chunk);
        }

        Assert.Equal(expected, Frames.All(list));
        Assert.Equal(ParseOutcome.Message, ChunkList.TryRead(list.Encoded, out ChunkList read));
        ChunkLocator more = Any(random);
        expected.Add(more);
        list.Add(more);
        read.Add(more);
        Assert.Equal(expected, Frames.All(read));
        Assert.Equal(list.ToArray(), read.ToArray());
        Assert.Equal(expected.Sum(chunk => (long)chunk.Frames), read.Frames);
    }

    [Fact]
    public void Encoded_OfNothing_IsEmpty()
    {
        using var list = new ChunkList();
        Assert.True(list.Encoded.IsEmpty);
        Assert.Equal(ParseOutcome.Message, ChunkList.TryRead(list.Encoded, out ChunkList read));
        Assert.Equal(0, read.Count);
    }

    [Fact]
    public void Encoded_OfAnOrdinaryCall_TakesFewBytesForAChunk()
    {
        using var list = new ChunkList();
        long offset = 64;
        for (int i = 0; i < 300; i++)
        {
            Timestamp at = Frames.Noon + TimeSpan.FromMilliseconds(620 * i);
            var segment = new SegmentId(PacketKind.Rtp, 0, SegmentId.MinuteOf(at), 3, 0);
            list.Add(new ChunkLocator(segment, offset, 16_300 + (i % 60), at, at + TimeSpan.FromMilliseconds(610), 61, 1 + (i * 90_000L)));
            offset += 14_000_000;
            if (i % 97 == 0) offset = 64;
        }

        Assert.InRange(list.Encoded.Length, 300 * 10, 300 * 20);
    }

    [Fact]
    public void TryRead_OfEveryPrefixAndRandomBytes_NeverThrows()
    {
        var random = new Random(11);
        using var list = new ChunkList();
        for (int i = 0; i < 10; i++) list.Add(Any(random));
        byte[] bytes = list.ToArray();
        int whole = 0;
        for (int length = 0; length <= bytes.Length; length++)
        {
            if (ChunkList.TryRead(bytes.AsSpan(0, length), out ChunkList read) == ParseOutcome.Message) whole++;
            Assert.InRange(read.Count, 0, 10);
        }

        // The empty list, the version alone, and the end of each of the ten entries.
        Assert.Equal(12, whole);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] noise = new byte[random.Next(60)];
            random.NextBytes(noise);
            if (noise.Length > 0) noise[0] = 1;
            ChunkList.TryRead(noise, out ChunkList read);
            Assert.InRange(read.Count, 0, noise.Length);
        }
    }

    private static ChunkLocator Any(Random random)
    {
        var segment = new SegmentId(
            (PacketKind)random.Next(2), (ushort)random.Next(3), (uint)random.Next(2) * uint.MaxValue / 3, (uint)random.Next(1, 3), (uint)random.Next(2));
        return new ChunkLocator(
            segment, random.NextInt64(long.MaxValue / 4), random.Next(), new Timestamp(random.NextInt64(long.MinValue, long.MaxValue)),
            new Timestamp(random.NextInt64()), random.Next(), random.NextInt64());
    }
}
