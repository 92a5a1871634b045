using CdrEngine.Benchmarks.Live;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>The long run, short: what <c>bench soak</c> does for an hour. Handles and memory are those of the process: nothing else runs in it meanwhile.</summary>
[Collection(Alone)]
[CollectionDefinition(Alone, DisableParallelization = true)]
public sealed class SoakTests
{
    internal const string Alone = "alone in the process";

    [Fact]
    public void SixMinutes_OfEightyCallsAtOnce_AreRecordedExactly_WithHandlesAndMemoryFlat()
    {
        SoakResult result = Soak.Run(
            new SoakOptions { Minutes = 6, Concurrent = 80, TalkSeconds = 20, RtpInterval = TimeSpan.FromMilliseconds(60), LogBytes = 16 << 20 }, look: null, CancellationToken.None);
        Assert.Equal([], result.Differences);
        Assert.Equal([], result.Drops);
        Assert.Equal(result.Scripted, result.Exact);
        Assert.InRange(result.Scripted, 1000, 1500);
        Assert.InRange(result.Samples.Count, 6, 8);
        Assert.InRange(result.Slope(static sample => sample.HeapBytes), double.MinValue, 4e6);

        // Segment files come and go with the minutes; what would grow is a handle for each.
        Assert.InRange(Math.Abs(result.Samples[^1].Handles - result.Samples[2].Handles), 0, 20);
    }
}
