using System.CommandLine;
using System.Globalization;
using CdrEngine.Benchmarks.Suite;

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
        var checks = new Option<string[]>("--peer-check")
        {
            Description = "For a peer given, NAME=COMMAND that prints how many calls it found; {file}, {out}, and {stdout}, what the peer printed.",
        };
        var loads = new Option<string[]>("--load") { Description = "Only these loads, with commas between: S, M, L, mixed, short, register, loss, C, C100." };
        var tools = new Option<string[]>("--tool") { Description = "Only tools whose row begins so, with commas between: cdrengine, tshark, …" };
        var rounds = new Option<int?>("--rounds") { Description = $"How often each tool reads each load; {FullRounds}, with --quick 1." };
        var limit = new Option<int>("--limit") { Description = "Longest run of a tool in seconds; it is stopped then.", DefaultValueFactory = static _ => (int)SuitePatience.Default.Limit.TotalSeconds };
        var once = new Option<int>("--once-after") { Description = "A peer that took longer is asked once only, not in every round; seconds.", DefaultValueFactory = static _ => (int)SuitePatience.Default.OnceAfter.TotalSeconds };
        var plan = new Option<bool>("--plan") { Description = "Only say what would be done and how long it takes." };
        var against = new Option<string?>("--against") { Description = "A page of before: exit code 1 where a ratio has become worse." };
        var tolerance = new Option<double>("--tolerance") { Description = "How much worse it may be, in per cent.", DefaultValueFactory = static _ => RegressionCheck.DefaultTolerance * 100 };
        var reasons = new Option<string?>("--reasons") { Description = "File with why bars are not met, lines KEY = TEXT; bench/reasons.txt of the checkout otherwise." };
        var file = new Option<string?>("--out") { Description = "File of the page; bench/results/DATE-MACHINE.md of the checkout otherwise (not with --quick)." };
        var command = new Command("suite", "Measure the engine and its peers over the same loads and write the page of record.")
        {
            quick, loads, tools, peers, checks, rounds, limit, once, plan, against, tolerance, reasons, file,
        };
        command.SetAction((parsed, stop) =>
        {
            bool isQuick = parsed.GetValue(quick);
            string folder = Path.GetTempPath();
            IReadOnlyList<SuiteLoad> chosen = SuiteLoads.Chosen(parsed.GetValue(loads) ?? [], isQuick, new DriveInfo(folder).AvailableFreeSpace, output.WriteLine);
            IReadOnlyList<SuiteTool> all = SuiteTools.Chosen(SuiteTools.All(parsed.GetValue(peers) ?? [], parsed.GetValue(checks) ?? []), parsed.GetValue(tools) ?? []);
            var measurement = new SuiteMeasurement
            {
                Loads = chosen,
                Tools = all,
                Rounds = Math.Max(1, parsed.GetValue(rounds) ?? (isQuick ? 1 : FullRounds)),
                Patience = new SuitePatience(TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(limit))), TimeSpan.FromSeconds(Math.Max(0, parsed.GetValue(once)))),
                IsQuick = isQuick,
            };

            // What is to be compared with is read before minutes are spent.
            SuitePage? before = parsed.GetValue(against) is { } page ? SuitePage.Parse(File.ReadAllText(page)) : null;
            output.WriteLine(SuiteBudget.Describe(measurement.Loads, measurement.Tools, measurement.Rounds, measurement.Patience));
            if (parsed.GetValue(plan)) return Task.FromResult(0);
            string? to = parsed.GetValue(file) ?? (isQuick ? null : ResultFiles.Default(".md"));
            SuiteOutcome outcome = measurement.Run(output, stop) with { Reasons = ResultFiles.Reasons(parsed.GetValue(reasons)), Growth = ResultFiles.GrowthFor(to) };
            return Task.FromResult(Report(outcome, to, before, parsed.GetValue(tolerance) / 100, output));
        });
        return command;
    }

    private static int Report(SuiteOutcome outcome, string? file, SuitePage? before, double tolerance, TextWriter output)
    {
        string page = SuiteText.Of(outcome);
        output.WriteLine();
        output.Write(page);
        if (file is not null)
        {
            File.WriteAllText(file, page);
            output.WriteLine($"written: {file}");
        }

        bool isWrong = outcome.Loads.SelectMany(static load => load.Tools).Any(IsWrong);
        if (isWrong) output.WriteLine("some of our own records are wrong, or our own program failed");
        return (before is null ? 0 : CompareCommand.Report(before, SuitePage.Parse(page), tolerance, output)) | (isWrong ? 1 : 0);
    }

    private static bool IsWrong(ToolResult tool) => tool.IsOurs && (tool.Fault is not null || tool.Runs.Any(static run => run.RecordsFault is not null));
}
