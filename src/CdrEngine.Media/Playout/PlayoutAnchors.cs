using System.Runtime.InteropServices;

namespace CdrEngine.Media.Playout;

/// <summary>A line from RTP time to wall time: from a capture time on, tick 0 of the segment lies at <paramref name="WallMicroseconds"/>.</summary>
/// <param name="From">Capture time from which it holds, microseconds.</param>
/// <param name="WallMicroseconds">Where tick 0 lies, microseconds since the epoch.</param>
internal readonly record struct Anchor(long From, long WallMicroseconds);

/// <summary>What the survey learns of one segment: the least transit of each second, and from these the lines that place its sound.</summary>
/// <remarks>
/// Transit is capture time less RTP time. The network only ever adds to it, so the least of some seconds is the truth, up to a constant that
/// no passive listener can know. A clock that drifts, or a path that changes for good, moves the least; what moves more than
/// <see cref="PlayoutLimits.Drift"/> gets a line of its own, at the median of its stretch, so that a line is never off by more.
/// </remarks>
internal sealed class SegmentSurvey(long? ticksFromPrevious, double microsecondsPerTick)
{
    private const long WindowMicroseconds = 1_000_000;

    // A stall of the network is seen through by up to this many seconds on either side.
    private const int Neighbours = 2;

    private readonly List<(long From, long Least)> _windows = new(1);

    /// <summary>Lines, in order of time; empty until drawn.</summary>
    public Anchor[] Anchors { get; private set; } = [];

    /// <summary>Notes a packet of the segment.</summary>
    public void Note(long at, long ticks)
    {
        long transit = at - (long)(ticks * microsecondsPerTick);
        Span<(long From, long Least)> windows = CollectionsMarshal.AsSpan(_windows);
        if (windows.Length == 0 || at - windows[^1].From >= WindowMicroseconds) _windows.Add((at, transit));
        else if (transit < windows[^1].Least) windows[^1].Least = transit;
    }

    /// <summary>Draws the lines.</summary>
    /// <param name="previous">The segment before it in the stream; null where there is none.</param>
    /// <param name="driftMicroseconds">How far a line may stray.</param>
    public void Draw(SegmentSurvey? previous, long driftMicroseconds)
    {
        // 1. The least transit around each second.
        int count = _windows.Count;
        if (count == 0) return;
        var least = new long[count];
        for (int i = 0; i < count; i++)
        {
            least[i] = long.MaxValue;
            for (int j = Math.Max(0, i - Neighbours); j <= Math.Min(count - 1, i + Neighbours); j++) least[i] = Math.Min(least[i], _windows[j].Least);
        }

        // 2. Stretches that one line serves.
        var anchors = new List<Anchor>(1);
        int start = 0;
        while (start < count)
        {
            long low = least[start], high = least[start];
            int end = start + 1;
            for (; end < count; end++)
            {
                long lower = Math.Min(low, least[end]), higher = Math.Max(high, least[end]);
                if (higher - lower > driftMicroseconds) break;
                (low, high) = (lower, higher);
            }

            long[] stretch = least[start..end];
            Array.Sort(stretch);
            anchors.Add(new Anchor(_windows[start].From, stretch[(stretch.Length - 1) / 2]));
            start = end;
        }

        // 3. Where the sender's clock went on from the segment before (another codec of the same clock), so does its line, within the same bounds.
        if (previous is { Anchors.Length: > 0 } && ticksFromPrevious is { } ticks)
        {
            long continued = previous.Anchors[^1].WallMicroseconds + (long)(ticks * microsecondsPerTick);
            if (Math.Abs(continued - anchors[0].WallMicroseconds) <= driftMicroseconds) anchors[0] = anchors[0] with { WallMicroseconds = continued };
        }

        Anchors = [.. anchors];
        _windows.Clear();
        _windows.TrimExcess();
    }
}
