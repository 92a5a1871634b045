using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.PacketLog;

/// <summary>How a writer fares.</summary>
public enum SegmentWriterState
{
    /// <summary>Writes reach the file.</summary>
    Writing = 0,

    /// <summary>The last write failed: what fits the buffer waits, the rest is dropped and counted, and each flush tries again.</summary>
    Failing = 1,
}

/// <summary>Appends chunks to the segments of one shard and one kind. One thread. Nothing the disk does throws out of it.</summary>
/// <remarks>Chunks gather in one buffer that is written when it is full and on <see cref="Flush"/>; the file is made with the first write and gets its
/// final name when the next segment begins. A segment begins with each minute of packet time. A chunk up to
/// <see cref="PacketLogLimits.LateChunk"/> late goes where the writer is; an older one begins a new part, as an import of older files
/// does, but no sooner than <see cref="PacketLogLimits.ChunksBetweenJumps"/> after the last such jump.</remarks>
public sealed class SegmentWriter : IDisposable
{
    private readonly ISegmentFiles _files;
    private readonly PacketLogLimits _limits;
    private readonly Counters<PacketLogCounter> _counters;
    private WriteBuffer _buffer;
    private readonly uint _lateMinutes;
    private readonly KeyRing? _keys;
    private readonly int _sealBytes;
    private ChunkCipher? _cipher;
    private SegmentId _id;
    private bool _begun;
    private ISegmentFile? _file;
    private long _fileOffset;
    private long _syncedOffset;
    private int _from;
    private int _used;
    private int _bufferedChunks;
    private int _bufferedFrames;
    private int _chunksSinceJump = int.MaxValue;

    internal SegmentWriter(
        ISegmentFiles files, PacketKind kind, ushort shard, uint run, PacketLogLimits limits, Counters<PacketLogCounter> counters, KeyRing? keys = null)
    {
        _keys = keys;
        _sealBytes = keys is null ? 0 : FileKeys.TagBytes;
        _files = files;
        _limits = limits.Checked();
        _counters = counters;
        _lateMinutes = (uint)Math.Clamp(limits.LateChunk.TotalMinutes, 0, SegmentId.LastMinute);
        _id = new SegmentId(kind, shard, 0, run, 0);
        _buffer = new WriteBuffer(limits.WriteBufferBytes);
    }

    /// <summary>A writer of segments below <paramref name="root"/>; <paramref name="run"/> must never have been used there. With keys it seals them.</summary>
    public SegmentWriter(string root, PacketKind kind, ushort shard, uint run, PacketLogLimits limits, Counters<PacketLogCounter> counters, KeyRing? keys = null)
        : this(new FolderSegmentFiles(root, new DirectWrites(limits.WritesDirect)), kind, shard, run, limits, counters, keys)
    {
    }

    /// <summary>Whether writes work.</summary>
    public SegmentWriterState State { get; private set; }

    /// <summary>Why the last failed write failed; null while writes work.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether all chunks go to one segment, that of the first one's minute.</summary>
    internal bool KeepsSegment { get; init; }

    /// <summary>The segment being written; null before the first chunk.</summary>
    public SegmentId? Segment => _begun ? _id : null;

    /// <summary>Appends a chunk; false where it was dropped because the disk refuses writes and the buffer is full.</summary>
    public bool Append(in ChunkHeader header, ReadOnlySpan<byte> frames, out ChunkLocator locator)
    {
        if (frames.Length > SegmentFormat.MaxPayloadBytes) throw new ArgumentOutOfRangeException(nameof(frames), "longer than a chunk may be");
        Span<byte> chunk = Reserve(header, frames.Length + _sealBytes);
        if (chunk.IsEmpty) return Refuse(header, out locator);
        frames.CopyTo(chunk[SegmentFormat.ChunkHeaderBytes..]);
        if (_cipher is null) SegmentFormat.WriteChunkHeader(chunk, header);
        else Seal(chunk, header);
        return Complete(chunk, header, out locator);
    }

    /// <summary>As above, with the frames in a chain of pages.</summary>
    internal bool Append(in ChunkHeader header, PagePool pool, int head, int length, out ChunkLocator locator)
    {
        Span<byte> chunk = Reserve(header, length + _sealBytes);
        if (chunk.IsEmpty) return Refuse(header, out locator);
        SegmentFormat.WriteChunkFields(chunk, header);
        uint sum = SegmentFormat.SumFields(chunk);
        Span<byte> rest = chunk.Slice(SegmentFormat.ChunkHeaderBytes, length);
        for (int page = head; !rest.IsEmpty; page = pool.Next(page))
        {
            // Pages lie anywhere, and what was laid in them a second ago is no longer near.
            if (pool.Next(page) is var next and not PagePool.None) pool.Prefetch(next);
            Span<byte> bytes = pool[page];
            if (bytes.Length > rest.Length) bytes = bytes[..rest.Length];
            sum = Crc32C.Copy(sum, bytes, rest);
            rest = rest[bytes.Length..];
        }

        if (_cipher is null) SegmentFormat.WriteChecksum(chunk, sum);
        else Seal(chunk, header);
        return Complete(chunk, header, out locator);
    }

    /// <summary>Writes what is buffered; false where the disk refuses.</summary>
    public bool Flush() => WriteOut();

    /// <summary>Makes sure that what was written is on the disk itself; nothing where that is so already.</summary>
    public void Sync()
    {
        if (_file is null || _syncedOffset == _fileOffset) return;
        try
        {
            _file.Sync();
            _syncedOffset = _fileOffset;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed(e);
        }
    }

    /// <summary>Writes what is buffered and ends the segment. The writer may be used again: it begins another segment.</summary>
    public void Dispose()
    {
        if (_begun) End();
        _begun = false;
        _cipher?.Dispose();
        _cipher = null;
        _buffer.Dispose();
        _id = _id with { Part = _id.Part + 1 };
    }

    private Span<byte> Reserve(in ChunkHeader header, int payloadBytes)
    {
        Place(SegmentId.MinuteOf(header.Last));
        int needed = SegmentFormat.Aligned(SegmentFormat.ChunkHeaderBytes + payloadBytes);
        if (_used + needed > _buffer.Length)
        {
            // While failing only a flush tries the disk: one failing call a second, not one for each chunk.
            if (State == SegmentWriterState.Failing || !WriteOut()) return default;
        }

        return _buffer.Span.Slice(_used, SegmentFormat.ChunkHeaderBytes + payloadBytes);
    }

    private bool Refuse(in ChunkHeader header, out ChunkLocator locator)
    {
        locator = default;
        _counters.Increment(PacketLogCounter.DroppedChunks);
        _counters.Add(PacketLogCounter.DroppedFrames, header.Frames);
        return false;
    }

    private void Seal(Span<byte> chunk, in ChunkHeader header)
    {
        SegmentFormat.WriteChunkFields(chunk, header with { Flags = ChunkFlags.Sealed });
        _cipher!.Seal(chunk, _fileOffset + _used - _from);
        SegmentFormat.WriteChecksum(chunk);
    }

    private bool Complete(Span<byte> chunk, in ChunkHeader header, out ChunkLocator locator)
    {
        locator = new ChunkLocator(_id, _fileOffset + _used - _from, chunk.Length, header.First, header.Last, header.Frames, header.FirstSequence);
        int aligned = SegmentFormat.Aligned(chunk.Length);
        _buffer.Span.Slice(_used + chunk.Length, aligned - chunk.Length).Clear();
        _used += aligned;
        _bufferedChunks++;
        _bufferedFrames += header.Frames;
        if (_chunksSinceJump < int.MaxValue) _chunksSinceJump++;
        _counters.Increment(PacketLogCounter.Chunks);
        _counters.Add(PacketLogCounter.ChunkBytes, aligned);
        return true;
    }

    private void Place(uint minute)
    {
        if (!_begun)
        {
            Begin(minute, _id.Part);
        }
        else if (KeepsSegment)
        {
            return;
        }
        else if (minute > _id.Minute)
        {
            End();
            Begin(minute, _id.Part);
        }
        else if (_id.Minute - minute > _lateMinutes)
        {
            if (_chunksSinceJump < _limits.ChunksBetweenJumps)
            {
                _counters.Increment(PacketLogCounter.MisplacedChunks);
                return;
            }

            End();
            Begin(minute, _id.Part + 1);
            _chunksSinceJump = 0;
        }
    }

    private void Begin(uint minute, uint part)
    {
        _id = _id with { Minute = minute, Part = part };
        _begun = true;
        _fileOffset = 0;
        _syncedOffset = 0;
        _from = 0;
        SegmentFormat.WriteSegmentHeader(_buffer.Span, _id, _keys is not null);
        _used = SegmentFormat.FirstChunkAt(_keys is not null);
        if (_keys is not null)
        {
            _cipher?.Dispose();
            _cipher = new ChunkCipher(FileKeys.Make(
                _buffer.Span[..SegmentFormat.SegmentHeaderBytes], _buffer.Span.Slice(SegmentFormat.SegmentHeaderBytes, FileKeys.Bytes), _keys));
        }

        _counters.Increment(PacketLogCounter.Segments);
    }

    private void End()
    {
        if (_bufferedChunks > 0 && !WriteOut())
        {
            _counters.Add(PacketLogCounter.DroppedChunks, _bufferedChunks);
            _counters.Add(PacketLogCounter.DroppedFrames, _bufferedFrames);
            _bufferedChunks = 0;
            _bufferedFrames = 0;
        }

        _from = _used = 0;
        ISegmentFile? file = _file;
        _file = null;
        if (file is null) return;
        try
        {
            if (_limits.SyncEvery > TimeSpan.Zero) file.Sync();
            file.Finish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It keeps the name of a segment being written; the next start finishes it.
            Failed(e);
        }

        file.Dispose();
    }

    private bool WriteOut()
    {
        if (_bufferedChunks == 0) return State == SegmentWriterState.Writing;
        try
        {
            _file ??= _files.Create(_id);
            _buffer = _file.Write(_buffer, _from, _used, _fileOffset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed(e);
            return false;
        }

        // What comes next lies as far into a block as it will in the file: such bytes can be written past the page cache.
        _fileOffset += _used - _from;
        _from = _used = DirectWrites.InBlock(_fileOffset);
        _bufferedChunks = 0;
        _bufferedFrames = 0;
        State = SegmentWriterState.Writing;
        Fault = null;
        return true;
    }

    private void Failed(Exception e)
    {
        _counters.Increment(PacketLogCounter.FailedWrites);
        State = SegmentWriterState.Failing;
        Fault = e.Message;
    }
}
