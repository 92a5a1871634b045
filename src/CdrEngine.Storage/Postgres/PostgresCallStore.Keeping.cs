using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Retention: what it looks at, and what it removes for good.
internal sealed partial class PostgresCallStore : ICallKeeping
{
    private const string KeptColumns =
        "SELECT c.id, d.sip_call_id, c.session_id, c.tenant, c.started_at, c.document, d.chunks, c.day FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document";

    /// <inheritdoc />
    public IReadOnlyList<KeptCall> ListKept(KeptQuery query)
    {
        var where = new SqlConditions();
        where.And("c.day = ?", query.Day);
        if (query.StartedBefore is { } before) where.And("c.started_at < ?", before.Microseconds);
        if (query.Tenant is { } tenant) where.And("c.tenant = ?", tenant);
        if (query.Behind > 0 || query.OrStartedFrom > Timestamp.MinValue) where.And("(c.document > ? OR c.started_at >= ?)", query.Behind, query.OrStartedFrom.Microseconds);
        if (query.DeletedBefore is { } deleted)
        {
            where.And(
                "(EXISTS (SELECT 1 FROM hidden_calls h WHERE h.day = c.day AND h.id = c.id AND h.hidden_at < ?) "
                + "OR EXISTS (SELECT 1 FROM hidden_marks k WHERE k.hidden_at < ? AND c.document <= k.document AND (k.tenant = '' OR k.tenant = c.tenant)))",
                deleted.Microseconds,
                deleted.Microseconds);
        }

        if (query.After is { } after)
        {
            byte[] id = new byte[CallRow.IdBytes];
            CallRow.TryReadId(after.Id, out _, id);
            where.And("(c.started_at, c.id) > (?, ?)", after.StartedAt.Microseconds, id);
        }

        return _database.Read(session =>
        {
            var calls = new List<KeptCall>();
            using PostgresRows rows = session.Query($"{KeptColumns}{where} ORDER BY c.started_at, c.id LIMIT ?", [.. where.Arguments, (long)query.Limit]);
            while (rows.Step()) calls.Add(ReadKept(rows));
            return calls;
        });
    }

    /// <inheritdoc />
    public KeptCall? GetKept(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query($"{KeptColumns} WHERE c.day = ? AND c.id = ?", day, bytes);
            return rows.Step() ? ReadKept(rows) : null;
        });
    }

    /// <inheritdoc />
    public long LastNumber(DateOnly day) => _database.Read(session => session.Scalar("SELECT last_document FROM record_days WHERE day = ?", day));

    /// <inheritdoc />
    public bool SetChunks(string id, ReadOnlyMemory<byte> chunks)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return false;
        lock (_writing)
        {
            return _database.Transact(Writer, session => session.Execute(
                "UPDATE call_documents d SET chunks = $3 FROM calls c WHERE c.day = $1 AND c.id = $2 AND d.day = c.day AND d.document = c.document",
                day,
                bytes,
                chunks.IsEmpty ? null : chunks.ToArray()) > 0);
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<string> ListRecorded(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except) =>
        _database.Read(session => Recorded(session, day, tenant, before, except));

    /// <inheritdoc />
    public IReadOnlyList<string> ForgetRecordings(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except, string reason)
    {
        List<string> ids = [];
        lock (_writing)
        {
            _database.Transact(Writer, session =>
            {
                ids = Recorded(session, day, tenant, before, except);
                session.Queue(
                    "UPDATE recordings r SET state = ?, reason = ?, bytes = 0 WHERE r.day = ? AND r.id = ANY (?)",
                    (long)RecordingState.Deleted,
                    reason,
                    day,
                    ids.Select(static id => Convert.FromHexString(id.AsSpan(9))).ToArray());
                session.Queue("UPDATE record_days SET version = version + 1 WHERE day = ?", day);
            });
        }

        return ids;
    }

    /// <inheritdoc />
    public int Purge(DateOnly day, IReadOnlyCollection<string> ids)
    {
        if (ids.Count == 0) return 0;
        int purged = 0;
        byte[] bytes = new byte[CallRow.IdBytes];
        string[] of = [.. ids.Where(id => CallRow.TryReadId(id, out DateOnly its, bytes) && its == day)];
        lock (_writing)
        {
            _database.Transact(Writer, session =>
            {
                if (session.Scalar("SELECT count(*) FROM record_days WHERE day = ?", day) == 0) return;
                purged = new PostgresDayWrite(session, day).Purge(of);

                // The texts of what is gone; those of what is left are noted anew with the next seal.
                if (purged > 0) PostgresTexts.Drop(session, day);
                if (purged > 0) PostgresTextGroups.Drop(session, day);
                if (purged > 0) session.Execute("DELETE FROM day_seals WHERE day = ?", day);
                if (purged > 0) session.Execute("DELETE FROM day_numbers WHERE day = ?", day);
                if (purged > 0) session.Execute("DELETE FROM day_calls WHERE day = ?", day);
                PostgresScrubbing.Note(
                    session,
                    [.. PostgresSchema.RecordTables.Select(table => PostgresSchema.Partition(table, day)), .. PostgresSchema.MonthTables.Select(table => PostgresSchema.MonthPartition(table, day))]);

                // That all of it was deleted need not be known any more when all of it is gone.
                session.Execute("DELETE FROM hidden_marks k WHERE NOT EXISTS (SELECT 1 FROM calls c WHERE c.document <= k.document AND (k.tenant = '' OR k.tenant = c.tenant))");
            });
        }

        return purged;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Scrub()
    {
        lock (_writing) return PostgresScrubbing.Run(_database, [.. PostgresSchema.RecordTables, .. PostgresSchema.MonthTables]);
    }

    private static List<string> Recorded(PostgresSession session, DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except)
    {
        var where = new SqlConditions();
        where.And("r.day = ? AND r.state = ? AND r.started_at < ?", day, (long)RecordingState.Available, before.Microseconds);
        if (tenant is not null) where.And("r.tenant = ?", tenant);
        var ids = new List<string>();
        using PostgresRows rows = session.Query($"SELECT r.id FROM recordings r{where} ORDER BY r.document", where.Arguments);
        while (rows.Step())
        {
            string id = CallRow.IdText(day, rows.Blob(0));
            if (!except.Contains(id)) ids.Add(id);
        }

        return ids;
    }

    private static KeptCall ReadKept(PostgresRows row)
    {
        string id = CallRow.IdText(row.Day(7), row.Blob(0));
        return new KeptCall(id, row.Text(1), row.TextOrNull(2) ?? id, row.TextOrNull(3), new Timestamp(row.Long(4)), row.Long(5), row.BlobOrNull(6) ?? []);
    }
}
