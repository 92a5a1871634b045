using System.Globalization;
using System.Net;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Load;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Pcap;
using CdrEngine.Protocols.Tcp;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>A packet to send by HEP.</summary>
/// <param name="At">Its time, told and true: it is sent then.</param>
/// <param name="Call">Number of its call.</param>
/// <param name="IsSip">Whether it is signalling.</param>
/// <param name="Hep">The HEP message.</param>
/// <param name="Payload">What it carries: tells packets of one time apart.</param>
internal sealed record ScriptedPacket(Timestamp At, int Call, bool IsSip, byte[] Hep, ulong Payload)
{
    /// <summary>When it was sent; <see cref="Timestamp.MinValue"/> before.</summary>
    public Timestamp SentAt { get; set; } = Timestamp.MinValue;

    /// <summary>Names a payload.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> payload) => Fnv1a.Add(Fnv1a.Empty, payload);
}

/// <summary>A load as HEP agents tell it: SIP over UDP and TCP, and RTP; with the records it must give.</summary>
internal sealed class KillScript : ISipMessageSink
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<IPEndPoint, int> _media = [];
    private List<ScriptedPacket> _packets = [];

    private KillScript()
    {
    }

    /// <summary>The packets in order of time.</summary>
    public IReadOnlyList<ScriptedPacket> Packets => _packets;

    /// <summary>The calls, by number.</summary>
    public List<ExpectedCall> Calls { get; } = [];

    /// <summary>Writes a script.</summary>
    public static KillScript Of(LoadOptions options)
    {
        var script = new KillScript();
        var calls = new List<ExpectedCall>();
        using var pcap = new MemoryStream();
        LoadGenerator.Write(options, pcap, calls.Add);
        foreach (ExpectedCall call in calls)
        {
            script._numbers.Add(call.SipCallId, script.Calls.Count);
            script.Calls.Add(call);
        }

        pcap.Position = 0;
        script.Read(pcap);
        script._packets = [.. script._packets.OrderBy(static packet => packet.At)];
        return script;
    }

    /// <summary>Leaves only these calls, by number; they are numbered anew.</summary>
    public void Keep(IReadOnlySet<int> calls)
    {
        int[] kept = [.. Enumerable.Range(0, Calls.Count).Where(calls.Contains)];
        var numbers = kept.Select(static (call, number) => (call, number)).ToDictionary(static pair => pair.call, static pair => pair.number);
        _packets = [.. _packets.Where(packet => numbers.ContainsKey(packet.Call)).Select(packet => packet with { Call = numbers[packet.Call] })];
        ExpectedCall[] expected = [.. kept.Select(call => Calls[call])];
        Calls.Clear();
        Calls.AddRange(expected);
    }

    /// <inheritdoc />
    public void OnMessage(in TransportedMessage message) => Sip(message.CompletedAt, message.Source, message.Destination, 6, message.Bytes);

    private void Read(Stream pcap)
    {
        using CaptureFileSource source = CaptureFileSource.FromStream("load", pcap, CaptureReaderLimits.Default);
        var decoder = new PacketDecoder();
        var streams = new SipStreamReassembler(new TcpLimits());
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            switch (decoder.Decode(packet, out DecodedPacket decoded))
            {
                case DecodeOutcome.Tcp:
                    streams.Add(decoded, packet, this);
                    break;
                case DecodeOutcome.Udp when decoded.Payload.Length > 12 && (decoded.Payload[0] & 0xC0) == 0x80:
                    // A stream's call is that of the SDP that named its address.
                    if (!_media.TryGetValue(IPEndPoint.Parse(decoded.Destination.ToString()), out int call) && !_media.TryGetValue(IPEndPoint.Parse(decoded.Source.ToString()), out call)) break;
                    Add(packet.CapturedAt, call, isSip: false, decoded.Source, decoded.Destination, 17, decoded.Payload);
                    break;
                case DecodeOutcome.Udp:
                    Sip(packet.CapturedAt, decoded.Source, decoded.Destination, 17, decoded.Payload);
                    break;
            }
        }

        streams.Complete(this);
    }

    private void Sip(Timestamp at, Endpoint source, Endpoint destination, byte protocol, ReadOnlySpan<byte> message)
    {
        string callId = System.Text.Encoding.ASCII.GetString(message[(message.IndexOf("Call-ID: "u8) + 9)..]);
        int call = _numbers[callId[..callId.IndexOf('\r', StringComparison.Ordinal)]];
        string text = System.Text.Encoding.ASCII.GetString(message);
        int audio = text.IndexOf("m=audio ", StringComparison.Ordinal);
        int line = text.IndexOf("\r\nc=IN IP", StringComparison.Ordinal);
        if (audio >= 0 && line >= 0)
        {
            string host = text[(line + 11)..text.IndexOf('\r', line + 2)];
            string port = text[(audio + 8)..text.IndexOf(' ', audio + 8)];
            _media[new IPEndPoint(IPAddress.Parse(host), int.Parse(port, CultureInfo.InvariantCulture))] = call;
        }

        Add(at, call, isSip: true, source, destination, protocol, message);
    }

    private void Add(Timestamp at, int call, bool isSip, Endpoint source, Endpoint destination, byte protocol, ReadOnlySpan<byte> payload)
    {
        IPEndPoint from = IPEndPoint.Parse(source.ToString()), to = IPEndPoint.Parse(destination.ToString());
        bool v4 = from.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
        byte[] hep = HepBuilder.Message(
            HepBuilder.Chunk(1, [(byte)(v4 ? 2 : 10)]),
            HepBuilder.Chunk(2, [protocol]),
            HepBuilder.Chunk(v4 ? 3 : 5, from.Address.GetAddressBytes()),
            HepBuilder.Chunk(v4 ? 4 : 6, to.Address.GetAddressBytes()),
            HepBuilder.Chunk(7, HepBuilder.U16(from.Port)),
            HepBuilder.Chunk(8, HepBuilder.U16(to.Port)),
            HepBuilder.Chunk(9, HepBuilder.U32((uint)(at.Microseconds / 1_000_000))),
            HepBuilder.Chunk(10, HepBuilder.U32((uint)(at.Microseconds % 1_000_000))),
            HepBuilder.Chunk(11, [(byte)(isSip ? 1 : 4)]),
            HepBuilder.Chunk(12, HepBuilder.U32(7)),
            HepBuilder.Chunk(15, payload.ToArray()));
        _packets.Add(new ScriptedPacket(at, call, isSip, hep, ScriptedPacket.HashOf(payload)));
    }
}
