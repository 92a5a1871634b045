using System.Buffers;
using CdrEngine.Core;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Overwrites the chunks of single calls in segments that others share. The segment stays whole: in place of a chunk stands one of the same length
/// without key, times and frames, and with a good checksum.</summary>
public static class PacketLogPurge
{
    /// <summary>Overwrites the chunks of a call, those of segments being written included, and returns when that is on the disk.</summary>
    /// <param name="root">Folder of the log.</param>
    /// <param name="chunks">The call's chunks, as stored beside its record.</param>
    /// <param name="kinds">Which of them.</param>
    /// <param name="key">Whose they must be: what bears another key is left alone. Null takes any.</param>
    public static PurgeReport Purge(string root, ReadOnlySpan<byte> chunks, PacketKindSet kinds, CallKey? key)
    {
        var bySegment = new Dictionary<SegmentId, List<ChunkLocator>>();
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext())
        {
            if (((int)kinds & (1 << (int)walk.Current.Segment.Kind)) == 0) continue;
            if (!bySegment.TryGetValue(walk.Current.Segment, out List<ChunkLocator>? list)) bySegment.Add(walk.Current.Segment, list = []);
            list.Add(walk.Current);
        }

        PurgeReport report = default;
        foreach ((SegmentId segment, List<ChunkLocator> list) in bySegment) report = report.And(PurgeSegment(root, segment, list, key));
        return report;
    }

    /// <summary>The chunks of a list that are not of these kinds, as stored.</summary>
    public static byte[] Without(ReadOnlySpan<byte> chunks, PacketKindSet kinds)
    {
        using var left = new ChunkList();
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext())
        {
            if (((int)kinds & (1 << (int)walk.Current.Segment.Kind)) == 0) left.Add(walk.Current);
        }

        return left.ToArray();
    }

    private static PurgeReport PurgeSegment(string root, SegmentId segment, List<ChunkLocator> chunks, CallKey? key)
    {
        // It may get its final name between the two attempts, hence the first name again.
        using SafeFileHandle? file = TryOpen(segment.PathBelow(root)) ?? TryOpen(segment.OpenPathBelow(root)) ?? TryOpen(segment.PathBelow(root));
        if (file is null) return new PurgeReport(0, 0, chunks.Count, 0);
        PurgeReport report = default;
        foreach (ChunkLocator chunk in chunks) report = report.And(PurgeChunk(file, chunk, key));
        if (report.Chunks > 0) RandomAccess.FlushToDisk(file);
        return report;
    }

    private static PurgeReport PurgeChunk(SafeFileHandle file, in ChunkLocator chunk, CallKey? key)
    {
        if (chunk.Length is < SegmentFormat.ChunkHeaderBytes or > SegmentFormat.ChunkHeaderBytes + SegmentFormat.MaxPayloadBytes) return new PurgeReport(0, 0, 0, 1);
        byte[] rented = ArrayPool<byte>.Shared.Rent(chunk.Length);
        try
        {
            Span<byte> bytes = rented.AsSpan(0, chunk.Length);
            for (int done = 0; done < bytes.Length;)
            {
                int read = RandomAccess.Read(file, bytes[done..], chunk.Offset + done);
                if (read == 0) return new PurgeReport(0, 0, 1, 0);
                done += read;
            }

            ParseOutcome outcome = SegmentFormat.TryReadChunk(bytes, out ChunkHeader header, out int length);

            // A purge that a crash interrupted leaves a chunk of the right length whose checksum is wrong and whose key is the call's, or zeros already.
            if (length != chunk.Length) return new PurgeReport(0, 0, 0, 1);
            header = SegmentFormat.ReadChunkFields(bytes);
            if (outcome == ParseOutcome.Message && header.Flags.HasFlag(ChunkFlags.Purged)) return default;
            bool isTheirs = key is null || header.Key == key || (outcome != ParseOutcome.Message && header.Key == default);
            if (!isTheirs) return new PurgeReport(0, 0, 0, 1);
            bytes.Clear();
            SegmentFormat.WriteChunkHeader(bytes, new ChunkHeader(chunk.Segment.Kind, default, 0, default, default, 0) { Flags = ChunkFlags.Purged });
            RandomAccess.Write(file, bytes, chunk.Offset);
            return new PurgeReport(1, chunk.Length, 0, 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>What a purge of packets did.</summary>
/// <param name="Chunks">Chunks overwritten.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Missing">Chunks whose segment is gone.</param>
/// <param name="Foreign">Places at which something else lies; left alone.</param>
public readonly record struct PurgeReport(int Chunks, long Bytes, int Missing, int Foreign)
{
    /// <summary>The sum of two.</summary>
    public PurgeReport And(PurgeReport other) => new(Chunks + other.Chunks, Bytes + other.Bytes, Missing + other.Missing, Foreign + other.Foreign);
}
