namespace CdrEngine.Host.Hocon;

/// <summary>A configuration text as read, not yet resolved: documents are laid over each other first, so that a substitution in a lower
/// one sees what a higher one sets.</summary>
public sealed class HoconDocument
{
    private readonly ObjectNode _root;

    private HoconDocument(ObjectNode root) => _root = root;

    /// <summary>A document without a key.</summary>
    public static HoconDocument Empty() => new(new ObjectNode(default));

    /// <summary>Reads a text. Included files are looked for beside <paramref name="name"/>.</summary>
    /// <param name="text">The HOCON text.</param>
    /// <param name="name">Its file name, as errors show it.</param>
    /// <param name="read">Text of an included file by its path, null where it is missing; left out, the disk.</param>
    /// <exception cref="HoconException">The text, or one it includes, is malformed.</exception>
    public static HoconDocument Parse(string text, string name, Func<string, string?>? read = null) =>
        new(HoconParser.Parse(text, name, read is null ? HoconFiles.Disk : new HoconFiles(read), [name], []));

    /// <summary>Reads a file.</summary>
    /// <exception cref="HoconException">It is missing, unreadable or malformed.</exception>
    public static HoconDocument Load(string path)
    {
        var at = new HoconPosition(path, 0, 0);
        try
        {
            return Parse(HoconFiles.ReadFile(path) ?? throw new HoconException(at, "the file is not there"), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HoconException(at, $"the file cannot be read: {HoconFiles.OneLine(e)}");
        }
    }

    /// <summary>Lays another document over this one: its keys win, objects are merged. The other one is used up.</summary>
    public HoconDocument With(HoconDocument over)
    {
        _root.Merge(over._root);
        return this;
    }

    /// <summary>Sets one key to a text.</summary>
    /// <param name="path">The key, dotted.</param>
    /// <param name="text">The value, taken as it is.</param>
    /// <param name="origin">What errors name in place of a file, for example <c>--data</c>.</param>
    public HoconDocument Set(string path, string text, string origin)
    {
        var at = new HoconPosition(origin, 0, 0);
        _root.Field(HoconParser.ParsePath(path, at), at).Assign(new ScalarNode(at, text, isQuoted: true));
        return this;
    }

    /// <summary>Resolves substitutions and merges.</summary>
    /// <param name="environment">Value of an environment variable, null where it is not set.</param>
    /// <exception cref="HoconException">A substitution finds nothing or goes in a circle, or unlike values stand side by side.</exception>
    public HoconValue Resolve(Func<string, string?> environment) => new HoconResolver(_root, environment).Resolve();
}
