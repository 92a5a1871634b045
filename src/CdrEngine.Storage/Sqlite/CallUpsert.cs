using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What writing one record did.</summary>
internal enum UpsertOutcome
{
    Inserted,
    Replaced,
    /// <summary>The record was there; where its packets lie may be told anew.</summary>
    Unchanged,
}

/// <summary>Writes one record into an open day, inside a transaction of the caller.</summary>
internal static class CallUpsert
{
    private const string Find = "SELECT started_at, document, revision, tenant, caller_number, callee_number, dialled, caller_e164, callee_e164, caller_user, callee_user FROM calls WHERE id = ?1";
    private const string FindDocument = "SELECT json FROM call_documents WHERE document = ?1";
    private const string FindChunks = "SELECT chunks FROM call_chunks WHERE document = ?1";
    private const string InsertDocument = "INSERT INTO call_documents (sip_call_id, search, json) VALUES (?1, ?2, ?3)";
    private const string UpdateDocument = "UPDATE call_documents SET sip_call_id = ?1, search = ?2, json = ?3 WHERE document = ?4";
    private const string DeleteCall = "DELETE FROM calls WHERE started_at = ?1 AND id = ?2";
    private const string InsertNumber = "INSERT OR REPLACE INTO call_numbers (number, started_at, id, roles) VALUES (?1, ?2, ?3, ?4)";
    private const string DeleteNumber = "DELETE FROM call_numbers WHERE number = ?1 AND started_at = ?2 AND id = ?3";
    private const string InsertChunks = "INSERT OR REPLACE INTO call_chunks (document, chunks) VALUES (?1, ?2)";

    private const string MediaTenant = "UPDATE media_sessions SET tenant = ?1 WHERE started_at = ?2 AND id = ?3";
    private const string RecordingTenant = "UPDATE recordings SET tenant = ?1 WHERE document = ?2";

    private const string InsertCall =
        "INSERT INTO calls (started_at, id, document, revision, duration_us, billsec_us, disposition, direction, flags, mos, caller_number, callee_number, "
        + "dialled, caller_ip, callee_ip, codecs, sip_call_hash, session_id, tenant, context, caller_e164, callee_e164, caller_user, callee_user, pdd_us, profile) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)";

    /// <summary>Inserts, replaces or leaves a record. The same content twice leaves every byte as it was.</summary>
    public static UpsertOutcome Write(SqliteDatabase database, StoredCall call, ReadOnlySpan<byte> id)
    {
        ReadOnlySpan<byte> json = CallRecordJson.Lend(call.Record);
        long startedAt, document;
        using (SqliteStatement find = database.Prepare(Find))
        {
            find.BindBlob(id);
            if (!find.Step())
            {
                find.Dispose();
                Insert(database, call, id, json);
                return UpsertOutcome.Inserted;
            }

            startedAt = find.Long(0);
            document = find.Long(1);
            if ((int)call.Revision < find.Long(2)) return UpsertOutcome.Unchanged;
            bool sameTenant = find.IsNull(3) ? call.Tenant is null : find.Text(3) == call.Tenant;
            bool sameRecord = sameTenant && Same(database, FindDocument, document, json);
            bool sameChunks = call.Chunks.IsEmpty || Same(database, FindChunks, document, call.Chunks.Span);
            if (sameRecord && sameChunks) return UpsertOutcome.Unchanged;
            if (!sameChunks) database.Prepare(InsertChunks).Bind(document).BindBlob(call.Chunks.Span).Run();

            // An import repeated lays the packets down once more, in other segments. The record says the same.
            if (sameRecord) return UpsertOutcome.Unchanged;
            DeleteNumbers(database, find, startedAt, id);
        }

        database.Prepare(UpdateDocument).Bind(call.Record.SipCallId).BindText(CallRow.Search(call.Record)).BindBlob(json).Bind(document).Run();
        database.Prepare(DeleteCall).Bind(startedAt).BindBlob(id).Run();
        InsertRows(database, call, id, document);
        MediaSessionRows.Replace(database, call.Record, startedAt, id, document, call.Tenant);
        RecordingRows.Forget(database, document);
        RecordingRows.Await(database, call, id, document);
        return UpsertOutcome.Replaced;
    }

    /// <summary>Puts a record that says the same of the wire in place of the stored one: only what the directory says of it may differ. Packets, media sessions and
    /// the recording stay; the revision becomes updated.</summary>
    /// <param name="database">The day, inside a transaction.</param>
    /// <param name="record">The record.</param>
    /// <param name="json">Its JSON.</param>
    /// <param name="id">Its id.</param>
    public static void Remark(SqliteDatabase database, CallRecord record, ReadOnlySpan<byte> json, ReadOnlySpan<byte> id)
    {
        long startedAt, document;
        using (SqliteStatement find = database.Prepare(Find))
        {
            if (!find.BindBlob(id).Step()) return;
            startedAt = find.Long(0);
            document = find.Long(1);
            DeleteNumbers(database, find, startedAt, id);
        }

        database.Prepare(UpdateDocument).Bind(record.SipCallId).BindText(CallRow.Search(record)).BindBlob(json).Bind(document).Run();
        database.Prepare(DeleteCall).Bind(startedAt).BindBlob(id).Run();
        InsertRows(database, new StoredCall(record, RecordRevision.Updated, ReadOnlyMemory<byte>.Empty), id, document);
        database.Prepare(MediaTenant).Bind(record.Tenant).Bind(startedAt).BindBlob(id).Run();
        database.Prepare(RecordingTenant).Bind(record.Tenant).Bind(document).Run();
    }

    /// <summary>Removes every row of a call; false where there is none. The number of the newest document stays taken, since what was hidden as a whole, and what retention
    /// has seen, are told by numbers.</summary>
    public static bool Purge(SqliteDatabase database, ReadOnlySpan<byte> id)
    {
        long startedAt, document;
        using (SqliteStatement find = database.Prepare(Find))
        {
            if (!find.BindBlob(id).Step()) return false;
            startedAt = find.Long(0);
            document = find.Long(1);
            DeleteNumbers(database, find, startedAt, id);
        }

        database.Prepare("DELETE FROM media_sessions WHERE started_at = ?1 AND id = ?2").Bind(startedAt).BindBlob(id).Run();
        database.Prepare("DELETE FROM recordings WHERE document = ?1").Bind(document).Run();
        database.Prepare("DELETE FROM call_chunks WHERE document = ?1").Bind(document).Run();
        database.Prepare(DeleteCall).Bind(startedAt).BindBlob(id).Run();
        bool isNewest = database.Scalar("SELECT max(document) FROM call_documents") == document;
        database.Prepare(isNewest ? "UPDATE call_documents SET sip_call_id = '', search = '', json = x'' WHERE document = ?1" : "DELETE FROM call_documents WHERE document = ?1")
            .Bind(document).Run();
        return true;
    }

    private static void Insert(SqliteDatabase database, StoredCall call, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json)
    {
        database.Prepare(InsertDocument).Bind(call.Record.SipCallId).BindText(CallRow.Search(call.Record)).BindBlob(json).Run();
        long document = database.LastInsertRowId;
        if (!call.Chunks.IsEmpty) database.Prepare(InsertChunks).Bind(document).BindBlob(call.Chunks.Span).Run();
        InsertRows(database, call, id, document);
        MediaSessionRows.InsertAll(database, call.Record, id, document, call.Tenant);
        RecordingRows.Await(database, call, id, document);
    }

    private static void InsertRows(SqliteDatabase database, StoredCall call, ReadOnlySpan<byte> id, long document)
    {
        CallRecord record = call.Record;
        long startedAt = record.StartedAt.Microseconds;
        double? mos = CallRow.Mos(record);
        bool isVoicemail = Voicemail.Answered(record);
        long profile = database.Sums.Add(record, call.Tenant, mos, isVoicemail);
        database.Prepare(InsertCall)
            .Bind(startedAt)
            .BindBlob(id)
            .Bind(document)
            .Bind((long)call.Revision)
            .Bind(CallRow.Microseconds(record.Duration))
            .Bind(CallRow.Microseconds(record.BillableDuration))
            .Bind((long)record.Disposition)
            .Bind((long?)record.Direction)
            .Bind((long)record.Flags)
            .Bind(mos)
            .Bind(record.Caller.Number)
            .Bind(record.Callee.Number)
            .Bind(record.Dialled)
            .BindAddress(record.Caller.Address?.Address)
            .BindAddress(record.Callee.Address?.Address)
            .BindText(CallRow.Codecs(record))
            .Bind(CallRow.SipCallHash(record.SipCallId))
            .Bind(record.SessionId == record.Id ? null : record.SessionId)
            .Bind(call.Tenant)
            .Bind((long?)record.Marks?.Context)
            .Bind(record.Caller.E164)
            .Bind(record.Callee.E164)
            .Bind(CallRow.UserOf(record.Caller))
            .Bind(CallRow.UserOf(record.Callee))
            .Bind(record.PostDialDelay is { } delay ? CallRow.Microseconds(delay) : null)
            .Bind(profile)
            .Run();
        NumberRoles numbers = default;
        int count = CallRow.Numbers(record, ref numbers);
        foreach ((string? number, int roles) in numbers[..count])
            database.Prepare(InsertNumber).Bind(number).Bind(startedAt).BindBlob(id).Bind(roles).Run();
        if (isVoicemail) database.Prepare(InsertNumber).Bind(CallRow.VoicemailKey).Bind(startedAt).BindBlob(id).Bind((long)CallRow.CalleeRole).Run();
    }

    // Columns of Find.
    private static void DeleteNumbers(SqliteDatabase database, SqliteStatement row, long startedAt, ReadOnlySpan<byte> id)
    {
        for (int column = 4; column <= 10; column++)
        {
            if (row.IsNull(column)) continue;
            string key = column >= 9 ? CallRow.UserKey(row.Long(column)) : row.Text(column);
            database.Prepare(DeleteNumber).Bind(key).Bind(startedAt).BindBlob(id).Run();
        }

        database.Prepare(DeleteNumber).Bind(CallRow.VoicemailKey).Bind(startedAt).BindBlob(id).Run();
    }

    private static bool Same(SqliteDatabase database, string sql, long document, ReadOnlySpan<byte> bytes)
    {
        using SqliteStatement find = database.Prepare(sql);
        return find.Bind(document).Step() && find.Blob(0).SequenceEqual(bytes);
    }
}
