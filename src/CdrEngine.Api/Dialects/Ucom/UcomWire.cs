using System.Text.Json;
using System.Text.Json.Serialization;

namespace CdrEngine.Api.Dialects.Ucom;

/// <summary>A page of calls.</summary>
internal sealed record UcomPage(
    [property: JsonPropertyName("calls")] IReadOnlyList<UcomCall> Calls,
    [property: JsonPropertyName("order")] string Order,
    [property: JsonPropertyName("page")] long Page,
    [property: JsonPropertyName("per_page")] long PerPage);

/// <summary>A call, member by member as the vendor lists them. Members are always there.</summary>
internal sealed record UcomCall
{
    [JsonPropertyName("bridged_domain")]
    public required string? BridgedDomain { get; init; }

    [JsonPropertyName("bridged_duration")]
    public required long? BridgedDuration { get; init; }

    [JsonPropertyName("bridged_time_gmt")]
    public required string? BridgedTimeGmt { get; init; }

    [JsonPropertyName("bridged_username")]
    public required string? BridgedUsername { get; init; }

    [JsonPropertyName("call_uuid")]
    public required string CallUuid { get; init; }

    [JsonPropertyName("client_owner_id")]
    public required long? ClientOwnerId { get; init; }

    [JsonPropertyName("did_domain")]
    public required string? DidDomain { get; init; }

    [JsonPropertyName("did_number")]
    public required string? DidNumber { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("ext_number_reg")]
    public required string? ExtNumberReg { get; init; }

    [JsonPropertyName("extension_group_owner_id")]
    public required long? ExtensionGroupOwnerId { get; init; }

    [JsonPropertyName("extension_id")]
    public required long? ExtensionId { get; init; }

    [JsonPropertyName("extension_name")]
    public required string? ExtensionName { get; init; }

    [JsonPropertyName("extension_type")]
    public required string? ExtensionType { get; init; }

    [JsonPropertyName("flow")]
    public required string? Flow { get; init; }

    [JsonPropertyName("from_domain")]
    public required string? FromDomain { get; init; }

    [JsonPropertyName("from_screen_name")]
    public required string? FromScreenName { get; init; }

    [JsonPropertyName("from_username")]
    public required string? FromUsername { get; init; }

    [JsonPropertyName("hangup_cause")]
    public required string? HangupCause { get; init; }

    [JsonPropertyName("hangup_disposition")]
    public required string HangupDisposition { get; init; }

    [JsonPropertyName("hangup_time_gmt")]
    public required string? HangupTimeGmt { get; init; }

    [JsonPropertyName("init_time_gmt")]
    public required string InitTimeGmt { get; init; }

    [JsonPropertyName("result")]
    public required string Result { get; init; }

    [JsonPropertyName("start_time_gmt")]
    public required string? StartTimeGmt { get; init; }

    [JsonPropertyName("to_domain")]
    public required string? ToDomain { get; init; }

    [JsonPropertyName("to_username")]
    public required string? ToUsername { get; init; }

    [JsonPropertyName("diversion_number")]
    public required string? DiversionNumber { get; init; }

    [JsonPropertyName("quality_rate")]
    public required UcomQuality? QualityRate { get; init; }
}

/// <summary>How good a call sounded.</summary>
internal sealed record UcomQuality([property: JsonPropertyName("rate")] int Rate, [property: JsonPropertyName("max_rate")] int MaxRate);

/// <summary>An error.</summary>
internal sealed record UcomError(
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("field")] string? Field);

/// <summary>How the wire types are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(UcomPage))]
[JsonSerializable(typeof(UcomError))]
internal sealed partial class UcomJson : JsonSerializerContext;
