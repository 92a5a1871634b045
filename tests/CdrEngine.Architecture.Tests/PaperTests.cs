using System.Text.RegularExpressions;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>Maps rot: what the papers name must be there.</summary>
public sealed class PaperTests
{
    private static readonly string[] Folders = ["src", "tests", "bench", "config", "hocon", "docker", "docs", ".ci"];

    [Fact]
    public void Papers_NameOnlyPathsThatExist()
    {
        string[] papers = Papers().ToArray();
        Assert.Contains("README.md", papers);
        (string Paper, string Path)[] named = papers.SelectMany(static paper => Paths(File.ReadAllText(Checkout.Path(paper))).Select(path => (paper, path))).ToArray();
        Assert.InRange(named.Length, 10, int.MaxValue);
        string[] missing = named.Where(static name => !Exists(name.Paper, name.Path)).Select(static name => $"{name.Paper}: {name.Path}").ToArray();
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("see `src/CdrEngine.Core/Timestamp.cs` now", "src/CdrEngine.Core/Timestamp.cs")]
    [InlineData("[text](docs/glossary.md#word) and", "docs/glossary.md")]
    [InlineData("run `./test` first", "./test")]
    [InlineData("`src/CdrEngine.{Core,Calls}`, `src/*.cs`, `docs/decisions/NNNN-title.md`, `/api/v1/calls`, `a/b`", null)]
    [InlineData("[site](https://example.com/docs/x) and `calls --format json`", null)]
    public void Scan_FindsPathsOfTheCheckout(string text, string? expected) => Assert.Equal(expected is null ? [] : [expected], Paths(text));

    [Fact]
    public void Decisions_AreNumberedWithoutGapsAndSayTheFourThings()
    {
        string[] names = Directory.EnumerateFiles(Checkout.Path("docs", "decisions"), "*.md")
            .Select(static path => Path.GetFileName(path)!)
            .Order(StringComparer.Ordinal)
            .ToArray();
        Assert.NotEmpty(names);
        for (int i = 0; i < names.Length; i++)
        {
            Assert.StartsWith($"{i + 1:0000}-", names[i], StringComparison.Ordinal);
            Assert.Matches(@"^\d{4}-[a-z0-9-]+\.md$", names[i]);
            string text = File.ReadAllText(Checkout.Path("docs", "decisions", names[i]));
            Assert.Matches($@"^# {i + 1:0000}:? \S", text);

            // Options not taken may also be told after the decision, as set aside.
            string[] missing = new[] { "Context", "(Options|Set aside)", "Decision", "Consequences" }
                .Where(section => !Regex.IsMatch(text, $@"(?m)^## {section}\b", RegexOptions.None, TimeSpan.FromSeconds(5)))
                .Select(section => $"{names[i]} has no section {section}")
                .ToArray();
            Assert.Empty(missing);
        }
    }

    private static IEnumerable<string> Papers() => Directory.EnumerateFiles(Checkout.Root, "*.md")
        .Concat(Folders.Where(static folder => folder is not ("src" or "tests"))
            .Select(static folder => Checkout.Path(folder))
            .Where(Directory.Exists)
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)))
        .Select(static path => Path.GetRelativePath(Checkout.Root, path))
        .Where(static path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));

    // In backticks or as the target of a link, below one of the folders, at the root of the checkout, or a script at the root.
    private static IEnumerable<string> Paths(string text) => Regex
        .Matches(text, @"`(?<path>[^`\s]+)`|\]\((?<path>[^)\s]+)\)", RegexOptions.None, TimeSpan.FromSeconds(5))
        .Select(static match => match.Groups["path"].Value.Split('#')[0].TrimEnd('/', ':', ','))
        .Where(static path => Regex.IsMatch(path, @"^(\./)?[\w./-]+$", RegexOptions.None, TimeSpan.FromSeconds(5)) && !path.Contains("NNNN", StringComparison.Ordinal))
        .Where(static path => Folders.Any(folder => path.StartsWith(folder + "/", StringComparison.Ordinal))
            || path.StartsWith("./", StringComparison.Ordinal)
            || Regex.IsMatch(path, @"^[A-Z]+\.md$", RegexOptions.None, TimeSpan.FromSeconds(5)));

    // As named from the root, or from where the paper stands.
    private static bool Exists(string paper, string path) =>
        new[] { Checkout.Path(path), Checkout.Path(Path.GetDirectoryName(paper) ?? "", path) }.Any(static full => File.Exists(full) || Directory.Exists(full));
}
