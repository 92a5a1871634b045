using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>Puts a backup into an empty folder, after every file of it was checked.</summary>
internal static class BackupRestore
{
    /// <summary>Checks a backup: every file there, whole, and of a schema that this program knows. A line for each fault.</summary>
    public static List<string> Check(string from, BackupManifest manifest, CancellationToken stop)
    {
        var faults = new List<string>();
        foreach ((string name, BackupFile file) in manifest.Files)
        {
            stop.ThrowIfCancellationRequested();
            string path = Path.Combine(from, name);
            if (!File.Exists(path)) faults.Add($"{name}: missing");
            else if (new FileInfo(path).Length != file.Bytes) faults.Add($"{name}: {new FileInfo(path).Length} bytes, {file.Bytes} were written");
            else if (BackupManifest.HashOf(path) != file.Sha256) faults.Add($"{name}: not the bytes that were written");
        }

        foreach (string name in manifest.Files.Keys.Where(static name => name.EndsWith(".db", StringComparison.Ordinal)))
        {
            try
            {
                if (faults.Count == 0) DatabaseFiles.Describe(from, name);
            }
            catch (StoreException e)
            {
                faults.Add(e.Message);
            }
        }

        return faults;
    }

    /// <summary>Copies a checked backup; gives bytes.</summary>
    /// <exception cref="IOException">The folder is not empty, or the disk refuses; then what was copied is removed again.</exception>
    public static long Copy(string from, BackupManifest manifest, string data, CancellationToken stop)
    {
        if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any()) throw new IOException($"{data}: it is not empty; restore into a folder of its own");
        long bytes = 0;
        try
        {
            foreach ((string name, BackupFile file) in manifest.Files)
            {
                stop.ThrowIfCancellationRequested();
                string target = Path.Combine(data, name);
                if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                else Directory.CreateDirectory(Path.GetDirectoryName(target)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                File.Copy(Path.Combine(from, name), target);
                using (FileStream written = new(target, FileMode.Open, FileAccess.ReadWrite)) written.Flush(flushToDisk: true);
                bytes += file.Bytes;
            }

            return bytes;
        }
        catch
        {
            if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
            throw;
        }
    }
}
