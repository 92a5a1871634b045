using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>Writes a time-ordered capture of conversations through a PBX, and which calls are one conversation.</summary>
/// <remarks>The PBX is a B2BUA at one address between two trunks and a thousand phones. It takes 2 to 250 ms to make one call of another, and
/// writes numbers as it pleases (with +, with 00, national).</remarks>
public sealed class ConversationGenerator
{
    private const long Second = Timestamp.MicrosecondsPerSecond;
    private static readonly Endpoint Pbx = new(IpAddress.FromV4(0xC000_020A), 5060);
    private static readonly Endpoint[] Trunks = [new(IpAddress.FromV4(0xC633_6401), 5060), new(IpAddress.FromV4(0xC633_6402), 5060)];
    private readonly ConversationOptions _options;
    private readonly FrameWriter _writer;
    private readonly PriorityQueue<Packet, (long At, long Order)> _queue = new();
    private readonly Action<ExpectedConversation>? _expected;
    private LoadRandom _random;
    private long _order;
    private ushort _identification;
    private int _calls;
    private int _ports;

    private ConversationGenerator(ConversationOptions options, Stream pcap, Action<ExpectedConversation>? expected)
    {
        _options = options;
        _expected = expected;
        _writer = new FrameWriter(pcap);
        _random = new LoadRandom(options.Seed);
    }

    private readonly record struct Packet(Path Path, byte[] Payload);

    /// <summary>One SIP call being written.</summary>
    private sealed record Leg(string CallId, Endpoint From, Endpoint To, string Caller, string Callee, string FromTag, string ToTag)
    {
        public string Extra { get; init; } = "";

        public string Sdp { get; set; } = "";

        public string AnswerSdp { get; set; } = "";

        public string AnswerExtra { get; set; } = "";
    }

    /// <summary>Writes the capture; tells each conversation when it begins.</summary>
    /// <returns>Calls written.</returns>
    public static int Write(ConversationOptions options, Stream pcap, Action<ExpectedConversation>? expected = null)
    {
        var generator = new ConversationGenerator(options, pcap, expected);
        generator.Run();
        return generator._calls;
    }

    private void Run()
    {
        long at = _options.Start.Microseconds;
        for (int i = 0; i < _options.Conversations; i++)
        {
            Give(at);
            Begin(at);
            at += (long)(Second / _options.PerSecond * _random.Between(0.2, 1.8));
        }

        Give(long.MaxValue);
        _writer.Dispose();
    }

    private void Give(long until)
    {
        while (_queue.TryPeek(out _, out (long At, long Order) due) && due.At <= until)
        {
            Packet packet = _queue.Dequeue();
            _writer.Udp(due.At, packet.Path, ++_identification, packet.Payload);
        }
    }

    private void Begin(long at)
    {
        ConversationKind kind = _options.Kinds[(int)(_random.Next() % (ulong)_options.Kinds.Count)];
        ConversationTie tie = _options.Ties[(int)(_random.Next() % (ulong)_options.Ties.Count)];

        // A queue is too slow for numbers, and for what is only in the first offer.
        if (kind == ConversationKind.Queue && tie is ConversationTie.Numbers) kind = ConversationKind.Legs;
        ulong caller = 49_300_0000000 + (_random.Next() % 90_0000000);
        string callee = string.Create(CultureInfo.InvariantCulture, $"49895{_random.Next() % (ulong)_options.Callees:d6}");
        string from = _random.Chance(_options.AnonymousShare) ? "anonymous" : caller.ToString(CultureInfo.InvariantCulture);
        Tell(kind, tie, Script(kind, tie, at, from, callee));
        if (!_random.Chance(_options.TwinShare)) return;
        Tell(ConversationKind.Legs, tie, Script(ConversationKind.Legs, tie, at + (long)_random.Between(0.05 * Second, 3 * Second), from, callee));
    }

    private void Tell(ConversationKind kind, ConversationTie tie, List<Leg> legs) => _expected?.Invoke(new ExpectedConversation(kind, tie, [.. legs.Select(static leg => leg.CallId)]));

    private List<Leg> Script(ConversationKind kind, ConversationTie tie, long at, string caller, string callee)
    {
        Endpoint trunk = Trunks[_random.Next() % 2];
        Endpoint other = kind == ConversationKind.Hairpin ? trunk : trunk == Trunks[0] ? Trunks[1] : Trunks[0];
        if (kind == ConversationKind.Orphan)
        {
            Leg alone = Call(Pbx, Trunks[_random.Next() % 2], "49895000000", callee);
            Talk(alone, at, Soon(1, 5), Soon(5, 30));
            return [alone];
        }

        Leg outer = Call(trunk, Pbx, Written(caller), Written(callee), tie == ConversationTie.SessionId ? SessionId() : "");
        long ring = Soon(0.3, 1), answer = ring + Soon(1, 6), length = Soon(4, 30);
        long inside = (long)_random.Between(2_000, 250_000);
        switch (kind)
        {
            case ConversationKind.Lone:
                if (_random.Chance(0.5)) Talk(outer, at, answer, length);
                else Refused(outer, at, ring, 486);
                return [outer];
            case ConversationKind.RingGroup:
                {
                    var legs = new List<Leg> { outer };
                    int phones = 2 + (int)(_random.Next() % 4);
                    int winner = (int)(_random.Next() % (ulong)phones);
                    for (int i = 0; i < phones; i++)
                    {
                        Leg inner = Inner(outer, Phone(), Written(caller), Extension(), tie);
                        if (i == winner) Talk(inner, at + inside, answer - inside, length);
                        else Cancelled(inner, at + inside, ring, answer - inside + 3_000);
                        legs.Add(inner);
                        if (i == winner) Pass(outer, inner, tie, at + answer);
                    }

                    Talk(outer, at, answer + 2_000, length);
                    return legs;
                }

            case ConversationKind.Queue:
                {
                    long wait = Soon(5, 20);
                    Leg inner = Inner(outer, Phone(), Written(caller), Extension(), tie);
                    Talk(outer, at, ring, wait + answer + length);
                    Talk(inner, at + wait, answer, length + ring - 1_000);
                    Pass(outer, inner, tie, at + wait + answer);
                    return [outer, inner];
                }

            case ConversationKind.Forward:
                {
                    string mobile = string.Create(CultureInfo.InvariantCulture, $"49171{_random.Next() % 10_000_000:d7}");
                    Leg inner = Inner(outer, other, Written(caller), mobile, tie, $"Diversion: <sip:{callee}@pbx.example>;reason=unconditional\r\n");
                    Both(outer, inner, tie, at, inside, answer, length);
                    return [outer, inner];
                }

            case ConversationKind.BlindTransfer:
                {
                    Leg inner = Inner(outer, Phone(), Written(caller), Extension(), tie);
                    string target = Extension();
                    Both(outer, inner, tie, at, inside, answer, length, byeLater: 5_000_000);
                    long refer = at + answer + length - 300_000;
                    Send(refer, inner.To, inner.From, Text(inner, "REFER", 0, 5, true, $"Refer-To: <sip:{target}@pbx.example>\r\nReferred-By: <sip:{inner.Callee}@pbx.example>\r\n"));
                    Send(refer + 2_000, inner.From, inner.To, Text(inner, "REFER", 202, 5, true));
                    Leg taken = Call(Pbx, Phone(), inner.Caller, target, $"Referred-By: <sip:{inner.Callee}@pbx.example>\r\n");
                    Talk(taken, refer + 20_000, Soon(0.5, 2), Soon(3, 10));
                    return [outer, inner, taken];
                }

            case ConversationKind.AttendedTransfer:
                {
                    Leg inner = Inner(outer, Phone(), Written(caller), Extension(), tie);
                    Both(outer, inner, tie, at, inside, answer, length + (8 * Second), byeLater: 0);
                    long ask = at + answer + Second;
                    Leg asked = Call(inner.To, Pbx, inner.Callee, Extension());
                    Talk(asked, ask, Second, 4 * Second);
                    string replaces = $"{asked.CallId}%3Bto-tag%3D{asked.ToTag}%3Bfrom-tag%3D{asked.FromTag}";
                    Send(ask + (4 * Second), inner.To, inner.From, Text(inner, "REFER", 0, 5, true, $"Refer-To: <sip:{asked.Callee}@pbx.example?Replaces={replaces}>\r\n"));
                    Send(ask + (4 * Second) + 2_000, inner.From, inner.To, Text(inner, "REFER", 202, 5, true));
                    return [outer, inner, asked];
                }

            case ConversationKind.Pickup:
                {
                    Leg inner = Inner(outer, Phone(), Written(caller), Extension(), tie);
                    Cancelled(inner, at + inside, ring, answer);
                    Leg taker = Call(Phone(), Pbx, Extension(), "*8", $"Replaces: {inner.CallId};to-tag={inner.ToTag};from-tag={inner.FromTag};early-only\r\n");
                    Talk(taker, at + answer - 100_000, 50_000, length);
                    Talk(outer, at, answer, length);
                    return [outer, inner, taker];
                }

            case ConversationKind.Retrieval:
                {
                    Leg taker = Call(Phone(), Pbx, Extension(), "700", $"Replaces: {outer.CallId};to-tag={outer.ToTag};from-tag={outer.FromTag}\r\n");
                    Talk(outer, at, answer, (20 * Second) + length);
                    Talk(taker, at + answer + (5 * Second), 80_000, length);
                    return [outer, taker];
                }

            default:
                {
                    Endpoint target = kind == ConversationKind.Hairpin || _random.Chance(0.5) ? other : Phone();
                    Leg inner = Inner(outer, target, Written(caller), Written(callee), tie);
                    if (_random.Chance(0.75))
                    {
                        Both(outer, inner, tie, at, inside, answer, length);
                    }
                    else
                    {
                        Refused(inner, at + inside, answer, 486);
                        Refused(outer, at, answer + inside + 2_000, 486);
                    }

                    return [outer, inner];
                }
        }
    }

    private void Both(Leg outer, Leg inner, ConversationTie tie, long at, long inside, long answer, long length, long byeLater = 0)
    {
        Talk(inner, at + inside, answer, length - inside);
        Talk(outer, at, answer + inside + 2_000, length - 2_000 + byeLater);
        Pass(outer, inner, tie, at + inside + answer);
    }

    /// <summary>What the machine passes on beside the call itself.</summary>
    private void Pass(Leg outer, Leg inner, ConversationTie tie, long answer)
    {
        if (tie != ConversationTie.Rtp) return;
        uint ssrc = (uint)_random.Next();
        Endpoint from = Media(outer.Sdp), to = Media(inner.AnswerSdp), near = Media(outer.AnswerSdp), far = Media(inner.Sdp);
        if (from == default || to == default || near == default || far == default) return;
        byte[] packet = new byte[172];
        for (int i = 0; i < 20; i++)
        {
            for (int k = 12; k < packet.Length; k++) packet[k] = (byte)_random.Next();
            packet[0] = 0x80;
            packet[1] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)(1000 + i));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(160 * i));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
            long at = answer + 300_000 + (i * 20_000);
            Send(at, from, near, [.. packet]);
            Send(at + 900, far, to, [.. packet]);
        }
    }

    private static Endpoint Media(string sdp)
    {
        int line = sdp.IndexOf("c=IN IP4 ", StringComparison.Ordinal), port = sdp.IndexOf("m=audio ", StringComparison.Ordinal);
        if (line < 0 || port < 0) return default;
        string address = sdp[(line + 9)..sdp.IndexOf('\r', line)];
        string number = sdp[(port + 8)..sdp.IndexOf(' ', port + 8)];
        return IpAddress.TryParse(address, out IpAddress ip) ? new Endpoint(ip, ushort.Parse(number, CultureInfo.InvariantCulture)) : default;
    }

    // ---- calls -------------------------------------------------------------------------------------------------------------

    private Leg Call(Endpoint from, Endpoint to, string caller, string callee, string extra = "", string? callId = null)
    {
        _calls++;
        return new Leg(callId ?? $"{_random.Next():x16}@{from.Address}", from, to, caller, callee, $"f{_random.Next() & 0xFFFFFF:x}", $"t{_random.Next() & 0xFFFFFF:x}")
        {
            Extra = extra,
            Sdp = Sdp(from.Address),
            AnswerSdp = Sdp(to.Address),
        };
    }

    private Leg Inner(Leg outer, Endpoint to, string caller, string callee, ConversationTie tie, string extra = "")
    {
        string tied = tie switch
        {
            ConversationTie.Header => $"X-CID: {outer.CallId}\r\n",
            ConversationTie.SessionId => outer.Extra,
            _ => "",
        };
        Leg inner = Call(Pbx, to, caller, callee, extra + tied, tie == ConversationTie.Affix && outer.CallId.Length < 60 ? Affixed(outer) : null);
        if (tie == ConversationTie.Sdp) inner.Sdp = outer.Sdp;
        return inner;
    }

    // Phones of a group cannot all have the Call-ID of the caller with the same affix: a machine numbers its Call-IDs then, so only the first is tied so.
    private string Affixed(Leg outer) => _affixed.Add(outer.CallId) ? outer.CallId + "_b2b-1" : $"{_random.Next():x16}@pbx";

    private readonly HashSet<string> _affixed = [];

    private string Sdp(IpAddress host)
    {
        int port = 16_384 + (2 * (++_ports % 24_000));
        return string.Create(CultureInfo.InvariantCulture, $"v=0\r\no=- {_random.Next() % 1_000_000_000} 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n");
    }

    private void Talk(Leg leg, long at, long answer, long length)
    {
        Invite(leg, at);
        Send(at + Math.Min(answer / 2, 300_000), leg.To, leg.From, Text(leg, "INVITE", 180, 1, true));
        Send(at + answer, leg.To, leg.From, Text(leg, "INVITE", 200, 1, true, leg.AnswerExtra, leg.AnswerSdp));
        Send(at + answer + 1_500, leg.From, leg.To, Text(leg, "ACK", 0, 1, true));
        Send(at + answer + length, leg.From, leg.To, Text(leg, "BYE", 0, 2, true));
        Send(at + answer + length + 2_000, leg.To, leg.From, Text(leg, "BYE", 200, 2, true));
    }

    private void Refused(Leg leg, long at, long after, int status)
    {
        Invite(leg, at);
        Send(at + after, leg.To, leg.From, Text(leg, "INVITE", status, 1, true));
        Send(at + after + 1_000, leg.From, leg.To, Text(leg, "ACK", 0, 1, true));
    }

    private void Cancelled(Leg leg, long at, long ring, long after)
    {
        Invite(leg, at);
        Send(at + Math.Min(ring, after / 2), leg.To, leg.From, Text(leg, "INVITE", 180, 1, true));
        Send(at + after, leg.From, leg.To, Text(leg, "CANCEL", 0, 1, false, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"));
        Send(at + after + 1_000, leg.To, leg.From, Text(leg, "CANCEL", 200, 1, false));
        Send(at + after + 2_000, leg.To, leg.From, Text(leg, "INVITE", 487, 1, true));
        Send(at + after + 3_000, leg.From, leg.To, Text(leg, "ACK", 0, 1, true));
    }

    private void Invite(Leg leg, long at) => Send(at, leg.From, leg.To, Text(leg, "INVITE", 0, 1, false, leg.Extra, leg.Sdp));

    private void Send(long at, Endpoint from, Endpoint to, byte[] payload) => _queue.Enqueue(new Packet(new Path(from, to, 0, 0x60), payload), (at, _order++));

    private static byte[] Text(Leg leg, string method, int status, int cseq, bool inDialog, string extra = "", string sdp = "")
    {
        var text = new StringBuilder(512);
        bool byCallee = method == "REFER";
        text.Append(status > 0 ? $"SIP/2.0 {status} X\r\n" : $"{method} sip:{(byCallee ? leg.Caller : leg.Callee)}@{(byCallee ? leg.From : leg.To)} SIP/2.0\r\n");
        text.Append($"Via: SIP/2.0/UDP {(byCallee ? leg.To : leg.From)};branch=z9hG4bK{leg.FromTag}{cseq}{(method is "CANCEL" or "ACK" ? "INVITE" : method)}\r\n");
        string caller = $"<sip:{leg.Caller}@{leg.From.Address}>;tag={leg.FromTag}";
        string callee = $"<sip:{leg.Callee}@{leg.To.Address}>{(inDialog ? ";tag=" + leg.ToTag : "")}";
        text.Append($"From: {(byCallee ? callee : caller)}\r\nTo: {(byCallee ? caller : callee)}\r\nCall-ID: {leg.CallId}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"CSeq: {cseq} {method}\r\n");
        if (method == "INVITE") text.Append($"Contact: <sip:x@{(status > 0 ? leg.To : leg.From)}>\r\n");
        text.Append(extra);
        if (sdp.Length > 0) text.Append("Content-Type: application/sdp\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {sdp.Length}\r\n\r\n").Append(sdp);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private long Soon(double low, double high) => (long)(_random.Between(low, high) * Second);

    private Endpoint Phone() => new(IpAddress.FromV4(0x0A00_0000u + 10 + (uint)(_random.Next() % 1000)), 5060);

    private string Extension() => string.Create(CultureInfo.InvariantCulture, $"{1000 + (_random.Next() % 9000)}");

    private string SessionId() => $"Session-ID: {_random.Next():x16}{_random.Next():x16};remote=00000000000000000000000000000000\r\n";

    /// <summary>The number as one machine or another writes it.</summary>
    private string Written(string number)
    {
        if (number.Length < 8 || !char.IsAsciiDigit(number[0])) return number;
        return (_random.Next() % 4) switch { 0 => "+" + number, 1 => "00" + number, 2 => "0" + number[2..], _ => number };
    }
}
