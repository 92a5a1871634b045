using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>Where records wait on disk while the database is away: an append-only file, bounded, drained in order. Survives a restart and kill −9.
/// Any thread may add; one drains.</summary>
/// <remarks>Entry, little-endian: length u32 of what follows the checksum, CRC-32C u32 of that, then version u8 (1), revision u8, tenant length u16 and
/// UTF-8 (0xFFFF for none), chunk list length u32 and bytes, native JSON. A torn tail is cut at the start. A drain writes what fails again into a new file that
/// then takes the old one's place; a crash in between only drains again what the store already has, which changes nothing.</remarks>
public sealed class RecordOutbox : IDisposable
{
    private const int PrefixBytes = 8;
    private const int FixedBytes = 8;
    private const int EntryBytesMax = 64 << 20;
    private const int FilesMax = 32;
    private const int NoTenant = ushort.MaxValue;

    /// <summary>Records found at the start that are remembered: those that a journal of open calls may not know of yet are the last of them.</summary>
    private const int FoundMax = 20_000;

    private readonly string _path;
    private readonly long _maxBytes;
    private readonly Queue<WaitingRecord> _found = new();
    private readonly Lock _lock = new();
    private FileStream _file;
    private long _length;
    private bool _unsynced;

    private RecordOutbox(string path, long maxBytes, FileStream file)
    {
        _path = path;
        _maxBytes = maxBytes;
        _file = file;
    }

    /// <summary>Records waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes they take.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Bytes of a torn or damaged tail that opening cut.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Damaged entries before the tail, which opening passed over.</summary>
    public int DamagedEntries { get; private set; }

    /// <summary>The last records that waited when it was opened, oldest first; in the store since, where they do not wait any more.</summary>
    public IReadOnlyCollection<WaitingRecord> Found => _found;

    /// <summary>Opens the outbox in a folder, made where there is none. Each program has a file of its own; what a program that is gone left behind
    /// is taken over.</summary>
    /// <param name="folder">Folder; the files in it are <c>records-1.outbox</c> and so on.</param>
    /// <param name="maxBytes">Most bytes it may take; 1 GiB by default, some 300,000 records.</param>
    public static RecordOutbox Open(string folder, long maxBytes = 1L << 30)
    {
        try
        {
            Directory.CreateDirectory(folder);
            RecordOutbox? outbox = null;
            for (int number = 1; number <= FilesMax; number++)
            {
                string path = Path.Combine(folder, $"records-{number}.outbox");
                if (outbox is not null && !File.Exists(path)) continue;
                if (TryOpenFile(path) is not { } file) continue;
                File.Delete(path + ".next");
                var opened = new RecordOutbox(path, maxBytes, file);
                opened.Scan();
                if (outbox is null) outbox = opened;
                else outbox.TakeOver(opened);
            }

            if (outbox is null) throw new StoreException($"{folder}: {FilesMax} programs have their outbox here");
            return outbox;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{folder}: {e.Message}", e);
        }
    }

    /// <summary>The records of an outbox that no program has open, oldest first; what is damaged is passed over.</summary>
    /// <param name="folder">Its folder; there need not be one.</param>
    public static IEnumerable<StoredCall> Read(string folder)
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (string path in Directory.EnumerateFiles(folder, "records-*.outbox").Order(StringComparer.Ordinal))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            for (long offset = 0; TryReadEntry(file, offset, file.Length, out StoredCall? call, out int length); offset += length)
            {
                if (call is not null) yield return call;
            }
        }
    }

    /// <summary>Adds a record behind the others; false where the bound is met or the disk refuses.</summary>
    public bool TryAdd(StoredCall call)
    {
        byte[] entry = Encode(call);
        lock (_lock)
        {
            if (_length + entry.Length > _maxBytes) return false;
            try
            {
                RandomAccess.Write(_file.SafeFileHandle, entry, _length);
            }
            catch (IOException)
            {
                // What was half written lies behind the end and is overwritten, or cut at the next start.
                return false;
            }

            _length += entry.Length;
            _unsynced = true;
            Count++;
            return true;
        }
    }

    /// <summary>Makes sure that what was added is on the disk itself; false where the disk refuses.</summary>
    public bool Sync()
    {
        lock (_lock)
        {
            if (!_unsynced) return true;
            try
            {
                RandomAccess.FlushToDisk(_file.SafeFileHandle);
                _unsynced = false;
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    /// <summary>Hands all records, oldest first and in batches, to <paramref name="write"/>, which gives back those that failed; they stay. Stops where
    /// nothing of the first batch succeeds. Gives the number written.</summary>
    public int Drain(int batchSize, Func<IReadOnlyList<StoredCall>, IReadOnlyList<StoredCall>> write)
    {
        long end;
        lock (_lock)
        {
            end = _length;
        }

        int written = 0;
        var kept = new List<StoredCall>();
        long keptBytes = 0;
        FileStream? next = null;
        try
        {
            for (long offset = 0; offset < end;)
            {
                var batch = new List<StoredCall>(batchSize);
                while (batch.Count < batchSize && offset < end && TryReadEntry(_file, offset, end, out StoredCall? call, out int length))
                {
                    if (call is not null) batch.Add(call);
                    offset += length;
                }

                if (batch.Count == 0) break;
                IReadOnlyList<StoredCall> failed = write(batch);
                if (written == 0 && next is null && failed.Count == batch.Count) return 0;
                written += batch.Count - failed.Count;
                kept.AddRange(failed);
                next ??= OpenFile(_path + ".next");
                foreach (StoredCall call in kept)
                {
                    byte[] entry = Encode(call);
                    RandomAccess.Write(next.SafeFileHandle, entry, keptBytes);
                    keptBytes += entry.Length;
                }

                kept.Clear();
            }

            if (next is not null) Replace(next, keptBytes, end, written);
            next = null;
            return written;
        }
        catch (IOException)
        {
            // The old file is whole; what was written meanwhile is in the store and will be found unchanged.
            return 0;
        }
        finally
        {
            next?.Dispose();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock) _file.Dispose();
    }

    private static FileStream OpenFile(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    // Null where another program has it.
    private static FileStream? TryOpenFile(string path)
    {
        try
        {
            return OpenFile(path);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private void TakeOver(RecordOutbox other)
    {
        bool whole = true;
        for (long offset = 0; TryReadEntry(other._file, offset, other._length, out StoredCall? call, out int length); offset += length)
            whole &= call is null || TryAdd(call);
        foreach (WaitingRecord found in other._found) Remember(found);
        TornBytes += other.TornBytes;
        DamagedEntries += other.DamagedEntries;
        if (whole) File.Delete(other._path);
        other.Dispose();
    }

    // What was added while the drain went on moves behind what failed; then the new file is the outbox.
    private void Replace(FileStream next, long keptBytes, long end, int written)
    {
        lock (_lock)
        {
            byte[] block = new byte[1 << 20];
            for (long offset = end; offset < _length;)
            {
                int read = RandomAccess.Read(_file.SafeFileHandle, block.AsSpan(0, (int)Math.Min(block.Length, _length - offset)), offset);
                if (read == 0) throw new IOException("the outbox ends before its length");
                RandomAccess.Write(next.SafeFileHandle, block.AsSpan(0, read), keptBytes);
                keptBytes += read;
                offset += read;
            }

            next.SetLength(keptBytes);
            RandomAccess.FlushToDisk(next.SafeFileHandle);
            File.Move(_path + ".next", _path, overwrite: true);
            _file.Dispose();
            _file = next;
            _length = keptBytes;
            Count -= written;
        }
    }

    // A damaged entry that good ones follow is passed over; behind the last good one is the torn tail.
    private void Scan()
    {
        long length = _file.Length;
        int doubtful = 0;
        for (long offset = 0; TryReadEntry(_file, offset, length, out StoredCall? call, out int entry, out bool isDamaged);)
        {
            offset += entry;
            doubtful++;
            if (isDamaged) continue;
            DamagedEntries += doubtful - 1;
            doubtful = 0;
            _length = offset;
            if (call is null) continue;
            Count++;
            Remember(new WaitingRecord(call.Record.Id, call.Record.SipCallId, call.Record.StartedAt, call.Record.EndedAt, call.Record.Flags));
        }

        TornBytes = length - _length;
        if (TornBytes > 0) _file.SetLength(_length);
    }

    private void Remember(WaitingRecord found)
    {
        if (_found.Count == FoundMax) _found.Dequeue();
        _found.Enqueue(found);
    }

    private static byte[] Encode(StoredCall call)
    {
        byte[] json = CallRecordJson.ToUtf8(call.Record);
        byte[] tenant = call.Tenant is null ? [] : Encoding.UTF8.GetBytes(call.Tenant);
        byte[] entry = new byte[PrefixBytes + FixedBytes + tenant.Length + call.Chunks.Length + json.Length];
        Span<byte> body = entry.AsSpan(PrefixBytes);
        body[0] = 1;
        body[1] = (byte)call.Revision;
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], call.Tenant is null ? (ushort)NoTenant : checked((ushort)tenant.Length));
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], call.Chunks.Length);
        tenant.CopyTo(body[FixedBytes..]);
        call.Chunks.Span.CopyTo(body[(FixedBytes + tenant.Length)..]);
        json.CopyTo(body[(FixedBytes + tenant.Length + call.Chunks.Length)..]);
        BinaryPrimitives.WriteInt32LittleEndian(entry, body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), Checksum(body));
        return entry;
    }

    private static bool TryReadEntry(FileStream file, long offset, long end, out StoredCall? call, out int length) => TryReadEntry(file, offset, end, out call, out length, out _);

    // False at the end and where no whole entry lies; true with no call where a whole entry is not readable by this program, or damaged.
    private static bool TryReadEntry(FileStream file, long offset, long end, out StoredCall? call, out int length, out bool isDamaged)
    {
        call = null;
        length = 0;
        isDamaged = false;
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (offset + PrefixBytes > end || RandomAccess.Read(file.SafeFileHandle, prefix, offset) < PrefixBytes) return false;
        int bodyLength = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (bodyLength is < FixedBytes or > EntryBytesMax || offset + PrefixBytes + bodyLength > end) return false;
        byte[] body = new byte[bodyLength];
        if (RandomAccess.Read(file.SafeFileHandle, body, offset + PrefixBytes) < bodyLength) return false;
        length = PrefixBytes + bodyLength;
        isDamaged = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]) != Checksum(body);
        if (isDamaged) return true;
        int tenantLength = BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(2));
        string? tenant = null;
        int at = FixedBytes;
        if (tenantLength != NoTenant && at + tenantLength <= bodyLength)
        {
            tenant = Encoding.UTF8.GetString(body, at, tenantLength);
            at += tenantLength;
        }

        int chunks = BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(4));
        if (body[0] != 1 || chunks < 0 || chunks > bodyLength - at || !CallRecordJson.TryRead(body.AsSpan(at + chunks), out CallRecord? record)) return true;
        call = new StoredCall(record!, (RecordRevision)body[1], body.AsMemory(at, chunks), tenant);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (byte b in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}

/// <summary>What is known of a record without reading it again.</summary>
/// <param name="Id">Id.</param>
/// <param name="SipCallId">Call-ID.</param>
/// <param name="StartedAt">Start.</param>
/// <param name="EndedAt">End; null where it had none.</param>
/// <param name="Flags">Flags.</param>
public sealed record WaitingRecord(string Id, string SipCallId, Timestamp StartedAt, Timestamp? EndedAt, CallFlags Flags);
