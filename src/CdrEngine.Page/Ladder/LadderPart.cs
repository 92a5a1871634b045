using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Ladder;

/// <summary>What the ladder of a call or of a conversation is made of.</summary>
/// <param name="Path">Path of the page it stands on.</param>
/// <param name="Id">Id of the call or the conversation.</param>
/// <param name="Calls">Its calls.</param>
internal sealed record LadderSubject(string Path, string Id, IReadOnlyList<CallRecord> Calls)
{
    /// <summary>Messages read at most.</summary>
    private const int MostMessages = 10_000;

    /// <summary>Whose it is; null for nobody's.</summary>
    public string? Tenant => Calls.Count > 0 ? Calls[0].Tenant : null;

    /// <summary>The messages; null where no place to read them came free, and then the request is answered.</summary>
    public async Task<Transcript?> ReadAsync(PageRequest request)
    {
        Transcript? read = null;
        await request.Desk.Downloads.WithSeatAsync(request.Context, stored =>
        {
            var transcript = new SipTranscript(Calls.Select(static call => call.SipCallId).ToHashSet(StringComparer.Ordinal), MostMessages);
            ICallPackets packets = Calls.Count == 1 ? stored : new SessionPackets(stored, Calls);
            packets.Visit(Id, PacketKinds.Signalling, transcript);
            var reader = new LadderReader();
            LadderMessage[] messages = [.. transcript.Messages.Select(reader.Read)];
            read = new Transcript(transcript.Messages, messages, LadderRows.Messages(messages), transcript.IsCut);
            return Task.CompletedTask;
        });
        return read;
    }
}

/// <summary>The messages of a call or a conversation.</summary>
/// <param name="Raw">As on the wire.</param>
/// <param name="Messages">In short, one for each of these.</param>
/// <param name="Rows">The same ones folded.</param>
/// <param name="IsCut">Whether there are more.</param>
internal sealed record Transcript(IReadOnlyList<TranscriptMessage> Raw, IReadOnlyList<LadderMessage> Messages, IReadOnlyList<MessageRow> Rows, bool IsCut);

/// <summary>The ladder on a page.</summary>
internal static class LadderPart
{
    /// <summary>Messages drawn at a time.</summary>
    private const int PageSize = 200;

    /// <summary>The ladder with what belongs to it.</summary>
    public static Html Draw(PageRequest request, LadderSubject subject, Transcript transcript, IReadOnlySet<int> deciding)
    {
        if (transcript.Rows.Count == 0)
            return Pieces.Card("ladder", "Messages", Pieces.Empty(Icon.Message, "No packets are kept", Html.Of($"What is told above comes from the record. The packets are no longer kept, or were not captured.")));
        bool isWhole = request.Query("ladder") == "all";
        LadderMedia[] media = [.. LadderRows.Media(subject.Calls.SelectMany(static call => call.Streams), subject.Calls.Min(static call => call.AnsweredAt))];
        IReadOnlyList<LadderRow> all = LadderRows.Of(transcript.Rows, media, folds: !isWhole);
        int folded = all.OfType<FoldedRow>().Sum(static row => row.Messages);
        int pages = Math.Max(1, (all.Count + PageSize - 1) / PageSize);
        int page = request.Number("ladder_page", 1, pages, 1);
        LadderRow[] shown = [.. all.Skip((page - 1) * PageSize).Take(PageSize)];
        var drawing = new LadderDrawing(transcript.Rows, media, Names(subject.Calls, transcript), request.Viewer.Zone);
        bool mayRead = request.Viewer.May(ApiScopes.PacketsRead);
        Html picture = drawing.Draw("ladder-drawing", $"{transcript.Raw.Count} SIP messages between {Places(transcript)} places", shown, mayRead ? number => $"{subject.Path}/messages/{number}#message" : null, deciding);
        Place here = Place.Of(request.Context.Request);
        Html more = (folded, isWhole) switch
        {
            ( > 0, _) => Html.Of($"""<a href="{here.With("ladder", "all")}#ladder">Draw all {Words.Number(transcript.Rows.Count)} messages</a>"""),
            (_, true) => Html.Of($"""<a href="{here.Without("ladder", "ladder_page")}#ladder">Fold routine</a>"""),
            _ => Html.None,
        };
        Html pager = pages == 1 ? Html.None : Pieces.Pager(
            "Parts of the ladder", page > 1 ? $"{here.With("ladder_page", $"{page - 1}")}#ladder" : null, page < pages ? $"{here.With("ladder_page", $"{page + 1}")}#ladder" : null, Html.Of($"part {page} of {pages}"));
        Html lead = Html.Of($"""
            <p class="note">{Words.Count(transcript.Raw.Count, "message")}{(transcript.Raw.Count > transcript.Rows.Count ? $", of which {Words.Count(transcript.Raw.Count - transcript.Rows.Count, "retransmission")} folded" : "")}{(transcript.IsCut ? ", and more that only the capture file has" : "")}. {(mayRead ? "Choose one to read it; with Shift a second to compare. Times are local." : "Reading them takes the scope packets:read.")} {more}</p>
            """);
        Html actions = Html.Of($"""<a class="button" href="{subject.Path}/drawing.svg">{Icon.Download.Draw()} SVG</a>""");
        return Pieces.Card("ladder", "Messages", Html.Of($"""
            {lead}
            <div class="ladder-and-message">
              <div class="scrolls ladder-scroll" tabindex="0" role="region" aria-label="Ladder of messages">{picture}</div>
              <aside id="message" class="message-panel" aria-label="The chosen message" aria-live="polite" hidden></aside>
            </div>
            {pager}
            """), actions);
    }

    /// <summary>The whole ladder as a file.</summary>
    public static PageAnswer File(PageRequest request, LadderSubject subject, Transcript transcript)
    {
        LadderMedia[] media = [.. LadderRows.Media(subject.Calls.SelectMany(static call => call.Streams), subject.Calls.Min(static call => call.AnsweredAt))];
        var drawing = new LadderDrawing(transcript.Rows, media, Names(subject.Calls, transcript), request.Viewer.Zone);
        IReadOnlyList<LadderRow> rows = LadderRows.Of(transcript.Rows, media, folds: true);
        Html picture = drawing.Draw("ladder", $"Messages of {subject.Id}", [.. rows.Take(2000)], null, new HashSet<int>(), isFile: true);
        return new PageFile("image/svg+xml", $"{subject.Id}.ladder.svg", System.Text.Encoding.UTF8.GetBytes(picture.ToString()));
    }

    private static int Places(Transcript transcript) => transcript.Messages.SelectMany(static message => (Endpoint[])[message.Source, message.Destination]).Distinct().Count();

    // Parties by their numbers, machines by what they call themselves.
    private static Dictionary<Endpoint, string> Names(IReadOnlyList<CallRecord> calls, Transcript transcript)
    {
        var names = new Dictionary<Endpoint, string>();
        foreach (CallRecord call in calls)
        {
            if (call.Caller.Address is { } caller) names.TryAdd(caller, Words.Who(call.Caller));
            if (call.Callee.Address is { } callee) names.TryAdd(callee, Words.Who(call.Callee));
        }

        foreach (TranscriptMessage message in transcript.Raw.Take(400))
        {
            if (names.ContainsKey(message.Source)) continue;
            SipLine agent = SipLines.Of(message.Bytes.Span).FirstOrDefault(static line => line.Kind == "header" && line.Name.ToLowerInvariant() is "user-agent" or "server");
            if (agent.Text is { Length: > 1 } text) names.Add(message.Source, text.Trim());
        }

        return names;
    }
}
