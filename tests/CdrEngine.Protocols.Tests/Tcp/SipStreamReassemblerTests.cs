using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Tcp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Tcp;

public sealed class SipStreamReassemblerTests
{
    private static readonly string Invite = SipText.Invite(1, SipText.Sdp + SipText.Sdp + SipText.Sdp);
    private static readonly string Ok = SipText.Response(200, 1, SipText.Sdp);

    [Fact]
    public void Message_InOneSegment_IsHandedOverWithItsFrame()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).B(2000, Ok);
        Assert.Equal(
            [
                new SeenMessage(Invite, Transport.Tcp, TcpRig.Alice, TcpRig.Bob, 4, "4"),
                new SeenMessage(Ok, Transport.Tcp, TcpRig.Bob, TcpRig.Alice, 5, "5"),
            ],
            rig.Messages);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Messages_SeveralInOneSegment_AreAllHandedOver()
    {
        string second = SipText.Request("ACK", 2);
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite + second + Invite);
        Assert.Equal([Invite, second, Invite], rig.Texts);
        Assert.All(rig.Messages, static m => Assert.Equal("4", m.Frames));
    }

    [Fact]
    public void Message_InManySegments_CarriesAllItsFrames()
    {
        TcpRig rig = new TcpRig().Handshake();
        for (int i = 0; i < Invite.Length; i += 100) rig.A((uint)(1000 + i), Invite.Substring(i, Math.Min(100, Invite.Length - i)));
        int frames = (Invite.Length + 99) / 100;
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(string.Join(' ', Enumerable.Range(4, frames)), rig.Messages[0].Frames);
        Assert.Equal(3 + frames, rig.Messages[0].Milliseconds);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Segment_ThatBearsPartsOfTwoMessages_IsGivenWithBoth()
    {
        string both = Invite + Ok;
        int cut1 = Invite.Length - 10;
        int cut2 = Invite.Length + 10;
        TcpRig rig = new TcpRig().Handshake().A(1000, both[..cut1]).A((uint)(1000 + cut1), both[cut1..cut2]).A((uint)(1000 + cut2), both[cut2..]);
        Assert.Equal(["4 5", "5 6"], rig.Messages.Select(static m => m.Frames));
        Assert.Equal([5L, 6L], rig.Messages.Select(static m => m.Milliseconds));
    }

    [Fact]
    public void Segments_OutOfOrder_AreSortedAndTheCompletingFrameGivesTheTime()
    {
        int third = Invite.Length / 3;
        TcpRig rig = new TcpRig().Handshake()
            .A((uint)(1000 + (2 * third)), Invite[(2 * third)..])
            .A((uint)(1000 + third), Invite[third..(2 * third)])
            .A(1000, Invite[..third]);
        Assert.Equal([new SeenMessage(Invite, Transport.Tcp, TcpRig.Alice, TcpRig.Bob, 6, "4 5 6")], rig.Messages);
        Assert.Equal(2, rig[TcpCounter.OutOfOrder]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Message_BehindAFilledHole_HasTheTimeTheReceiverGotItAndItsOwnFrameOnly()
    {
        TcpRig rig = new TcpRig().Handshake().A((uint)(1000 + Invite.Length), Ok).A(1000, Invite);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(["5", "4"], rig.Messages.Select(static m => m.Frames));
        Assert.Equal([5L, 5L], rig.Messages.Select(static m => m.Milliseconds));
    }

    [Fact]
    public void Retransmission_OfAHandedOverSegment_ChangesNothing()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).A(1000, Invite).A(999, "X");
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(2, rig[TcpCounter.Retransmissions]);
    }

    [Fact]
    public void Retransmission_OfAWaitingSegment_IsNotKeptTwice()
    {
        string tail = Invite[100..];
        TcpRig rig = new TcpRig().Handshake().A(1100, tail).A(1100, tail).A(1000, Invite[..100]);
        Assert.Equal(["4 6"], rig.Messages.Select(static m => m.Frames));
        Assert.Equal(1, rig[TcpCounter.Retransmissions]);
    }

    [Fact]
    public void Overlap_WithDifferentBytes_TheFirstReceivedWin()
    {
        string body = string.Concat(Enumerable.Range(0, 500).Select(static i => (char)('a' + (i % 26))));
        string message = SipText.Invite(1, body);
        int head = message.Length - body.Length;
        uint at = 1000 + (uint)head;
        TcpRig rig = new TcpRig().Handshake()
            .A(at + 200, body[200..300])
            .A(at + 180, new string('#', 60))       // 20 new, then 40 known
            .A(1000, message[..(head + 190)])       // new but for the last 10
            .A(at + 150, body[150..350])            // known up to 300
            .A(at + 350, body[350..]);
        Assert.Equal([message[..(head + 180)] + new string('#', 20) + body[200..]], rig.Texts);
        Assert.Equal("4 5 6 7 8", rig.Messages[0].Frames);
        Assert.Equal(3, rig[TcpCounter.Overlaps]);
    }

    [Fact]
    public void Overlap_ThatCoversSeveralWaitingPieces_FillsTheGapsBetweenThem()
    {
        TcpRig rig = new TcpRig().Handshake()
            .A(1300, Invite[300..310]).A(1100, Invite[100..110]).A(1200, Invite[200..210])
            .A(1050, Invite[50..])
            .A(1000, Invite[..50]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal("4 5 6 7 8", rig.Messages[0].Frames);
    }

    [Theory]
    [InlineData(0xFFFFFFF0)]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0x00000000)]
    [InlineData(0x7FFFFFFF)]
    public void Sequence_ThatWraps_IsFollowed(uint first)
    {
        TcpRig rig = new TcpRig().Handshake(first);
        uint at = first;
        foreach (int cut in new[] { 10, 200, Invite.Length - 1, Invite.Length })
        {
            int from = (int)(at - first);
            rig.A(at, Invite[from..cut]);
            at = first + (uint)cut;
        }

        rig.A(at + (uint)Ok.Length, Invite).A(at, Ok);
        Assert.Equal([Invite, Ok, Invite], rig.Texts);
    }

    [Fact]
    public void MidStream_WithoutSyn_SyncsAtTheFirstMessage()
    {
        TcpRig rig = new TcpRig().A(5000, "ipt=1\r\n\r\n" + SipText.Sdp + Invite + Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.MidStreamStarts]);
    }

    [Fact]
    public void MidStream_InABodyWithoutLineEnd_FindsTheMethodBehindIt()
    {
        TcpRig rig = new TcpRig().A(5000, "{\"a\":1}" + Invite);
        Assert.Equal([Invite], rig.Texts);
    }

    [Fact]
    public void MidStream_InAStatusFragmentBody_IsNotTakenForAMessage()
    {
        TcpRig rig = new TcpRig().A(5000, "gment\r\n\r\nSIP/2.0 200 OK\r\n" + Invite + "\r\n");
        Assert.Equal([Invite], rig.Texts);
    }

    [Theory]
    [InlineData("SIP/2.0 200 OK\r\n")]
    [InlineData("SIP/2.0 200 OK")]
    [InlineData("SIP/2.0 200 OK\r\nX: y\r\n")]
    [InlineData("SIP/2.0 200 OK\r\nX: y\r\n\r\n")]
    [InlineData("ACK sip:b@c SIP/2.0\r\nX: SIP/2.0 200 OK\r\n\r\n")]
    [InlineData("A: SIP/2.0 200 OK\r\nB: SIP/2.0 200 OK\r\nC: SIP/2.0 200 OK\r\n")]
    [InlineData("SIP/2.0 200 OK\r\nSIP/2.0 200 OK\r\nSIP/2.0 200 OK\r\n")]
    public void MidStream_WithWhatOnlyLooksLikeAMessage_FindsTheRealOne(string before)
    {
        foreach (string real in new[] { Invite, Ok })
        {
            // Two messages glued to a status line cannot be told apart.
            if (real == Ok && !before.EndsWith('\n')) continue;
            string all = "rest\r\n" + before + real + Ok;
            TcpRig rig = new TcpRig().A(1, all);
            Assert.Equal([real, Ok], rig.Texts);
            TcpRig slow = new();
            for (int i = 0; i < all.Length; i += 3) slow.A((uint)(1 + i), all.Substring(i, Math.Min(3, all.Length - i)));
            Assert.Equal([real, Ok], slow.Texts);
        }
    }

    [Fact]
    public void Hole_InTheMethod_DoesNotMakeAnotherMethodOfTheRest()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).A(1005 + (uint)Invite.Length, Invite[5..] + Ok).Complete();
        Assert.Equal([Invite, Ok], rig.Texts);
    }

    [Theory]
    [InlineData("FOO")]
    [InlineData("INVITE")]
    public void Method_EvenUnknown_IsFoundAfterALineEnd(string method)
    {
        string message = SipText.Request(method, 7);
        TcpRig rig = new TcpRig().A(1, "rest\r").A(6, "\n" + message[..20]).A(27, message[20..]);
        Assert.Equal([message], rig.Texts);
    }

    [Fact]
    public void Syn_WithANewSequence_StartsTheStreamAnew()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).A(1000 + (uint)Invite.Length, Invite[..50])
            .Handshake(900_000_000, 700_000_000).A(900_000_000, Invite).B(700_000_000, Ok);
        Assert.Equal([Invite, Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.Reused]);
        Assert.Equal(1, rig[TcpCounter.MessagesCut]);
    }

    [Fact]
    public void Syn_Repeated_ChangesNothing()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite[..50]).A(999, "", TcpFlags.Syn).A(1050, Invite[50..]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(0, rig[TcpCounter.Reused]);
    }

    [Fact]
    public void Syn_FromTheOtherSide_StartsTheStreamAnewOnReversedRoles()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite)
            .B(5_000_000, "", TcpFlags.Syn).A(6_000_000, "", TcpFlags.Syn | TcpFlags.Acknowledge, 5_000_001).B(5_000_001, Ok).A(6_000_001, Invite);
        Assert.Equal([Invite, Ok, Invite], rig.Texts);
    }

    [Fact]
    public void SynAck_Alone_TellsWhereBothSidesBegin()
    {
        TcpRig rig = new TcpRig().B(1999, "", TcpFlags.Syn | TcpFlags.Acknowledge, 1000).A(1050, Invite[50..]).A(1000, Invite[..50]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(0, rig[TcpCounter.MidStreamStarts]);
    }

    [Fact]
    public void NewConnection_WhoseSynWasLost_IsFoundByItsFirstMessage()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).A(3_000_000_000, Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
    }

    [Fact]
    public void StraySegment_FarAway_IsLeftOutAndTheStreamGoesOn()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite[..100]).A(3_000_000_000, "junk").A(1100, Invite[100..]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.OutOfWindow]);
    }

    [Fact]
    public void StraySegments_ThatFollowEachOther_AreTheStreamNow()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).A(3_000_000_000, "junk").A(3_000_000_004, "more\r\n" + Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
    }

    [Fact]
    public void Fin_OfBothSides_ClosesAndLateRepetitionsAreStillKnown()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite, TcpFlags.Fin | TcpFlags.Acknowledge).B(2000, Ok, TcpFlags.Fin | TcpFlags.Acknowledge)
            .A(1000, Invite);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.Closed]);
        Assert.Equal(1, rig.Reassembler.ConnectionCount);
        rig.Advance(31_000);
        Assert.Equal(0, rig.Reassembler.ConnectionCount);
    }

    [Fact]
    public void Reset_InTheMiddleOfAMessage_CountsItAsCut()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite[..200]).B(2000, "", TcpFlags.Reset).Advance(60_000);
        Assert.Empty(rig.Messages);
        Assert.Equal(1, rig[TcpCounter.MessagesCut]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("\n")]
    public void KeepAlive_BetweenMessages_IsSkippedAndCounted(string keepAlive)
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, keepAlive).A(1000 + (uint)keepAlive.Length, Invite + keepAlive + Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(2, rig[TcpCounter.KeepAlives]);
    }

    [Theory]
    [InlineData("Content-Length: 4")]
    [InlineData("content-length:4")]
    [InlineData("CONTENT-LENGTH  :   4  ")]
    [InlineData("l: 4")]
    [InlineData("L:0004")]
    [InlineData("Content-Length:\r\n 4")]
    [InlineData("Content-Length: \r\n\t 4")]
    [InlineData("Content-Length: 4\r\nContent-Length: 4")]
    public void ContentLength_InAnyForm_EndsTheMessage(string header)
    {
        string message = $"MESSAGE sip:b@c SIP/2.0\r\nVia: x\r\nCall-ID: y\r\n{header}\r\n\r\nbody";
        TcpRig rig = new TcpRig().Handshake().A(1000, message + Ok);
        Assert.Equal([message, Ok], rig.Texts);
        Assert.Equal(0, rig[TcpCounter.SyncLost]);
        Assert.Equal(0, rig[TcpCounter.InvalidContentLength]);
    }

    [Theory]
    [InlineData("", 1, 0)]
    [InlineData("Content-Length: x\r\n", 0, 1)]
    [InlineData("Content-Length: -4\r\n", 0, 1)]
    [InlineData("Content-Length: 99999999999999999999\r\n", 0, 1)]
    [InlineData("Content-Length: 0\r\nContent-Length: 7\r\n", 0, 1)]
    [InlineData("X-Content-Length: 9\r\n", 1, 0)]
    public void ContentLength_MissingOrWrong_IsTakenAsZeroAndCounted(string header, int missing, int invalid)
    {
        string message = $"OPTIONS sip:b@c SIP/2.0\r\nVia: x\r\nCall-ID: y\r\n{header}\r\n";
        TcpRig rig = new TcpRig().Handshake().A(1000, message + Ok);
        Assert.Equal([message, Ok], rig.Texts);
        Assert.Equal(missing, rig[TcpCounter.MissingContentLength]);
        Assert.Equal(invalid, rig[TcpCounter.InvalidContentLength]);
    }

    [Fact]
    public void MissingContentLength_WithABodyAfterAll_LosesTheBodyAndFindsTheNextMessage()
    {
        string head = "INVITE sip:b@c SIP/2.0\r\nVia: x\r\nCall-ID: y\r\n\r\n";
        TcpRig rig = new TcpRig().Handshake().A(1000, head + SipText.Sdp + Ok);
        Assert.Equal([head, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.SyncLost]);
        Assert.Equal(SipText.Sdp.Length, rig[TcpCounter.SearchedBytes]);
    }

    [Fact]
    public void LineEnds_WithoutCarriageReturn_AreUnderstood()
    {
        string message = SipText.Invite(1, "body").Replace("\r\n", "\n", StringComparison.Ordinal);
        TcpRig rig = new TcpRig().Handshake().A(1000, message + Ok);
        Assert.Equal([message, Ok], rig.Texts);
    }

    [Fact]
    public void Hole_InABody_LosesThatMessageOnly()
    {
        string body = "SIP/2.0 200 OK\r\nVia: fake\r\nCall-ID: fake\r\nContent-Length: 0\r\n\r\n" + new string('x', 200);
        string message = SipText.Invite(1, body);
        int head = message.Length - body.Length;
        TcpRig rig = new TcpRig().Handshake()
            .A(1000, message[..head])
            .A((uint)(1000 + head + 0) + 100, body[100..])
            .A((uint)(1000 + message.Length), Ok)
            .B(2000, "", ack: (uint)(1000 + message.Length + Ok.Length));
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.HolesAcknowledged]);
        Assert.Equal(100, rig[TcpCounter.HoleBytes]);
        Assert.Equal(1, rig[TcpCounter.MessagesCut]);
        Assert.Equal("6", rig.Messages[0].Frames);
        Assert.Equal(6, rig.Messages[0].Milliseconds);
    }

    [Fact]
    public void Hole_InHeaders_GoesOnAtTheNextMessage()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite[..60]).A(1160, Invite[160..] + Ok).Advance(2_004).Advance(2_006);
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.HolesExpired]);
        Assert.Equal(5, rig.Messages[0].Milliseconds);
    }

    [Fact]
    public void Hole_NotOldEnough_IsWaitedFor()
    {
        TcpRig rig = new TcpRig().Handshake().A(1100, Invite[100..]).Advance(2_002);
        Assert.Empty(rig.Messages);
        rig.A(1000, Invite[..100]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(0, rig[TcpCounter.HoleBytes]);
    }

    [Fact]
    public void Hole_WithTooManySegmentsBehind_IsSkipped()
    {
        TcpRig rig = new TcpRig(new TcpLimits { HoleSegments = 4 }).Handshake();
        uint at = 1001;
        for (int i = 0; i < 5; i++, at += (uint)Ok.Length) rig.A(at, Ok);
        Assert.Equal(5, rig.Messages.Count);
        Assert.Equal(1, rig[TcpCounter.HolesOverfull]);
    }

    [Fact]
    public void Hole_WithTooManyBytesBehind_IsSkipped()
    {
        TcpRig rig = new TcpRig(new TcpLimits { HoleBytes = 1000 }).Handshake();
        uint at = 1001;
        for (int i = 0; i < 5; i++, at += (uint)Ok.Length) rig.A(at, Ok);
        Assert.Equal(5, rig.Messages.Count);
        Assert.Equal(1, rig[TcpCounter.HolesOverfull]);
    }

    [Fact]
    public void Holes_Several_AreSkippedOneAfterTheOther()
    {
        uint length = (uint)Ok.Length;
        TcpRig rig = new TcpRig().Handshake().A(1001, Ok).A(1002 + length, Ok).A(1003 + (2 * length), Ok)
            .B(2000, "", ack: 1003 + (3 * length));
        Assert.Equal(3, rig.Messages.Count);
        Assert.Equal(3, rig[TcpCounter.HolesAcknowledged]);
        Assert.Equal(3, rig[TcpCounter.HoleBytes]);
    }

    [Fact]
    public void Acknowledgement_BeforeTheSegmentBehindTheHole_IsRemembered()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).B(2000, "", ack: 1000 + (uint)Invite.Length + 500)
            .A(1000 + (uint)Invite.Length + 500, Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.HolesAcknowledged]);
    }

    [Fact]
    public void Acknowledgement_OfWhatIsThere_SkipsNothing()
    {
        TcpRig rig = new TcpRig().Handshake().A(1100, Invite[100..]).B(2000, "", ack: 1000).A(1000, Invite[..100]);
        Assert.Equal([Invite], rig.Texts);
    }

    [Fact]
    public void SegmentCutByTheSnapLength_IsAHoleThatNobodyWaitsFor()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite[..100], cut: true).A((uint)(1000 + Invite.Length), Ok);
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.HolesKnown]);
        Assert.Equal(1, rig[TcpCounter.Truncated]);
    }

    [Fact]
    public void Complete_HandsOverWhatWaitedBehindHoles()
    {
        TcpRig rig = new TcpRig().Handshake().A(1500, Ok).Complete();
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(0, rig.Reassembler.ConnectionCount);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    public static TheoryData<string, string, TcpCounter> ForeignStreams => new()
    {
        { "tls client hello", "\u0016\u0003\u0001\u0001\u0000" + new string('\u0001', 50), TcpCounter.IgnoredTls },
        { "http request", "POST /x HTTP/1.1\r\nHost: y\r\n\r\n", TcpCounter.IgnoredHttp },
        { "http get", "GET /x HTTP/1.1\r\nHost: y\r\n\r\n", TcpCounter.IgnoredHttp },
        { "http options", "OPTIONS * HTTP/1.1\r\nHost: y\r\n\r\n", TcpCounter.IgnoredHttp },
        { "http response", "HTTP/1.1 200 OK\r\nHost: y\r\n\r\n", TcpCounter.IgnoredHttp },
        { "websocket of something else", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n\r\n", TcpCounter.IgnoredHttp },
        { "http 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", TcpCounter.IgnoredHttp },
        { "rtsp", "DESCRIBE rtsp://x/y RTSP/1.0\r\nCSeq: 1\r\n\r\n", TcpCounter.IgnoredOther },
        { "ssh", "SSH-2.0-OpenSSH_9.2\r\n", TcpCounter.IgnoredOther },
        { "smtp", "220 mail.example.org ESMTP\r\n", TcpCounter.IgnoredOther },
        { "binary", "\u0000\u0001\u0002\u0003", TcpCounter.IgnoredOther },
        { "HEP", "HEP3\u0000\u0050\u0000\u0000", TcpCounter.IgnoredOther },
        { "a word without end", new string('A', 60), TcpCounter.IgnoredOther },
        { "a line without end", "INVITE " + new string('a', 9000), TcpCounter.IgnoredOther },
    };

    [Theory]
    [MemberData(nameof(ForeignStreams))]
    public void Stream_OfAnotherProtocol_IsIgnoredAndHoldsNothing(string name, string bytes, TcpCounter counter)
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, bytes).A(1000 + (uint)bytes.Length, "whatever").B(2000, "back");
        Assert.NotEmpty(name);
        Assert.Equal(1, rig[counter]);
        Assert.Equal(1, rig[TcpCounter.IgnoredTls] + rig[TcpCounter.IgnoredHttp] + rig[TcpCounter.IgnoredOther]);
        Assert.Equal(2, rig[TcpCounter.IgnoredSegments]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Theory]
    [MemberData(nameof(ForeignStreams))]
    public void Stream_OfAnotherProtocolByteByByte_IsIgnoredAlike(string name, string bytes, TcpCounter counter)
    {
        TcpRig rig = new TcpRig().Handshake();
        for (int i = 0; i < bytes.Length; i++) rig.A((uint)(1000 + i), bytes[i].ToString());
        Assert.NotEmpty(name);
        Assert.Equal(1, rig[counter]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void MidStream_OfTls_IsIgnoredAtItsFirstRecord()
    {
        TcpRig rig = new TcpRig().A(7, "\u0017\u0003\u0003\u0000\u0020" + new string('z', 32)).A(44, "more");
        Assert.Equal(1, rig[TcpCounter.IgnoredTls]);
        Assert.Equal(1, rig[TcpCounter.IgnoredSegments]);
    }

    [Fact]
    public void MidStream_WithoutAnySip_IsIgnoredAfterTheSearchLimit()
    {
        TcpRig rig = new TcpRig(new TcpLimits { SearchBytes = 20_000 });
        string noise = string.Concat(Enumerable.Repeat("noise\n", 200));
        uint at = 1;
        for (int i = 0; i < 40; i++, at += (uint)noise.Length) rig.A(at, noise);
        Assert.Equal(1, rig[TcpCounter.IgnoredOther]);
        Assert.InRange(rig[TcpCounter.SearchedBytes], 20_000, 22_000);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void IgnoredConnection_OnWhichSipBegins_IsRevived()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, "220 hello\r\n").A(9_000_000, Invite).B(4_000_000, Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.Revived]);
    }

    [Fact]
    public void SipStream_ThatTurnsToNoise_IsSearchedAndFoundAgain()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite + "noise, noise\r\nand more" + Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.SyncLost]);
    }

    [Fact]
    public void Message_LongerThanTheLimit_IsSkippedWholeAndTheNextOneFound()
    {
        string large = SipText.Invite(1, new string('x', 3000));
        TcpRig rig = new TcpRig(new TcpLimits { MessageBytes = 2000 }).Handshake();
        string all = large + Ok;
        for (int i = 0; i < all.Length; i += 700) rig.A((uint)(1000 + i), all.Substring(i, Math.Min(700, all.Length - i)));
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.MessageTooLarge]);
    }

    [Fact]
    public void Message_OfExactlyTheLimit_IsHandedOver()
    {
        int overhead = SipText.Invite(1, new string('x', 100_000)).Length - 100_000;
        string message = SipText.Invite(1, new string('x', (256 * 1024) - overhead));
        Assert.Equal(256 * 1024, message.Length);
        TcpRig rig = new TcpRig().Handshake();
        for (int i = 0; i < message.Length; i += 1448) rig.A((uint)(1000 + i), message.Substring(i, Math.Min(1448, message.Length - i)));
        Assert.Equal([message], rig.Texts);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Headers_LongerThanTheLimit_AreLeft()
    {
        string endless = Invite[..60] + string.Concat(Enumerable.Repeat("\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 60));
        TcpRig rig = new TcpRig(new TcpLimits { HeaderBytes = 2000 }).Handshake().A(1000, endless).A((uint)(1000 + endless.Length), "\r\n" + Ok);
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.HeaderTooLarge]);
    }

    [Fact]
    public void Stream_OverItsBytes_LosesWhatItHeldAndGoesOn()
    {
        string large = SipText.Invite(1, new string('x', 9000));
        TcpRig rig = new TcpRig(new TcpLimits { StreamBytes = 5000 }).Handshake();
        string all = large + Ok;
        for (int i = 0; i < all.Length; i += 700) rig.A((uint)(1000 + i), all.Substring(i, Math.Min(700, all.Length - i)));
        Assert.Equal([Ok], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.StreamBytesExceeded]);
        Assert.Equal(1, rig[TcpCounter.MessagesCut]);
    }

    [Fact]
    public void AllStreams_OverTheirBytes_TheLeastRecentlyFilledIsDropped()
    {
        TcpRig rig = new TcpRig(new TcpLimits { TotalBytes = 2000 });
        var one = new Endpoint(TcpRig.Alice.Address, 1);
        var two = new Endpoint(TcpRig.Alice.Address, 2);
        var three = new Endpoint(TcpRig.Alice.Address, 3);
        byte[] first = Encoding.Latin1.GetBytes(Invite[..350]);
        byte[] rest = Encoding.Latin1.GetBytes(Invite[350..]);
        rig.Segment(one, TcpRig.Bob, 1, first).Segment(two, TcpRig.Bob, 1, first).Segment(three, TcpRig.Bob, 1, first);
        Assert.Equal(1, rig[TcpCounter.TotalBytesExceeded]);
        Assert.InRange(rig.Reassembler.HeldBytes, 1, 2000);
        rig.Segment(one, TcpRig.Bob, 351, rest).Segment(two, TcpRig.Bob, 351, rest).Segment(three, TcpRig.Bob, 351, rest);
        Assert.Equal([two, three], rig.Messages.Select(static m => m.Source));
    }

    [Fact]
    public void Connections_OverTheirLimit_TheLeastRecentlyActiveGoesAndClosedOnesFirst()
    {
        TcpRig rig = new TcpRig(new TcpLimits { Connections = 3 });
        byte[] half = Encoding.Latin1.GetBytes(Invite[..200]);
        byte[] rest = Encoding.Latin1.GetBytes(Invite[200..]);
        Endpoint[] callers = [.. Enumerable.Range(1, 5).Select(static n => new Endpoint(TcpRig.Alice.Address, (ushort)n))];
        rig.Segment(callers[0], TcpRig.Bob, 1, half).Segment(callers[1], TcpRig.Bob, 1, half);
        rig.Segment(callers[2], TcpRig.Bob, 1, half, TcpFlags.Fin).Segment(TcpRig.Bob, callers[2], 1, half, TcpFlags.Fin);
        rig.Segment(callers[3], TcpRig.Bob, 1, half);                                         // the closed one goes
        rig.Segment(callers[0], TcpRig.Bob, 201, rest).Segment(callers[4], TcpRig.Bob, 1, half); // then caller 1
        rig.Segment(callers[3], TcpRig.Bob, 201, rest).Segment(callers[4], TcpRig.Bob, 201, rest);
        Assert.Equal([callers[0], callers[3], callers[4]], rig.Messages.Select(static m => m.Source));
        Assert.Equal(2, rig[TcpCounter.Evicted]);
        Assert.Equal(3, rig.Reassembler.ConnectionCount);
    }

    [Fact]
    public void Connection_IdleTooLong_IsForgottenAndFoundAgain()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, Invite).Advance(599_000);
        Assert.Equal(1, rig.Reassembler.ConnectionCount);
        rig.Advance(601_000);
        Assert.Equal(0, rig.Reassembler.ConnectionCount);
        Assert.Equal(1, rig[TcpCounter.Idle]);
        rig.A(1000 + (uint)Invite.Length, Ok);
        Assert.Equal([Invite, Ok], rig.Texts);
    }

    [Fact]
    public void Segment_WithoutPayloadOfAnUnknownConnection_TakesNoRoom()
    {
        TcpRig rig = new TcpRig().A(1, "").A(2, "", TcpFlags.Fin).A(3, "x", TcpFlags.Reset);
        Assert.Equal(0, rig.Reassembler.ConnectionCount);
        Assert.Equal(3, rig[TcpCounter.Segments]);
    }

    [Fact]
    public void Segment_FromIpFragments_GivesAllItsFramesInCaptureOrder()
    {
        byte[] marker = new byte[8];
        marker[0] = 77;
        var fragments = new FrameBuffer();
        fragments.Append(new CapturedPacket { CapturedAt = new Timestamp(1500), LinkType = LinkType.Ethernet, OriginalLength = 8, Bytes = marker });
        byte[] bytes = Encoding.Latin1.GetBytes(Invite);
        TcpRig rig = new TcpRig()
            .Segment(TcpRig.Alice, TcpRig.Bob, 0, [], TcpFlags.Syn)                 // frame 1 at 1 ms
            .Segment(TcpRig.Alice, TcpRig.Bob, 1, bytes[..100])                     // frame 2 at 2 ms, after the fragment at 1.5 ms
            .Segment(TcpRig.Alice, TcpRig.Bob, 201, bytes[200..], fragments: fragments)
            .Segment(TcpRig.Alice, TcpRig.Bob, 101, bytes[100..200]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal("77 2 3 4", rig.Messages[0].Frames);
        rig.Segment(TcpRig.Alice, TcpRig.Bob, 1 + (uint)bytes.Length, bytes, fragments: fragments);
        Assert.Equal("77 5", rig.Messages[1].Frames);
    }

    [Fact]
    public void Frames_OfALongStreamNeverAtRest_AreReleased()
    {
        // Every segment ends in the middle of a message, so that the buffer is never empty.
        string all = string.Concat(Enumerable.Range(1, 400).Select(static n => SipText.Invite(n, SipText.Sdp)));
        TcpRig rig = new TcpRig().Handshake();
        for (int i = 0; i < all.Length; i += 201) rig.A((uint)(1000 + i), all.Substring(i, Math.Min(201, all.Length - i)));
        Assert.Equal(400, rig.Messages.Count);
        Assert.Equal(all, string.Concat(rig.Texts));
        Assert.Equal(0, rig[TcpCounter.StreamBytesExceeded]);
        Assert.Equal("4 5", rig.Messages[0].Frames);
        int frames = (all.Length + 200) / 201;
        Assert.EndsWith($"{3 + frames}", rig.Messages[^1].Frames, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPrefix_OfAStream_GivesTheWholeMessagesInIt()
    {
        string all = Invite + "\r\n\r\n" + Ok + SipText.Request("BYE", 3, "", "l");
        string[] messages = [Invite, Ok, SipText.Request("BYE", 3, "", "l")];
        int[] ends = [Invite.Length, Invite.Length + 4 + Ok.Length, all.Length];
        for (int length = 0; length <= all.Length; length++)
        {
            TcpRig rig = new TcpRig().Handshake().A(1000, all[..length]).Complete();
            Assert.Equal(messages.Take(ends.Count(e => e <= length)), rig.Texts);
        }
    }
}
