using System.Globalization;
using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.OneCall;

/// <summary>The recording with its outline: time marks are drawn here from the record, the sound's outline is drawn over them once it is there.</summary>
internal static class PlayerPart
{
    private const double Width = 1000;

    /// <summary>The part of the page; nothing where the call has no sound to hear, or who looks may not hear it.</summary>
    public static Html Draw(PageRequest request, CallRecord call)
    {
        if (!request.Viewer.May(ApiScopes.RecordingsRead)) return Html.None;
        if (call.AnsweredAt is not { } answered || call.EndedAt is not { } ended || call.Streams.Count == 0) return Html.None;
        RecordingEntry? entry = request.Desk.Media.States.GetRecording(call.Id);
        if (entry is { State: RecordingState.Deleted }) return Pieces.Card("recording", "Recording", Html.Of($"<p>The recording was deleted{(entry.Reason is { } why ? Html.Of($": {Html.Wire(why)}") : Html.None)}.</p>"));
        if (entry is { State: RecordingState.None, Reason: { } reason }) return Pieces.Card("recording", "Recording", Html.Of($"<p>There is none: {Reason(reason)}.</p>"));
        TimeSpan length = entry is { State: RecordingState.Available, Duration.Ticks: > 0 } ? entry.Duration : ended - answered;
        if (length < TimeSpan.FromMilliseconds(100)) length = TimeSpan.FromMilliseconds(100);
        string path = $"/api/v1/calls/{call.Id}";
        Html part = entry?.PartReason is { } partly ? Html.Of($"""<p class="note">A part of it is silent: {Html.Wire(partly)}.</p>""") : Html.None;
        return Pieces.Card("recording", "Recording", Html.Of($"""
            <div class="player" data-sound="{path}.mp3" data-outline="{path}/waveform.json" data-seconds="{length.TotalSeconds}">
              <audio controls preload="none" src="{path}.mp3" aria-label="Recording, caller left and callee right"></audio>
              <div class="player-bar" hidden>
                <button type="button" class="primary play" aria-label="Play">{Icon.Play.Draw()}</button>
                <span class="player-time"><span class="now">0:00</span> <span class="dim">/ {Words.Span(length)}</span></span>
                <input type="range" class="seek" min="0" max="{length.TotalSeconds}" step="0.1" value="0" aria-label="Position">
                <label class="speed">Speed <select><option value="0.75">0.75</option><option value="1" selected>1</option><option value="1.5">1.5</option><option value="2">2</option></select></label>
              </div>
              <p class="player-say note" role="status">Listening is noted in the audit.</p>
              {Timeline(call, answered, length)}
            </div>
            {part}
            """));
    }

    /// <summary>Why there is no recording, in words.</summary>
    public static Html Reason(string reason) => reason.Split(':')[0] switch
    {
        "srtp_no_key" => Html.Of($"the sound is encrypted and its key is not known"),
        "policy" => Html.Of($"the policy of recordings does not allow it for this call"),
        "no_rtp" => Html.Of($"no packet of sound was seen"),
        "not_answered" => Html.Of($"the call was not answered"),
        _ => Html.Wire(reason),
    };

    // Digits so close that their names would lie upon each other.
    private static List<List<DtmfDigit>> Groups(DtmfDigit[] digits, Func<DtmfDigit, double> place)
    {
        var groups = new List<List<DtmfDigit>>();
        foreach (DtmfDigit digit in digits)
        {
            if (groups.Count > 0 && place(digit) - place(groups[^1][^1]) < 16 && groups[^1][0].From == digit.From) groups[^1].Add(digit);
            else groups.Add([digit]);
        }

        return groups;
    }

    private static Html Timeline(CallRecord call, Timestamp from, TimeSpan length)
    {
        double Place(Timestamp at) => Math.Clamp((at - from) / length, 0, 1) * Width;
        Html Stretch(Timestamp start, Timestamp end, double y, double height, string kind, string words)
        {
            double x = Place(start), width = Math.Max(2, Place(end) - x);
            return Html.Of($"""<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"><title>{words}</title></rect>""");
        }

        Html holds = Html.Join(call.Held.Where(held => held.To is null || held.To > from).Select(held => Stretch(held.From, held.To ?? call.EndedAt ?? held.From, 0, 124, "m-hold", $"on hold, {Clock(held.From)}")));
        Html oneWays = Html.Join(call.OneWay.Select(oneWay => Stretch(oneWay.StartedAt, oneWay.EndedAt, oneWay.From == PartySide.Callee ? 62 : 0, 62, "m-gap", $"the {EnumNames<PartySide>.Of(oneWay.From)} was not heard, {Clock(oneWay.StartedAt)}")));
        Html losses = Html.Join(call.Streams.SelectMany(stream => stream.Intervals.Where(static interval => interval.Lost > 0).Take(400).Select(interval =>
        {
            Timestamp start = stream.StartedAt + TimeSpan.FromSeconds(interval.StartSecond);
            double share = 100.0 * interval.Lost / Math.Max(1, interval.Lost + interval.Packets);
            string kind = share >= 3 ? "m-loss heavy" : "m-loss";
            return start + TimeSpan.FromSeconds(10) <= from ? Html.None : Stretch(start, start + TimeSpan.FromSeconds(10), stream.From == PartySide.Callee ? 118 : 0, 6, kind, $"the {EnumNames<PartySide>.Of(stream.From)}: {Words.Number(share, 1)}% lost, {Clock(start)}");
        })));
        Html digits = Html.Join(Groups([.. call.Dtmf.Where(digit => digit.At >= from).Take(200)], digit => Place(digit.At)).Select(group =>
        {
            string dialled = string.Concat(group.Select(static digit => digit.Digit));
            return Html.Of($"""<g class="m-digit"><title>{Words.Plain(dialled.Length == 1 ? "digit" : "digits")} {dialled} by the {EnumNames<PartySide>.Of(group[0].From)}, {Clock(group[0].At)}</title>{group.Select(digit => Html.Of($"""<line x1="{Place(digit.At)}" x2="{Place(digit.At)}" y1="0" y2="126"/>"""))}<text x="{Place(group[0].At)}" y="142">{dialled}</text></g>""");
        }));
        Html transfer = call.Transfer is { } moved && moved.At > from
            ? Html.Of($"""<g class="m-transfer"><title>transfer, {Clock(moved.At)}</title><line x1="{Place(moved.At)}" x2="{Place(moved.At)}" y1="0" y2="130"/><text x="{Place(moved.At)}" y="156" text-anchor="middle">transfer</text></g>""")
            : Html.None;
        string spoken = $"Time line of {Words.SpanWords(length)}: {Words.Count(call.Held.Count, "hold")}, {Words.Count(call.Dtmf.Count, "digit")}, {Words.Count(call.OneWay.Count, "stretch")} of one-way sound.";
        (string Kind, string Name)[] legend = [.. new[] { ("m-hold", "hold", call.Held.Count > 0), ("m-loss", "loss", call.Streams.Any(static stream => stream.Lost > 0)), ("m-gap", "not heard", call.OneWay.Count > 0), ("m-digit", "digits", call.Dtmf.Count > 0), ("m-transfer", "transfer", call.Transfer is not null) }
            .Where(static entry => entry.Item3).Select(static entry => (entry.Item1, entry.Item2))];
        return Html.Of($"""
            <div class="timeline"><svg viewBox="0 0 {Width} 160" preserveAspectRatio="none" role="img" aria-label="{spoken}">
              <rect class="lane" x="0" y="0" width="{Width}" height="61"/><rect class="lane" x="0" y="63" width="{Width}" height="61"/>
              {holds}{oneWays}<path class="wave caller" d=""/><path class="wave callee" d=""/>{losses}{digits}{transfer}
              <line class="head" x1="0" x2="0" y1="0" y2="126" visibility="hidden"/>
            </svg><span class="lane-name">caller</span><span class="lane-name lower">callee</span></div>
            <ul class="legend">{legend.Select(static entry => Html.Of($"""<li class="{entry.Kind}">{entry.Name}</li>"""))}</ul>
            """);

        string Clock(Timestamp at) => (at - from) is var since && since >= TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"at {(int)since.TotalMinutes}:{since.Seconds:00}") : "before the answer";
    }
}
