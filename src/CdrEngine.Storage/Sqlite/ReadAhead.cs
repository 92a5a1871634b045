using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Tells the system that pages of a database are read here and there. Left to itself it takes a page beside some that it holds for the beginning of a long read, and brings as much as the
/// disk's read-ahead with it (128 KiB, on some machines 8 MiB): lists of a year, which meet single pages of many days, read a hundred megabytes for one page, and drove others from memory.</summary>
internal static partial class ReadAhead
{
    private const int Random = 1;

    // Descriptors are given from the lowest on that is free; other threads may take some meanwhile.
    private const int Looks = 8;

    /// <summary>The lowest descriptor that is free; -1 where that cannot be told.</summary>
    public static int Next()
    {
        if (!OperatingSystem.IsLinux()) return -1;
        try
        {
            using SafeFileHandle probe = File.OpenHandle("/dev/null");
            return (int)probe.DangerousGetHandle();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    /// <summary>Turns reading ahead off for a file that was opened just now. It is looked for by its name, since closing one that we opened ourselves would let go of SQLite's locks on it;
    /// where it is not found, it is read as before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="next">What <see cref="Next"/> told before it was opened.</param>
    public static void Off(string path, int next)
    {
        if (next < 0) return;
        string name = "/" + Path.GetFileName(path);
        for (int descriptor = next; descriptor < next + Looks; descriptor++)
        {
            if (TargetOf(descriptor)?.EndsWith(name, StringComparison.Ordinal) == true) _ = Advise(descriptor, 0, 0, Random);
        }
    }

    private static string? TargetOf(int descriptor)
    {
        try
        {
            return new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int descriptor, nint offset, nint length, int advice);
}
