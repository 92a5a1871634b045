using System.Text;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

/// <summary>What the command line says about settings.</summary>
internal sealed record SettingsFlags
{
    /// <summary><c>--config FILE</c>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary><c>--data DIR</c>.</summary>
    public string? DataDirectory { get; init; }

    /// <summary><c>--listen ADDR:PORT</c>.</summary>
    public string? Listen { get; init; }

    /// <summary><c>--set KEY=VALUE</c>, each as written.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];
}

/// <summary>Lays reference.conf, one application.conf and the command line over each other and binds the result.</summary>
internal static class SettingsLoader
{
    /// <summary>File name of the overrides.</summary>
    public const string ApplicationFile = "application.conf";

    /// <summary>File name of the directory.</summary>
    public const string DirectoryFile = "directory.conf";

    /// <summary>The built-in text of <c>hocon/reference.conf</c>.</summary>
    public static string ReferenceText()
    {
        using Stream stream = typeof(SettingsLoader).Assembly.GetManifestResourceStream("reference.conf")
            ?? throw new InvalidOperationException("reference.conf is not built in");
        byte[] text = new byte[stream.Length];
        stream.ReadExactly(text);
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>The settings in force.</summary>
    /// <exception cref="HoconException">A file or flag is malformed or names an unknown key.</exception>
    public static Settings Load(SettingsFlags flags, Func<string, string?> environment)
    {
        HoconDocument document = HoconDocument.Parse(ReferenceText(), "reference.conf", static _ => null);
        if (ApplicationPath(flags, environment) is { } path) document.With(HoconDocument.Load(path));
        foreach (string assignment in flags.Set) Assign(document, assignment);
        if (flags.DataDirectory is { } data) document.Set("cdrengine.data-dir", data, "--data");
        if (flags.Listen is { } listen) document.Set("cdrengine.api.listen", listen, "--listen");
        HoconValue tree = document.Resolve(environment);
        Settings settings = SettingsBinder.Bind(tree);
        return settings with { Texts = SettingsText.Of(tree), Directory = settings.Directory with { Candidates = DirectoryCandidates(settings, environment) } };
    }

    // Beside the records first: each data folder may have a directory of its own.
    private static string[] DirectoryCandidates(Settings settings, Func<string, string?> environment)
    {
        string beside = Path.Combine(settings.DataDirectory, DirectoryFile);
        return environment("CDRENGINE_HOME") is { Length: > 0 } home ? [beside, Path.Combine(home, "config", DirectoryFile)] : [beside];
    }

    private static string? ApplicationPath(SettingsFlags flags, Func<string, string?> environment)
    {
        if (flags.ConfigFile is { } given) return given;
        string[] candidates =
        [
            Path.Combine(flags.DataDirectory ?? environment("CDRENGINE_DATA") ?? "data", ApplicationFile),
            Path.Combine(environment("CDRENGINE_HOME") ?? "", "hocon", ApplicationFile),
        ];
        return Array.Find(candidates, File.Exists);
    }

    // --set call.linger=2s: the key with or without the root's name, the value as plain text.
    private static void Assign(HoconDocument document, string assignment)
    {
        string origin = $"--set {assignment}";
        int equals = assignment.IndexOf('=');
        if (equals <= 0) throw new HoconException(new HoconPosition(origin, 0, 0), "write --set KEY=VALUE");
        string key = assignment[..equals].Trim();
        if (!key.StartsWith(SettingsBinder.RootKey + ".", StringComparison.Ordinal)) key = $"{SettingsBinder.RootKey}.{key}";
        document.Set(key, assignment[(equals + 1)..].Trim(), origin);
    }
}
