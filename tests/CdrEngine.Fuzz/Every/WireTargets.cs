using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Fuzz.Link;
using CdrEngine.Fuzz.Msrp;
using CdrEngine.Fuzz.Pcap;
using CdrEngine.Fuzz.Rtp;
using CdrEngine.Fuzz.Sdp;
using CdrEngine.Fuzz.Sip;
using CdrEngine.Fuzz.Srtp;
using CdrEngine.Fuzz.T38;
using CdrEngine.Protocols.Dtls;
using CdrEngine.Protocols.Hep;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtcp;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.WebSocket;
using CdrEngine.TestKit;
using static CdrEngine.Fuzz.Every.FuzzTarget;

namespace CdrEngine.Fuzz.Every;

/// <summary>Decoders of what the wire brings.</summary>
internal static class WireTargets
{
    private static readonly SipMessage Message = new();
    private static readonly SipMessage HotMessage = new();
    private static readonly SdpSession Session = new();
    private static readonly PacketDecoder HotDecoder = new();

    public static IEnumerable<FuzzTarget> All
    {
        get
        {
            byte[] invite = SipText.Invite("c@192.0.2.1", "alice", "bob").With("Contact", "<sip:a@b>, \"x\" <sip:c@d>").WithSdp("192.0.2.1", 4000).ToBytes();
            byte[] frame = PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", invite).Build();
            byte[] rtp = Convert.FromHexString("B2E012340102030 4CAFEBABE0000000100000002BEDE000110FF0000AA000003".Replace(" ", "", StringComparison.Ordinal));
            yield return new FuzzTarget("packet", [frame, PacketBuilder.TcpFrame("[2001:db8::1]:5060", "[2001:db8::2]:5060", 7, "SIP/2.0 200 OK\r\n").Build()], static input => PacketDecoderTarget.Run(input))
            {
                HotPath = static input => HotDecoder.Decode(PacketBuilder.Captured(input, new Timestamp(1)), out _),
            };
            yield return new FuzzTarget("fragments", [.. PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", new byte[3000]).BuildFragments(1400)], static input => FragmentTarget.Run(input));
            yield return new FuzzTarget("tcp", [[.. new byte[40]], [0x08, 0x80, 0, 40, .. invite[..80]]], static input => TcpFuzz.Run(input));
            yield return new FuzzTarget("sctp", [[0, 0, 5, 80, 0, 7, 0, 96, .. new byte[12], .. invite[..80]]], static input => TcpFuzz.RunSctp(input));
            yield return new FuzzTarget("sip", [invite, SipText.Invite("c@192.0.2.1", "alice", "bob").Reply(200).ToBytes()], static input => SipFuzzTarget.Run(input, Message))
            {
                HotPath = static input => SipParser.TryRead(input, HotMessage, out _, out _),
            };
            yield return new FuzzTarget(
                "sip-grammar",
                [
                    Text("\"A. \\\"G.\\\" Bell\" <sip:agb@bell.example:5061;transport=tcp;lr?Subject=x&y=z>;tag=a48s;x=\"q;,\""), Text("<tel:+49-30-1234;phone-context=+49>"), Text("sips:%61lice:pw@[2001:db8::1]:99"),
                    Text("SIP/2.0/UDP [2001:db8::1]:5060;received=192.0.2.1;rport=9;branch=z9hG4bKx"), Text("Q.850;cause=16;text=\"a,b\", SIP;cause=200"), Text("a;b=\"c,d\",<e>,f"),
                ],
                Grammar);
            yield return new FuzzTarget("sdp", [Text(SipText.Sdp("192.0.2.1", 4000)), Text(SipText.Sdp("2001:db8::1", 4000, "sendonly", "0 96 101"))], static input => SdpFuzzTarget.Run(input, Session));
            yield return new FuzzTarget("msrp", [Text("MSRP abcd SEND\r\nTo-Path: msrp://a/b;tcp\r\nFrom-Path: msrp://c/d;tcp\r\nByte-Range: 1-5/5\r\nContent-Type: a/b\r\n\r\nhello\r\n-------abcd$\r\n")], static input => MsrpFuzz.Run(input));
            yield return new FuzzTarget("rtp", [rtp, Convert.FromHexString("80000001000000A00000000701020304")], static input => RtpFuzz.Run(input)) { HotPath = static input => RtpHeader.TryRead(input, out _) };
            yield return new FuzzTarget(
                "rtcp",
                [Convert.FromHexString("80CF00111111111104000002E00000018000000005000003333333330001800000008000070000082222222 20A141E28006401900050003CE2C40F105D7F2A7F30000028005000C8".Replace(" ", "", StringComparison.Ordinal))],
                static input => RtcpFuzz.Run(input));
            yield return new FuzzTarget("t38", [Convert.FromHexString("00001D0100028C018000FFC8"), Convert.FromHexString("0010010680010302040102030 40105".Replace(" ", "", StringComparison.Ordinal))], static input => T38Fuzz.Run(input));
            yield return new FuzzTarget("srtp", [SrtpFuzz.Protect(rtp, 0), Text("inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==|2^20|1:4")], static input => SrtpFuzz.Run(input));
            yield return new FuzzTarget("hep", [HepBuilder.Sip("192.0.2.1:5060", "192.0.2.2:5060", Encoding.Latin1.GetString(invite), key: "k"), HepBuilder.Sip("[2001:db8::1]:1", "[2001:db8::2]:2", "x", protocol: 6), [0x01, 0x10, 0x02, 17, 19, 0xC4, 19, 0xC4, 1, 2, 3, 4, 5, 6, 7, 8, .. invite[..60]]], Hep)
            {
                HotPath = static input => HepParser.TryRead(input, out _, out _, out _),
            };
            yield return new FuzzTarget("rtcp-json", [Text("{\"sender_information\":{\"ntp_timestamp_sec\":1,\"octets\":2,\"packets\":3},\"ssrc\":7,\"type\":200,\"report_blocks\":[{\"source_ssrc\":9,\"fraction_lost\":1,\"packets_lost\":-2,\"ia_jitter\":4,\"dlsr\":5}]}")], RtcpReport);
            yield return new FuzzTarget("websocket", [[0x81, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0x82, 0x7E, 0x01, 0x00, .. new byte[256]], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]], WebSocket)
            {
                HotPath = static input => WebSocketFrame.TryRead(input, out _),
            };
            yield return new FuzzTarget(
                "websocket-handshake", [Text("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip, msrp\r\n\r\n"), Text("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n")], Handshake);
            yield return new FuzzTarget("dtls", [Convert.FromHexString("16FEFD0000000000000000003101000025000000000000 0025FEFD".Replace(" ", "", StringComparison.Ordinal) + new string('A', 64) + "0000000400010002010 00000".Replace(" ", "", StringComparison.Ordinal))], Dtls);
            yield return new FuzzTarget("capture-file", [Capture(false), Capture(true)], static input => CaptureReaderTarget.Run(input)) { AllocationBytes = 64 << 20 };
        }
    }

    private static byte[] Capture(bool isPcapng)
    {
        using var stream = new MemoryStream();
        var container = isPcapng ? CdrEngine.Protocols.Pcap.CaptureContainer.Pcapng : CdrEngine.Protocols.Pcap.CaptureContainer.Pcap;
        using (var writer = CdrEngine.Protocols.Pcap.CaptureWriter.Create(stream, new CdrEngine.Protocols.Pcap.CaptureFormat(container, LinkType.Ethernet, false)))
        {
            for (int i = 0; i < 5; i++) writer.Write(PacketBuilder.UdpFrame("10.0.0.1:5060", "10.0.0.2:5060", new string('x', i)).Capture(Timestamp.FromUnix(i, i)));
        }

        return stream.ToArray();
    }

    // Every view lies in the input, a value parsed twice is the same, lists account for their parts.
    private static void Grammar(byte[] input)
    {
        ReadOnlySpan<byte> text = input;
        NameAddr address = NameAddr.Parse(text);
        Require(address.DisplayName.Length + address.UriText.Length <= text.Length, "the parts of a name-addr are more than it");
        Require(NameAddr.Parse(text).UriText.SequenceEqual(address.UriText), "two readings differ");
        _ = address.DisplayNameText().Length + address.Tag.Length;
        if (SipUri.TryParse(text, out SipUri uri))
        {
            Require(uri.UserName.Length + uri.Host.Length <= text.Length, "the parts of a URI are more than it");
            _ = uri.UserText().Length + (uri.TryGetHeader("Subject"u8, out ReadOnlySpan<byte> value) ? value.Length : 0);
            _ = uri.TryGetAddress(out _);
        }

        if (SipVia.TryParse(text, out SipVia via))
        {
            _ = via.Branch.Length + via.Received.Length + via.RPort;
            _ = via.TryGetTransport(out _);
        }

        ReadOnlySpan<byte> rest = text;
        int taken = 0, turns = 0;
        while (!rest.IsEmpty)
        {
            int before = rest.Length;
            taken += SipList.Take(ref rest).Length;
            Require(rest.Length < before, "a list does not get shorter");
            Require(++turns <= text.Length + 1 && taken <= text.Length, "the values of a list are more than it");
        }
    }

    // Whole and cut: a prefix is never another message. The frame made of it says what it said, by the decoder of frames.
    private static void Hep(byte[] input)
    {
        ParseOutcome outcome = HepParser.TryRead(input, out HepMessage message, out int consumed, out _);
        Require(consumed >= 0 && consumed <= input.Length, "more is consumed than there is");
        if (outcome != ParseOutcome.Message) return;
        Require(message.Payload.Length <= consumed, "a payload longer than the message");
        byte[] payload = message.Payload.ToArray();
        Endpoint source = message.Source;
        if (message.Version == 3)
        {
            for (int length = 0; length < Math.Min(consumed, 200); length++)
                Require(HepParser.TryRead(input.AsSpan(0, length), out _, out _, out _) != ParseOutcome.Message, $"{length} of {consumed} bytes are a message");
        }

        byte[] frame = new byte[HepFrameWriter.MaxFrameBytes];
        int written = new HepFrameWriter().Write(message, frame);
        if (written == 0 || message.Protocol == 132) return;
        DecodeOutcome decoded = new PacketDecoder().Decode(PacketBuilder.Captured(frame[..written], new Timestamp(1)), out DecodedPacket packet);
        if (decoded is not (DecodeOutcome.Udp or DecodeOutcome.Tcp)) return;
        Require(packet.Payload.SequenceEqual(payload) && packet.Source == source, "the frame says something else than the message");
    }

    private static void RtcpReport(byte[] input)
    {
        byte[] packet = new byte[RtcpJson.MaxBytes];
        int length = RtcpJson.Write(input, packet);
        Require(length >= 0 && length <= packet.Length && length % 4 == 0, "no RTCP packet has that length");
        if (length == 0) return;
        var reader = new RtcpReader(packet.AsSpan(0, length));
        Require(reader.MoveNext(), "what was written is no RTCP");
    }

    private static void WebSocket(byte[] input)
    {
        ParseOutcome outcome = WebSocketFrame.TryRead(input, out WebSocketFrame frame);
        Require(outcome == SlowWebSocket(input, out int header, out ulong length), "the slow reader says something else");
        if (outcome != ParseOutcome.Message) return;
        Require(frame.HeaderBytes == header && (ulong)frame.PayloadBytes == length, "header or length differ from the slow reader's");
        for (int cut = 0; cut < header; cut++) Require(WebSocketFrame.TryRead(input.AsSpan(0, cut), out _) == ParseOutcome.NeedMore, "a part of a header is a header");
        ReadOnlySpan<byte> payload = input.AsSpan(header);
        byte[] plain = new byte[payload.Length];
        frame.Unmask(payload, plain);
        for (int i = 0; i < plain.Length; i++)
            Require(plain[i] == (byte)(payload[i] ^ (frame.IsMasked ? input[header - 4 + (i % 4)] : 0)), "the mask is not taken off");
    }

    private static ParseOutcome SlowWebSocket(byte[] input, out int header, out ulong length)
    {
        (header, length) = (0, 0);
        if (input.Length < 1) return ParseOutcome.NeedMore;
        int opcode = input[0] % 16;
        if (input[0] / 16 % 4 != 0 || opcode is (> 2 and < 8) or > 10) return ParseOutcome.Malformed;
        if (input.Length < 2) return ParseOutcome.NeedMore;
        int small = input[1] % 128;
        if (opcode >= 8 && (input[0] < 128 || input[0] / 64 % 2 != 0 || small > 125)) return ParseOutcome.Malformed;
        int extended = small == 126 ? 2 : small == 127 ? 8 : 0;
        header = 2 + extended + (input[1] >= 128 ? 4 : 0);
        if (input.Length < header) return ParseOutcome.NeedMore;
        length = (ulong)small;
        if (extended > 0) length = 0;
        for (int i = 0; i < extended; i++) length = (length * 256) + input[2 + i];
        return length > long.MaxValue || (extended == 2 && length < 126) || (extended == 8 && length < 65_536) ? ParseOutcome.Malformed : ParseOutcome.Message;
    }

    private static void Handshake(byte[] input)
    {
        HandshakeVerdict verdict = WebSocketHandshake.Judge(input);
        Require(verdict == WebSocketHandshake.Judge([.. input]), "two judgements differ");
        _ = WebSocketHandshake.LooksLikeHttp(input);
        Require(!WebSocketHandshake.LooksLikeHttp(input) || WebSocketHandshake.MayBeHandshake(input) || input.Length > 0, "neither");
    }

    // Records account for the datagram; hellos lie within what was read.
    private static void Dtls(byte[] input)
    {
        ReadOnlySpan<byte> rest = input;
        int total = 0;
        while (!rest.IsEmpty)
        {
            int before = rest.Length;
            if (DtlsRecord.TryRead(ref rest, out DtlsRecord record) != ParseOutcome.Message) break;
            Require(before - rest.Length == DtlsRecord.HeaderBytes + record.Body.Length, "a record is not as long as it says");
            total += before - rest.Length;
        }

        Require(total <= input.Length, "the records are more than the datagram");
        var reader = new DtlsHelloReader();
        ReadOnlySpan<byte> datagram = input;
        for (int turn = 0; reader.TryRead(ref datagram, out DtlsHello hello); turn++)
        {
            Require(turn <= input.Length, "the reader does not come to an end");
            Require(hello.RandomValue.Length == DtlsHello.RandomBytes, "a random value of another length");
        }

        bool first = DtlsHello.TryRead(DtlsHelloKind.Client, input, out DtlsHello client);
        bool second = DtlsHello.TryRead(DtlsHelloKind.Client, input, out DtlsHello again);
        Require(first == second && client.RandomValue.SequenceEqual(again.RandomValue) && client.RandomValue.Length is 0 or DtlsHello.RandomBytes, "two readings differ");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
