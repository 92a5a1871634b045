using System.Text.RegularExpressions;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>Every map that the wire can fill has a cap, an order of eviction and a counter: <c>bounded-maps.txt</c> says which. One that is not in the list fails here, and is looked at.</summary>
public sealed partial class BoundedMapTests
{
    // Where wire data is kept.
    private static readonly string[] Folders = ["src/CdrEngine.Protocols", "src/CdrEngine.Calls", "src/CdrEngine.Engine", "src/CdrEngine.Capture"];

    [Fact]
    public void EveryMap_IsListedWithItsBound()
    {
        var listed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Checkout.Path("tests", "CdrEngine.Architecture.Tests", "bounded-maps.txt")).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            string[] parts = line.Split(" | ");
            Assert.True(parts is [_, { Length: > 5 }], $"no bound: {line}");
            listed.Add(parts[0], parts[1]);
        }

        string[] found = [.. Folders.SelectMany(SourceScan.Files).SelectMany(static file => Maps(file).Select(field => $"{file} {field}")).Distinct(StringComparer.Ordinal)];
        Assert.NotEmpty(found);
        Assert.Empty(found.Except(listed.Keys, StringComparer.Ordinal));
        Assert.Empty(listed.Keys.Where(static key => !key.EndsWith(" _table", StringComparison.Ordinal)).Except(found, StringComparer.Ordinal));
    }

    private static IEnumerable<string> Maps(string file) =>
        Field().Matches(SourceScan.Code(File.ReadAllText(Checkout.Path(file)))).Where(static match => !match.Value.Contains("static", StringComparison.Ordinal)).Select(static match => match.Groups["name"].Value);

    // A field of a class: indented by four or eight, no parameter and no local.
    [GeneratedRegex(@"^ {4,8}(private|internal|protected|public)( static)?( readonly)? (Concurrent|Sorted)?(Dictionary|HashSet|Set)<[^;=]*>\??( |\.AlternateLookup<[^;=]*> )(?<name>_\w+)( = [^;]*)?;", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
