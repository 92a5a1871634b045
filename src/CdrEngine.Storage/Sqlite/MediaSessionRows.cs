using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Writes the rows of a call's media sessions, inside a transaction of the caller.</summary>
internal static class MediaSessionRows
{
    /// <summary>Addresses kept of one session for the filter: two announced, and those of its streams.</summary>
    private const int MaxAddresses = 16;

    private const string Insert =
        "INSERT INTO media_sessions (started_at, id, session, document, type, flags, mos, codecs, addresses, tenant) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    private const string Delete = "DELETE FROM media_sessions WHERE started_at = ?1 AND id = ?2";

    /// <summary>Inserts the rows of a call that has none.</summary>
    public static void InsertAll(SqliteDatabase database, CallRecord record, ReadOnlySpan<byte> id, long document, string? tenant)
    {
        for (int i = 0; i < record.MediaSessions.Count; i++)
        {
            MediaSessionRecord session = record.MediaSessions[i];
            IReadOnlyList<StreamRecord> streams = MediaSessions.StreamsOf(record, session);
            database.Prepare(Insert)
                .Bind(record.StartedAt.Microseconds)
                .BindBlob(id)
                .Bind((long)session.Index)
                .Bind(document)
                .Bind((long)session.Type)
                .Bind((long)session.Flags)
                .Bind(session.MosMin)
                .BindText(Codecs(session, streams))
                .BindText(Addresses(session, streams))
                .Bind(tenant)
                .Run();
        }
    }

    /// <summary>Puts the rows of a call in place of those it has, which bear the start it had.</summary>
    public static void Replace(SqliteDatabase database, CallRecord record, long startedBefore, ReadOnlySpan<byte> id, long document, string? tenant)
    {
        database.Prepare(Delete).Bind(startedBefore).BindBlob(id).Run();
        InsertAll(database, record, id, document, tenant);
    }

    /// <summary>Makes the rows of every call of a day that was written before there were any; documents that cannot be read have none.</summary>
    public static void Fill(SqliteDatabase database)
    {
        // In the order of the table, a part at a time, so that a day of any size takes the same memory.
        const int part = 512;
        long startedAt = long.MinValue;
        byte[] after = [];
        var rows = new List<(long StartedAt, byte[] Id, long Document, string? Tenant)>(part);
        do
        {
            rows.Clear();
            using (SqliteStatement next = database.Prepare(
                "SELECT started_at, id, document, tenant FROM calls WHERE (started_at, id) > (?1, ?2) ORDER BY started_at, id LIMIT ?3"))
            {
                next.Bind(startedAt).BindBlob(after.AsSpan()).Bind((long)part);
                while (next.Step()) rows.Add((next.Long(0), next.Blob(1).ToArray(), next.Long(2), next.IsNull(3) ? null : next.Text(3)));
            }

            foreach ((long at, byte[] id, long document, string? tenant) in rows)
            {
                (startedAt, after) = (at, id);
                CallRecord? record;
                using (SqliteStatement read = database.Prepare("SELECT json FROM call_documents WHERE document = ?1"))
                {
                    if (!read.Bind(document).Step() || !CallRecordJson.TryRead(read.Blob(0), out record)) continue;
                }

                InsertAll(database, record!, id, document, tenant);
            }
        }
        while (rows.Count == part);
    }

    /// <summary>An address as it stands between the bars.</summary>
    public static string Item(IpAddress address) => $"|{address}|";

    /// <summary>The codecs of either side, as stored; lent by <see cref="RowText"/>.</summary>
    public static ReadOnlySpan<byte> Codecs(MediaSessionRecord session, IReadOnlyList<StreamRecord> streams)
    {
        RowText items = RowText.Begin();
        CallRow.AddItem(items, session.CallerCodec);
        CallRow.AddItem(items, session.CalleeCodec);
        for (int i = 0; i < streams.Count; i++) CallRow.AddItem(items, streams[i].Codec);

        // Where nothing was sent, what was agreed on first would have been.
        if (items.List().IsEmpty && session.Answered.Count > 0) CallRow.AddItem(items, session.Answered[0]);
        return items.List();
    }

    /// <summary>Its addresses, as stored; lent by <see cref="RowText"/>.</summary>
    public static ReadOnlySpan<byte> Addresses(MediaSessionRecord session, IReadOnlyList<StreamRecord> streams)
    {
        RowText items = RowText.Begin();
        int left = MaxAddresses;
        if (session.Caller is { } caller) Add(items, caller.Address, ref left);
        if (session.Callee is { } callee) Add(items, callee.Address, ref left);
        for (int i = 0; i < streams.Count && left > 0; i++)
        {
            Add(items, streams[i].Source.Address, ref left);
            Add(items, streams[i].Destination.Address, ref left);
        }

        return items.List();
    }

    private static void Add(RowText items, IpAddress address, ref int left)
    {
        int start = items.BeginItem();
        items.Add(address);
        items.EndItem(start);
        if (items.Utf8.Length > start) left--;
    }
}
