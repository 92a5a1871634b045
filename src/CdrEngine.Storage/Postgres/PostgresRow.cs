using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>A record as rows to be copied in; what the columns hold is <see cref="CallRow"/>'s to say.</summary>
internal static class PostgresRow
{
    /// <summary>Columns of <see cref="Sums"/>, added up over rows of a table <c>c</c> like <c>calls</c>.</summary>
    public const string SumsOfCalls =
        "count(*), count(*) FILTER (WHERE c.disposition = 1), sum(c.duration_us)::bigint, sum(c.billsec_us)::bigint, sum(c.pdd_us)::bigint, count(c.pdd_us), "
        + "sum(floor(c.mos * 1000000.0::double precision + 0.5::double precision)::bigint)::bigint, count(c.mos), count(*) FILTER (WHERE c.mos < 4.03), count(*) FILTER (WHERE c.mos < 3.60), "
        + "count(*) FILTER (WHERE c.mos < 3.10), count(*) FILTER (WHERE c.mos < 2.58)";

    /// <summary>The sums in a row, from a column on; null counts as nothing.</summary>
    public static CallSums Sums(PostgresRows rows, int at)
    {
        Span<long> values = stackalloc long[ProfileRow.SumCount];
        for (int i = 0; i < values.Length; i++) values[i] = rows.LongOrNull(at + i) ?? 0;
        return ProfileRow.SumsOf(values);
    }

    /// <summary>The row of a call.</summary>
    public static void Call(NpgsqlBinaryImporter row, StoredCall call, DateOnly day, byte[] id, long document)
    {
        CallRecord record = call.Record;
        row.StartRow();
        row.Write(day, NpgsqlDbType.Date);
        row.Write(record.StartedAt.Microseconds, NpgsqlDbType.Bigint);
        row.Write(id, NpgsqlDbType.Bytea);
        row.Write(document, NpgsqlDbType.Bigint);
        row.Small((long)call.Revision);
        row.Write(CallRow.Microseconds(record.Duration), NpgsqlDbType.Bigint);
        row.Write(CallRow.Microseconds(record.BillableDuration), NpgsqlDbType.Bigint);
        row.Small((long)record.Disposition);
        row.Small((long?)record.Direction);
        row.Write((long)record.Flags, NpgsqlDbType.Bigint);
        row.Real(CallRow.Mos(record));
        row.Text(record.Caller.Number);
        row.Text(record.Callee.Number);
        row.Text(record.Dialled);
        row.Address(record.Caller.Address?.Address);
        row.Address(record.Callee.Address?.Address);
        row.Text(Encoding.UTF8.GetString(CallRow.Codecs(record)));
        row.Write(CallRow.SipCallHash(record.SipCallId), NpgsqlDbType.Bigint);
        row.Text(record.SessionId == record.Id ? null : record.SessionId);
        row.Text(call.Tenant);
        row.Small((long?)record.Marks?.Context);
        row.Text(record.Caller.E164);
        row.Text(record.Callee.E164);
        row.Big(CallRow.UserOf(record.Caller));
        row.Big(CallRow.UserOf(record.Callee));
        row.Big(record.PostDialDelay is { } delay ? CallRow.Microseconds(delay) : null);
        row.Small((long)record.SipStatus);
        row.Small((long?)record.Cause?.Q850);
        row.Small((long)record.HangupBy);
        row.Small((long)Rerouting.Of(record));
        CallTraits traits = CallTraitsReader.Of(record);
        row.Write((int)traits, NpgsqlDbType.Integer);
        row.Text(record.Marks?.Trunk);
        row.Text(CallProfile.CodecOf(record.Caller.Codec));
        row.Text(CallProfile.CodecOf(record.Callee.Codec));
        if ((traits & CallTraits.MakesKind) == 0) row.WriteNull();
        else row.Write((int)(traits & CallTraits.MakesKind), NpgsqlDbType.Integer);
    }

    /// <summary>What leads to a call, a row each.</summary>
    public static void Numbers(NpgsqlBinaryImporter row, CallRecord record, DateOnly day, byte[] id)
    {
        NumberRoles numbers = default;
        int count = CallRow.Numbers(record, ref numbers);
        var written = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((string? number, int roles) in numbers[..count])
        {
            // Two that differ in what the database cannot keep are one.
            string clean = PostgresText.Clean(number!);
            written[clean] = written.GetValueOrDefault(clean) | roles;
        }

        if (Voicemail.Answered(record)) written[CallRow.VoicemailKey] = CallRow.CalleeRole;
        foreach ((string number, int roles) in written)
        {
            row.StartRow();
            row.Write(day, NpgsqlDbType.Date);
            row.Write(number, NpgsqlDbType.Text);
            row.Write(record.StartedAt.Microseconds, NpgsqlDbType.Bigint);
            row.Write(id, NpgsqlDbType.Bytea);
            row.Small(roles);
        }
    }

    /// <summary>The media sessions of a call, a row each.</summary>
    public static void MediaSessions(NpgsqlBinaryImporter row, StoredCall call, DateOnly day, byte[] id, long document)
    {
        foreach (MediaSessionRecord session in call.Record.MediaSessions)
        {
            IReadOnlyList<StreamRecord> streams = Calls.Records.MediaSessions.StreamsOf(call.Record, session);
            row.StartRow();
            row.Write(day, NpgsqlDbType.Date);
            row.Write(call.Record.StartedAt.Microseconds, NpgsqlDbType.Bigint);
            row.Write(id, NpgsqlDbType.Bytea);
            row.Write(session.Index, NpgsqlDbType.Integer);
            row.Write(document, NpgsqlDbType.Bigint);
            row.Small((long)session.Type);
            row.Write((long)session.Flags, NpgsqlDbType.Bigint);
            row.Real(session.MosMin);
            row.Text(Encoding.UTF8.GetString(MediaSessionRows.Codecs(session, streams)));
            row.Text(Encoding.UTF8.GetString(MediaSessionRows.Addresses(session, streams)));
            row.Text(call.Tenant);
        }
    }

    public static void Text(this NpgsqlBinaryImporter row, string? text)
    {
        if (text is null) row.WriteNull();
        else row.Write(PostgresText.Clean(text), NpgsqlDbType.Text);
    }

    public static void Bytes(this NpgsqlBinaryImporter row, byte[]? bytes)
    {
        if (bytes is null) row.WriteNull();
        else row.Write(bytes, NpgsqlDbType.Bytea);
    }

    public static void Small(this NpgsqlBinaryImporter row, long? number)
    {
        if (number is { } value) row.Write((short)value, NpgsqlDbType.Smallint);
        else row.WriteNull();
    }

    public static void Big(this NpgsqlBinaryImporter row, long? number)
    {
        if (number is { } value) row.Write(value, NpgsqlDbType.Bigint);
        else row.WriteNull();
    }

    public static void Real(this NpgsqlBinaryImporter row, double? number)
    {
        if (number is { } value) row.Write(value, NpgsqlDbType.Double);
        else row.WriteNull();
    }

    public static void Address(this NpgsqlBinaryImporter row, IpAddress? address) => row.Bytes(address is { } ip ? CallRow.Address(ip) : null);
}
