using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.TestKit.Hostile;

/// <summary>A capture in which every field that the wire can fill with text bears a <see cref="HostileText"/>: an answered call with sound, a refused one, a MESSAGE and a REGISTER for
/// each. What comes of it may go to any output, and must come out as text there.</summary>
public static class HostileCapture
{
    private const int SecondsBetween = 4;
    private const int TalkPackets = 60;
    private static readonly long Start = Timestamp.FromUnix(1_795_132_800, 0).Microseconds;

    /// <summary>Call-IDs of the answered calls, in the order of <see cref="HostileText.All"/>, as bytes.</summary>
    public static IReadOnlyList<byte[]> CallIds { get; } = [.. HostileText.All.Select(static (text, index) => HostileText.Bytes(CallId(text, index)))];

    /// <summary>Writes the capture (pcap, microseconds, Ethernet).</summary>
    public static void WriteTo(Stream stream)
    {
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 262_144);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        stream.Write(header);
        Span<byte> record = stackalloc byte[16];
        foreach ((long at, byte[] frame) in Frames())
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(at / 1_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(at % 1_000_000));
            BinaryPrimitives.WriteInt32LittleEndian(record[8..], frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(record[12..], frame.Length);
            stream.Write(record);
            stream.Write(frame);
        }
    }

    /// <summary>Writes the capture to a file.</summary>
    public static string WriteFile(string path)
    {
        using FileStream file = File.Create(path);
        WriteTo(file);
        return path;
    }

    /// <summary>The frames in order of time, microseconds since 1970.</summary>
    public static IReadOnlyList<(long At, byte[] Frame)> Frames()
    {
        var frames = new List<(long At, byte[] Frame)>();
        for (int index = 0; index < HostileText.All.Count; index++) new Scene(frames, HostileText.All[index], index).Play();
        return [.. frames.OrderBy(static frame => frame.At)];
    }

    private static string CallId(HostileText text, int index) => string.Create(CultureInfo.InvariantCulture, $"hostile-{index}-{text.InHeader}").Trim();

    // SipText writes UTF-8; what stands for single bytes becomes them here.
    private static byte[] Bytes(SipText message)
    {
        byte[] head = message.ToBytes()[..^message.Body.Length];
        return [.. HostileText.Bytes(Encoding.UTF8.GetString(head)), .. message.Body.Span];
    }

    private sealed class Scene(List<(long At, byte[] Frame)> frames, HostileText text, int index)
    {
        private readonly string _caller = string.Create(CultureInfo.InvariantCulture, $"10.66.{index}.1");
        private readonly string _callee = string.Create(CultureInfo.InvariantCulture, $"10.66.{index}.2");
        private readonly long _start = Start + (index * SecondsBetween * 1_000_000L);
        private int _identification = index * 1000;

        private string Alice => $"{text.Quoted} <sip:{text.InUri}@{_caller}>";

        private string Bob => $"{text.Quoted} <sip:b{text.InUri}@{_callee}>";

        public void Play()
        {
            Answered(CallId(text, index));
            Refused($"refused-{CallId(text, index)}");
            Message();
            Register();
        }

        private void Answered(string callId)
        {
            SipText invite = Request("INVITE", callId, 1, "f").With("Contact", Alice)
                .With("User-Agent", text.InHeader)
                .With("Subject", text.InHeader)
                .With("Organization", text.InHeader)
                .With("P-Asserted-Identity", Alice)
                .With("Remote-Party-ID", Alice)
                .With("Diversion", $"{Bob};reason=unconditional")
                .With("History-Info", $"{Bob};index=1")
                .With("Session-ID", text.InHeader)
                .With("X-Call-ID", text.InHeader)
                .WithBody("application/sdp", Sdp(_caller, 4000));
            Sip(0, true, invite);
            Sip(0.2, false, invite.Reply(180, text.InHeader));
            SipText answer = invite.Reply(200, text.InHeader).With("Server", text.InHeader).With("Contact", Bob).WithBody("application/sdp", Sdp(_callee, 5000));
            Sip(0.4, false, answer);
            Sip(0.41, true, Request("ACK", callId, 1, "f", "to-tag"));
            for (int i = 0; i < TalkPackets; i++)
            {
                Rtp(0.45 + (i * 0.02), $"{_caller}:4000", $"{_callee}:5000", 0x1000 + (uint)index, i);
                Rtp(0.455 + (i * 0.02), $"{_callee}:5000", $"{_caller}:4000", 0x2000 + (uint)index, i);
            }

            Sip(1.2, true, Request("INFO", callId, 2, "f", "to-tag").WithBody("application/dtmf-relay", HostileText.Bytes($"Signal={text.InHeader}\r\nDuration=160\r\n")));
            SipText bye = Request("BYE", callId, 3, "f", "to-tag").With("Reason", $"Q.850;cause=16;text={text.Quoted}");
            Sip(1.8, true, bye);
            Sip(1.81, false, bye.Reply(200));
        }

        private void Refused(string callId)
        {
            SipText invite = Request("INVITE", callId, 1, "r").With("Contact", Alice).With("User-Agent", text.InHeader);
            Sip(0.1, true, invite);
            Sip(0.3, false, invite.Reply(486, text.InHeader).With("Reason", $"SIP;cause=486;text={text.Quoted}").With("Warning", $"399 {_callee} {text.Quoted}"));
            Sip(0.31, true, Request("ACK", callId, 1, "r", "to-tag", SipText.Branch(callId, 1, "INVITE")));
        }

        private void Message()
        {
            SipText message = Request("MESSAGE", $"m-{CallId(text, index)}", 1, "m").With("Subject", text.InHeader)
                .WithBody("text/plain;charset=utf-8", HostileText.Bytes(text.Text));
            Sip(2, true, message);
            Sip(2.05, false, message.Reply(200));
        }

        private void Register()
        {
            SipText register = SipText.Request("REGISTER", $"g-{CallId(text, index)}", Alice, Alice, fromTag: "g", uri: "sip:example.com")
                .With("Contact", $"{text.Quoted} <sip:{text.InUri}@{_caller}:5060>;+sip.instance={text.Quoted}")
                .With("Expires", "3600")
                .With("User-Agent", text.InHeader);
            Sip(2.5, true, register);
            Sip(2.55, false, register.Reply(200).With("Contact", $"<sip:{text.InUri}@{_caller}:5060>;expires=3600"));
        }

        // The URI is told: a display name may hold brackets.
        private SipText Request(string method, string callId, uint cseq, string fromTag, string? toTag = null, string? branch = null) =>
            SipText.Request(method, callId, Alice, Bob, cseq, fromTag, toTag, $"sip:b{text.InUri}@{_callee}", branch: branch);

        private byte[] Sdp(string host, int port)
        {
            string name = text.InHeader.Length > 200 ? text.InHeader[..200] : text.InHeader;
            return HostileText.Bytes(
                $"v=0\r\no={(name.Trim().Length == 0 || name.Contains(' ', StringComparison.Ordinal) ? "-" : name)} 1 1 IN IP4 {host}\r\ns={name} \r\ni={name}\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
                + $"m=audio {port.ToString(CultureInfo.InvariantCulture)} RTP/AVP 0 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:97 {name}/8000\r\na=fmtp:97 {name}\r\na=label:{name}\r\n");
        }

        private void Sip(double at, bool fromCaller, SipText message)
        {
            string from = $"{(fromCaller ? _caller : _callee)}:5060";
            string to = $"{(fromCaller ? _callee : _caller)}:5060";
            Add(at, from, to, Bytes(message));
        }

        private void Rtp(double at, string from, string to, uint ssrc, int number)
        {
            byte[] packet = new byte[172];
            packet[0] = 0x80;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)number);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(160 * number));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
            for (int i = 12; i < packet.Length; i++) packet[i] = (byte)(0x55 ^ (i * number));
            Add(at, from, to, packet);
        }

        private void Add(double at, string from, string to, byte[] payload)
        {
            long time = _start + (long)(at * 1e6);
            frames.Add((time, PacketBuilder.UdpFrame(from, to, payload, ++_identification & 0xFFFF).Build()));
        }
    }
}
