using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Retention.
internal sealed partial class PostgresMessageStore : IMessageKeeping
{
    private const string KeptColumns = "SELECT m.id, d.chunks, m.day FROM messages m JOIN message_documents d ON d.day = m.day AND d.document = m.document";

    /// <inheritdoc />
    public IReadOnlyList<KeptMessage> ListKept(DateOnly day, string? tenant, Timestamp before, int limit)
    {
        var where = new SqlConditions();
        where.And("m.day = ? AND m.started_at < ?", day, before.Microseconds);
        if (tenant is not null) where.And("m.tenant = ?", tenant);
        return _database.Read(session => Kept(session, $"{KeptColumns}{where} ORDER BY m.started_at, m.id LIMIT ?", [.. where.Arguments, (long)limit]));
    }

    /// <inheritdoc />
    public IReadOnlyList<KeptMessage> ListOfCall(string sipCallId, DateOnly day) => _database.Read(session => Kept(
        session,
        $"{KeptColumns} WHERE m.day BETWEEN ? AND ? AND m.sip_call_hash = ? AND m.in_call <> 0 ORDER BY m.day, m.document",
        [day, day.AddDays(1), CallRow.SipCallHash(sipCallId)]));

    /// <inheritdoc />
    public int Purge(IReadOnlyCollection<string> ids)
    {
        int purged = 0;
        byte[] bytes = new byte[CallRow.IdBytes];
        _database.Transact(Writer, session =>
        {
            foreach (IGrouping<DateOnly, string> day in ids.Where(id => CallRow.TryReadId(id, out _, bytes)).GroupBy(id => CallRow.TryReadId(id, out DateOnly its, bytes) ? its : default))
            {
                if (session.Scalar("SELECT count(*) FROM message_days WHERE day = ?", day.Key) == 0) continue;
                byte[][] of = [.. day.Select(static id => Convert.FromHexString(id.AsSpan(9)))];
                session.Execute(
                    "DELETE FROM message_documents d USING messages m WHERE m.day = ? AND m.id = ANY (?) AND d.day = m.day AND d.document = m.document", day.Key, of);
                purged += (int)session.Scalar(
                    "WITH gone AS (DELETE FROM messages WHERE day = ? AND id = ANY (?) RETURNING coalesce(tenant, '') AS tenant, kind, outcome, in_call), "
                    + "less AS (UPDATE message_counts o SET messages = o.messages - g.messages "
                    + "FROM (SELECT tenant, kind, outcome, in_call, count(*) AS messages FROM gone GROUP BY 1, 2, 3, 4) g "
                    + "WHERE o.day = ? AND o.tenant = g.tenant AND o.kind = g.kind AND o.outcome = g.outcome AND o.in_call = g.in_call) SELECT count(*) FROM gone",
                    day.Key,
                    of,
                    day.Key);
                session.Execute(
                    "WITH gone AS (DELETE FROM conversations c WHERE c.day = ? AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.day = c.day AND m.conversation = c.id) "
                    + "RETURNING coalesce(c.tenant, '') AS tenant) "
                    + "UPDATE conversation_counts o SET conversations = o.conversations - g.conversations FROM (SELECT tenant, count(*) AS conversations FROM gone GROUP BY 1) g "
                    + "WHERE o.day = ? AND o.tenant = g.tenant",
                    day.Key,
                    day.Key);

                // What is known of the day's sums holds no more.
                session.Execute("UPDATE message_days SET last_document = last_document WHERE day = ?", day.Key);

                // The texts of what is gone; those of what is left are noted anew with the next seal.
                PostgresTexts.Drop(session, day.Key, PostgresTextSource.Messages);
                PostgresScrubbing.Note(
                    session,
                    [.. PostgresSchema.MessageTables.Select(table => PostgresSchema.Partition(table, day.Key)), .. PostgresSchema.MessageMonthTables.Select(table => PostgresSchema.MonthPartition(table, day.Key))]);
            }
        });
        return purged;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Scrub() => PostgresScrubbing.Run(_database, [.. PostgresSchema.MessageTables, .. PostgresSchema.MessageMonthTables]);

    private static List<KeptMessage> Kept(PostgresSession session, string sql, object[] arguments)
    {
        var messages = new List<KeptMessage>();
        using PostgresRows rows = session.Query(sql, arguments);
        while (rows.Step()) messages.Add(new KeptMessage(CallRow.IdText(rows.Day(2), rows.Blob(0)), rows.Blob(1)));
        return messages;
    }
}
