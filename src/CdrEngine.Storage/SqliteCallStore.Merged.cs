using System.Collections.Concurrent;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Orders other than by start: the best rows of each day, several days at once.
public sealed partial class SqliteCallStore
{
    private const long Millisecond = 1_000;

    private List<FoundCall> Merged(OpenDays days, CallQuery query, CallCursor? after, int limit)
    {
        var found = new List<FoundCall>();
        var ahead = new Dictionary<DateOnly, SelectFrame>();
        DayQuestion asked = Better();
        foreach (DateOnly day in DaysOf(query))
        {
            if (Narrowed(days, asked, Frame(days, day)) is not { } frame) continue;
            ahead.Add(day, frame with { After = after, Limit = limit, Voice = null });
            if (ahead.Count >= ReadHelpers.DaysAtOnce) Flush();
        }

        Flush();
        return found;

        DayQuestion Better() => new(Bounded(query, found.Count >= limit ? found[^1].Key : null, after?.Key));

        void Flush()
        {
            var rows = new ConcurrentBag<List<FoundCall>>();
            _helpers.InDays(days, [.. ahead.Keys], (day, database) => rows.Add(CallSelect.Rows(database, asked.Query, ahead[day])));
            ahead.Clear();
            found.AddRange(rows.SelectMany(static row => row));
            found.Sort((left, right) => CallSelect.Compare(left, right, query));
            if (found.Count > limit) found.RemoveRange(limit, found.Count - limit);
            asked = Better();
        }
    }

    // What stands between the page before and the last row that was found so far, by whole milliseconds, so that lengths in memory tell which days have any.
    private static CallQuery Bounded(CallQuery query, long? last, long? after)
    {
        if (query.Sort is not (CallSort.Duration or CallSort.Billsec) || query.Any.Count > 0) return query;
        (long? least, long? most) = query.Ascending ? (after, last) : (last, after);
        TimeSpan? from = least is { } low ? TimeSpan.FromMilliseconds(low / Millisecond) : null;
        TimeSpan? to = most is { } high ? TimeSpan.FromMilliseconds((high + Millisecond - 1) / Millisecond) : null;
        return query.Sort == CallSort.Duration
            ? query with { DurationMin = Later(query.DurationMin, from), DurationMax = Earlier(query.DurationMax, to) }
            : query with { BillsecMin = Later(query.BillsecMin, from), BillsecMax = Earlier(query.BillsecMax, to) };
    }

    private static TimeSpan? Later(TimeSpan? one, TimeSpan? other) => one > other ? one : other ?? one;

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one < other ? one : other ?? one;
}
