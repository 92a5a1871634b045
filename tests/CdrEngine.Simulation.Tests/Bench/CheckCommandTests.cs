using CdrEngine.Benchmarks.Commands;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>The commands of the load generator, as a user types them.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-check-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string Capture => Path.Combine(_folder, "load.pcap");

    private string Expected => Capture + ".expected.jsonl";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Check_OnWhatWasGenerated_FindsNoDifference()
    {
        Assert.Equal(0, await Generate());
        Assert.Equal(0, await Bench("check", Capture));
        Assert.Contains("20 calls, every record as expected", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OnADoctoredStatus_NamesMemberAndValues()
    {
        await Generate();
        string[] lines = await File.ReadAllLinesAsync(Expected);
        string doctored = lines[0].Replace("\"sip_status\":200", "\"sip_status\":299", StringComparison.Ordinal);
        Assert.NotEqual(lines[0], doctored);
        lines[0] = doctored;
        await File.WriteAllLinesAsync(Expected, lines);

        Assert.Equal(1, await Bench("check", Capture));
        Assert.Contains("sip_status: expected 299, was 200", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("1 differences in 20 calls", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OnAMissingAndAStrangeCall_NamesBoth()
    {
        await Generate();
        string[] lines = await File.ReadAllLinesAsync(Expected);
        string first = Load.ExpectedCall.FromJson(lines[0]).SipCallId;
        lines[0] = lines[0].Replace(first, "another", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(Expected, lines);

        Assert.Equal(1, await Bench("check", Capture));
        Assert.Contains("another (CallerHangsUp): no record", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"{first}: a record of a call that never was", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_WithoutExpectedRecords_SaysSoInOneLine()
    {
        Assert.Equal(1, await Bench("check", Path.Combine(_folder, "nothing.pcap")));
        string line = Assert.Single(_error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("nothing.pcap.expected.jsonl", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Nothing=3")]
    [InlineData("Busy=x")]
    [InlineData("Busy=-1")]
    [InlineData("Busy=NaN")]
    [InlineData("Busy=0")]
    [InlineData("77=1")]
    public async Task Generate_WithAMixThatIsNone_MakesNoFile(string mix)
    {
        Assert.Equal(1, await Bench("generate", "--mix", mix, Capture));
        Assert.StartsWith("bench: ", _error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Capture));
    }

    [Fact]
    public async Task Generate_TwiceWithOneSeed_GivesTheSameBytes()
    {
        await Generate();
        byte[] first = await File.ReadAllBytesAsync(Capture);
        await Generate();
        Assert.Equal(first, await File.ReadAllBytesAsync(Capture));
    }

    [Theory]
    [InlineData("--log")]
    [InlineData("--records")]
    public async Task Replay_CountsEveryCall(string option)
    {
        await Generate();
        Assert.Equal(0, await Bench("replay", option, "--runs", "1", Capture));
        string row = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.Equal("20", row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]);
    }

    private Task<int> Generate() => Bench("generate", "--calls", "20", "--rate", "10", "--talk", "2", "--seed", "5", "--mix", "CallerHangsUp=1", Capture);

    private Task<int> Bench(params string[] arguments) => BenchCommands.RunAsync(arguments, _output, _error, CancellationToken.None);
}
