using CdrEngine.Api.Access;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Service;

/// <summary>The engine itself: what it sees, what it counts, who is signed in.</summary>
internal sealed class SystemPages(PageDesk desk)
{
    private static readonly Column[] Columns = [new("Counter", "code"), new("Value", "num"), new("What it counts")];
    private static readonly Column[] SourceColumns = [new("Source"), new("Calls now", "num")];

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/system", "system") { Get = request => Task.FromResult(Show(request)), Scope = null }];

    private PageAnswer Show(PageRequest request) => new WholePage("System", Html.Of($"""
        {Pieces.Head("System", Html.Of($"Version {desk.Options.Version}"))}
        {Token(request)}
        {Sources(request)}
        {Counters(request)}
        """))
    {
        Section = "/system",
    };

    private static Html Token(PageRequest request) => request.Viewer.Token is not { } token
        ? Pieces.Card("token", "Sign-in", Html.Of($"<p>No token is asked for (<code>api.auth = off</code>): everybody who reaches this address sees and may do everything.</p>"))
        : Pieces.Card("token", "Sign-in", Pieces.Facts(
        [
            ("Token", Html.Of($"""{Html.Wire(token.Name)} <span class="code dim">{token.Id}</span>""")), ("Tenant", token.Tenant is { } tenant ? Html.Wire(tenant) : Html.Of($"all")), ("Made", Words.Time(Core.Timestamp.From(token.Created), request.Viewer.Zone)),
            ("Expires", token.Expires is { } expires ? Words.Time(Core.Timestamp.From(expires), request.Viewer.Zone) : Html.Of($"never")), ("May", Html.Join(token.Scopes.Select(static scope => Html.Of($"""<span class="flag t-plain">{scope}</span> """)))),
        ]));

    private Html Sources(PageRequest request)
    {
        LiveTotals totals = desk.Live.Calls.Totals(request.Viewer.Tenant);
        if (!request.Viewer.May(ApiScopes.CallsRead) || totals.Sources.Count == 0) return Html.None;
        return Pieces.Card("sources", "Sources of calls in progress", Pieces.Table("Sources", SourceColumns, totals.Sources.Select(static source => Pieces.Row(SourceColumns, Html.Wire(source.Source), Html.Of($"{Words.Number(source.Calls)}"))), isStacked: false));
    }

    private Html Counters(PageRequest request)
    {
        if (!request.Viewer.May(ApiScopes.StatsRead)) return Html.None;
        Statistic[] all = [.. desk.Statistics.Read()];
        if (all.Length == 0) return Pieces.Card("counters", "Counters", Html.Of($"<p>Nothing has been counted in this process yet: it serves what others recorded.</p>"));
        IEnumerable<IGrouping<string, Statistic>> areas = all.GroupBy(static counter => counter.Area, StringComparer.Ordinal).OrderBy(static area => area.Key, StringComparer.Ordinal);
        bool withZero = request.Query("zero") is not null;
        Html actions = withZero ? Html.Of($"""<a class="button" href="/system#counters">Only what happened</a>""") : Html.Of($"""<a class="button" href="/system?zero=1#counters">Also what never happened</a>""");
        return Pieces.Card("counters", "Counters", Html.Join(areas.Select(area => area.Where(counter => withZero || counter.Value != 0).ToArray() is { Length: > 0 } shown
            ? Html.Of($"""<h3>{Words.Plain(area.Key)}</h3>{Pieces.Table($"Counters of {area.Key}", Columns, shown.Select(static counter => Pieces.Row(Columns, Html.Of($"{counter.Name}"), Html.Of($"{Words.Number(counter.Value)}"), Html.Of($"{counter.Description}"))), isStacked: false)}""")
            : Html.None)), actions);
    }
}
