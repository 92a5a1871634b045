using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Retention: what it looks at, and what it removes for good.
public sealed partial class SqliteCallStore : ICallKeeping
{
    private const string KeptColumns =
        "SELECT c.id, d.sip_call_id, c.session_id, c.tenant, c.started_at, c.document, k.chunks FROM calls c JOIN call_documents d ON d.document = c.document "
        + "LEFT JOIN call_chunks k ON k.document = c.document";

    /// <inheritdoc />
    public IReadOnlyList<KeptCall> ListKept(KeptQuery query)
    {
        var where = new SqlConditions();
        if (query.StartedBefore is { } before) where.And("c.started_at < ?", before.Microseconds);
        if (query.Tenant is { } tenant) where.And("c.tenant = ?", tenant);
        if (query.Behind > 0 || query.OrStartedFrom > Timestamp.MinValue) where.And("(c.document > ? OR c.started_at >= ?)", query.Behind, query.OrStartedFrom.Microseconds);
        if (query.After is { } after)
        {
            byte[] id = new byte[CallRow.IdBytes];
            CallRow.TryReadId(after.Id, out _, id);
            where.And("c.started_at >= ?", after.StartedAt.Microseconds);
            where.And("(c.started_at, c.id) > (?, ?)", after.StartedAt.Microseconds, id);
        }

        return Reading(days =>
        {
            var calls = new List<KeptCall>();
            if (days.Get(query.Day) is not { } database) return calls;
            SqlConditions here = where.Copy();
            if (query.DeletedBefore is { } deleted && !AndDeleted(here, query.Day, deleted)) return calls;
            using SqliteStatement list = here.Bound(database, $"{KeptColumns}{here} ORDER BY c.started_at, c.id LIMIT ?", query.Limit);
            while (list.Step()) calls.Add(ReadKept(list, query.Day));
            return calls;
        });
    }

    /// <inheritdoc />
    public KeptCall? GetKept(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database) return null;
            using SqliteStatement find = database.Prepare($"{KeptColumns} WHERE c.id = ?1");
            return find.BindBlob(bytes.AsSpan()).Step() ? ReadKept(find, day) : null;
        });
    }

    /// <inheritdoc />
    public long LastNumber(DateOnly day) => Reading(days => days.Get(day)?.Scalar(LastDocument) ?? 0);

    /// <inheritdoc />
    public bool SetChunks(string id, ReadOnlyMemory<byte> chunks)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return false;
        bool any = false;
        InDay(day, database =>
        {
            long document;
            using (SqliteStatement find = database.Prepare("SELECT document FROM calls WHERE id = ?1"))
            {
                any = find.BindBlob(bytes.AsSpan()).Step();
                document = any ? find.Long(0) : 0;
            }

            if (any && chunks.IsEmpty) database.Prepare("DELETE FROM call_chunks WHERE document = ?1").Bind(document).Run();
            else if (any) database.Prepare("INSERT OR REPLACE INTO call_chunks (document, chunks) VALUES (?1, ?2)").Bind(document).BindBlob(chunks.Span).Run();
        });
        return any;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> ListRecorded(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except) =>
        Reading(days => days.Get(day) is { } database ? Recorded(database, day, tenant, before, except) : []);

    /// <inheritdoc />
    public IReadOnlyList<string> ForgetRecordings(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except, string reason)
    {
        List<string> ids = [];
        InDay(day, database =>
        {
            ids = Recorded(database, day, tenant, before, except);
            byte[] bytes = new byte[CallRow.IdBytes];
            foreach (string id in ids)
            {
                CallRow.TryReadId(id, out _, bytes);
                database.Prepare("UPDATE recordings SET state = ?2, reason = ?3, bytes = 0 WHERE document = (SELECT document FROM calls WHERE id = ?1)")
                    .BindBlob(bytes.AsSpan()).Bind((long)RecordingState.Deleted).Bind(reason).Run();
            }
        });
        return ids;
    }

    /// <inheritdoc />
    public int Purge(DateOnly day, IReadOnlyCollection<string> ids)
    {
        string path = _files.PathOf(day);
        if (ids.Count == 0 || !File.Exists(path)) return 0;
        Scrubbing.Note(path);
        int purged = 0;
        var partners = new HashSet<string>(StringComparer.Ordinal);
        InDay(day, database =>
        {
            database.Execute("PRAGMA secure_delete = ON");
            byte[] bytes = new byte[CallRow.IdBytes];
            foreach (string id in ids)
            {
                if (!CallRow.TryReadId(id, out DateOnly its, bytes) || its != day) continue;
                AddPartners(database, bytes, partners);
                if (CallUpsert.Purge(database, bytes)) purged++;
            }

            // The texts of what is gone; those of what is left are noted anew with the next seal.
            if (purged > 0) DayTexts.Drop(database);
        });
        if (purged > 0) ForgetTexts(day);
        var gone = ids.ToHashSet(StringComparer.Ordinal);
        partners.ExceptWith(gone);
        foreach (string partner in partners) Unlink(partner, gone);
        _hidden.ForgetCalls(day, ids);
        ForgetEmptied(day);
        return purged;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Scrub()
    {
        // A connection in the middle of nothing does not stand in the way; its pages are read anew.
        lock (_writing) return new Scrubbing(_files.Folder, _limits.BusyTimeout).Run();
    }

    private static void AddPartners(SqliteDatabase database, byte[] id, HashSet<string> partners)
    {
        using SqliteStatement find = database.Prepare("SELECT d.json FROM calls c JOIN call_documents d ON d.document = c.document WHERE c.id = ?1");
        if (find.BindBlob(id.AsSpan()).Step() && CallRecordJson.TryRead(find.Blob(0), out CallRecord? record)) partners.UnionWith(record!.Links.Select(static link => link.CallId));
    }

    // What a record tells of a call that is no more goes; that it was linked stays among its flags.
    private void Unlink(string id, HashSet<string> gone)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes) || !File.Exists(_files.PathOf(day))) return;
        Scrubbing.Note(_files.PathOf(day));
        InDay(day, database =>
        {
            CallRecord? record;
            using (SqliteStatement find = database.Prepare("SELECT d.json FROM calls c JOIN call_documents d ON d.document = c.document WHERE c.id = ?1"))
            {
                if (!find.BindBlob(bytes.AsSpan()).Step() || !CallRecordJson.TryRead(find.Blob(0), out record)) return;
            }

            CallRecord left = record! with
            {
                Links = [.. record.Links.Where(link => !gone.Contains(link.CallId))],
                Transfer = record.Transfer is { CallId: { } other } transfer && gone.Contains(other) ? transfer with { CallId = null } : record.Transfer,
                SessionId = gone.Contains(record.SessionId) ? record.Id : record.SessionId,
            };
            CallUpsert.Remark(database, left, CallRecordJson.ToUtf8(left), bytes);
        });
        ForgetTexts(day);
    }

    private static List<string> Recorded(SqliteDatabase database, DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except)
    {
        var ids = new List<string>();
        using SqliteStatement list = database.Prepare("SELECT r.id FROM recordings r WHERE r.state = ?1 AND r.started_at < ?2 AND (?3 IS NULL OR r.tenant = ?3)");
        list.Bind((long)RecordingState.Available).Bind(before.Microseconds).Bind(tenant);
        while (list.Step())
        {
            string id = CallRow.IdText(day, list.Blob(0));
            if (!except.Contains(id)) ids.Add(id);
        }

        return ids;
    }

    private static KeptCall ReadKept(SqliteStatement row, DateOnly day)
    {
        string id = CallRow.IdText(day, row.Blob(0));
        return new KeptCall(
            id, row.Text(1), row.IsNull(2) ? id : row.Text(2), row.IsNull(3) ? null : row.Text(3), new Timestamp(row.Long(4)), row.Long(5), row.IsNull(6) ? [] : row.Blob(6).ToArray());
    }

    // False where nothing of the day was deleted before that.
    private bool AndDeleted(SqlConditions where, DateOnly day, Timestamp before)
    {
        HiddenDay hidden = _hidden.Of(day);
        var any = new List<string>();
        var arguments = new List<object>();
        if (hidden.HasCalls)
        {
            any.Add("EXISTS (SELECT 1 FROM hidden.hidden_calls h WHERE h.day = ? AND h.id = c.id AND h.hidden_at < ?)");
            arguments.AddRange([(long)day.DayNumber, before.Microseconds]);
        }

        foreach ((DateOnly its, string? tenant, long document, Timestamp _) in _hidden.ListDays(before))
        {
            if (its != day) continue;
            any.Add(tenant is null ? "c.document <= ?" : "(c.tenant = ? AND c.document <= ?)");
            if (tenant is not null) arguments.Add(tenant);
            arguments.Add(document);
        }

        if (any.Count == 0) return false;
        where.And($"({string.Join(" OR ", any)})", [.. arguments]);
        return true;
    }

    // That all of a day was deleted need not be known any more when all of it is gone.
    private void ForgetEmptied(DateOnly day)
    {
        foreach ((DateOnly its, string? tenant, long document, Timestamp _) in _hidden.ListDays(Timestamp.MaxValue))
        {
            if (its != day) continue;
            bool isLeft = Reading(days =>
            {
                if (days.Get(day) is not { } database) return false;
                using SqliteStatement find = database.Prepare("SELECT 1 FROM calls WHERE document <= ?1 AND (?2 IS NULL OR tenant = ?2) LIMIT 1");
                return find.Bind(document).Bind(tenant).Step();
            });
            if (!isLeft) _hidden.ForgetDay(day, tenant);
        }
    }

    private void InDay(DateOnly day, Action<SqliteDatabase> write)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!File.Exists(_files.PathOf(day)))
            {
                _writer.Close(day);
                return;
            }

            SqliteDatabase database = _writer.Get(day)!;
            try
            {
                database.Transact(() =>
                {
                    write(database);
                    database.Sums.Flush();
                });
            }
            catch
            {
                _writer.Close(day);
                throw;
            }
        }
    }
}
