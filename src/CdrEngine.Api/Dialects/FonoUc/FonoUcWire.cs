using System.Text.Json;
using System.Text.Json.Serialization;

namespace CdrEngine.Api.Dialects.FonoUc;

/// <summary>What a login takes.</summary>
internal sealed record FonoUcLogin(
    [property: JsonPropertyName("username")] string? Username,
    [property: JsonPropertyName("password")] string? Password,
    [property: JsonPropertyName("domain")] string? Domain);

/// <summary>What a refresh takes.</summary>
internal sealed record FonoUcRefresh([property: JsonPropertyName("refresh_token")] string? RefreshToken);

/// <summary>What a login and a refresh give.</summary>
internal sealed record FonoUcTokens(
    [property: JsonPropertyName("user")] FonoUcAccount User,
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("refresh_token")] string RefreshToken);

/// <summary>Who is logged in.</summary>
internal sealed record FonoUcAccount(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("username")] string Username,
    [property: JsonPropertyName("account_id")] string? AccountId,
    [property: JsonPropertyName("domain")] string? Domain);

/// <summary>A list of CDRs; its last element is a <see cref="FonoUcEnd"/>, the others are <see cref="FonoUcCdr"/>.</summary>
internal sealed record FonoUcCdrs([property: JsonPropertyName("data")] IReadOnlyList<FonoUcItem> Data);

/// <summary>An element of the list of CDRs.</summary>
[JsonDerivedType(typeof(FonoUcCdr))]
[JsonDerivedType(typeof(FonoUcEnd))]
internal abstract record FonoUcItem;

/// <summary>A CDR.</summary>
internal sealed record FonoUcCdr : FonoUcItem
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    [JsonPropertyName("datetime")]
    public required string Datetime { get; init; }

    [JsonPropertyName("timestamp")]
    public required string Timestamp { get; init; }

    [JsonPropertyName("caller_id_name")]
    public required string CallerIdName { get; init; }

    [JsonPropertyName("caller_id_number")]
    public required string CallerIdNumber { get; init; }

    [JsonPropertyName("callee_id_name")]
    public required string CalleeIdName { get; init; }

    [JsonPropertyName("callee_id_number")]
    public required string CalleeIdNumber { get; init; }

    [JsonPropertyName("to")]
    public required string To { get; init; }

    [JsonPropertyName("from")]
    public required string From { get; init; }

    [JsonPropertyName("billing_seconds")]
    public required string BillingSeconds { get; init; }

    [JsonPropertyName("hangup_cause")]
    public required string HangupCause { get; init; }

    [JsonPropertyName("media_recording_id")]
    public required string? MediaRecordingId { get; init; }

    [JsonPropertyName("recording_filename")]
    public required string? RecordingFilename { get; init; }
}

/// <summary>What ends a list of CDRs.</summary>
internal sealed record FonoUcEnd(
    [property: JsonPropertyName("next_start_key")] string? NextStartKey,
    [property: JsonPropertyName("page_size")] int PageSize) : FonoUcItem;

/// <summary>A list of recordings.</summary>
internal sealed record FonoUcRecordings(
    [property: JsonPropertyName("recordings")] IReadOnlyList<FonoUcRecording> Recordings,
    [property: JsonPropertyName("next_start_key")] string? NextStartKey);

/// <summary>A recording.</summary>
internal sealed record FonoUcRecording
{
    [JsonPropertyName("_id")]
    public required string Id { get; init; }

    [JsonPropertyName("owner_id")]
    public required string? OwnerId { get; init; }

    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    [JsonPropertyName("callee_id_name")]
    public required string CalleeIdName { get; init; }

    [JsonPropertyName("callee_id_number")]
    public required string CalleeIdNumber { get; init; }

    [JsonPropertyName("caller_id_name")]
    public required string CallerIdName { get; init; }

    [JsonPropertyName("caller_id_number")]
    public required string CallerIdNumber { get; init; }

    [JsonPropertyName("cdr_id")]
    public required string CdrId { get; init; }

    [JsonPropertyName("content_type")]
    public string ContentType => "audio/mpeg";

    [JsonPropertyName("custom_channel_vars")]
    public required FonoUcChannelVars CustomChannelVars { get; init; }

    [JsonPropertyName("description")]
    public required string Description { get; init; }

    [JsonPropertyName("direction")]
    public required string? Direction { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("duration_ms")]
    public required long DurationMs { get; init; }

    [JsonPropertyName("from")]
    public required string From { get; init; }

    [JsonPropertyName("interaction_id")]
    public required string InteractionId { get; init; }

    [JsonPropertyName("media_source")]
    public string MediaSource => "recorded";

    [JsonPropertyName("media_type")]
    public string MediaType => "mp3";

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("origin")]
    public required string? Origin { get; init; }

    [JsonPropertyName("request")]
    public required string Request { get; init; }

    [JsonPropertyName("source_type")]
    public string SourceType => "kzc_recording";

    [JsonPropertyName("start")]
    public required long Start { get; init; }

    [JsonPropertyName("to")]
    public required string To { get; init; }

    [JsonPropertyName("pvt_created")]
    public required long PvtCreated { get; init; }

    [JsonPropertyName("user")]
    public required FonoUcUser? User { get; init; }

    [JsonPropertyName("url")]
    public required string Url { get; init; }

    [JsonPropertyName("_attachments")]
    public required IReadOnlyDictionary<string, FonoUcAttachment> Attachments { get; init; }
}

/// <summary>Variables of a recording.</summary>
internal sealed record FonoUcChannelVars(
    [property: JsonPropertyName("Media-Name")] string MediaName,
    [property: JsonPropertyName("Media-Recording-ID")] string MediaRecordingId);

/// <summary>The person whose recording it is.</summary>
internal sealed record FonoUcUser(
    [property: JsonPropertyName("username")] string? Username,
    [property: JsonPropertyName("first_name")] string? FirstName,
    [property: JsonPropertyName("last_name")] string? LastName);

/// <summary>The file of a recording.</summary>
internal sealed record FonoUcAttachment(
    [property: JsonPropertyName("content_type")] string ContentType,
    [property: JsonPropertyName("revpos")] int Revpos,
    [property: JsonPropertyName("digest")] string Digest,
    [property: JsonPropertyName("length")] long Length,
    [property: JsonPropertyName("stub")] bool Stub);

/// <summary>An error.</summary>
internal sealed record FonoUcError(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("parameter")] string? Parameter);

/// <summary>How the wire types are read and written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(FonoUcLogin))]
[JsonSerializable(typeof(FonoUcRefresh))]
[JsonSerializable(typeof(FonoUcTokens))]
[JsonSerializable(typeof(FonoUcCdrs))]
[JsonSerializable(typeof(FonoUcRecordings))]
[JsonSerializable(typeof(FonoUcError))]
internal sealed partial class FonoUcJson : JsonSerializerContext;
