using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Alerts and rules.</summary>
internal sealed class AlertEndpoints(ApiAlerts alerts, ICallReader calls, RequestAudit audit, ApiOptions options, ApiCounters counters)
{
    private const int LongestNote = 1000;

    private readonly Seats _seats = new(options.Limits.Lists, options.Limits.LongestWait, counters);

    // A trial reads as many calls as a day has: one at a time leaves the store to the others.
    private readonly Seats _trials = new(1, options.Limits.LongestWait, counters);

    /// <summary><c>GET alerts</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new AlertQuery { Limit = options.PageSize }, AlertParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        ListPage<Alert>? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = alerts.Store.List(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected) await ListAnswer.CursorRejectedAsync(context);
        else await ListAnswer.WriteAsync(context, "alerts", page.Items, AlertJson.Write, page.NextCursor);
    }

    /// <summary><c>GET alerts/{id}</c>.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        if (await FindAsync(context) is { } alert) await Body.WriteAsync(context, CallEndpoints.JsonType, AlertJson.ToUtf8(alert));
    }

    /// <summary><c>POST alerts/{id}/acknowledge</c>.</summary>
    public async Task AcknowledgeAsync(HttpContext context)
    {
        if (await JsonBody.ReadAsync(context, isOptional: true) is not { } body) return;
        string? note = body.Text("note", 0, LongestNote, hasLines: true);
        if (await body.RefusedAsync(context)) return;
        if (await FindAsync(context) is not { } alert) return;
        if (alert.ClearedAt is not null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "The alert is over.");
            return;
        }

        if (alert.AcknowledgedAt is null)
        {
            if (!await audit.AccountAsync(context, "acknowledge_alert", alert.Id, alert.Tenant)) return;
            alert = alerts.Store.Acknowledge(alert.Id, AccessGate.Token(context)?.Name, note, Timestamp.From(options.Time.GetUtcNow())) ?? alert;
            alerts.Acknowledged?.Invoke(alert);
        }

        await Body.WriteAsync(context, CallEndpoints.JsonType, AlertJson.ToUtf8(alert));
    }

    /// <summary><c>GET alerts/rules</c>.</summary>
    public async Task RulesAsync(HttpContext context)
    {
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        string? tenant = AccessGate.TenantOf(context);
        ILookup<string, Alert> open = alerts.Store.Open().Where(alert => tenant is null || alert.Tenant == tenant).ToLookup(static alert => alert.Rule, StringComparer.Ordinal);

        // Of a rule that is about others by name a tenant need not know.
        AlertRule[] rules = [.. alerts.Rules.Where(rule => tenant is null || rule.Tenants.Count == 0 || rule.Tenants.Contains(tenant, StringComparer.Ordinal)).OrderBy(static rule => rule.Name, StringComparer.Ordinal)];
        await ListAnswer.WriteAsync(context, "rules", rules, (rule, writer) => Write(rule, open[rule.Name], tenant is not null, writer), nextCursor: null, isPaged: false);
    }

    /// <summary><c>GET alerts/trial</c>.</summary>
    public async Task TrialAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new AlertTrial(), AlertParameters.Trial, static trial => trial.Tenant, static (trial, tenant) => trial with { Tenant = tenant }) is not { } trial) return;
        if (alerts.Rules.FirstOrDefault(rule => rule.Name == trial.Rule) is not { } rule)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, $"rule: there is none of this name; there are {string.Join(", ", alerts.Rules.Select(static rule => rule.Name))}.", "rule");
            return;
        }

        AlertRule tried = trial.Of(rule);
        if (!tried.IsOverCalls || tried.Fault() is not null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, tried.IsOverCalls ? $"rule: {tried.Fault()}." : "rule: it is not about calls; registrations and the capture's figures are not kept to be counted again.", "rule");
            return;
        }

        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;
        Timestamp to = trial.To ?? Timestamp.From(options.Time.GetUtcNow()), from = trial.From ?? to - TimeSpan.FromDays(7);
        StoredAlertReport? report = null;
        await _trials.RunAsync(context, async () => report = await Task.Run(() => StoredAlerts.Run(calls, new AlertEvaluator([tried]), from, to, trial.Tenant, alerts.TrialCalls, context.RequestAborted), context.RequestAborted));
        if (report is null) return;
        using var text = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteString("rule"u8, tried.Name);
            JsonValues.Time(writer, "from"u8, from);
            JsonValues.Time(writer, "to"u8, to);
            writer.WriteNumber("calls_read"u8, report.Calls);
            writer.WriteBoolean("whole"u8, report.IsWhole);
            writer.WriteStartArray("alerts"u8);
            foreach (Alert alert in report.Alerts.Take(CallQuery.MaxLimit)) AlertJson.Write(alert, writer);
            writer.WriteEndArray();
            writer.WriteNumber("alert_count"u8, report.Alerts.Count);
            writer.WriteEndObject();
        }

        await Body.WriteAsync(context, CallEndpoints.JsonType, text.ToArray());
    }

    private static void Write(AlertRule rule, IEnumerable<Alert> open, bool hidesOthers, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, rule.Name);
        writer.WriteString("kind"u8, EnumNames<AlertKind>.Of(rule.Kind));
        writer.WriteBoolean("enabled"u8, rule.IsEnabled);
        writer.WriteString("severity"u8, EnumNames<AlertSeverity>.Of(rule.Severity));
        writer.WriteStartArray("by"u8);
        foreach ((AlertScope scope, string name) in EnumNames<AlertScope>.All)
        {
            if (scope != AlertScope.None && rule.By.HasFlag(scope)) writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
        writer.WriteNumber("threshold"u8, rule.Threshold);
        writer.WriteNumber("clear"u8, rule.Clear);
        JsonValues.Span(writer, "clear_after_ms"u8, rule.ClearAfter);
        writer.WriteNumber("limit"u8, rule.Limit);
        JsonValues.Span(writer, "window_ms"u8, rule.Window);
        writer.WriteNumber("sample"u8, rule.Sample);
        writer.WriteNumber("at_least"u8, rule.AtLeast);
        JsonValues.Span(writer, "remind_ms"u8, rule.Remind);
        WriteList(writer, "quiet", rule.Quiet.Texts);
        WriteList(writer, "tenants", hidesOthers ? [] : rule.Tenants);
        WriteList(writer, "trunks", hidesOthers ? [] : rule.Trunks);
        WriteList(writer, "prefixes", rule.Prefixes);
        writer.WriteNumber("open"u8, open.Count());
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<string> items)
    {
        writer.WriteStartArray(name);
        foreach (string item in items) writer.WriteStringValue(item);
        writer.WriteEndArray();
    }

    private async Task<Alert?> FindAsync(HttpContext context)
    {
        Alert? alert = context.Request.RouteValues["id"] is string id && Alert.IsId(id) ? alerts.Store.Find(id) : null;
        if (alert is not null && AccessGate.MaySee(context, alert.Tenant)) return alert;
        await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no alert with this id.");
        return null;
    }
}
