using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Storage.Postgres;

/// <summary>Reports and their results in PostgreSQL.</summary>
internal sealed class PostgresReportStore(PostgresOptions options, ReportLimits? limits = null) : IReportDatabase
{
    private const string Writer = "reports";
    private const string Definition = "id, tenant, name, type, email, format, range, range_from, range_to, cron, filter, status, created_at, next_run_at, revision";
    private const string Result = "id, report, tenant, name, type, format, completed_at, file_name, file_size, key, email, mail_tries";

    private readonly ReportLimits _limits = limits ?? new ReportLimits();
    private readonly PostgresDatabase _database = new(options);

    /// <inheritdoc />
    public long? Add(ReportDefinition definition)
    {
        long? id = null;
        _database.Transact(Writer, session =>
        {
            if (session.Scalar("SELECT count(*) FROM reports") >= _limits.Definitions
                || session.Scalar("SELECT count(*) FROM reports WHERE tenant IS NOT DISTINCT FROM ?::text", definition.Tenant) >= _limits.DefinitionsPerTenant) return;
            id = session.Scalar(
                "INSERT INTO reports (tenant, name, type, email, format, range, range_from, range_to, cron, filter, status, next_run_at, created_at, revision) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",
                [.. Values(definition), definition.CreatedAt.Microseconds]);
        });
        return id;
    }

    /// <inheritdoc />
    public bool Update(ReportDefinition definition) => Change(
        "UPDATE reports SET tenant = ?, name = ?, type = ?, email = ?, format = ?, range = ?, range_from = ?, range_to = ?, cron = ?, filter = ?, status = ?, next_run_at = ?, "
        + "revision = revision + 1 WHERE id = ?",
        [.. Values(definition), definition.Id]) > 0;

    /// <inheritdoc />
    public ReportDefinition? Find(long id) => _database.Read(session => FindDefinition(session, id));

    /// <inheritdoc />
    public IReadOnlyList<ReportDefinition> List(string? tenant) => _database.Read(session =>
    {
        var found = new List<ReportDefinition>();
        using PostgresRows rows = tenant is null
            ? session.Query($"SELECT {Definition} FROM reports ORDER BY id")
            : session.Query($"SELECT {Definition} FROM reports WHERE tenant = ? ORDER BY id", tenant);
        while (rows.Step()) found.Add(ReadDefinition(rows));
        return found;
    });

    /// <inheritdoc />
    public bool Remove(long id) => Change("DELETE FROM reports WHERE id = ?", id) > 0;

    /// <inheritdoc />
    public ReportDefinition? Take(Timestamp now, Timestamp until, string running)
    {
        // Asked every few seconds by every process: only what is due is locked for.
        const string due = "next_run_at <= ? AND (running_until IS NULL OR running_until <= ?)";
        if (_database.Read(session => session.Scalar($"SELECT count(*) FROM reports WHERE {due}", now.Microseconds, now.Microseconds)) == 0) return null;
        ReportDefinition? taken = null;
        _database.Transact(Writer, session =>
        {
            long id = session.Scalar($"SELECT id FROM reports WHERE {due} ORDER BY next_run_at, id LIMIT 1", now.Microseconds, now.Microseconds);
            if (id == 0) return;
            session.Execute("UPDATE reports SET running_until = ?, status = ? WHERE id = ?", until.Microseconds, running, id);
            taken = FindDefinition(session, id);
        });
        return taken;
    }

    /// <inheritdoc />
    public void Finish(ReportDefinition definition, string status, Timestamp? next) => Change(
        "UPDATE reports SET running_until = NULL, status = ?, next_run_at = CASE WHEN revision = ? THEN ?::bigint ELSE next_run_at END WHERE id = ?",
        status,
        definition.Revision,
        next?.Microseconds,
        definition.Id);

    /// <inheritdoc />
    public long Complete(CompletedReport result, ReadOnlyMemory<byte> content)
    {
        long id = 0;
        _database.Transact(Writer, session =>
        {
            id = session.Scalar(
                "INSERT INTO results (report, tenant, name, type, format, completed_at, file_name, file_size, key, email, mail_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                result.ReportId,
                result.Tenant,
                result.Name,
                result.Type,
                result.Format,
                result.CompletedAt.Microseconds,
                result.FileName,
                (long)content.Length,
                result.Key,
                result.Email,
                result.Email is null ? null : result.CompletedAt.Microseconds);
            session.Execute("INSERT INTO files (result, content) VALUES (?, ?)", id, content.ToArray());
            session.Execute(
                "DELETE FROM results WHERE id IN (SELECT id FROM results WHERE tenant IS NOT DISTINCT FROM ?::text ORDER BY id DESC OFFSET ?)", result.Tenant, (long)_limits.ResultsPerTenant);
            session.Execute(
                "DELETE FROM results WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER newest AS place, sum(file_size) OVER newest AS bytes FROM results "
                + "WINDOW newest AS (ORDER BY id DESC)) n WHERE place > ? OR (bytes > ? AND place > 1))",
                (long)_limits.Results,
                _limits.ResultBytes);
            session.Execute("DELETE FROM files f WHERE NOT EXISTS (SELECT 1 FROM results r WHERE r.id = f.result)");
        });
        return id;
    }

    /// <inheritdoc />
    public IReadOnlyList<CompletedReport> ListCompleted(string? tenant) => _database.Read(session =>
    {
        var found = new List<CompletedReport>();
        using PostgresRows rows = tenant is null
            ? session.Query($"SELECT {Result} FROM results ORDER BY id")
            : session.Query($"SELECT {Result} FROM results WHERE tenant = ? ORDER BY id", tenant);
        while (rows.Step()) found.Add(ReadResult(rows));
        return found;
    });

    /// <inheritdoc />
    public CompletedReport? FindCompleted(long id) => FindResult("id = ?", id);

    /// <inheritdoc />
    public CompletedReport? FindCompleted(string key) => FindResult("key = ?", key);

    /// <inheritdoc />
    public byte[]? Content(long id) => _database.Read(session =>
    {
        using PostgresRows rows = session.Query("SELECT content FROM files WHERE result = ?", id);
        return rows.Step() ? rows.Blob(0) : null;
    });

    /// <inheritdoc />
    public bool RemoveCompleted(long id)
    {
        int removed = 0;
        _database.Transact(Writer, session =>
        {
            removed = session.Execute("DELETE FROM results WHERE id = ?", id);
            session.Execute("DELETE FROM files WHERE result = ?", id);
        });
        return removed > 0;
    }

    /// <inheritdoc />
    public int Purge(Timestamp before)
    {
        int purged = 0;
        _database.Transact(Writer, session =>
        {
            purged = session.Execute("DELETE FROM results WHERE completed_at < ?", before.Microseconds);
            if (purged > 0) session.Execute("DELETE FROM files f WHERE NOT EXISTS (SELECT 1 FROM results r WHERE r.id = f.result)");
        });
        return purged;
    }

    /// <inheritdoc />
    public CompletedReport? TakeMail(Timestamp now, Timestamp again)
    {
        if (_database.Read(session => session.Scalar("SELECT count(*) FROM results WHERE mail_at <= ?", now.Microseconds)) == 0) return null;
        CompletedReport? taken = null;
        _database.Transact(Writer, session =>
        {
            using (PostgresRows rows = session.Query($"SELECT {Result} FROM results WHERE mail_at <= ? ORDER BY mail_at, id LIMIT 1", now.Microseconds))
            {
                if (rows.Step()) taken = ReadResult(rows);
            }

            if (taken is not null) session.Execute("UPDATE results SET mail_at = ?, mail_tries = mail_tries + 1 WHERE id = ?", again.Microseconds, taken.Id);
        });
        return taken is null ? null : taken with { MailTries = taken.MailTries + 1 };
    }

    /// <inheritdoc />
    public void PutOffMail(long id, Timestamp again) => Change("UPDATE results SET mail_at = ? WHERE id = ?", again.Microseconds, id);

    /// <inheritdoc />
    public void FinishMail(long id) => Change("UPDATE results SET mail_at = NULL WHERE id = ?", id);

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();

    private static object?[] Values(ReportDefinition of) =>
    [
        of.Tenant, of.Name, of.Type, of.Email, of.Format, of.Range, of.From?.Microseconds, of.To?.Microseconds, of.Cron, of.Filter, of.Status, of.NextRunAt?.Microseconds,
    ];

    private static ReportDefinition? FindDefinition(PostgresSession session, long id)
    {
        using PostgresRows rows = session.Query($"SELECT {Definition} FROM reports WHERE id = ?", id);
        return rows.Step() ? ReadDefinition(rows) : null;
    }

    private static ReportDefinition ReadDefinition(PostgresRows row) => new()
    {
        Id = row.Long(0),
        Tenant = row.TextOrNull(1),
        Name = row.Text(2),
        Type = row.Text(3),
        Email = row.TextOrNull(4),
        Format = row.Text(5),
        Range = row.Text(6),
        From = TimeOrNull(row, 7),
        To = TimeOrNull(row, 8),
        Cron = row.TextOrNull(9),
        Filter = row.Text(10),
        Status = row.Text(11),
        CreatedAt = new Timestamp(row.Long(12)),
        NextRunAt = TimeOrNull(row, 13),
        Revision = row.Long(14),
    };

    private static CompletedReport ReadResult(PostgresRows row) => new()
    {
        Id = row.Long(0),
        ReportId = row.Long(1),
        Tenant = row.TextOrNull(2),
        Name = row.Text(3),
        Type = row.Text(4),
        Format = row.Text(5),
        CompletedAt = new Timestamp(row.Long(6)),
        FileName = row.Text(7),
        FileSize = row.Long(8),
        Key = row.Text(9),
        Email = row.TextOrNull(10),
        MailTries = (int)row.Long(11),
    };

    private static Timestamp? TimeOrNull(PostgresRows row, int column) => row.LongOrNull(column) is { } at ? new Timestamp(at) : null;

    private CompletedReport? FindResult(string where, object argument) => _database.Read(session =>
    {
        using PostgresRows rows = session.Query($"SELECT {Result} FROM results WHERE {where}", argument);
        return rows.Step() ? ReadResult(rows) : null;
    });

    private int Change(string sql, params object?[] arguments)
    {
        int changed = 0;
        _database.Transact(Writer, session => { changed = session.Execute(sql, arguments); });
        return changed;
    }
}
