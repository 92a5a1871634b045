using System.Security.Cryptography;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>Remarks, links, cleared lists and deleted messages in PostgreSQL.</summary>
internal sealed class PostgresCallRemarks(PostgresOptions options, CallRemarksLimits? limits = null) : IRemarkDatabase, IRemarkKeeping
{
    private const string Writer = "remarks";
    private const string Columns = "call, info, notes, transcript, transcript_speakers, summary, sentiment, score, metadata, folder, heard, deleted";
    private const string Changed = "UPDATE remark_state SET version = version + 1";
    private const int SecretBytes = 16;

    private readonly CallRemarksLimits _limits = limits ?? new CallRemarksLimits();
    private readonly PostgresDatabase _database = new(options);
    private OfMessagesRead? _ofMessages;

    /// <inheritdoc />
    public CallRemark Get(string callId) => Get([callId]).GetValueOrDefault(callId, CallRemark.None);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> Get(IReadOnlyCollection<string> callIds) => _database.Read(session => Get(session, callIds));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> OfMessages() => _database.Read(session =>
    {
        // Asked for before they are read: what changes meanwhile is read again with the next question.
        long version = session.Scalar("SELECT version FROM remark_state");
        if (Volatile.Read(ref _ofMessages) is { } known && known.Version == version) return known.Remarks;
        var remarks = new Dictionary<string, CallRemark>(StringComparer.Ordinal);
        using PostgresRows rows = session.Query("SELECT call, folder::bigint, heard::bigint, deleted::bigint FROM call_remarks WHERE folder <> 0 OR heard <> 0 OR deleted <> 0");
        while (rows.Step()) remarks.Add(rows.Text(0), new CallRemark { Folder = (int)rows.Long(1), IsHeard = rows.Long(2) != 0, IsMessageDeleted = rows.Long(3) != 0 });
        Volatile.Write(ref _ofMessages, new OfMessagesRead(version, remarks));
        return remarks;
    });

    /// <inheritdoc />
    public bool Change(IReadOnlyList<RemarkChange> changes, string by, Timestamp at) => _database.Transact(Writer, session =>
    {
        Dictionary<string, CallRemark> known = Get(session, [.. changes.Select(static change => change.CallId)]);
        long added = 0;
        foreach (RemarkChange change in changes)
        {
            bool isKnown = known.TryGetValue(change.CallId, out CallRemark? before);
            CallRemark after = change.Change(before ?? CallRemark.None);
            if (after == (before ?? CallRemark.None)) continue;
            if (!isKnown) added++;
            known[change.CallId] = after;
            session.Queue(
                $"INSERT INTO call_remarks ({Columns}, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (call) DO UPDATE SET "
                + "info = excluded.info, notes = excluded.notes, transcript = excluded.transcript, transcript_speakers = excluded.transcript_speakers, summary = excluded.summary, "
                + "sentiment = excluded.sentiment, score = excluded.score, metadata = excluded.metadata, folder = excluded.folder, heard = excluded.heard, deleted = excluded.deleted, "
                + "changed_at = excluded.changed_at, changed_by = excluded.changed_by",
                change.CallId,
                after.Info,
                after.Notes,
                after.Transcript,
                after.TranscriptSpeakers,
                after.Summary,
                after.Sentiment,
                (long?)after.Score,
                after.Metadata,
                (long)after.Folder,
                after.IsHeard ? 1L : 0L,
                after.IsMessageDeleted ? 1L : 0L,
                at.Microseconds,
                by);
        }

        session.Queue(Changed);
        session.RunQueued();
        return HasRoom(session, "call_remarks", added, _limits.Remarks);
    });

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Links(IReadOnlyCollection<string> callIds, Timestamp now, TimeSpan life)
    {
        if (callIds.Count == 0) return new Dictionary<string, string>(0);
        string[] ids = [.. callIds.Distinct(StringComparer.Ordinal)];
        Dictionary<string, string> links = _database.Read(session =>
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            using PostgresRows rows = session.Query("SELECT call, secret FROM recording_links WHERE expires > ? AND call = ANY (?)", (now + (life / 2)).Microseconds, ids);
            while (rows.Step()) found[rows.Text(0)] = rows.Text(1);
            return found;
        });
        string[] missing = [.. ids.Where(id => !links.ContainsKey(id))];
        if (missing.Length == 0) return links;
        string[] secrets = [.. missing.Select(static _ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes)))];
        bool kept = _database.Transact(Writer, session =>
        {
            session.Execute("DELETE FROM recording_links WHERE expires <= ?", now.Microseconds);
            session.Execute(
                "INSERT INTO recording_links (call, secret, expires) SELECT u.call, u.secret, ? FROM unnest(?::text[], ?::text[]) u (call, secret) "
                + "ON CONFLICT (call) DO UPDATE SET secret = excluded.secret, expires = excluded.expires",
                (now + life).Microseconds,
                missing,
                secrets);
            return HasRoom(session, "recording_links", missing.Length, _limits.Links);
        });
        for (int i = 0; kept && i < missing.Length; i++) links[missing[i]] = secrets[i];
        return links;
    }

    /// <inheritdoc />
    public string? LinkedCall(string secret, Timestamp now)
    {
        if (secret.Length != 2 * SecretBytes || !secret.All(char.IsAsciiHexDigitLower)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query("SELECT call FROM recording_links WHERE secret = ? AND expires > ?", secret, now.Microseconds);
            return rows.Step() ? rows.Text(0) : null;
        });
    }

    /// <inheritdoc />
    public void Clear(ClearedList list, string? tenant, string by, Timestamp at) => _database.Transact(Writer, session => session.Queue(
        "INSERT INTO cleared_lists (list, tenant, at, cleared_by) VALUES (?, ?, ?, ?) ON CONFLICT (list, tenant) DO UPDATE SET at = excluded.at, cleared_by = excluded.cleared_by",
        (long)list,
        tenant ?? "",
        at.Microseconds,
        by));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Timestamp> Cleared(ClearedList list) => _database.Read(session =>
    {
        var cleared = new Dictionary<string, Timestamp>(StringComparer.Ordinal);
        using PostgresRows rows = session.Query("SELECT tenant, at FROM cleared_lists WHERE list = ?", (long)list);
        while (rows.Step()) cleared[rows.Text(0)] = new Timestamp(rows.Long(1));
        return cleared;
    });

    /// <inheritdoc />
    public bool HideMessages(IReadOnlyList<MessageRecord> messages, string by, Timestamp at) => _database.Transact(Writer, session =>
    {
        long before = session.Scalar("SELECT count(*) FROM hidden_messages");
        foreach (MessageRecord message in messages)
        {
            session.Queue(
                "INSERT INTO hidden_messages (id, started_at, kind, outcome, conversation, from_number, to_number, tenant, hidden_at, hidden_by) "
                + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                message.Id,
                message.StartedAt.Microseconds,
                (long)message.Kind,
                (long)message.Outcome,
                message.ConversationId,
                message.From.Number,
                message.To.Number,
                message.Tenant,
                at.Microseconds,
                by);
        }

        session.RunQueued();
        long now = session.Scalar("SELECT count(*) FROM hidden_messages");
        return now == before || now <= _limits.HiddenMessages;
    });

    /// <inheritdoc />
    public IReadOnlySet<string> HiddenMessages(IReadOnlyCollection<string> ids)
    {
        var hidden = new HashSet<string>(StringComparer.Ordinal);
        if (ids.Count == 0) return hidden;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query("SELECT id FROM hidden_messages WHERE id = ANY (?)", (object)ids.ToArray());
            while (rows.Step()) hidden.Add(rows.Text(0));
            return hidden;
        });
    }

    /// <inheritdoc />
    public long CountHidden(MessageQuery query)
    {
        SqlConditions where = SqliteCallRemarks.HiddenConditions(query);
        return _database.Read(session => session.Scalar($"SELECT count(*) FROM hidden_messages{where}", where.Arguments));
    }

    /// <inheritdoc />
    public void RemoveBefore(DateOnly first) => _database.Transact(Writer, session =>
    {
        string before = first.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
        session.Queue("DELETE FROM call_remarks WHERE call < ?", before);
        session.Queue(Changed);
        session.Queue("DELETE FROM hidden_messages WHERE id < ?", before);
    });

    /// <inheritdoc />
    public void Purge(IReadOnlyCollection<string> callIds)
    {
        if (callIds.Count == 0) return;
        _database.Transact(Writer, session =>
        {
            session.Queue("DELETE FROM call_remarks WHERE call = ANY (?)", (object)callIds.ToArray());
            session.Queue(Changed);
            session.Queue("DELETE FROM recording_links WHERE call = ANY (?)", (object)callIds.ToArray());
        });
        _database.Maintain(static session =>
        {
            session.Script("VACUUM (FULL) call_remarks");
            session.Script("VACUUM (FULL) recording_links");
        });
    }

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();

    private static Dictionary<string, CallRemark> Get(PostgresSession session, IReadOnlyCollection<string> callIds)
    {
        var remarks = new Dictionary<string, CallRemark>(StringComparer.Ordinal);
        using PostgresRows rows = session.Query($"SELECT {Columns} FROM call_remarks WHERE call = ANY (?)", (object)callIds.Distinct(StringComparer.Ordinal).ToArray());
        while (rows.Step())
        {
            remarks[rows.Text(0)] = new CallRemark
            {
                Info = rows.TextOrNull(1),
                Notes = rows.TextOrNull(2),
                Transcript = rows.TextOrNull(3),
                TranscriptSpeakers = rows.TextOrNull(4),
                Summary = rows.TextOrNull(5),
                Sentiment = rows.TextOrNull(6),
                Score = (int?)rows.LongOrNull(7),
                Metadata = rows.TextOrNull(8),
                Folder = (int)rows.Long(9),
                IsHeard = rows.Long(10) != 0,
                IsMessageDeleted = rows.Long(11) != 0,
            };
        }

        return remarks;
    }

    // Nothing added is nothing too many, also where the bound was lowered.
    private static bool HasRoom(PostgresSession session, string table, long added, long most) => added == 0 || session.Scalar($"SELECT count(*) FROM {table}") <= most;

    /// <summary>What is said of voice messages, as it was at a version.</summary>
    private sealed record OfMessagesRead(long Version, Dictionary<string, CallRemark> Remarks);
}
