using System.Text.Json;
using CdrEngine.Api.Answers;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Reads the bodies of requests that change something: small JSON objects with known members.</summary>
internal static class JsonInput
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8 };

    /// <summary>The object that the request brings; null where the answer was given already: it is none, or has a member that is not known.</summary>
    /// <param name="context">The request.</param>
    /// <param name="members">Members that may be there.</param>
    /// <param name="isOptional">Whether no body at all stands for an empty object.</param>
    public static async Task<JsonElement?> ReadAsync(HttpContext context, IReadOnlyList<string> members, bool isOptional = false)
    {
        if (isOptional && context.Request.ContentLength is null or 0 && context.Request.ContentType is null) return JsonDocument.Parse("{}").RootElement;

        // No form of a web page elsewhere can send this type unasked.
        string type = (context.Request.ContentType ?? "").Split(';')[0].Trim();
        if (!type.Equals(CallEndpoints.JsonType, StringComparison.OrdinalIgnoreCase))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "The body is to be of the type application/json.");
            return null;
        }

        JsonElement body;
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            body = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is no JSON.");
            return null;
        }

        if (body.ValueKind != JsonValueKind.Object)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is to be a JSON object.");
            return null;
        }

        foreach (JsonProperty member in body.EnumerateObject())
        {
            if (members.Contains(member.Name, StringComparer.Ordinal)) continue;
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"There is no member '{Queries.QueryCheck.Shown(member.Name)}'; it takes {string.Join(", ", members)}.", Queries.QueryCheck.Shown(member.Name));
            return null;
        }

        return body;
    }

    /// <summary>A text member; null where it is not there or null. False where it is something else or too long.</summary>
    public static bool TryText(JsonElement body, string name, int longest, out string? text)
    {
        text = null;
        if (!body.TryGetProperty(name, out JsonElement member) || member.ValueKind == JsonValueKind.Null) return true;
        if (member.ValueKind != JsonValueKind.String) return false;
        try
        {
            text = member.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return false;
        }

        return text.Length <= longest;
    }
}
