using System.Text.Json;

namespace CdrEngine.Api.Access.Audit;

/// <summary>Entries as JSON, for the API and the command line.</summary>
public static class AuditRowJson
{
    /// <summary>Writes an entry.</summary>
    public static void Write(AuditRow row, Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteNumber("seq"u8, row.Sequence);
        writer.WriteString("time"u8, row.Time);
        writer.WriteString("who"u8, row.Entry.Who);
        writer.WriteString("via"u8, row.Entry.Via);
        writer.WriteString("remote"u8, row.Entry.Remote);
        writer.WriteString("action"u8, row.Entry.Action);
        writer.WriteString("object"u8, row.Entry.Object);
        writer.WriteString("tenant"u8, row.Entry.Tenant);
        writer.WriteString("result"u8, row.Entry.Result);
        writer.WriteString("detail"u8, row.Entry.Detail);
        writer.WriteString("hash"u8, row.Hash);
        writer.WriteEndObject();
    }
}
