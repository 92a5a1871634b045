using System.Globalization;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>Registrations with their history, peers and mailboxes in PostgreSQL.</summary>
internal sealed class PostgresRegistrationStore(PostgresOptions options) : IRegistrationDatabase
{
    private const string Writer = "registrations";

    private const string UpsertRegistration =
        "INSERT INTO registrations (id, aor, \"user\", state, contact, source, user_agent, instance, mac, realm, expires_at, last_seen_at, tenant, contact_key, contact_user, "
        + "contact_address, chunks, json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
        + "ON CONFLICT (id) DO UPDATE SET state = excluded.state, contact = excluded.contact, source = excluded.source, user_agent = excluded.user_agent, instance = excluded.instance, "
        + "mac = excluded.mac, realm = excluded.realm, expires_at = excluded.expires_at, last_seen_at = excluded.last_seen_at, tenant = excluded.tenant, contact_key = excluded.contact_key, "
        + "contact_user = excluded.contact_user, contact_address = excluded.contact_address, chunks = excluded.chunks, json = excluded.json";

    private readonly PostgresDatabase _database = new(options);

    /// <inheritdoc />
    public void Write(DeskChanges changes) => _database.Transact(Writer, session =>
    {
        if (changes.ForgottenRegistrations.Count > 0)
        {
            string[] ids = [.. changes.ForgottenRegistrations];
            session.Queue("DELETE FROM registrations WHERE id = ANY (?)", (object)ids);
            session.Queue("DELETE FROM registration_events WHERE registration = ANY (?)", (object)ids);
        }

        foreach (StoredRegistration registration in changes.Registrations) Write(session, registration);
        if (changes.ForgottenPeers.Count > 0) session.Queue("DELETE FROM peers WHERE id = ANY (?)", (object)changes.ForgottenPeers.ToArray());
        foreach (PeerRecord peer in changes.Peers) Write(session, peer);
        foreach (MailboxRecord mailbox in changes.Mailboxes) Write(session, mailbox);
        foreach (StoredMessage message in changes.Messages) Note(session, message);
    });

    /// <inheritdoc />
    public IEnumerable<StoredRegistration> LoadRegistrations() => _database.Read(static session =>
    {
        var all = new List<StoredRegistration>();
        using PostgresRows rows = session.Query("SELECT contact_key, contact_user, contact_address, chunks, json FROM registrations ORDER BY last_seen_at, id");
        while (rows.Step())
        {
            if (!RegistrationJson.TryRead(rows.Blob(4), out RegistrationRecord? record)) continue;
            all.Add(new StoredRegistration(record!, rows.Text(0), rows.Blob(3))
            {
                ContactUser = rows.TextOrNull(1),
                ContactAddress = rows.BlobOrNull(2) is { } address ? StoredAddress.Read(address) : null,
            });
        }

        return all;
    });

    /// <inheritdoc />
    public IReadOnlyList<ConversationRecord> LoadConversations(int limit)
    {
        var all = _database.Read(session =>
        {
            var found = new List<ConversationRecord>();
            using PostgresRows rows = session.Query("SELECT id, started_at, ended_at, first, second FROM open_conversations ORDER BY ended_at DESC, id LIMIT ?", (long)limit);
            while (rows.Step())
                found.Add(new ConversationRecord(rows.Text(0), new Timestamp(rows.Long(1)), rows.Text(3), rows.Text(4)) { EndedAt = new Timestamp(rows.Long(2)) });
            return found;
        });
        if (all.Count == limit) _database.Transact(Writer, session => session.Queue("DELETE FROM open_conversations WHERE ended_at < ?", all[^1].EndedAt.Microseconds));
        all.Reverse();
        return all;
    }

    /// <inheritdoc />
    public RegistrationRecord? GetRegistration(string id) => Column(id, "json") is { } json && RegistrationJson.TryRead(json, out RegistrationRecord? record) ? record : null;

    /// <inheritdoc />
    public byte[]? GetChunks(string id) => Column(id, "chunks");

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
            new Listed("registrations", key, "id", IsText: query.Sort == RegistrationSort.Aor, query.Ascending), QueryConditions.Of(query, QueryConditions.InPostgres), seal, query.Cursor, query.Limit, query.Skip,
            static json => RegistrationJson.TryRead(json, out RegistrationRecord? record) ? record : null);
    }

    /// <inheritdoc />
    public long CountRegistrations(RegistrationQuery query)
    {
        SqlConditions where = QueryConditions.Of(query, QueryConditions.InPostgres);
        return _database.Read(session => session.Scalar($"SELECT count(*) FROM registrations{where}", where.Arguments));
    }

    /// <inheritdoc />
    public IReadOnlyList<RegistrationEvent> History(string id, int limit, int before = int.MaxValue) => _database.Read(session =>
    {
        var events = new List<RegistrationEvent>();
        using PostgresRows rows = session.Query(
            "SELECT json FROM registration_events WHERE registration = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?", id, (long)before, (long)limit);
        while (rows.Step())
        {
            if (RegistrationJson.TryRead(rows.Blob(0), out RegistrationEvent? happened)) events.Add(happened!);
        }

        return events;
    });

    /// <inheritdoc />
    public ListPage<PeerRecord> ListPeers(PeerQuery query)
    {
        var where = new SqlConditions();
        if (query.Address is { } address) where.And("address = ?", CallRow.Address(address));
        if (query.Direction is { } direction) where.And("direction = ?", (long)direction);
        if (query.Method is { } method) where.And("method = ?", method);
        if (query.Event is { } package) where.And("event = ?", package);
        if (query.Silent is { } silent) where.And(silent ? "unanswered_since IS NOT NULL" : "unanswered_since IS NULL");
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return Page(
            new Listed("peers", "last_at", "id", IsText: false, query.Ascending), where,
            $"peers|{query.Address}|{query.Direction}|{query.Method}|{query.Event}|{query.Silent}|{query.Tenant}|{query.Ascending}", query.Cursor, query.Limit, 0,
            static json => PeerJson.ReadPeer(json));
    }

    /// <inheritdoc />
    public ListPage<MailboxRecord> ListMailboxes(MailboxQuery query)
    {
        var where = new SqlConditions();
        if (query.Account is { } account) where.AndText("account @", account);
        if (query.Waiting is { } waiting) where.And("waiting = ?", waiting ? 1L : 0L);
        if (query.Tenant is { } tenant) where.And("tenant = ?", tenant);
        return Page(
            new Listed("mailboxes", "account", "account", IsText: true, Ascending: true), where,
            $"mailboxes|{query.Account}|{query.Waiting}|{query.Tenant}", query.Cursor, query.Limit, 0, static json => PeerJson.ReadMailbox(json));
    }

    /// <inheritdoc />
    public long Count() => _database.Read(static session => session.Scalar("SELECT count(*) FROM registrations"));

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();

    private static byte[]? AddressOf(IpAddress? address) => address is { } ip ? CallRow.Address(ip) : null;

    private static void Write(PostgresSession session, StoredRegistration stored)
    {
        RegistrationRecord record = stored.Record;
        Timestamp lastSeen = Timestamp.Max(record.LastRequestAt ?? record.LastSuccessAt ?? new Timestamp(0), record.EndedAt ?? new Timestamp(0));
        session.Queue(
            UpsertRegistration,
            record.Id,
            record.Aor,
            record.User,
            (long)record.State,
            record.Contact,
            AddressOf(record.Source.IsNone ? null : record.Source.Address),
            record.UserAgent?.ToLowerInvariant(),
            record.Instance,
            record.Mac,
            record.Realm,
            record.State == RegistrationState.Registered ? record.ExpiresAt?.Microseconds ?? 0 : 0L,
            lastSeen.Microseconds,
            record.Tenant,
            stored.Key,
            stored.ContactUser,
            AddressOf(stored.ContactAddress),
            stored.Chunks.ToArray(),
            RegistrationJson.ToUtf8(record));
        foreach (RegistrationEvent happened in stored.Events)
        {
            session.Queue(
                "INSERT INTO registration_events (registration, sequence, json) VALUES (?, ?, ?) ON CONFLICT (registration, sequence) DO UPDATE SET json = excluded.json",
                record.Id,
                (long)happened.Sequence,
                RegistrationJson.ToUtf8(happened));
        }

        if (stored.Events.Count > 0 && stored.Events.Max(static happened => happened.Sequence) is var last && last > SqliteRegistrationStore.EventsKept)
            session.Queue("DELETE FROM registration_events WHERE registration = ? AND sequence <= ?", record.Id, (long)last - SqliteRegistrationStore.EventsKept);
    }

    private static void Write(PostgresSession session, PeerRecord peer) => session.Queue(
        "INSERT INTO peers (id, address, direction, method, event, last_at, unanswered_since, tenant, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        + "ON CONFLICT (id) DO UPDATE SET address = excluded.address, direction = excluded.direction, method = excluded.method, event = excluded.event, last_at = excluded.last_at, "
        + "unanswered_since = excluded.unanswered_since, tenant = excluded.tenant, json = excluded.json",
        peer.Id,
        CallRow.Address(peer.Address.Address),
        (long)peer.Direction,
        peer.Method,
        peer.Event,
        peer.LastAt.Microseconds,
        peer.UnansweredSince?.Microseconds,
        peer.Tenant,
        PeerJson.ToUtf8(peer));

    // What is older than what is known is an older capture.
    private static void Write(PostgresSession session, MailboxRecord mailbox) => session.Queue(
        "INSERT INTO mailboxes AS m (account, at, waiting, tenant, json) VALUES (?, ?, ?, ?, ?) "
        + "ON CONFLICT (account) DO UPDATE SET at = excluded.at, waiting = excluded.waiting, tenant = excluded.tenant, json = excluded.json WHERE m.at <= excluded.at",
        mailbox.Account,
        mailbox.At.Microseconds,
        mailbox.IsWaiting ? 1L : 0L,
        mailbox.Tenant,
        PeerJson.ToUtf8(mailbox));

    private static void Note(PostgresSession session, StoredMessage message) => session.Queue(
        "INSERT INTO open_conversations AS c (id, started_at, ended_at, first, second) VALUES (?, ?, ?, ?, ?) "
        + "ON CONFLICT (id) DO UPDATE SET ended_at = greatest(c.ended_at, excluded.ended_at)",
        message.Conversation.Id,
        message.Conversation.StartedAt.Microseconds,
        message.Record.StartedAt.Microseconds,
        message.Conversation.First,
        message.Conversation.Second);

    private byte[]? Column(string id, string column) => _database.Read(session =>
    {
        using PostgresRows rows = session.Query($"SELECT {column} FROM registrations WHERE id = ?", id);
        return rows.Step() ? rows.Blob(0) : null;
    });

    private ListPage<T> Page<T>(Listed list, SqlConditions where, string seal, string? text, int wanted, long skip, Func<ReadOnlyMemory<byte>, T?> read)
        where T : class
    {
        ListCursor? after = null;
        if (text is not null && !ListCursor.TryDecode(text, seal, out after)) return new ListPage<T> { Items = [], CursorRejected = true };
        int limit = Math.Clamp(wanted, 1, CallQuery.MaxLimit);
        if (after is not null) where.And($"({list.Key}, {list.Id}) {(list.Ascending ? ">" : "<")} (?, ?)", list.IsText ? after.Text : after.Number, after.Id);
        string sense = list.Ascending ? "" : " DESC";
        return _database.Read(session =>
        {
            var items = new List<T>();
            ListCursor? last = null;
            int rowsRead = 0;
            using PostgresRows rows = session.Query(
                $"SELECT {list.Key}, {list.Id}, json FROM {list.Table}{where} ORDER BY {list.Key}{sense}, {list.Id}{sense} LIMIT ? OFFSET ?", [.. where.Arguments, limit + 1L, Math.Max(0, skip)]);
            while (rows.Step() && ++rowsRead <= limit)
            {
                last = new ListCursor(list.IsText ? 0 : rows.Long(0), list.IsText ? rows.Text(0) : "", rows.Text(1));
                if (read(rows.Blob(2)) is { } item) items.Add(item);
            }

            return new ListPage<T> { Items = items, NextCursor = rowsRead > limit ? last!.Encode(seal) : null };
        });
    }

    /// <summary>A list and its order.</summary>
    private sealed record Listed(string Table, string Key, string Id, bool IsText, bool Ascending);
}
