namespace CdrEngine.Storage.Sqlite;

/// <summary>Rewrites files of which rows were purged. That a file waits for it is noted beside it before the first row goes, so that a crash, or a reader that does
/// not let go, only puts it off.</summary>
internal sealed class Scrubbing(string folder, TimeSpan busyTimeout)
{
    private const string Extension = ".scrub";

    // Up to this size a file is rewritten in memory, which is faster; a larger one by way of a temporary file, of what stays only.
    private const long InMemoryBytes = 256L << 20;

    /// <summary>Notes that a file is to be rewritten.</summary>
    public static void Note(string path)
    {
        using FileStream note = new(path + Extension, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        note.Flush(flushToDisk: true);
    }

    /// <summary>Rewrites every file noted; a line for each that could not be.</summary>
    public List<string> Run()
    {
        var lines = new List<string>();
        if (!Directory.Exists(folder)) return lines;
        foreach (string note in Directory.GetFiles(folder, "*.db" + Extension).Order(StringComparer.Ordinal))
        {
            string path = note[..^Extension.Length];
            try
            {
                if (File.Exists(path)) Rewrite(path);
                File.Delete(note);
            }
            catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
            {
                lines.Add(e.Message.StartsWith(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}");
            }
        }

        return lines;
    }

    private void Rewrite(string path)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, busyTimeout, 8 * 1024);
        if (new FileInfo(path).Length > InMemoryBytes) database.Execute("PRAGMA temp_store = FILE");
        database.Execute("VACUUM");

        // Busy, frames of the log, frames written back: a reader in the middle of a question leaves the log as it is.
        using SqliteStatement checkpoint = database.Prepare("PRAGMA wal_checkpoint(TRUNCATE)");
        if (!checkpoint.Step() || checkpoint.Long(0) != 0) throw new StoreException($"{path}: its log is being read and cannot be emptied now", 5);
    }
}
