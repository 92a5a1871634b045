using System.Globalization;

namespace CdrEngine.Storage;

/// <summary>How many files this process may have open at once, and how many days readers may keep open for it.</summary>
public static class OpenFiles
{
    /// <summary>Descriptors of a connection to a day at most: the file, its log and the log's index, and the same of what was deleted.</summary>
    public const int OfConnection = 6;

    /// <summary>Days that are kept open however few files may be.</summary>
    public const int LeastDays = 16;

    // Calls and messages have a part each; packets, sockets and all else have as much as both.
    private const int Parts = 4;

    private const string LimitsFile = "/proc/self/limits";
    private const string LimitName = "Max open files";

    /// <summary>The limit in force (the soft one, which the runtime raises to the hard one when it starts); null where there is none, or it cannot be told.</summary>
    public static long? Limit()
    {
        try
        {
            return Read(File.ReadLines(LimitsFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The same of the lines of that file.</summary>
    public static long? Read(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            if (!line.StartsWith(LimitName, StringComparison.Ordinal)) continue;
            string[] words = line[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return words.Length > 0 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
        }

        return null;
    }

    /// <summary>Days that the readers of one store may keep open where so many files may be.</summary>
    public static int DaysOf(long limit) => (int)Math.Clamp(limit / Parts / OfConnection, LeastDays, int.MaxValue);

    /// <summary>The least limit under which they may keep so many.</summary>
    public static long FilesOf(int days) => (long)days * Parts * OfConnection;
}
