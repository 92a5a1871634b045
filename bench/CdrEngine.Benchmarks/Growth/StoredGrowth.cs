using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>How the cost of asking and inserting grows with the calls stored: one archive of records that is made larger day by day, and measured at each size. What was made and measured is
/// kept in its folder, so that it goes on where it was stopped.</summary>
/// <param name="writer">Told how it goes.</param>
/// <param name="folder">Folder of the archive; kept.</param>
/// <param name="questions">Questions of each kind.</param>
internal sealed class StoredGrowth(TextWriter writer, string folder, int questions)
{
    /// <summary>Calls of a day: ten million in a year.</summary>
    public const int CallsOfADay = 27_400;

    // Before anything is stored; then what the archive shows is taken.
    private const double BytesOfACall = 6_600;
    private const long LeftForOthers = 5L << 30;

    private readonly List<string> _left = [];

    private string Points => Path.Combine(folder, "growth.jsonl");

    /// <summary>Makes and measures archives of these sizes, as far as the disk has room.</summary>
    /// <param name="sizes">Calls.</param>
    /// <param name="each">Calls of a day.</param>
    /// <param name="stop">Ends it early.</param>
    public void Run(IEnumerable<long> sizes, int each, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        foreach (long calls in sizes.Order())
        {
            stop.ThrowIfCancellationRequested();
            int days = (int)Math.Max(2, calls / each);
            if (StoredBenchmarks.Read(Points).Any(point => point.Days == days))
            {
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{calls:N0} calls: measured before"));
                continue;
            }

            if (Short(days, each) is { } why)
            {
                _left.Add(string.Create(CultureInfo.InvariantCulture, $"{calls:N0} calls do not fit: {why}"));
                writer.WriteLine(_left[^1]);
                continue;
            }

            using (ArchiveStores stores = ArchiveStores.InFiles(folder)) ArchiveMaker.Make(writer, stores, each * days, days, recordsOnly: true, stop);
            StoredBenchmarks.Write(Points, StoredBenchmarks.Run(writer, folder, questions, stop));
        }
    }

    /// <summary>The part of the page that tells of it; charts are drawn beside the page.</summary>
    /// <param name="stem">Beginning of the charts' names; null for none.</param>
    public string Page(string? stem)
    {
        List<StoredPoint> points = StoredBenchmarks.Read(Points);
        var page = new StringBuilder();
        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"\n## Against calls stored\nAn archive of records in SQLite, by day, that is made larger by more days; {questions} questions of each kind at each size. Inserting goes into its last day.\n");
        double[] sizes = [.. points.Select(static point => (double)point.Calls).Distinct().Order()];
        Line($"| p50, p99 in ms | {string.Join(" | ", sizes.Select(static calls => calls.ToString("N0", CultureInfo.InvariantCulture)))} |");
        Line($"|---|{string.Concat(Enumerable.Repeat("--:|", sizes.Length))}");
        foreach (string what in points.Select(static point => point.What).Distinct())
        {
            bool isRate = what == StoredBenchmarks.Inserting;
            IEnumerable<string> cells = sizes.Select(calls => points.Find(point => point.What == what && point.Calls == calls) is not { } point ? ""
                : isRate ? string.Create(CultureInfo.InvariantCulture, $"{point.Median:N0}, {point.High:N0}") : string.Create(CultureInfo.InvariantCulture, $"{point.Median:N1}, {point.High:N1}"));
            Line($"| {(isRate ? "insert: calls a second, us of processor time a call" : what)} | {string.Join(" | ", cells)} |");
        }

        foreach (string left in _left) Line($"\n{left}");
        if (stem is null || points.Count == 0) return page.ToString();
        page.Append('\n');
        foreach (string drawn in StoredCharts.Draw(Points, stem + "-growth-stored")) page.Append($"![calls stored]({Path.GetFileName(drawn)})\n");
        return page.ToString();
    }

    // Why there is no room for so many days; null where there is.
    private string? Short(int days, int each)
    {
        long there = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static file => file.Length);
        int made;
        using (ArchiveStores stores = ArchiveStores.InFiles(folder)) made = ArchiveMaker.Done(stores, each);
        double bytes = made == 0 ? BytesOfACall : (double)there / ((long)made * each);
        double needed = bytes * each * Math.Max(0, days - made);
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        return needed + LeftForOthers <= free ? null : string.Create(
            CultureInfo.InvariantCulture, $"they take {needed / 1e9:N1} GB more, {bytes:N0} bytes each, and {folder} has {free / 1e9:N1} GB free, of which {LeftForOthers / 1e9:N1} GB are left for others");
    }

    /// <summary>Sizes as they are written: millions, with commas between.</summary>
    public static IReadOnlyList<long> Sizes(string text)
    {
        var sizes = new List<long>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double millions) || millions is <= 0 or > 1_000)
                throw new BenchException($"--stored: '{part}' is no number of millions");
            sizes.Add((long)(millions * 1_000_000));
        }

        return sizes;
    }
}
