using System.Text;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>Writes a call that sets up MSRP, and the TCP connection that its messages go over.</summary>
internal sealed class MsrpScene
{
    public const string Alice = "192.0.2.1:2855";
    public const string Bob = "192.0.2.2:2855";
    public const string AlicePath = "msrp://192.0.2.1:2855/alice1;tcp";
    public const string BobPath = "msrp://192.0.2.2:2855/bob1;tcp";
    private uint _aliceNext = 1000, _bobNext = 5000;

    public Scene Scene { get; } = new();

    /// <summary>The call, from 0 s: INVITE, 200, ACK.</summary>
    public MsrpScene SetUp(string callId = "msrp-call")
    {
        SipText invite = SipText.Invite(callId, "alice@example.com", "bob@example.com", fromTag: "f").WithBody("application/sdp", Sdp("192.0.2.1", AlicePath));
        Scene.Sip(0, "192.0.2.1:5060", "192.0.2.2:5060", invite);
        Scene.Sip(0.1, "192.0.2.2:5060", "192.0.2.1:5060", invite.Reply(200).WithBody("application/sdp", Sdp("192.0.2.2", BobPath)));
        Scene.Sip(0.2, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Ack(callId, "alice@example.com", "bob@example.com", fromTag: "f"));
        Scene.Frame(0.3, PacketBuilder.TcpFrame(Alice, Bob, _aliceNext++, flags: 2));
        Scene.Frame(0.31, PacketBuilder.TcpFrame(Bob, Alice, _bobNext++, acknowledgement: _aliceNext, flags: 0x12));
        return this;
    }

    /// <summary>Ends the call.</summary>
    public MsrpScene HangUp(double at, string callId = "msrp-call")
    {
        SipText bye = SipText.Bye(callId, "alice@example.com", "bob@example.com", fromTag: "f");
        Scene.Sip(at, "192.0.2.1:5060", "192.0.2.2:5060", bye).Sip(at + 0.01, "192.0.2.2:5060", "192.0.2.1:5060", bye.Reply(200));
        return this;
    }

    /// <summary>Bytes from one side, cut into segments of this length.</summary>
    public MsrpScene Write(double at, bool isAlice, string text, int segment = 1400)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int start = 0; start < bytes.Length; start += segment)
        {
            byte[] part = bytes[start..Math.Min(start + segment, bytes.Length)];
            Scene.Frame(at, isAlice
                ? PacketBuilder.TcpFrame(Alice, Bob, _aliceNext, part, acknowledgement: _bobNext, flags: 0x10)
                : PacketBuilder.TcpFrame(Bob, Alice, _bobNext, part, acknowledgement: _aliceNext, flags: 0x10));
            if (isAlice) _aliceNext += (uint)part.Length;
            else _bobNext += (uint)part.Length;
            at += 0.0001;
        }

        return this;
    }

    public static string Send(
        string transaction, string messageId, string range, string body, bool isAlice = true, char flag = '$', string type = "text/plain", string more = "") =>
        $"MSRP {transaction} SEND\r\nTo-Path: {(isAlice ? BobPath : AlicePath)}\r\nFrom-Path: {(isAlice ? AlicePath : BobPath)}\r\nMessage-ID: {messageId}\r\n"
        + $"Byte-Range: {range}\r\n{more}Content-Type: {type}\r\n\r\n{body}\r\n-------{transaction}{flag}\r\n";

    public static string Ok(string transaction, bool toAlice = true, string status = "200 OK") =>
        $"MSRP {transaction} {status}\r\nTo-Path: {(toAlice ? AlicePath : BobPath)}\r\nFrom-Path: {(toAlice ? BobPath : AlicePath)}\r\n-------{transaction}$\r\n";

    private static byte[] Sdp(string host, string path) => Encoding.ASCII.GetBytes(
        $"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=accept-types:message/cpim text/plain\r\na=path:{path}\r\n");
}
