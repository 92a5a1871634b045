using Xunit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>Debian's browser.</summary>
internal static class Chromium
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Where it is; null where there is none.</summary>
    public static readonly string? Path = Array.Find(Places, File.Exists);

    /// <summary>Why tests of pages cannot run here; null where they can.</summary>
    public static string? Missing => Path is null ? "needs chromium (Debian package chromium)" : null;
}

/// <summary>A test in a real browser.</summary>
public sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = Chromium.Missing;
}

/// <summary>A theory in a real browser.</summary>
public sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public ChromiumTheoryAttribute() => Skip = Chromium.Missing;
}
