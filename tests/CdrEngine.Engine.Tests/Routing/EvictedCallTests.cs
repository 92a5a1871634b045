using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

/// <summary>What comes of a call after the limit on open calls pushed it out.</summary>
public sealed class EvictedCallTests
{
    private const string Caller = "192.0.2.1:5060";
    private const string Callee = "192.0.2.2:5060";
    private static readonly SipText Invite = SipText.Invite("out@test", "alice@example.com", "bob@example.com", fromTag: "f");

    [Fact]
    public void CallThatGoesOnUnanswered_IsOneRecord_AndItsMessagesAreCounted()
    {
        using EngineRun run = Run(static scene => scene
            .Sip(3, Caller, Callee, Invite)
            .Sip(4, Callee, Caller, Invite.Reply(180))
            .Sip(5, Callee, Caller, Invite.Reply(486))
            .Sip(5.1, Caller, Callee, SipText.Request("ACK", "out@test", "alice@example.com", "bob@example.com", 1, "f", "to-tag"))
            .Sip(6, Caller, Callee, SipText.Bye("out@test", "alice@example.com", "bob@example.com", fromTag: "f")));
        CallRecord record = run.Call("out@test");
        Assert.Equal((Disposition.NoAnswer, CallFlags.Unconfirmed), (record.Disposition, record.Flags));
        Assert.Equal((5L, 1L), (run["packets.evicted_messages"], run["packets.calls_evicted"]));
    }

    [Fact]
    public void CallThatIsAnsweredAfterAll_IsToldFromThereOn()
    {
        SipText bye = SipText.Bye("out@test", "alice@example.com", "bob@example.com", fromTag: "f");
        using EngineRun run = Run(scene => scene
            .Sip(3, Callee, Caller, Invite.Reply(200))
            .Sip(3.1, Caller, Callee, SipText.Ack("out@test", "alice@example.com", "bob@example.com", fromTag: "f"))
            .Sip(13, Caller, Callee, bye)
            .Sip(13.1, Callee, Caller, bye.Reply(200)));
        CallRecord[] records = [.. run.Records.Where(static record => record.SipCallId == "out@test")];
        Assert.Equal([Disposition.NoAnswer, Disposition.Answered], records.Select(static record => record.Disposition));
        Assert.Equal((CallFlags.MissingInvite, TimeSpan.FromSeconds(10)), (records[1].Flags, records[1].BillableDuration));
    }

    [Fact]
    public void FurtherTryOfItsCaller_IsACall()
    {
        SipText again = SipText.Invite("out@test", "alice@example.com", "bob@example.com", 2, "f");
        using EngineRun run = Run(scene => scene.Sip(3, Caller, Callee, again).Sip(4, Callee, Caller, again.Reply(486)));
        Assert.Equal([Disposition.NoAnswer, Disposition.Busy], run.Records.Where(static record => record.SipCallId == "out@test").Select(static record => record.Disposition));
    }

    // Room for two calls; the third pushes the first out.
    private static EngineRun Run(Func<Scene, Scene> later) => later(new Scene()
            .Sip(0, Caller, Callee, Invite)
            .Sip(0.1, Callee, Caller, Invite.Reply(180))
            .Call("second@test", 1)
            .Call("third@test", 2))
        .Noise(60).Run(static options => options with { Routing = options.Routing with { MaxCalls = 2 } });
}
