using System.Security.Cryptography;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Webhooks: whom events are sent to, and what could not be sent. For administrators of the whole engine only.</summary>
internal sealed class WebhookEndpoints(ApiWebhooks webhooks, RequestAudit audit, ApiOptions options)
{
    private const int LongestSecret = 256;

    /// <summary>Page of dead letters.</summary>
    public static readonly ApiParameter Limit = new("limit", $"Dead letters, 1 to {CallQuery.MaxLimit}; the newest first.", Shapes.Limit) { Default = "50" };

    /// <summary>Where it goes on.</summary>
    public static readonly ApiParameter Before = new("before", "Only those with a lower id: the lowest of the page before.", new ValueShape("integer", "17") { Minimum = 1, Maximum = int.MaxValue });

    /// <summary>Of one endpoint.</summary>
    public static readonly ApiParameter Of = new("endpoint", "Only of the endpoint with this id.", Shapes.Text("noc"));

    private Timestamp Now => Timestamp.From(options.Time.GetUtcNow());

    /// <summary><c>GET webhooks</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await IsTenantAsync(context)) return;
        await ListAnswer.WriteAsync(context, "webhooks", webhooks.Store.Endpoints(), static (status, writer) => Write(status, null, writer), nextCursor: null, isPaged: false);
    }

    /// <summary><c>GET webhooks/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (await FindAsync(context) is { } status) await AnswerAsync(context, status, null);
    }

    /// <summary><c>POST webhooks</c>.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        if (await IsTenantAsync(context) || await JsonBody.ReadAsync(context) is not { } body) return;
        string? secret = body.Text("secret", 0, LongestSecret);
        var draft = new WebhookEndpoint { Id = $"wh-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}", Url = "", Secret = secret ?? NewSecret(), Events = [], CreatedAt = Now };
        if (await ReadAsync(context, body, draft) is not { } endpoint) return;
        if (webhooks.Store.Find(endpoint.Id) is not null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "There is an endpoint with this id.", "id");
            return;
        }

        if (!await audit.AccountAsync(context, "create_webhook", endpoint.Id)) return;
        if (!webhooks.Store.Put(endpoint))
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "There are as many endpoints as may be.");
            return;
        }

        webhooks.Changed();
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"{ApiRoutes.Root}/webhooks/{endpoint.Id}";

        // The one time that it is shown.
        await AnswerAsync(context, webhooks.Store.Find(endpoint.Id)!, secret is null ? endpoint.Secret : null);
    }

    /// <summary><c>PUT webhooks/{id}</c>.</summary>
    public async Task ReplaceAsync(HttpContext context)
    {
        if (await IsTenantAsync(context) || await JsonBody.ReadAsync(context) is not { } body || await ChangeableAsync(context) is not { } known) return;
        var draft = new WebhookEndpoint { Id = known.Endpoint.Id, Url = "", Secret = body.Text("secret", 0, LongestSecret) ?? known.Endpoint.Secret, Events = [], CreatedAt = known.Endpoint.CreatedAt };
        if (await ReadAsync(context, body, draft) is not { } endpoint) return;
        if (endpoint.Id != known.Endpoint.Id)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "id: it stays as it is.", "id");
            return;
        }

        if (!await audit.AccountAsync(context, "change_webhook", endpoint.Id)) return;
        webhooks.Store.Put(endpoint);
        webhooks.Changed();
        await AnswerAsync(context, webhooks.Store.Find(endpoint.Id) ?? known, null);
    }

    /// <summary><c>DELETE webhooks/{id}</c>.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        if (await ChangeableAsync(context) is not { } known) return;
        if (!await audit.AccountAsync(context, "delete_webhook", known.Endpoint.Id)) return;
        webhooks.Store.Remove(known.Endpoint.Id);
        webhooks.Changed();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary><c>POST webhooks/{id}/test</c>.</summary>
    public async Task TestAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } status) return;
        Timestamp now = Now;
        using var text = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteNull("id"u8);
            writer.WriteString("type"u8, "webhook.test");
            JsonValues.Time(writer, "at"u8, now);
            writer.WriteEndObject();
        }

        int dropped = webhooks.Store.Add([new WebhookDelivery { Endpoint = status.Endpoint.Id, Thing = $"test-{now.Microseconds}", Event = "webhook.test", CreatedAt = now, Body = text.ToArray() }]);
        webhooks.Changed();
        await CountAsync(context, "queued", 1 - dropped);
    }

    /// <summary><c>GET webhooks/dead-letters</c>.</summary>
    public async Task DeadLettersAsync(HttpContext context)
    {
        if (await IsTenantAsync(context)) return;
        int limit = 50, before = int.MaxValue;
        foreach ((ApiParameter parameter, int most) in (ReadOnlySpan<(ApiParameter, int)>)[(Limit, CallQuery.MaxLimit), (Before, int.MaxValue)])
        {
            if (!context.Request.Query.TryGetValue(parameter.Name, out var given)) continue;
            string? problem = parameter == Limit ? ValueText.Whole(given[0]!, 1, most, out limit) : ValueText.Whole(given[0]!, 1, most, out before);
            if (problem is null) continue;
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"{parameter.Name}: '{QueryCheck.Shown(given[0]!)}' {problem}.", parameter.Name);
            return;
        }

        string? endpoint = context.Request.Query.TryGetValue(Of.Name, out var id) ? id[0] : null;
        await ListAnswer.WriteAsync(context, "dead_letters", webhooks.Store.DeadLetters(endpoint, before, limit), Write, nextCursor: null, isPaged: false);
    }

    /// <summary><c>GET webhooks/dead-letters/{letter}</c>.</summary>
    public async Task DeadLetterAsync(HttpContext context)
    {
        if (await IsTenantAsync(context)) return;
        if (Letter(context) is not { } id || webhooks.Store.FindDeadLetter(id) is not { } letter)
        {
            await UnknownAsync(context, "dead letter");
            return;
        }

        using var text = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(text)) Write(letter, writer);
        await Body.WriteAsync(context, CallEndpoints.JsonType, text.ToArray());
    }

    /// <summary><c>POST webhooks/dead-letters/{letter}/resend</c>.</summary>
    public Task ResendAsync(HttpContext context) => LetterAsync(context, "resend_dead_letter", "queued", id => webhooks.Store.Resend(null, id, Now));

    /// <summary><c>DELETE webhooks/dead-letters/{letter}</c>.</summary>
    public Task RemoveLetterAsync(HttpContext context) => LetterAsync(context, "delete_dead_letter", "removed", id => webhooks.Store.RemoveDeadLetters(null, id));

    /// <summary><c>POST webhooks/{id}/resend</c>.</summary>
    public async Task ResendAllAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } status) return;
        if (!await audit.AccountAsync(context, "resend_dead_letters", status.Endpoint.Id)) return;
        int count = webhooks.Store.Resend(status.Endpoint.Id, null, Now);
        webhooks.Changed();
        await CountAsync(context, "queued", count);
    }

    private async Task LetterAsync(HttpContext context, string action, string what, Func<long, int> act)
    {
        if (await IsTenantAsync(context)) return;
        if (Letter(context) is not { } id || webhooks.Store.FindDeadLetter(id) is null)
        {
            await UnknownAsync(context, "dead letter");
            return;
        }

        if (!await audit.AccountAsync(context, action, id.ToString(System.Globalization.CultureInfo.InvariantCulture))) return;
        int count = act(id);
        webhooks.Changed();
        await CountAsync(context, what, count);
    }

    // Their own list would show a tenant's administrator what is everybody's.
    private static async Task<bool> IsTenantAsync(HttpContext context)
    {
        if (AccessGate.TenantOf(context) is null) return false;
        await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "Webhooks are looked after by tokens that are of no one tenant.");
        return true;
    }

    private async Task<WebhookStatus?> FindAsync(HttpContext context)
    {
        if (await IsTenantAsync(context)) return null;
        if (context.Request.RouteValues["id"] is string id && webhooks.Store.Find(id) is { } status) return status;
        await UnknownAsync(context, "webhook");
        return null;
    }

    private async Task<WebhookStatus?> ChangeableAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } known) return null;
        if (!known.Endpoint.IsFromSettings) return known;
        await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "This endpoint is in the settings; change it there.");
        return null;
    }

    private async Task<WebhookEndpoint?> ReadAsync(HttpContext context, JsonBody body, WebhookEndpoint draft)
    {
        draft = draft with
        {
            Id = body.Text("id", 1, 64) ?? draft.Id,
            Url = body.Text("url", 0, 2000) ?? "",
            Tenant = body.Text("tenant", 0, 200),
            Description = body.Text("description", 0, 500),
            Events = body.Texts("events", 101, 200) ?? draft.Events,
            IsEnabled = body.Switch("enabled", draft.IsEnabled),
        };
        if (draft.Id.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) || draft.Id == "dead-letters") body.Refuse("id", "has other than letters, digits, hyphens and underscores");
        if (await body.RefusedAsync(context)) return null;
        if (WebhookCheck.Fault(draft, webhooks.AllowHttp) is not { } fault) return draft;
        await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"{fault.Key}: {fault.Problem}.", fault.Key);
        return null;
    }

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static long? Letter(HttpContext context) =>
        context.Request.RouteValues["letter"] is string text && long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long id) ? id : null;

    private static Task UnknownAsync(HttpContext context, string what) => Problem.WriteAsync(context, StatusCodes.Status404NotFound, $"There is no {what} with this id.");

    private static Task CountAsync(HttpContext context, string what, int count) =>
        Body.WriteAsync(context, CallEndpoints.JsonType, System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{{\"{what}\":{count}}}")));

    private static async Task AnswerAsync(HttpContext context, WebhookStatus status, string? secret)
    {
        using var text = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(text)) Write(status, secret, writer);
        await Body.WriteAsync(context, CallEndpoints.JsonType, text.ToArray());
    }

    private static void Write(WebhookStatus status, string? secret, Utf8JsonWriter writer)
    {
        WebhookEndpoint endpoint = status.Endpoint;
        WebhookHealth health = status.Health;
        writer.WriteStartObject();
        writer.WriteString("id"u8, endpoint.Id);
        writer.WriteString("url"u8, endpoint.Url);
        writer.WriteStartArray("events"u8);
        foreach (string name in endpoint.Events) writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteString("tenant"u8, endpoint.Tenant);
        writer.WriteBoolean("enabled"u8, endpoint.IsEnabled);
        writer.WriteBoolean("from_settings"u8, endpoint.IsFromSettings);
        writer.WriteString("description"u8, endpoint.Description);
        JsonValues.Time(writer, "created_at"u8, endpoint.CreatedAt);
        writer.WriteString("secret"u8, secret);
        writer.WriteNumber("waiting"u8, status.Waiting);
        writer.WriteNumber("dead_letters"u8, status.Dead);
        writer.WriteNumber("failures_in_a_row"u8, health.Failures);
        JsonValues.Time(writer, "paused_until"u8, health.OpenUntil);
        JsonValues.Time(writer, "last_at"u8, health.LastAt);
        if (health.LastStatus is { } answered) writer.WriteNumber("last_status"u8, answered);
        else writer.WriteNull("last_status"u8);
        writer.WriteString("last_error"u8, health.LastError);
        writer.WriteEndObject();
    }

    private static void Write(DeadLetter letter, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id"u8, letter.Delivery.Id);
        writer.WriteString("endpoint"u8, letter.Delivery.Endpoint);
        writer.WriteString("event"u8, letter.Delivery.Event);
        JsonValues.Time(writer, "created_at"u8, letter.Delivery.CreatedAt);
        JsonValues.Time(writer, "died_at"u8, letter.DiedAt);
        writer.WriteNumber("attempts"u8, letter.Delivery.Attempts);
        if (letter.Status is { } status) writer.WriteNumber("status"u8, status);
        else writer.WriteNull("status"u8);
        writer.WriteString("error"u8, letter.Error);
        writer.WritePropertyName("body"u8);
        writer.WriteRawValue(letter.Delivery.Body.Span);
        writer.WriteEndObject();
    }
}
