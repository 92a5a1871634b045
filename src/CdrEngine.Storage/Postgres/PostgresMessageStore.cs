using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>Messages and conversations in PostgreSQL, partitioned by UTC day.</summary>
internal sealed partial class PostgresMessageStore(PostgresOptions options) : IMessageDatabase
{
    private const string Writer = "messages";

    /// <summary>Days after that of its start that a conversation is looked for.</summary>
    private const int DaysOfConversation = 31;

    private readonly PostgresDatabase _database = new(options, new PostgresWarming(
        "message_days",
        "SELECT m.id FROM messages m WHERE m.day BETWEEN $1 AND $2 AND m.document = 1",
        "SELECT d.json FROM message_documents d WHERE d.day BETWEEN $1 AND $2 AND d.document = 1",
        "SELECT c.id FROM conversations c WHERE c.day BETWEEN $1 AND $2 AND c.id = ''"));

    private readonly PostgresTexts _texts = new(PostgresTextSource.Messages);
    private readonly PostgresMessageSums _sums = new();

    /// <summary>Days so far whose sums were read: for tests.</summary>
    internal long SumsRead => _sums.Read;

    /// <inheritdoc />
    public IReadOnlyList<DateOnly> Days() => _database.Read(static session => DaysOf(session, null, null, ascending: true)).ConvertAll(static day => day.Day);

    /// <inheritdoc />
    public void Write(IReadOnlyList<StoredMessage> messages)
    {
        // A conversation stands on the day it began, which may be another than its message's.
        if (messages.Count > 0) Write(messages, [.. messages.Select(static message => message.Conversation with { Tenant = message.Record.Tenant }).DistinctBy(static conversation => conversation.Id)]);
    }

    /// <summary>Writes messages and the beginnings of conversations.</summary>
    internal void Write(IReadOnlyList<StoredMessage> messages, IReadOnlyList<ConversationRecord> begun)
    {
        _database.Transact(Writer, session =>
        {
            IEnumerable<DateOnly> days = messages.Select(static message => SqliteMessageStore.DayOf(message.Record.StartedAt)).Concat(begun.Select(static conversation => SqliteMessageStore.DayOf(conversation.StartedAt)));
            foreach (DateOnly day in days.Distinct().Order())
            {
                if (session.Execute("INSERT INTO message_days (day) VALUES (?) ON CONFLICT DO NOTHING", day) > 0) PostgresSchema.MakeMessageDay(session, day);
            }

            foreach (IGrouping<DateOnly, StoredMessage> day in messages.GroupBy(static message => SqliteMessageStore.DayOf(message.Record.StartedAt)).OrderBy(static day => day.Key))
                WriteDay(session, day.Key, day);
            foreach (ConversationRecord conversation in begun)
            {
                session.Queue(
                    "WITH made AS (INSERT INTO conversations (day, started_at, id, first, second, tenant) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING day, tenant) "
                    + "INSERT INTO conversation_counts AS o SELECT day, coalesce(tenant, ''), 1 FROM made "
                    + "ON CONFLICT (day, tenant) DO UPDATE SET conversations = o.conversations + 1",
                    SqliteMessageStore.DayOf(conversation.StartedAt),
                    conversation.StartedAt.Microseconds,
                    conversation.Id,
                    conversation.First,
                    conversation.Second,
                    conversation.Tenant);
            }
        });
    }

    /// <inheritdoc />
    public MessageRecord? GetMessage(string id) => Document(id, "d.json") is { } json && MessageJson.TryRead(json, out MessageRecord? record) ? record : null;

    /// <inheritdoc />
    public byte[]? GetChunks(string id) => Document(id, "d.chunks");

    /// <inheritdoc />
    public ListPage<MessageRecord> ListMessages(MessageQuery query)
    {
        if (SqliteMessageStore.BoundedBy(query) is not { } bounded) return new ListPage<MessageRecord> { Items = [] };
        return Page(
            new Asked(SqliteMessageStore.SealOf(query), query.Cursor, bounded.From, query.To, query.Ascending, query.Limit, query.Skip) { Sums = SumsAsked(query), AsksOnlySums = MessageSums.AsksOnlySums(query), Sought = Seek(query), Ways = WaysOf(query) },
            QueryConditions.Of(query, QueryConditions.InPostgres),
            MessageColumns,
            ListedMessages,
            "m",
            static row => MessageJson.TryRead(row.Blob(3), out MessageRecord? record) ? record : null,
            record => query.SipCallId is null || record.SipCallId == query.SipCallId);
    }

    /// <inheritdoc />
    public ConversationRecord? GetConversation(string id)
    {
        if (!CallRow.TryReadId(id, out DateOnly day, new byte[CallRow.IdBytes])) return null;
        return _database.Read(session =>
        {
            ConversationRecord? found = null;
            using (PostgresRows rows = session.Query("SELECT c.started_at, c.id, c.day, c.first, c.second, c.tenant FROM conversations c WHERE c.day = ? AND c.id = ?", day, id))
            {
                if (rows.Step()) found = ReadConversation(rows);
            }

            return found is null ? null : Counted(session, [found])[0];
        });
    }

    /// <inheritdoc />
    public ListPage<ConversationRecord> ListConversations(ConversationQuery query) => Page(
        new Asked($"conversations|{query.From}|{query.To}|{query.Party}|{query.Tenant}|{query.Ascending}", query.Cursor, query.From, query.To, query.Ascending, query.Limit, query.Skip)
        {
            Sums = SumsAsked(query),
            AsksOnlySums = query.Party is null,
            Ways = WaysOf(query),
        },
        QueryConditions.Of(query),
        "c.started_at, c.id, c.day, c.first, c.second, c.tenant",
        "conversations c",
        "c",
        ReadConversation,
        static _ => true,
        Counted);

    /// <inheritdoc />
    public long CountMessages(MessageQuery query)
    {
        if (SqliteMessageStore.BoundedBy(query) is not { } bounded) return 0;
        SqlConditions where = QueryConditions.Of(query, QueryConditions.InPostgres);
        string tables = query.Text is null ? "messages m" : ListedMessages;
        return _database.Read(session => Count(session, bounded.From, query.To, where, tables, "m", MessageSums.AsksOnlySums(query) ? SumsAsked(query) : null, Seek(query)));
    }

    /// <inheritdoc />
    public long CountConversations(ConversationQuery query) =>
        _database.Read(session => Count(session, query.From, query.To, QueryConditions.Of(query), "conversations c", "c", query.Party is null ? SumsAsked(query) : null));

    /// <inheritdoc />
    public IReadOnlyList<string> MessageIds(string first, string last)
    {
        byte[] low = new byte[CallRow.IdBytes], high = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(first, out DateOnly day, low) || !CallRow.TryReadId(last, out DateOnly same, high) || day != same) return [];
        return _database.Read(session =>
        {
            var ids = new List<string>();
            using PostgresRows rows = session.Query("SELECT id FROM messages WHERE day = ? AND id BETWEEN ? AND ? ORDER BY document", day, low, high);
            while (rows.Step()) ids.Add(CallRow.IdText(day, rows.Blob(0)));
            return ids;
        });
    }

    /// <inheritdoc />
    public IReadOnlyList<IReadOnlyList<string>>? MessageIds(IReadOnlyList<(string First, string Last)> ranges)
    {
        byte[] low = new byte[CallRow.IdBytes], high = new byte[CallRow.IdBytes];
        var ids = ranges.Select(static _ => new List<string>()).ToArray();
        var days = new Dictionary<DateOnly, List<(long Place, byte[] First, byte[] Last)>>();
        for (int i = 0; i < ranges.Count; i++)
        {
            if (!CallRow.TryReadId(ranges[i].First, out DateOnly day, low) || !CallRow.TryReadId(ranges[i].Last, out DateOnly same, high) || day != same) continue;
            if (!days.TryGetValue(day, out List<(long, byte[], byte[])>? its)) days.Add(day, its = []);
            its.Add((i, [.. low], [.. high]));
        }

        if (days.Count == 0) return ids;
        _database.Read(session =>
        {
            foreach ((_, PostgresRows row) in session.QueryAll(days.Select(static day => IdsOf(day.Key, [.. day.Value.Select(static one => one.Place)], [.. day.Value.Select(static one => one.First)], [.. day.Value.Select(static one => one.Last)])), keepsPlans: true))
                ids[row.Long(0)].Add(CallRow.IdText(row.Day(1), row.Blob(2)));
            return 0;
        });
        return ids;
    }

    /// <summary>The plan for reading ids of a day, as connections keep it, for tests of the indexes.</summary>
    internal List<string> ExplainIds(DateOnly day) => _database.Read(session => session.ExplainKept(IdsOf(day, [], [], []).Sql, "'{}', '{}', '{}'"));

    private static (string Sql, object?[] Arguments) IdsOf(DateOnly day, long[] places, byte[][] firsts, byte[][] lasts) => (
        $"SELECT k.place, m.day, m.id FROM unnest(?::bigint[], ?::bytea[], ?::bytea[]) k (place, first, last) JOIN messages m ON m.day = {PostgresDays.TextOf(day)} AND m.id BETWEEN k.first AND k.last ORDER BY m.document",
        [places, firsts, lasts]);

    /// <inheritdoc />
    public IReadOnlyList<string> ConversationIds(string first, string last)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(first, out DateOnly day, bytes) || !CallRow.TryReadId(last, out DateOnly same, bytes) || day != same) return [];
        return _database.Read(session =>
        {
            var ids = new List<string>();
            using PostgresRows rows = session.Query("SELECT id FROM conversations WHERE day = ? AND id BETWEEN ? AND ? ORDER BY id", day, first, last);
            while (rows.Step()) ids.Add(rows.Text(0));
            return ids;
        });
    }

    /// <inheritdoc />
    public IReadOnlyList<IReadOnlyList<string>>? ConversationIds(IReadOnlyList<(string First, string Last)> ranges)
    {
        byte[] low = new byte[CallRow.IdBytes], high = new byte[CallRow.IdBytes];
        var ids = ranges.Select(static _ => new List<string>()).ToArray();
        var days = new Dictionary<DateOnly, List<int>>();
        for (int i = 0; i < ranges.Count; i++)
        {
            if (!CallRow.TryReadId(ranges[i].First, out DateOnly day, low) || !CallRow.TryReadId(ranges[i].Last, out DateOnly same, high) || day != same) continue;
            if (!days.TryGetValue(day, out List<int>? its)) days.Add(day, its = []);
            its.Add(i);
        }

        _database.Read(session =>
        {
            foreach ((_, PostgresRows row) in session.QueryAll(days.Select(day => (
                "SELECT k.place, c.id FROM unnest(?::text[], ?::text[], ?::bigint[]) k (first, last, place) JOIN conversations c ON c.day = ? AND c.id BETWEEN k.first AND k.last ORDER BY c.id",
                (object?[])[day.Value.Select(i => ranges[i].First).ToArray(), day.Value.Select(i => ranges[i].Last).ToArray(), day.Value.Select(static i => (long)i).ToArray(), day.Key]))))
            {
                ids[row.Long(0)].Add(row.Text(1));
            }

            return 0;
        });
        return ids;
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, MessageRecord>? FirstMessages(IReadOnlyCollection<ConversationRecord> conversations, string? tenant = null)
    {
        var firsts = new Dictionary<string, MessageRecord>(StringComparer.Ordinal);
        return _database.Read(session =>
        {
            foreach ((_, PostgresRows row) in session.QueryAll(conversations.GroupBy(static conversation => SqliteMessageStore.DayOf(conversation.StartedAt)).Select(day =>
            {
                var where = new SqlConditions();
                where.And($"m.day = {PostgresDays.TextOf(day.Key)} AND d.day = {PostgresDays.TextOf(day.Key)}");
                if (tenant is not null) where.And("m.tenant = ?", tenant);
                return (
                    "SELECT DISTINCT ON (m.conversation) m.conversation, d.json FROM unnest(?::text[], ?::bigint[]) k (conversation, started_at) "
                    + "JOIN messages m ON m.conversation = k.conversation AND m.started_at = k.started_at JOIN message_documents d ON d.document = m.document"
                    + $"{where} ORDER BY m.conversation, m.id",
                    (object?[])[day.Select(static conversation => conversation.Id).ToArray(), day.Select(static conversation => conversation.StartedAt.Microseconds).ToArray(), .. where.Arguments]);
            }), keepsPlans: true))
            {
                if (MessageJson.TryRead(row.Blob(1), out MessageRecord? record)) firsts[row.Text(0)] = record;
            }

            return firsts;
        });
    }

    /// <inheritdoc />
    public bool DropDay(DateOnly day)
    {
        bool dropped = false;
        try
        {
            _database.Transact(Writer, session =>
            {
                dropped = session.Execute("DELETE FROM message_days WHERE day = ?", day) > 0;
                if (!dropped) return;
                session.Execute("DELETE FROM message_counts WHERE day = ?", day);
                session.Execute("DELETE FROM conversation_counts WHERE day = ?", day);
                PostgresTexts.Drop(session, day, PostgresTextSource.Messages);
                PostgresSchema.DropMessageDay(session, day);
                PostgresSchema.DropMonth(session, PostgresSchema.MessageMonthTables, "message_days", day);
            });
            return dropped;
        }
        catch (StoreException)
        {
            // Whoever reads the day for long keeps it; it can be asked for again.
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _database.Dispose();

    private static ConversationRecord ReadConversation(PostgresRows row) =>
        new(row.Text(1), new Timestamp(row.Long(0)), row.Text(3), row.Text(4)) { Tenant = row.TextOrNull(5) };

    // Of messages the last document is all that is known of a day here, and who wrote to it last, which tells one state of it from another.
    private static List<StoredDay> DaysOf(PostgresSession session, Timestamp? from, Timestamp? to, bool ascending)
    {
        DateOnly first = from is { } earliest ? SqliteMessageStore.DayOf(earliest) : DateOnly.MinValue;
        DateOnly last = to is { } latest ? SqliteMessageStore.DayOf(latest) : DateOnly.MaxValue;
        var days = new List<StoredDay>();
        using PostgresRows rows = session.Query($"SELECT day, last_document, {PostgresMessageSums.Version} FROM message_days d WHERE day BETWEEN ? AND ? ORDER BY day{(ascending ? "" : " DESC")}", first, last);
        while (rows.Step()) days.Add(new StoredDay(rows.Day(0), rows.Long(1), rows.Long(2), 0));
        return days;
    }

    private static void WriteDay(PostgresSession session, DateOnly day, IEnumerable<StoredMessage> messages)
    {
        var known = new Dictionary<string, (long Document, byte[] Json, MessageSum Sum)>(StringComparer.Ordinal);
        byte[] id = new byte[CallRow.IdBytes];
        StoredMessage[] told = [.. messages.Where(message => CallRow.TryReadId(message.Record.Id, out DateOnly named, id) && named == day)];
        using (PostgresRows rows = session.Query(
            "SELECT m.id, m.document, d.json, coalesce(m.tenant, ''), m.kind, m.outcome, m.in_call "
            + "FROM messages m JOIN message_documents d ON d.day = m.day AND d.document = m.document WHERE m.day = ? AND m.id = ANY (?)",
            day,
            told.Select(static message => Convert.FromHexString(message.Record.Id.AsSpan(9))).Distinct(ByBytes.Instance).ToArray()))
        {
            while (rows.Step())
            {
                var sum = new MessageSum(rows.Text(3), (MessageKind)rows.Long(4), (MessageOutcome)rows.Long(5), rows.Long(6) != 0, 0);
                known[CallRow.IdText(day, rows.Blob(0))] = (rows.Long(1), rows.Blob(2), sum);
            }
        }

        var sums = new Dictionary<MessageSum, long>();
        var changed = new List<long>();
        long last = 0;
        foreach (StoredMessage message in told)
        {
            MessageRecord record = message.Record;
            byte[] json = MessageJson.ToUtf8(record);
            bool isKnown = known.TryGetValue(record.Id, out (long Document, byte[] Json, MessageSum Sum) before);
            if (isKnown && before.Json.AsSpan().SequenceEqual(json)) continue;

            // What tells less than what is known is an older telling, or a part of the capture.
            MessageRecord? older = null;
            if (isKnown && MessageJson.TryRead(before.Json, out older) && older is not null
                && (record.Notifications.Count < older.Notifications.Count || (record.Outcome == MessageOutcome.Pending && older.Outcome != MessageOutcome.Pending))) continue;
            string search = SqliteMessageStore.SearchOf(record);
            long document = isKnown ? before.Document : session.Scalar("SELECT nextval('message_numbers')");
            last = Math.Max(last, document);
            if (isKnown && (older is null || SqliteMessageStore.SearchOf(older) != search)) changed.Add(document);

            // Of one that is known only these two change.
            string tenant = PostgresText.CleanOrNull(record.Tenant) ?? "";
            MessageSum sum = isKnown ? before.Sum with { Tenant = tenant, Outcome = record.Outcome } : new MessageSum(tenant, record.Kind, record.Outcome, record.IsInCall, 0);
            known[record.Id] = (document, json, sum);
            sums[sum] = sums.GetValueOrDefault(sum) + 1;
            if (isKnown) sums[before.Sum] = sums.GetValueOrDefault(before.Sum) - 1;
            if (isKnown)
            {
                session.Queue("UPDATE message_documents SET search = ?, chunks = ?, json = ? WHERE day = ? AND document = ?", search, message.Chunks, json, day, document);
                session.Queue("UPDATE messages SET outcome = ?, tenant = ? WHERE day = ? AND document = ?", (long)record.Outcome, record.Tenant, day, document);
                continue;
            }

            session.Queue("INSERT INTO message_documents (day, document, search, chunks, json) VALUES (?, ?, ?, ?, ?)", day, document, search, message.Chunks, json);
            session.Queue(
                "INSERT INTO messages (day, started_at, id, document, kind, outcome, from_number, to_number, conversation, sip_call_hash, in_call, tenant) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                day,
                record.StartedAt.Microseconds,
                Convert.FromHexString(record.Id.AsSpan(9)),
                document,
                (long)record.Kind,
                (long)record.Outcome,
                record.From.Number,
                record.To.Number,
                record.ConversationId,
                CallRow.SipCallHash(record.SipCallId),
                record.IsInCall ? 1L : 0L,
                record.Tenant);
        }

        Sum(session, day, sums);
        if (changed.Count > 0) PostgresTexts.Change(session, day, [.. changed], PostgresTextSource.Messages);
        if (last > 0) session.Queue("UPDATE message_days SET last_document = greatest(last_document, ?) WHERE day = ?", last, day);
        session.RunQueued();
    }

    // Their ends and counts are told by their messages, on the first day and on those after it until one has none.
    private static List<ConversationRecord> Counted(PostgresSession session, List<ConversationRecord> conversations)
    {
        if (conversations.Count == 0) return conversations;
        var sums = new Dictionary<(string Id, DateOnly Day), (long Count, long First, long Last)>();

        // Of each day by itself, as the server plans for that partition alone; most have nothing on the second.
        List<ConversationRecord> open = conversations;
        for (int i = 0; i < DaysOfConversation && open.Count > 0; i++)
        {
            IEnumerable<IGrouping<DateOnly, ConversationRecord>> days = open.GroupBy(conversation => SqliteMessageStore.DayOf(conversation.StartedAt).AddDays(i));
            foreach ((_, PostgresRows row) in session.QueryAll(days.Select(static day => (
                $"SELECT m.conversation, m.day, count(*), min(m.started_at), max(m.started_at) FROM messages m WHERE m.day = {PostgresDays.TextOf(day.Key)} AND m.conversation = ANY (?) GROUP BY 1, 2",
                (object?[])[day.Select(static conversation => conversation.Id).ToArray()])), keepsPlans: true))
            {
                sums[(row.Text(0), row.Day(1))] = (row.Long(2), row.Long(3), row.Long(4));
            }

            open = open.FindAll(conversation => sums.ContainsKey((conversation.Id, SqliteMessageStore.DayOf(conversation.StartedAt).AddDays(i))));
        }

        return [.. conversations.Select(Count)];

        ConversationRecord Count(ConversationRecord conversation)
        {
            long count = 0;
            Timestamp end = conversation.StartedAt, start = conversation.StartedAt;
            DateOnly begun = SqliteMessageStore.DayOf(conversation.StartedAt);
            for (int i = 0; i < DaysOfConversation; i++)
            {
                if (!sums.TryGetValue((conversation.Id, begun.AddDays(i)), out (long Count, long First, long Last) sum)) break;
                count += sum.Count;
                if (i == 0) start = new Timestamp(Math.Min(start.Microseconds, sum.First));
                end = Timestamp.Max(end, new Timestamp(sum.Last));
            }

            return conversation with { StartedAt = start, EndedAt = end, Count = count };
        }
    }

    private byte[]? Document(string id, string column)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return _database.Read(session =>
        {
            using PostgresRows rows = session.Query($"SELECT {column} FROM messages m JOIN message_documents d ON d.day = m.day AND d.document = m.document WHERE m.day = ? AND m.id = ?", day, bytes);
            return rows.Step() ? rows.Blob(0) : null;
        });
    }

    private sealed class ByBytes : IEqualityComparer<byte[]>
    {
        public static readonly ByBytes Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes) => BitConverter.ToInt32(bytes);
    }
}
