using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using Xunit;
using static CdrEngine.Simulation.Tests.Bench.SuiteResultsMade;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>The tables that speed is claimed from.</summary>
public sealed class SuiteTableTests
{
    [Fact]
    public void Row_TakesTheMedianOfEachColumn()
    {
        string row = Row(Table(Tool("ours", true, Run(3, 30), Run(1, 90), Run(2, 10))), "ours");

        // 2 s over 1,000 packets are 2 ms a packet; over 500 SIP messages 4 ms each; 4 s on the wall for 1,000 packets and 20 calls. With ten calls at once
        // memory says nothing of a call.
        Assert.Equal("| ours | 2.000 | 1.00 | 2,000,000 | 4,000.0 | 250 | 5 | 4.000 | 30 |  | 0 | all right | 3 |", row);
    }

    [Fact]
    public void Median_OfTwoRuns_LiesBetween() => Assert.Equal(1.5, Tool("ours", true, Run(1, 1), Run(2, 1)).CpuSeconds);

    [Fact]
    public void Ratio_IsThatOfProcessorTimes()
    {
        string table = Table(Tool("ours", true, Run(2, 1)), Tool("peer", false, Run(5, 1)));
        Assert.StartsWith("| peer | 5.000 | 2.50 |", Row(table, "peer"), StringComparison.Ordinal);
    }

    [Fact]
    public void Row_OfAToolThatFailed_SaysWhyAndNoFigure()
    {
        SuiteRun good = Run(9, 1);
        SuiteRun failed = good with { Cost = good.Cost with { Fault = "exit code 1: a|b" } };
        string table = Table(Tool("ours", true, Run(2, 1)), Tool("peer", false, Run(5, 1), failed));
        Assert.Equal("| peer | | | | | | | | | | | exit code 1: a\\|b | 2 |", Row(table, "peer"));
    }

    [Fact]
    public void Row_WithAWrongRecordInAnyRun_IsNotAllRight()
    {
        SuiteRun wrong = Run(2, 1) with { RecordsFault = "1 of 20 calls differ" };
        Assert.Contains("1 of 20 calls differ", Row(Table(Tool("ours", true, Run(2, 1), wrong, Run(2, 1))), "ours"), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutOurOwnFigures_NoRatioIsClaimed()
    {
        string table = Table(Tool("ours", true), Tool("peer", false, Run(5, 1)));
        Assert.Equal("| ours | | | | | | | | | | | not run | 0 |", Row(table, "ours"));
        Assert.StartsWith("| peer | 5.000 |  |", Row(table, "peer"), StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryOfACall_StandsThere_WhereManyAreOpenAtOnce()
    {
        string table = SuiteTable.Of(LoadOf("C", Tool("ours", true, Run(2, 100))) with { MostConcurrent = 1000 }, "ours");
        Assert.Contains("| 100 | 100.0 | 0 |", Row(table, "ours"), StringComparison.Ordinal);
    }

    [Fact]
    public void Peer_ThatWasWrongOnce_IsWrong()
    {
        SuiteRun right = Run(1, 1) with { Peer = new PeerVerdict(true, "20 of 20 calls") }, wrong = Run(1, 1) with { Peer = new PeerVerdict(false, "19 of 20 calls") };
        Assert.Contains("| wrong: 19 of 20 calls |", Row(Table(Tool("peer", false, right, wrong, right)), "peer"), StringComparison.Ordinal);
        Assert.Contains("| right: 20 of 20 calls |", Row(Table(Tool("peer", false, right, right)), "peer"), StringComparison.Ordinal);
    }

    [Fact]
    public void Tool_ThatWasNotRun_SaysWhy() =>
        Assert.Contains("| not run: it was stopped over C | 0 |", Row(Table(Tool("peer", false) with { NotRun = "not run: it was stopped over C" }), "peer"), StringComparison.Ordinal);

    [Fact]
    public void MeasuredProcess_ThatFails_GivesItsLastLine() =>
        Assert.Equal("exit code 3: no luck", MeasuredProcess.Run("echo no luck >&2; exit 3", TimeSpan.FromSeconds(60), CancellationToken.None).Fault);

    [Fact]
    public void MeasuredProcess_BeyondItsLimit_IsStopped() =>
        Assert.StartsWith("stopped after", MeasuredProcess.Run("exec tail -f /dev/null", TimeSpan.FromSeconds(0.2), CancellationToken.None).Fault, StringComparison.Ordinal);

    private static string Table(params ToolResult[] tools) => SuiteTable.Of(LoadOf("S", tools), "ours");

    private static string Row(string table, string tool) => table.Split('\n').Single(line => line.StartsWith($"| {tool} |", StringComparison.Ordinal));
}
