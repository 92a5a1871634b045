using System.CommandLine;
using CdrEngine.Benchmarks.Suite;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>compare BEFORE NOW</c>: two pages of the suite, by ratios.</summary>
internal static class CompareCommand
{
    public static Command Make(TextWriter output)
    {
        var before = new Argument<string>("BEFORE") { Description = "A page of the suite." };
        var now = new Argument<string>("NOW") { Description = "A later one." };
        var tolerance = new Option<double>("--tolerance") { Description = "How much worse a ratio may be, in per cent.", DefaultValueFactory = static _ => RegressionCheck.DefaultTolerance * 100 };
        var command = new Command("compare", "Compare two pages of the suite by ratios, never by times. Exit code 1 on a regression.") { before, now, tolerance };
        command.SetAction(parsed => Report(Read(parsed.GetRequiredValue(before)), Read(parsed.GetRequiredValue(now)), parsed.GetValue(tolerance) / 100, output));
        return command;
    }

    /// <summary>Compares, prints, and gives the exit code.</summary>
    public static int Report(SuitePage before, SuitePage now, double tolerance, TextWriter output)
    {
        RegressionReport report = RegressionCheck.Compare(before, now, tolerance);
        foreach (string line in report.Lines) output.WriteLine(line);
        foreach (string line in report.Regressions) output.WriteLine($"regression: {line}");
        output.WriteLine(report.Regressions.Count == 0 ? "no regression" : $"{report.Regressions.Count} regressions");
        return report.Regressions.Count == 0 ? 0 : 1;
    }

    private static SuitePage Read(string file)
    {
        try
        {
            return SuitePage.Parse(File.ReadAllText(file));
        }
        catch (FormatException exception)
        {
            throw new BenchException($"{file}: {exception.Message}", exception);
        }
    }
}
