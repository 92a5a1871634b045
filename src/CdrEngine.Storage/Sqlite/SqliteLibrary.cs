using System.Reflection;
using System.Runtime.InteropServices;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Binds <see cref="Sqlite3"/> to the system's library, which the distribution keeps patched; none is shipped.</summary>
public static class SqliteLibrary
{
    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Loads the library once; gives its version, for example <c>3.40.1</c>. Throws <see cref="StoreException"/> with the package's name where
    /// it is missing.</summary>
    public static string EnsureLoaded() => Loaded.Value;

    /// <summary>The library of this name, or a line that says what to install.</summary>
    internal static nint LoadOrExplain(string library)
    {
        if (NativeLibrary.TryLoad(library, out nint handle)) return handle;
        throw new StoreException($"SQLite is missing ({library}): install it with: apt-get install libsqlite3-0");
    }

    private static string Load()
    {
        string library = OperatingSystem.IsWindows() ? "winsqlite3" : OperatingSystem.IsMacOS() ? "libsqlite3.dylib" : "libsqlite3.so.0";
        nint handle = LoadOrExplain(library);
        NativeLibrary.SetDllImportResolver(typeof(Sqlite3).Assembly, (string name, Assembly _, DllImportSearchPath? _) => name == Sqlite3.Library ? handle : nint.Zero);

        // Its count of allocated memory, which nobody asks for, takes a lock at every allocation. Only possible before the library's first use;
        // where somebody was first, it counts on.
        _ = Sqlite3.Config(Sqlite3.MemoryStatus, 0);
        return Version();
    }

    private static unsafe string Version() => Sqlite3.Text(Sqlite3.Version());
}
