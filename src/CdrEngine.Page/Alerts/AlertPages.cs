using CdrEngine.Api;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Alerts;

/// <summary>Alerts: the list with the rules, and one with its calls.</summary>
internal sealed class AlertPages(PageDesk desk, ApiAlerts alerts)
{
    private const int ShownCalls = 20;
    private const int LongestNote = 1000;

    private static readonly (string Name, string Label, AlertState[] States)[] Views =
    [
        ("open", "Going on", [AlertState.Raised, AlertState.Acknowledged]),
        ("raised", "Not taken", [AlertState.Raised]),
        ("cleared", "Over", [AlertState.Cleared]),
        ("all", "All", []),
    ];

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes =>
    [
        new("/alerts", "alerts") { Get = ListAsync },
        new("/alerts/{id}", "alert") { Get = ShowAsync, Post = AcknowledgeAsync, PostScope = ApiScopes.CallsWrite },
    ];

    /// <summary>The colour of a severity, and of an alert that is over.</summary>
    public static Tone ToneOf(Alert alert) => alert.State == AlertState.Cleared ? Tone.Plain : alert.Severity switch { AlertSeverity.Critical => Tone.Bad, AlertSeverity.Warning => Tone.Warn, _ => Tone.Active };

    /// <summary>Rows of a list, the same wherever alerts are shown.</summary>
    public static Html Table(string caption, IEnumerable<Alert> list, TimeZoneInfo zone)
    {
        Column[] columns = [new("Severity"), new("Found", "found"), new("About", "about"), new("Raised", "when"), new("State", "state")];
        return Pieces.Table(caption, columns, list.Select(alert => Pieces.Row(
            columns,
            Badge.Of(ToneOf(alert), Words.Plain(EnumNames<AlertSeverity>.Of(alert.Severity))),
            Html.Of($"""<a href="/alerts/{alert.Id}">{alert.Rule}</a><br><span class="note">{AlertText.Finding(alert)}</span>"""),
            Html.Wire(AlertText.Subject(alert)),
            Words.Time(alert.RaisedAt, zone),
            State(alert))));
    }

    private static Html State(Alert alert) => alert.State switch
    {
        AlertState.Cleared => Html.Of($"Over"),
        AlertState.Acknowledged => Html.Of($"Taken by {Html.Wire(alert.AcknowledgedBy ?? "somebody")}"),
        _ => Html.Of($"Not taken{(alert.IsQuiet ? ", quiet" : "")}"),
    };

    private async Task<PageAnswer> ListAsync(PageRequest request)
    {
        (string name, _, AlertState[] states) = Views.FirstOrDefault(view => view.Name == request.Query("show"), Views[0]);
        string? rule = request.Query("rule");
        var query = new AlertQuery { States = states, Rule = rule, Tenant = request.Viewer.Tenant, Limit = 50, Cursor = request.Query("cursor") };
        var found = await request.SeatedAsync(_seats, () => (object)(alerts.Store.List(query), alerts.Store.Open(), alerts.Store.Totals(request.Viewer.Tenant)));
        if (found is not ValueTuple<ListPage<Alert>, IReadOnlyList<Alert>, AlertTotals>(var page, var open, var totals)) return new AnsweredPage();
        Place here = Place.Of(request.Context.Request).Without("cursor");
        if (page.CursorRejected) return new GoTo(here.ToString());
        Html list = page.Items.Count > 0
            ? Html.Of($"""{Table("Alerts", page.Items, request.Viewer.Zone)}{(page.NextCursor is null && query.Cursor is null ? Html.None : Pieces.Pager("Pages of alerts", query.Cursor is null ? null : here.ToString(), page.NextCursor is { } next ? here.With("cursor", next).ToString() : null))}""")
            : Pieces.Empty(Icon.Bell, name is "open" or "raised" ? "Nothing is wrong" : "No alerts", Html.Of($"Rules that are broken show up here, with the calls that broke them."));
        Html views = Html.Of($"""<nav class="views" aria-label="Which alerts"><ul>{Views.Select(view => Html.Of($"""<li><a href="{here.With("show", view.Name == "open" ? null : view.Name)}"{Html.When(view.Name == name, "aria-current=\"true\"")}>{view.Label}{Count(view.Name, totals)}</a></li>"""))}</ul></nav>""");
        Html chip = rule is null ? Html.None : Html.Of($"""<ul class="chips" aria-label="Filters in force">{Pieces.Chip("Rule", Html.Wire(rule), here.Without("rule").ToString())}</ul>""");
        if (request.Part == "alerts") return new PageFragment(Html.Of($"{views}{chip}{list}"));
        return new WholePage("Alerts", Html.Of($"""
            {Pieces.Head("Alerts")}
            <div id="live-part" data-part="alerts" data-events="alert.raised,alert.reminded,alert.acknowledged,alert.cleared">{views}{chip}{list}</div>
            {Rules(request, open)}
            """))
        {
            Section = "/alerts",
            Modules = ["live.js"],
        };
    }

    private static Html Count(string view, AlertTotals totals)
    {
        long? count = view switch { "open" => totals.Raised + totals.Acknowledged, "raised" => totals.Raised, "cleared" => totals.Cleared, _ => null };
        return count is > 0 ? Html.Of($""" <span class="count">{Words.Number(count.Value)}</span>""") : Html.None;
    }

    private Html Rules(PageRequest request, IReadOnlyList<Alert> open)
    {
        string? tenant = request.Viewer.Tenant;
        Column[] columns = [new("Rule"), new("By"), new("Raised at", "num"), new("Over at", "num"), new("Within", "num"), new("State")];
        AlertRule[] rules = [.. AlertRulePages.Of(alerts, tenant)];
        Html table = Pieces.Table("Rules", columns, rules.Select(rule =>
        {
            int count = open.Count(alert => alert.Rule == rule.Name && (tenant is null || alert.Tenant == tenant));
            return Pieces.Row(
                columns,
                Html.Of($"""<a href="/alerts/rules/{rule.Name}">{rule.Name}</a><br><span class="note">{AlertFigures.Watches(rule)}{(rule.Quiet.Texts.Count > 0 ? $"; quiet {string.Join(", ", rule.Quiet.Texts)}" : "")}</span>"""),
                Html.Of($"{(rule.By == AlertScope.None ? "all together" : AlertRule.Names(rule.By))}"),
                Html.Of($"{AlertFigures.Text(rule.Kind, rule.Threshold)}"),
                Html.Of($"{AlertFigures.Text(rule.Kind, rule.Clear)}"),
                Html.Of($"{Words.SpanWords(rule.Window)}"),
                !rule.IsEnabled ? Badge.Of(Tone.Plain, "Off") : count > 0 ? Badge.Of(Tone.Bad, Words.Count(count, "alert")) : Badge.Of(Tone.Good, "Watching"));
        }));
        return Pieces.Card("rules", "Rules", Html.Of($"""<p class="lead">Set in the configuration under <code>alerts</code>. A rule’s page tries it with other figures over the calls that are stored.</p>{table}"""));
    }

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        if (Find(request, out PageAnswer? refusal) is not { } alert) return refusal!;
        CallRecord[]? calls = await request.SeatedAsync(_seats, () => alert.Calls.Take(ShownCalls).Select(desk.Calls.Get).OfType<CallRecord>().Where(call => request.Viewer.MaySee(call.Tenant)).Select(call => request.Viewer.Shown(call, desk.Calls)).ToArray());
        if (calls is null) return new AnsweredPage();
        return new WholePage(alert.Rule, Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/alerts">Alerts</a> <span aria-hidden="true">/</span> <span>{Words.Time(alert.RaisedAt, request.Viewer.Zone)}</span></nav>
            {Pieces.Head(alert.Rule, Html.Wire(AlertText.Subject(alert)), Html.Of($"{Badge.Of(ToneOf(alert), Words.Plain(EnumNames<AlertSeverity>.Of(alert.Severity)))} {Badge.Of(alert.State == AlertState.Cleared ? Tone.Plain : alert.State == AlertState.Acknowledged ? Tone.Active : Tone.Bad, Words.Plain(EnumNames<AlertState>.Of(alert.State)))}"))}
            {Pieces.Card("found", "What was found", Html.Of($"""<p class="lead">{AlertText.Finding(alert)}.</p>{Pieces.Facts(Facts(alert, request.Viewer.Zone))}"""))}
            {Acknowledgement(request, alert)}
            {Calls(request, alert, calls)}
            """))
        {
            Section = "/alerts",
        };
    }

    private static IEnumerable<(string, Html)> Facts(Alert alert, TimeZoneInfo zone)
    {
        yield return ("Raised", Words.Time(alert.RaisedAt, zone));
        yield return ("Over", Words.Time(alert.ClearedAt, zone));
        yield return ("Figures as of", Words.Time(alert.UpdatedAt, zone));
        yield return ("When raised", Html.Of($"{AlertFigures.Text(alert.Kind, alert.Value)}"));
        yield return ("At worst", Html.Of($"{AlertFigures.Text(alert.Kind, alert.Worst)}"));
        yield return (alert.ClearedAt is null ? "Now" : "At the end", Html.Of($"{AlertFigures.Text(alert.Kind, alert.Last)}"));
        yield return ("Threshold", Html.Of($"{AlertFigures.Text(alert.Kind, alert.Threshold)}"));
        yield return ("Window", Html.Of($"{Words.SpanWords(alert.Window)}"));
        yield return ("Told", Html.Of($"{(alert.IsQuiet ? "not yet: it is quiet now" : "yes")}"));
    }

    private static Html Acknowledgement(PageRequest request, Alert alert)
    {
        if (alert.AcknowledgedAt is { } taken)
            return Pieces.Card("taken", "Taken", Pieces.Facts([("By", Words.Text(alert.AcknowledgedBy)), ("At", Words.Time(taken, request.Viewer.Zone)), ("Note", Words.Text(alert.Note))]));
        if (alert.ClearedAt is not null || !request.Viewer.May(ApiScopes.CallsWrite)) return Html.None;
        return Pieces.Card("take", "Take it", Html.Of($"""
            <p class="lead">Others see who looks after it, and it is not said again.</p>
            <form method="post" action="/alerts/{alert.Id}" class="note-form">{request.FormKey}
              <label for="note">Note</label>
              <textarea id="note" name="note" rows="2" maxlength="{LongestNote}"></textarea>
              <button class="primary">Acknowledge</button>
            </form>
            """));
    }

    private static Html Calls(PageRequest request, Alert alert, CallRecord[] calls)
    {
        if (PlaceOf(alert, request.Viewer.Zone) is not { } place) return Html.None;
        Column[] columns = [new("Started", "when"), new("Caller", "who"), new("Callee", "who"), new("Outcome", "outcome"), new("Talk", "num"), new("MOS", "num")];
        Html table = calls.Length == 0 ? Html.Of($"""<p class="lead">None of them is stored any more, or they were counted while they went on.</p>""") : Pieces.Table("Calls of the alert", columns, calls.Select(call => Pieces.Row(
            columns,
            Html.Of($"""<a href="/calls/{call.Id}">{Words.Time(call.StartedAt, request.Viewer.Zone)}</a>"""),
            Words.Party(call.Caller),
            Words.Party(call.Callee, call.Dialled),
            Badge.Of(call.Disposition),
            call.AnsweredAt is null ? Words.None : Html.Of($"{Words.Span(call.BillableDuration)}"),
            Badge.Mos(CdrEngine.Calls.Figures.TrafficSamples.MosOf(call)))));
        string title = alert.CallCount > calls.Length ? $"Calls: the first {calls.Length} of {Words.Number(alert.CallCount)}" : "Calls";
        return Pieces.Card("calls", title, table, Html.Of($"""<a class="button" href="{place}">Find them in the list</a>"""));
    }

    // The list of calls has filters of its own names.
    private static Place? PlaceOf(Alert alert, TimeZoneInfo zone)
    {
        if (AlertCalls.Query(alert) is not { } query) return null;
        return new Place(
            "/calls",
            ("from", query.From is { } from ? Moments.From(from, zone) : ""), ("to", query.To is { } to ? Moments.To(to, zone) : ""), ("caller", query.Caller ?? ""), ("callee", query.Callee ?? ""), ("address", query.Address?.ToString() ?? ""),
            ("disposition", string.Join(',', query.Dispositions.Select(EnumNames<Disposition>.Of))), ("mos", query.MosBelow?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? ""),
            ("flags", query.Flags == CallFlags.None ? "" : "one_way_audio"), ("tenant", query.Tenant ?? ""));
    }

    private async Task<PageAnswer> AcknowledgeAsync(PageRequest request)
    {
        if (Find(request, out PageAnswer? refusal) is not { } alert) return refusal!;
        string note = request.Field("note");
        if (note.Length > LongestNote) return new ErrorPage($"The note is longer than {LongestNote} characters.") { Status = 400 };
        if (alert is { AcknowledgedAt: null, ClearedAt: null })
        {
            if (!await request.AccountAsync("acknowledge_alert", alert.Id)) return new AnsweredPage();
            Alert? taken = alerts.Store.Acknowledge(alert.Id, request.Viewer.Token?.Name, note.Length == 0 ? null : note, Timestamp.From(desk.Options.Time.GetUtcNow()));
            if (taken is not null) alerts.Acknowledged?.Invoke(taken);
        }

        return new GoTo($"/alerts/{alert.Id}");
    }

    private Alert? Find(PageRequest request, out PageAnswer? refusal)
    {
        string id = request.Path("id");
        Alert? alert = Alert.IsId(id) ? alerts.Store.Find(id) : null;
        refusal = alert is null ? new ErrorPage("There is no alert with this id.") { Status = 404 }
            : request.Viewer.MaySee(alert.Tenant) ? null
            : new ErrorPage("This belongs to another tenant than the token's.") { Status = 403 };
        return refusal is null ? alert : null;
    }
}
