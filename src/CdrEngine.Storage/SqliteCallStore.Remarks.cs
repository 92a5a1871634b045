using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

/// <summary>Looks at one stored record and gives what is to stand in its place; the same object, or an equal one, to leave it.</summary>
public delegate CallRecord RemarkRecord(CallRecord record);

/// <summary>What one part of a day's remarking did.</summary>
/// <param name="Seen">Records looked at.</param>
/// <param name="Changed">Records that were, or would be, written.</param>
/// <param name="Next">Where to go on in the same day; null at its end.</param>
public readonly record struct RemarkReport(int Seen, int Changed, RemarkPosition? Next);

/// <summary>A place in a day: behind the record with this start and id.</summary>
/// <param name="StartedAt">Start of the record.</param>
/// <param name="Id">Its id within the day.</param>
public sealed record RemarkPosition(Timestamp StartedAt, ReadOnlyMemory<byte> Id);

// What the directory says of stored records, said anew.
public sealed partial class SqliteCallStore
{
    /// <summary>Reads some records of a day in order of their start and writes those back that <paramref name="remark"/> changes, all in one transaction that holds the
    /// day's write lock: what another program writes meanwhile waits for it, so keep parts small. What was done stays done where it is interrupted between parts;
    /// doing it again changes nothing.</summary>
    /// <param name="day">Day; must be one of <see cref="Days"/>.</param>
    /// <param name="from">Records that started at or after.</param>
    /// <param name="to">Records that started before.</param>
    /// <param name="after">Where the part before ended; null for the first.</param>
    /// <param name="most">Records of the part at most.</param>
    /// <param name="write">False to only look.</param>
    /// <param name="remark">Changes what the directory says of a record, and nothing else of it.</param>
    /// <exception cref="StoreException">The day cannot be read or written; <see cref="StoreException.IsTransient"/> says whether later may do.</exception>
    public RemarkReport Remark(DateOnly day, Timestamp? from, Timestamp? to, RemarkPosition? after, int most, bool write, RemarkRecord remark)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!File.Exists(_files.PathOf(day))) return default;
            SqliteDatabase database = _writer.Get(day)!;
            database.Execute(write ? "BEGIN IMMEDIATE" : "BEGIN");
            try
            {
                RemarkReport report = RemarkPart(database, from, to, after, most, write, remark);
                database.Sums.Flush();
                database.Execute("COMMIT");
                return report;
            }
            catch
            {
                SchemaMigrations.RollBack(database);
                database.Sums.Forget();
                throw;
            }
        }
    }

    private RemarkReport RemarkPart(SqliteDatabase database, Timestamp? from, Timestamp? to, RemarkPosition? after, int most, bool write, RemarkRecord remark)
    {
        var rows = new List<(long StartedAt, byte[] Id, byte[] Json)>(most);
        using (SqliteStatement list = database.Prepare(
            "SELECT c.started_at, c.id, d.json FROM calls c JOIN call_documents d ON d.document = c.document "
            + "WHERE c.started_at >= ?1 AND c.started_at < ?2 AND (c.started_at, c.id) > (?3, ?4) ORDER BY c.started_at, c.id LIMIT ?5"))
        {
            list.Bind((from ?? Timestamp.MinValue).Microseconds).Bind((to ?? Timestamp.MaxValue).Microseconds);
            list.Bind((after?.StartedAt ?? Timestamp.MinValue).Microseconds).BindBlob(after is null ? [] : after.Id.Span).Bind((long)most);
            while (list.Step()) rows.Add((list.Long(0), list.Blob(1).ToArray(), list.Blob(2).ToArray()));
        }

        int changed = 0;
        foreach ((_, byte[] id, byte[] json) in rows)
        {
            if (!CallRecordJson.TryRead(json, out CallRecord? record))
            {
                Interlocked.Increment(ref _unreadableRecords);
                continue;
            }

            // Compared as text: a record written by an older program says the same in fewer members, and is left alone.
            CallRecord now = remark(record!);
            if (ReferenceEquals(now, record)) continue;
            byte[] text = CallRecordJson.ToUtf8(now);
            if (text.AsSpan().SequenceEqual(json) || text.AsSpan().SequenceEqual(CallRecordJson.ToUtf8(record!))) continue;
            changed++;
            if (write) CallUpsert.Remark(database, now, text, id);
        }

        RemarkPosition? next = rows.Count == most ? new RemarkPosition(new Timestamp(rows[^1].StartedAt), rows[^1].Id) : null;
        return new RemarkReport(rows.Count, changed, next);
    }
}
