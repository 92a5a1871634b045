using CdrEngine.Engine.Recording;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Host.Upkeep;

/// <summary>What bringing files under the current key did.</summary>
/// <param name="Rewrapped">Files whose key was wrapped anew.</param>
/// <param name="Sealed">Files that lay in the clear and were sealed.</param>
/// <param name="Current">Files that needed nothing.</param>
/// <param name="Faults">A line for each that could not be.</param>
internal sealed record RewrapReport(int Rewrapped, int Sealed, int Current, IReadOnlyList<string> Faults);

/// <summary>Brings sealed files under the current key, and seals those in the clear where that is asked for.</summary>
internal static class Rewrapping
{
    /// <summary>Walks packets and recordings of a data folder.</summary>
    public static RewrapReport Run(string data, KeyRing keys, bool sealClear, CancellationToken stop)
    {
        RecordingFiles recordings = RecordingFiles.Open(DataFolder.Recordings(data), long.MaxValue, keys);
        int rewrapped = 0, sealedNow = 0, current = 0;
        var faults = new List<string>();
        foreach (string path in SealedFiles.All(data))
        {
            if (stop.IsCancellationRequested) break;
            try
            {
                FileKeyOutcome outcome = FileKeys.Rewrap(path, keys, out ulong wrappedBy);
                if (outcome == FileKeyOutcome.Done) rewrapped++;
                else if (outcome == FileKeyOutcome.Current) current++;
                else if (outcome == FileKeyOutcome.NoKey) faults.Add(SealedFileException.NoKey(path, wrappedBy).Message);
                else if (outcome == FileKeyOutcome.Damaged) faults.Add(SealedFileException.Damaged(path).Message);
                else if (sealClear && TrySeal(recordings, path)) sealedNow++;
            }
            catch (FileNotFoundException)
            {
                // Removed, or renamed at its end, meanwhile.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                faults.Add($"{path}: {e.Message}");
            }
        }

        return new RewrapReport(rewrapped, sealedNow, current, faults);
    }

    // A segment keeps its offsets only in the clear: sealed, each chunk is longer. So packets stay as they are until they age out, and recordings are sealed.
    private static bool TrySeal(RecordingFiles recordings, string path)
    {
        if (SegmentId.TryParse(path, out _, out _)) return false;
        DateTime changed = File.GetLastWriteTimeUtc(path);
        using (FileStream from = File.OpenRead(path))
        {
            recordings.Write(path, to =>
            {
                from.CopyTo(to);
                return true;
            });
        }

        File.SetLastWriteTimeUtc(path, changed);
        return true;
    }
}

/// <summary>The files of a data folder that may be sealed.</summary>
/// <param name="ByKey">Sealed files by the key that wraps theirs.</param>
/// <param name="Clear">Files in the clear.</param>
internal sealed record SealedFiles(IReadOnlyDictionary<ulong, int> ByKey, int Clear)
{
    /// <summary>Paths of segments and recordings.</summary>
    public static IEnumerable<string> All(string data)
    {
        foreach (SegmentFile file in SegmentFile.List(DataFolder.Packets(data))) yield return file.Path;
        string recordings = DataFolder.Recordings(data);
        if (!Directory.Exists(recordings)) yield break;
        foreach (string path in Directory.EnumerateFiles(recordings, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            // What is being written belongs to who writes it.
            if (Path.GetFileName(Path.GetDirectoryName(path)) != "partial") yield return path;
        }
    }

    /// <summary>Looks at the head of each.</summary>
    public static SealedFiles Count(string data)
    {
        var byKey = new SortedDictionary<ulong, int>();
        int clear = 0;
        foreach (string path in All(data))
        {
            try
            {
                if (FileKeys.WrappedBy(path) is { } key) byKey[key] = byKey.GetValueOrDefault(key) + 1;
                else clear++;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Removed meanwhile.
            }
        }

        return new SealedFiles(byKey, clear);
    }
}

/// <summary>Writes files of keys.</summary>
internal static class KeyFile
{
    /// <summary>Replaces a file in one go, for its owner only.</summary>
    public static void Replace(string path, string text)
    {
        string part = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(part, options))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(part, path, overwrite: true);
    }
}
