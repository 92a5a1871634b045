using System.Globalization;
using CdrEngine.Benchmarks.Commands;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Where results and what belongs to them lie in the checkout.</summary>
internal static class ResultFiles
{
    /// <summary>End of the name of a page of growth.</summary>
    public const string GrowthEnding = "-growth.md";

    /// <summary>A file of <c>bench/results</c> named by date and machine. Throws <see cref="BenchException"/> outside a checkout.</summary>
    public static string Default(string ending)
    {
        string root = Texts.Checkout() ?? throw new BenchException("no checkout above this program: name the page with --out");
        string folder = Directory.CreateDirectory(Path.Combine(root, "bench", "results")).FullName;
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}-{Texts.Machine()}{ending}"));
    }

    /// <summary>Why bars are not met: of the file named, or of the checkout; none where there is no such file.</summary>
    public static IReadOnlyDictionary<string, string> Reasons(string? file)
    {
        string? path = file ?? (Texts.Checkout() is { } root ? Path.Combine(root, "bench", "reasons.txt") : null);
        if (path is null || (file is null && !File.Exists(path))) return new Dictionary<string, string>();
        return SuiteBars.Reasons(File.ReadLines(path));
    }

    /// <summary>The newest page of growth beside a page, as a link; null where there is none.</summary>
    public static string? GrowthFor(string? page)
    {
        string? folder = page is null ? null : Path.GetDirectoryName(Path.GetFullPath(page));
        return folder is null || !Directory.Exists(folder) ? null : Directory.EnumerateFiles(folder, "*" + GrowthEnding).Select(Path.GetFileName).Max(StringComparer.Ordinal);
    }
}
