using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How a profile and sums become columns.</summary>
internal static class ProfileRow
{
    /// <summary>Stands for a direction that is not known.</summary>
    public const int NoDirection = 9;

    /// <summary>The hour that holds the sums of the whole day.</summary>
    public const int WholeDay = 24;

    /// <summary>Columns of <see cref="Profile"/>, of a table <c>p</c>.</summary>
    public const string Columns = "p.tenant, p.disposition, p.direction, p.sip_status, p.cause, p.hangup_by, p.context, p.trunk, p.traits, p.reroute, p.caller_codec, p.callee_codec";

    /// <summary>Columns of <see cref="Sums"/>, of a table <c>s</c>.</summary>
    public const string SumColumns =
        "s.calls, s.answered, s.duration, s.billable, s.pdd, s.pdd_calls, s.mos, s.mos_calls, s.mos_below_403, s.mos_below_360, s.mos_below_310, s.mos_below_258";

    /// <summary>The same, added up over rows of a table <c>c</c> like <c>calls</c>.</summary>
    public const string SumsOfCalls =
        "count(*), sum(c.disposition = 1), sum(c.duration_us), sum(c.billsec_us), sum(c.pdd_us), count(c.pdd_us), sum(CAST(c.mos * 1000000.0 + 0.5 AS INTEGER)), count(c.mos), "
        + "sum(c.mos < 4.03), sum(c.mos < 3.60), sum(c.mos < 3.10), sum(c.mos < 2.58)";

    /// <summary>The same where there are calls, 0 for nothing.</summary>
    public const string SumsOfDay =
        "count(*), sum(c.disposition = 1), sum(c.duration_us), sum(c.billsec_us), ifnull(sum(c.pdd_us), 0), count(c.pdd_us), ifnull(sum(CAST(c.mos * 1000000.0 + 0.5 AS INTEGER)), 0), count(c.mos), "
        + "ifnull(sum(c.mos < 4.03), 0), ifnull(sum(c.mos < 3.60), 0), ifnull(sum(c.mos < 3.10), 0), ifnull(sum(c.mos < 2.58), 0)";

    /// <summary>Columns of sums.</summary>
    public const int SumCount = 12;

    /// <summary>Binds the content of a profile, twelve parameters in the order of <see cref="Columns"/>.</summary>
    public static SqliteStatement BindProfile(this SqliteStatement statement, in CallProfile profile) => statement
        .Bind(profile.Tenant)
        .Bind((long)profile.Disposition)
        .Bind((long)(profile.Direction is { } direction ? (int)direction : NoDirection))
        .Bind((long)profile.SipStatus)
        .Bind((long)(profile.Cause ?? -1))
        .Bind((long)profile.HangupBy)
        .Bind((long)(profile.Context is { } context ? (int)context : -1))
        .Bind(profile.Trunk)
        .Bind((long)profile.Traits)
        .Bind((long)profile.Reroute)
        .Bind(profile.CallerCodec)
        .Bind(profile.CalleeCodec);

    /// <summary>The profile in a row, from a column on.</summary>
    public static CallProfile Profile(SqliteStatement row, int at) => new()
    {
        Tenant = row.Text(at),
        Disposition = (Disposition)row.Long(at + 1),
        Direction = row.Long(at + 2) is NoDirection ? null : (CallDirection)row.Long(at + 2),
        SipStatus = (int)row.Long(at + 3),
        Cause = row.Long(at + 4) is < 0 ? null : (int)row.Long(at + 4),
        HangupBy = (HangupBy)row.Long(at + 5),
        Context = row.Long(at + 6) is < 0 ? null : (CallContext)row.Long(at + 6),
        Trunk = row.Text(at + 7),
        Traits = (CallTraits)row.Long(at + 8),
        Reroute = (RerouteReason)row.Long(at + 9),
        CallerCodec = row.Text(at + 10),
        CalleeCodec = row.Text(at + 11),
    };

    /// <summary>Binds sums, twelve parameters in the order of <see cref="SumColumns"/>.</summary>
    public static SqliteStatement BindSums(this SqliteStatement statement, CallSums sums) => statement
        .Bind(sums.Calls).Bind(sums.Answered).Bind(sums.Duration).Bind(sums.Billable).Bind(sums.Pdd).Bind(sums.PddCalls).Bind(sums.Mos).Bind(sums.MosCalls)
        .Bind(sums.MosBelow403).Bind(sums.MosBelow360).Bind(sums.MosBelow310).Bind(sums.MosBelow258);

    /// <summary>The sums in a row, from a column on; null counts as nothing.</summary>
    public static CallSums Sums(SqliteStatement row, int at)
    {
        Span<long> values = stackalloc long[SumCount];
        for (int i = 0; i < SumCount; i++) values[i] = row.Long(at + i);
        return SumsOf(values);
    }

    /// <summary>Sums of their columns.</summary>
    public static CallSums SumsOf(ReadOnlySpan<long> values) => new()
    {
        Calls = values[0],
        Answered = values[1],
        Duration = values[2],
        Billable = values[3],
        Pdd = values[4],
        PddCalls = values[5],
        Mos = values[6],
        MosCalls = values[7],
        MosBelow403 = values[8],
        MosBelow360 = values[9],
        MosBelow310 = values[10],
        MosBelow258 = values[11],
    };
}
