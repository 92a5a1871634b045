using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>Writes the captures of the demo in which one conversation is several calls: a transfer, and a call through a PBX.</summary>
/// <remarks>Fixed to the byte: no seed, no clock. Voices are tones that rise and fall; who is silent sends nothing (silence suppression), which keeps
/// the files small.</remarks>
public static class DemoConversations
{
    private const long Millisecond = 1000;

    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 4, 40, 0, TimeSpan.Zero));

    /// <summary>What each file is named and how it is written.</summary>
    public static IReadOnlyDictionary<string, Action<Stream>> Recipes { get; } = new SortedDictionary<string, Action<Stream>>(StringComparer.Ordinal)
    {
        ["14-transferred"] = WriteTransfer,
        ["15-through-a-pbx"] = WriteThroughPbx,
    };

    // Alice calls Dora, who asks Alice's phone to call Carol (REFER) and leaves.
    private static void WriteTransfer(Stream pcap)
    {
        var script = new Script();
        var alice = new Phone("1001", "Alice Archer", "10.77.0.21", 4000, 300);
        var dora = new Phone("1003", "Dora Dean", "10.77.0.24", 5000, 420);
        var carol = new Phone("1004", "Carol Clark", "10.77.0.25", 6000, 520);

        var first = new Dialog(script, "transfer-1@10.77.0.21", alice, dora);
        long at = 0;
        first.Request(at, true, "INVITE", 1, alice.Offer(1));
        first.Response(at + (8 * Millisecond), "INVITE", 1, 180);
        at += 1200 * Millisecond;
        first.Response(at, "INVITE", 1, 200, dora.Offer(1));
        first.Request(at + (4 * Millisecond), true, "ACK", 1);
        script.Talk(at + (20 * Millisecond), alice, dora, 0x1001_0001, 0x1003_0001);
        at += 3100 * Millisecond;
        first.Request(at, false, "REFER", 1, extra: $"Refer-To: <sip:{carol.Number}@10.77.0.10>\r\nReferred-By: <sip:{dora.Number}@10.77.0.10>\r\n");
        first.Response(at + (3 * Millisecond), "REFER", 1, 202, isCallees: true);

        var second = new Dialog(script, "transfer-2@10.77.0.21", alice, carol);
        at += 40 * Millisecond;
        second.Request(at, true, "INVITE", 1, alice.Offer(2), $"Referred-By: <sip:{dora.Number}@10.77.0.10>\r\n");
        second.Response(at + (9 * Millisecond), "INVITE", 1, 180);
        at += 900 * Millisecond;
        second.Response(at, "INVITE", 1, 200, carol.Offer(1));
        second.Request(at + (4 * Millisecond), true, "ACK", 1);
        const string event200 = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nContent-Type: message/sipfrag\r\n";
        first.Request(at + (10 * Millisecond), true, "NOTIFY", 2, extra: event200, body: "SIP/2.0 200 OK\r\n");
        first.Response(at + (13 * Millisecond), "NOTIFY", 2, 200);
        first.Request(at + (30 * Millisecond), false, "BYE", 2);
        first.Response(at + (33 * Millisecond), "BYE", 2, 200, isCallees: true);
        script.Talk(at + (20 * Millisecond), alice, carol, 0x1001_0002, 0x1004_0001);
        at += 6200 * Millisecond;
        second.Request(at, false, "BYE", 1);
        second.Response(at + (3 * Millisecond), "BYE", 1, 200, isCallees: true);
        script.Write(pcap);
    }

    // A number in London calls Alice's: the PBX makes a second call of it, to her phone, with its own Call-ID and media ports.
    private static void WriteThroughPbx(Stream pcap)
    {
        var script = new Script();
        var london = new Phone("+442079460123", "Bob Baker", "10.77.0.22", 7000, 360);
        var outer = new Phone("+493055501001", "", "10.77.0.30", 20_000, 0);
        var inner = new Phone("+442079460123", "Bob Baker", "10.77.0.30", 20_002, 0);
        var alice = new Phone("1001", "Alice Archer", "10.77.0.21", 4000, 300);

        var came = new Dialog(script, "b2bua-1@10.77.0.22", london, outer);
        var made = new Dialog(script, "b2bua-2@10.77.0.30", inner, alice);
        came.Request(0, true, "INVITE", 1, london.Offer(1));
        made.Request(35 * Millisecond, true, "INVITE", 1, inner.Offer(1));
        made.Response(42 * Millisecond, "INVITE", 1, 180);
        came.Response(45 * Millisecond, "INVITE", 1, 180);
        long at = 1800 * Millisecond;
        made.Response(at, "INVITE", 1, 200, alice.Offer(3));
        made.Request(at + (4 * Millisecond), true, "ACK", 1);
        came.Response(at + (6 * Millisecond), "INVITE", 1, 200, outer.Offer(1));
        came.Request(at + (11 * Millisecond), true, "ACK", 1);
        script.Talk(at + (25 * Millisecond), london, outer, 0x2079_0001, 0x1001_0003, talksBack: alice.Tone);
        script.Talk(at + (25 * Millisecond) + 700, inner, alice, 0x2079_0001, 0x1001_0003, talks: london.Tone, lead: 1400);
        at += 3200 * Millisecond;
        came.Request(at, true, "BYE", 2);
        came.Response(at + (2 * Millisecond), "BYE", 2, 200);
        made.Request(at + (6 * Millisecond), true, "BYE", 2);
        made.Response(at + (9 * Millisecond), "BYE", 2, 200);
        script.Write(pcap);
    }

    /// <summary>One end of a call.</summary>
    /// <param name="Number">User part of its URI.</param>
    /// <param name="Name">Display name.</param>
    /// <param name="Host">Address.</param>
    /// <param name="Port">Media port.</param>
    /// <param name="Tone">Pitch of its voice, Hz.</param>
    private sealed record Phone(string Number, string Name, string Host, ushort Port, int Tone)
    {
        public Endpoint Sip => At(5060);

        public Endpoint Media => At(Port);

        public string Uri => $"sip:{Number}@10.77.0.10";

        public string Offer(int session) => string.Create(
            CultureInfo.InvariantCulture,
            $"v=0\r\no={Number.Trim('+')} {session}{Port} 1 IN IP4 {Host}\r\ns=-\r\nc=IN IP4 {Host}\r\nt=0 0\r\nm=audio {Port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n");

        private Endpoint At(ushort port) => new(IpAddress.TryParse(Host, out IpAddress address) ? address : default, port);
    }

    /// <summary>The SIP of one call.</summary>
    private sealed class Dialog(Script script, string callId, Phone caller, Phone callee)
    {
        public void Request(long at, bool isCallers, string method, int cseq, string? sdp = null, string extra = "", string? body = null)
        {
            (Phone from, Phone to) = isCallers ? (caller, callee) : (callee, caller);
            var text = new StringBuilder($"{method} {to.Uri} SIP/2.0\r\n");
            bool isInitial = method == "INVITE";
            text.Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {from.Host}:5060;branch={Branch(from, method, cseq)};rport\r\nMax-Forwards: 70\r\n");
            text.Append(CultureInfo.InvariantCulture, $"From: {Named(from)};tag={Tag(from)}\r\nTo: {Named(to)}{(isInitial ? "" : ";tag=" + Tag(to))}\r\n");
            text.Append(CultureInfo.InvariantCulture, $"Call-ID: {callId}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{from.Number}@{from.Host}:5060>\r\nUser-Agent: demo\r\n{extra}");
            End(at, from, to, text, sdp, body);
        }

        public void Response(long at, string method, int cseq, int status, string? sdp = null, bool isCallees = false)
        {
            (Phone asked, Phone asking) = isCallees ? (caller, callee) : (callee, caller);
            string phrase = status switch { 180 => "Ringing", 202 => "Accepted", _ => "OK" };
            var text = new StringBuilder($"SIP/2.0 {status.ToString(CultureInfo.InvariantCulture)} {phrase}\r\n");
            text.Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {asking.Host}:5060;branch={Branch(asking, method, cseq)};rport=5060\r\n");
            text.Append(CultureInfo.InvariantCulture, $"From: {Named(asking)};tag={Tag(asking)}\r\nTo: {Named(asked)};tag={Tag(asked)}\r\n");
            text.Append(CultureInfo.InvariantCulture, $"Call-ID: {callId}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{asked.Number}@{asked.Host}:5060>\r\n");
            End(at, asked, asking, text, sdp, null);
        }

        private static string Named(Phone phone) => phone.Name.Length > 0 ? $"\"{phone.Name}\" <{phone.Uri}>" : $"<{phone.Uri}>";

        private static string Branch(Phone from, string method, int cseq) => string.Create(CultureInfo.InvariantCulture, $"z9hG4bK-{from.Host}-{from.Port}-{method}-{cseq}");

        private static string Tag(Phone phone) => string.Create(CultureInfo.InvariantCulture, $"t{phone.Port}");

        private void End(long at, Phone from, Phone to, StringBuilder text, string? sdp, string? body)
        {
            string content = sdp ?? body ?? "";
            if (sdp is not null) text.Append("Content-Type: application/sdp\r\n");
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {content.Length}\r\n\r\n{content}");
            script.Send(at, from.Sip, to.Sip, Encoding.ASCII.GetBytes(text.ToString()));
        }
    }

    /// <summary>Everything that is sent, in order of time.</summary>
    private sealed class Script
    {
        private readonly PriorityQueue<(Path Path, byte[] Payload), (long At, int Order)> _queue = new();
        private int _order;

        public void Send(long at, Endpoint from, Endpoint to, byte[] payload) => _queue.Enqueue((new Path(from, to, 0, 0x60), payload), (at, _order++));

        /// <summary>Two voices for three seconds: both at first, then each in its turn.</summary>
        /// <param name="at">First packet.</param>
        /// <param name="caller">One end.</param>
        /// <param name="callee">The other.</param>
        /// <param name="callerSsrc">SSRC of what the caller's end sends.</param>
        /// <param name="calleeSsrc">SSRC of what the callee's end sends.</param>
        /// <param name="talks">Pitch of what the caller's end sends; 0 for its own.</param>
        /// <param name="talksBack">The same of the callee's end.</param>
        /// <param name="lead">How much earlier the callee's packets are than the caller's, microseconds: they have yet to pass the machine.</param>
        public void Talk(long at, Phone caller, Phone callee, uint callerSsrc, uint calleeSsrc, int talks = 0, int talksBack = 0, int lead = 0)
        {
            Voice(at, caller.Media, callee.Media, callerSsrc, talks == 0 ? caller.Tone : talks, [(0, 200), (400, 900), (1800, 2200)]);
            Voice(at - lead, callee.Media, caller.Media, calleeSsrc, talksBack == 0 ? callee.Tone : talksBack, [(0, 200), (1000, 1600), (2300, 2700)]);
        }

        public void Write(Stream pcap)
        {
            using var writer = new FrameWriter(pcap);
            ushort identification = 0;
            while (_queue.TryDequeue(out (Path Path, byte[] Payload) packet, out (long At, int) due))
                writer.Udp(Start.Microseconds + due.At, packet.Path, ++identification, packet.Payload);
        }

        private void Voice(long at, Endpoint from, Endpoint to, uint ssrc, int tone, (int From, int To)[] turns)
        {
            int sequence = 100;
            foreach ((int start, int end) in turns)
            {
                for (int ms = start; ms < end; ms += 20)
                {
                    byte[] packet = new byte[172];
                    packet[0] = 0x80;
                    packet[1] = ms == start ? (byte)0x80 : (byte)0;
                    BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)sequence++);
                    BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(ms * 8));
                    BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
                    for (int i = 0; i < 160; i++) packet[12 + i] = MuLaw(Sample((ms * 8) + i, tone, (ms - start) / (double)(end - start)));
                    Send(at + (ms * Millisecond), from, to, packet);
                }
            }
        }

        // A tone with an overtone, gliding a little, loudest in the middle of a turn.
        private static int Sample(int index, int tone, double turn)
        {
            double phase = 2 * Math.PI * index * (tone + (40 * turn)) / 8000;
            return (int)(9000 * Math.Sin(Math.PI * Math.Clamp(turn + 0.02, 0, 1)) * (Math.Sin(phase) + (0.4 * Math.Sin(3 * phase))));
        }

        // G.711 3.2.
        private static byte MuLaw(int sample)
        {
            int sign = sample < 0 ? 0x80 : 0;
            int magnitude = Math.Min(Math.Abs(sample), 32_635) + 132;
            int exponent = 7;
            for (int mask = 0x4000; (magnitude & mask) == 0 && exponent > 0; mask >>= 1) exponent--;
            return (byte)~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15));
        }
    }
}
