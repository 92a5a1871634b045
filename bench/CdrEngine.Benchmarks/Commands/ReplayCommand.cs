using System.CommandLine;
using System.Globalization;
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
        var shards = new Option<int>("--shards") { Description = "Shards; 0 for the engine's default." };
        var runs = new Option<int>("--runs") { Description = "How often; the first run warms the compiler up.", DefaultValueFactory = static _ => 3 };
        var command = new Command("replay", "Run the whole engine in this process and print its cost.") { files, log, records, shards, runs };
        command.SetAction((parsed, stop) =>
        {
            var options = new ReplayOptions { Log = parsed.GetValue(log), Records = parsed.GetValue(records), Shards = parsed.GetValue(shards) };
            return Task.FromResult(Replay(parsed.GetRequiredValue(files), options, Math.Max(1, parsed.GetValue(runs)), output, stop));
        });
        return command;
    }

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
