using System.Text.RegularExpressions;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>A vendor's own description of its API, and what can be taken from it.</summary>
internal sealed class VendorText
{
    private VendorText(string text) => Text = text;

    public string Text { get; }

    /// <summary>Reads a text of ../shared/api; for tests marked <see cref="SharedFactAttribute"/>.</summary>
    public static VendorText Read(string name) => new(File.ReadAllText(SharedFolder.Path("api", name)));

    /// <summary>Every JSON object or array of the text, in order, that parses. What is marked up is taken off before.</summary>
    /// <param name="clean">Mends what the text breaks in examples, for example a comma before a bracket; null for nothing.</param>
    public IReadOnlyList<JsonElement> Examples(Func<string, string>? clean = null)
    {
        string text = clean is null ? Text : clean(Text);
        var found = new List<JsonElement>();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('{' or '[')) continue;
            if (Balanced(text, i) is not { } end) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(text.AsMemory(i, end - i + 1), new JsonDocumentOptions { AllowTrailingCommas = true });
                if (document.RootElement.ValueKind == JsonValueKind.Object && !document.RootElement.EnumerateObject().Any()) continue;
                found.Add(document.RootElement.Clone());
                i = end;
            }
            catch (JsonException)
            {
                // A brace of prose.
            }
        }

        return found;
    }

    /// <summary>The members of a table of lines "name", blank, "type" under a head line, with their types, in order.</summary>
    public IReadOnlyList<(string Name, string Type)> Table(string from, string to)
    {
        int begin = Text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(begin >= 0, $"the text has no '{from}'");
        int end = to.Length == 0 ? Text.Length : Text.IndexOf(to, begin + from.Length, StringComparison.Ordinal);
        string[] lines = [.. Text[(begin + from.Length)..(end < 0 ? Text.Length : end)].Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)];
        var members = new List<(string Name, string Type)>();
        for (int i = 0; i + 1 < lines.Length; i++)
        {
            if (Regex.IsMatch(lines[i], "^[a-z][a-z0-9_]*$", RegexOptions.None, TimeSpan.FromSeconds(1)) && Regex.IsMatch(lines[i + 1], @"^(string|long|integer|object|Array\[.*\]|array \[.*\])$", RegexOptions.None, TimeSpan.FromSeconds(1)))
                members.Add((lines[i], lines[++i]));
        }

        return members;
    }

    private static int? Balanced(string text, int from)
    {
        int depth = 0;
        bool inString = false;
        for (int i = from; i < text.Length; i++)
        {
            char c = text[i];
            if (inString)
            {
                if (c == '\\') i++;
                else if (c == '"') inString = false;
            }
            else if (c == '"')
            {
                inString = true;
            }
            else if (c is '{' or '[')
            {
                depth++;
            }
            else if (c is '}' or ']' && --depth == 0)
            {
                return i;
            }
        }

        return null;
    }
}

/// <summary>Compares answers with examples.</summary>
internal static class Shapes
{
    /// <summary>Asserts that an answer has the members of an example, in its order, of the same kinds and with texts of the same form. Null fits everything, an empty list
    /// fits any.</summary>
    public static void Fits(JsonElement example, JsonElement answer, string path = "$")
    {
        if (answer.ValueKind == JsonValueKind.Null) return;
        JsonValueKind Kind(JsonElement element) => element.ValueKind == JsonValueKind.False ? JsonValueKind.True : element.ValueKind;
        Assert.True(Kind(example) == Kind(answer), $"{path}: {answer.ValueKind} for {example.ValueKind}");
        switch (example.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal($"{path}: {string.Join(' ', example.EnumerateObject().Select(static member => member.Name))}", $"{path}: {string.Join(' ', answer.EnumerateObject().Select(static member => member.Name))}");
                foreach (JsonProperty member in example.EnumerateObject()) Fits(member.Value, answer.GetProperty(member.Name), $"{path}.{member.Name}");
                break;
            case JsonValueKind.Array:
                if (example.GetArrayLength() == 0) break;
                foreach (JsonElement item in answer.EnumerateArray()) Fits(example[0], item, $"{path}[]");
                break;
            case JsonValueKind.Number:
                Assert.True(example.GetRawText().Contains('.') || !answer.GetRawText().Contains('.'), $"{path}: {answer} is not whole as {example} is");
                break;
            case JsonValueKind.String:
                if (Form(example.GetString()!) is { } form) Assert.Matches(form, answer.GetString()!);
                break;
        }
    }

    // Times, digits and identifiers of an example say how others look; words do not.
    private static string? Form(string example) => (string[])
    [
        @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$",
        @"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", @"^\d{6}-[0-9a-f]{24,32}$", @"^\d{6}-.+$", @"^\d{8,}$",
    ] is var forms ? Array.Find(forms, form => Regex.IsMatch(example, form, RegexOptions.None, TimeSpan.FromSeconds(1))) : null;
}
