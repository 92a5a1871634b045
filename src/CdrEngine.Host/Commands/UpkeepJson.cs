using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Host.Commands;

/// <summary><c>--format text|json</c> of the commands that look after the data folder: lines for people, or one JSON object.</summary>
internal static class UpkeepJson
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>The flag.</summary>
    public static Option<string?> Flag() => CommonFlags.Flag<string?>("--format", "text|json", "text (default), or json: one object.");

    /// <summary>Whether JSON is asked for.</summary>
    /// <exception cref="CommandException">Something else is.</exception>
    public static bool IsAsked(ParseResult parsed, Option<string?> flag) => (parsed.GetValue(flag) ?? "text") switch
    {
        "text" => false,
        "json" => true,
        string other => throw new CommandException($"--format: '{other}' is none of text, json"),
    };

    /// <summary>Writes an object.</summary>
    public static void Write(TextWriter to, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        to.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    /// <summary>Writes a member that is a list of texts.</summary>
    public static void Texts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
