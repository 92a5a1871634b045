using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class CallChunksTests
{
    [Fact]
    public void Frames_OfEveryLengthAroundAPage_ComeBackByteForByte()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        var expected = new List<SeenFrame>();
        byte[] list;
        using (PacketLogShard shard = log.OpenShard(0))
        {
            CallChunks call = shard.Open(Frames.Key);
            long sequence = 0;
            foreach (int length in Enumerable.Range(1980, 120).Concat([0, 1, 4064, 16_352, 16_353, 40_000, 262_144, 5]))
            {
                CapturedPacket packet = Frames.Packet(++sequence, Frames.Noon, Frames.Payload(length, length));
                expected.Add(Frames.See(packet));
                Assert.True(call.Append(PacketKind.Rtp, packet));
            }

            call.Seal();
            list = call.Sealed.ToArray();
        }

        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(list, PacketKindSet.All, Frames.Key);
        Assert.Equal(expected, Frames.All(gather));
        Assert.Equal(0, gather.DamagedChunks + gather.MissingChunks + gather.RepeatedFrames);
    }

    [Fact]
    public void Chunk_Full_IsSealedAtSixteenKibibytes()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        byte[] payload = Frames.Payload(214, 1);
        for (int i = 1; i <= 1000; i++) call.Append(PacketKind.Rtp, Frames.Packet(i, Frames.Noon, payload));
        List<ChunkLocator> chunks = Frames.All(call.Sealed);
        Assert.Equal(1000 / 66, chunks.Count);
        Assert.All(chunks, chunk => Assert.Equal(64 + (66 * 246), chunk.Length));
        Assert.All(chunks, chunk => Assert.Equal(66, chunk.Frames));
        Assert.True(call.OpenBytes < 16 * 1024);
    }

    [Theory]
    [InlineData(262_144, 16 * 1024, 2048)]
    [InlineData(1_000, 16 * 1024, 2048)]
    [InlineData(4_000, 1024, 2048)]
    [InlineData(4_000, 5_000, 512)]
    public void Frames_AsTheyAreLaid_AreKeptLikePackets(int frameBytes, int chunkBytes, int pageBytes)
    {
        var limits = new PacketLogLimits { FrameBytes = frameBytes, ChunkBytes = chunkBytes, PageBytes = pageBytes };
        using var one = new LogFolder();
        using var other = new LogFolder();
        using (PacketLogFolder packets = PacketLogFolder.Open(one.Path, limits), frames = PacketLogFolder.Open(other.Path, limits))
        using (PacketLogShard byPacket = packets.OpenShard(0), byFrame = frames.OpenShard(0))
        {
            CallChunks[] packed = [byPacket.Open(Frames.Key), byPacket.Open(new CallKey(1, 2))];
            CallChunks[] laid = [byFrame.Open(Frames.Key), byFrame.Open(new CallKey(1, 2))];
            var random = new Random(11);
            byte[] bytes = new byte[8_000];
            for (int i = 1; i <= 4_000; i++)
            {
                // Most are of one length; some are there twice, and some come behind later ones.
                int length = random.Next(10) switch { 0 => random.Next(0, 7_000), 1 => random.Next(0, 80), _ => 214 };
                long sequence = random.Next(20) == 0 ? Math.Max(1, i - random.Next(3)) : i;
                CapturedPacket packet = Frames.Packet(sequence, Frames.Noon + TimeSpan.FromMilliseconds(i + random.Next(-2, 3)), Frames.Payload(length, i));
                FrameBuffer.WriteFrame(bytes, packet);
                int call = random.Next(2);
                Assert.Equal(
                    packed[call].Append(PacketKind.Rtp, packet),
                    laid[call].Media.Append(bytes.AsSpan(0, FrameBuffer.FrameHeaderBytes + length), packet.CapturedAt, packet.Sequence));
                Assert.Equal(packed[call].OpenBytes, laid[call].OpenBytes);
                Assert.Equal(packed[call].Sealed.ToArray(), laid[call].Sealed.ToArray());
            }

            byPacket.SealAll();
            byFrame.SealAll();
            Assert.Equal(byPacket.Counters.Describe(), byFrame.Counters.Describe());
        }

        string[] files = [.. Directory.EnumerateFiles(one.Path, "*", SearchOption.AllDirectories).Where(static file => new FileInfo(file).Length > 100_000)];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(other.Path, Path.GetRelativePath(one.Path, file)))));
    }

    [Fact]
    public void Chunk_OverASecondOld_IsSealedByTimeAndCanBeReadWhileItsSegmentIsWritten()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        using PacketLogReader reader = log.OpenReader();
        shard.Advance(Frames.Noon);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, Frames.Payload(50, 1)));
        shard.Advance(Frames.Noon + TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, call.Sealed.Count);
        shard.Advance(Frames.Noon + TimeSpan.FromSeconds(1));
        Assert.Equal(1, call.Sealed.Count);
        Assert.Equal(0, call.OpenBytes);
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.Sip, Frames.Key);
        Assert.Single(Frames.All(gather));
    }

    [Fact]
    public void Advance_BackInTime_SealsEverything()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        shard.Advance(Frames.Noon);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        shard.Advance(Frames.Noon - TimeSpan.FromHours(1));
        Assert.Equal(1, call.Sealed.Count);
    }

    [Fact]
    public void Append_OfTheSameFrameTwiceRunning_KeepsItOnce()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(7, Frames.Noon, [1]));
        call.Append(PacketKind.Sip, Frames.Packet(7, Frames.Noon, [1]));
        call.Seal();
        Assert.Equal(1, call.Sealed.Frames);
        Assert.Equal(1, shard.Counters[PacketLogCounter.RepeatedFrames]);
    }

    [Fact]
    public void Append_OfUnnumberedPackets_KeepsTheirOrder()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        for (byte i = 0; i < 10; i++) call.Append((PacketKind)(i % 2), Frames.Packet(0, Frames.Noon, [i]));
        call.Append(PacketKind.Sip, Frames.Packet(0, Frames.Noon, [10]), captureSequence: 5000);
        call.Seal();
        shard.Flush();
        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All);
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"{i:X2}"), Frames.All(gather).Select(frame => frame.Bytes));
    }

    [Fact]
    public void Append_OverTheLongestFrame_IsDroppedAndCounted()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        Assert.False(call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, new byte[262_145])));
        Assert.Equal(1, shard.Counters[PacketLogCounter.OversizedFrames]);
    }

    [Fact]
    public void Append_WhenMemoryIsUsedUp_SealsTheOldestAndLosesNothing()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path, new PacketLogLimits { OpenChunkBytes = 16 * 2048 });
        var lists = new List<ChunkList>();
        using (PacketLogShard shard = log.OpenShard(0))
        {
            var calls = Enumerable.Range(0, 40).Select(i => shard.Open(new CallKey(1, (ulong)i))).ToList();
            for (int round = 0; round < 30; round++)
            {
                for (int i = 0; i < calls.Count; i++)
                    Assert.True(calls[i].Append(PacketKind.Rtp, Frames.Packet((round * 40) + i + 1, Frames.Noon, Frames.Payload(214, i))));
            }

            // One frame larger than all the memory there is.
            Assert.False(calls[0].Append(PacketKind.Rtp, Frames.Packet(99_999, Frames.Noon, new byte[17 * 2048])));
            Assert.Equal(1, shard.Counters[PacketLogCounter.UnpagedFrames]);
            Assert.True(shard.Counters[PacketLogCounter.EarlyChunks] > 0);
            shard.SealAll();
            lists.AddRange(calls.Select(call => call.Sealed));
        }

        using PacketLogReader reader = log.OpenReader();
        for (int i = 0; i < lists.Count; i++)
        {
            using PacketGather gather = reader.Gather(lists[i], PacketKindSet.All, new CallKey(1, (ulong)i));
            Assert.Equal(30, Frames.All(gather).Count);
        }
    }

    [Fact]
    public void Append_InSteadyState_AllocatesNothing()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        var calls = Enumerable.Range(0, 50).Select(i => shard.Open(new CallKey(2, (ulong)i))).ToArray();
        byte[] payload = Frames.Payload(214, 1);
        long sequence = 0;
        void Round(int packets)
        {
            for (int i = 0; i < packets; i++)
            {
                sequence++;
                Timestamp at = new(Frames.Noon.Microseconds + sequence);
                calls[i % calls.Length].Append(i % 10 == 0 ? PacketKind.Sip : PacketKind.Rtp, Frames.Packet(sequence, at, payload));
                if (i % 512 == 0) shard.Advance(at);
            }
        }

        Round(100_000);
        int windowsWithout = 0;
        long all = 0;
        for (int window = 0; window < 200; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Round(500);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            all += allocated;
            if (allocated == 0) windowsWithout++;
        }

        // 1,500 chunks were sealed. Only a chunk list that outgrows its pooled array may cost something: once in its doubling.
        Assert.InRange(windowsWithout, 180, 200);
        Assert.InRange(all, 0, 50 * 2048);
    }
}
