using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class PacketLogFolderTests
{
    [Fact]
    public void Open_AfterATailTornAtAnyByteOfTheLastChunk_CutsItAndKeepsTheRest()
    {
        using var source = new LogFolder();
        (byte[] file, SegmentId id, List<ChunkLocator> chunks) = CrashedSegment(source.Path);
        ChunkLocator last = chunks[^1];
        for (int length = (int)last.Offset; length <= file.Length; length++)
        {
            using var folder = new LogFolder();
            string path = Put(folder.Path, id, file.AsSpan(0, length));
            bool whole = length >= last.Offset + last.Length;
            using (PacketLogFolder log = PacketLogFolder.Open(folder.Path))
            {
                Assert.Equal(whole ? chunks.Count : chunks.Count - 1, log.Recovery.Chunks);
                Assert.Equal(whole || length == last.Offset ? 0 : 1, log.Recovery.TornSegments);
                Assert.Equal(whole ? 0 : length - last.Offset, log.Recovery.TornBytes);
                Assert.Equal(id, Assert.Single(log.Recovery.Segments));
                Assert.False(File.Exists(path));
                Assert.True(File.Exists(id.PathBelow(folder.Path)));
            }

            Assert.True(PacketLogVerifier.Verify(folder.Path).IsWhole);
        }
    }

    [Fact]
    public void Open_WithATornSegmentHeader_RemovesTheFile()
    {
        using var source = new LogFolder();
        (byte[] file, SegmentId id, _) = CrashedSegment(source.Path);
        for (int length = 0; length < SegmentFormat.SegmentHeaderBytes; length++)
        {
            using var folder = new LogFolder();
            string path = Put(folder.Path, id, file.AsSpan(0, length));
            using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
            Assert.Equal(1, log.Recovery.UnreadableSegments);
            Assert.Empty(log.Recovery.Segments);
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public void Open_WithADamagedSegmentHeader_SetsTheFileAside()
    {
        using var source = new LogFolder();
        (byte[] file, SegmentId id, _) = CrashedSegment(source.Path);
        file[20] ^= 1;
        using var folder = new LogFolder();
        string path = Put(folder.Path, id, file);
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        Assert.Equal(1, log.Recovery.UnreadableSegments);
        Assert.Equal(file, File.ReadAllBytes(path + ".damaged"));
    }

    [Fact]
    public void Verify_WithAnyByteOfAMiddleChunkFlipped_FindsItAndKeepsItsNeighbours()
    {
        using var source = new LogFolder();
        (byte[] file, SegmentId id, List<ChunkLocator> chunks) = CrashedSegment(source.Path);
        ChunkLocator middle = chunks[1];
        for (int at = (int)middle.Offset; at < middle.Offset + middle.Length; at += 3)
        {
            using var folder = new LogFolder();
            byte[] damaged = [.. file];
            damaged[at] ^= 0x40;
            Directory.CreateDirectory(Path.GetDirectoryName(id.PathBelow(folder.Path))!);
            File.WriteAllBytes(id.PathBelow(folder.Path), damaged);
            Assert.False(PacketLogVerifier.Verify(folder.Path).IsWhole);

            using var reader = new PacketLogReader(folder.Path);
            using var list = new ChunkList();
            foreach (ChunkLocator chunk in chunks) list.Add(chunk);
            using PacketGather gather = reader.Gather(list, PacketKindSet.All, Frames.Key);
            Assert.Equal(chunks.Count - 1, Frames.All(gather).Count);
            Assert.Equal(1, gather.DamagedChunks);
        }
    }

    [Fact]
    public void Open_WhileAnotherRunWrites_LeavesItsSegmentsAlone()
    {
        using var folder = new LogFolder();
        using PacketLogFolder first = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = first.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        call.Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        shard.SealAll();
        using PacketLogFolder second = PacketLogFolder.Open(folder.Path);
        Assert.NotEqual(first.Run, second.Run);
        Assert.Empty(second.Recovery.Segments);
        Assert.True(Assert.Single(SegmentFile.List(folder.Path)).IsOpen);
    }

    [Fact]
    public void Open_AgainAndAgain_NeverUsesARunNumberTwice()
    {
        using var folder = new LogFolder();
        var runs = new List<uint>();
        for (int i = 0; i < 5; i++)
        {
            using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
            runs.Add(log.Run);
        }

        Assert.Equal([1u, 2, 3, 4, 5], runs);
        Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "runs")));
    }

    [Fact]
    public void Open_AfterAReimportOfTheSamePackets_OverwritesNothing()
    {
        using var folder = new LogFolder();
        for (int run = 0; run < 2; run++)
        {
            using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
            using PacketLogShard shard = log.OpenShard(0);
            shard.Open(Frames.Key).Append(PacketKind.Sip, Frames.Packet(1, Frames.Noon, [1]));
        }

        List<SegmentFile> files = SegmentFile.List(folder.Path);
        Assert.Equal(2, files.Count);
        Assert.All(files, file => Assert.False(file.IsOpen));
        Assert.Equal("1200-sip-s00-r000001-p000.seg", Path.GetFileName(files[0].Path));
        Assert.Equal("1200-sip-s00-r000002-p000.seg", Path.GetFileName(files[1].Path));
    }

    // Three chunks of one frame, in a segment whose run has died.
    private static (byte[] File, SegmentId Id, List<ChunkLocator> Chunks) CrashedSegment(string root)
    {
        using PacketLogFolder log = PacketLogFolder.Open(root);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        for (int i = 1; i <= 3; i++)
        {
            call.Append(PacketKind.Rtp, Frames.Packet(i, Frames.Noon, Frames.Payload(60 + i, i)));
            call.Seal();
        }

        shard.Flush();
        SegmentFile file = Assert.Single(SegmentFile.List(root));
        return (File.ReadAllBytes(file.Path), file.Id, Frames.All(call.Sealed));
    }

    private static string Put(string root, SegmentId id, ReadOnlySpan<byte> bytes)
    {
        string path = id.OpenPathBelow(root);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes.ToArray());
        return path;
    }
}
