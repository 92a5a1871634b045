using System.Text.RegularExpressions;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>No dialect knows another, and nothing but the table of dialects knows any.</summary>
public sealed class DialectTests
{
    private static readonly string Folder = Checkout.Path("src", "CdrEngine.Api", "Dialects");

    [Fact]
    public void Dialect_NamesNoOther()
    {
        string[] dialects = Dialects();
        Assert.NotEmpty(dialects);
        string[] strangers = [.. dialects.SelectMany(dialect => Sources(Path.Combine(Folder, dialect)).SelectMany(path => Named(path, dialects.Except([dialect]))))];
        Assert.Empty(strangers);
    }

    [Fact]
    public void OnlyTheTable_NamesDialects()
    {
        string[] dialects = Dialects();
        IEnumerable<string> others = Sources(Checkout.Path("src")).Where(path => !dialects.Any(dialect => path.StartsWith(Path.Combine(Folder, dialect) + Path.DirectorySeparatorChar, StringComparison.Ordinal)));
        string[] naming = [.. others.Where(path => Named(path, dialects).Any()).Select(path => Path.GetRelativePath(Checkout.Root, path))];
        Assert.Equal([Path.Combine("src", "CdrEngine.Api", "Dialects", "DialectTable.cs")], naming);
    }

    [Fact]
    public void EveryDialect_HasItsTests() =>
        Assert.All(Dialects(), static dialect => Assert.True(Directory.Exists(Checkout.Path("tests", "CdrEngine.Api.Tests", "Dialects", dialect)), dialect));

    private static string[] Dialects() => [.. Directory.EnumerateDirectories(Folder).Select(static path => Path.GetFileName(path)).Where(static name => name != "Common").Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(static path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static IEnumerable<string> Named(string path, IEnumerable<string> dialects)
    {
        string text = File.ReadAllText(path);
        return dialects.Where(dialect => Regex.IsMatch(text, $@"\bDialects\.{dialect}\b", RegexOptions.None, TimeSpan.FromSeconds(5))).Select(dialect => $"{Path.GetFileName(path)} names {dialect}");
    }
}
