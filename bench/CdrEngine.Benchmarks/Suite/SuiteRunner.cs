using System.Globalization;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Makes the loads, lets every tool read them in turn, and collects what it cost.</summary>
internal sealed class SuiteRunner(string folder, TextWriter progress, CancellationToken stop)
{
    /// <summary>Longest run of a tool; it is stopped then and has no figures.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>A tool that took longer than this is not asked again.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(30);

    /// <summary>Makes the load in the folder, lets all tools read it <paramref name="rounds"/> times, hands it to <paramref name="afterwards"/>, and
    /// removes it.</summary>
    public LoadResult Run(SuiteLoad load, IReadOnlyList<SuiteTool> tools, int rounds, Action<string>? afterwards = null)
    {
        string capture = Path.Combine(folder, $"{load.Name}.pcap");
        progress.WriteLine($"{load.Name}: {load.Description}");
        LoadSummary made = LoadGenerator.WriteFiles(load.Options, capture);
        try
        {
            List<SuiteRun>[] runs = Measure(capture, tools, rounds);
            afterwards?.Invoke(capture);
            return new LoadResult
            {
                Name = load.Name,
                Description = load.Description,
                Packets = made.Packets,
                SipMessages = made.SipMessages,
                RtpPackets = made.RtpPackets,
                Calls = made.Calls,
                MostConcurrent = LoadShape.MostConcurrent(File.ReadLines(capture + ".expected.jsonl").Select(ExpectedCall.FromJson)),
                Bytes = new FileInfo(capture).Length,
                Tools = [.. tools.Select((tool, i) => new ToolResult { Tool = tool.Name, IsOurs = tool.IsOurs, Runs = runs[i] })],
            };
        }
        finally
        {
            File.Delete(capture);
            File.Delete(capture + ".expected.jsonl");
        }
    }

    // In turn, so that a busy minute of the machine falls on all of them.
    private List<SuiteRun>[] Measure(string capture, IReadOnlyList<SuiteTool> tools, int rounds)
    {
        var runs = new List<SuiteRun>[tools.Count];
        for (int i = 0; i < runs.Length; i++) runs[i] = [];
        for (int round = 1; round <= rounds; round++)
        {
            for (int i = 0; i < tools.Count; i++)
            {
                if (runs[i].Exists(static run => run.Cost.Fault is not null || run.Cost.Elapsed > LongEnough)) continue;
                SuiteRun run = RunOnce(tools[i], capture);
                runs[i].Add(run);
                Tell(round, tools[i].Name, run);
            }
        }

        return runs;
    }

    private void Tell(int round, string tool, SuiteRun run)
    {
        string fault = (run.Cost.Fault ?? run.RecordsFault) is { } problem ? $"; {problem}" : "";
        progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {round}  {tool}: {run.Cost.Cpu.TotalSeconds:N2} s CPU, {run.Cost.Elapsed.TotalSeconds:N2} s, {run.Cost.PeakBytes / 1e6:N0} MB{fault}"));
    }

    private SuiteRun RunOnce(SuiteTool tool, string capture)
    {
        string output = Directory.CreateDirectory(Path.Combine(folder, "out")).FullName;
        try
        {
            ProcessCost cost = MeasuredProcess.Run(tool.Command(capture, output), Longest, stop);
            return new SuiteRun(cost, tool.IsOurs && cost.Fault is null ? ImportProcess.Differences(output, capture) : null);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }
}
