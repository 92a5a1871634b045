using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Engine.Tests.Sessions;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Dormant;

/// <summary>What comes to a call whose record is out finds it as if it had never been put away. Each is told to an engine that puts no call away, to one that does as usual,
/// and to one that puts every call away after every step; all that they tell is the same.</summary>
public sealed class LateTests
{
    private const string Caller = "192.0.2.1:5060";
    private const string Callee = "192.0.2.2:5060";

    [Fact]
    public void Retransmissions_AreCountedAndChangeNothing()
    {
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        Scene scene = Call(bye: 10).Sip(20, Caller, Callee, bye).Sip(20.1, Callee, Caller, bye.Reply(200));
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal(Scene.Time(10), record.EndedAt);

        // The packets came to the call's file, so that it is told once more, with all that was seen.
        Assert.Equal((8, 2), (record.Messages, record.Retransmissions));
    }

    [Fact]
    public void FinalResponseToACancelledCall_UpdatesItsRecord()
    {
        SipText cancel = SipText.Cancel("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        SipText invite = Invite();
        Scene scene = new Scene().Call("one@test", 0).Sip(3, Caller, Callee, cancel).Sip(3.1, Callee, Caller, cancel.Reply(200)).Sip(25, Callee, Caller, invite.Reply(487)).Noise(100);
        Run run = Agree(scene);
        Assert.Equal(487, run.Call("one@test").SipStatus);
        Assert.True(run.Latest.TellingsOf("one@test").Count > 1);
    }

    [Fact]
    public void AnswerAfterAll_MakesTheCallAnswered()
    {
        SipText invite = Invite();
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        Scene scene = new Scene().Call("one@test", 0).Sip(1, Callee, Caller, invite.Reply(480))
            .Sip(15, Callee, Caller, invite.Reply(200).WithSdp("192.0.2.2", 5000)).Sip(40, Caller, Callee, bye).Sip(40.1, Callee, Caller, bye.Reply(200)).Noise(100);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal((Disposition.Answered, Scene.Time(15), Scene.Time(40)), (record.Disposition, record.AnsweredAt, record.EndedAt));
    }

    [Fact]
    public void RetryWithCredentials_GoesOnWithTheCall()
    {
        SipText invite = Invite();
        SipText again = SipText.Invite("one@test", "alice@example.com", "bob@example.com", cseq: 2, fromTag: "f-one@test").With("Authorization", "Digest username=\"alice\"").WithSdp("192.0.2.1", 4000);
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", cseq: 3, fromTag: "f-one@test");
        Scene scene = new Scene().Sip(0, Caller, Callee, invite).Sip(0.1, Callee, Caller, invite.Reply(401))
            .Sip(60, Caller, Callee, again).Sip(61, Callee, Caller, again.Reply(180)).Sip(62, Callee, Caller, again.Reply(200).WithSdp("192.0.2.2", 5000))
            .Sip(90, Caller, Callee, bye).Sip(90.1, Callee, Caller, bye.Reply(200)).Noise(200);
        Run run = Agree(scene);
        CallRecord record = Assert.Single(run.Latest.Records);
        Assert.Equal((Disposition.Answered, Scene.Time(62)), (record.Disposition, record.AnsweredAt));
        Assert.Equal(TimeSpan.FromSeconds(1), record.PostDialDelayAuthenticated);
    }

    [Fact]
    public void ByeAfterAnInferredEnd_IsTheEnd()
    {
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        Scene scene = new Scene().Call("one@test", 0, answer: 1).Rtp(1, 5, "192.0.2.1:4000", "192.0.2.2:5000", 1).Noise(320).Sip(600, Caller, Callee, bye).Sip(600.1, Callee, Caller, bye.Reply(200)).Noise(700);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal((Scene.Time(600), false), (record.EndedAt, record.Flags.HasFlag(CallFlags.MissingBye)));
    }

    [Fact]
    public void MediaAfterAnInferredEnd_OpensTheCallAgain()
    {
        Scene scene = new Scene().Call("one@test", 0, answer: 1, bye: 700).Rtp(1, 5, "192.0.2.1:4000", "192.0.2.2:5000", 1).Noise(320)
            .Rtp(400, 402, "192.0.2.1:4000", "192.0.2.2:5000", 1, sequence: 1200).Noise(800);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal((Scene.Time(700), false), (record.EndedAt, record.Flags.HasFlag(CallFlags.MissingBye)));
    }

    [Fact]
    public void MediaAfterTheEnd_IsMeasuredAndItsNewFlowFindsItsSide()
    {
        Scene scene = Call(bye: 10).Rtp(2, 13.9, "192.0.2.1:4000", "192.0.2.2:5000", 1).Rtp(13.5, 15, "192.0.2.2:5000", "192.0.2.1:4000", 2)
            .Sip(30, Caller, Callee, SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test"));
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Contains(record.Streams, static stream => stream.From == PartySide.Caller);
    }

    [Fact]
    public void MediaOfAPhoneThatGoesOn_ForAsLongAsItsAddressesAreTheCalls()
    {
        Scene scene = Call(bye: 10, linger: 0).Rtp(2, 60, "192.0.2.1:4000", "192.0.2.2:5000", 1).Noise(100);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal(Scene.Time(10), record.EndedAt);
    }

    [Fact]
    public void DigitAfterTheRecord_IsInTheUpdatedOne()
    {
        SipText info = SipText.Request("INFO", "one@test", "alice@example.com", "bob@example.com", 7, "f-one@test", "to-tag").WithBody("application/dtmf-relay", "Signal=7\r\nDuration=100\r\n");
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");

        // Its BYE was never answered, so that it is waited for.
        Scene scene = new Scene().Call("one@test", 0, answer: 1).Sip(10, Caller, Callee, bye).Sip(20, Caller, Callee, info).Noise(100);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal('7', Assert.Single(record.Dtmf).Digit);
    }

    [Fact]
    public void MessageOnAHopThatWasNotSeenBefore_IsKnownForTheSame()
    {
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        Scene scene = Call(bye: 10).Sip(20, "192.0.2.9:5060", "192.0.2.2:5060", bye);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal((Scene.Time(10), HangupBy.Caller), (record.EndedAt, record.HangupBy));
    }

    [Fact]
    public void SecondDialogOfAFork_EndsAfterTheFirst()
    {
        SipText invite = Invite();
        SipText first = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        SipText second = SipText.Bye("one@test", "alice@example.com", "bob@example.com", cseq: 3, fromTag: "f-one@test", toTag: "other");
        Scene scene = Call(bye: 10).Sip(20, "192.0.2.3:5060", Caller, invite.Reply(200, toTag: "other").WithSdp("192.0.2.3", 6000))
            .Sip(30, Caller, "192.0.2.3:5060", second).Sip(30.1, "192.0.2.3:5060", Caller, second.Reply(200, toTag: "other")).Sip(31, Caller, Callee, first).Noise(100);
        CallRecord record = Agree(scene).Call("one@test");
        Assert.Equal(2, record.Legs.Count);
    }

    [Fact]
    public void NewInvite_BeginsACallOfItsOwn()
    {
        SipText invite = SipText.Invite("one@test", "alice@example.com", "bob@example.com", cseq: 50, fromTag: "another").WithSdp("192.0.2.1", 4002);
        SipText bye = SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test");
        Scene scene = Call(bye: 10).Sip(20, Caller, Callee, invite).Sip(21, Callee, Caller, invite.Reply(486)).Sip(22, Caller, Callee, bye).Noise(100);
        IReadOnlyList<CallRecord> records = Agree(scene).Latest.Records;
        Assert.Equal([(Disposition.Answered, 6), (Disposition.Busy, 2)], records.Select(static record => (record.Disposition, record.Messages - record.Retransmissions)));
    }

    [Fact]
    public void PortOfAnEndedCall_UsedAgain_IsFlaggedWithBoth()
    {
        Scene scene = Call(bye: 10).Rtp(2, 9, "192.0.2.1:4000", "192.0.2.2:5000", 1).Call("two@test", 12, answer: 13, bye: 25).Rtp(13, 24, "192.0.2.1:4000", "192.0.2.2:5000", 2)
            .Sip(28, Caller, Callee, SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test")).Noise(100);
        Agree(scene);
    }

    [Fact]
    public void TransferThatComesLate_IsToldWithTheFirstCall()
    {
        var scene = new Scene();
        new SceneCall(scene, "one@test", "alice", "bob", "192.0.2.1", "192.0.2.2").Talk(0, 1, 10);
        new SceneCall(scene, "two@test", "alice", "carol", "192.0.2.1", "192.0.2.3").Invite(25, "Replaces", "one@test;to-tag=t-one@test;from-tag=f-one@test").Reply(25.1, 180).Reply(26, 200).Bye(40);
        Run run = Agree(scene.Noise(200));
        Assert.NotEmpty(run.Call("one@test").Links);
        Assert.Equal(run.Call("one@test").SessionId, run.Call("two@test").SessionId);
    }

    [Fact]
    public void ReferAfterTheEnd_IsStillOfTheCall()
    {
        var scene = new Scene();
        new SceneCall(scene, "one@test", "alice", "bob", "192.0.2.1", "192.0.2.2").Talk(0, 1, 10).Refer(18, "carol");
        new SceneCall(scene, "two@test", "alice", "carol", "192.0.2.1", "192.0.2.3").Invite(19, "Referred-By", "<sip:bob@example.com>").Reply(19.1, 180).Reply(20, 200).Bye(40);
        Agree(scene.Noise(200));
    }

    [Fact]
    public void LossOfTheCapture_IsAGapOfWhatMayHaveLostSomething()
    {
        Scene scene = Call(bye: 10).Noise(30).Noise(31).Sip(32, Caller, Callee, SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test"));
        foreach (double since in (double[])[9, 11])
        {
            Run run = Agree(scene, engine => engine.MarkGap(Scene.Time(since)), before: 31);
            Assert.Equal(since < 10, run.Call("one@test").Flags.HasFlag(CallFlags.Gap));
        }

        Run justNow = Agree(scene, static engine => engine.MarkGap(Timestamp.MaxValue), before: 31);
        Assert.False(justNow.Call("one@test").Flags.HasFlag(CallFlags.Gap));
    }

    [Fact]
    public void ClockSetBack_IsBornByCallsThatHaveEnded()
    {
        Scene scene = Call(bye: 10).Call("two@test", 12, answer: 13, bye: 60).Rtp(13, 59, "192.0.2.1:4000", "192.0.2.2:5000", 2)
            .Sip(32, Caller, Callee, SipText.Bye("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test"));
        Agree(scene, stamp: static (_, at) => at > Scene.Time(20) ? at - TimeSpan.FromHours(1) : at);
    }

    private static SipText Invite() => SipText.Invite("one@test", "alice@example.com", "bob@example.com", fromTag: "f-one@test").WithSdp("192.0.2.1", 4000);

    /// <summary>A call whose record is out <paramref name="linger"/> seconds or more after its BYE: packets pass to move time on.</summary>
    private static Scene Call(double bye, double linger = 5) => new Scene().Call("one@test", 0, answer: 1, bye: bye).Noise(bye + linger);

    private static Run Agree(Scene scene, Action<CaptureEngine>? at = null, double before = 0, Func<int, Timestamp, Timestamp>? stamp = null)
    {
        PacketTape tape = scene.Tape(stamp: stamp);
        EngineRun? latest = null;
        foreach (bool keeps in (bool[])[false, true])
        {
            EngineRun plain = Play(tape, PutsAway.Never, keeps, at, before), usual = Play(tape, PutsAway.AtRest, keeps, at, before), always = Play(tape, PutsAway.Always, keeps, at, before);
            Assert.Equal(0, plain["shard.calls_put_away"]);
            Assert.True(usual["shard.calls_put_away"] > 0 && usual["shard.calls_brought_back"] > 0, "nothing came late");
            Assert.True(always["shard.calls_put_away"] > usual["shard.calls_put_away"]);
            foreach (EngineRun run in (EngineRun[])[usual, always])
            {
                Assert.Empty(run.Events);
                Assert.Equal(plain.Told.Select(static told => told.Record.SipCallId).Distinct().SelectMany(plain.TellingsOf), plain.Told.Select(static told => told.Record.SipCallId).Distinct().SelectMany(run.TellingsOf));
                Assert.Equal(Counters(plain), Counters(run));
            }

            plain.Dispose();
            always.Dispose();
            usual.Dispose();
            latest = usual;
        }

        return new Run(latest!);
    }

    private static Dictionary<string, long> Counters(EngineRun run) => run.Statistics.Where(static pair => pair.Key is not ("shard.calls_put_away" or "shard.calls_brought_back")).ToDictionary();

    private static EngineRun Play(PacketTape tape, PutsAway putsAway, bool keeps, Action<CaptureEngine>? at, double before) => EngineRun.Of(tape, new RunOptions
    {
        KeepPackets = keeps,
        Adjust = options => options with { PutsAway = putsAway },
        Before = at is null ? null : (engine, time) =>
        {
            if (time == Scene.Time(before)) at(engine);
        },
    });

    private sealed record Run(EngineRun Latest)
    {
        public CallRecord Call(string sipCallId) => Latest.Call(sipCallId);
    }
}
