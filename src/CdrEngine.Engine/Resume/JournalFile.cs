using System.Buffers.Binary;
using System.Globalization;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>Looks at an entry of a journal.</summary>
internal delegate void JournalVisitor(ref JournalReader reader);

/// <summary>One file of a call journal, named by what is in it.</summary>
/// <param name="Run">Run of the packet log that wrote it.</param>
/// <param name="Shard">Shard that wrote it.</param>
/// <param name="First">First of the pieces that are in it, from 1.</param>
/// <param name="Last">Last of them; more than <paramref name="First"/> where several were put together.</param>
/// <param name="TakenBy">Run that took it over from one that is dead, to go on with its calls; 0 where none did.</param>
internal readonly record struct JournalFile(uint Run, int Shard, int First, int Last, uint TakenBy)
{
    private const string Extension = ".calls";
    private const string TakenExtension = ".taken";

    /// <summary>File name, for example <c>r000003-s00-000001-000004.calls</c>, or with <c>.r000005.taken</c> behind it.</summary>
    public string Name
    {
        get
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"r{Run:000000}-s{Shard:00}-{First:000000}-{Last:000000}{Extension}");
            return TakenBy == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.r{TakenBy:000000}{TakenExtension}");
        }
    }

    /// <summary>The journal files of a folder, by run, shard and piece; empty where there is no such folder. Pieces that are also in a larger file are
    /// left out.</summary>
    public static List<JournalFile> List(string folder)
    {
        var files = new List<JournalFile>();
        if (!Directory.Exists(folder)) return files;
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            if (TryParse(Path.GetFileName(path), out JournalFile file)) files.Add(file);
        }

        files.RemoveAll(file => files.Exists(other => other.Run == file.Run && other.Shard == file.Shard && other != file && other.Covers(file)));
        files.Sort(static (left, right) =>
        {
            int by = left.Run.CompareTo(right.Run);
            if (by == 0) by = left.Shard.CompareTo(right.Shard);
            return by != 0 ? by : left.First.CompareTo(right.First);
        });
        return files;
    }

    /// <summary>The same, the pieces of each journal together.</summary>
    public static IEnumerable<IGrouping<(uint Run, int Shard), JournalFile>> Journals(string folder) => List(folder).GroupBy(static file => (file.Run, file.Shard));

    /// <summary>Walks the entries of some files, one after the other.</summary>
    /// <param name="folder">Where they are.</param>
    /// <param name="files">The files.</param>
    /// <param name="keys">What sealed blocks are opened with.</param>
    /// <param name="visit">Is given the reader at each entry.</param>
    public static void Visit(string folder, IEnumerable<JournalFile> files, KeyRing? keys, JournalVisitor visit)
    {
        foreach (JournalFile file in files)
        {
            foreach (ReadOnlyMemory<byte> block in Blocks(Path.Combine(folder, file.Name), keys))
            {
                var reader = new JournalReader(block.Span);
                while (reader.MoveNext()) visit(ref reader);
            }
        }
    }

    /// <summary>Reads a name; false for any other file.</summary>
    public static bool TryParse(string name, out JournalFile file)
    {
        file = default;
        uint takenBy = 0;
        if (name.EndsWith(TakenExtension, StringComparison.Ordinal))
        {
            int dot = name.LastIndexOf('.', name.Length - TakenExtension.Length - 1);
            if (dot < 0 || !Number(name[(dot + 1)..^TakenExtension.Length], 'r', out takenBy)) return false;
            name = name[..dot];
        }

        if (!name.EndsWith(Extension, StringComparison.Ordinal)) return false;
        string[] parts = name[..^Extension.Length].Split('-');
        if (parts.Length != 4 || !Number(parts[0], 'r', out uint run) || !Number(parts[1], 's', out uint shard)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last < first || shard > ushort.MaxValue) return false;
        file = new JournalFile(run, (int)shard, first, last, takenBy);
        return true;
    }

    /// <summary>Walks the whole blocks of a file. A damaged block is passed over by its length; what has no readable length was being written when the machine stopped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keys">What sealed blocks are opened with.</param>
    /// <param name="onMissing">Is told of a key that is not there; the blocks it sealed are left out.</param>
    /// <param name="damaged">Told the bytes of whatever could not be read; null tells nobody.</param>
    public static IEnumerable<ReadOnlyMemory<byte>> Blocks(string path, KeyRing? keys, Action<ulong>? onMissing = null, Action<long>? damaged = null)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20, FileOptions.SequentialScan);
        byte[] header = new byte[JournalFormat.BlockHeaderBytes];
        byte[] entries = [];
        long good = 0;
        while (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
            if (magic is not (JournalFormat.Magic or JournalFormat.SealedMagic) || length is < 0 or > JournalFormat.MaxBlockBytes || length > stream.Length - stream.Position) break;
            if (entries.Length < length) entries = new byte[Math.Max(length, entries.Length * 2)];
            stream.ReadExactly(entries, 0, length);
            good = stream.Position;
            if (SegmentFormat.Crc32C(entries.AsSpan(0, length)) != BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)))
            {
                damaged?.Invoke(header.Length + length);
                continue;
            }

            Memory<byte>? block = entries.AsMemory(0, length);
            if (magic == JournalFormat.SealedMagic)
            {
                block = BlockSeal.Open(entries.AsMemory(0, length), keys, out ulong? missing);
                if (missing is { } key) onMissing?.Invoke(key);
                else if (block is null) damaged?.Invoke(header.Length + length);
            }

            if (block is { } opened) yield return opened;
        }

        if (stream.Length > good) damaged?.Invoke(stream.Length - good);
    }

    private bool Covers(JournalFile other) => First <= other.First && other.Last <= Last && (TakenBy == other.TakenBy || TakenBy == 0);

    private static bool Number(string text, char prefix, out uint value)
    {
        value = 0;
        return text.Length > 1 && text[0] == prefix && uint.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
