using CdrEngine.Calls.Streams;

namespace CdrEngine.Calls.Quality;

/// <summary>How fast a sender's clock runs against the capture's, from the least transit of each ten-second interval.</summary>
/// <remarks>The least transit of many packets is nearly free of jitter, so its slope over minutes is the difference of the clocks. The slope
/// is the median over all pairs of intervals (Theil and Sen): one route change in the middle does not bend it.</remarks>
internal static class ClockDrift
{
    private const int FewestIntervals = 6;
    private const int MostIntervals = 64;

    /// <summary>Parts per million, positive for a fast sender; null with fewer than six intervals of one anchor.</summary>
    public static double? PartsPerMillion(ReadOnlySpan<StreamInterval> intervals)
    {
        // 1. Only intervals of the anchor that holds most of them: transits of different anchors have nothing in common.
        (int anchor, int count) = LongestAnchor(intervals);
        if (count < FewestIntervals) return null;

        // 2. At most 64 of them, evenly taken: the pairs grow with the square.
        int stride = (count + MostIntervals - 1) / MostIntervals;
        var seconds = new List<double>();
        var transits = new List<double>();
        int seen = 0;
        foreach (ref readonly StreamInterval interval in intervals)
        {
            if (interval.Anchor != anchor || float.IsNaN(interval.LeastTransitMilliseconds)) continue;
            if (seen++ % stride != 0) continue;
            seconds.Add(interval.StartSecond);
            transits.Add(interval.LeastTransitMilliseconds);
        }

        // 3. The median slope. A growing transit means that the sender counts slower than we do.
        var slopes = new List<double>(seconds.Count * (seconds.Count - 1) / 2);
        for (int i = 0; i < seconds.Count; i++)
        {
            for (int j = i + 1; j < seconds.Count; j++)
            {
                if (seconds[j] > seconds[i]) slopes.Add((transits[j] - transits[i]) / (seconds[j] - seconds[i]));
            }
        }

        if (slopes.Count == 0) return null;
        slopes.Sort();
        double median = (slopes[(slopes.Count - 1) / 2] + slopes[slopes.Count / 2]) / 2;
        return -median * 1000;
    }

    private static (int Anchor, int Count) LongestAnchor(ReadOnlySpan<StreamInterval> intervals)
    {
        int best = 0, bestCount = 0;
        for (int i = 0; i < intervals.Length;)
        {
            int anchor = intervals[i].Anchor, count = 0;
            for (; i < intervals.Length && intervals[i].Anchor == anchor; i++)
            {
                if (!float.IsNaN(intervals[i].LeastTransitMilliseconds)) count++;
            }

            if (count > bestCount) (best, bestCount) = (anchor, count);
        }

        return (best, bestCount);
    }
}
