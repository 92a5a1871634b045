using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Media sessions and recordings: lists in order of their calls.
internal sealed partial class PostgresCallStore
{
    private const string RecordingColumns =
        "r.day, r.id, r.state, r.reason, r.bytes, r.duration_ms, r.sample_rate, r.channels, r.attempts, r.created_at, r.started_at, r.part_reason";

    // As much as nobody wants: a day that something is left out of is asked by itself.
    private const long Alone = long.MaxValue / 2;

    private const string UpsertRecording =
        "INSERT INTO recordings (day, document, started_at, id, state, reason, bytes, duration_ms, sample_rate, channels, attempts, created_at, tenant, part_reason) "
        + "SELECT c.day, c.document, c.started_at, c.id, $3, $4::text, $5, $6, $7, $8, $9, $10, c.tenant, $11::text FROM calls c WHERE c.day = $1 AND c.id = $2 "
        + "ON CONFLICT (day, document) DO UPDATE SET started_at = excluded.started_at, state = excluded.state, reason = excluded.reason, bytes = excluded.bytes, "
        + "duration_ms = excluded.duration_ms, sample_rate = excluded.sample_rate, channels = excluded.channels, attempts = excluded.attempts, created_at = excluded.created_at, "
        + "tenant = excluded.tenant, part_reason = excluded.part_reason";

    /// <inheritdoc />
    public MediaSessionRecord? GetMediaSession(string id)
    {
        if (!MediaSessionId.TryRead(id, out string callId, out int index) || Get(callId) is not { } call) return null;
        return call.MediaSessions.FirstOrDefault(session => session.Index == index);
    }

    /// <inheritdoc />
    public MediaSessionPage ListMediaSessions(MediaSessionQuery query)
    {
        string seal = string.Create(
            CultureInfo.InvariantCulture,
            $"media|{query.From}|{query.To}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}|{query.Ascending}");
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new MediaSessionPage { MediaSessions = [], CursorRejected = true };
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        return _database.Read(session =>
        {
            var found = new List<(RowCursor At, long Document)>();
            if (FilterOf(query, out DateOnly? only) is not { } where) return new MediaSessionPage { MediaSessions = [] };
            PostgresDays store = PostgresDays.Read(session, query.From, query.To);
            List<StoredDay> days = store.InOrder(query.Ascending);
            days.RemoveAll(day => (only is { } asked && asked != day.Day) || IsBehind(after, day.Day, query.Ascending));
            long skip = Math.Max(0, query.Skip);
            Dictionary<DateOnly, PostgresDaySeal> seals = MediaFigures.AsksAny(query) ? _seals.Of(session, days) : s_noSeals;
            MediaSessionQuery sought = Cleaned(query);
            days.RemoveAll(day => seals.TryGetValue(day.Day, out PostgresDaySeal? seal) && !seal.Media.MayHave(sought));
            Dictionary<DateOnly, long>? sums = skip > 0 || query.Type is not null || query.Tenant is not null ? MediaSums(session, query) : null;
            if (sums is not null) days.RemoveAll(day => !sums.ContainsKey(day.Day));
            if (skip > 0 && days.Count > 0 && after?.Day == days[0].Day && CountRows(session, OfMedia(days[0], where, store, after, query.Ascending)) is var behind && behind <= skip)
            {
                // Of a cursor's day what stands behind it; the days that follow are passed by their counts.
                skip -= behind;
                days.RemoveAt(0);
            }

            while (skip > 0 && days.Count > 0 && after?.Day != days[0].Day && CountDay(session, store, days[0], query, where, sums) is var count && count <= skip)
            {
                skip -= count;
                days.RemoveAt(0);
            }

            bool isCounted = MediaFigures.AsksOnlySums(query) && sums is not null;
            foreach (List<StoredDay> together in PostgresDays.Together(
                days, day => skip > 0 ? Alone : isCounted ? sums!.GetValueOrDefault(day.Day) : null, () => limit + 1 - found.Count))
            {
                if (found.Count > limit) break;
                int before = found.Count;
                long skipped = skip;
                List<SqlConditions> conditions = together.ConvertAll(day => OfMedia(day, where, store, after, query.Ascending));

                // The sessions of a call stand in order of their m-lines whichever way the calls do. What is left out is of the first day.
                string sense = query.Ascending ? "" : " DESC";
                using (PostgresRows rows = session.QueryAll(conditions.Select((here, i) => (
                    $"SELECT m.started_at, m.day, m.id, m.session, m.document FROM media_sessions m{here} ORDER BY m.day{sense}, m.started_at{sense}, m.id{sense}, m.session LIMIT ? OFFSET ?",
                    (object?[])[.. here.Arguments, limit + 1L - before, i == 0 ? skipped : 0L]))))
                {
                    do
                    {
                        while (rows.Step())
                        {
                            if (found.Count <= limit) found.Add((new RowCursor(rows.Long(0), rows.Day(1), rows.Blob(2), (int)rows.Long(3)), rows.Long(4)));
                        }
                    }
                    while (rows.NextAnswer());
                }

                // A cursor's day may have fewer rows than are to be left out: then they are left out of the next days too.
                if (skip == 0) continue;
                skip = found.Count > before ? 0 : skip - CountRows(session, conditions[0]);
            }

            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            return new MediaSessionPage { MediaSessions = Sessions(session, found), NextCursor = more ? found[^1].At.Encode(seal) : null };
        });
    }

    /// <inheritdoc />
    public long CountMediaSessions(MediaSessionQuery query) => _database.Read(session =>
    {
        if (FilterOf(query, out DateOnly? only) is not { } where) return 0;
        PostgresDays store = PostgresDays.Read(session, query.From, query.To);
        Dictionary<DateOnly, long> sums = MediaSums(session, query);
        return store.Days.Where(day => only is null || only == day.Day).Sum(day => CountDay(session, store, day, query, where, sums));
    });

    /// <inheritdoc />
    public RecordingEntry? GetRecording(string callId)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(callId, out DateOnly day, id)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query(
                $"SELECT {RecordingColumns} FROM calls c JOIN recordings r ON r.day = c.day AND r.document = c.document WHERE c.day = ? AND c.id = ? AND {PostgresDays.Shown}", day, id);
            return rows.Step() ? ReadRecording(rows) : null;
        });
    }

    /// <inheritdoc />
    /// <exception cref="StoreException">The database cannot be written; <see cref="StoreException.IsTransient"/> says whether later may do.</exception>
    public bool SetRecording(RecordingEntry entry)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(entry.CallId, out DateOnly day, id)) return false;
        lock (_writing)
        {
            return _database.Transact(Writer, session =>
            {
                int set = session.Execute(
                    UpsertRecording,
                    day,
                    id,
                    (long)entry.State,
                    entry.Reason,
                    entry.Bytes,
                    (long)entry.Duration.TotalMilliseconds,
                    (long)entry.SampleRateHz,
                    (long)entry.Channels,
                    (long)entry.Attempts,
                    entry.CreatedAt.Microseconds,
                    entry.PartReason);
                if (set > 0) session.Queue("UPDATE record_days SET version = version + 1 WHERE day = ?", day);
                return set > 0;
            });
        }
    }

    /// <summary>Stores entries of one day, all in one transaction; those that are there already in a later state stay.</summary>
    internal void SetRecordings(DateOnly day, IReadOnlyList<RecordingEntry> entries)
    {
        lock (_writing)
        {
            _database.Transact(Writer, session =>
            {
                foreach (RecordingEntry entry in entries)
                {
                    session.Queue(
                        UpsertRecording + " WHERE recordings.created_at <= excluded.created_at",
                        day,
                        Convert.FromHexString(entry.CallId.AsSpan(9)),
                        (long)entry.State,
                        entry.Reason,
                        entry.Bytes,
                        (long)entry.Duration.TotalMilliseconds,
                        (long)entry.SampleRateHz,
                        (long)entry.Channels,
                        (long)entry.Attempts,
                        entry.CreatedAt.Microseconds,
                        entry.PartReason);
                }

                session.Queue("UPDATE record_days SET version = version + 1 WHERE day = ?", day);
            });
        }
    }

    /// <inheritdoc />
    public RecordingPage ListRecordings(RecordingQuery query)
    {
        string seal = string.Create(CultureInfo.InvariantCulture, $"recordings|{query.From}|{query.To}|{query.State}|{query.Tenant}|{query.Ascending}");
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new RecordingPage { Recordings = [], CursorRejected = true };
        var where = new SqlConditions();
        if (query.From is { } from) where.And("r.started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("r.started_at < ?", to.Microseconds);

        // Said in the text, so that it is plain that the index over what is pending serves.
        if (query.State is { } state) where.And(string.Create(CultureInfo.InvariantCulture, $"r.state = {(int)state}"));
        if (query.Tenant is { } tenant) where.And("r.tenant = ?", tenant);
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        return _database.Read(session =>
        {
            var found = new List<(RowCursor At, RecordingEntry Entry)>();
            PostgresDays store = PostgresDays.Read(session, query.From, query.To);
            List<StoredDay> days = store.InOrder(query.Ascending);
            days.RemoveAll(day => IsBehind(after, day.Day, query.Ascending));
            string sense = query.Ascending ? "" : " DESC";
            Dictionary<DateOnly, RecordingSums> sums = RecordingSumsOf(session, days);
            string? tenant = PostgresText.CleanOrNull(query.Tenant);
            foreach (List<StoredDay> together in PostgresDays.Together(
                [.. days.Where(day => sums[day.Day].Of(tenant, query.State) > 0)], day => sums[day.Day].Of(tenant, query.State), () => limit + 1 - found.Count))
            {
                if (found.Count > limit) break;
                using PostgresRows rows = session.QueryAll(together.ConvertAll(day =>
                {
                    SqlConditions here = In([day], where, store, "r");
                    if (after?.Day == day.Day) here.And($"(r.day, r.started_at, r.id) {(query.Ascending ? ">" : "<")} (?, ?, ?)", after.Day, after.StartedAt, after.Id);
                    return ($"SELECT {RecordingColumns} FROM recordings r{here} ORDER BY r.day{sense}, r.started_at{sense}, r.id{sense} LIMIT ?", (object?[])[.. here.Arguments, limit + 1L - found.Count]);
                }));
                do
                {
                    while (rows.Step())
                    {
                        if (found.Count <= limit) found.Add((new RowCursor(rows.Long(10), rows.Day(0), rows.Blob(1), 0), ReadRecording(rows)));
                    }
                }
                while (rows.NextAnswer());
            }

            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            return new RecordingPage { Recordings = [.. found.Select(static row => row.Entry)], NextCursor = more ? found[^1].At.Encode(seal) : null };
        });
    }

    private static RecordingEntry ReadRecording(PostgresRows row) => new()
    {
        CallId = CallRow.IdText(row.Day(0), row.Blob(1)),
        State = (RecordingState)row.Long(2),
        Reason = row.TextOrNull(3),
        Bytes = row.Long(4),
        Duration = TimeSpan.FromMilliseconds(row.Long(5)),
        SampleRateHz = (int)row.Long(6),
        Channels = (int)row.Long(7),
        Attempts = (int)row.Long(8),
        CreatedAt = new Timestamp(row.Long(9)),
        PartReason = row.TextOrNull(11),
    };

    private static SqlConditions In(IReadOnlyList<StoredDay> window, SqlConditions where, PostgresDays store, string table)
    {
        SqlConditions here = where.Copy();
        DateOnly first = window.Min(static day => day.Day), last = window.Max(static day => day.Day);
        if (first == last) here.And($"{table}.day = ?", first);
        else here.And($"{table}.day BETWEEN ? AND ?", first, last);
        store.AndShown(here, window, table);
        return here;
    }

    private static SqlConditions OfMedia(StoredDay day, SqlConditions where, PostgresDays store, RowCursor? after, bool ascending)
    {
        SqlConditions here = In([day], where, store, "m");
        if (after is null || after.Day != day.Day) return here;
        here.And($"(m.day, m.started_at, m.id) {(ascending ? ">" : "<")}= (?, ?, ?)", after.Day, after.StartedAt, after.Id);
        return here.And("NOT (m.day = ? AND m.started_at = ? AND m.id = ? AND m.session <= ?)", after.Day, after.StartedAt, after.Id, (long)after.Item);
    }

    private static MediaSessionQuery Cleaned(MediaSessionQuery query) => query with { Tenant = PostgresText.CleanOrNull(query.Tenant), Codec = PostgresText.CleanOrNull(query.Codec) };

    // The rows of a whole day; kept as long as the day does not change.
    private long CountDay(PostgresSession session, PostgresDays store, StoredDay day, MediaSessionQuery query, SqlConditions where, Dictionary<DateOnly, long>? sums)
    {
        bool whole = !(query.From > StartOf(day.Day)) && !(query.To < StartOf(day.Day.AddDays(1)));
        long most = sums?.GetValueOrDefault(day.Day) ?? 0;
        if (sums is not null && (most == 0 || (whole && MediaFigures.AsksOnlySums(query) && store.IsWhole(day)))) return most;
        string times = whole ? "" : $"{query.From}|{query.To}";
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{day.Day.DayNumber}|media|{times}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}");
        return _counts.GetOrAdd(text, new DayStamp($"{day.Version}|{store.MarksText}", IsSettled: true), () => CountRows(session, In([day], where, store, "m")));
    }

    // How many sessions of each day have the type and tenant asked for, deleted ones among them; days without any are left out.
    private static Dictionary<DateOnly, long> MediaSums(PostgresSession session, MediaSessionQuery query)
    {
        var where = new SqlConditions();
        if (query.Type is { } type) where.And("o.type = ?", (long)type);
        if (query.Tenant is { } tenant) where.And("o.tenant = ?", tenant);
        var sums = new Dictionary<DateOnly, long>();
        using PostgresRows rows = session.Query($"SELECT o.day, sum(o.sessions)::bigint FROM media_counts o{where} GROUP BY o.day", where.Arguments);
        while (rows.Step())
        {
            if (rows.Long(1) > 0) sums.Add(rows.Day(0), rows.Long(1));
        }

        return sums;
    }

    private static long CountRows(PostgresSession session, SqlConditions where) => session.Scalar($"SELECT count(*) FROM media_sessions m{where}", where.Arguments);

    // Null where nothing can match.
    private static SqlConditions? FilterOf(MediaSessionQuery query, out DateOnly? only)
    {
        byte[] callId = new byte[CallRow.IdBytes];
        only = null;
        var where = new SqlConditions();
        if (query.CallId is { } call)
        {
            if (!CallRow.TryReadId(call, out DateOnly day, callId)) return null;
            only = day;

            // In the table's own order, so that its primary key finds them.
            where.And("m.started_at = (SELECT c.started_at FROM calls c WHERE c.day = ? AND c.id = ?) AND m.id = ?", day, callId, callId);
        }

        return where.And(query, QueryConditions.InPostgres);
    }

    // Days that the pages before have used up.
    private static bool IsBehind(RowCursor? after, DateOnly day, bool ascending) => after is not null && (ascending ? day < after.Day : day > after.Day);

    // A row whose document cannot be read has its place in the list, so that the cursor goes past it.
    private List<MediaSessionRecord> Sessions(PostgresSession session, List<(RowCursor At, long Document)> found)
    {
        List<FoundCall> calls = [.. found.DistinctBy(static row => row.Document).Select(static row => new FoundCall(0, row.At.Day, row.At.Id, row.Document, null))];
        CallRecord?[] records = Records(session, calls);
        var byDocument = new Dictionary<long, CallRecord?>();
        for (int i = 0; i < calls.Count; i++) byDocument[calls[i].Document] = records[i];
        return [.. found.Select(row => byDocument[row.Document]?.MediaSessions.FirstOrDefault(one => one.Index == row.At.Item)).OfType<MediaSessionRecord>()];
    }
}
