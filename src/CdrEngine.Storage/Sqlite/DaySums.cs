using System.Globalization;
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
        + "AND trunk = ?8 AND traits = ?9 AND reroute = ?10 AND caller_codec = ?11 AND callee_codec = ?12";

    private const string Insert =
        "INSERT INTO call_profiles (tenant, disposition, direction, sip_status, cause, hangup_by, context, trunk, traits, reroute, caller_codec, callee_codec) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

    private const string Rename =
        "UPDATE call_profiles SET tenant = ?1, disposition = ?2, direction = ?3, sip_status = ?4, cause = ?5, hangup_by = ?6, context = ?7, trunk = ?8, traits = ?9, reroute = ?10, "
        + "caller_codec = ?11, callee_codec = ?12 WHERE profile = ?13";

    // As the trigger takes away.
    private const string AddAll = $"INSERT INTO call_sums SELECT {{0}}, c.profile, {ProfileRow.SumsOfDay} FROM calls c WHERE c.profile IS NOT NULL GROUP BY 1, 2";

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

    /// <summary>Gives profiles to the calls of a day that was written when there were none, or when they told less; documents that cannot be read keep what they have.</summary>
    public static void Fill(SqliteDatabase database)
    {
        const int part = 512;
        DaySums day = database.Sums;
        var told = new Dictionary<long, CallProfile>();
        long after = long.MinValue;
        byte[] afterId = [];
        var rows = new List<(long StartedAt, byte[] Id, long? Profile, CallProfile Now, long? PostDialDelay)>(part);
        int read;
        do
        {
            rows.Clear();
            read = 0;
            using (SqliteStatement next = database.Prepare(
                "SELECT c.started_at, c.id, c.profile, c.tenant, d.json FROM calls c JOIN call_documents d ON d.document = c.document WHERE (c.started_at, c.id) > (?1, ?2) ORDER BY c.started_at, c.id LIMIT ?3"))
            {
                next.Bind(after).BindBlob(afterId.AsSpan()).Bind((long)part);
                for (; next.Step(); read++)
                {
                    (after, afterId) = (next.Long(0), next.Blob(1).ToArray());
                    if (!CallRecordJson.TryRead(next.Blob(4), out CallRecord? record) || record is null) continue;
                    var now = CallProfile.Of(record, next.IsNull(3) ? null : next.Text(3), Calls.Outcomes.Voicemail.Answered(record));
                    rows.Add((after, afterId, next.IsNull(2) ? null : next.Long(2), now, record.PostDialDelay is { } delay ? CallRow.Microseconds(delay) : null));
                }
            }

            foreach ((long startedAt, byte[] id, long? had, CallProfile now, long? pdd) in rows)
            {
                long profile = day.NumberOf(now, had, told);
                if (profile != had)
                    database.Prepare("UPDATE calls SET profile = ?1, pdd_us = ?2 WHERE started_at = ?3 AND id = ?4").Bind(profile).Bind(pdd).Bind(startedAt).BindBlob(id.AsSpan()).Run();
            }
        }
        while (read == part);

        day.Forget();
        database.Execute("DELETE FROM call_sums");
        foreach (string hour in (string[])["c.started_at / 3600000000 % 24", "24"]) database.Execute(string.Format(CultureInfo.InvariantCulture, AddAll, hour));

        // A seal tells of profiles by their numbers.
        if (database.Scalar(DaySeal.HasSchema) > 0) database.Execute("DELETE FROM day_seal");
    }

    // Most calls of a profile that told less are alike in what it tells now: it becomes theirs, and few calls have to be given another.
    private long NumberOf(in CallProfile now, long? had, Dictionary<long, CallProfile> told)
    {
        if (had is { } old && told.TryGetValue(old, out CallProfile its) && its == now) return old;
        if (!_known.TryGetValue(now, out long number))
        {
            if (_known.Count >= MostKnown) _known.Clear();
            long? there = Stored(now);
            if (there is null && had is { } first && !told.ContainsKey(first))
            {
                database.Prepare(Rename).BindProfile(now).Bind(first).Run();
                there = first;
            }

            _known.Add(now, number = there ?? NumberOf(now));
        }

        told.TryAdd(number, now);
        return number;
    }

    private long? Stored(in CallProfile profile)
    {
        using SqliteStatement find = database.Prepare(Find);
        return find.BindProfile(profile).Step() ? find.Long(0) : null;
    }

    private long NumberOf(in CallProfile profile)
    {
        if (Stored(profile) is { } number) return number;
        database.Prepare(Insert).BindProfile(profile).Run();
        return database.LastInsertRowId;
    }
}
