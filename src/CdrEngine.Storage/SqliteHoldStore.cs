using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Legal holds in one file beside the records: <c>holds.db</c>, made with the first hold. What another program places is seen with the next question.</summary>
public sealed class SqliteHoldStore : IHeldCalls
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "holds.db";

    private const string Columns =
        "SELECT h.id, h.what, h.reason, h.placed_by, h.placed_at, h.tenant, (SELECT count(*) FROM held_calls c WHERE c.hold = h.id) FROM holds h";

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly Lock _lock = new();
    private SqliteDatabase? _database;
    private bool _disposed;

    /// <summary>Opens the file below a folder of records; nothing is made yet.</summary>
    public SqliteHoldStore(string folder)
    {
        SqliteLibrary.EnsureLoaded();
        _path = Path.Combine(folder, FileName);
    }

    /// <inheritdoc />
    public LegalHold Place(IReadOnlyCollection<string> calls, string what, string reason, string by, string? tenant, Timestamp at)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            long id = 0;
            database.Transact(() =>
            {
                database.Prepare("INSERT INTO holds (what, reason, placed_by, placed_at, tenant) VALUES (?1, ?2, ?3, ?4, ?5)")
                    .Bind(what).Bind(reason).Bind(by).Bind(at.Microseconds).Bind(tenant).Run();
                id = database.LastInsertRowId;
                foreach (string call in calls) database.Prepare("INSERT OR IGNORE INTO held_calls (call, hold) VALUES (?1, ?2)").Bind(call).Bind(id).Run();
            });
            return new LegalHold(id, what, reason, by, at, calls.Distinct(StringComparer.Ordinal).Count()) { Tenant = tenant };
        }
    }

    /// <inheritdoc />
    public bool Release(long id, string? tenant)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return false;
            return database.Transact(() =>
            {
                using (SqliteStatement find = database.Prepare("SELECT tenant FROM holds WHERE id = ?1"))
                {
                    if (!find.Bind(id).Step() || (tenant is not null && (find.IsNull(0) || find.Text(0) != tenant))) return false;
                }

                database.Prepare("DELETE FROM held_calls WHERE hold = ?1").Bind(id).Run();
                database.Prepare("DELETE FROM holds WHERE id = ?1").Bind(id).Run();
                return true;
            });
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<LegalHold> List(string? tenant)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return [];
            using SqliteStatement list = database.Prepare($"{Columns} WHERE ?1 IS NULL OR h.tenant = ?1 ORDER BY h.id");
            return Read(list.Bind(tenant));
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<LegalHold> Of(string callId)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return [];
            using SqliteStatement list = database.Prepare($"{Columns} JOIN held_calls k ON k.hold = h.id WHERE k.call = ?1 ORDER BY h.id");
            return Read(list.Bind(callId));
        }
    }

    /// <inheritdoc />
    public IReadOnlySet<string> Held()
    {
        lock (_lock)
        {
            var held = new HashSet<string>(StringComparer.Ordinal);
            if (Existing() is not { } database) return held;
            using SqliteStatement list = database.Prepare("SELECT DISTINCT call FROM held_calls");
            while (list.Step()) held.Add(list.Text(0));
            return held;
        }
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, uint> Copied()
    {
        lock (_lock)
        {
            var copied = new Dictionary<string, uint>(StringComparer.Ordinal);
            if (Existing() is not { } database) return copied;
            using SqliteStatement list = database.Prepare("SELECT call, packet_run FROM copied_calls");
            while (list.Step()) copied[list.Text(0)] = (uint)list.Long(1);
            return copied;
        }
    }

    /// <inheritdoc />
    public void SetCopied(string callId, uint run)
    {
        lock (_lock) Open().Prepare("INSERT OR REPLACE INTO copied_calls (call, packet_run) VALUES (?1, ?2)").Bind(callId).Bind(run).Run();
    }

    /// <inheritdoc />
    public void ForgetReleased()
    {
        lock (_lock) Existing()?.Execute("DELETE FROM copied_calls WHERE call NOT IN (SELECT call FROM held_calls)");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _database?.Dispose();
            _database = null;
        }
    }

    private static List<LegalHold> Read(SqliteStatement list)
    {
        var holds = new List<LegalHold>();
        while (list.Step())
        {
            holds.Add(new LegalHold(list.Long(0), list.Text(1), list.Text(2), list.Text(3), new Timestamp(list.Long(4)), list.Long(6)) { Tenant = list.IsNull(5) ? null : list.Text(5) });
        }

        return holds;
    }

    // Null where nobody ever placed one.
    private SqliteDatabase? Existing()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _database is not null || File.Exists(_path) ? Open() : null;
    }

    private SqliteDatabase Open()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_database is not null) return _database;
        SqliteDatabase database = SqliteDatabase.Open(_path, SqliteAccess.Write, BusyTimeout, 1024);
        try
        {
            SchemaMigrations.Holds.Apply(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return _database = database;
    }
}
