using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Writing: one transaction for each day of a batch.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public WriteReport Write(IReadOnlyList<StoredCall> calls)
    {
        lock (_writing)
        {
            var days = new SortedDictionary<DateOnly, List<StoredCall>>();
            var failed = new List<StoredCall>();
            byte[] id = new byte[CallRow.IdBytes];
            foreach (StoredCall call in calls)
            {
                if (!CallRow.TryReadId(call.Record.Id, out DateOnly day, id))
                {
                    failed.Add(call);
                    continue;
                }

                if (!days.TryGetValue(day, out List<StoredCall>? batch)) days.Add(day, batch = []);
                batch.Add(call);
            }

            string? fault = failed.Count > 0 ? $"{failed[0].Record.Id}: not a record id" : null;
            int[] outcomes = new int[3];
            foreach ((DateOnly day, List<StoredCall> batch) in days) WriteDay(day, batch, outcomes, failed, ref fault);
            return new WriteReport
            {
                Inserted = outcomes[(int)UpsertOutcome.Inserted],
                Replaced = outcomes[(int)UpsertOutcome.Replaced],
                Unchanged = outcomes[(int)UpsertOutcome.Unchanged],
                Failed = failed,
                Fault = fault,
            };
        }
    }

    /// <inheritdoc />
    public RemarkReport Remark(DateOnly day, Timestamp? from, Timestamp? to, RemarkPosition? after, int most, bool write, RemarkRecord remark)
    {
        lock (_writing)
        {
            RemarkReport report = default;
            if (write) _database.Transact(Writer, session => { report = RemarkPart(session, day, from, to, after, most, write: true, remark); });
            else report = _database.Read(session => RemarkPart(session, day, from, to, after, most, write: false, remark));
            return report;
        }
    }

    // A record that the database refuses must not keep the others out: halves are tried until it is alone.
    private void WriteDay(DateOnly day, List<StoredCall> batch, int[] outcomes, List<StoredCall> failed, ref string? fault)
    {
        int[] counted = new int[3];
        try
        {
            _database.Transact(Writer, session =>
            {
                Array.Clear(counted);
                var write = new PostgresDayWrite(session, day);
                write.Add(batch, counted);
                write.Apply();
            });
            for (int i = 0; i < counted.Length; i++) outcomes[i] += counted[i];
        }
        catch (StoreException e) when (e.IsAboutData && batch.Count > 1)
        {
            int half = batch.Count / 2;
            WriteDay(day, batch[..half], outcomes, failed, ref fault);
            WriteDay(day, batch[half..], outcomes, failed, ref fault);
        }
        catch (StoreException e)
        {
            fault ??= e.Message;
            failed.AddRange(batch);
        }
    }

    private RemarkReport RemarkPart(PostgresSession session, DateOnly day, Timestamp? from, Timestamp? to, RemarkPosition? after, int most, bool write, RemarkRecord remark)
    {
        if (session.Scalar("SELECT count(*) FROM record_days WHERE day = ?", day) == 0) return default;
        var rows = new List<(long StartedAt, byte[] Id, byte[] Json)>(most);
        using (PostgresRows list = session.Query(
            "SELECT c.started_at, c.id, d.json FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document "
            + "WHERE c.day = ? AND c.started_at >= ? AND c.started_at < ? AND (c.started_at, c.id) > (?, ?) ORDER BY c.started_at, c.id LIMIT ?",
            day,
            (from ?? Timestamp.MinValue).Microseconds,
            (to ?? Timestamp.MaxValue).Microseconds,
            (after?.StartedAt ?? Timestamp.MinValue).Microseconds,
            after is null ? [] : after.Id.ToArray(),
            (long)most))
        {
            while (list.Step()) rows.Add((list.Long(0), list.Blob(1), list.Blob(2)));
        }

        var changes = new List<(byte[] Id, CallRecord Record, byte[] Json)>();
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
            if (!text.AsSpan().SequenceEqual(json) && !text.AsSpan().SequenceEqual(CallRecordJson.ToUtf8(record!))) changes.Add((id, now, text));
        }

        if (write && changes.Count > 0)
        {
            var day1 = new PostgresDayWrite(session, day);
            day1.Remark(changes);
            day1.Apply();
        }

        RemarkPosition? next = rows.Count == most ? new RemarkPosition(new Timestamp(rows[^1].StartedAt), rows[^1].Id) : null;
        return new RemarkReport(rows.Count, changes.Count, next);
    }
}
