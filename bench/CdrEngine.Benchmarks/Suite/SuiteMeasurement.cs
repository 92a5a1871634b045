using CdrEngine.Benchmarks.Media;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>One run of the suite: what is measured, and how often.</summary>
public sealed record SuiteMeasurement
{
    /// <summary>Calls whose recordings tell what the encoder takes for a second of sound.</summary>
    private const int CallsForEncoder = 40;

    /// <summary>Loads.</summary>
    public required IReadOnlyList<SuiteLoad> Loads { get; init; }

    /// <summary>Tools.</summary>
    public required IReadOnlyList<SuiteTool> Tools { get; init; }

    /// <summary>Rounds.</summary>
    public required int Rounds { get; init; }

    /// <summary>How long tools may take.</summary>
    public SuitePatience Patience { get; init; } = SuitePatience.Default;

    /// <summary>Whether loads are a tenth in size.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Measures.</summary>
    internal SuiteOutcome Run(TextWriter progress, CancellationToken stop)
    {
        string loadBefore = Texts.LoadAverage();
        string folder = Directory.CreateTempSubdirectory("cdrengine-suite-").FullName;
        try
        {
            var runner = new SuiteRunner(folder, Patience, progress, stop);
            SuiteTool? reference = Tools.FirstOrDefault(static tool => tool.Name == SuiteTools.Reference);
            ToolResult? start = reference is null ? null : runner.Run(SuiteLoads.One, [reference], Rounds).Tools[0];
            var layers = new List<(string, string)>();
            var scaling = new List<ScalingRun>();
            var results = new List<LoadResult>();
            double? encoder = null;
            bool isOurs = Tools.Any(static tool => tool.IsOurs);
            foreach (SuiteLoad load in Loads)
            {
                LoadResult result = runner.Run(load, Tools, Rounds, capture =>
                {
                    if (load.IsRecorded && Tools.Any(static tool => tool.Name == SuiteTools.WithMp3)) encoder = EncoderSecondsPerSecond(capture, folder, stop);
                    if (!load.IsTakenApart || !isOurs) return;
                    progress.WriteLine("  layers, threads");
                    layers.Add((load.Name, Layers.Measure(capture, Rounds, stop)));
                    scaling.AddRange(Scaling.Measure(load.Name, capture, Rounds, stop));
                });
                results.Add(result);
            }

            return new SuiteOutcome
            {
                Loads = results,
                Start = start,
                EncoderShare = EncoderShare(results, encoder),
                Layers = layers,
                Scaling = scaling,
                IsQuick = IsQuick,
                Rounds = Rounds,
                Patience = Patience,
                LoadBefore = loadBefore,
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Share of libmp3lame in the processor time that recordings as MP3 add to the import: what the encoder takes for a second of sound, times the
    /// seconds there are, over the difference of the two programs. Null where one of them is missing.</summary>
    public static double? EncoderShare(IReadOnlyList<LoadResult> results, double? secondsPerSecond)
    {
        foreach (LoadResult load in results)
        {
            if (secondsPerSecond is not { } each || load.Of(SuiteTools.WithMp3) is not { } with || load.Of(SuiteTools.WithPackets) is not { } without) continue;
            double added = with.CpuSeconds - without.CpuSeconds;
            if (added > 0) return each * load.SoundSeconds / added;
        }

        return null;
    }

    // In this process, because only here the encoder can be told from what surrounds it.
    private static double EncoderSecondsPerSecond(string capture, string folder, CancellationToken stop)
    {
        string data = Path.Combine(folder, "encoder");
        try
        {
            ProcessCost import = MeasuredProcess.Run("exec " + ImportProcess.Command(capture, data, log: true), TimeSpan.FromMinutes(5), stop);
            if (import.Fault is { } fault) throw new Commands.BenchException($"import: {fault}");
            return RecordingRun.Make(data, RecordingKind.Mp3, CallsForEncoder, stop).EncoderSecondsPerSecond;
        }
        finally
        {
            if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        }
    }
}
