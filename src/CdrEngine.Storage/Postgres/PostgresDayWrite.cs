using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>Writes records of one day, inside a transaction of the caller: what is there is read at once, compared here, and what is new or changed is copied in. The
/// same content twice leaves every row as it was.</summary>
internal sealed class PostgresDayWrite(PostgresSession session, DateOnly day)
{
    private const string FindCalls =
        "SELECT c.id, c.started_at, c.document, c.revision, c.tenant, c.disposition, c.direction, c.caller_number, c.callee_number, c.dialled, c.caller_e164, c.callee_e164, "
        + "c.caller_user, c.callee_user, d.json, d.chunks FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document WHERE c.day = ? AND c.id = ANY (?)";

    private readonly OrderedDictionary<string, Pending> _pending = new(StringComparer.Ordinal);
    private bool _isNewDay;

    /// <summary>Takes records; tells of each what becomes of it.</summary>
    public void Add(IReadOnlyList<StoredCall> calls, int[] outcomes)
    {
        EnsureDay();
        if (!_isNewDay) Find(calls.Select(static call => call.Record.Id));
        foreach (StoredCall call in calls) outcomes[(int)Take(call)]++;
    }

    /// <summary>Takes records that say the same of the wire: only what the directory says of them may differ. Packets, media sessions and recordings stay.</summary>
    public void Remark(IReadOnlyList<(byte[] Id, CallRecord Record, byte[] Json)> changes)
    {
        EnsureDay();
        Find(changes.Select(static change => change.Record.Id));
        foreach ((_, CallRecord record, byte[] json) in changes)
        {
            if (!_pending.TryGetValue(record.Id, out Pending? pending)) continue;
            pending.Call = new StoredCall(record, RecordRevision(pending), default);
            pending.Json = json;
            pending.IsRemark = true;
        }

        static Calls.Ports.RecordRevision RecordRevision(Pending pending) => pending.Revision > Calls.Ports.RecordRevision.Updated ? pending.Revision : Calls.Ports.RecordRevision.Updated;
    }

    /// <summary>Removes everything of some records, and that they were deleted; gives how many there were.</summary>
    public int Purge(IReadOnlyCollection<string> ids)
    {
        Find(ids);
        List<Pending> gone = [.. _pending.Values];
        if (gone.Count > 0)
        {
            Remove(gone);
            session.Queue("DELETE FROM recordings WHERE day = ? AND document = ANY (?)", day, gone.Select(static pending => pending.Document).ToArray());
            Sum([], gone);
            session.Queue("UPDATE record_days SET version = version + 1, seal = 0 WHERE day = ?", day);
        }

        session.Queue("DELETE FROM hidden_calls WHERE day = ? AND id = ANY (?)", day, ids.Select(static id => Convert.FromHexString(id.AsSpan(9))).ToArray());
        session.Queue("UPDATE record_days d SET hidden = (SELECT count(*) FROM hidden_calls h WHERE h.day = d.day) WHERE d.day = ?", day);
        session.RunQueued();
        return gone.Count;
    }

    /// <summary>Writes what was taken.</summary>
    public void Apply()
    {
        List<Pending> written = [.. _pending.Values.Where(static pending => pending.Call is not null)];
        List<Pending> replaced = [.. written.Where(static pending => pending.Before is not null)];
        List<Pending> moved = [.. _pending.Values.Where(static pending => pending is { Call: null, HasNewChunks: true })];
        if (written.Count + moved.Count == 0) return;
        if (replaced.Count > 0) Remove(replaced);
        if (moved.Count > 0)
        {
            session.Queue(
                "UPDATE call_documents d SET chunks = u.chunks FROM unnest(?::bigint[], ?::bytea[]) u (document, chunks) WHERE d.day = ? AND d.document = u.document",
                moved.Select(static pending => pending.Document).ToArray(),
                moved.Select(static pending => pending.Chunks!).ToArray(),
                day);
            session.RunQueued();
        }

        Number([.. written.Where(static pending => pending.Before is null)]);
        if (written.Count > 0) Copy(written);
        Await([.. written.Where(static pending => !pending.IsRemark && pending.Call!.Record.Recording.State == RecordingState.Pending)]);
        Sum(written, written);
        SumMedia([.. written.Where(static pending => !pending.IsRemark)]);
        session.Queue(
            "UPDATE record_days SET version = version + 1, seal = 0, last_document = greatest(last_document, ?) WHERE day = ?",
            written.Count == 0 ? 0 : written.Max(static pending => pending.Document),
            day);
        session.RunQueued();
    }

    private void EnsureDay()
    {
        if (session.Scalar("SELECT count(*) FROM record_days WHERE day = ?", day) > 0) return;
        _isNewDay = true;
        PostgresSchema.MakeRecordDay(session, day);
        session.Execute("INSERT INTO record_days (day, hidden) SELECT ?, count(*) FROM hidden_calls WHERE day = ?", day, day);
    }

    private void Find(IEnumerable<string> ids)
    {
        byte[][] bytes = [.. ids.Distinct(StringComparer.Ordinal).Select(static id => Convert.FromHexString(id.AsSpan(9)))];
        using PostgresRows rows = session.Query(FindCalls, day, bytes);
        while (rows.Step())
        {
            var numbers = new List<string>();
            for (int column = 7; column <= 11; column++)
            {
                if (rows.TextOrNull(column) is { } number) numbers.Add(number);
            }

            for (int column = 12; column <= 13; column++)
            {
                if (rows.LongOrNull(column) is { } user) numbers.Add(CallRow.UserKey(user));
            }

            numbers.Add(CallRow.VoicemailKey);
            string? tenant = rows.TextOrNull(4);
            _pending.Add(CallRow.IdText(day, rows.Blob(0)), new Pending
            {
                Id = rows.Blob(0),
                Document = rows.Long(2),
                Revision = (Calls.Ports.RecordRevision)rows.Long(3),
                Tenant = tenant,
                Json = rows.Blob(14),
                Chunks = rows.BlobOrNull(15),
                Before = new Before(rows.Long(1), tenant, rows.Long(5), rows.LongOrNull(6) ?? PostgresCallSelect.DirectionOf(null), [.. numbers.Distinct(StringComparer.Ordinal)]),
            });
        }
    }

    // As CallUpsert has it for one row.
    private UpsertOutcome Take(StoredCall call)
    {
        byte[] json = CallRecordJson.ToUtf8(call.Record);
        string? tenant = PostgresText.CleanOrNull(call.Tenant);
        if (!_pending.TryGetValue(call.Record.Id, out Pending? known))
        {
            _pending.Add(call.Record.Id, new Pending
            {
                Id = Convert.FromHexString(call.Record.Id.AsSpan(9)),
                Call = call,
                Revision = call.Revision,
                Tenant = tenant,
                Json = json,
                Chunks = call.Chunks.IsEmpty ? null : call.Chunks.ToArray(),
            });
            return UpsertOutcome.Inserted;
        }

        if (call.Revision < known.Revision) return UpsertOutcome.Unchanged;
        bool isSame = known.Tenant == tenant && known.Json.AsSpan().SequenceEqual(json);
        if (!call.Chunks.IsEmpty && !call.Chunks.Span.SequenceEqual(known.Chunks))
        {
            known.Chunks = call.Chunks.ToArray();
            known.HasNewChunks = true;
        }

        if (isSame) return UpsertOutcome.Unchanged;
        (known.Call, known.Revision, known.Tenant, known.Json) = (call, call.Revision, tenant, json);
        return UpsertOutcome.Replaced;
    }

    private void Remove(List<Pending> replaced)
    {
        CountMedia(replaced, -1);
        byte[][] ids = [.. replaced.Select(static pending => pending.Id)];
        long[] documents = [.. replaced.Select(static pending => pending.Document)];
        PostgresTexts.Change(session, day, documents);
        session.Queue("DELETE FROM calls WHERE day = ? AND id = ANY (?)", day, ids);
        session.Queue("DELETE FROM call_documents WHERE day = ? AND document = ANY (?)", day, documents);
        (string Number, long StartedAt, byte[] Id)[] numbers =
            [.. replaced.SelectMany(static pending => pending.Before!.Numbers.Select(number => (number, pending.Before.StartedAt, pending.Id)))];
        session.Queue(
            "DELETE FROM call_numbers n USING unnest(?::text[], ?::bigint[], ?::bytea[]) u (number, started_at, id) "
            + "WHERE n.day = ? AND n.number = u.number AND n.started_at = u.started_at AND n.id = u.id",
            numbers.Select(static number => number.Number).ToArray(),
            numbers.Select(static number => number.StartedAt).ToArray(),
            numbers.Select(static number => number.Id).ToArray(),
            day);
        Pending[] told = [.. replaced.Where(static pending => !pending.IsRemark)];
        session.Queue(
            "DELETE FROM media_sessions m USING unnest(?::bigint[], ?::bytea[]) u (started_at, id) WHERE m.day = ? AND m.started_at = u.started_at AND m.id = u.id",
            told.Select(static pending => pending.Before!.StartedAt).ToArray(),
            told.Select(static pending => pending.Id).ToArray(),
            day);

        // Made again, a recording may have another length. That it was deleted stays known.
        session.Queue(
            "DELETE FROM recordings WHERE day = ? AND document = ANY (?) AND state <> ?", day, told.Select(static pending => pending.Document).ToArray(), (long)RecordingState.Deleted);
        foreach (Pending pending in replaced.Where(static pending => pending.IsRemark))
        {
            session.Queue("UPDATE media_sessions SET tenant = ? WHERE day = ? AND started_at = ? AND id = ?", pending.Call!.Tenant, day, pending.Before!.StartedAt, pending.Id);
            session.Queue("UPDATE recordings SET tenant = ? WHERE day = ? AND document = ?", pending.Call.Tenant, day, pending.Document);
        }

        CountMedia([.. replaced.Where(static pending => pending.IsRemark)], 1);
        session.RunQueued();
    }

    private void Number(List<Pending> inserted)
    {
        if (inserted.Count == 0) return;
        using PostgresRows rows = session.Query("SELECT nextval('documents') FROM generate_series(1, ?)", (long)inserted.Count);
        foreach (Pending pending in inserted)
        {
            rows.Step();
            pending.Document = rows.Long(0);
        }
    }

    private void Copy(List<Pending> written)
    {
        Into("calls", "day, started_at, id, document, revision, duration_us, billsec_us, disposition, direction, flags, mos, caller_number, callee_number, dialled, caller_ip, callee_ip, "
            + "codecs, sip_call_hash, session_id, tenant, context, caller_e164, callee_e164, caller_user, callee_user, pdd_us, sip_status, cause, hangup_by, reroute, traits, trunk, caller_codec, callee_codec, kinds", written, static (row, pending, day) => PostgresRow.Call(row, pending.Call!, day, pending.Id, pending.Document));
        Into("call_documents", "day, document, sip_call_id, search, json, chunks, labels", written, static (row, pending, day) =>
        {
            row.StartRow();
            row.Write(day, NpgsqlDbType.Date);
            row.Write(pending.Document, NpgsqlDbType.Bigint);
            row.Text(pending.Call!.Record.SipCallId);
            row.Text(Encoding.UTF8.GetString(CallRow.Search(pending.Call.Record)));
            row.Write(pending.Json, NpgsqlDbType.Bytea);
            row.Bytes(pending.Chunks);
            row.Text(PostgresTexts.LabelsOf(CallLabels.Of(pending.Call.Record)));
        });
        Into("call_numbers", "day, number, started_at, id, roles", written, static (row, pending, day) => PostgresRow.Numbers(row, pending.Call!.Record, day, pending.Id));
        Into("media_sessions", "day, started_at, id, session, document, type, flags, mos, codecs, addresses, tenant", [.. written.Where(static pending => !pending.IsRemark)],
            static (row, pending, day) => PostgresRow.MediaSessions(row, pending.Call!, day, pending.Id, pending.Document));
    }

    private void Into(string table, string columns, List<Pending> written, Action<NpgsqlBinaryImporter, Pending, DateOnly> write)
    {
        if (written.Count == 0) return;
        using NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport($"COPY {PostgresSchema.Partition(table, day)} ({columns}) FROM STDIN (FORMAT BINARY)");
        foreach (Pending pending in written) write(rows, pending, day);
        rows.Complete();
    }

    // Where a record is to be recorded, its row says so until it is; a row that is there stays.
    private void Await(List<Pending> awaited)
    {
        if (awaited.Count == 0) return;
        session.Queue(
            "INSERT INTO recordings (day, document, started_at, id, state, bytes, duration_ms, sample_rate, channels, attempts, created_at, tenant) "
            + "SELECT ?, u.document, u.started_at, u.id, ?, 0, 0, 0, 0, 0, u.created_at, u.tenant "
            + "FROM unnest(?::bigint[], ?::bigint[], ?::bytea[], ?::bigint[], ?::text[]) u (document, started_at, id, created_at, tenant) ON CONFLICT DO NOTHING",
            day,
            (long)RecordingState.Pending,
            awaited.Select(static pending => pending.Document).ToArray(),
            awaited.Select(static pending => pending.Call!.Record.StartedAt.Microseconds).ToArray(),
            awaited.Select(static pending => pending.Id).ToArray(),
            awaited.Select(static pending => (pending.Call!.Record.EndedAt ?? pending.Call.Record.StartedAt).Microseconds).ToArray(),
            awaited.Select(static pending => pending.Tenant).ToArray());
    }

    private void Sum(List<Pending> written, List<Pending> removed)
    {
        var sums = new Dictionary<(string Tenant, long Disposition, long Direction), long>();
        foreach (Pending pending in written)
        {
            CallRecord record = pending.Call!.Record;
            Add((PostgresText.CleanOrNull(pending.Call.Tenant) ?? "", (long)record.Disposition, PostgresCallSelect.DirectionOf(record.Direction)), 1);
        }

        foreach (Pending pending in removed)
        {
            if (pending.Before is { } before) Add((before.Tenant ?? "", before.Disposition, before.Direction), -1);
        }

        KeyValuePair<(string Tenant, long Disposition, long Direction), long>[] changed = [.. sums.Where(static sum => sum.Value != 0)];
        if (changed.Length == 0) return;
        session.Queue(
            "INSERT INTO call_counts AS o (day, tenant, disposition, direction, calls) SELECT ?, u.tenant, u.disposition, u.direction, u.calls "
            + "FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[]) u (tenant, disposition, direction, calls) "
            + "ON CONFLICT (day, tenant, disposition, direction) DO UPDATE SET calls = o.calls + excluded.calls",
            day,
            changed.Select(static sum => sum.Key.Tenant).ToArray(),
            changed.Select(static sum => sum.Key.Disposition).ToArray(),
            changed.Select(static sum => sum.Key.Direction).ToArray(),
            changed.Select(static sum => sum.Value).ToArray());

        void Add((string, long, long) key, long calls) => sums[key] = sums.GetValueOrDefault(key) + calls;
    }

    // Of the media sessions that are there now.
    private void CountMedia(List<Pending> there, long times)
    {
        if (there.Count == 0) return;
        session.Queue(
            "INSERT INTO media_counts AS o (day, tenant, type, sessions) SELECT m.day, coalesce(m.tenant, ''), m.type, ?::bigint * count(*) "
            + "FROM media_sessions m JOIN unnest(?::bigint[], ?::bytea[]) u (started_at, id) ON m.started_at = u.started_at AND m.id = u.id WHERE m.day = ? GROUP BY 1, 2, 3 "
            + "ON CONFLICT (day, tenant, type) DO UPDATE SET sessions = o.sessions + excluded.sessions",
            times,
            there.Select(static pending => pending.Before!.StartedAt).ToArray(),
            there.Select(static pending => pending.Id).ToArray(),
            day);
    }

    private void SumMedia(List<Pending> written)
    {
        ((string Tenant, MediaSessionType Type) Key, long Sessions)[] sums =
        [
            .. written
                .SelectMany(static pending => pending.Call!.Record.MediaSessions.Select(session => (Tenant: PostgresText.CleanOrNull(pending.Call.Tenant) ?? "", session.Type)))
                .GroupBy(static session => session)
                .Select(static same => (same.Key, (long)same.Count())),
        ];
        if (sums.Length == 0) return;
        session.Queue(
            "INSERT INTO media_counts AS o (day, tenant, type, sessions) SELECT ?, u.tenant, u.type, u.sessions FROM unnest(?::text[], ?::bigint[], ?::bigint[]) u (tenant, type, sessions) "
            + "ON CONFLICT (day, tenant, type) DO UPDATE SET sessions = o.sessions + excluded.sessions",
            day,
            sums.Select(static sum => sum.Key.Tenant).ToArray(),
            sums.Select(static sum => (long)sum.Key.Type).ToArray(),
            sums.Select(static sum => sum.Sessions).ToArray());
    }

    /// <summary>The rows that a record had, as far as they must be found again.</summary>
    private sealed record Before(long StartedAt, string? Tenant, long Disposition, long Direction, string[] Numbers);

    /// <summary>A record that is there, or is to be.</summary>
    private sealed class Pending
    {
        public required byte[] Id { get; init; }

        public long Document { get; set; }

        public Calls.Ports.RecordRevision Revision { get; set; }

        public string? Tenant { get; set; }

        public required byte[] Json { get; set; }

        public byte[]? Chunks { get; set; }

        public Before? Before { get; init; }

        /// <summary>What is to be written; null where the record stays.</summary>
        public StoredCall? Call { get; set; }

        public bool HasNewChunks { get; set; }

        public bool IsRemark { get; set; }
    }
}
