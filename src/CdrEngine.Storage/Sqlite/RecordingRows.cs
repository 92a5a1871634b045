using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How the state of a recording becomes a row.</summary>
internal static class RecordingRows
{
    /// <summary>Document, state and reason of a call by its id.</summary>
    public const string SelectCallById =
        "SELECT d.json, r.state, r.reason FROM calls c JOIN call_documents d ON d.document = c.document LEFT JOIN recordings r ON r.document = c.document WHERE c.id = ?1";

    /// <summary>Document, state and reason of a call by its document.</summary>
    public const string SelectCall =
        "SELECT d.json, r.state, r.reason FROM call_documents d LEFT JOIN recordings r ON r.document = d.document WHERE d.document = ?1";

    /// <summary>The columns that <see cref="Read"/> reads, in its order.</summary>
    public const string Columns = "r.id, r.state, r.reason, r.bytes, r.duration_ms, r.sample_rate, r.channels, r.attempts, r.created_at, r.started_at, r.part_reason";

    private const string InsertAwaited =
        "INSERT OR IGNORE INTO recordings (document, started_at, id, state, bytes, duration_ms, sample_rate, channels, attempts, created_at, tenant) "
        + "VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0, ?5, ?6)";

    private const string DeleteOutdated = "DELETE FROM recordings WHERE document = ?1 AND state <> ?2";

    private const string Upsert =
        "INSERT OR REPLACE INTO recordings (document, started_at, id, state, reason, bytes, duration_ms, sample_rate, channels, attempts, created_at, tenant, part_reason) "
        + "SELECT c.document, c.started_at, c.id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, c.tenant, ?10 FROM calls c WHERE c.id = ?1 RETURNING 1";

    /// <summary>What a cursor of a list says of its query, on either database.</summary>
    public static string SealOf(RecordingQuery query) => string.Create(CultureInfo.InvariantCulture, $"recordings|{query.From}|{query.To}|{query.State}|{query.Tenant}|{query.Ascending}");

    /// <summary>The conditions of a list over <c>recordings r</c>, on either database.</summary>
    public static SqlConditions ConditionsOf(RecordingQuery query)
    {
        var where = new SqlConditions();
        if (query.From is { } from) where.And("r.started_at >= ?", from.Microseconds);
        if (query.To is { } to) where.And("r.started_at < ?", to.Microseconds);

        // Said in the text, so that it is plain that the index over what is pending serves.
        if (query.State is { } state) where.And(string.Create(CultureInfo.InvariantCulture, $"r.state = {(int)state}"));
        if (query.Tenant is { } tenant) where.And("r.tenant = ?", tenant);
        return where;
    }

    /// <summary>What a record tells of its recording.</summary>
    public static RecordingInfo Info(string callId, RecordingState state, string? reason) => new()
    {
        State = state,
        Reason = reason,
        Url = state == RecordingState.Available ? RecordingInfo.PathOf(callId) : null,
    };

    /// <summary>Where a record is to be recorded, its row says so until it is; a row that is there stays.</summary>
    public static void Await(SqliteDatabase database, StoredCall call, ReadOnlySpan<byte> id, long document)
    {
        if (call.Record.Recording.State != RecordingState.Pending) return;
        database.Prepare(InsertAwaited)
            .Bind(document)
            .Bind(call.Record.StartedAt.Microseconds)
            .BindBlob(id)
            .Bind((long)RecordingState.Pending)
            .Bind((call.Record.EndedAt ?? call.Record.StartedAt).Microseconds)
            .Bind(call.Tenant)
            .Run();
    }

    /// <summary>Drops what was known of the recording of a call whose record has changed: made again, it may have another length. That it was
    /// deleted stays known.</summary>
    public static void Forget(SqliteDatabase database, long document) =>
        database.Prepare(DeleteOutdated).Bind(document).Bind((long)RecordingState.Deleted).Run();

    /// <summary>Stores an entry; false where there is no such call.</summary>
    public static bool Set(SqliteDatabase database, RecordingEntry entry, ReadOnlySpan<byte> id)
    {
        using SqliteStatement upsert = database.Prepare(Upsert);
        bool any = upsert.BindBlob(id)
            .Bind((long)entry.State)
            .Bind(entry.Reason)
            .Bind(entry.Bytes)
            .Bind((long)entry.Duration.TotalMilliseconds)
            .Bind((long)entry.SampleRateHz)
            .Bind((long)entry.Channels)
            .Bind((long)entry.Attempts)
            .Bind(entry.CreatedAt.Microseconds)
            .Bind(entry.PartReason)
            .Step();
        while (any && upsert.Step())
        {
            // A statement with RETURNING is done when it says so.
        }

        return any;
    }

    /// <summary>The entry in a row of <see cref="Columns"/>.</summary>
    public static RecordingEntry Read(SqliteStatement row, DateOnly day) => new()
    {
        CallId = CallRow.IdText(day, row.Blob(0)),
        State = (RecordingState)row.Long(1),
        Reason = row.IsNull(2) ? null : row.Text(2),
        Bytes = row.Long(3),
        Duration = TimeSpan.FromMilliseconds(row.Long(4)),
        SampleRateHz = (int)row.Long(5),
        Channels = (int)row.Long(6),
        Attempts = (int)row.Long(7),
        CreatedAt = new Timestamp(row.Long(8)),
        PartReason = row.IsNull(10) ? null : row.Text(10),
    };
}
