using System.Text.Json;
using System.Text.Json.Serialization;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>A CDR, member by member as the vendor lists them. Members are always there.</summary>
internal sealed record VoipStudioCdr
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("billsec")]
    public required long Billsec { get; init; }

    [JsonPropertyName("call_id")]
    public required long CallId { get; init; }

    [JsonPropertyName("calldate")]
    public required string Calldate { get; init; }

    [JsonPropertyName("charge")]
    public required decimal? Charge { get; init; }

    [JsonPropertyName("clid")]
    public required string? Clid { get; init; }

    [JsonPropertyName("context")]
    public required string? Context { get; init; }

    [JsonPropertyName("destination")]
    public required string? Destination { get; init; }

    [JsonPropertyName("disposition")]
    public required string Disposition { get; init; }

    [JsonPropertyName("dst")]
    public required string? Dst { get; init; }

    [JsonPropertyName("dst_codec")]
    public required string? DstCodec { get; init; }

    [JsonPropertyName("dst_id")]
    public required string DstId { get; init; }

    [JsonPropertyName("dst_name")]
    public required string? DstName { get; init; }

    [JsonPropertyName("dst_ua")]
    public required string? DstUa { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("info")]
    public required string? Info { get; init; }

    [JsonPropertyName("is_root")]
    public required bool IsRoot { get; init; }

    [JsonPropertyName("live_id")]
    public required long LiveId { get; init; }

    [JsonPropertyName("parent_live_id")]
    public required long? ParentLiveId { get; init; }

    [JsonPropertyName("rate")]
    public required decimal? Rate { get; init; }

    [JsonPropertyName("root_live_id")]
    public required long RootLiveId { get; init; }

    [JsonPropertyName("server_id")]
    public required long? ServerId { get; init; }

    [JsonPropertyName("sip_endpoint_id")]
    public required long? SipEndpointId { get; init; }

    [JsonPropertyName("src")]
    public required string? Src { get; init; }

    [JsonPropertyName("src_codec")]
    public required string? SrcCodec { get; init; }

    [JsonPropertyName("src_id")]
    public required string SrcId { get; init; }

    [JsonPropertyName("src_name")]
    public required string? SrcName { get; init; }

    [JsonPropertyName("src_ua")]
    public required string? SrcUa { get; init; }

    [JsonPropertyName("t_cause")]
    public required string? TCause { get; init; }

    [JsonPropertyName("type")]
    public required string? Type { get; init; }

    [JsonPropertyName("user_id")]
    public required long? UserId { get; init; }
}

/// <summary>A CDR with its notes: the same members, and one more.</summary>
internal sealed record VoipStudioNotedCdr
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("billsec")]
    public required long Billsec { get; init; }

    [JsonPropertyName("call_id")]
    public required long CallId { get; init; }

    [JsonPropertyName("calldate")]
    public required string Calldate { get; init; }

    [JsonPropertyName("charge")]
    public required decimal? Charge { get; init; }

    [JsonPropertyName("clid")]
    public required string? Clid { get; init; }

    [JsonPropertyName("context")]
    public required string? Context { get; init; }

    [JsonPropertyName("destination")]
    public required string? Destination { get; init; }

    [JsonPropertyName("disposition")]
    public required string Disposition { get; init; }

    [JsonPropertyName("dst")]
    public required string? Dst { get; init; }

    [JsonPropertyName("dst_codec")]
    public required string? DstCodec { get; init; }

    [JsonPropertyName("dst_id")]
    public required string DstId { get; init; }

    [JsonPropertyName("dst_name")]
    public required string? DstName { get; init; }

    [JsonPropertyName("dst_ua")]
    public required string? DstUa { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("info")]
    public required string? Info { get; init; }

    [JsonPropertyName("is_root")]
    public required bool IsRoot { get; init; }

    [JsonPropertyName("live_id")]
    public required long LiveId { get; init; }

    [JsonPropertyName("parent_live_id")]
    public required long? ParentLiveId { get; init; }

    [JsonPropertyName("rate")]
    public required decimal? Rate { get; init; }

    [JsonPropertyName("root_live_id")]
    public required long RootLiveId { get; init; }

    [JsonPropertyName("server_id")]
    public required long? ServerId { get; init; }

    [JsonPropertyName("sip_endpoint_id")]
    public required long? SipEndpointId { get; init; }

    [JsonPropertyName("src")]
    public required string? Src { get; init; }

    [JsonPropertyName("src_codec")]
    public required string? SrcCodec { get; init; }

    [JsonPropertyName("src_id")]
    public required string SrcId { get; init; }

    [JsonPropertyName("src_name")]
    public required string? SrcName { get; init; }

    [JsonPropertyName("src_ua")]
    public required string? SrcUa { get; init; }

    [JsonPropertyName("t_cause")]
    public required string? TCause { get; init; }

    [JsonPropertyName("type")]
    public required string? Type { get; init; }

    [JsonPropertyName("user_id")]
    public required long? UserId { get; init; }

    [JsonPropertyName("notes")]
    public required string? Notes { get; init; }
}

/// <summary>A recording.</summary>
internal sealed record VoipStudioMonitor
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("token")]
    public required string? Token { get; init; }
}

/// <summary>What was written about a recording.</summary>
internal sealed record VoipStudioMonitorText
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("transcript")]
    public required string? Transcript { get; init; }

    [JsonPropertyName("transcript_speakers")]
    public required string? TranscriptSpeakers { get; init; }

    [JsonPropertyName("summary")]
    public required string? Summary { get; init; }

    [JsonPropertyName("sentiment")]
    public required string? Sentiment { get; init; }

    [JsonPropertyName("cx_score")]
    public required int? CxScore { get; init; }

    [JsonPropertyName("metadata")]
    public required JsonElement? Metadata { get; init; }
}

/// <summary>A media session.</summary>
internal sealed record VoipStudioMsdr
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("call_id")]
    public required string CallId { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("dst")]
    public required string? Dst { get; init; }

    [JsonPropertyName("dst_id")]
    public required string DstId { get; init; }

    [JsonPropertyName("dst_ua")]
    public required string? DstUa { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("media_session_id")]
    public required long MediaSessionId { get; init; }

    [JsonPropertyName("src")]
    public required string? Src { get; init; }

    [JsonPropertyName("src_id")]
    public required string SrcId { get; init; }

    [JsonPropertyName("src_ua")]
    public required string? SrcUa { get; init; }

    [JsonPropertyName("t_cause")]
    public required string? TCause { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("user_id")]
    public required long? UserId { get; init; }
}

/// <summary>A voice message.</summary>
internal sealed record VoipStudioVoicemessage
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("caller")]
    public required string? Caller { get; init; }

    [JsonPropertyName("callerid")]
    public required string? Callerid { get; init; }

    [JsonPropertyName("dialled")]
    public required string? Dialled { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("extension_id")]
    public required long? ExtensionId { get; init; }

    [JsonPropertyName("folder")]
    public required int Folder { get; init; }

    [JsonPropertyName("is_new")]
    public required bool IsNew { get; init; }

    [JsonPropertyName("live_id")]
    public required long LiveId { get; init; }

    [JsonPropertyName("origtime")]
    public required string Origtime { get; init; }

    [JsonPropertyName("parent_live_id")]
    public required long? ParentLiveId { get; init; }

    [JsonPropertyName("transcript")]
    public required string? Transcript { get; init; }
}

/// <summary>A SIP MESSAGE.</summary>
internal sealed record VoipStudioSms
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("from")]
    public required string? From { get; init; }

    [JsonPropertyName("from_id")]
    public required string FromId { get; init; }

    [JsonPropertyName("from_name")]
    public required string? FromName { get; init; }

    [JsonPropertyName("message")]
    public required string? Message { get; init; }

    [JsonPropertyName("result")]
    public required string Result { get; init; }

    [JsonPropertyName("to")]
    public required string? To { get; init; }

    [JsonPropertyName("to_id")]
    public required string ToId { get; init; }

    [JsonPropertyName("to_name")]
    public required string? ToName { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("user_id")]
    public required long? UserId { get; init; }
}

/// <summary>Messages between two parties.</summary>
internal sealed record VoipStudioChat
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("customer_id")]
    public required long? CustomerId { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("operator_id")]
    public required long? OperatorId { get; init; }

    [JsonPropertyName("operator_ua")]
    public required string? OperatorUa { get; init; }

    [JsonPropertyName("state")]
    public required int State { get; init; }

    [JsonPropertyName("visitor_city")]
    public required string? VisitorCity { get; init; }

    [JsonPropertyName("visitor_country")]
    public required string? VisitorCountry { get; init; }

    [JsonPropertyName("visitor_email")]
    public required string? VisitorEmail { get; init; }

    [JsonPropertyName("visitor_geo")]
    public required string? VisitorGeo { get; init; }

    [JsonPropertyName("visitor_id")]
    public required string? VisitorId { get; init; }

    [JsonPropertyName("visitor_ip")]
    public required string? VisitorIp { get; init; }

    [JsonPropertyName("visitor_name")]
    public required string? VisitorName { get; init; }

    [JsonPropertyName("visitor_referer")]
    public required string? VisitorReferer { get; init; }

    [JsonPropertyName("visitor_ua")]
    public required string? VisitorUa { get; init; }

    [JsonPropertyName("website_id")]
    public required long? WebsiteId { get; init; }
}

/// <summary>A message of a chat.</summary>
internal sealed record VoipStudioChatmsg
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("chat_id")]
    public required long? ChatId { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("from")]
    public required string? From { get; init; }

    [JsonPropertyName("from_name")]
    public required string? FromName { get; init; }

    [JsonPropertyName("message")]
    public required string? Message { get; init; }

    [JsonPropertyName("result")]
    public required string Result { get; init; }

    [JsonPropertyName("to")]
    public required string? To { get; init; }

    [JsonPropertyName("to_name")]
    public required string? ToName { get; init; }
}

/// <summary>A tracking number.</summary>
internal sealed record VoipStudioTrackingNumber
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("call_flow")]
    public required long? CallFlow { get; init; }

    [JsonPropertyName("channels")]
    public required long? Channels { get; init; }

    [JsonPropertyName("cli_hide")]
    public required bool? CliHide { get; init; }

    [JsonPropertyName("cli_prefix")]
    public required long? CliPrefix { get; init; }

    [JsonPropertyName("created_at")]
    public required string? CreatedAt { get; init; }

    [JsonPropertyName("e164")]
    public required string? E164 { get; init; }

    [JsonPropertyName("esc_enabled")]
    public required bool? EscEnabled { get; init; }

    [JsonPropertyName("fax_email")]
    public required string? FaxEmail { get; init; }

    [JsonPropertyName("fax_enabled")]
    public required bool? FaxEnabled { get; init; }

    [JsonPropertyName("flag")]
    public required long? Flag { get; init; }

    [JsonPropertyName("has_fax_password")]
    public required bool? HasFaxPassword { get; init; }

    [JsonPropertyName("info")]
    public required string? Info { get; init; }

    [JsonPropertyName("name")]
    public required string? Name { get; init; }

    [JsonPropertyName("rate")]
    public required decimal? Rate { get; init; }

    [JsonPropertyName("sms_email")]
    public required string? SmsEmail { get; init; }

    [JsonPropertyName("sms_enabled")]
    public required bool? SmsEnabled { get; init; }

    [JsonPropertyName("status")]
    public required long? Status { get; init; }

    [JsonPropertyName("target_id")]
    public required long? TargetId { get; init; }

    [JsonPropertyName("target_type")]
    public required long? TargetType { get; init; }

    [JsonPropertyName("tel_verified")]
    public required bool? TelVerified { get; init; }

    [JsonPropertyName("uri")]
    public required string? Uri { get; init; }
}

/// <summary>A line of a rated call.</summary>
internal sealed record VoipStudioStatement
{
    [JsonPropertyName("id")]
    public required long Id { get; init; }

    [JsonPropertyName("created_at")]
    public required string CreatedAt { get; init; }

    [JsonPropertyName("live_id")]
    public required long LiveId { get; init; }

    [JsonPropertyName("src")]
    public required string? Src { get; init; }

    [JsonPropertyName("dst")]
    public required string? Dst { get; init; }

    [JsonPropertyName("destination")]
    public required string? Destination { get; init; }

    [JsonPropertyName("duration")]
    public required long Duration { get; init; }

    [JsonPropertyName("billsec")]
    public required long Billsec { get; init; }

    [JsonPropertyName("rate")]
    public required decimal? Rate { get; init; }

    [JsonPropertyName("charge")]
    public required decimal? Charge { get; init; }

    [JsonPropertyName("currency")]
    public required string? Currency { get; init; }

    [JsonPropertyName("account")]
    public required string? Account { get; init; }
}

/// <summary>A code of an enumerated member.</summary>
internal sealed record VoipStudioTerm
{
    [JsonPropertyName("field")]
    public required string Field { get; init; }

    [JsonPropertyName("code")]
    public required string Code { get; init; }

    [JsonPropertyName("label")]
    public required string Label { get; init; }
}

/// <summary>A page of CDRs.</summary>
internal sealed record VoipStudioCdrs(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioCdr> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of recordings.</summary>
internal sealed record VoipStudioMonitors(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioMonitor> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of media sessions.</summary>
internal sealed record VoipStudioMsdrs(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioMsdr> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of voice messages.</summary>
internal sealed record VoipStudioVoicemessages(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioVoicemessage> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of SIP MESSAGEs.</summary>
internal sealed record VoipStudioTexts(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioSms> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of chats.</summary>
internal sealed record VoipStudioChats(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioChat> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of messages of chats.</summary>
internal sealed record VoipStudioChatmsgs(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioChatmsg> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of tracking numbers.</summary>
internal sealed record VoipStudioTrackingNumbers(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioTrackingNumber> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of rated calls.</summary>
internal sealed record VoipStudioStatements(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioStatement> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>A page of codes.</summary>
internal sealed record VoipStudioDictionary(
    [property: JsonPropertyName("data")] IReadOnlyList<VoipStudioTerm> Data,
    [property: JsonPropertyName("total")] long Total);

/// <summary>One.</summary>
internal sealed record VoipStudioOneCdr(
    [property: JsonPropertyName("data")] VoipStudioCdr Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneNotedCdr(
    [property: JsonPropertyName("data")] VoipStudioNotedCdr Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneMonitor(
    [property: JsonPropertyName("data")] VoipStudioMonitor Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneMonitorText(
    [property: JsonPropertyName("data")] VoipStudioMonitorText Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneMsdr(
    [property: JsonPropertyName("data")] VoipStudioMsdr Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneVoicemessage(
    [property: JsonPropertyName("data")] VoipStudioVoicemessage Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneSms(
    [property: JsonPropertyName("data")] VoipStudioSms Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneChat(
    [property: JsonPropertyName("data")] VoipStudioChat Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>One.</summary>
internal sealed record VoipStudioOneChatmsg(
    [property: JsonPropertyName("data")] VoipStudioChatmsg Data,
    [property: JsonPropertyName("links")] VoipStudioLinks Links);

/// <summary>An object without members.</summary>
internal sealed record VoipStudioLinks;

/// <summary>What may be changed of a CDR.</summary>
internal sealed record VoipStudioCdrChange(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("info")] string? Info,
    [property: JsonPropertyName("notes")] string? Notes);

/// <summary>What may be changed of a recording.</summary>
internal sealed record VoipStudioMonitorChange(
    [property: JsonPropertyName("transcript")] string? Transcript,
    [property: JsonPropertyName("transcript_speakers")] string? TranscriptSpeakers,
    [property: JsonPropertyName("summary")] string? Summary,
    [property: JsonPropertyName("sentiment")] string? Sentiment,
    [property: JsonPropertyName("cx_score")] int? CxScore,
    [property: JsonPropertyName("metadata")] JsonElement? Metadata);

/// <summary>The folder a voice message goes to.</summary>
internal sealed record VoipStudioFolderChange(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("folder")] string Folder);

/// <summary>An error.</summary>
internal sealed record VoipStudioError(
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("errors")] IReadOnlyList<VoipStudioFault> Errors);

/// <summary>What is wrong with a request.</summary>
internal sealed record VoipStudioFault([property: JsonPropertyName("field")] string? Field, [property: JsonPropertyName("message")] string Message);

/// <summary>How the wire types are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.General)]
[JsonSerializable(typeof(VoipStudioCdrs))]
[JsonSerializable(typeof(VoipStudioMonitors))]
[JsonSerializable(typeof(VoipStudioMsdrs))]
[JsonSerializable(typeof(VoipStudioVoicemessages))]
[JsonSerializable(typeof(VoipStudioTexts))]
[JsonSerializable(typeof(VoipStudioChats))]
[JsonSerializable(typeof(VoipStudioChatmsgs))]
[JsonSerializable(typeof(VoipStudioTrackingNumbers))]
[JsonSerializable(typeof(VoipStudioStatements))]
[JsonSerializable(typeof(VoipStudioDictionary))]
[JsonSerializable(typeof(VoipStudioOneCdr))]
[JsonSerializable(typeof(VoipStudioOneNotedCdr))]
[JsonSerializable(typeof(VoipStudioOneMonitor))]
[JsonSerializable(typeof(VoipStudioOneMonitorText))]
[JsonSerializable(typeof(VoipStudioOneMsdr))]
[JsonSerializable(typeof(VoipStudioOneVoicemessage))]
[JsonSerializable(typeof(VoipStudioOneSms))]
[JsonSerializable(typeof(VoipStudioOneChat))]
[JsonSerializable(typeof(VoipStudioOneChatmsg))]
[JsonSerializable(typeof(VoipStudioCdrChange))]
[JsonSerializable(typeof(VoipStudioCdrChange[]))]
[JsonSerializable(typeof(VoipStudioMonitorChange))]
[JsonSerializable(typeof(VoipStudioFolderChange[]))]
[JsonSerializable(typeof(VoipStudioError))]
[JsonSerializable(typeof(JsonElement[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class VoipStudioJson : JsonSerializerContext;
