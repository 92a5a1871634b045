using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>What one shard writes down of its open calls, so that the next start can go on with them: which calls there are and where their
/// packets lie. One thread; nothing the disk does throws out of it.</summary>
/// <remarks>
/// <para>Some times a second what was noted is cut off (<see cref="Cut"/>) and, once the packet log has written all that it names, written in one go (<see cref="Write"/>): what it names is on
/// disk. A call is closed in it when the shard has
/// forgotten it and its record would outlive the process.</para>
/// <para>The journal grows in pieces. Whenever the newest is large enough, a task puts the finished ones together and leaves out the calls that are closed, so that the folder
/// holds little more than the open ones.</para>
/// </remarks>
internal sealed class CallJournal : ISealedChunks, IDisposable
{
    private readonly string _folder;
    private readonly uint _run;
    private readonly int _shard;
    private readonly ResumeLimits _limits;
    private readonly IRecordOutput _output;
    private readonly BlockSeal? _seal;
    private JournalWriter _writer;
    private JournalWriter _cut;
    private readonly List<long> _closing = [];
    private readonly Queue<(long Taken, long[] Calls)> _closed = new();
    private FileStream? _file;
    private long _next;
    private int _piece;
    private int _pieces;
    private long _pieceBytes;
    private long _mergedBytes;
    private Task<long>? _merging;
    private Task? _syncing;
    private long _syncedAt;
    private bool _unsynced;

    public CallJournal(string folder, uint run, int shard, ResumeLimits limits, IRecordOutput output)
    {
        _folder = folder;
        _run = run;
        _shard = shard;
        _limits = limits;
        _output = output;
        _seal = limits.Keys is null ? null : new BlockSeal(limits.Keys);
        _writer = new JournalWriter(_seal);
        _cut = new JournalWriter(_seal);
    }

    /// <summary>Entries that could not be written and were dropped: a call of theirs may not be gone on with.</summary>
    public long Dropped { get; private set; }

    /// <summary>Why the last write failed; null while writes work.</summary>
    public string? Fault { get; private set; }

    /// <summary>Notes that a call began; gives its number.</summary>
    public long Open(ReadOnlySpan<byte> callId, string source)
    {
        long number = ++_next;
        _writer.Open(number, callId, source);
        return number;
    }

    /// <summary>Notes a message that the packets of the call do not give back by themselves.</summary>
    public void Message(long number, long sequence, Timestamp at, Timestamp clock, Transport transport, Endpoint source, Endpoint destination, ReadOnlySpan<byte> bytes) =>
        _writer.Message(number, _run, sequence, at, clock, transport, source, destination, bytes);

    /// <summary>Takes over what an earlier run wrote down of a call.</summary>
    public void TakeOver(long number, ResumedCall call)
    {
        foreach (ChunkLocator chunk in call.Chunks) _writer.Chunk(number, chunk);
        foreach (JournalMessage message in call.Messages)
            _writer.Message(number, message.Run, message.Sequence, message.At, message.Clock, message.Transport, message.Source, message.Destination, message.Bytes);
    }

    /// <inheritdoc />
    public void OnSealed(CallChunks call, in ChunkLocator chunk)
    {
        if (call.Tag != 0) _writer.Chunk(call.Tag, chunk);
    }

    /// <summary>Notes that a call is over for good. It stays in the journal until its record is kept.</summary>
    public void Close(long number) => _closing.Add(number);

    /// <summary>Whether something was cut off and is not written yet.</summary>
    public bool IsCut => _cut.Length > 0;

    /// <summary>Cuts off what was noted so far, to be written together. Call it when the records of closed calls are handed on and nothing is cut off.</summary>
    public void Cut()
    {
        if (_closing.Count > 0)
        {
            _closed.Enqueue((_output.Taken, [.. _closing]));
            _closing.Clear();
        }

        while (_closed.TryPeek(out (long Taken, long[] Calls) first) && _output.IsKept(first.Taken))
        {
            foreach (long call in first.Calls) _writer.Close(call);
            _closed.Dequeue();
        }

        if (IsCut) return;
        (_cut, _writer) = (_writer, _cut);
    }

    /// <summary>Writes what was cut off. Call it when all that the packet log was handed before the cut is on disk.</summary>
    public bool Write()
    {
        if (!IsCut)
        {
            Sync();
            return Fault is null;
        }

        if (!TryWrite()) return false;
        Sync();
        if (_pieceBytes >= Math.Max(_limits.PieceBytes, _mergedBytes)) EndPiece();
        return true;
    }

    /// <summary>Writes what was noted, and that the engine stops in good order.</summary>
    public void Stop(Timestamp at)
    {
        if (IsCut) return;
        Cut();
        if (!Write()) return;
        _cut.Stopped(at);
        TryWrite();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _merging?.GetAwaiter().GetResult();
        _syncing?.GetAwaiter().GetResult();
        _seal?.Dispose();
    }

    // To the disk itself, by a thread of the pool: a shard does not wait for a disk.
    private void Sync()
    {
        if (!_unsynced || _file is not { } file || _limits.SyncEvery <= TimeSpan.Zero || _syncing is { IsCompleted: false }) return;
        long now = Environment.TickCount64;
        if (now - _syncedAt < _limits.SyncEvery.TotalMilliseconds) return;
        _syncedAt = now;
        _unsynced = false;
        _syncing = Task.Run(() =>
        {
            try
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // The piece was ended meanwhile; or the disk fails, which the next write will tell.
            }
        });
    }

    private bool TryWrite()
    {
        try
        {
            if (_file is null)
            {
                Directory.CreateDirectory(_folder);
                _piece++;
                _file = new FileStream(Path.Combine(_folder, new JournalFile(_run, _shard, _piece, _piece, 0).Name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            }

            ReadOnlySpan<byte> block = _cut.Block();
            _file.Write(block);
            _pieceBytes += block.Length;
            _unsynced = true;
            _cut.Clear();
            Fault = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What waits is bounded; half a block at the file's end would hide what follows, so the next attempt begins a file of its own.
            Fault = e.Message;
            _file?.Dispose();
            _file = null;
            Bound();
            return false;
        }
    }

    /// <summary>Bounds what waits for a disk that refuses or is slow.</summary>
    public void Bound()
    {
        if (_cut.Length + _writer.Length <= _limits.WaitingBytes) return;
        Dropped++;
        _cut.Clear();
        _writer.Clear();
    }

    private void EndPiece()
    {
        if (_merging is { IsCompleted: false }) return;
        if (_merging is { IsCompletedSuccessfully: true } done) _mergedBytes = done.Result;
        _file?.Dispose();
        _file = null;
        _pieceBytes = 0;
        _pieces = _piece;
        _merging = Task.Run(Merge);
    }

    private long Merge()
    {
        try
        {
            return JournalMerge.Run(_folder, _run, _shard, _pieces, _limits.Keys);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The pieces are all there still; the next merge takes them too.
            return _mergedBytes;
        }
    }
}

/// <summary>Puts pieces of a journal together.</summary>
internal static class JournalMerge
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Writes all pieces of one shard up to <paramref name="last"/> into one file without the calls that are closed in them, and removes
    /// them; gives the size of that file.</summary>
    public static long Run(string folder, uint run, int shard, int last, KeyRing? keys)
    {
        // What is being purged of a journal is not put together meanwhile.
        using FileStream? held = OpenCallsPurge.Hold(folder);
        List<JournalFile> pieces = JournalFile.List(folder).FindAll(file => file.Run == run && file.Shard == shard && file.TakenBy == 0 && file.Last <= last);
        if (pieces.Count == 0) return 0;
        var closed = new HashSet<long>();
        foreach (JournalFile piece in pieces)
        {
            foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(Path.Combine(folder, piece.Name), keys))
            {
                var reader = new JournalReader(block.Span);
                while (reader.MoveNext())
                {
                    if (reader.Kind == JournalEntryKind.Close) closed.Add(reader.Number);
                }
            }
        }

        var merged = new JournalFile(run, shard, pieces[0].First, last, 0);
        if (pieces.Count == 1 && pieces[0] == merged && closed.Count == 0) return new FileInfo(Path.Combine(folder, merged.Name)).Length;
        string path = Path.Combine(folder, merged.Name);
        long length;
        using (var to = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            using BlockSeal? seal = keys is null ? null : new BlockSeal(keys);
            var writer = new JournalWriter(seal);
            foreach (JournalFile piece in pieces)
            {
                foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(Path.Combine(folder, piece.Name), keys)) Copy(block.Span, closed, writer, to);
            }

            Write(writer, to);
            length = to.Length;

            // The pieces that it stands for go now: it has to outlive a power cut by itself.
            to.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
        foreach (JournalFile piece in pieces)
        {
            if (piece != merged) File.Delete(Path.Combine(folder, piece.Name));
        }

        return length;
    }

    private static void Copy(ReadOnlySpan<byte> entries, HashSet<long> closed, JournalWriter writer, FileStream to)
    {
        var reader = new JournalReader(entries);
        while (reader.MoveNext())
        {
            if (closed.Contains(reader.Number)) continue;
            Add(ref reader, writer);
            if (writer.Length >= BlockBytes) Write(writer, to);
        }
    }

    /// <summary>Writes the entry reached once more; nothing for those that close and stop.</summary>
    public static void Add(ref JournalReader reader, JournalWriter writer)
    {
        switch (reader.Kind)
        {
            case JournalEntryKind.Open:
                writer.Open(reader.Number, reader.CallId, reader.Source);
                break;
            case JournalEntryKind.Chunk:
                writer.Chunk(reader.Number, reader.Chunk);
                break;
            case JournalEntryKind.Message when reader.Message is { } message:
                writer.Message(reader.Number, message.Run, message.Sequence, message.At, message.Clock, message.Transport, message.Source, message.Destination, message.Bytes);
                break;
        }
    }

    private static void Write(JournalWriter writer, FileStream to)
    {
        if (writer.Length == 0) return;
        to.Write(writer.Block());
        writer.Clear();
    }
}
