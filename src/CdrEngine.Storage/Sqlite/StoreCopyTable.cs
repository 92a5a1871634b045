using System.Globalization;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Storage.Sqlite;

/// <summary>A table that is the same in SQLite and in PostgreSQL, and is copied row by row.</summary>
/// <param name="From">Its name in the file.</param>
/// <param name="To">Its name in the server.</param>
/// <param name="Key">Columns that name a row.</param>
/// <param name="Columns">The others.</param>
/// <param name="Newer">A condition on <c>t</c>, the row that is there, and <c>excluded</c>, the one copied: whether that one counts; empty always.</param>
internal sealed record StoreCopyTable(string From, string To, string Key, string Columns, string Newer = "")
{
    private const int Batch = 500;

    /// <summary>Whether rows belong to the data folder they come from.</summary>
    public bool IsOfFolder { get; init; }

    /// <summary>Column whose values the server gives out; empty for none.</summary>
    public string Counter { get; init; } = "";

    /// <summary>All of them, with the file they are in.</summary>
    public static IReadOnlyList<(string File, StoreCopyTable Table)> All { get; } =
    [
        ("registrations.db", new("registrations", "registrations", "id",
            "aor, user, state, contact, source, user_agent, instance, mac, realm, expires_at, last_seen_at, tenant, contact_key, contact_user, contact_address, chunks, json",
            "t.last_seen_at <= excluded.last_seen_at")),
        ("registrations.db", new("registration_events", "registration_events", "registration, sequence", "json")),
        ("registrations.db", new("peers", "peers", "id", "address, direction, method, event, last_at, unanswered_since, tenant, json", "t.last_at <= excluded.last_at")),
        ("registrations.db", new("mailboxes", "mailboxes", "account", "at, waiting, tenant, json", "t.at <= excluded.at")),
        ("registrations.db", new("conversations", "open_conversations", "id", "started_at, ended_at, first, second", "t.ended_at <= excluded.ended_at")),
        (SqliteCallRemarks.FileName, new("call_remarks", "call_remarks", "call",
            "info, notes, transcript, transcript_speakers, summary, sentiment, score, metadata, folder, heard, deleted, changed_at, changed_by", "t.changed_at <= excluded.changed_at")),
        (SqliteCallRemarks.FileName, new("recording_links", "recording_links", "call", "secret, expires", "t.expires <= excluded.expires")),
        (SqliteCallRemarks.FileName, new("cleared_lists", "cleared_lists", "list, tenant", "at, cleared_by", "t.at <= excluded.at")),
        (SqliteCallRemarks.FileName, new("hidden_messages", "hidden_messages", "id", "started_at, kind, outcome, conversation, from_number, to_number, tenant, hidden_at, hidden_by")),
        (SqliteReportStore.FileName, new("reports", "reports", "id",
            "tenant, name, type, email, format, range, range_from, range_to, cron, filter, status, created_at, revision, next_run_at, running_until", "t.revision <= excluded.revision") { Counter = "id" }),
        (SqliteReportStore.FileName, new("results", "results", "id",
            "report, tenant, name, type, format, completed_at, file_name, file_size, key, email, mail_at, mail_tries", "t.mail_tries <= excluded.mail_tries") { Counter = "id" }),
        (SqliteReportStore.FileName, new("files", "files", "result", "content")),
        ("catalog.db", new("settings", "catalog_settings", "name", "value") { IsOfFolder = true }),
    ];

    /// <summary>Copies it, and counts it afterwards.</summary>
    public StoreCopyStep Copy(SqliteDatabase source, PostgresDatabase target, string folder, CancellationToken stop)
    {
        string[] columns = [.. $"{Key}, {Columns}".Split(", ")];
        long rows = 0, written = 0;
        long before = target.Read(session => session.Scalar($"SELECT count(*) FROM {To}"));
        using (SqliteStatement list = source.Prepare($"SELECT {string.Join(", ", columns.Select(Quoted))} FROM {From}"))
        {
            var batch = new List<object?[]>(Batch);
            bool more;
            do
            {
                more = list.Step();
                if (more) batch.Add([.. Enumerable.Range(0, columns.Length).Select(list.Value)]);
                if (batch.Count < Batch && more) continue;
                stop.ThrowIfCancellationRequested();
                rows += batch.Count;
                Write(target, columns, batch, folder);
                batch.Clear();
            }
            while (more);
        }

        if (Counter.Length > 0) target.Read(session => session.Scalar($"SELECT setval(pg_get_serial_sequence('{To}', '{Counter}'), greatest((SELECT max({Counter}) FROM {To}), 1))"));
        long after = target.Read(session => session.Scalar($"SELECT count(*) FROM {To}"));
        written = after - before;
        return new StoreCopyStep(To, rows, written, 0, after < rows ? string.Create(CultureInfo.InvariantCulture, $"{after} of {rows} are there") : null);
    }

    private static string Quoted(string column) => column is "user" ? "\"user\"" : column;

    private void Write(PostgresDatabase target, string[] columns, List<object?[]> batch, string folder)
    {
        if (batch.Count == 0) return;
        IEnumerable<string> all = columns.Select(Quoted);
        string key = Key;
        if (IsOfFolder) (all, key) = (all.Append("folder"), $"folder, {Key}");
        string[] names = [.. all];
        string set = string.Join(", ", Columns.Split(", ").Select(static column => $"{Quoted(column)} = excluded.{Quoted(column)}"));
        string sql = $"INSERT INTO {To} AS t ({string.Join(", ", names)}) VALUES ({string.Join(", ", names.Select(static _ => "?"))}) ON CONFLICT ({key}) DO UPDATE SET {set}"
            + (Newer.Length > 0 ? $" WHERE {Newer}" : "");
        target.Transact("copy", session =>
        {
            foreach (object?[] row in batch) session.Queue(sql, IsOfFolder ? [.. row, folder] : row);
        });
    }
}
