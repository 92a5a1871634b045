using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Capture.Files;

/// <summary>The files that a list of paths stands for.</summary>
/// <param name="Files">Capture files in the order in which they are to be read; <c>-</c> for standard input.</param>
/// <param name="Errors">One line for each path that is no capture.</param>
public sealed record CaptureFileList(IReadOnlyList<string> Files, IReadOnlyList<string> Errors);

/// <summary>Finds the capture files behind paths of files and folders.</summary>
public static class CaptureFolder
{
    /// <summary>Expands paths: files as given, folders with all below them in natural name order. In a folder a file counts if its first
    /// bytes are those of a capture (inside gzip too); hidden files and folders and links to folders are passed over. A path given that is
    /// no capture is an error line; a folder without any capture too.</summary>
    public static CaptureFileList Expand(IEnumerable<string> paths)
    {
        var files = new List<string>();
        var errors = new List<string>();
        foreach (string path in paths)
        {
            if (path == CaptureFileSource.StandardInput || IsUnprobed(path)) files.Add(path);
            else if (Directory.Exists(path)) AddFolder(path, files, errors);
            else if (Probe(path) is { } fault) errors.Add($"{path}: {fault}");
            else files.Add(path);
        }

        return new CaptureFileList(files, errors);
    }

    /// <summary>Why a file is no capture, or null where it is one.</summary>
    public static string? Probe(string path)
    {
        using CaptureFileSource source = CaptureFileSource.Open(path, CaptureReaderLimits.Default, bufferBytes: 4096);
        return source.IsOpen ? null : source.Fault;
    }

    /// <summary>Pipes and devices give their bytes once: they are opened when read, not before. Like them, a file of length 0 is left to
    /// its reader, which says that it is empty.</summary>
    private static bool IsUnprobed(string path) => path.StartsWith("/dev/", StringComparison.Ordinal)
        || path.StartsWith("/proc/", StringComparison.Ordinal) || (File.Exists(path) && new FileInfo(path).Length == 0);

    private static void AddFolder(string folder, List<string> files, List<string> errors)
    {
        int before = files.Count + errors.Count;
        Walk(folder, files, errors);
        if (files.Count + errors.Count == before) errors.Add($"{folder}: holds no capture");
    }

    private static FileSystemInfo[] Entries(string folder, List<string> errors)
    {
        try
        {
            FileSystemInfo[] entries = new DirectoryInfo(folder).GetFileSystemInfos();
            Array.Sort(entries, static (left, right) => NaturalOrder.Instance.Compare(left.Name, right.Name));
            return entries;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{folder}: cannot be read: {exception.Message.ReplaceLineEndings(" ")}");
            return [];
        }
    }

    private static void Walk(string folder, List<string> files, List<string> errors)
    {
        foreach (FileSystemInfo entry in Entries(folder, errors))
        {
            if (entry.Name.StartsWith('.')) continue;
            string path = Path.Combine(folder, entry.Name);
            if (entry is not DirectoryInfo)
            {
                if (entry is FileInfo { Length: > 0 } && Probe(path) is null) files.Add(path);
            }
            else if (entry.LinkTarget is null)
            {
                Walk(path, files, errors);
            }
        }
    }
}
