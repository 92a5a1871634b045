using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class WriteBehindTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public void SlowDisk_RefusesMediaBeforeSignalling()
    {
        using var disk = new HeldDisk();
        using var behind = new WriteBehind(disk, 8L * Megabyte, Megabyte);
        ISegmentFile media = behind.Create(new SegmentId(PacketKind.Rtp, 0, 1, 1, 0));
        ISegmentFile signalling = behind.Create(new SegmentId(PacketKind.Sip, 0, 1, 1, 0));
        byte[] bytes = new byte[Megabyte];
        for (int i = 0; i < 6; i++) media.Write(bytes, (long)i * Megabyte);
        Assert.Throws<IOException>(() => media.Write(bytes, 6L * Megabyte));
        signalling.Write(bytes, 0);
        signalling.Write(bytes, Megabyte);
        Assert.Throws<IOException>(() => signalling.Write(bytes, 2L * Megabyte));
        Assert.Equal(8L * Megabyte, behind.WaitingBytes);
        Assert.False(behind.IsDone(1));

        disk.Going.Set();
        Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        media.Write(bytes, 6L * Megabyte);
        Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        Assert.Equal((7L * Megabyte, 2L * Megabyte), (disk.Written(PacketKind.Rtp), disk.Written(PacketKind.Sip)));
        Assert.Equal(0, behind.WaitingBytes);
    }

    [Fact]
    public void FailingDisk_IsTriedAgainAndLosesNothingOfWhatWasTaken()
    {
        using var disk = new HeldDisk { Fault = "No space left on device" };
        disk.Going.Set();
        using var behind = new WriteBehind(disk, 8L * Megabyte, Megabyte);
        ISegmentFile file = behind.Create(new SegmentId(PacketKind.Rtp, 0, 1, 1, 0));
        file.Write(new byte[100], 0);
        Assert.False(behind.Wait(TimeSpan.FromMilliseconds(300)));
        Assert.Equal(disk.Fault, Assert.Throws<IOException>(() => file.Write(new byte[100], 100)).Message);
        disk.Fault = null;
        Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        file.Write(new byte[100], 100);
        file.Finish();
        file.Dispose();
        Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        Assert.Equal(200, disk.Written(PacketKind.Rtp));
        Assert.Equal(1, disk.Finished);
    }

    [Fact]
    public void Shard_WhoseDiskStandsStill_GoesOnCountsFramesAndSaysWhatIsWritten()
    {
        using var disk = new HeldDisk();
        var limits = new PacketLogLimits { FrameBytes = 2000, ChunkBytes = 2048, WriteBufferBytes = 8192, WriteBehindBytes = 64 << 10 };
        var shard = new PacketLogShard(disk, 0, 1, limits);
        CallChunks call = shard.Open(CallKey.Of("a"u8));
        for (int i = 1; i <= 1000; i++)
        {
            Timestamp at = Frames.Noon + TimeSpan.FromMilliseconds(i);
            shard.Advance(at);
            call.Append(PacketKind.Rtp, new CapturedPacket { CapturedAt = at, LinkType = LinkType.Ethernet, OriginalLength = 200, Sequence = i, Bytes = new byte[200] });
            if (i % 100 == 0) call.Append(PacketKind.Sip, new CapturedPacket { CapturedAt = at, LinkType = LinkType.Ethernet, OriginalLength = 500, Sequence = i, Bytes = new byte[500] });
        }

        call.Seal();
        shard.Flush();
        long write = shard.LastWrite;
        Assert.False(shard.IsWritten(write));
        long lost = shard.Counters[PacketLogCounter.DroppedFrames];
        Assert.InRange(lost, 100, 950);

        // None of the signalling is among what was lost: all ten of its frames are in sealed chunks.
        Assert.Equal(1010 - lost, Sealed(call).Sum(static chunk => chunk.Frames));
        Assert.Equal(10, Sealed(call).Where(static chunk => chunk.Segment.Kind == PacketKind.Sip).Sum(static chunk => chunk.Frames));
        disk.Going.Set();
        Assert.True(shard.AwaitWrites(TimeSpan.FromSeconds(30)));
        Assert.True(shard.IsWritten(write));
        call.Dispose();
        shard.Dispose();
    }

    private static List<ChunkLocator> Sealed(CallChunks call)
    {
        var chunks = new List<ChunkLocator>();
        foreach (ChunkLocator chunk in call.Sealed) chunks.Add(chunk);
        return chunks;
    }

    /// <summary>A disk that stands still until it is told to go.</summary>
    private sealed class HeldDisk : ISegmentFiles, IDisposable
    {
        private readonly Dictionary<PacketKind, long> _written = [];

        public ManualResetEventSlim Going { get; } = new(false);

        public string? Fault { get; set; }

        public int Finished { get; private set; }

        public long Written(PacketKind kind)
        {
            lock (_written) return _written.GetValueOrDefault(kind);
        }

        public ISegmentFile Create(SegmentId id) => new HeldFile(this, id.Kind);

        public void Dispose()
        {
            Going.Set();
            Going.Dispose();
        }

        private sealed class HeldFile(HeldDisk disk, PacketKind kind) : ISegmentFile
        {
            public void Write(ReadOnlySpan<byte> bytes, long offset)
            {
                disk.Going.Wait();
                if (disk.Fault is { } fault) throw new IOException(fault);
                lock (disk._written) disk._written[kind] = Math.Max(disk._written.GetValueOrDefault(kind), offset + bytes.Length);
            }

            public void Sync()
            {
                // Memory.
            }

            public void Finish() => disk.Finished++;

            public void Dispose()
            {
                // Nothing is held.
            }
        }
    }
}
