using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests;

/// <summary>The records of captures of our own, compared as text with what was looked through once and found right.</summary>
/// <remarks>After a change that is meant: <c>CDRENGINE_UPDATE_GOLDEN=1 dotnet test tests/CdrEngine.Golden.Tests</c>, then read the difference.</remarks>
public sealed class GoldenRecordTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static TheoryData<string> Captures() => [.. Fixtures.Captures];

    public static TheoryData<string> Demos() => [.. DemoConversations.Recipes.Keys];

    public static TheoryData<string> Recipes() => [.. Fixtures.Recipes.Keys];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void GeneratedCapture_IsWhatItsRecipeMakes(string name)
    {
        using var made = new MemoryStream();
        var expected = new List<ExpectedCall>();
        LoadGenerator.Write(Fixtures.Recipes[name], made, expected.Add);
        string path = Checkout.Fixture("pcap", "load", name + ".pcap");
        if (Fixtures.Updates) Write(path, made.ToArray());
        Assert.True(made.ToArray().AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{path} is not what the generator makes now; set {Fixtures.UpdateSwitch}=1 where that is meant");
        using EngineRun run = EngineRun.OfFile(path);
        foreach (ExpectedCall call in expected) Assert.Empty(call.Differences(run.Call(call.SipCallId)));
    }

    [Theory]
    [MemberData(nameof(Demos))]
    public void DemoCapture_IsWhatItsRecipeMakes(string name)
    {
        using var made = new MemoryStream();
        DemoConversations.Recipes[name](made);
        string path = Checkout.Path("demo", name + ".pcap");
        if (Fixtures.Updates) Write(path, made.ToArray());
        Assert.True(made.ToArray().AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{path} is not what the generator makes now; set {Fixtures.UpdateSwitch}=1 where that is meant");
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Records_AreAsTheyWere(string capture)
    {
        using EngineRun run = EngineRun.OfFile(Checkout.Path(capture));
        Assert.Empty(run.Events);
        var text = new StringBuilder();
        foreach (CallRecord record in run.Records)
            text.Append(JsonSerializer.Serialize(JsonDocument.Parse(CallRecordJson.ToUtf8(record)).RootElement, Indented)).Append('\n');
        string path = Fixtures.GoldenOf(capture);
        if (Fixtures.Updates) Write(path, Encoding.UTF8.GetBytes(text.ToString()));
        Assert.True(File.Exists(path), $"{path} is missing; set {Fixtures.UpdateSwitch}=1 to make it");
        string[] golden = File.ReadAllText(path).Split('\n');
        string[] now = text.ToString().Split('\n');
        int same = golden.Zip(now).TakeWhile(static pair => pair.First == pair.Second).Count();
        Assert.True(
            golden.Length == now.Length && same == now.Length,
            $"{Path.GetRelativePath(Checkout.Root, path)}, line {same + 1}:\n  was {golden.ElementAtOrDefault(same)}\n  is  {now.ElementAtOrDefault(same)}");
    }

    [Fact]
    public void EveryGoldenText_HasItsCapture()
    {
        string[] wanted = [.. Fixtures.Captures.Select(Fixtures.GoldenOf).Order(StringComparer.Ordinal)];
        string[] there = [.. Directory.EnumerateFiles(Checkout.Fixture("golden"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Equal(wanted, there);
    }

    [Fact]
    public void EveryFixture_StandsInTheIndex()
    {
        string index = File.ReadAllText(Checkout.Fixture("pcap", "INDEX.md"));
        string demo = File.ReadAllText(Checkout.Path("demo", "README.md"));
        foreach (string capture in Fixtures.Captures)
        {
            string name = Path.GetFileName(capture);
            Assert.Contains($"`{name}`", capture.StartsWith("demo", StringComparison.Ordinal) ? demo : index);
        }
    }

    [Fact]
    public void Fixtures_StaySmall()
    {
        long bytes = new[] { Checkout.Fixture("pcap"), Checkout.Fixture("golden"), Checkout.Path("demo") }
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Sum(static file => new FileInfo(file).Length);
        Assert.InRange(bytes, 1, 3_500_000);
    }

    private static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
