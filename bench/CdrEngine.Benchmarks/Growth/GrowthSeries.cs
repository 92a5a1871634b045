using CdrEngine.Benchmarks.Suite;
using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>Something that grows while all else stays.</summary>
/// <param name="Name">Short name, part of file names.</param>
/// <param name="Across">What grows.</param>
/// <param name="Explained">What stays, in a sentence.</param>
/// <param name="Steps">Loads, the smallest first.</param>
/// <param name="Of">How far a load has grown, from what it turned out to be.</param>
public sealed record GrowthSeries(string Name, string Across, string Explained, IReadOnlyList<LoadOptions> Steps, Func<LoadSummary, LoadTruth, double> Of)
{
    /// <summary>The series: packets, calls, calls at once; <paramref name="quick"/> makes them small.</summary>
    public static IReadOnlyList<GrowthSeries> All(bool quick)
    {
        int part = quick ? 10 : 1;
        return
        [
            new(
                "packets",
                "packets",
                "Calls with 20 ms RTP begin at one rate, so as many are open at once whatever the length; nearly all is RTP.",
                [.. new[] { 100, 200, 400, 800, 1600 }.Select(calls => new LoadOptions { Seed = 21, Calls = Math.Max(4, calls / part), CallsPerSecond = 7.0 / part, TalkSeconds = 30 })],
                static (made, _) => made.Packets),

            // At 40 a second, so that memory is full early: an ended call is remembered three minutes (call.retry-kept).
            new(
                "calls",
                "calls",
                "Signalling only, forty calls a second, so as many are open at once whatever the length.",
                [.. new[] { 2500, 5000, 10_000, 20_000, 40_000 }.Select(calls => new LoadOptions { Seed = 22, Calls = calls / part, CallsPerSecond = 40.0 / part, Rtp = false })],
                static (made, _) => made.Calls),
            new(
                "at-once",
                "calls at once",
                "All calls are open at the same time, each with an RTP packet every 10 s and direction; they begin within 50 s and none ends before the last has begun.",
                [.. new[] { 1000, 3000, 10_000, 30_000, 100_000 }.Select(calls => SuiteLoads.AtOnce(calls / part, 23))],
                static (_, truth) => truth.MostConcurrent),
        ];
    }
}

/// <summary>One load of a series and what it cost.</summary>
/// <param name="At">How far it has grown.</param>
/// <param name="Packets">Packets.</param>
/// <param name="Calls">Calls.</param>
/// <param name="AtOnce">Most calls at once.</param>
/// <param name="Records">CPU seconds and peak bytes with records only.</param>
/// <param name="WithPackets">The same with the packet log.</param>
public sealed record GrowthPoint(double At, long Packets, int Calls, int AtOnce, (double CpuSeconds, double PeakBytes) Records, (double CpuSeconds, double PeakBytes) WithPackets);

/// <summary>How a cost grows with a size.</summary>
public static class GrowthLaw
{
    /// <summary>The power of the size that the cost grows by: 1 in proportion, 0 not at all, 2 with its square. The slope of the straight line through the
    /// logarithms (least squares); what is there at no size, such as the start of a program, is taken off first. NaN where less than two points are left.</summary>
    /// <param name="points">Sizes and costs.</param>
    /// <param name="fixedCost">Cost at no size.</param>
    public static double Power(IEnumerable<(double Size, double Cost)> points, double fixedCost)
    {
        (double X, double Y)[] logs = [.. points.Where(point => point.Size > 0 && point.Cost > fixedCost).Select(point => (Math.Log(point.Size), Math.Log(point.Cost - fixedCost)))];
        if (logs.Length < 2) return double.NaN;
        double x = logs.Average(static point => point.X), y = logs.Average(static point => point.Y);
        double below = logs.Sum(point => (point.X - x) * (point.X - x));
        return below <= 0 ? double.NaN : logs.Sum(point => (point.X - x) * (point.Y - y)) / below;
    }
}
