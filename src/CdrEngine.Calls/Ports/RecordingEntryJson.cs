using System.Text.Json;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>The JSON of a recording's state. Members are always there and only ever grow at the end.</summary>
public static class RecordingEntryJson
{
    /// <summary>Writes one entry as one object.</summary>
    public static void Write(RecordingEntry entry, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("call_id"u8, entry.CallId);
        writer.WriteString("state"u8, EnumNames<RecordingState>.Of(entry.State));
        writer.WriteString("reason"u8, entry.Reason);
        writer.WriteString("url"u8, entry.State == RecordingState.Available ? RecordingInfo.PathOf(entry.CallId) : null);
        writer.WriteNumber("bytes"u8, entry.Bytes);
        CallRecordJson.WriteSpan(writer, "duration_ms"u8, entry.Duration);
        writer.WriteNumber("sample_rate"u8, entry.SampleRateHz);
        writer.WriteNumber("channels"u8, entry.Channels);
        writer.WriteNumber("attempts"u8, entry.Attempts);
        CallRecordJson.WriteTime(writer, "created_at"u8, entry.CreatedAt);
        writer.WriteString("part_reason"u8, entry.PartReason);
        writer.WriteEndObject();
    }
}
