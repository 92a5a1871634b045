using CdrEngine.Core;
using CdrEngine.PacketLog;

namespace CdrEngine.Fuzz;

/// <summary>What the packet log reads back from disk: chunk lists and segments that a crash, a bad disk or a hand has changed. Nothing may throw, and what
/// is given must be whole.</summary>
public static class LogFuzz
{
    /// <summary>Reads any bytes as a chunk list; what is read must survive being written again.</summary>
    public static void ChunkList(ReadOnlySpan<byte> input)
    {
        ParseOutcome outcome = CdrEngine.PacketLog.ChunkList.TryRead(input, out ChunkList list);
        using (list)
        {
            ParseOutcome again = CdrEngine.PacketLog.ChunkList.TryRead(list.Encoded, out ChunkList copy);
            using (copy)
            {
                if (again != ParseOutcome.Message || copy.Count != list.Count || !copy.Encoded.SequenceEqual(list.Encoded))
                    throw new InvalidOperationException($"a list of {list.Count} chunks ({outcome}) does not read back");
            }
        }
    }

    /// <summary>Takes any bytes for a segment that a crashed run left: it is scanned, repaired, verified and gathered from with the list of what was
    /// written.</summary>
    public static void Segment(ReadOnlySpan<byte> input, SegmentId id, ChunkList written, CallKey key)
    {
        string root = Directory.CreateTempSubdirectory("cdrengine-fuzz-").FullName;
        try
        {
            string path = id.OpenPathBelow(root);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, input.ToArray());
            using PacketLogFolder log = PacketLogFolder.Open(root);
            VerifyReport report = PacketLogVerifier.Verify(root);
            if (report.TornBytes > 0 || report.DamagedChunks != log.Recovery.DamagedChunks || report.Chunks != log.Recovery.Chunks)
                throw new InvalidOperationException($"a repaired log is not whole: {string.Join("; ", report.Lines)}");
            using PacketLogReader reader = log.OpenReader();
            using PacketGather gather = reader.Gather(written, PacketKindSet.All, key);
            long last = 0;
            while (gather.MoveNext())
            {
                if (gather.Current.Sequence <= last) throw new InvalidOperationException("frames out of order");
                last = gather.Current.Sequence;
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
