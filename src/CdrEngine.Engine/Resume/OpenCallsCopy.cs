using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>Copies journals of open calls, for a backup: without the calls that are closed in them, and without those that somebody knows to be over.</summary>
public static class OpenCallsCopy
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Copies the journals of a folder that nobody writes.</summary>
    /// <param name="from">Folder of the journals.</param>
    /// <param name="to">Folder of the copies; made where there is none.</param>
    /// <param name="keys">What they are sealed with.</param>
    /// <param name="isOver">Whether a call, by its Call-ID and the time of its last packet, is over all the same.</param>
    /// <returns>Open calls copied.</returns>
    public static int Copy(string from, string to, KeyRing? keys, Func<string, Timestamp, bool> isOver)
    {
        Directory.CreateDirectory(to);
        int copied = 0;
        List<JournalFile> files = JournalFile.List(from);
        foreach (IGrouping<(uint Run, int Shard), JournalFile> journal in files.GroupBy(static file => (file.Run, file.Shard)))
        {
            Dictionary<long, (string CallId, Timestamp Last)> open = Read(from, journal, keys);
            HashSet<long> leaving = [.. open.Where(call => isOver(call.Value.CallId, call.Value.Last)).Select(static call => call.Key)];
            copied += open.Count - leaving.Count;
            foreach (JournalFile file in journal) CopyFile(Path.Combine(from, file.Name), Path.Combine(to, file.Name), keys, number => open.ContainsKey(number) && !leaving.Contains(number));
        }

        foreach (string mark in Directory.Exists(from) ? Directory.GetFiles(from, "r*.whole") : []) File.Copy(mark, Path.Combine(to, Path.GetFileName(mark)), overwrite: true);
        return copied;
    }

    private static Dictionary<long, (string CallId, Timestamp Last)> Read(string folder, IEnumerable<JournalFile> files, KeyRing? keys)
    {
        var open = new Dictionary<long, (string CallId, Timestamp Last)>();
        foreach (JournalFile file in files)
        {
            foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(Path.Combine(folder, file.Name), keys))
            {
                var reader = new JournalReader(block.Span);
                while (reader.MoveNext())
                {
                    if (reader.Kind == JournalEntryKind.Open) open[reader.Number] = (CallIdText.Of(reader.CallId), Timestamp.MinValue);
                    else if (reader.Kind == JournalEntryKind.Close) open.Remove(reader.Number);
                    else if (reader.Kind == JournalEntryKind.Chunk && open.TryGetValue(reader.Number, out (string CallId, Timestamp Last) call)) open[reader.Number] = (call.CallId, Timestamp.Max(call.Last, reader.Chunk.Last));
                }
            }
        }

        return open;
    }

    private static void CopyFile(string from, string to, KeyRing? keys, Func<long, bool> stays)
    {
        using BlockSeal? seal = keys is null ? null : new BlockSeal(keys);
        var writer = new JournalWriter(seal);
        using var file = new FileStream(to, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (ReadOnlyMemory<byte> block in JournalFile.Blocks(from, keys))
        {
            var reader = new JournalReader(block.Span);
            while (reader.MoveNext())
            {
                if (stays(reader.Number)) JournalMerge.Add(ref reader, writer);
                if (writer.Length < BlockBytes) continue;
                file.Write(writer.Block());
                writer.Clear();
            }
        }

        if (writer.Length > 0) file.Write(writer.Block());
        file.Flush(flushToDisk: true);
    }
}
