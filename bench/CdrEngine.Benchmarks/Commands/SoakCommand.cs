using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using CdrEngine.Benchmarks.Live;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>soak</c>: an hour of a busy system, as fast as the machine can.</summary>
internal static class SoakCommand
{
    public static Command Make(TextWriter output)
    {
        var minutes = new Option<int>("--minutes") { Description = "Simulated minutes.", DefaultValueFactory = static _ => 60 };
        var calls = new Option<int>("--calls") { Description = "Calls at once.", DefaultValueFactory = static _ => 2000 };
        var interval = new Option<int>("--interval") { Description = "Milliseconds between two packets of a stream; 200 makes a tenth of the packets.", DefaultValueFactory = static _ => 20 };
        var log = new Option<int>("--log") { Description = "Mebibytes of packet log kept on disk; 0 keeps none.", DefaultValueFactory = static _ => 1024 };
        var command = new Command("soak", "Run a long simulated time through the engine: memory, file handles, drops, and every call as scripted.") { minutes, calls, interval, log };
        command.SetAction((parsed, stop) => Task.FromResult(Run(
            new SoakOptions
            {
                Minutes = Math.Max(2, parsed.GetValue(minutes)),
                Concurrent = Math.Max(10, parsed.GetValue(calls)),
                RtpInterval = TimeSpan.FromMilliseconds(Math.Max(1, parsed.GetValue(interval))),
                LogBytes = (long)parsed.GetValue(log) << 20,
            },
            output,
            stop)));
        return command;
    }

    private static int Run(SoakOptions options, TextWriter output, CancellationToken stop)
    {
        output.WriteLine("minute  calls open  memory MB  heap MB  handles");
        long began = Stopwatch.GetTimestamp();
        SoakResult result = Soak.Run(options, sample => Print(output, sample), stop);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Packets:N0} packets in {elapsed.TotalMinutes:N1} min; {result.Scripted:N0} calls scripted, {result.Exact:N0} recorded exactly"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"a simulated minute adds {result.Slope(static sample => sample.ResidentBytes) / 1024:N0} KiB of memory, {result.Slope(static sample => sample.HeapBytes) / 1024:N0} KiB of heap, {result.Slope(static sample => sample.Handles):N3} handles"));
        foreach (string drop in result.Drops) output.WriteLine($"drop: {drop}");
        foreach (string difference in result.Differences.Take(20)) output.WriteLine($"difference: {difference}");
        return result.Drops.Count == 0 && result.Exact == result.Scripted ? 0 : 1;
    }

    private static void Print(TextWriter output, SoakSample sample) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{sample.Minute,6}  {sample.OpenCalls,10:N0}  {sample.ResidentBytes / 1e6,9:N0}  {sample.HeapBytes / 1e6,7:N0}  {sample.Handles,7}"));
}
