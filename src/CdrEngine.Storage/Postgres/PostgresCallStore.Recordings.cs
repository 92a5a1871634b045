using System.Collections.Concurrent;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Recordings: lists in order of their calls, and how many days have by tenant and state, counted once for each state of a day.
internal sealed partial class PostgresCallStore
{
    // Days that are counted with one question.
    private const int CountedTogether = 32;

    private const string RecordingColumns =
        "r.day, r.id, r.state, r.reason, r.bytes, r.duration_ms, r.sample_rate, r.channels, r.attempts, r.created_at, r.started_at, r.part_reason";

    private const string UpsertRecording =
        "INSERT INTO recordings (day, document, started_at, id, state, reason, bytes, duration_ms, sample_rate, channels, attempts, created_at, tenant, part_reason) "
        + "SELECT c.day, c.document, c.started_at, c.id, $3, $4::text, $5, $6, $7, $8, $9, $10, c.tenant, $11::text FROM calls c WHERE c.day = $1 AND c.id = $2 "
        + "ON CONFLICT (day, document) DO UPDATE SET started_at = excluded.started_at, state = excluded.state, reason = excluded.reason, bytes = excluded.bytes, "
        + "duration_ms = excluded.duration_ms, sample_rate = excluded.sample_rate, channels = excluded.channels, attempts = excluded.attempts, created_at = excluded.created_at, "
        + "tenant = excluded.tenant, part_reason = excluded.part_reason";

    private readonly ConcurrentDictionary<DateOnly, RecordingSums> _recordings = new();

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
                int set = session.Execute(UpsertRecording, RowOf(day, id, entry));
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
                    session.Queue(UpsertRecording + " WHERE recordings.created_at <= excluded.created_at", RowOf(day, Convert.FromHexString(entry.CallId.AsSpan(9)), entry));
                }

                session.Queue("UPDATE record_days SET version = version + 1 WHERE day = ?", day);
            });
        }
    }

    /// <inheritdoc />
    public RecordingPage ListRecordings(RecordingQuery query)
    {
        string seal = RecordingRows.SealOf(query);
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new RecordingPage { Recordings = [], CursorRejected = true };
        SqlConditions where = RecordingRows.ConditionsOf(query);
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
                foreach ((_, PostgresRows row) in session.QueryAll(together.ConvertAll(day =>
                {
                    SqlConditions here = In([day], where, store, "r");
                    if (after?.Day == day.Day) here.And($"(r.day, r.started_at, r.id) {(query.Ascending ? ">" : "<")} (?, ?, ?)", after.Day, after.StartedAt, after.Id);
                    return ($"SELECT {RecordingColumns} FROM recordings r{here} ORDER BY r.day{sense}, r.started_at{sense}, r.id{sense} LIMIT ?", (object?[])[.. here.Arguments, limit + 1L - found.Count]);
                })))
                {
                    if (found.Count <= limit) found.Add((new RowCursor(row.Long(10), row.Day(0), row.Blob(1), 0), ReadRecording(row)));
                }
            }

            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            return new RecordingPage { Recordings = [.. found.Select(static row => row.Entry)], NextCursor = more ? found[^1].At.Encode(seal) : null };
        });
    }

    // What is bound to UpsertRecording.
    private static object?[] RowOf(DateOnly day, byte[] id, RecordingEntry entry) =>
    [
        day, id, (long)entry.State, entry.Reason, entry.Bytes, (long)entry.Duration.TotalMilliseconds, (long)entry.SampleRateHz, (long)entry.Channels, (long)entry.Attempts, entry.CreatedAt.Microseconds,
        entry.PartReason,
    ];

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

    private Dictionary<DateOnly, RecordingSums> RecordingSumsOf(PostgresSession session, IReadOnlyList<StoredDay> days)
    {
        var sums = new Dictionary<DateOnly, RecordingSums>(days.Count);
        var missing = new List<StoredDay>();
        foreach (StoredDay day in days)
        {
            if (_recordings.TryGetValue(day.Day, out RecordingSums? known) && known.Version == day.Version) sums.Add(day.Day, known);
            else missing.Add(day);
        }

        foreach (StoredDay[] some in missing.Chunk(CountedTogether))
        {
            foreach (StoredDay day in some) sums.Add(day.Day, new RecordingSums(day.Version, []));
            foreach ((_, PostgresRows row) in session.QueryAll(some.Select(static day => (
                "SELECT r.day, coalesce(r.tenant, ''), r.state, count(*) FROM recordings r WHERE r.day = ? GROUP BY 1, 2, 3", (object?[])[day.Day]))))
            {
                sums[row.Day(0)].Counts.Add((row.Text(1), (RecordingState)row.Long(2), row.Long(3)));
            }

            // Days that were dropped are few, and forgotten with the process.
            foreach (StoredDay day in some) _recordings[day.Day] = sums[day.Day];
        }

        return sums;
    }

    /// <summary>The recordings of a day.</summary>
    /// <param name="Version">The day's version that they are of, or an earlier one.</param>
    /// <param name="Counts">How many by tenant, empty for none, and state; deleted calls' among them.</param>
    private sealed record RecordingSums(long Version, List<(string Tenant, RecordingState State, long Recordings)> Counts)
    {
        /// <summary>How many there are of a tenant and in a state; null for any.</summary>
        public long Of(string? tenant, RecordingState? state)
        {
            long all = 0;
            foreach ((string its, RecordingState now, long recordings) in Counts)
            {
                if ((tenant ?? its) == its && (state ?? now) == now) all += recordings;
            }

            return all;
        }
    }
}
