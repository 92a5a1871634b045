using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class PacketGatherTests
{
    public static TheoryData<int> Seeds => new(Enumerable.Range(1, 25));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Gather_OfAnyInterleaving_GivesTheOrderOfCaptureEachFrameOnce(int seed)
    {
        var random = new Random(seed);
        using var folder = new LogFolder();
        var limits = new PacketLogLimits { ChunkBytes = 1024 + random.Next(4000) };
        int callCount = random.Next(1, 6);
        var lists = new List<ChunkList>();
        var expected = Enumerable.Range(0, callCount).Select(_ => new SortedDictionary<long, (PacketKindSet Kinds, SeenFrame Frame)>()).ToList();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path, limits);
        using (PacketLogShard shard = log.OpenShard(3))
        {
            var calls = Enumerable.Range(0, callCount).Select(i => shard.Open(new CallKey(9, (ulong)i))).ToList();
            var held = new List<(int Call, PacketKind Kind, FrameBuffer Frame)>();
            long sequence = 0;
            Timestamp now = Frames.Noon;
            for (int i = 0; i < 1500; i++)
            {
                // Stamps go back, stand still and cross minutes.
                now = new Timestamp(now.Microseconds + random.Next(-2000, 200_000));
                Timestamp stamp = random.Next(8) == 0 ? new Timestamp(now.Microseconds - random.Next(300_000_000)) : now;
                CapturedPacket packet = Frames.Packet(++sequence, stamp, Frames.Payload(random.Next(0, 700), i));
                int to = random.Next(callCount);
                var kind = (PacketKind)random.Next(2);
                Lay(to, kind, packet, random.Next(12) == 0);
                if (random.Next(15) == 0) Lay(to, (PacketKind)random.Next(2), packet, random.Next(2) == 0);
                if (random.Next(25) == 0) LayHeld();
                if (random.Next(40) == 0) shard.Advance(now);
                if (random.Next(100) == 0) calls[to].Seal();
            }

            LayHeld();
            foreach (CallChunks call in calls) call.Seal();
            lists.AddRange(calls.Select(call => call.Sealed));

            void Lay(int call, PacketKind kind, in CapturedPacket packet, bool later)
            {
                SeenFrame seen = Frames.See(packet);
                PacketKindSet kinds = (PacketKindSet)(1 << (int)kind);
                if (expected[call].TryGetValue(packet.Sequence, out var there)) kinds |= there.Kinds;
                expected[call][packet.Sequence] = (kinds, seen);
                if (!later)
                {
                    calls[call].Append(kind, packet);
                    return;
                }

                var buffer = new FrameBuffer();
                buffer.Append(packet);
                held.Add((call, kind, buffer));
            }

            void LayHeld()
            {
                foreach ((int call, PacketKind kind, FrameBuffer frame) in held)
                {
                    calls[call].Append(kind, frame);
                    frame.Dispose();
                }

                held.Clear();
            }
        }

        using PacketLogReader reader = log.OpenReader();
        for (int call = 0; call < callCount; call++)
        {
            foreach (PacketKindSet kinds in new[] { PacketKindSet.All, PacketKindSet.Sip, PacketKindSet.Rtp })
            {
                using PacketGather gather = reader.Gather(lists[call].ToArray(), kinds, new CallKey(9, (ulong)call));
                Assert.Equal(expected[call].Values.Where(frame => (frame.Kinds & kinds) != 0).Select(frame => frame.Frame), Frames.All(gather));
                Assert.Equal(0, gather.DamagedChunks + gather.MissingChunks);
            }
        }

        Assert.True(PacketLogVerifier.Verify(folder.Path).IsWhole);
    }

    [Fact]
    public void Gather_OfALongCall_HoldsOnlyTheChunksThatOverlap()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        byte[] payload = Frames.Payload(214, 1);
        for (int i = 1; i <= 20_000; i++)
            call.Append(i % 100 == 0 ? PacketKind.Sip : PacketKind.Rtp, Frames.Packet(i, new Timestamp(Frames.Noon.Microseconds + (i * 10_000L)), payload));
        shard.SealAll();
        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All);
        int most = 0, frames = 0;
        while (gather.MoveNext())
        {
            most = Math.Max(most, gather.OpenChunks);
            frames++;
        }

        Assert.Equal(20_000, frames);
        Assert.True(call.Sealed.Count > 300);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public void Gather_WhenASegmentIsGone_GivesTheRestAndSaysSo()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        call.Append(PacketKind.Rtp, Frames.Packet(2, Frames.Noon, [2]));
        shard.SealAll();
        File.Delete(SegmentFile.List(folder.Path).Single(file => file.Id.Kind == PacketKind.Rtp).Path);
        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All, Frames.Key);
        Assert.Equal("01", Assert.Single(Frames.All(gather)).Bytes);
        Assert.Equal(1, gather.MissingChunks);
    }

    [Fact]
    public void Gather_WithAnotherCallsKey_GivesNothing()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        shard.SealAll();
        using PacketLogReader reader = log.OpenReader();
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All, new CallKey(1, 1));
        Assert.Empty(Frames.All(gather));
        Assert.Equal(1, gather.MissingChunks);
    }

    [Fact]
    public void Replay_OfSegments_GivesAllCallsInOrderOfCapture()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks one = shard.Open(new CallKey(0, 1)), two = shard.Open(new CallKey(0, 2));
        for (int i = 1; i <= 300; i++)
            (i % 3 == 0 ? one : two).Append((PacketKind)(i % 2), Frames.Packet(i, Frames.Noon, Frames.Payload(300, i)));
        shard.SealAll();
        using PacketLogReader reader = log.OpenReader();
        using PacketGather replay = reader.Replay(SegmentFile.List(folder.Path).Select(file => file.Id));
        long sequence = 0;
        while (replay.MoveNext())
        {
            Assert.Equal(++sequence, replay.Current.Sequence);
            Assert.Equal(new CallKey(0, sequence % 3 == 0 ? 1u : 2u), replay.CurrentKey);
            Assert.Equal((PacketKind)(sequence % 2), replay.CurrentKind);
        }

        Assert.Equal(300, sequence);
    }

    [Fact]
    public void Reader_OverItsOpenFiles_ClosesTheLeastUsed()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        for (int i = 1; i <= 20; i++)
        {
            call.Append(PacketKind.Rtp, Frames.Packet(i, Frames.Noon + TimeSpan.FromMinutes(i), [(byte)i]));
            call.Seal();
        }

        shard.Flush();
        Assert.Equal(20, SegmentFile.List(folder.Path).Count);
        using var reader = new PacketLogReader(folder.Path, new PacketLogLimits { OpenSegments = 4 });
        using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All);
        Assert.Equal(20, Frames.All(gather).Count);
        Assert.Equal(4, reader.OpenFiles);
    }
}
