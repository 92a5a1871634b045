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
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            // Marks, rows and sums are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            var asked = new Asked(session, store, days, query);
            Walk walk = _walks.Of($"{request.Viewer}|{request.WhereName}|{text}", skip == 0 && !request.GoesOn, () => new Walk(days.ToDictionary(static day => day.Day, static day => day.LastDocument)));
            lock (walk)
            {
                List<FoundCall> found = request.Where is null ? Plain(asked, walk, skip, take + 1) : Chosen(asked, walk, skip, take + 1, request);
                bool more = found.Count > take;
                if (more) found.RemoveRange(take, found.Count - take);
                long? total = null;
                if (request.WantsTotal) total = walk.Total ??= request.Where is null ? Total(asked, walk) : Judged(asked, walk, null, request).LongCount();
                return new CallSlice { Calls = Numbered(session, found), HasMore = more, Total = total };
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
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            using NpgsqlTransaction? moment = MomentOf(session, query);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            return Total(new Asked(session, store, days, query), new Walk(days.ToDictionary(static day => day.Day, static day => day.LastDocument)));
        });
    }

    // What of a day a walk shows; null where nothing.
    private PostgresFrame? FrameOf(Asked asked, StoredDay day, Walk walk)
    {
        if (!walk.Marks.TryGetValue(day.Day, out long mark) || asked.Store.HidesAll(asked.Query.Tenant, mark)) return null;
        var frame = new PostgresFrame(asked.Store, [day]) { PrefixRows = _limits.PrefixRows, Texts = _texts };
        return day.LastDocument > mark ? frame with { Mark = mark } : frame;
    }

    // 1. Days before the page are passed by their counts, unless a place is known beyond. 2. Within the day the nearest place is the start.
    // 3. Where the page ended in each day is remembered.
    private List<FoundCall> Plain(Asked asked, Walk walk, long skip, int limit)
    {
        var found = new List<FoundCall>();
        long left = skip;
        foreach (StoredDay day in asked.Days)
        {
            if (found.Count >= limit) break;
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            if (left > 0 && !walk.Reaches(day.Day, left))
            {
                long count = CountOf(asked, frame);
                if (count <= left)
                {
                    left -= count;
                    continue;
                }
            }

            (long row, CallCursor? after) = walk.Nearest(day.Day, left);
            List<FoundCall> rows = PostgresCallSelect.Rows(asked.Session, asked.Query, frame with { After = after, Offset = left - row, Limit = limit - found.Count });
            found.AddRange(rows);

            // The last row is only looked at to know whether there is more.
            int shown = found.Count >= limit ? rows.Count - 1 : rows.Count;
            if (shown > 0) walk.Remember(day.Day, left + shown, new CallCursor(rows[shown - 1].Key, day.Day, rows[shown - 1].Id), _limits.WalkPlaces);
            left = 0;
        }

        return found;
    }

    // Records are read and judged; places are counted over all days.
    private List<FoundCall> Chosen(Asked asked, Walk walk, long skip, int limit, CallPageRequest request)
    {
        (long row, CallCursor? after) = walk.Nearest(default, skip);
        var found = new List<FoundCall>();
        foreach (FoundCall call in Judged(asked, walk, after, request))
        {
            if (row++ < skip) continue;
            found.Add(call);
            if (found.Count >= limit) break;
        }

        int shown = Math.Min(found.Count, limit - 1);
        if (shown > 0) walk.Remember(default, skip + shown, new CallCursor(found[shown - 1].Key, found[shown - 1].Day, found[shown - 1].Id), _limits.WalkPlaces);
        return found;
    }

    private IEnumerable<FoundCall> Judged(Asked asked, Walk walk, CallCursor? after, CallPageRequest request)
    {
        int together = request.WhereTraits == CallTraits.None ? RecordsRead : RowsRead;
        foreach (StoredDay day in asked.Days)
        {
            if (after is not null && (asked.Query.Ascending ? day.Day < after.Day : day.Day > after.Day)) continue;
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            CallCursor? from = after?.Day == day.Day ? after : null;
            List<FoundCall> rows;
            do
            {
                rows = PostgresCallSelect.Rows(asked.Session, asked.Query, frame with { After = from, Limit = together, Judged = request.WhereTraits });
                CallRecord?[] records = Records(asked.Session, [.. rows.Where(static row => row.IsJudged)]);
                int judged = 0;
                for (int i = 0; i < rows.Count; i++)
                {
                    if (!rows[i].IsJudged || (records[judged++] is { } record && request.Where!(record))) yield return rows[i];
                }

                if (rows.Count > 0) from = new CallCursor(rows[^1].Key, day.Day, rows[^1].Id);
            }
            while (rows.Count == together);
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
        // A day that lies within the times asked for counts the same whatever they are.
        StoredDay day = frame.Days[0];
        CallQuery query = asked.Query;
        if (query.Excluded() is { } left) return CountOf(asked with { Query = query with { Without = null } }, frame) - CountOf(asked with { Query = left }, frame);
        bool whole = !(query.From > StartOf(day.Day)) && !(query.To < StartOf(day.Day.AddDays(1)));
        if (whole) query = query with { From = null, To = null };
        bool summed = whole && frame.Mark is null && asked.Store.IsWhole(day);
        string key = $"{day.Day.DayNumber}|{frame.Mark}|{CallCursor.TextOf(query with { Ascending = false })}";
        return _counts.GetOrAdd(
            key,
            new DayStamp($"{day.Version}|{asked.Store.MarksText}", IsSettled: true),
            () => (summed ? PostgresCallSelect.SumsOutcomes(asked.Session, query, day.Day) : null) ?? PostgresCallSelect.Count(asked.Session, query, frame));
    }

    private static Core.Timestamp StartOf(DateOnly day) => Core.Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    private List<ListedCall> Numbered(PostgresSession session, List<FoundCall> found)
    {
        CallRecord?[] records = Records(session, found);
        var listed = new List<ListedCall>(found.Count);
        int[] ranks = Ranks(session, found);
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
    private static int[] Ranks(PostgresSession session, List<FoundCall> found)
    {
        int[] ranks = new int[found.Count];
        if (found.Count == 0) return ranks;
        var firsts = new byte[found.Count][];
        var lasts = new byte[found.Count][];
        for (int i = 0; i < found.Count; i++)
        {
            (firsts[i], lasts[i]) = (new byte[CallRow.IdBytes], new byte[CallRow.IdBytes]);
            CallNumber.TryRead(CallNumber.Of(CallRow.IdText(found[i].Day, found[i].Id)), out _, firsts[i], lasts[i], out _);
        }

        using PostgresRows rows = session.Query(
            "SELECT k.place, (SELECT count(*) FROM calls c WHERE c.day BETWEEN ? AND ? AND c.day = k.day AND c.id BETWEEN k.first AND k.last AND c.document < k.document) "
            + "FROM unnest(?::date[], ?::bytea[], ?::bytea[], ?::bigint[]) WITH ORDINALITY k (day, first, last, document, place)",
            found.Min(static call => call.Day),
            found.Max(static call => call.Day),
            found.Select(static call => call.Day).ToArray(),
            firsts,
            lasts,
            found.Select(static call => call.Document).ToArray());
        while (rows.Step()) ranks[rows.Long(0) - 1] = (int)rows.Long(1);
        return ranks;
    }

    /// <summary>A question at work.</summary>
    private sealed record Asked(PostgresSession Session, PostgresDays Store, List<StoredDay> Days, CallQuery Query);
}
