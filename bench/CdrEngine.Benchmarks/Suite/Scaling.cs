using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Replay;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>What one replay took, thread by thread.</summary>
/// <param name="Load">Name of the load.</param>
/// <param name="Shards">Shards.</param>
/// <param name="Packets">Packets.</param>
/// <param name="Wall">Time on the wall.</param>
/// <param name="Cpu">Processor time of the process.</param>
/// <param name="Threads">Of it, by name of the thread.</param>
public sealed record ScalingRun(string Load, int Shards, long Packets, TimeSpan Wall, TimeSpan Cpu, IReadOnlyDictionary<string, TimeSpan> Threads);

/// <summary>How the engine makes use of processors: what each thread does, and what that allows with sixteen of them.</summary>
/// <remarks>The packet plane is a line of stations: one thread reads, decodes and routes; shards, as many as there are processors for, measure and fold; one
/// thread writes records, one the desk's, one the packet log. A station that is one thread is serial: with enough processors the line is as fast as
/// its slowest serial station, whatever the others do.</remarks>
public static class Scaling
{
    /// <summary>Name of the thread that reads and routes.</summary>
    public const string Reader = "reader";

    /// <summary>Name of the threads among which calls are spread.</summary>
    public const string Shard = "shard";

    private const int Cores = 16;

    // The columns: what stands there, and the threads that are it.
    private static readonly (string Title, string Thread)[] Stations =
        [("reader", Reader), ("shards", Shard), ("desk", "desk"), ("record writer", "call writer"), ("packet log", "packet-log")];

    /// <summary>Replays a capture with packet log and records, with each number of shards in turn; the median by wall time of <paramref name="runs"/> after
    /// one that warms up.</summary>
    public static IReadOnlyList<ScalingRun> Measure(string load, string capture, int runs, CancellationToken stop)
    {
        int[] counts = [1, 2];
        var all = counts.ToDictionary(static shards => shards, static _ => new List<ScalingRun>());
        for (int run = 0; run <= runs; run++)
        {
            foreach (int shards in counts)
            {
                stop.ThrowIfCancellationRequested();
                ScalingRun one = Once(load, capture, shards);
                if (run > 0) all[shards].Add(one);
            }
        }

        return [.. counts.Select(shards => all[shards].OrderBy(static run => run.Wall).ElementAt(all[shards].Count / 2))];
    }

    /// <summary>One replay.</summary>
    public static ScalingRun Once(string load, string capture, int shards)
    {
        ReplayFigures? figures = null;
        using var times = ThreadTimes.Begin();

        // A thread of its own, so that it has a name.
        var reader = new Thread(() => figures = EngineReplay.Run([capture], new ReplayOptions { Log = true, Records = true, Shards = shards })) { Name = Reader };
        reader.Start();
        reader.Join();
        IReadOnlyDictionary<string, TimeSpan> threads = times.End();
        return new ScalingRun(load, shards, figures!.Packets, figures.Elapsed, figures.Cpu, threads);
    }

    /// <summary>The table of what each thread took, and what follows for sixteen processors.</summary>
    public static string Describe(IReadOnlyList<ScalingRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var text = new StringBuilder();
        Line(text, $"| load | shards | wall s | CPU s | {string.Join(" | ", Stations.Select(static station => station.Title))} | others | busiest serial thread |");
        Line(text, $"|---|--:|--:|--:|{string.Concat(Enumerable.Repeat("--:|", Stations.Length + 1))}---|");
        foreach (ScalingRun run in runs)
        {
            string cells = string.Join(" | ", Stations.Select(station => string.Create(CultureInfo.InvariantCulture, $"{Of(run, station.Thread).TotalSeconds:N2}")));
            (string name, double share) = Serial(run);
            Line(text, $"| {run.Load} | {run.Shards} | {run.Wall.TotalSeconds:N2} | {run.Cpu.TotalSeconds:N2} | {cells} | {Others(run).TotalSeconds:N2} | {name}, {share:P0} of all |");
        }

        text.Append('\n');
        foreach (ScalingRun run in runs.Where(static run => run.Shards == 2)) Argue(text, run);
        return text.ToString();
    }

    /// <summary>The thread that is one whatever the number of processors and takes most, and its share of all processor time, 0 to 1.</summary>
    public static (string Name, double Share) Serial(ScalingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        (string title, string thread) = Stations.Where(static station => station.Thread != Shard).MaxBy(station => Of(run, station.Thread));
        return (title, run.Cpu <= TimeSpan.Zero ? 0 : Of(run, thread) / run.Cpu);
    }

    /// <summary>Amdahl's law: how many times as fast with so many processors, where a share of the work is serial and nothing goes on beside it.</summary>
    public static double Amdahl(double serial, int processors) => 1 / (serial + ((1 - serial) / processors));

    /// <summary>The same where all else goes on beside the serial part, as in a line of stations: the processors or the serial part are the bound.</summary>
    public static double InLine(double serial, int processors) => serial <= 0 ? processors : Math.Min(processors, 1 / serial);

    private static void Argue(StringBuilder text, ScalingRun run)
    {
        (string name, double share) = Serial(run);
        double serial = share * run.Cpu.TotalSeconds, shards = Of(run, Shard).TotalSeconds;
        int enough = serial <= 0 ? 1 : Math.Max(1, (int)Math.Ceiling(shards / serial));
        text.Append(CultureInfo.InvariantCulture, $"{run.Load}: {share:P0} of the work is serial ({name}). With {Cores} processors Amdahl's law allows {Amdahl(share, Cores):N1} times the speed of one, ");
        text.Append(CultureInfo.InvariantCulture, $"if nothing went on beside the serial part. All does, so the line of stations allows {InLine(share, Cores):N1} times: ");
        text.Append(CultureInfo.InvariantCulture, $"{(serial <= 0 ? 0 : run.Packets / serial):N0} packets a second, one for each {(run.Packets == 0 ? 0 : serial * 1e9 / run.Packets):N0} ns of that thread. ");
        Line(text, $"{enough} {(enough == 1 ? "shard keeps" : "shards keep")} up with it; further ones wait.\n");
    }

    private static TimeSpan Of(ScalingRun run, string thread) => run.Threads.GetValueOrDefault(thread);

    // Compiler, collector, and what threads did after the last look at them.
    private static TimeSpan Others(ScalingRun run)
    {
        TimeSpan known = Stations.Aggregate(TimeSpan.Zero, (sum, station) => sum + Of(run, station.Thread));
        return run.Cpu > known ? run.Cpu - known : TimeSpan.Zero;
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
