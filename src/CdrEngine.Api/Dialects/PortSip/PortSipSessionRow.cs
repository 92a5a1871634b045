using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What a call log tells of a session that is more than its first call, or may be: the fields of <see cref="PortSipFields"/>, some 300 bytes.</summary>
internal sealed class PortSipSessionRow
{
    // No fields that a filter could name.
    private const string CallerAlso = "caller, E.164", CalleeAlso = "callee, E.164";

    /// <summary>A session as it was kept.</summary>
    public PortSipSessionRow()
    {
    }

    /// <summary>A session.</summary>
    /// <param name="first">Its first call.</param>
    /// <param name="session">What is told of it.</param>
    /// <param name="rounding">How seconds are made whole.</param>
    /// <param name="shared">Gives the one copy of a text that many have.</param>
    public PortSipSessionRow(ListedCall first, SessionRecord session, BillsecRounding rounding, Func<string, string> shared)
    {
        PortSipFields fields = PortSipMapping.Fields(session, rounding);
        CallRecord record = first.Record;
        Id = record.Id;
        Number = first.Number;
        IsStray = !CallTraitsReader.Of(record).HasFlag(CallTraits.PassedOn);
        Tenant = Shared(first.Tenant);
        StartedAt = record.StartedAt;
        RangAt = Shown(fields.RangAt);
        AnsweredAt = Shown(fields.AnsweredAt);
        EndedAt = Shown(fields.EndedAt);
        Caller = Shared(fields.Caller);
        CallerE164 = Shared(record.Caller.E164);
        CallerDomain = Shared(fields.CallerDomain);
        CallerDisplayName = Shared(fields.CallerDisplayName);
        Callee = Shared(fields.Callee);
        CalleeE164 = fields.Callee == record.Callee.Number ? Shared(record.Callee.E164) : null;
        CalleeDomain = Shared(fields.CalleeDomain);
        CalleeDisplayName = Shared(fields.CalleeDisplayName);
        CallId = fields.CallId;
        Direction = Shared(fields.Direction);
        EndReason = Shared(fields.EndReason);
        RerouteReason = Shared(fields.RerouteReason)!;
        Status = fields.StatusCode;
        Destination = Shared(fields.Destination);
        OutboundCallerId = Shared(fields.OutboundCallerId);
        DidCid = Shared(fields.DidCid);
        Trunk = Shared(fields.Trunk);
        Duration = fields.Duration;
        ServiceNumber = Shared(fields.ServiceNumber);
        UserData = Shared(fields.UserData);

        string? Shared(string? text) => text is null ? null : shared(text);

        static Timestamp? Shown(string? time) => time is null ? null : PortSipMapping.ReadTime(time);
    }

    /// <summary>Id of the first call's record, after which the session is named.</summary>
    public string Id { get; init; } = "";

    /// <summary>The first call's integer id.</summary>
    public long Number { get; init; }

    /// <summary>Whether nothing went on from the first call, which is linked with others all the same.</summary>
    public bool IsStray { get; init; }

    /// <summary>The first call's tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>What that tenant is told where calls of others are in the session; null where it is the same.</summary>
    public PortSipSessionRow? Own { get; init; }

    /// <summary>The days of its calls other than that of the first, which it has to be told anew after as well; null where there are none. <see cref="DateOnly.MinValue"/> stands for calls whose changes no
    /// day tells of this session.</summary>
    public DateOnly[]? Reached { get; init; }

    /// <summary>When it began, to the microsecond; the other times are in whole seconds, as they are shown.</summary>
    public Timestamp StartedAt { get; init; }

    public Timestamp? RangAt { get; init; }

    public Timestamp? AnsweredAt { get; init; }

    public Timestamp? EndedAt { get; init; }

    public string? Caller { get; init; }

    public string? CallerE164 { get; init; }

    public string? CallerDomain { get; init; }

    public string? CallerDisplayName { get; init; }

    public string? Callee { get; init; }

    public string? CalleeE164 { get; init; }

    public string? CalleeDomain { get; init; }

    public string? CalleeDisplayName { get; init; }

    public string? CallId { get; init; }

    public string? Direction { get; init; }

    public string? EndReason { get; init; }

    public string RerouteReason { get; init; } = "";

    public int? Status { get; init; }

    public string? Destination { get; init; }

    public string? OutboundCallerId { get; init; }

    public string? DidCid { get; init; }

    public string? Trunk { get; init; }

    public long Duration { get; init; }

    public string? ServiceNumber { get; init; }

    public string? UserData { get; init; }

    /// <summary>The order of starts, and of ids where these are the same.</summary>
    public static int Compare(PortSipSessionRow one, PortSipSessionRow other) => one.CompareTo(other.StartedAt, other.Id);

    /// <summary>The same of it and a call.</summary>
    public int CompareTo(CallRecord call) => CompareTo(call.StartedAt, call.Id);

    /// <summary>A text of it; null for a field that is none.</summary>
    public static Func<PortSipSessionRow, string?>? Text(string field) => field switch
    {
        "caller" => static row => row.Caller,
        CallerAlso => static row => row.CallerE164,
        "caller_domain" => static row => row.CallerDomain,
        "caller_display_name" => static row => row.CallerDisplayName,
        "callee" => static row => row.Callee,
        CalleeAlso => static row => row.CalleeE164,
        "callee_domain" => static row => row.CalleeDomain,
        "callee_display_name" => static row => row.CalleeDisplayName,
        "call_id" => static row => row.CallId,
        "direction" => static row => row.Direction,
        "end_reason" => static row => row.EndReason,
        "reroute_reason" => static row => row.RerouteReason,
        "destination" => static row => row.Destination,
        "outbound_caller_id" => static row => row.OutboundCallerId,
        "did_cid" => static row => row.DidCid,
        "trunk" => static row => row.Trunk,
        "service_number" => static row => row.ServiceNumber,
        "user_data" => static row => row.UserData,
        _ => null,
    };

    /// <summary>A time of it as it is shown; null for a field that is none.</summary>
    public static Func<PortSipSessionRow, Timestamp?>? Time(string field) => field switch
    {
        "started_at" => static row => new Timestamp(row.StartedAt.Microseconds - (row.StartedAt.Microseconds % Timestamp.MicrosecondsPerSecond)),
        "rang_at" => static row => row.RangAt,
        "answered_at" => static row => row.AnsweredAt,
        "ended_at" => static row => row.EndedAt,
        _ => null,
    };

    /// <summary>A number of it; null for a field that is none.</summary>
    public static Func<PortSipSessionRow, long?>? Whole(string field) => field switch
    {
        "status_code" => static row => row.Status,
        "duration" => static row => row.Duration,
        _ => null,
    };

    /// <summary>The text that is another way to write one of it, which equals it as well; null for a field that has none.</summary>
    public static string? Also(string field) => field switch
    {
        "caller" => CallerAlso,
        "callee" => CalleeAlso,
        _ => null,
    };

    /// <summary>What it is put in order by, as legs are by their fields.</summary>
    public object? ValueOf(string field) => Text(field) is { } text ? text(this)
        : Time(field) is { } time ? PortSipMapping.Time(time(this))
        : Whole(field)?.Invoke(this) is { } number ? (decimal)number
        : null;

    private int CompareTo(Timestamp start, string id)
    {
        int order = StartedAt.CompareTo(start);
        return order != 0 ? order : string.CompareOrdinal(Id, id);
    }
}
