using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>What a copy of journals holds.</summary>
/// <param name="Calls">Open calls copied.</param>
/// <param name="Chunks">Where their packets lie, by what the journals say.</param>
/// <param name="Keys">Whose packets the journals tell of at all: those of calls that are over too.</param>
/// <param name="Over">Call-IDs of calls that were left out, since they are over.</param>
public sealed record OpenCallsCopied(int Calls, IReadOnlyList<ChunkLocator> Chunks, IReadOnlySet<CallKey> Keys, IReadOnlyList<string> Over);

/// <summary>Reads journals of open calls from outside of the engine that writes them: to list who is open, and to copy them for a backup.</summary>
public static class OpenCallsCopy
{
    private const int BlockBytes = 1 << 20;
    private const int Tries = 5;

    /// <summary>Call-IDs of the calls that are open by the journals of a folder, also while an engine writes them; empty where there is none.</summary>
    /// <param name="folder">Folder of the journals.</param>
    /// <param name="keys">What they are sealed with.</param>
    public static IReadOnlySet<string> CallIds(string folder, KeyRing? keys)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                var ids = new HashSet<string>(StringComparer.Ordinal);
                foreach (IGrouping<(uint Run, int Shard), JournalFile> journal in JournalFile.Journals(folder))
                    ids.UnionWith(Read(folder, journal, keys).Values.Where(static call => !call.IsClosed).Select(static call => call.CallId));
                return ids;
            }
            catch (FileNotFoundException) when (attempt < Tries)
            {
                // Pieces were put together just then.
            }
        }
    }

    /// <summary>Copies the journals of a folder that nobody writes: without the calls that are closed in them, without those that somebody knows to be over, and without those of whose
    /// signalling nothing is on disk yet, with which nobody could go on.</summary>
    /// <param name="from">Folder of the journals.</param>
    /// <param name="to">Folder of the copies; made where there is none.</param>
    /// <param name="keys">What they are sealed with.</param>
    /// <param name="isOver">Whether a call, by its Call-ID and the time of its last packet, is over all the same.</param>
    public static OpenCallsCopied Copy(string from, string to, KeyRing? keys, Func<string, Timestamp, bool> isOver)
    {
        Directory.CreateDirectory(to);
        int copied = 0;
        var chunks = new List<ChunkLocator>();
        var known = new HashSet<CallKey>();
        var over = new List<string>();
        foreach (IGrouping<(uint Run, int Shard), JournalFile> journal in JournalFile.Journals(from))
        {
            Dictionary<long, OpenCall> calls = Read(from, journal, keys);
            var staying = new HashSet<long>();
            foreach ((long number, OpenCall call) in calls)
            {
                known.Add(call.Key);
                if (call.IsClosed || isOver(call.CallId, call.Last))
                {
                    over.Add(call.CallId);
                    continue;
                }

                if (!call.HasSignalling) continue;
                staying.Add(number);
                chunks.AddRange(call.Chunks);
            }

            copied += staying.Count;
            foreach (JournalFile file in journal) CopyFile(Path.Combine(from, file.Name), Path.Combine(to, file.Name), keys, staying);
        }

        foreach (string mark in Directory.Exists(from) ? Directory.GetFiles(from, "r*.whole") : []) File.Copy(mark, Path.Combine(to, Path.GetFileName(mark)), overwrite: true);
        return new OpenCallsCopied(copied, chunks, known, over);
    }

    private static Dictionary<long, OpenCall> Read(string folder, IEnumerable<JournalFile> files, KeyRing? keys)
    {
        var calls = new Dictionary<long, OpenCall>();
        JournalFile.Visit(folder, files, keys, (ref reader) =>
        {
            if (reader.Kind == JournalEntryKind.Open) calls[reader.Number] = new OpenCall(CallIdText.Of(reader.CallId), CallKey.Of(reader.CallId));
            else if (calls.TryGetValue(reader.Number, out OpenCall? call)) call.Take(ref reader);
        });
        return calls;
    }

    private static void CopyFile(string from, string to, KeyRing? keys, HashSet<long> staying)
    {
        using BlockSeal? seal = keys is null ? null : new BlockSeal(keys);
        var writer = new JournalWriter(seal);
        using var file = new FileStream(to, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(from, keys))
        {
            var reader = new JournalReader(block.Span);
            while (reader.MoveNext())
            {
                if (staying.Contains(reader.Number)) JournalMerge.Add(ref reader, writer);
                if (writer.Length < BlockBytes) continue;
                file.Write(writer.Block());
                writer.Clear();
            }
        }

        if (writer.Length > 0) file.Write(writer.Block());
        file.Flush(flushToDisk: true);
    }

    private sealed class OpenCall(string callId, CallKey key)
    {
        public string CallId { get; } = callId;

        public CallKey Key { get; } = key;

        public Timestamp Last { get; private set; } = Timestamp.MinValue;

        public List<ChunkLocator> Chunks { get; } = [];

        public bool HasSignalling { get; private set; }

        public bool IsClosed { get; private set; }

        public void Take(ref JournalReader reader)
        {
            switch (reader.Kind)
            {
                case JournalEntryKind.Chunk:
                    ChunkLocator chunk = reader.Chunk;
                    Chunks.Add(chunk);
                    Last = Timestamp.Max(Last, chunk.Last);
                    HasSignalling |= chunk.Segment.Kind == PacketKind.Sip;
                    break;
                case JournalEntryKind.Message:
                    HasSignalling = true;
                    break;
                case JournalEntryKind.Close:
                    IsClosed = true;
                    break;
            }
        }
    }
}
