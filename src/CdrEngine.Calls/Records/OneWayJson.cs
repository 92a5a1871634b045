using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>The JSON of one-way audio: the member <c>one_way</c> of a call record.</summary>
internal static class OneWayJson
{
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<OneWayInterval> intervals)
    {
        writer.WriteStartArray("one_way"u8);
        foreach (OneWayInterval interval in intervals)
        {
            writer.WriteStartObject();
            writer.WriteString("kind"u8, EnumNames<OneWayKind>.Of(interval.Kind));
            writer.WriteString("from"u8, EnumNames<PartySide>.Of(interval.From));
            CallRecordJson.WriteTime(writer, "started_at"u8, interval.StartedAt);
            CallRecordJson.WriteTime(writer, "ended_at"u8, interval.EndedAt);
            CallRecordJson.WriteSpan(writer, "duration_ms"u8, interval.Duration);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static OneWayInterval Read(StoredValue interval) => new(
        CallRecordJson.Named<OneWayKind>(interval, "kind"),
        CallRecordJson.Named<PartySide>(interval, "from"),
        CallRecordJson.Time(interval, "started_at") ?? default,
        CallRecordJson.Time(interval, "ended_at") ?? default);
}
