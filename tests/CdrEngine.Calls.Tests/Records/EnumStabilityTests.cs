using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Tests.Records;

/// <summary>Values and names that are stored and served only ever grow: a change here breaks records on disk.</summary>
public sealed class EnumStabilityTests
{
    [Fact]
    public void Enumerations_OnDisk_KeepTheirValuesAndNames()
    {
        Frozen<CallState>("trying=0 ringing=1 answered=2 ended=3");
        Frozen<Disposition>("in_progress=0 answered=1 busy=2 no_answer=3 cancelled=4 rejected=5 invalid_number=6 redirected=7 failed=8 no_response=9");
        Frozen<HangupBy>("none=0 caller=1 callee=2 both=3 server=4");
        Frozen<CauseSource>("header=0 mapped=1");
        Frozen<CallDirection>("inbound=0 outbound=1 internal=2 transit=3");
        Frozen<LegOutcome>("early=0 answered=1 cancelled=2 failed=3 fork_loser=4 abandoned=5");
        Frozen<PartySide>("unknown=0 caller=1 callee=2");
        Frozen<DtmfMethod>("rfc4733=0 info=1 inband=2");
        Frozen<RecordingState>("none=0 pending=1 available=2 failed=3 deleted=4");
        Frozen<EndReason>("rtp_timeout=0 session_timer=1 max_duration=2 capture_end=3 dialog_lost=4 evicted=5");
        Frozen<OneWayKind>("no_rtp=0 silent=1 late=2 not_forwarded=3");
        Frozen<FaxResult>("unknown=0 completed=1 incomplete=2 failed=3");
        Frozen<PartyKind>("user=0 contact=1 number=2 voicemail=3 ivr=4 queue=5 ring_group=6 conference=7 tracking=8 freephone=9 test=10 emergency=11 feature=12 fax=13");
        Frozen<CallContext>("pstn_call=0 user_local=1 ivr=2 queue=3 ring_group=4 voicemail=5 conference=6 follow_me=7 test_call=8 tracking=9 freephone=10 emergency=11 feature=12 fax=13");
        Frozen<CdrEngine.Core.Transport>("udp=0 tcp=1 tls=2 sctp=3 ws=4 wss=5");
        Frozen<CallFlags>(
            "none=0 missing_bye=1 missing_invite=2 one_way_audio=4 no_rtp=8 srtp=16 forked=32 transferred=64 held=128 t38=256 reused_port=512 truncated=1024 gap=2048 no_ack=4096 "
            + "unconfirmed=8192 limited=16384 authenticated=32768 linked=65536 clock_set=131072");
    }

    [Fact]
    public void Names_OfAllValues_ReadBack()
    {
        foreach ((Disposition value, string name) in EnumNames<Disposition>.All)
        {
            Assert.True(EnumNames<Disposition>.TryParse(name, out Disposition read));
            Assert.Equal(value, read);
        }

        Assert.False(EnumNames<Disposition>.TryParse("Answered", out _));
        Assert.False(EnumNames<Disposition>.TryParse(null, out _));
    }

    // What was frozen must still be there, in front; more may follow.
    private static void Frozen<T>(string expected)
        where T : struct, Enum => Assert.StartsWith(expected, string.Join(' ', EnumNames<T>.All.Select(static e => $"{e.Name}={e.Value:D}")), StringComparison.Ordinal);
}
