using CdrEngine.Host.Commands;

namespace CdrEngine.Host;

/// <summary>The captures that come with the program (<c>demo/</c> in the sources, copied beside the executable).</summary>
internal static class DemoFolder
{
    /// <summary>The directory of the demo: who its callers are, and what their calls cost.</summary>
    public static string Directory() => Path.Combine(AppContext.BaseDirectory, "demo", "directory.conf");

    /// <summary>Full paths, in name order; a build without them is told in one line.</summary>
    public static IReadOnlyList<string> Captures()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "demo");
        string[] captures = System.IO.Directory.Exists(folder) ? System.IO.Directory.GetFiles(folder, "*.pcap") : [];
        if (captures.Length == 0) throw new CommandException($"{folder}: the demo captures are missing");
        Array.Sort(captures, StringComparer.Ordinal);
        return captures;
    }
}
