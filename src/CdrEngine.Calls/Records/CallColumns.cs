using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>A record as flat columns: the members of the native JSON that are one value each, under its names with <c>_</c> between
/// levels, and the sums of its streams.</summary>
public static class CallColumns
{
    /// <summary>A column.</summary>
    /// <param name="Name">Its name, snake case.</param>
    /// <param name="IsFromWire">Whether its text may come from the wire, and so may be anything.</param>
    /// <param name="Value">Its value for a record; empty where unknown.</param>
    public sealed record Column(string Name, bool IsFromWire, Func<CallRecord, BillsecRounding, string> Value);

    /// <summary>All columns in order; columns are only ever added at the end.</summary>
    public static readonly IReadOnlyList<Column> All =
    [
        Ours("id", static call => call.Id),
        Ours("session_id", static call => call.SessionId),
        Wire("sip_call_id", static call => call.SipCallId),
        Ours("state", static call => EnumNames<CallState>.Of(call.State)),
        Ours("disposition", static call => EnumNames<Disposition>.Of(call.Disposition)),
        Ours("disposition_class", static call => DispositionClass.Of(call.Disposition)),
        Ours("sip_status", static call => call.SipStatus == 0 ? null : Number(call.SipStatus)),
        Wire("sip_reason", static call => call.SipReason),
        Ours("cause_q850", static call => call.Cause is { } cause ? Number(cause.Q850) : null),
        Wire("cause_text", static call => call.Cause?.Text),
        Ours("cause_source", static call => call.Cause is { } cause ? EnumNames<CauseSource>.Of(cause.Source) : null),
        Ours("hangup_by", static call => EnumNames<HangupBy>.Of(call.HangupBy)),
        Ours("direction", static call => call.Direction is { } direction ? EnumNames<CallDirection>.Of(direction) : null),
        Wire("dialled", static call => call.Dialled),
        .. PartyColumns("caller", static call => call.Caller),
        .. PartyColumns("callee", static call => call.Callee),
        Ours("started_at", static call => call.StartedAt.ToString()),
        Ours("trying_at", static call => Time(call.TryingAt)),
        Ours("rang_at", static call => Time(call.RangAt)),
        Ours("early_media_at", static call => Time(call.EarlyMediaAt)),
        Ours("answered_at", static call => Time(call.AnsweredAt)),
        Ours("ended_at", static call => Time(call.EndedAt)),
        Ours("duration_ms", static call => Milliseconds(call.Duration)),
        Ours("ring_ms", static call => Milliseconds(call.RingDuration)),
        Ours("pdd_ms", static call => Milliseconds(call.PostDialDelay)),
        new("billsec", IsFromWire: false, static (call, rounding) => Number(Billsec.Seconds(call.BillableDuration, rounding))),
        Ours("billsec_ms", static call => Milliseconds(call.BillableDuration)),
        Ours("transport", static call => EnumNames<Transport>.Of(call.Transport)),
        Wire("capture_source", static call => call.CaptureSource),
        Ours("flags", static call => Flags(call.Flags)),
        Ours("legs", static call => Number(call.Legs.Count)),
        Ours("streams", static call => Number(call.Streams.Count)),
        Ours("packets", static call => Number(call.Streams.Sum(static stream => stream.Packets))),
        Ours("lost", static call => Number(call.Streams.Sum(static stream => stream.Lost))),
        Ours("jitter_ms", static call => Real(call.Streams.Max(static stream => stream.JitterMillisecondsMean), 3)),
        Ours("mos", static call => Real(call.Streams.Min(static stream => stream.Mos), 2)),
        Ours("mos_min", static call => Real(call.Streams.Min(static stream => stream.MosMin), 2)),
        Wire("tenant", static call => call.Tenant),
        Ours("context", static call => call.Marks?.Context is { } context ? EnumNames<CallContext>.Of(context) : null),
        Wire("trunk", static call => call.Marks?.Trunk),
        .. IdentityColumns("caller", static call => call.Caller),
        .. IdentityColumns("callee", static call => call.Callee),
        Wire("billed_account", static call => call.Marks?.BilledAccount),
        Ours("rate", static call => Money(call.Marks?.Charge?.Rate)),
        Ours("charge", static call => Money(call.Marks?.Charge?.Amount)),
        Ours("currency", static call => call.Marks?.Charge?.Currency),
        Wire("destination", static call => call.Marks?.Charge?.Destination),
    ];

    /// <summary>Names of the flags set, in order of value.</summary>
    public static string Flags(CallFlags flags) => string.Join(' ', EnumNames<CallFlags>.All
        .Where(pair => pair.Value != CallFlags.None && flags.HasFlag(pair.Value))
        .Select(static pair => pair.Name));

    private static Column[] PartyColumns(string side, Func<CallRecord, Party> party) =>
    [
        Wire($"{side}_number", call => party(call).Number),
        Wire($"{side}_name", call => party(call).Name),
        Wire($"{side}_uri", call => party(call).Uri),
        Ours($"{side}_address", call => party(call).Address?.ToString()),
        Wire($"{side}_user_agent", call => party(call).UserAgent),
        Wire($"{side}_codec", call => party(call).Codec),
    ];

    // Names come from a file that people write; a formula in one is as dangerous as one from the wire.
    private static Column[] IdentityColumns(string side, Func<CallRecord, Party> party) =>
    [
        Ours($"{side}_e164", call => party(call).E164),
        Ours($"{side}_identity_kind", call => party(call).Identity is { } identity ? EnumNames<PartyKind>.Of(identity.Kind) : null),
        Ours($"{side}_identity_id", call => party(call).Identity is { } identity ? Number(identity.Id) : null),
        Wire($"{side}_identity_name", call => party(call).Identity?.Name),
    ];

    private static Column Ours(string name, Func<CallRecord, string?> value) => new(name, IsFromWire: false, (call, _) => value(call) ?? "");

    private static Column Wire(string name, Func<CallRecord, string?> value) => new(name, IsFromWire: true, (call, _) => value(call) ?? "");

    private static string? Money(decimal? amount) => amount?.ToString(CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Time(Timestamp? at) => at?.ToString();

    private static string? Milliseconds(TimeSpan? span) =>
        span is { } time ? ((decimal)time.Ticks / TimeSpan.TicksPerMillisecond).ToString("0.###", CultureInfo.InvariantCulture) : null;

    private static string? Real(double? value, int decimals) =>
        value is { } number && double.IsFinite(number) ? number.ToString(decimals == 2 ? "0.##" : "0.###", CultureInfo.InvariantCulture) : null;
}
