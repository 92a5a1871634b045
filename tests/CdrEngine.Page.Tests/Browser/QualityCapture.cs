using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A call of two minutes in which everything happens that a page draws: early media, digits, loss, jitter, hold; and one of two thousand messages.</summary>
internal static class QualityCapture
{
    public const string CallId = "quality-call@example.com";
    public const string LongCallId = "long-call@example.com";

    /// <summary>In-dialog requests of the long call; each has its answer.</summary>
    public const int Infos = 1000;

    public static readonly Timestamp Start = Timestamp.FromUnix(1_795_170_000, 0);

    public static void Write(string path)
    {
        using var frames = new FrameBuffer();
        Quality(frames);
        Long(frames);
        using FileStream file = File.Create(path);
        CaptureWriter.WriteAll(file, [frames]);
    }

    /// <summary>Writes a capture of one short call.</summary>
    public static void WriteOne(string path, string callId, double seconds)
    {
        var packets = new List<(Timestamp At, byte[] Frame)>();
        SipText invite = SipText.Invite(callId, "<sip:1001@192.0.2.1>", "<sip:2002@192.0.2.2>");
        Sip(packets, invite, seconds, false);
        Sip(packets, invite.Reply(486), seconds + 1, true);
        Sip(packets, SipText.Ack(callId, "<sip:1001@192.0.2.1>", "<sip:2002@192.0.2.2>"), seconds + 1.1, false);
        using var frames = new FrameBuffer();
        foreach ((Timestamp at, byte[] frame) in packets) frames.Append(PacketBuilder.Captured(frame, at));
        using FileStream file = File.Create(path);
        CaptureWriter.WriteAll(file, [frames]);
    }

    private static void Quality(FrameBuffer frames)
    {
        const string caller = "\"Ada Lovelace\" <sip:1001@192.0.2.1>", callee = "\"Grace Hopper\" <sip:2002@192.0.2.2>";
        var packets = new List<(Timestamp At, byte[] Frame)>();
        SipText invite = SipText.Invite(CallId, caller, callee).With("User-Agent", "DeskPhone 4.1").WithSdp("192.0.2.1", 40_000);
        Sip(packets, invite, 0, false);
        Sip(packets, invite.Reply(100), 0.02, true);
        Sip(packets, invite.Reply(183).With("Server", "Exchange 2.0").WithSdp("192.0.2.2", 50_000), 0.6, true);
        Sip(packets, invite.Reply(180), 1.2, true);
        SipText ok = invite.Reply(200).With("Contact", "<sip:2002@192.0.2.2>").WithSdp("192.0.2.2", 50_000);
        Sip(packets, ok, 4, true);
        Sip(packets, ok, 4.5, true);
        Sip(packets, SipText.Ack(CallId, caller, callee), 4.52, false);
        SipText hold = SipText.Invite(CallId, caller, callee, cseq: 2, toTag: "to-tag").WithSdp("192.0.2.1", 40_000, "sendonly");
        Sip(packets, hold, 64, false);
        Sip(packets, hold.Reply(200).WithSdp("192.0.2.2", 50_000, "recvonly"), 64.05, true);
        Sip(packets, SipText.Ack(CallId, caller, callee, cseq: 2), 64.06, false);
        SipText resume = SipText.Invite(CallId, caller, callee, cseq: 3, toTag: "to-tag").WithSdp("192.0.2.1", 40_000);
        Sip(packets, resume, 79, false);
        Sip(packets, resume.Reply(200).WithSdp("192.0.2.2", 50_000), 79.05, true);
        Sip(packets, SipText.Ack(CallId, caller, callee, cseq: 3), 79.06, false);
        SipText bye = SipText.Bye(CallId, caller, callee, cseq: 4);
        Sip(packets, bye, 124, false);
        Sip(packets, bye.Reply(200), 124.04, true);
        Voice(packets, from: 0.7, until: 124, "192.0.2.2:50000", "192.0.2.1:40000", ssrc: 0xBBBB_0002, pitch: 310, static t => t is > 44 and < 48 or > 65 and < 78, static t => t is > 84 and < 100 ? 0.03 : 0);
        Voice(packets, from: 4.6, until: 124, "192.0.2.1:40000", "192.0.2.2:50000", ssrc: 0xAAAA_0001, pitch: 190, static t => t is > 30 and < 36 && (int)(t * 50) % 7 == 0, static _ => 0.002);
        Digits(packets, "17#", 20);
        foreach ((Timestamp at, byte[] frame) in packets.OrderBy(static packet => packet.At)) frames.Append(PacketBuilder.Captured(frame, at));
    }

    private static void Long(FrameBuffer frames)
    {
        const string caller = "<sip:1003@192.0.2.1>", callee = "<sip:2004@192.0.2.2>";
        var packets = new List<(Timestamp At, byte[] Frame)>();
        SipText invite = SipText.Invite(LongCallId, caller, callee).WithSdp("192.0.2.1", 41_000);
        Sip(packets, invite, 300, false);
        Sip(packets, invite.Reply(180), 300.4, true);
        Sip(packets, invite.Reply(200).With("Contact", "<sip:2004@192.0.2.2>").WithSdp("192.0.2.2", 51_000), 302, true);
        Sip(packets, SipText.Ack(LongCallId, caller, callee), 302.02, false);
        for (uint i = 0; i < Infos; i++)
        {
            SipText info = SipText.Request("INFO", LongCallId, caller, callee, cseq: i + 2, toTag: "to-tag").WithBody("application/dtmf-relay", $"Signal={i % 10}\r\nDuration=160\r\n");
            Sip(packets, info, 303 + (i * 0.3), false);
            Sip(packets, info.Reply(200), 303.02 + (i * 0.3), true);
        }

        SipText bye = SipText.Bye(LongCallId, caller, callee, cseq: Infos + 5);
        Sip(packets, bye, 610, false);
        Sip(packets, bye.Reply(200), 610.04, true);
        foreach ((Timestamp at, byte[] frame) in packets) frames.Append(PacketBuilder.Captured(frame, at));
    }

    private static void Sip(List<(Timestamp At, byte[] Frame)> packets, SipText message, double seconds, bool isBack) => packets.Add((
        Start + TimeSpan.FromSeconds(seconds),
        PacketBuilder.UdpFrame(isBack ? "192.0.2.2:5060" : "192.0.2.1:5060", isBack ? "192.0.2.1:5060" : "192.0.2.2:5060", message.ToBytes()).Build()));

    // Words of two seconds and pauses of one, so that an outline has a shape.
    private static void Voice(
        List<(Timestamp At, byte[] Frame)> packets, double from, double until, string source, string destination, uint ssrc, double pitch, Func<double, bool> isLost, Func<double, double> delay)
    {
        ushort sequence = 100;
        uint stamp = 5000;
        var random = new Random(7);
        for (double t = from; t < until; t += 0.02, sequence++, stamp += 160)
        {
            if (isLost(t)) continue;
            byte[] rtp = Header(sequence, stamp, ssrc, payloadType: 0, 160);
            double loudness = t % 3 < 2 ? 0.15 + (0.5 * Math.Abs(Math.Sin(t * 2.1))) : 0.002;
            for (int i = 0; i < 160; i++) rtp[12 + i] = MuLaw((short)(loudness * 24_000 * Math.Sin(2 * Math.PI * pitch * (stamp + i) / 8000)));
            packets.Add((Start + TimeSpan.FromSeconds(t + (random.NextDouble() * delay(t))), PacketBuilder.UdpFrame(source, destination, rtp).Build()));
        }
    }

    private static void Digits(List<(Timestamp At, byte[] Frame)> packets, string digits, double from)
    {
        ushort sequence = 20_000;
        for (int i = 0; i < digits.Length; i++)
        {
            double at = from + (i * 0.6);
            uint stamp = 900_000 + ((uint)i * 4800);
            int code = "0123456789*#".IndexOf(digits[i], StringComparison.Ordinal);
            for (int packet = 0; packet < 6; packet++)
            {
                byte[] rtp = Header(sequence++, stamp, 0xAAAA_0009, 101, 4);
                rtp[12] = (byte)code;
                rtp[13] = (byte)(packet >= 3 ? 0x8A : 0x0A);
                BinaryPrimitives.WriteUInt16BigEndian(rtp.AsSpan(14), (ushort)(160 * Math.Min(packet + 1, 4)));
                packets.Add((Start + TimeSpan.FromSeconds(at + (packet * 0.02)), PacketBuilder.UdpFrame("192.0.2.1:40000", "192.0.2.2:50000", rtp).Build()));
            }
        }
    }

    private static byte[] Header(ushort sequence, uint stamp, uint ssrc, byte payloadType, int payload)
    {
        byte[] rtp = new byte[12 + payload];
        rtp[0] = 0x80;
        rtp[1] = payloadType;
        BinaryPrimitives.WriteUInt16BigEndian(rtp.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(rtp.AsSpan(4), stamp);
        BinaryPrimitives.WriteUInt32BigEndian(rtp.AsSpan(8), ssrc);
        return rtp;
    }

    // G.711: sign, exponent of the biased magnitude, four bits of it, all inverted.
    private static byte MuLaw(short sample)
    {
        int sign = sample < 0 ? 0x80 : 0;
        int magnitude = Math.Min(Math.Abs((int)sample), 32_635) + 132;
        int exponent = Math.Max(0, int.Log2(magnitude) - 7);
        return (byte)~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F));
    }
}
