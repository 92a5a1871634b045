using Xunit;

namespace CdrEngine.TestKit;

/// <summary>The folder of foreign captures and the lab beside a checkout; tests that read it are skipped where it is missing.</summary>
public static class SharedFolder
{
    /// <summary>Full path of the folder, or null where there is none.</summary>
    public static readonly string? Root = Find();

    /// <summary>Path below the folder.</summary>
    public static string Path(params string[] parts) =>
        System.IO.Path.Combine([Root ?? throw new InvalidOperationException("no shared folder: mark the test SharedFact"), .. parts]);

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "shared");
            if (File.Exists(System.IO.Path.Combine(candidate, "captures", "truth.json"))) return candidate;
        }

        return null;
    }
}

/// <summary>The root of the checkout.</summary>
public static class Checkout
{
    /// <summary>Folder that holds CdrEngine.sln.</summary>
    public static readonly string Root = Find();

    /// <summary>Path below the root.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>A file or folder below tests/fixtures.</summary>
    public static string Fixture(params string[] parts) => System.IO.Path.Combine([Root, "tests", "fixtures", .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "CdrEngine.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException("the tests run from inside the checkout");
    }
}

/// <summary>Why a test cannot run here; null where it can.</summary>
internal static class Missing
{
    public static string? Shared => SharedFolder.Root is null ? "needs ../shared beside the checkout" : null;

    public static string? Tool(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)))
            ? null
            : $"needs {name} on the PATH";
}

/// <summary>A test that reads ../shared.</summary>
public sealed class SharedFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where the folder is missing.</summary>
    public SharedFactAttribute() => Skip = Missing.Shared;
}

/// <summary>A theory that reads ../shared. Its data must not read it where it is missing.</summary>
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips with the reason where the folder is missing.</summary>
    public SharedTheoryAttribute() => Skip = Missing.Shared;
}

/// <summary>A test that runs another program.</summary>
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where the program is missing.</summary>
    public ToolFactAttribute(string tool) => Skip = Missing.Tool(tool);
}

/// <summary>A theory that runs another program.</summary>
public sealed class ToolTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips with the reason where the program is missing.</summary>
    public ToolTheoryAttribute(string tool) => Skip = Missing.Tool(tool);
}

/// <summary>A test that reads ../shared and runs another program.</summary>
public sealed class SharedToolFactAttribute : FactAttribute
{
    /// <summary>Skips with the reason where the folder or the program is missing.</summary>
    public SharedToolFactAttribute(string tool) => Skip = Missing.Shared ?? Missing.Tool(tool);
}
