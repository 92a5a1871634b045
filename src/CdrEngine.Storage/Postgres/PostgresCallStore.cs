using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

/// <summary>Call records in PostgreSQL, partitioned by UTC day. Answers what <see cref="SqliteCallStore"/> answers, in the same order.</summary>
internal sealed partial class PostgresCallStore : ICallStore
{
    private const string Writer = "records";

    // Days of which it is found out first how much they have; then as many times as many each time.
    private const int FirstDays = 8;

    private const string SelectCall =
        "SELECT d.json, r.state, r.reason FROM call_documents d LEFT JOIN recordings r ON r.day = d.day AND r.document = d.document WHERE d.day = ? AND d.document = ?";

    private readonly PostgresDatabase _database;
    private readonly SqliteStoreLimits _limits;
    private readonly Lock _writing = new();
    private readonly DayAnswers<long> _counts;
    private readonly DayAnswers<CallSums> _sums;
    private readonly Walks _walks;
    private readonly PostgresTexts _texts = new();
    private readonly PostgresTextGroups _groups;
    private long _unreadableRecords;

    public PostgresCallStore(PostgresOptions options, SqliteStoreLimits? limits = null)
    {
        _limits = limits ?? new SqliteStoreLimits();
        _database = new PostgresDatabase(options, Warming);
        _counts = new DayAnswers<long>(_limits.DayCounts);
        _sums = new DayAnswers<CallSums>(_limits.DayCounts);
        _walks = new Walks(_limits.Walks, _limits.WalkAge);
        _seals = new PostgresSeals(_limits.SealBytes);
        _met = new DayAnswers<long[]>(_limits.DayTexts);
        _inTime = new DayAnswers<DayPlaces>(_limits.DayTexts);
        _groups = new PostgresTextGroups(_limits);
        _callIds = new CallIdsKept(_limits.TextRankBytes / 4 * 3);
        _idOrders = new IdOrdersKept(_limits.TextRankBytes / SqliteCallStore.IdOrderPart);
    }

    /// <summary>Lets connections meet the tables that records are read from.</summary>
    internal PostgresWarming Warming { get; } = new(
        "record_days",
        "SELECT c.document FROM calls c WHERE c.day BETWEEN $1 AND $2 AND c.id = ''")
    {
        Kept = static day => DocumentsOf(day, []),
    };

    /// <inheritdoc />
    public long UnreadableRecords => Interlocked.Read(ref _unreadableRecords);

    /// <inheritdoc />
    public IReadOnlyList<DateOnly> Days() => _database.Read(static session => PostgresDays.Read(session).Days.Select(static day => day.Day).ToList());

    /// <inheritdoc />
    public CallRecord? Get(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query(
                "SELECT d.json, r.state, r.reason FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document "
                + $"LEFT JOIN recordings r ON r.day = c.day AND r.document = c.document WHERE c.day = ? AND c.id = ? AND {PostgresDays.Shown}",
                day,
                bytes);
            return rows.Step() ? ReadCall(rows, 0) : null;
        });
    }

    /// <inheritdoc />
    public byte[]? Json(string id) => Column(id, "d.json");

    /// <inheritdoc />
    public byte[]? GetChunks(string id) => Column(id, "d.chunks");

    /// <inheritdoc />
    public CallPage List(CallQuery query)
    {
        CallCursor? after = null;
        if (query.Cursor is { } text && !CallCursor.TryDecode(text, query, out after)) return new CallPage { Calls = [], CursorRejected = true };
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        TellDays(query);
        return _database.Read(session =>
        {
            // What memory tells, and the records that are read by it, are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
            List<FoundCall> found = query.Skip > 0 && after is null && query.Sort == CallSort.StartedAt ? Skipped(session, query, limit + 1) : Listed(session, query, after, limit + 1);
            bool more = found.Count > limit;
            if (more) found.RemoveAt(limit);
            Fill(session, found, found.Count);
            FoundCall? last = more ? found[^1] : null;
            CallRecord[] records = [.. Records(session, found).OfType<CallRecord>()];
            return new CallPage
            {
                Calls = records,
                CursorBehind = records.Length == found.Count ? count => SqliteCallStore.CursorOf(found[count - 1], query) : null,
                NextCursor = last is null ? null : SqliteCallStore.CursorOf(last, query),
            };
        });
    }

    /// <inheritdoc />
    public long Count(DateOnly day) => _database.Read(session => session.Scalar("SELECT count(*) FROM calls WHERE day = ?", day));

    /// <inheritdoc />
    public bool DropDay(DateOnly day)
    {
        bool dropped = false;
        try
        {
            lock (_writing)
            {
                _database.Transact(Writer, session =>
                {
                    dropped = session.Execute("DELETE FROM record_days WHERE day = ?", day) > 0;
                    if (!dropped) return;
                    session.Execute("DELETE FROM call_counts WHERE day = ?", day);
                    session.Execute("DELETE FROM media_counts WHERE day = ?", day);
                    session.Execute("DELETE FROM day_seals WHERE day = ?", day);
                    session.Execute("DELETE FROM day_numbers WHERE day = ?", day);
                    session.Execute("DELETE FROM day_calls WHERE day = ?", day);
                    PostgresTexts.Drop(session, day);
                    PostgresTextGroups.Drop(session, day);
                    PostgresSchema.DropRecordDay(session, day);
                    PostgresSchema.DropMonth(session, PostgresSchema.MonthTables, "record_days", day);
                });
            }

            if (!dropped) return false;
            _callIds.Forget(day);
            _idOrders.Forget(day);
            return true;
        }
        catch (StoreException)
        {
            // Whoever reads the day for long (a backup) keeps it; it can be asked for again.
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();

    // What the index of texts names and where times stand, and the calls that are found by it, are of one moment, though a writer goes on.
    private static NpgsqlTransaction? MomentOf(PostgresSession session, CallQuery query) =>
        string.IsNullOrEmpty(query.Text) && query.Parts.Count == 0 && query.Labels.Count == 0 && query.Any.Count == 0 && query.Ranges.Count == 0 && query is { Without: null, From: null, To: null, Moments.Count: 0 } ? null : session.Connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);

    /// <summary>The plan for a query on some days, for tests of the indexes.</summary>
    internal List<string> Explain(CallQuery query, DateOnly first, DateOnly last) => _database.Read(session =>
    {
        CallCursor? after = null;
        if (query.Cursor is { } text) CallCursor.TryDecode(text, query, out after);
        PostgresDays days = PostgresDays.Read(session);
        List<StoredDay> asked = [.. days.InOrder(query.Ascending).Where(day => day.Day >= first && day.Day <= last)];
        return PostgresCallSelect.Explain(session, query, new PostgresFrame(days, asked) { After = after, Limit = query.Limit + 1, PrefixRows = _limits.PrefixRows, Texts = _texts });
    });

    /// <summary>The days that a list in order of time would ask, and those that it knows the answer of, for tests of what seals tell.</summary>
    internal (IReadOnlyList<DateOnly> Asked, IReadOnlyList<DateOnly> Known) DaysAsked(CallQuery query, bool all = false) => _database.Read<(IReadOnlyList<DateOnly>, IReadOnlyList<DateOnly>)>(session =>
    {
        (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
        Asked asked = AskedOf(session, store, days, query, all);
        if (all) CountTexts(asked);
        bool IsKnown(StoredDay day) => KnownRows(asked, FrameOf(asked, day)) is not null;
        return ([.. asked.Days.Where(day => !IsKnown(day)).Select(static day => day.Day)], [.. asked.Days.Where(IsKnown).Select(static day => day.Day)]);
    });

    /// <summary>The plan for reading a part of the group of texts that tells of a day, for tests of the indexes.</summary>
    internal List<string> ExplainParts(DateOnly day) => _database.Read(session =>
    {
        long number = session.Scalar("SELECT texts FROM record_days WHERE day = ?", day);
        var lines = new List<string>();
        using PostgresRows rows = session.Query("EXPLAIN (COSTS OFF) " + PostgresTextGroups.FindParts, (DateOnly[])[day], (long[])[number], (long[])[0], (long[])[1], (long[])[100]);
        while (rows.Step()) lines.Add(rows.Text(0));
        return lines;
    });

    /// <summary>The plan for reading records of a day, as connections keep it, for tests of the indexes.</summary>
    internal List<string> ExplainDocuments(DateOnly day) => _database.Read(session => session.ExplainKept(DocumentsOf(day, []).Sql, "'{1,2}'"));

    /// <summary>Runs statements beside the store, for tests.</summary>
    internal void Script(string sql) => _database.Read(session =>
    {
        session.Script(sql);
        return true;
    });

    private List<FoundCall> Listed(PostgresSession session, CallQuery query, CallCursor? after, int limit)
    {
        (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
        var found = new List<FoundCall>();
        if (days.Count == 0) return found;
        if (query.Sort != CallSort.StartedAt)
            return PostgresCallSelect.Rows(session, query, new PostgresFrame(store, days) { After = after, Limit = limit, PrefixRows = _limits.PrefixRows, Texts = _texts });

        // Days that the pages before have used up, and those of which nothing is shown any more.
        if (after is not null) days.RemoveAll(day => query.Ascending ? day.Day < after.Day : day.Day > after.Day);
        days.RemoveAll(day => store.HidesAll(query.Tenant, day.LastDocument));
        foreach (List<StoredDay> some in InParts(query, days))
        {
            if (found.Count >= limit) break;
            Find(session, store, some, query, after, limit, found);
        }

        return found;
    }

    // What memory tells of each day by itself is found out for the first days first: few pages go on behind them. What is found for all days with one question is asked for at once.
    private static IEnumerable<List<StoredDay>> InParts(CallQuery query, List<StoredDay> days)
    {
        bool asksAllAtOnce = !string.IsNullOrEmpty(query.Text) || query.Parts.Count + query.Labels.Count + query.Ranges.Count + query.Any.Count + query.SessionCalleeNumbers.Count > 0
            || query.Without is not null || query.Recorded is not null || PostgresNumbers.Of(query) is not null;
        for (int at = 0, size = asksAllAtOnce ? days.Count : FirstDays; at < days.Count; size = Math.Min(size * FirstDays, days.Count - at))
        {
            int count = Math.Min(size, days.Count - at);
            yield return days.GetRange(at, count);
            at += count;
        }
    }

    private void Find(PostgresSession session, PostgresDays store, List<StoredDay> days, CallQuery query, CallCursor? after, int limit, List<FoundCall> found)
    {
        Asked asked = AskedOf(session, store, days, query);
        if (asked.Question.Texts is not null && (asked.Places.Count > 0 || asked.Days.Exists(static day => day.Texts != 0)))
        {
            // What is common is met in the first groups of days; then in as many as it takes by what was met there, and what is not, is looked for in all.
            TakePlaced();
            if (found.Count < limit && GroupsFor(FirstGroups, found.Count, limit - found.Count) is < int.MaxValue and var more)
            {
                FindTexts(asked, more);
                TakePlaced();
            }

            if (found.Count < limit)
            {
                FindTexts(asked, int.MaxValue);
                CountTexts(asked);
            }
        }
        else if (asked.Question.Needles.Count > 0 && asked.Days.Count > 1)
        {
            // What is common is met on the first day; of the rest it is found out for all days at once which have it.
            Take(asked.Days.GetRange(0, 1));
            asked.Days.RemoveAt(0);
            if (found.Count < limit) CountTexts(asked);
        }

        TakeAll(asked.Days);

        void TakePlaced()
        {
            int first = asked.Days.FindLastIndex(day => asked.Places.ContainsKey(day.Day)) + 1;
            TakeAll(asked.Days.GetRange(0, first));
            asked.Days.RemoveRange(0, first);
        }

        void TakeAll(List<StoredDay> days)
        {
            foreach (List<StoredDay> together in Together(asked, days, () => limit - found.Count))
            {
                if (found.Count >= limit) break;
                Take(together);
            }
        }

        void Take(List<StoredDay> together)
        {
            PostgresWindow window = WindowOf(asked, together);
            List<PostgresFrame> frames = together.ConvertAll(day => FrameOf(asked, day) with { After = after?.Day == day.Day ? after : null, Limit = limit - found.Count, Window = window });
            foreach (List<FoundCall> rows in RowsOf(asked, frames)) found.AddRange(rows.Take(limit - found.Count));
        }
    }

    // A position and ids bound the days as the times do.
    private static (PostgresDays Store, List<StoredDay> Days) DaysOf(PostgresSession session, CallQuery query)
    {
        Timestamp? from = query.From, to = query.To;
        if (query.Start is { } start && query.Sort == CallSort.StartedAt)
        {
            if (query.Ascending) from = from is { } f && f > start.StartedAt ? f : start.StartedAt;
            else to = to is { } t && t < start.StartedAt ? t : start.StartedAt;
        }

        PostgresDays store = PostgresDays.Read(session, from, to);
        List<StoredDay> days = store.InOrder(query.Ascending);
        days.RemoveAll(day => !IdRanges.MayMeet(query, day.Day));
        if (query.Ids.Count == 0) return (store, days);
        var named = DayIds.Of(query.Ids);
        days.RemoveAll(day => !named.Has(day.Day));
        return (store, days);
    }

    // All documents of a page at once; null where one went meanwhile or cannot be read.
    private CallRecord?[] Records(PostgresSession session, IReadOnlyList<FoundCall> found)
    {
        var records = new CallRecord?[found.Count];
        if (found.Count == 0) return records;

        for (int i = 0; i < found.Count; i++) records[i] = found[i].Record;

        // Of each day by itself: the server plans for the partitions that are asked, and not for those between.
        IGrouping<DateOnly, int>[] days = [.. Enumerable.Range(0, found.Count).Where(i => records[i] is null && !found[i].IsUnreadable).GroupBy(i => found[i].Day)];
        ILookup<(DateOnly, long), int> places = days.SelectMany(static day => day).ToLookup(i => (found[i].Day, found[i].Document));
        foreach ((int at, PostgresRows row) in session.QueryAll(days.Select(day => DocumentsOf(day.Key, [.. day.Select(i => found[i].Document)])), keepsPlans: true))
        {
            CallRecord? record = ReadCall(row, 0);
            foreach (int place in places[(days[at].Key, row.Long(3))]) records[place] = record;
        }

        return records;
    }

    private static (string Sql, object?[] Arguments) DocumentsOf(DateOnly day, long[] documents)
    {
        string on = PostgresDays.TextOf(day);
        return ($"SELECT d.json, r.state, r.reason, d.document FROM call_documents d LEFT JOIN recordings r ON r.day = {on} AND r.document = d.document WHERE d.day = {on} AND d.document = ANY (?)", [documents]);
    }

    // The record of a row that has document, state and reason of the recording from a column on.
    private CallRecord? ReadCall(PostgresRows row, int column)
    {
        if (!CallRecordJson.TryRead(row.Blob(column), out CallRecord? record))
        {
            Interlocked.Increment(ref _unreadableRecords);
            return null;
        }

        return row.IsNull(column + 1) ? record : record! with { Recording = RecordingRows.Info(record.Id, (RecordingState)row.Long(column + 1), row.TextOrNull(column + 2)) };
    }

    private byte[]? Column(string id, string column)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query(
                $"SELECT {column} FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document WHERE c.day = ? AND c.id = ? AND {PostgresDays.Shown}", day, bytes);
            return rows.Step() ? rows.BlobOrNull(0) : null;
        });
    }
}
