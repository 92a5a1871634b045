using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Limits of what the dialects keep.</summary>
public sealed record CallRemarksLimits
{
    /// <summary>Calls with remarks; 2,000,000 unless set.</summary>
    public long Remarks { get; init; } = 2_000_000;

    /// <summary>Links to recordings that have not expired; 1,000,000 unless set.</summary>
    public long Links { get; init; } = 1_000_000;

    /// <summary>Deleted messages; 1,000,000 unless set.</summary>
    public long HiddenMessages { get; init; } = 1_000_000;

    /// <summary>How long another process's write is waited for; five seconds unless set.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Remarks, links, cleared lists and deleted messages in one file beside the records: <c>dialects.db</c>, made with the first thing written.</summary>
public sealed class SqliteCallRemarks : IRemarkDatabase, IRemarkKeeping
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "dialects.db";

    private const string Columns = "call, info, notes, transcript, transcript_speakers, summary, sentiment, score, metadata, folder, heard, deleted";
    internal const string ListOfMessages = "SELECT call, folder, heard, deleted FROM call_remarks WHERE folder <> 0 OR heard <> 0 OR deleted <> 0";

    // Of a secret of a link, characters that it is found by; the others are 96 random bits.
    private const int Selector = 8;
    private const int SecretBytes = 16;

    // Ids asked for in one statement: a kept statement for each number of them would be many.
    private const int Together = 50;

    private readonly string _path;
    private readonly CallRemarksLimits _limits;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _rows = new(StringComparer.Ordinal);
    private SqliteDatabase? _database;
    private ((long, long) State, Dictionary<string, CallRemark> Remarks)? _ofMessages;
    private bool _disposed;

    /// <summary>Opens the file below a folder of records; nothing is made yet.</summary>
    public SqliteCallRemarks(string folder, CallRemarksLimits? limits = null)
    {
        SqliteLibrary.EnsureLoaded();
        _path = Path.Combine(folder, FileName);
        _limits = limits ?? new CallRemarksLimits();
    }

    /// <inheritdoc />
    public CallRemark Get(string callId) => Get([callId]).GetValueOrDefault(callId, CallRemark.None);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> Get(IReadOnlyCollection<string> callIds)
    {
        var remarks = new Dictionary<string, CallRemark>(StringComparer.Ordinal);
        lock (_lock)
        {
            if (Existing() is not { } database) return remarks;
            foreach (string[] ids in callIds.Distinct(StringComparer.Ordinal).Chunk(Together))
            {
                using SqliteStatement list = Among(database, $"SELECT {Columns} FROM call_remarks WHERE call", ids);
                while (list.Step()) remarks[list.Text(0)] = Read(list);
            }
        }

        return remarks;
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> OfMessages()
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return new Dictionary<string, CallRemark>(0);

            // The first changes with what others write, the second with what is written here.
            (long, long) state = (database.Scalar("PRAGMA data_version"), database.Scalar("SELECT total_changes()"));
            if (_ofMessages is { } known && known.State == state) return known.Remarks;
            var remarks = new Dictionary<string, CallRemark>(StringComparer.Ordinal);
            using SqliteStatement list = database.Prepare(ListOfMessages);
            while (list.Step()) remarks.Add(list.Text(0), new CallRemark { Folder = (int)list.Long(1), IsHeard = list.Long(2) != 0, IsMessageDeleted = list.Long(3) != 0 });
            _ofMessages = (state, remarks);
            return remarks;
        }
    }

    /// <inheritdoc />
    public bool Change(IReadOnlyList<RemarkChange> changes, string by, Timestamp at)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            return database.Transact(() =>
            {
                long added = 0;
                foreach (RemarkChange change in changes)
                {
                    CallRemark? before = null;
                    using (SqliteStatement find = Among(database, $"SELECT {Columns} FROM call_remarks WHERE call", [change.CallId]))
                    {
                        if (find.Step()) before = Read(find);
                    }

                    CallRemark after = change.Change(before ?? CallRemark.None);
                    if (after == (before ?? CallRemark.None)) continue;
                    if (before is null) added++;
                    database.Prepare(
                        $"INSERT OR REPLACE INTO call_remarks ({Columns}, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")
                        .Bind(change.CallId).Bind(after.Info).Bind(after.Notes).Bind(after.Transcript).Bind(after.TranscriptSpeakers).Bind(after.Summary).Bind(after.Sentiment)
                        .Bind((long?)after.Score).Bind(after.Metadata).Bind((long)after.Folder).Bind(after.IsHeard ? 1L : 0L).Bind(after.IsMessageDeleted ? 1L : 0L)
                        .Bind(at.Microseconds).Bind(by).Run();
                }

                return HasRoom(database, "call_remarks", added, _limits.Remarks);
            });
        }
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Links(IReadOnlyCollection<string> callIds, Timestamp now, TimeSpan life)
    {
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        if (callIds.Count == 0) return links;
        lock (_lock)
        {
            SqliteDatabase database = Open();
            foreach (string[] ids in callIds.Distinct(StringComparer.Ordinal).Chunk(Together))
            {
                using SqliteStatement list = Among(database, "SELECT call, secret FROM recording_links WHERE expires > ?1 AND call", ids, (now + (life / 2)).Microseconds);
                while (list.Step()) links[list.Text(0)] = list.Text(1);
            }

            string[] missing = [.. callIds.Distinct(StringComparer.Ordinal).Where(id => !links.ContainsKey(id))];
            if (missing.Length == 0) return links;
            bool kept = database.Transact(() =>
            {
                database.Prepare("DELETE FROM recording_links WHERE expires <= ?1").Bind(now.Microseconds).Run();
                if (database.Scalar("SELECT changes()") > 0) _rows.Remove("recording_links");
                foreach (string id in missing)
                {
                    string secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
                    links[id] = secret;
                    database.Prepare("INSERT OR REPLACE INTO recording_links (call, secret, expires) VALUES (?1, ?2, ?3)").Bind(id).Bind(secret).Bind((now + life).Microseconds).Run();
                }

                return HasRoom(database, "recording_links", missing.Length, _limits.Links);
            });
            if (kept) return links;
            foreach (string id in missing) links.Remove(id);
            return links;
        }
    }

    /// <inheritdoc />
    public string? LinkedCall(string secret, Timestamp now)
    {
        if (secret.Length != 2 * SecretBytes || !secret.All(char.IsAsciiHexDigitLower)) return null;
        lock (_lock)
        {
            if (Existing() is not { } database) return null;

            // The first characters lead to it, and the rest is compared in the same time wherever it differs: how long an index takes tells no more of a secret.
            using SqliteStatement find = database.Prepare("SELECT call, secret FROM recording_links WHERE secret >= ?1 AND secret < ?2 AND expires > ?3");
            find.Bind(secret[..Selector]).Bind(secret[..Selector] + "g").Bind(now.Microseconds);
            string? call = null;
            while (find.Step())
            {
                if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(find.Text(1)), Encoding.ASCII.GetBytes(secret))) call = find.Text(0);
            }

            return call;
        }
    }

    /// <inheritdoc />
    public void Clear(ClearedList list, string? tenant, string by, Timestamp at)
    {
        lock (_lock)
        {
            Open().Prepare("INSERT OR REPLACE INTO cleared_lists (list, tenant, at, cleared_by) VALUES (?1, ?2, ?3, ?4)")
                .Bind((long)list).Bind(tenant ?? "").Bind(at.Microseconds).Bind(by).Run();
        }
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Timestamp> Cleared(ClearedList list)
    {
        var cleared = new Dictionary<string, Timestamp>(StringComparer.Ordinal);
        lock (_lock)
        {
            if (Existing() is not { } database) return cleared;
            using SqliteStatement rows = database.Prepare("SELECT tenant, at FROM cleared_lists WHERE list = ?1");
            rows.Bind((long)list);
            while (rows.Step()) cleared[rows.Text(0)] = new Timestamp(rows.Long(1));
        }

        return cleared;
    }

    /// <inheritdoc />
    public bool HideMessages(IReadOnlyList<MessageRecord> messages, string by, Timestamp at)
    {
        lock (_lock)
        {
            SqliteDatabase database = Open();
            return database.Transact(() =>
            {
                long added = 0;
                foreach (MessageRecord message in messages)
                {
                    database.Prepare(
                        "INSERT OR IGNORE INTO hidden_messages (id, started_at, kind, outcome, conversation, from_number, to_number, tenant, hidden_at, hidden_by) "
                        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
                        .Bind(message.Id).Bind(message.StartedAt.Microseconds).Bind((long)message.Kind).Bind((long)message.Outcome).Bind(message.ConversationId)
                        .Bind(message.From.Number).Bind(message.To.Number).Bind(message.Tenant).Bind(at.Microseconds).Bind(by).Run();
                    added += database.Scalar("SELECT changes()");
                }

                return HasRoom(database, "hidden_messages", added, _limits.HiddenMessages);
            });
        }
    }

    /// <inheritdoc />
    public IReadOnlySet<string> HiddenMessages(IReadOnlyCollection<string> ids)
    {
        var hidden = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            if (Existing() is not { } database) return hidden;
            foreach (string[] some in ids.Chunk(Together))
            {
                using SqliteStatement list = Among(database, "SELECT id FROM hidden_messages WHERE id", some);
                while (list.Step()) hidden.Add(list.Text(0));
            }
        }

        return hidden;
    }

    /// <inheritdoc />
    public long CountHidden(MessageQuery query)
    {
        SqlConditions where = HiddenConditions(query);
        lock (_lock)
        {
            if (Existing() is not { } database) return 0;
            using SqliteStatement count = where.Bound(database, $"SELECT count(*) FROM hidden_messages{where} LIMIT ?", 1);
            return count.Step() ? count.Long(0) : 0;
        }
    }

    /// <summary>What of a query deleted messages are counted by.</summary>
    internal static SqlConditions HiddenConditions(MessageQuery query)
    {
        var where = new SqlConditions();
        if (query.From is { } from) where.And("started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("started_at < ?", to.Microseconds);
        if (query.Kind is { } kind) where.And("kind = ?", (long)kind);
        if (query.Outcome is { } outcome) where.And("outcome = ?", (long)outcome);
        if (query.IsFinal) where.And(QueryConditions.Final);
        if (query.Sender is { } sender) where.And("from_number = ?", sender);
        if (query.Receiver is { } receiver) where.And("to_number = ?", receiver);
        if (query.ConversationId is { } conversation) where.And("conversation = ?", conversation);
        if (query.Number is { } number) where.AndText("(from_number @ OR to_number @)", number, times: 2);
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return where;
    }

    /// <inheritdoc />
    public void RemoveBefore(DateOnly first)
    {
        lock (_lock)
        {
            if (Existing() is not { } database) return;
            string before = first.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
            database.Prepare("DELETE FROM call_remarks WHERE call < ?1").Bind(before).Run();
            database.Prepare("DELETE FROM hidden_messages WHERE id < ?1").Bind(before).Run();
            _rows.Clear();
        }
    }

    /// <inheritdoc />
    public void Purge(IReadOnlyCollection<string> callIds)
    {
        lock (_lock)
        {
            if (callIds.Count == 0 || Existing() is not { } database) return;
            long removed = 0;
            database.Execute("PRAGMA secure_delete = ON");
            database.Transact(() =>
            {
                foreach (string id in callIds)
                {
                    database.Prepare("DELETE FROM call_remarks WHERE call = ?1").Bind(id).Run();
                    removed += database.Scalar("SELECT changes()");
                    database.Prepare("DELETE FROM recording_links WHERE call = ?1").Bind(id).Run();
                    removed += database.Scalar("SELECT changes()");
                }
            });
            _rows.Clear();
            if (removed == 0) return;
            Scrubbing.Note(_path);
            _ = new Scrubbing(Path.GetDirectoryName(_path)!, _limits.BusyTimeout).Run();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _database?.Dispose();
            _database = null;
        }
    }

    private static CallRemark Read(SqliteStatement row)
    {
        string? Text(int column) => row.IsNull(column) ? null : row.Text(column);
        return new CallRemark
        {
            Info = Text(1),
            Notes = Text(2),
            Transcript = Text(3),
            TranscriptSpeakers = Text(4),
            Summary = Text(5),
            Sentiment = Text(6),
            Score = row.IsNull(7) ? null : (int)row.Long(7),
            Metadata = Text(8),
            Folder = (int)row.Long(9),
            IsHeard = row.Long(10) != 0,
            IsMessageDeleted = row.Long(11) != 0,
        };
    }

    // The same number of places each time, so that one statement serves all; the last id is repeated.
    private static SqliteStatement Among(SqliteDatabase database, string sql, IReadOnlyList<string> ids, params ReadOnlySpan<long> first)
    {
        int places = ids.Count == 1 ? 1 : Together;
        SqliteStatement statement = database.Prepare($"{sql} IN ({string.Join(',', Enumerable.Range(first.Length + 1, places).Select(static i => $"?{i}"))})");
        foreach (long value in first) statement.Bind(value);
        for (int i = 0; i < places; i++) statement.Bind(ids[Math.Min(i, ids.Count - 1)]);
        return statement;
    }

    // Counted once; from then on by what is added. A link that takes an expired one's place counts twice, until expired ones are next removed.
    private bool HasRoom(SqliteDatabase database, string table, long added, long most)
    {
        long rows = _rows.TryGetValue(table, out long known) ? known + added : database.Scalar($"SELECT count(*) FROM {table}");
        if (rows > most) return false;
        _rows[table] = rows;
        return true;
    }

    // What was never written to need not be made for being read.
    private SqliteDatabase? Existing() => _database ?? (File.Exists(_path) ? Open() : null);

    private SqliteDatabase Open()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_database is not null) return _database;
        SqliteDatabase database = SqliteDatabase.Open(_path, SqliteAccess.Write, _limits.BusyTimeout, 2048);
        try
        {
            SchemaMigrations.Dialects.Apply(database);
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return _database = database;
    }
}
