using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Protocols.Tests.Sdp;

public sealed class SdpParserTests
{
    [Fact]
    public void Read_OfferOfRfc8866Kind_GivesItsParts()
    {
        SdpSession session = Read(
            "v=0", "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1", "s=Call to John Smith", "i=An Offered Session", "u=http://www.jdoe.example.com/home.html",
            "e=Jane Doe <jane@jdoe.example.com>", "p=+1 617 555-6011", "c=IN IP4 198.51.100.1", "b=AS:64", "t=0 0", "a=recvonly", "k=prompt",
            "m=audio 49170 RTP/AVP 0 8 96 101", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 minptime=10;useinbandfec=1", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv",
            "m=audio 49180 RTP/AVP 0",
            "m=video 51372 RTP/AVP 99", "c=IN IP6 2001:db8::2", "a=rtpmap:99 h263-1998/90000");
        Assert.Equal("jdoe", Text(session.Origin.UserName));
        Assert.Equal("3724394400", Text(session.Origin.SessionId));
        Assert.Equal("3724394405", Text(session.Origin.Version));
        Assert.True(session.Origin.TryGetAddress(out IpAddress origin));
        Assert.Equal("198.51.100.1", origin.ToString());
        Assert.Equal("Call to John Smith", Text(session.Name));
        Assert.Equal(3, session.Media.Length);
        Assert.Equal(0, session.BrokenLines);

        SdpMedia audio = session.Media[0];
        Assert.Equal(SdpMediaType.Audio, audio.Type);
        Assert.Equal("RTP/AVP", Text(audio.Protocol));
        Assert.True(audio.IsRtp);
        Assert.False(audio.IsSecure);
        Assert.Equal("198.51.100.1:49170", audio.RtpEndpoint.ToString());
        Assert.Equal("198.51.100.1:49171", audio.RtcpEndpoint.ToString());
        Assert.Equal(SdpDirection.SendRecv, audio.Direction);
        Assert.Equal(20, audio.PTimeMilliseconds);
        Assert.Equal([0, 8, 96, 101], audio.Formats.ToArray().Select(format => format.PayloadType));
        Assert.False(audio.Formats[0].HasRtpMap);
        Assert.True(audio.TryGetFormat(96, out SdpFormat opus));
        Assert.Equal("opus", Text(opus.EncodingName));
        Assert.Equal(48000, opus.ClockRate);
        Assert.Equal(2, opus.Channels);
        Assert.Equal("minptime=10;useinbandfec=1", Text(opus.Fmtp));
        Assert.True(audio.TryGetFormat(101, out SdpFormat events));
        Assert.Equal("telephone-event", Text(events.EncodingName));
        Assert.Equal(1, events.Channels);
        Assert.Equal("0-16", Text(events.Fmtp));
        Assert.False(audio.TryGetFormat(3, out SdpFormat none));
        Assert.True(none.Text.IsEmpty);

        Assert.Equal(SdpDirection.RecvOnly, session.Media[1].Direction);
        Assert.Equal("198.51.100.1:49180", session.Media[1].RtpEndpoint.ToString());
        Assert.Equal("[2001:db8::2]:51372", session.Media[2].RtpEndpoint.ToString());
        Assert.Equal(SdpMediaType.Video, session.Media[2].Type);
        Assert.Equal(0, session.Media[2].PTimeMilliseconds);
    }

    [Fact]
    public void Read_SessionLevelValues_HoldWhereTheMediaSaysNothing()
    {
        SdpSession session = Read(
            "v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "a=inactive", "a=fingerprint:sha-256 AA:BB", "a=setup:actpass", "a=ice-ufrag:abcd", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 0", "c=IN IP4 192.0.2.9", "a=sendonly", "a=fingerprint:sha-1 CC", "a=setup:active", "a=ice-ufrag:efgh", "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:OTHER|2^20 FEC_ORDER=FEC_SRTP");
        SdpMedia first = session.Media[0], second = session.Media[1];
        Assert.Equal(SdpDirection.Inactive, first.Direction);
        Assert.Equal("sha-256 AA:BB", Text(first.Fingerprint));
        Assert.Equal(SdpSetup.ActPass, first.Setup);
        Assert.Equal("abcd", Text(first.IceUserFragment));
        Assert.True(first.IsSecure);
        Assert.Equal(1, first.Cryptos[0].Tag);
        Assert.Equal("inline:KEY", Text(first.Cryptos[0].KeyParameters));
        Assert.Equal("192.0.2.9:4002", second.RtpEndpoint.ToString());
        Assert.Equal(SdpDirection.SendOnly, second.Direction);
        Assert.Equal("sha-1 CC", Text(second.Fingerprint));
        Assert.Equal(SdpSetup.Active, second.Setup);
        Assert.Equal("efgh", Text(second.IceUserFragment));
        Assert.Equal(1, second.Cryptos.Length);
        Assert.Equal("AES_CM_128_HMAC_SHA1_32", Text(second.Cryptos[0].Suite));
        Assert.Equal("inline:OTHER|2^20 FEC_ORDER=FEC_SRTP", Text(second.Cryptos[0].KeyParameters));
        Assert.True(second.IsSecure, "a crypto line on a plain profile means SRTP all the same");
    }

    [Theory]
    [InlineData("a=rtcp:53020", false, "192.0.2.1:53020")]
    [InlineData("a=rtcp:53020 IN IP4 192.0.2.7", false, "192.0.2.7:53020")]
    [InlineData("a=rtcp:53020 IN IP6 2001:db8::7", false, "[2001:db8::7]:53020")]
    [InlineData("a=rtcp:9 IN IP4 0.0.0.0", true, "192.0.2.1:9")]
    [InlineData("a=rtcp-mux", true, "192.0.2.1:4000")]
    [InlineData("a=x", false, "192.0.2.1:4001")]
    public void RtcpEndpoint_ByAttributeMuxOrNextPort(string attribute, bool isMuxed, string expected)
    {
        SdpMedia media = Read("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", attribute, isMuxed ? "a=rtcp-mux" : "a=y").Media[0];
        Assert.Equal(expected, media.RtcpEndpoint.ToString());
        Assert.Equal(isMuxed, media.HasRtcpMux);
    }

    [Theory]
    [InlineData("c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 0", "", false)]
    [InlineData("c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0", "", true)]
    [InlineData("c=IN IP4 0.0.0.0", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "", false)]
    [InlineData("c=IN IP4 media.example.com", "m=audio 4000 RTP/AVP 0", "", false)]
    [InlineData("c=IN IP4", "m=audio 4000 RTP/AVP 0", "", false)]
    [InlineData("s=-", "m=audio 4000 RTP/AVP 0", "", false)]
    [InlineData("c=IN IP4 192.0.2.1", "m=audio 65535 RTP/AVP 0", "192.0.2.1:65535", false)]
    [InlineData("c=IN IP4 233.252.0.1/127/3", "m=audio 4000/2 RTP/AVP 0", "233.252.0.1:4000", false)]
    [InlineData("c= IN  IP4  192.0.2.1 ", "m=audio  4000  RTP/AVP  0 ", "192.0.2.1:4000", false)]
    [InlineData("c=IN IP6 ::", "m=audio 4000 RTP/AVP 0", "", true)]
    public void RtpEndpoint_OnlyWhereAddressAndPortAreThere(string connection, string mediaLine, string expected, bool isHold)
    {
        SdpMedia media = Read("v=0", connection, mediaLine).Media[0];
        Assert.Equal(expected, media.RtpEndpoint.IsNone ? "" : media.RtpEndpoint.ToString());
        Assert.Equal(isHold, media.IsHold);
        if (media.RtpEndpoint.IsNone || media.Port == ushort.MaxValue) Assert.True(media.RtcpEndpoint.IsNone);
        else Assert.Equal(media.Port + 1, media.RtcpEndpoint.Port);
    }

    [Fact]
    public void Read_PortCount_IsKept()
    {
        Assert.Equal(2, Read("v=0", "c=IN IP4 192.0.2.1", "m=audio 5000/2 RTP/AVP 0").Media[0].PortCount);
        Assert.Equal(1, Read("v=0", "c=IN IP4 192.0.2.1", "m=audio 5000 RTP/AVP 0").Media[0].PortCount);
    }

    [Theory]
    [InlineData("a=sendonly", true)]
    [InlineData("a=inactive", true)]
    [InlineData("a=recvonly", false)]
    [InlineData("a=sendrecv", false)]
    public void IsHold_ByDirection(string direction, bool expected) =>
        Assert.Equal(expected, Read("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", direction).Media[0].IsHold);

    [Fact]
    public void Read_WebRtcOffer_GivesCandidatesBundleAndFingerprint()
    {
        SdpSession session = Read(
            "v=0", "o=- 46117317 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE a v", "a=ice-options:trickle",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=mid:a", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc",
            "a=candidate:1 1 UDP 2130706431 192.0.2.10 50000 typ host",
            "a=candidate:1 2 udp 2130706430 2001:db8::10 50001 typ host generation 0",
            "a=candidate:2 1 udp 1694498815 198.51.100.4 60000 typ srflx raddr 192.0.2.10 rport 50000",
            "a=candidate:3 1 udp 16777215 203.0.113.7 61000 typ relay raddr 198.51.100.4 rport 60000",
            "a=candidate:4 1 udp 2113937151 4f1d2c9e-0000.local 54609 typ host",
            "a=candidate:5 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active",
            "a=fingerprint:sha-256 12:34", "a=setup:actpass", "a=ssrc:3735928559 cname:x", "a=ssrc:3735928559 msid:y",
            "m=video 0 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=bundle-only", "a=mid:v", "a=rtpmap:96 VP8/90000");
        SdpMedia audio = session.Media[0], video = session.Media[1];
        Assert.True(audio.IsRtp);
        Assert.True(audio.IsSecure);
        Assert.True(audio.HasRtcpMux);
        Assert.False(audio.IsHold);
        Assert.True(audio.RtpEndpoint.IsNone);
        Assert.Equal(5, audio.Candidates.Length);
        Assert.Equal(1, session.UnresolvedCandidates);
        Assert.Equal(0, session.BrokenLines);
        Assert.Equal("192.0.2.10:50000", audio.Candidates[0].Endpoint.ToString());
        Assert.True(audio.Candidates[0].IsUdp);
        Assert.Equal(2, audio.Candidates[1].Component);
        Assert.Equal("[2001:db8::10]:50001", audio.Candidates[1].Endpoint.ToString());
        Assert.Equal(SdpCandidateType.ServerReflexive, audio.Candidates[2].Type);
        Assert.Equal("192.0.2.10:50000", audio.Candidates[2].Related.ToString());
        Assert.Equal(SdpCandidateType.Relay, audio.Candidates[3].Type);
        Assert.Equal(16777215u, audio.Candidates[3].Priority);
        Assert.False(audio.Candidates[4].IsUdp);
        Assert.Equal("sha-256 12:34", Text(audio.Fingerprint));
        Assert.Equal(1, session.GroupCount);
        Assert.Equal("BUNDLE a v", Text(session.GroupAt(0)));
        Assert.Same(audio, session.TransportOf(video));
        Assert.Same(audio, session.TransportOf(audio));
        Assert.False(video.IsRefused);
        var ssrcs = new List<string>();
        foreach (ReadOnlySpan<byte> value in audio.GetAttributes("ssrc"u8)) ssrcs.Add(Text(value));
        Assert.Equal(["3735928559 cname:x", "3735928559 msid:y"], ssrcs);
        foreach (ReadOnlySpan<byte> value in session.GetAttributes("ice-options"u8)) Assert.Equal("trickle", Text(value));
        Assert.False(session.GetAttributes("mid"u8).MoveNext());
    }

    [Fact]
    public void Read_T38_GivesItsAttributes()
    {
        SdpMedia fax = Read(
            "v=0", "c=IN IP4 192.0.2.1", "m=image 35002 udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxFillBitRemoval:0",
            "a=T38FaxRateManagement:transferredTCF", "a=T38FaxMaxBuffer:262", "a=T38FaxMaxDatagram:90", "a=T38FaxUdpEC:t38UDPRedundancy").Media[0];
        Assert.True(fax.IsT38);
        Assert.False(fax.IsRtp);
        Assert.Equal(SdpMediaType.Image, fax.Type);
        Assert.Equal("192.0.2.1:35002", fax.RtpEndpoint.ToString());
        Assert.True(fax.RtcpEndpoint.IsNone);
        Assert.Equal(0, fax.T38Version);
        Assert.Equal(14400, fax.T38MaxBitRate);
        Assert.Equal("transferredTCF", Text(fax.T38RateManagement));
        Assert.Equal("t38UDPRedundancy", Text(fax.T38ErrorCorrection));
        Assert.Equal(-1, fax.Formats[0].PayloadType);
        Assert.Equal("t38", Text(fax.Formats[0].Text));
    }

    [Fact]
    public void Read_AnswerThatRefuses_KeepsThePlaces()
    {
        SdpSession session = Read("v=0", "c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 0", "m=video 6000 RTP/AVP 31", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=message 2855 TCP/MSRP *");
        Assert.Equal(4, session.Media.Length);
        Assert.True(session.Media[0].IsRefused);
        Assert.False(session.Media[1].IsRefused);
        Assert.Equal(SdpMediaType.Application, session.Media[2].Type);
        Assert.Equal(SdpMediaType.Message, session.Media[3].Type);
        Assert.False(session.Media[3].IsRtp);
    }

    [Fact]
    public void Read_BrokenLines_AreCountedAndPassedOver()
    {
        SdpSession session = Read(
            "v=0", "o=too short", "garbage", "=x", "c=", "c=IN IP4 192.0.2.1", "z", "m=audio 4000 RTP/AVP 0 8", "a=rtpmap:999 X/1", "a=rtpmap:8", "a=rtpmap:8 PCMA", "a=fmtp:", "a=rtcp:x", "a=ptime:x",
            "a=crypto:1", "a=candidate:1 1 udp", "a=candidate:1 1 udp 1 192.0.2.1 1 typ odd", "a=setup:odd", "a=", "m=audio x RTP/AVP 0", "m=audio", "m=audio 70000/0 RTP/AVP 300");
        Assert.Equal(4, session.Media.Length);
        Assert.Equal("192.0.2.1:4000", session.Media[0].RtpEndpoint.ToString());
        Assert.Equal("PCMA", Text(session.Media[0].Formats[1].EncodingName));
        Assert.Equal(0, session.Media[0].Formats[1].ClockRate);
        Assert.True(session.Origin.IsEmpty);
        Assert.Equal(0, session.Media[1].Port);
        Assert.Equal(-1, session.Media[3].Formats[0].PayloadType);
        Assert.Equal(5 + 11 + 3, session.BrokenLines);
    }

    [Fact]
    public void Read_OverTheLimits_IgnoresAndCounts()
    {
        string formats = string.Join(' ', Enumerable.Range(0, 70));
        IEnumerable<string> candidates = Enumerable.Range(1, 70).Select(i => $"a=candidate:{i} 1 udp {i} 192.0.2.1 {i} typ host");
        IEnumerable<string> media = Enumerable.Range(0, 20).Select(i => $"m=video {i + 1} RTP/AVP 31");
        SdpSession session = Read(["v=0", "c=IN IP4 192.0.2.1", $"m=audio 4000 RTP/AVP {formats}", .. candidates, .. media, "a=sendonly"]);
        Assert.Equal(16, session.Media.Length);
        Assert.Equal(64, session.Media[0].Formats.Length);
        Assert.Equal(64, session.Media[0].Candidates.Length);
        Assert.Equal(6 + 6 + 5, session.IgnoredItems);
        Assert.Equal(SdpDirection.SendRecv, session.Media[15].Direction);
        SdpSession small = new(new SdpLimits { MaxMedia = 1, MaxFormats = 1, MaxCandidates = 0, MaxCryptos = 0, MaxGroups = 0 });
        Assert.True(SdpParser.TryRead("v=0\r\na=group:BUNDLE a\r\nm=audio 1 RTP/AVP 0 8\r\na=crypto:1 S inline:k\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\nm=audio 2 RTP/AVP 0\r\n"u8, small));
        Assert.Equal(5, small.IgnoredItems);
    }

    [Theory]
    [InlineData("", SdpRejection.Empty)]
    [InlineData("\0\0", SdpRejection.Empty)]
    [InlineData("hello\r\n", SdpRejection.NotSdp)]
    [InlineData("Signal=5\r\nDuration=160\r\n", SdpRejection.NotSdp)]
    public void Read_OtherBytes_AreRefusedByName(string text, SdpRejection expected)
    {
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(Bytes(SipText.Sdp("192.0.2.1", 4000)), session));
        Assert.False(SdpParser.TryRead(Bytes(text), session, out SdpRejection reason));
        Assert.Equal(expected, reason);
        Assert.True(session.Media.IsEmpty);
        Assert.Equal(0, session.BrokenLines);
    }

    [Fact]
    public void Read_TooLong_IsRefused()
    {
        Assert.False(SdpParser.TryRead(Bytes(SipText.Sdp("192.0.2.1", 4000)), new SdpSession(new SdpLimits { MaxBytes = 50 }), out SdpRejection reason));
        Assert.Equal(SdpRejection.TooLong, reason);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Read_LineEndsOfEitherKind_AndNoneAtTheEnd(string end)
    {
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(Bytes(string.Join(end, "v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8", "a=sendonly") + "\0"), session));
        Assert.Equal(SdpDirection.SendOnly, session.Media[0].Direction);
        Assert.Equal("192.0.2.1:4000", session.Media[0].RtpEndpoint.ToString());
    }

    [Fact]
    public void Read_SecondDescription_LeavesNothingOfTheFirst()
    {
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(Bytes(Lines("v=0", "c=IN IP4 192.0.2.1", "a=inactive", "a=group:BUNDLE 0", "m=audio 4000 RTP/SAVP 8", "a=rtcp:7", "a=crypto:1 S inline:k", "a=mid:0", "a=ptime:30")), session));
        Assert.True(SdpParser.TryRead("v=0\r\nm=audio 5000 RTP/AVP 8\r\n"u8, session));
        SdpMedia media = session.Media[0];
        Assert.True(media.RtpEndpoint.IsNone);
        Assert.Equal(SdpDirection.SendRecv, media.Direction);
        Assert.False(media.IsSecure);
        Assert.True(media.Cryptos.IsEmpty);
        Assert.True(media.Mid.IsEmpty);
        Assert.Equal(0, media.PTimeMilliseconds);
        Assert.Equal(0, session.GroupCount);
    }

    [Fact]
    public void EveryPrefixAndManyMutations_NeverThrow()
    {
        byte[] whole = Bytes(Lines("v=0", "o=- 1 1 IN IP6 ::1", "s=-", "c=IN IP6 2001:db8::1", "t=0 0", "a=group:BUNDLE a", "m=audio 5000/2 RTP/SAVPF 0 96", "a=rtpmap:96 opus/48000/2",
            "a=fmtp:96 x=1", "a=rtcp:1 IN IP4 192.0.2.1", "a=mid:a", "a=candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr 192.0.2.2 rport 5", "a=crypto:1 S inline:k", "a=T38MaxBitRate:1"));
        var session = new SdpSession();
        for (int length = 0; length <= whole.Length; length++) SdpParser.TryRead(whole.AsSpan(0, length), session, out _);
        for (int seed = 0; seed < 3000; seed++)
        {
            byte[] bytes = whole;
            SipMutation.Apply(ref bytes, new Random(seed));
            SdpParser.TryRead(bytes, session, out _);
            Assert.True(session.Media.Length <= 16);
            foreach (SdpMedia media in session.Media)
            {
                Assert.True(media.Lines.Length <= bytes.Length);
                foreach (SdpFormat format in media.Formats) Assert.True(format.Text.Length + format.EncodingName.Length + format.Fmtp.Length <= 2 * bytes.Length);
                Assert.NotNull(session.TransportOf(media));
            }
        }
    }

    private static SdpSession Read(params string[] lines)
    {
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(Bytes(Lines(lines)), session, out SdpRejection reason), reason.ToString());
        return session;
    }

    private static string Lines(params string[] lines) => string.Concat(lines.Select(line => line + "\r\n"));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
