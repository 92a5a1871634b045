using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// What lies in several days is read of several at once: each is a file of its own, and a page of what is rare waits for the disk once for each row.
public sealed partial class SqliteCallStore
{
    private readonly ReadHelpers _helpers = new(ReadHelpers.Threads);

    // Something of each call, in their order; null for one that is not there.
    private T?[] ReadEach<T>(OpenDays days, List<FoundCall> found, Func<SqliteDatabase, FoundCall, T?> read)
        where T : class
    {
        var each = new T?[found.Count];
        ILookup<DateOnly, int> places = Enumerable.Range(0, found.Count).ToLookup(index => found[index].Day);
        _helpers.InDays(days, [.. places.Select(static day => day.Key)], (day, database) =>
        {
            foreach (int index in places[day]) each[index] = read(database, found[index]);
        });
        return each;
    }

    // Rows of several days before the first is looked at: of as many days as fill a page where it is known how many each has, else of twice as many each time.
    private void ReadTogether(OpenDays days, List<DayAhead> ahead, CallQuery query, int limit)
    {
        var parts = ahead.Where(part => part.Known is not null || ahead.Count >= ReadHelpers.LeastDays).ToDictionary(static part => part.Frame.Day);
        if (parts.Count == 0) return;

        // What the days before are known to have, the last need not give.
        long before = 0;
        foreach (DayAhead part in ahead)
        {
            part.Limit = (int)Math.Max(1, limit - before);
            before += part.Expected;
        }

        _helpers.InDays(days, [.. parts.Keys], (day, database) =>
        {
            DayAhead part = parts[day];
            SelectFrame frame = part.Frame with { Limit = part.Limit };
            part.Rows = (part.Known is { } known ? KnownRows(days, database, known, frame) : null) ?? CallSelect.Rows(database, query, frame);
        });
    }

    // Of days that are known to have what is asked for by key, each has little of it as a rule: one after the other would wait for the disk once for each row.
    private static int TogetherAtFirst(DayQuestion asked) => asked.Keys.AsksAnything ? ReadHelpers.LeastDays + 1 : 1;

    private List<FoundCall> InOrderOfTime(OpenDays days, CallQuery query, CallCursor? after, int limit)
    {
        var found = new List<FoundCall>();
        var ahead = new List<DayAhead>();
        var asked = new DayQuestion(query);
        long expected = 0;
        int together = TogetherAtFirst(asked);
        bool isTold = true;
        foreach (DateOnly day in DaysOf(query))
        {
            if (found.Count >= limit) break;

            // Days that the pages before have used up.
            if (after is not null && (query.Ascending ? day < after.Day : day > after.Day)) continue;
            if (Narrowed(days, asked, Frame(days, day)) is not { } frame) continue;
            SelectFrame its = frame with { After = after };
            KnownPlaces? known = PlacesOf(days, asked, its, limit - found.Count);
            bool isAll = frame is { Found.IsAll: true, Hidden.IsNothing: true } && IsWhole(query, day) && after?.Day != day && query.Start is null;
            int rows = known?.Places.Count() ?? (isAll ? frame.Found!.Documents.Count : 0);
            if (known is null || rows > 0) ahead.Add(new DayAhead(its, 0) { Known = known, Expected = rows });
            expected += rows;
            isTold &= known is not null || isAll;
            if (ahead.Count >= (isTold ? ReadHelpers.DaysAtOnce : together) || found.Count + expected >= limit) Flush();
        }

        Flush();
        return found;

        void Flush()
        {
            ReadTogether(days, ahead, query, limit - found.Count);
            foreach (DayAhead part in ahead)
            {
                DateOnly day = part.Frame.Day;
                if (found.Count >= limit || days.Get(day) is not { } database || IsEmptied(days, database, day, query.Tenant)) continue;
                List<FoundCall> rows = part.TakeRows(limit - found.Count) ?? CallSelect.Rows(database, query, part.Frame with { Limit = limit - found.Count });
                found.AddRange(rows.Take(limit - found.Count));
            }

            if (!isTold) together = Math.Min(2 * together, ReadHelpers.DaysAtOnce);
            ahead.Clear();
            (expected, isTold) = (0, true);
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

        /// <summary>Its calls, where memory tells them; null where it does not.</summary>
        public KnownPlaces? Known { get; init; }

        /// <summary>How many rows it is known to give to the page; 0 where that is not known.</summary>
        public long Expected { get; init; }

        /// <summary>Most rows that were read.</summary>
        public int Limit { get; set; }

        /// <summary>Its rows, where they were read already.</summary>
        public List<FoundCall>? Rows { get; set; }

        /// <summary>Gives its rows, once; null where there are none, or may be more than were read: a day before had fewer than it was known to have.</summary>
        /// <param name="limit">Most that are wanted.</param>
        public List<FoundCall>? TakeRows(int limit)
        {
            List<FoundCall>? rows = Rows;
            Rows = null;
            return rows is not null && rows.Count == Limit && Limit < limit ? null : rows;
        }
    }
}
