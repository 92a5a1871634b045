using System.Buffers;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Tcp;

/// <summary>A captured frame held by a <see cref="StreamBuffer"/>.</summary>
/// <param name="Ordinal">Which segment it was, counted over the whole capture.</param>
/// <param name="At">Its capture time.</param>
internal readonly record struct Arrival(long Ordinal, Timestamp At);

/// <summary>What one direction of one connection has in waiting: bytes in order that are no whole message yet, segments behind a hole, and
/// the frames that bore them. Positions count bytes of the stream and never wrap.</summary>
/// <remarks>Invariant: pieces are sorted by position and never overlap; the first <c>_ordered</c> of them cover the bytes of the window
/// from the first byte not consumed to its end; each later one lies behind a hole and has its bytes in the arena.</remarks>
internal sealed class StreamBuffer
{
    private const int SmallestBytes = 2048;
    private const int CompactBytes = 32 * 1024;
    private const int LargestIdleEntries = 256;
    private const int LargestIdleBytes = 16 * 1024;

    private readonly List<(long At, int Offset, int Length)> _sorted = [];
    private byte[] _window = [];
    private int _windowStart;
    private int _windowEnd;
    private Piece[] _pieces = new Piece[8];
    private int _pieceStart;
    private int _pieceEnd;
    private int _ordered;
    private HeldFrame[] _frames = new HeldFrame[8];
    private int _frameStart;
    private int _frameEnd;
    private int _firstFrameId;
    private byte[] _arena = [];
    private int _arenaUsed;
    private int _arenaDead;

    /// <summary>Bytes in order, not consumed.</summary>
    public ReadOnlySpan<byte> Window => _window.AsSpan(_windowStart, _windowEnd - _windowStart);

    /// <summary>Bytes held: window, frames and waiting segments.</summary>
    public int Footprint => _windowEnd - _windowStart + _arenaUsed;

    /// <summary>Segments that wait behind a hole.</summary>
    public int WaitingCount => _pieceEnd - _pieceStart - _ordered;

    /// <summary>Payload bytes that wait behind a hole.</summary>
    public int WaitingBytes { get; private set; }

    /// <summary>Position of the first byte behind the hole; only where <see cref="WaitingCount"/> is not 0.</summary>
    public long WaitingStart => _pieces[_pieceStart + _ordered].Start;

    /// <summary>Position after the last byte held; only where something is.</summary>
    public long End => _pieces[_pieceEnd - 1].End;

    /// <summary>True where nothing is held.</summary>
    public bool IsEmpty => _windowStart == _windowEnd && _pieceStart == _pieceEnd;

    /// <summary>Keeps the tail of a segment that came in order and is the only thing held from it.</summary>
    public void Append(long start, ReadOnlySpan<byte> bytes, in CapturedPacket packet, FrameBuffer? fragments, Arrival arrival)
    {
        int frame = Hold(packet, fragments, default, arrival, out _);
        AppendToWindow(bytes);
        Insert(_pieceStart + _ordered, new Piece(start, bytes.Length, frame, 0));
        _ordered++;
    }

    /// <summary>Keeps what is new of a segment that lies behind a hole, or fills one: bytes received before win over it.</summary>
    /// <returns>Bytes kept; 0 where all were known.</returns>
    public int Keep(long start, ReadOnlySpan<byte> bytes, in CapturedPacket packet, FrameBuffer? fragments, Arrival arrival)
    {
        long end = start + bytes.Length;
        int frame = -1;
        int payloadOffset = 0;
        int kept = 0;
        int index = _pieceStart + _ordered;
        long at = start;
        while (at < end)
        {
            while (index < _pieceEnd && _pieces[index].End <= at) index++;
            long next = index < _pieceEnd ? Math.Min(end, _pieces[index].Start) : end;
            if (next > at)
            {
                if (frame < 0) frame = Hold(packet, fragments, bytes, arrival, out payloadOffset);
                int length = (int)(next - at);
                Insert(index, new Piece(at, length, frame, payloadOffset + (int)(at - start)));
                WaitingBytes += length;
                kept += length;
                index++;
            }

            at = index < _pieceEnd ? Math.Max(next, _pieces[index].End) : end;
        }

        return kept;
    }

    /// <summary>Moves the first waiting segment into the window when it begins at <paramref name="position"/>.</summary>
    public bool TakeWaiting(long position, out int length, out Arrival arrival)
    {
        length = 0;
        arrival = default;
        if (WaitingCount == 0 || WaitingStart != position) return false;
        ref Piece piece = ref _pieces[_pieceStart + _ordered];
        ref HeldFrame frame = ref Frame(piece.Frame);
        AppendToWindow(_arena.AsSpan(frame.Offset + piece.PayloadOffset, piece.Length));
        _ordered++;
        length = piece.Length;
        arrival = frame.Arrival;
        WaitingBytes -= length;
        return true;
    }

    /// <summary>Drops bytes from the front of the window; frames that bear nothing else go too.</summary>
    public void Consume(int count, long newStart)
    {
        _windowStart += count;
        if (_windowStart == _windowEnd)
        {
            _windowStart = 0;
            _windowEnd = 0;
        }

        Release(newStart);
    }

    /// <summary>Forgets which frames bore the ordered bytes before a position.</summary>
    public void Release(long position)
    {
        while (_ordered > 0 && _pieces[_pieceStart].End <= position)
        {
            ref HeldFrame frame = ref Frame(_pieces[_pieceStart].Frame);
            if (--frame.References == 0) _arenaDead += frame.Length;
            _pieceStart++;
            _ordered--;
        }

        while (_frameStart < _frameEnd && _frames[_frameStart].References == 0)
        {
            _frameStart++;
            _firstFrameId++;
        }

        if (_pieceStart == _pieceEnd)
        {
            _pieceStart = 0;
            _pieceEnd = 0;
        }

        if (_frameStart == _frameEnd)
        {
            _frameStart = 0;
            _frameEnd = 0;
            _arenaUsed = 0;
            _arenaDead = 0;
        }
        else if (_arenaDead > CompactBytes && _arenaDead > _arenaUsed / 2)
        {
            CompactArena();
        }
    }

    /// <summary>Marks the frames that bear ordered bytes from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public void Mark(long start, long end)
    {
        for (int i = _pieceStart; i < _pieceStart + _ordered && _pieces[i].Start < end; i++)
        {
            if (_pieces[i].End > start) Frame(_pieces[i].Frame).IsMarked = true;
        }
    }

    /// <summary>Takes all marks off.</summary>
    public void Unmark()
    {
        for (int i = _frameStart; i < _frameEnd; i++) _frames[i].IsMarked = false;
    }

    /// <summary>Copies the marked frames in capture order and takes the marks off.</summary>
    public void CollectMarked(FrameBuffer target)
    {
        _sorted.Clear();
        bool hasFragments = false;
        for (int i = _frameStart; i < _frameEnd; i++)
        {
            ref HeldFrame held = ref _frames[i];
            if (!held.IsMarked) continue;
            held.IsMarked = false;
            int offset = held.Offset;
            int end = held.Offset + held.FrameBytes;
            while (offset < end && FrameBuffer.TryReadFrame(_arena.AsSpan(offset, end - offset), out CapturedPacket packet, out int consumed)
                == ParseOutcome.Message)
            {
                hasFragments |= offset != held.Offset;
                _sorted.Add((packet.CapturedAt.Microseconds, offset, consumed));
                offset += consumed;
            }
        }

        // Fragments of one segment may lie between other segments of the message; the insertion sort keeps equal times in order.
        for (int i = 1; hasFragments && i < _sorted.Count; i++)
        {
            (long At, int Offset, int Length) moving = _sorted[i];
            int j = i;
            for (; j > 0 && _sorted[j - 1].At > moving.At; j--) _sorted[j] = _sorted[j - 1];
            _sorted[j] = moving;
        }

        foreach ((_, int offset, int length) in _sorted)
        {
            if (FrameBuffer.TryReadFrame(_arena.AsSpan(offset, length), out CapturedPacket packet, out _) == ParseOutcome.Message)
            {
                target.Append(packet);
            }
        }
    }

    /// <summary>Drops the window and the frames of ordered bytes; what waits behind the hole stays.</summary>
    public void DropOrdered(long position) => Consume(_windowEnd - _windowStart, position);

    /// <summary>Drops everything. The memory goes back to the pool of arrays, unless it is small and wanted for the next stream.</summary>
    public void Clear(bool keepsMemory)
    {
        _windowStart = 0;
        _windowEnd = 0;
        _pieceStart = 0;
        _pieceEnd = 0;
        _ordered = 0;
        _frameStart = 0;
        _frameEnd = 0;
        _firstFrameId = 0;
        _arenaUsed = 0;
        _arenaDead = 0;
        WaitingBytes = 0;
        if (!keepsMemory || _window.Length > LargestIdleBytes) Return(ref _window);
        if (!keepsMemory || _arena.Length > LargestIdleBytes) Return(ref _arena);
        if (_pieces.Length > LargestIdleEntries) _pieces = new Piece[8];
        if (_frames.Length > LargestIdleEntries) _frames = new HeldFrame[8];
    }

    private static void Return(ref byte[] array)
    {
        if (array.Length > 0) ArrayPool<byte>.Shared.Return(array);
        array = [];
    }

    /// <summary>Copies a frame into the arena; and the payload after it where it is not a part of the frame (an IP datagram in fragments).</summary>
    private int Hold(in CapturedPacket packet, FrameBuffer? fragments, ReadOnlySpan<byte> payload, Arrival arrival, out int payloadOffset)
    {
        payloadOffset = 0;
        int fragmentBytes = fragments?.Length ?? 0;
        int frameBytes = fragmentBytes + FrameBuffer.FrameHeaderBytes + packet.Bytes.Length;
        bool isInside = fragments is null && packet.Bytes.Overlaps(payload, out payloadOffset)
            && payloadOffset >= 0 && payloadOffset + payload.Length <= packet.Bytes.Length;
        int extra = isInside ? 0 : payload.Length;
        payloadOffset = isInside ? FrameBuffer.FrameHeaderBytes + payloadOffset : frameBytes;
        Grow(ref _arena, _arenaUsed, frameBytes + extra);
        int offset = _arenaUsed;
        fragments?.Bytes.CopyTo(_arena.AsSpan(offset));
        FrameBuffer.WriteFrame(_arena.AsSpan(offset + fragmentBytes), packet);
        if (extra > 0) payload.CopyTo(_arena.AsSpan(offset + frameBytes));
        _arenaUsed += frameBytes + extra;

        if (_frameEnd == _frames.Length)
        {
            int count = _frameEnd - _frameStart;
            HeldFrame[] target = _frameStart > _frames.Length / 2 ? _frames : new HeldFrame[_frames.Length * 2];
            Array.Copy(_frames, _frameStart, target, 0, count);
            _frames = target;
            _frameStart = 0;
            _frameEnd = count;
        }

        _frames[_frameEnd] = new HeldFrame { Offset = offset, FrameBytes = frameBytes, Length = frameBytes + extra, Arrival = arrival };
        return _firstFrameId + (_frameEnd++ - _frameStart);
    }

    private ref HeldFrame Frame(int id) => ref _frames[_frameStart + (id - _firstFrameId)];

    private void AppendToWindow(ReadOnlySpan<byte> bytes)
    {
        if (_window.Length - _windowEnd < bytes.Length && _windowStart > 0)
        {
            Window.CopyTo(_window);
            _windowEnd -= _windowStart;
            _windowStart = 0;
        }

        Grow(ref _window, _windowEnd, bytes.Length);
        bytes.CopyTo(_window.AsSpan(_windowEnd));
        _windowEnd += bytes.Length;
    }

    private void Insert(int index, Piece piece)
    {
        if (_pieceEnd == _pieces.Length)
        {
            int count = _pieceEnd - _pieceStart;
            Piece[] target = _pieceStart > _pieces.Length / 2 ? _pieces : new Piece[_pieces.Length * 2];
            Array.Copy(_pieces, _pieceStart, target, 0, count);
            _pieces = target;
            index -= _pieceStart;
            _pieceStart = 0;
            _pieceEnd = count;
        }

        Array.Copy(_pieces, index, _pieces, index + 1, _pieceEnd - index);
        _pieces[index] = piece;
        _pieceEnd++;
        Frame(piece.Frame).References++;
    }

    private void CompactArena()
    {
        int to = 0;
        for (int i = _frameStart; i < _frameEnd; i++)
        {
            ref HeldFrame frame = ref _frames[i];
            if (frame.References == 0)
            {
                frame.Length = 0;
                frame.FrameBytes = 0;
                frame.Offset = to;
                continue;
            }

            _arena.AsSpan(frame.Offset, frame.Length).CopyTo(_arena.AsSpan(to));
            frame.Offset = to;
            to += frame.Length;
        }

        _arenaUsed = to;
        _arenaDead = 0;
    }

    private static void Grow(ref byte[] array, int used, int extra)
    {
        if (array.Length - used >= extra) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBytes, Math.Max(checked(used + extra), array.Length * 2)));
        array.AsSpan(0, used).CopyTo(larger);
        Return(ref array);
        array = larger;
    }

    /// <summary>A run of stream bytes and the frame that bore it. <see cref="PayloadOffset"/> counts from the frame's place in the arena.</summary>
    private readonly record struct Piece(long Start, int Length, int Frame, int PayloadOffset)
    {
        public long End => Start + Length;
    }

    private struct HeldFrame
    {
        public int Offset;
        public int FrameBytes;
        public int Length;
        public int References;
        public bool IsMarked;
        public Arrival Arrival;
    }
}
