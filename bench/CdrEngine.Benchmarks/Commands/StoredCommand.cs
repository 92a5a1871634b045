using System.CommandLine;
using CdrEngine.Benchmarks.Storage;
using CdrEngine.Benchmarks.Suite;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>stored</c>: how storing and asking grow with the number of calls stored. Made, measured and drawn one after the other, so that each can be done when the
/// machine is free.</summary>
internal static class StoredCommand
{
    public static Command Make(TextWriter output)
    {
        var folder = new Option<string>("--archive") { Description = "Folder of the archive; kept.", Required = true };
        var place = new Option<string?>("--archive") { Description = "Folder of the archive; kept." };
        var postgres = new Option<string?>("--postgresql") { Description = "URL or connection string of a PostgreSQL server, instead of a folder; the archive is in its schema bench." };
        var calls = new Option<int>("--calls") { Description = "Calls of the archive that is made.", DefaultValueFactory = static _ => 1_000_000 };
        var days = new Option<int>("--days") { Description = "Days they are spread over.", DefaultValueFactory = static _ => 30 };
        var questions = new Option<int>("--questions") { Description = "Questions of each kind.", DefaultValueFactory = static _ => 300 };
        var points = new Option<string?>("--points") { Description = "File of what was measured; bench/results/stored.jsonl of the checkout otherwise." };
        var make = new Command("make", "Makes the archive, or goes on making it.") { place, postgres, calls, days };
        make.SetAction((parsed, stop) =>
        {
            (string? files, string? server) = PlaceOf(parsed.GetValue(place), parsed.GetValue(postgres));
            using ArchiveStores stores = server is null ? ArchiveStores.InFiles(files!) : ArchiveStores.On(ArchiveStores.Server(server));
            ArchiveMaker.Make(output, stores, parsed.GetValue(calls), parsed.GetValue(days), recordsOnly: false, stop);
            return Task.FromResult(0);
        });
        var asks = new Option<bool>("--asks-only") { Description = "Writes nothing into the archive: asks, and inserts no calls." };
        var kinds = new Option<string[]>("--only") { Description = "Beginnings of what is measured, for example 'totals', 'insert', 'memory'; all otherwise. May be given again.", DefaultValueFactory = static _ => [] };
        var measure = new Command("measure", "Measures an archive and notes what was measured.") { folder, questions, points, asks, kinds };
        measure.SetAction((parsed, stop) =>
        {
            StoredBenchmarks.Write(FileOf(parsed.GetValue(points)), StoredBenchmarks.Run(output, parsed.GetRequiredValue(folder), parsed.GetValue(questions), parsed.GetValue(asks), parsed.GetValue(kinds) ?? [], stop));
            return Task.FromResult(stop.IsCancellationRequested ? 1 : 0);
        });
        var source = new Option<string>("--from") { Description = "Folder of the archive that it is a part of; nothing is written there.", Required = true };
        var latest = new Option<int>("--days") { Description = "Its latest days; all otherwise.", DefaultValueFactory = static _ => int.MaxValue };
        var part = new Command("part", "Makes an archive of the latest days of another without copying them: days that are sealed are hard links, what is written to is a copy.") { source, folder, latest };
        part.SetAction(parsed =>
        {
            ArchivePart.Make(output, parsed.GetRequiredValue(source), parsed.GetRequiredValue(folder), parsed.GetValue(latest));
            return 0;
        });
        var draw = new Command("draw", "Draws what was noted: SVG beside it.") { points };
        draw.SetAction(parsed =>
        {
            string file = FileOf(parsed.GetValue(points));
            foreach (string drawn in StoredCharts.Draw(file)) output.WriteLine($"written: {drawn}");
            return 0;
        });
        var only = new Option<string[]>("--only") { Description = "Beginnings of lists' names, for example 'ucom flow'; all otherwise. May be given again.", DefaultValueFactory = static _ => [] };
        var settings = new Option<string[]>("--set") { Description = "Setting of the program, as its own --set. May be given again.", DefaultValueFactory = static _ => [] };
        var page = new Option<string?>("--out") { Description = "File of the results; bench/results/DATE-MACHINE-lists.md of the checkout otherwise, where all lists are asked for." };
        var lists = new Command("lists", "Asks the real program over an archive for every list of every API. Exit code 1 where one is slower than 50 ms (p99).") { place, postgres, questions, only, settings, page };
        lists.SetAction((parsed, stop) =>
        {
            string[] some = parsed.GetValue(only) ?? [];
            string? file = parsed.GetValue(page) ?? (some.Length == 0 ? ResultFiles.Default(parsed.GetValue(postgres) is null ? "-lists.md" : "-lists-postgresql.md") : null);
            (string? files, string? server) = PlaceOf(parsed.GetValue(place), parsed.GetValue(postgres));
            bool quick = ListBenchmarks.Run(output, files, server, parsed.GetValue(questions), some, parsed.GetValue(settings) ?? [], file, stop);
            return Task.FromResult(quick && !stop.IsCancellationRequested ? 0 : 1);
        });
        return new Command("stored", "Storing and asking over archives of millions of calls.") { make, part, measure, lists, draw };
    }

    private static (string? Files, string? Server) PlaceOf(string? folder, string? server) =>
        (folder is null) != (server is null) ? (folder, server) : throw new BenchException("say where the archive is: by --archive or by --postgresql");

    private static string FileOf(string? given)
    {
        if (given is not null) return given;
        string root = Texts.Checkout() ?? throw new BenchException("no checkout above this program: name the file with --points");
        return Path.Combine(Directory.CreateDirectory(Path.Combine(root, "bench", "results")).FullName, "stored.jsonl");
    }
}
