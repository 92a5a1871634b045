using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// The endpoints and how they stand.
public sealed partial class SqliteWebhookStore
{
    private const string Endpoint = "e.json, e.failures, e.open_until, e.last_at, e.last_status, e.last_error, (SELECT count(*) FROM deliveries d WHERE d.endpoint = e.id), (SELECT count(*) FROM dead_letters l WHERE l.endpoint = e.id)";

    /// <inheritdoc />
    public IReadOnlyList<WebhookStatus> Endpoints()
    {
        var found = new List<WebhookStatus>();
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return found;
            using SqliteStatement rows = database.Prepare($"SELECT {Endpoint} FROM endpoints e ORDER BY e.id");
            while (rows.Step()) found.Add(ReadEndpoint(rows));
        }

        return found;
    }

    /// <inheritdoc />
    public WebhookStatus? Find(string id)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return null;
            using SqliteStatement find = database.Prepare($"SELECT {Endpoint} FROM endpoints e WHERE e.id = ?1");
            return find.Bind(id).Step() ? ReadEndpoint(find) : null;
        }
    }

    /// <inheritdoc />
    public bool Put(WebhookEndpoint endpoint)
    {
        lock (_lock)
        {
            SqliteDatabase database = _file.Open();
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(endpoint);
            return database.Transact(() =>
            {
                database.Prepare("UPDATE endpoints SET json = ?1, failures = 0, open_until = NULL WHERE id = ?2").BindBlob(json).Bind(endpoint.Id).Run();
                if (database.Scalar("SELECT changes()") > 0) return true;
                if (database.Scalar("SELECT count(*) FROM endpoints") >= _limits.Endpoints) return false;
                database.Prepare("INSERT INTO endpoints (id, json) VALUES (?1, ?2)").Bind(endpoint.Id).BindBlob(json).Run();
                return true;
            });
        }
    }

    /// <inheritdoc />
    public bool Remove(string id)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return false;
            bool removed = false;
            database.Transact(() =>
            {
                database.Prepare("DELETE FROM endpoints WHERE id = ?1").Bind(id).Run();
                removed = database.Scalar("SELECT changes()") > 0;
                database.Prepare("DELETE FROM deliveries WHERE endpoint = ?1").Bind(id).Run();
                database.Prepare("DELETE FROM dead_letters WHERE endpoint = ?1").Bind(id).Run();
            });
            return removed;
        }
    }

    /// <inheritdoc />
    public void Note(string id, WebhookHealth health)
    {
        lock (_lock)
        {
            _file.Open().Prepare("UPDATE endpoints SET failures = ?1, open_until = ?2, last_at = ?3, last_status = ?4, last_error = ?5 WHERE id = ?6")
                .Bind((long)health.Failures).Bind(health.OpenUntil?.Microseconds).Bind(health.LastAt?.Microseconds).Bind((long?)health.LastStatus).Bind(health.LastError).Bind(id).Run();
        }
    }

    /// <inheritdoc />
    public bool Hold(string id, string owner, Timestamp now, Timestamp until)
    {
        lock (_lock)
        {
            if (_file.Existing() is not { } database) return false;
            database.Prepare("UPDATE endpoints SET held_by = ?1, held_until = ?2 WHERE id = ?3 AND (held_by IS NULL OR held_by = ?1 OR held_until <= ?4)")
                .Bind(owner).Bind(until.Microseconds).Bind(id).Bind(now.Microseconds).Run();
            return database.Scalar("SELECT changes()") > 0;
        }
    }

    /// <inheritdoc />
    public void Release(string id, string owner)
    {
        lock (_lock) _file.Existing()?.Prepare("UPDATE endpoints SET held_by = NULL, held_until = 0 WHERE id = ?1 AND held_by = ?2").Bind(id).Bind(owner).Run();
    }

    private static WebhookStatus ReadEndpoint(SqliteStatement row) => new(
        JsonSerializer.Deserialize<WebhookEndpoint>(row.Blob(0)) ?? throw new StoreException("webhooks.db: an endpoint is empty"),
        new WebhookHealth
        {
            Failures = (int)row.Long(1),
            OpenUntil = row.IsNull(2) ? null : new Timestamp(row.Long(2)),
            LastAt = row.IsNull(3) ? null : new Timestamp(row.Long(3)),
            LastStatus = row.IsNull(4) ? null : (int)row.Long(4),
            LastError = row.IsNull(5) ? null : row.Text(5),
        },
        row.Long(6),
        row.Long(7));
}
