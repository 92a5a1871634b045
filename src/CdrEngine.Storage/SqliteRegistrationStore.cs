using System.Globalization;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Registrations with their history, peers and mailboxes in SQLite: one file, <c>registrations.db</c>, of what is the case. Any number of threads
/// may read while one writes.</summary>
public sealed class SqliteRegistrationStore : IRegistrationDatabase
{
    /// <summary>Events kept of one registration; the eldest go.</summary>
    internal const int EventsKept = 500;

    private const string UpsertRegistration =
        "INSERT INTO registrations (id, aor, user, state, contact, source, user_agent, instance, mac, realm, expires_at, last_seen_at, tenant, contact_key, contact_user, "
        + "contact_address, chunks, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) "
        + "ON CONFLICT (id) DO UPDATE SET state = ?4, contact = ?5, source = ?6, user_agent = ?7, instance = ?8, mac = ?9, realm = ?10, expires_at = ?11, last_seen_at = ?12, "
        + "tenant = ?13, contact_key = ?14, contact_user = ?15, contact_address = ?16, chunks = ?17, json = ?18";

    private readonly SqliteDatabase _writer;
    private readonly SqliteDatabase _reader;
    private readonly Lock _writing = new();
    private readonly Lock _reading = new();

    private SqliteRegistrationStore(SqliteDatabase writer, SqliteDatabase reader)
    {
        _writer = writer;
        _reader = reader;
    }

    /// <summary>Opens the file in a folder, made where there is none; throws <see cref="StoreException"/> where it cannot be used.</summary>
    public static SqliteRegistrationStore Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{folder}: {e.Message}", e);
        }

        string path = Path.Combine(folder, "registrations.db");
        SqliteDatabase writer = SqliteDatabase.Open(path, SqliteAccess.Write, TimeSpan.FromSeconds(5), 4 * 1024);
        try
        {
            SchemaMigrations.Registrations.Apply(writer);
            return new SqliteRegistrationStore(writer, SqliteDatabase.Open(path, SqliteAccess.Read, TimeSpan.FromSeconds(5), 16 * 1024));
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Write(DeskChanges changes)
    {
        lock (_writing)
        {
            _writer.Transact(() =>
            {
                foreach (string id in changes.ForgottenRegistrations)
                {
                    _writer.Prepare("DELETE FROM registrations WHERE id = ?1").Bind(id).Run();
                    _writer.Prepare("DELETE FROM registration_events WHERE registration = ?1").Bind(id).Run();
                }

                foreach (StoredRegistration registration in changes.Registrations) Write(registration);
                foreach (string id in changes.ForgottenPeers) _writer.Prepare("DELETE FROM peers WHERE id = ?1").Bind(id).Run();
                foreach (PeerRecord peer in changes.Peers) Write(peer);
                foreach (MailboxRecord mailbox in changes.Mailboxes) Write(mailbox);
                foreach (StoredMessage message in changes.Messages) Note(message);
            });
        }
    }

    /// <inheritdoc />
    public IEnumerable<StoredRegistration> LoadRegistrations()
    {
        var all = new List<StoredRegistration>();
        lock (_reading)
        {
            using SqliteStatement rows = _reader.Prepare("SELECT contact_key, contact_user, contact_address, chunks, json FROM registrations ORDER BY last_seen_at, id");
            while (rows.Step())
            {
                if (!RegistrationJson.TryRead(rows.Blob(4).ToArray(), out RegistrationRecord? record)) continue;
                all.Add(new StoredRegistration(record!, rows.Text(0), rows.Blob(3).ToArray())
                {
                    ContactUser = rows.IsNull(1) ? null : rows.Text(1),
                    ContactAddress = rows.IsNull(2) ? null : StoredAddress.Read(rows.Blob(2)),
                });
            }
        }

        return all;
    }

    /// <inheritdoc />
    public IReadOnlyList<ConversationRecord> LoadConversations(int limit)
    {
        var all = new List<ConversationRecord>();
        lock (_reading)
        {
            using SqliteStatement rows = _reader.Prepare("SELECT id, started_at, ended_at, first, second FROM conversations ORDER BY ended_at DESC, id LIMIT ?1");
            rows.Bind((long)limit);
            while (rows.Step())
                all.Add(new ConversationRecord(rows.Text(0), new Timestamp(rows.Long(1)), rows.Text(3), rows.Text(4)) { EndedAt = new Timestamp(rows.Long(2)) });
        }

        if (all.Count == limit)
        {
            lock (_writing) _writer.Prepare("DELETE FROM conversations WHERE ended_at < ?1").Bind(all[^1].EndedAt.Microseconds).Run();
        }

        all.Reverse();
        return all;
    }

    /// <inheritdoc />
    public RegistrationRecord? GetRegistration(string id)
    {
        lock (_reading)
        {
            using SqliteStatement find = _reader.Prepare("SELECT json FROM registrations WHERE id = ?1");
            return find.Bind(id).Step() && RegistrationJson.TryRead(find.Blob(0).ToArray(), out RegistrationRecord? record) ? record : null;
        }
    }

    /// <inheritdoc />
    public byte[]? GetChunks(string id)
    {
        lock (_reading)
        {
            using SqliteStatement find = _reader.Prepare("SELECT chunks FROM registrations WHERE id = ?1");
            return find.Bind(id).Step() ? find.Blob(0).ToArray() : null;
        }
    }

    /// <inheritdoc />
    public ListPage<RegistrationRecord> ListRegistrations(RegistrationQuery query)
    {
        string seal = string.Create(
            CultureInfo.InvariantCulture,
            $"registrations|{query.Skip}|{query.Aor}|{query.Contact}|{query.Address}|{query.State}|{query.UserAgent}|{query.Instance}|{query.Mac}|{query.Realm}|{query.ExpiringBefore}|{query.From}|{query.To}|{query.Tenant}|{query.Sort}|{query.Ascending}");
        string key = query.Sort switch
        {
            RegistrationSort.Aor => "aor",
            RegistrationSort.ExpiresAt => "expires_at",
            _ => "last_seen_at",
        };
        return Page(
            "registrations", key, isText: query.Sort == RegistrationSort.Aor, QueryConditions.Of(query, QueryConditions.InSqlite), seal, query.Cursor, query.Ascending, query.Limit,
            static json => RegistrationJson.TryRead(json, out RegistrationRecord? record) ? record : null, skip: query.Skip);
    }

    /// <inheritdoc />
    public long CountRegistrations(RegistrationQuery query)
    {
        SqlConditions where = QueryConditions.Of(query, QueryConditions.InSqlite);
        lock (_reading)
        {
            using SqliteStatement rows = where.Bound(_reader, $"SELECT count(*) FROM registrations{where} LIMIT ?", 1);
            return rows.Step() ? rows.Long(0) : 0;
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<RegistrationEvent> History(string id, int limit, int before = int.MaxValue)
    {
        var events = new List<RegistrationEvent>();
        lock (_reading)
        {
            using SqliteStatement rows = _reader.Prepare(
                "SELECT json FROM registration_events WHERE registration = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3");
            rows.Bind(id).Bind((long)before).Bind((long)limit);
            while (rows.Step())
            {
                if (RegistrationJson.TryRead(rows.Blob(0).ToArray(), out RegistrationEvent? happened)) events.Add(happened!);
            }
        }

        return events;
    }

    /// <inheritdoc />
    public ListPage<PeerRecord> ListPeers(PeerQuery query)
    {
        string seal = $"peers|{query.Address}|{query.Direction}|{query.Method}|{query.Event}|{query.Silent}|{query.Tenant}|{query.Ascending}";
        var where = new SqlConditions();
        if (query.Address is { } address) where.And("address = ?", CallRow.Address(address));
        if (query.Direction is { } direction) where.And("direction = ?", (long)direction);
        if (query.Method is { } method) where.And("method = ?", method);
        if (query.Event is { } package) where.And("event = ?", package);
        if (query.Silent is { } silent) where.And(silent ? "unanswered_since IS NOT NULL" : "unanswered_since IS NULL");
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return Page("peers", "last_at", isText: false, where, seal, query.Cursor, query.Ascending, query.Limit, static json => PeerJson.ReadPeer(json));
    }

    /// <inheritdoc />
    public ListPage<MailboxRecord> ListMailboxes(MailboxQuery query)
    {
        string seal = $"mailboxes|{query.Account}|{query.Waiting}|{query.Tenant}";
        var where = new SqlConditions();
        if (query.Account is { } account) where.AndText("account @", account);
        if (query.Waiting is { } waiting) where.And("waiting = ?", waiting ? 1L : 0L);
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return Page("mailboxes", "account", isText: true, where, seal, query.Cursor, ascending: true, query.Limit, static json => PeerJson.ReadMailbox(json), id: "account");
    }

    /// <inheritdoc />
    public long Count()
    {
        lock (_reading) return _reader.Scalar("SELECT count(*) FROM registrations");
    }

    /// <summary>Writes back what the write-ahead log holds and closes the file.</summary>
    public void Dispose()
    {
        lock (_reading) _reader.Dispose();
        lock (_writing) _writer.Dispose();
    }

    private ListPage<T> Page<T>(
        string table, string key, bool isText, SqlConditions where, string seal, string? text, bool ascending, int wanted, Func<ReadOnlyMemory<byte>, T?> read, string id = "id", long skip = 0)
        where T : class
    {
        ListCursor? after = null;
        if (text is not null && !ListCursor.TryDecode(text, seal, out after)) return new ListPage<T> { Items = [], CursorRejected = true };
        int limit = Math.Clamp(wanted, 1, CallQuery.MaxLimit);
        if (after is not null) where.And($"({key}, {id}) {(ascending ? ">" : "<")} (?, ?)", isText ? after.Text : after.Number, after.Id);
        string sense = ascending ? "" : " DESC";
        var items = new List<T>();
        ListCursor? last = null;
        int rowsRead = 0;
        lock (_reading)
        {
            using SqliteStatement rows = where.Bound(_reader, $"SELECT {key}, {id}, json FROM {table}{where} ORDER BY {key}{sense}, {id}{sense} LIMIT ? OFFSET {Math.Max(0, skip).ToString(CultureInfo.InvariantCulture)}", limit + 1L);
            while (rows.Step() && ++rowsRead <= limit)
            {
                last = new ListCursor(isText ? 0 : rows.Long(0), isText ? rows.Text(0) : "", rows.Text(1));
                if (read(rows.Blob(2).ToArray()) is { } item) items.Add(item);
            }
        }

        return new ListPage<T> { Items = items, NextCursor = rowsRead > limit ? last!.Encode(seal) : null };
    }

    private void Write(StoredRegistration stored)
    {
        RegistrationRecord record = stored.Record;
        _writer.Prepare(UpsertRegistration)
            .Bind(record.Id)
            .Bind(record.Aor)
            .Bind(record.User)
            .Bind((long)record.State)
            .Bind(record.Contact)
            .BindAddress(record.Source.IsNone ? null : record.Source.Address)
            .Bind(record.UserAgent?.ToLowerInvariant())
            .Bind(record.Instance)
            .Bind(record.Mac)
            .Bind(record.Realm)
            .Bind(record.State == RegistrationState.Registered ? record.ExpiresAt?.Microseconds ?? 0 : 0)
            .Bind(LastSeen(record).Microseconds)
            .Bind(record.Tenant)
            .Bind(stored.Key)
            .Bind(stored.ContactUser)
            .BindAddress(stored.ContactAddress)
            .BindBlob(stored.Chunks.AsSpan())
            .BindBlob(RegistrationJson.ToUtf8(record).AsSpan())
            .Run();
        foreach (RegistrationEvent happened in stored.Events)
        {
            _writer.Prepare("INSERT OR REPLACE INTO registration_events (registration, sequence, json) VALUES (?1, ?2, ?3)")
                .Bind(record.Id)
                .Bind((long)happened.Sequence)
                .BindBlob(RegistrationJson.ToUtf8(happened).AsSpan())
                .Run();
            if (happened.Sequence > EventsKept)
            {
                _writer.Prepare("DELETE FROM registration_events WHERE registration = ?1 AND sequence <= ?2")
                    .Bind(record.Id)
                    .Bind((long)happened.Sequence - EventsKept)
                    .Run();
            }
        }
    }

    private static Timestamp LastSeen(RegistrationRecord record) =>
        Timestamp.Max(record.LastRequestAt ?? record.LastSuccessAt ?? new Timestamp(0), record.EndedAt ?? new Timestamp(0));

    private void Write(PeerRecord peer) =>
        _writer.Prepare(
            "INSERT OR REPLACE INTO peers (id, address, direction, method, event, last_at, unanswered_since, tenant, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .Bind(peer.Id)
            .BindAddress(peer.Address.Address)
            .Bind((long)peer.Direction)
            .Bind(peer.Method)
            .Bind(peer.Event)
            .Bind(peer.LastAt.Microseconds)
            .Bind(peer.UnansweredSince?.Microseconds)
            .Bind(peer.Tenant)
            .BindBlob(PeerJson.ToUtf8(peer).AsSpan())
            .Run();

    // What is older than what is known is an older capture.
    private void Write(MailboxRecord mailbox) =>
        _writer.Prepare(
            "INSERT INTO mailboxes (account, at, waiting, tenant, json) VALUES (?1, ?2, ?3, ?4, ?5) "
            + "ON CONFLICT (account) DO UPDATE SET at = ?2, waiting = ?3, tenant = ?4, json = ?5 WHERE at <= ?2")
            .Bind(mailbox.Account)
            .Bind(mailbox.At.Microseconds)
            .Bind(mailbox.IsWaiting ? 1L : 0L)
            .Bind(mailbox.Tenant)
            .BindBlob(PeerJson.ToUtf8(mailbox).AsSpan())
            .Run();

    private void Note(StoredMessage message) =>
        _writer.Prepare(
            "INSERT INTO conversations (id, started_at, ended_at, first, second) VALUES (?1, ?2, ?3, ?4, ?5) "
            + "ON CONFLICT (id) DO UPDATE SET ended_at = max(ended_at, ?3)")
            .Bind(message.Conversation.Id)
            .Bind(message.Conversation.StartedAt.Microseconds)
            .Bind(message.Record.StartedAt.Microseconds)
            .Bind(message.Conversation.First)
            .Bind(message.Conversation.Second)
            .Run();
}
