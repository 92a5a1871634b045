using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Deletion, and the indexes of days that are over.
internal sealed partial class PostgresCallStore
{
    // Common values are met soon in order of time; rare ones lead straight to the rows.
    private static readonly (string Name, string On)[] Seals =
    [
        ("outcome", "(disposition, direction, duration_us, billsec_us)"),
        ("tenant", "(tenant, started_at, id) WHERE tenant IS NOT NULL"),
        ("context", "(context, started_at, id) WHERE context IS NOT NULL"),
        ("caller_ip", "(caller_ip) WHERE caller_ip IS NOT NULL"),
        ("callee_ip", "(callee_ip) WHERE callee_ip IS NOT NULL"),
        ("mos", "(mos) WHERE mos IS NOT NULL"),
        ("duration", "(duration_us)"),
        ("billable", "(billsec_us)"),
        ("status", "(sip_status)"),
        ("hangup", "(hangup_by)"),
        ("reroute", "(reroute)"),
        ("trunk", "(trunk)"),
        ("codecs", "(codecs)"),
        ("flags", "(flags)"),
        ("caller_codec", "(caller_codec, started_at, id)"),
        ("callee_codec", "(callee_codec, started_at, id)"),
        ("kinds", "(started_at, id) WHERE kinds IS NOT NULL"),
    ];

    private static readonly (string Name, string On)[] MediaSeals =
    [
        ("type", "(type, started_at, id, session) WHERE type <> 1"),
        ("mos", "(mos) WHERE mos IS NOT NULL"),
        ("codecs", "(codecs)"),
    ];

    /// <inheritdoc />
    public int Hide(IReadOnlyCollection<string> ids, string by, Timestamp at)
    {
        var days = new List<DateOnly>();
        var bytes = new List<byte[]>();
        byte[] id = new byte[CallRow.IdBytes];
        foreach (string text in ids.Distinct(StringComparer.Ordinal))
        {
            if (!CallRow.TryReadId(text, out DateOnly day, id)) continue;
            days.Add(day);
            bytes.Add(id.ToArray());
        }

        if (days.Count == 0) return 0;
        int hidden = 0;
        lock (_writing)
        {
            _database.Transact(Writer, session =>
            {
                hidden = session.Execute(
                    "INSERT INTO hidden_calls (day, id, hidden_at, hidden_by) SELECT c.day, c.id, ?, ? FROM unnest(?::date[], ?::bytea[]) k (day, id) "
                    + $"JOIN calls c ON c.day = k.day AND c.id = k.id WHERE {PostgresDays.Shown} ON CONFLICT DO NOTHING",
                    at.Microseconds,
                    by,
                    days.ToArray(),
                    bytes.ToArray());
                session.Execute(
                    "UPDATE record_days d SET version = version + 1, hidden = (SELECT count(*) FROM hidden_calls h WHERE h.day = d.day) WHERE d.day = ANY (?)", (object)days.Distinct().ToArray());
            });
        }

        return hidden;
    }

    /// <summary>Hides calls as somebody hid them before, whether they are there or not; gives how many were not hidden.</summary>
    internal int HideExactly(IReadOnlyList<(DateOnly Day, byte[] Id, long At, string By)> calls)
    {
        int hidden = 0;
        lock (_writing)
        {
            _database.Transact(Writer, session =>
            {
                hidden = session.Execute(
                    "INSERT INTO hidden_calls (day, id, hidden_at, hidden_by) SELECT k.day, k.id, k.at, k.by FROM unnest(?::date[], ?::bytea[], ?::bigint[], ?::text[]) k (day, id, at, by) ON CONFLICT DO NOTHING",
                    calls.Select(static call => call.Day).ToArray(),
                    calls.Select(static call => call.Id).ToArray(),
                    calls.Select(static call => call.At).ToArray(),
                    calls.Select(static call => call.By).ToArray());
                session.Execute(
                    "UPDATE record_days d SET version = version + 1, hidden = (SELECT count(*) FROM hidden_calls h WHERE h.day = d.day) WHERE d.day = ANY (?)",
                    (object)calls.Select(static call => call.Day).Distinct().ToArray());
            });
        }

        return hidden;
    }

    /// <inheritdoc />
    public void HideAll(string? tenant, string by, Timestamp at)
    {
        lock (_writing)
        {
            _database.Transact(Writer, session => session.Execute(
                "INSERT INTO hidden_marks (tenant, document, hidden_at, hidden_by) SELECT ?, max(last_document), ?, ? FROM record_days HAVING max(last_document) > 0 "
                + "ON CONFLICT (tenant) DO UPDATE SET document = excluded.document, hidden_at = excluded.hidden_at, hidden_by = excluded.hidden_by",
                tenant ?? "",
                at.Microseconds,
                by));
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<HiddenCall> Hidden(Timestamp before, int limit) => _database.Read(session =>
    {
        var calls = new List<HiddenCall>();
        using (PostgresRows rows = session.Query("SELECT day, id, hidden_at FROM hidden_calls WHERE hidden_at < ? ORDER BY hidden_at LIMIT ?", before.Microseconds, (long)limit))
        {
            while (rows.Step()) calls.Add(new HiddenCall(CallRow.IdText(rows.Day(0), rows.Blob(1)), new Timestamp(rows.Long(2))));
        }

        using (PostgresRows rows = session.Query(
            "SELECT c.day, c.id, k.hidden_at FROM hidden_marks k JOIN calls c ON c.document <= k.document AND (k.tenant = '' OR c.tenant = k.tenant) WHERE k.hidden_at < ? LIMIT ?",
            before.Microseconds,
            (long)Math.Max(0, limit - calls.Count)))
        {
            while (rows.Step()) calls.Add(new HiddenCall(CallRow.IdText(rows.Day(0), rows.Blob(1)), new Timestamp(rows.Long(2))));
        }

        return (IReadOnlyList<HiddenCall>)[.. calls.OrderBy(static call => call.HiddenAt)];
    });

    /// <inheritdoc />
    public int Seal(DateOnly before, CancellationToken stop = default)
    {
        TellDays(DateOnly.MinValue, DateOnly.MaxValue, stop);
        List<(DateOnly Day, bool IsSealed)> days = _database.Read(session =>
        {
            var open = new List<(DateOnly Day, bool IsSealed)>();
            using PostgresRows rows = session.Query(
                "SELECT d.day, CASE WHEN d.is_sealed THEN 1 ELSE 0 END::bigint FROM record_days d WHERE (d.day < ? AND (NOT d.is_sealed OR d.seal = 0)) OR d.last_document > "
                + "coalesce((SELECT max(s.last_document) FROM text_segments s WHERE s.day = d.day), 0) OR EXISTS (SELECT 1 FROM text_stale t WHERE t.day = d.day) ORDER BY d.day",
                before);
            while (rows.Step()) open.Add((rows.Day(0), rows.Long(1) != 0));
            return open;
        });
        int done = 0;
        foreach ((DateOnly day, bool isSealed) in days)
        {
            if (stop.IsCancellationRequested) break;
            bool isOver = day < before;
            if (!isOver && _database.Read(session => PostgresTexts.RestOf(session, day)) < DayTexts.LeastAdded) continue;
            lock (_writing)
            {
                _database.Transact(Writer, session =>
                {
                    // It may have been dropped meanwhile, or written to.
                    long last = session.Scalar("SELECT last_document FROM record_days WHERE day = ?", day);
                    if (last == 0) return;
                    PostgresTexts.Complete(session, day, last);
                    if (!isOver) return;
                    if (!isSealed) GiveIndexes(session, day);
                    PostgresDaySeal.Make(session, day);
                }, isLong: true);
            }

            if (isOver) done++;
        }

        AddMedia(before, stop);
        if (!stop.IsCancellationRequested) new PostgresTextGroupMaker(_database, Writer, _groups).Make(stop);

        // The first to ask finds what is known of all days.
        if (!stop.IsCancellationRequested) _database.Read(session =>
            {
                PostgresDays stored = PostgresDays.Read(session);
                _seals.Of(session, stored.Days);
                _groups.Forget(stored.Days);
                _groups.Of(session, stored.Days);
                return RecordingSumsOf(session, stored.Days).Count;
            });
        return done;
    }

    // Days that were sealed when seals told nothing of single media sessions.
    private void AddMedia(DateOnly before, CancellationToken stop)
    {
        foreach (DateOnly day in _database.Read(session => PostgresDayMedia.Missing(session, before)))
        {
            if (stop.IsCancellationRequested) return;
            lock (_writing)
            {
                _database.Transact(Writer, session =>
                {
                    // It may have been written to meanwhile.
                    if (session.Scalar("SELECT seal FROM record_days WHERE day = ?", day) is > 0 and var seal) PostgresDayMedia.Make(session, day, seal);
                }, isLong: true);
            }

            _seals.Forget(day);
        }
    }

    private static void GiveIndexes(PostgresSession session, DateOnly day)
    {
        foreach ((string table, (string Name, string On)[] indexes) in ((string, (string, string)[])[])[("calls", Seals), ("media_sessions", MediaSeals)])
        {
            string partition = PostgresSchema.Partition(table, day);
            foreach ((string name, string on) in indexes) session.Script($"CREATE INDEX IF NOT EXISTS {partition}_{name} ON {partition} {on}");
        }

        session.Script($"ANALYZE {string.Join(", ", PostgresSchema.RecordTables.Select(table => PostgresSchema.Partition(table, day)))}");
        session.Execute("UPDATE record_days SET is_sealed = true WHERE day = ?", day);
    }
}
