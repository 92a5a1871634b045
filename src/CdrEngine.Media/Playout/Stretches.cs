namespace CdrEngine.Media.Playout;

/// <summary>A stretch of capture time, both ends included, microseconds since the epoch.</summary>
internal readonly record struct Stretch(long From, long To);

/// <summary>Who of the streams of one side is heard when: the nearest to the speaker at any time, never two at once.</summary>
internal static class Stretches
{
    // Two streams that overlap by more are copies of one voice (a relay's legs) or rivals (forks); by less, one took over from the other.
    private const long ParallelMicroseconds = 250_000;

    // A copy trails the original by the relay's delay: its first and last packets outside the original's stretch are not to slip in.
    private const long CopyMicroseconds = 200_000;

    /// <summary>The parts of <paramref name="wanted"/> that nobody nearer has.</summary>
    /// <param name="wanted">A stream's own stretches, in order.</param>
    /// <param name="taken">Stretches of those nearer, in order, not overlapping.</param>
    public static List<Stretch> Without(IReadOnlyList<Stretch> wanted, IReadOnlyList<Stretch> taken)
    {
        var left = new List<Stretch>(wanted.Count);
        int first = 0;
        foreach (Stretch stretch in wanted)
        {
            while (first < taken.Count && taken[first].To + CopyMicroseconds < stretch.From) first++;
            long from = stretch.From;
            bool isWhole = true;
            for (int i = first; i < taken.Count && taken[i].From - CopyMicroseconds <= stretch.To; i++)
            {
                long overlap = Math.Min(stretch.To, taken[i].To) - Math.Max(stretch.From, taken[i].From);
                bool isShort = stretch.To - stretch.From <= ParallelMicroseconds;
                long margin = overlap > ParallelMicroseconds || (isShort && overlap >= 0) ? CopyMicroseconds : 0;
                if (taken[i].From - margin > stretch.To || taken[i].To + margin < from) continue;
                if (taken[i].From - margin - 1 >= from) left.Add(new Stretch(from, taken[i].From - margin - 1));
                from = taken[i].To + margin + 1;
                if (from <= stretch.To) continue;
                isWhole = false;
                break;
            }

            if (isWhole && from <= stretch.To) left.Add(new Stretch(from, stretch.To));
        }

        return left;
    }

    /// <summary>Both lists in one, in order, those that touch joined.</summary>
    public static List<Stretch> Joined(List<Stretch> left, List<Stretch> right)
    {
        var all = new List<Stretch>(left.Count + right.Count);
        all.AddRange(left);
        all.AddRange(right);
        all.Sort(static (a, b) => a.From.CompareTo(b.From));
        var joined = new List<Stretch>(all.Count);
        foreach (Stretch next in all)
        {
            if (joined.Count > 0 && next.From <= joined[^1].To + 1) joined[^1] = joined[^1] with { To = Math.Max(joined[^1].To, next.To) };
            else joined.Add(next);
        }

        return joined;
    }

    /// <summary>True where a time lies in one of the stretches.</summary>
    public static bool Contain(List<Stretch> stretches, long at)
    {
        int low = 0, high = stretches.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (at < stretches[middle].From) high = middle - 1;
            else if (at > stretches[middle].To) low = middle + 1;
            else return true;
        }

        return false;
    }
}
