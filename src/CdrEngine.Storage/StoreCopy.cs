using System.Globalization;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>What a copy has done of one part.</summary>
/// <param name="Part">The part, for example <c>calls of 2026-11-20</c>.</param>
/// <param name="Rows">Rows of the files.</param>
/// <param name="Written">Those that were not in the server as they are.</param>
/// <param name="Unreadable">Documents that cannot be read: they are not copied.</param>
/// <param name="Fault">What does not agree afterwards; null where all does.</param>
public sealed record StoreCopyStep(string Part, long Rows, long Written, long Unreadable, string? Fault);

/// <summary>Copies what a data folder has in SQLite files into PostgreSQL. Done again, or stopped and done again, it changes nothing that is there already; what the
/// server has beyond the files, and later revisions of records, stay.</summary>
/// <remarks>Each part is compared after it is written: every record, byte for byte as this program writes it, with tenant, revision and packet places; every recording's
/// state; the numbers of rows.</remarks>
public sealed class StoreCopy
{
    private const int Batch = 1000;

    private readonly string _records;
    private readonly string _messages;
    private readonly string _data;
    private readonly PostgresOptions _server;
    private readonly string _identity;

    /// <summary>A copy that has not begun.</summary>
    /// <param name="data">Data folder.</param>
    /// <param name="records">Its folder of records.</param>
    /// <param name="messages">Its folder of messages.</param>
    /// <param name="identity">What tells it from other data folders.</param>
    /// <param name="server">Where to.</param>
    public StoreCopy(string data, string records, string messages, string identity, PostgresOptions server)
    {
        _data = data;
        _records = records;
        _messages = messages;
        _identity = identity;
        _server = server;
    }

    /// <summary>Copies part after part and tells what came of each.</summary>
    /// <param name="stop">Ends it between two batches.</param>
    /// <exception cref="StoreException">Files or server fail; what was copied stays.</exception>
    public IEnumerable<StoreCopyStep> Run(CancellationToken stop)
    {
        foreach (StoreCopyStep step in Calls(stop)) yield return step;
        foreach (StoreCopyStep step in Messages(stop)) yield return step;
        using var database = new PostgresDatabase(_server);
        foreach ((string file, StoreCopyTable table) in StoreCopyTable.All)
        {
            stop.ThrowIfCancellationRequested();
            string path = Path.Combine(file == "registrations.db" ? _data : _records, file);
            if (!File.Exists(path)) continue;
            using SqliteDatabase source = SqliteDatabase.Open(path, SqliteAccess.Read, TimeSpan.FromSeconds(5), 8 * 1024);
            yield return table.Copy(source, database, _identity, stop);
        }
    }

    private IEnumerable<StoreCopyStep> Calls(CancellationToken stop)
    {
        var files = new DayFiles(_records);
        if (!Directory.Exists(_records)) yield break;
        using SqliteCallStore source = SqliteCallStore.Open(_records);
        using var target = new PostgresCallStore(_server);
        foreach (DateOnly day in files.List())
        {
            // Opening it by the store brings an older file up to date.
            _ = source.Count(day);
            using SqliteDatabase database = SqliteDatabase.Open(files.PathOf(day), SqliteAccess.Read, TimeSpan.FromSeconds(5), 8 * 1024);
            yield return Day(database, target, day, stop);
        }

        string hidden = Path.Combine(_records, HiddenCalls.FileName);
        if (File.Exists(hidden)) yield return Hidden(files, hidden, target);
    }

    private static StoreCopyStep Day(SqliteDatabase source, PostgresCallStore target, DateOnly day, CancellationToken stop)
    {
        long rows = 0, written = 0, unreadable = 0;
        string? fault = null;
        foreach (List<StoredCall> batch in CallsOf(source, () => unreadable++))
        {
            stop.ThrowIfCancellationRequested();
            rows += batch.Count;
            WriteReport report = target.Write(batch);
            if (report.Failed.Count > 0) throw new StoreException(report.Fault!);
            written += report.Inserted + report.Replaced;
        }

        foreach (RecordingEntry[] entries in Recordings(source, day).Chunk(Batch)) target.SetRecordings(day, entries);

        // Writing compares before it writes: now there is to be nothing left to do.
        long differing = 0;
        foreach (List<StoredCall> batch in CallsOf(source, static () => { }))
        {
            stop.ThrowIfCancellationRequested();
            WriteReport report = target.Write(batch);
            differing += batch.Count - report.Unchanged;
        }

        long recordings = 0;
        foreach (RecordingEntry entry in Recordings(source, day))
        {
            if (target.GetRecording(entry.CallId) is { } copied && copied != entry && copied.CreatedAt <= entry.CreatedAt) recordings++;
        }

        if (target.Count(day) < rows) fault = string.Create(CultureInfo.InvariantCulture, $"{target.Count(day)} of {rows} are there");
        else if (differing + recordings > 0) fault = string.Create(CultureInfo.InvariantCulture, $"{differing} records and {recordings} recordings are not the same");
        return new StoreCopyStep(string.Create(CultureInfo.InvariantCulture, $"calls of {day:yyyy-MM-dd}"), rows, written, unreadable, fault);
    }

    // In order of storing, which the integer ids depend on.
    private static IEnumerable<List<StoredCall>> CallsOf(SqliteDatabase source, Action unreadable)
    {
        long after = -1;
        while (true)
        {
            var batch = new List<StoredCall>(Batch);
            using (SqliteStatement rows = source.Prepare(
                "SELECT d.json, k.chunks FROM call_documents d LEFT JOIN call_chunks k ON k.document = d.document WHERE d.document > ?1 AND d.document <= ?2 ORDER BY d.document"))
            {
                rows.Bind(after).Bind(after + Batch);
                while (rows.Step())
                {
                    if (CallRecordJson.TryRead(rows.Blob(0), out CallRecord? record)) batch.Add(new StoredCall(record!, RecordRevision.Final, rows.IsNull(1) ? default : rows.Blob(1).ToArray()));
                    else
                        unreadable();
                }
            }

            // Calls have no index by document, but one by id.
            using (SqliteStatement find = source.Prepare("SELECT revision, tenant FROM calls WHERE id = ?1"))
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    find.BindBlob(Convert.FromHexString(batch[i].Record.Id.AsSpan(9)).AsSpan());
                    if (find.Step()) batch[i] = batch[i] with { Revision = (RecordRevision)find.Long(0), Tenant = find.IsNull(1) ? null : find.Text(1) };
                    find.Dispose();
                }
            }

            after += Batch;
            if (batch.Count > 0) yield return batch;
            else if (source.Scalar(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM call_documents WHERE document > {after} LIMIT 1)")) == 0) yield break;
        }
    }

    private static IEnumerable<RecordingEntry> Recordings(SqliteDatabase source, DateOnly day)
    {
        using SqliteStatement rows = source.Prepare($"SELECT {RecordingRows.Columns} FROM recordings r ORDER BY r.document");
        while (rows.Step()) yield return RecordingRows.Read(rows, day);
    }

    private static StoreCopyStep Hidden(DayFiles files, string path, PostgresCallStore target)
    {
        var hidden = new List<(DateOnly Day, byte[] Id, long At, string By)>();
        var days = new List<(DateOnly Day, string Tenant, long Document, long At, string By)>();
        using (SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, TimeSpan.FromSeconds(5), 1024))
        {
            using (SqliteStatement rows = database.Prepare("SELECT day, id, hidden_at, hidden_by FROM hidden_calls"))
            {
                while (rows.Step()) hidden.Add((DateOnly.FromDayNumber((int)rows.Long(0)), rows.Blob(1).ToArray(), rows.Long(2), rows.Text(3)));
            }

            using (SqliteStatement rows = database.Prepare("SELECT day, tenant, document, hidden_at, hidden_by FROM hidden_days"))
            {
                while (rows.Step()) days.Add((DateOnly.FromDayNumber((int)rows.Long(0)), rows.Text(1), rows.Long(2), rows.Long(3), rows.Text(4)));
            }
        }

        // Numbers of documents are the files' own: what they hide is named one by one.
        foreach ((DateOnly day, string tenant, long document, long at, string by) in days)
        {
            if (!File.Exists(files.PathOf(day))) continue;
            using SqliteDatabase database = SqliteDatabase.Open(files.PathOf(day), SqliteAccess.Read, TimeSpan.FromSeconds(5), 1024);
            using SqliteStatement rows = database.Prepare("SELECT id FROM calls WHERE document <= ?1 AND (?2 = '' OR tenant = ?2)");
            rows.Bind(document).Bind(tenant);
            while (rows.Step()) hidden.Add((day, rows.Blob(0).ToArray(), at, by));
        }

        long written = 0;
        foreach ((DateOnly Day, byte[] Id, long At, string By)[] batch in hidden.Chunk(Batch)) written += target.HideExactly(batch);
        return new StoreCopyStep("deleted calls", hidden.Count, written, 0, null);
    }

    private IEnumerable<StoreCopyStep> Messages(CancellationToken stop)
    {
        if (!Directory.Exists(_messages)) yield break;
        var files = new DayFiles(_messages);
        using SqliteMessageStore source = SqliteMessageStore.Open(_messages);
        using var target = new PostgresMessageStore(_server);
        foreach (DateOnly day in files.List())
        {
            stop.ThrowIfCancellationRequested();
            long rows = 0, unreadable = 0, differing = 0;
            var messages = new List<StoredMessage>();
            using SqliteDatabase database = SqliteDatabase.Open(files.PathOf(day), SqliteAccess.Read, TimeSpan.FromSeconds(5), 8 * 1024);
            var conversations = new List<ConversationRecord>();
            using (SqliteStatement list = database.Prepare("SELECT started_at, id, first, second, tenant FROM conversations"))
            {
                while (list.Step())
                    conversations.Add(new ConversationRecord(list.Text(1), new Timestamp(list.Long(0)), list.Text(2), list.Text(3)) { Tenant = list.IsNull(4) ? null : list.Text(4) });
            }

            using (SqliteStatement list = database.Prepare("SELECT d.json, d.chunks FROM message_documents d ORDER BY d.document"))
            {
                while (list.Step())
                {
                    rows++;
                    if (MessageJson.TryRead(list.Blob(0).ToArray(), out MessageRecord? record))
                        messages.Add(new StoredMessage(record!, new ConversationRecord(record!.ConversationId, record.StartedAt, "", ""), list.Blob(1).ToArray()));
                    else
                        unreadable++;
                }
            }

            foreach (StoredMessage[] batch in messages.Chunk(Batch)) target.Write(batch, []);
            foreach (ConversationRecord[] batch in conversations.Chunk(Batch)) target.Write([], batch);
            foreach (StoredMessage message in messages)
            {
                if (target.GetMessage(message.Record.Id) is not { } copied || !MessageJson.ToUtf8(copied).AsSpan().SequenceEqual(MessageJson.ToUtf8(message.Record))) differing++;
            }

            yield return new StoreCopyStep(
                string.Create(CultureInfo.InvariantCulture, $"messages of {day:yyyy-MM-dd}"), rows, messages.Count, unreadable,
                differing > 0 ? string.Create(CultureInfo.InvariantCulture, $"{differing} are not the same") : null);
        }
    }
}
