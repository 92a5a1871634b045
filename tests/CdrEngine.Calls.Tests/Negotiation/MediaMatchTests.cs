using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Tests.Negotiation;

public sealed class MediaMatchTests
{
    private const string Offer =
        "v=0\r\no=a 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96 0\r\na=rtpmap:96 opus/48000/2\r\na=rtcp:4009\r\n"
        + "m=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n";

    private const string Answer =
        "v=0\r\no=b 5 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\nm=video 0 RTP/AVP 97\r\n";

    [Fact]
    public void Packet_TowardAnnouncedAddress_ComesFromTheOtherSide()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer));
        Assert.Equal(PartySide.Callee, call.SideOf(At("198.51.100.7", 1), At("192.0.2.1", 4000))); // behind a NAT
        Assert.Equal(PartySide.Caller, call.SideOf(At("192.0.2.1", 4000), At("192.0.2.2", 5000)));
        Assert.Equal(PartySide.Caller, call.SideOf(At("192.0.2.1", 4000), At("203.0.113.1", 9))); // by its source alone
        Assert.Equal(PartySide.Unknown, call.SideOf(At("203.0.113.1", 9), At("203.0.113.2", 9)));
    }

    /// <summary>A base station that nobody announced sends to the callee's address, and hears the callee from the caller's.</summary>
    [Fact]
    public void Packet_FromAnAnchor_IsOfTheSideThatTheMachineBehindItDoesNotSend()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer.Replace("192.0.2.2", "192.0.2.1", StringComparison.Ordinal)));
        Endpoint anchor = At("192.0.2.1", 4000), station = At("203.0.113.1", 9), callee = At("192.0.2.1", 5000);
        MediaMatch toStation = call.MatchMedia(anchor, station), fromStation = call.MatchMedia(station, callee);
        Assert.Equal((PartySide.Caller, true), (toStation.From, toStation.IsBySource));
        Assert.Equal((PartySide.Caller, false), (fromStation.From, fromStation.IsBySource));
        MediaMatch beside = toStation.Beside(anchor, station, fromStation, station, callee);
        Assert.Equal((PartySide.Callee, 0), (beside.From, beside.MediaIndex));
        Assert.Equal("opus/48000/2", beside.FormatOf(111)!.Codec);
        Assert.Equal(fromStation, fromStation.Beside(station, callee, toStation, anchor, station));

        // What a relay gets from one it sends to another, and what it sends back to the same is the other side's anyway.
        Endpoint elsewhere = At("192.0.2.9", 5000);
        Assert.Equal(toStation, toStation.Beside(anchor, station, new MediaMatch(PartySide.Caller, null, null, IsRtcp: false), station, elsewhere));
        MediaMatch back = call.MatchMedia(station, anchor);
        Assert.Equal(PartySide.Callee, back.From);
        Assert.Equal(toStation, toStation.Beside(anchor, station, back, station, anchor));
    }

    [Fact]
    public void PayloadType_OfAPacket_IsByTheReceiversNumberingFirst()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer));
        MediaMatch toCaller = call.MatchMedia(At("192.0.2.2", 5000), At("192.0.2.1", 4000));
        Assert.Equal("opus/48000/2", toCaller.FormatOf(96)!.Codec);
        Assert.Equal("opus/48000/2", toCaller.FormatOf(111)!.Codec); // the sender's own number
        Assert.Equal("PCMU/8000", toCaller.FormatOf(0)!.Codec);
        Assert.Null(toCaller.FormatOf(98));
        Assert.Equal(0, toCaller.MediaIndex);
        MediaMatch toCallee = call.MatchMedia(At("192.0.2.1", 4000), At("192.0.2.2", 5000));
        Assert.Equal(48000, toCallee.FormatOf(111)!.ClockRateHz);
    }

    [Fact]
    public void Rtcp_OnItsOwnPort_IsToldApart()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer));
        MediaMatch match = call.MatchMedia(At("192.0.2.2", 5001), At("192.0.2.1", 4009));
        Assert.True(match.IsRtcp);
        Assert.Equal(PartySide.Callee, match.From);
        Assert.False(call.MatchMedia(At("192.0.2.2", 5000), At("192.0.2.1", 4000)).IsRtcp);
    }

    [Fact]
    public void RefusedLine_HasNoEndpointButKeepsItsPlace()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer));
        CallRecord record = call.ToRecord([]);
        Assert.Equal(2, record.MediaSessions.Count);
        Assert.Empty(record.MediaSessions[1].Answered);
        Assert.Equal("inactive", record.MediaSessions[1].Direction);
        Assert.NotNull(record.MediaSessions[1].EndedAt);
        Assert.Equal(PartySide.Unknown, call.SideOf(At("203.0.113.1", 9), At("192.0.2.2", 0)));
    }

    [Fact]
    public void Effects_OfOfferAndAnswer_TellTheEndpointsOnce()
    {
        Outcome outcome = Scenario.New.Answered(Offer, Answer).At(13).Bye().Run();
        Assert.Equal(4, outcome.Media.Count);
        Assert.Equal([PartySide.Caller, PartySide.Caller, PartySide.Callee, PartySide.Callee], outcome.Media.Select(static m => m.Side));
        Assert.Equal([MediaRole.Offer, MediaRole.Offer, MediaRole.Answer, MediaRole.Answer], outcome.Media.Select(static m => m.Role));
        Assert.Equal("192.0.2.1:4009", outcome.Media[0].RtcpEndpoint.ToString());
        Assert.Equal("b", outcome.Media[2].LegTag);
    }

    [Fact]
    public void RelayedMedia_RewrittenOnTheSecondHop_BelongsToTheSameSides()
    {
        string relayedOffer = Offer.Replace("IN IP4 192.0.2.1", "IN IP4 192.0.2.10", StringComparison.Ordinal).Replace("4000", "6000", StringComparison.Ordinal);
        string relayedAnswer = Answer.Replace("IN IP4 192.0.2.2", "IN IP4 192.0.2.10", StringComparison.Ordinal).Replace("5000", "6002", StringComparison.Ordinal);
        CallMachine call = Play(Scenario.New.At(0).Invite(on: "AP", sdp: Offer).At(0.01).Invite(on: "PB", sdp: relayedOffer).At(3).Reply(200, on: "PB", sdp: Answer).At(3.01).Reply(200, on: "AP", sdp: relayedAnswer).At(3.1).Ack(on: "AP"));
        Assert.Equal(PartySide.Caller, call.SideOf(At("192.0.2.1", 4000), At("192.0.2.10", 6002)));
        Assert.Equal(PartySide.Caller, call.SideOf(At("192.0.2.10", 6000), At("192.0.2.2", 5000)));
        Assert.Equal(PartySide.Callee, call.SideOf(At("192.0.2.2", 5000), At("192.0.2.10", 6000)));
        Assert.Equal(PartySide.Callee, call.SideOf(At("192.0.2.10", 6002), At("192.0.2.1", 4000)));
        MediaSessionRecord media = call.ToRecord([]).MediaSessions[0];
        Assert.Equal("192.0.2.1:4000", media.Caller.ToString());
        Assert.Equal("192.0.2.2:5000", media.Callee.ToString());
    }

    [Fact]
    public void Hold_AndBack_IsADirectionChangeEachAndAFlag()
    {
        string hold = Offer.Replace("m=audio 4000", "a=sendonly\r\nm=audio 4000", StringComparison.Ordinal), held = Answer.Replace("m=audio 5000", "a=recvonly\r\nm=audio 5000", StringComparison.Ordinal);
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer)
            .At(10).Request("INVITE", 'A', 2, sdp: hold).At(10.1).Reply(200, cseq: 2, sdp: held)
            .At(20).Request("INVITE", 'A', 3, sdp: Offer).At(20.1).Reply(200, cseq: 3, sdp: Answer));
        MediaSessionRecord media = call.ToRecord([]).MediaSessions[0];
        Assert.Equal(["sendrecv", "sendonly", "sendrecv"], media.Directions.Select(static change => change.Direction));
        Assert.Equal(Scenario.Time(10.1), media.Directions[1].At);
        Assert.Equal(MediaSessionFlags.Held, media.Flags);
        Assert.Equal(call.Id + "-m0", media.Id);
    }

    [Fact]
    public void MovedPort_OfAReinvite_IsFoundBesideTheOldOne()
    {
        CallMachine call = Play(Scenario.New.Answered(Offer, Answer).At(10).Request("INVITE", 'A', 2, sdp: Offer.Replace("4000", "4100", StringComparison.Ordinal)).At(10.1).Reply(200, cseq: 2, sdp: Answer));
        Assert.Equal(PartySide.Callee, call.SideOf(At("192.0.2.2", 5000), At("192.0.2.1", 4100)));
        Assert.Equal(PartySide.Callee, call.SideOf(At("192.0.2.2", 5000), At("192.0.2.1", 4000)));
    }

    [Fact]
    public void Candidates_OfIce_AreEndpoints()
    {
        string ice = Offer.Replace("a=rtcp:4009\r\n", "a=candidate:1 1 UDP 2130706431 198.51.100.9 7000 typ host\r\n", StringComparison.Ordinal);
        CallMachine call = Play(Scenario.New.Answered(ice, Answer));
        Assert.Equal(PartySide.Callee, call.SideOf(At("203.0.113.1", 9), At("198.51.100.9", 7000)));
    }

    private static CallMachine Play(Scenario scenario)
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        var message = new SipMessage();
        foreach (Scenario.Event e in scenario.Events)
        {
            SipParser.TryReadCopy(e.Bytes, message, out _, out _);
            call.Apply(message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp), effects);
        }

        return call;
    }

    private static Endpoint At(string address, ushort port) => IpAddress.TryParse(address, out IpAddress ip) ? new Endpoint(ip, port) : throw new ArgumentException(address);
}
