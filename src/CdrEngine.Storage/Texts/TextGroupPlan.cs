namespace CdrEngine.Storage.Texts;

/// <summary>A day that is over, ready to be put into a group.</summary>
/// <param name="Day">The day.</param>
/// <param name="Stamp">The state that it is in.</param>
/// <param name="First">Its first document.</param>
/// <param name="Span">How many documents there may be from there on.</param>
internal readonly record struct ArchiveDay(DateOnly Day, long Stamp, long First, int Span);

/// <summary>Which days are put together.</summary>
internal static class TextGroupPlan
{
    /// <summary>Calls of a group, at most: so much is put together anew with each day that is over.</summary>
    public const int MostCalls = 4 * TextSegment.MostCalls;

    /// <summary>Divides days into groups. A group that is full stays as it is; days behind it, and between two, are put together as many as fit. One that is too large stands alone, without a group.</summary>
    /// <param name="days">The days, ascending.</param>
    /// <param name="there">The days of each group that there is.</param>
    public static List<List<ArchiveDay>> Divide(IReadOnlyList<ArchiveDay> days, IEnumerable<IReadOnlyList<TextGroupDay>> there)
    {
        var places = new Dictionary<DateOnly, int>();
        for (int i = 0; i < days.Count; i++) places.Add(days[i].Day, i);
        int[] full = new int[days.Count];
        foreach (IReadOnlyList<TextGroupDay> group in there)
        {
            // Of days that follow on each other in the archive, each as it is now.
            bool isWhole = group[^1].End > MostCalls / 2 && places.TryGetValue(group[0].Day, out int first) && first + group.Count <= days.Count
                && Enumerable.Range(0, group.Count).All(i => days[first + i].Day == group[i].Day && days[first + i].Stamp == group[i].Stamp && full[first + i] == 0);
            if (!isWhole) continue;
            int begin = places[group[0].Day];
            for (int i = 0; i < group.Count; i++) full[begin + i] = begin + 1;
        }

        var groups = new List<List<ArchiveDay>>();
        List<ArchiveDay>? last = null;
        long span = 0;
        int of = -1;
        for (int i = 0; i < days.Count; i++)
        {
            bool isSame = last is not null && of == full[i] && (full[i] > 0 || span + days[i].Span <= MostCalls);
            if (days[i].Span > MostCalls)
            {
                last = null;
                continue;
            }

            if (!isSame)
            {
                groups.Add(last = []);
                (span, of) = (0, full[i]);
            }

            last!.Add(days[i]);
            span += days[i].Span;
        }

        return groups;
    }

    /// <summary>The days of a group with their places, and what is put together of them; null where a day is in another state by now, or it is ended early.</summary>
    /// <param name="group">The days.</param>
    /// <param name="load">Gives the segments of a day, with their places from a first on; null where it is in another state by now.</param>
    /// <param name="stop">Ends it early.</param>
    public static (List<TextGroupDay> Days, List<TextGroupSource> Sources)? Gather(IReadOnlyList<ArchiveDay> group, Func<ArchiveDay, int, List<TextGroupSource>?> load, CancellationToken stop)
    {
        var days = new List<TextGroupDay>();
        var sources = new List<TextGroupSource>();
        int begin = 0;
        foreach (ArchiveDay day in group)
        {
            if (stop.IsCancellationRequested || load(day, begin) is not { } its) return null;
            sources.AddRange(its);
            days.Add(new TextGroupDay(day.Day, day.Stamp, day.First, begin, begin + day.Span));
            begin += day.Span;
        }

        return (days, sources);
    }
}
