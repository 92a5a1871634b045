using System.Text.RegularExpressions;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Architecture.Tests;

/// <summary>The pure projects take time, bytes and randomness as inputs; nobody sleeps; nothing is left for later.</summary>
public sealed class BannedCallTests
{
    private static readonly string[] PureFolders = ["src/CdrEngine.Core", "src/CdrEngine.Protocols", "src/CdrEngine.Calls", "src/CdrEngine.Media/Codecs"];

    // What is not to be called in a pure project, and what to take instead.
    private static readonly (string Pattern, string Instead)[] Pure =
    [
        (@"\bDateTime(Offset)?\s*\.\s*(Now|UtcNow|Today)\b", "the packet's Timestamp, passed in"),
        (@"\b(Stopwatch|TimeProvider)\b", "the packet's Timestamp; speed is measured in bench/"),
        (@"\bnew\s+(System\.Threading\.)?(Timer|PeriodicTimer)\b", "Advance(now) and a deadline that the shell keeps"),
        (@"\bEnvironment\s*\.", "a setting passed in from Host"),
        (@"\bThread\b", "nothing: a pure part is run by its caller's thread"),
        (@"\bTask\s*\.\s*(Run|Delay|Factory)\b", "nothing: a pure part is run by its caller's thread"),
        (@"\b(Random|RandomNumberGenerator)\b", "a value derived from the packet, or one passed in"),
        (@"\bGuid\s*\.\s*(NewGuid|CreateVersion7)\b", "an id derived from the call"),
        (@"\b(File|Directory)\s*\.\s*[A-Z]", "a Stream or span passed in; files belong to Capture and PacketLog"),
        (@"\b(FileStream|FileInfo|DirectoryInfo|RandomAccess)\b", "a Stream or span passed in; files belong to Capture and PacketLog"),
        (@"\b(Socket|UdpClient|TcpClient|HttpClient)\b", "packets passed in; sockets belong to Capture and Api"),
        (@"\b(Console|ILogger|ILoggerFactory)\b", "a counter with a description"),
    ];

    // What is not to stand anywhere, comments included. Split, so that this file does not hold the words.
    private static readonly (string Pattern, string Instead)[] Anywhere =
    [
        (@"#pragma warning " + "disable", "mend it, or give the rule a reasoned severity in .editorconfig"),
        (@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b", "do it, or write it down in docs/"),
        (@"NotImplemented" + "Exception", "do it, or leave the member out"),
        (@"Thread\s*\.\s*Sl" + "eep", "wait for what you wait for"),
        (@"\bSkip\s*=\s*" + "\"", "an attribute that finds out whether the test can run here"),
    ];

    [Fact]
    public void PureProjects_CallNothingOfTheOutside()
    {
        string[] files = PureFolders.SelectMany(SourceScan.Files).ToArray();
        Assert.InRange(files.Length, 10, int.MaxValue);
        Assert.Empty(files.SelectMany(static file => Find(file, SourceScan.Code(Text(file)), Pure)));
    }

    [Fact]
    public void Sources_LeaveNothingForLater_AndDoNotSleep() =>
        Assert.Empty(new[] { "src", "tests", "bench" }.SelectMany(SourceScan.Files).SelectMany(static file => Find(file, Text(file), Anywhere)));

    [Theory]
    [InlineData("var now = DateTime.UtcNow;", true)]
    [InlineData("var now = DateTimeOffset . Now;", true)]
    [InlineData("Stopwatch watch;", true)]
    [InlineData("Thread.Yield();", true)]
    [InlineData("Task.Run(x);", true)]
    [InlineData("new Random(1)", true)]
    [InlineData("File.ReadAllText(p)", true)]
    [InlineData("new Socket(a)", true)]
    [InlineData("Environment.ProcessorCount", true)]
    [InlineData("var c = '\"'; var now = DateTime.UtcNow; // \"", true)]
    [InlineData("var s = \"\\\"\"; Thread.Yield();", true)]
    [InlineData("var s = @\"\\\"; Thread.Yield();", true)]
    [InlineData("// DateTime.UtcNow", false)]
    [InlineData("/* Thread.Yield(); */ x();", false)]
    [InlineData("var s = \"File.Open\";", false)]
    [InlineData("var s = \"\"\"a \" Socket \"\"\";", false)]
    [InlineData("CaptureFile.Open(); webSocket.Read(); ThreadCount++;", false)]
    [InlineData("DateTime.UnixEpoch.AddTicks(1)", false)]
    public void Scan_FindsCode_AndNoCommentsOrStrings(string code, bool isFound) =>
        Assert.Equal(isFound, Find("x.cs", SourceScan.Code(code), Pure).Any());

    [Fact]
    public void Namespaces_FollowFolders()
    {
        string[] strangers = SourceScan.Files("src")
            .Select(static file => (File: file, Match: Regex.Match(SourceScan.Code(Text(file)), @"^\s*namespace\s+([\w.]+)\s*;", RegexOptions.Multiline, TimeSpan.FromSeconds(5))))
            .Where(static source => source.Match.Success && source.Match.Groups[1].Value != Expected(source.File))
            .Select(static source => $"{source.File}: {source.Match.Groups[1].Value}, not {Expected(source.File)}")
            .ToArray();
        Assert.Empty(strangers);
    }

    private static string Expected(string file) => Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.');

    private static IEnumerable<string> Find(string file, string text, (string Pattern, string Instead)[] rules) => rules.SelectMany(rule =>
        Regex.Matches(text, rule.Pattern, RegexOptions.None, TimeSpan.FromSeconds(5))
            .Select(match => $"{file}:{text.AsSpan(0, match.Index).Count('\n') + 1}: '{match.Value}': take {rule.Instead}"));

    private static string Text(string file) => File.ReadAllText(Checkout.Path(file));
}
