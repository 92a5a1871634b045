using CdrEngine.Calls.Records;
using CdrEngine.TestKit;
using static CdrEngine.Calls.Records.CallFlags;

namespace CdrEngine.Calls.Tests;

/// <summary>A sentence of the call semantics: a script and what its record must say.</summary>
public sealed record SemanticsRow(string Name, Func<Scenario> Script, Action<Outcome> Expect);

/// <summary>The call semantics, a row for each sentence. The same scripts feed the property tests.</summary>
public static class SemanticsTable
{
    private const string Offer = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    private const string Answer = "v=0\r\no=b 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

    public static IReadOnlyList<SemanticsRow> All { get; } = [.. Answering(), .. Ringing(), .. Retrying(), .. Forking(), .. Hopping(), .. Cancelling(), .. Disposing(), .. HangingUp(), .. Timing(), .. MissingBeginnings(), .. Media()];

    private static SemanticsRow Row(string name, Func<Scenario> script, Action<CallRecord> expect) => new(name, script, outcome => expect(Assert.Single(outcome.Records)));

    private static SemanticsRow Rows(string name, Func<Scenario> script, Action<Outcome> expect) => new(name, script, expect);

    private static void At(double seconds, CdrEngine.Core.Timestamp? actual) => Assert.Equal(Scenario.Time(seconds), actual);

    private static void Seconds(double seconds, TimeSpan? actual) => Assert.Equal(seconds, actual?.TotalSeconds ?? double.NaN, 6);

    private static IEnumerable<SemanticsRow> Answering()
    {
        yield return Row("answer: the first 2xx to the initial INVITE, never the ACK", () => Scenario.New.Answered().At(13).Bye().At(13.1).Reply(200, to: "BYE", cseq: 2), r =>
        {
            At(3, r.AnsweredAt);
            At(13, r.EndedAt);
            At(13.1, r.ByeConfirmedAt);
            Seconds(10, r.BillableDuration);
            Seconds(13, r.Duration);
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Equal(200, r.SipStatus);
            Assert.Equal(HangupBy.Caller, r.HangupBy);
            Assert.Equal(None, r.Flags);
            Assert.Equal(new Cause(16, "Normal call clearing", CauseSource.Mapped), r.Cause);
            Assert.Equal(CallState.Ended, r.State);
            Assert.Equal("bob", r.Dialled);
            Assert.Equal("alice", r.Caller.Number);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
            Assert.Equal(Scenario.Wire('B'), r.Callee.Address);
        });
        yield return Row("answer: not a 2xx to a re-INVITE", () => Scenario.New.Answered().At(5).Request("INVITE", 'A', 2).At(5.2).Reply(200, cseq: 2).At(5.3).Ack(2).At(9).Bye(cseq: 3).At(9.1).Reply(200, to: "BYE", cseq: 3), r =>
        {
            At(3, r.AnsweredAt);
            Seconds(6, r.BillableDuration);
            Assert.Equal(None, r.Flags);
        });
        yield return Row("answer: not a 2xx to PRACK or UPDATE", () => Scenario.New.At(0).Invite().At(1).Reply(183).At(1.1).Request("PRACK", 'A', 2).At(1.2).Reply(200, to: "PRACK", cseq: 2)
            .At(2).Request("UPDATE", 'A', 3).At(2.1).Reply(200, to: "UPDATE", cseq: 3).At(6).Reply(486).At(6.1).Ack(ofFailure: true), r =>
        {
            Assert.Null(r.AnsweredAt);
            Assert.Equal(Disposition.Busy, r.Disposition);
            At(6, r.EndedAt);
            Seconds(0, r.BillableDuration);
        });
        yield return Row("answer: the authenticated retry's 2xx", () => Scenario.New.At(0).Invite().At(0.1).Reply(407, "p").At(0.2).Ack(toTag: "p", ofFailure: true)
            .At(0.5).Invite(2, edit: t => t.With("Proxy-Authorization", "Digest username=\"alice\"")).At(1).Reply(180, cseq: 2).At(4).Reply(200, cseq: 2).At(4.1).Ack(2).At(10).Bye(cseq: 3).Reply(200, to: "BYE", cseq: 3), r =>
        {
            At(0, r.StartedAt);
            At(4, r.AnsweredAt);
            Seconds(6, r.BillableDuration);
            Seconds(1, r.PostDialDelay);
            Seconds(0.5, r.PostDialDelayAuthenticated);
            Assert.Equal(Authenticated, r.Flags);
            Assert.Single(r.Legs);
        });
        yield return Row("end: a retransmitted BYE does not lengthen billsec", () => Scenario.New.Answered().At(13).Bye().At(13.5).Again().At(14.5).Again().At(14.6).Reply(200, to: "BYE", cseq: 2), r =>
        {
            Seconds(10, r.BillableDuration);
            Assert.Equal(2, r.Retransmissions);
            At(14.6, r.ByeConfirmedAt);
        });
        yield return Rows("end: an unanswered BYE ends the call, and its retransmissions make no second one", () =>
        {
            Scenario s = Scenario.New.Answered().At(13).Bye();
            foreach (double at in new[] { 13.5, 14.5, 16.5, 20.5, 24.5, 28.5, 32.5, 36.5, 40.5, 44.5 }) s.At(at).Again();
            return s;
        }, o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Seconds(10, r.BillableDuration);
            Assert.Null(r.ByeConfirmedAt);
            Assert.Equal(3, r.Retransmissions); // as many as there were when the record was due
            Assert.Single(o.Emitted);
        });
        yield return Row("end: no BYE, the last RTP either way", () => Scenario.New.Answered(Offer, Answer).RtpBothWays(3.2, 40).Rtp(PartySide.Caller, 40, 60.2), r =>
        {
            At(60, r.EndedAt);
            Assert.Equal(MissingBye | OneWayAudio, r.Flags | OneWayAudio);
            Assert.Equal(EndReason.RtpTimeout, r.MissingByeReason);
            Assert.Equal(HangupBy.None, r.HangupBy);
            Assert.Null(r.Cause);
        });
        yield return Row("end: no BYE and no RTP, the last in-dialog SIP", () => Scenario.New.Answered().At(100).Request("OPTIONS", 'A', 2).At(100.1).Reply(200, to: "OPTIONS", cseq: 2), r =>
        {
            At(100.1, r.EndedAt);
            Assert.Equal(EndReason.MaxDuration, r.MissingByeReason);
        });
        yield return Row("answer: a 2xx never ACKed is answered, flag no_ack", () => Scenario.New.At(0).Invite().At(1).Reply(200).At(1.5).Again().At(2.5).Again().At(9).Bye('B', 1).At(9.1).Reply(200, to: "BYE", cseq: 1, by: 'B'), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Seconds(8, r.BillableDuration);
            Assert.Equal(NoAck, r.Flags);
            Assert.Equal(2, r.Retransmissions);
        });
    }

    private static IEnumerable<SemanticsRow> Ringing()
    {
        yield return Row("ring: first 180", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(2).Reply(180, edit: t => t.With("X-Again", "1")).At(5).Reply(486), r =>
        {
            At(1, r.RangAt);
            Seconds(1, r.PostDialDelay);
            Seconds(4, r.RingDuration);
        });
        yield return Row("ring: 180 counts before 183, and PDD is the first 18x", () => Scenario.New.At(0).Invite(sdp: Offer).At(1).Reply(183, sdp: Answer).At(3).Reply(180).At(5).Reply(486), r =>
        {
            At(3, r.RangAt);
            At(1, r.EarlyMediaAt);
            Seconds(1, r.PostDialDelay);
        });
        yield return Row("ring: 183 where no 180 comes", () => Scenario.New.At(0).Invite().At(0.1).Reply(100).At(2).Reply(183).At(5).Reply(486), r =>
        {
            At(0.1, r.TryingAt);
            At(2, r.RangAt);
            Assert.Null(r.EarlyMediaAt);
            Seconds(2, r.PostDialDelay);
        });
        yield return Row("ring: 100 is none", () => Scenario.New.At(0).Invite().At(0.1).Reply(100).At(2).Reply(404), r =>
        {
            Assert.Null(r.RangAt);
            Assert.Null(r.PostDialDelay);
            Assert.Null(r.RingDuration);
        });
    }

    private static IEnumerable<SemanticsRow> Retrying()
    {
        yield return Row("retry: rejected only if nothing follows a 401", () => Scenario.New.At(0).Invite().At(0.1).Reply(401, "x").At(0.2).Ack(toTag: "x", ofFailure: true), r =>
        {
            Assert.Equal(Disposition.Rejected, r.Disposition);
            Assert.Equal(401, r.SipStatus);
            At(0.1, r.EndedAt);
            Assert.Equal(None, r.Flags);
        });
        yield return Rows("retry: one after the record was out updates it", () => Scenario.New.At(0).Invite().At(0.1).Reply(401, "x").At(0.2).Ack(toTag: "x", ofFailure: true)
            .At(20).Invite(2).At(21).Reply(200, cseq: 2).At(21.1).Ack(2).At(31).Bye(cseq: 3).At(31.1).Reply(200, to: "BYE", cseq: 3), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal([false, true], o.Emitted.Select(e => e.IsUpdate));
            Assert.Equal(Disposition.Rejected, o.Emitted[0].Record.Disposition);
            At(4.1, o.Emitted[0].At);
            Assert.Equal(Disposition.Answered, r.Disposition);
            Seconds(10, r.BillableDuration);
            Assert.Equal(Authenticated, r.Flags);
        });
        yield return Rows("retry: a person took a minute to type the password", () => Scenario.New.At(0).Invite().At(0.1).Reply(407, "x").At(0.2).Ack(toTag: "x", ofFailure: true)
            .At(52).Invite(2).At(53).Reply(403, cseq: 2).At(53.1).Ack(2, ofFailure: true), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(403, r.SipStatus);
            At(53, r.EndedAt);
            Assert.Equal(2, o.Emitted.Count);
        });
        yield return Row("retry: 3xx followed by the same Call-ID goes on", () => Scenario.New.At(0).Invite().At(0.2).Reply(302, "x").At(0.3).Ack(toTag: "x", ofFailure: true)
            .At(0.5).Invite(2).At(2).Reply(200, cseq: 2).At(2.1).Ack(2).At(5).Bye(cseq: 3), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            At(0, r.StartedAt);
            Seconds(3, r.BillableDuration);
            Assert.False(r.Flags.HasFlag(Forked));
        });
        yield return Row("retry: no answer at all to the authenticated INVITE", () => Scenario.New.At(0).Invite().At(0.1).Reply(401, "x").At(0.2).Ack(toTag: "x", ofFailure: true).At(0.3).Invite(2), r =>
        {
            Assert.Equal(Disposition.NoResponse, r.Disposition);
            Assert.Equal(0, r.SipStatus);
            Assert.Equal(Authenticated | Unconfirmed, r.Flags);
            At(0.3, r.EndedAt);
        });
        yield return Row("retry: 3xx alone is redirected", () => Scenario.New.At(0).Invite().At(0.2).Reply(302, "x").At(0.3).Ack(toTag: "x", ofFailure: true), r =>
        {
            Assert.Equal(Disposition.Redirected, r.Disposition);
            Assert.Null(r.Cause);
        });
        yield return Row("retry: 422 then a higher CSeq goes on (RFC 4028 6)", () => Scenario.New.At(0).Invite().At(0.2).Reply(422, "x").At(0.3).Ack(toTag: "x", ofFailure: true)
            .At(0.5).Invite(2).At(2).Reply(486, cseq: 2), r => Assert.Equal(Disposition.Busy, r.Disposition));
        yield return Row("retry: a failed re-INVITE, UPDATE, INFO or PRACK never touches the disposition", () => Scenario.New.Answered()
            .At(4).Request("INVITE", 'A', 2).At(4.1).Reply(491, cseq: 2).At(4.2).Ack(2)
            .At(5).Request("UPDATE", 'A', 3).At(5.1).Reply(422, to: "UPDATE", cseq: 3)
            .At(6).Request("INFO", 'A', 4).At(6.1).Reply(415, to: "INFO", cseq: 4)
            .At(7).Request("INVITE", 'B', 1).At(7.1).Reply(488, cseq: 1, by: 'B')
            .At(13).Bye(cseq: 5).At(13.1).Reply(200, to: "BYE", cseq: 5), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Equal(200, r.SipStatus);
            Seconds(10, r.BillableDuration);
        });
        foreach ((string method, int status) in new[] { ("INVITE", 481), ("UPDATE", 481), ("INFO", 408), ("OPTIONS", 481), ("INVITE", 408) })
        {
            yield return Row($"retry: {status} to an in-dialog {method} ends the dialog (RFC 3261 12.2.1.2)", () => Scenario.New.Answered().At(10).Request(method, 'A', 2).At(10.2).Reply(status, to: method, cseq: 2), r =>
            {
                At(10.2, r.EndedAt);
                Assert.Equal(EndReason.DialogLost, r.MissingByeReason);
                Assert.Equal(MissingBye, r.Flags);
                Assert.Equal(Disposition.Answered, r.Disposition);
            });
        }

        yield return Row("retry: a BYE after a 481 tells the end", () => Scenario.New.Answered().At(10).Request("UPDATE", 'A', 2).At(10.2).Reply(481, to: "UPDATE", cseq: 2).At(10.3).Bye(cseq: 3), r =>
        {
            At(10.3, r.EndedAt);
            Assert.Equal(None, r.Flags);
            Assert.Null(r.MissingByeReason);
        });
        yield return Row("retry: the same CSeq again after a challenge, as some phones do", () => Scenario.New.At(0).Invite().At(0.1).Reply(401, "x").At(0.2).Ack(toTag: "x", ofFailure: true)
            .At(0.5).Invite(1, branch: "z9hG4bKsecond").At(2).Reply(200).At(2.1).Ack().At(5).Bye(), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.True(r.Flags.HasFlag(Authenticated));
        });
    }

    private static IEnumerable<SemanticsRow> Forking()
    {
        yield return Row("fork: each To-tag is a leg, the 2xx wins", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(0.2).Invite(on: "PC")
            .At(1).Reply(180, "b", on: "PB").At(1.1).Reply(180, "b", on: "AP").At(1.2).Reply(180, "c", on: "PC").At(1.3).Reply(180, "c", on: "AP")
            .At(4).Reply(200, "c", on: "PC").At(4.1).Reply(200, "c", on: "AP")
            .At(4.2).Cancel(on: "PB", reason: "SIP;cause=200;text=\"Call completed elsewhere\"").At(4.3).Reply(487, "b", on: "PB")
            .At(4.4).Ack(toTag: "c", on: "AP").At(4.5).Ack(toTag: "c", on: "PC").At(14.1).Bye(toTag: "c", on: "AP").At(14.2).Bye(toTag: "c", on: "PC").At(14.3).Reply(200, "c", "BYE", 2, on: "PC"), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            At(4.1, r.AnsweredAt);
            Seconds(10, r.BillableDuration);
            Assert.Equal(Forked, r.Flags);
            Assert.Equal(Scenario.Wire('C'), r.Callee.Address);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
            Assert.Equal([LegOutcome.Cancelled, LegOutcome.Answered], r.Legs.Select(l => l.Outcome));
            Assert.Equal([487, 200], r.Legs.Select(l => l.SipStatus));
            Assert.Equal(Scenario.Wire('B'), r.Legs[0].Callee);
            Assert.Equal(HangupBy.Caller, r.HangupBy);
            Assert.Equal(3, r.Hops.Count);
        });
        yield return Row("fork: no 2xx, the final sent to the caller counts", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(0.2).Invite(on: "PC")
            .At(2).Reply(486, "b", on: "PB").At(5).Reply(404, "c", on: "PC").At(5.1).Reply(486, "b", on: "AP").At(5.2).Ack(on: "AP", ofFailure: true), r =>
        {
            Assert.Equal(Disposition.Busy, r.Disposition);
            At(5.1, r.EndedAt);
            Assert.Equal([LegOutcome.Failed, LegOutcome.Failed], r.Legs.Select(l => l.Outcome));
        });
        yield return Row("fork: an inner 486 does not end the call while another branch rings", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(0.2).Invite(on: "PC")
            .At(2).Reply(486, "b", on: "PB").At(3).Reply(180, "c", on: "PC").At(30).Reply(200, "c", on: "PC").At(30.1).Reply(200, "c", on: "AP").At(30.2).Ack(toTag: "c", on: "AP").At(40.1).Bye(toTag: "c", on: "AP"), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Seconds(10, r.BillableDuration);
        });
        yield return Row("fork: serial forking to voicemail after a busy phone", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(2).Reply(486, "b", on: "PB")
            .At(2.1).Invite(on: "PC").At(3).Reply(200, "c", on: "PC").At(3.1).Reply(200, "c", on: "AP").At(3.2).Ack(toTag: "c", on: "AP").At(9.1).Bye(toTag: "c", on: "AP"), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Seconds(6, r.BillableDuration);
            Assert.Equal(Scenario.Wire('C'), r.Callee.Address);
        });
        yield return Row("fork: only the inner branches captured, all must be final", () => Scenario.New.At(0.1).Invite(on: "PB").At(0.2).Invite(on: "PC").At(2).Reply(486, "b", on: "PB").At(9).Reply(480, "c", on: "PC"), r =>
        {
            Assert.Equal(486, r.SipStatus);
            Assert.Equal(Disposition.Busy, r.Disposition);
        });
        yield return Row("fork: a second 2xx ACKed and BYEd at once is a fork loser, not the end", () => Scenario.New.At(0).Invite().At(1).Reply(180, "b").At(1.1).Reply(180, "c")
            .At(3).Reply(200, "b").At(3.1).Ack().At(3.2).Reply(200, "c").At(3.3).Ack(toTag: "c").At(3.4).Bye(toTag: "c").At(3.5).Reply(200, "c", "BYE", 2)
            .At(63).Bye(cseq: 3).At(63.1).Reply(200, to: "BYE", cseq: 3), r =>
        {
            Seconds(60, r.BillableDuration);
            At(3, r.AnsweredAt);
            Assert.Equal([LegOutcome.Answered, LegOutcome.ForkLoser], r.Legs.Select(l => l.Outcome));
            At(3.4, r.Legs[1].EndedAt);
            At(63, r.Legs[0].EndedAt);
            Assert.Equal(Forked, r.Flags);
        });
        yield return Row("fork: the caller may keep the second", () => Scenario.New.At(0).Invite().At(3).Reply(200, "b").At(3.1).Ack().At(3.2).Reply(200, "c").At(3.3).Ack(toTag: "c").At(3.4).Bye().At(63).Bye(toTag: "c", cseq: 3), r =>
        {
            Seconds(60, r.BillableDuration);
            Assert.Equal("c", r.Callee.Tag);
            Assert.Equal([LegOutcome.ForkLoser, LegOutcome.Answered], r.Legs.Select(l => l.Outcome));
        });
        yield return Row("fork: a proxy's own final after a busy phone is no second leg", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(1).Reply(180, on: "PB").At(1.1).Reply(180, on: "AP").At(2).Reply(486, on: "PB").At(2.1).Reply(480, "p", on: "AP"), r =>
        {
            Assert.Equal(480, r.SipStatus);
            Assert.Equal(None, r.Flags);
            Assert.Equal(486, Assert.Single(r.Legs).SipStatus);
        });
        yield return Row("fork: the caller may BYE one early dialog while another is confirmed", () => Scenario.New.At(0).Invite().At(1).Reply(180, "b").At(1.1).Reply(180, "c").At(2).Reply(200, "c").At(2.1).Ack(toTag: "c").At(2.2).Bye(toTag: "b").At(9).Bye(toTag: "c", cseq: 3), r =>
        {
            Seconds(7, r.BillableDuration);
            Assert.Equal([LegOutcome.Abandoned, LegOutcome.Answered], r.Legs.Select(l => l.Outcome));
        });
        yield return Rows("call-id used again: the old call's late BYE goes to the old call", () => Scenario.New.Answered().At(13).Bye().At(14).Invite(1, "z").At(14.5).Bye().At(15).Reply(486, "y"), o =>
        {
            Assert.Equal(2, o.Records.Count);
            Assert.Contains(o.Records, r => r.Retransmissions == 1 && r.Disposition == Disposition.Answered);
        });
        yield return Row("fork: 199 ends one early dialog (RFC 6228)", () => Scenario.New.At(0).Invite().At(1).Reply(180, "b").At(1.1).Reply(180, "c").At(2).Reply(199, "b").At(3).Reply(200, "c").At(3.1).Ack(toTag: "c").At(5).Bye(toTag: "c"), r =>
        {
            Assert.Equal([LegOutcome.Abandoned, LegOutcome.Answered], r.Legs.Select(l => l.Outcome));
            At(2, r.Legs[0].EndedAt);
        });
        yield return Row("fork: an inner branch cancelled for an answer elsewhere is no missed call", () => Scenario.New.At(0).Invite(on: "PB").At(1).Reply(180, on: "PB").At(5).Cancel(on: "PB", reason: "Q.850;cause=26").At(5.1).Reply(487, on: "PB"), r =>
        {
            Assert.Equal(Disposition.Cancelled, r.Disposition);
            Assert.Equal(26, r.Cause!.Q850);
            Assert.Equal(CauseSource.Header, r.Cause.Source);
        });
        yield return Rows("call-id used again: after the end another From-tag is another call", () => Scenario.New.Answered().At(13).Bye().At(13.1).Reply(200, to: "BYE", cseq: 2)
            .At(14).Invite(1, "z").At(15).Reply(486, "y"), o =>
        {
            Assert.Equal([Disposition.Answered, Disposition.Busy], o.Records.OrderBy(r => r.StartedAt).Select(r => r.Disposition));
            At(14, o.Records.OrderBy(r => r.StartedAt).Last().StartedAt);
        });
        yield return Rows("call-id used again: a retransmitted INVITE after the end is not", () => Scenario.New.At(0).Invite().At(1).Reply(486).At(1.1).Ack(ofFailure: true).At(2).Invite(), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(1, r.Retransmissions);
        });
    }

    private static IEnumerable<SemanticsRow> Hopping()
    {
        yield return Row("hop: one call; caller's address from the hop nearest the caller, callee's from the other, times from the first", () => Scenario.New
            .At(0).Invite(on: "AP").At(0.01).Invite(on: "PB").At(1).Reply(180, on: "PB").At(1.01).Reply(180, on: "AP").At(3).Reply(200, on: "PB").At(3.01).Reply(200, on: "AP")
            .At(3.1).Ack(on: "AP").At(3.11).Ack(on: "PB").At(13).Bye('B', 1, on: "PB").At(13.01).Bye('B', 1, on: "AP").At(13.02).Reply(200, to: "BYE", cseq: 1, by: 'B', on: "AP").At(13.03).Reply(200, to: "BYE", cseq: 1, by: 'B', on: "PB"), r =>
        {
            At(0, r.StartedAt);
            At(1.01, r.RangAt);
            At(3.01, r.AnsweredAt);
            At(13, r.EndedAt);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
            Assert.Equal(Scenario.Wire('B'), r.Callee.Address);
            Assert.Equal(HangupBy.Callee, r.HangupBy);
            Assert.Equal(0, r.Retransmissions);
            Assert.Equal(2, r.Hops.Count);
            Assert.Equal(Scenario.Wire('P'), r.Hops[0].Destination);
            Assert.Equal(6, r.Hops[0].Messages);
            Assert.Single(r.Legs);
            Assert.Equal(None, r.Flags);
        });
        yield return Row("hop: captured in the wrong order", () => Scenario.New.At(0.01).Invite(on: "PB").At(0).Invite(on: "AP").At(3).Reply(200, on: "PB").At(3.01).Reply(200, on: "AP").At(3.1).Ack(on: "AP").At(13).Bye(on: "AP"), r =>
        {
            At(0, r.StartedAt);
            At(3.01, r.AnsweredAt);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
            Assert.Equal(Scenario.Wire('A'), r.Hops[0].Source);
        });
        yield return Row("hop: a machine that hides its Via is still further on", () => Scenario.New.At(0).Invite(on: "AP").At(0.01).Invite(on: "PB", edit: t => t.Without("Via").With("Via", "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKnew"))
            .At(3).Reply(486, on: "PB").At(3.1).Reply(486, on: "AP"), r =>
        {
            At(3.1, r.EndedAt);
            Assert.Equal(Scenario.Wire('B'), r.Callee.Address);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
        });
        yield return Row("hop: the response may come back to another port than the request left from", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(2).Reply(486), r => Assert.Single(r.Hops));
        yield return Row("hop: final lost on the caller's hop, the inner one counts and is flagged", () => Scenario.New.At(0).Invite(on: "AP").At(0.01).Invite(on: "PB").At(1).Reply(180, on: "PB").At(3).Reply(486, on: "PB"), r =>
        {
            Assert.Equal(Disposition.Busy, r.Disposition);
            At(3, r.EndedAt);
            Assert.Equal(Unconfirmed, r.Flags);
        });
        yield return Row("hop: a SIP retransmission is counted as one", () => Scenario.New.At(0).Invite().At(0.5).Again().At(1).Reply(180).At(2).Reply(486).At(2.5).Again(2), r => Assert.Equal(3, r.Retransmissions));
    }

    private static IEnumerable<SemanticsRow> Cancelling()
    {
        yield return Row("cancel: decides nothing, the 487 does", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Cancel().At(6.01).Reply(200, to: "CANCEL").At(6.1).Reply(487).At(6.2).Ack(ofFailure: true), r =>
        {
            Assert.Equal(Disposition.Cancelled, r.Disposition);
            Assert.Equal(487, r.SipStatus);
            At(6.1, r.EndedAt);
            Assert.Equal(HangupBy.Caller, r.HangupBy);
            Assert.Equal(None, r.Flags);
            Assert.Equal(16, r.Cause!.Q850);
            Assert.Equal(LegOutcome.Cancelled, Assert.Single(r.Legs).Outcome);
        });
        yield return Row("cancel: crossing a 200, the call is answered", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Cancel().At(6.01).Reply(200).At(6.02).Reply(200, to: "CANCEL").At(6.1).Ack().At(7).Bye(), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            At(6.01, r.AnsweredAt);
            Seconds(0.99, r.BillableDuration);
        });
        yield return Row("cancel: no final within 10 s is cancelled, unconfirmed", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Cancel().At(6.1).Reply(200, to: "CANCEL"), r =>
        {
            Assert.Equal(Disposition.Cancelled, r.Disposition);
            Assert.Equal(Unconfirmed, r.Flags);
            At(6.1, r.EndedAt);
            Assert.Equal(0, r.SipStatus);
            Assert.Equal(HangupBy.Caller, r.HangupBy);
        });
        yield return Rows("cancel: a 200 after the 10 s makes it answered after all", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Cancel().At(6.1).Reply(200, to: "CANCEL").At(20).Reply(200).At(20.1).Ack().At(30).Bye(), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(Disposition.Cancelled, o.Emitted[0].Record.Disposition);
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Equal(None, r.Flags);
            Seconds(10, r.BillableDuration);
        });
        yield return Row("cancel: 487 without the caller's CANCEL is no_answer", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(31).Reply(487), r =>
        {
            Assert.Equal(Disposition.NoAnswer, r.Disposition);
            Assert.Equal(HangupBy.Callee, r.HangupBy);
        });
        yield return Row("cancel: a proxy's CANCEL of its branch is not the caller's", () => Scenario.New.At(0).Invite(on: "AP").At(0.1).Invite(on: "PB").At(1).Reply(180, on: "PB").At(31).Cancel(on: "PB").At(31.1).Reply(487, on: "PB").At(31.2).Reply(408, "p", on: "AP"), r =>
        {
            Assert.Equal(Disposition.NoAnswer, r.Disposition);
            Assert.Equal(408, r.SipStatus);
        });
        yield return Row("cancel: a busy that crosses it stays busy", () => Scenario.New.At(0).Invite().At(6).Cancel().At(6.1).Reply(486), r => Assert.Equal(Disposition.Busy, r.Disposition));
        yield return Rows("cancel: unanswered, its retransmissions after the final make no second call", () => Scenario.New.At(0).Invite().At(6).Cancel().At(7).Reply(408).At(7.1).Ack(ofFailure: true).At(12).Cancel().At(18).Again().At(30).Again(), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(Disposition.NoAnswer, r.Disposition);
        });
        yield return Row("cancel: its Reason is the cause", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Cancel(reason: "Q.850;cause=102;text=\"timer\"").At(6.1).Reply(487), r => Assert.Equal(new Cause(102, "timer", CauseSource.Header), r.Cause));
        yield return Row("cancel: a BYE in the early dialog gives up likewise (RFC 3261 15)", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(6).Bye().At(6.1).Reply(200, to: "BYE", cseq: 2).At(6.2).Reply(487).At(6.3).Ack(ofFailure: true), r =>
        {
            Assert.Equal(Disposition.Cancelled, r.Disposition);
            At(6.2, r.EndedAt);
            Seconds(0, r.BillableDuration);
        });
    }

    private static IEnumerable<SemanticsRow> Disposing()
    {
        (int Status, string? Reason, Disposition Disposition, int Q850, CauseSource Source)[] table =
        [
            (486, null, Disposition.Busy, 17, CauseSource.Mapped), (600, null, Disposition.Busy, 17, CauseSource.Mapped),
            (408, null, Disposition.NoAnswer, 18, CauseSource.Mapped), (480, null, Disposition.NoAnswer, 20, CauseSource.Mapped),
            (487, null, Disposition.NoAnswer, 16, CauseSource.Mapped), (403, null, Disposition.Rejected, 21, CauseSource.Mapped),
            (407, null, Disposition.Rejected, 31, CauseSource.Mapped), (603, null, Disposition.Rejected, 21, CauseSource.Mapped),
            (607, null, Disposition.Rejected, 31, CauseSource.Mapped), (608, null, Disposition.Rejected, 31, CauseSource.Mapped),
            (404, null, Disposition.InvalidNumber, 1, CauseSource.Mapped), (410, null, Disposition.InvalidNumber, 22, CauseSource.Mapped),
            (484, null, Disposition.InvalidNumber, 28, CauseSource.Mapped), (604, null, Disposition.InvalidNumber, 31, CauseSource.Mapped),
            (488, null, Disposition.Failed, 65, CauseSource.Mapped), (606, null, Disposition.Failed, 65, CauseSource.Mapped),
            (500, null, Disposition.Failed, 31, CauseSource.Mapped), (502, null, Disposition.Failed, 38, CauseSource.Mapped),
            (503, null, Disposition.Failed, 41, CauseSource.Mapped), (504, null, Disposition.Failed, 38, CauseSource.Mapped),
            (415, null, Disposition.Failed, 31, CauseSource.Mapped),
            (500, "Q.850;cause=17", Disposition.Busy, 17, CauseSource.Header), (480, "Q.850 ;cause=18", Disposition.NoAnswer, 18, CauseSource.Header),
            (503, "Q.850;cause=19;text=\"no answer\"", Disposition.NoAnswer, 19, CauseSource.Header), (480, "Q.850;cause=21", Disposition.Rejected, 21, CauseSource.Header),
            (500, "Q.850;cause=1", Disposition.InvalidNumber, 1, CauseSource.Header), (500, "SIP;cause=404, Q.850;cause=28", Disposition.InvalidNumber, 28, CauseSource.Header),
            (503, "Q.850;cause=34", Disposition.Failed, 34, CauseSource.Header), (486, "Q.850;cause=999", Disposition.Busy, 17, CauseSource.Mapped),
        ];
        foreach ((int status, string? reason, Disposition disposition, int q850, CauseSource source) in table)
        {
            yield return Row($"disposition: {status} {reason}", () => Scenario.New.At(0).Invite().At(2).Reply(status, reason: reason).At(2.1).Ack(ofFailure: true), r =>
            {
                Assert.Equal(disposition, r.Disposition);
                Assert.Equal(q850, r.Cause!.Q850);
                Assert.Equal(source, r.Cause.Source);
                At(2, r.EndedAt);
                Assert.Equal(status, r.SipStatus);
            });
        }

        yield return Row("disposition: 480 after ringing is cause 19", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(9).Reply(480), r => Assert.Equal(19, r.Cause!.Q850));
        yield return Row("disposition: nothing at all is no_response", () => Scenario.New.At(0).Invite().At(0.5).Again().At(1.5).Again(), r =>
        {
            Assert.Equal(Disposition.NoResponse, r.Disposition);
            Assert.Equal(HangupBy.None, r.HangupBy);
            At(1.5, r.EndedAt);
            Assert.Null(r.Cause);
        });
        yield return Row("disposition: in_progress while open", () => Scenario.New.At(0).Invite(), r => Assert.NotEqual(Disposition.InProgress, r.Disposition));
    }

    private static IEnumerable<SemanticsRow> HangingUp()
    {
        yield return Row("hang-up: the callee's BYE, by its tag", () => Scenario.New.Answered().At(13).Bye('B', 1).At(13.1).Reply(200, to: "BYE", cseq: 1, by: 'B'), r => Assert.Equal(HangupBy.Callee, r.HangupBy));
        yield return Row("hang-up: a Reason in the BYE is the cause", () => Scenario.New.Answered().At(13).Bye(reason: "Q.850;cause=31;text=\"gone\""), r => Assert.Equal(new Cause(31, "gone", CauseSource.Header), r.Cause));
        yield return Row("hang-up: BYE glare is both, billed at the first", () => Scenario.New.Answered().At(13).Bye().At(13.05).Bye('B', 1).At(13.1).Reply(200, to: "BYE", cseq: 2).At(13.2).Reply(200, to: "BYE", cseq: 1, by: 'B'), r =>
        {
            Assert.Equal(HangupBy.Both, r.HangupBy);
            Seconds(10, r.BillableDuration);
        });
        yield return Row("hang-up: a second BYE after the 200 is no glare", () => Scenario.New.Answered().At(13).Bye().At(13.1).Reply(200, to: "BYE", cseq: 2).At(13.2).Bye('B', 1), r => Assert.Equal(HangupBy.Caller, r.HangupBy));
        yield return Row("hang-up: the machine between ends both sides", () => Scenario.New.At(0).Invite(on: "AP").At(0.01).Invite(on: "PB").At(3).Reply(200, on: "PB").At(3.01).Reply(200, on: "AP").At(3.1).Ack(on: "AP").At(3.11).Ack(on: "PB")
            .At(63.01).Bye('B', 1, on: "AP").At(63.02).Bye('A', 2, on: "PB"), r =>
        {
            Assert.Equal(HangupBy.Server, r.HangupBy);
            Seconds(60, r.BillableDuration);
        });
        yield return Row("hang-up: an outer BYE first is that party's, whatever the machine does then", () => Scenario.New.At(0).Invite(on: "AP").At(0.01).Invite(on: "PB").At(3).Reply(200, on: "PB").At(3.01).Reply(200, on: "AP").At(3.1).Ack(on: "AP")
            .At(63.01).Bye('A', 2, on: "AP").At(63.02).Bye('A', 2, on: "PB").At(63.03).Reply(200, to: "BYE", cseq: 2, on: "PB"), r => Assert.Equal(HangupBy.Caller, r.HangupBy));
        yield return Row("hang-up: a final error is the callee's", () => Scenario.New.At(0).Invite().At(1).Reply(603), r => Assert.Equal(HangupBy.Callee, r.HangupBy));
        yield return Row("hang-up: 5xx where nothing rang is the server's", () => Scenario.New.At(0).Invite().At(1).Reply(503), r => Assert.Equal(HangupBy.Server, r.HangupBy));
        yield return Row("hang-up: 5xx after ringing is the callee's", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(2).Reply(500), r => Assert.Equal(HangupBy.Callee, r.HangupBy));
        yield return Row("hang-up: REFER marks a transfer", () => Scenario.New.Answered().At(5).Request("REFER", 'B', 1, edit: t => t.With("Refer-To", "<sip:carol@example.com>").With("Referred-By", "<sip:bob@example.com>"))
            .At(5.1).Reply(202, to: "REFER", cseq: 1, by: 'B').At(9).Bye('B', 2), r =>
        {
            Assert.Equal(Transferred, r.Flags);
            Assert.Contains(r.Headers, h => h is { Key: "refer-to", Value: "<sip:carol@example.com>" });
            Assert.Contains(r.Headers, h => h.Key == "referred-by");
        });
        yield return Row("hang-up: an INVITE with Replaces too", () => Scenario.New.At(0).Invite(edit: t => t.With("Replaces", "other;to-tag=x;from-tag=y")).At(1).Reply(486), r => Assert.Equal(Transferred, r.Flags));
    }

    private static IEnumerable<SemanticsRow> Timing()
    {
        yield return Rows("timer: unanswered, 180 s after the last sign of life", () => Scenario.New.At(0).Invite().At(1).Reply(180), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(Disposition.NoAnswer, r.Disposition);
            Assert.Equal(Unconfirmed, r.Flags);
            At(1, r.EndedAt);
            At(181, o.Emitted[0].At);
        });
        yield return Row("timer: a provisional restarts it (timer C)", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(170).Reply(183).At(340).Reply(200).At(340.1).Ack().At(350).Bye(), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Seconds(10, r.BillableDuration);
        });
        yield return Rows("timer: linger of 4 s from the end to the record", () => Scenario.New.Answered().At(13).Bye().At(13.1).Reply(200, to: "BYE", cseq: 2), o => At(17, Assert.Single(o.Emitted).At));
        yield return Rows("timer: Session-Expires + 32 s from the last refresh", () => Scenario.New.At(0).Invite().At(1).Reply(200, edit: t => t.With("Session-Expires", "1800;refresher=uac")).At(1.1).Ack()
            .At(900).Request("UPDATE", 'A', 2).At(901).Reply(200, to: "UPDATE", cseq: 2, edit: t => t.With("Session-Expires", "1800;refresher=uac")), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            At(901, r.EndedAt);
            Assert.Equal(EndReason.SessionTimer, r.MissingByeReason);
            At(901 + 1832, o.Emitted[0].At);
        });
        yield return Rows("timer: no RTP for 300 s where RTP was seen", () => Scenario.New.Answered(Offer, Answer).RtpBothWays(3.2, 100), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            At(99.2, r.EndedAt);
            At(399.2, o.Emitted[0].At);
            Assert.Equal(EndReason.RtpTimeout, r.MissingByeReason);
        });
        yield return Rows("timer: a held call waits 3600 s", () => Scenario.New.Answered(Offer, Answer).At(50).Request("INVITE", 'A', 2, sdp: Offer + "a=sendonly\r\n").At(50.1).Reply(200, cseq: 2, sdp: Answer + "a=recvonly\r\n").At(50.2).Ack(2).RtpBothWays(3.2, 50), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal(MissingBye | Held, r.Flags);
            At(3650.2, o.Emitted[0].At);
            At(49.2, r.EndedAt);
        });
        yield return Rows("timer: never any RTP, 4 h", () => Scenario.New.Answered(), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            At(3.1, r.EndedAt);
            At(3.1 + (4 * 3600), o.Emitted[0].At);
            Assert.Equal(EndReason.MaxDuration, r.MissingByeReason);
        });
        yield return Rows("timer: RTP after an inferred end takes it back", () => Scenario.New.Answered(Offer, Answer).RtpBothWays(3.2, 10).RtpBothWays(500, 600).At(601).Bye().At(601.1).Reply(200, to: "BYE", cseq: 2), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            Assert.Equal([false, true], o.Emitted.Select(e => e.IsUpdate));
            At(601, r.EndedAt);
            Assert.Equal(None, r.Flags);
        });
        yield return Rows("timer: a BYE after an inferred end tells the true one", () => Scenario.New.Answered(Offer, Answer).RtpBothWays(3.2, 10).At(900).Bye(), o =>
        {
            CallRecord r = Assert.Single(o.Records);
            At(900, r.EndedAt);
            Assert.Equal(None, r.Flags);
        });
        yield return Row("timer: the capture ends in the call", () => Scenario.New.Answered(Offer, Answer).RtpBothWays(3.2, 30).CaptureEnds(40), r =>
        {
            At(29.2, r.EndedAt);
            Assert.Equal(MissingBye, r.Flags);
            Assert.Equal(EndReason.CaptureEnd, r.MissingByeReason);
        });
        yield return Row("timer: the capture ends while it rings", () => Scenario.New.At(0).Invite().At(1).Reply(180).CaptureEnds(5), r =>
        {
            Assert.Equal(Disposition.NoAnswer, r.Disposition);
            Assert.Equal(Unconfirmed, r.Flags);
            At(1, r.EndedAt);
        });
    }

    private static IEnumerable<SemanticsRow> MissingBeginnings()
    {
        yield return Row("missing: INVITE not captured, the rest tells", () => Scenario.New.At(1).Reply(180).At(3).Reply(200).At(3.1).Ack().At(13).Bye(), r =>
        {
            Assert.Equal(MissingInvite, r.Flags);
            At(1, r.StartedAt);
            At(3, r.AnsweredAt);
            Seconds(10, r.BillableDuration);
            Assert.Null(r.PostDialDelay);
            Assert.Equal(Scenario.Wire('A'), r.Caller.Address);
            Assert.Equal("alice", r.Caller.Number);
        });
        yield return Row("missing: a lone 200 to an INVITE", () => Scenario.New.At(3).Reply(200).CaptureEnds(9), r =>
        {
            Assert.Equal(MissingInvite | MissingBye | NoAck, r.Flags);
            Assert.Equal(Disposition.Answered, r.Disposition);
        });
        yield return Row("missing: a lone BYE is an answered call of unknown length", () => Scenario.New.At(3).Bye().At(3.1).Reply(200, to: "BYE", cseq: 2), r =>
        {
            Assert.Equal(MissingInvite, r.Flags);
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Null(r.AnsweredAt);
            Seconds(0, r.BillableDuration);
            At(3, r.EndedAt);
        });
        yield return Row("missing: a re-INVITE in mid-call", () => Scenario.New.At(3).Request("INVITE", 'A', 7).At(3.1).Reply(200, cseq: 7).At(3.2).Ack(7).At(20).Bye(cseq: 8), r =>
        {
            Assert.Equal(MissingInvite, r.Flags);
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Null(r.AnsweredAt);
            At(20, r.EndedAt);
        });
        yield return Row("missing: a lone CANCEL", () => Scenario.New.At(3).Cancel().At(3.1).Reply(200, to: "CANCEL").At(3.2).Reply(487), r =>
        {
            Assert.Equal(MissingInvite, r.Flags);
            Assert.Equal(Disposition.Cancelled, r.Disposition);
        });
        yield return Rows("missing: a lone 200 to a BYE is no call", () => Scenario.New.At(3).Reply(200, to: "BYE", cseq: 2), o => Assert.Empty(o.Records));
        yield return Rows("missing: REGISTER, OPTIONS, SUBSCRIBE, MESSAGE are no calls", () => Scenario.New.At(1).Request("REGISTER", 'A', 1, toTag: null).At(2).Request("OPTIONS", 'A', 2, toTag: null).At(2.1).Reply(200, to: "OPTIONS", cseq: 2)
            .At(3).Request("SUBSCRIBE", 'A', 3, toTag: null).At(4).Request("MESSAGE", 'A', 4, toTag: null).At(5).Request("NOTIFY", 'B', 5), o => Assert.Empty(o.Records));
        yield return Row("missing: the 2xx was lost, its ACK proves the answer", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(3).Ack().At(13).Bye(), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            At(3, r.AnsweredAt);
            Assert.Equal(Unconfirmed, r.Flags);
        });
        yield return Row("missing: 2xx and ACK lost, the callee's BYE proves the answer and nothing is billed", () => Scenario.New.At(0).Invite().At(1).Reply(180).At(13).Bye('B', 1), r =>
        {
            Assert.Equal(Disposition.Answered, r.Disposition);
            Assert.Null(r.AnsweredAt);
            Seconds(0, r.BillableDuration);
            Assert.Equal(Unconfirmed, r.Flags);
        });
        yield return Row("missing: responses overtook their INVITE", () => Scenario.New.At(0).Reply(100).At(0.001).Invite().At(1).Reply(486), r =>
        {
            Assert.Equal(None, r.Flags);
            Assert.Equal(Disposition.Busy, r.Disposition);
        });
    }

    private static IEnumerable<SemanticsRow> Media()
    {
        yield return Row("media: offer and answer", () => Scenario.New.Answered(Offer, Answer).At(13).Bye(), r =>
        {
            MediaSessionRecord media = Assert.Single(r.MediaSessions);
            Assert.Equal("audio", media.Media);
            Assert.Equal(["PCMU/8000", "PCMA/8000", "telephone-event/8000"], media.Offered);
            Assert.Equal(["PCMU/8000", "telephone-event/8000"], media.Answered);
            Assert.Equal("192.0.2.1:4000", media.Caller.ToString());
            Assert.Equal("192.0.2.2:5000", media.Callee.ToString());
            Assert.Equal(NoRtp, r.Flags);
        });
        yield return Row("media: late offer, the answer in the ACK", () => Scenario.New.At(0).Invite().At(1).Reply(200, sdp: Answer).At(1.1).Ack(sdp: Offer).At(5).Bye(), r =>
        {
            MediaSessionRecord media = Assert.Single(r.MediaSessions);
            Assert.Equal("192.0.2.1:4000", media.Caller.ToString());
            Assert.Equal(["PCMU/8000", "telephone-event/8000"], media.Offered);
        });
        yield return Row("hold: sendonly and back", () => Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'A', 2, sdp: Offer + "a=sendonly\r\n").At(10.1).Reply(200, cseq: 2, sdp: Answer + "a=recvonly\r\n").At(10.2).Ack(2)
            .At(20).Request("INVITE", 'A', 3, sdp: Offer).At(20.1).Reply(200, cseq: 3, sdp: Answer).At(20.2).Ack(3).RtpBothWays(3.2, 9).At(33).Bye(cseq: 4), r =>
        {
            HeldInterval held = Assert.Single(r.Held);
            Assert.Equal(new HeldInterval(PartySide.Caller, Scenario.Time(10), Scenario.Time(20)), held);
            Assert.Equal(Held, r.Flags);
            Assert.Equal("sendrecv", Assert.Single(r.MediaSessions).Direction);
        });
        yield return Row("hold: 0.0.0.0 by the callee, until the end", () => Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'B', 1, sdp: Answer.Replace("c=IN IP4 192.0.2.2", "c=IN IP4 0.0.0.0", StringComparison.Ordinal))
            .At(10.1).Reply(200, cseq: 1, by: 'B', sdp: Offer).At(10.2).Request("ACK", 'B', 1).At(13).Bye(), r =>
        {
            Assert.Equal(new HeldInterval(PartySide.Callee, Scenario.Time(10), Scenario.Time(13)), Assert.Single(r.Held));
        });
        yield return Row("hold: a refused one is none", () => Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'A', 2, sdp: Offer + "a=inactive\r\n").At(10.1).Reply(491, cseq: 2).RtpBothWays(3, 12).At(13).Bye(cseq: 3), r =>
        {
            Assert.Empty(r.Held);
            Assert.Equal(None, r.Flags);
        });
        yield return Row("hold: by UPDATE", () => Scenario.New.Answered(Offer, Answer).At(10).Request("UPDATE", 'A', 2, sdp: Offer + "a=inactive\r\n").At(10.1).Reply(200, to: "UPDATE", cseq: 2, sdp: Answer + "a=inactive\r\n").At(13).Bye(cseq: 3), r =>
            Assert.Equal(PartySide.Caller, Assert.Single(r.Held).By));
        yield return Row("t38: a re-INVITE to fax that is taken", () => Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'B', 1, sdp: "v=0\r\no=b 1 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=image 5002 udptl t38\r\n")
            .At(10.1).Reply(200, cseq: 1, by: 'B', sdp: "v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=image 4002 udptl t38\r\n").At(13).Bye(), r => Assert.True(r.Flags.HasFlag(T38)));
        yield return Row("t38: one that is refused is none", () => Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'B', 1, sdp: "v=0\r\no=b 1 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=image 5002 udptl t38\r\n")
            .At(10.1).Reply(488, cseq: 1, by: 'B').At(13).Bye(), r => Assert.False(r.Flags.HasFlag(T38)));
        yield return Row("srtp: agreed by SAVP", () => Scenario.New.Answered(Offer.Replace("RTP/AVP", "RTP/SAVP", StringComparison.Ordinal), Answer.Replace("RTP/AVP", "RTP/SAVP", StringComparison.Ordinal)).RtpBothWays(3, 12).At(13).Bye(), r => Assert.Equal(Srtp, r.Flags));
        yield return Row("dtmf: by INFO, both bodies, from both sides", () => Scenario.New.Answered()
            .At(5).Request("INFO", 'A', 2, edit: t => t.WithBody("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")).At(5.1).Reply(200, to: "INFO", cseq: 2)
            .At(6).Request("INFO", 'A', 3, edit: t => t.WithBody("application/dtmf", "#")).At(6.5).Again()
            .At(7).Request("INFO", 'B', 1, edit: t => t.WithBody("application/dtmf-relay", "Signal= *\nDuration= 100\n")).At(13).Bye(cseq: 4), r =>
        {
            Assert.Equal(["5", "#", "*"], r.Dtmf.Select(d => d.Digit.ToString()));
            Assert.Equal([PartySide.Caller, PartySide.Caller, PartySide.Callee], r.Dtmf.Select(d => d.From));
            Assert.Equal(TimeSpan.FromMilliseconds(160), r.Dtmf[0].Duration);
            At(6, r.Dtmf[1].At);
            Assert.Equal(DtmfMethod.Info, r.Dtmf[0].Method);
        });
        yield return Row("media: one side silent is one-way", () => Scenario.New.Answered(Offer, Answer).Rtp(PartySide.Callee, 3.2, 12).At(13).Bye(), r => Assert.Equal(OneWayAudio, r.Flags));
        yield return Row("media: the same body twice is learnt once", () => Scenario.New.At(0).Invite(sdp: Offer).At(1).Reply(183, sdp: Answer).At(2).Reply(200, sdp: Answer).At(2.1).Ack().At(5).Bye(), r => At(1, r.EarlyMediaAt));
    }
}
