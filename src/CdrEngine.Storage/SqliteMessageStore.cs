using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Messages in SQLite, one file for each UTC day: <c>messages/2026-11-20.db</c>; dropping a day is removing a file. Any number of threads may read
/// while one writes.</summary>
public sealed partial class SqliteMessageStore : IMessageDatabase
{
    /// <summary>Days after that of its start that a conversation is looked for.</summary>
    private const int DaysOfConversation = 31;

    private readonly DayFiles _files;
    private readonly SqliteStoreLimits _limits;
    private readonly OpenDays _writer;
    private readonly Lock _writing = new();
    private readonly DayReaders _readers;
    private readonly ReadHelpers _helpers = new(ReadHelpers.Threads);
    private readonly DayAnswers<MessageSums> _sums;
    private readonly SealsKept<MessageSeal> _seals;
    private bool _disposed;

    private SqliteMessageStore(string folder, SqliteStoreLimits limits)
    {
        _files = new DayFiles(folder);
        _limits = limits;
        _writer = new OpenDays(limits.OpenDays, OpenForWriting);
        _readers = new DayReaders(limits.Readers, limits.ReaderDays, limits.MessagePageBytes, OpenForReading);
        _sums = new DayAnswers<MessageSums>(limits.DayCounts);
        _seals = new SealsKept<MessageSeal>(limits.MessageSealBytes);
    }

    /// <summary>Opens the messages below a folder, made where there is none; throws <see cref="StoreException"/> where it cannot be.</summary>
    public static SqliteMessageStore Open(string folder, SqliteStoreLimits? limits = null)
    {
        SqliteLibrary.EnsureLoaded();
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{folder}: {e.Message}", e);
        }

        return new SqliteMessageStore(folder, limits ?? new SqliteStoreLimits());
    }

    /// <inheritdoc />
    public IReadOnlyList<DateOnly> Days() => _files.List();

    /// <inheritdoc />
    public void Write(IReadOnlyList<StoredMessage> messages)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (IGrouping<DateOnly, StoredMessage> day in messages.GroupBy(static message => DayOf(message.Record.StartedAt)).OrderBy(static day => day.Key))
                InDay(day.Key, database => WriteAll(database, day));

            // A conversation stands on the day it began, which may be another than its message's.
            IEnumerable<ConversationRecord> begun = messages.Select(static message => message.Conversation with { Tenant = message.Record.Tenant }).DistinctBy(static conversation => conversation.Id);
            foreach (IGrouping<DateOnly, ConversationRecord> day in begun.GroupBy(static conversation => DayOf(conversation.StartedAt)).OrderBy(static day => day.Key))
                InDay(day.Key, database => WriteAll(database, day));
        }
    }

    /// <inheritdoc />
    public MessageRecord? GetMessage(string id) => Document(id, "d.json") is { } json && MessageJson.TryRead(json, out MessageRecord? record) ? record : null;

    /// <inheritdoc />
    public byte[]? GetChunks(string id) => Document(id, "d.chunks");

    /// <inheritdoc />
    public ListPage<MessageRecord> ListMessages(MessageQuery query) =>
        BoundedBy(query) is { } bounded ? Page(ListOf(query, bounded.From)) : new ListPage<MessageRecord> { Items = [] };

    /// <inheritdoc />
    public ConversationRecord? GetConversation(string id)
    {
        if (!CallRow.TryReadId(id, out DateOnly day, new byte[CallRow.IdBytes])) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database) return null;
            ConversationRecord? found;
            using (SqliteStatement find = database.Prepare("SELECT started_at, id, first, second, tenant FROM conversations WHERE id = ?1"))
            {
                found = find.Bind(id).Step() ? ReadConversation(find) : null;
            }

            return found is null ? null : Counted(days, found);
        });
    }

    /// <inheritdoc />
    public ListPage<ConversationRecord> ListConversations(ConversationQuery query) => Page(
        new DayList<ConversationRecord>(
            $"conversations|{query.From}|{query.To}|{query.Party}|{query.Tenant}|{query.Ascending}", query.Cursor, query.From, query.To, query.Ascending, query.Limit, query.Skip,
            QueryConditions.Of(query), "c.started_at, c.id, c.first, c.second, c.tenant", "conversations c", "c.", static row => ReadConversation(row))
        {
            Complete = Counted,
            Asked = new AskedMessages(query),
            MayBeIn = query.Tenant is { } tenant ? sums => sums.OfConversations(tenant) > 0 : null,
            CountIn = query.Party is null ? sums => sums.OfConversations(query.Tenant) : null,
        });

    /// <inheritdoc />
    public long CountMessages(MessageQuery query)
    {
        if (BoundedBy(query) is not { } bounded) return 0;
        bool asks = MessageSums.AsksSums(query), onlySums = MessageSums.AsksOnlySums(query);
        return Count(
            bounded.From, query.To, QueryConditions.Of(query, QueryConditions.InSqlite), TablesOf(query), new AskedMessages(query), asks ? sums => sums.Of(query) > 0 : null, onlySums ? sums => sums.Of(query) : null);
    }

    /// <inheritdoc />
    public long CountConversations(ConversationQuery query) => Count(
        query.From, query.To, QueryConditions.Of(query), "conversations c", new AskedMessages(query), query.Tenant is { } tenant ? sums => sums.OfConversations(tenant) > 0 : null,
        query.Party is null ? sums => sums.OfConversations(query.Tenant) : null);

    /// <inheritdoc />
    public IReadOnlyList<string> MessageIds(string first, string last)
    {
        byte[] low = new byte[CallRow.IdBytes], high = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(first, out DateOnly day, low) || !CallRow.TryReadId(last, out DateOnly same, high) || day != same) return [];
        return Reading(days =>
        {
            var ids = new List<string>();
            if (days.Get(day) is not { } database) return ids;
            using SqliteStatement list = database.Prepare("SELECT id FROM messages WHERE id BETWEEN ?1 AND ?2 ORDER BY document");
            list.BindBlob(low.AsSpan()).BindBlob(high.AsSpan());
            while (list.Step()) ids.Add(CallRow.IdText(day, list.Blob(0)));
            return ids;
        });
    }

    /// <inheritdoc />
    public IReadOnlyList<string> ConversationIds(string first, string last)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(first, out DateOnly day, bytes) || !CallRow.TryReadId(last, out DateOnly same, bytes) || day != same) return [];
        return Reading(days =>
        {
            var ids = new List<string>();
            if (days.Get(day) is not { } database) return ids;
            using SqliteStatement list = database.Prepare("SELECT id FROM conversations WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            list.Bind(first).Bind(last);
            while (list.Step()) ids.Add(list.Text(0));
            return ids;
        });
    }

    /// <inheritdoc />
    public bool DropDay(DateOnly day)
    {
        lock (_writing)
        {
            _writer.Close(day);
            string path = _files.PathOf(day);
            if (!File.Exists(path)) return false;
            try
            {
                File.Delete(path);
                File.Delete(path + "-wal");
                File.Delete(path + "-shm");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
            finally
            {
                _readers.Renew();
            }

            return true;
        }
    }

    /// <summary>Writes back what the write-ahead logs hold and closes all files.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed) return;
            _disposed = true;
            _writer.Dispose();
        }

        _readers.Dispose();
        _helpers.Dispose();
    }

    /// <summary>What a text search looks at, an item a line but for the lines of the text itself; lower case.</summary>
    internal static string SearchOf(MessageRecord record) =>
        string.Join('\n', new[] { record.Text, record.From.Uri, record.To.Uri, record.From.Name, record.To.Name }.OfType<string>()).ToLowerInvariant();

    internal static DateOnly DayOf(Timestamp at) => DateOnly.FromDateTime(at.ToDateTime());

    private static ConversationRecord ReadConversation(SqliteStatement row) =>
        new(row.Text(1), new Timestamp(row.Long(0)), row.Text(2), row.Text(3)) { Tenant = row.IsNull(4) ? null : row.Text(4) };

    private static void WriteAll(SqliteDatabase database, IEnumerable<StoredMessage> messages)
    {
        foreach (StoredMessage message in messages) Write(database, message);
    }

    private static void WriteAll(SqliteDatabase database, IEnumerable<ConversationRecord> conversations)
    {
        foreach (ConversationRecord conversation in conversations)
        {
            database.Prepare("INSERT OR IGNORE INTO conversations (started_at, id, first, second, tenant) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(conversation.StartedAt.Microseconds)
                .Bind(conversation.Id)
                .Bind(conversation.First)
                .Bind(conversation.Second)
                .Bind(conversation.Tenant)
                .Run();
        }
    }

    private static void Write(SqliteDatabase database, StoredMessage message)
    {
        MessageRecord record = message.Record;
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(record.Id, out _, id)) return;
        byte[] json = MessageJson.ToUtf8(record);
        long document = -1;
        MessageRecord? known = null;
        using (SqliteStatement find = database.Prepare("SELECT m.document, d.json FROM messages m JOIN message_documents d ON d.document = m.document WHERE m.id = ?1"))
        {
            if (find.BindBlob(id.AsSpan()).Step())
            {
                document = find.Long(0);
                if (find.Blob(1).SequenceEqual(json)) return;
                MessageJson.TryRead(find.Blob(1).ToArray(), out known);
            }
        }

        // What tells less than what is known is an older telling, or a part of the capture.
        if (known is not null && (record.Notifications.Count < known.Notifications.Count || (record.Outcome == MessageOutcome.Pending && known.Outcome != MessageOutcome.Pending))) return;
        string search = SearchOf(record);
        if (document >= 0)
        {
            database.Prepare("UPDATE message_documents SET search = ?2, chunks = ?3, json = ?4 WHERE document = ?1")
                .Bind(document).Bind(search).BindBlob(message.Chunks.AsSpan()).BindBlob(json.AsSpan()).Run();
            database.Prepare("UPDATE messages SET outcome = ?2, tenant = ?3 WHERE id = ?1").BindBlob(id.AsSpan()).Bind((long)record.Outcome).Bind(record.Tenant).Run();
            return;
        }

        database.Prepare("INSERT INTO message_documents (search, chunks, json) VALUES (?1, ?2, ?3)")
            .Bind(search).BindBlob(message.Chunks.AsSpan()).BindBlob(json.AsSpan()).Run();
        document = database.LastInsertRowId;
        database.Prepare(
            "INSERT INTO messages (started_at, id, document, kind, outcome, from_number, to_number, conversation, sip_call_hash, in_call, tenant) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
            .Bind(record.StartedAt.Microseconds)
            .BindBlob(id.AsSpan())
            .Bind(document)
            .Bind((long)record.Kind)
            .Bind((long)record.Outcome)
            .Bind(record.From.Number)
            .Bind(record.To.Number)
            .Bind(record.ConversationId)
            .Bind(CallRow.SipCallHash(record.SipCallId))
            .Bind(record.IsInCall ? 1L : 0L)
            .Bind(record.Tenant)
            .Run();
    }

    private void InDay(DateOnly day, Action<SqliteDatabase> write)
    {
        // A file removed under an open connection would take writes and keep none of them.
        if (!File.Exists(_files.PathOf(day))) _writer.Close(day);
        SqliteDatabase database = _writer.Get(day)!;
        try
        {
            database.Transact(() => write(database));
        }
        catch
        {
            _writer.Close(day);
            throw;
        }
    }

    // Its end and its count are told by its messages, on this day and on those after it until one has none.
    private ConversationRecord Counted(OpenDays days, ConversationRecord conversation)
    {
        long count = 0;
        Timestamp end = conversation.StartedAt, start = conversation.StartedAt;
        DateOnly first = DayOf(conversation.StartedAt);
        for (int i = 0; i < DaysOfConversation; i++)
        {
            if (days.Get(first.AddDays(i)) is not { } database) break;
            using SqliteStatement sum = database.Prepare("SELECT count(*), min(started_at), max(started_at) FROM messages WHERE conversation = ?1");
            if (!sum.Bind(conversation.Id).Step() || sum.Long(0) == 0) break;
            count += sum.Long(0);
            if (i == 0) start = new Timestamp(Math.Min(start.Microseconds, sum.Long(1)));
            end = Timestamp.Max(end, new Timestamp(sum.Long(2)));
        }

        return conversation with { StartedAt = start, EndedAt = end, Count = count };
    }

    private byte[]? Document(string id, string column)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database) return null;
            using SqliteStatement find = database.Prepare($"SELECT {column} FROM messages m JOIN message_documents d ON d.document = m.document WHERE m.id = ?1");
            return find.BindBlob(bytes.AsSpan()).Step() ? find.Blob(0).ToArray() : null;
        });
    }

    private List<DateOnly> DaysOf(Timestamp? from, Timestamp? to, bool ascending)
    {
        List<DateOnly> days = _files.List();
        if (from is { } earliest) days.RemoveAll(day => day < DayOf(earliest));
        if (to is { } latest) days.RemoveAll(day => day > DayOf(latest));
        if (!ascending) days.Reverse();
        return days;
    }

    private SqliteDatabase OpenForWriting(DateOnly day)
    {
        Directory.CreateDirectory(_files.Folder);
        SqliteDatabase database = SqliteDatabase.Open(_files.PathOf(day), SqliteAccess.Write, _limits.BusyTimeout, _limits.WriterCacheKibibytes);
        try
        {
            SchemaMigrations.Messages.Apply(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private SqliteDatabase? OpenForReading(DateOnly day)
    {
        string path = _files.PathOf(day);
        if (!File.Exists(path)) return null;
        SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, _limits.BusyTimeout, _limits.ReaderCacheKibibytes);
        try
        {
            if (SchemaMigrations.Messages.VersionOf(database) < SchemaMigrations.Messages.Version)
            {
                lock (_writing) _writer.Get(day);
            }

            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private T Reading<T>(Func<OpenDays, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _readers.Read(read);
    }
}
