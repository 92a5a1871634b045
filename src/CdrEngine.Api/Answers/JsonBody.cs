using System.Runtime.InteropServices;
using System.Text;
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
    /// <param name="context">The request.</param>
    /// <param name="isOptional">Whether no body at all stands for an empty object.</param>
    public static async Task<JsonBody?> ReadAsync(HttpContext context, bool isOptional = false)
    {
        if (isOptional && context.Request.ContentLength is null or 0 && context.Request.ContentType is null) return new JsonBody([]);

        // No form of a web page elsewhere can send this type unasked.
        string? mediaType = context.Request.ContentType?.Split(';')[0].Trim();
        if (mediaType is null || !mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "The body is JSON: send Content-Type: application/json.", "Content-Type");
            return null;
        }

        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = 16 }, context.RequestAborted);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return await MembersOfAsync(context, document.RootElement);
        }
        catch (JsonException)
        {
            // Told below.
        }

        await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "body: it is no JSON object.", "body");
        return null;
    }

    /// <summary>Notes that a member is wrong; the first stays.</summary>
    public void Refuse(string name, string problem) => _fault ??= new ParameterFault(QueryCheck.Shown(name), $"{QueryCheck.Shown(name)} {problem}.");

    /// <summary>A text without control characters; null where it is left out, null or wrong.</summary>
    /// <param name="name">The member.</param>
    /// <param name="shortest">Characters at least.</param>
    /// <param name="longest">Characters at most.</param>
    /// <param name="hasLines">Whether it may have ends of lines and tabs.</param>
    public string? Text(string name, int shortest, int longest, bool hasLines = false)
    {
        if (Take(name) is not { } value) return null;
        string? text = TextOf(value);
        if (text is null) Refuse(name, "is no text");
        else if (text.Length < shortest || text.Length > longest) Refuse(name, $"has {text.Length} characters; {shortest} to {longest} may be");
        else if (text.Any(c => char.IsControl(c) && !(hasLines && c is '\r' or '\n' or '\t'))) Refuse(name, "has control characters");
        else return text;
        return null;
    }

    /// <summary>A list of texts; null where it is left out, null or wrong.</summary>
    /// <param name="name">The member.</param>
    /// <param name="most">Texts at most.</param>
    /// <param name="longest">Characters of each at most.</param>
    public IReadOnlyList<string>? Texts(string name, int most, int longest)
    {
        if (Take(name) is not { } value) return null;
        string?[]? texts = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= most ? [.. value.EnumerateArray().Select(TextOf)] : null;
        if (texts is null || texts.Any(text => text is null || text.Length > longest || text.Any(char.IsControl)))
        {
            Refuse(name, $"is no list of up to {most} texts of up to {longest} characters");
            return null;
        }

        return texts!;
    }

    /// <summary>A whole number; null where it is left out, null or wrong.</summary>
    public long? Whole(string name, long least, long most)
    {
        if (Take(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most) return number;
        Refuse(name, $"is no whole number from {least} to {most}");
        return null;
    }

    /// <summary>Yes or no; what holds otherwise where it is left out or null.</summary>
    public bool Switch(string name, bool otherwise = false)
    {
        if (Take(name) is not { } value) return otherwise;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(name, "is neither true nor false");
        return otherwise;
    }

    /// <summary>Answers 400 and gives true where a member is wrong or unknown.</summary>
    public async Task<bool> RefusedAsync(HttpContext context)
    {
        if (_fault is null && _members.Keys.FirstOrDefault(name => !_taken.Contains(name)) is { } stranger) Refuse(stranger, $"is no member; there are {string.Join(", ", _taken)}");
        if (_fault is not { } fault) return false;
        await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter);
        return true;
    }

    private static async Task<JsonBody?> MembersOfAsync(HttpContext context, JsonElement root)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (NameOf(member) is not { } name)
            {
                // Shown as it was sent, escapes and all.
                string shown = QueryCheck.Shown(Encoding.ASCII.GetString(JsonMarshal.GetRawUtf8PropertyName(member)));
                await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"{shown} is no name of a member: it has half of a surrogate pair.", shown);
                return null;
            }

            members[name] = member.Value.Clone();
        }

        return new JsonBody(members);
    }

    // Half of a surrogate pair is JSON, and no text.
    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private JsonElement? Take(string name)
    {
        _taken.Add(name);
        return _members.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }
}
