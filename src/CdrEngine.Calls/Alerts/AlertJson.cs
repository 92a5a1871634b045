using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>The JSON of alerts. Members are always there and only ever grow at the end.</summary>
public static class AlertJson
{
    /// <summary>One alert as one object.</summary>
    public static byte[] ToUtf8(Alert alert)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text)) Write(alert, writer);
        return text.ToArray();
    }

    /// <summary>Writes one alert as one object.</summary>
    public static void Write(Alert alert, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, alert.Id);
        writer.WriteString("rule"u8, alert.Rule);
        writer.WriteString("kind"u8, EnumNames<AlertKind>.Of(alert.Kind));
        writer.WriteString("severity"u8, EnumNames<AlertSeverity>.Of(alert.Severity));
        writer.WriteString("state"u8, EnumNames<AlertState>.Of(alert.State));
        writer.WriteString("tenant"u8, alert.Tenant);
        writer.WriteStartObject("group"u8);
        writer.WriteString("tenant"u8, alert.Group.Tenant);
        writer.WriteString("trunk"u8, alert.Group.Trunk);
        writer.WriteString("peer"u8, alert.Group.Peer);
        writer.WriteString("caller"u8, alert.Group.Caller);
        writer.WriteString("user"u8, alert.Group.User);
        writer.WriteString("source"u8, alert.Group.Source);
        writer.WriteString("currency"u8, alert.Group.Currency);
        writer.WriteEndObject();
        writer.WriteString("subject"u8, AlertText.Subject(alert));
        writer.WriteString("text"u8, AlertText.Finding(alert));
        CallRecordJson.WriteTime(writer, "raised_at"u8, alert.RaisedAt);
        CallRecordJson.WriteTime(writer, "updated_at"u8, alert.UpdatedAt);
        CallRecordJson.WriteTime(writer, "acknowledged_at"u8, alert.AcknowledgedAt);
        writer.WriteString("acknowledged_by"u8, alert.AcknowledgedBy);
        writer.WriteString("note"u8, alert.Note);
        CallRecordJson.WriteTime(writer, "cleared_at"u8, alert.ClearedAt);
        writer.WriteNumber("value"u8, Math.Round(alert.Value, 3));
        writer.WriteNumber("worst"u8, Math.Round(alert.Worst, 3));
        writer.WriteNumber("last"u8, Math.Round(alert.Last, 3));
        writer.WriteNumber("threshold"u8, alert.Threshold);
        writer.WriteNumber("limit"u8, alert.Limit);
        writer.WriteNumber("window_ms"u8, (long)alert.Window.TotalMilliseconds);
        writer.WriteNumber("total"u8, alert.Total);
        writer.WriteNumber("bad"u8, alert.Bad);
        writer.WriteNumber("call_count"u8, alert.CallCount);
        writer.WriteStartArray("calls"u8);
        foreach (string id in alert.Calls) writer.WriteStringValue(id);
        writer.WriteEndArray();
        CallRecordJson.WriteTime(writer, "calls_from"u8, alert.CallsFrom);
        CallRecordJson.WriteTime(writer, "calls_to"u8, alert.CallsTo);
        writer.WriteStartArray("prefixes"u8);
        foreach (string prefix in alert.Prefixes) writer.WriteStringValue(prefix);
        writer.WriteEndArray();
        writer.WriteString("calls_query"u8, AlertCalls.QueryText(alert));
        writer.WriteBoolean("quiet"u8, alert.IsQuiet);
        writer.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null where it cannot be read.</summary>
    public static Alert? Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            JsonElement at = document.RootElement, group = at.GetProperty("group");
            return !EnumNames<AlertKind>.TryParse(Text(at, "kind"), out AlertKind kind) || !EnumNames<AlertSeverity>.TryParse(Text(at, "severity"), out AlertSeverity severity) ? null : new Alert
            {
                Id = Text(at, "id")!,
                Rule = Text(at, "rule")!,
                Kind = kind,
                Severity = severity,
                Tenant = Text(at, "tenant"),
                Group = new AlertGroup
                {
                    Tenant = Text(group, "tenant"),
                    Trunk = Text(group, "trunk"),
                    Peer = Text(group, "peer"),
                    Caller = Text(group, "caller"),
                    User = Text(group, "user"),
                    Source = Text(group, "source"),
                    Currency = Text(group, "currency"),
                },
                RaisedAt = Time(at, "raised_at")!.Value,
                UpdatedAt = Time(at, "updated_at")!.Value,
                AcknowledgedAt = Time(at, "acknowledged_at"),
                AcknowledgedBy = Text(at, "acknowledged_by"),
                Note = Text(at, "note"),
                ClearedAt = Time(at, "cleared_at"),
                Value = at.GetProperty("value").GetDouble(),
                Worst = at.GetProperty("worst").GetDouble(),
                Last = at.GetProperty("last").GetDouble(),
                Threshold = at.GetProperty("threshold").GetDouble(),
                Limit = at.GetProperty("limit").GetDouble(),
                Window = TimeSpan.FromMilliseconds(at.GetProperty("window_ms").GetInt64()),
                Total = at.GetProperty("total").GetInt64(),
                Bad = at.GetProperty("bad").GetInt64(),
                CallCount = at.GetProperty("call_count").GetInt64(),
                Calls = [.. at.GetProperty("calls").EnumerateArray().Select(static id => id.GetString()!)],
                CallsFrom = Time(at, "calls_from"),
                CallsTo = Time(at, "calls_to"),
                Prefixes = [.. at.GetProperty("prefixes").EnumerateArray().Select(static prefix => prefix.GetString()!)],
                IsQuiet = at.GetProperty("quiet").GetBoolean(),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement at, string name) => at.GetProperty(name).GetString();

    private static Timestamp? Time(JsonElement at, string name) =>
        at.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? Timestamp.From(text.GetDateTimeOffset()) : null;
}
