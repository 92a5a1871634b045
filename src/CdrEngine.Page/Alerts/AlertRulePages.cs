using System.Globalization;
using CdrEngine.Api;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Alerts;

/// <summary>One rule: what it watches in words, what it found, and what it would have found with other figures.</summary>
internal sealed class AlertRulePages(PageDesk desk, ApiAlerts alerts)
{
    private const int ShownAlerts = 10;
    private const int TriedAlerts = 50;

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    // A trial reads as many calls as a day has: one at a time leaves the store to the others.
    private readonly Seats _trials = new(1, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/alerts/rules/{rule}", "alert rule") { Get = ShowAsync }];

    /// <summary>The rules that a viewer may know of: of one that is about other tenants by name they need not.</summary>
    public static IEnumerable<AlertRule> Of(ApiAlerts alerts, string? tenant) =>
        alerts.Rules.Where(rule => tenant is null || rule.Tenants.Count == 0 || rule.Tenants.Contains(tenant, StringComparer.Ordinal)).OrderBy(static rule => rule.Name, StringComparer.Ordinal);

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        string? tenant = request.Viewer.Tenant;
        if (Of(alerts, tenant).FirstOrDefault(rule => rule.Name == request.Path("rule")) is not { } rule) return new ErrorPage("There is no rule of this name.") { Status = 404 };
        ListPage<Alert>? found = await request.SeatedAsync(_seats, () => alerts.Store.List(new AlertQuery { Rule = rule.Name, Tenant = tenant, Limit = ShownAlerts }));
        if (found is null) return new AnsweredPage();
        Html? tried = rule.IsOverCalls && request.Query("try") is not null ? await TriedAsync(request, rule) : Html.None;
        if (tried is not { } trial) return new AnsweredPage();
        Html list = found.Items.Count == 0
            ? Html.Of($"""<p class="lead">It has not been broken as long as alerts are kept.</p>""")
            : AlertPages.Table("Alerts of this rule", found.Items, request.Viewer.Zone);
        return new WholePage(rule.Name, Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/alerts">Alerts</a> <span aria-hidden="true">/</span> <span>Rules</span></nav>
            {Pieces.Head(rule.Name, Html.Of($"{AlertFigures.Watches(rule)}."), rule.IsEnabled ? Badge.Of(Tone.Good, "Watching") : Badge.Of(Tone.Plain, "Off"))}
            {Pieces.Card("rule", "The rule", Html.Of($"{Pieces.Facts(Facts(rule))}"))}
            {Trial(request, rule, trial)}
            {Pieces.Card("found", "What it found", list, found.Items.Count == 0 ? Html.None : Html.Of($"""<a class="button" href="/alerts?show=all&amp;rule={rule.Name}">All of them</a>"""))}
            """))
        {
            Section = "/alerts",
        };
    }

    private static IEnumerable<(string, Html)> Facts(AlertRule rule)
    {
        yield return ("Raised at", Html.Of($"{(rule.Kind == AlertKind.LowAnswerRate ? "or below " : "")}{AlertFigures.Text(rule.Kind, rule.Threshold)}"));
        yield return ("Over at", Html.Of($"{AlertFigures.Text(rule.Kind, rule.Clear)}, for {Words.SpanWords(rule.ClearAfter)}"));
        yield return ("Counted over", Html.Of($"{Words.SpanWords(rule.Window)}"));
        yield return ("Counted by", Html.Of($"{(rule.By == AlertScope.None ? "all together" : AlertRule.Names(rule.By))}"));
        yield return ("From so many on", Html.Of($"{Words.Number(rule.Sample)}{(rule.AtLeast > 1 ? $", {Words.Number(rule.AtLeast)} of them against it" : "")}"));
        yield return ("Severity", Html.Of($"{Words.Plain(EnumNames<AlertSeverity>.Of(rule.Severity))}"));
        yield return ("Said again", Html.Of($"{(rule.Remind > TimeSpan.Zero ? $"every {Words.SpanWords(rule.Remind)}" : "never")}"));
        yield return ("Quiet", rule.Quiet.Texts.Count == 0 ? Html.Of($"never") : Html.Of($"{string.Join(", ", rule.Quiet.Texts)}"));
        if (rule.Tenants.Count > 0) yield return ("Only tenants", Html.Of($"{string.Join(", ", rule.Tenants)}"));
        if (rule.Trunks.Count > 0) yield return ("Only trunks", Html.Of($"{string.Join(", ", rule.Trunks)}"));
        if (rule.Prefixes.Count > 0) yield return ("Only numbers that begin", Html.Of($"{string.Join(", ", rule.Prefixes.Select(static prefix => "+" + prefix))}"));
    }

    private static Html Trial(PageRequest request, AlertRule rule, Html result)
    {
        if (!rule.IsOverCalls) return Pieces.Card("trial", "Try it", Html.Of($"""<p class="lead">It is not about calls: registrations and the capture's figures are not kept to be counted again.</p>"""));
        Html Input(string name, string label, double value, string unit) =>
            Html.Of($"""<label>{label}{(unit.Length > 0 ? $", {unit}" : "")}<input type="text" name="{name}" inputmode="decimal" value="{request.Query(name) ?? value.ToString("0.##", CultureInfo.InvariantCulture)}" autocomplete="off"></label>""");
        string unit = AlertFigures.Unit(rule.Kind);
        return Pieces.Card("trial", "Try it", Html.Of($"""
            <p class="lead">What it would have raised over the calls that are stored. Nothing is changed, and nobody is told.</p>
            <form method="get" action="/alerts/rules/{rule.Name}#trial" class="try-form"><input type="hidden" name="try" value="1">
              <label>Time<input type="text" name="when" value="{request.Query("when") ?? "last 7 days"}" list="when-words" autocomplete="off"></label><datalist id="when-words">{TimeWords.Offers.Select(static words => Html.Of($"""<option value="{words}"></option>"""))}</datalist>
              {Input("threshold", "Raised at", rule.Threshold, unit)}{Input("clear", "Over at", rule.Clear, unit)}{(AlertFigures.LimitOf(rule.Kind) is { } limit ? Input("limit", limit, rule.Limit, "") : Html.None)}{Input("window", "Counted over", rule.Window.TotalMinutes, "minutes")}{Input("sample", "From so many on", rule.Sample, "")}
              <button class="primary">Try</button></form>
            {result}
            """));
    }

    /// <summary>The rule as the form says, over stored calls; null where no place came free, and then the request is answered.</summary>
    private async Task<Html?> TriedAsync(PageRequest request, AlertRule rule)
    {
        string when = request.Query("when") ?? "last 7 days";
        DateTimeOffset now = desk.Options.Time.GetUtcNow();
        if (TimeWords.Read(when, now, request.Viewer.Zone) is not { From: { } from } range) return Pieces.Problem($"Time: “{when}” is not understood, or has no beginning. Try “last 7 days” or “yesterday”.");
        string? wrong = null;
        double Read(string name, string label, double otherwise)
        {
            if (request.Query(name) is not { } text) return otherwise;
            if (ValueText.Number(text.Trim(), 0, 1e9, out double number) is null) return number;
            wrong ??= $"{label}: “{text}” is no number.";
            return otherwise;
        }

        AlertRule tried = rule with
        {
            IsEnabled = true,
            Threshold = Read("threshold", "Raised at", rule.Threshold),
            Clear = Read("clear", "Over at", rule.Clear),
            Limit = Read("limit", "Limit", rule.Limit),
            Window = TimeSpan.FromMinutes(Math.Min(Read("window", "Counted over", rule.Window.TotalMinutes), 1e6)),
            Sample = (long)Read("sample", "From so many on", rule.Sample),
        };
        if ((wrong ?? tried.Fault()) is { } fault) return Pieces.Problem(fault);
        Timestamp to = range.To ?? Timestamp.From(now);
        StoredAlertReport? report = await request.SeatedAsync(_trials, () => StoredAlerts.Run(desk.Calls, new AlertEvaluator([tried]), from, to, request.Viewer.Tenant, alerts.TrialCalls, request.Gone));
        if (report is null) return null;
        Html told = Html.Of($"""<p class="lead" role="status" id="tried">{Words.Count(report.Alerts.Count, "alert")} over {Words.Count(report.Calls, "call")}{(report.IsWhole ? "" : "; there are more calls than a trial reads, the later ones were left out")}{(report.Alerts.Count > TriedAlerts ? $"; the last {TriedAlerts} are shown" : "")}.</p>""");
        if (report.Alerts.Count == 0) return told;
        Column[] columns = [new("Raised", "when"), new("Over", "when"), new("About"), new("Found")];
        return Html.Of($"""
            {told}{Pieces.Table("Alerts that it would have raised", columns, report.Alerts.OrderByDescending(static alert => alert.RaisedAt).Take(TriedAlerts).Select(alert => Pieces.Row(
                columns, Words.Time(alert.RaisedAt, request.Viewer.Zone), alert.ClearedAt is { } over ? Words.Time(over, request.Viewer.Zone) : Html.Of($"goes on"), Html.Wire(AlertText.Subject(alert)), Html.Of($"""<span class="note">{AlertText.Finding(alert)}</span>"""))))}
            """);
    }
}
