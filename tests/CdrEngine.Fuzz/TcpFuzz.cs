using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Fuzz;

/// <summary>Reads its input as a script of TCP segments or SCTP packets on a few connections, under limits small enough to be met, and holds
/// the reassembler to what must always be true.</summary>
/// <remarks>Script: each step is a head of four bytes (who and flags, what, place, length), then raw bytes where the step wants them.</remarks>
public static class TcpFuzz
{
    private static readonly TcpLimits Limits = new()
    {
        Connections = 3,
        MessageBytes = 2000,
        HeaderBytes = 800,
        StartLineBytes = 100,
        HandshakeBytes = 300,
        HoleAge = TimeSpan.FromMilliseconds(50),
        HoleBytes = 1500,
        HoleSegments = 5,
        WindowBytes = 20_000,
        StreamBytes = 1500,
        TotalBytes = 2200,
        SearchBytes = 3000,
        IdleAge = TimeSpan.FromMilliseconds(200),
        ClosedAge = TimeSpan.FromMilliseconds(100),
    };

    private static readonly SctpLimits SctpLimits = new()
    {
        Directions = 3,
        MessageBytes = 120,
        StartLineBytes = 100,
        Fragments = 6,
        DirectionBytes = 3000,
        TotalBytes = 5000,
        FragmentAge = TimeSpan.FromMilliseconds(50),
        IdleAge = TimeSpan.FromSeconds(1),
    };

    private static readonly byte[][] Words =
    [
        Text("INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nCall-ID: x\r\nContent-Length: 5\r\n\r\nbody!"),
        Text("SIP/2.0 200 OK\r\nv: SIP/2.0/TCP a\r\ni: x\r\nl: 0\r\n\r\n"),
        Text("BYE sip:b@c SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nCall-ID: x\r\nl: 1700\r\n\r\n"),
        Text("Content-Length: 300\r\n\r\n"),
        Text("MSRP abcd SEND\r\nTo-Path: a\r\n\r\nhello\r\n-------abcd$\r\n"),
        Text("MSRP abcd 200 OK\r\n-------abcd$\r\n"),
        Text("Content-Length: 99999999\r\n\r\n"),
        Text("\r\n\r\n"),
        Text("ACK sip:b@c SIP/2.0\r\nVia: x\r\nCall-ID: y\r\n"),
        Text("GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"),
        Text("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"),
        [0x16, 3, 1, 0, 50, 1],
        [0x81, 0x21, .. Text("SIP/2.0 200 OK\r\nv: a\r\ni: b\r\nl:0\r\n"), 0x89, 0],
        [0x01, 0x10, .. Text("SIP/2.0 200 OK\r\n")],
        [0x80, 0x09, .. Text("v: a\r\ni: ")],
        [0x82, 0xFE, 0x01, 0x00, 0, 0, 0, 0],
        Text(new string('x', 400)),
        Text("noise SIP/2.0 and INVITE sip:z SIP/2.0\r\nVia: SIP/2.0/TCP q\r\n"),
    ];

    /// <summary>Runs one script twice, the second time with time passing between the packets too; throws where something is wrong.</summary>
    /// <returns>What the run counted.</returns>
    public static Counters<TcpCounter> Run(ReadOnlySpan<byte> input)
    {
        Outcome first = Play(input, advance: false);
        Outcome second = Play(input, advance: true);
        Require(first.Digest == second.Digest, "two runs of one script differ");
        Require(first.Text == second.Text, "two runs of one script count differently");
        return first.Counters;
    }

    /// <summary>The same for SCTP: every step is one packet with the bytes of the script as its chunks.</summary>
    /// <returns>What the run counted.</returns>
    public static Counters<SctpCounter> RunSctp(ReadOnlySpan<byte> input)
    {
        var sink = new Sink();
        var reassembler = new SctpReassembler(SctpLimits);
        long microseconds = 1_000_000;
        while (input.Length >= 4)
        {
            byte who = input[0];
            int length = input[3] * 2;
            microseconds += input[2] * 500;
            input = input[4..];
            ReadOnlySpan<byte> raw = input[..Math.Min(input.Length, length)];
            input = input[raw.Length..];
            byte[] bytes = sink.Frame(raw);
            var frame = new CapturedPacket
            {
                CapturedAt = new Timestamp(microseconds),
                LinkType = LinkType.Ethernet,
                OriginalLength = bytes.Length,
                Bytes = bytes,
            };
            var packet = new DecodedPacket
            {
                Protocol = IpProtocol.Sctp,
                Source = new Endpoint(IpAddress.FromV4(1), (ushort)(who & 3)),
                Destination = new Endpoint(IpAddress.FromV4(2), 5060),
                Payload = bytes.AsSpan(8),
                IsTruncated = (who & 4) != 0,
            };
            reassembler.Add(packet, frame, sink);
            Require(reassembler.HeldBytes >= 0 && reassembler.HeldBytes <= SctpLimits.TotalBytes, "SCTP holds more than its limit");
            Require(reassembler.DirectionCount <= SctpLimits.Directions, "SCTP follows more directions than its limit");
        }

        reassembler.Advance(new Timestamp(microseconds + 10_000_000));
        Require(reassembler.HeldBytes == 0 && reassembler.DirectionCount == 0, "SCTP keeps something for ever");
        return reassembler.Counters;
    }

    private static Outcome Play(ReadOnlySpan<byte> input, bool advance)
    {
        var sink = new Sink();
        var reassembler = new SipStreamReassembler(Limits);
        uint[] next = new uint[12];
        for (int i = 0; i < next.Length; i++) next[i] = uint.MaxValue - (uint)(i * 700);
        long microseconds = 1_000_000;
        while (input.Length >= 4)
        {
            byte who = input[0];
            byte what = input[1];
            sbyte place = (sbyte)input[2];
            int length = input[3];
            input = input[4..];
            ReadOnlySpan<byte> payload = default;
            if ((what & 0x80) != 0)
            {
                payload = input[..Math.Min(input.Length, length)];
                input = input[payload.Length..];
            }
            else if ((what & 0x40) == 0)
            {
                byte[] word = Words[what % Words.Length];
                payload = (length & 1) != 0 ? word : word.AsSpan(0, Math.Min(word.Length, length));
            }

            // Five connections, so that the limit of three is met; mostly in order, sometimes early, late or far away.
            int connection = (who & 7) % 5;
            int side = (who >> 3) & 1;
            int stream = (connection * 2) + side;
            uint sequence = next[stream] + (Math.Abs((int)place) < 100 ? 0 : place == 127 ? 1_000_000_000 : (uint)(place * 3));
            TcpFlags flags = TcpFlags.Acknowledge;
            if ((who & 0xF0) == 0x10) flags |= TcpFlags.Fin;
            if ((who & 0xF0) == 0x20) flags |= TcpFlags.Reset;
            if ((who & 0xF0) == 0x30) flags = TcpFlags.Syn;
            if ((who & 0xF0) == 0x40) flags = TcpFlags.Syn | TcpFlags.Acknowledge;
            microseconds += (what & 0x30) == 0x30 ? 30_000 : (what & 0x30) == 0x20 ? -5_000 : 100;
            byte[] bytes = sink.Frame(payload);
            var frame = new CapturedPacket
            {
                CapturedAt = new Timestamp(microseconds),
                LinkType = LinkType.Ethernet,
                OriginalLength = bytes.Length,
                Bytes = bytes,
            };
            var segment = new DecodedPacket
            {
                Protocol = IpProtocol.Tcp,
                Source = new Endpoint(IpAddress.FromV4((uint)side), (ushort)connection),
                Destination = new Endpoint(IpAddress.FromV4(1 - (uint)side), (ushort)connection),
                Payload = bytes.AsSpan(8),
                TcpSequence = sequence,
                TcpAcknowledgement = next[(connection * 2) + (1 - side)] + ((who & 0x80) != 0 ? 500u : 0),
                TcpFlags = flags,
                IsTruncated = (who & 0xF0) == 0x50,
            };
            if (advance) reassembler.Advance(frame.CapturedAt, sink);
            reassembler.Add(segment, frame, sink);
            if (sequence == next[stream]) next[stream] += (uint)payload.Length + ((flags & TcpFlags.Syn) != 0 ? 1u : 0);
            Require(reassembler.HeldBytes >= 0 && reassembler.HeldBytes <= Limits.TotalBytes, "more is held than the limit allows");
            Require(reassembler.ConnectionCount <= Limits.Connections, "more connections are followed than the limit allows");
        }

        reassembler.Complete(sink);
        Require(reassembler.HeldBytes == 0 && reassembler.ConnectionCount == 0, "something is kept for ever");
        return new Outcome(sink.Digest, reassembler.Counters, string.Join(',', reassembler.Counters.Describe().Select(static c => c.Value)));
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }

    private readonly record struct Outcome(ulong Digest, Counters<TcpCounter> Counters, string Text);

    private sealed class Sink : ISipMessageSink
    {
        private int _frames;

        public ulong Digest { get; private set; } = 14_695_981_039_346_656_037;

        /// <summary>A frame that bears its number and the payload.</summary>
        public byte[] Frame(ReadOnlySpan<byte> payload)
        {
            byte[] bytes = new byte[8 + payload.Length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, ++_frames);
            payload.CopyTo(bytes.AsSpan(8));
            return bytes;
        }

        public void OnMessage(in TransportedMessage message)
        {
            int scanned = 0;
            StartLineShape shape = SipFraming.CheckStart(message.Bytes, 1000, out int lineBytes);
            if (message.IsMsrp)
                Require(MsrpParser.FindEnd(message.Bytes, ref scanned, out int length) == ParseOutcome.Message && length == message.Bytes.Length, "a chunk is not one chunk");
            else
                Require(shape == StartLineShape.Sip, "a message does not begin as SIP does");
            Require(message.Bytes.Length <= Limits.MessageBytes, "a message is longer than the limit");
            if (message.Transport == Transport.Tcp && !message.IsMsrp)
            {
                SipHeaderScan scan = SipHeaderScan.After(lineBytes);
                Require(SipFraming.ScanHeaders(message.Bytes, ref scan), "a message has no end of headers");
                Require(scan.MessageBytes == message.Bytes.Length, "a message is not as long as its Content-Length says");
            }

            int last = 0;
            int payload = 0;
            foreach (CapturedPacket frame in message.Frames)
            {
                int number = BinaryPrimitives.ReadInt32LittleEndian(frame.Bytes);
                Require(number > last && number <= _frames, "frames are not in capture order");
                last = number;
                payload += frame.Bytes.Length - 8;
                Add((ulong)number);
            }

            Require(payload >= message.Bytes.Length, "the frames cannot bear the message");
            Add((ulong)message.CompletedAt.Microseconds);
            foreach (byte b in message.Bytes) Add(b);
        }

        private void Add(ulong value) => Digest = (Digest ^ value) * 1_099_511_628_211;
    }
}
