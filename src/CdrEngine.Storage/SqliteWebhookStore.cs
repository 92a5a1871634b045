using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Webhooks in <c>webhooks.db</c>, a file of its own that is made with the first endpoint: what waits outlives a stop and a crash. Any thread, one at a
/// time; other processes may use it too.</summary>
public sealed partial class SqliteWebhookStore : IWebhookDatabase
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "webhooks.db";

    private readonly LazyDatabase _file;
    private readonly WebhookLimits _limits;
    private readonly Lock _lock = new();

    /// <summary>A store in a folder; nothing is opened yet.</summary>
    public SqliteWebhookStore(string folder, WebhookLimits? limits = null)
    {
        _file = new LazyDatabase(Path.Combine(folder, FileName), SchemaMigrations.Webhooks);
        _limits = limits ?? new WebhookLimits();
    }

    /// <inheritdoc />
    public int Add(IReadOnlyList<WebhookDelivery> deliveries)
    {
        lock (_lock)
        {
            SqliteDatabase database = _file.Open();
            int dropped = 0;
            database.Transact(() =>
            {
                foreach (IGrouping<string, WebhookDelivery> endpoint in deliveries.GroupBy(static delivery => delivery.Endpoint, StringComparer.Ordinal))
                {
                    long room = _limits.Waiting - Count(database, "SELECT count(*) FROM deliveries WHERE endpoint = ?1", endpoint.Key);
                    foreach (WebhookDelivery delivery in endpoint)
                    {
                        if (--room < 0) dropped++;
                        else
                        {
                            database.Prepare("INSERT INTO deliveries (endpoint, thing, event, created_at, due_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
                                .Bind(delivery.Endpoint).Bind(delivery.Thing).Bind(delivery.Event).Bind(delivery.CreatedAt.Microseconds).Bind(delivery.CreatedAt.Microseconds).BindBlob(delivery.Body.Span).Run();
                        }
                    }
                }
            });
            return dropped;
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<WebhookDelivery> Due(string endpoint, Timestamp now, int limit)
    {
        var due = new List<WebhookDelivery>();
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return due;
            const string sql = "SELECT d.id, d.endpoint, d.thing, d.event, d.created_at, d.attempts, d.body FROM deliveries d WHERE d.endpoint = ?1 AND d.due_at <= ?2 "
                + "AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.endpoint = d.endpoint AND e.thing = d.thing AND e.id < d.id) ORDER BY d.id LIMIT ?3";
            using SqliteStatement rows = database.Prepare(sql);
            rows.Bind(endpoint).Bind(now.Microseconds).Bind((long)limit);
            while (rows.Step()) due.Add(ReadDelivery(rows));
        }

        return due;
    }

    /// <inheritdoc />
    public Timestamp? NextDue(string endpoint)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return null;
            using SqliteStatement next = database.Prepare("SELECT min(d.due_at) FROM deliveries d WHERE d.endpoint = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.endpoint = d.endpoint AND e.thing = d.thing AND e.id < d.id)");
            return next.Bind(endpoint).Step() && !next.IsNull(0) ? new Timestamp(next.Long(0)) : null;
        }
    }

    /// <inheritdoc />
    public void Settle(IReadOnlyList<WebhookOutcome> outcomes)
    {
        if (outcomes.Count == 0) return;
        lock (_lock)
        {
            SqliteDatabase database = _file.Open();
            database.Transact(() =>
            {
                foreach (WebhookOutcome outcome in outcomes)
                {
                    if (outcome.RetryAt is { } again)
                    {
                        database.Prepare("UPDATE deliveries SET due_at = ?1, attempts = attempts + 1 WHERE id = ?2").Bind(again.Microseconds).Bind(outcome.Id).Run();
                        continue;
                    }

                    if (outcome.Error is { } error) Bury(database, outcome, error);
                    database.Prepare("DELETE FROM deliveries WHERE id = ?1").Bind(outcome.Id).Run();
                }
            });
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<DeadLetter> DeadLetters(string? endpoint, long? before, int limit)
    {
        var found = new List<DeadLetter>();
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return found;
            var where = new SqlConditions();
            if (endpoint is not null) where.And("endpoint = ?", endpoint);
            if (before is { } id) where.And("id < ?", id);
            using SqliteStatement rows = where.Bound(database, $"SELECT {Letter} FROM dead_letters{where} ORDER BY id DESC LIMIT ?", limit);
            while (rows.Step()) found.Add(ReadLetter(rows));
        }

        return found;
    }

    /// <inheritdoc />
    public DeadLetter? FindDeadLetter(long id)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return null;
            using SqliteStatement find = database.Prepare($"SELECT {Letter} FROM dead_letters WHERE id = ?1");
            return find.Bind(id).Step() ? ReadLetter(find) : null;
        }
    }

    /// <inheritdoc />
    public int Resend(string? endpoint, long? id, Timestamp now)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return 0;
            int count = 0;
            database.Transact(() =>
            {
                SqlConditions where = Letters(endpoint, id);

                // A new delivery behind what waits: its turn has passed.
                using (SqliteStatement copy = where.Bound(database, $"INSERT INTO deliveries (endpoint, thing, event, created_at, due_at, body) SELECT endpoint, thing, event, created_at, {now.Microseconds}, body FROM dead_letters{where} ORDER BY id LIMIT ?", long.MaxValue))
                {
                    copy.Step();
                }

                count = (int)database.Scalar("SELECT changes()");
                using SqliteStatement delete = where.Bound(database, $"DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters{where} LIMIT ?)", long.MaxValue);
                delete.Step();
            });
            return count;
        }
    }

    /// <inheritdoc />
    public int RemoveDeadLetters(string? endpoint, long? id)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return 0;
            SqlConditions where = Letters(endpoint, id);
            using (SqliteStatement delete = where.Bound(database, $"DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters{where} LIMIT ?)", long.MaxValue)) delete.Step();
            return (int)database.Scalar("SELECT changes()");
        }
    }

    /// <inheritdoc />
    public int Purge(Timestamp before)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return 0;
            database.Prepare("DELETE FROM dead_letters WHERE died_at < ?1").Bind(before.Microseconds).Run();
            return (int)database.Scalar("SELECT changes()");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock) _file.Dispose();
    }

    private const string Letter = "id, endpoint, thing, event, created_at, attempts, body, died_at, status, error";

    // Of its first seven columns.
    private static WebhookDelivery ReadDelivery(SqliteStatement row) => new()
    {
        Id = row.Long(0),
        Endpoint = row.Text(1),
        Thing = row.Text(2),
        Event = row.Text(3),
        CreatedAt = new Timestamp(row.Long(4)),
        Attempts = (int)row.Long(5),
        Body = row.Blob(6).ToArray(),
    };

    private static DeadLetter ReadLetter(SqliteStatement row) => new(
        ReadDelivery(row),
        new Timestamp(row.Long(7)),
        row.IsNull(8) ? null : (int)row.Long(8),
        row.Text(9));

    private static SqlConditions Letters(string? endpoint, long? id)
    {
        var where = new SqlConditions();
        if (endpoint is not null) where.And("endpoint = ?", endpoint);
        if (id is { } one) where.And("id = ?", one);
        return where;
    }

    private void Bury(SqliteDatabase database, WebhookOutcome outcome, string error)
    {
        database.Prepare("INSERT OR REPLACE INTO dead_letters (id, endpoint, thing, event, created_at, died_at, attempts, status, error, body) "
                + "SELECT id, endpoint, thing, event, created_at, ?1, attempts + 1, ?2, ?3, body FROM deliveries WHERE id = ?4")
            .Bind(outcome.At.Microseconds).Bind((long?)outcome.Status).Bind(error).Bind(outcome.Id).Run();
        database.Prepare("DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE endpoint = (SELECT endpoint FROM deliveries WHERE id = ?1) ORDER BY id DESC LIMIT -1 OFFSET ?2)")
            .Bind(outcome.Id).Bind((long)_limits.Dead).Run();
    }

    private static long Count(SqliteDatabase database, string sql, string argument)
    {
        using SqliteStatement count = database.Prepare(sql);
        return count.Bind(argument).Step() ? count.Long(0) : 0;
    }
}
