using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Page.Alerts;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Live;

/// <summary>What goes on now: calls, alerts, registrations, sources. A module puts in what is new as events tell of it; without one the page is as it was loaded.</summary>
internal sealed class LivePages(PageDesk desk)
{
    private const int Shown = 100;

    /// <summary>Events after which what is shown is no longer so.</summary>
    private const string Events =
        "call.started,call.ringing,call.answered,call.held,call.resumed,call.updated,call.ended,registration.new,registration.moved,registration.expired,registration.removed,registration.failed,alert.raised,alert.acknowledged,alert.cleared";

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/live", "live") { Get = ShowAsync }];

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        Html? body = null;
        await _seats.RunAsync(request.Context, async () =>
        {
            LivePage page = await desk.Live.Calls.ListAsync(new LiveQuery { Tenant = request.Viewer.Tenant, Limit = Shown }, request.Gone);
            body = Draw(request, page);
        });
        if (body is not { } drawn) return new AnsweredPage();
        if (request.Part == "live") return new PageFragment(drawn);
        return new WholePage("Live", Html.Of($"""
            {Pieces.Head("Live", Html.Of($"""<span id="live-state" role="status">As it was when this page was loaded.</span>"""))}
            <div id="live-part" data-part="live" data-events="{Events}" data-every="5">{drawn}</div>
            """))
        {
            Section = "/live",
            Modules = ["live.js"],
            IsWide = true,
        };
    }

    private Html Draw(PageRequest request, LivePage page) => Html.Of($"""
        {Totals(page.Totals)}
        {Alerts(request)}
        {Calls(request, page)}
        <div class="columns loose">{Registrations(request)}{Sources(request)}</div>
        """);

    private static Html Totals(LiveTotals totals) => Pieces.Tiles(
    [
        new Tile("Calls now", Html.Of($"{Words.Number(totals.Calls)}")),
        .. totals.States.Where(static state => state.State != LiveState.Ended).Select(static state => new Tile(Words.Plain(EnumNames<LiveState>.Of(state.State)), Html.Of($"{Words.Number(state.Calls)}"))),
    ]);

    private Html Alerts(PageRequest request)
    {
        if (desk.Alerts is not { } alerts) return Html.None;
        Alert[] open = [.. alerts.Store.Open().Where(alert => request.Viewer.MaySee(alert.Tenant)).Reverse().Take(10)];
        return open.Length == 0 ? Html.None : Pieces.Card("alerts-now", "Alerts", AlertPages.Table("Alerts that go on", open, request.Viewer.Zone), Html.Of($"""<a class="button" href="/alerts">All alerts</a>"""));
    }

    private Html Calls(PageRequest request, LivePage page)
    {
        if (page.Calls.Count == 0) return Pieces.Card("calls-now", "Calls", Pieces.Empty(Icon.Pulse, "No call goes on", Html.Of($"Calls stand here from their INVITE to their end.")));
        Column[] columns = [new("State"), new("Caller", "who"), new("Callee", "who"), new("Since", "when"), new("Talk", "num"), new("Caller sounds", "num"), new("Callee sounds", "num"), new("Source")];
        Html table = Pieces.Table("Calls in progress", columns, page.Calls.Select(call => Pieces.Row(
            columns,
            Badge.Of(call.State switch { LiveState.Answered => Tone.Good, LiveState.Held => Tone.Warn, LiveState.Ringing => Tone.Active, _ => Tone.Plain }, Words.Plain(EnumNames<LiveState>.Of(call.State))),
            Html.Of($"""<a class="plain" href="/calls/{call.Record.Id}">{Words.Party(call.Record.Caller)}</a>"""),
            Words.Party(call.Record.Callee, call.Record.Dialled),
            Words.Lately(call.Record.StartedAt, desk.Options.Time.GetUtcNow(), request.Viewer.Zone),
            Talk(call),
            Side(call, call.CallerSent, PartySide.Caller),
            Side(call, call.CalleeSent, PartySide.Callee),
            Html.Wire(call.Record.CaptureSource))));
        Html more = page.Matching > page.Calls.Count ? Html.Of($"""<p class="later">The newest {page.Calls.Count} of {Words.Number(page.Matching)}.</p>""") : Html.None;
        return Pieces.Card("calls-now", "Calls", Html.Of($"{table}{more}"));
    }

    // The module counts on from here, so that the time runs between two events.
    private static Html Talk(LiveCall call) => call.Talk is { } talk
        ? Html.Of($"""<span data-talk="{(long)talk.TotalMilliseconds}">{Words.Span(TimeSpan.FromSeconds(Math.Floor(talk.TotalSeconds)))}</span>""")
        : Words.None;

    private static Html Side(LiveCall call, LiveSide? side, PartySide which)
    {
        if (call.Unheard == which) return Badge.Of(Tone.Bad, "Not heard");
        if (side is null) return Words.None;
        string loss = side.Expected > 0 ? Words.Percent(side.Lost, side.Expected) : "–";
        return Html.Of($"""{Badge.Mos(side.MosNow ?? side.Mos)} <span class="note">{loss} lost</span>""");
    }

    private Html Registrations(PageRequest request)
    {
        if (desk.Outside is not { } outside) return Html.None;
        IReadOnlyList<RegistrationRecord> seen = outside.Registrations.ListRegistrations(new RegistrationQuery { Tenant = request.Viewer.Tenant, Limit = 15 }).Items;
        Column[] columns = [new("Address of record", "who"), new("State"), new("Device", "code"), new("Last seen", "when")];
        Html table = seen.Count == 0
            ? Html.Of($"""<p class="lead">No device has registered yet.</p>""")
            : Pieces.Table("Registrations seen last", columns, seen.Select(registration => Pieces.Row(
                columns,
                Html.Wire(registration.Aor),
                Badge.Of(registration.State),
                Html.Of($"{(registration.Source.IsNone ? "" : registration.Source.ToString())}"),
                Words.Lately(registration.LastRequestAt ?? registration.LastSuccessAt, desk.Options.Time.GetUtcNow(), request.Viewer.Zone))));
        return Pieces.Card("registrations-now", "Registrations seen last", table);
    }

    // Counters are of all tenants together.
    private Html Sources(PageRequest request)
    {
        if (!request.Viewer.May(ApiScopes.StatsRead)) return Html.None;
        var sources = desk.Statistics.Read().Where(static counter => counter.Area.StartsWith("source ", StringComparison.Ordinal)).GroupBy(static counter => counter.Area["source ".Length..], StringComparer.Ordinal).ToArray();
        Column[] columns = [new("Source"), new("Packets", "num"), new("Per second", "num"), new("Dropped", "num")];
        Html table = sources.Length == 0
            ? Html.Of($"""<p class="lead">Nothing is captured by this process.</p>""")
            : Pieces.Table("Sources", columns, sources.Select(source =>
            {
                long packets = Of(source, "packets") + Of(source, "messages"), dropped = Of(source, "kernel_dropped");
                return Pieces.Row(
                    columns,
                    Html.Wire(source.Key),
                    Html.Of($"""<span data-count="{source.Key}" data-value="{packets}">{Words.Number(packets)}</span>"""),
                    Html.Of($"""<span data-rate="{source.Key}">–</span>"""),
                    dropped > 0 ? Badge.Of(Tone.Bad, Words.Number(dropped)) : Html.Of($"0"));
            }));
        return Pieces.Card("sources-now", "Sources", table);
    }

    private static long Of(IEnumerable<Statistic> counters, string name) => counters.Where(counter => counter.Name == name).Sum(static counter => counter.Value);
}
