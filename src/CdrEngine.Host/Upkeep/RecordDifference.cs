using System.Text.Json;

namespace CdrEngine.Host.Upkeep;

/// <summary>Compares two records as JSON, member by member.</summary>
internal static class RecordDifference
{
    private const int MostShown = 80;

    // Second copies by the mirror are counted, and only the first is kept.
    private const string NotKept = "mirror_duplicates";

    /// <summary>A line for each member that differs: <c>caller.number: "100" stored, "101" from its packets</c>.</summary>
    public static List<string> Of(byte[] stored, byte[] rebuilt, IReadOnlySet<string> except)
    {
        var lines = new List<string>();
        using JsonDocument left = JsonDocument.Parse(stored), right = JsonDocument.Parse(rebuilt);
        Compare(left.RootElement, right.RootElement, "", except, lines);
        return lines;
    }

    private static void Compare(JsonElement left, JsonElement right, string path, IReadOnlySet<string> except, List<string> lines)
    {
        if (left.ValueKind == JsonValueKind.Object && right.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in left.EnumerateObject().Concat(right.EnumerateObject()).Select(static member => member.Name).Distinct(StringComparer.Ordinal))
            {
                string inner = path.Length == 0 ? name : $"{path}.{name}";
                if (name == NotKept || except.Contains(inner)) continue;
                bool inLeft = left.TryGetProperty(name, out JsonElement mine), inRight = right.TryGetProperty(name, out JsonElement other);
                if (inLeft && inRight) Compare(mine, other, inner, except, lines);

                // An older program left out what this one writes as null or empty.
                else if (!IsNothing(inLeft ? mine : other)) lines.Add(Line(inner, inLeft ? mine.GetRawText() : "nothing", inRight ? other.GetRawText() : "nothing"));
            }
        }
        else if (left.ValueKind == JsonValueKind.Array && right.ValueKind == JsonValueKind.Array && left.GetArrayLength() == right.GetArrayLength())
        {
            for (int i = 0; i < left.GetArrayLength(); i++) Compare(left[i], right[i], $"{path}[{i}]", except, lines);
        }
        else if (!JsonElement.DeepEquals(left, right))
        {
            lines.Add(Line(path, left.GetRawText(), right.GetRawText()));
        }
    }

    private static bool IsNothing(JsonElement value) => value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);

    private static string Line(string path, string stored, string rebuilt) => $"{path}: {Short(stored)} stored, {Short(rebuilt)} from its packets";

    private static string Short(string text) => text.Length <= MostShown ? text : text[..MostShown] + "…";
}
