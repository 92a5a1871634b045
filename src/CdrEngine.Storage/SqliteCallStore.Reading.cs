using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// What lies in several days is read of several at once: each is a file of its own, and a page of what is rare waits for the disk once for each row.
public sealed partial class SqliteCallStore
{
    // Days that are open at once for it; fewer than any query may hold.
    private const int DaysAtOnce = 12;

    // Threads beside those that ask: for all questions together.
    private const int Helpers = 6;

    // With fewer days one after the other is as fast.
    private const int LeastDays = 3;

    private readonly ReadHelpers _helpers = new(Helpers);

    // Each day on one thread, in no order.
    private void InDays(OpenDays days, IReadOnlyList<DateOnly> all, Action<DateOnly, SqliteDatabase> read)
    {
        for (int at = 0; at < all.Count; at += DaysAtOnce)
        {
            var open = new List<(DateOnly Day, SqliteDatabase Database)>();
            foreach (DateOnly day in all.Skip(at).Take(DaysAtOnce))
            {
                if (days.Get(day) is { } database) open.Add((day, database));
            }

            if (open.Count < LeastDays)
            {
                foreach ((DateOnly day, SqliteDatabase database) in open) read(day, database);
                continue;
            }

            _helpers.ForEach(open, one => read(one.Day, one.Database));
        }
    }

    // Something of each call, in their order; null for one that is not there.
    private T?[] ReadEach<T>(OpenDays days, List<FoundCall> found, Func<SqliteDatabase, FoundCall, T?> read)
        where T : class
    {
        var each = new T?[found.Count];
        ILookup<DateOnly, int> places = Enumerable.Range(0, found.Count).ToLookup(index => found[index].Day);
        InDays(days, [.. places.Select(static day => day.Key)], (day, database) =>
        {
            foreach (int index in places[day]) each[index] = read(database, found[index]);
        });
        return each;
    }

    // Rows of several days, where it is known how many each has: as many days as fill a page are read before the first is looked at.
    private void ReadAhead(OpenDays days, List<DayAhead> ahead, CallQuery query, int limit)
    {
        if (ahead.Count < LeastDays) return;
        var parts = ahead.ToDictionary(static part => part.Frame.Day);
        InDays(days, [.. parts.Keys], (day, database) => parts[day].Rows = CallSelect.Rows(database, query, parts[day].Frame with { Limit = limit }));
    }

    private List<FoundCall> InOrderOfTime(OpenDays days, CallQuery query, CallCursor? after, int limit)
    {
        var found = new List<FoundCall>();
        var ahead = new List<DayAhead>();
        var asked = new DayQuestion(query);
        long expected = 0;
        foreach (DateOnly day in DaysOf(query))
        {
            if (found.Count >= limit) break;

            // Days that the pages before have used up.
            if (after is not null && (query.Ascending ? day < after.Day : day > after.Day)) continue;
            if (Narrowed(days, asked, Frame(days, day)) is not { } frame) continue;
            if (asked.Calls is not null)
            {
                Flush();
                if (found.Count >= limit) break;
                if (KnownRows(days, asked, frame with { After = after, Limit = limit - found.Count }) is { } known)
                {
                    found.AddRange(known);
                    continue;
                }
            }

            ahead.Add(new DayAhead(frame with { After = after }, 0));
            bool isKnown = frame is { Found.IsAll: true, Hidden.IsNothing: true } && IsWhole(query, day) && after?.Day != day && query.Start is null;
            expected += frame.Found?.Documents.Count ?? 0;
            if (!isKnown || ahead.Count >= DaysAtOnce || found.Count + expected >= limit) Flush();
        }

        Flush();
        return found;

        void Flush()
        {
            ReadAhead(days, ahead, query, limit - found.Count);
            foreach (DayAhead part in ahead)
            {
                DateOnly day = part.Frame.Day;
                if (found.Count >= limit || days.Get(day) is not { } database || IsEmptied(days, database, day, query.Tenant)) continue;
                List<FoundCall> rows = part.TakeRows() ?? CallSelect.Rows(database, query, part.Frame with { Limit = limit - found.Count });
                found.AddRange(rows.Take(limit - found.Count));
            }

            ahead.Clear();
            expected = 0;
        }
    }

    private List<ListedCall> Listed(OpenDays days, List<FoundCall> found)
    {
        var twins = found.Select(static call => call.Day).Distinct().ToDictionary(static day => day, day => MayHaveTwins(days, day));
        return
        [
            .. ReadEach(days, found, (database, call) => (call.Record ?? RecordOf(database, call.Document)) is { } record
                ? new ListedCall(record, call.Tenant, twins[call.Day] ? NumberOf(database, record.Id, call.Id) : CallNumber.Of(record.Id))
                : null).OfType<ListedCall>(),
        ];
    }

    private List<CallRecord> Read(OpenDays days, List<FoundCall> found) =>
        [.. ReadEach(days, found, (database, call) => call.Record ?? RecordOf(database, call.Document)).OfType<CallRecord>()];

    // A day of a page that is put together.
    private sealed class DayAhead(SelectFrame frame, long left)
    {
        /// <summary>What is asked of the day.</summary>
        public SelectFrame Frame => frame;

        /// <summary>Rows of the day that stand before the page.</summary>
        public long Left => left;

        /// <summary>Its rows, where they were read already.</summary>
        public List<FoundCall>? Rows { get; set; }

        /// <summary>Gives its rows, once.</summary>
        public List<FoundCall>? TakeRows()
        {
            List<FoundCall>? rows = Rows;
            Rows = null;
            return rows;
        }
    }
}
