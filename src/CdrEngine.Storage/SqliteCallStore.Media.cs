using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Media sessions and recordings: lists in order of their calls, day by day.
public sealed partial class SqliteCallStore
{
    // Sessions of a day that are collected and sorted for a page.
    private const int MostCollected = 500;

    private readonly DayAnswers<MediaFigures?> _media;

    /// <inheritdoc />
    public MediaSessionRecord? GetMediaSession(string id)
    {
        if (!MediaSessionId.TryRead(id, out string callId, out int index) || Get(callId) is not { } call) return null;
        foreach (MediaSessionRecord session in call.MediaSessions)
        {
            if (session.Index == index) return session;
        }

        return null;
    }

    /// <inheritdoc />
    public MediaSessionPage ListMediaSessions(MediaSessionQuery query)
    {
        string seal = string.Create(
            CultureInfo.InvariantCulture,
            $"media|{query.From}|{query.To}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}|{query.Ascending}");
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new MediaSessionPage { MediaSessions = [], CursorRejected = true };
        if (FilterOf(query, out DateOnly? only) is not { } where) return new MediaSessionPage { MediaSessions = [] };
        string sense = query.Ascending ? "" : " DESC";

        // The sessions of a call stand in order of their m-lines whichever way the calls do.
        string order = $"m.started_at{sense}, m.id{sense}, m.session";
        string beyond = query.Ascending ? ">" : "<";
        string keyset = $"((m.started_at, m.id) {beyond} (?, ?) OR (m.started_at = ? AND m.id = ? AND m.session > ?))";
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        bool asks = MediaFigures.AsksAny(query);
        return Reading(days =>
        {
            var found = new List<(RowCursor At, long Document)>();
            var ahead = new List<SessionsAhead>();
            int together = 1;
            long skip = Math.Max(0, query.Skip);
            foreach (DateOnly day in DaysOf(query.From, query.To, query.Ascending))
            {
                if (found.Count > limit) break;
                if (only is { } asked && asked != day) continue;
                if (IsBehind(after, day, query.Ascending) || (asks && MediaOf(days, day)?.MayHave(query) == false)) continue;
                if (skip > 0 && after?.Day != day && KnownSessions(days, day, query) is { } known && known <= skip)
                {
                    skip -= known;
                    continue;
                }

                if (days.Get(day) is not { } database) continue;
                SqlConditions here = where.Copy();
                here.AndShown(days.HiddenOf(day), "m");
                if (after is not null && after.Day == day)
                {
                    // The bound on the time alone lets SQLite begin there.
                    here.And($"m.started_at {beyond}= ?", after.StartedAt);
                    here.And(keyset, after.StartedAt, after.Id, after.StartedAt, after.Id, (long)after.Item);
                }

                if (skip > 0)
                {
                    long count = after?.Day == day ? CountRows(database, here) : CountDay(days, database, day, query, here);
                    if (count <= skip)
                    {
                        skip -= count;
                        continue;
                    }
                }

                ahead.Add(new SessionsAhead(day, here, skip, asks && HasIndexes(days, database, day) ? MediaOf(days, day) : null));
                skip = 0;
                if (ahead.Count >= together) Flush();
            }

            Flush();
            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            return new MediaSessionPage
            {
                MediaSessions = SessionsOf(days, found),
                NextCursor = more ? found[^1].At.Encode(seal) : null,
            };

            // Of how many days a page is, is not known before: of twice as many each time.
            void Flush()
            {
                int most = limit + 1 - found.Count;
                if (most <= 0 || ahead.Count == 0) return;
                var parts = ahead.ToDictionary(static part => part.Day);
                _helpers.InDays(days, [.. parts.Keys], (day, database) => parts[day].Rows = RowsOf(database, parts[day], most));
                foreach (SessionsAhead part in ahead) found.AddRange(part.Rows.Take(limit + 1 - found.Count));
                together = Math.Min(2 * together, ReadHelpers.DaysAtOnce);
                ahead.Clear();
            }

            List<(RowCursor At, long Document)> RowsOf(SqliteDatabase database, SessionsAhead part, int most)
            {
                var rows = new List<(RowCursor At, long Document)>();
                string sql = $"SELECT m.started_at, m.id, m.session, m.document FROM media_sessions m{Narrowest(database, query, part.Figures, part.Where)}{part.Where} ORDER BY {order} LIMIT ? OFFSET ?";
                using SqliteStatement list = part.Where.Bound(database, sql, most).Bind(part.Skip);
                while (list.Step()) rows.Add((new RowCursor(list.Long(0), part.Day, list.Blob(1).ToArray(), (int)list.Long(2)), list.Long(3)));
                return rows;
            }
        });
    }

    /// <inheritdoc />
    public long CountMediaSessions(MediaSessionQuery query)
    {
        if (FilterOf(query, out DateOnly? only) is not { } where) return 0;
        return Reading(days =>
        {
            long count = 0;
            foreach (DateOnly day in DaysOf(query.From, query.To, ascending: true))
            {
                if (only is { } asked && asked != day) continue;
                if (KnownSessions(days, day, query) is { } known)
                {
                    count += known;
                    continue;
                }

                if (days.Get(day) is not { } database) continue;
                SqlConditions here = where.Copy();
                here.AndShown(days.HiddenOf(day), "m");
                count += CountDay(days, database, day, query, here);
            }

            return count;
        });
    }

    /// <summary>The plan of a list's question to a day: for tests.</summary>
    internal List<string> Explain(MediaSessionQuery query, DateOnly day) => Reading(days =>
    {
        SqliteDatabase database = days.Get(day)!;
        SqlConditions where = FilterOf(query, out _)!;
        string sql = $"EXPLAIN QUERY PLAN SELECT m.document FROM media_sessions m{Narrowest(database, query, HasIndexes(days, database, day) ? MediaOf(days, day) : null, where)}{where} ORDER BY m.started_at, m.id, m.session LIMIT ?";
        using SqliteStatement statement = where.Bound(database, sql, 51);
        var lines = new List<string>();
        while (statement.Step()) lines.Add(statement.Text(3));
        return lines;
    });

    // Whether a day was sealed by a program that gives it all of these indexes, which stay whatever is written to it later.
    private bool HasIndexes(OpenDays days, SqliteDatabase database, DateOnly day) => SealOf(days, day) is { Calls: not null } || (database.IsSealed && database.Scalar(DaySeal.Stored) > 0);

    // The index that leads to the sessions where these are few, of a day that has its indexes: said in the statement, and in the conditions what the index is over. Nothing where going
    // through the day in order of time meets them as soon.
    private static string Narrowest(SqliteDatabase database, MediaSessionQuery query, MediaFigures? figures, SqlConditions where)
    {
        if (figures is null || query.CallId is not null) return "";
        if (query.Type is { } type && type != MediaSessionType.Audio)
        {
            where.And($"m.type <> {(int)MediaSessionType.Audio}");
            return " INDEXED BY media_sessions_by_type";
        }

        if (query.MosBelow is { } mos && IsFew("media_sessions_by_mos", "m.mos < ?", mos)) return " INDEXED BY media_sessions_by_mos";
        if (query.Codec is not { } codec || figures.Codecs is not { } codecs) return "";
        string lists = System.Text.Json.JsonSerializer.Serialize(codecs.Where(list => list.Contains(CallSelect.CodecItem(codec), StringComparison.Ordinal)).ToArray(), StringJson.Default.StringArray);
        const string among = "m.codecs IN (SELECT value FROM json_each(?))";
        if (!IsFew("media_sessions_by_codecs", among, lists)) return "";
        where.And(among, lists);
        return " INDEXED BY media_sessions_by_codecs";

        bool IsFew(string index, string condition, object value)
        {
            SqlConditions probe = new SqlConditions().And(condition, value);
            using SqliteStatement count = probe.Bound(database, $"SELECT count(*) FROM (SELECT 1 FROM media_sessions m INDEXED BY {index}{probe} LIMIT {MostCollected + 1}) LIMIT ?", 1);
            return count.Step() && count.Long(0) <= MostCollected;
        }
    }

    // What is known of the sessions of a day that is over; null for others.
    private MediaFigures? MediaOf(OpenDays days, DateOnly day) =>
        _media.GetOrAdd(day.ToString("yyyyMMdd", CultureInfo.InvariantCulture), StampOf(days, day), () => days.Get(day) is { } database ? MediaFigures.Read(database) : null);

    // How many sessions of a day are asked for, where that is known without looking at them.
    private long? KnownSessions(OpenDays days, DateOnly day, MediaSessionQuery query)
    {
        if (MediaOf(days, day) is not { } figures) return null;
        if (!figures.MayHave(query)) return 0;
        bool whole = !(query.From > StartOf(day)) && !(query.To < StartOf(day.AddDays(1)));
        return whole && MediaFigures.AsksOnlySums(query) && days.HiddenOf(day).IsNothing ? figures.Of(query) : null;
    }

    // The rows of a whole day; kept as long as its file does not change.
    private long CountDay(OpenDays days, SqliteDatabase database, DateOnly day, MediaSessionQuery query, SqlConditions where)
    {
        bool whole = !(query.From > StartOf(day)) && !(query.To < StartOf(day.AddDays(1)));
        string times = whole ? "" : $"{query.From}|{query.To}";
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{day.DayNumber}|media|{times}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}");
        return _counts.GetOrAdd(text, StampOf(days, day), () => CountRows(database, where));
    }

    private static long CountRows(SqliteDatabase database, SqlConditions where)
    {
        using SqliteStatement rows = where.Bound(database, $"SELECT count(*) FROM media_sessions m{where} LIMIT ?", 1);
        return rows.Step() ? rows.Long(0) : 0;
    }

    // Null where nothing can match.
    private static SqlConditions? FilterOf(MediaSessionQuery query, out DateOnly? only)
    {
        byte[]? callId = null;
        only = null;
        if (query.CallId is { } call)
        {
            callId = new byte[CallRow.IdBytes];
            if (!CallRow.TryReadId(call, out DateOnly day, callId)) return null;
            only = day;
        }

        var where = new SqlConditions();
        // In the table's own order, so that its primary key finds them.
        if (callId is not null) where.And("m.started_at = (SELECT c.started_at FROM calls c WHERE c.id = ?) AND m.id = ?", callId, callId);
        return where.And(query, QueryConditions.InSqlite);
    }

    /// <inheritdoc />
    public RecordingEntry? GetRecording(string callId)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(callId, out DateOnly day, id)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database || IsHidden(database, day, id)) return null;
            using SqliteStatement find = database.Prepare($"SELECT {RecordingRows.Columns} FROM calls c JOIN recordings r ON r.document = c.document WHERE c.id = ?1");
            return find.BindBlob(id.AsSpan()).Step() ? RecordingRows.Read(find, day) : null;
        });
    }

    /// <inheritdoc />
    /// <exception cref="StoreException">The day's file cannot be written; <see cref="StoreException.IsTransient"/> says whether later may do.</exception>
    public bool SetRecording(RecordingEntry entry)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(entry.CallId, out DateOnly day, id)) return false;
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!File.Exists(_files.PathOf(day)))
            {
                _writer.Close(day);
                return false;
            }

            return RecordingRows.Set(_writer.Get(day)!, entry, id);
        }
    }

    /// <inheritdoc />
    public RecordingPage ListRecordings(RecordingQuery query)
    {
        string seal = RecordingRows.SealOf(query);
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new RecordingPage { Recordings = [], CursorRejected = true };
        SqlConditions where = RecordingRows.ConditionsOf(query);
        string sense = query.Ascending ? "" : " DESC";
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        return Reading(days =>
        {
            var found = new List<(RowCursor At, RecordingEntry Entry)>();
            foreach (DateOnly day in DaysOf(query.From, query.To, query.Ascending))
            {
                if (found.Count > limit) break;
                if (IsBehind(after, day, query.Ascending) || days.Get(day) is not { } database) continue;
                SqlConditions here = where.Copy();
                here.AndShown(days.HiddenOf(day), "r");
                if (after is not null && after.Day == day) here.And($"(r.started_at, r.id) {(query.Ascending ? ">" : "<")} (?, ?)", after.StartedAt, after.Id);
                using SqliteStatement list = here.Bound(
                    database, $"SELECT {RecordingRows.Columns} FROM recordings r{here} ORDER BY r.started_at{sense}, r.id{sense} LIMIT ?", limit + 1L - found.Count);
                while (list.Step()) found.Add((new RowCursor(list.Long(9), day, list.Blob(0).ToArray(), 0), RecordingRows.Read(list, day)));
            }

            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            return new RecordingPage
            {
                Recordings = [.. found.Select(static row => row.Entry)],
                NextCursor = more ? found[^1].At.Encode(seal) : null,
            };
        });
    }

    [System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
    private sealed partial class StringJson : System.Text.Json.Serialization.JsonSerializerContext;

    // Days that the pages before have used up.
    private static bool IsBehind(RowCursor? after, DateOnly day, bool ascending) =>
        after is not null && (ascending ? day < after.Day : day > after.Day);

    // Each call's document is read once for all of its sessions on the page. One that cannot be read is left out.
    private List<MediaSessionRecord> SessionsOf(OpenDays days, List<(RowCursor At, long Document)> rows)
    {
        var sessions = new MediaSessionRecord?[rows.Count];
        ILookup<DateOnly, int> places = Enumerable.Range(0, rows.Count).ToLookup(index => rows[index].At.Day);
        _helpers.InDays(days, [.. places.Select(static day => day.Key)], (day, database) =>
        {
            CallRecord? call = null;
            long read = -1;
            foreach (int index in places[day])
            {
                (RowCursor at, long document) = rows[index];
                if (document != read) call = RecordOf(database, document);
                read = document;
                sessions[index] = call?.MediaSessions.FirstOrDefault(session => session.Index == at.Item);
            }
        });
        return [.. sessions.OfType<MediaSessionRecord>()];
    }

    // A day of a page that is put together: what is asked of it, how many sessions before the page, and what is known of a day that has its indexes.
    private sealed class SessionsAhead(DateOnly day, SqlConditions where, long skip, MediaFigures? figures)
    {
        public DateOnly Day => day;

        public SqlConditions Where => where;

        public long Skip => skip;

        public MediaFigures? Figures => figures;

        public List<(RowCursor At, long Document)> Rows { get; set; } = [];
    }
}
