using CdrEngine.Benchmarks.Kills;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>The real program, killed at random moments under load (SIGKILL) and started again. <c>./cdrengine bench kill</c> is the long form.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Program_KilledTwentyTimesUnderLoad_LosesNoRecord_DoublesNone_AndFlagsEveryGap()
    {
        // A machine that runs other tests beside is given time; what a crash may cost is not.
        KillResult result = await KillRound.RunAsync(
            new KillOptions { Rounds = 4, Parallel = 4, Kills = 5, CallsPerSecond = 6, LongestLife = 2.5, Seed = 42, Slack = TimeSpan.FromSeconds(1) }, null, CancellationToken.None);
        Assert.True(result.Faults.Count == 0, string.Join("\n", result.Faults));
        Assert.Equal(20, result.Kills);
        Assert.InRange(result.Crossed, 20, result.Calls);
        Assert.InRange(result.Exact, 10, result.Calls);
        Assert.InRange(result.Gaps, result.Crossed, result.Calls);
    }
}
