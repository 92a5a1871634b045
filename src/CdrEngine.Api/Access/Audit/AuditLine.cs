using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Api.Access.Audit;

/// <summary>The lines of the audit: a JSON object each, whose last member <c>hash</c> is the SHA-256 of everything before it. Among that is <c>prev</c>, the
/// hash of the line before, so that no line can be changed, taken out or put in without all that follow being made anew.</summary>
internal static class AuditLine
{
    /// <summary>Hash that the very first line names as its predecessor's.</summary>
    public static readonly string Genesis = new('0', 64);

    /// <summary>Longest line, bytes, its end included: every member is cut to fit.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int ShortText = 128;
    private const int LongText = 512;
    private static readonly byte[] HashBegins = [.. ",\"hash\":\""u8];
    private static readonly byte[] HashEnds = [.. "\"}"u8];

    /// <summary>The line of an entry, its end included.</summary>
    public static byte[] Write(AuditEntry entry, long sequence, string time, string previous)
    {
        using var line = new MemoryStream(512);
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteNumber("seq"u8, sequence);
            writer.WriteString("time"u8, time);
            Text(writer, "who", entry.Who, ShortText);
            Text(writer, "via", entry.Via, ShortText);
            Text(writer, "remote", entry.Remote, ShortText);
            Text(writer, "action", entry.Action, ShortText);
            Text(writer, "object", entry.Object, LongText);
            Text(writer, "tenant", entry.Tenant, ShortText);
            Text(writer, "result", entry.Result, ShortText);
            Text(writer, "detail", entry.Detail, LongText);
            writer.WriteString("prev"u8, previous);
            writer.WriteEndObject();
        }

        // Without the closing brace: the hash becomes the last member.
        line.SetLength(line.Length - 1);
        string hash = Hash(line.GetBuffer().AsSpan(0, (int)line.Length));
        line.Position = line.Length;
        line.Write(HashBegins);
        line.Write(Encoding.ASCII.GetBytes(hash));
        line.Write(HashEnds);
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }

    /// <summary>Takes a line apart, without its end.</summary>
    /// <param name="line">The line.</param>
    /// <param name="row">What it tells.</param>
    /// <param name="previous">The hash it names as its predecessor's.</param>
    /// <param name="isIntact">Whether its hash is that of its bytes.</param>
    /// <returns>False where it is no line of this form; of such a one the hash of all its bytes stands in the chain.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out AuditRow? row, out string previous, out bool isIntact)
    {
        row = null;
        previous = "";
        isIntact = false;
        int tail = HashBegins.Length + 64 + HashEnds.Length;
        if (line.Length <= tail || !line.EndsWith(HashEnds) || !line[^tail..].StartsWith(HashBegins)) return false;
        string hash = Encoding.ASCII.GetString(line.Slice(line.Length - HashEnds.Length - 64, 64));
        try
        {
            var reader = new Utf8JsonReader(line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("seq", out JsonElement sequence) || !sequence.TryGetInt64(out long number)) return false;
            previous = Text(root, "prev") ?? "";
            row = new AuditRow(
                number,
                Text(root, "time") ?? "",
                new AuditEntry(Text(root, "action") ?? "")
                {
                    Who = Text(root, "who"),
                    Via = Text(root, "via") ?? "",
                    Remote = Text(root, "remote"),
                    Object = Text(root, "object"),
                    Tenant = Text(root, "tenant"),
                    Result = Text(root, "result") ?? "",
                    Detail = Text(root, "detail"),
                },
                hash);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }

        isIntact = Hash(line[..^tail]) == hash;
        return true;
    }

    /// <summary>SHA-256, hexadecimal.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    // Through bytes, so that half of a surrogate pair becomes a replacement character and no fault.
    private static void Text(Utf8JsonWriter writer, string name, string? text, int most)
    {
        if (text is null) writer.WriteNull(name);
        else writer.WriteString(name, Encoding.UTF8.GetBytes(text.Length > most ? text[..most] + "…" : text));
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
