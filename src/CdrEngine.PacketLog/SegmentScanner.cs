using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Walks one segment's chunks from the start, checking every checksum. For recovery after a crash, for replay and for
/// verification.</summary>
/// <remarks>A chunk whose checksum is wrong is passed over by its length and counted if a good one follows it; what follows the last good chunk is the
/// torn tail. Bytes are never searched for a chunk's magic: packets come from the wire and could hold one.</remarks>
public sealed class SegmentScanner : IDisposable
{
    private const int BufferBytes = 2 << 20;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private long _bufferOffset;
    private int _buffered;
    private long _position;
    private int _doubtful;
    private ChunkHeader _header;
    private readonly ChunkCipher? _cipher;
    private int _payloadAt;
    private int _payloadLength;

    private SegmentScanner(SafeFileHandle handle, KeyRing? keys)
    {
        _handle = handle;
        FileLength = RandomAccess.GetLength(handle);
        ReadOnlySpan<byte> start = Window(0, SegmentFormat.FirstChunkAt(isSealed: true));
        HeaderOutcome = SegmentFormat.TryReadSegmentHeader(start, out SegmentId id);
        Id = id;
        if (HeaderOutcome != ParseOutcome.Message) return;
        IsSealed = SegmentFormat.IsSealed(start);
        _position = SegmentFormat.FirstChunkAt(IsSealed);
        GoodLength = _position;
        if (!IsSealed) return;
        if (start.Length < _position)
        {
            // Without its key nothing could ever be read of it.
            HeaderOutcome = ParseOutcome.NeedMore;
            return;
        }

        FileKeyOutcome opened = FileKeys.Open(
            start[..SegmentFormat.SegmentHeaderBytes], start.Slice(SegmentFormat.SegmentHeaderBytes, FileKeys.Bytes), keys, out byte[] fileKey, out ulong wrappedBy);
        if (opened == FileKeyOutcome.Done) _cipher = new ChunkCipher(fileKey);
        else if (opened == FileKeyOutcome.NoKey) MissingKey = wrappedBy;
        else HeaderOutcome = ParseOutcome.Malformed;
        if (!FileKeys.IsClean(start.Slice(SegmentFormat.SegmentHeaderBytes, FileKeys.Bytes))) StrayBytes++;
    }

    /// <summary>What the segment header is; without a good one there are no chunks.</summary>
    public ParseOutcome HeaderOutcome { get; private set; }

    /// <summary>Whether its frames are sealed.</summary>
    public bool IsSealed { get; }

    /// <summary>The key that would open it and is not there; null where it is, or none is needed. <see cref="Frames"/> is empty without it.</summary>
    public ulong? MissingKey { get; }

    /// <summary>Chunks that were purged; they are passed over.</summary>
    public int PurgedChunks { get; private set; }

    /// <summary>Bytes outside of all checksums that are to be zeros and are not.</summary>
    public int StrayBytes { get; private set; }

    /// <summary>Chunks with a good checksum that their key does not open; they count as damaged.</summary>
    public int UnsealableChunks { get; private set; }

    /// <summary>The segment as its header names it.</summary>
    public SegmentId Id { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long FileLength { get; }

    /// <summary>Bytes up to the end of the last good chunk.</summary>
    public long GoodLength { get; private set; }

    /// <summary>Bytes behind it, once the walk has ended.</summary>
    public long TornBytes => Math.Max(0, FileLength - GoodLength);

    /// <summary>Damaged chunks that good ones follow.</summary>
    public int DamagedChunks { get; private set; }

    /// <summary>Good chunks so far.</summary>
    public int Chunks { get; private set; }

    /// <summary>The chunk reached.</summary>
    public ChunkHeader Header => _header;

    /// <summary>Where the chunk reached lies.</summary>
    public ChunkLocator Locator { get; private set; }

    /// <summary>Frames of the chunk reached, as <see cref="FrameBuffer"/> lays them; valid until the next step.</summary>
    public ReadOnlySpan<byte> Frames => _buffer.AsSpan(_payloadAt, _payloadLength);

    /// <summary>Opens a segment for a walk; throws <see cref="IOException"/> where the file cannot be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keys">What a sealed one is opened with; without it, its chunks are walked and their frames are not shown.</param>
    public static SegmentScanner Open(string path, KeyRing? keys = null)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            return new SegmentScanner(handle, keys);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Goes to the next good chunk; false at the end.</summary>
    public bool MoveNext()
    {
        while (HeaderOutcome == ParseOutcome.Message)
        {
            ReadOnlySpan<byte> bytes = Window(_position, SegmentFormat.ChunkHeaderBytes);
            ParseOutcome outcome = SegmentFormat.TryReadChunk(bytes, out ChunkHeader header, out int length);
            if (outcome == ParseOutcome.NeedMore && length > 0)
            {
                bytes = Window(_position, length);
                outcome = SegmentFormat.TryReadChunk(bytes, out header, out length);
            }

            if (outcome == ParseOutcome.Message)
            {
                // With the fill behind it, which is to be zeros.
                Window(_position, SegmentFormat.Aligned(length));
                if (Take(header, length)) return true;
                continue;
            }

            if (outcome == ParseOutcome.NeedMore || length == 0) return false;
            _doubtful++;
            _position += SegmentFormat.Aligned(length);
        }

        return false;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _cipher?.Dispose();
        _handle.Dispose();
    }

    private bool Take(in ChunkHeader header, int length)
    {
        _header = header;
        Locator = new ChunkLocator(Id, _position, length, header.First, header.Last, header.Frames, header.FirstSequence);
        _payloadAt = (int)(_position - _bufferOffset) + SegmentFormat.ChunkHeaderBytes;
        _payloadLength = length - SegmentFormat.ChunkHeaderBytes;
        ReadOnlySpan<byte> behind = _buffer.AsSpan(0, _buffered)[(_payloadAt + _payloadLength)..];
        foreach (byte fill in behind[..Math.Min(behind.Length, SegmentFormat.Aligned(length) - length)]) StrayBytes += fill == 0 ? 0 : 1;
        bool isOpen = true;
        if (header.Flags.HasFlag(ChunkFlags.Sealed))
        {
            // Opened in the window: a step never goes back.
            isOpen = _cipher is null || _cipher.TryOpen(_buffer.AsSpan(_payloadAt - SegmentFormat.ChunkHeaderBytes, length), _position, header);
            _payloadLength = _cipher is null ? 0 : _payloadLength - FileKeys.TagBytes;
        }

        _position += SegmentFormat.Aligned(length);
        GoodLength = Math.Min(_position, FileLength);
        DamagedChunks += _doubtful;
        _doubtful = 0;
        if (header.Flags.HasFlag(ChunkFlags.Purged))
        {
            PurgedChunks++;
            return false;
        }

        if (!isOpen)
        {
            UnsealableChunks++;
            DamagedChunks++;
            return false;
        }

        Chunks++;
        return true;
    }

    // The bytes at an offset: as many as the buffer has where that is enough, else the buffer is filled anew from there.
    private ReadOnlySpan<byte> Window(long offset, int needed)
    {
        long skip = offset - _bufferOffset;
        if (skip < 0 || skip + needed > _buffered)
        {
            _bufferOffset = offset;
            _buffered = 0;
            skip = 0;
            while (_buffered < _buffer.Length && offset + _buffered < FileLength)
            {
                int read = RandomAccess.Read(_handle, _buffer.AsSpan(_buffered), offset + _buffered);
                if (read == 0) break;
                _buffered += read;
            }

            _buffered = (int)Math.Min(_buffered, Math.Max(0, FileLength - offset));
        }

        return _buffer.AsSpan((int)skip, _buffered - (int)skip);
    }
}
