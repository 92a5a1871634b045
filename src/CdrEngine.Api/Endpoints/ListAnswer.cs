using System.Text.Json;
using CdrEngine.Api.Answers;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Pages of lists as JSON.</summary>
internal static class ListAnswer
{
    private const int FlushAtBytes = 32 * 1024;

    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true };

    /// <summary>Answers with a page: <c>{"NAME":[…],"next_cursor":…}</c>, and a Link to the next.</summary>
    public static async Task WriteAsync<T>(HttpContext context, string name, IReadOnlyList<T> items, Action<T, Utf8JsonWriter> write, string? nextCursor, bool isPaged = true)
    {
        if (nextCursor is not null) context.Response.Headers.Link = $"<{NextPage(context.Request, nextCursor)}>; rel=\"next\"";
        context.Response.ContentType = CallEndpoints.JsonType;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, Compact);
        writer.WriteStartObject();
        writer.WriteStartArray(name);
        long handedOver = 0;
        foreach (T item in items)
        {
            write(item, writer);
            if (writer.BytesCommitted + writer.BytesPending - handedOver < FlushAtBytes) continue;
            await writer.FlushAsync(context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            handedOver = writer.BytesCommitted;
        }

        writer.WriteEndArray();
        if (isPaged) writer.WriteString("next_cursor"u8, nextCursor);
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers that a cursor is none of ours.</summary>
    public static Task CursorRejectedAsync(HttpContext context) => Problem.WriteAsync(
        context,
        StatusCodes.Status400BadRequest,
        "cursor: it is damaged or comes from a list with other filters or another order; begin again without it.",
        "cursor");

    /// <summary>The same request with another cursor; written relative to the host, whose name a proxy may have changed.</summary>
    public static string NextPage(HttpRequest request, string cursor)
    {
        IEnumerable<KeyValuePair<string, string?>> parameters = request.Query
            .Where(static parameter => parameter.Key != "cursor")
            .SelectMany(static parameter => parameter.Value, static (parameter, value) => KeyValuePair.Create(parameter.Key, value))
            .Append(KeyValuePair.Create("cursor", (string?)cursor));
        return request.PathBase.Add(request.Path).ToUriComponent() + QueryString.Create(parameters).ToUriComponent();
    }
}
