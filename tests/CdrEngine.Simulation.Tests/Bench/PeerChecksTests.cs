using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Suite;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>What peers print, as they print it, against the truth.</summary>
public sealed class PeerChecksTests : IDisposable
{
    private static readonly LoadTruth Truth = new() { Calls = 3, Answered = 2, Streams = 2, Lost = 5, Bytes = 4 };
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-peers-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TsharkStreams_AreCountedWithTheirLoss()
    {
        const string head = "========================= RTP Streams ========================\n   Start time      End time     Src IP addr  Port    Dest IP addr  Port       SSRC          Payload  Pkts         Lost   Problems?\n";
        const string one = "    15.877457     21.538865      10.2.1.199 16384      10.1.1.199 16384 0x317359B5            g711A   283     1 (0.4%)           2.261          20.076          40.915 X\n";
        const string other = "    15.874457     21.555911      2001:db8::1 16384      2001:db8::2 16384 0x702D055B   g711U, CN   283     4 (0.7%)           2.000          20.147          41.059 X\n";
        Assert.Equal(new PeerVerdict(true, "2 of 2 streams, 5 of 5 lost"), PeerChecks.TsharkStreams(Printed(head + one + other), Truth));
        Assert.Equal(new PeerVerdict(false, "1 of 2 streams, 1 of 5 lost"), PeerChecks.TsharkStreams(Printed(head + one), Truth));
    }

    [Fact]
    public void TsharkCalls_AreCallIds_AndAnsweredThoseWith200()
    {
        const string all = "a@x\t\na@x\t200\nb@x\t\nb@x,b@x\t100,200\nc@x\t486\nc@x\t486\n\t\n";
        Assert.Equal(new PeerVerdict(true, "3 of 3 calls, 2 of 2 answered"), PeerChecks.TsharkCalls(Printed(all), Truth));
        Assert.False(PeerChecks.TsharkCalls(Printed("a@x\t200\nb@x\t200\n"), Truth).IsRight);
    }

    [Fact]
    public void Sngrep_CountsDialogs_AndTheLastCountCounts()
    {
        Assert.True(PeerChecks.SngrepDialogs(Printed("\rDialog count: 0\rDialog count: 2\rDialog count: 3"), Truth).IsRight);
        Assert.Equal(new PeerVerdict(false, "0 of 3 calls"), PeerChecks.SngrepDialogs(Printed(""), Truth));
    }

    [Fact]
    public void Copy_IsAsLongAsTheCapture()
    {
        PeerOutput output = Printed("");
        Assert.Equal(new PeerVerdict(false, "0 of 4 bytes"), PeerChecks.Copy(output, Truth));
        File.WriteAllText(Path.Combine(_folder, "copy.pcap"), "1234");
        Assert.True(PeerChecks.Copy(output, Truth).IsRight);
    }

    [Fact]
    public void FilesOfCalls_AreCounted_WhereverTheyLie()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "day"));
        foreach (string name in new[] { "a.pcap", "b.pcap", "c.txt", "day/d.pcap" }) File.WriteAllText(Path.Combine(_folder, name), "");
        Assert.True(PeerChecks.FilePerCall(Printed(""), Truth).IsRight);
    }

    [Fact]
    public void CheckOfTheUsers_PrintsTheNumberOfCalls()
    {
        PeerOutput output = Printed("x\ny\nz\n");
        Assert.Equal(new PeerVerdict(true, "3 of 3 calls"), PeerChecks.Counting("wc -l < {stdout}")(output, Truth));
        Assert.Equal("check: exit code 3: no luck", PeerChecks.Counting("echo no luck >&2; exit 3")(output, Truth).Text);
        Assert.Throws<BenchException>(() => PeerChecks.Counting("echo none")(output, Truth));
    }

    [Fact]
    public void Peers_AndTheirChecks_AreReadFromOptions()
    {
        IReadOnlyList<SuiteTool> tools = SuiteTools.All(["mine=cat {file} > {out}/a"], ["mine=wc -l {stdout}"]);
        SuiteTool mine = Assert.Single(tools, static tool => tool.Name == "mine");
        Assert.Equal("cat '/a b' > '/o'/a", mine.Command("/a b", "/o"));
        Assert.NotNull(mine.Check);
        Assert.Throws<BenchException>(static () => SuiteTools.All(["mine"]));
        Assert.Throws<BenchException>(static () => SuiteTools.All(["mine=true"]));
        Assert.Throws<BenchException>(static () => SuiteTools.All(["mine=cat {file}"], ["other=wc"]));
    }

    [Fact]
    public void Tools_AreChosenByTheBeginningOfTheirRow()
    {
        IReadOnlyList<SuiteTool> all = SuiteTools.All(["mine=cat {file}", "more=cat {file}"]);
        Assert.Equal(["mine", "more"], SuiteTools.Chosen(all, ["MINE,more"]).Select(static tool => tool.Name));
        Assert.Same(all, SuiteTools.Chosen(all, []));
        Assert.All(SuiteTools.Chosen(all, ["cdrengine"]), static tool => Assert.True(tool.IsOurs));
        Assert.Throws<BenchException>(() => SuiteTools.Chosen(all, ["nobody"]));
    }

    private PeerOutput Printed(string text)
    {
        string file = Path.Combine(_folder, "printed");
        File.WriteAllText(file, text);
        return new PeerOutput("/capture", _folder, file);
    }
}
