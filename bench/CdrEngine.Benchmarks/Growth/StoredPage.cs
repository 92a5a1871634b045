using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>The part of the page of growth that tells of calls stored.</summary>
internal static class StoredPage
{
    /// <summary>Writes it; charts are drawn beside the page.</summary>
    /// <param name="file">What was measured.</param>
    /// <param name="note">Of which commit, what else there is to say, and what was left out; null where none of it is known.</param>
    /// <param name="stem">Beginning of the charts' names; null for none.</param>
    public static string Of(string file, GrowthNote? note, string? stem)
    {
        List<StoredPoint> points = StoredBenchmarks.Read(file);
        var page = new StringBuilder();
        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"\n## Against calls stored\nArchives in SQLite, a file for each day, asked through the store itself, without HTTP: median and 99th percentile of each kind of question. Inserting goes into the last day.{Commit(note)}\n");
        (long Calls, int Days)[] sizes = [.. points.Select(static point => (point.Calls, point.Days)).Distinct().Order()];
        Line($"| p50, p99 in ms | {string.Join(" | ", sizes.Select(static size => string.Create(CultureInfo.InvariantCulture, $"{size.Calls:N0} calls, {size.Days} days")))} | grows by the power |");
        Line($"|---|{string.Concat(Enumerable.Repeat("--:|", sizes.Length + 1))}");
        foreach (string what in points.Select(static point => point.What).Distinct())
        {
            IEnumerable<string> cells = sizes.Select(size => points.Find(point => point.What == what && (point.Calls, point.Days) == size) is { } point ? Cell(point) : "not measured");
            Line($"| {Name(what)} | {string.Join(" | ", cells)} | {Powers([.. points.Where(point => point.What == what)])} |");
        }

        Line($"\nPowers are of the calls stored, for the first and for the second figure of a cell: 1 is in proportion, 0 not at all, below 0 is less.{Asked(points)}");
        foreach (string one in note?.Remarks ?? []) Line($"\n{one}");
        foreach (string one in note?.Left ?? []) Line($"\n**Not measured:** {one}.");
        if (stem is null || points.Count == 0) return page.ToString();
        page.Append('\n');
        foreach (string drawn in StoredCharts.Draw(file, stem + "-growth-stored")) page.Append($"![calls stored]({Path.GetFileName(drawn)})\n");
        return page.ToString();
    }

    private static string Commit(GrowthNote? note) => note is { Commit.Length: > 0 } ? $" Commit {note.Commit}." : "";

    private static string Name(string what) => what switch
    {
        StoredBenchmarks.Inserting => "insert: calls a second, us of processor time a call",
        StoredBenchmarks.Memory => "memory: MB at the start, at most",
        _ => what,
    };

    private static string Cell(StoredPoint point) => point.What is StoredBenchmarks.Inserting or StoredBenchmarks.Memory
        ? string.Create(CultureInfo.InvariantCulture, $"{point.Median:N0}, {point.High:N0}") : string.Create(CultureInfo.InvariantCulture, $"{point.Median:N1}, {point.High:N1}");

    private static string Powers(StoredPoint[] points)
    {
        double[] powers = [GrowthLaw.Power(points.Select(static point => ((double)point.Calls, point.Median)), 0), GrowthLaw.Power(points.Select(static point => ((double)point.Calls, point.High)), 0)];
        return string.Join(", ", powers.Select(static power => double.IsNaN(power) ? "?" : power.ToString("0.00", CultureInfo.InvariantCulture)));
    }

    // The 99th percentile of less than a hundred is the slowest of them.
    private static string Asked(IReadOnlyList<StoredPoint> points)
    {
        StoredPoint[] asked = [.. points.Where(static point => point.Questions > 0)];
        if (asked.Length == 0) return "";
        int usual = asked.GroupBy(static point => point.Questions).MaxBy(static group => group.Count())!.Key;
        IEnumerable<string> others = asked.Where(point => point.Questions != usual).GroupBy(static point => (point.What, point.Questions)).Select(group =>
        {
            bool isAlways = group.Count() == asked.Count(point => point.What == group.Key.What);
            string at = isAlways ? "" : $" at {string.Join(" and ", group.Select(static point => point.Calls.ToString("N0", CultureInfo.InvariantCulture)))} calls";
            return string.Create(CultureInfo.InvariantCulture, $"{group.Key.Questions} of {group.Key.What}{at}");
        });
        string few = string.Join(", ", others);
        return string.Create(CultureInfo.InvariantCulture, $" {usual} questions of each kind{(few.Length > 0 ? $", but {few}: of less than a hundred the second figure is the slowest" : "")}.");
    }
}
