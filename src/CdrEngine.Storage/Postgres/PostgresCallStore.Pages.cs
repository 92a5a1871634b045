using System.Data;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Pages by number: walks as in SqliteCallStore, day by day.
internal sealed partial class PostgresCallStore
{
    private const int FirstRead = 60;
    private const int RecordsRead = 200;
    private const int RowsRead = 2_000;

    /// <inheritdoc />
    public CallSlice Page(CallPageRequest request)
    {
        CallQuery query = request.Query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        int take = Math.Clamp(request.Take, 1, CallQuery.MaxLimit);
        long skip = Math.Max(0, request.Skip);
        string text = CallCursor.TextOf(query);
        TellDays(query);
        return _database.Read(session =>
        {
            // Marks, rows and sums are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            Walk walk = _walks.Of($"{request.Viewer}|{request.WhereName}|{text}", skip == 0 && !request.GoesOn, () => new Walk(days.ToDictionary(static day => day.Day, static day => day.LastDocument)));
            Asked asked = AskedOf(session, store, days, query, request.WantsTotal || skip > 0);
            lock (walk)
            {
                if (request.Where is null && (request.WantsTotal || skip > 0)) CountTexts(asked);
                List<FoundCall> found = request.Where is null ? Plain(asked, walk, skip, take + 1) : Chosen(asked, walk, skip, take + 1, request);
                bool more = found.Count > take;
                if (more) found.RemoveRange(take, found.Count - take);
                long? total = null;
                if (request.WantsTotal) total = walk.Total ??= request.Where is null ? Total(asked, walk) : Judged(asked, walk, null, request, new Passing()).LongCount();
                return new CallSlice { Calls = Numbered(session, found, asked), HasMore = more, Total = total };
            }
        });
    }

    /// <inheritdoc />
    public ListedCall? Find(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        return CallRow.TryReadId(id, out DateOnly day, bytes) ? _database.Read(session => FindListed(session, day, bytes)) : null;
    }

    /// <inheritdoc />
    public ListedCall? FindByNumber(long number)
    {
        byte[] first = new byte[CallRow.IdBytes];
        byte[] last = new byte[CallRow.IdBytes];
        if (!CallNumber.TryRead(number, out DateOnly day, first, last, out int rank)) return null;
        return _database.Read(session =>
        {
            var ids = new List<byte[]>();
            using (PostgresRows rows = session.Query("SELECT c.id FROM calls c WHERE c.day = ? AND c.id BETWEEN ? AND ? ORDER BY c.document", day, first, last))
            {
                while (rows.Step()) ids.Add(rows.Blob(0));
            }

            return rank < ids.Count ? FindListed(session, day, ids[rank]) : null;
        });
    }

    /// <inheritdoc />
    public long Count(CallQuery query)
    {
        query = query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        TellDays(query);
        return _database.Read(session =>
        {
            using NpgsqlTransaction? moment = MomentOf(session, query);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            var walk = new Walk(days.ToDictionary(static day => day.Day, static day => day.LastDocument));
            Asked asked = AskedOf(session, store, days, query, all: true);
            CountTexts(asked);
            return Total(asked, walk);
        });
    }

    // What of a day a walk shows; null where nothing.
    private PostgresFrame? FrameOf(Asked asked, StoredDay day, Walk walk)
    {
        if (!walk.Marks.TryGetValue(day.Day, out long mark) || asked.Store.HidesAll(asked.Query.Tenant, mark)) return null;
        PostgresFrame frame = FrameOf(asked, day);
        return day.LastDocument > mark ? frame with { Mark = mark } : frame;
    }

    // 1. Days before the page are passed by their counts, unless a place is known beyond. 2. Within the day the nearest place is the start.
    // 3. Where the page ended in each day is remembered.
    private List<FoundCall> Plain(Asked asked, Walk walk, long skip, int limit)
    {
        var found = new List<FoundCall>();
        long left = skip;
        var frames = new Dictionary<DateOnly, PostgresFrame>();
        var days = new List<StoredDay>();
        foreach (StoredDay day in asked.Days)
        {
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            if (days.Count == 0 && left > 0 && !walk.Reaches(day.Day, left))
            {
                long count = CountOf(asked, frame);
                if (count <= left)
                {
                    left -= count;
                    continue;
                }
            }

            // Of the first day what stands before the page is left out; of the others nothing is.
            (long row, CallCursor? after) = walk.Nearest(day.Day, days.Count == 0 ? left : 0);
            frames.Add(day.Day, frame with { After = after, Offset = days.Count == 0 ? left - row : 0 });
            days.Add(day);
        }

        bool isFirst = true;
        foreach (List<StoredDay> together in Together(asked, days, () => limit - found.Count))
        {
            PostgresWindow window = WindowOf(asked, together);
            int wanted = limit - found.Count;
            List<List<FoundCall>> rows = RowsOf(asked, together.ConvertAll(day => frames[day.Day] with { Limit = wanted, Window = window }));
            for (int i = 0; i < rows.Count && found.Count < limit; i++)
            {
                List<FoundCall> here = rows[i];
                if (here.Count > limit - found.Count) here.RemoveRange(limit - found.Count, here.Count - (limit - found.Count));
                found.AddRange(here);

                // The last row is only looked at to know whether there is more.
                int shown = found.Count >= limit ? here.Count - 1 : here.Count;
                long before = isFirst && i == 0 ? left : 0;
                if (shown > 0) walk.Remember(together[i].Day, before + shown, new CallCursor(here[shown - 1].Key, together[i].Day, here[shown - 1].Id), _limits.WalkPlaces);
            }

            isFirst = false;
            if (found.Count >= limit) break;
        }

        return found;
    }

    // Records are read and judged; places are counted over all days.
    private List<FoundCall> Chosen(Asked asked, Walk walk, long skip, int limit, CallPageRequest request)
    {
        (long row, CallCursor? after) = walk.Nearest(default, skip);
        var found = new List<FoundCall>();
        var passing = new Passing { Left = skip - row };
        foreach (FoundCall call in Judged(asked, walk, after, request, passing))
        {
            if (passing.Left > 0)
            {
                passing.Left--;
                continue;
            }

            found.Add(call);
            if (found.Count >= limit) break;
        }

        int shown = Math.Min(found.Count, limit - 1);
        if (shown > 0) walk.Remember(default, skip + shown, new CallCursor(found[shown - 1].Key, found[shown - 1].Day, found[shown - 1].Id), _limits.WalkPlaces);
        return found;
    }

    // Days of which it is known how many calls are on the list are passed at once; what a seal tells of a bridge is not read.
    private IEnumerable<FoundCall> Judged(Asked asked, Walk walk, CallCursor? after, CallPageRequest request, Passing passing)
    {
        var byPerson = new AskedProfiles(asked.Query with { Traits = TraitMatch.Both(asked.Query.Traits, [new TraitMatch(CallTraits.ByPerson)]) });
        Dictionary<DateOnly, PostgresDaySeal> seals = request.Bridge is null || asked.Seals.Count > 0 ? asked.Seals : _seals.Of(asked.Session, asked.Days);
        bool isByTraits = request.WhereTraits != CallTraits.None;
        foreach (StoredDay day in asked.Days)
        {
            if (after is not null && (asked.Query.Ascending ? day.Day < after.Day : day.Day > after.Day)) continue;
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            CallCursor? from = after?.Day == day.Day ? after : null;
            PostgresDaySeal? seal = asked.Store.IsWhole(day) ? seals.GetValueOrDefault(day.Day) : null;
            if (passing.Left > 0 && seal is not null && from is null && frame.Mark is null && request.Bridge is { } bounds && IsWholeDay(asked.Query, day.Day)
                && asked.Question.BridgedIn(seal, byPerson, bounds) is { } bridged && bridged <= passing.Left)
            {
                passing.Left -= bridged;
                continue;
            }

            // The first rows are a page's; whoever goes on reads more of them together.
            List<FoundCall> rows;
            int together = isByTraits ? RecordsRead : FirstRead;
            int read;
            do
            {
                read = together;
                rows = RowsOf(asked, [frame with { After = from, Limit = read, Judged = request.WhereTraits }])[0];
                bool?[] told = [.. rows.Select(row => row.IsJudged && request.Bridge is { } its ? seal?.Seal.Bridges?.Meets(row.Document, its) : null)];
                CallRecord?[] records = Records(asked.Session, [.. rows.Where((row, i) => row.IsJudged && told[i] is null)]);
                int judged = 0;
                for (int i = 0; i < rows.Count; i++)
                {
                    bool isOn = told[i] ?? (!rows[i].IsJudged || (records[judged++] is { } record && request.Where!(record)));
                    if (isOn) yield return rows[i];
                }

                if (rows.Count > 0) from = new CallCursor(rows[^1].Key, day.Day, rows[^1].Id);
                together = isByTraits ? RowsRead : RecordsRead;
            }
            while (rows.Count == read);
        }
    }

    private long Total(Asked asked, Walk walk)
    {
        long total = 0;
        foreach (StoredDay day in asked.Days)
        {
            if (FrameOf(asked, day, walk) is { } frame) total += CountOf(asked, frame);
        }

        return total;
    }

    private long CountOf(Asked asked, PostgresFrame frame)
    {
        if (KnownCount(asked, frame) is { } known) return known;

        // A day that lies within the times asked for counts the same whatever they are.
        StoredDay day = frame.Days[0];
        CallQuery query = asked.Query;
        bool whole = IsWholeDay(query, day.Day);
        if (whole) query = query with { From = null, To = null };
        bool summed = whole && frame.Mark is null && asked.Store.IsWhole(day);
        string key = $"{day.Day.DayNumber}|{frame.Mark}|{CallCursor.TextOf(query with { Ascending = false })}";
        return _counts.GetOrAdd(
            key,
            new DayStamp($"{day.Version}|{asked.Store.MarksText}", IsSettled: true),
            () => (summed ? PostgresCallSelect.SumsOutcomes(asked.Session, query, day.Day) : null) ?? PostgresCallSelect.Count(asked.Session, query, frame));
    }

    private static Core.Timestamp StartOf(DateOnly day) => Core.Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    private List<ListedCall> Numbered(PostgresSession session, List<FoundCall> found, Asked? asked = null)
    {
        CallRecord?[] records = Records(session, found);
        var listed = new List<ListedCall>(found.Count);

        // Of most days it is known that no two calls have the same.
        Dictionary<DateOnly, PostgresDaySeal> seals = asked is null ? s_noSeals : _seals.Of(session, [.. asked.Days.Where(day => found.Any(call => call.Day == day.Day))]);
        int[] ranks = Ranks(session, found, day => seals.TryGetValue(day, out PostgresDaySeal? seal) && !seal.HasTwins);
        for (int i = 0; i < found.Count; i++)
        {
            if (records[i] is { } record) listed.Add(new ListedCall(record, found[i].Tenant, CallNumber.Of(record.Id, ranks[i])));
        }

        return listed;
    }

    private ListedCall? FindListed(PostgresSession session, DateOnly day, byte[] id)
    {
        var found = new List<FoundCall>();
        using (PostgresRows rows = session.Query($"SELECT c.document, c.tenant FROM calls c WHERE c.day = ? AND c.id = ? AND {PostgresDays.Shown}", day, id))
        {
            if (rows.Step()) found.Add(new FoundCall(0, day, id, rows.Long(0), rows.TextOrNull(1)));
        }

        return Numbered(session, found).FirstOrDefault();
    }

    // How many calls with the same number were stored before each: nearly always none.
    private static int[] Ranks(PostgresSession session, List<FoundCall> found, Func<DateOnly, bool> hasNoTwins)
    {
        int[] ranks = new int[found.Count];
        int[] asked = [.. Enumerable.Range(0, found.Count).Where(i => !hasNoTwins(found[i].Day))];
        if (asked.Length == 0) return ranks;
        var firsts = new byte[found.Count][];
        var lasts = new byte[found.Count][];
        foreach (int i in asked)
        {
            (firsts[i], lasts[i]) = (new byte[CallRow.IdBytes], new byte[CallRow.IdBytes]);
            CallNumber.TryRead(CallNumber.Of(CallRow.IdText(found[i].Day, found[i].Id)), out _, firsts[i], lasts[i], out _);
        }

        IGrouping<DateOnly, int>[] days = [.. asked.GroupBy(i => found[i].Day)];
        using PostgresRows rows = session.QueryAll(days.Select(day => (
            "SELECT k.place, (SELECT count(*) FROM calls c WHERE c.day = ? AND c.id BETWEEN k.first AND k.last AND c.document < k.document) "
            + "FROM unnest(?::bytea[], ?::bytea[], ?::bigint[], ?::bigint[]) k (first, last, document, place)",
            (object?[])[day.Key, day.Select(i => firsts[i]).ToArray(), day.Select(i => lasts[i]).ToArray(), day.Select(i => found[i].Document).ToArray(), day.Select(static i => (long)i).ToArray()])));
        do
        {
            while (rows.Step()) ranks[rows.Long(0)] = (int)rows.Long(1);
        }
        while (rows.NextAnswer());
        return ranks;
    }

    // Calls before a page that are yet to be passed.
    private sealed class Passing
    {
        public long Left { get; set; }
    }
}
