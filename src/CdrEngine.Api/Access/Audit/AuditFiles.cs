using System.Globalization;

namespace CdrEngine.Api.Access.Audit;

/// <summary>The files of the audit: the current one and those put aside.</summary>
internal static class AuditFiles
{
    public const string Current = "audit.jsonl";
    public const string Head = "audit.head";
    private const string Aside = "audit-*.jsonl";

    /// <summary>One file and where it begins.</summary>
    /// <param name="Path">Path.</param>
    /// <param name="First">Number of its first entry; 0 where it begins with lines from before entries were numbered.</param>
    public readonly record struct Part(string Path, long First);

    /// <summary>All files that hold anything, in order.</summary>
    public static IReadOnlyList<Part> All(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var parts = new List<Part>();
        foreach (string path in Directory.EnumerateFiles(folder, Aside))
        {
            if (First(path) is { } first) parts.Add(new Part(path, first));
        }

        string current = Path.Combine(folder, Current);
        Part? last = File.Exists(current) && First(current) is { } begins ? new Part(current, begins) : null;
        IEnumerable<Part> ordered = parts.OrderBy(static part => part.First).ThenBy(static part => part.Path, StringComparer.Ordinal);
        return last is { } open ? [.. ordered, open] : [.. ordered];
    }

    /// <summary>Number and hash of the last entry ever written; null where no entry was, or the file is damaged.</summary>
    public static (long Sequence, string Hash)? ReadHead(string folder)
    {
        string path = Path.Combine(folder, Head);
        if (!File.Exists(path)) return null;
        string[] words = File.ReadAllText(path).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 2 && words[1].Length == 64 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) ? (sequence, words[1]) : null;
    }

    /// <summary>Where the chain stands for a file that is empty: behind what was written before, also where that was moved away.</summary>
    public static (long Sequence, string Hash, AuditEntry? Torn) Before(string folder)
    {
        if (ReadHead(folder) is { } head) return (head.Sequence, head.Hash, null);
        foreach (Part part in All(folder).Reverse())
        {
            foreach ((byte[] line, _) in AuditLines.Backward(part.Path, long.MaxValue))
                return AuditLine.TryRead(line, out AuditRow? row, out _, out _) ? (row!.Sequence, row.Hash, null) : (0, AuditLine.Hash(line), null);
        }

        return (0, AuditLine.Genesis, null);
    }

    /// <summary>Puts the current file aside.</summary>
    public static void PutAside(string folder, DateTimeOffset now)
    {
        string stem = now.UtcDateTime.ToString("'audit-'yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        string aside = Path.Combine(folder, $"{stem}.jsonl");
        for (int i = 2; File.Exists(aside); i++) aside = Path.Combine(folder, $"{stem}-{i}.jsonl");
        File.Move(Path.Combine(folder, Current), aside);
    }

    private static long? First(string path)
    {
        foreach (byte[] line in AuditLines.Forward(path)) return AuditLine.TryRead(line, out AuditRow? row, out _, out _) ? row!.Sequence : 0;
        return null;
    }
}
