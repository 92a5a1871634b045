using System.Diagnostics;
using System.Security.Cryptography;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Storage;
using CdrEngine.Core;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>An archive that is a part of another, as it is made and measured by commands.</summary>
public sealed class ArchivePartTests : IDisposable
{
    private const int Days = 12;
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-part-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string Whole => Path.Combine(_folder, "whole");

    private string Part => Path.Combine(_folder, "part");

    private string Points => Path.Combine(_folder, "page-growth-stored.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task PartThatIsMeasured_TakesNoRoom_AndTheWholeStaysAsItIs()
    {
        await MakeWhole();
        Dictionary<string, string> before = Sums(Whole);
        Assert.Equal(0, await Bench("stored", "part", "--from", Whole, "--archive", Part, "--days", "4"));
        Assert.Equal(["2026-01-09", "2026-01-10", "2026-01-11", "2026-01-12"], DaysOf(Part));
        string last = "2026-01-12.db";
        foreach (string file in DaysOf(Part).Select(static day => day + ".db").Concat(DaysOf(Part).Select(static day => Path.Combine("messages", day + ".db"))))
            Assert.Equal(Path.GetFileName(file) != last, InodeOf(Path.Combine(Whole, file)) == InodeOf(Path.Combine(Part, file)));

        // Into the last day go 20,000 calls; groups of texts are made of the days of the part.
        Assert.Equal(0, await Bench("stored", "measure", "--archive", Part, "--questions", "3", "--points", Points));
        Assert.Equal(before, Sums(Whole));
        using (SqliteCallStore part = SqliteCallStore.Open(Part), whole = SqliteCallStore.Open(Whole))
        {
            Assert.Equal(whole.Count(new DateOnly(2026, 1, 11)), part.Count(new DateOnly(2026, 1, 11)));
            Assert.Equal(whole.Count(new DateOnly(2026, 1, 12)) + 20_000, part.Count(new DateOnly(2026, 1, 12)));
        }

        List<StoredPoint> points = StoredBenchmarks.Read(Points);
        Assert.All(points, static point => Assert.Equal(4, point.Days));
        Assert.All(points, static point => Assert.Equal(point.What is StoredBenchmarks.Inserting or StoredBenchmarks.Memory ? 0 : 3, point.Questions));
        StoredPoint memory = Assert.Single(points, static point => point.What == StoredBenchmarks.Memory);
        Assert.InRange(memory.Median, 1, memory.High);
        Assert.Equal(1, await Bench("stored", "make", "--archive", Part, "--calls", "480", "--days", "24"));
        Assert.Contains("not made by this command", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PartOfAllDays_IsGoneOnWith()
    {
        await MakeWhole();
        Assert.Equal(0, await Bench("stored", "part", "--from", Whole, "--archive", Part));
        Assert.Equal(0, await Bench("stored", "make", "--archive", Part, "--calls", "280", "--days", "14"));
        Assert.Equal(14, DaysOf(Part).Length);
        Assert.Equal(Days, DaysOf(Whole).Length);
        Assert.Equal(1, await Bench("stored", "part", "--from", Whole, "--archive", Part));
        Assert.Contains("there is something already", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PartOfADayThatWasWrittenToSince_IsRefused()
    {
        await MakeWhole();
        using (SqliteCallStore whole = SqliteCallStore.Open(Whole))
        {
            var noon = Timestamp.From(new DateTimeOffset(2026, 1, 10, 12, 0, 0, TimeSpan.Zero));
            Assert.Equal(1, whole.Write([StoredCalls.Call(new Random(1), noon.Microseconds)]).Inserted);
        }

        Assert.Equal(1, await Bench("stored", "part", "--from", Whole, "--archive", Part));
        Assert.Contains("2026-01-10.db: not sealed", _error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Part));
    }

    [Fact]
    public async Task PageOfWhatWasMeasured_HasThePowersThatCostsGrowBy()
    {
        StoredBenchmarks.Write(Points, [new StoredPoint(1_000, 1, "by id", 2, 40, 300), new StoredPoint(1_000, 1, "totals", 5, 9, 300), new StoredPoint(1_000, 1, StoredBenchmarks.Memory, 100, 120)]);
        StoredBenchmarks.Write(Points, [new StoredPoint(100_000, 9, "by id", 20, 40, 300), new StoredPoint(100_000, 9, "totals", 500, 900, 24)]);
        string page = Path.Combine(_folder, "page-growth.md");
        Assert.Equal(0, await Bench("growth", "--draw", "--out", page));
        string text = await File.ReadAllTextAsync(page);
        Assert.Contains("| by id | 2.0, 40.0 | 20.0, 40.0 | 0.50, 0.00 |", text, StringComparison.Ordinal);
        Assert.Contains("| totals | 5.0, 9.0 | 500.0, 900.0 | 1.00, 1.00 |", text, StringComparison.Ordinal);
        Assert.Contains("| memory: MB at the start, at most | 100, 120 | not measured | ?, ? |", text, StringComparison.Ordinal);
        Assert.Contains("300 questions of each kind, but 24 of totals at 100,000 calls: of less than a hundred the second figure is the slowest.", text, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "page-growth-stored-memory.svg")));
    }

    private async Task MakeWhole() => Assert.Equal(0, await Bench("stored", "make", "--archive", Whole, "--calls", "240", "--days", $"{Days}"));

    private Task<int> Bench(params string[] arguments) => BenchCommands.RunAsync(arguments, _output, _error, CancellationToken.None);

    private static string[] DaysOf(string folder) => [.. Directory.EnumerateFiles(folder, "2*.db").Select(static file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    // What others would miss: databases and groups of texts, not SQLite's notes beside them.
    private static Dictionary<string, string> Sums(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(static file => file.EndsWith(".db", StringComparison.Ordinal) || file.EndsWith(".group", StringComparison.Ordinal))
        .ToDictionary(static file => file, static file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));

    private static string InodeOf(string file)
    {
        using Process stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%i", file]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string inode = stat.StandardOutput.ReadToEnd();
        stat.WaitForExit();
        Assert.Equal(0, stat.ExitCode);
        return inode;
    }
}
