using CdrEngine.Calls.Records;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Ladder;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.OneCall;

/// <summary>Why a call came out as it did: in words, with the messages that decided it.</summary>
/// <param name="Sentences">In words.</param>
/// <param name="Deciding">Numbers of the messages.</param>
internal sealed record CallVerdict(IReadOnlyList<Html> Sentences, IReadOnlySet<int> Deciding)
{
    /// <summary>Reads it off the record and its messages.</summary>
    /// <param name="call">The record.</param>
    /// <param name="rows">Its messages, folded.</param>
    /// <param name="zone">Zone of the times told.</param>
    public static CallVerdict Of(CallRecord call, IReadOnlyList<MessageRow> rows, TimeZoneInfo zone)
    {
        var maker = new Maker(call, rows, zone);
        maker.Outcome();
        maker.Cause();
        maker.End();
        foreach (CallFlags flag in Words.Each(call.Flags)) maker.Flag(flag);
        return new CallVerdict(maker.Sentences, maker.Deciding);
    }

    private sealed class Maker(CallRecord call, IReadOnlyList<MessageRow> rows, TimeZoneInfo zone)
    {
        private readonly List<Html> _sentences = [];
        private readonly HashSet<int> _deciding = [];

        public IReadOnlyList<Html> Sentences => _sentences;

        public IReadOnlySet<int> Deciding => _deciding;

        public void Outcome()
        {
            MessageRow? invite = rows.FirstOrDefault(static row => row.Message.StatusCode == 0 && row.Message.Title == "INVITE");
            MessageRow? final = Final();
            switch (call.Disposition)
            {
                case Disposition.InProgress:
                    Say($"The call goes on; how it comes out is not known yet.");
                    break;
                case Disposition.Answered when final is not null:
                    Say($"<strong>Answered</strong>: {Ref(final, $"{final.Message.Title}")} to the INVITE came from {final.Message.Source} at {Words.Clock(final.Message.At, zone)}.");
                    break;
                case Disposition.Answered:
                    Say($"<strong>Answered</strong>: {(call.Flags.HasFlag(CallFlags.MissingInvite) ? "the capture began in the middle, and the call was up by then" : "the answer itself was not seen, but what followed shows it")}.");
                    break;
                case Disposition.Cancelled:
                    MessageRow? cancel = rows.FirstOrDefault(static row => row.Message.Title == "CANCEL");
                    Say($"<strong>Cancelled</strong>: the caller gave up before anybody answered{(cancel is null ? Html.None : Html.Of($", with {Ref(cancel, $"CANCEL")} after {Words.Span(cancel.Message.At - call.StartedAt)}"))}{(final is null ? Html.None : Html.Of($"; {Ref(final, $"{final.Message.Title}")} confirmed it"))}.");
                    break;
                case Disposition.NoResponse:
                    Say($"<strong>No response</strong>: nothing at all came back to {(invite is null ? Html.Of($"the INVITE") : Ref(invite, $"the INVITE"))}{(invite is { Repeats.Count: > 0 } ? $", which was sent {invite.Repeats.Count + 1} times" : "")}. What was called is down, cannot be reached, or its answers did not pass the capture point.");
                    break;
                default:
                    Say($"<strong>{Words.Of(call.Disposition)}</strong>: {Meaning(call.Disposition)}. {(final is not null ? Html.Of($"{Ref(final, $"{final.Message.Title}")} came from {final.Message.Source} after {Words.Span(final.Message.At - call.StartedAt)}") : Html.Of($"The final response was {call.SipStatus} {Html.Wire(call.SipReason)}"))}.");
                    break;
            }

            if (call.Flags.HasFlag(CallFlags.Authenticated)) Say($"The first INVITE was challenged and sent again with credentials; that is routine and one call.");
        }

        public void Cause()
        {
            if (call.Cause is not { } cause) return;
            string from = cause.Source == CauseSource.Header ? "a Reason header says so" : "concluded from the SIP status";
            Say($"Cause Q.850 <strong>{cause.Q850}</strong>, {Html.Wire(cause.Text)} ({from}).");
        }

        public void End()
        {
            if (call.AnsweredAt is null || call.EndedAt is null) return;
            MessageRow? bye = rows.FirstOrDefault(static row => row.Message.Title == "BYE");
            string who = call.HangupBy switch { HangupBy.Caller => "The caller hung up", HangupBy.Callee => "The callee hung up", HangupBy.Both => "Both hung up at once", HangupBy.Server => "The machine between the parties ended both sides", _ => "Who ended it was not seen" };
            if (bye is null) Say($"{who}.");
            else Say($"{who}, with {Ref(bye, $"BYE")} after {Words.SpanWords(call.BillableDuration)} of talk{(call.ByeConfirmedAt is null ? "; its confirmation was not seen" : "")}.");
        }

        public void Flag(CallFlags flag)
        {
            switch (flag)
            {
                case CallFlags.MissingBye:
                    Note(flag, Html.Of($"{(call.MissingByeReason switch
                    {
                        EndReason.RtpTimeout => "no packet of sound came for so long that the call is taken to be over; its end is that of the last one",
                        EndReason.SessionTimer => "the session timer ran out (RFC 4028)",
                        EndReason.MaxDuration => "it lasted longer than a call may",
                        EndReason.CaptureEnd => "the capture ended before the call did",
                        EndReason.DialogLost => "a request within the call was answered as if there were none (481 or 408)",
                        EndReason.Evicted => "there were more open calls than are kept",
                        _ => "no BYE was seen",
                    })}"));
                    break;
                case CallFlags.OneWayAudio:
                    Note(flag, Html.Join(call.OneWay.Take(4).Select((interval, i) => Html.Of($"{(i > 0 ? "; " : "")}{Side(interval.From)} was not heard for {Words.SpanWords(interval.Duration)}, {OneWay(interval.Kind)}"))));
                    break;
                case CallFlags.NoRtp:
                    Note(flag, Html.Of($"the call was answered, and no packet of sound or picture was seen: it went another way, or not at all"));
                    break;
                case CallFlags.Held:
                    Note(flag, Html.Join(call.Held.Take(6).Select((held, i) => Html.Of($"{(i > 0 ? "; " : "")}{Side(held.By)} put the other on hold for {(held.To is { } to ? Words.SpanWords(to - held.From) : "the rest of the call")}"))));
                    break;
                case CallFlags.Transferred when call.Transfer is { } transfer:
                    Note(flag, Html.Of($"{Words.Plain(EnumNames<TransferKind>.Of(transfer.Kind)).ToLowerInvariant()} transfer{(transfer.From is { } from ? Html.Of($" by {Html.Wire(from)}") : Html.None)}{(transfer.To is { } to ? Html.Of($" to {Html.Wire(to)}") : Html.None)}, {EnumNames<TransferOutcome>.Of(transfer.Outcome)}"));
                    break;
                case CallFlags.Forked:
                    Note(flag, Html.Of($"{Words.Count(call.Legs.Count, "device")} answered in some way; see the legs"));
                    break;
                case CallFlags.Srtp:
                    Note(flag, Html.Of($"the sound is encrypted; figures are right, and it can be heard only where its keys are known"));
                    break;
                case CallFlags.NoAck:
                    Note(flag, Html.Of($"the answer was never acknowledged, so the callee may have hung up by itself"));
                    break;
                case CallFlags.Gap:
                    Note(flag, Html.Of($"the capture lost packets meanwhile: what seems missing may only not have been seen"));
                    break;
                case CallFlags.Unconfirmed:
                    Note(flag, Html.Of($"how it came out was concluded: the response or BYE that would tell was not seen"));
                    break;
                case CallFlags.Truncated:
                    Note(flag, Html.Of($"packets were cut short by the capture's snap length"));
                    break;
                case CallFlags.Limited:
                    Note(flag, Html.Of($"it had more messages, digits or places than a record holds; ends and times are right all the same"));
                    break;
                case CallFlags.ReusedPort:
                    Note(flag, Html.Of($"its media port was another call's too"));
                    break;
                case CallFlags.ClockSet:
                    Note(flag, Html.Of($"the clock of the capture was set back meanwhile: times after that go on from those before"));
                    break;
                case CallFlags.MissingInvite:
                    Note(flag, Html.Of($"the capture began in the middle of the call: its start is that of the first message seen"));
                    break;
                case CallFlags.T38:
                    Note(flag, Html.Of($"it was, or became, a fax by T.38"));
                    break;
            }
        }

        // The first response of that status to the initial INVITE at the hop nearest the caller, else anywhere.
        private MessageRow? Final()
        {
            int status = call.Disposition == Disposition.Answered && call.SipStatus == 0 ? 200 : call.SipStatus;
            MessageRow[] found = [.. rows.Where(row => row.Method == "INVITE" && row.Message.StatusCode == status && row.Message.StatusCode >= 200)];
            return found.FirstOrDefault(row => row.Message.Destination == call.Caller.Address) ?? found.FirstOrDefault();
        }

        private static string Meaning(Disposition disposition) => disposition switch
        {
            Disposition.Busy => "the line of who was called was busy",
            Disposition.NoAnswer => "it rang, or was tried, and nobody answered in time",
            Disposition.Rejected => "the call was refused",
            Disposition.InvalidNumber => "the number does not exist or is not complete",
            Disposition.Redirected => "the caller was told to try another address",
            _ => "something on the way could not serve the call",
        };

        private static string OneWay(OneWayKind kind) => kind switch
        {
            OneWayKind.NoRtp => "it sent nothing",
            OneWayKind.Silent => "what it sent was silence",
            OneWayKind.Late => "its sound began late",
            _ => "its sound reached the machine between and did not leave it",
        };

        private static string Side(PartySide side) => side switch { PartySide.Caller => "the caller", PartySide.Callee => "the callee", _ => "one side" };

        private Html Ref(MessageRow row, Html words)
        {
            _deciding.Add(row.Number);
            return Html.Of($"""<a href="#m{row.Number}">{words} ({row.Number})</a>""");
        }

        private Html Ref(MessageRow row, ref HtmlBuilder words) => Ref(row, Html.Of(ref words));

        private void Say(ref HtmlBuilder sentence) => _sentences.Add(Html.Of(ref sentence));

        private void Note(CallFlags flag, Html words) => _sentences.Add(Html.Of($"""<span class="flag {Badge.Class(Calls.CallListColumns.ToneOf(flag))}">{Words.Of(flag)}</span> {words}."""));
    }
}
