using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of a media session: the same object inside a call's <c>media_sessions</c> and on its own. Members are always there and
/// only ever grow at the end.</summary>
public static class MediaSessionJson
{
    /// <summary>One record as UTF-8 on one line, without a line end.</summary>
    public static byte[] ToUtf8(MediaSessionRecord session) => JsonScratch.ToUtf8(session, Write);

    /// <summary>Writes one record as one object.</summary>
    public static void Write(MediaSessionRecord session, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, session.Index);
        writer.WriteString("media"u8, session.Media);
        writer.WriteString("protocol"u8, session.Protocol);
        CallRecordJson.WriteEndpoint(writer, "caller"u8, session.Caller);
        CallRecordJson.WriteEndpoint(writer, "callee"u8, session.Callee);
        WriteTexts(writer, "offered"u8, session.Offered);
        WriteTexts(writer, "answered"u8, session.Answered);
        writer.WriteString("direction"u8, session.Direction);
        CallRecordJson.WriteTime(writer, "started_at"u8, session.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, session.EndedAt);
        writer.WriteString("id"u8, session.Id);
        writer.WriteString("call_id"u8, session.CallId);
        writer.WriteString("type"u8, EnumNames<MediaSessionType>.Of(session.Type));
        CallRecordJson.WriteSpan(writer, "duration_ms"u8, session.Duration);
        writer.WriteString("caller_number"u8, session.CallerNumber);
        writer.WriteString("caller_name"u8, session.CallerName);
        writer.WriteString("callee_number"u8, session.CalleeNumber);
        writer.WriteString("callee_name"u8, session.CalleeName);
        writer.WriteString("caller_codec"u8, session.CallerCodec);
        writer.WriteString("callee_codec"u8, session.CalleeCodec);
        CallRecordJson.WriteEndpoint(writer, "caller_rtcp"u8, session.CallerRtcp);
        CallRecordJson.WriteEndpoint(writer, "callee_rtcp"u8, session.CalleeRtcp);
        writer.WriteStartArray("directions"u8);
        for (int i = 0; i < session.Directions.Count; i++)
        {
            DirectionChange change = session.Directions[i];
            writer.WriteStartObject();
            CallRecordJson.WriteTime(writer, "at"u8, change.At);
            writer.WriteString("direction"u8, change.Direction);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteSide(writer, "caller_sent"u8, session.CallerSent);
        WriteSide(writer, "callee_sent"u8, session.CalleeSent);
        CallRecordJson.WriteRounded(writer, "mos"u8, session.Mos, 2);
        CallRecordJson.WriteRounded(writer, "mos_min"u8, session.MosMin, 2);
        writer.WriteStartArray("flags"u8);
        foreach ((MediaSessionFlags flag, string name) in EnumNames<MediaSessionFlags>.Each)
        {
            if (flag != MediaSessionFlags.None && session.Flags.HasFlag(flag)) writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
        writer.WriteString("one_way_kind"u8, session.OneWayKind);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; throws <see cref="FormatException"/> or a JSON exception on anything else, which
    /// <see cref="CallRecordJson.TryRead"/> turns into an answer.</summary>
    internal static MediaSessionRecord Read(StoredValue session) => new()
    {
        Index = CallRecordJson.Int(session, "index"),
        Media = CallRecordJson.Text(session, "media") ?? "",
        Protocol = CallRecordJson.Text(session, "protocol") ?? "",
        Caller = CallRecordJson.Address(session, "caller"),
        Callee = CallRecordJson.Address(session, "callee"),
        Offered = CallRecordJson.Strings(session, "offered"),
        Answered = CallRecordJson.Strings(session, "answered"),
        Direction = CallRecordJson.Text(session, "direction") ?? "sendrecv",
        StartedAt = CallRecordJson.Time(session, "started_at"),
        EndedAt = CallRecordJson.Time(session, "ended_at"),
        Id = CallRecordJson.Text(session, "id") ?? "",
        CallId = CallRecordJson.Text(session, "call_id") ?? "",
        CallerNumber = CallRecordJson.Text(session, "caller_number"),
        CallerName = CallRecordJson.Text(session, "caller_name"),
        CalleeNumber = CallRecordJson.Text(session, "callee_number"),
        CalleeName = CallRecordJson.Text(session, "callee_name"),
        CallerCodec = CallRecordJson.Text(session, "caller_codec"),
        CalleeCodec = CallRecordJson.Text(session, "callee_codec"),
        CallerRtcp = CallRecordJson.Address(session, "caller_rtcp"),
        CalleeRtcp = CallRecordJson.Address(session, "callee_rtcp"),
        Directions = [.. CallRecordJson.Items(session, "directions").Select(static change => new DirectionChange(
            CallRecordJson.Time(change, "at") ?? default, CallRecordJson.RequiredText(change, "direction")))],
        CallerSent = ReadSide(session, "caller_sent"),
        CalleeSent = ReadSide(session, "callee_sent"),
        Flags = ReadFlags(session),
        OneWayKind = CallRecordJson.Text(session, "one_way_kind"),
    };

    private static void WriteTexts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        for (int i = 0; i < texts.Count; i++) writer.WriteStringValue(texts[i]);
        writer.WriteEndArray();
    }

    private static void WriteSide(Utf8JsonWriter writer, ReadOnlySpan<byte> name, MediaSideRecord? side)
    {
        if (side is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteNumber("streams"u8, side.Streams);
        writer.WriteNumber("packets"u8, side.Packets);
        writer.WriteNumber("octets"u8, side.Octets);
        writer.WriteNumber("expected"u8, side.Expected);
        writer.WriteNumber("lost"u8, side.Lost);
        CallRecordJson.WriteRounded(writer, "loss_percent"u8, side.LossPercent, 3);
        writer.WriteNumber("duplicates"u8, side.Duplicates);
        writer.WriteNumber("out_of_order"u8, side.OutOfOrder);
        CallRecordJson.WriteRounded(writer, "jitter_ms"u8, side.JitterMillisecondsMean, 3);
        CallRecordJson.WriteRounded(writer, "max_jitter_ms"u8, side.JitterMillisecondsMax, 3);
        CallRecordJson.WriteRounded(writer, "mos"u8, side.Mos, 2);
        CallRecordJson.WriteRounded(writer, "mos_min"u8, side.MosMin, 2);
        CallRecordJson.WriteTime(writer, "started_at"u8, side.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, side.EndedAt);
        writer.WriteEndObject();
    }

    private static MediaSideRecord? ReadSide(StoredValue session, string name)
    {
        if (!session.TryGetProperty(name, out StoredValue side) || side.ValueKind != JsonValueKind.Object) return null;
        return new MediaSideRecord
        {
            Streams = CallRecordJson.Int(side, "streams"),
            Packets = CallRecordJson.Integer(side, "packets"),
            Octets = CallRecordJson.Integer(side, "octets"),
            Expected = CallRecordJson.Integer(side, "expected"),
            Lost = CallRecordJson.Integer(side, "lost"),
            Duplicates = CallRecordJson.Integer(side, "duplicates"),
            OutOfOrder = CallRecordJson.Integer(side, "out_of_order"),
            JitterMillisecondsMean = CallRecordJson.Real(side, "jitter_ms"),
            JitterMillisecondsMax = CallRecordJson.Real(side, "max_jitter_ms"),
            Mos = CallRecordJson.Real(side, "mos"),
            MosMin = CallRecordJson.Real(side, "mos_min"),
            StartedAt = CallRecordJson.Time(side, "started_at") ?? default,
            EndedAt = CallRecordJson.Time(side, "ended_at") ?? default,
        };
    }

    private static MediaSessionFlags ReadFlags(StoredValue session)
    {
        MediaSessionFlags flags = MediaSessionFlags.None;
        foreach (string name in CallRecordJson.Strings(session, "flags"))
            flags |= EnumNames<MediaSessionFlags>.TryParse(name, out MediaSessionFlags flag) ? flag : throw new FormatException($"flag {name}");
        return flags;
    }
}
