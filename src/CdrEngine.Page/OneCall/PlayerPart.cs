using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.OneCall;

/// <summary>The recording with its outline: time marks are drawn here from the record, the sound's outline is drawn over them once it is there.</summary>
internal static class PlayerPart
{
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
        Html part = entry?.PartReason is { } partly ? Html.Of($"""<p class="note">A part of it is silent: {Html.Wire(partly)}.</p>""") : Html.None;
        (Timestamp, string)[] moves = call.Transfer is { } moved ? [(moved.At, "transfer")] : [];
        var timeline = new TalkTimeline { Talks = [new SessionTalk(call, true, answered, ended)], From = answered, Length = length, Upper = "caller", Lower = "callee", Moves = moves };
        return Pieces.Card("recording", "Recording", Html.Of($"{Player($"/api/v1/calls/{call.Id}", "Caller left, callee right.", timeline)}{part}"));
    }

    /// <summary>The recording of a conversation: who stays in it left, whoever talks with them right; nothing where there is none to hear, or who looks may not.</summary>
    public static Html Draw(PageRequest request, SessionRecord session)
    {
        if (!request.Viewer.May(ApiScopes.RecordingsRead) || request.Desk.Media.SessionSounds is null || session.EndedAt is null) return Html.None;
        IReadOnlyList<SessionTalk> talks = SessionTalk.Of(session);
        if (talks.Count == 0 || talks.All(static talk => talk.Call.Streams.Count == 0)) return Html.None;
        Timestamp from = talks.Min(static talk => talk.From);
        SessionTalk first = talks[0];
        string stays = Words.Who(first.IsCaller ? first.Call.Caller : first.Call.Callee);
        string[] others = [.. talks.Select(static talk => Words.Who(talk.IsCaller ? talk.Call.Callee : talk.Call.Caller)).Distinct(StringComparer.Ordinal)];
        (Timestamp, string)[] moves = [.. session.Story.Select(static step => (step.At, Move(step.Kind))).Where(static move => move.Item2.Length > 0).Take(50)];
        var timeline = new TalkTimeline { Talks = talks, From = from, Length = talks.Max(static talk => talk.To) - from, Upper = stays, Lower = string.Join(", ", others.Take(4)), Moves = moves };
        return Pieces.Card("recording", "Recording", Html.Of($"""
            <p class="note">The conversation of whoever stays in it: <strong>{Html.Wire(stays)}</strong> left, whoever talks with them right.</p>
            {Player($"/api/v1/sessions/{session.Id}", "Who stays left, the others right.", timeline)}
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

    private static string Move(SessionStepKind kind) => kind switch
    {
        SessionStepKind.Transfer => "transfer",
        SessionStepKind.TransferFailed => "transfer failed",
        SessionStepKind.Pickup => "pick-up",
        SessionStepKind.Retrieve => "retrieval",
        _ => "",
    };

    private static Html Player(string path, string sides, TalkTimeline timeline) => Html.Of($"""
        <div class="player" data-sound="{path}.mp3" data-outline="{path}/waveform.json" data-seconds="{timeline.Length.TotalSeconds}" data-sides="{sides}">
          <audio controls preload="none" src="{path}.mp3" aria-label="Recording. {sides}"></audio>
          <div class="player-bar" hidden>
            <button type="button" class="primary play" aria-label="Play">{Icon.Play.Draw()}</button>
            <span class="player-time"><span class="now">0:00</span> <span class="dim">/ <span class="length">{Words.Minutes(timeline.Length)}</span></span></span>
            <input type="range" class="seek" min="0" max="{timeline.Length.TotalSeconds}" step="0.1" value="0" aria-label="Position">
            <label class="speed">Speed <select><option value="0.75">0.75</option><option value="1" selected>1</option><option value="1.5">1.5</option><option value="2">2</option></select></label>
          </div>
          <p class="player-say note" role="status">Listening is noted in the audit.</p>
          {timeline.Draw()}
        </div>
        """);
}
