using System.Runtime.InteropServices;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Memory that SQLite gave back lies between what it has still, and the C library keeps it: it is handed to the system as a whole now and then.</summary>
internal static partial class FreedMemory
{
    /// <summary>Hands it on. Nothing where the C library does not do so.</summary>
    public static void HandOn()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than glibc: it has its own ways.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nint pad);
}
