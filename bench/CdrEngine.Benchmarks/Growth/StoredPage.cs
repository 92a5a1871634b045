using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>The part of the page of growth that tells of calls stored.</summary>
internal static class StoredPage
{
    /// <summary>Writes it; charts are drawn beside the page.</summary>
    /// <param name="file">What was measured.</param>
    /// <param name="left">Sizes that were left out, and why.</param>
    /// <param name="stem">Beginning of the charts' names; null for none.</param>
    public static string Of(string file, IReadOnlyList<string> left, string? stem)
    {
        List<StoredPoint> points = StoredBenchmarks.Read(file);
        var page = new StringBuilder();
        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"\n## Against calls stored\nArchives of records in SQLite, a file for each day, asked through the store itself, without HTTP: median and 99th percentile of each kind of question. Inserting goes into the last day.\n");
        (long Calls, int Days)[] sizes = [.. points.Select(static point => (point.Calls, point.Days)).Distinct().Order()];
        Line($"| p50, p99 in ms | {string.Join(" | ", sizes.Select(static size => string.Create(CultureInfo.InvariantCulture, $"{size.Calls:N0} calls, {size.Days} days")))} |");
        Line($"|---|{string.Concat(Enumerable.Repeat("--:|", sizes.Length))}");
        foreach (string what in points.Select(static point => point.What).Distinct())
        {
            bool isRate = what == StoredBenchmarks.Inserting;
            IEnumerable<string> cells = sizes.Select(size => points.Find(point => point.What == what && (point.Calls, point.Days) == size) is not { } point ? "not measured"
                : isRate ? string.Create(CultureInfo.InvariantCulture, $"{point.Median:N0}, {point.High:N0}") : string.Create(CultureInfo.InvariantCulture, $"{point.Median:N1}, {point.High:N1}"));
            Line($"| {(isRate ? "insert: calls a second, us of processor time a call" : what)} | {string.Join(" | ", cells)} |");
        }

        foreach (string one in left) Line($"\n**Not measured:** {one}.");
        if (stem is null || points.Count == 0) return page.ToString();
        page.Append('\n');
        foreach (string drawn in StoredCharts.Draw(file, stem + "-growth-stored")) page.Append($"![calls stored]({Path.GetFileName(drawn)})\n");
        return page.ToString();
    }
}
