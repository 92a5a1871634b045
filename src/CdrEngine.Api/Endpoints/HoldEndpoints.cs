using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Legal holds: placing, listing and releasing them.</summary>
internal sealed class HoldEndpoints(ILegalHolds holds, ICallReader calls, ISessionReader sessions, RequestAudit audit, ApiOptions options)
{
    private static readonly ApiParameter Id = new("id", "Number of the hold.", new ValueShape("string", "1") { Pattern = "^[0-9]{1,18}$" }) { IsInPath = true };

    /// <summary>The resources; a part of the one table.</summary>
    public IReadOnlyList<ApiRoute> Routes() =>
    [
        new($"{ApiRoutes.Root}/holds", "listHolds", "Lists legal holds, the oldest first.", ListAsync)
        {
            Scope = ApiScopes.CallsDelete,
            Description = "The token of a tenant sees those it placed.",
            Answers = [(CallEndpoints.JsonType, HoldSchemas.Page)],
            Problems = [StatusCodes.Status406NotAcceptable],
        },
        new($"{ApiRoutes.Root}/holds", "placeHold", "Keeps a call, or the calls of a session, whatever retention says.", PlaceAsync)
        {
            Method = HttpMethods.Post,
            Scope = ApiScopes.CallsDelete,
            Description = "Give `call_id` or `session_id`, and `reason`. Audited.",
            Takes = HoldSchemas.Wish,
            Status = StatusCodes.Status201Created,
            Answers = [(CallEndpoints.JsonType, HoldSchemas.Hold)],
            Problems =
            [
                StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType, StatusCodes.Status503ServiceUnavailable,
            ],
        },
        new($"{ApiRoutes.Root}/holds/{{id}}", "releaseHold", "Releases a hold: retention takes its calls as any others.", ReleaseAsync)
        {
            Method = HttpMethods.Delete,
            Scope = ApiScopes.CallsDelete,
            Status = StatusCodes.Status204NoContent,
            Parameters = [Id],
            Answers = [],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status503ServiceUnavailable],
        },
    ];

    /// <summary>A hold as JSON.</summary>
    public static void Write(LegalHold hold, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id"u8, hold.Id);
        writer.WriteNumber("calls"u8, hold.Calls);
        writer.WriteString("what"u8, hold.What);
        writer.WriteString("reason"u8, hold.Reason);
        writer.WriteString("placed_by"u8, hold.PlacedBy);
        writer.WriteString("placed_at"u8, hold.PlacedAt.ToString());
        writer.WriteString("tenant"u8, hold.Tenant);
        writer.WriteEndObject();
    }

    private async Task ListAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, CallEndpoints.JsonType) is null) await Negotiation.RefuseAsync(context, CallEndpoints.JsonType);
        else await ListAnswer.WriteAsync(context, "holds", holds.List(AccessGate.TenantOf(context)), Write, null);
    }

    private async Task PlaceAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        if (await JsonBody.ReadAsync(context) is not { } body) return;
        string? callId = body.Text("call_id", 1, 64), sessionId = body.Text("session_id", 1, 64), reason = body.Text("reason", 1, ILegalHolds.MaxReason);
        if ((callId is null) == (sessionId is null)) body.Refuse("call_id", "or session_id is needed, one of them");
        if (reason is null) body.Refuse("reason", "is missing");
        if (await body.RefusedAsync(context)) return;
        string? tenant = AccessGate.TenantOf(context);
        string[] ids = callId is not null
            ? CallId.IsWellFormed(callId) && calls.Get(callId) is { } call && AccessGate.MaySee(context, call) ? [call.Id] : []
            : CallId.IsWellFormed(sessionId!) && sessions.GetSession(sessionId!, tenant) is { } session ? [.. session.Calls.Select(static its => its.Id)] : [];
        if (ids.Length == 0)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, callId is not null ? "There is no call with this id." : "There is no session with this id.");
            return;
        }

        string what = callId is not null ? $"call {callId}" : $"session {sessionId}";
        if (!await audit.AccountAsync(context, "hold_place", ids[0], tenant, $"{what}: {reason}")) return;
        string by = AccessGate.Token(context) is { } token ? $"token:{token.Id}" : "api";
        LegalHold hold = holds.Place(ids, what, reason!, by, tenant, Timestamp.From(options.Time.GetUtcNow()));
        context.Response.StatusCode = StatusCodes.Status201Created;
        var answer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(answer)) Write(hold, writer);
        await Body.WriteAsync(context, CallEndpoints.JsonType, answer.WrittenMemory);
    }

    private async Task ReleaseAsync(HttpContext context)
    {
        string? tenant = AccessGate.TenantOf(context);
        bool isNumber = long.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        if (!isNumber || !holds.List(tenant).Any(hold => hold.Id == id))
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no hold of this number.");
            return;
        }

        if (!await audit.AccountAsync(context, "hold_release", null, tenant, string.Create(CultureInfo.InvariantCulture, $"{id}"))) return;
        holds.Release(id, tenant);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
