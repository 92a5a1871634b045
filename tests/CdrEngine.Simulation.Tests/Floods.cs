using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.TestKit;

namespace CdrEngine.Simulation.Tests;

/// <summary>What an attacker sends, one frame after the other. None names an address, port or Call-ID of a generated call.</summary>
internal static class Floods
{
    private const string There = "203.0.113.9:5060";
    private const string Here = "198.51.100.9:5060";

    /// <summary>Frames after which a call that rings goes on.</summary>
    private const int GoesOn = 9000;

    /// <summary>The flood of a name: number of the frame to its bytes.</summary>
    public static Func<int, byte[]> Of(string name) => name switch
    {
        "invite" => static i => Udp(SipText.Invite($"flood-{i}@x", "a@b", "c@d", fromTag: $"t{i}").WithSdp("203.0.113.9", 4000 + ((i * 4) % 60_000))),
        "ringing" => static i => Ringing(i, There),
        "ringing-spoofed" => static i => Ringing(i, Host((i - (i % 3 == 2 ? GoesOn : 0)) / 3)),
        "register" => static i => Udp(SipText.Register($"flood-{i}@x", $"user{i}")),
        "message" => static i => Udp(SipText.Request("MESSAGE", $"flood-{i}@x", $"a{i}@b", "c@d").WithBody("text/plain", "spam")),
        "options" => static i => PacketBuilder.UdpFrame(Host(i), Here, SipText.Request("OPTIONS", $"flood-{i}@x", "a@b", "c@d").ToBytes(), i & 0xFFFF).Build(),
        "fragments" => static i => PacketBuilder.UdpFrame(There, Here, new byte[3000], i & 0xFFFF).BuildFragments(1400)[i % 2],
        "tcp" => static i => PacketBuilder.TcpFrame(Host(i), Here, 1, Unfinished, flags: 0x18).Build(),
        "tcp-holes" => static i => PacketBuilder.TcpFrame(Host(i / 20), Here, (uint)(1 + (i % 20 * 3000)), Unfinished, flags: 0x18).Build(),
        "rtp" => static i => PacketBuilder.UdpFrame($"203.0.113.9:{1024 + ((i * 2) % 60_000)}", $"198.51.100.{i % 250}:{1024 + ((i * 6) % 60_000)}", Rtp((uint)i), i & 0xFFFF).Build(),
        "ssrc" => static i => i == 0
            ? Udp(SipText.Invite("announcer@x", "a@b", "c@d", fromTag: "f").WithSdp("198.51.100.77", 40_000))
            : PacketBuilder.UdpFrame("203.0.113.9:4000", "198.51.100.77:40000", Rtp((uint)i), i & 0xFFFF).Build(),
        "flows" => static i => i == 0
            ? Udp(SipText.Invite("announcer@x", "a@b", "c@d", fromTag: "f").WithSdp("198.51.100.77", 40_000))
            : PacketBuilder.UdpFrame($"203.0.113.{i % 250}:{1024 + (i % 60_000)}", "198.51.100.77:40000", Rtp((uint)i), i & 0xFFFF).Build(),
        "headers" => static i => Udp(Headed(i)),
        "header-64k" => static i => Fragmented(SipText.Invite($"flood-{i / 50}@x", "a@b", "c@d").With("X-Long", new string('x', 60_000)), i),
        "m-lines" => static i => Fragmented(SipText.Invite($"flood-{i / 50}@x", "a@b", "c@d").WithBody("application/sdp", MediaLines), i),
        "sctp" => static i => Sctp(i),
        "branches" => static i => Udp(SipText.Request("OPTIONS", "one@x", "a@b", "c@d", (uint)i, branch: $"z9hG4bK{i}")),
        "tags" => static i => Udp(SipText.Invite("forked@x", "a@b", "c@d", fromTag: "f").Reply(180, toTag: $"tag{i}")),
        "same-call" => static i => Udp(i % 2 == 0 ? SipText.Invite("again@x", "a@b", "c@d", fromTag: $"t{i}") : SipText.Invite("again@x", "a@b", "c@d", fromTag: $"t{i - 1}").Reply(486)),
        "broken-sip" => static i => PacketBuilder.UdpFrame(There, Here, Encoding.ASCII.GetBytes($"INVITE sip:x SIP/2.0\r\n{new string('\0', i % 200)}: ;;;\r\nCSeq: x"), i & 0xFFFF).Build(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such flood"),
    };

    private static readonly byte[] Unfinished = Encoding.ASCII.GetBytes("INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 90000\r\nX: " + new string('y', 1200));

    private static string MediaLines => "v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\n" + string.Concat(Enumerable.Range(0, 2500).Select(static i => string.Create(CultureInfo.InvariantCulture, $"m=audio {1024 + i} RTP/AVP 0\r\n")));

    // A call that rings; and one begun long before, and pushed out since, that goes on.
    private static byte[] Ringing(int i, string there)
    {
        int call = i % 3 == 2 ? (i - GoesOn) / 3 : i / 3;
        if (call < 0) return PacketBuilder.UdpFrame(there, Here, "\r\n\r\n"u8.ToArray(), i & 0xFFFF).Build();
        SipText invite = SipText.Invite($"flood-{call}@x", "a@b", "c@d", fromTag: $"t{call}").WithSdp("203.0.113.9", 4000 + ((call * 4) % 60_000));
        return i % 3 == 0
            ? PacketBuilder.UdpFrame(there, Here, invite.ToBytes(), i & 0xFFFF).Build()
            : PacketBuilder.UdpFrame(Here, there, invite.Reply(i % 3 == 1 ? 180 : 487).ToBytes(), i & 0xFFFF).Build();
    }

    private static byte[] Udp(SipText text) => PacketBuilder.UdpFrame(There, Here, text.ToBytes(), text.GetHashCode() & 0xFFFF).Build();

    private static string Host(int i) => string.Create(CultureInfo.InvariantCulture, $"203.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}:{1024 + (i % 60_000)}");

    private static SipText Headed(int i)
    {
        SipText text = SipText.Invite($"flood-{i}@x", "a@b", "c@d");
        for (int header = 0; header < 1200; header++) text.With("X", "y");
        return text;
    }

    // Fifty frames are one datagram; the last message of a run may be left unfinished.
    private static byte[] Fragmented(SipText text, int i)
    {
        byte[][] pieces = PacketBuilder.UdpFrame(There, Here, text.ToBytes(), (i / 50) & 0xFFFF).BuildFragments(1400);
        return pieces[Math.Min(i % 50, pieces.Length - 1)];
    }

    private static byte[] Rtp(uint ssrc)
    {
        byte[] packet = new byte[172];
        packet[0] = 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        return packet;
    }

    // A first fragment of a message that never ends, each on an association of its own.
    private static byte[] Sctp(int i)
    {
        byte[] chunk = new byte[12 + 16 + 900];
        BinaryPrimitives.WriteUInt16BigEndian(chunk, (ushort)(1024 + (i % 60_000)));
        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(2), 5060);
        chunk[13] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(14), 16 + 900);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(16), (uint)i);
        Encoding.ASCII.GetBytes("INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/SCTP a\r\n").CopyTo(chunk, 28);
        byte[] frame = PacketBuilder.UdpFrame(Host(i), Here, chunk, i & 0xFFFF).Build();

        // IP with SCTP where the builder has UDP: its eight bytes of header go, and the length with them.
        byte[] ip = [.. frame[..34], .. frame[42..]];
        ip[23] = 132;
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(16), (ushort)(ip.Length - 14));
        ip[24] = ip[25] = 0;
        return ip;
    }
}
