using CdrEngine.Core;
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
    private int _payloadAt;
    private int _payloadLength;

    private SegmentScanner(SafeFileHandle handle)
    {
        _handle = handle;
        FileLength = RandomAccess.GetLength(handle);
        ReadOnlySpan<byte> start = Window(0, SegmentFormat.SegmentHeaderBytes);
        HeaderOutcome = SegmentFormat.TryReadSegmentHeader(start, out SegmentId id);
        Id = id;
        if (HeaderOutcome != ParseOutcome.Message) return;
        _position = SegmentFormat.SegmentHeaderBytes;
        GoodLength = _position;
    }

    /// <summary>What the segment header is; without a good one there are no chunks.</summary>
    public ParseOutcome HeaderOutcome { get; }

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
    public static SegmentScanner Open(string path)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            return new SegmentScanner(handle);
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
                Take(header, length);
                return true;
            }

            if (outcome == ParseOutcome.NeedMore || length == 0) return false;
            _doubtful++;
            _position += SegmentFormat.Aligned(length);
        }

        return false;
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();

    private void Take(in ChunkHeader header, int length)
    {
        _header = header;
        Locator = new ChunkLocator(Id, _position, length, header.First, header.Last, header.Frames, header.FirstSequence);
        _payloadAt = (int)(_position - _bufferOffset) + SegmentFormat.ChunkHeaderBytes;
        _payloadLength = length - SegmentFormat.ChunkHeaderBytes;
        _position += SegmentFormat.Aligned(length);
        GoodLength = Math.Min(_position, FileLength);
        DamagedChunks += _doubtful;
        _doubtful = 0;
        Chunks++;
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
