using System.Text.Json;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The calls in progress.</summary>
internal sealed class LiveEndpoints(ILiveCalls calls, ApiOptions options, ApiCounters counters)
{
    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true };
    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary><c>GET live</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new LiveQuery { Limit = options.PageSize }, LiveParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        LivePage? page = null;
        await _seats.RunAsync(context, async () => page = await calls.ListAsync(query, context.RequestAborted));
        if (page is null) return;
        if (page.CursorRejected)
        {
            await ListAnswer.CursorRejectedAsync(context);
            return;
        }

        if (page.NextCursor is { } cursor) context.Response.Headers.Link = $"<{ListAnswer.NextPage(context.Request, cursor)}>; rel=\"next\"";
        context.Response.ContentType = CallEndpoints.JsonType;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, Compact);
        Write(page, writer);
        await writer.FlushAsync(context.RequestAborted);
    }

    private static void Write(LivePage page, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("calls"u8);
        foreach (LiveCall call in page.Calls) LiveCallJson.Write(call, writer);
        writer.WriteEndArray();
        writer.WriteStartObject("totals"u8);
        writer.WriteNumber("calls"u8, page.Totals.Calls);
        writer.WriteNumber("matching"u8, page.Matching);
        writer.WriteStartObject("states"u8);
        foreach ((LiveState state, int count) in page.Totals.States) writer.WriteNumber(EnumNames<LiveState>.Of(state), count);
        writer.WriteEndObject();
        writer.WriteStartArray("sources"u8);
        foreach ((string source, int count) in page.Totals.Sources)
        {
            writer.WriteStartObject();
            writer.WriteString("source"u8, source);
            writer.WriteNumber("calls"u8, count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteString("next_cursor"u8, page.NextCursor);
        writer.WriteEndObject();
    }
}
