using System.Globalization;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Alerts in <c>alerts.db</c>, a file of its own that is made with the first alert. Any thread, one at a time; other processes may use it too.</summary>
public sealed class SqliteAlertStore : IAlertDatabase
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "alerts.db";

    private const string Columns = "json, acknowledged_at, acknowledged_by, note";

    private readonly LazyDatabase _file;
    private readonly Lock _lock = new();

    /// <summary>A store in a folder; nothing is opened yet.</summary>
    public SqliteAlertStore(string folder) => _file = new LazyDatabase(Path.Combine(folder, FileName), SchemaMigrations.Alerts);

    /// <inheritdoc />
    public void Write(IReadOnlyList<Alert> alerts)
    {
        if (alerts.Count == 0) return;
        lock (_lock)
        {
            SqliteDatabase database = _file.Open();
            database.Transact(() =>
            {
                foreach (Alert alert in alerts) Write(database, alert);
            });
        }
    }

    /// <inheritdoc />
    public Alert? Find(string id)
    {
        lock (_lock) return _file.Existing() is { } database ? Find(database, id) : null;
    }

    /// <inheritdoc />
    public ListPage<Alert> List(AlertQuery query)
    {
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        string text = string.Create(CultureInfo.InvariantCulture, $"{query.From}/{query.To}/{string.Join(',', query.States)}/{query.Rule}/{query.Kind}/{query.SeverityMin}/{query.Tenant}");
        ListCursor? after = null;
        if (query.Cursor is { } cursor && !ListCursor.TryDecode(cursor, text, out after)) return new ListPage<Alert> { Items = [], CursorRejected = true };
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return new ListPage<Alert> { Items = [] };
            SqlConditions where = Conditions(query);
            if (after is not null) where.And("(raised_at, id) < (?, ?)", after.Number, after.Id);
            var found = new List<Alert>();
            using SqliteStatement rows = where.Bound(database, $"SELECT {Columns} FROM alerts{where} ORDER BY raised_at DESC, id DESC LIMIT ?", limit + 1L);
            while (rows.Step())
            {
                if (Read(rows) is { } alert) found.Add(alert);
            }

            bool more = found.Count > limit;
            if (more) found.RemoveAt(limit);
            return new ListPage<Alert> { Items = found, NextCursor = more ? new ListCursor(found[^1].RaisedAt.Microseconds, "", found[^1].Id).Encode(text) : null };
        }
    }

    /// <inheritdoc />
    public Alert? Acknowledge(string id, string? by, string? note, Timestamp at)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return null;
            database.Prepare("UPDATE alerts SET acknowledged_at = ?1, acknowledged_by = ?2, note = ?3 WHERE id = ?4 AND acknowledged_at IS NULL AND cleared_at IS NULL")
                .Bind(at.Microseconds).Bind(by).Bind(note).Bind(id).Run();
            return Find(database, id);
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<Alert> Open()
    {
        var found = new List<Alert>();
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return found;
            using SqliteStatement rows = database.Prepare($"SELECT {Columns} FROM alerts WHERE cleared_at IS NULL ORDER BY raised_at, id");
            while (rows.Step())
            {
                if (Read(rows) is { } alert) found.Add(alert);
            }
        }

        return found;
    }

    /// <inheritdoc />
    public AlertTotals Totals(string? tenant)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return new AlertTotals(0, 0, 0);
            string sql = "SELECT sum(cleared_at IS NULL AND acknowledged_at IS NULL), sum(cleared_at IS NULL AND acknowledged_at IS NOT NULL), sum(cleared_at IS NOT NULL) FROM alerts";
            using SqliteStatement sums = tenant is null ? database.Prepare(sql) : database.Prepare(sql + " WHERE tenant = ?1").Bind(tenant);
            return sums.Step() ? new AlertTotals(sums.Long(0), sums.Long(1), sums.Long(2)) : new AlertTotals(0, 0, 0);
        }
    }

    /// <inheritdoc />
    public int Purge(Timestamp before)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return 0;
            database.Prepare("DELETE FROM alerts WHERE cleared_at < ?1").Bind(before.Microseconds).Run();
            return (int)database.Scalar("SELECT changes()");
        }
    }

    /// <inheritdoc />
    public byte[] LoadState()
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return [];
            using SqliteStatement find = database.Prepare("SELECT state FROM evaluation");
            return find.Step() ? find.Blob(0).ToArray() : [];
        }
    }

    /// <inheritdoc />
    public void SaveState(ReadOnlyMemory<byte> state)
    {
        lock (_lock) _file.Open().Prepare("INSERT OR REPLACE INTO evaluation (one, state) VALUES (1, ?1)").BindBlob(state.Span).Run();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock) _file.Dispose();
    }

    private static void Write(SqliteDatabase database, Alert alert) => database
        .Prepare("INSERT INTO alerts (id, raised_at, cleared_at, rule, kind, severity, tenant, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
            + "ON CONFLICT (id) DO UPDATE SET cleared_at = excluded.cleared_at, rule = excluded.rule, kind = excluded.kind, severity = excluded.severity, tenant = excluded.tenant, json = excluded.json")
        .Bind(alert.Id).Bind(alert.RaisedAt.Microseconds).Bind(alert.ClearedAt?.Microseconds).Bind(alert.Rule).Bind((long)alert.Kind).Bind((long)alert.Severity).Bind(alert.Tenant)
        .BindBlob(AlertJson.ToUtf8(alert)).Run();

    private static Alert? Find(SqliteDatabase database, string id)
    {
        using SqliteStatement find = database.Prepare($"SELECT {Columns} FROM alerts WHERE id = ?1");
        return find.Bind(id).Step() ? Read(find) : null;
    }

    private static Alert? Read(SqliteStatement row) => AlertJson.Read(row.Blob(0).ToArray()) is not { } alert ? null : alert with
    {
        AcknowledgedAt = row.IsNull(1) ? null : new Timestamp(row.Long(1)),
        AcknowledgedBy = row.IsNull(2) ? null : row.Text(2),
        Note = row.IsNull(3) ? null : row.Text(3),
    };

    private static SqlConditions Conditions(AlertQuery query)
    {
        var where = new SqlConditions();
        if (query.From is { } from) where.And("raised_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("raised_at < ?", to.Microseconds);
        if (query.Rule is { } rule) where.And("rule = ?", rule);
        if (query.Kind is { } kind) where.And("kind = ?", (long)kind);
        if (query.SeverityMin is { } severity) where.And("severity >= ?", (long)severity);
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        if (query.States.Count > 0) where.And($"({string.Join(" OR ", query.States.Distinct().Select(ConditionOf))})");
        return where;
    }

    private static string ConditionOf(AlertState state) => state switch
    {
        AlertState.Cleared => "cleared_at IS NOT NULL",
        AlertState.Acknowledged => "(cleared_at IS NULL AND acknowledged_at IS NOT NULL)",
        _ => "(cleared_at IS NULL AND acknowledged_at IS NULL)",
    };
}
