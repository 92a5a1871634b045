using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Postgres;

/// <summary>Profiles of calls in rows, of a table <c>c</c> like <c>calls</c>.</summary>
internal static class PostgresProfile
{
    /// <summary>All but the codecs.</summary>
    public const string OutcomeColumns = "c.tenant, c.disposition, c.direction, c.sip_status, c.cause, c.hangup_by, c.context, c.trunk, c.traits, c.reroute";

    /// <summary>All of a profile.</summary>
    public const string Columns = OutcomeColumns + ", c.caller_codec, c.callee_codec";

    private const int OutcomeCount = 10;

    /// <summary>The profile in a row, from a column on, in the order of <see cref="Columns"/>.</summary>
    public static CallProfile Read(PostgresRows row, int at) => ReadOutcome(row, at) with
    {
        CallerCodec = row.TextOrNull(at + OutcomeCount) ?? "",
        CalleeCodec = row.TextOrNull(at + OutcomeCount + 1) ?? "",
    };

    /// <summary>The same of <see cref="OutcomeColumns"/>: a profile without codecs.</summary>
    public static CallProfile ReadOutcome(PostgresRows row, int at) => new()
    {
        Tenant = row.TextOrNull(at) ?? "",
        Disposition = (Disposition)row.Long(at + 1),
        Direction = (CallDirection?)row.LongOrNull(at + 2),
        SipStatus = (int)row.Long(at + 3),
        Cause = (int?)row.LongOrNull(at + 4),
        HangupBy = (HangupBy)row.Long(at + 5),
        Context = (CallContext?)row.LongOrNull(at + 6),
        Trunk = row.TextOrNull(at + 7) ?? "",
        Traits = (CallTraits)row.Long(at + 8),
        Reroute = (RerouteReason)row.Long(at + 9),
    };
}
