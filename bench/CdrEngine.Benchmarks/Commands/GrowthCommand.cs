using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>growth</c>: the same load 1, 2, 4 and 8 times as long. Time must grow with it, memory must not.</summary>
internal static class GrowthCommand
{
    private static readonly int[] Factors = [1, 2, 4, 8];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public static Command Make(TextWriter output)
    {
        var quick = new Option<bool>("--quick") { Description = "A small load: to see that it runs." };
        var command = new Command("growth", "Import the same load 1, 2, 4 and 8 times as long: time and peak memory.") { quick };
        command.SetAction((parsed, stop) => Task.FromResult(Run(parsed.GetValue(quick), output, stop)));
        return command;
    }

    private static int Run(bool quick, TextWriter output, CancellationToken stop)
    {
        output.WriteLine("| length | packets | calls at once | records: CPU s | CPU ns/packet | peak MB | with packets: CPU s | CPU ns/packet | peak MB |");
        output.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        string folder = Directory.CreateTempSubdirectory("cdrengine-growth-").FullName;
        try
        {
            foreach (int factor in Factors)
            {
                string capture = Path.Combine(folder, "load.pcap");
                var calls = new List<ExpectedCall>();
                LoadSummary made;
                using (FileStream pcap = File.Create(capture)) made = LoadGenerator.Write(SuiteLoads.Grown(factor, quick), pcap, calls.Add);
                ProcessCost records = Import(capture, folder, log: false, stop);
                ProcessCost packets = Import(capture, folder, log: true, stop);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {factor}x | {made.Packets:N0} | {LoadShape.MostConcurrent(calls):N0} | {Cells(records, made.Packets)} | {Cells(packets, made.Packets)} |"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static ProcessCost Import(string capture, string folder, bool log, CancellationToken stop)
    {
        string data = Path.Combine(folder, "data");
        ProcessCost cost = MeasuredProcess.Run("exec " + ImportProcess.Command(capture, data, log), Longest, stop);
        Directory.Delete(data, recursive: true);
        return cost.Fault is null ? cost : throw new BenchException($"import: {cost.Fault}");
    }

    private static string Cells(ProcessCost cost, long packets) =>
        string.Create(CultureInfo.InvariantCulture, $"{cost.Cpu.TotalSeconds:N2} | {cost.Cpu.TotalNanoseconds / packets:N0} | {cost.PeakBytes / 1e6:N0}");
}
