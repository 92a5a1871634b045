using CdrEngine.Api.Access;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;
using static CdrEngine.Api.Endpoints.ApiRoutes;

namespace CdrEngine.Api.Endpoints;

/// <summary>The resources of alerts and webhooks; a part of the one table.</summary>
internal static class AlertRoutes
{
    private static readonly ApiParameter AlertId = new("id", "Id of the alert.", new ValueShape("string", "00112233445566778899aabb") { Pattern = "^[0-9a-f]{24}$" }) { IsInPath = true };

    private static readonly ApiParameter WebhookId = new("id", "Id of the endpoint.", Shapes.Text("noc")) { IsInPath = true };

    private static readonly ApiParameter LetterId = new("letter", "Id of the dead letter.", new ValueShape("integer", "17")) { IsInPath = true };

    private static readonly int[] ListProblems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable];

    private static readonly int[] OneProblems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable];

    private static readonly int[] ChangeProblems = [StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status415UnsupportedMediaType];

    public static IReadOnlyList<ApiRoute> Alerts(AlertEndpoints alerts) =>
    [
        new($"{Root}/alerts", "listAlerts", "Lists alerts, the last raised first, a page at a time.", alerts.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Filters narrow the list together. Pages are found again by their cursor.",
            Parameters = AlertParameters.All,
            Answers = [(CallEndpoints.JsonType, AlertSchemas.AlertPage)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = ListProblems,
        },
        new($"{Root}/alerts/{{id}}", "getAlert", "One alert with its calls.", alerts.GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "`calls` names the first of its calls; `calls_query` is a query of `/api/v1/calls` that finds them all.",
            Parameters = [AlertId],
            Answers = [(CallEndpoints.JsonType, AlertSchemas.Alert)],
            Problems = OneProblems,
        },
        new($"{Root}/alerts/{{id}}/acknowledge", "acknowledgeAlert", "Takes an alert: it is not said again.", alerts.AcknowledgeAsync)
        {
            Method = HttpMethods.Post,
            Scope = ApiScopes.CallsWrite,
            Description = "Who took it first stays. Audited.",
            Parameters = [AlertId],
            Takes = AlertSchemas.Acknowledgement,
            Answers = [(CallEndpoints.JsonType, AlertSchemas.Alert)],
            Problems = ChangeProblems,
        },
        new($"{Root}/alerts/rules", "listAlertRules", "Lists the rules with the number of their alerts that go on.", alerts.RulesAsync)
        {
            Scope = ApiScopes.CallsRead,
            Answers = [(CallEndpoints.JsonType, AlertSchemas.RuleList)],
            Problems = ListProblems,
        },
        new($"{Root}/alerts/trial", "tryAlertRule", "What a rule would have raised over stored calls, as it is or with other figures.", alerts.TrialAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Nothing is stored and nobody is told. Where there are more calls than are read at once, `whole` is false: give a shorter range.",
            Parameters = AlertParameters.Trial,
            Answers = [(CallEndpoints.JsonType, AlertSchemas.Trial)],
            Problems = ListProblems,
        },
    ];

    public static IReadOnlyList<ApiRoute> Webhooks(WebhookEndpoints webhooks) =>
    [
        Webhook("webhooks", "listWebhooks", "Lists whom events are sent to, and how that goes.", webhooks.ListAsync, AlertSchemas.WebhookList),
        Webhook("webhooks", "createWebhook", "Adds an endpoint.", webhooks.CreateAsync, AlertSchemas.Webhook) with
        {
            Method = HttpMethods.Post,
            Description = "Where no secret is given one is made, and shown this once. Audited.",
            Takes = AlertSchemas.WebhookDraft,
            Status = StatusCodes.Status201Created,
            Headers = [("Location", "Where it is.")],
            Problems = [StatusCodes.Status409Conflict, StatusCodes.Status415UnsupportedMediaType],
        },
        Webhook("webhooks/{id}", "getWebhook", "One endpoint.", webhooks.GetAsync, AlertSchemas.Webhook, WebhookId),
        Webhook("webhooks/{id}", "replaceWebhook", "Puts an endpoint in place of one; without a secret it keeps its own.", webhooks.ReplaceAsync, AlertSchemas.Webhook, WebhookId) with
        {
            Method = HttpMethods.Put,
            Description = "Audited.",
            Takes = AlertSchemas.WebhookDraft,
            Problems = ChangeProblems,
        },
        Webhook("webhooks/{id}", "deleteWebhook", "Removes an endpoint with all that waits for it.", webhooks.DeleteAsync, null, WebhookId) with
        {
            Method = HttpMethods.Delete,
            Description = "Audited.",
            Status = StatusCodes.Status204NoContent,
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status409Conflict],
        },
        Webhook("webhooks/{id}/test", "testWebhook", "Sends the event webhook.test to an endpoint.", webhooks.TestAsync, AlertSchemas.Count, WebhookId) with { Method = HttpMethods.Post },
        Webhook("webhooks/{id}/resend", "resendDeadLetters", "Sends all dead letters of an endpoint again.", webhooks.ResendAllAsync, AlertSchemas.Count, WebhookId) with { Method = HttpMethods.Post, Description = "Audited." },
        Webhook("webhooks/dead-letters", "listDeadLetters", "Lists what could not be sent, the newest first.", webhooks.DeadLettersAsync, AlertSchemas.DeadLetterList, WebhookEndpoints.Of, WebhookEndpoints.Limit, WebhookEndpoints.Before),
        Webhook("webhooks/dead-letters/{letter}", "getDeadLetter", "One dead letter.", webhooks.DeadLetterAsync, AlertSchemas.DeadLetter, LetterId),
        Webhook("webhooks/dead-letters/{letter}", "deleteDeadLetter", "Removes a dead letter.", webhooks.RemoveLetterAsync, AlertSchemas.Count, LetterId) with { Method = HttpMethods.Delete, Description = "Audited." },
        Webhook("webhooks/dead-letters/{letter}/resend", "resendDeadLetter", "Sends a dead letter again, behind what waits.", webhooks.ResendAsync, AlertSchemas.Count, LetterId) with { Method = HttpMethods.Post, Description = "Audited." },
    ];

    private static ApiRoute Webhook(string path, string operationId, string summary, RequestDelegate handler, string? schema, params IReadOnlyList<ApiParameter> parameters) => new($"{Root}/{path}", operationId, summary, handler)
    {
        Scope = ApiScopes.Admin,
        Parameters = parameters,
        Answers = schema is null ? [] : [(CallEndpoints.JsonType, schema)],
        Problems = path.Contains('{', StringComparison.Ordinal) ? [StatusCodes.Status404NotFound] : [],
    };
}
