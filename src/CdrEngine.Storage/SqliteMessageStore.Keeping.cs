using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Retention.
public sealed partial class SqliteMessageStore : IMessageKeeping
{
    private const string KeptColumns = "SELECT m.id, d.chunks FROM messages m JOIN message_documents d ON d.document = m.document";

    /// <inheritdoc />
    public IReadOnlyList<KeptMessage> ListKept(DateOnly day, string? tenant, Timestamp before, int limit) => Reading(days =>
    {
        var messages = new List<KeptMessage>();
        if (days.Get(day) is not { } database) return messages;
        using SqliteStatement list = database.Prepare($"{KeptColumns} WHERE m.started_at < ?1 AND (?2 IS NULL OR m.tenant = ?2) ORDER BY m.started_at, m.id LIMIT ?3");
        list.Bind(before.Microseconds).Bind(tenant).Bind((long)limit);
        while (list.Step()) messages.Add(ReadKept(list, day));
        return messages;
    });

    /// <inheritdoc />
    public IReadOnlyList<KeptMessage> ListOfCall(string sipCallId, DateOnly day) => Reading(days =>
    {
        var messages = new List<KeptMessage>();
        foreach (DateOnly its in (ReadOnlySpan<DateOnly>)[day, day.AddDays(1)])
        {
            if (days.Get(its) is not { } database) continue;
            using SqliteStatement list = database.Prepare($"{KeptColumns} WHERE m.sip_call_hash = ?1 AND m.in_call <> 0");
            list.Bind(CallRow.SipCallHash(sipCallId));
            while (list.Step()) messages.Add(ReadKept(list, its));
        }

        return messages;
    });

    /// <inheritdoc />
    public int Purge(IReadOnlyCollection<string> ids)
    {
        int purged = 0;
        byte[] bytes = new byte[CallRow.IdBytes];
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (IGrouping<DateOnly, string> day in ids.Where(id => CallRow.TryReadId(id, out _, bytes)).GroupBy(id => CallRow.TryReadId(id, out DateOnly its, bytes) ? its : default))
            {
                string path = _files.PathOf(day.Key);
                if (!File.Exists(path)) continue;
                Scrubbing.Note(path);
                InDay(day.Key, database =>
                {
                    foreach (string id in day)
                    {
                        CallRow.TryReadId(id, out _, bytes);
                        database.Prepare("DELETE FROM message_documents WHERE document = (SELECT document FROM messages WHERE id = ?1)").BindBlob(bytes.AsSpan()).Run();
                        database.Prepare("DELETE FROM messages WHERE id = ?1").BindBlob(bytes.AsSpan()).Run();
                        purged += (int)database.Scalar("SELECT changes()");
                    }

                    // The texts of what is gone; those of what is left are noted anew with the next seal.
                    DayTexts.Drop(database);
                    database.Execute("DELETE FROM conversations WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation = conversations.id)");
                });
            }
        }

        return purged;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Scrub()
    {
        lock (_writing) return new Scrubbing(_files.Folder, _limits.BusyTimeout).Run();
    }

    private static KeptMessage ReadKept(SqliteStatement row, DateOnly day) => new(CallRow.IdText(day, row.Blob(0)), row.IsNull(1) ? [] : row.Blob(1).ToArray());
}
