using System.Globalization;
using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests;

/// <summary>Which call a media packet belongs to (semantics.md, RTP to call).</summary>
public sealed class MediaRoutingTests
{
    private const string A = "192.0.2.1:4000";
    private const string B = "192.0.2.2:5000";

    [Fact]
    public void PortReuse_AfterTheBye_EachCallKeepsItsOwnPackets()
    {
        using EngineRun run = new Scene()
            .Call("one@test", 0, answer: 1, bye: 5)
            .Rtp(1.1, 5, A, B, 0xA1).Rtp(1.1, 5, B, A, 0xB1)
            .Call("two@test", 6, answer: 7, bye: 11)
            .Rtp(7.1, 11, A, B, 0xA2).Rtp(7.1, 11, B, A, 0xB2)
            .Run();
        ExpectStreams(run.Call("one@test"), (0xA1, 195), (0xB1, 195));
        ExpectStreams(run.Call("two@test"), (0xA2, 195), (0xB2, 195));
        Assert.All(run.Records, static record => Assert.False(record.Flags.HasFlag(CallFlags.ReusedPort)));
    }

    /// <summary>A DECT system: the caller's handset is at a base station that nobody announced, its anchor and the callee are one machine.</summary>
    [SharedFact]
    public void Media_ByAnUnannouncedBaseStation_IsOfBothSides()
    {
        using EngineRun run = EngineRun.OfFile(SharedFolder.Path("captures", "SIP_DTMF2.cap"), new RunOptions { KeepPackets = true });
        CallRecord record = run.Records.Single(static call => call.AnsweredAt is not null);
        Assert.Equal(PartySide.Callee, record.Streams.Single(static stream => stream.Ssrc == 0x9A7B5382).From);
        Assert.Equal(PartySide.Caller, record.Streams.Single(static stream => stream.Ssrc == 0x5711BF84).From);
        Assert.All(record.Dtmf, static digit => Assert.Equal(PartySide.Caller, digit.From));
        Assert.DoesNotContain(record.OneWay, static interval => interval.Kind == OneWayKind.NoRtp);
        Assert.All(record.MediaSessions, static session => Assert.True(session is { CallerSent.Packets: > 600, CalleeSent.Packets: > 600 }));

        (Engine.Recording.RecordingResult result, Recording.PcmKeeper sound) = Recording.RecordedCall.Record(record, new Recording.PacketsInMemory(run.Packets(record)));
        Assert.Equal(RecordingState.Available, result.State);
        for (int side = 0; side < 2; side++) Assert.InRange(sound.Channel(side).Count(static sample => sample != 0), 100_000, 200_000); // twenty seconds of a quiet line
    }

    [Fact]
    public void Media_AfterTheByeAndItsLinger_IsNobodys()
    {
        using EngineRun run = new Scene()
            .Call("one@test", 0, answer: 1, bye: 5)
            .Rtp(1.1, 25, A, B, 0xA1)
            .Run();
        StreamRecord stream = run.Call("one@test").Streams.Single();
        Scene.ExpectBetween(stream.EndedAt, 8.9, 9.1);
        Assert.Equal(Scene.Time(5), run.Call("one@test").EndedAt);
        Assert.InRange(run["packets.media_packets"], 395, 495);
        Assert.Equal(1195, run["packets.media_packets"] + run["packets.media_unclaimed"]);
    }

    [Fact]
    public void PortReuse_MediaBeforeTheSdpOfTheNextCall_WaitsForIt()
    {
        // The old call has given up the addresses and is still known.
        using EngineRun run = new Scene()
            .Call("one@test", 0, answer: 1, bye: 5)
            .Rtp(1.1, 5, B, A, 0xB1)
            .Call("two@test", 15, answer: 18, bye: 25, lateOffer: true)
            .Rtp(16, 25, B, A, 0xB2)
            .Run();
        ExpectStreams(run.Call("one@test"), (0xB1, 195));
        ExpectStreams(run.Call("two@test"), (0xB2, 450));
        Assert.Equal(100, run["packets.media_attached_late"]);
    }

    [Fact]
    public void PortReuse_WithoutBye_TheNewestWinsAndBothAreFlagged()
    {
        using EngineRun run = new Scene()
            .Call("one@test", 0, answer: 1)
            .Rtp(1.1, 5, A, B, 0xA1).Rtp(1.1, 5, B, A, 0xB1)
            .Call("two@test", 6, answer: 7, bye: 11)
            .Rtp(7.1, 11, A, B, 0xA2).Rtp(7.1, 11, B, A, 0xB2)
            .Run();
        ExpectStreams(run.Call("one@test"), (0xA1, 195), (0xB1, 195));
        ExpectStreams(run.Call("two@test"), (0xA2, 195), (0xB2, 195));
        Assert.All(run.Records, static record => Assert.True(record.Flags.HasFlag(CallFlags.ReusedPort)));
        CallRecord old = run.Call("one@test");
        Assert.True(old.Flags.HasFlag(CallFlags.MissingBye));
        Scene.ExpectBetween(old.EndedAt!.Value, 4.97, 5);
    }

    [Fact]
    public void PortReuse_EarlyMediaBeforeTheSecondAnswer_IsTheSecondCalls()
    {
        using EngineRun run = new Scene()
            .Call("one@test", 0, answer: 1)
            .Rtp(1.1, 5, A, B, 0xA1).Rtp(1.1, 5, B, A, 0xB1)
            .Call("two@test", 6, answer: 8, bye: 11)
            .Rtp(6.5, 11, B, A, 0xB2).Rtp(8.1, 11, A, B, 0xA2)
            .Run();
        ExpectStreams(run.Call("one@test"), (0xA1, 195), (0xB1, 195));
        ExpectStreams(run.Call("two@test"), (0xA2, 145), (0xB2, 225));
    }

    [Fact]
    public void SharedPort_ManyCallsAtOnce_EachKeepsItsSsrc()
    {
        var scene = new Scene();
        for (uint i = 0; i < 8; i++)
        {
            double at = i * 0.25;
            scene.Call($"c{i}@test", at, answer: at + 1, bye: at + 6)
                .Rtp(at + 1.1, at + 6, A, B, 0xA0 + i).Rtp(at + 1.1, at + 6, B, A, 0xB0 + i);
        }

        using EngineRun run = scene.Run();
        for (uint i = 0; i < 8; i++) ExpectStreams(run.Call($"c{i}@test"), (0xA0 + i, 245), (0xB0 + i, 245));
    }

    [Fact]
    public void RtpBeforeSdp_WithinTheHold_IsAttachedLate()
    {
        // The offer comes in the 200, so that nobody has announced either end until then.
        using EngineRun run = new Scene()
            .Call("late@test", 0, answer: 4, bye: 8, lateOffer: true)
            .Rtp(2, 8, B, A, 0xB1)
            .Run();
        ExpectStreams(run.Call("late@test"), (0xB1, 300));
        Assert.Equal(100, run["packets.media_attached_late"]);
        Assert.Equal(0, run["packets.media_unclaimed"]);
        StreamRecord stream = run.Call("late@test").Streams[0];
        Assert.Equal((Scene.Time(2), PartySide.Callee, 0L), (stream.StartedAt, stream.From, stream.Lost));
    }

    [Fact]
    public void RtpBeforeSdp_LongerThanTheHold_KeepsOnlyTheLastFiveSeconds()
    {
        using EngineRun run = new Scene()
            .Call("late@test", 0, answer: 20, bye: 22, lateOffer: true)
            .Rtp(2, 22, B, A, 0xB1)
            .Run();
        StreamRecord stream = run.Call("late@test").Streams.Single();
        Scene.ExpectBetween(stream.StartedAt, 15, 15.02);
        Assert.InRange(run["packets.media_attached_late"], 250, 251);
        Assert.Equal(1000, stream.Packets + run["packets.media_unclaimed"]);
    }

    [Fact]
    public void RtpOfNobody_IsCountedAndNothingElse()
    {
        using EngineRun run = new Scene().Rtp(0, 20, A, B, 0xA1).Noise(1).Run();
        Assert.Empty(run.Records);
        Assert.Equal(1000, run["packets.media_unclaimed"]);
        Assert.Equal(0, run["packets.media_attached_late"]);
        Assert.Equal(1, run["packets.other_udp"]);
    }

    [Fact]
    public void Nat_PrivateAddressInTheOffer_BothStreamsAreFoundByTheFarEnd()
    {
        using EngineRun run = new Scene()
            .Call("nat@test", 0, answer: 1, bye: 6, callerSdp: "192.168.1.5 4000")
            .Rtp(1.1, 6, "203.0.113.9:61000", B, 0xA1)
            .Rtp(1.1, 6, B, "203.0.113.9:61000", 0xB1)
            .Run();
        CallRecord record = run.Call("nat@test");
        ExpectStreams(record, (0xA1, 245), (0xB1, 245));
        Assert.Equal(PartySide.Caller, record.Streams.Single(static stream => stream.Ssrc == 0xA1).From);
        Assert.Equal(PartySide.Callee, record.Streams.Single(static stream => stream.Ssrc == 0xB1).From);
        Assert.Equal("PCMU/8000", record.Streams[0].Codec);
    }

    [Fact]
    public void Nat_RouterChangesThePort_TheCallGoesOn()
    {
        using EngineRun run = new Scene()
            .Call("nat@test", 0, answer: 1, bye: 6, callerSdp: "192.168.1.5 4000")
            .Rtp(1.1, 3, "203.0.113.9:61000", B, 0xA1)
            .Rtp(3, 6, "203.0.113.9:62000", B, 0xA1, sequence: 1095)
            .Run();
        CallRecord record = run.Call("nat@test");
        Assert.Equal(245, record.Streams.Where(static stream => stream.Ssrc == 0xA1).Sum(static stream => stream.Packets));
        Assert.Equal(0, record.Streams.Sum(static stream => stream.Lost));
    }

    [Fact]
    public void Flows_OverTheLimit_AreCountedNotMeasured()
    {
        var scene = new Scene().Call("spray@test", 0, answer: 1, bye: 6);
        for (int i = 0; i < 10; i++) scene.Rtp(1.1, 2.1, $"203.0.113.{i + 1}:9000", B, 0x100u + (uint)i);
        using EngineRun run = scene.Run(static options => options with { Routing = options.Routing with { MaxFlowsPerCall = 4 } });
        CallRecord record = run.Call("spray@test");
        Assert.Equal(4, record.Streams.Count);
        Assert.All(record.Streams, static stream => Assert.Equal(50, stream.Packets));
        Assert.True(run["packets.flow_limit"] >= 6);
    }

    [Fact]
    public void Endpoints_OverTheLimit_AreCountedNotLearnt()
    {
        var sdp = new StringBuilder(SipText.Sdp("192.0.2.1", 4000));
        for (int i = 0; i < 20; i++) sdp.Append(CultureInfo.InvariantCulture, $"a=candidate:{i} 1 UDP 2130706431 198.51.100.{i + 1} 7000 typ host\r\n");
        SipText invite = SipText.Invite("ice@test", "alice@example.com", "bob@example.com").WithBody("application/sdp", sdp.ToString());
        var scene = new Scene().Sip(0, "192.0.2.1:5060", "192.0.2.2:5060", invite);
        scene.Rtp(0.1, 0.3, "203.0.113.9:1000", "198.51.100.1:7000", 1).Rtp(0.1, 0.3, "203.0.113.9:1000", "198.51.100.20:7000", 2);
        using EngineRun limited = scene.Run(static options => options with { Routing = options.Routing with { MaxEndpointsPerCall = 4 } });
        Assert.Equal([1u], limited.Call("ice@test").Streams.Select(static stream => stream.Ssrc));
        Assert.Equal(18, limited["packets.endpoint_limit"]);
        using EngineRun free = scene.Run();
        Assert.Equal([1u, 2u], free.Call("ice@test").Streams.Select(static stream => stream.Ssrc).Order());
        Assert.Equal(0, free["packets.endpoint_limit"]);
    }

    [Fact]
    public void InviteFlood_OverTheCallLimit_LeavesAnsweredCallsExact()
    {
        var load = new LoadOptions { Seed = 5, Calls = 20, CallsPerSecond = 20, TalkSeconds = 20, Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1, [Scenario.CalleeHangsUp] = 1 } };
        PacketTape tape = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        Assert.True(expected.TrueForAll(call => call.AnsweredAt < load.Start.Microseconds + 9_000_000));
        const int flood = 3000;
        for (int i = 0; i < flood; i++)
        {
            SipText invite = SipText.Invite($"flood-{i}@scanner", "100@1.1.1.1", $"{i}@192.0.2.10", fromTag: $"s{i}").WithSdp("203.0.113.66", 10_000 + (i % 1000));
            tape.Add(load.Start + TimeSpan.FromMilliseconds(9000 + i), PacketBuilder.UdpFrame("203.0.113.66:5060", "192.0.2.10:5060", invite.ToBytes(), i));
        }

        using EngineRun run = EngineRun.Of(tape.Sorted(), new RunOptions { Shards = 2, Adjust = static options => options with { Routing = options.Routing with { MaxCalls = 50 } } });
        Assert.Empty(run.Events);
        foreach (ExpectedCall call in expected) Assert.Empty(call.Differences(run.Call(call.SipCallId)));
        Assert.Equal(expected.Count + flood, run.Records.Count);
        Assert.Equal(flood + 20 - 50, run["packets.calls_evicted"]);
        Assert.All(run.Records.Where(static record => record.SipCallId.StartsWith("flood", StringComparison.Ordinal)), static record => Assert.Equal(Disposition.NoResponse, record.Disposition));
    }

    private static void ExpectStreams(CallRecord record, params (uint Ssrc, long Packets)[] expected) =>
        Assert.Equal(expected.OrderBy(static stream => stream.Ssrc), record.Streams.Select(static stream => (stream.Ssrc, stream.Packets)).OrderBy(static stream => stream.Ssrc));
}
