using System.Collections.Concurrent;
using System.Globalization;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The folder of what call logs tell of days: a file each, for the owner only. Nothing of it is needed: what cannot be read is told anew.</summary>
/// <param name="folder">The folder.</param>
internal sealed class PortSipDayFolder(string folder)
{
    private const string Ending = KeptCallLogs.Ending, Unfinished = ".new";

    /// <summary>Reads what is whole and of this program and store, and removes all else. Gives nothing where it cannot be read.</summary>
    /// <param name="header">What tells program and store from others; null for a store that cannot be told from others.</param>
    /// <param name="isDay">Whether there is such a day.</param>
    /// <param name="shared">Gives the one copy of a text that many have.</param>
    /// <param name="atOnce">How many files are read at once.</param>
    public IReadOnlyDictionary<DateOnly, PortSipDayFile> Read(string? header, Func<DateOnly, bool> isDay, Func<string, string> shared, ParallelOptions atOnce)
    {
        var found = new ConcurrentDictionary<DateOnly, PortSipDayFile>();
        try
        {
            if (!Directory.Exists(folder)) return found;
            Parallel.ForEach(Directory.GetFiles(folder), atOnce, path =>
            {
                if (header is not null && KeptCallLogs.DayOf(path) is { } day && isDay(day) && ReadFile(path, HeaderOf(header, day), shared) is { } its) found[day] = its;
                else if (path.EndsWith(Ending, StringComparison.Ordinal) || path.EndsWith(Unfinished, StringComparison.Ordinal)) TryDelete(path);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As where there is nothing.
        }

        return found;
    }

    /// <summary>Writes a day, in the place of what was there.</summary>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public void Write(DateOnly day, PortSipDayFile what, string header)
    {
        byte[] bytes = what.ToBytes(HeaderOf(header, day));
        if (bytes.Length > PortSipDayFile.MostBytes)
        {
            Remove(day);
            return;
        }

        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = KeptCallLogs.PathOf(folder, day), made = $"{path}.{Environment.ProcessId}{Unfinished}";
        File.Delete(made);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        // Not flushed to the disk: what a power cut leaves of it has another checksum.
        using (var file = new FileStream(made, options)) file.Write(bytes);
        File.Move(made, path, overwrite: true);
    }

    /// <summary>Removes a day; nothing happens where there is none.</summary>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public void Remove(DateOnly day) => KeptCallLogs.Forget(folder, day);

    // A file that was given another's name is none of that day.
    private static string HeaderOf(string header, DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd}|{header}");

    private static PortSipDayFile? ReadFile(string path, string header, Func<string, string> shared)
    {
        try
        {
            return new FileInfo(path).Length > PortSipDayFile.MostBytes ? null : PortSipDayFile.Read(File.ReadAllBytes(path), header, shared);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is tried again at the next start.
        }
    }
}
