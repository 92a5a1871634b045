using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Reports and their results in <c>reports.db</c>, a file of its own that is made with the first report. Any thread, one at a time; other processes
/// may use it too.</summary>
public sealed class SqliteReportStore : IReportDatabase
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "reports.db";

    private const string Definition = "id, tenant, name, type, email, format, range, range_from, range_to, cron, filter, status, created_at, next_run_at, revision";
    private const string Result = "id, report, tenant, name, type, format, completed_at, file_name, file_size, key, email, mail_tries";

    private readonly string _path;
    private readonly ReportLimits _limits;
    private readonly Lock _lock = new();
    private SqliteDatabase? _database;

    /// <summary>A store in a folder; nothing is opened yet.</summary>
    public SqliteReportStore(string folder, ReportLimits? limits = null)
    {
        _path = Path.Combine(folder, FileName);
        _limits = limits ?? new ReportLimits();
    }

    /// <inheritdoc />
    public long? Add(ReportDefinition definition)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            long? id = null;
            database.Transact(() =>
            {
                if (database.Scalar("SELECT count(*) FROM reports") >= _limits.Definitions || CountOf(database, "SELECT count(*) FROM reports WHERE tenant IS ?1", definition.Tenant) >= _limits.DefinitionsPerTenant) return;
                Bind(database.Prepare("INSERT INTO reports (tenant, name, type, email, format, range, range_from, range_to, cron, filter, status, next_run_at, created_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0)"), definition)
                    .Bind(definition.CreatedAt.Microseconds).Run();
                id = database.LastInsertRowId;
            });
            return id;
        }
    }

    /// <inheritdoc />
    public bool Update(ReportDefinition definition)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return false;
            bool changed = false;
            database.Transact(() =>
            {
                Bind(database.Prepare("UPDATE reports SET tenant = ?1, name = ?2, type = ?3, email = ?4, format = ?5, range = ?6, range_from = ?7, range_to = ?8, cron = ?9, filter = ?10, status = ?11, next_run_at = ?12, revision = revision + 1 WHERE id = ?13"), definition)
                    .Bind(definition.Id).Run();
                changed = database.Scalar("SELECT changes()") > 0;
            });
            return changed;
        }
    }

    /// <inheritdoc />
    public ReportDefinition? Find(long id)
    {
        lock (_lock) return Existing() is { } database ? FindDefinition(database, id) : null;
    }

    /// <inheritdoc />
    public IReadOnlyList<ReportDefinition> List(string? tenant)
    {
        var found = new List<ReportDefinition>();
        lock (_lock)
        {
            if (Existing() is not { } database) return found;
            using SqliteStatement list = tenant is null
                ? database.Prepare($"SELECT {Definition} FROM reports ORDER BY id")
                : database.Prepare($"SELECT {Definition} FROM reports WHERE tenant = ?1 ORDER BY id").Bind(tenant);
            while (list.Step()) found.Add(ReadDefinition(list));
        }

        return found;
    }

    /// <inheritdoc />
    public bool Remove(long id)
    {
        lock (_lock) return Existing() is { } database && Changes(database, "DELETE FROM reports WHERE id = ?1", id) > 0;
    }

    /// <inheritdoc />
    public ReportDefinition? Take(Timestamp now, Timestamp until, string running)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return null;
            ReportDefinition? taken = null;
            database.Transact(() =>
            {
                long id = 0;
                using (SqliteStatement next = database.Prepare("SELECT id FROM reports WHERE next_run_at <= ?1 AND (running_until IS NULL OR running_until <= ?1) ORDER BY next_run_at, id LIMIT 1"))
                {
                    if (next.Bind(now.Microseconds).Step()) id = next.Long(0);
                }

                if (id == 0) return;
                database.Prepare("UPDATE reports SET running_until = ?1, status = ?2 WHERE id = ?3").Bind(until.Microseconds).Bind(running).Bind(id).Run();
                taken = FindDefinition(database, id);
            });
            return taken;
        }
    }

    /// <inheritdoc />
    public void Finish(ReportDefinition definition, string status, Timestamp? next)
    {
        lock (_lock)
        {
            Open().Prepare("UPDATE reports SET running_until = NULL, status = ?1, next_run_at = CASE WHEN revision = ?2 THEN ?3 ELSE next_run_at END WHERE id = ?4")
                .Bind(status).Bind(definition.Revision).Bind(next?.Microseconds).Bind(definition.Id).Run();
        }
    }

    /// <inheritdoc />
    public long Complete(CompletedReport result, ReadOnlyMemory<byte> content)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            long id = 0;
            database.Transact(() =>
            {
                database.Prepare("INSERT INTO results (report, tenant, name, type, format, completed_at, file_name, file_size, key, email, mail_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
                    .Bind(result.ReportId).Bind(result.Tenant).Bind(result.Name).Bind(result.Type).Bind(result.Format).Bind(result.CompletedAt.Microseconds)
                    .Bind(result.FileName).Bind((long)content.Length).Bind(result.Key).Bind(result.Email).Bind(result.Email is null ? null : (long?)result.CompletedAt.Microseconds).Run();
                id = database.LastInsertRowId;
                database.Prepare("INSERT INTO files (result, content) VALUES (?1, ?2)").Bind(id).BindBlob(content.Span).Run();
                using (SqliteStatement old = database.Prepare("DELETE FROM results WHERE id IN (SELECT id FROM results WHERE tenant IS ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)"))
                {
                    old.Bind(result.Tenant).Bind((long)_limits.ResultsPerTenant).Step();
                }

                using (SqliteStatement old = database.Prepare("DELETE FROM results WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER newest AS place, sum(file_size) OVER newest AS bytes FROM results WINDOW newest AS (ORDER BY id DESC)) WHERE place > ?1 OR (bytes > ?2 AND place > 1))"))
                {
                    old.Bind((long)_limits.Results).Bind(_limits.ResultBytes).Step();
                }

                database.Execute("DELETE FROM files WHERE result NOT IN (SELECT id FROM results)");
            });
            return id;
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<CompletedReport> ListCompleted(string? tenant)
    {
        var found = new List<CompletedReport>();
        lock (_lock)
        {
            if (Existing() is not { } database) return found;
            using SqliteStatement list = tenant is null
                ? database.Prepare($"SELECT {Result} FROM results ORDER BY id")
                : database.Prepare($"SELECT {Result} FROM results WHERE tenant = ?1 ORDER BY id").Bind(tenant);
            while (list.Step()) found.Add(ReadResult(list));
        }

        return found;
    }

    /// <inheritdoc />
    public CompletedReport? FindCompleted(long id)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return null;
            using SqliteStatement find = database.Prepare($"SELECT {Result} FROM results WHERE id = ?1");
            return find.Bind(id).Step() ? ReadResult(find) : null;
        }
    }

    /// <inheritdoc />
    public CompletedReport? FindCompleted(string key)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return null;
            using SqliteStatement find = database.Prepare($"SELECT {Result} FROM results WHERE key = ?1");
            return find.Bind(key).Step() ? ReadResult(find) : null;
        }
    }

    /// <inheritdoc />
    public byte[]? Content(long id)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return null;
            using SqliteStatement find = database.Prepare("SELECT content FROM files WHERE result = ?1");
            return find.Bind(id).Step() ? find.Blob(0).ToArray() : null;
        }
    }

    /// <inheritdoc />
    public bool RemoveCompleted(long id)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return false;
            bool removed = false;
            database.Transact(() =>
            {
                removed = Changes(database, "DELETE FROM results WHERE id = ?1", id) > 0;
                Changes(database, "DELETE FROM files WHERE result = ?1", id);
            });
            return removed;
        }
    }

    /// <inheritdoc />
    public int Purge(Timestamp before)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return 0;
            int purged = 0;
            database.Transact(() =>
            {
                purged = (int)Changes(database, "DELETE FROM results WHERE completed_at < ?1", before.Microseconds);
                if (purged > 0) database.Execute("DELETE FROM files WHERE result NOT IN (SELECT id FROM results)");
            });
            return purged;
        }
    }

    /// <inheritdoc />
    public CompletedReport? TakeMail(Timestamp now, Timestamp again)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return null;
            CompletedReport? taken = null;
            database.Transact(() =>
            {
                using (SqliteStatement next = database.Prepare($"SELECT {Result} FROM results WHERE mail_at <= ?1 ORDER BY mail_at, id LIMIT 1"))
                {
                    if (next.Bind(now.Microseconds).Step()) taken = ReadResult(next);
                }

                if (taken is not null) database.Prepare("UPDATE results SET mail_at = ?1, mail_tries = mail_tries + 1 WHERE id = ?2").Bind(again.Microseconds).Bind(taken.Id).Run();
            });
            return taken is null ? null : taken with { MailTries = taken.MailTries + 1 };
        }
    }

    /// <inheritdoc />
    public void PutOffMail(long id, Timestamp again)
    {
        lock (_lock) Open().Prepare("UPDATE results SET mail_at = ?1 WHERE id = ?2").Bind(again.Microseconds).Bind(id).Run();
    }

    /// <inheritdoc />
    public void FinishMail(long id)
    {
        lock (_lock) Open().Prepare("UPDATE results SET mail_at = NULL WHERE id = ?1").Bind(id).Run();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _database?.Dispose();
            _database = null;
        }
    }

    private static SqliteStatement Bind(SqliteStatement statement, ReportDefinition of) => statement
        .Bind(of.Tenant).Bind(of.Name).Bind(of.Type).Bind(of.Email).Bind(of.Format).Bind(of.Range).Bind(of.From?.Microseconds).Bind(of.To?.Microseconds)
        .Bind(of.Cron).Bind(of.Filter).Bind(of.Status).Bind(of.NextRunAt?.Microseconds);

    private static ReportDefinition? FindDefinition(SqliteDatabase database, long id)
    {
        using SqliteStatement find = database.Prepare($"SELECT {Definition} FROM reports WHERE id = ?1");
        return find.Bind(id).Step() ? ReadDefinition(find) : null;
    }

    private static ReportDefinition ReadDefinition(SqliteStatement row) => new()
    {
        Id = row.Long(0),
        Tenant = TextOrNull(row, 1),
        Name = row.Text(2),
        Type = row.Text(3),
        Email = TextOrNull(row, 4),
        Format = row.Text(5),
        Range = row.Text(6),
        From = TimeOrNull(row, 7),
        To = TimeOrNull(row, 8),
        Cron = TextOrNull(row, 9),
        Filter = row.Text(10),
        Status = row.Text(11),
        CreatedAt = new Timestamp(row.Long(12)),
        NextRunAt = TimeOrNull(row, 13),
        Revision = row.Long(14),
    };

    private static CompletedReport ReadResult(SqliteStatement row) => new()
    {
        Id = row.Long(0),
        ReportId = row.Long(1),
        Tenant = TextOrNull(row, 2),
        Name = row.Text(3),
        Type = row.Text(4),
        Format = row.Text(5),
        CompletedAt = new Timestamp(row.Long(6)),
        FileName = row.Text(7),
        FileSize = row.Long(8),
        Key = row.Text(9),
        Email = TextOrNull(row, 10),
        MailTries = (int)row.Long(11),
    };

    private static string? TextOrNull(SqliteStatement row, int column) => row.IsNull(column) ? null : row.Text(column);

    private static Timestamp? TimeOrNull(SqliteStatement row, int column) => row.IsNull(column) ? null : new Timestamp(row.Long(column));

    private static long CountOf(SqliteDatabase database, string sql, string? argument)
    {
        using SqliteStatement count = database.Prepare(sql);
        return count.Bind(argument).Step() ? count.Long(0) : 0;
    }

    private static long Changes(SqliteDatabase database, string sql, long argument)
    {
        database.Prepare(sql).Bind(argument).Run();
        return database.Scalar("SELECT changes()");
    }

    // Whoever only asks makes no file.
    private SqliteDatabase? Existing() => _database is not null || File.Exists(_path) ? Open() : null;

    private SqliteDatabase Open()
    {
        if (_database is not null) return _database;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{_path}: {e.Message}", e);
        }

        SqliteDatabase database = SqliteDatabase.Open(_path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
        try
        {
            SchemaMigrations.Reports.Apply(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return _database = database;
    }
}
