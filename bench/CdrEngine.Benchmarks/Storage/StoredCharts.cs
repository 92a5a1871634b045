using CdrEngine.Benchmarks.Charts;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>The charts of how cost grows with the calls stored.</summary>
public static class StoredCharts
{
    private static readonly (string Name, string Title, string[] Series)[] Charts =
    [
        ("lists", "Lists of 50 calls, 99th percentile", ["first page", "first page, filtered", "next page by cursor", "deep page by number"]),
        ("single", "Single calls, 99th percentile", ["by id", "by number"]),
        ("totals", "Totals, 99th percentile", ["totals of all", "totals of a tenant and outcome", "totals of some hours", "totals of a number"]),
    ];

    /// <summary>Draws the points of a file; gives the files written, which lie beside it.</summary>
    /// <param name="file">The points.</param>
    /// <param name="beginning">Beginning of the names of the files; that of the points unless said.</param>
    public static IReadOnlyList<string> Draw(string file, string? beginning = null)
    {
        List<StoredPoint> points = StoredBenchmarks.Read(file);
        string stem = beginning ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileNameWithoutExtension(file));
        var written = new List<string>();
        foreach ((string name, string title, string[] series) in Charts) Write(name, title, "ms", series, static point => point.High);
        Write("totals-median", "Totals, median", "ms", Charts[^1].Series, static point => point.Median);
        Write("lists-median", "Lists of 50 calls, median", "ms", Charts[0].Series, static point => point.Median);
        Write("insert", "Inserting into the last day, in batches of 1,000", "calls/s", [StoredBenchmarks.Inserting], static point => point.Median);
        Write("memory", "Peak memory of the program that asks", "MB", [StoredBenchmarks.Memory], static point => point.High);
        return written;

        void Write(string name, string title, string unit, string[] series, Func<StoredPoint, double> value)
        {
            // A chart of what was not measured is none.
            if (!points.Exists(point => series.Contains(point.What))) return;
            string path = $"{stem}-{name}.svg";
            File.WriteAllText(path, SvgChart.Draw(new Chart
            {
                Title = title,
                Description = "The same questions over archives of more and more days. A flat line does not depend on how many calls are stored; one that rises tenfold over ten times as many is in proportion.",

                // Times of different kinds lie far apart.
                Across = new ChartAxis("calls stored", IsLogarithmic: unit == "ms"),
                Up = new ChartAxis(unit switch { "ms" => "time", "MB" => "peak memory", _ => "rate" }, unit, IsLogarithmic: unit == "ms"),
                Series = [.. series.Select(one => new ChartSeries(
                    one,
                    [.. points.Where(point => point.What == one).OrderBy(static point => point.Calls).Select(point => new ChartPoint(point.Calls, value(point), $"{point.Days} days"))]))],
            }));
            written.Add(path);
        }
    }
}
