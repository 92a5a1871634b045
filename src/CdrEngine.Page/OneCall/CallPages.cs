using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Ladder;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.OneCall;

/// <summary>One call: first what a manager understands, then what an engineer wants.</summary>
internal sealed class CallPages(PageDesk desk)
{
    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes =>
    [
        new("/calls/{id}", "call") { Get = ShowAsync },
        new("/calls/{id}/notes", "call notes") { Post = NoteAsync, PostScope = ApiScopes.CallsWrite },
        .. new MessagePages(SubjectAsync).Below("/calls/{id}", "call"),
    ];

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        if (await FindAsync(request) is not { } call) return new AnsweredPage();
        var subject = new LadderSubject($"/calls/{call.Id}", call.Id, [call]);
        if (await subject.ReadAsync(request) is not { } transcript) return new AnsweredPage();
        CallVerdict verdict = CallVerdict.Of(call, transcript.Rows, request.Viewer.Zone);
        string title = $"{Words.Who(call.Caller)} to {Callee(call)}";
        bool isLinked = call.Links.Count > 0 || call.SessionId != call.Id;
        return new WholePage(Short(title), Html.Of($"""
            <nav class="crumbs" aria-label="Where this is"><a href="/calls">Calls</a> <span aria-hidden="true">/</span> <span>{Words.Time(call.StartedAt, request.Viewer.Zone)}</span></nav>
            {Head(call, request)}
            <div class="columns">
              {Pieces.Card("summary", "What happened", Html.Of($"""<p class="story">{CallSummary.Of(call, request.Viewer.Zone)}</p>{(isLinked ? Html.Of($"""<p><a href="/sessions/{call.SessionId}">{Icon.Branch.Draw()} This call belongs to a conversation of several</a></p>""") : Html.None)}"""))}
              {Pieces.Card("why", "Why", Html.Of($"""<ul class="why">{verdict.Sentences.Select(static sentence => Html.Of($"<li>{sentence}</li>"))}</ul>"""))}
            </div>
            {PlayerPart.Draw(request, call)}
            {LadderPart.Draw(request, subject, transcript, verdict.Deciding)}
            {CallQuality.Draw(call)}
            {CallParts.Fax(call, request)}
            {CallParts.Parties(call)}
            {CallParts.Times(call, request)}
            {CallParts.Legs(call, request)}
            {CallParts.Further(call, request)}
            {CallParts.Notes(request, call)}
            """))
        {
            Section = "/calls",
            Modules = ["call.js"],
            IsWide = true,
        };
    }

    private async Task<PageAnswer> NoteAsync(PageRequest request)
    {
        if (await FindAsync(request) is not { } call) return new AnsweredPage();
        string notes = request.Field("notes");
        if (notes.Length > PageRequest.FieldLength * 2) return new ErrorPage($"Notes can have {PageRequest.FieldLength} characters.") { Status = StatusCodes.Status400BadRequest };
        if (!await request.AccountAsync("write_notes", call.Id, call.Tenant)) return new AnsweredPage();
        bool isKept = desk.Remarks.Change([new RemarkChange(call.Id, remark => remark with { Notes = notes.Length == 0 ? null : notes })], request.Viewer.Token?.Id ?? "", Timestamp.From(desk.Options.Time.GetUtcNow()));
        return isKept
            ? new GoTo($"/calls/{call.Id}?kept=1#notes")
            : new ErrorPage("There is no room for further notes: as many are kept as may be.") { Status = StatusCodes.Status503ServiceUnavailable };
    }

    private static Html Head(CallRecord call, PageRequest request) => Html.Of($"""
        <div class="head"><div>
          <h1 class="parties">{Words.Party(call.Caller)} <span class="arrow-to" aria-label="to">→</span> {Words.Party(call.Callee, call.Dialled)}</h1>
          <p class="badges">{Badge.Of(call.Disposition)} {(call.SipStatus is 0 or 200 ? Html.None : Html.Of($"""<span class="dim">{call.SipStatus} {Html.Wire(call.SipReason)}</span>"""))} {(call.State == CallState.Ended ? Html.Of($"<span>{Words.Span(call.Duration)}</span>") : Html.None)} {Calls.CallListColumns.Flags(call.Flags)}</p>
        </div><div class="actions">{CallParts.Downloads(request, $"/api/v1/calls/{call.Id}", call)}</div></div>
        """);

    private async Task<LadderSubject?> SubjectAsync(PageRequest request) =>
        await FindAsync(request) is { } call ? new LadderSubject($"/calls/{call.Id}", call.Id, [call]) : null;

    /// <summary>The call that the path names; null where there is none for who looks, and then the request is answered.</summary>
    private async Task<CallRecord?> FindAsync(PageRequest request)
    {
        string id = request.Path("id");
        CallRecord? call = CallId.IsWellFormed(id) ? desk.Calls.Get(id) : null;
        if (call is null) await Problem.WriteAsync(request.Context, StatusCodes.Status404NotFound, "There is no call with this id, or no longer.");
        else if (request.Viewer.MaySee(call.Tenant)) return request.Viewer.Shown(call, desk.Calls);
        else await Problem.WriteAsync(request.Context, StatusCodes.Status403Forbidden, "This call is another tenant's.");
        return null;
    }

    private static string Callee(CallRecord call) => Words.Who(call.Callee) is { } who && who != "unknown" ? who : call.Dialled ?? "unknown";

    private static string Short(string text) => text.Length <= 80 ? text : text[..79] + "…";
}
