using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Protocols.Tests.Tcp;

/// <summary>A message as a test sees it: frames by the number that the rig wrote into them.</summary>
public sealed record SeenMessage(string Text, Transport Transport, Endpoint Source, Endpoint Destination, long Milliseconds, string Frames);

/// <summary>Keeps what a reassembler hands over.</summary>
public sealed class MessageList : ISipMessageSink
{
    public List<SeenMessage> Messages { get; } = [];

    public IEnumerable<string> Texts => Messages.Select(static m => m.Text);

    public void OnMessage(in TransportedMessage message)
    {
        var frames = new List<int>();
        foreach (CapturedPacket packet in message.Frames) frames.Add(BinaryPrimitives.ReadInt32LittleEndian(packet.Bytes));
        Messages.Add(new SeenMessage(
            Encoding.Latin1.GetString(message.Bytes),
            message.Transport,
            message.Source,
            message.Destination,
            message.CompletedAt.Microseconds / 1000,
            string.Join(' ', frames)));
    }
}

/// <summary>Feeds hand-made segments; frame n (from 1) is captured at n milliseconds unless the test says otherwise.</summary>
public sealed class TcpRig(TcpLimits? limits = null)
{
    public static readonly Endpoint Alice = new(IpAddress.FromV4(0x0A000001), 40000);
    public static readonly Endpoint Bob = new(IpAddress.FromV4(0x0A000002), 5060);

    private readonly MessageList _list = new();
    private int _number;

    public SipStreamReassembler Reassembler { get; } = new(limits ?? TcpLimits.Default);

    public List<SeenMessage> Messages => _list.Messages;

    public string[] Texts => [.. _list.Texts];

    public long Milliseconds { get; set; }

    public long this[TcpCounter counter] => Reassembler.Counters[counter];

    /// <summary>Caller to callee.</summary>
    public TcpRig A(uint sequence, string payload = "", TcpFlags flags = TcpFlags.Acknowledge, uint ack = 0, bool cut = false) =>
        Segment(Alice, Bob, sequence, Encoding.Latin1.GetBytes(payload), flags, ack, cut);

    public TcpRig A(uint sequence, byte[] payload, TcpFlags flags = TcpFlags.Acknowledge) => Segment(Alice, Bob, sequence, payload, flags);

    /// <summary>Callee to caller.</summary>
    public TcpRig B(uint sequence, string payload = "", TcpFlags flags = TcpFlags.Acknowledge, uint ack = 0, bool cut = false) =>
        Segment(Bob, Alice, sequence, Encoding.Latin1.GetBytes(payload), flags, ack, cut);

    public TcpRig B(uint sequence, byte[] payload, TcpFlags flags = TcpFlags.Acknowledge) => Segment(Bob, Alice, sequence, payload, flags);

    /// <summary>SYN, SYN-ACK, ACK; the first byte of A has sequence <paramref name="a"/>, of B <paramref name="b"/>.</summary>
    public TcpRig Handshake(uint a = 1000, uint b = 2000) =>
        A(a - 1, "", TcpFlags.Syn).B(b - 1, "", TcpFlags.Syn | TcpFlags.Acknowledge, a).A(a, "", TcpFlags.Acknowledge, b);

    public TcpRig Segment(
        Endpoint source, Endpoint destination, uint sequence, byte[] payload, TcpFlags flags = TcpFlags.Acknowledge, uint ack = 0,
        bool cut = false, FrameBuffer? fragments = null)
    {
        byte[] bytes = new byte[8 + payload.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, ++_number);
        payload.CopyTo(bytes, 8);
        Milliseconds = Math.Max(Milliseconds + 1, _number);
        var frame = new CapturedPacket
        {
            CapturedAt = new Timestamp(Milliseconds * 1000),
            LinkType = LinkType.Ethernet,
            OriginalLength = bytes.Length,
            Bytes = bytes,
        };
        var packet = new DecodedPacket
        {
            Protocol = IpProtocol.Tcp,
            Source = source,
            Destination = destination,
            Payload = fragments is null ? bytes.AsSpan(8) : payload,
            TcpSequence = sequence,
            TcpAcknowledgement = ack,
            TcpFlags = flags,
            IsTruncated = cut,
            Fragments = fragments,
        };
        Reassembler.Add(packet, frame, _list);
        return this;
    }

    public TcpRig At(long milliseconds)
    {
        Milliseconds = milliseconds;
        return this;
    }

    public TcpRig Advance(long milliseconds)
    {
        Milliseconds = milliseconds;
        Reassembler.Advance(new Timestamp(milliseconds * 1000), _list);
        return this;
    }

    public TcpRig Complete()
    {
        Reassembler.Complete(_list);
        return this;
    }
}

/// <summary>SIP messages for stream tests.</summary>
public static class SipText
{
    public static string Invite(int n = 1, string body = "") => Request("INVITE", n, body);

    public static string Request(string method, int n = 1, string body = "", string length = "Content-Length") =>
        $"{method} sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK{n}\r\nFrom: <sip:alice@example.org>;tag=a\r\n"
        + $"To: <sip:bob@example.org>\r\nCall-ID: call-{n}\r\nCSeq: {n} {method}\r\n{length}: {body.Length}\r\n\r\n{body}";

    public static string Response(int status = 200, int n = 1, string body = "") =>
        $"SIP/2.0 {status} Whatever\r\nv: SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK{n}\r\nf: <sip:alice@example.org>;tag=a\r\n"
        + $"t: <sip:bob@example.org>;tag=b\r\ni: call-{n}\r\nCSeq: {n} INVITE\r\nl: {body.Length}\r\n\r\n{body}";

    public const string Sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
}
