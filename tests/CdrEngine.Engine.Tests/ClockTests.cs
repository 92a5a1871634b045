using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests;

/// <summary>Clocks that lie, and captures that have nothing to do with one another.</summary>
public sealed class ClockTests
{
    private static readonly Timestamp Year2041 = Timestamp.From(new DateTimeOffset(2041, 3, 4, 5, 6, 7, TimeSpan.Zero));

    [Fact]
    public void OnePacketOf2041_EndsNothing()
    {
        Scene scene = new Scene()
            .Call("one@test", 0, answer: 1, bye: 20)
            .Rtp(1.1, 20, "192.0.2.1:4000", "192.0.2.2:5000", 1)
            .Noise(10.001);
        int noise = 0;
        using EngineRun sane = EngineRun.Of(scene.Tape());
        using EngineRun lied = EngineRun.Of(scene.Tape(stamp: (index, at) =>
        {
            if (at != Scene.Time(10.001)) return at;
            noise++;
            return Year2041;
        }));
        Assert.Equal(1, noise);
        Assert.Equal(sane.Json(), lied.Json());
        Assert.Equal((0L, 1L), (sane["packets.doubted_timestamps"], lied["packets.doubted_timestamps"]));
        Assert.Equal(Scene.Time(20), lied.Call("one@test").EndedAt);
    }

    [Fact]
    public void ClockSetBackAnHour_Confirmed_GoesOn()
    {
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 9, Calls = 10, CallsPerSecond = 5, TalkSeconds = 2 }, out List<ExpectedCall> before);
        var load = new LoadOptions { Seed = 10, Calls = 30, CallsPerSecond = 5, TalkSeconds = 2, Start = Timestamp.FromUnix(1_795_000_000 - 3600, 0) };
        PacketTape after = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        foreach (CapturedPacket packet in after.Frames) tape.Add(packet);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { Shards = 2 });
        Assert.Empty(run.Events);
        Assert.Equal(EngineClock.Confirmations, run["packets.doubted_timestamps"]);
        Assert.Equal(before.Count + expected.Count, run.Records.Count);
        foreach (ExpectedCall call in before.Concat(expected)) Assert.Empty(call.Differences(run.Call(call.SipCallId)));

        // Their timers ran: the records were final before the end of the capture closed what was left.
        Assert.True(run["call.finished"] == run.Records.Count);
    }

    [Fact]
    public void ClockSetBackInMidCall_TheCallGoesOnAndEndsByItsBye()
    {
        Scene scene = new Scene()
            .Call("one@test", 0, answer: 1, bye: 20)
            .Rtp(1.1, 20, "192.0.2.1:4000", "192.0.2.2:5000", 1);
        using EngineRun run = EngineRun.Of(scene.Tape(stamp: static (_, at) => at > Scene.Time(10) ? at - TimeSpan.FromHours(1) : at));
        CallRecord record = run.Call("one@test");
        Assert.Equal((HangupBy.Caller, CallFlags.None), (record.HangupBy, record.Flags & CallFlags.MissingBye));

        // Its BYE is stamped before its INVITE. Media tells how far the clock was set, but for the packets that it took to believe it.
        Assert.Equal((Scene.Time(0), CallFlags.ClockSet), (record.StartedAt, record.Flags & (CallFlags.ClockSet | CallFlags.OneWayAudio)));
        Scene.ExpectBetween(record.EndedAt!.Value, 20 - (EngineClock.Confirmations * 0.02), 20);
        Assert.InRange(record.BillableDuration.TotalSeconds, 18.8, 19);
        Assert.Equal(945, record.Streams.Single().Packets);
        using EngineRun more = EngineRun.Of(scene.Tape(stamp: static (_, at) => at > Scene.Time(10) ? at - TimeSpan.FromHours(1) : at), new RunOptions { Shards = 3, BatchItems = 7 });
        Assert.Equal(run.Json(), more.Json());
    }

    [Fact]
    public void ClockSetBackBeforeTheByeAlone_EndsAtTheLastEvidence()
    {
        Scene scene = new Scene()
            .Call("silent@test", 0, answer: 1, bye: 20)
            .Call("heard@test", 0.5, answer: 1.5, bye: 20, caller: "192.0.2.3", callee: "192.0.2.4")
            .Rtp(1.6, 9, "192.0.2.3:4000", "192.0.2.4:5000", 1)
            .Call("refused@test", 9.5, caller: "192.0.2.5", callee: "192.0.2.6");
        scene.Sip(20, "192.0.2.6:5060", "192.0.2.5:5060", SipText.Invite("refused@test", "alice@example.com", "bob@example.com", fromTag: "f-refused@test").Reply(486));
        using EngineRun run = EngineRun.Of(scene.Tape(stamp: static (_, at) => at >= Scene.Time(20) ? at - TimeSpan.FromHours(1) : at));
        foreach ((string callId, double ended) in new[] { ("silent@test", 1.01), ("heard@test", 8.98), ("refused@test", 9.6) })
        {
            CallRecord record = run.Call(callId);
            Assert.Equal((callId, Scene.Time(ended), CallFlags.ClockSet), (callId, record.EndedAt!.Value, record.Flags & (CallFlags.ClockSet | CallFlags.MissingBye | CallFlags.Unconfirmed)));
        }
    }

    [Fact]
    public void ClockSetBack_TheTimersOfOpenCallsStillRun()
    {
        // Its BYE is lost, and media ends: five minutes later it is over, not an hour and five minutes later.
        Scene scene = new Scene()
            .Call("lost@test", 0, answer: 1)
            .Rtp(1.1, 30, "192.0.2.1:4000", "192.0.2.2:5000", 1);
        for (int second = 31; second < 400; second++) scene.Noise(second);
        using EngineRun run = EngineRun.Of(scene.Tape(stamp: static (_, at) => at > Scene.Time(10) ? at - TimeSpan.FromHours(1) : at));
        CallRecord record = run.Call("lost@test");
        Assert.Equal((EndReason.RtpTimeout, CallFlags.ClockSet), (record.MissingByeReason, record.Flags & CallFlags.ClockSet));
        Scene.ExpectBetween(record.EndedAt!.Value, 29.8, 30);
    }

    [Theory]
    [InlineData(404, Disposition.InvalidNumber)]
    [InlineData(486, Disposition.Busy)]
    [InlineData(503, Disposition.Failed)]
    public void FinalResponseBeforeItsInvite_IsOneCall(int status, Disposition disposition)
    {
        const string Caller = "192.0.2.1:5060", Callee = "192.0.2.2:5060";
        SipText invite = SipText.Invite("early@test", "alice@example.com", "bob@example.com", fromTag: "f");
        Scene scene = new Scene()
            .Sip(0.0002, Callee, Caller, invite.Reply(status))
            .Sip(0.0004, Caller, Callee, invite)
            .Sip(0.01, Caller, Callee, SipText.Request("ACK", "early@test", "alice@example.com", "bob@example.com", 1, "f", "to-tag", branch: SipText.Branch("early@test", 1, "INVITE")))
            .Noise(60);
        using EngineRun run = scene.Run();
        CallRecord record = Assert.Single(run.Records);
        Assert.Equal((disposition, status, CallFlags.None), (record.Disposition, record.SipStatus, record.Flags));
        Assert.Equal(("bob", Caller, Scene.Time(0.0002)), (record.Dialled, record.Caller.Address.ToString(), record.StartedAt));

        // The same call's next try, with the credentials asked for, is of it too.
        SipText challenged = SipText.Invite("retry@test", "alice@example.com", "bob@example.com", fromTag: "f"), again = SipText.Invite("retry@test", "alice@example.com", "bob@example.com", 2, "f").With("Authorization", "Digest username=a");
        using EngineRun retried = new Scene()
            .Sip(0.0002, Callee, Caller, challenged.Reply(401))
            .Sip(0.0004, Caller, Callee, challenged)
            .Sip(0.1, Caller, Callee, again)
            .Sip(0.2, Callee, Caller, again.Reply(200))
            .Noise(60).Run();
        Assert.Equal((Disposition.Answered, CallFlags.Authenticated), (Assert.Single(retried.Records).Disposition, retried.Records[0].Flags & (CallFlags.Authenticated | CallFlags.MissingInvite)));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(-400)]
    [InlineData(-86_400 * 400)]
    public void UnrelatedSource_EndsWhatWasOpen(double hours)
    {
        PacketTape tape = new Scene().Call("open@test", 0, answer: 1).Rtp(1.1, 5, "192.0.2.1:4000", "192.0.2.2:5000", 1).Tape("first");
        tape.Source("second");
        new Scene().Call("next@test", 0, answer: 1, bye: 3).Rtp(1.1, 3, "192.0.2.1:4000", "192.0.2.2:5000", 2).AddTo(tape, (_, at) => at + TimeSpan.FromHours(hours / 24));
        using EngineRun run = EngineRun.Of(tape);
        CallRecord open = run.Call("open@test");
        Assert.Equal((EndReason.CaptureEnd, "first"), (open.MissingByeReason, open.CaptureSource));
        Scene.ExpectBetween(open.EndedAt!.Value, 4.97, 5);
        Assert.Equal(1u, open.Streams.Single().Ssrc);
        CallRecord next = run.Call("next@test");
        Assert.Equal((2u, "second", CallFlags.None), (next.Streams.Single().Ssrc, next.CaptureSource, next.Flags & CallFlags.ReusedPort));
        Assert.Equal(0, run["packets.doubted_timestamps"]);
    }

    [Fact]
    public void SourceWithinTheGap_GoesOnWithTheOpenCall()
    {
        PacketTape tape = new Scene().Call("open@test", 0, answer: 1).Rtp(1.1, 5, "192.0.2.1:4000", "192.0.2.2:5000", 1).Tape("first");
        tape.Source("second");
        new Scene().Rtp(5, 60, "192.0.2.1:4000", "192.0.2.2:5000", 1, sequence: 1195).AddTo(tape);
        using EngineRun run = EngineRun.Of(tape);
        StreamRecord stream = run.Call("open@test").Streams.Single();
        Assert.Equal((195 + 2750, 0), (stream.Packets, stream.Lost));
        Assert.Equal("first", run.Call("open@test").CaptureSource);
    }

    [Fact]
    public void SameCaptureTwiceInOneImport_GivesTheSameRecordsTwice()
    {
        var load = new LoadOptions { Seed = 12, Calls = 20, CallsPerSecond = 10, TalkSeconds = 2, RetransmissionShare = 0.2 };
        using EngineRun once = EngineRun.Of(PacketTape.OfLoad(load, out _));
        PacketTape twice = PacketTape.OfLoad(load, out _);
        PacketTape between = new Scene().Noise(0).Tape("another");
        foreach (CapturedPacket packet in between.Frames) twice.Source("another").Add(packet);
        twice.Source("again.pcap");
        foreach (CapturedPacket packet in PacketTape.OfLoad(load, out _).Frames) twice.Add(packet);
        using EngineRun run = EngineRun.Of(twice);
        Assert.Equal(once.Json(), string.Concat(run.Json().Split('\n').Where(static line => line.Contains("\"load.pcap\"", StringComparison.Ordinal)).Select(static line => line + "\n")));
        Assert.Equal(once.Json(), string.Concat(run.Json().Replace("\"again.pcap\"", "\"load.pcap\"x", StringComparison.Ordinal).Split('\n').Where(static line => line.Contains("\"load.pcap\"x", StringComparison.Ordinal)).Select(static line => line.Replace("\"load.pcap\"x", "\"load.pcap\"", StringComparison.Ordinal) + "\n")));
    }

    /// <summary>Stamps in seconds, and what the clock says after the last of them.</summary>
    public static TheoryData<string, double[], double, long, long, long> Clocks() => new()
    {
        { "forward", [0, 1, 2, 2], 2, 0, 0, 0 },
        { "a little disorder does not move it", [10, 9, 10.5, 1.5], 10.5, 0, 0, 0 },
        { "a day of silence is believed", [0, 86_400], 86_400, 0, 0, 0 },
        { "one leap is not", [0, 86_401], 0, 0, 0, 1 },
        { "a leap, then as before", [0, 1e9, 1], 1, 0, 0, 1 },
        { "seven in a row prove nothing", [0, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9, 1e9], 0, 0, 0, 7 },
        { "eight do", [0, 1e9, 1e9, 1e9 + 1, 1e9, 1e9, 1e9, 1e9, 1e9 + 2], 1e9 + 2, 1, 0, 8 },
        { "eight that disagree do not", [0, 1e9, 2e9, 1e9, 2e9, 1e9, 2e9, 1e9, 2e9], 0, 0, 0, 8 },
        { "a good one between starts the count anew", [0, 1e9, 1e9, 1e9, 1e9, 0.5, 1e9, 1e9, 1e9, 1e9], 0.5, 0, 0, 8 },
        { "one step back", [5000, 1400], 5000, 0, 0, 1 },
        { "eight steps back", [5000, 1400, 1400, 1400, 1400, 1400, 1400, 1400, 1401], 1401, 0, 1, 8 },
        { "just within disorder", [5000, 4990], 5000, 0, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Clocks))]
    public void EngineClock_GivenStamps_TellsTheTime(string name, double[] stamps, double now, long leaps, long stepsBack, long doubted)
    {
        var clock = new EngineClock();
        foreach (double stamp in stamps) clock.Observe(Scene.Time(stamp));
        Assert.Equal((name, Scene.Time(now), leaps, stepsBack, doubted), (name, clock.Now, clock.Leaps, clock.StepsBack, clock.Doubted));
    }

    [Fact]
    public void EngineClock_WithoutPackets_DoesNotMove()
    {
        var clock = new EngineClock();
        Assert.Equal(Timestamp.MinValue, clock.Advance(Scene.Time(1)));
        clock.Observe(Scene.Time(2));
        Assert.Equal(Scene.Time(2), clock.Advance(Scene.Time(1)));
        Assert.Equal(Scene.Time(3), clock.Advance(Scene.Time(3)));
        clock.Reset();
        Assert.Equal(Scene.Time(1), clock.Observe(Scene.Time(1)));
    }
}
