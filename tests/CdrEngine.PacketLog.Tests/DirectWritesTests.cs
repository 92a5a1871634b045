using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

/// <summary>Segments that are written past the page cache hold what others hold, whatever the lengths, the moments they are flushed at, and what the disk does.</summary>
public sealed class DirectWritesTests : IDisposable
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;
    private readonly LogFolder _folder = new();
    private readonly List<string> _told = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void ChunksOfAnyLength_FlushedAtAnyTime_AreThereAfterEachFlush(int seed, bool isSealed)
    {
        KeyRing? keys = isSealed ? KeyRing.TryParse(KeyRing.NewKey(), out _) : null;
        var disk = new WatchedDisk();
        var random = new Random(seed);
        using var writer = Writer(disk, new PacketLogLimits { WriteBufferBytes = 400_000 + random.Next(8) }, keys);
        var written = new List<long>();
        SegmentId id = default;
        for (int i = 1; i <= 300; i++)
        {
            Assert.True(Append(writer, i, random.Next(random.Next(4) == 0 ? 200_000 : 6000), out ChunkLocator chunk));
            id = chunk.Segment;
            written.Add(i);
            if (random.Next(25) != 0) continue;
            Assert.True(writer.Flush());
            Assert.Equal(written, Sequences(id.OpenPathBelow(_folder.Path), keys));
        }

        writer.Dispose();
        Assert.Equal(written, Sequences(id.PathBelow(_folder.Path), keys));
        Assert.InRange(disk.Bytes, new FileInfo(id.PathBelow(_folder.Path)).Length / 2, long.MaxValue);
        Assert.Empty(_told);
    }

    [Fact]
    public void SystemsOwnDisk_TakesThemOrTheyGoThroughThePageCache()
    {
        var limits = new PacketLogLimits();
        byte[][] files = [.. new[] { true, false }.Select(isOn =>
        {
            using var folder = new LogFolder();
            using (var writer = new SegmentWriter(folder.Path, PacketKind.Rtp, 0, 1, limits with { WritesDirect = isOn }, new Counters<PacketLogCounter>()))
            {
                for (int i = 1; i <= 400; i++)
                {
                    Append(writer, i, i * 37 % 16_000, out _);
                    if (i % 150 == 0) Assert.True(writer.Flush());
                }
            }

            return File.ReadAllBytes(Assert.Single(SegmentFile.List(folder.Path)).Path);
        })];
        Assert.Equal(files[1], files[0]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FileSystemThatRefuses_IsToldOnce_AndNothingIsLost(bool alreadyAtOpen)
    {
        var disk = new WatchedDisk { OpenError = alreadyAtOpen ? LinuxDirectDisk.InvalidArgument : 0 };
        if (!alreadyAtOpen) disk.Answers.Enqueue(new(8192, 0));
        if (!alreadyAtOpen) disk.Answers.Enqueue(new(0, LinuxDirectDisk.NotSupported));
        var direct = new DirectWrites(isOn: true, disk, _told.Add);
        using SegmentWriter sip = Writer(direct, PacketKind.Sip), rtp = Writer(direct, PacketKind.Rtp);
        for (int i = 1; i <= 200; i++)
        {
            Append(sip, i, 5000, out _);
            Append(rtp, i, 9000, out _);
        }

        sip.Dispose();
        rtp.Dispose();
        foreach (SegmentFile file in SegmentFile.List(_folder.Path)) Assert.Equal(Enumerable.Range(1, 200).Select(static i => (long)i), Sequences(file.Path));
        Assert.Contains(_folder.Path, Assert.Single(_told), StringComparison.Ordinal);
        Assert.Equal(alreadyAtOpen ? 0 : 8192, disk.Bytes);
        Assert.False(direct.IsOn);
    }

    [Fact]
    public void FileThatCannotBeOpenedAgain_GoesThroughThePageCache_AndTheNextOneDoesNot()
    {
        const int tooManyFiles = 24;
        var disk = new WatchedDisk { OpenError = tooManyFiles };
        using SegmentWriter writer = Writer(disk, new PacketLogLimits());
        Append(writer, 1, 200_000, out _);
        Assert.True(writer.Flush());
        disk.OpenError = 0;
        Append(writer, 2, 200_000, out ChunkLocator first);
        Assert.True(writer.Flush());
        Assert.Equal(0, disk.Bytes);
        Append(writer, 3, 200_000, Frames.Noon + TimeSpan.FromMinutes(1), out ChunkLocator second);
        Assert.True(writer.Flush());
        Assert.InRange(disk.Bytes, 190_000, 200_000);
        Assert.Equal([1, 2], Sequences(first.Segment.PathBelow(_folder.Path)));
        Assert.Equal([3], Sequences(second.Segment.OpenPathBelow(_folder.Path)));
        Assert.Empty(_told);
    }

    [Theory]
    [InlineData(NoSpace, 0)]
    [InlineData(NoSpace, 4096)]
    [InlineData(NoSpace, 5000)]
    [InlineData(InputOutput, 12_288)]
    public void DiskThatFails_IsAState_AndTheSameWriteIsTriedAgain(int error, int before)
    {
        var disk = new WatchedDisk();
        using SegmentWriter writer = Writer(disk, new PacketLogLimits());
        Append(writer, 1, 3000, out _);
        Assert.True(writer.Flush());
        Append(writer, 2, 200_000, out _);
        if (before > 0) disk.Answers.Enqueue(new(before, 0));
        disk.Answers.Enqueue(new(0, error));

        // What is short of a block is no error: the rest goes through the page cache, and nothing is asked of the disk again.
        bool isOdd = before % DirectWrites.Block != 0;
        Assert.Equal(isOdd, writer.Flush());
        Assert.Equal(isOdd ? SegmentWriterState.Writing : SegmentWriterState.Failing, writer.State);
        if (!isOdd) Assert.Contains(error == NoSpace ? "No space left on device" : "Input/output error", writer.Fault, StringComparison.Ordinal);
        disk.Answers.Clear();
        Append(writer, 3, 100_000, out ChunkLocator chunk);
        Assert.True(writer.Flush());
        Assert.Equal(SegmentWriterState.Writing, writer.State);
        Assert.Equal([1, 2, 3], Sequences(chunk.Segment.OpenPathBelow(_folder.Path)));
        Assert.Empty(_told);
    }

    [Fact]
    public void PurgedChunk_OfASegmentBeingWritten_IsNotWrittenAgain()
    {
        var disk = new WatchedDisk();
        using SegmentWriter writer = Writer(disk, new PacketLogLimits());
        for (int i = 1; i <= 20; i++)
        {
            Append(writer, 2 * i, 70_000 + i * 333, out _);
            Append(writer, 2 * i + 1, 100, out ChunkLocator last);
            Assert.True(writer.Flush());
            using var chunks = new ChunkList();
            chunks.Add(last);
            Assert.Equal(1, PacketLogPurge.Purge(_folder.Path, chunks.Encoded, PacketKindSet.All, Frames.Key).Chunks);
        }

        SegmentId id = writer.Segment!.Value;
        writer.Dispose();
        Assert.Equal(Enumerable.Range(1, 20).Select(static i => 2L * i), Sequences(id.PathBelow(_folder.Path)));
        Assert.InRange(disk.Bytes, 20 * 60_000, long.MaxValue);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WritingThread_TakesFullBuffersAsTheyAre_AndCopiesOfOthers(bool isFull)
    {
        var disk = new WatchedDisk();
        const int bufferBytes = 512 << 10;
        using var behind = new WriteBehind(new FolderSegmentFiles(_folder.Path, new DirectWrites(isOn: true, disk)), 8 << 20, bufferBytes);
        var id = new SegmentId(PacketKind.Rtp, 0, SegmentId.MinuteOf(Frames.Noon), 1, 0);
        ISegmentFile file = behind.Create(id);
        using var expected = new MemoryStream();
        var buffer = new WriteBuffer(bufferBytes);
        for (int i = 1; i <= 40; i++)
        {
            int from = DirectWrites.InBlock(expected.Length);
            byte[] bytes = Frames.Payload(isFull ? bufferBytes - from - i : bufferBytes / 2 - i * 2000, i);
            bytes.CopyTo(buffer.Span[from..]);
            WriteBuffer next = file.Write(buffer, from, from + bytes.Length, expected.Length);
            Assert.Equal(isFull, next != buffer);
            buffer = next;
            buffer.Span.Fill(0xEE);
            expected.Write(bytes);
            Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        }

        buffer.Dispose();
        file.Finish();
        file.Dispose();
        Assert.True(behind.Wait(TimeSpan.FromSeconds(120)));
        Assert.Equal(expected.ToArray(), File.ReadAllBytes(id.PathBelow(_folder.Path)));
        Assert.InRange(disk.Bytes, expected.Length * 9 / 10, expected.Length);
    }

    [Fact]
    public void Buffers_AreUsedAgain_AndFewAreKept()
    {
        using var buffers = new WriteBuffers(1_000_000, 2_000_000);
        WriteBuffer small = buffers.Rent(5000);
        Assert.Equal(8192, small.Length);
        Assert.Equal(DirectWrites.Block, buffers.Rent(1).Length);
        Assert.Equal(1_000_000, buffers.Rent(600_000).Length);
        Assert.Equal(1 << 20, buffers.Rent(1_000_001).Length);
        buffers.Return(small);
        Assert.Same(small, buffers.Rent(8192));
        for (int i = 0; i < 5; i++) buffers.Return(new WriteBuffer(1_000_000));
        Assert.Equal(2_000_000, buffers.IdleBytes);
    }

    private static bool Append(SegmentWriter writer, long sequence, int bytes, out ChunkLocator chunk) => Append(writer, sequence, bytes, Frames.Noon, out chunk);

    private static bool Append(SegmentWriter writer, long sequence, int bytes, Timestamp at, out ChunkLocator chunk) =>
        writer.Append(new ChunkHeader(PacketKind.Rtp, Frames.Key, 1, at, at, sequence), Frames.Payload(bytes, (int)sequence), out chunk);

    private static List<long> Sequences(string path, KeyRing? keys = null)
    {
        using SegmentScanner scanner = SegmentScanner.Open(path, keys);
        var sequences = new List<long>();
        while (scanner.MoveNext())
        {
            sequences.Add(scanner.Header.FirstSequence);
            Assert.Equal(Frames.Payload(scanner.Frames.Length, (int)scanner.Header.FirstSequence), scanner.Frames.ToArray());
        }

        Assert.Equal((0, 0, 0), (scanner.TornBytes, scanner.DamagedChunks, scanner.StrayBytes));
        return sequences;
    }

    private SegmentWriter Writer(WatchedDisk disk, PacketLogLimits limits, KeyRing? keys = null) =>
        new(new FolderSegmentFiles(_folder.Path, new DirectWrites(isOn: true, disk, _told.Add)), PacketKind.Rtp, 0, 1, limits, new Counters<PacketLogCounter>(), keys);

    private SegmentWriter Writer(DirectWrites direct, PacketKind kind) =>
        new(new FolderSegmentFiles(_folder.Path, direct), kind, 0, 1, new PacketLogLimits(), new Counters<PacketLogCounter>());

    /// <summary>A disk that insists on whole blocks as the strictest does, and fails as it is told.</summary>
    private sealed class WatchedDisk : IDirectDisk
    {
        /// <summary>What the next writes give: at most so many bytes, or an error.</summary>
        public Queue<(int Bytes, int Error)> Answers { get; } = [];

        public int OpenError { get; set; }

        /// <summary>Bytes written.</summary>
        public long Bytes { get; private set; }

        public SafeFileHandle? Open(string path, out int error)
        {
            error = OpenError;
            return error != 0 ? null : File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }

        public unsafe nint Write(SafeFileHandle file, ReadOnlySpan<byte> blocks, long offset, out int error)
        {
            fixed (byte* first = blocks) Assert.Equal((0L, 0L, 0), ((nint)first % DirectWrites.Block, offset % DirectWrites.Block, blocks.Length % DirectWrites.Block));
            error = 0;
            if (Answers.TryDequeue(out (int Bytes, int Error) answer))
            {
                error = answer.Error;
                if (error != 0) return -1;
                blocks = blocks[..answer.Bytes];
            }

            RandomAccess.Write(file, blocks, offset);
            Bytes += blocks.Length;
            return blocks.Length;
        }
    }
}
