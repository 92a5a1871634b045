using System.Text.Json;
using CdrEngine.Core;

namespace CdrEngine.Api.Answers;

/// <summary>Values as records write them.</summary>
internal static class JsonValues
{
    /// <summary>An instant, RFC 3339 with six decimals, or null.</summary>
    public static void Time(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Timestamp? at) => writer.WriteString(name, at?.ToString());

    /// <summary>A span in whole milliseconds.</summary>
    public static void Span(Utf8JsonWriter writer, ReadOnlySpan<byte> name, TimeSpan span) => writer.WriteNumber(name, (long)span.TotalMilliseconds);
}
