using System.Text.Json;
using System.Text.Json.Serialization;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>A page of something.</summary>
/// <param name="Count">How many there are on all pages together.</param>
/// <param name="Items">Those on this one.</param>
internal sealed record PortSipPage<T>([property: JsonPropertyName("count")] long Count, [property: JsonPropertyName("items")] IReadOnlyList<T> Items);

/// <summary>The legs of a session.</summary>
internal sealed record PortSipLegs([property: JsonPropertyName("items")] IReadOnlyList<PortSipLeg> Items);

/// <summary>What a leg and a session have in common, in the vendor's order. Members are always there.</summary>
internal record PortSipFields
{
    [JsonPropertyName("caller")]
    [JsonPropertyOrder(1)]
    public string? Caller { get; init; }

    [JsonPropertyName("caller_domain")]
    [JsonPropertyOrder(2)]
    public string? CallerDomain { get; init; }

    [JsonPropertyName("caller_display_name")]
    [JsonPropertyOrder(3)]
    public string? CallerDisplayName { get; init; }

    [JsonPropertyName("callee")]
    [JsonPropertyOrder(4)]
    public string? Callee { get; init; }

    [JsonPropertyName("callee_domain")]
    [JsonPropertyOrder(5)]
    public string? CalleeDomain { get; init; }

    [JsonPropertyName("callee_display_name")]
    [JsonPropertyOrder(6)]
    public string? CalleeDisplayName { get; init; }

    [JsonPropertyName("started_at")]
    [JsonPropertyOrder(7)]
    public string? StartedAt { get; init; }

    [JsonPropertyName("rang_at")]
    [JsonPropertyOrder(8)]
    public string? RangAt { get; init; }

    [JsonPropertyName("answered_at")]
    [JsonPropertyOrder(9)]
    public string? AnsweredAt { get; init; }

    [JsonPropertyName("ended_at")]
    [JsonPropertyOrder(10)]
    public string? EndedAt { get; init; }

    [JsonPropertyName("call_id")]
    [JsonPropertyOrder(11)]
    public string? CallId { get; init; }

    [JsonPropertyName("direction")]
    [JsonPropertyOrder(12)]
    public string? Direction { get; init; }

    [JsonPropertyName("end_reason")]
    [JsonPropertyOrder(13)]
    public string? EndReason { get; init; }

    [JsonPropertyName("reroute_reason")]
    [JsonPropertyOrder(14)]
    public string RerouteReason { get; init; } = PortSipMapping.NotRerouted;

    [JsonPropertyName("status_code")]
    [JsonPropertyOrder(15)]
    public int? StatusCode { get; init; }

    [JsonPropertyName("destination")]
    [JsonPropertyOrder(16)]
    public string? Destination { get; init; }

    [JsonPropertyName("outbound_caller_id")]
    [JsonPropertyOrder(17)]
    public string? OutboundCallerId { get; init; }

    [JsonPropertyName("did_cid")]
    [JsonPropertyOrder(18)]
    public string? DidCid { get; init; }

    [JsonPropertyName("trunk")]
    [JsonPropertyOrder(19)]
    public string? Trunk { get; init; }

    [JsonPropertyName("duration")]
    [JsonPropertyOrder(20)]
    public long Duration { get; init; }

    [JsonPropertyName("service_number")]
    [JsonPropertyOrder(30)]
    public string? ServiceNumber { get; init; }

    [JsonPropertyName("user_data")]
    [JsonPropertyOrder(31)]
    public string? UserData { get; init; }
}

/// <summary>A leg as it is listed.</summary>
internal sealed record PortSipCdr : PortSipFields
{
    public PortSipCdr()
    {
    }

    public PortSipCdr(PortSipFields fields, string id)
        : base(fields) => Id = id;

    [JsonPropertyName("id")]
    [JsonPropertyOrder(-2)]
    public string Id { get; init; } = "";
}

/// <summary>A leg in full.</summary>
internal sealed record PortSipLeg : PortSipFields
{
    public PortSipLeg()
    {
    }

    public PortSipLeg(PortSipFields fields, PortSipCost cost)
        : base(fields) => (Cost, BilledAccount) = cost;

    [JsonPropertyName("cost")]
    [JsonPropertyOrder(21)]
    public decimal? Cost { get; init; }

    [JsonPropertyName("billed_account")]
    [JsonPropertyOrder(22)]
    public string? BilledAccount { get; init; }
}

/// <summary>A session as it is listed.</summary>
internal sealed record PortSipCallLog : PortSipFields
{
    public PortSipCallLog()
    {
    }

    public PortSipCallLog(PortSipFields fields, string id)
        : base(fields) => (Id, SessionId) = (id, id);

    [JsonPropertyName("id")]
    [JsonPropertyOrder(-2)]
    public string Id { get; init; } = "";

    [JsonPropertyName("session_id")]
    [JsonPropertyOrder(-1)]
    public string SessionId { get; init; } = "";
}

/// <summary>A session in full.</summary>
internal sealed record PortSipCallLogDetail : PortSipFields
{
    public PortSipCallLogDetail()
    {
    }

    public PortSipCallLogDetail(PortSipFields fields, string id, PortSipCost cost)
        : base(fields) => (Id, SessionId, Cost, BilledAccount) = (id, id, cost.Cost, cost.BilledAccount);

    [JsonPropertyName("id")]
    [JsonPropertyOrder(-2)]
    public string Id { get; init; } = "";

    [JsonPropertyName("session_id")]
    [JsonPropertyOrder(-1)]
    public string SessionId { get; init; } = "";

    [JsonPropertyName("cost")]
    [JsonPropertyOrder(21)]
    public decimal? Cost { get; init; }

    [JsonPropertyName("billed_account")]
    [JsonPropertyOrder(22)]
    public string? BilledAccount { get; init; }
}

/// <summary>What was paid, and by whom.</summary>
internal readonly record struct PortSipCost(decimal? Cost, string? BilledAccount);

/// <summary>A report as it is listed.</summary>
internal sealed record PortSipReport(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("cron_expr")] string? CronExpr,
    [property: JsonPropertyName("status")] string Status);

/// <summary>A report in full.</summary>
internal sealed record PortSipReportDetail(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("email")] string? Email,
    [property: JsonPropertyName("format")] string Format,
    [property: JsonPropertyName("range")] string Range,
    [property: JsonPropertyName("started_at")] string? StartedAt,
    [property: JsonPropertyName("ended_at")] string? EndedAt,
    [property: JsonPropertyName("cron_expr")] string? CronExpr,
    [property: JsonPropertyName("filter")] JsonElement Filter,
    [property: JsonPropertyName("status")] string Status);

/// <summary>A report to be made or changed. It is read member by member, since one that is left out is not one that is null.</summary>
internal sealed record PortSipReportBody
{
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("type")]
    public string? Type { get; init; }

    [JsonPropertyName("email")]
    public string? Email { get; init; }

    [JsonPropertyName("format")]
    public string? Format { get; init; }

    [JsonPropertyName("range")]
    public string? Range { get; init; }

    [JsonPropertyName("started_at")]
    public string? StartedAt { get; init; }

    [JsonPropertyName("ended_at")]
    public string? EndedAt { get; init; }

    [JsonPropertyName("cron_expr")]
    public string? CronExpr { get; init; }

    [JsonPropertyName("filter")]
    public PortSipReportFilter? Filter { get; init; }
}

/// <summary>Which calls a report of the type NORMAL counts.</summary>
internal sealed record PortSipReportFilter
{
    [JsonPropertyName("from")]
    public string From { get; init; } = "ANY";

    [JsonPropertyName("from_value")]
    public string? FromValue { get; init; }

    [JsonPropertyName("to")]
    public string To { get; init; } = "ANY";

    [JsonPropertyName("to_value")]
    public string? ToValue { get; init; }

    [JsonPropertyName("answer_state")]
    public string AnswerState { get; init; } = "ANY";

    [JsonPropertyName("duration")]
    public string Duration { get; init; } = "ANY";

    [JsonPropertyName("duration_from")]
    public long? DurationFrom { get; init; }

    [JsonPropertyName("duration_to")]
    public long? DurationTo { get; init; }
}

/// <summary>Which numbers a report of another type counts.</summary>
internal sealed record PortSipGroupFilter
{
    [JsonPropertyName("numbers")]
    public IReadOnlyList<string> Numbers { get; init; } = [];

    [JsonPropertyName("sla_seconds")]
    public int SlaSeconds { get; init; } = 20;
}

/// <summary>A report that was made.</summary>
internal sealed record PortSipId([property: JsonPropertyName("id")] string Id);

/// <summary>A result.</summary>
internal sealed record PortSipCompleted(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("format")] string Format,
    [property: JsonPropertyName("completed_at")] string CompletedAt,
    [property: JsonPropertyName("file_name")] string FileName,
    [property: JsonPropertyName("file_size")] long FileSize,
    [property: JsonPropertyName("file_url")] string FileUrl);

/// <summary>An error.</summary>
internal sealed record PortSipError(
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("parameter")] string? Parameter);

/// <summary>How the wire types are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(PortSipPage<PortSipCdr>))]
[JsonSerializable(typeof(PortSipPage<PortSipCallLog>))]
[JsonSerializable(typeof(PortSipPage<PortSipReport>))]
[JsonSerializable(typeof(PortSipPage<PortSipCompleted>))]
[JsonSerializable(typeof(PortSipLegs))]
[JsonSerializable(typeof(PortSipCallLogDetail))]
[JsonSerializable(typeof(PortSipReportDetail))]
[JsonSerializable(typeof(PortSipReportBody))]
[JsonSerializable(typeof(PortSipGroupFilter))]
[JsonSerializable(typeof(PortSipReportFilter))]
[JsonSerializable(typeof(PortSipId))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(PortSipError))]
internal sealed partial class PortSipJson : JsonSerializerContext;
