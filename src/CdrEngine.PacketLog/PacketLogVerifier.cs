using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.PacketLog;

/// <summary>What a check of all checksums found.</summary>
public sealed record VerifyReport
{
    /// <summary>Segments read.</summary>
    public int Segments { get; init; }

    /// <summary>Good chunks.</summary>
    public long Chunks { get; init; }

    /// <summary>Frames in them.</summary>
    public long Frames { get; init; }

    /// <summary>Chunks with a wrong checksum or frames that cannot be walked.</summary>
    public long DamagedChunks { get; init; }

    /// <summary>Bytes behind the last good chunks of finished segments.</summary>
    public long TornBytes { get; init; }

    /// <summary>Chunks that were purged.</summary>
    public long PurgedChunks { get; init; }

    /// <summary>Segments of which only checksums were checked, since their key is not there.</summary>
    public int UnopenedSegments { get; init; }

    /// <summary>Keys that are not there.</summary>
    public IReadOnlyList<ulong> MissingKeys { get; init; } = [];

    /// <summary>One line for each segment that is not whole.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>True where everything is whole.</summary>
    public bool IsWhole => Lines.Count == 0;
}

/// <summary>Checks every chunk of a log without changing anything. A segment being written may end in half a chunk; that is no fault.</summary>
public static class PacketLogVerifier
{
    /// <summary>Reads all segments below <paramref name="root"/>.</summary>
    /// <param name="root">Folder of the log.</param>
    /// <param name="keys">What sealed segments are opened with; without it their checksums are checked, and no more.</param>
    /// <param name="of">Which segments; null for all.</param>
    public static VerifyReport Verify(string root, KeyRing? keys = null, Func<SegmentId, bool>? of = null)
    {
        long purged = 0;
        int unopened = 0;
        var missing = new SortedSet<ulong>();
        var lines = new List<string>();
        int segments = 0;
        long chunks = 0, frames = 0, damaged = 0, torn = 0;
        foreach (SegmentFile file in SegmentFile.List(root))
        {
            if (of is not null && !of(file.Id)) continue;
            segments++;
            try
            {
                using SegmentScanner scanner = SegmentScanner.Open(file.Path, keys);
                long bad = 0;
                while (scanner.MoveNext())
                {
                    int walked = 0;
                    foreach (CapturedPacket _ in new FrameSpan(scanner.Frames)) walked++;
                    frames += walked;
                    if (scanner.MissingKey is null && walked != scanner.Header.Frames) bad++;
                }

                purged += scanner.PurgedChunks;
                if (scanner.MissingKey is { } key)
                {
                    unopened++;
                    missing.Add(key);
                }

                bad += scanner.DamagedChunks + (scanner.StrayBytes > 0 ? 1 : 0);
                chunks += scanner.Chunks;
                damaged += bad;
                long tail = file.IsOpen ? 0 : scanner.TornBytes;
                torn += tail;
                if (scanner.HeaderOutcome != ParseOutcome.Message || scanner.Id != file.Id) lines.Add($"{file.Path}: the segment header is not that of this file");
                else if (bad > 0 || tail > 0) lines.Add($"{file.Path}: {bad} damaged chunks, {tail} bytes behind the last good one");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lines.Add($"{file.Path}: {e.Message}");
            }
        }

        return new VerifyReport { Segments = segments, Chunks = chunks, Frames = frames, DamagedChunks = damaged, TornBytes = torn, PurgedChunks = purged, UnopenedSegments = unopened, MissingKeys = [.. missing], Lines = lines };
    }

    private readonly ref struct FrameSpan(ReadOnlySpan<byte> frames)
    {
        private readonly ReadOnlySpan<byte> _frames = frames;

        public FrameBuffer.Enumerator GetEnumerator() => new(_frames);
    }
}
