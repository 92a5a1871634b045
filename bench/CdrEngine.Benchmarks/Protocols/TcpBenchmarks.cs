using System.Diagnostics;
using System.Globalization;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Benchmarks.Protocols;

/// <summary>What a TCP segment costs, in order and ignored, beside a naive peer: a MemoryStream for each stream and string search.</summary>
public static class TcpBenchmarks
{
    private const int Streams = 500;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(300);

    /// <summary>Prints one line for each case; takes a few seconds.</summary>
    public static void Run(TextWriter output)
    {
        string invite = Message("INVITE sip:bob@example.org SIP/2.0", 1100);
        string ok = Message("SIP/2.0 200 OK", 700);
        byte[] talk = Encoding.Latin1.GetBytes(invite + ok + Message("ACK sip:bob@example.org SIP/2.0", 0) + ok + Message("BYE sip:bob@example.org SIP/2.0", 0));
        byte[] tls = new byte[64 * 1024];
        new Random(1).NextBytes(tls);
        (tls[0], tls[1], tls[2], tls[3], tls[4]) = (0x16, 3, 1, 0x10, 0);

        output.WriteLine($"tcp: {Streams} streams side by side; ns of processor time and bytes allocated for each segment");
        Print(output, "one message a segment", Measure(Whole(talk), new Ours()), Measure(Whole(talk), new Naive()));
        Print(output, "1448 bytes a segment", Measure(Cut(talk, 1448), new Ours()), Measure(Cut(talk, 1448), new Naive()));
        Print(output, "200 bytes a segment", Measure(Cut(talk, 200), new Ours()), Measure(Cut(talk, 200), new Naive()));
        Print(output, "pairs swapped, 1448 bytes", Measure(Swapped(Cut(talk, 1448)), new Ours()), null);
        Print(output, "ignored (TLS), 1448 bytes", Measure(Cut(tls, 1448), new Ours()), Measure(Cut(tls, 1448), new Naive()));
    }

    private static void Print(TextWriter output, string name, (double Nanoseconds, double Bytes, long Messages) ours, (double Nanoseconds, double Bytes, long Messages)? naive)
    {
        string peer = naive is { } n ? string.Create(CultureInfo.InvariantCulture, $"naive peer {n.Nanoseconds,7:F0} ns {n.Bytes,7:F0} B") : "naive peer cannot";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-28} {ours.Nanoseconds,7:F0} ns {ours.Bytes,7:F1} B   {peer}"));
        if (naive is { } other && other.Messages != ours.Messages && other.Messages >= 0)
        {
            output.WriteLine($"    the peer saw {other.Messages} messages, we {ours.Messages}");
        }
    }

    private static (double Nanoseconds, double Bytes, long Messages) Measure(List<(int Start, byte[] Frame)> segments, IPeer peer)
    {
        // Each round carries the same talk on all streams, its sequence numbers going on from the round before.
        int length = segments.Max(static s => s.Start + s.Frame.Length - 8);
        uint offset = 1;
        for (int warm = 0; warm < 3; warm++, offset += (uint)length) Round(segments, peer, offset);
        long messages = peer.Messages;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long count = 0;
        int rounds = 0;
        // Time of the processor, not of the clock: other programs on the machine do not count.
        TimeSpan start = CpuTime();
        TimeSpan spent = TimeSpan.Zero;
        for (; spent < Least; offset += (uint)length, rounds++, spent = CpuTime() - start) count += Round(segments, peer, offset);
        return (spent.TotalNanoseconds / count, (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / count, (peer.Messages - messages) / rounds);
    }

    private static TimeSpan CpuTime()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static long Round(List<(int Start, byte[] Frame)> segments, IPeer peer, uint offset)
    {
        foreach ((int start, byte[] frame) in segments)
        {
            for (int stream = 0; stream < Streams; stream++) peer.Add(stream, offset + (uint)start, frame);
        }

        return (long)segments.Count * Streams;
    }

    private static string Message(string startLine, int bodyBytes) =>
        $"{startLine}\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\nMax-Forwards: 70\r\nTo: Bob <sip:bob@example.org>;tag=314159\r\n"
        + "From: Alice <sip:alice@example.org>;tag=1928301774\r\nCall-ID: a84b4c76e66710@pc33.example.org\r\nCSeq: 314159 INVITE\r\n"
        + $"Contact: <sip:alice@192.0.2.1;transport=tcp>\r\nContent-Type: application/sdp\r\nContent-Length: {bodyBytes}\r\n\r\n{new string('v', bodyBytes)}";

    private static List<(int Start, byte[] Frame)> Cut(byte[] bytes, int size)
    {
        List<(int, byte[])> segments = [];
        for (int at = 0; at < bytes.Length; at += size) segments.Add((at, [.. new byte[8], .. bytes.AsSpan(at, Math.Min(size, bytes.Length - at))]));
        return segments;
    }

    private static List<(int Start, byte[] Frame)> Whole(byte[] bytes)
    {
        List<(int, byte[])> segments = [];
        for (int at = 0; at < bytes.Length;)
        {
            SipFraming.CheckStart(bytes.AsSpan(at), 8192, out int line);
            SipHeaderScan scan = SipHeaderScan.After(line);
            SipFraming.ScanHeaders(bytes.AsSpan(at), ref scan);
            int length = (int)scan.MessageBytes;
            segments.Add((at, [.. new byte[8], .. bytes.AsSpan(at, length)]));
            at += length;
        }

        return segments;
    }

    private static List<(int Start, byte[] Frame)> Swapped(List<(int Start, byte[] Frame)> segments)
    {
        for (int i = 0; i + 1 < segments.Count; i += 2) (segments[i], segments[i + 1]) = (segments[i + 1], segments[i]);
        return segments;
    }

    private interface IPeer
    {
        long Messages { get; }

        void Add(int stream, uint sequence, byte[] frame);
    }

    private sealed class Ours : IPeer, ISipMessageSink
    {
        private readonly SipStreamReassembler _reassembler = new(TcpLimits.Default);
        private readonly bool[] _opened = new bool[Streams];
        private long _microseconds;

        public long Messages { get; private set; }

        public void OnMessage(in TransportedMessage message) => Messages += message.Frames.Count > 0 ? 1 : 0;

        public void Add(int stream, uint sequence, byte[] frame)
        {
            if (!_opened[stream])
            {
                _opened[stream] = true;
                Add(stream, 0, new byte[8], TcpFlags.Syn);
            }

            Add(stream, sequence, frame, TcpFlags.Acknowledge);
        }

        private void Add(int stream, uint sequence, byte[] frame, TcpFlags flags)
        {
            var packet = new CapturedPacket
            {
                CapturedAt = new Timestamp(_microseconds += 2),
                LinkType = LinkType.Ethernet,
                OriginalLength = frame.Length,
                Bytes = frame,
            };
            var segment = new DecodedPacket
            {
                Protocol = IpProtocol.Tcp,
                Source = new Endpoint(IpAddress.FromV4(0xC0000201), (ushort)(10_000 + stream)),
                Destination = new Endpoint(IpAddress.FromV4(0xC0000202), 5060),
                Payload = frame.AsSpan(8),
                TcpSequence = sequence,
                TcpFlags = flags,
            };
            _reassembler.Add(segment, packet, this);
        }
    }

    /// <summary>What one writes first: no order, no limits; all bytes into a MemoryStream, then look for messages in its text.</summary>
    private sealed class Naive : IPeer
    {
        private readonly Dictionary<string, MemoryStream> _streams = [];

        public long Messages { get; private set; }

        public void Add(int stream, uint sequence, byte[] frame)
        {
            string key = $"192.0.2.1:{10_000 + stream}-192.0.2.2:5060";
            if (!_streams.TryGetValue(key, out MemoryStream? held)) _streams[key] = held = new MemoryStream();
            held.Write(frame, 8, frame.Length - 8);
            string text = Encoding.Latin1.GetString(held.GetBuffer(), 0, (int)held.Length);
            int at = 0;
            while (true)
            {
                int end = text.IndexOf("\r\n\r\n", at, StringComparison.Ordinal);
                if (end < 0) break;
                int header = text.IndexOf("Content-Length:", at, StringComparison.OrdinalIgnoreCase);
                if (header < 0 || header > end) break;
                int length = int.Parse(text[(header + 15)..text.IndexOf('\r', header)].Trim(), CultureInfo.InvariantCulture);
                if (text.Length < end + 4 + length) break;
                at = end + 4 + length;
                Messages++;
            }

            if (at == 0 && held.Length < 256 * 1024) return;
            held.SetLength(0);
            if (at > 0) held.Write(Encoding.Latin1.GetBytes(text[at..]));
        }
    }
}
