using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Growth;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Core;
using CdrEngine.Load;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>Which loads there are, what they hold, and how long all will take.</summary>
public sealed class SuiteLoadsTests
{
    [Fact]
    public void Loads_NamedOrAll_LeaveOutTheLargeOneWithoutRoom()
    {
        var left = new List<string>();
        Assert.DoesNotContain(SuiteLoads.Chosen([], quick: false, freeBytes: 1 << 30, left.Add), static load => load.Name == "L");
        Assert.Contains("--load L", Assert.Single(left), StringComparison.Ordinal);
        Assert.Equal(["S", "L"], SuiteLoads.Chosen(["l,s"], quick: false, freeBytes: 0, left.Add).Select(static load => load.Name));
        Assert.Equal(SuiteLoads.All(false).Count, SuiteLoads.Chosen([], false, long.MaxValue, left.Add).Count);
        Assert.Throws<BenchException>(() => SuiteLoads.Chosen(["S", "nope"], false, 0, left.Add));
    }

    [Fact]
    public void Sizes_GuessedForTheBudget_AreNearWhatIsMade()
    {
        foreach (SuiteLoad load in SuiteLoads.All(quick: true).Where(static load => load.Name is "S" or "short" or "register" or "C"))
        {
            string capture = Path.Combine(Path.GetTempPath(), $"cdrengine-{Guid.NewGuid():N}.pcap");
            try
            {
                (LoadSummary made, LoadTruth truth) = LoadTruth.Write(load, capture);
                Assert.InRange(made.Packets, load.RoughPackets / 2, load.RoughPackets * 2);
                Assert.InRange(made.SipMessages, load.RoughSip / 2, load.RoughSip * 2);
                Assert.Equal(new FileInfo(capture).Length, truth.Bytes);
                Assert.Equal(made.Calls, truth.Calls);
                if (load.Name == "C") Assert.Equal(made.Calls, truth.MostConcurrent);
            }
            finally
            {
                File.Delete(capture);
                File.Delete(capture + ".expected.jsonl");
            }
        }
    }

    [Fact]
    public void Truth_CountsWhatPeersAreAskedFor()
    {
        ExpectedStream stream = new() { Ssrc = 1, From = Calls.Records.PartySide.Caller, Codec = "PCMA/8000", Lost = 7 };
        ExpectedCall call = new()
        {
            SipCallId = "a",
            Scenario = "CallerHangsUp",
            Disposition = Calls.Records.Disposition.Answered,
            SipStatus = 200,
            HangupBy = Calls.Records.HangupBy.Caller,
            Caller = "1",
            Callee = "2",
            CallerAddress = "x",
            CalleeAddress = "y",
            StartedAt = 0,
            AnsweredAt = 2_000_000,
            EndedAt = 5_000_000,
            Transport = Transport.Udp,
            Streams = [stream, stream with { Ssrc = 2, Lost = 1 }],
        };
        var truth = LoadTruth.Of([call, call with { SipCallId = "b", AnsweredAt = null, Streams = [] }, call with { SipCallId = "c", Streams = [] }]);
        Assert.Equal((3, 2, 2, 8L, 1, 3), (truth.Calls, truth.Answered, truth.Streams, truth.Lost, truth.Recordable, truth.MostConcurrent));
        Assert.Equal(3, truth.SoundSeconds);
    }

    [Fact]
    public void Budget_StopsAtTheLimit_AndAsksSlowToolsOnce()
    {
        SuiteLoad load = new("x", "") { Calls = new LoadOptions { Calls = 1000, Rtp = false, RegistersPerCall = 0 } };
        SuiteTool quickly = new("a", static (_, _) => "") { Guess = (5, 0, 0, 0) }, slowly = quickly with { Guess = (1000, 0, 0, 0) };
        double one = Seconds(quickly, 1);
        Assert.Equal(10, Seconds(quickly, 3) - one, 6);
        Assert.Equal(60 - 5, Seconds(slowly, 3) - one, 6);

        double Seconds(SuiteTool tool, int rounds) => SuiteBudget.Of(load, [tool], rounds, SuitePatience.Default).TotalSeconds;
    }

    [Fact]
    public void FullSuite_WithPeers_FitsInTwentyMinutes()
    {
        // The peers that Debian has; whether they are installed here does not matter.
        IReadOnlyList<SuiteTool> tools = SuiteTools.All([]);
        double minutes = SuiteLoads.All(quick: false).Sum(load => SuiteBudget.Of(load, tools, 3, SuitePatience.Default).TotalMinutes);
        Assert.InRange(minutes, 3, 20);
    }

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 2.0)]
    [InlineData(0, 0.0)]
    public void Power_IsTheSlopeOfTheLogarithms_WithTheStartTakenOff(int power, double expected)
    {
        IEnumerable<(double, double)> points = new[] { 10.0, 100, 1000 }.Select(size => (size, 7 + (3 * Math.Pow(size, power))));
        Assert.Equal(expected, GrowthLaw.Power(points, 7), 9);
    }

    [Fact]
    public void Power_OfOnePoint_IsNone() => Assert.True(double.IsNaN(GrowthLaw.Power([(1, 2), (5, 0.5)], 1)));
}
