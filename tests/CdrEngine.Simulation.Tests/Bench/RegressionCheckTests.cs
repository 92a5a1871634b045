using System.Globalization;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Suite;
using Xunit;
using static CdrEngine.Simulation.Tests.Bench.SuiteResultsMade;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>Pages that nobody measured, compared.</summary>
public sealed class RegressionCheckTests
{
    private const string Ours = SuiteTools.Reference;

    [Fact]
    public void SlowerMachine_WithTheSameRatios_IsNoRegression()
    {
        RegressionReport report = Compare(Page(2, 10, 4), Page(6, 30, 12));
        Assert.Empty(report.Regressions);
        Assert.Contains(report.Lines, static line => line.Contains("CPU ÷ tshark: 0.200, was 0.200, 0.0 %", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2.4, 0)]
    [InlineData(2.6, 1)]
    public void OursSlowerThanTolerated_IsARegression(double ours, int regressions)
    {
        RegressionReport report = Compare(Page(2, 10, 4), Page(ours, 10, 4));
        Assert.Equal(regressions, report.Regressions.Count);
        Assert.All(report.Regressions, static line => Assert.Contains("S, cdrengine, records, CPU ÷ peers: median of 2, +30.0 %", line, StringComparison.Ordinal));
    }

    [Fact]
    public void OnePeerThatBecameFaster_IsNoRegressionOfOurs()
    {
        // Three peers, of which one was mended: the median of the changes stands still.
        Assert.Empty(Compare(Page(2, 10, 4, 8), Page(2, 1, 4, 8)).Regressions);
        Assert.NotEmpty(Compare(Page(2, 10, 4, 8), Page(2, 1, 0.4, 8)).Regressions);
    }

    [Fact]
    public void PeerOfAFewMilliseconds_IsNoYardstick()
    {
        RegressionReport report = Compare(Page(2, 0.1), Page(2, 0.02));
        Assert.Empty(report.Regressions);
        Assert.Contains(report.Lines, static line => line.Contains("CPU: no peer to compare with", StringComparison.Ordinal));
    }

    [Fact]
    public void MoreMemory_IsARegression()
    {
        string now = PageOf(LoadOf("S", Tool(Ours, true, Run(2, 400)), Tool("tshark", false, Run(10, 500))));
        string before = PageOf(LoadOf("S", Tool(Ours, true, Run(2, 100)), Tool("tshark", false, Run(10, 500))));
        Assert.Contains("memory", Assert.Single(Compare(before, now).Regressions), StringComparison.Ordinal);
        Assert.Empty(Compare(now, before).Regressions);
    }

    [Fact]
    public void WrongRecords_AndARowThatFailed_AreRegressions()
    {
        SuiteRun wrong = Run(2, 10) with { RecordsFault = "1 of 20 calls differ" };
        SuiteRun failed = Run(2, 10) with { Cost = Run(2, 10).Cost with { Fault = "exit code 1: no luck" } };
        string before = Page(2, 10, 4);
        Assert.Contains("1 of 20 calls differ", Assert.Single(Compare(before, PageOf(LoadOf("S", Tool(Ours, true, wrong)))).Regressions), StringComparison.Ordinal);
        Assert.Contains("no luck", Assert.Single(Compare(before, PageOf(LoadOf("S", Tool(Ours, true, failed)))).Regressions), StringComparison.Ordinal);
        Assert.Contains("1 of 20", Assert.Single(Compare(PageOf(LoadOf("M", Tool(Ours, true, Run(1, 1)))), PageOf(LoadOf("S", Tool(Ours, true, wrong)))).Regressions), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadsNotMeasuredNow_AreToldAndNoRegression()
    {
        RegressionReport report = Compare(Page(2, 10, 4), PageOf(LoadOf("M", Tool(Ours, true, Run(1, 1)))));
        Assert.Empty(report.Regressions);
        Assert.Contains("S, cdrengine, records: not measured now", report.Lines);
    }

    [Fact]
    public void Layers_AreComparedWithTheLayerBelow()
    {
        string before = Page(2, 10) + Layers(20, 40, 400), faster = Page(2, 10) + Layers(40, 80, 800), slower = Page(2, 10) + Layers(20, 60, 600);
        Assert.Empty(Compare(before, faster).Regressions);
        Assert.Contains("'+ decode' ÷ 'read'", Assert.Single(Compare(before, slower).Regressions), StringComparison.Ordinal);
    }

    [Fact]
    public void PageOfBefore_WithOtherColumns_IsReadByTheirNames()
    {
        const string page = "## Against others\n### S: signalling only, every scenario\ntext\n\n| tool | CPU s | CPU ÷ ours | peak MB | records | runs |\n|---|--:|--:|--:|---|--:|\n"
            + "| cdrengine, records | 3.03 | 1.00 | 1,295 | all right | 3 |\n| sngrep | | | | stopped \\| after 120 s | 1 |\n";
        SuitePage read = SuitePage.Parse(page);
        Assert.Equal(new SuitePageRow(3.03, 1295, "all right"), read.Rows[("S", "cdrengine, records")]);
        Assert.False(read.Rows[("S", "sngrep")].HasFigures);
        Assert.Equal("stopped | after 120 s", read.Rows[("S", "sngrep")].Right);
    }

    [Theory]
    [InlineData("# nothing")]
    [InlineData("### S: a load\n| tool | CPU s |\n|---|--:|\n| cdrengine | fast |\n")]
    public void TextThatIsNoPage_IsRefused(string text) => Assert.Throws<FormatException>(() => SuitePage.Parse(text));

    [Fact]
    public async Task Command_GivesExitCode1OnARegression_AndOneLineForAFileThatIsNoPage()
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-compare-").FullName;
        try
        {
            string before = Path.Combine(folder, "before.md"), now = Path.Combine(folder, "now.md"), none = Path.Combine(folder, "none.md");
            await File.WriteAllTextAsync(before, Page(2, 10, 4));
            await File.WriteAllTextAsync(now, Page(4, 10, 4));
            await File.WriteAllTextAsync(none, "nothing");
            Assert.Equal((1, true), await Bench("compare", before, now));
            Assert.Equal((0, false), await Bench("compare", now, before));
            Assert.Equal((0, false), await Bench("compare", before, now, "--tolerance", "110"));
            Assert.Equal((1, false), await Bench("compare", before, none));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, bool IsRegression)> Bench(params string[] arguments)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var error = new StringWriter(CultureInfo.InvariantCulture);
        int code = await BenchCommands.RunAsync(arguments, output, error, CancellationToken.None);
        return (code, output.ToString().Contains("regression: ", StringComparison.Ordinal));
    }

    private static RegressionReport Compare(string before, string now) => RegressionCheck.Compare(SuitePage.Parse(before), SuitePage.Parse(now), RegressionCheck.DefaultTolerance);

    private static string Page(double ours, params double[] peers)
    {
        string[] names = ["tshark", "sngrep", "other"];
        return PageOf(LoadOf("S", [Tool(Ours, true, Run(ours, 100)), .. peers.Select((seconds, i) => Tool(names[i], false, Run(seconds, 100)))]));
    }

    private static string PageOf(LoadResult load) => $"# Measured\n\n## Against others\n{SuiteTable.Of(load, Ours)}\n";

    private static string Layers(double read, double decode, double calls) => string.Create(
        CultureInfo.InvariantCulture,
        $"### Layers of S\n| layer | CPU ns/packet | packets/CPU s |\n|---|--:|--:|\n| read | {read:N1} | 1 |\n| + decode | {decode:N1} | 1 |\n| + calls and streams | {calls:N1} | 1 |\n");
}
