using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>suite</c>: the page of record. Ours and every peer over the same loads in the same minutes.</summary>
internal static class SuiteCommand
{
    private const int FullRounds = 3;

    public static Command Make(TextWriter output)
    {
        var quick = new Option<bool>("--quick") { Description = "A tenth of the load, once: to see that it runs." };
        var peers = new Option<string[]>("--peer")
        {
            Description = "One more program, as NAME=COMMAND; {file} is the capture, {out} an empty folder. May be given again.",
        };
        var only = new Option<string[]>("--load") { Description = "Only these loads: S, M, C." };
        var file = new Option<string?>("--out") { Description = "File of the page; bench/results/DATE-MACHINE.md of the checkout otherwise (not with --quick)." };
        var command = new Command("suite", "Measure the engine and its peers over the same loads and write the page of record.") { quick, peers, only, file };
        command.SetAction((parsed, stop) => Task.FromResult(Run(
            parsed.GetValue(quick), parsed.GetValue(peers) ?? [], parsed.GetValue(only) ?? [], parsed.GetValue(file), output, stop)));
        return command;
    }

    private static int Run(bool quick, string[] peers, string[] only, string? file, TextWriter output, CancellationToken stop)
    {
        IReadOnlyList<SuiteTool> tools = SuiteTools.All(peers);
        SuiteLoad[] loads = [.. SuiteLoads.All(quick).Where(load => only.Length == 0 || only.Contains(load.Name, StringComparer.OrdinalIgnoreCase))];
        if (loads.Length == 0) throw new BenchException("the loads are S, M and C");
        string loadBefore = Texts.LoadAverage();
        string folder = Directory.CreateTempSubdirectory("cdrengine-suite-").FullName;
        try
        {
            var runner = new SuiteRunner(folder, output, stop);
            int rounds = quick ? 1 : FullRounds;
            ToolResult start = runner.Run(SuiteLoads.One, [tools[0]], rounds).Tools[0];
            var layers = new StringBuilder();
            var results = new List<LoadResult>();
            foreach (SuiteLoad load in loads)
            {
                bool layered = load.Name is "S" or "M";
                results.Add(runner.Run(load, tools, rounds, layered ? capture => layers.Append(LayersOf(load, capture, rounds, stop)) : null));
            }

            string page = Page(results, layers.ToString(), start, quick, loadBefore);
            output.WriteLine();
            output.Write(page);
            file ??= quick ? null : DefaultFile();
            if (file is not null)
            {
                File.WriteAllText(file, page);
                output.WriteLine($"written: {file}");
            }

            return results.SelectMany(static load => load.Tools).Any(IsWrong) ? 1 : 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsWrong(ToolResult tool) => tool.IsOurs && (tool.Fault is not null || tool.Runs.Any(static run => run.RecordsFault is not null));

    private static string LayersOf(SuiteLoad load, string capture, int rounds, CancellationToken stop) =>
        $"{load.Name}, {load.Description}:\n\n{Layers.Measure(capture, rounds, stop)}\n";

    private static string Page(List<LoadResult> results, string layers, ToolResult start, bool quick, string loadBefore)
    {
        var page = new StringBuilder();
        page.Append(string.Create(CultureInfo.InvariantCulture, $"# Measured on {DateTime.UtcNow:yyyy-MM-dd}{(quick ? ", a quick run: proves nothing" : "")}\n\n"));
        page.Append("Made by `./cdrengine bench suite`; `docs/benchmarks.md` says how to read it. Times are those of this machine on this day;\n");
        page.Append("what is claimed are the ratios between programs of the same run.\n\n");
        page.Append($"- machine: {Texts.Processor()}, {Texts.Memory()}; load average before {loadBefore}, after {Texts.LoadAverage()}\n");
        page.Append($"- system: {RuntimeInformation.OSDescription}; .NET {Environment.Version}; SQLite {SqliteLibrary.EnsureLoaded()}\n");
        page.Append($"- commit: {Texts.Commit()}\n");
        foreach (string peer in SuiteTools.Describe()) page.Append($"- {peer}\n");
        page.Append($"\n## Bars\n{SuiteTable.Bars(results, SuiteTools.Reference, start)}\n## Against others\n");
        foreach (LoadResult load in results) page.Append($"{SuiteTable.Of(load, SuiteTools.Reference)}\n");
        if (layers.Length > 0) page.Append($"## Layer upon layer\nIn one warm process, each layer on top of those above it.\n\n{layers}");
        return page.ToString();
    }

    private static string DefaultFile()
    {
        string root = Texts.Checkout() ?? throw new BenchException("no checkout above this program: name the page with --out");
        string folder = Directory.CreateDirectory(Path.Combine(root, "bench", "results")).FullName;
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd}-{Texts.Machine()}.md"));
    }
}
