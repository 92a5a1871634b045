using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.OneCall;

/// <summary>A call in a few sentences, for those who never saw a SIP message.</summary>
internal static class CallSummary
{
    /// <summary>The sentences.</summary>
    public static Html Of(CallRecord call, TimeZoneInfo zone)
    {
        DateTime local = Words.Local(call.StartedAt, zone);
        Html caller = Name(call.Caller, null), callee = Name(call.Callee, call.Dialled);
        Html dialled = call.Dialled is { Length: > 0 } number && number != call.Callee.Number && call.Callee.Number is not null ? Html.Of($" (dialled {Html.Wire(number)})") : Html.None;
        return Html.Of($"""
            {caller} called {callee}{dialled} on {local.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture)} at {local.ToString("HH:mm", CultureInfo.InvariantCulture)}. {Course(call)} {Sound(call)}
            """);
    }

    private static Html Course(CallRecord call)
    {
        string rang = call.RangAt is { } at ? $"It rang after {Words.SpanWords(at - call.StartedAt)}" : "It never rang";
        if (call.State != CallState.Ended) return Html.Of($"The call is in progress.");
        if (call.AnsweredAt is { } answered)
        {
            string end = call.HangupBy switch { HangupBy.Caller => "the caller hung up", HangupBy.Callee => "the callee hung up", HangupBy.Both => "both hung up at once", HangupBy.Server => "the telephone system ended it", _ => "its end was not seen" };
            return Html.Of($"{rang} and was answered after {Words.SpanWords(answered - call.StartedAt)}. They were connected for <strong>{Words.SpanWords(call.BillableDuration)}</strong>; {end}.");
        }

        string why = call.Disposition switch
        {
            Disposition.Busy => "the line was busy",
            Disposition.NoAnswer => "nobody answered",
            Disposition.Cancelled => "the caller gave up",
            Disposition.Rejected => "the call was refused",
            Disposition.InvalidNumber => "there is no such number",
            Disposition.Redirected => "the caller was sent to another address",
            Disposition.NoResponse => "nothing answered at all",
            _ => "the call could not be put through",
        };
        return Html.Of($"{rang}, and after {Words.SpanWords(call.Duration)} it was over without being answered: <strong>{why}</strong>.");
    }

    private static Html Sound(CallRecord call)
    {
        if (call.AnsweredAt is null) return Html.None;
        if (call.Flags.HasFlag(CallFlags.NoRtp)) return Html.Of($"No sound was seen.");
        if (call.Flags.HasFlag(CallFlags.OneWayAudio)) return Html.Of($"One of the two could not be heard for a part of the call.");
        if (call.Streams.Min(static stream => stream.Mos) is not { } mos) return Html.None;
        string words = mos switch { >= 4.0 => "The sound was good", >= 3.6 => "The sound was fair", >= 3.1 => "The sound was poor", _ => "The sound was bad" };
        double? worst = call.Streams.Min(static stream => stream.MosMin);
        return Html.Of($"{words} (MOS {Words.Number(mos, 1)}){(worst is { } least && least < mos - 0.4 ? $", at its worst {Words.Number(least, 1)} for ten seconds" : "")}.");
    }

    private static Html Name(Party party, string? otherwise)
    {
        string who = Words.Who(party);
        if (who == "unknown" && otherwise is { Length: > 0 }) who = otherwise;
        string? name = party.Identity?.Name is { Length: > 0 } known ? known : party.Name;
        return name is { Length: > 0 } && name != who ? Html.Of($"<strong>{Html.Wire(name)}</strong> ({Html.Wire(who)})") : Html.Of($"<strong>{Html.Wire(who)}</strong>");
    }
}
