using System.Globalization;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>How long a suite will take, roughly, told before it begins. From what the programs cost when this was written; a slower machine takes longer.</summary>
public static class SuiteBudget
{
    private const double GeneratedPacketsPerSecond = 600_000;
    private const double ReadBackPerCall = 60e-6;

    /// <summary>Seconds for a load: made once, read by each tool in each round, taken apart.</summary>
    /// <param name="load">Load.</param>
    /// <param name="tools">Tools.</param>
    /// <param name="rounds">Rounds.</param>
    /// <param name="patience">How long tools may take.</param>
    public static TimeSpan Of(SuiteLoad load, IReadOnlyList<SuiteTool> tools, int rounds, SuitePatience patience)
    {
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(tools);
        double seconds = load.RoughPackets / GeneratedPacketsPerSecond;
        foreach (SuiteTool tool in tools.Where(tool => tool.Fits(load)))
        {
            double once = Math.Min(patience.Limit.TotalSeconds, tool.Guess.Start + (((load.RoughPackets * tool.Guess.Packet) + (load.RoughSip * tool.Guess.Sip) + (load.RoughMedia * tool.Guess.Call)) / 1e6));
            int times = patience.IsOnce(tool, TimeSpan.FromSeconds(once)) ? 1 : rounds;
            seconds += times * (once + (tool.IsOurs ? (load.Calls?.Calls ?? 0) * ReadBackPerCall : 0));
        }

        // Five layers and two numbers of shards, each once more than there are rounds; no start of a program.
        if (load.IsTakenApart && tools.Any(static tool => tool.IsOurs)) seconds += (rounds + 1) * 4 * ((load.RoughPackets * 0.3) + (load.RoughSip * 7)) / 1e6;
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>A line for a user.</summary>
    public static string Describe(IReadOnlyList<SuiteLoad> loads, IReadOnlyList<SuiteTool> tools, int rounds, SuitePatience patience)
    {
        (string Name, TimeSpan Time)[] all = [.. loads.Select(load => (load.Name, Of(load, tools, rounds, patience)))];
        double minutes = all.Sum(static one => one.Time.TotalMinutes);
        string each = string.Join(", ", all.Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.Name} {one.Time.TotalMinutes:0.0}")));
        return string.Create(CultureInfo.InvariantCulture, $"about {minutes:0} min: {each}; {tools.Count} tools, {rounds} rounds. --load and --tool choose.");
    }
}
