using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Which messages have which texts, noted in the background.
internal sealed partial class PostgresMessageStore
{
    /// <inheritdoc />
    public int Seal(DateOnly before, CancellationToken stop = default)
    {
        PostgresTextSource texts = PostgresTextSource.Messages;
        List<StoredDay> days = _database.Read(session =>
        {
            var open = new List<StoredDay>();
            using PostgresRows rows = session.Query(
                $"SELECT d.day, d.last_document FROM message_days d WHERE d.last_document > coalesce((SELECT max(s.last_document) FROM {texts.Segments} s WHERE s.day = d.day), 0) "
                + $"OR EXISTS (SELECT 1 FROM {texts.Stale} t WHERE t.day = d.day) ORDER BY d.day");
            while (rows.Step()) open.Add(new StoredDay(rows.Day(0), rows.Long(1), 0, 0));
            return open;
        });
        int done = 0;
        foreach (StoredDay day in days)
        {
            if (stop.IsCancellationRequested) break;
            bool isOver = day.Day < before;
            if (!isOver && _database.Read(session => PostgresTexts.RestOf(session, day.Day, texts)) < DayTexts.LeastAdded) continue;
            _database.Transact(Writer, session =>
            {
                // It may have been dropped meanwhile.
                if (session.Scalar("SELECT count(*) FROM message_days WHERE day = ?", day.Day) == 0) return;
                PostgresTexts.Complete(session, day.Day, day.LastDocument, texts);
                if (isOver) session.Script($"ANALYZE {PostgresSchema.Partition("messages", day.Day)}, {PostgresSchema.Partition("message_documents", day.Day)}");
            }, isLong: true);
            if (isOver) done++;
        }

        return done;
    }
}
