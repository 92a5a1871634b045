using System.Text.Json;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Answers;

/// <summary>The members of a JSON object that a client sent, taken one by one. The first that is wrong is remembered; a member nobody took is wrong too.</summary>
internal sealed class JsonBody
{
    private readonly Dictionary<string, JsonElement> _members;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private ParameterFault? _fault;

    private JsonBody(Dictionary<string, JsonElement> members) => _members = members;

    /// <summary>Reads the body; null where it is no JSON object, and then the request is answered with 400, 413 or 415.</summary>
    public static async Task<JsonBody?> ReadAsync(HttpContext context)
    {
        string? mediaType = context.Request.ContentType?.Split(';')[0].Trim();
        if (mediaType is null || !mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "The body is JSON: send Content-Type: application/json.", "Content-Type");
            return null;
        }

        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = 16 }, context.RequestAborted);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (JsonProperty member in document.RootElement.EnumerateObject()) members[member.Name] = member.Value.Clone();
                return new JsonBody(members);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Told below. Half of a surrogate pair in a name is JSON and no text.
        }

        await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "body: it is no JSON object.", "body");
        return null;
    }

    /// <summary>Notes that a member is wrong; the first stays.</summary>
    public void Refuse(string name, string problem) => _fault ??= new ParameterFault(QueryCheck.Shown(name), $"{QueryCheck.Shown(name)} {problem}.");

    /// <summary>A text without control characters; null where it is left out, null or wrong.</summary>
    public string? Text(string name, int shortest, int longest)
    {
        if (Take(name) is not { } value) return null;
        string? text = null;
        try
        {
            if (value.ValueKind == JsonValueKind.String) text = value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
        }

        if (text is null) Refuse(name, "is no text");
        else if (text.Length < shortest || text.Length > longest) Refuse(name, $"has {text.Length} characters; {shortest} to {longest} may be");
        else if (text.Any(char.IsControl)) Refuse(name, "has control characters");
        else return text;
        return null;
    }

    /// <summary>A whole number; null where it is left out, null or wrong.</summary>
    public long? Whole(string name, long least, long most)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most) return number;
        Refuse(name, $"is no whole number from {least} to {most}");
        return null;
    }

    /// <summary>Yes or no; no where it is left out or null.</summary>
    public bool Switch(string name)
    {
        if (Take(name) is not { } value) return false;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(name, "is neither true nor false");
        return false;
    }

    /// <summary>Answers 400 and gives true where a member is wrong or unknown.</summary>
    public async Task<bool> RefusedAsync(HttpContext context)
    {
        if (_fault is null && _members.Keys.FirstOrDefault(name => !_taken.Contains(name)) is { } stranger) Refuse(stranger, $"is no member; there are {string.Join(", ", _taken)}");
        if (_fault is not { } fault) return false;
        await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter);
        return true;
    }

    private JsonElement? Take(string name)
    {
        _taken.Add(name);
        return _members.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }
}
