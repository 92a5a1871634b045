using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class SegmentWriterTests
{
    private static readonly PacketLogLimits Small = new() { FrameBytes = 2000, ChunkBytes = 2048, WriteBufferBytes = 8192 };

    [Fact]
    public void DiskFull_ForAWhile_DropsAndCountsThenGoesOn()
    {
        var disk = new FakeDisk();
        var counters = new Counters<PacketLogCounter>();
        using var writer = new SegmentWriter(disk, PacketKind.Rtp, 0, 1, Small, counters);
        Assert.True(Append(writer, 1));
        Assert.True(writer.Flush());

        disk.Fault = "No space left on device";
        var taken = new List<ChunkLocator>();
        for (int i = 0; i < 100; i++)
        {
            if (Append(writer, 2 + i, out ChunkLocator chunk)) taken.Add(chunk);
        }

        Assert.Equal(SegmentWriterState.Failing, writer.State);
        Assert.Equal(disk.Fault, writer.Fault);
        Assert.Equal(100 - taken.Count, counters[PacketLogCounter.DroppedChunks]);
        Assert.InRange(taken.Count, 1, 99);

        // One failing call for the full buffer, then one for each flush: not one for each chunk.
        Assert.Equal(1, counters[PacketLogCounter.FailedWrites]);
        Assert.False(writer.Flush());
        Assert.Equal(2, counters[PacketLogCounter.FailedWrites]);

        disk.Fault = null;
        Assert.True(writer.Flush());
        Assert.Equal(SegmentWriterState.Writing, writer.State);
        Assert.Null(writer.Fault);
        Assert.True(Append(writer, 500, out ChunkLocator after));
        Assert.True(writer.Flush());
        taken.Add(after);
        byte[] file = disk.Files.Values.Single();
        foreach (ChunkLocator chunk in taken)
        {
            ReadOnlySpan<byte> bytes = file.AsSpan((int)chunk.Offset, chunk.Length);
            Assert.Equal(ParseOutcome.Message, SegmentFormat.TryReadChunk(bytes, out ChunkHeader header, out _));
            Assert.Equal(chunk.FirstSequence, header.FirstSequence);
        }
    }

    [Fact]
    public void DiskFull_WhenTheMinuteEnds_DropsWhatWasBufferedAndBeginsTheNext()
    {
        var disk = new FakeDisk { Fault = "No space left on device" };
        var counters = new Counters<PacketLogCounter>();
        using var writer = new SegmentWriter(disk, PacketKind.Rtp, 0, 1, Small, counters);
        Append(writer, 1);
        Append(writer, 2);
        Append(writer, 3, Frames.Noon + TimeSpan.FromMinutes(1), out _);
        Assert.Equal(2, counters[PacketLogCounter.DroppedChunks]);
        disk.Fault = null;
        Assert.True(writer.Flush());
        Assert.Equal(Frames.Noon + TimeSpan.FromMinutes(1), Assert.Single(disk.Files).Key.Start);
    }

    [Fact]
    public void Segment_OfTheNextMinute_BeginsAndLateChunksStay()
    {
        var disk = new FakeDisk();
        using var writer = new SegmentWriter(disk, PacketKind.Sip, 0, 1, Small, new Counters<PacketLogCounter>());
        Assert.Null(writer.Segment);
        Append(writer, 1);
        Append(writer, 2, Frames.Noon + TimeSpan.FromSeconds(61), out ChunkLocator second);
        Append(writer, 3, Frames.Noon + TimeSpan.FromSeconds(59), out ChunkLocator late);
        Assert.Equal(second.Segment, late.Segment);
        Assert.Equal(second.Segment, writer.Segment);
        Assert.Single(disk.Finished);
    }

    [Fact]
    public void Segment_OfAnOlderFile_IsAPartOfItsOwn()
    {
        var disk = new FakeDisk();
        using var writer = new SegmentWriter(disk, PacketKind.Sip, 0, 1, Small, new Counters<PacketLogCounter>());
        Append(writer, 1, Frames.Noon, out ChunkLocator noon);
        Append(writer, 2, Frames.Noon - TimeSpan.FromHours(3), out ChunkLocator morning);
        for (int i = 0; i < 100; i++) Append(writer, 3 + i, Frames.Noon, out _);
        Append(writer, 200, Frames.Noon - TimeSpan.FromHours(3), out ChunkLocator again);
        Assert.Equal(noon.Segment.Minute - 180, morning.Segment.Minute);
        Assert.Equal(morning.Segment with { Part = 2 }, again.Segment);
    }

    [Fact]
    public void Segments_OfSenselessTimes_AreFew()
    {
        var disk = new FakeDisk();
        var counters = new Counters<PacketLogCounter>();
        using var writer = new SegmentWriter(disk, PacketKind.Sip, 0, 1, Small, counters);
        for (int i = 0; i < 6400; i++) Append(writer, i, Frames.Noon + TimeSpan.FromDays(i % 2 * 400), out _);
        writer.Flush();
        Assert.InRange(disk.Files.Count, 2, 2 * 6400 / 64 + 2);
        Assert.True(counters[PacketLogCounter.MisplacedChunks] > 2000);
    }

    [Fact]
    public void Folder_ThatCannotBeMade_IsAStateAndNoException()
    {
        using var folder = new LogFolder();
        File.WriteAllText(Path.Combine(folder.Path, "2026-11-20"), "a file where the day's folder should be");
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        shard.Open(Frames.Key).Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        Assert.False(shard.SealAll());
        Assert.Equal(SegmentWriterState.Failing, shard.State);
        File.Delete(Path.Combine(folder.Path, "2026-11-20"));
        Assert.True(shard.Flush());
        Assert.Equal(SegmentWriterState.Writing, shard.State);
    }

    private static bool Append(SegmentWriter writer, long sequence) => Append(writer, sequence, out _);

    private static bool Append(SegmentWriter writer, long sequence, out ChunkLocator chunk) => Append(writer, sequence, Frames.Noon, out chunk);

    private static bool Append(SegmentWriter writer, long sequence, Timestamp at, out ChunkLocator chunk) =>
        writer.Append(new ChunkHeader(PacketKind.Rtp, Frames.Key, 1, at, at, sequence), Frames.Payload(500, (int)sequence), out chunk);

    private sealed class FakeDisk : ISegmentFiles
    {
        public string? Fault { get; set; }

        public Dictionary<SegmentId, byte[]> Files { get; } = [];

        public List<SegmentId> Finished { get; } = [];

        public ISegmentFile Create(SegmentId id)
        {
            if (Fault is not null) throw new IOException(Fault);
            Files.Add(id, []);
            return new FakeFile(this, id);
        }

        private sealed class FakeFile(FakeDisk disk, SegmentId id) : ISegmentFile
        {
            public void Write(ReadOnlySpan<byte> bytes, long offset)
            {
                // A failing write leaves half of its bytes behind, as a full disk does.
                ReadOnlySpan<byte> written = disk.Fault is null ? bytes : bytes[..(bytes.Length / 2)];
                byte[] file = disk.Files[id];
                if (file.Length < offset + written.Length) Array.Resize(ref file, (int)offset + written.Length);
                written.CopyTo(file.AsSpan((int)offset));
                disk.Files[id] = file;
                if (disk.Fault is not null) throw new IOException(disk.Fault);
            }

            public void Sync()
            {
                // Memory.
            }

            public void Finish() => disk.Finished.Add(id);

            public void Dispose()
            {
                // Nothing is held.
            }
        }
    }
}
