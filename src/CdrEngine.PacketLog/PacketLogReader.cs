using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Reads chunks out of the segments of a log, those being written included. One thread; make one for each request or worker.</summary>
public sealed class PacketLogReader : IDisposable
{
    private readonly string _root;
    private readonly PacketLogLimits _limits;
    private readonly KeyRing? _keys;
    private readonly Dictionary<SegmentId, LinkedListNode<OpenSegment>> _open = [];
    private readonly LinkedList<OpenSegment> _byUse = new();

    /// <summary>A reader of the log at <paramref name="root"/>; sealed segments are opened with <paramref name="keys"/>.</summary>
    public PacketLogReader(string root, PacketLogLimits? limits = null, KeyRing? keys = null)
    {
        _keys = keys;
        _root = root;
        _limits = (limits ?? new PacketLogLimits()).Checked();
    }

    /// <summary>A key that would open what was asked for, and is not there; null where none was missed.</summary>
    public ulong? MissingKey { get; private set; }

    /// <summary>Files open now.</summary>
    public int OpenFiles => _open.Count;

    /// <summary>The packets of one call, in order of capture, each once.</summary>
    /// <param name="chunks">The call's chunks.</param>
    /// <param name="kinds">Which of them.</param>
    /// <param name="key">Whose they must be; a chunk of another call counts as missing. Null takes any.</param>
    public PacketGather Gather(ChunkList chunks, PacketKindSet kinds, CallKey? key = null) => Gather(chunks.Encoded, kinds, key);

    /// <summary>As above, from a stored list; a damaged list gives what could be read of it.</summary>
    public PacketGather Gather(ReadOnlySpan<byte> chunks, PacketKindSet kinds, CallKey? key = null)
    {
        var wanted = new List<ChunkLocator>();
        var walk = new ChunkList.Enumerator(chunks);
        while (walk.MoveNext())
        {
            if (((int)kinds & (1 << (int)walk.Current.Segment.Kind)) != 0) wanted.Add(walk.Current);
        }

        return new PacketGather(this, wanted, key);
    }

    /// <summary>All packets of whole segments, in order of capture over all calls: what a replay after a crash reads.</summary>
    public PacketGather Replay(IEnumerable<SegmentId> segments)
    {
        var chunks = new List<ChunkLocator>();
        foreach (SegmentId segment in segments)
        {
            try
            {
                string path = segment.PathBelow(_root);
                using SegmentScanner scanner = SegmentScanner.Open(File.Exists(path) ? path : segment.OpenPathBelow(_root));
                while (scanner.MoveNext()) chunks.Add(scanner.Locator);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Removed by retention: its packets are gone, the others' are not.
            }
        }

        return new PacketGather(this, chunks, null, eachOnce: false);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (OpenSegment segment in _byUse) segment.Dispose();
        _byUse.Clear();
        _open.Clear();
    }

    /// <summary>Reads one chunk into <paramref name="destination"/>, which holds its length.</summary>
    internal ChunkReadOutcome Read(in ChunkLocator chunk, Span<byte> destination)
    {
        if (Opened(chunk.Segment) is not { } segment) return ChunkReadOutcome.Missing;
        destination = destination[..chunk.Length];
        try
        {
            for (int done = 0; done < destination.Length;)
            {
                int read = RandomAccess.Read(segment.Handle, destination[done..], chunk.Offset + done);
                if (read == 0) return ChunkReadOutcome.Missing;
                done += read;
            }
        }
        catch (IOException)
        {
            return ChunkReadOutcome.Missing;
        }

        if (SegmentFormat.TryReadChunk(destination, out ChunkHeader header, out int length) != ParseOutcome.Message || length != chunk.Length) return ChunkReadOutcome.Damaged;
        if (header.Flags.HasFlag(ChunkFlags.Purged)) return ChunkReadOutcome.Missing;
        if (!header.Flags.HasFlag(ChunkFlags.Sealed)) return ChunkReadOutcome.Read;
        if (segment.Cipher(_keys) is { } cipher) return cipher.TryOpen(destination, chunk.Offset, header) ? ChunkReadOutcome.Read : ChunkReadOutcome.Damaged;
        MissingKey = segment.MissingKey;
        return segment.MissingKey is null ? ChunkReadOutcome.Damaged : ChunkReadOutcome.Sealed;
    }

    private OpenSegment? Opened(SegmentId segment)
    {
        if (_open.TryGetValue(segment, out LinkedListNode<OpenSegment>? node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value;
        }

        // A segment may get its final name between the two attempts, hence the first name again.
        SafeFileHandle? handle = TryOpen(segment.PathBelow(_root)) ?? TryOpen(segment.OpenPathBelow(_root)) ?? TryOpen(segment.PathBelow(_root));
        if (handle is null) return null;
        if (_open.Count >= _limits.OpenSegments && _byUse.First is { } least)
        {
            least.Value.Dispose();
            _open.Remove(least.Value.Id);
            _byUse.RemoveFirst();
        }

        var opened = new OpenSegment(segment, handle);
        _open.Add(segment, _byUse.AddLast(opened));
        return opened;
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed class OpenSegment(SegmentId id, SafeFileHandle handle) : IDisposable
    {
        private ChunkCipher? _cipher;
        private bool _looked;

        public SegmentId Id => id;

        public SafeFileHandle Handle => handle;

        public ulong? MissingKey { get; private set; }

        /// <summary>What opens its chunks; null where its key is not there or damaged.</summary>
        public ChunkCipher? Cipher(KeyRing? keys)
        {
            if (_looked) return _cipher;
            _looked = true;
            Span<byte> start = stackalloc byte[SegmentFormat.FirstChunkAt(isSealed: true)];
            if (RandomAccess.Read(handle, start, 0) < start.Length) return null;
            FileKeyOutcome outcome = FileKeys.Open(start[..SegmentFormat.SegmentHeaderBytes], start[SegmentFormat.SegmentHeaderBytes..], keys, out byte[] fileKey, out ulong wrappedBy);
            if (outcome == FileKeyOutcome.NoKey) MissingKey = wrappedBy;
            return _cipher = outcome == FileKeyOutcome.Done ? new ChunkCipher(fileKey) : null;
        }

        public void Dispose()
        {
            _cipher?.Dispose();
            handle.Dispose();
        }
    }
}

/// <summary>What reading one chunk gave.</summary>
internal enum ChunkReadOutcome
{
    /// <summary>The chunk.</summary>
    Read,

    /// <summary>The segment is gone or does not reach so far.</summary>
    Missing,

    /// <summary>Something else lies there.</summary>
    Damaged,

    /// <summary>It is sealed by a key that is not there.</summary>
    Sealed,
}
