using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>Schemas of alerts, rules and webhooks.</summary>
internal static class AlertSchemas
{
    public const string Alert = "Alert";
    public const string AlertPage = "AlertPage";
    public const string RuleList = "AlertRuleList";
    public const string Trial = "AlertTrial";
    public const string Acknowledgement = "Acknowledgement";
    public const string Webhook = "Webhook";
    public const string WebhookList = "WebhookList";
    public const string WebhookDraft = "WebhookDraft";
    public const string DeadLetter = "DeadLetter";
    public const string DeadLetterList = "DeadLetterList";
    public const string Count = "Count";

    public static IReadOnlyDictionary<string, OpenApiSchema> All(OpenApiDocument document) => new Dictionary<string, OpenApiSchema>(StringComparer.Ordinal)
    {
        [Alert] = AlertSchema(),
        [AlertPage] = Object(
            "A page of alerts.",
            ("alerts", List("Alerts, the last raised first.", new OpenApiSchemaReference(Alert, document))),
            ("next_cursor", Text("Give it as `cursor` for what follows; null on the last page.").OrNull())),
        [RuleList] = Object("The rules.", ("rules", List("In order of name.", RuleSchema()))),
        [Trial] = Object(
            "What a rule would have raised.",
            ("rule", Text("Its name.")),
            ("from", Time("First instant.")),
            ("to", Time("The instant after the last.")),
            ("calls_read", Whole("Calls read, those before the range that its windows reach back to included.")),
            ("whole", Flag("False where there were more calls than are read at once.")),
            ("alerts", List("The first thousand.", new OpenApiSchemaReference(Alert, document))),
            ("alert_count", Whole("All of them."))),
        [Acknowledgement] = Optional("Who takes an alert may say something.", ("note", Text("Up to 1000 characters.").OrNull())),
        [Webhook] = WebhookSchema(),
        [WebhookList] = Object("The endpoints.", ("webhooks", List("By id.", new OpenApiSchemaReference(Webhook, document)))),
        [WebhookDraft] = Optional(
            "An endpoint to be.",
            ("id", Text("Letters, digits, hyphens, underscores; made where it is left out.").OrNull()),
            ("url", Text("Where to: https, on the public network unless the settings allow others.")),
            ("secret", Text($"{WebhookCheck.ShortestSecret} to 256 characters; made where it is left out.").OrNull()),
            ("events", List("Names of events, `call.*` for all that begin so, `*` for all.", Text("Name."))),
            ("tenant", Text("Only events of this tenant.").OrNull()),
            ("enabled", Flag("Whether anything is sent.")),
            ("description", Text("In your words.").OrNull())),
        [DeadLetter] = Object(
            "An event that could not be delivered.",
            ("id", Whole("Its id.")),
            ("endpoint", Text("Id of the endpoint.")),
            ("event", Text("Name of the event.")),
            ("created_at", Time("When it was put in line.")),
            ("died_at", Time("When it was given up.")),
            ("attempts", Whole("Attempts made.")),
            ("status", Whole("Status of the last answer.").OrNull()),
            ("error", Text("What was wrong last.")),
            ("body", new OpenApiSchema { Type = JsonSchemaType.Object, Description = "The event, as it would have been sent." })),
        [DeadLetterList] = Object("Dead letters.", ("dead_letters", List("The newest first.", new OpenApiSchemaReference(DeadLetter, document)))),
        [Count] = Optional("How many.", ("queued", Whole("Put in line.")), ("removed", Whole("Removed."))),
    };

    private static OpenApiSchema Optional(string description, params (string Name, IOpenApiSchema Schema)[] members)
    {
        OpenApiSchema schema = Object(description, members);
        schema.Required = null;
        return schema;
    }

    private static OpenApiSchema AlertSchema() => Object(
        "What a rule found.",
        ("id", Text("Identity, derived from rule, group and instant.")),
        ("rule", Text("Name of the rule.")),
        ("kind", Names("What it watches.", EnumNames<AlertKind>.All.Select(static pair => pair.Name))),
        ("severity", Names("How urgent it is.", EnumNames<AlertSeverity>.All.Select(static pair => pair.Name))),
        ("state", Names("Where it is.", EnumNames<AlertState>.All.Select(static pair => pair.Name))),
        ("tenant", Text("Whose it is.").OrNull()),
        ("group", Object(
            "What the rule counts by itself.",
            ("tenant", Text("Tenant.").OrNull()),
            ("trunk", Text("Trunk.").OrNull()),
            ("peer", Text("Address of the callee or registrar.").OrNull()),
            ("caller", Text("Number of the caller, or address of record.").OrNull()),
            ("user", Text("Id of the directory's user.").OrNull()),
            ("source", Text("Address of the caller or device, or source of the capture.").OrNull()),
            ("currency", Text("ISO 4217 code, where money is counted.").OrNull()))),
        ("subject", Text("What it is about, in words.")),
        ("text", Text("What was found, in words.")),
        ("raised_at", Time("When it was raised.")),
        ("updated_at", Time("When its figures were last others.")),
        ("acknowledged_at", Time("When somebody took it.").OrNull()),
        ("acknowledged_by", Text("Name of the token.").OrNull()),
        ("note", Text("What they wrote.").OrNull()),
        ("cleared_at", Time("When it was over.").OrNull()),
        ("value", Number("The figure when it was raised: percent, a number, or a multiple.")),
        ("worst", Number("The worst figure so far.")),
        ("last", Number("The figure when last looked at.")),
        ("threshold", Number("The rule's threshold then.")),
        ("limit", Number("The rule's limit then.")),
        ("window_ms", Whole("Length of the rule's window then, ms.")),
        ("total", Whole("Calls (packets) considered when it was raised.")),
        ("bad", Whole("Of these against the rule.")),
        ("call_count", Whole("Calls against the rule until it was over.")),
        ("calls", List("Ids of the first of them.", Text("Id."))),
        ("calls_from", Time("Start of the earliest of them.").OrNull()),
        ("calls_to", Time("Start of the latest of them.").OrNull()),
        ("prefixes", List("Prefixes of the rule then.", Text("Digits."))),
        ("calls_query", Text("Query of `/api/v1/calls` that finds them.").OrNull()),
        ("quiet", Flag("Raised in a quiet time, and nobody told yet.")));

    private static OpenApiSchema RuleSchema() => Object(
        "A rule.",
        ("name", Text("Its name.")),
        ("kind", Names("What it watches.", EnumNames<AlertKind>.All.Select(static pair => pair.Name))),
        ("enabled", Flag("Whether it is evaluated.")),
        ("severity", Names("How urgent its alerts are.", EnumNames<AlertSeverity>.All.Select(static pair => pair.Name))),
        ("by", List("What it counts by itself.", Text("Name."))),
        ("threshold", Number("The figure from which on it is an alert.")),
        ("clear", Number("The figure at which it is over.")),
        ("clear_after_ms", Whole("For so long, ms.")),
        ("limit", Number("What makes a call count.")),
        ("window_ms", Whole("Over how long is counted, ms.")),
        ("sample", Whole("Calls needed to say anything.")),
        ("at_least", Whole("Of these have to count.")),
        ("remind_ms", Whole("How often it is said again, ms; 0 for never.")),
        ("quiet", List("When nobody is told.", Text("As written."))),
        ("tenants", List("Only of these.", Text("Name."))),
        ("trunks", List("Only over these.", Text("Name."))),
        ("prefixes", List("Only to these.", Text("Digits."))),
        ("open", Whole("Alerts that go on.")));

    private static OpenApiSchema WebhookSchema() => Object(
        "Whom events are sent to.",
        ("id", Text("Its id.")),
        ("url", Text("Where to.")),
        ("events", List("Names of events.", Text("Name."))),
        ("tenant", Text("Only events of this tenant.").OrNull()),
        ("enabled", Flag("Whether anything is sent.")),
        ("from_settings", Flag("Whether it is in the settings.")),
        ("description", Text("In words of who made it.").OrNull()),
        ("created_at", Time("When it was made.")),
        ("secret", Text("Shown once, where it was made here.").OrNull()),
        ("waiting", Whole("Deliveries that wait.")),
        ("dead_letters", Whole("Dead letters.")),
        ("failures_in_a_row", Whole("Attempts that failed since one arrived.")),
        ("paused_until", Time("Nothing is sent until then.").OrNull()),
        ("last_at", Time("Last attempt.").OrNull()),
        ("last_status", Whole("Status of its answer.").OrNull()),
        ("last_error", Text("What was wrong.").OrNull()));
}
