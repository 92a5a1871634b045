using System.Globalization;
using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of one RTP stream inside a call record; also an item of <c>/api/v1/streams</c>.</summary>
public static class StreamRecordJson
{
    private const string FromCaller = "caller_to_callee";
    private const string FromCallee = "callee_to_caller";

    /// <summary>Writes one stream as one object: the members of <c>design.md</c> in its order, then additions. Jitter and delta have three
    /// decimals, MOS two.</summary>
    public static void Write(StreamRecord stream, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("ssrc"u8, stream.Ssrc.ToString("x8", CultureInfo.InvariantCulture));
        CallRecordJson.WriteEndpoint(writer, "src"u8, stream.Source);
        CallRecordJson.WriteEndpoint(writer, "dst"u8, stream.Destination);
        writer.WriteNumber("payload_type"u8, stream.PayloadType);
        writer.WriteString("codec"u8, stream.Codec);
        writer.WriteNumber("packets"u8, stream.Packets);
        writer.WriteNumber("octets"u8, stream.Octets);
        writer.WriteNumber("lost"u8, stream.Lost);
        writer.WriteNumber("duplicates"u8, stream.Duplicates);
        writer.WriteNumber("out_of_order"u8, stream.OutOfOrder);
        CallRecordJson.WriteRounded(writer, "jitter_ms"u8, stream.JitterMillisecondsMean, 3);
        CallRecordJson.WriteRounded(writer, "max_jitter_ms"u8, stream.JitterMillisecondsMax, 3);
        CallRecordJson.WriteRounded(writer, "mos"u8, stream.Mos, 2);
        CallRecordJson.WriteRounded(writer, "mos_min"u8, stream.MosMin, 2);
        CallRecordJson.WriteTime(writer, "started_at"u8, stream.StartedAt);
        CallRecordJson.WriteTime(writer, "ended_at"u8, stream.EndedAt);
        writer.WriteString("direction"u8, stream.From switch
        {
            PartySide.Caller => FromCaller,
            PartySide.Callee => FromCallee,
            _ => null,
        });

        // Additions to the list of design.md.
        writer.WriteNumber("media_index"u8, stream.MediaIndex);
        writer.WriteNumber("expected"u8, stream.Expected);
        CallRecordJson.WriteRounded(writer, "max_delta_ms"u8, stream.DeltaMillisecondsMax, 3);
        StreamDetailJson.Write(stream, writer);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; throws <see cref="FormatException"/> or a JSON exception on anything else, which
    /// <see cref="CallRecordJson.TryRead"/> turns into an answer.</summary>
    internal static StreamRecord Read(StoredValue stream) => StreamDetailJson.Read(stream, ReadBasics(stream));

    private static StreamRecord ReadBasics(StoredValue stream) => new()
    {
        Ssrc = uint.Parse(CallRecordJson.RequiredText(stream, "ssrc"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        Source = CallRecordJson.Address(stream, "src") ?? throw new FormatException("src is missing"),
        Destination = CallRecordJson.Address(stream, "dst") ?? throw new FormatException("dst is missing"),
        PayloadType = CallRecordJson.Int(stream, "payload_type"),
        Codec = CallRecordJson.Text(stream, "codec"),
        Packets = CallRecordJson.Integer(stream, "packets"),
        Octets = CallRecordJson.Integer(stream, "octets"),
        Lost = CallRecordJson.Integer(stream, "lost"),
        Duplicates = CallRecordJson.Integer(stream, "duplicates"),
        OutOfOrder = CallRecordJson.Integer(stream, "out_of_order"),
        JitterMillisecondsMean = CallRecordJson.Real(stream, "jitter_ms"),
        JitterMillisecondsMax = CallRecordJson.Real(stream, "max_jitter_ms"),
        Mos = CallRecordJson.Real(stream, "mos"),
        MosMin = CallRecordJson.Real(stream, "mos_min"),
        StartedAt = CallRecordJson.Time(stream, "started_at") ?? default,
        EndedAt = CallRecordJson.Time(stream, "ended_at") ?? default,
        From = CallRecordJson.Text(stream, "direction") switch
        {
            FromCaller => PartySide.Caller,
            FromCallee => PartySide.Callee,
            _ => PartySide.Unknown,
        },
        MediaIndex = stream.TryGetProperty("media_index", out StoredValue index) ? index.GetInt32() : -1,
        Expected = CallRecordJson.Integer(stream, "expected"),
        DeltaMillisecondsMax = CallRecordJson.Real(stream, "max_delta_ms"),
    };
}
