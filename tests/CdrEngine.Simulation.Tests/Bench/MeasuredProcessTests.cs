using CdrEngine.Benchmarks.Processes;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>What a program cost: the time of all children of the process that measures, so no other may end meanwhile.</summary>
[Collection(SoakTests.Alone)]
public sealed class MeasuredProcessTests
{
    [Fact]
    public void Cost_IsProcessorTimeMemoryAndEnd()
    {
        ProcessCost cost = MeasuredProcess.Run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.Null(cost.Fault);
        Assert.InRange(cost.Cpu, TimeSpan.FromMilliseconds(5), cost.Elapsed + TimeSpan.FromMilliseconds(50));
        Assert.InRange(cost.PeakBytes, 100_000, 100_000_000);
    }
}
