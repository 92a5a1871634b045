using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Replay;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>replay FILE…</c>: the whole engine in this process, again and again, with its cost.</summary>
internal static class ReplayCommand
{
    public static Command Make(TextWriter output)
    {
        var files = new Argument<string[]>("FILE") { Arity = ArgumentArity.OneOrMore, Description = "Capture files, read in order as one capture." };
        var log = new Option<bool>("--log") { Description = "Keep packets in a packet log (temporary)." };
        var records = new Option<bool>("--records") { Description = "Write records into SQLite (temporary)." };
        var live = new Option<bool>("--live") { Description = "Show the calls in progress to others, as run does." };
        var events = new Option<bool>("--events") { Description = "And have somebody read all events." };
        var sessions = new Option<bool>("--sessions") { Description = "With --compare: without and with linking calls to conversations, which is on else." };
        var compare = new Option<bool>("--compare") { Description = "Do each run twice, without and with --live, --events or --sessions, in turn." };
        var shards = new Option<int>("--shards") { Description = "Shards; 0 for the engine's default." };
        var threads = new Option<bool>("--threads") { Description = "Print what each thread took instead, with one shard and with two, and what that allows on more processors." };
        var runs = new Option<int>("--runs") { Description = "How often; the first run warms the compiler up.", DefaultValueFactory = static _ => 3 };
        var command = new Command("replay", "Run the whole engine in this process and print its cost.") { files, log, records, live, events, sessions, compare, shards, threads, runs };
        command.SetAction((parsed, stop) =>
        {
            var options = new ReplayOptions { Log = parsed.GetValue(log), Records = parsed.GetValue(records), Shards = parsed.GetValue(shards), Live = parsed.GetValue(live), Events = parsed.GetValue(events) };
            ReplayOptions without = options with { Live = false, Events = false, Sessions = !parsed.GetValue(sessions) };
            if (parsed.GetValue(threads)) return Task.FromResult(Threads(parsed.GetRequiredValue(files), Math.Max(1, parsed.GetValue(runs)), output, stop));
            if (parsed.GetValue(compare)) return Task.FromResult(Compare(parsed.GetRequiredValue(files), without, options, Math.Max(1, parsed.GetValue(runs)), output, stop));
            return Task.FromResult(Replay(parsed.GetRequiredValue(files), options, Math.Max(1, parsed.GetValue(runs)), output, stop));
        });
        return command;
    }

    private static int Threads(string[] files, int runs, TextWriter output, CancellationToken stop)
    {
        foreach (string file in files) output.Write(Scaling.Describe(Scaling.Measure(Path.GetFileName(file), file, runs, stop)));
        return 0;
    }

    // In turn, so that what else the machine does meets both alike.
    private static int Compare(string[] files, ReplayOptions before, ReplayOptions options, int runs, TextWriter output, CancellationToken stop)
    {
        var plain = new List<double>();
        var live = new List<double>();
        for (int run = 0; run <= runs && !stop.IsCancellationRequested; run++)
        {
            ReplayFigures one = EngineReplay.Run(files, before), other = EngineReplay.Run(files, options);
            double without = one.Cpu.TotalSeconds, with = other.Cpu.TotalSeconds;
            if (run == 0) continue;
            plain.Add(without);
            live.Add(with);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"run {run}: {without:0.000} s CPU without, {with:0.000} s with, {((with / without) - 1) * 100:+0.0;-0.0} %, collections {Collections(one)} and {Collections(other)}"));
        }

        plain.Sort();
        live.Sort();
        if (plain.Count > 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"least: {plain[0]:0.000} s without, {live[0]:0.000} s with, {((live[0] / plain[0]) - 1) * 100:+0.0;-0.0} %; median: {((live[live.Count / 2] / plain[plain.Count / 2]) - 1) * 100:+0.0;-0.0} %"));
        }

        return 0;
    }

    private static string Collections(ReplayFigures figures) => $"{figures.Collections.Gen0}/{figures.Collections.Gen1}/{figures.Collections.Gen2}";

    private static int Replay(string[] files, ReplayOptions options, int runs, TextWriter output, CancellationToken stop)
    {
        string shards = options.Shards == 0 ? "default" : options.Shards.ToString(CultureInfo.InvariantCulture);
        output.WriteLine(
            $"whole engine, {(options.Log ? "with packet log" : "no packet log")}, records {(options.Records ? "into SQLite" : "dropped")}, {shards} shards");
        output.WriteLine("run    packets      SIP   calls   wall s    CPU s  M pkt/s wall  CPU ns/pkt  SIP/CPU s  calls/CPU s  B/pkt  peak MB  GC 0/1/2, ms held");
        var all = new List<ReplayFigures>();
        for (int run = 1; run <= runs && !stop.IsCancellationRequested; run++)
        {
            ReplayFigures figures = EngineReplay.Run(files, options);
            all.Add(figures);
            Print(output, run.ToString(CultureInfo.InvariantCulture), figures);
            foreach (string fault in figures.Faults.Take(10)) output.WriteLine($"     {fault}");
        }

        // The first run pays for the compiler; it stands above but not in the median.
        ReplayFigures[] warm = [.. all.Skip(all.Count > 1 ? 1 : 0).OrderBy(static figures => figures.Cpu)];
        if (warm.Length > 0 && all.Count > 1) Print(output, "med", warm[warm.Length / 2]);
        return all.Any(static figures => figures.Faults.Count > 0) ? 1 : 0;
    }

    private static void Print(TextWriter output, string run, ReplayFigures f) => output.WriteLine(
        $"{run,3} {f.Packets,10:N0} {f.SipMessages,8:N0} {f.Calls,7:N0} {f.Elapsed.TotalSeconds,8:N2} {f.Cpu.TotalSeconds,8:N2} "
        + $"{f.PacketsPerSecond / 1e6,13:N2} {f.CpuNanosecondsPerPacket,11:N0} {f.SipMessagesPerCpuSecond,10:N0} {f.CallsPerCpuSecond,12:N0} "
        + $"{f.AllocatedBytesPerPacket,6:N1} {f.PeakWorkingSetBytes / 1e6,8:N0}  "
        + $"{f.Collections.Gen0}/{f.Collections.Gen1}/{f.Collections.Gen2}, {f.Paused.TotalMilliseconds:N0}");
}
