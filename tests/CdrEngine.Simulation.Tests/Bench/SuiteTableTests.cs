using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>The tables that speed is claimed from.</summary>
public sealed class SuiteTableTests
{
    [Fact]
    public void Row_TakesTheMedianOfEachColumn()
    {
        string row = Row(Table(Tool("ours", true, Run(3, 30), Run(1, 90), Run(2, 10))), "ours");

        // 2 s over 1,000 packets are 2 ms a packet; 500 SIP messages in 2 s of CPU are 250.
        Assert.Equal("| ours | 2.00 | 1.00 | 2,000,000 | 250 | 4.00 | 30 | 0 | all right | 3 |", row);
    }

    [Fact]
    public void Median_OfTwoRuns_LiesBetween() => Assert.Equal(1.5, Tool("ours", true, Run(1, 1), Run(2, 1)).CpuSeconds);

    [Fact]
    public void Ratio_IsThatOfProcessorTimes()
    {
        string table = Table(Tool("ours", true, Run(2, 1)), Tool("peer", false, Run(5, 1)));
        Assert.StartsWith("| peer | 5.00 | 2.50 |", Row(table, "peer"), StringComparison.Ordinal);
    }

    [Fact]
    public void Row_OfAToolThatFailed_SaysWhyAndNoFigure()
    {
        SuiteRun good = Run(9, 1);
        SuiteRun failed = good with { Cost = good.Cost with { Fault = "exit code 1: a|b" } };
        string table = Table(Tool("ours", true, Run(2, 1)), Tool("peer", false, Run(5, 1), failed));
        Assert.Equal("| peer | | | | | | | | exit code 1: a\\|b | 2 |", Row(table, "peer"));
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
        Assert.Equal("| ours | | | | | | | | not run | 0 |", Row(table, "ours"));
        Assert.StartsWith("| peer | 5.00 |  |", Row(table, "peer"), StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_DivideByOurProcessorTime_AndSubtractTheStart()
    {
        ToolResult start = Tool("ours", true, Run(1, 50));
        ToolResult ours = Tool("ours", true, Run(2, 100));
        string bars = SuiteTable.Bars([Load("S", ours), Load("M", ours), Load("C", ours)], "ours", start);
        Assert.Contains("SIP messages for each second of CPU (S) | 150,000 | 250 | 500 |", bars, StringComparison.Ordinal);
        Assert.Contains("RTP packets for each second of CPU (M) | 1,500,000 | 200 | 400 |", bars, StringComparison.Ordinal);

        // 100 MB, of which 50 MB at the start, over 10 calls.
        Assert.Contains("| the same for each call | | 10,000.0 kB | 5,000.0 kB |", bars, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_OfLoadsNotMeasured_AreLeftOut() =>
        Assert.DoesNotContain("(S)", SuiteTable.Bars([Load("M", Tool("ours", true, Run(2, 1)))], "ours", Tool("ours", true, Run(1, 1))), StringComparison.Ordinal);

    [Fact]
    public void MeasuredProcess_TellsProcessorTimeMemoryAndEnd()
    {
        ProcessCost cost = MeasuredProcess.Run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.Null(cost.Fault);
        Assert.InRange(cost.Cpu, TimeSpan.FromMilliseconds(5), cost.Elapsed + TimeSpan.FromMilliseconds(50));
        Assert.InRange(cost.PeakBytes, 100_000, 100_000_000);
    }

    [Fact]
    public void MeasuredProcess_ThatFails_GivesItsLastLine() =>
        Assert.Equal("exit code 3: no luck", MeasuredProcess.Run("echo no luck >&2; exit 3", TimeSpan.FromSeconds(60), CancellationToken.None).Fault);

    [Fact]
    public void MeasuredProcess_BeyondItsLimit_IsStopped() =>
        Assert.StartsWith("stopped after", MeasuredProcess.Run("exec tail -f /dev/null", TimeSpan.FromSeconds(0.2), CancellationToken.None).Fault, StringComparison.Ordinal);

    private static SuiteRun Run(double cpuSeconds, int peakMegabytes) => new(new ProcessCost
    {
        Elapsed = TimeSpan.FromSeconds(cpuSeconds * 2),
        Cpu = TimeSpan.FromSeconds(cpuSeconds),
        PeakBytes = peakMegabytes * 1_000_000L,
        WrittenBytes = 0,
    });

    private static ToolResult Tool(string name, bool ours, params SuiteRun[] runs) => new() { Tool = name, IsOurs = ours, Runs = runs };

    private static LoadResult Load(string name, params ToolResult[] tools) => new()
    {
        Name = name,
        Description = "a load",
        Packets = 1000,
        SipMessages = 500,
        RtpPackets = 400,
        Calls = 20,
        MostConcurrent = 10,
        Bytes = 1_000_000,
        Tools = tools,
    };

    private static string Table(params ToolResult[] tools) => SuiteTable.Of(Load("S", tools), "ours");

    private static string Row(string table, string tool) => table.Split('\n').Single(line => line.StartsWith($"| {tool} |", StringComparison.Ordinal));
}
