using System.Globalization;
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

    /// <summary>What was measured, a file in the archive's folder.</summary>
    public string Points => Path.Combine(folder, "growth.jsonl");

    /// <summary>Sizes that were left out, and why.</summary>
    public IReadOnlyList<string> Left => _left;

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
            StoredBenchmarks.Write(Points, StoredBenchmarks.Run(writer, folder, questions, asksOnly: false, only: [], stop));
        }
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
