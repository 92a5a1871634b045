using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Ladder;
using CdrEngine.Page.Markup;
using CdrEngine.Page.OneCall;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Conversations;

/// <summary>Conversations: one call, or the calls that a machine, a transfer or a forward made of it.</summary>
internal sealed class SessionPages(PageDesk desk)
{
    private static readonly Column[] CallColumns = [new("Started", "when"), new("Caller", "who"), new("Callee", "who"), new("Outcome", "outcome"), new("Duration", "num"), new("MOS", "num"), new("Belongs by")];
    private static readonly Column[] PeopleColumns = [new("Who"), new("Part"), new("Address", "code"), new("Joined", "when"), new("Left", "when")];
    private static readonly Column[] RelayColumns = [new("Through", "code"), new("Came in"), new("Went out"), new("Delay", "num"), new("Loss added", "num"), new("Reordered", "num")];

    private static readonly PlainList List = new()
    {
        Path = "/sessions",
        Title = "Sessions",
        Noun = "sessions",
        Lead = Html.Of($"Conversations as those who took part would tell them: calls through an exchange, transfers, forwards and groups are one."),
        Fields =
        [
            new("q", "Number of anyone in it", "Number of anyone in it"),
            new("when", "Time", "Any time"),
            new("kind", "Kind", "Any kind") { Options = [.. EnumNames<SessionKind>.All.Select(static pair => (pair.Name, Words.Plain(pair.Name)))] },
        ],
        Columns = [new("Started", "when"), new("Who", "who"), new("Kind"), new("Outcome", "outcome"), new("Duration", "num"), new("Calls", "num"), new("What happened")],
        Empty = Pieces.Empty(Icon.Branch, "No sessions", Html.Of($"Every call is one, or a part of one; none matches, or none was captured yet.")),
    };

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes =>
    [
        new("/sessions", "sessions") { Get = ListAsync }, new("/sessions/{id}", "session") { Get = ShowAsync }, .. new MessagePages(SubjectAsync).Below("/sessions/{id}", "session"),
    ];

    private async Task<PageAnswer> ListAsync(PageRequest request)
    {
        var query = new SessionQuery { Limit = desk.Options.PageSize, Tenant = request.Viewer.Tenant, Cursor = request.Query("cursor") };
        if (request.Query("q")?.Trim() is { Length: > 0 } number) query = query with { Number = number.EndsWith('*') ? number : number + "*" };
        if (request.Query("when") is { } words)
        {
            if (TimeWords.Read(words, desk.Options.Time.GetUtcNow(), request.Viewer.Zone) is not { } range) return List.Answer(request, [], null, $"Time: “{words}” is not understood. Try “last 2 hours” or “yesterday 9-12”.");
            query = query with { From = range.From, To = range.To };
        }

        if (request.Query("kind") is { } kind)
        {
            if (!EnumNames<SessionKind>.TryParse(kind, out SessionKind known)) return List.Answer(request, [], null, $"Kind: there is no “{kind}”.");
            query = query with { Kind = known };
        }

        if (await request.SeatedAsync(_seats, () => desk.Sessions.ListSessions(query)) is not { } page) return new AnsweredPage();
        return List.Answer(request, [.. page.Sessions.Select(session => Row(session, request.Viewer.Zone))], page.NextCursor);
    }

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        if (await FindAsync(request) is not { } session) return new AnsweredPage();
        LadderSubject subject = Subject(session);
        if (await subject.ReadAsync(request) is not { } transcript) return new AnsweredPage();
        TimeZoneInfo zone = request.Viewer.Zone;
        string who = string.Join(", ", session.Participants.Take(4).Select(static person => person.Label));
        Html compared = session.Calls.Count > 1 && request.Query("relay") is not null ? await RelayAsync(request, session) : Html.None;
        Html relay = session.Calls.Count < 2 ? Html.None : Pieces.Card(
            "relay", "Through the exchange", compared.IsEmpty ? Html.Of($"""<p><a href="/sessions/{session.Id}?relay=1#relay">Compare what came in with what went out</a></p>""") : compared);
        return new WholePage("Session", Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/sessions">Sessions</a> <span aria-hidden="true">/</span> <span>{Words.Time(session.StartedAt, zone)}</span></nav>
            <div class="head"><div><h1>{Html.Wire(who)}</h1><p class="badges">{Badge.Of(session.Disposition)} <span>{Words.Plain(EnumNames<SessionKind>.Of(session.Kind))}</span> <span>{Words.Span(session.Duration)}</span> <span class="dim">{Words.Count(session.Calls.Count, "call")}</span></p></div><div class="actions">{CallParts.Downloads(request, $"/api/v1/sessions/{session.Id}", null)}</div></div>
            <div class="columns">
              {Pieces.Card("story", "What happened", Html.Of($"""<ol class="steps">{session.Story.Take(200).Select(step => Step(step, zone))}</ol>"""))}
              {Pieces.Card("people", "Who took part", Pieces.Table("Who took part", PeopleColumns, session.Participants.Take(100).Select(person => Pieces.Row(
                  PeopleColumns, Html.Wire(person.Label), Html.Of($"{Words.Plain(EnumNames<SessionPart>.Of(person.Part))}"), Words.Text(person.Address?.ToString()), Words.Second(person.JoinedAt, zone), Words.Second(person.LeftAt, zone)))))}
            </div>
            {Pieces.Card("calls", "Calls", Pieces.Table("Calls of this conversation", CallColumns, session.Calls.Take(200).Select(call => CallRow(call, session, zone))))}
            {PlayerPart.Draw(request, session)}
            {LadderPart.Draw(request, subject, transcript, new HashSet<int>())}
            {relay}
            """))
        {
            Section = "/sessions",
            Modules = ["call.js"],
            IsWide = true,
        };
    }

    private async Task<Html> RelayAsync(PageRequest request, SessionRecord session)
    {
        Html body = Html.None;
        await desk.Downloads.WithSeatAsync(request.Context, stored =>
        {
            IReadOnlyList<RelayLeg> legs = RelayComparison.Compare(session, stored, out bool isCut);
            body = legs.Count == 0
                ? Html.Of($"<p>No machine was captured on both its sides.</p>")
                : Html.Of($"""
                    {Pieces.Table("Streams through a machine", RelayColumns, legs.Take(100).Select(static leg => Pieces.Row(
                        RelayColumns, Html.Of($"{leg.Machine}"), Html.Of($"{leg.In.Source} → {leg.In.Destination}"), leg.Out is { } left ? Html.Of($"{left.Source} → {left.Destination}") : Badge.Of(Tone.Bad, "Nothing"),
                        leg.DelayMean is { } delay ? Html.Of($"{Words.Milliseconds(delay)}{(leg.Delay95 is { } most ? Html.Of($" <span class=\"dim\">95% {Words.Number(most.TotalMilliseconds, 1)}</span>") : Html.None)}") : Words.None,
                        leg.LossAddedPercent is { } loss ? Html.Of($"{Words.Number(loss, 2)}%") : Words.None, leg.Reordered is { } reordered ? Html.Of($"{Words.Number(reordered)}") : Words.None)))}
                    {(isCut ? Html.Of($"""<p class="note">Only the first packets were compared.</p>""") : Html.None)}
                    """);
            return Task.CompletedTask;
        });
        return body;
    }

    private static Html Step(SessionStep step, TimeZoneInfo zone)
    {
        Tone tone = step.Kind switch { SessionStepKind.Fail or SessionStepKind.TransferFailed => Tone.Bad, SessionStepKind.Hangup or SessionStepKind.Leave or SessionStepKind.Cancel or SessionStepKind.RangElsewhere => Tone.Mild, _ => Tone.Good };
        return Html.Of($"""<li>{Words.Clock(step.At, zone)}<span class="knot {Badge.Class(tone)}" aria-hidden="true"></span><span dir="ltr">{step.Text} <a class="dim" href="/calls/{step.CallId}">call</a></span></li>""");
    }

    private static Html CallRow(CallRecord call, SessionRecord session, TimeZoneInfo zone)
    {
        SessionLink? link = session.Links.FirstOrDefault(link => link.To == call.Id) ?? session.Links.FirstOrDefault(link => link.From == call.Id);
        return Pieces.Row(
            CallColumns, Html.Of($"""<a class="row-link" href="/calls/{call.Id}">{Words.Clock(call.StartedAt, zone)}</a>"""), Words.Party(call.Caller), Words.Party(call.Callee, call.Dialled), Badge.Of(call.Disposition), Html.Of($"{Words.Span(call.Duration)}"), Badge.Mos(CallListColumns.Mos(call)),
            link is null ? Words.None : Html.Of($"""{Words.Plain(EnumNames<LinkMethod>.Of(link.Method))} <span class="dim">{Words.Percent(link.Score, 1, 0)} sure</span>"""));
    }

    private static Html Row(SessionRecord session, TimeZoneInfo zone)
    {
        string told = string.Join(" ", session.Story.Take(3).Select(static step => step.Text.TrimEnd('.') + "."));
        return Pieces.Row(
            List.Columns, Html.Of($"""<a class="row-link" href="/sessions/{session.Id}">{Words.Time(session.StartedAt, zone)}</a>"""),
            Html.Join(session.Participants.Take(3).Select(static (person, i) => Html.Of($"{(i > 0 ? ", " : "")}{Html.Wire(person.Label.Length > 60 ? person.Label[..59] + "…" : person.Label)}"))),
            Html.Of($"{Words.Plain(EnumNames<SessionKind>.Of(session.Kind))}"), Badge.Of(session.Disposition), Html.Of($"{Words.Span(session.Duration)}"), Html.Of($"{session.Calls.Count}"), Html.Of($"""<span class="dim told" dir="ltr">{(told.Length > 200 ? told[..199] + "…" : told)}</span>"""));
    }

    private static LadderSubject Subject(SessionRecord session) => new($"/sessions/{session.Id}", session.Id, session.Calls);

    private async Task<LadderSubject?> SubjectAsync(PageRequest request) => await FindAsync(request) is { } session ? Subject(session) : null;

    /// <summary>The session that the path names; null where there is none for who looks, and then the request is answered.</summary>
    private async Task<SessionRecord?> FindAsync(PageRequest request)
    {
        string id = request.Path("id");
        bool isSeated = false;
        SessionRecord? session = null;
        await _seats.RunAsync(request.Context, () =>
        {
            isSeated = true;
            session = CallId.IsWellFormed(id) ? desk.Sessions.GetSession(id, request.Viewer.Tenant) : null;
            return Task.CompletedTask;
        });
        if (isSeated && session is null) await Problem.WriteAsync(request.Context, StatusCodes.Status404NotFound, "There is no conversation with this id for this sign-in, or no longer.");
        return session;
    }
}
