using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.PacketLog;

/// <summary>One shard's part of the log: its calls' open chunks and its two writers. One thread; nothing in it throws on what the disk does.</summary>
public sealed class PacketLogShard : IDisposable
{
    private readonly SegmentWriter _sip;
    private readonly SegmentWriter _rtp;
    private readonly WriteBehind? _behind;
    private OpenChunk? _oldest;
    private OpenChunk? _newest;
    private Timestamp _flushedAt = Timestamp.MinValue;
    private Timestamp _syncedAt = Timestamp.MinValue;

    internal PacketLogShard(ISegmentFiles files, ushort shard, uint run, PacketLogLimits limits, KeyRing? keys = null)
    {
        Limits = limits.Checked();
        Pool = new PagePool(limits.PageBytes, limits.OpenChunkBytes);
        if (limits.WriteBehindBytes > 0) files = _behind = new WriteBehind(files, limits.WriteBehindBytes, limits.WriteBufferBytes);
        _sip = new SegmentWriter(files, PacketKind.Sip, shard, run, limits, Counters, keys);
        _rtp = new SegmentWriter(files, PacketKind.Rtp, shard, run, limits, Counters, keys);
    }

    /// <summary>What was counted.</summary>
    public Counters<PacketLogCounter> Counters { get; } = new();

    /// <summary>Failing where one of the two writers is.</summary>
    public SegmentWriterState State => Fault is null ? SegmentWriterState.Writing : SegmentWriterState.Failing;

    /// <summary>Why writes fail; null while they work.</summary>
    public string? Fault => _sip.Fault ?? _rtp.Fault;

    /// <summary>Is told of every chunk sealed, before it is on disk; null tells nobody.</summary>
    public ISealedChunks? Observer { get; set; }

    /// <summary>Memory of all slabs for open chunks, in bytes.</summary>
    public long OpenChunkBytes => Pool.AllocatedBytes;

    /// <summary>Number of the last write handed on; all up to it are on disk when <see cref="IsWritten"/> says so. Where writes are not left to a thread
    /// they always are.</summary>
    public long LastWrite => _behind?.Handed ?? 0;

    /// <summary>Whether a write, by <see cref="LastWrite"/>, and all before it are on disk.</summary>
    public bool IsWritten(long write) => _behind?.IsDone(write) ?? true;

    /// <summary>Waits for what was handed on, so that it can be read back; false where the disk takes longer than <paramref name="most"/>.</summary>
    public bool AwaitWrites(TimeSpan most) => _behind?.Wait(most) ?? true;

    internal PacketLogLimits Limits { get; }

    internal PagePool Pool { get; }

    internal Timestamp Now { get; private set; } = Timestamp.MinValue;

    internal long LastSequence { get; private set; }

    /// <summary>Begins to log a call.</summary>
    public CallChunks Open(CallKey key) => new(this, key);

    /// <summary>Tells the engine's time: chunks whose first packet has waited <see cref="PacketLogLimits.ChunkAge"/> are sealed, and the files are
    /// written once in that time. Cheap when there is nothing to do; call it with every batch. Where time went back (an older file is imported) all
    /// open chunks are sealed.</summary>
    public void Advance(Timestamp now)
    {
        Now = now;
        while (_oldest is { } chunk && (now < chunk.OpenedAt || now - chunk.OpenedAt >= Limits.ChunkAge)) chunk.Seal();
        if (now >= _flushedAt && _flushedAt != Timestamp.MinValue && now - _flushedAt < Limits.ChunkAge) return;
        _flushedAt = now;
        Flush();
        if (_behind is null || Limits.SyncEvery <= TimeSpan.Zero || (_syncedAt != Timestamp.MinValue && now >= _syncedAt && now - _syncedAt < Limits.SyncEvery)) return;
        _syncedAt = now;
        _sip.Sync();
        _rtp.Sync();
    }

    /// <summary>From when on <see cref="Advance"/> has something to do, as long as time does not go back; chunks begun meanwhile are due no sooner.</summary>
    public Timestamp NextDue
    {
        get
        {
            if (_flushedAt == Timestamp.MinValue) return _flushedAt;
            Timestamp flush = _flushedAt + Limits.ChunkAge;
            return _oldest is { } chunk && chunk.OpenedAt + Limits.ChunkAge < flush ? chunk.OpenedAt + Limits.ChunkAge : flush;
        }
    }

    /// <summary>Tells the engine's time where <see cref="NextDue"/> is still to come.</summary>
    public void KeepTime(Timestamp now) => Now = now;

    /// <summary>Writes what is sealed; false where the disk refuses. Before a call's record is handed on: after it, its chunks can be read.</summary>
    public bool Flush()
    {
        bool sip = _sip.Flush();
        return _rtp.Flush() && sip;
    }

    /// <summary>Seals every open chunk and writes it; false where the disk refuses.</summary>
    public bool SealAll()
    {
        while (SealOldest())
        {
            // Each turn takes one off the list.
        }

        return Flush();
    }

    /// <summary>Seals all, writes all, ends both segments.</summary>
    public void Dispose()
    {
        SealAll();
        _sip.Dispose();
        _rtp.Dispose();
        _behind?.Dispose();
        Pool.Dispose();
    }

    internal SegmentWriter Writer(PacketKind kind) => kind == PacketKind.Rtp ? _rtp : _sip;

    internal void Saw(long sequence)
    {
        if (sequence > LastSequence) LastSequence = sequence;
    }

    internal bool SealOldest()
    {
        if (_oldest is not { } chunk) return false;
        chunk.Seal();
        return true;
    }

    internal void Add(OpenChunk chunk)
    {
        chunk.Older = _newest;
        if (_newest is null) _oldest = chunk;
        else _newest.Newer = chunk;
        _newest = chunk;
    }

    internal void Remove(OpenChunk chunk)
    {
        if (chunk.Older is null) _oldest = chunk.Newer;
        else chunk.Older.Newer = chunk.Newer;
        if (chunk.Newer is null) _newest = chunk.Older;
        else chunk.Newer.Older = chunk.Older;
        chunk.Older = null;
        chunk.Newer = null;
    }
}

/// <summary>Is told of chunks as they are sealed, on the shard's thread.</summary>
public interface ISealedChunks
{
    /// <summary>A chunk was sealed. It is on disk after the next <see cref="PacketLogShard.Flush"/> that gives true.</summary>
    void OnSealed(CallChunks call, in ChunkLocator chunk);
}
