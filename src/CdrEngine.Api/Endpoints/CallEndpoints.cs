using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdrEngine.Api.Endpoints;

/// <summary>The list of calls and a single record.</summary>
internal sealed class CallEndpoints(ICallReader calls, ApiOptions options, ApiCounters counters)
{
    public const string JsonType = "application/json";
    public const string CsvType = "text/csv";
    public const string LinesType = "application/x-ndjson";

    /// <summary>What is held before it is handed to the connection.</summary>
    private const int FlushAtBytes = 32 * 1024;

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    /// <summary>Legal holds, which a single record tells of; null where there are none.</summary>
    public ILegalHolds? Holds { get; init; }

    /// <summary><c>GET calls</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadCallsAsync(context, options.PageSize) is not { } query) return;
        string? mediaType;
        if (context.Request.Query.TryGetValue(CallParameters.Format.Name, out var format))
        {
            mediaType = format[0] switch { "json" => JsonType, "csv" => CsvType, "ndjson" => LinesType, _ => null };
            if (mediaType is null)
            {
                string detail = $"format: '{QueryCheck.Shown(format[0]!)}' is none of {string.Join(", ", CallParameters.Format.Shape.Names)}.";
                await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, detail, CallParameters.Format.Name);
                return;
            }
        }
        else
        {
            mediaType = Negotiation.Choose(context.Request, JsonType, CsvType, LinesType);
            context.Response.Headers.Vary = HeaderNames.Accept;
        }

        if (mediaType is null)
        {
            await Negotiation.RefuseAsync(context, JsonType, CsvType, LinesType);
            return;
        }

        // The place is given back before the answer is sent: a slow client holds a page in memory, and no thread.
        CallPage? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = calls.List(query);
            if (AccessGate.TenantOf(context) is { } tenant) page = page with { Calls = TenantView.OfPage(page.Calls, tenant, calls) };
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected)
        {
            await ListAnswer.CursorRejectedAsync(context);
            return;
        }

        if (page.NextCursor is { } cursor) context.Response.Headers.Link = $"<{ListAnswer.NextPage(context.Request, cursor)}>; rel=\"next\"";
        context.Response.ContentType = mediaType == CsvType ? "text/csv; charset=utf-8; header=present" : mediaType;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        switch (mediaType)
        {
            case CsvType:
                await CallCsv.WriteAsync(context.Response.Body, page.Calls, options.Rounding, context.RequestAborted);
                break;
            case LinesType:
                await WriteLinesAsync(context, page);
                break;
            default:
                await ListAnswer.WriteAsync(context, "calls", page.Calls, (call, writer) => CallRecordJson.Write(call, writer, options.Rounding), page.NextCursor);
                break;
        }
    }

    /// <summary><c>GET calls/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, JsonType)) return;

        if (await FindAsync(context) is not { } call) return;

        byte[] body = WithHolds(CallRecordJson.ToUtf8(call, options.Rounding), call.Id);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"");
        context.Response.Headers.ETag = tag.ToString();
        if (IsKnown(context.Request, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await Body.WriteAsync(context, JsonType, body);
    }

    // The record, and behind its own members the holds on it.
    private byte[] WithHolds(byte[] record, string id)
    {
        if (Holds is null) return record;
        var body = new ArrayBufferWriter<byte>(record.Length + 256);
        body.Write(record.AsSpan(0, record.Length - 1));
        body.Write(",\"legal_holds\":"u8);
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartArray();
            foreach (LegalHold hold in Holds.Of(id)) HoldEndpoints.Write(hold, writer);
            writer.WriteEndArray();
        }

        body.Write("}"u8);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>The record the path names; null where there is none or it is another tenant's, and then the request is answered. An id that cannot be one is not
    /// looked for.</summary>
    public async Task<CallRecord?> FindAsync(HttpContext context)
    {
        CallRecord? call = context.Request.RouteValues["id"] is string id && CallId.IsWellFormed(id) ? calls.Get(id) : null;
        if (call is not null && AccessGate.MaySee(context, call)) return TenantView.Of(call, AccessGate.TenantOf(context), calls);

        // That another tenant has it is nobody's business either.
        await UnknownAsync(context);
        return null;
    }

    /// <summary>Answers that there is no such call.</summary>
    public static Task UnknownAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no call with this id.");

    /// <summary>Whether the client has this already (RFC 9110 13.1.2): a weak comparison, and * for anything that exists.</summary>
    public static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out IList<EntityTagHeaderValue>? known)
        && known.Any(other => other.Equals(EntityTagHeaderValue.Any) || other.Compare(tag, useStrongComparison: false));

    private async Task WriteLinesAsync(HttpContext context, CallPage page)
    {
        int waiting = 0;
        foreach (CallRecord call in page.Calls)
        {
            byte[] line = CallRecordJson.ToUtf8(call, options.Rounding);
            context.Response.BodyWriter.Write(line);
            context.Response.BodyWriter.Write("\n"u8);
            waiting = await HandOverAsync(context, waiting + line.Length);
        }
    }

    private static async Task<int> HandOverAsync(HttpContext context, int waiting)
    {
        if (waiting < FlushAtBytes) return waiting;
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return 0;
    }
}
