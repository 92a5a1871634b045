using CdrEngine.Calls.Records;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>Where packets lie: as records say it, and as the segments themselves do.</summary>
internal sealed class PacketIndex
{
    private readonly string _root;
    private readonly KeyRing? _keys;
    private readonly Dictionary<SegmentId, Dictionary<long, ChunkHeader>?> _known = [];

    /// <summary>An index of the log at a path; what its segments are sealed with, where they are.</summary>
    public PacketIndex(string root, KeyRing? keys)
    {
        _root = root;
        _keys = keys;
    }

    /// <summary>Segments that a list of chunks names.</summary>
    public static HashSet<SegmentId> SegmentsOf(byte[] chunks)
    {
        var segments = new HashSet<SegmentId>();
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext()) segments.Add(walk.Current.Segment);
        return segments;
    }

    /// <summary>Chunks of some segments by whose they are; purged and damaged ones left out.</summary>
    public static Dictionary<CallKey, List<ChunkLocator>> Scan(IEnumerable<SegmentFile> files)
    {
        var chunks = new Dictionary<CallKey, List<ChunkLocator>>();
        foreach (SegmentFile file in files)
        {
            using SegmentScanner scanner = SegmentScanner.Open(file.Path);
            while (scanner.MoveNext())
            {
                if (!chunks.TryGetValue(scanner.Header.Key, out List<ChunkLocator>? list)) chunks.Add(scanner.Header.Key, list = []);
                list.Add(scanner.Locator);
            }
        }

        return chunks;
    }

    /// <summary>Whether a call's packets are all there. Those that retention removed with their segments are not, and that is no fault; a chunk that is not where the record says
    /// is one.</summary>
    public bool Check(KeptCall call, List<string> faults)
    {
        CallKey? key = KeyOf(call);
        bool hasAll = true;
        int wrong = 0, foreign = 0;
        var walk = new ChunkList.Enumerator(call.Chunks);
        while (walk.MoveNext())
        {
            ChunkLocator chunk = walk.Current;
            if (In(chunk.Segment) is not { } segment)
            {
                hasAll = false;
                continue;
            }

            if (!segment.TryGetValue(chunk.Offset, out ChunkHeader header) || header.Frames != chunk.Frames || header.FirstSequence != chunk.FirstSequence) wrong++;
            else if (header.Key != key) foreign++;
        }

        if (walk.IsMalformed) faults.Add($"{call.Id}: where its packets lie cannot be read (cdrengine repair)");
        if (wrong + foreign > 0) faults.Add($"{call.Id}: {wrong} of its chunks are not where the record says, {foreign} are another call's");
        return hasAll && wrong + foreign == 0 && !walk.IsMalformed;
    }

    /// <summary>Whose chunks a call's are; null where none of them is there and its Call-ID does not tell it either.</summary>
    /// <remarks>A Call-ID that was no valid text, or too long to be kept, is not what its packets were laid down under: then its first chunk says it.</remarks>
    public CallKey? KeyOf(KeptCall call)
    {
        if (CallIdText.TryGetBytes(call.SipCallId, out byte[] callId)) return CallKey.Of(callId);
        var walk = new ChunkList.Enumerator(call.Chunks);
        while (walk.MoveNext())
        {
            if (In(walk.Current.Segment) is { } segment && segment.TryGetValue(walk.Current.Offset, out ChunkHeader header)) return header.Key;
        }

        return null;
    }

    // The good chunks of a segment by offset; null where there is no such segment any more.
    private Dictionary<long, ChunkHeader>? In(SegmentId id)
    {
        if (_known.TryGetValue(id, out Dictionary<long, ChunkHeader>? known)) return known;
        string path = id.PathBelow(_root);
        if (!File.Exists(path)) path = id.OpenPathBelow(_root);
        Dictionary<long, ChunkHeader>? chunks = null;
        if (File.Exists(path))
        {
            chunks = [];
            using SegmentScanner scanner = SegmentScanner.Open(path, _keys);

            // Without its key it is as good as gone, but for its checksums.
            if (scanner.MissingKey is not null) return _known[id] = null;
            while (scanner.MoveNext()) chunks[scanner.Locator.Offset] = scanner.Header;
        }

        return _known[id] = chunks;
    }
}
