using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Messages;

/// <summary>The JSON of messages and conversations. Members are always there and only ever grow at the end.</summary>
public static class MessageJson
{
    /// <summary>One record as UTF-8 on one line, without a line end.</summary>
    public static byte[] ToUtf8(MessageRecord message) => JsonScratch.ToUtf8(message, Write);

    /// <summary>Writes one record as one object.</summary>
    public static void Write(MessageRecord message, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, message.Id);
        writer.WriteString("kind"u8, EnumNames<MessageKind>.Of(message.Kind));
        writer.WriteString("conversation_id"u8, message.ConversationId);
        writer.WriteString("sip_call_id"u8, message.SipCallId);
        writer.WriteBoolean("in_call"u8, message.IsInCall);
        RegistrationJson.WriteNumber(writer, "media_index", message.MediaIndex);
        writer.WriteString("message_id"u8, message.MessageId);
        WriteParty(writer, "from"u8, message.From);
        WriteParty(writer, "to"u8, message.To);
        CallRecordJson.WriteTime(writer, "started_at"u8, message.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, message.EndedAt);
        CallRecordJson.WriteSpan(writer, "response_ms"u8, message.ResponseTime);
        writer.WriteString("outcome"u8, EnumNames<MessageOutcome>.Of(message.Outcome));
        writer.WriteNumber("sip_status"u8, message.SipStatus);
        writer.WriteString("sip_reason"u8, message.SipReason);
        writer.WriteString("transport"u8, EnumNames<Transport>.Of(message.Transport));
        writer.WriteString("content_type"u8, message.ContentType);
        writer.WriteString("charset"u8, message.Charset);
        writer.WriteNumber("size"u8, message.Size);
        writer.WriteString("text"u8, message.Text);
        writer.WriteBoolean("text_cut"u8, message.IsTextCut);
        writer.WriteBoolean("incomplete"u8, message.IsIncomplete);
        writer.WriteNumber("chunks"u8, message.Chunks);
        writer.WriteNumber("challenges"u8, message.Challenges);
        writer.WriteNumber("retransmissions"u8, message.Retransmissions);
        writer.WriteNumber("hops"u8, message.Hops);
        writer.WriteStartArray("notifications"u8);
        foreach (MessageNotification notification in message.Notifications)
        {
            writer.WriteStartObject();
            writer.WriteString("kind"u8, EnumNames<NotificationKind>.Of(notification.Kind));
            writer.WriteString("status"u8, notification.Status);
            CallRecordJson.WriteTime(writer, "at"u8, notification.At);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("capture_source"u8, message.CaptureSource);
        writer.WriteString("tenant"u8, message.Tenant);
        writer.WriteEndObject();
    }

    /// <summary>Writes a conversation as one object.</summary>
    public static void Write(ConversationRecord conversation, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, conversation.Id);
        RegistrationJson.WriteTexts(writer, "parties"u8, [conversation.First, conversation.Second]);
        CallRecordJson.WriteTime(writer, "started_at"u8, conversation.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, conversation.EndedAt);
        writer.WriteNumber("messages"u8, conversation.Count);
        writer.WriteString("tenant"u8, conversation.Tenant);
        writer.WriteEndObject();
    }

    /// <summary>A conversation as UTF-8.</summary>
    public static byte[] ToUtf8(ConversationRecord conversation) => JsonScratch.ToUtf8(conversation, Write);

    /// <summary>Reads what <see cref="ToUtf8(MessageRecord)"/> wrote; false for anything else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out MessageRecord? message)
    {
        message = RegistrationJson.Read(utf8, Read);
        return message is not null;
    }

    private static MessageRecord Read(StoredValue json) => new()
    {
        Id = CallRecordJson.RequiredText(json, "id"),
        Kind = CallRecordJson.Named<MessageKind>(json, "kind"),
        ConversationId = CallRecordJson.Text(json, "conversation_id") ?? "",
        SipCallId = CallRecordJson.RequiredText(json, "sip_call_id"),
        IsInCall = json.GetProperty("in_call").GetBoolean(),
        MediaIndex = RegistrationJson.Number(json, "media_index"),
        MessageId = CallRecordJson.Text(json, "message_id"),
        From = ReadParty(json.GetProperty("from")),
        To = ReadParty(json.GetProperty("to")),
        StartedAt = CallRecordJson.Time(json, "started_at") ?? throw new FormatException("started_at"),
        EndedAt = CallRecordJson.Time(json, "ended_at"),
        ResponseTime = CallRecordJson.Span(json, "response_ms"),
        Outcome = CallRecordJson.Named<MessageOutcome>(json, "outcome"),
        SipStatus = CallRecordJson.Int(json, "sip_status"),
        SipReason = CallRecordJson.Text(json, "sip_reason"),
        Transport = CallRecordJson.Named<Transport>(json, "transport"),
        ContentType = CallRecordJson.Text(json, "content_type"),
        Charset = CallRecordJson.Text(json, "charset"),
        Size = CallRecordJson.Integer(json, "size"),
        Text = CallRecordJson.Text(json, "text"),
        IsTextCut = json.GetProperty("text_cut").GetBoolean(),
        IsIncomplete = json.GetProperty("incomplete").GetBoolean(),
        Chunks = CallRecordJson.Int(json, "chunks"),
        Challenges = CallRecordJson.Int(json, "challenges"),
        Retransmissions = CallRecordJson.Int(json, "retransmissions"),
        Hops = CallRecordJson.Int(json, "hops"),
        Notifications =
        [
            .. CallRecordJson.Items(json, "notifications").Select(static item => new MessageNotification(
                CallRecordJson.Named<NotificationKind>(item, "kind"),
                CallRecordJson.RequiredText(item, "status"),
                CallRecordJson.Time(item, "at") ?? throw new FormatException("at"))),
        ],
        CaptureSource = CallRecordJson.Text(json, "capture_source") ?? "",
        Tenant = CallRecordJson.Text(json, "tenant"),
    };

    private static void WriteParty(Utf8JsonWriter writer, ReadOnlySpan<byte> name, MessageParty party)
    {
        writer.WriteStartObject(name);
        writer.WriteString("number"u8, party.Number);
        writer.WriteString("name"u8, party.Name);
        writer.WriteString("uri"u8, party.Uri);
        writer.WriteString("asserted_uri"u8, party.AssertedUri);
        CallRecordJson.WriteEndpoint(writer, "address"u8, RegistrationJson.Known(party.Address));
        writer.WriteString("user_agent"u8, party.UserAgent);
        writer.WriteEndObject();
    }

    private static MessageParty ReadParty(StoredValue json) => new()
    {
        Number = CallRecordJson.Text(json, "number"),
        Name = CallRecordJson.Text(json, "name"),
        Uri = CallRecordJson.Text(json, "uri"),
        AssertedUri = CallRecordJson.Text(json, "asserted_uri"),
        Address = CallRecordJson.Address(json, "address") ?? default,
        UserAgent = CallRecordJson.Text(json, "user_agent"),
    };
}
