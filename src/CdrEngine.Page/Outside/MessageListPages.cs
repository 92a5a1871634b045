using CdrEngine.Api;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Outside;

/// <summary>Texts that people sent: SIP MESSAGE and MSRP.</summary>
internal sealed class MessageListPages(PageDesk desk, ApiDesk outside)
{
    private static readonly PlainList List = new()
    {
        Path = "/messages",
        Title = "Messages",
        Noun = "messages",
        Lead = Html.Of($"Texts by SIP MESSAGE and MSRP, with what became of them."),
        Fields =
        [
            new("q", "Number, or a part of the text", "Number, or a part of the text"),
            new("when", "Time", "Any time"),
            new("outcome", "Outcome", "Any outcome") { Options = [.. EnumNames<MessageOutcome>.All.Select(static pair => (pair.Name, Words.Plain(pair.Name)))] },
        ],
        Columns = [new("Sent", "when"), new("From", "who"), new("To", "who"), new("Text"), new("Outcome", "outcome"), new("Kind"), new("Response", "num")],
        Empty = Pieces.Empty(Icon.Message, "No messages", Html.Of($"Texts appear here once their outcome is known.")),
    };

    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/messages", "messages") { Get = ListAsync }, new("/messages/{id}", "message") { Get = ShowAsync }];

    private async Task<PageAnswer> ListAsync(PageRequest request)
    {
        var query = new MessageQuery { Limit = desk.Options.PageSize, Tenant = request.Viewer.Tenant, Cursor = request.Query("cursor"), ConversationId = request.Query("conversation") };
        if (request.Query("q")?.Trim() is { Length: > 0 } text)
            query = text.TrimStart('+').TrimEnd('*') is { Length: > 1 } digits && digits.All(char.IsAsciiDigit) ? query with { Number = text.EndsWith('*') ? text : text + "*" } : query with { Text = text };
        if (request.Query("when") is { } words)
        {
            if (TimeWords.Read(words, desk.Options.Time.GetUtcNow(), request.Viewer.Zone) is not { } range) return List.Answer(request, [], null, $"Time: “{words}” is not understood. Try “last 2 hours” or “yesterday 9-12”.");
            query = query with { From = range.From, To = range.To };
        }

        if (request.Query("outcome") is { } outcome)
        {
            if (!EnumNames<MessageOutcome>.TryParse(outcome, out MessageOutcome known)) return List.Answer(request, [], null, $"Outcome: there is no “{outcome}”.");
            query = query with { Outcome = known };
        }

        if (await request.SeatedAsync(_seats, () => outside.Messages.ListMessages(query)) is not { } page) return new AnsweredPage();
        return List.Answer(request, [.. page.Items.Select(record => Row(record, request.Viewer.Zone))], page.NextCursor);
    }

    private Task<PageAnswer> ShowAsync(PageRequest request) => Task.FromResult(Show(request));

    private PageAnswer Show(PageRequest request)
    {
        string id = request.Path("id");
        MessageRecord? record = CallId.IsWellFormed(id) ? outside.Messages.GetMessage(id) : null;
        if (record is null) return new ErrorPage("There is no message with this id.") { Status = StatusCodes.Status404NotFound };
        if (!request.Viewer.MaySee(record.Tenant)) return new ErrorPage("This message is another tenant's.") { Status = StatusCodes.Status403Forbidden };
        TimeZoneInfo zone = request.Viewer.Zone;
        Html downloads = request.Viewer.May(ApiScopes.PacketsRead)
            ? Html.Of($"""<a class="button" href="/api/v1/messages/{record.Id}.pcap">{Icon.Download.Draw()} pcap</a><a class="button" href="/api/v1/messages/{record.Id}.trace" download>trace</a>""")
            : Html.None;
        return new WholePage("Message", Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/messages">Messages</a></nav>
            <div class="head"><div><h1 class="parties">{Who(record.From)} <span class="arrow-to" aria-label="to">→</span> {Who(record.To)}</h1><p class="badges">{Badge.Of(record.Outcome)} {Words.Time(record.StartedAt, zone)}</p></div><div class="actions">{downloads}</div></div>
            {Pieces.Card("text", "Text", record.Text is { Length: > 0 } text ? Html.Of($"""<p class="bubble">{Html.Wire(text)}</p>{(record.IsTextCut ? Html.Of($"""<p class="note">Only its beginning is kept.</p>""") : Html.None)}""") : Html.Of($"<p>No text is kept, or there was none.</p>"))}
            {Pieces.Card("details", "Details", Pieces.Facts(
            [
                ("Sent", Words.Time(record.StartedAt, zone)), ("Answered", Words.Clock(record.EndedAt, zone)), ("Response time", Words.Milliseconds(record.ResponseTime)), ("Status", record.SipStatus == 0 ? Words.None : Html.Of($"{record.SipStatus} {Html.Wire(record.SipReason)}")),
                ("Kind", Html.Of($"{EnumNames<MessageKind>.Of(record.Kind).ToUpperInvariant()}")), ("Content", Words.Text(record.ContentType)), ("Size", Html.Of($"{Words.Bytes(record.Size)}")), ("From", Html.Of($"""<span class="code">{Words.Text(record.From.Uri)}</span>""")), ("To", Html.Of($"""<span class="code">{Words.Text(record.To.Uri)}</span>""")),
                ("Call-ID", Html.Of($"""<span class="code">{Html.Wire(record.SipCallId)}</span>""")), ("Conversation", Html.Of($"""<a href="/messages?conversation={record.ConversationId}">All of this conversation</a>""")), ("Source", Words.Text(record.CaptureSource)),
            ]))}
            """))
        {
            Section = "/messages",
        };
    }

    private static Html Row(MessageRecord record, TimeZoneInfo zone) => Pieces.Row(
        List.Columns,
        Html.Of($"""<a class="row-link" href="/messages/{record.Id}">{Words.Time(record.StartedAt, zone)}</a>"""),
        Who(record.From),
        Who(record.To),
        record.Text is { } text ? Html.Wire(text.Length > 160 ? text[..159] + "…" : text) : Words.None,
        Badge.Of(record.Outcome),
        Html.Of($"{EnumNames<MessageKind>.Of(record.Kind).ToUpperInvariant()}"),
        Words.Milliseconds(record.ResponseTime));

    private static Html Who(MessageParty party) => Words.Party(new Party { Number = party.Number, Name = party.Name, Uri = party.Uri });
}
