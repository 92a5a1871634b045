using System.Globalization;
using System.Text.Json;
using CdrEngine.Core;

namespace CdrEngine.Engine.Tests.Truth;

/// <summary>Reading the two truth files.</summary>
internal static class TruthJson
{
    public static bool IsNull(this JsonElement parent, string member) =>
        !parent.TryGetProperty(member, out JsonElement value) || value.ValueKind == JsonValueKind.Null;

    public static string? Text(this JsonElement parent, string member) => parent.IsNull(member) ? null : parent.GetProperty(member).GetString();

    public static long? Integer(this JsonElement parent, string member) => parent.IsNull(member) ? null : parent.GetProperty(member).GetInt64();

    public static bool? Truth(this JsonElement parent, string member) => parent.IsNull(member) ? null : parent.GetProperty(member).GetBoolean();

    /// <summary>Epoch seconds with six decimals.</summary>
    public static Timestamp? Time(this JsonElement parent, string member) =>
        parent.IsNull(member) ? null : new Timestamp((long)(parent.GetProperty(member).GetDecimal() * 1_000_000));

    public static JsonElement.ArrayEnumerator Items(this JsonElement parent, string member) =>
        parent.IsNull(member) ? default : parent.GetProperty(member).EnumerateArray();

    public static uint Ssrc(string text) =>
        uint.Parse(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
