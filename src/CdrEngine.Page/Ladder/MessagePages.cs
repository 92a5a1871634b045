using CdrEngine.Api.Access;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Ladder;

/// <summary>One message of a ladder, and two side by side. They show what people said and typed as packets do, so they ask for the same scope and are audited.</summary>
/// <param name="find">The subject a request is about; null where there is none for who asks, and then the request is answered.</param>
internal sealed class MessagePages(Func<PageRequest, Task<LadderSubject?>> find)
{
    /// <summary>The routes below a path with <c>{id}</c>.</summary>
    public IReadOnlyList<PageRoute> Below(string path, string name) =>
    [
        new($"{path}/messages/{{number:int}}", $"{name} message") { Get = ShowAsync, Scope = ApiScopes.PacketsRead },
        new($"{path}/compare", $"{name} comparison") { Get = CompareAsync, Scope = ApiScopes.PacketsRead },
        new($"{path}/drawing.svg", $"{name} drawing") { Get = DrawAsync },
    ];

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        if (await find(request) is not { } subject || await subject.ReadAsync(request) is not { } transcript) return new AnsweredPage();
        if (!int.TryParse(request.Path("number"), out int number) || number < 1 || number > transcript.Raw.Count) return None();
        if (!await request.AccountAsync("view_message", subject.Id, subject.Tenant)) return new AnsweredPage();
        MessageRow? row = transcript.Rows.FirstOrDefault(row => row.Number == number);
        TranscriptMessage raw = transcript.Raw[number - 1];
        LadderMessage message = transcript.Messages[number - 1];
        int[] others = [.. transcript.Rows.Select(static other => other.Number).Where(other => other != number)];
        int likely = Likely(transcript, number, others);
        Html compare = others.Length == 0 ? Html.None : Html.Of($"""
            <form class="compare-form" method="get" action="{subject.Path}/compare"><input type="hidden" name="a" value="{number}">
              <label for="compare-with">Compare with</label><select id="compare-with" name="b">{others.Take(500).Select(other => Html.Of($"""<option value="{other}"{Html.When(other == likely, "selected")}>{other}: {transcript.Messages[other - 1].Title} {transcript.Messages[other - 1].CSeq}</option>"""))}</select>
              <button>{Icon.Compare.Draw()} Compare</button></form>
            """);
        Html facts = Pieces.Facts(
        [
            ("From", Html.Of($"{raw.Source}")), ("To", Html.Of($"{raw.Destination}")), ("At", Words.Clock(raw.At, request.Viewer.Zone)), ("Over", Html.Of($"{raw.Transport.ToString().ToUpperInvariant()}, {raw.Bytes.Length} bytes")),
            .. row is { Repeats.Count: > 0 } ? [("Again", Html.Join(row.Repeats.Take(12).Select(again => Html.Of($"+{Words.Span(again - raw.At)} "))))] : Array.Empty<(string, Html)>(),
        ]);
        Html body = Html.Of($"""
            <header><h2 id="message-title">{number}: {message.Title}</h2><button class="quiet close" type="button" hidden aria-label="Close the message">{Icon.Close.Draw()}</button></header>
            {facts}{SipLines.Draw(SipLines.Of(raw.Bytes.Span))}{compare}
            """);
        if (request.Part is not null) return new PageFragment(body);
        return new WholePage($"Message {number}", Html.Of($"""
            {Pieces.Head($"Message {number}", Html.Of($"""<a href="{subject.Path}#m{number}">Back to the ladder</a>"""))}
            <section class="card message-panel" aria-labelledby="message-title">{body}</section>
            """))
        {
            Section = Section(subject),
        };
    }

    private async Task<PageAnswer> CompareAsync(PageRequest request)
    {
        if (await find(request) is not { } subject || await subject.ReadAsync(request) is not { } transcript) return new AnsweredPage();
        int a = request.Number("a", 1, transcript.Raw.Count, 0), b = request.Number("b", 1, transcript.Raw.Count, 0);
        if (a == 0 || b == 0) return None();
        if (!await request.AccountAsync("view_message", subject.Id, subject.Tenant)) return new AnsweredPage();
        var pairs = SipDifference.Of(SipLines.Of(transcript.Raw[a - 1].Bytes.Span), SipLines.Of(transcript.Raw[b - 1].Bytes.Span));
        int differ = pairs.Count(static pair => !pair.IsSame);
        return new WholePage($"Messages {a} and {b}", Html.Of($"""
            {Pieces.Head($"Messages {a} and {b}", Html.Of($"""{(differ == 0 ? "They are the same." : $"{Words.Count(differ, "line")} differ.")} <a href="{subject.Path}#m{a}">Back to the ladder</a>"""))}
            <div class="table" role="region" aria-label="The two messages side by side" tabindex="0"><table class="sides"><caption class="unseen">Two messages, line by line</caption>
              <thead><tr>{Side(request, transcript, a)}{Side(request, transcript, b)}</tr></thead>
              <tbody>{pairs.Select(static pair => Html.Of($"""<tr{Html.When(!pair.IsSame, "class=\"differs\"")}>{Cell(pair.Left, pair.IsSame, "only left")}{Cell(pair.Right, pair.IsSame, "only right")}</tr>"""))}</tbody></table></div>
            """))
        {
            Section = Section(subject),
            IsWide = true,
        };
    }

    private async Task<PageAnswer> DrawAsync(PageRequest request)
    {
        if (await find(request) is not { } subject || await subject.ReadAsync(request) is not { } transcript) return new AnsweredPage();
        return LadderPart.File(request, subject, transcript);
    }

    private static Html Side(PageRequest request, Transcript transcript, int number)
    {
        TranscriptMessage raw = transcript.Raw[number - 1];
        return Html.Of($"""<th scope="col">{number}: {transcript.Messages[number - 1].Title}<br><span class="dim">{Words.Clock(raw.At, request.Viewer.Zone)} {raw.Source} → {raw.Destination}</span></th>""");
    }

    private static Html Cell(SipLine? line, bool isSame, string mark) => line is { } there
        ? Html.Of($"""<td class="code">{(isSame ? SipLines.Draw(there) : Html.Of($"""<mark>{SipLines.Draw(there)}<span class="unseen"> ({mark})</span></mark>"""))}</td>""")
        : Html.Of($"""<td class="code gone"></td>""");

    // Usually one asks what changed since the last of its kind, or at the next place of the wire.
    private static int Likely(Transcript transcript, int number, int[] others)
    {
        LadderMessage own = transcript.Messages[number - 1];
        int same = Array.FindLast(others, other => other < number && transcript.Messages[other - 1].Title == own.Title);
        if (same == 0) same = Array.Find(others, other => transcript.Messages[other - 1].Title == own.Title);
        return same != 0 ? same : Array.FindLast(others, other => other < number);
    }

    private static string Section(LadderSubject subject) => subject.Path.StartsWith("/sessions", StringComparison.Ordinal) ? "/sessions" : "/calls";

    private static ErrorPage None() => new("There is no such message, or no longer.") { Status = StatusCodes.Status404NotFound };
}
