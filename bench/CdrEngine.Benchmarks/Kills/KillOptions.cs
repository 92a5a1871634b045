using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>How the program is killed, and under what load.</summary>
public sealed record KillOptions
{
    /// <summary>Data folders, each with a load of its own.</summary>
    public int Rounds { get; init; } = 4;

    /// <summary>Rounds that run at one time.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Kills in each round.</summary>
    public int Kills { get; init; } = 6;

    /// <summary>Calls begun each second in each round.</summary>
    public double CallsPerSecond { get; init; } = 12;

    /// <summary>Seed of loads and of moments.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Seconds a program lives at most, from when it takes packets until it is killed.</summary>
    public double LongestLife { get; init; } = 4;

    /// <summary>What a crash may cost: <c>packet-log.flush</c>.</summary>
    public TimeSpan Flush { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What is allowed beyond it for a machine that has other things to do as well.</summary>
    public TimeSpan Slack { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What happens in the calls. Without those that take half a minute to end by themselves.</summary>
    public IReadOnlyDictionary<Scenario, double> Mix { get; init; } = new Dictionary<Scenario, double>
    {
        [Scenario.CallerHangsUp] = 40,
        [Scenario.CalleeHangsUp] = 20,
        [Scenario.Busy] = 6,
        [Scenario.Cancelled] = 7,
        [Scenario.Authenticated] = 8,
        [Scenario.NotFound] = 4,
        [Scenario.Declined] = 3,
        [Scenario.Forked] = 3,
        [Scenario.Held] = 2,
        [Scenario.EarlyMedia] = 2,
    };

    /// <summary>Keeps folders of rounds that went wrong.</summary>
    public bool KeepsFolders { get; init; }
}

/// <summary>What came of it.</summary>
public sealed record KillResult
{
    /// <summary>Kills carried out.</summary>
    public int Kills { get; init; }

    /// <summary>Of them while the program was starting.</summary>
    public int KillsAtStart { get; init; }

    /// <summary>Calls of the scripts.</summary>
    public int Calls { get; init; }

    /// <summary>Calls whose record is as scripted, in every compared member.</summary>
    public int Exact { get; init; }

    /// <summary>Calls that lost packets by a kill, and whose record is what the packets left must give.</summary>
    public int Cut { get; init; }

    /// <summary>Calls of which nothing is left: all their packets fell into lost seconds.</summary>
    public int Gone { get; init; }

    /// <summary>Calls that were open at a kill.</summary>
    public int Crossed { get; init; }

    /// <summary>Calls flagged <c>gap</c>.</summary>
    public int Gaps { get; init; }

    /// <summary>SIP messages and media packets sent.</summary>
    public long Sent { get; init; }

    /// <summary>Of them in no call's packets at the end, because the program was not there or was killed within a second.</summary>
    public long Lost { get; init; }

    /// <summary>Longest time before a kill of a packet that the program had been there for and that is lost.</summary>
    public TimeSpan OldestLost { get; init; }

    /// <summary>What is wrong, a line each.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Both together.</summary>
    public static KillResult operator +(KillResult left, KillResult right) => new()
    {
        Kills = left.Kills + right.Kills,
        KillsAtStart = left.KillsAtStart + right.KillsAtStart,
        Calls = left.Calls + right.Calls,
        Exact = left.Exact + right.Exact,
        Cut = left.Cut + right.Cut,
        Gone = left.Gone + right.Gone,
        Crossed = left.Crossed + right.Crossed,
        Gaps = left.Gaps + right.Gaps,
        Sent = left.Sent + right.Sent,
        Lost = left.Lost + right.Lost,
        OldestLost = left.OldestLost > right.OldestLost ? left.OldestLost : right.OldestLost,
        Faults = [.. left.Faults, .. right.Faults],
    };
}
