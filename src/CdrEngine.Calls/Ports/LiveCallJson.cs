using System.Text.Json;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>The JSON of calls in progress and of what happens to them. Members are always there and only ever grow at the end.</summary>
public static class LiveCallJson
{
    /// <summary>Writes one call in progress as one object.</summary>
    public static void Write(LiveCall call, Utf8JsonWriter writer)
    {
        CallRecord record = call.Record;
        writer.WriteStartObject();
        writer.WriteString("id"u8, record.Id);
        writer.WriteString("session_id"u8, record.SessionId);
        writer.WriteString("sip_call_id"u8, record.SipCallId);
        writer.WriteString("state"u8, EnumNames<LiveState>.Of(call.State));
        writer.WriteString("direction"u8, record.Direction is { } direction ? EnumNames<CallDirection>.Of(direction) : null);
        writer.WriteString("tenant"u8, call.Tenant);
        writer.WriteString("dialled"u8, record.Dialled);
        WriteParty(writer, "caller"u8, record.Caller);
        WriteParty(writer, "callee"u8, record.Callee);
        CallRecordJson.WriteTime(writer, "started_at"u8, record.StartedAt);
        CallRecordJson.WriteTime(writer, "rang_at"u8, record.RangAt);
        CallRecordJson.WriteTime(writer, "answered_at"u8, record.AnsweredAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, record.EndedAt);
        CallRecordJson.WriteSpan(writer, "duration_ms"u8, call.Duration);
        CallRecordJson.WriteSpan(writer, "ring_ms"u8, call.Ring);
        CallRecordJson.WriteSpan(writer, "talk_ms"u8, call.Talk);
        writer.WriteString("codec"u8, call.CallerSent?.Codec ?? call.CalleeSent?.Codec);
        writer.WriteString("transport"u8, EnumNames<Transport>.Of(record.Transport));
        writer.WriteString("capture_source"u8, record.CaptureSource);
        writer.WriteStartArray("flags"u8);
        foreach ((CallFlags flag, string name) in EnumNames<CallFlags>.All)
        {
            if (flag != CallFlags.None && record.Flags.HasFlag(flag)) writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
        WriteSide(writer, "caller_sent"u8, call.CallerSent);
        WriteSide(writer, "callee_sent"u8, call.CalleeSent);
        writer.WriteString("unheard"u8, call.Unheard is { } side ? EnumNames<PartySide>.Of(side) : null);
        writer.WriteBoolean("measured"u8, call.IsMeasured);
        CallRecordJson.WriteTime(writer, "as_of"u8, call.Now == Timestamp.MinValue ? null : call.Now);
        writer.WriteEndObject();
    }

    /// <summary>Writes what happened as one object.</summary>
    /// <param name="what">The event.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="rounding">How billable seconds of a final record are rounded.</param>
    public static void Write(LiveEvent what, Utf8JsonWriter writer, BillsecRounding rounding = BillsecRounding.Nearest)
    {
        writer.WriteStartObject();
        if (what.Id == 0) writer.WriteNull("id"u8);
        else writer.WriteNumber("id"u8, what.Id);
        writer.WriteString("type"u8, LiveEventNames.Of(what.Kind));
        CallRecordJson.WriteTime(writer, "at"u8, what.At);
        writer.WriteString("update"u8, what.Update == LiveUpdate.None ? null : EnumNames<LiveUpdate>.Of(what.Update));
        writer.WritePropertyName("call"u8);
        if (what.Call is { } call) Write(call, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("media_session"u8);
        if (what.MediaSession is { } session) MediaSessionJson.Write(session, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("record"u8);
        if (what.Call is { } over && (what.Kind == LiveEventKind.CallRecorded || what.Update == LiveUpdate.Revised)) CallRecordJson.Write(over.Record, writer, rounding);
        else writer.WriteNullValue();
        writer.WritePropertyName("registration"u8);
        if (what.Registration is { } registration) RegistrationJson.Write(registration, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("registration_event"u8);
        if (what.RegistrationEvent is { } happened) RegistrationJson.Write(happened, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("message"u8);
        if (what.Message is { } message) MessageJson.Write(message, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("peer"u8);
        if (what.Peer is { } peer) PeerJson.Write(peer, writer);
        else writer.WriteNullValue();
        writer.WritePropertyName("alert"u8);
        if (what.Alert is { } alert) AlertJson.Write(alert, writer);
        else writer.WriteNullValue();
        writer.WriteEndObject();
    }

    private static void WriteParty(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Party party)
    {
        writer.WriteStartObject(name);
        writer.WriteString("number"u8, party.Number);
        writer.WriteString("name"u8, party.Name);
        writer.WriteString("uri"u8, party.Uri);
        writer.WriteString("ip"u8, party.Address?.Address.ToString());
        if (party.Address is { } address) writer.WriteNumber("port"u8, address.Port);
        else writer.WriteNull("port"u8);
        writer.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter writer, ReadOnlySpan<byte> name, LiveSide? side)
    {
        if (side is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteString("codec"u8, side.Codec);
        CallRecordJson.WriteEndpoint(writer, "src"u8, side.Source);
        CallRecordJson.WriteEndpoint(writer, "dst"u8, side.Destination);
        writer.WriteNumber("packets"u8, side.Packets);
        writer.WriteNumber("expected"u8, side.Expected);
        writer.WriteNumber("lost"u8, side.Lost);
        CallRecordJson.WriteRounded(writer, "loss_percent"u8, side.Expected > 0 ? 100.0 * side.Lost / side.Expected : 0, 3);
        CallRecordJson.WriteRounded(writer, "jitter_ms"u8, side.JitterMilliseconds, 3);
        CallRecordJson.WriteRounded(writer, "mos"u8, side.Mos, 2);
        writer.WriteNumber("packets_now"u8, side.PacketsNow);
        writer.WriteNumber("lost_now"u8, side.LostNow);
        CallRecordJson.WriteRounded(writer, "jitter_now_ms"u8, side.JitterMillisecondsNow, 3);
        CallRecordJson.WriteRounded(writer, "mos_now"u8, side.MosNow, 2);
        CallRecordJson.WriteTime(writer, "last_packet_at"u8, side.LastAt);
        writer.WriteEndObject();
    }
}
