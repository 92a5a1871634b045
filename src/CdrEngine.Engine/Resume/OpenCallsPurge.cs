using System.Buffers.Binary;
using System.Diagnostics;
using CdrEngine.Calls.Records;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Engine.Resume;

/// <summary>Takes what the journals of open calls still hold of calls that are over out of them: their Call-IDs, and their messages where they came over streams. Also beside an engine that
/// writes them: it only appends, and what it puts together waits for the same lock.</summary>
public static class OpenCallsPurge
{
    private const string LockName = ".purge.lock";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Overwrites all that is told of some calls, where a journal says that they are over; gives how many entries that were.</summary>
    /// <param name="folder">Folder of the journals; there need not be one.</param>
    /// <param name="keys">What they are sealed with; blocks that do not open stay.</param>
    /// <param name="sipCallIds">Call-IDs of the calls.</param>
    public static int Run(string folder, KeyRing? keys, IReadOnlySet<string> sipCallIds)
    {
        if (!Directory.Exists(folder)) return 0;
        using FileStream? held = Hold(folder);
        int purged = 0;
        foreach (IGrouping<(uint Run, int Shard), JournalFile> journal in JournalFile.Journals(folder))
        {
            HashSet<long> over = Over(folder, journal, keys, sipCallIds);
            if (over.Count == 0) continue;
            foreach (JournalFile file in journal) purged += Overwrite(Path.Combine(folder, file.Name), keys, over);
        }

        return purged;
    }

    /// <summary>Keeps others from changing what is there; null where somebody kept it for too long.</summary>
    internal static FileStream? Hold(string folder)
    {
        long began = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(began) < LongestWait)
            {
                pause.Wait(TimeSpan.FromMilliseconds(20));
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    // By their numbers: a call that goes on may have the Call-ID of one that is over.
    private static HashSet<long> Over(string folder, IEnumerable<JournalFile> files, KeyRing? keys, IReadOnlySet<string> sipCallIds)
    {
        var theirs = new HashSet<long>();
        var over = new HashSet<long>();
        JournalFile.Visit(folder, files, keys, (ref reader) =>
        {
            if (reader.Kind == JournalEntryKind.Open && sipCallIds.Contains(CallIdText.Of(reader.CallId))) theirs.Add(reader.Number);
            else if (reader.Kind == JournalEntryKind.Close && theirs.Contains(reader.Number)) over.Add(reader.Number);
        });
        return over;
    }

    private static int Overwrite(string path, KeyRing? keys, HashSet<long> over)
    {
        using BlockSeal? seal = keys is null ? null : new BlockSeal(keys);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        long length = RandomAccess.GetLength(file);
        byte[] block = new byte[64 * 1024];
        int purged = 0;
        for (long at = 0; at + JournalFormat.BlockHeaderBytes <= length;)
        {
            RandomAccess.Read(file, block.AsSpan(0, JournalFormat.BlockHeaderBytes), at);
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(block);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(4));
            if (magic is not (JournalFormat.Magic or JournalFormat.SealedMagic) || bytes is < 0 or > JournalFormat.MaxBlockBytes || at + JournalFormat.BlockHeaderBytes + bytes > length) break;
            int whole = JournalFormat.BlockHeaderBytes + bytes;
            if (block.Length < whole) Array.Resize(ref block, whole);
            RandomAccess.Read(file, block.AsSpan(0, whole), at);
            int inBlock = OverwriteBlock(block.AsMemory(0, whole), magic == JournalFormat.SealedMagic, keys, seal, over);
            if (inBlock > 0) RandomAccess.Write(file, block.AsSpan(0, whole), at);
            purged += inBlock;
            at += whole;
        }

        if (purged > 0) RandomAccess.FlushToDisk(file);
        return purged;
    }

    private static int OverwriteBlock(Memory<byte> block, bool isSealed, KeyRing? keys, BlockSeal? seal, HashSet<long> over)
    {
        Memory<byte> stored = block[JournalFormat.BlockHeaderBytes..];
        if (SegmentFormat.Crc32C(stored.Span) != BinaryPrimitives.ReadUInt32LittleEndian(block.Span[8..])) return 0;
        Memory<byte> entries = stored;
        if (isSealed)
        {
            // Opened in a copy: what is not changed stays as it is sealed.
            if (seal is null || BlockSeal.Open(stored.ToArray(), keys, out _) is not { } opened) return 0;
            entries = opened;
        }

        int purged = 0;
        var reader = new JournalReader(entries.Span);
        while (reader.MoveNext())
        {
            if (reader.Kind is not (JournalEntryKind.Open or JournalEntryKind.Message) || !over.Contains(reader.Number)) continue;
            entries.Span[reader.Start] = (byte)JournalEntryKind.Purged;
            Clear(entries.Span[reader.BodyStart..reader.End]);
            purged++;
        }

        if (purged == 0) return 0;
        if (isSealed) seal!.Seal(entries.Span, stored.Span);
        BinaryPrimitives.WriteUInt32LittleEndian(block.Span[8..], SegmentFormat.Crc32C(stored.Span));
        return purged;
    }

    // A length of as many bytes as it takes to fill the place, then zeros.
    private static void Clear(Span<byte> body)
    {
        body.Clear();
        int digits = 1;
        while ((body.Length - digits) >> (7 * digits) != 0) digits++;
        int rest = body.Length - digits;
        for (int i = 0; i < digits; i++, rest >>= 7) body[i] = (byte)((rest & 0x7F) | (i < digits - 1 ? 0x80 : 0));
    }
}
