using System.Globalization;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Figures;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Dashboards;

/// <summary>Traffic at a glance: over time, by outcome, cause, trunk and hour of the week; who calls most, what sounded worst, who answers slowest. Everything leads to
/// the calls it counts.</summary>
internal sealed class DashboardPage(PageDesk desk, ITrafficReader traffic)
{
    private static readonly (string Words, string Label)[] Ranges = [("last 24 hours", "24 hours"), ("last 7 days", "7 days"), ("last 30 days", "30 days"), ("last 365 days", "A year")];
    private static readonly string[] Weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private static readonly (string Name, string Kind)[] Outcomes = [("answered", "c-good"), ("not answered", "c-mild"), ("failed", "c-bad")];

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/dashboards", "dashboards") { Get = ShowAsync }, new("/dashboards/{chart}.svg", "chart") { Get = DownloadAsync }];

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        if (Asked(request, out string? problem) is not { } asked)
            return new WholePage("Dashboards", Html.Of($"{Pieces.Head("Dashboards")}{Form(request, "")}{Pieces.Problem(problem!)}")) { Section = "/dashboards" };
        Drawn? drawn = await request.SeatedAsync(_seats, () => Read(asked, request));
        if (drawn is null) return new AnsweredPage();
        Html body = drawn.Figures.All.Calls == 0
            ? Pieces.Empty(Icon.Chart, "No calls in this time", Html.Of($"Choose another, or take a filter away."))
            : Html.Of($"""
                {Tiles(drawn.Figures)}
                {Over(request, drawn.Figures)}
                {Ratio(request, drawn.Figures)}
                <div class="columns">{ByOutcome(request, drawn.Figures)}{ByStatus(request, drawn.Figures)}{ByCause(request, drawn.Figures)}{Talkers(request, drawn)}{ByTrunk(request, drawn.Figures)}{Week(request, drawn.Figures)}{Worst(request, drawn)}{Slowest(drawn)}</div>
                """);
        return new WholePage("Dashboards", Html.Of($"""
            {Pieces.Head("Dashboards", Html.Of($"{Words.Time(drawn.Figures.From, request.Viewer.Zone)} to {Words.Time(drawn.Figures.To, request.Viewer.Zone)}, whole hours"))}
            {Form(request, asked.When)}
            {body}
            """))
        {
            Section = "/dashboards",
            IsWide = true,
        };
    }

    // A chart by itself, with its colours in it, to be put into a report.
    private async Task<PageAnswer> DownloadAsync(PageRequest request)
    {
        if (Asked(request, out string? problem) is not { } asked) return new ErrorPage(problem!) { Status = 400 };
        string name = request.Path("chart");
        TrafficFigures? figures = await request.SeatedAsync(_seats, () => TrafficFigures.Read(traffic, asked.Query, asked.From, asked.To, asked.Step, request.Viewer.Zone));
        if (figures is null) return new AnsweredPage();
        Html chart = name switch
        {
            "traffic" => TrafficChart(request, figures, hasLinks: false),
            "ratios" => RatioChart(request, figures),
            "week" => WeekChart(request, figures, hasLinks: false),
            _ => Html.None,
        };
        return chart.IsEmpty ? new ErrorPage("There is no such chart.") { Status = 404 } : new PageFile("image/svg+xml", $"{name}.svg", ChartFile.Of(chart));
    }

    private AskedFigures? Asked(PageRequest request, out string? problem)
    {
        problem = null;
        DateTimeOffset now = desk.Options.Time.GetUtcNow();
        string when = request.Query("when") ?? (request.Query("from") is null ? "last 24 hours" : "");
        Timestamp to = Timestamp.From(now), from = to - TimeSpan.FromDays(1);
        if (when.Length > 0)
        {
            if (TimeWords.Read(when, now, request.Viewer.Zone) is not { } range)
            {
                problem = $"Time: “{when}” is not understood. Try “last 24 hours”, “yesterday”, “this week” or “last 30 days”.";
                return null;
            }

            (from, to) = (range.From ?? from, range.To ?? to);
        }
        else
        {
            CallFilter filter = CallFilter.Read(request);
            if (filter.Problems.Count > 0)
            {
                problem = filter.Problems[0];
                return null;
            }

            (from, to) = (filter.Query.From ?? from, filter.Query.To ?? to);
        }

        TimeSpan step = TrafficFigures.StepOf(from, to);
        if (from >= to || to - from > TimeSpan.FromDays(TrafficFigures.MostDays))
        {
            problem = $"Time: it is to begin before it ends, and to be {TrafficFigures.MostDays} days at most.";
            return null;
        }

        string? tenant = request.Viewer.Tenant ?? request.Query("tenant");
        return new AskedFigures(when, from, to, step, new CallQuery { From = from, To = to, Tenant = tenant, Trunk = request.Query("trunk") });
    }

    private Drawn Read(AskedFigures asked, PageRequest request) => new(
        TrafficFigures.Read(traffic, asked.Query, asked.From, asked.To, asked.Step, request.Viewer.Zone),
        TrafficSamples.Read(desk.Calls, asked.Query, FigureEndpoints.Top, FigureEndpoints.Sampled, request.Gone),
        desk.Outside is { } outside ? FigureEndpoints.SlowPeers(outside.Registrations, request.Viewer.Tenant) : []);

    private static Html Form(PageRequest request, string when)
    {
        Place here = Place.Of(request.Context.Request).Without("from", "to");
        Html tenant = request.Viewer.Tenant is null ? Html.Of($"""<div class="field"><label class="unseen" for="tenant">Tenant</label><input type="text" id="tenant" name="tenant" placeholder="Tenant" value="{request.Query("tenant")}"></div>""") : Html.None;
        return Html.Of($"""
            <nav class="views" aria-label="Time"><ul>{Ranges.Select(range => Html.Of($"""<li><a href="{here.With("when", range.Words)}"{Html.When(range.Words == when, "aria-current=\"true\"")}>{range.Label}</a></li>"""))}</ul></nav>
            <form class="filter" method="get" action="/dashboards" role="search"><div class="filter-bar">
              <div class="field grow"><label class="unseen" for="when">Time</label>{Icon.Clock.Draw()}<input type="text" id="when" name="when" placeholder="yesterday 9-12, this week, last 30 days" value="{when}"></div>
              <div class="field"><label class="unseen" for="trunk">Trunk</label><input type="text" id="trunk" name="trunk" placeholder="Trunk" value="{request.Query("trunk")}"></div>
              {tenant}<button class="primary">Show</button>
            </div></form>
            """);
    }

    private static Html Tiles(TrafficFigures figures)
    {
        CallSums all = figures.All;
        return Pieces.Tiles(
        [
            new("Calls", Html.Of($"{Words.Number(all.Calls)}")) { Drawing = Charts.Spark("Calls over time", [.. figures.Points.Select(static point => (double?)point.Sums.Calls)]) },
            new("Answered", Html.Of($"{Words.Number(all.Answered)}"), Html.Of($"ASR {Words.Percent(all.Answered, all.Calls)}")),
            new("Reached", Html.Of($"{Words.Percent(figures.Effectiveness ?? 0, 1)}"), Html.Of($"NER: came as far as the other end")),
            new("Minutes", Html.Of($"{Words.Number(all.Minutes, all.Minutes < 100 ? 1 : 0)}"), all.AverageCallSeconds is { } mean ? Html.Of($"ACD {Words.Span(TimeSpan.FromSeconds(mean))}") : Html.None),
            new("PDD", all.MeanPddSeconds is { } delay ? Words.Milliseconds(TimeSpan.FromSeconds(delay)) : Words.None, Html.Of($"mean until it rang")),
            new("MOS", all.MeanMos is { } mos ? Html.Of($"{Words.Number(mos, 2)}") : Words.None, all.MosCalls > 0 ? Html.Of($"{Words.Percent(all.MosBelow310, all.MosCalls)} below 3.1") : Html.None) { Tone = all.MeanMos is { } tone ? Badge.MosTone(tone) : Tone.Plain },
        ]);
    }

    private static Html Over(PageRequest request, TrafficFigures figures) => Pieces.Card(
        "traffic", "Traffic", Html.Of($"""<div class="wide-only">{TrafficChart(request, figures, hasLinks: true)}</div><div class="narrow-only">{TrafficChart(request, figures, hasLinks: true, isNarrow: true)}</div>"""), Download(request, "traffic"));

    private static Html Ratio(PageRequest request, TrafficFigures figures) => Pieces.Card("ratios", "Answer-seizure ratio and calls at one time", RatioChart(request, figures), Download(request, "ratios"));

    private static Html TrafficChart(PageRequest request, TrafficFigures figures, bool hasLinks, bool isNarrow = false)
    {
        Bar[] bars = [.. figures.Points.Select(point =>
        {
            // Failed are those that did not reach the other end.
            double answered = point.Sums.Answered, others = point.Sums.Calls - point.Sums.Answered;
            return new Bar(Label(request, figures, point.At), [answered, others], hasLinks && point.Sums.Calls > 0 ? Calls(request).With("from", Moments.From(point.At, request.Viewer.Zone)).With("to", Moments.To(Next(figures, point.At), request.Viewer.Zone)).ToString() : null);
        })];
        return Charts.Bars(isNarrow ? "traffic-chart-narrow" : "traffic-chart", $"Calls by {(figures.Step.TotalDays >= 1 ? "day" : "hour")}", $"{Words.Count(figures.All.Calls, "call")}, {Words.Number(figures.All.Answered)} answered.", [Outcomes[0], Outcomes[1]], bars, isNarrow ? 170 : 190, isNarrow ? 400 : 900);
    }

    private static Html RatioChart(PageRequest request, TrafficFigures figures)
    {
        string[] labels = [.. figures.Points.Select(point => Label(request, figures, point.At))];
        return Html.Of($"""
            <div class="charts">{Charts.Lines("asr-chart", "Answer-seizure ratio", $"ASR {Words.Percent(figures.All.Answered, figures.All.Calls)} over all.", labels, [new Series("ASR", "s1", [.. figures.Points.Select(static point => point.Sums.AnswerSeizureRatio * 100)])], 0, 100, "%")}
            {Charts.Lines("erlang-chart", "Calls at one time (mean)", "Mean number of calls at one time, by when they began.", labels, [new Series("calls at one time", "s3", [.. figures.Points.Select(point => (double?)figures.Erlangs(point.Sums))])])}</div>
            """);
    }

    private static Html ByOutcome(PageRequest request, TrafficFigures figures)
    {
        Column[] columns = [new("Outcome"), new("Calls", "num"), new("Share", "num")];
        return Pieces.Card("outcomes", "Outcomes", Pieces.Table("Outcomes", columns, figures.Dispositions.Select(item => Pieces.Row(
            columns,
            Html.Of($"""<a class="plain" href="{Within(request, figures).With("disposition", EnumNames<Disposition>.Of(item.Disposition))}">{Badge.Of(item.Disposition)}</a>"""),
            Html.Of($"{Words.Number(item.Sums.Calls)}"),
            Meter(item.Sums.Calls, figures.All.Calls))), isStacked: false));
    }

    private static Html ByStatus(PageRequest request, TrafficFigures figures)
    {
        Column[] columns = [new("Final response"), new("Calls", "num"), new("Share", "num")];
        return Pieces.Card("statuses", "Final responses", Pieces.Table("Final responses", columns, figures.Statuses.Take(10).Select(item => Pieces.Row(
            columns,
            Html.Of($"""<a href="{Within(request, figures).With("status", item.Status.ToString(CultureInfo.InvariantCulture))}">{(item.Status == 0 ? "none seen" : $"{item.Status} {StatusTexts.Of(item.Status)}")}</a>"""),
            Html.Of($"{Words.Number(item.Sums.Calls)}"),
            Meter(item.Sums.Calls, figures.All.Calls))), isStacked: false));
    }

    private static Html ByCause(PageRequest request, TrafficFigures figures)
    {
        Column[] columns = [new("Cause (Q.850)"), new("Calls", "num"), new("Share", "num")];
        return Pieces.Card("causes", "Causes", Pieces.Table("Causes", columns, figures.Causes.Take(10).Select(item => Pieces.Row(
            columns,
            Html.Of($"""<a href="{Within(request, figures).With("cause", Math.Max(0, item.Cause).ToString(CultureInfo.InvariantCulture))}">{(item.Cause < 0 ? "none told" : $"{item.Cause} {Q850.Text(item.Cause)}")}</a>"""),
            Html.Of($"{Words.Number(item.Sums.Calls)}"),
            Meter(item.Sums.Calls, figures.All.Calls))), isStacked: false));
    }

    private static Html ByTrunk(PageRequest request, TrafficFigures figures)
    {
        if (figures.Trunks.All(static trunk => trunk.Trunk.Length == 0)) return Html.None;
        Column[] columns = [new("Trunk"), new("Calls", "num"), new("ASR", "num"), new("NER", "num"), new("PDD", "num"), new("MOS", "num")];
        return Pieces.Card("trunks", "Trunks", Pieces.Table("Trunks", columns, figures.Trunks.Take(15).Select(item => Pieces.Row(
            columns,
            item.Trunk.Length == 0 ? Html.Of($"""<span class="dim">over none</span>""") : Html.Of($"""<a href="{Within(request, figures).With("trunk", item.Trunk)}">{Html.Wire(item.Trunk)}</a>"""),
            Html.Of($"{Words.Number(item.Sums.Calls)}"),
            Html.Of($"{Words.Percent(item.Sums.Answered, item.Sums.Calls)}"),
            Html.Of($"{Words.Percent(item.Effectiveness, 1)}"),
            Words.Milliseconds(item.Sums.MeanPddSeconds is { } delay ? TimeSpan.FromSeconds(delay) : null),
            Badge.Mos(item.Sums.MeanMos)))));
    }

    private static Html Week(PageRequest request, TrafficFigures figures) => Pieces.Card("week", "Hours of the week", WeekChart(request, figures, hasLinks: true), Download(request, "week"));

    private static Html WeekChart(PageRequest request, TrafficFigures figures, bool hasLinks)
    {
        string[] hours = [.. Enumerable.Range(0, 24).Select(static hour => hour.ToString("00", CultureInfo.InvariantCulture))];
        return Charts.Heat(
            "week-chart", "Calls by weekday and hour", $"{Words.Count(figures.All.Calls, "call")} by when they began, in {request.Viewer.Zone.Id}.", Weekdays, hours,
            (day, hour) => figures.Week(day, hour).Calls, (day, hour) => $"{Weekdays[day]} {hour:00}:00, {Words.Count(figures.Week(day, hour).Calls, "call")}",
            hasLinks ? (day, hour) => LinkOf(request, figures, day, hour) : null);
    }

    // A square that stands for one hour alone leads to its calls; one of several weeks has no one place to lead to.
    private static string? LinkOf(PageRequest request, TrafficFigures figures, int day, int hour)
    {
        if (figures.Week(day, hour).Calls == 0 || figures.To - figures.From > TimeSpan.FromDays(7)) return null;
        for (Timestamp at = figures.From; at < figures.To; at += TimeSpan.FromHours(1))
        {
            DateTime local = Words.Local(at, request.Viewer.Zone);
            if (((int)local.DayOfWeek + 6) % 7 == day && local.Hour == hour) return Calls(request).With("from", Moments.From(at, request.Viewer.Zone)).With("to", Moments.To(at + TimeSpan.FromHours(1), request.Viewer.Zone)).ToString();
        }

        return null;
    }

    private static Html Talkers(PageRequest request, Drawn drawn)
    {
        Column[] columns = [new("Caller", "who"), new("Calls", "num"), new("Answered", "num"), new("Talk", "num")];
        return Pieces.Card("talkers", "Callers", Html.Of($"""{Counted(drawn.Samples)}{Pieces.Table("Callers with the most calls", columns, drawn.Samples.Talkers.Select(talker => Pieces.Row(
            columns,
            string.IsNullOrWhiteSpace(talker.Number) ? Html.Of($"""<span class="dim">no number</span>""") : Html.Of($"""<a href="{Within(request, drawn.Figures).With("caller", talker.Number)}">{Html.Wire(talker.Number)}</a> <span class="note">{Html.Wire(talker.Name)}</span>"""),
            Html.Of($"{Words.Number(talker.Calls)}"),
            Html.Of($"{Words.Percent(talker.Answered, talker.Calls)}"),
            Html.Of($"{Words.Span(talker.Talk)}"))))}"""));
    }

    private static Html Worst(PageRequest request, Drawn drawn)
    {
        if (drawn.Samples.Worst.Count == 0) return Html.None;
        Column[] columns = [new("MOS", "num"), new("Call", "who"), new("Started", "when")];
        return Pieces.Card("worst", "Worst streams", Html.Of($"""{Counted(drawn.Samples)}{Pieces.Table("Calls with the worst streams", columns, drawn.Samples.Worst.Select(call => Pieces.Row(
            columns,
            Badge.Mos(TrafficSamples.MosOf(call)),
            Html.Of($"""<a href="/calls/{call.Id}">{Html.Wire(Words.Who(call.Caller))} to {Html.Wire(call.Callee.Number ?? call.Dialled ?? Words.Who(call.Callee))}</a>"""),
            Words.Lately(call.StartedAt, request.Desk.Options.Time.GetUtcNow(), request.Viewer.Zone))))}"""));
    }

    private static Html Slowest(Drawn drawn)
    {
        if (drawn.Peers.Count == 0) return Html.None;
        Column[] columns = [new("Peer", "code"), new("Method"), new("Requests", "num"), new("95% within", "num")];
        return Pieces.Card("peers", "Peers by response time", Pieces.Table("Peers that answer slowest", columns, drawn.Peers.Select(peer => Pieces.Row(
            columns,
            Html.Of($"{(peer.Address.Port == 0 ? peer.Address.Address.ToString() : peer.Address.ToString())}"),
            Html.Wire(peer.Method),
            Html.Of($"{Words.Number(peer.Requests)}"),
            Words.Milliseconds(peer.ResponseP95)))));
    }

    private static Html Counted(TrafficSamples samples) => samples.CountedFrom is null ? Html.None : Html.Of($"""<p class="note">Of the latest {Words.Number(samples.Calls)} calls.</p>""");

    private static Html Meter(long part, long whole) => Html.Of($"""<svg class="meter" viewBox="0 0 100 8" width="100" height="8" preserveAspectRatio="none" aria-hidden="true"><rect class="meter-whole" width="100" height="8" rx="2"/><rect class="meter-part" width="{100.0 * part / Math.Max(1, whole)}" height="8" rx="2"/></svg> {Words.Percent(part, whole)}""");

    private static Html Download(PageRequest request, string chart) =>
        Html.Of($"""<a class="button" href="{Place.Of(request.Context.Request).At($"/dashboards/{chart}.svg")}" download="{chart}.svg" aria-label="Download the chart {chart} as SVG">SVG</a>""");

    // The list of calls, with the filters that it and the dashboard share.
    private static Place Calls(PageRequest request) => new("/calls", ("tenant", request.Viewer.Tenant is null ? request.Query("tenant") ?? "" : ""), ("trunk", request.Query("trunk") ?? ""));

    private static Place Within(PageRequest request, TrafficFigures figures) => Calls(request).With("from", Moments.From(figures.From, request.Viewer.Zone)).With("to", Moments.To(figures.To, request.Viewer.Zone));

    private static Timestamp Next(TrafficFigures figures, Timestamp at)
    {
        IReadOnlyList<(Timestamp At, CallSums Sums)> points = figures.Points;
        for (int i = 0; i < points.Count - 1; i++)
        {
            if (points[i].At == at) return points[i + 1].At;
        }

        return figures.To;
    }

    private static string Label(PageRequest request, TrafficFigures figures, Timestamp at) =>
        Words.Local(at, request.Viewer.Zone).ToString(figures.Step.TotalDays >= 1 ? "d MMM" : figures.To - figures.From > TimeSpan.FromDays(1.5) ? "d MMM HH:mm" : "HH:mm", CultureInfo.InvariantCulture);

    private sealed record AskedFigures(string When, Timestamp From, Timestamp To, TimeSpan Step, CallQuery Query);

    private sealed record Drawn(TrafficFigures Figures, TrafficSamples Samples, IReadOnlyList<CdrEngine.Calls.Peers.PeerRecord> Peers);
}
