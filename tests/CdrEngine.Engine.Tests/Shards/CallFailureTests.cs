using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Shards;

/// <summary>A call whose machine throws is rebuilt once from its packets, then given up; its neighbours never notice.</summary>
public sealed class CallFailureTests
{
    private const string A = "192.0.2.1:4000";
    private const string B = "192.0.2.2:5000";

    /// <summary>Makes one message of a call fail, at its first sight only.</summary>
    private sealed class Fault(string callId, Predicate<SipMessage> at, int times = 1)
    {
        private int _left = times;

        public int Thrown { get; private set; }

        public EngineOptions In(EngineOptions options) => options with { BeforeFold = Throw };

        private void Throw(SipMessage message)
        {
            if (_left == 0 || Encoding.UTF8.GetString(message.CallId) != callId || !at(message)) return;
            _left--;
            Thrown++;
            throw new InvalidOperationException("a test's fault");
        }
    }

    [Fact]
    public void Failure_AtAResponse_LeavesTheRecordWithoutThatMessage()
    {
        var fault = new Fault("x@test", static message => message.StatusCode == 180);
        using EngineRun hurt = Talk(ringing: true).Run(fault.In, keepPackets: true);
        using EngineRun spared = Talk(ringing: false).Run(keepPackets: true);
        Assert.Equal((1, 1L, 0L), (fault.Thrown, hurt["shard.calls_rebuilt"], hurt["shard.calls_failed"]));
        Assert.Contains(hurt.Events, static happened => happened.Contains("a test's fault", StringComparison.Ordinal));
        Assert.Equal(spared.Json(), hurt.Json());
        Assert.NotNull(hurt.Call("x@test").AnsweredAt);
    }

    [Fact]
    public void Failure_InMidCall_KeepsWhatWasBefore()
    {
        var fault = new Fault("x@test", static message => message.Method == SipMethod.Info);
        using EngineRun hurt = Talk(info: true).Run(fault.In, keepPackets: true);
        using EngineRun spared = Talk().Run(keepPackets: true);
        Assert.Equal((1, 1L), (fault.Thrown, hurt["shard.calls_rebuilt"]));
        Assert.Equal(spared.Json(), hurt.Json());
    }

    [Fact]
    public void Failure_InMidCallThatHasNoBye_StillEndsWithItsLastPacket()
    {
        var fault = new Fault("x@test", static message => message.Method == SipMethod.Info);
        using EngineRun hurt = Talk(info: true, bye: false, lastMediaAt: 4).Run(fault.In, keepPackets: true);
        using EngineRun spared = Talk(bye: false, lastMediaAt: 4).Run(keepPackets: true);
        Assert.Equal(1, fault.Thrown);
        Assert.Equal(spared.Call("x@test").EndedAt, hurt.Call("x@test").EndedAt);
    }

    [Fact]
    public void Failure_OverTcp_IsRebuiltWithoutTheMessageAtFault()
    {
        LoadOptions load = new() { Seed = 3, Calls = 4, CallsPerSecond = 4, TalkSeconds = 2, TcpShare = 1, IPv6Share = 0, FragmentShare = 0, Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 } };
        PacketTape tape = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        var fault = new Fault(expected[0].SipCallId, static message => message.StatusCode == 100);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true, Adjust = fault.In });
        Assert.Equal((1, 1L, 0L), (fault.Thrown, run["shard.calls_rebuilt"], run["shard.calls_failed"]));
        foreach (ExpectedCall call in expected) Assert.Empty(call.Differences(run.Call(call.SipCallId)));
        Assert.Null(run.Call(expected[0].SipCallId).TryingAt);
        Assert.NotNull(run.Call(expected[1].SipCallId).TryingAt);
    }

    [Fact]
    public void SecondFailure_LosesThatCallOnly()
    {
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 4, Calls = 40, CallsPerSecond = 20, TalkSeconds = 2 }, out List<ExpectedCall> expected);
        string victim = expected.First(static call => call.AnsweredAt is not null).SipCallId;
        var fault = new Fault(victim, static message => message.Method == SipMethod.Bye || message.Method == SipMethod.Ack, times: 2);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true, Shards = 2, Adjust = fault.In });
        Assert.Equal((2, 1L, 1L), (fault.Thrown, run["shard.calls_rebuilt"], run["shard.calls_failed"]));
        Assert.DoesNotContain(run.Records, record => record.SipCallId == victim);
        Assert.Equal(expected.Count - 1, run.Records.Count);
        foreach (ExpectedCall call in expected.Where(call => call.SipCallId != victim)) Assert.Empty(call.Differences(run.Call(call.SipCallId)));
    }

    [Fact]
    public void MessageThatAlwaysFails_IsLeftOutOfTheRebuild()
    {
        // Where the same message is sent again it fails again: that is the second failure.
        var fault = new Fault("x@test", static message => message.StatusCode == 180, times: int.MaxValue);
        using EngineRun hurt = Talk(ringing: true).Run(fault.In, keepPackets: true);
        Assert.Equal((1, 1L, 0L), (fault.Thrown, hurt["shard.calls_rebuilt"], hurt["shard.calls_failed"]));
        using EngineRun twice = Talk(ringing: true, ringingAgain: true).Run(fault.In, keepPackets: true);
        Assert.Equal((1L, 1L), (twice["shard.calls_rebuilt"], twice["shard.calls_failed"]));
        Assert.Empty(twice.Records);
    }

    [Fact]
    public void Failure_WhereNoPacketsAreKept_LeavesARecordThatSaysSo()
    {
        var fault = new Fault("x@test", static message => message.Method == SipMethod.Info);
        using EngineRun run = Talk(info: true).Run(fault.In);
        CallRecord record = run.Call("x@test");
        Assert.True(record.Flags.HasFlag(CallFlags.MissingInvite));
        Assert.Equal(1, run["shard.calls_rebuilt"]);
    }

    [Fact]
    public void FailureAfterTheRecordIsOut_DoesNotTellItAsFinalAgain()
    {
        // A late retransmission of the BYE, after the record was emitted, fails. EngineRun refuses a second final.
        SipText bye = SipText.Bye("x@test", "alice@example.com", "bob@example.com", fromTag: "f-x@test");
        var scene = Talk();
        scene.Sip(20, "192.0.2.1:5060", "192.0.2.2:5060", bye).Noise(60);
        int seen = 0;
        var fault = new Fault("x@test", message => message is { IsRequest: true, Method: SipMethod.Bye } && ++seen == 2);
        using EngineRun run = scene.Run(fault.In, keepPackets: true);
        Assert.Equal(1, fault.Thrown);
        Assert.Equal(Scene.Time(8), run.Call("x@test").EndedAt);
        Assert.Equal(1, run.Finals);
    }

    private static Scene Talk(bool ringing = false, bool ringingAgain = false, bool info = false, bool bye = true, double lastMediaAt = 8)
    {
        SipText invite = SipText.Invite("x@test", "alice@example.com", "bob@example.com", fromTag: "f-x@test").WithSdp("192.0.2.1", 4000);
        SipText ok = invite.Reply(200).WithSdp("192.0.2.2", 5000);
        var scene = new Scene()
            .Sip(0, "192.0.2.1:5060", "192.0.2.2:5060", invite)
            .Sip(1, "192.0.2.2:5060", "192.0.2.1:5060", ok)
            .Sip(1.01, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Ack("x@test", "alice@example.com", "bob@example.com", fromTag: "f-x@test"))
            .Rtp(1.1, lastMediaAt, A, B, 1).Rtp(1.1, lastMediaAt, B, A, 2);
        if (ringing) scene.Sip(0.5, "192.0.2.2:5060", "192.0.2.1:5060", invite.Reply(180));
        if (ringingAgain) scene.Sip(0.9, "192.0.2.2:5060", "192.0.2.1:5060", invite.Reply(180));
        if (info) scene.Sip(5, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Request("INFO", "x@test", "alice@example.com", "bob@example.com", 2, "f-x@test", "to-tag"));
        if (!bye) return scene;
        SipText hangup = SipText.Bye("x@test", "alice@example.com", "bob@example.com", cseq: 3, fromTag: "f-x@test");
        return scene.Sip(8, "192.0.2.1:5060", "192.0.2.2:5060", hangup).Sip(8.01, "192.0.2.2:5060", "192.0.2.1:5060", hangup.Reply(200));
    }
}
