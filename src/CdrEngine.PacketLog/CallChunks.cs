using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>The packets of one call on their way to the log: an open chunk for its SIP and one for its RTP, and the list of those already sealed.
/// Belongs to one shard and is used by its thread.</summary>
/// <remarks>Memory: pages of <see cref="PacketLogLimits.PageBytes"/>, taken as packets come and given back when the chunk is sealed: at
/// <see cref="PacketLogLimits.ChunkBytes"/>, when its first packet has waited <see cref="PacketLogLimits.ChunkAge"/>
/// (<see cref="PacketLogShard.Advance"/>), and on <see cref="Seal"/>. Appending allocates nothing.</remarks>
public sealed class CallChunks : IDisposable
{
    private readonly PacketLogShard _shard;
    private OpenChunk? _sip;
    private OpenChunk? _rtp;

    internal CallChunks(PacketLogShard shard, CallKey key)
    {
        _shard = shard;
        Key = key;
    }

    /// <summary>Whose packets these are.</summary>
    public CallKey Key { get; }

    /// <summary>A number of the owner's, told back to <see cref="ISealedChunks"/>; the log does nothing with it.</summary>
    public long Tag { get; set; }

    /// <summary>Sealed chunks. Its bytes are on disk after <see cref="PacketLogShard.Flush"/>.</summary>
    public ChunkList Sealed { get; } = new();

    /// <summary>Where packets of media are laid, the same one for as long as the call is kept: whoever lays very many asks once.</summary>
    public OpenChunk Media => Chunk(PacketKind.Rtp);

    /// <summary>Bytes waiting in open chunks, frame headers included.</summary>
    public int OpenBytes => (_sip?.Length ?? 0) + (_rtp?.Length ?? 0);

    /// <summary>Lays a copy of a packet into the open chunk of its kind, ordered by <see cref="CapturedPacket.Sequence"/> (a packet without one stands
    /// behind all that the shard has seen). False where it was dropped: too long, or no memory; both are counted.</summary>
    public bool Append(PacketKind kind, in CapturedPacket packet) => Chunk(kind).Append(packet);

    /// <summary>As above, with the place in the order of capture given apart; from 1.</summary>
    public bool Append(PacketKind kind, in CapturedPacket packet, long captureSequence) =>
        Chunk(kind).Append(packet with { Sequence = captureSequence });

    /// <summary>Lays copies of all frames of a buffer.</summary>
    public void Append(PacketKind kind, FrameBuffer frames)
    {
        OpenChunk chunk = Chunk(kind);
        foreach (CapturedPacket packet in frames) chunk.Append(packet);
    }

    /// <summary>Seals both open chunks, for a call at its end.</summary>
    public void Seal()
    {
        _sip?.Seal();
        _rtp?.Seal();
    }

    /// <summary>Seals, and gives the list's memory back: take <see cref="Sealed"/>'s bytes before.</summary>
    public void Dispose()
    {
        Seal();
        Sealed.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OpenChunk Chunk(PacketKind kind) => kind == PacketKind.Rtp
        ? _rtp ??= new OpenChunk(_shard, this, PacketKind.Rtp)
        : _sip ??= new OpenChunk(_shard, this, PacketKind.Sip);
}

/// <summary>One open chunk of a call: a chain of pages. Once sealed it is open anew and empty. Belongs to the shard's thread.</summary>
public sealed class OpenChunk
{
    private const int LineBytes = 64;

    private readonly PacketLogShard _shard;
    private readonly CallChunks _call;
    private readonly PacketKind _kind;
    private int _head = PagePool.None;
    private int _tail = PagePool.None;
    private int _pages;
    private int _tailUsed;
    private int _room;
    private int _frames;
    private long _lastSequence;
    private long _firstSequence;
    private long _firstMicroseconds;
    private long _lastMicroseconds;

    internal OpenChunk(PacketLogShard shard, CallChunks call, PacketKind kind)
    {
        _shard = shard;
        _call = call;
        _kind = kind;
    }

    /// <summary>Brings near what <see cref="Append(ReadOnlySpan{byte}, Timestamp, long)"/> will touch of this object: two lines of the cache. Only where SSE is supported.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Prefetch()
    {
        Sse.Prefetch0(Unsafe.AsPointer(ref _head));
        Sse.Prefetch0(Unsafe.AsPointer(ref _lastMicroseconds));
    }

    /// <summary>Brings near where the next frame is laid, once the object itself is. Only where SSE is supported.</summary>
    /// <param name="bytes">Its length, header included.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void PrefetchRoom(int bytes)
    {
        if (bytes > _room) return;
        ref byte room = ref MemoryMarshal.GetReference(_shard.Pool[_tail][_tailUsed..]);

        // The line that the last frame ends in has been touched a moment ago, or will be fetched with the first store.
        for (int at = LineBytes; at < bytes; at += LineBytes) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref room, at)));
    }

    /// <summary>Bytes laid.</summary>
    internal int Length { get; private set; }

    /// <summary>Neighbours in the shard's list of open chunks, oldest first.</summary>
    internal OpenChunk? Older { get; set; }

    internal OpenChunk? Newer { get; set; }

    /// <summary>Engine time when the first frame was laid.</summary>
    internal Timestamp OpenedAt { get; private set; }

    internal bool Append(in CapturedPacket packet)
    {
        if (packet.Sequence <= 0) return Append(packet with { Sequence = _shard.LastSequence + 1 });
        if (!MakeRoom(packet.Bytes.Length, packet.Sequence, out bool isThere)) return isThere;
        Lay(packet, FrameBuffer.FrameHeaderBytes + packet.Bytes.Length);
        Complete(packet.Bytes.Length, packet.CapturedAt, packet.Sequence);
        return true;
    }

    /// <summary>Lays a copy of a frame that is laid as a chunk lays it (<see cref="FrameBuffer.WriteFrame(Span{byte}, in CapturedPacket)"/>).</summary>
    /// <param name="laid">Header and bytes of the frame.</param>
    /// <param name="at">Its capture time, as its header says.</param>
    /// <param name="sequence">Its place in the order of capture, likewise; from 1.</param>
    /// <returns>False where it was dropped: too long, or no memory; both are counted.</returns>
    // Nearly every packet of media passes here and finds room: what it takes is compiled into the shard's loop (docs/decisions/0031-packets-that-go-straight.md).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Append(ReadOnlySpan<byte> laid, Timestamp at, long sequence)
    {
        if (laid.Length > _room || sequence == _lastSequence) return AppendLong(laid, at, sequence);
        FrameBuffer.CopyBytes(laid, _shard.Pool[_tail][_tailUsed..]);
        _tailUsed += laid.Length;
        _room -= laid.Length;
        Length += laid.Length;
        _frames++;
        AccountNext(at.Microseconds, sequence);
        Count(laid.Length - FrameBuffer.FrameHeaderBytes);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool AppendLong(ReadOnlySpan<byte> laid, Timestamp at, long sequence)
    {
        int length = laid.Length - FrameBuffer.FrameHeaderBytes;
        if (!MakeRoom(length, sequence, out bool isThere)) return isThere;
        Spread(_shard.Pool, laid);
        Length += laid.Length;
        Complete(length, at, sequence);
        return true;
    }

    internal void Seal()
    {
        if (_frames == 0) return;
        var header = new ChunkHeader(
            _kind, _call.Key, _frames, new Timestamp(_firstMicroseconds), new Timestamp(_lastMicroseconds), _firstSequence);
        if (_shard.Writer(_kind).Append(header, _shard.Pool, _head, Length, out ChunkLocator locator))
        {
            _call.Sealed.Add(locator);
            _shard.Observer?.OnSealed(_call, locator);
        }

        _shard.Pool.Return(_head, _tail, _pages);
        _shard.Remove(this);
        _head = PagePool.None;
        _tail = PagePool.None;
        _pages = 0;
        _tailUsed = 0;
        _room = 0;
        _frames = 0;
        Length = 0;
    }

    /// <summary>False where a frame is not to be laid: it is there already, is too long, or finds no memory.</summary>
    private bool MakeRoom(int frameBytes, long sequence, out bool isThere)
    {
        int needed = FrameBuffer.FrameHeaderBytes + frameBytes;
        isThere = _frames > 0 && sequence == _lastSequence;
        if (frameBytes > _shard.Limits.FrameBytes)
        {
            _shard.Counters.Increment(PacketLogCounter.OversizedFrames);
            isThere = false;
            return false;
        }

        if (isThere)
        {
            _shard.Counters.Increment(PacketLogCounter.RepeatedFrames);
            return false;
        }

        if (_frames > 0 && Length + needed > _shard.Limits.ChunkBytes) Seal();
        if (HavePages(needed)) return true;
        _shard.Counters.Increment(PacketLogCounter.UnpagedFrames);
        return false;
    }

    private void Complete(int frameBytes, Timestamp at, long sequence)
    {
        Account(at, sequence);
        Count(frameBytes);
        if (Length >= _shard.Limits.ChunkBytes) Seal();
        else _room = Math.Min(_shard.Pool.PageBytes - _tailUsed, Math.Min(_shard.Limits.ChunkBytes - 1 - Length, _shard.Limits.FrameBytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(int frameBytes)
    {
        _shard.Counters.Increment(PacketLogCounter.Frames);
        _shard.Counters.Add(PacketLogCounter.FrameBytes, frameBytes);
    }

    // When memory is used up the oldest chunks of the shard are sealed, this one perhaps among them.
    private bool HavePages(int needed)
    {
        while (_shard.Pool.Available < MissingPages(needed))
        {
            if (!_shard.SealOldest()) return false;
            _shard.Counters.Increment(PacketLogCounter.EarlyChunks);
        }

        return true;
    }

    private int MissingPages(int needed)
    {
        int pageBytes = _shard.Pool.PageBytes;
        int room = _tail == PagePool.None ? 0 : pageBytes - _tailUsed;
        return needed <= room ? 0 : (needed - room + pageBytes - 1) / pageBytes;
    }

    private void Lay(in CapturedPacket packet, int needed)
    {
        PagePool pool = _shard.Pool;
        if (_tail != PagePool.None && pool.PageBytes - _tailUsed >= needed)
        {
            FrameBuffer.WriteFrame(pool[_tail][_tailUsed..], packet);
            _tailUsed += needed;
        }
        else
        {
            Span<byte> header = stackalloc byte[FrameBuffer.FrameHeaderBytes];
            FrameBuffer.WriteHeader(header, packet);
            Spread(pool, header);
            Spread(pool, packet.Bytes);
        }

        Length += needed;
    }

    private void Spread(PagePool pool, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_tail == PagePool.None || _tailUsed == pool.PageBytes)
            {
                int page = pool.Rent(_tail);
                if (_head == PagePool.None) _head = page;
                _tail = page;
                _tailUsed = 0;
                _pages++;
            }

            int count = Math.Min(bytes.Length, pool.PageBytes - _tailUsed);
            bytes[..count].CopyTo(pool[_tail][_tailUsed..]);
            _tailUsed += count;
            bytes = bytes[count..];
        }
    }

    private void Account(Timestamp captured, long sequence)
    {
        long at = captured.Microseconds;
        if (_frames++ == 0)
        {
            _firstSequence = sequence;
            _firstMicroseconds = at;
            _lastMicroseconds = at;
            OpenedAt = _shard.Now == Timestamp.MinValue ? captured : _shard.Now;
            _shard.Add(this);
        }

        AccountNext(at, sequence);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AccountNext(long at, long sequence)
    {
        if (sequence < _firstSequence) _firstSequence = sequence;
        if (at < _firstMicroseconds) _firstMicroseconds = at;
        if (at > _lastMicroseconds) _lastMicroseconds = at;
        _lastSequence = sequence;
        _shard.Saw(sequence);
    }
}
