using CdrEngine.Api;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Outside;

/// <summary>Registrations: where devices are, and what happened to them.</summary>
internal sealed class RegistrationPages(PageDesk desk, ApiDesk outside)
{
    private static readonly Column[] EventColumns = [new("At", "when"), new("What"), new("Times", "num"), new("From", "code"), new("Status"), new("Expires", "num"), new("Response", "num")];

    private static readonly PlainList List = new()
    {
        Path = "/registrations",
        Title = "Registrations",
        Noun = "registrations",
        Lead = Html.Of($"One row for each address of record and contact, as REGISTER told it."),
        Fields =
        [
            new("q", "Address of record, user agent or address", "User, address of record or IP address"),
            new("state", "State", "Any state") { Options = [.. EnumNames<RegistrationState>.All.Select(static pair => (pair.Name, Words.Plain(pair.Name)))] },
            new("user_agent", "Device", "Device"),
        ],
        Columns = [new("Address of record", "who"), new("State", "outcome"), new("From", "code"), new("Device"), new("Expires", "when"), new("Last seen", "when"), new("Response", "num"), new("Failures", "num")],
        Empty = Pieces.Empty(Icon.Device, "No registrations", Html.Of($"Devices appear here as they register where the capture sees it.")),
    };

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/registrations", "registrations") { Get = ListAsync }, new("/registrations/{id}", "registration") { Get = ShowAsync }];

    private async Task<PageAnswer> ListAsync(PageRequest request)
    {
        var query = new RegistrationQuery { Limit = desk.Options.PageSize, Tenant = request.Viewer.Tenant, Cursor = request.Query("cursor"), UserAgent = request.Query("user_agent") };
        if (request.Query("q")?.Trim() is { Length: > 0 } text)
            query = IpAddress.TryParse(text, out IpAddress address) ? query with { Address = address } : query with { Aor = text.EndsWith('*') ? text : text + "*" };
        if (request.Query("state") is { } state)
        {
            if (!EnumNames<RegistrationState>.TryParse(state, out RegistrationState known)) return List.Answer(request, [], null, $"State: there is no “{state}”.");
            query = query with { State = known };
        }

        if (await request.SeatedAsync(_seats, () => outside.Registrations.ListRegistrations(query)) is not { } page) return new AnsweredPage();
        return List.Answer(request, [.. page.Items.Select(record => Row(record, request.Viewer.Zone))], page.NextCursor);
    }

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        string id = request.Path("id");
        RegistrationRecord? record = DeskEndpoints.IsRegistrationId(id) ? outside.Registrations.GetRegistration(id) : null;
        if (record is null) return new ErrorPage("There is no registration with this id.") { Status = StatusCodes.Status404NotFound };
        if (!request.Viewer.MaySee(record.Tenant)) return new ErrorPage("This registration is another tenant's.") { Status = StatusCodes.Status403Forbidden };
        TimeZoneInfo zone = request.Viewer.Zone;
        IReadOnlyList<RegistrationEvent> history = outside.Registrations.History(record.Id, 200);
        Html downloads = request.Viewer.May(ApiScopes.PacketsRead)
            ? Html.Of($"""<a class="button" href="/api/v1/registrations/{record.Id}.pcap">{Icon.Download.Draw()} pcap</a><a class="button" href="/api/v1/registrations/{record.Id}.trace" download>trace</a>""")
            : Html.None;
        return new WholePage("Registration", Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/registrations">Registrations</a></nav>
            <div class="head"><div><h1>{Html.Wire(record.Aor)}</h1><p class="badges">{Badge.Of(record.State)} {(record.SipStatus is 0 or 200 ? Html.None : Html.Of($"""<span class="dim">{record.SipStatus} {Html.Wire(record.SipReason)}</span>"""))}</p></div><div class="actions">{downloads}</div></div>
            {Pieces.Card("binding", "Binding", Pieces.Facts(
            [
                ("Contact", Html.Of($"""<span class="code">{Words.Text(record.Contact)}</span>""")), ("Comes from", Html.Of($"""<span class="code">{record.Source}</span>""")), ("Goes to", Html.Of($"""<span class="code">{record.Server}</span>""")),
                ("Behind NAT", record.IsBehindNat is { } nat ? Html.Of($"{(nat ? "yes" : "no")}") : Words.None), ("Device", Words.Text(record.UserAgent)), ("Hardware address", Words.Text(record.Mac)),
                ("Registered", Words.Time(record.RegisteredAt, zone)), ("Expires", Words.Time(record.ExpiresAt, zone)), ("Last request", Words.Time(record.LastRequestAt, zone)), ("Last success", Words.Time(record.LastSuccessAt, zone)), ("Last failure", Words.Time(record.LastFailureAt, zone)),
                ("Response time", Words.Milliseconds(record.ResponseTime)), ("Refreshes", Html.Of($"{Words.Number(record.Refreshes)}")), ("Moves", Html.Of($"{Words.Number(record.Moves)}")), ("Failures", Html.Of($"{Words.Number(record.Failures)}")),
                ("Realm", Words.Text(record.Realm)), ("Digest user", Words.Text(record.AuthUser)), ("Tenant", Words.Text(record.Tenant)), ("Source", Words.Text(record.CaptureSource)),
            ]))}
            {Pieces.Card("history", "History", Pieces.Table("What happened, the latest first", EventColumns, history.Select(happened => Pieces.Row(
                EventColumns, Words.Time(happened.At, zone), Html.Of($"{Words.Plain(EnumNames<RegistrationEventKind>.Of(happened.Kind))}"), Html.Of($"{happened.Count}"), happened.Source.IsNone ? Words.None : Html.Of($"{happened.Source}"),
                happened.SipStatus == 0 ? Words.Text(happened.Reason) : Html.Of($"{happened.SipStatus} {Html.Wire(happened.Reason)}"), happened.Expires is { } seconds ? Html.Of($"{seconds} s") : Words.None, Words.Milliseconds(happened.ResponseTime)))))}
            """))
        {
            Section = "/registrations",
        };
    }

    private static Html Row(RegistrationRecord record, TimeZoneInfo zone) => Pieces.Row(
        List.Columns,
        Html.Of($"""<a class="row-link" href="/registrations/{record.Id}">{Html.Wire(record.Aor)}</a>"""),
        Badge.Of(record.State),
        record.Source.IsNone ? Words.None : Html.Of($"{record.Source}"),
        Words.Text(record.UserAgent),
        Words.Time(record.ExpiresAt, zone),
        Words.Time(record.LastRequestAt, zone),
        Words.Milliseconds(record.ResponseTime),
        record.Failures == 0 ? Words.None : Html.Of($"{Words.Number(record.Failures)}"));
}
