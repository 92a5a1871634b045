using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Access.Shares;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Making, listing and withdrawing links to recordings.</summary>
internal sealed class ShareEndpoints(ShareStore shares, ICallReader calls, RequestAudit audit, ApiOptions options)
{
    /// <summary>What the id of a link looks like.</summary>
    public static readonly ApiParameter Id = new("id", "Id of the link.", new ValueShape("string", "00112233aabb") { Pattern = "^[0-9a-f]{12}$" }) { IsInPath = true };

    /// <summary>Links on a page.</summary>
    public static readonly ApiParameter Limit = new("limit", $"Links on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit);

    /// <summary>Where to go on.</summary>
    public static readonly ApiParameter Cursor = new("cursor", "Where to go on: `next_cursor` of the page before.", Id.Shape);

    /// <summary>Links to one call's recording.</summary>
    public static readonly ApiParameter OfCall = new("call_id", "To the recording of this call.", Shapes.CallId);

    /// <summary><c>GET shares</c>: the latest first.</summary>
    public async Task ListAsync(HttpContext context)
    {
        int limit = options.PageSize;
        if (context.Request.Query.TryGetValue(Limit.Name, out var given) && ValueText.Whole(given[0]!, 1, CallQuery.MaxLimit, out limit) is { } problem)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"limit: '{QueryCheck.Shown(given[0]!)}' {problem}.", Limit.Name);
            return;
        }

        string? callId = context.Request.Query[OfCall.Name];
        if (callId is not null && Shapes.NoCallId(callId) is { } wrong)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"{OfCall.Name}: '{QueryCheck.Shown(callId)}' {wrong}.", OfCall.Name);
            return;
        }

        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        IEnumerable<ShareLink> mine = shares.List().Where(link => AccessGate.MaySee(context, link.Tenant) && (callId is null || link.CallId == callId));
        string? cursor = context.Request.Query[Cursor.Name];
        if (cursor is not null)
        {
            ShareLink? last = shares.Get(cursor);
            if (last is null || !AccessGate.MaySee(context, last.Tenant))
            {
                await ListAnswer.CursorRejectedAsync(context);
                return;
            }

            mine = mine.SkipWhile(link => link.Id != cursor).Skip(1);
        }

        ShareLink[] page = [.. mine.Take(limit + 1)];
        string? next = page.Length > limit ? page[limit - 1].Id : null;
        await ListAnswer.WriteAsync(context, "shares", page.Take(limit).ToArray(), (link, writer) => Write(link, writer, null), next);
    }

    /// <summary><c>GET shares/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (await Negotiation.TakesAsync(context, CallEndpoints.JsonType) && await FindAsync(context) is { } link) await SendAsync(context, link, null, StatusCodes.Status200OK);
    }

    /// <summary><c>POST shares</c>.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType) || await JsonBody.ReadAsync(context) is not { } body) return;
        DateTimeOffset now = options.Time.GetUtcNow();
        long longest = (long)options.Shares.Longest.TotalSeconds;
        string? callId = body.Text("call_id", 1, 64);
        long? seconds = body.Whole("expires_in", 60, longest);
        long? uses = body.Whole("uses", 1, 10_000);
        string? passphrase = body.Text("passphrase", Passphrase.Shortest, Passphrase.Longest);
        string name = body.Text("name", 0, 128) ?? "";
        bool ladder = body.Switch("ladder");
        if (callId is null) body.Refuse("call_id", "is missing");
        else if (Shapes.NoCallId(callId) is { } wrong) body.Refuse("call_id", wrong);
        if (seconds is null) body.Refuse("expires_in", string.Create(CultureInfo.InvariantCulture, $"is missing: seconds from 60 to {longest}"));
        if (await body.RefusedAsync(context)) return;
        if (calls.Get(callId!) is not { } call || !AccessGate.MaySee(context, call))
        {
            await CallEndpoints.UnknownAsync(context);
            return;
        }

        AccessToken? maker = AccessGate.Token(context);
        var wish = new ShareWish(call.Id, call.Tenant, maker is null ? "" : $"token:{maker.Id}", now + TimeSpan.FromSeconds(seconds!.Value))
        {
            Name = name,
            MostUses = (int?)uses,
            Passphrase = passphrase,
            Ladder = ladder,
        };
        if (!await audit.AccountAsync(context, "create_share", call.Id, call.Tenant, wish.Terms())) return;
        if (shares.Create(wish) is not { } made)
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "There are as many links as may be; withdraw one first.");
            return;
        }

        context.Response.Headers.Location = $"{ApiRoutes.Root}/shares/{made.Link.Id}";
        await SendAsync(context, made.Link, made.Text, StatusCodes.Status201Created);
    }

    /// <summary><c>DELETE shares/{id}</c>.</summary>
    public async Task RevokeAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } link || !await audit.AccountAsync(context, "revoke_share", link.CallId, link.Tenant, $"share:{link.Id}")) return;
        shares.Revoke(link.Id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<ShareLink?> FindAsync(HttpContext context)
    {
        if (context.Request.RouteValues["id"] is string id && shares.Get(id) is { } link && AccessGate.MaySee(context, link.Tenant)) return link;
        await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no link with this id.");
        return null;
    }

    private async Task SendAsync(HttpContext context, ShareLink link, string? text, int status)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(body)) Write(link, writer, text is null ? null : $"{SharePages.Root}/{text}");
        context.Response.StatusCode = status;
        await Body.WriteAsync(context, CallEndpoints.JsonType, body.WrittenMemory);
    }

    private void Write(ShareLink link, Utf8JsonWriter writer, string? path)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, link.Id);
        writer.WriteString("call_id"u8, link.CallId);
        writer.WriteString("name"u8, link.Name);
        writer.WriteString("tenant"u8, link.Tenant);
        writer.WriteString("state"u8, link.Revoked is not null ? "withdrawn" : !link.IsInForce(options.Time.GetUtcNow()) ? "expired" : link.IsUsedUp ? "used_up" : "in_force");
        writer.WriteString("created_at"u8, Core.Timestamp.From(link.Created).ToString());
        writer.WriteString("created_by"u8, link.CreatedBy);
        writer.WriteString("expires_at"u8, Core.Timestamp.From(link.Expires).ToString());
        writer.WriteNumber("uses"u8, link.Uses);
        if (link.MostUses is { } most) writer.WriteNumber("most_uses"u8, most);
        else writer.WriteNull("most_uses"u8);
        writer.WriteString("last_used_at"u8, link.LastUsed is { } last ? Core.Timestamp.From(last).ToString() : null);
        writer.WriteBoolean("has_passphrase"u8, link.Passphrase is not null);
        writer.WriteBoolean("ladder"u8, link.Ladder);
        writer.WriteString("path"u8, path);
        writer.WriteEndObject();
    }
}
