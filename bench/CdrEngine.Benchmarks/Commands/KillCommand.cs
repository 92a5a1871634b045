using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Kills;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>kill</c>: kills the running program hundreds of times under load, and looks whether a record is lost, doubled or wrong.</summary>
internal static class KillCommand
{
    public static Command Make(TextWriter output)
    {
        var rounds = new Option<int>("--rounds") { Description = "Data folders, each with a load of its own.", DefaultValueFactory = static _ => 30 };
        var parallel = new Option<int>("--parallel") { Description = "Rounds at one time.", DefaultValueFactory = static _ => 5 };
        var kills = new Option<int>("--kills") { Description = "Kills in each round.", DefaultValueFactory = static _ => 12 };
        var rate = new Option<double>("--calls-per-second") { Description = "Calls begun each second in each round.", DefaultValueFactory = static _ => 12 };
        var seed = new Option<int>("--seed") { Description = "Seed of loads and moments.", DefaultValueFactory = static _ => 1 };
        var keep = new Option<bool>("--keep") { Description = "Keep the data folders of rounds with faults." };
        var command = new Command("kill", "Kill the running program again and again under load (SIGKILL), and compare every record with the script; exit code 1 where one is lost, doubled or wrong.")
        {
            rounds, parallel, kills, rate, seed, keep,
        };
        command.SetAction((parsed, stop) => RunAsync(
            new KillOptions
            {
                Rounds = parsed.GetValue(rounds),
                Parallel = Math.Max(1, parsed.GetValue(parallel)),
                Kills = parsed.GetValue(kills),
                CallsPerSecond = parsed.GetValue(rate),
                Seed = parsed.GetValue(seed),
                KeepsFolders = parsed.GetValue(keep),
            },
            output,
            stop));
        return command;
    }

    private static async Task<int> RunAsync(KillOptions options, TextWriter output, CancellationToken stop)
    {
        KillResult result = await KillRound.RunAsync(options, output.WriteLine, stop).ConfigureAwait(false);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Kills:N0} kills ({result.KillsAtStart:N0} of them in the start), {result.Calls:N0} calls: {result.Exact:N0} as scripted, {result.Cut:N0} cut and as their packets say, {result.Gone:N0} gone with all their packets"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Crossed:N0} calls were open at a kill, {result.Gaps:N0} are flagged gap; {result.Lost:N0} of {result.Sent:N0} packets lost, the oldest {result.OldestLost.TotalMilliseconds:N0} ms before a kill; {result.Faults.Count:N0} faults"));
        return result.Faults.Count == 0 ? 0 : 1;
    }
}
