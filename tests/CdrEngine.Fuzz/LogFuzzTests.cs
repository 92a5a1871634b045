using CdrEngine.Core;
using CdrEngine.PacketLog;
using Xunit;

namespace CdrEngine.Fuzz;

/// <summary>Smoke of <see cref="LogFuzz"/>: some thousand seeded inputs, most of them good ones with a few bytes changed.</summary>
public sealed class LogFuzzTests
{
    private static readonly CallKey Key = new(1, 2);

    [Fact]
    public void ChunkLists_ChangedAnyhow_AreReadWithoutHarm()
    {
        var random = new Random(71);
        (_, _, ChunkList list) = Written();
        byte[] good = list.ToArray();
        for (int round = 0; round < 20_000; round++) LogFuzz.ChunkList(Changed(good, random));
        Assert.Equal(ParseOutcome.Message, ChunkList.TryRead(good, out _));
    }

    [Fact]
    public void Segments_ChangedAnyhow_AreRepairedWithoutHarm()
    {
        var random = new Random(72);
        (byte[] file, SegmentId id, ChunkList list) = Written();
        for (int round = 0; round < 300; round++) LogFuzz.Segment(Changed(file, random), id, list, Key);
        Assert.Equal(20, list.Count);
    }

    private static byte[] Changed(byte[] good, Random random)
    {
        byte[] bytes = random.Next(4) == 0 ? good[..random.Next(good.Length)] : [.. good];
        for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
        {
            int at = random.Next(bytes.Length);
            bytes[at] = random.Next(3) switch { 0 => 0xFF, 1 => 0, _ => (byte)random.Next(256) };
        }

        return bytes;
    }

    private static (byte[] File, SegmentId Id, ChunkList List) Written()
    {
        string root = Directory.CreateTempSubdirectory("cdrengine-fuzz-").FullName;
        try
        {
            using PacketLogFolder log = PacketLogFolder.Open(root);
            using PacketLogShard shard = log.OpenShard(0);
            CallChunks call = shard.Open(Key);
            var random = new Random(7);
            for (int i = 1; i <= 60; i++)
            {
                byte[] bytes = new byte[random.Next(300)];
                random.NextBytes(bytes);
                call.Append(PacketKind.Rtp, new CapturedPacket
                {
                    Sequence = i,
                    CapturedAt = new Timestamp(1_795_132_800_000_000 + i),
                    LinkType = LinkType.Ethernet,
                    OriginalLength = bytes.Length,
                    Bytes = bytes,
                });
                if (i % 3 == 0) call.Seal();
            }

            shard.SealAll();
            SegmentFile file = Assert.Single(SegmentFile.List(root));
            return (File.ReadAllBytes(file.Path), file.Id, call.Sealed);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
