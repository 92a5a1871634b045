using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Benchmarks.Growth;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Storage;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Load;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>growth</c>: time and memory of the real program against packets, calls and calls at once, as tables and charts.</summary>
internal static class GrowthCommand
{
    private const string Stored = "stored";
    private const string Nothing = "";
    private const int Questions = 300;
    private const int QuickQuestions = 20;
    private const int QuickPart = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    public static Command Make(TextWriter output)
    {
        var quick = new Option<bool>("--quick") { Description = "A tenth of the load: to see that it runs." };
        var only = new Option<string[]>("--only") { Description = "Only these, with commas between: packets, calls, at-once, stored." };
        var file = new Option<string?>("--out")
        {
            Description = "File of the page, PATH-growth.md; its charts lie beside it. bench/results/DATE-MACHINE-growth.md of the checkout otherwise (not with --quick).",
        };
        var archive = new Option<string?>("--archive") { Description = "Folder of an archive, kept: asking and inserting are measured as it is made larger. What is there is gone on with." };
        var stored = new Option<string>("--stored") { Description = "Sizes of the archive, millions of calls, with commas between.", DefaultValueFactory = static _ => "1,2.5,5,10" };
        var draw = new Option<bool>("--draw") { Description = "Measures nothing: writes the page anew from what lies beside it." };
        var command = new Command("growth", "Import loads that grow in one thing at a time: processor time and peak memory, drawn as charts.") { quick, only, file, archive, stored, draw };
        command.SetAction((parsed, stop) =>
        {
            if (parsed.GetValue(draw)) return Task.FromResult(Run(quick: false, [Nothing], parsed.GetValue(file), static _ => { }, null, output, stop));
            string[] some = SuiteNames.Split(parsed.GetValue(only) ?? []);
            string? folder = parsed.GetValue(archive);
            if (some.Contains(Stored) && folder is null) throw new BenchException("stored: say where the archive is, by --archive");
            IReadOnlyList<long> sizes = StoredGrowth.Sizes(parsed.GetValue(stored)!);
            StoredGrowth? growth = folder is null || (some.Length > 0 && !some.Contains(Stored)) ? null : new StoredGrowth(output, folder, parsed.GetValue(quick) ? QuickQuestions : Questions);
            Action<CancellationToken> make = its => growth?.Run(parsed.GetValue(quick) ? sizes.Select(static size => size / QuickPart) : sizes, parsed.GetValue(quick) ? StoredGrowth.CallsOfADay / QuickPart : StoredGrowth.CallsOfADay, its);
            return Task.FromResult(Run(parsed.GetValue(quick), some, parsed.GetValue(file), make, growth, output, stop));
        });
        return command;
    }

    private static int Run(bool quick, string[] only, string? file, Action<CancellationToken> store, StoredGrowth? stored, TextWriter output, CancellationToken stop)
    {
        IReadOnlyList<GrowthSeries> all = GrowthSeries.All(quick);
        foreach (string name in only)
        {
            if (name is not (Stored or Nothing) && !all.Any(series => series.Name == name)) throw new BenchException($"'{name}' is no series; there are {string.Join(", ", all.Select(static series => series.Name))}, {Stored}");
        }

        if (file is not null && !file.EndsWith(ResultFiles.GrowthEnding, StringComparison.Ordinal)) throw new BenchException($"the name of the page ends in {ResultFiles.GrowthEnding}");
        string? path = file ?? (quick ? null : ResultFiles.Default(ResultFiles.GrowthEnding));
        string? stem = path?[..^ResultFiles.GrowthEnding.Length];
        var notes = new GrowthNotes(stem);
        string folder = Directory.CreateTempSubdirectory("cdrengine-growth-").FullName;
        try
        {
            foreach (GrowthSeries series in all.Where(series => only.Length == 0 || only.Contains(series.Name, StringComparer.Ordinal))) notes.Put(Measure(series, folder, output, stop));
            store(stop);
            if (stored is not null)
            {
                notes.Put(new GrowthNote(Stored, Texts.Commit(), Texts.LoadAverage(), default, [], stored.Left));
                if (notes.Stored is { } kept) StoredBenchmarks.Write(kept, StoredBenchmarks.Read(stored.Points));
            }

            string page = Page(all, quick, notes, stem, stored);
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

    private static GrowthNote Measure(GrowthSeries series, string folder, TextWriter output, CancellationToken stop)
    {
        string loadAverage = Texts.LoadAverage();
        (double, double) start = Measure(SuiteLoads.One.Calls!, folder, static (_, _) => 1, stop).Records;
        var points = new List<GrowthPoint>();
        foreach (LoadOptions step in series.Steps)
        {
            GrowthPoint point = Measure(step, folder, series.Of, stop);
            points.Add(point);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{point.At:N0} {series.Across}: {point.Records.CpuSeconds:N2} s CPU, {point.Records.PeakBytes / 1e6:N0} MB; with packets {point.WithPackets.CpuSeconds:N2} s, {point.WithPackets.PeakBytes / 1e6:N0} MB"));
        }

        return new GrowthNote(series.Name, Texts.Commit(), loadAverage, start, points, []);
    }

    // All that is known: what this run measured, and what earlier ones left beside the page.
    private static string Page(IReadOnlyList<GrowthSeries> all, bool quick, GrowthNotes notes, string? stem, StoredGrowth? growth)
    {
        var page = new StringBuilder();
        page.Append(string.Create(CultureInfo.InvariantCulture, $"# How cost grows, measured on {DateTime.UtcNow:yyyy-MM-dd}{(quick ? ", a quick run: proves nothing" : "")}\n\n"));
        page.Append("Made by `./cdrengine bench growth`: the real program (`import`), from start to end, once for each point. `docs/benchmarks.md` says how to read it.\n\n");
        page.Append($"- machine: {Texts.Processor()}, {Texts.Memory()}\n- system: {RuntimeInformation.OSDescription}; .NET {Environment.Version}; SQLite {SqliteLibrary.EnsureLoaded()}\n");
        foreach (GrowthSeries series in all)
        {
            if (notes.Find(series.Name) is not { } note)
            {
                page.Append($"\n## Against {series.Across}\nNot measured in this run: `bench growth --only {series.Name}`.\n");
                continue;
            }

            page.Append($"\n## Against {series.Across}\n{series.Explained} Commit {note.Commit}; load average before {note.LoadAverage}.\n\n{GrowthPage.Table(series, note.Points, note.Start)}");
            if (stem is null) continue;
            page.Append('\n');
            foreach ((string ending, string svg) in GrowthPage.Charts(series, note.Points))
            {
                File.WriteAllText(stem + ending, svg);
                page.Append($"![{series.Across}]({Path.GetFileName(stem) + ending})\n");
            }
        }

        string? stored = notes.Stored is { } kept && File.Exists(kept) ? kept : growth?.Points;
        if (stored is not null) page.Append(StoredPage.Of(stored, notes.Find(Stored), stem));
        else page.Append("\n## Against calls stored\nNot measured in this run: `bench growth --only stored --archive DIR`.\n");
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
