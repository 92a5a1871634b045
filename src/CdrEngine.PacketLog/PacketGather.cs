using System.Buffers;
using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>Merges the frames of many chunks into order of capture, each frame once. Reads a chunk only when its turn comes, so that memory holds
/// no more than the chunks that overlap.</summary>
/// <remarks>Order: run of the log, then <see cref="CapturedPacket.Sequence"/>. A frame laid in several chunks (a TCP segment that carried two messages, a
/// packet that is signalling and media) has the same number in each and is given once.</remarks>
public sealed class PacketGather : IDisposable
{
    private readonly PacketLogReader _reader;
    private readonly List<ChunkLocator> _chunks;
    private readonly CallKey? _key;
    private readonly bool _eachOnce;
    private readonly PriorityQueue<OpenedChunk, FrameOrder> _turns = new();
    private readonly Stack<OpenedChunk> _spare = new();
    private int _nextChunk;
    private OpenedChunk? _current;
    private FrameOrder _until;
    private FrameOrder _last = new(0, long.MinValue, 0);

    internal PacketGather(PacketLogReader reader, List<ChunkLocator> chunks, CallKey? key, bool eachOnce = true)
    {
        _reader = reader;
        _chunks = chunks;
        _key = key;
        _eachOnce = eachOnce;

        // Frames with the same number go in order of their chunks, whatever order the list had.
        chunks.Sort(static (left, right) =>
        {
            int by = left.Segment.Run.CompareTo(right.Segment.Run);
            if (by == 0) by = left.FirstSequence.CompareTo(right.FirstSequence);
            if (by == 0) by = left.Segment.CompareTo(right.Segment);
            return by != 0 ? by : left.Offset.CompareTo(right.Offset);
        });
    }

    /// <summary>The frame reached; its bytes are good until the next step.</summary>
    public CapturedPacket Current => (_current ?? throw new InvalidOperationException("no frame reached")).Frame;

    /// <summary>What the frame reached is.</summary>
    public PacketKind CurrentKind => (_current ?? throw new InvalidOperationException("no frame reached")).Header.Kind;

    /// <summary>The run of the log that it was captured in.</summary>
    public uint CurrentRun => (_current ?? throw new InvalidOperationException("no frame reached")).Order.Run;

    /// <summary>Whose frame it is.</summary>
    public CallKey CurrentKey => (_current ?? throw new InvalidOperationException("no frame reached")).Header.Key;

    /// <summary>Chunks whose segment is gone, ends before them, or holds another call's packets there.</summary>
    public int MissingChunks { get; private set; }

    /// <summary>Chunks with a wrong checksum.</summary>
    public int DamagedChunks { get; private set; }

    /// <summary>Chunks sealed by a key that is not there; <see cref="MissingKey"/> says which.</summary>
    public int SealedChunks { get; private set; }

    /// <summary>A key that would open them.</summary>
    public ulong? MissingKey => _reader.MissingKey;

    /// <summary>Frames passed over because they had been given.</summary>
    public int RepeatedFrames { get; private set; }

    /// <summary>Chunks in memory now.</summary>
    public int OpenChunks => _turns.Count + (_current is null ? 0 : 1);

    /// <summary>Goes to the next frame; false at the end.</summary>
    public bool MoveNext()
    {
        while (GoOn() || TakeTurn())
        {
            FrameOrder order = _current!.Order;
            if (_eachOnce && order.Run == _last.Run && order.Sequence == _last.Sequence)
            {
                RepeatedFrames++;
                continue;
            }

            _last = order;
            return true;
        }

        return false;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _current?.Dispose();
        _current = null;
        while (_turns.TryDequeue(out OpenedChunk? chunk, out _)) chunk.Dispose();
        while (_spare.TryPop(out OpenedChunk? chunk)) chunk.Dispose();
        _nextChunk = _chunks.Count;
    }

    // To the next frame of the chunk at hand, where it comes before those of all others: chunks of a call seldom overlap.
    private bool GoOn()
    {
        if (_current is not { } chunk) return false;
        bool hasMore = chunk.MoveNext();
        if (hasMore && chunk.Order.CompareTo(_until) < 0) return true;
        _current = null;
        if (hasMore) _turns.Enqueue(chunk, chunk.Order);
        else _spare.Push(chunk);
        return false;
    }

    private bool TakeTurn()
    {
        OpenDue();
        if (!_turns.TryDequeue(out _current, out _)) return false;
        _until = _nextChunk < _chunks.Count ? FirstOf(_chunks[_nextChunk]) : FrameOrder.Last;
        if (_turns.TryPeek(out _, out FrameOrder next) && next.CompareTo(_until) < 0) _until = next;
        return true;
    }

    private FrameOrder FirstOf(in ChunkLocator locator) => new(locator.Segment.Run, locator.FirstSequence, _nextChunk);

    private void OpenDue()
    {
        for (; _nextChunk < _chunks.Count; _nextChunk++)
        {
            ChunkLocator locator = _chunks[_nextChunk];
            if (_turns.TryPeek(out _, out FrameOrder first) && first.CompareTo(FirstOf(locator)) < 0) return;
            if (!_spare.TryPop(out OpenedChunk? chunk)) chunk = new OpenedChunk();
            if (Load(chunk, locator) && chunk.MoveNext()) _turns.Enqueue(chunk, chunk.Order);
            else _spare.Push(chunk);
        }
    }

    private bool Load(OpenedChunk chunk, in ChunkLocator locator)
    {
        if (locator.Length is < SegmentFormat.ChunkHeaderBytes or > SegmentFormat.ChunkHeaderBytes + SegmentFormat.MaxPayloadBytes)
        {
            DamagedChunks++;
            return false;
        }

        switch (_reader.Read(locator, chunk.Room(locator.Length)))
        {
            case ChunkReadOutcome.Missing:
                MissingChunks++;
                return false;
            case ChunkReadOutcome.Damaged:
                DamagedChunks++;
                return false;
            case ChunkReadOutcome.Sealed:
                SealedChunks++;
                return false;
        }

        chunk.Begin(locator, _nextChunk);
        if (_key is not { } key || chunk.Header.Key == key) return true;
        MissingChunks++;
        return false;
    }

    /// <summary>Place of a frame among all.</summary>
    private readonly record struct FrameOrder(uint Run, long Sequence, int Chunk) : IComparable<FrameOrder>
    {
        public static readonly FrameOrder Last = new(uint.MaxValue, long.MaxValue, int.MaxValue);

        public int CompareTo(FrameOrder other)
        {
            int by = Run.CompareTo(other.Run);
            if (by == 0) by = Sequence.CompareTo(other.Sequence);
            return by != 0 ? by : Chunk.CompareTo(other.Chunk);
        }
    }

    /// <summary>One chunk in memory and how far it has been given.</summary>
    private sealed class OpenedChunk : IDisposable
    {
        private byte[] _bytes = [];
        private int[] _offsets = [];
        private long[] _sequences = [];
        private int _length;
        private int _frames;
        private int _at;
        private uint _run;
        private int _ordinal;

        public ChunkHeader Header { get; private set; }

        public FrameOrder Order => new(_run, _sequences[_at], _ordinal);

        public CapturedPacket Frame
        {
            get
            {
                FrameBuffer.TryReadFrame(_bytes.AsSpan(_offsets[_at], _length - _offsets[_at]), out CapturedPacket packet, out _);
                return packet;
            }
        }

        public Span<byte> Room(int length)
        {
            Grow(ref _bytes, length);
            return _bytes;
        }

        public void Begin(in ChunkLocator locator, int ordinal)
        {
            _length = locator.Length;
            _run = locator.Segment.Run;
            _ordinal = ordinal;
            _at = -1;
            _frames = 0;
            SegmentFormat.TryReadChunk(_bytes.AsSpan(0, _length), out ChunkHeader header, out _);
            Header = header;
            Grow(ref _offsets, header.Frames);
            Grow(ref _sequences, header.Frames);
            bool inOrder = true;
            long highest = long.MinValue;
            for (int offset = SegmentFormat.ChunkHeaderBytes; offset < _length && _frames < header.Frames;)
            {
                if (FrameBuffer.TryMeasureFrame(_bytes.AsSpan(offset, _length - offset), out long sequence, out int consumed) != ParseOutcome.Message) break;
                inOrder &= sequence >= highest;
                highest = Math.Max(highest, sequence);
                _offsets[_frames] = offset;
                _sequences[_frames++] = sequence;
                offset += consumed;
            }

            // Frames that were held (early media, TCP segments) are laid later than they were captured.
            if (!inOrder) Array.Sort(_sequences, _offsets, 0, _frames);
        }

        public bool MoveNext() => ++_at < _frames;

        public void Dispose()
        {
            Release(ref _bytes);
            Release(ref _offsets);
            Release(ref _sequences);
        }

        private static void Grow<T>(ref T[] array, int length)
        {
            if (array.Length > 0 && array.Length >= length) return;
            Release(ref array);
            array = ArrayPool<T>.Shared.Rent(Math.Max(length, 16));
        }

        private static void Release<T>(ref T[] array)
        {
            if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
            array = [];
        }
    }
}
