using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Tcp;
using CdrEngine.Protocols.Tests.Tcp;
using CdrEngine.Protocols.WebSocket;
using Xunit;

namespace CdrEngine.Protocols.Tests.WebSocket;

public sealed class WebSocketTests
{
    private static readonly string Invite = SipText.Invite(1, SipText.Sdp);
    private static readonly string Ok = SipText.Response(200, 1, SipText.Sdp);

    [Fact]
    public void Handshake_ForSip_TurnsBothSidesIntoWebSocket()
    {
        TcpRig rig = Opened(out uint a, out uint b);
        rig.A(a, WebSocketFrames.Frame(Invite, masked: true)).B(b, WebSocketFrames.Frame(Ok));
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal([Transport.Ws, Transport.Ws], rig.Messages.Select(static m => m.Transport));
        Assert.Equal(["6", "7"], rig.Messages.Select(static m => m.Frames));
        Assert.Equal(2, rig[TcpCounter.WebSocketMessages]);
        Assert.Equal(2, rig[TcpCounter.WebSocketStreams]);
    }

    [Fact]
    public void Handshake_OfOneSideOnly_IsEnoughForIt()
    {
        TcpRig rig = new TcpRig().B(1, WebSocketFrames.Agreed + Encoding.Latin1.GetString(WebSocketFrames.Frame(Ok)));
        Assert.Equal([Ok], rig.Texts);
    }

    [Fact]
    public void Handshake_AnsweredWithoutSubProtocol_IsSipWhereTheClientAskedForIt()
    {
        string agreed = WebSocketFrames.Agreed.Replace("Sec-WebSocket-Protocol: sip\r\n", "", StringComparison.Ordinal);
        TcpRig rig = new TcpRig().Handshake().A(1000, WebSocketFrames.Asked).B(2000, agreed).B(2000 + (uint)agreed.Length, WebSocketFrames.Frame(Ok));
        Assert.Equal([Ok], rig.Texts);
        TcpRig other = new TcpRig().Handshake().B(2000, agreed);
        Assert.Equal(1, other[TcpCounter.IgnoredHttp]);
    }

    [Fact]
    public void Handshake_Refused_IsHttp()
    {
        TcpRig rig = new TcpRig().Handshake().A(1000, WebSocketFrames.Asked).B(2000, "HTTP/1.1 403 Forbidden\r\n\r\n");
        Assert.Equal(1, rig[TcpCounter.IgnoredHttp]);
    }

    [Fact]
    public void Handshake_WithoutEnd_IsGivenUpAtItsLimit()
    {
        string endless = "GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 3000));
        TcpRig rig = new TcpRig().Handshake().A(1000, endless);
        Assert.Equal(1, rig[TcpCounter.IgnoredHttp]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MidStream_FramesWithSip_AreRecognised(bool masked)
    {
        byte[] invite = WebSocketFrames.Frame(Invite, masked);
        byte[] ok = WebSocketFrames.Frame(Ok, masked);
        TcpRig rig = new TcpRig().A(1, invite).A(1 + (uint)invite.Length, ok);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.All(rig.Messages, static m => Assert.Equal(Transport.Ws, m.Transport));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Message_AsTextOrBinary_IsRead(int opcode)
    {
        TcpRig rig = Opened(out uint a, out _);
        rig.A(a, WebSocketFrames.Frame(Invite, masked: true, opcode));
        Assert.Equal([Invite], rig.Texts);
    }

    [Fact]
    public void Message_InFragmentsWithAPingBetween_IsJoinedAndThePingsFrameLeftOut()
    {
        TcpRig rig = Opened(out uint a, out _);
        byte[][] parts =
        [
            WebSocketFrames.Frame(Invite[..50], masked: true, 1, final: false, key: 0x01020304),
            WebSocketFrames.Frame("are you there", masked: true, opcode: 9),
            WebSocketFrames.Frame(Invite[50..111], masked: true, 0, final: false, key: 0xFFEEDDCC),
            WebSocketFrames.Frame("", masked: true, 0, final: false),
            WebSocketFrames.Frame(Invite[111..], masked: true, 0, key: 0),
        ];
        foreach (byte[] part in parts)
        {
            rig.A(a, part);
            a += (uint)part.Length;
        }

        Assert.Equal([Invite], rig.Texts);
        Assert.Equal("6 8 9 10", rig.Messages[0].Frames);
        Assert.Equal(1, rig[TcpCounter.WebSocketControls]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(60_000)]
    [InlineData(70_000)]
    public void Message_OfAnyLengthForm_IsReadByteRangeByByteRange(int bodyBytes)
    {
        string message = SipText.Invite(1, new string('x', bodyBytes));
        foreach (bool masked in new[] { true, false })
        {
            TcpRig rig = Opened(out uint a, out _);
            byte[] frame = WebSocketFrames.Frame(message, masked);
            for (int i = 0; i < frame.Length; i += 999) rig.A(a + (uint)i, frame[i..Math.Min(frame.Length, i + 999)]);
            Assert.Equal([message], rig.Texts);
        }
    }

    [Fact]
    public void Message_WithoutContentLength_EndsWithItsFrame()
    {
        string message = "MESSAGE sip:b@c SIP/2.0\r\nVia: x\r\nCall-ID: y\r\n\r\nhello";
        TcpRig rig = Opened(out uint a, out _);
        rig.A(a, WebSocketFrames.Frame(message, masked: true));
        Assert.Equal([message], rig.Texts);
    }

    [Fact]
    public void Message_ThatIsCompressed_IsCountedAndTheNextIsRead()
    {
        TcpRig rig = Opened(out uint a, out _);
        byte[] compressed = WebSocketFrames.Frame("\u00aa\u00bb\u00cc", masked: true, 1, final: false, compressed: true);
        byte[] rest = WebSocketFrames.Frame("\u00dd", masked: true, 0);
        rig.A(a, [.. compressed, .. rest, .. WebSocketFrames.Frame(Invite, masked: true)]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.WebSocketCompressed]);
    }

    [Fact]
    public void Message_ThatIsNoSip_IsCountedAndTheNextIsRead()
    {
        TcpRig rig = Opened(out uint a, out _);
        rig.A(a, [.. WebSocketFrames.Frame("\r\n\r\n", masked: true), .. WebSocketFrames.Frame("{}", masked: true), .. WebSocketFrames.Frame(Invite, masked: true)]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(2, rig[TcpCounter.WebSocketNotSip]);
    }

    [Fact]
    public void Message_LongerThanTheLimit_IsSkippedWholeAndTheNextIsRead()
    {
        TcpRig rig = Opened(out uint a, out _, new TcpLimits { MessageBytes = 1000 });
        byte[] large = WebSocketFrames.Frame(SipText.Invite(1, new string('x', 900)), masked: true);
        rig.A(a, large[..500]).A(a + 500, [.. large[500..], .. WebSocketFrames.Frame(Invite, masked: true)]);
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(1, rig[TcpCounter.MessageTooLarge]);
    }

    [Fact]
    public void Hole_InAFrameWhoseLengthIsKnown_LosesThatMessageOnly()
    {
        TcpRig rig = Opened(out uint a, out _);
        byte[] first = WebSocketFrames.Frame(Invite, masked: true);
        byte[] second = WebSocketFrames.Frame(Ok, masked: true);
        rig.A(a, first[..50]).A(a + 100, [.. first[100..], .. second]).Advance(3_000);
        Assert.Equal([Ok], rig.Texts);
    }

    [Fact]
    public void Hole_OverAFrameHeader_IsLeftAtTheNextSegmentThatBeginsAFrameWithSip()
    {
        TcpRig rig = Opened(out uint a, out _);
        byte[] first = WebSocketFrames.Frame(Invite, masked: true);
        byte[] second = WebSocketFrames.Frame(Ok, masked: true);
        rig.A(a + 100, first[100..]).A(a + (uint)first.Length, second).A(a + (uint)(first.Length + second.Length), first).Advance(3_000);
        Assert.Equal([Ok, Invite], rig.Texts);
        Assert.All(rig.Messages, static m => Assert.Equal(Transport.Ws, m.Transport));
    }

    public static TheoryData<string, byte[], ParseOutcome> Headers => new()
    {
        { "nothing", [], ParseOutcome.NeedMore },
        { "one byte", [0x81], ParseOutcome.NeedMore },
        { "short", [0x81, 0x05], ParseOutcome.Message },
        { "masked without its key", [0x81, 0x85, 1, 2, 3], ParseOutcome.NeedMore },
        { "masked", [0x81, 0x85, 1, 2, 3, 4], ParseOutcome.Message },
        { "16 bits cut", [0x82, 0x7E, 1], ParseOutcome.NeedMore },
        { "16 bits", [0x82, 0x7E, 1, 0], ParseOutcome.Message },
        { "16 bits where 7 do", [0x82, 0x7E, 0, 125], ParseOutcome.Malformed },
        { "64 bits cut", [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0], ParseOutcome.NeedMore },
        { "64 bits", [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], ParseOutcome.Message },
        { "64 bits where 16 do", [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 1, 0], ParseOutcome.Malformed },
        { "64 bits with the top bit", [0x82, 0x7F, 0x80, 0, 0, 0, 0, 1, 0, 0], ParseOutcome.Malformed },
        { "reserved opcode 3", [0x83, 0x05], ParseOutcome.Malformed },
        { "reserved opcode 11", [0x8B, 0x05], ParseOutcome.Malformed },
        { "reserved bit 2", [0xA1, 0x05], ParseOutcome.Malformed },
        { "reserved bit 3", [0x91, 0x05], ParseOutcome.Malformed },
        { "compressed text", [0xC1, 0x05], ParseOutcome.Message },
        { "ping", [0x89, 0x7D], ParseOutcome.Message },
        { "ping in fragments", [0x09, 0x05], ParseOutcome.Malformed },
        { "ping too long", [0x89, 0x7E, 1, 0], ParseOutcome.Malformed },
        { "compressed ping", [0xC9, 0x05], ParseOutcome.Malformed },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void FrameHeader_OfAnyForm_IsJudged(string name, byte[] bytes, ParseOutcome outcome)
    {
        Assert.NotEmpty(name);
        Assert.Equal(outcome, WebSocketFrame.TryRead(bytes, out WebSocketFrame frame));
        Assert.Equal(outcome == ParseOutcome.Message, frame.HeaderBytes > 0);
    }

    [Fact]
    public void Unmask_OfEveryLength_GivesThePayload()
    {
        for (int length = 0; length < 70; length++)
        {
            byte[] payload = [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7))];
            byte[] bytes = WebSocketFrames.Frame(payload, masked: true);
            Assert.Equal(ParseOutcome.Message, WebSocketFrame.TryRead(bytes, out WebSocketFrame frame));
            byte[] plain = new byte[length];
            frame.Unmask(bytes.AsSpan(frame.HeaderBytes), plain);
            Assert.Equal(payload, plain);
        }
    }

    private static TcpRig Opened(out uint a, out uint b, TcpLimits? limits = null)
    {
        a = 1000 + (uint)WebSocketFrames.Asked.Length;
        b = 2000 + (uint)WebSocketFrames.Agreed.Length;
        return new TcpRig(limits).Handshake().A(1000, WebSocketFrames.Asked).B(2000, WebSocketFrames.Agreed);
    }
}
