using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls that were deleted, in a file beside the days that is made with the first deletion. Readers of days attach it. What another
/// process deletes is seen with the next question. Any thread.</summary>
internal sealed class HiddenCalls(string path, TimeSpan busyTimeout) : IDisposable
{
    public const string FileName = "hidden.db";

    private static readonly IReadOnlyDictionary<DateOnly, HiddenDay> Nothing = new Dictionary<DateOnly, HiddenDay>();

    private readonly Lock _lock = new();
    private SqliteDatabase? _database;
    private Dictionary<DateOnly, HiddenDay> _days = [];
    private long _version = -1;
    private bool _seen;

    /// <summary>True the first time the file is there: connections opened before do not know it.</summary>
    public bool HasAppeared()
    {
        if (Volatile.Read(ref _seen)) return false;
        lock (_lock)
        {
            if (_seen || !File.Exists(path)) return false;
            Volatile.Write(ref _seen, true);
            return true;
        }
    }

    /// <summary>Attaches the file to a connection, where there is one.</summary>
    public void Attach(SqliteDatabase database)
    {
        if (!Volatile.Read(ref _seen)) return;
        using SqliteStatement attach = database.Prepare("ATTACH ?1 AS hidden");
        attach.Bind(path).Step();
        database.HasHidden = true;
    }

    /// <summary>What of a day is hidden now.</summary>
    public HiddenDay Of(DateOnly day)
    {
        if (!Volatile.Read(ref _seen)) return HiddenDay.None;
        lock (_lock)
        {
            LookAgain();
            return _days.GetValueOrDefault(day, HiddenDay.None);
        }
    }

    /// <summary>What is hidden now, by day (days of which nothing is have no entry), and a stamp that changes with every deletion.</summary>
    public (IReadOnlyDictionary<DateOnly, HiddenDay> Days, DayStamp Stamp) Now()
    {
        if (!Volatile.Read(ref _seen)) return (Nothing, DayStamp.Unchanging);
        var stamp = DayStamp.Of(path);
        lock (_lock)
        {
            LookAgain();
            return (_days, stamp);
        }
    }

    /// <summary>Hides single calls; gives how many were not hidden before.</summary>
    public int Hide(IReadOnlyList<(DateOnly Day, byte[] Id)> calls, string by, Timestamp at)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            int hidden = 0;
            database.Transact(() =>
            {
                foreach ((DateOnly day, byte[] id) in calls)
                {
                    database.Prepare("INSERT OR IGNORE INTO hidden_calls (day, id, hidden_at, hidden_by) VALUES (?1, ?2, ?3, ?4)")
                        .Bind((long)day.DayNumber).BindBlob(id.AsSpan()).Bind(at.Microseconds).Bind(by).Run();
                    hidden += (int)database.Scalar("SELECT changes()");
                }
            });
            _version = -1;
            return hidden;
        }
    }

    /// <summary>Hides of each day what is stored up to a document.</summary>
    public void HideDays(IReadOnlyList<(DateOnly Day, long Document)> days, string? tenant, string by, Timestamp at)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            database.Transact(() =>
            {
                foreach ((DateOnly day, long document) in days)
                {
                    database.Prepare("INSERT OR REPLACE INTO hidden_days (day, tenant, document, hidden_at, hidden_by) VALUES (?1, ?2, ?3, ?4, ?5)")
                        .Bind((long)day.DayNumber).Bind(tenant ?? "").Bind(document).Bind(at.Microseconds).Bind(by).Run();
                }
            });
            _version = -1;
        }
    }

    /// <summary>Forgets that a day's calls were hidden by their order, since that order is no more.</summary>
    public void ForgetDay(DateOnly day)
    {
        if (!Volatile.Read(ref _seen)) return;
        lock (_lock)
        {
            Open().Prepare("DELETE FROM hidden_days WHERE day = ?1").Bind((long)day.DayNumber).Run();
            _version = -1;
        }
    }

    /// <summary>Forgets that single calls were hidden: they are no more.</summary>
    public void ForgetCalls(DateOnly day, IReadOnlyCollection<string> ids)
    {
        if (!Volatile.Read(ref _seen) && !File.Exists(path)) return;
        byte[] bytes = new byte[CallRow.IdBytes];
        lock (_lock)
        {
            SqliteDatabase database = Open();
            database.Transact(() =>
            {
                foreach (string id in ids)
                {
                    if (!CallRow.TryReadId(id, out _, bytes)) continue;
                    database.Prepare("DELETE FROM hidden_calls WHERE day = ?1 AND id = ?2").Bind((long)day.DayNumber).BindBlob(bytes.AsSpan()).Run();
                }
            });
            _version = -1;
        }
    }

    /// <summary>Forgets that a tenant's calls (null for all) of a day were hidden as a whole.</summary>
    public void ForgetDay(DateOnly day, string? tenant)
    {
        lock (_lock)
        {
            Open().Prepare("DELETE FROM hidden_days WHERE day = ?1 AND tenant = ?2").Bind((long)day.DayNumber).Bind(tenant ?? "").Run();
            _version = -1;
        }
    }

    /// <summary>Single calls hidden before an instant, the longest hidden first.</summary>
    public List<HiddenCall> List(Timestamp before, int limit)
    {
        var calls = new List<HiddenCall>();
        if (!Volatile.Read(ref _seen)) return calls;
        lock (_lock)
        {
            using SqliteStatement list = Open().Prepare("SELECT day, id, hidden_at FROM hidden_calls WHERE hidden_at < ?1 ORDER BY hidden_at LIMIT ?2");
            list.Bind(before.Microseconds).Bind((long)limit);
            while (list.Step()) calls.Add(new HiddenCall(CallRow.IdText(DateOnly.FromDayNumber((int)list.Long(0)), list.Blob(1)), new Timestamp(list.Long(2))));
        }

        return calls;
    }

    /// <summary>Days hidden as a whole before an instant, the longest hidden first.</summary>
    public List<(DateOnly Day, string? Tenant, long Document, Timestamp At)> ListDays(Timestamp before)
    {
        var days = new List<(DateOnly Day, string? Tenant, long Document, Timestamp At)>();
        if (!Volatile.Read(ref _seen)) return days;
        lock (_lock)
        {
            using SqliteStatement list = Open().Prepare("SELECT day, tenant, document, hidden_at FROM hidden_days WHERE hidden_at < ?1 ORDER BY hidden_at, day");
            list.Bind(before.Microseconds);
            while (list.Step()) days.Add((DateOnly.FromDayNumber((int)list.Long(0)), list.Text(1) is { Length: > 0 } tenant ? tenant : null, list.Long(2), new Timestamp(list.Long(3))));
        }

        return days;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _database?.Dispose();
            _database = null;
        }
    }

    private SqliteDatabase Open()
    {
        if (_database is not null) return _database;
        SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Write, busyTimeout, 1024);
        try
        {
            SchemaMigrations.Hidden.Apply(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return _database = database;
    }

    // The version changes with what other connections commit; our own changes reset it.
    private void LookAgain()
    {
        SqliteDatabase database = Open();
        long version = database.Scalar("PRAGMA data_version");
        if (version == _version) return;
        var single = new HashSet<int>();
        var upTo = new Dictionary<int, List<(string? Tenant, long Document)>>();
        using (SqliteStatement list = database.Prepare("SELECT DISTINCT day FROM hidden_calls"))
        {
            while (list.Step()) single.Add((int)list.Long(0));
        }

        using (SqliteStatement list = database.Prepare("SELECT day, tenant, document FROM hidden_days ORDER BY day, tenant"))
        {
            while (list.Step())
            {
                int day = (int)list.Long(0);
                if (!upTo.TryGetValue(day, out List<(string? Tenant, long Document)>? rules)) upTo.Add(day, rules = []);
                rules.Add((list.Text(1) is { Length: > 0 } tenant ? tenant : null, list.Long(2)));
            }
        }

        _days = single.Union(upTo.Keys).ToDictionary(
            DateOnly.FromDayNumber,
            day => new HiddenDay(DateOnly.FromDayNumber(day), single.Contains(day), upTo.GetValueOrDefault(day, [])));
        _version = version;
    }
}
