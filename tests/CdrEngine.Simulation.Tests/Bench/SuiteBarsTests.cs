using CdrEngine.Benchmarks.Suite;
using Xunit;
using static CdrEngine.Simulation.Tests.Bench.SuiteResultsMade;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>What is asked, what was measured, and whether that is enough.</summary>
public sealed class SuiteBarsTests
{
    private static readonly ToolResult Start = Tool(SuiteTools.Reference, true, Run(1, 50));

    [Fact]
    public void Bars_AreCostOverPackets_WithTheStartAndWithout()
    {
        // 4 million packets in 2 s are 0.5 µs each; 1 s of it is the start.
        LoadResult load = LoadOf("M", Tool(SuiteTools.Reference, true, Run(2, 100))) with { Packets = 4_000_000 };
        Bar bar = Assert.Single(SuiteBars.Of([load], Start, null), static bar => bar.Key == "records-M");
        Assert.Equal(0.5, bar.Measured, 6);
        Assert.Equal(0.25, bar.WithoutStart, 6);
        Assert.False(bar.IsMet);
    }

    [Fact]
    public void KeptPackets_AreAlsoMeasuredInCopiesByTcpdump()
    {
        LoadResult load = LoadOf("L", Tool(SuiteTools.WithPackets, true, Run(3, 100)), Tool(SuiteTools.Copying, false, Run(2, 6)));
        Bar bar = Assert.Single(SuiteBars.Of([load], Start, null), static bar => bar.Key == "packets-copy-L");
        Assert.Equal(1.5, bar.Measured);
        Assert.True(bar.IsMet);
        Assert.Null(Assert.Single(SuiteBars.Of([load], Start, null), static bar => bar.Key == "copy-L").IsMet);
    }

    [Fact]
    public void Memory_IsThatOfWhateverTakesMore()
    {
        LoadResult load = LoadOf("S", Tool(SuiteTools.Reference, true, Run(2, 240)), Tool(SuiteTools.WithPackets, true, Run(2, 251)), Tool("peer", false, Run(2, 900)));
        Bar bar = Assert.Single(SuiteBars.Of([load], Start, null), static bar => bar.Key == "memory-S");
        Assert.Equal(251, bar.Measured);
        Assert.False(bar.IsMet);
    }

    [Theory]
    [InlineData(0.85, true)]
    [InlineData(0.8499, false)]
    public void ShareOfTheEncoder_IsEnoughFrom85Percent(double share, bool isMet) =>
        Assert.Equal(isMet, Assert.Single(SuiteBars.Of([], null, share)).IsMet);

    [Fact]
    public void ShareOfTheEncoder_IsItsTimeOverWhatMp3Adds()
    {
        LoadResult load = LoadOf("M", Tool(SuiteTools.WithPackets, true, Run(2, 1)), Tool(SuiteTools.WithMp3, true, Run(12, 1))) with { SoundSeconds = 900 };

        // 900 s of sound at 10 ms each are 9 of the 10 s added.
        Assert.Equal(0.9, SuiteMeasurement.EncoderShare([load], 0.01)!.Value, 6);
        Assert.Null(SuiteMeasurement.EncoderShare([load], null));
        Assert.Null(SuiteMeasurement.EncoderShare([LoadOf("M")], 0.01));
    }

    [Fact]
    public void Bars_OfLoadsAndToolsNotMeasured_AreLeftOut()
    {
        ToolResult failed = Tool(SuiteTools.Reference, true, Run(1, 1) with { Cost = Run(1, 1).Cost with { Fault = "no luck" } });
        Assert.Empty(SuiteBars.Of([LoadOf("M", failed), LoadOf("short", Tool(SuiteTools.Reference, true, Run(1, 1)))], Start, null));
    }

    [Fact]
    public void Table_SaysWhyABarIsNotMet_AndNothingWhereItIs()
    {
        Bar[] bars = [new("a", "work a", "µs", 1, 2), new("b", "work b", "µs", 1, 0.5), new("c", "work c", "µs", 1, 3)];
        string table = SuiteBars.Table(bars, null, SuiteBars.Reasons(["# a comment", "", "a = the disk | and its cache", "b = stale"]));
        Assert.Contains("| work a | ≤ 1.00 µs | 2.00 µs |  | **no** | the disk \\| and its cache |", table, StringComparison.Ordinal);
        Assert.Contains("| work b | ≤ 1.00 µs | 0.50 µs |  | yes |  |", table, StringComparison.Ordinal);
        Assert.Contains("| work c | ≤ 1.00 µs | 3.00 µs |  | **no** | no reason is written down |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Reasons_WithALineThatIsNone_AreRefused() => Assert.Throws<FormatException>(static () => SuiteBars.Reasons(["nothing"]));
}
