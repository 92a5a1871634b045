using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Sessions;

/// <summary>What is made of all calls of a session: story, packets, sound, and the two-leg view.</summary>
public sealed class SessionMediaTests
{
    [SharedTheory]
    [InlineData("10-blind-transfer", "48cb89846fb2e41c", SessionKind.Transfer, "carol",
        "alice called bob. bob rang. bob answered; alice and bob talked. bob transferred alice to carol. carol rang. carol answered; alice and carol talked. bob left. carol hung up.")]
    [InlineData("11-attended-transfer", "9CZjHivqeA", SessionKind.Transfer, "carol",
        "alice called bob. bob rang. bob answered; alice and bob talked. bob put alice on hold. bob called carol. carol rang. carol answered; bob and carol talked. bob transferred alice to carol, having talked to them. alice put bob on hold. carol rang. carol answered; alice and carol talked. bob left. carol hung up.")]
    [InlineData("12-forking", "", SessionKind.Call, "alice",
        "alice called bob. A phone of bob at 10.77.0.22 rang. A phone of bob at 10.77.0.23 rang. bob answered; alice and bob talked. alice hung up.")]
    [InlineData("25-b2bua", "3a6fd43c894b0adb", SessionKind.Legs, "alice",
        "alice called b2b-bob. b2b-bob rang. b2b-bob answered; alice and b2b-bob talked. alice hung up.")]
    public void Story_OfTheLab_TellsWhoDidWhat(string scenario, string sipCallId, SessionKind kind, string hangupBy, string story)
    {
        using var rig = new SessionRig(scenario);
        SessionRecord session = rig.Session(sipCallId.Length > 0 ? sipCallId : rig.Run.Records[0].SipCallId);
        Assert.Equal(story, string.Join(' ', session.Story.Select(static step => step.Text)));
        Assert.Equal((kind, Disposition.Answered, hangupBy), (session.Kind, session.Disposition, session.HangupBy));
        Assert.Equal(session.Story.Select(static step => step.At).Order(), session.Story.Select(static step => step.At));
        Assert.Equal(session.Participants.Select(static person => person.Number).Distinct(), session.Participants.Select(static person => person.Number));
    }

    [SharedFact]
    public void Packets_OfASession_AreThoseOfItsCallsInOrderAndOnce()
    {
        using var rig = new SessionRig("11-attended-transfer");
        SessionRecord session = rig.Session("9CZjHivqeA");
        int calls = session.Calls.Sum(call => rig.Run.Packets(call).Count);
        foreach (long window in (long[])[SessionPackets.DefaultWindowBytes, 20_000])
        {
            var seen = new List<(Timestamp At, int Length)>();
            Assert.True(new SessionPackets(rig, session.Calls, window).Visit(session.Id, PacketKinds.All, new Collector(seen)));
            Assert.Equal(calls, seen.Count);
            Assert.Equal(seen.Select(static packet => packet.At).Order(), seen.Select(static packet => packet.At));
        }
    }

    [SharedFact]
    public void Packets_InTwoCalls_AreGivenOnce()
    {
        using var rig = new SessionRig("10-blind-transfer");
        CallRecord call = rig.Run.Call("48cb89846fb2e41c");
        var seen = new List<(Timestamp At, int Length)>();
        Assert.True(new SessionPackets(rig, [call, call]).Visit(call.Id, PacketKinds.All, new Collector(seen)));
        Assert.Equal(rig.Run.Packets(call).Count, seen.Count);
    }

    [SharedTheory]
    [InlineData("10-blind-transfer", "48cb89846fb2e41c", 2, true)]
    [InlineData("25-b2bua", "3a6fd43c894b0adb", 1, true)]
    public void Talk_OfWhoStays_IsThatOfTheCaller(string scenario, string sipCallId, int calls, bool isCaller)
    {
        using var rig = new SessionRig(scenario);
        IReadOnlyList<SessionTalk> talks = SessionTalk.Of(rig.Session(sipCallId));
        Assert.Equal(calls, talks.Count);
        Assert.All(talks, talk => Assert.Equal((isCaller, "alice"), (talk.IsCaller, talk.Call.Caller.Number)));
    }

    [SharedFact]
    public void Recording_OfATransfer_IsAsLongAsBothTalks()
    {
        using var rig = new SessionRig("10-blind-transfer");
        SessionRecord session = rig.Session("48cb89846fb2e41c");
        using MemoryStream output = new(), outline = new();
        string folder = Directory.CreateTempSubdirectory("cdrengine-session-").FullName;
        try
        {
            RecordingOutcome outcome = new SessionRecorder(new CallRecorder(), RecordingFiles.Open(folder, 0).CreateScratch).Make(session, rig, new RecordingRequest(), output, outline);
            Assert.Equal((RecordingState.Available, 8000, 2), (outcome.State, outcome.SampleRateHz, outcome.Channels));

            // From bob's answer to carol's hang-up.
            TimeSpan expected = session.Calls[1].EndedAt!.Value - session.Calls[0].AnsweredAt!.Value;
            Assert.InRange(outcome.Duration - expected, TimeSpan.FromMilliseconds(-1), TimeSpan.FromMilliseconds(1));
            Assert.Equal(output.Length, outcome.Bytes);

            // Its outline is as long, and both sides are heard in it.
            using JsonDocument drawn = JsonDocument.Parse(outline.ToArray());
            Assert.Equal((long)outcome.Duration.TotalMilliseconds, drawn.RootElement.GetProperty("duration_ms").GetInt64());
            Assert.All((string[])["caller", "callee"], side => Assert.Contains(drawn.RootElement.GetProperty("peaks").GetProperty(side).EnumerateArray(), static peak => peak.GetInt32() > 8));
            Assert.Empty(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SharedToolFact("ffmpeg")]
    public void Recording_OfATransfer_HasWhoStaysLeftAndTheOthersRight()
    {
        using var rig = new SessionRig("10-blind-transfer");
        SessionRecord session = rig.Session("48cb89846fb2e41c");
        string folder = Directory.CreateTempSubdirectory("cdrengine-session-").FullName;
        try
        {
            string path = Path.Combine(folder, "session.mp3");
            using (FileStream output = File.Create(path)) new SessionRecorder(new CallRecorder(), RecordingFiles.Open(folder, 0).CreateScratch).Make(session, rig, new RecordingRequest(), output);
            short[] left = RecordedCall.Decoded(path, "FL"), right = RecordedCall.Decoded(path, "FR");

            // The first talk is alice and bob, the second alice and carol: whose voice is where, by its likeness to what each phone played.
            CallRecord first = session.Calls[0], second = session.Calls[1];
            int Sample(Timestamp at) => (int)((at - first.AnsweredAt!.Value).TotalMilliseconds * 8);
            Range bobs = 0..Sample(second.StartedAt), carols = Sample(second.AnsweredAt!.Value)..left.Length;
            foreach ((Range part, string there, string absent) in new[] { (bobs, "bob", "carol"), (carols, "carol", "bob") })
            {
                Assert.InRange(Likeness.Best(right[part], RecordedCall.Voice(there), -1600, 1600).Correlation, 0.85, 1);
                Assert.InRange(Likeness.Best(right[part], RecordedCall.Voice(absent), -1600, 1600).Correlation, -1, 0.4);
                Assert.InRange(Likeness.Best(left[part], RecordedCall.Voice("alice"), -1600, 1600).Correlation, 0.85, 1);
                Assert.InRange(Likeness.Best(left[part], RecordedCall.Voice(there), -1600, 1600).Correlation, -1, 0.4);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SharedFact]
    public void Legs_ThroughRtpengine_ShowItsDelayAndNoLoss()
    {
        using var rig = new SessionRig("24-rtpengine");
        IReadOnlyList<RelayLeg> legs = RelayComparison.Compare(rig.Session("bfa0e410630a293b"), rig, out bool isCut);
        Assert.False(isCut);
        Assert.Equal(2, legs.Count);
        Assert.All(legs, static leg =>
        {
            Assert.Equal(("10.77.0.11", "ssrc"), (leg.Machine.ToString(), leg.MatchedBy));
            Assert.Equal(leg.In.Ssrc, leg.Out!.Ssrc);
            Assert.Equal((0L, 0L), (leg.NotForwarded, leg.Reordered));
            Assert.InRange(leg.Came, 390, 401);

            // The relay's own truth: some 60 to 110 microseconds at the first packet.
            Assert.InRange(leg.DelayMin!.Value, TimeSpan.FromMicroseconds(1), TimeSpan.FromMilliseconds(1));
            Assert.InRange(leg.DelayMean!.Value, leg.DelayMin.Value, TimeSpan.FromMilliseconds(5));
            Assert.Empty(leg.Silent);
        });
    }

    [SharedFact]
    public void Legs_ThroughTheB2bua_AreMatchedByPayloadAcrossTheCalls()
    {
        using var rig = new SessionRig("25-b2bua");
        SessionRecord session = rig.Session("3a6fd43c894b0adb");
        IReadOnlyList<RelayLeg> legs = RelayComparison.Compare(session, rig, out _);
        Assert.Equal(2, legs.Count);
        Assert.All(legs, static leg =>
        {
            Assert.Equal("10.77.0.30", leg.Machine.ToString());
            Assert.NotEqual(leg.In.CallId, leg.Out!.CallId);
            Assert.NotEqual(leg.In.Ssrc, leg.Out.Ssrc);
        });
    }

    [Theory]
    [InlineData(3_000, 0)]
    [InlineData(40_000, 10)]
    public void Legs_OfARelayOfKnownDelay_AreThatDelayAndThatLoss(int delayMicroseconds, int every)
    {
        (SessionRecord session, Relay packets) = Relay.Make(delayMicroseconds, every, muteFrom: 0);
        RelayLeg leg = Assert.Single(RelayComparison.Compare(session, packets, out _));
        Assert.Equal(TimeSpan.FromMicroseconds(delayMicroseconds), leg.DelayMin);
        Assert.Equal(TimeSpan.FromMicroseconds(delayMicroseconds), leg.DelayMax);
        Assert.Equal((500L, every == 0 ? 0L : 500 / every), (leg.Came, leg.NotForwarded));
        Assert.Equal(every == 0 ? 0 : 100.0 / every, leg.LossAddedPercent!.Value, 6);
        Assert.Empty(leg.Silent);
    }

    [Fact]
    public void Legs_OfARelayThatStopsForwarding_SayWhen()
    {
        (SessionRecord session, Relay packets) = Relay.Make(3_000, 0, muteFrom: 200);
        RelayLeg leg = Assert.Single(RelayComparison.Compare(session, packets, out _));
        Assert.Equal(300, leg.NotForwarded);
        StreamGap silent = Assert.Single(leg.Silent);
        Assert.Equal(TimeSpan.FromMilliseconds(299 * 20), silent.To - silent.From);
    }

    private sealed class Collector(List<(Timestamp At, int Length)> seen) : ICapturedPacketVisitor
    {
        public bool Visit(in CapturedPacket packet)
        {
            seen.Add((packet.CapturedAt, packet.Bytes.Length));
            return true;
        }
    }

    /// <summary>A lab capture run through the engine, its packets kept.</summary>
    private sealed class SessionRig(string scenario) : ICallPackets, IDisposable
    {
        public EngineRun Run { get; } = EngineRun.OfFile(SharedFolder.Path("lab", "captures", scenario + ".pcap"), new RunOptions { KeepPackets = true });

        public SessionRecord Session(string sipCallId)
        {
            string id = Run.Call(sipCallId).SessionId;
            return SessionStory.Tell(id, Run.Records.Where(call => call.SessionId == id));
        }

        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor) =>
            new PacketsInMemory(Run.Packets(Run.Records.Single(call => call.Id == id))).Visit(id, kinds, visitor);

        public void Dispose() => Run.Dispose();
    }

    /// <summary>500 packets into a relay and out of it, in one call.</summary>
    private sealed class Relay(FrameBuffer frames) : ICallPackets
    {
        private static readonly Endpoint Phone = new(IpAddress.FromV4(0x0A00_0001), 4000);
        private static readonly Endpoint Near = new(IpAddress.FromV4(0x0A00_00FE), 30_000);
        private static readonly Endpoint Far = new(IpAddress.FromV4(0x0A00_00FE), 30_002);
        private static readonly Endpoint Other = new(IpAddress.FromV4(0x0A00_0002), 5000);

        public static (SessionRecord Session, Relay Packets) Make(int delayMicroseconds, int lostEvery, int muteFrom)
        {
            Timestamp start = Timestamp.FromUnix(1_795_000_000, 0);
            var timed = new List<(Timestamp At, bool IsIn, int Index)>();
            for (int i = 0; i < 500; i++)
            {
                Timestamp at = start + TimeSpan.FromMilliseconds(1000 + (20 * i));
                timed.Add((at, true, i));
                if ((lostEvery == 0 || i % lostEvery != 0) && (muteFrom == 0 || i < muteFrom)) timed.Add((at + TimeSpan.FromMicroseconds(delayMicroseconds), false, i));
            }

            var frames = new FrameBuffer();
            foreach ((Timestamp at, bool isIn, int index) in timed.OrderBy(static packet => packet.At)) frames.Append(Packet(isIn, index).Capture(at));
            var call = new CallRecord
            {
                Id = "20261120-00112233445566778899aabb",
                SessionId = "20261120-00112233445566778899aabb",
                SipCallId = "relay",
                State = CallState.Ended,
                Disposition = Disposition.Answered,
                StartedAt = start,
                AnsweredAt = start + TimeSpan.FromMilliseconds(500),
                EndedAt = start + TimeSpan.FromSeconds(12),
                Streams = [Stream(Phone, Near, start), Stream(Far, Other, start)],
            };
            return (SessionStory.Tell(call.Id, [call]), new Relay(frames));
        }

        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor) => new PacketsInMemory(frames).Visit(id, kinds, visitor);

        private static PacketBuilder Packet(bool isIn, int index)
        {
            byte[] rtp = new byte[172];
            new Random(index).NextBytes(rtp);
            rtp[0] = 0x80;
            rtp[1] = 0;
            rtp[2] = (byte)(index >> 8);
            rtp[3] = (byte)index;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(rtp.AsSpan(4), (uint)(160 * index));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(rtp.AsSpan(8), 0x1234_5678);
            return isIn ? PacketBuilder.UdpFrame(Phone.ToString(), Near.ToString(), rtp, index) : PacketBuilder.UdpFrame(Far.ToString(), Other.ToString(), rtp, index);
        }

        private static StreamRecord Stream(Endpoint source, Endpoint destination, Timestamp start) => new()
        {
            Ssrc = 0x1234_5678,
            Source = source,
            Destination = destination,
            From = PartySide.Caller,
            PayloadType = 0,
            Packets = 500,
            Octets = 80_000,
            Expected = 500,
            Lost = 0,
            Duplicates = 0,
            OutOfOrder = 0,
            StartedAt = start,
            EndedAt = start + TimeSpan.FromSeconds(11),
        };
    }
}
