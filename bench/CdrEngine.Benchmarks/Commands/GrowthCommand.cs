using System.CommandLine;
using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Growth;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>growth</c>: time and memory of the real program against packets, calls and calls at once, as tables and charts.</summary>
internal static class GrowthCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public static Command Make(TextWriter output)
    {
        var quick = new Option<bool>("--quick") { Description = "A tenth of the load: to see that it runs." };
        var only = new Option<string[]>("--only") { Description = "Only these, with commas between: packets, calls, at-once." };
        var file = new Option<string?>("--out")
        {
            Description = "File of the page, PATH-growth.md; its charts lie beside it. bench/results/DATE-MACHINE-growth.md of the checkout otherwise (not with --quick).",
        };
        var command = new Command("growth", "Import loads that grow in one thing at a time: processor time and peak memory, drawn as charts.") { quick, only, file };
        command.SetAction((parsed, stop) =>
            Task.FromResult(Run(parsed.GetValue(quick), SuiteNames.Split(parsed.GetValue(only) ?? []), parsed.GetValue(file), output, stop)));
        return command;
    }

    private static int Run(bool quick, string[] only, string? file, TextWriter output, CancellationToken stop)
    {
        IReadOnlyList<GrowthSeries> all = GrowthSeries.All(quick);
        foreach (string name in only)
        {
            if (!all.Any(series => series.Name == name)) throw new BenchException($"'{name}' is no series; there are {string.Join(", ", all.Select(static series => series.Name))}");
        }

        if (file is not null && !file.EndsWith(ResultFiles.GrowthEnding, StringComparison.Ordinal)) throw new BenchException($"the name of the page ends in {ResultFiles.GrowthEnding}");
        string? path = file ?? (quick ? null : ResultFiles.Default(ResultFiles.GrowthEnding));
        string folder = Directory.CreateTempSubdirectory("cdrengine-growth-").FullName;
        try
        {
            string page = Page(all.Where(series => only.Length == 0 || only.Contains(series.Name, StringComparer.Ordinal)), quick, folder, path, output, stop);
            output.WriteLine();
            output.Write(page);
            if (path is null) return 0;
            File.WriteAllText(path, page);
            output.WriteLine($"written: {path}");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Page(IEnumerable<GrowthSeries> all, bool quick, string folder, string? path, TextWriter output, CancellationToken stop)
    {
        var page = new StringBuilder();
        page.Append(string.Create(CultureInfo.InvariantCulture, $"# How cost grows, measured on {DateTime.UtcNow:yyyy-MM-dd}{(quick ? ", a quick run: proves nothing" : "")}\n\n"));
        page.Append("Made by `./cdrengine bench growth`: the real program (`import`), from start to end, once for each point.\n\n");
        page.Append($"- machine: {Texts.Processor()}, {Texts.Memory()}; load average before {Texts.LoadAverage()}\n- commit: {Texts.Commit()}\n");
        (double, double) start = Measure(SuiteLoads.One.Calls!, folder, static (_, _) => 1, stop).Records;
        foreach (GrowthSeries series in all)
        {
            var points = new List<GrowthPoint>();
            foreach (LoadOptions step in series.Steps)
            {
                GrowthPoint point = Measure(step, folder, series.Of, stop);
                points.Add(point);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{point.At:N0} {series.Across}: {point.Records.CpuSeconds:N2} s CPU, {point.Records.PeakBytes / 1e6:N0} MB; with packets {point.WithPackets.CpuSeconds:N2} s, {point.WithPackets.PeakBytes / 1e6:N0} MB"));
            }

            page.Append($"\n## Against {series.Across}\n{series.Explained}\n\n{GrowthPage.Table(series, points, start)}");
            if (path is null) continue;
            string stem = path[..^ResultFiles.GrowthEnding.Length];
            page.Append('\n');
            foreach ((string ending, string svg) in GrowthPage.Charts(series, points))
            {
                File.WriteAllText(stem + ending, svg);
                page.Append($"![{series.Across}]({Path.GetFileName(stem) + ending})\n");
            }
        }

        return page.ToString();
    }

    private static GrowthPoint Measure(LoadOptions options, string folder, Func<LoadSummary, LoadTruth, double> at, CancellationToken stop)
    {
        string capture = Path.Combine(folder, "load.pcap");
        (LoadSummary made, LoadTruth truth) = LoadTruth.Write(new SuiteLoad("growth", "") { Calls = options }, capture);
        return new GrowthPoint(at(made, truth), made.Packets, made.Calls, truth.MostConcurrent, Import(capture, folder, truth, log: false, stop), Import(capture, folder, truth, log: true, stop));
    }

    private static (double CpuSeconds, double PeakBytes) Import(string capture, string folder, LoadTruth truth, bool log, CancellationToken stop)
    {
        string data = Path.Combine(folder, "data");
        ProcessCost cost = MeasuredProcess.Run("exec " + ImportProcess.Command(capture, data, log), Longest, stop);
        string? fault = cost.Fault ?? truth.Differences(data);
        if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        return fault is null ? (cost.Cpu.TotalSeconds, cost.PeakBytes) : throw new BenchException($"import: {fault}");
    }
}
