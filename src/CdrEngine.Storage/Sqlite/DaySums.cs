using System.Runtime.InteropServices;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Keeps the sums of one day right while calls are inserted: gathers them over a transaction and adds them at its end, a few rows for a thousand calls.
/// What is deleted the database takes away by itself. Belongs to a connection that writes.</summary>
internal sealed class DaySums(SqliteDatabase database)
{
    // Wire and directory bound how many profiles there can be, but not closely.
    private const int MostKnown = 16_384;

    private const string Find =
        "SELECT profile FROM call_profiles WHERE tenant = ?1 AND disposition = ?2 AND direction = ?3 AND sip_status = ?4 AND cause = ?5 AND hangup_by = ?6 AND context = ?7 "
        + "AND trunk = ?8 AND traits = ?9 AND reroute = ?10";

    private const string Insert =
        "INSERT INTO call_profiles (tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits, reroute) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    private const string Upsert =
        "INSERT INTO call_sums VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (hour, profile) DO UPDATE SET "
        + "calls = calls + excluded.calls, answered = answered + excluded.answered, duration = duration + excluded.duration, billable = billable + excluded.billable, "
        + "pdd = pdd + excluded.pdd, pdd_calls = pdd_calls + excluded.pdd_calls, mos = mos + excluded.mos, mos_calls = mos_calls + excluded.mos_calls, "
        + "mos_below_403 = mos_below_403 + excluded.mos_below_403, mos_below_360 = mos_below_360 + excluded.mos_below_360, "
        + "mos_below_310 = mos_below_310 + excluded.mos_below_310, mos_below_258 = mos_below_258 + excluded.mos_below_258";

    private readonly Dictionary<CallProfile, long> _known = [];
    private readonly Dictionary<(int Hour, long Profile), CallSums> _pending = [];

    /// <summary>Adds a call that is being inserted; gives the number of its profile.</summary>
    public long Add(CallRecord record, string? tenant, double? mos, bool isVoicemail)
    {
        var profile = CallProfile.Of(record, tenant, isVoicemail);
        if (!_known.TryGetValue(profile, out long number))
        {
            if (_known.Count >= MostKnown) _known.Clear();
            _known.Add(profile, number = NumberOf(profile));
        }

        int hour = (int)(record.StartedAt.Microseconds / 3_600_000_000 % 24);
        ref CallSums sums = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, (hour, number), out _);
        long? pdd = record.PostDialDelay is { } delay ? CallRow.Microseconds(delay) : null;
        sums.AddCall(record.Disposition == Disposition.Answered, CallRow.Microseconds(record.Duration), CallRow.Microseconds(record.BillableDuration), pdd, mos);
        return number;
    }

    /// <summary>Writes what was gathered, before the transaction is committed.</summary>
    public void Flush()
    {
        if (_pending.Count == 0) return;
        var day = new Dictionary<long, CallSums>();
        foreach (((int hour, long profile), CallSums sums) in _pending)
        {
            database.Prepare(Upsert).Bind((long)hour).Bind(profile).BindSums(sums).Run();
            CollectionsMarshal.GetValueRefOrAddDefault(day, profile, out _).Add(sums);
        }

        foreach ((long profile, CallSums sums) in day) database.Prepare(Upsert).Bind((long)ProfileRow.WholeDay).Bind(profile).BindSums(sums).Run();
        _pending.Clear();
    }

    /// <summary>The transaction was taken back: what it gathered and numbered is not there.</summary>
    public void Forget()
    {
        _pending.Clear();
        _known.Clear();
    }

    /// <summary>Gives profiles to the calls of a day that was written before there were any; documents that cannot be read have none.</summary>
    public static void Fill(SqliteDatabase database)
    {
        const int part = 512;
        DaySums day = database.Sums;
        long after = long.MinValue;
        byte[] afterId = [];
        var rows = new List<(long StartedAt, byte[] Id, long Document, string? Tenant, double? Mos)>(part);
        do
        {
            rows.Clear();
            using (SqliteStatement next = database.Prepare(
                "SELECT c.started_at, c.id, c.document, c.tenant, c.mos FROM calls c WHERE (c.started_at, c.id) > (?1, ?2) ORDER BY c.started_at, c.id LIMIT ?3"))
            {
                next.Bind(after).BindBlob(afterId.AsSpan()).Bind((long)part);
                while (next.Step()) rows.Add((next.Long(0), next.Blob(1).ToArray(), next.Long(2), next.IsNull(3) ? null : next.Text(3), next.Real(4)));
            }

            foreach ((long startedAt, byte[] id, long document, string? tenant, double? mos) in rows)
            {
                (after, afterId) = (startedAt, id);
                CallRecord? record;
                using (SqliteStatement read = database.Prepare("SELECT json FROM call_documents WHERE document = ?1"))
                {
                    if (!read.Bind(document).Step() || !CallRecordJson.TryRead(read.Blob(0), out record)) continue;
                }

                long profile = day.Add(record!, tenant, mos, Calls.Outcomes.Voicemail.Answered(record!));
                long? pdd = record!.PostDialDelay is { } delay ? CallRow.Microseconds(delay) : null;
                database.Prepare("UPDATE calls SET profile = ?1, pdd_us = ?2 WHERE started_at = ?3 AND id = ?4").Bind(profile).Bind(pdd).Bind(startedAt).BindBlob(id.AsSpan()).Run();
            }
        }
        while (rows.Count == part);

        day.Flush();
    }

    private long NumberOf(in CallProfile profile)
    {
        using (SqliteStatement find = database.Prepare(Find))
        {
            if (find.BindProfile(profile).Step()) return find.Long(0);
        }

        database.Prepare(Insert).BindProfile(profile).Run();
        return database.LastInsertRowId;
    }
}
