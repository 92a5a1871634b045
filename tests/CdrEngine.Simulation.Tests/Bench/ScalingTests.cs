using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Load;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>What threads take, and what follows from it.</summary>
public sealed class ScalingTests
{
    [Theory]
    [InlineData(0, 16, 16, 16)]
    [InlineData(1, 16, 1, 1)]
    [InlineData(0.25, 16, 3.3684, 4)]
    [InlineData(0.05, 16, 9.1429, 16)]
    public void Bounds_FollowFromTheSerialShare(double serial, int processors, double amdahl, double inLine)
    {
        Assert.Equal(amdahl, Scaling.Amdahl(serial, processors), 4);
        Assert.Equal(inLine, Scaling.InLine(serial, processors), 4);
    }

    [Fact]
    public void Table_NamesTheBusiestSerialThread_NotTheShards()
    {
        var threads = new Dictionary<string, TimeSpan> { ["reader"] = Seconds(2), ["shard"] = Seconds(5), ["call writer"] = Seconds(1), ["packet-log"] = Seconds(1) };
        var run = new ScalingRun("M", 2, 4_000_000, Seconds(3), Seconds(10), threads);
        Assert.Equal(("reader", 0.2), Scaling.Serial(run));
        string text = Scaling.Describe([run]);
        Assert.Contains("| M | 2 | 3.00 | 10.00 | 2.00 | 5.00 | 0.00 | 1.00 | 1.00 | 1.00 | reader, 20 % of all |", text, StringComparison.Ordinal);

        // 2 s for 4 million packets: two million a second, 500 ns each; 5 s of shards are three of them.
        Assert.Contains("allows 5.0 times: 2,000,000 packets a second, one for each 500 ns of that thread. 3 shards keep up", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shard-12\n", "shard")]
    [InlineData("call writer", "call writer")]
    [InlineData("42", "42")]
    public void Names_LoseTheNumberAtTheirEnd(string name, string kind) => Assert.Equal(kind, ThreadTimes.KindOf(name));

    [Fact]
    public void Replay_TellsWhatItsThreadsTook()
    {
        string capture = Path.Combine(Path.GetTempPath(), $"cdrengine-{Guid.NewGuid():N}.pcap");
        try
        {
            using (FileStream pcap = File.Create(capture)) LoadGenerator.Write(new LoadOptions { Calls = 400, CallsPerSecond = 40, TalkSeconds = 4, RtpInterval = TimeSpan.FromMilliseconds(40) }, pcap);
            ScalingRun run = Scaling.Once("x", capture, 2);
            Assert.InRange(run.Packets, 10_000, 200_000);
            Assert.True(run.Threads["reader"] > TimeSpan.Zero);
            Assert.True(run.Threads["shard"] > TimeSpan.Zero);
            Assert.DoesNotContain("thread-times", run.Threads.Keys);
        }
        finally
        {
            File.Delete(capture);
        }
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
