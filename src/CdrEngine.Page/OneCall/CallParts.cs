using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.OneCall;

/// <summary>The smaller parts of the page of a call.</summary>
internal static class CallParts
{
    private static readonly Column[] LegColumns = [new("To"), new("Outcome"), new("Status", "num"), new("Rang", "when"), new("Answered", "when"), new("Ended", "when"), new("To-tag", "code")];
    private static readonly Column[] HopColumns = [new("From", "code"), new("To", "code"), new("Over"), new("First seen", "when"), new("Messages", "num")];
    private static readonly Column[] MediaColumns = [new("Media"), new("Direction"), new("Caller", "code"), new("Callee", "code"), new("Offered"), new("Answered"), new("Noticed"), new("Packets")];
    private static readonly Column[] DigitColumns = [new("Digit"), new("At", "when"), new("By"), new("As"), new("Lasted", "num")];

    /// <summary>Both parties, side by side.</summary>
    public static Html Parties(CallRecord call) => Html.Of($"""
        <div class="columns">{Party("caller", "Caller", call.Caller, null)}{Party("callee", "Callee", call.Callee, call.Dialled)}</div>
        """);

    /// <summary>When what happened.</summary>
    public static Html Times(CallRecord call, PageRequest request)
    {
        TimeZoneInfo zone = request.Viewer.Zone;
        return Pieces.Card("times", "Times and figures", Pieces.Facts(
        [
            ("Started", Words.Time(call.StartedAt, zone)), ("Trying", Words.Clock(call.TryingAt, zone)), ("Rang", Words.Clock(call.RangAt, zone)), ("Early media", Words.Clock(call.EarlyMediaAt, zone)),
            ("Answered", Words.Clock(call.AnsweredAt, zone)), ("Ended", Words.Clock(call.EndedAt, zone)), ("Post-dial delay", Words.Milliseconds(call.PostDialDelay)),
            ("Rang for", call.RingDuration is { } ring ? Html.Of($"{Words.Span(ring)}") : Words.None), ("Duration", Span(call, call.Duration)), ("Billable", Span(call, call.BillableDuration)),
            ("Transport", Html.Of($"{call.Transport.ToString().ToUpperInvariant()}")), ("Messages", Html.Of($"{Words.Number(call.Messages)}, {Words.Count(call.Retransmissions, "retransmission")}")), ("Source", Words.Text(call.CaptureSource)),
            ("Direction", call.Direction is { } direction ? Html.Of($"{Words.Plain(EnumNames<CallDirection>.Of(direction))}") : Words.None), ("Kind", call.Marks?.Context is { } context ? Html.Of($"{Words.Plain(EnumNames<CallContext>.Of(context))}") : Words.None),
            ("Trunk", Words.Text(call.Marks?.Trunk)), ("Tenant", Words.Text(call.Tenant)),
            ("Cost", call.Marks?.Charge is { } charge ? Html.Of($"{charge.Amount} {charge.Currency} <span class=\"dim\">{charge.Rate} a minute to {Html.Wire(charge.Destination)}</span>") : Words.None),
            ("Call-ID", Html.Of($"""<span class="code">{Html.Wire(call.SipCallId)}</span>""")), ("Record", Html.Of($"""<span class="code">{call.Id}</span>""")),
        ]));
    }

    /// <summary>Dialogs, places of the wire, media sessions.</summary>
    public static Html Legs(CallRecord call, PageRequest request)
    {
        TimeZoneInfo zone = request.Viewer.Zone;
        Html legs = call.Legs.Count == 0 ? Html.None : Html.Of($"""<h3>Legs</h3>{Pieces.Table("Legs: one for each device that answered in some way", LegColumns, call.Legs.Select(leg => Pieces.Row(
            LegColumns, Words.Text(leg.Contact ?? leg.Callee?.ToString()), Badge.Of(leg.Outcome switch { LegOutcome.Answered => Tone.Good, LegOutcome.Failed => Tone.Bad, LegOutcome.Early => Tone.Active, _ => Tone.Mild }, Words.Plain(EnumNames<LegOutcome>.Of(leg.Outcome))),
            leg.SipStatus == 0 ? Words.None : Html.Of($"{leg.SipStatus}"), Words.Clock(leg.RangAt, zone), Words.Clock(leg.AnsweredAt, zone), Words.Clock(leg.EndedAt, zone), Html.Wire(leg.ToTag))))}""");
        Html hops = call.Hops.Count < 2 ? Html.None : Html.Of($"""<h3>Places of the wire</h3>{Pieces.Table("Where the same messages were seen", HopColumns, call.Hops.Select(hop => Pieces.Row(
            HopColumns, Html.Of($"{hop.Source}"), Html.Of($"{hop.Destination}"), Html.Of($"{hop.Transport.ToString().ToUpperInvariant()}"), Words.Clock(hop.FirstSeenAt, zone), Html.Of($"{hop.Messages}"))))}""");
        Html media = call.MediaSessions.Count == 0 ? Html.None : Html.Of($"""<h3>Media sessions</h3>{Pieces.Table("Media sessions: what was agreed, and what went over it", MediaColumns, call.MediaSessions.Select(session => Pieces.Row(
            MediaColumns, Html.Wire(session.Media), Html.Wire(session.Direction), Words.Text(session.Caller?.ToString()), Words.Text(session.Callee?.ToString()), Words.Text(string.Join(", ", session.Offered.Take(6))), Words.Text(string.Join(", ", session.Answered.Take(6))),
            MediaFlags(session.Flags), request.Viewer.May(ApiScopes.PacketsRead) ? Html.Of($"""<a href="/api/v1/media-sessions/{session.Id}.pcap">pcap</a>""") : Words.None)))}""");
        return legs.IsEmpty && hops.IsEmpty && media.IsEmpty ? Html.None : Pieces.Card("legs", "Legs and media", Html.Of($"{legs}{hops}{media}"));
    }

    /// <summary>Digits, and headers that say more.</summary>
    public static Html Further(CallRecord call, PageRequest request)
    {
        Html digits = call.Dtmf.Count == 0 ? Html.None : Pieces.Card("digits", "Digits", Pieces.Table("Digits pressed", DigitColumns, call.Dtmf.Take(200).Select(digit => Pieces.Row(
            DigitColumns, Html.Of($"<strong>{digit.Digit.ToString()}</strong>"), Words.Clock(digit.At, request.Viewer.Zone), Html.Of($"{EnumNames<PartySide>.Of(digit.From)}"), Html.Of($"{EnumNames<DtmfMethod>.Of(digit.Method)}"), Words.Milliseconds(digit.Duration))), isStacked: false));
        Html headers = call.Headers.Count == 0 ? Html.None : Pieces.Card("headers", "Further headers", Pieces.Facts(call.Headers.Select(static header => (header.Key, Html.Wire(header.Value)))));
        return digits.IsEmpty && headers.IsEmpty ? Html.None : Html.Of($"""<div class="columns">{digits}{headers}</div>""");
    }

    /// <summary>The fax of a call.</summary>
    public static Html Fax(CallRecord call, PageRequest request)
    {
        if (call.Fax is not { } fax) return Html.None;
        Html actions = !request.Viewer.May(ApiScopes.RecordingsRead) || request.Desk.Media.Faxes is null ? Html.None : Html.Of($"""
            <a class="button" href="/api/v1/calls/{call.Id}/fax.pdf">{Icon.Fax.Draw()} Pages as PDF</a> <a class="button" href="/api/v1/calls/{call.Id}/fax.tiff">TIFF</a>
            """);
        return Pieces.Card("fax", "Fax", Pieces.Facts(
        [
            ("Result", Badge.Of(fax.Result switch { FaxResult.Completed => Tone.Good, FaxResult.Incomplete => Tone.Warn, FaxResult.Failed => Tone.Bad, _ => Tone.Plain }, Words.Plain(EnumNames<FaxResult>.Of(fax.Result)))),
            ("Pages", Html.Of($"{fax.Pages}")), ("Sent by", Words.Text(fax.LocalStation)), ("Received by", Words.Text(fax.RemoteStation)), ("Rate", fax.RateBitsPerSecond == 0 ? Words.None : Html.Of($"{Words.Number(fax.RateBitsPerSecond)} bit/s")),
            ("Error correction", Html.Of($"{(fax.HasErrorCorrection ? "yes" : "no")}")), ("Datagrams", Html.Of($"{Words.Number(fax.Packets)}, {Words.Number(fax.Lost)} lost, {Words.Number(fax.Recovered)} recovered")),
        ]), actions);
    }

    /// <summary>What can be taken along, as far as who looks may.</summary>
    public static Html Downloads(PageRequest request, string path, CallRecord? call)
    {
        bool mayPackets = request.Viewer.May(ApiScopes.PacketsRead), mayHear = request.Viewer.May(ApiScopes.RecordingsRead);
        bool hasSound = call is null || (call is { State: CallState.Ended, AnsweredAt: not null } && call.Streams.Count > 0);
        return Html.Of($"""
            {(mayPackets ? Html.Of($"""<a class="button" href="{path}.pcap">{Icon.Download.Draw()} pcap</a><a class="button" href="{path}.trace" download>trace</a>""") : Html.None)}
            {(mayHear && hasSound ? Html.Of($"""<a class="button" href="{path}.mp3" download>mp3</a>""") : Html.None)}
            <a class="button" href="{path}" download="{(call is null ? "session" : "call")}.json">JSON</a>
            """);
    }

    /// <summary>Notes, and the form to write them.</summary>
    public static Html Notes(PageRequest request, CallRecord call)
    {
        CallRemark remark = request.Desk.Remarks.Get(call.Id);
        Html written = Pieces.Facts(new (string Name, string? Text)[] { ("In a line", remark.Info), ("Summary", remark.Summary), ("Sounded", remark.Sentiment), ("Said", remark.Transcript) }
            .Where(static entry => entry.Text is { Length: > 0 }).Select(static entry => (entry.Name, Html.Wire(entry.Text))));
        if (!request.Viewer.May(ApiScopes.CallsWrite))
        {
            bool isEmpty = remark == CallRemark.None;
            return isEmpty ? Html.None : Pieces.Card("notes", "Notes", Html.Of($"""{written}<p class="notes-text">{Html.Wire(remark.Notes)}</p>"""));
        }

        return Pieces.Card("notes", "Notes", Html.Of($"""
            {written}
            <form method="post" action="/calls/{call.Id}/notes" class="notes">{request.FormKey}
              <label for="notes-field">Notes on this call, for everybody who may see it</label>
              <textarea id="notes-field" name="notes" rows="4" maxlength="{PageRequest.FieldLength}">{Lines(remark.Notes)}</textarea>
              <button>{Icon.Note.Draw()} Keep notes</button>{(request.Query("kept") is not null ? Html.Of($""" <span class="kept" role="status">Kept.</span>""") : Html.None)}
            </form>
            """));
    }

    // Of a call that goes on nothing is known yet.
    private static Html Span(CallRecord call, TimeSpan span) => call.State == CallState.Ended ? Html.Of($"{Words.Span(span)}") : Words.None;

    private static Html Code(string? text) => string.IsNullOrEmpty(text) ? Words.None : Html.Of($"""<span class="code">{Html.Wire(text)}</span>""");

    // Within a field of several lines their ends stay; everything else as any text.
    private static Html Lines(string? text) => text is null ? Html.None : Html.Join(text.ReplaceLineEndings("\n").Split('\n').Select(static (line, i) => Html.Of($"{(i == 0 ? Html.None : Html.Of($"\n"))}{line}")));

    private static Html MediaFlags(MediaSessionFlags flags) => Html.Join(EnumNames<MediaSessionFlags>.All
        .Where(pair => pair.Value != MediaSessionFlags.None && flags.HasFlag(pair.Value))
        .Select(static pair => Html.Of($"""<span class="flag {(pair.Value == MediaSessionFlags.OneWay ? "t-bad" : "t-plain")}">{Words.Plain(pair.Name)}</span> """)));

    private static Html Party(string id, string title, Party party, string? dialled) => Pieces.Card(id, title, Pieces.Facts(
    [
        ("Number", Words.Text(party.Number)), ("Name", Words.Text(party.Name)), ("In the directory", party.Identity is { } identity ? Html.Of($"{Html.Wire(identity.Name)} <span class=\"dim\">{Words.Plain(EnumNames<PartyKind>.Of(identity.Kind)).ToLowerInvariant()}</span>") : Words.None),
        .. dialled is { Length: > 0 } && dialled != party.Number ? [("Dialled", Html.Wire(dialled))] : Array.Empty<(string, Html)>(),
        ("International", Words.Text(party.E164)), ("URI", Code(party.Uri)), ("Address", Code(party.Address?.ToString())), ("Device", Words.Text(party.UserAgent)), ("Codec sent", Words.Text(party.Codec)),
    ]));
}
