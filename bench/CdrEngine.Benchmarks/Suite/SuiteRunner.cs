using System.Globalization;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Makes the loads, lets every tool read them in turn, and collects what it cost.</summary>
/// <param name="folder">Folder for captures and output.</param>
/// <param name="patience">How long tools may take.</param>
/// <param name="progress">Is told of each run.</param>
/// <param name="stop">Stops it.</param>
internal sealed class SuiteRunner(string folder, SuitePatience patience, TextWriter progress, CancellationToken stop)
{
    /// <summary>Tools that were stopped, and the least of the loads that they were stopped over.</summary>
    private readonly Dictionary<string, (string Load, long Packets)> _stopped = new(StringComparer.Ordinal);

    /// <summary>Makes the load in the folder, lets all tools that fit read it <paramref name="rounds"/> times, hands it to <paramref name="afterwards"/>,
    /// and removes it.</summary>
    public LoadResult Run(SuiteLoad load, IReadOnlyList<SuiteTool> all, int rounds, Action<string>? afterwards = null)
    {
        string capture = Path.Combine(folder, $"{load.Name}.pcap");
        progress.WriteLine($"{load.Name}: {load.Description}");
        try
        {
            (LoadSummary made, LoadTruth truth) = LoadTruth.Write(load, capture);
            SuiteTool[] tools = [.. all.Where(tool => tool.Fits(load))];
            string?[] reasons = [.. tools.Select(tool => ReasonNotTo(tool, made))];
            List<SuiteRun>[] runs = Measure(load, capture, truth, tools, reasons, rounds);
            afterwards?.Invoke(capture);
            return new LoadResult
            {
                Name = load.Name,
                Description = load.Description,
                Packets = made.Packets,
                SipMessages = made.SipMessages,
                RtpPackets = made.RtpPackets,
                Calls = made.Calls,
                Registrations = made.Registrations,
                MostConcurrent = truth.MostConcurrent,
                SoundSeconds = truth.SoundSeconds,
                Bytes = truth.Bytes,
                Tools = [.. tools.Select((tool, i) => new ToolResult { Tool = tool.Name, IsOurs = tool.IsOurs, Runs = runs[i], NotRun = reasons[i] })],
            };
        }
        finally
        {
            File.Delete(capture);
            File.Delete(capture + ".expected.jsonl");
        }
    }

    private string? ReasonNotTo(SuiteTool tool, LoadSummary made) =>
        _stopped.TryGetValue(tool.Name, out (string Load, long Packets) before) && before.Packets <= made.Packets ? $"not run: it was stopped over {before.Load}" : null;

    // In turn, so that a busy minute of the machine falls on all of them.
    private List<SuiteRun>[] Measure(SuiteLoad load, string capture, LoadTruth truth, SuiteTool[] tools, string?[] reasons, int rounds)
    {
        var runs = new List<SuiteRun>[tools.Length];
        for (int i = 0; i < runs.Length; i++) runs[i] = [];
        for (int round = 1; round <= rounds; round++)
        {
            for (int i = 0; i < tools.Length; i++)
            {
                if (reasons[i] is not null || runs[i].Exists(run => run.Cost.Fault is not null || patience.IsOnce(tools[i], run.Cost.Elapsed))) continue;
                SuiteRun run = RunOnce(tools[i], capture, truth);
                runs[i].Add(run);
                if (run.Cost.WasStopped && (!_stopped.TryGetValue(tools[i].Name, out (string Load, long Packets) least) || truth.Packets < least.Packets))
                    _stopped[tools[i].Name] = (load.Name, truth.Packets);
                Tell(round, tools[i].Name, run);
            }
        }

        return runs;
    }

    private void Tell(int round, string tool, SuiteRun run)
    {
        string found = (run.Cost.Fault ?? run.RecordsFault ?? run.Peer?.Text) is { } text ? $"; {text}" : "";
        progress.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {round}  {tool}: {run.Cost.Cpu.TotalSeconds:N2} s CPU, {run.Cost.Elapsed.TotalSeconds:N2} s, {run.Cost.PeakBytes / 1e6:N0} MB{found}"));
    }

    private SuiteRun RunOnce(SuiteTool tool, string capture, LoadTruth truth)
    {
        string output = Directory.CreateDirectory(Path.Combine(folder, "out")).FullName;
        string printed = Path.Combine(folder, "printed");
        try
        {
            ProcessCost cost = MeasuredProcess.Run(tool.Command(capture, output), patience.Limit, stop, tool.Check is null ? null : printed);
            if (cost.Fault is not null) return new SuiteRun(cost);
            return tool.IsOurs
                ? new SuiteRun(cost, truth.Differences(output) ?? RecordingsFault(tool, output, truth))
                : new SuiteRun(cost, Peer: tool.Check?.Invoke(new PeerOutput(capture, output, printed), truth));
        }
        finally
        {
            Directory.Delete(output, recursive: true);
            File.Delete(printed);
        }
    }

    private static string? RecordingsFault(SuiteTool tool, string data, LoadTruth truth)
    {
        if (!tool.IsRecorder) return null;
        string recordings = Path.Combine(data, "recordings");
        int made = Directory.Exists(recordings) ? Directory.EnumerateFiles(recordings, "*", SearchOption.AllDirectories).Count(static file => file.EndsWith(".mp3", StringComparison.Ordinal) || file.EndsWith(".wav", StringComparison.Ordinal)) : 0;
        return made == truth.Recordable ? null : string.Create(CultureInfo.InvariantCulture, $"{made:N0} recordings of {truth.Recordable:N0}");
    }
}
