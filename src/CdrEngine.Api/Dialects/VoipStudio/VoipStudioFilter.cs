using System.Globalization;
using System.Text.Json;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Core;
using Microsoft.Extensions.Primitives;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>One condition of a filter.</summary>
/// <param name="Property">Member it is on.</param>
/// <param name="Operator"><c>eq</c>, <c>in</c>, <c>gt</c>, <c>gte</c>, <c>lt</c>, <c>lte</c> or <c>like</c>.</param>
/// <param name="Values">Values: one, but for <c>in</c>.</param>
internal sealed record VoipStudioCondition(string Property, string Operator, IReadOnlyList<string> Values)
{
    /// <summary>The value of all but <c>in</c>.</summary>
    public string Value => Values[0];

    /// <summary>It in a text that no other condition has.</summary>
    public override string ToString() => JsonSerializer.Serialize([Property, Operator, .. Values], VoipStudioJson.Default.StringArray);
}

/// <summary>Reads <c>filter</c> and <c>sort</c>: arrays of objects as JSON. Faults are noted in the reader of the query.</summary>
internal static class VoipStudioFilter
{
    /// <summary>Most conditions.</summary>
    public const int MostConditions = 20;

    private const string FilterName = "filter";
    private const string SortName = "sort";

    private static readonly Dictionary<string, string> Operators = new(StringComparer.OrdinalIgnoreCase)
    {
        ["eq"] = "eq",
        ["="] = "eq",
        ["=="] = "eq",
        ["in"] = "in",
        ["gt"] = "gt",
        [">"] = "gt",
        ["gte"] = "gte",
        ["ge"] = "gte",
        [">="] = "gte",
        ["lt"] = "lt",
        ["<"] = "lt",
        ["lte"] = "lte",
        ["le"] = "lte",
        ["<="] = "lte",
        ["like"] = "like",
    };

    /// <summary>The conditions of <c>filter</c>, all of which are to hold: <c>[{"property":"src","operator":"eq","value":"1001"}]</c>.</summary>
    public static IReadOnlyList<VoipStudioCondition> Read(DialectRequest request)
    {
        if (Raw(request, FilterName) is not { } text) return [];
        var conditions = new List<VoipStudioCondition>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)) throw new JsonException();
            JsonElement[] items = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : [document.RootElement];
            if (items.Length > MostConditions)
            {
                request.Query.Refuse(FilterName, $"{items.Length}", $"are more conditions than the {MostConditions} there may be");
                return [];
            }

            foreach (JsonElement item in items)
            {
                if (Condition(request, item) is not { } condition) return [];
                conditions.Add(condition);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            request.Query.Refuse(FilterName, Shown(text), "is no JSON such as [{\"property\":\"src\",\"operator\":\"eq\",\"value\":\"1001\"}]");
            return [];
        }

        return conditions;
    }

    /// <summary>Whether the earliest come first, by <c>sort</c>: a list is sorted by its time; its id counts as that. The latest first where nothing is said.</summary>
    public static bool Ascending(DialectRequest request, string time)
    {
        if (Raw(request, SortName) is not { } text) return false;
        string? property = null;
        string? direction = null;
        try
        {
            if (text.TrimStart() is ['[' or '{', ..])
            {
                using JsonDocument document = JsonDocument.Parse(text);
                JsonElement first = document.RootElement;
                if (first.ValueKind == JsonValueKind.Array)
                {
                    if (first.GetArrayLength() == 0) return false;
                    first = first[0];
                }

                property = Member(first, "property") ?? throw new JsonException();
                direction = Member(first, "direction") ?? "ASC";
            }
            else
            {
                direction = text.StartsWith('-') ? "DESC" : "ASC";
                property = text.TrimStart('-', '+');
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            request.Query.Refuse(SortName, Shown(text), "is no JSON such as [{\"property\":\"" + time + "\",\"direction\":\"DESC\"}]");
            return false;
        }

        if (property != time && property != "id") request.Query.Refuse(SortName, Shown(property), $"is none that this list is sorted by: {time}, id");
        bool ascending = direction.Equals("ASC", StringComparison.OrdinalIgnoreCase);
        if (!ascending && !direction.Equals("DESC", StringComparison.OrdinalIgnoreCase)) request.Query.Refuse(SortName, Shown(direction), "is none of ASC, DESC");
        return ascending;
    }

    /// <summary>Notes that a condition cannot be asked.</summary>
    public static void Refuse(DialectRequest request, VoipStudioCondition condition, string problem) =>
        request.Query.Refuse(FilterName, Shown(condition.ToString()), problem);

    /// <summary>Narrows a span of time: seconds are what is shown, so a condition is on whole seconds.</summary>
    public static (Timestamp? From, Timestamp? To) Times(DialectRequest request, VoipStudioCondition condition, Timestamp? from, Timestamp? to)
    {
        if (VoipStudioMapping.ReadTime(condition.Value) is not { } at)
        {
            Refuse(request, condition, "has no time such as 2026-11-20 04:27:00");
            return (from, to);
        }

        Timestamp next = at + TimeSpan.FromSeconds(1);
        switch (condition.Operator)
        {
            case "gt":
                return (Later(from, next), to);
            case "gte":
                return (Later(from, at), to);
            case "lt":
                return (from, Earlier(to, at));
            case "lte":
                return (from, Earlier(to, next));
            case "eq":
                return (Later(from, at), Earlier(to, condition.Value.Length == 10 ? at + TimeSpan.FromDays(1) : next));
            default:
                Refuse(request, condition, "has an operator that does not go with a time");
                return (from, to);
        }
    }

    /// <summary>Whole numbers of a condition that asks for equality; null where it asks for anything else, and then that is noted.</summary>
    public static IReadOnlyList<long>? Wholes(DialectRequest request, VoipStudioCondition condition)
    {
        var numbers = new List<long>();
        foreach (string value in condition.Values)
        {
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                Refuse(request, condition, "has a value that is no whole number");
                return null;
            }

            numbers.Add(number);
        }

        return IsEquality(request, condition) ? numbers : null;
    }

    /// <summary>Whether a condition asks for equality with one value or one of several; where not, that is noted.</summary>
    public static bool IsEquality(DialectRequest request, VoipStudioCondition condition)
    {
        if (condition.Operator is "eq" or "in") return true;
        Refuse(request, condition, "has an operator other than eq and in");
        return false;
    }

    private static Timestamp? Later(Timestamp? left, Timestamp right) => left is { } known ? Timestamp.Max(known, right) : right;

    private static Timestamp? Earlier(Timestamp? left, Timestamp right) => left is { } known && known < right ? known : right;

    private static VoipStudioCondition? Condition(DialectRequest request, JsonElement item)
    {
        string property = Member(item, "property") ?? throw new JsonException();
        string named = Member(item, "operator") ?? "eq";
        if (!Operators.TryGetValue(named, out string? operation))
        {
            request.Query.Refuse(FilterName, Shown(named), "is no operator: eq, in, gt, gte, lt, lte, like");
            return null;
        }

        if (!item.TryGetProperty("value", out JsonElement value)) throw new JsonException();
        string[] values = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Text)] : operation == "in" ? Text(value).Split(',', StringSplitOptions.TrimEntries) : [Text(value)];
        if (operation == "eq" && values.Length > 1) operation = "in";
        int longest = request.Desk.Options.Limits.ParameterLength;
        if (values.Length == 0 || values.Length > QueryReader.MostValues || (operation != "in" && values.Length > 1))
        {
            request.Query.Refuse(FilterName, Shown(property), $"has {values.Length} values");
            return null;
        }

        if (values.Any(text => text.Length > longest || text.Any(char.IsControl)))
        {
            request.Query.Refuse(FilterName, Shown(property), $"has a value with control characters or longer than {longest} characters");
            return null;
        }

        return new VoipStudioCondition(property, operation, values);
    }

    private static string? Member(JsonElement item, string name) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new JsonException(),
    };

    private static string? Raw(DialectRequest request, string name)
    {
        StringValues values = request.Http.Request.Query[name];
        if (values.Count > 1) request.Query.Refuse(name, Shown(values[0] ?? ""), $"is given {values.Count} times; it may be given once");
        return values.Count == 1 && !string.IsNullOrWhiteSpace(values[0]) ? values[0] : null;
    }

    private static string Shown(string text) => text.Length <= 100 ? text : text[..100];
}
