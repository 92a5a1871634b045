using System.Data;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// What was stored by a time: of each day the documents up to one.
internal sealed partial class PostgresCallStore
{
    private readonly MarkWalks _ofMarks = new();
    private long _daysOfMarksAsked;

    /// <summary>Days so far that were asked for pages and counts of marks: for tests.</summary>
    internal long DaysOfMarksAsked => Interlocked.Read(ref _daysOfMarksAsked);

    /// <inheritdoc />
    public CallMark Mark() => _database.Read(session => new CallMark(DaysOf(session, new CallQuery()).Days.ToDictionary(static day => day.Day, static day => day.LastDocument)));

    /// <inheritdoc />
    public long Count(CallQuery query, CallMark until)
    {
        // As pages ask for it, so that these find what was counted.
        query = query with { Sort = CallSort.StartedAt, Ascending = true, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        Walk walk = _ofMarks.Of(until, CallCursor.TextOf(query));
        TellDays(query);
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            lock (walk)
            {
                if (KnownTotal(store, days, walk) is { } known) return known;
                StoredDay[] all = [.. days];
                Asked asked = AskedOf(session, store, days, query, all: true);
                CountTexts(asked);
                return MarkTotal(asked, all, walk);
            }
        });
    }

    // How many calls a walk of a mark has, where nothing happened to any day since they were counted.
    private static long? KnownTotal(PostgresDays store, List<StoredDay> days, Walk walk)
    {
        string deleted = store.MarksText;
        long total = 0;
        bool isKnown = true;
        foreach (StoredDay day in days)
        {
            walk.Renew(day.Day, new DayStamp($"{day.Version}|{deleted}", IsSettled: true));
            isKnown &= walk.Counts.TryGetValue(day.Day, out (string Hidden, long Calls) known);
            total += known.Calls;
        }

        return isKnown ? total : null;
    }

    // Counts the days of which the walk does not know it; those that are not asked have nothing.
    private long MarkTotal(Asked asked, StoredDay[] all, Walk walk)
    {
        Interlocked.Add(ref _daysOfMarksAsked, all.Length);
        long total = Total(asked, walk);
        foreach (StoredDay day in all) walk.Counts.TryAdd(day.Day, ("", 0));
        return total;
    }

    // Leaves out the days that stand before a page, and those behind it; gives how many calls stand before it in the first that is left.
    private static long LeaveOut(List<StoredDay> days, Walk walk, long skip, int limit)
    {
        long left = skip, wanted = limit;
        var on = new List<StoredDay>();
        foreach (StoredDay day in days)
        {
            long calls = walk.Counts[day.Day].Calls;
            if (calls == 0) continue;
            if (on.Count == 0 && calls <= left)
            {
                left -= calls;
                continue;
            }

            wanted -= on.Count == 0 ? calls - left : calls;
            on.Add(day);
            if (wanted <= 0) break;
        }

        days.Clear();
        days.AddRange(on);
        return left;
    }

    private static Walk Begin(List<StoredDay> days, CallMark? mark)
    {
        var marks = new Dictionary<DateOnly, long>();
        foreach (StoredDay day in days)
        {
            if (mark is null) marks[day.Day] = day.LastDocument;
            else if (mark.Days.TryGetValue(day.Day, out long last)) marks[day.Day] = Math.Min(last, day.LastDocument);
        }

        return new Walk(marks);
    }
}
