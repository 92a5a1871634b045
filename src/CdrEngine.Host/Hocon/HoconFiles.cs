namespace CdrEngine.Host.Hocon;

/// <summary>Where included files come from. Names are relative to the file that includes them.</summary>
internal sealed class HoconFiles
{
    /// <summary>Largest configuration file read: 4 MiB, a thousand times what a large installation needs. A capture given by mistake
    /// stops here.</summary>
    internal const long MaxBytes = 4 << 20;

    private readonly Func<string, string?> _read;

    /// <summary>With a function from a path to its text; null where there is no such file.</summary>
    public HoconFiles(Func<string, string?> read) => _read = read;

    /// <summary>The file system.</summary>
    public static HoconFiles Disk { get; } = new(ReadFile);

    /// <summary>No file at all.</summary>
    public static HoconFiles None { get; } = new(static _ => null);

    /// <summary>Reads <paramref name="name"/> as included by <paramref name="from"/>; a name without an extension may also stand for
    /// <c>name.conf</c>. The text is null where there is no such file.</summary>
    public (string Path, string? Text) Read(string from, string name, HoconPosition at)
    {
        string path = Path.IsPathRooted(name) ? name : Path.Combine(Path.GetDirectoryName(from) ?? "", name);
        try
        {
            string? text = _read(path);
            if (text is not null || Path.HasExtension(name)) return (path, text);
            string longer = path + ".conf";
            text = _read(longer);
            return (text is null ? path : longer, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HoconException(at, $"'{path}' cannot be read: {OneLine(e)}");
        }
    }

    /// <summary>Text of a file on disk, null where it is missing.</summary>
    /// <exception cref="IOException">It is there and cannot be read, is a folder, or is too large.</exception>
    public static string? ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return Directory.Exists(path) ? throw new IOException("it is a folder") : null;
        if (file.Length > MaxBytes) throw new IOException($"it is larger than {MaxBytes >> 20} MiB");
        return File.ReadAllText(path);
    }

    internal static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
