using System.Text;
using System.Text.Json;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Pcap;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Tcp;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Protocols.Tests.Tcp;

/// <summary>Foreign captures: what streams carry has to be what their truth says.</summary>
public sealed class SipStreamCaptureTests(ITestOutputHelper output)
{
    [SharedTheory]
    [InlineData("sipnab-sip-over-tcp.pcap")]
    [InlineData("heplify-sip_ipv4_tcp_retrans.pcap")]
    [InlineData("heplify-sip_tcp_websocket.pcap")]
    [InlineData("nextcaller-sip-tcp.pcap")]
    [InlineData("suricata-body-large.pcap")]
    [InlineData("suricata-tcp-method.pcap")]
    [InlineData("suricata-tcp-pattern-matching.pcap")]
    [InlineData("sngrep-ipip.pcap")]
    [InlineData("arkime-synthetic.pcap")]
    [InlineData("pcpp-sip_resp.pcap")]
    public void Capture_OfSipOverTcp_GivesTheMessagesOfItsTruth(string file)
    {
        JsonElement truth = Truth().GetProperty(file);
        Seen seen = Read(SharedFolder.Path("captures", file));
        Assert.Equal(Tally(truth.GetProperty("sip_requests")), Tally(seen.Requests));
        Assert.Equal(Tally(truth.GetProperty("sip_responses")), Tally(seen.Responses));
        Assert.Equal(Tally(truth.GetProperty("sip_transports")), Tally(seen.Transports));
        Assert.Equal(0, seen.Reassembler.HeldBytes);
    }

    [SharedFact]
    public void EveryCapture_GivesAsManyStreamMessagesAsItsTruthSays()
    {
        List<string> wrong = [];
        foreach (JsonProperty file in Truth().EnumerateObject())
        {
            if (!file.Value.TryGetProperty("sip_transports", out JsonElement transports) || transports.ValueKind != JsonValueKind.Object) continue;
            int expected = transports.TryGetProperty("tcp", out JsonElement tcp) ? tcp.GetInt32() : 0;
            Seen seen = Read(SharedFolder.Path("captures", file.Name));
            int found = seen.Transports.GetValueOrDefault("tcp");
            if (found != expected) wrong.Add($"{file.Name}: {expected} expected, {found} found");
            if (seen.Reassembler.HeldBytes != 0) wrong.Add($"{file.Name}: bytes are still held");
        }

        foreach (string line in wrong) output.WriteLine(line);
        Assert.Empty(wrong);
    }

    [SharedFact]
    public void LabCapture_OfSipOverTcp_GivesAllItsMessages()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("lab", "truth.json")));
        JsonElement truth = document.RootElement.GetProperty("19-tcp");
        Seen seen = Read(SharedFolder.Path("lab", "captures", "19-tcp.pcap"));
        Assert.Equal(truth.GetProperty("sip_messages").GetInt32(), seen.Messages.Count);
        string callId = truth.GetProperty("calls")[0].GetProperty("call_id").GetString()!;
        int messages = truth.GetProperty("calls")[0].GetProperty("messages").GetInt32();
        Assert.Equal(messages, seen.Messages.Count(m => m.Text.Contains(callId, StringComparison.Ordinal)));
        double invite = truth.GetProperty("calls")[0].GetProperty("invite").GetDouble();
        SeenInFile first = seen.Messages.First(static m => m.Text.StartsWith("INVITE", StringComparison.Ordinal));
        Assert.Equal(Math.Round(invite * 1_000_000), first.At.Microseconds);
    }

    [SharedFact]
    public void LargeBody_OverTcp_CarriesAllItsFrames()
    {
        Seen seen = Read(SharedFolder.Path("captures", "suricata-body-large.pcap"));
        SeenInFile invite = seen.Messages[0];
        Assert.Equal((4 * 16_332) + 465, invite.Text.Length);
        Assert.Equal(5, invite.Frames);
    }

    [SharedFact]
    public void WebSocketCapture_GivesWebSocketMessagesWithAllTheirFrames()
    {
        Seen seen = Read(SharedFolder.Path("captures", "heplify-sip_tcp_websocket.pcap"));
        Assert.Equal(11, seen.Messages.Count(static m => m.Transport == Transport.Ws));
        Assert.Equal([2, 1, 1, 2, 1, 1, 2, 2, 1, 1, 1], seen.Messages.Where(static m => m.Transport == Transport.Ws).Select(static m => m.Frames));
    }

    private static JsonElement Truth()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("captures", "truth.json")));
        return document.RootElement.GetProperty("files").Clone();
    }

    private static string Tally(JsonElement counts) =>
        string.Join(", ", counts.EnumerateObject().OrderBy(static p => p.Name, StringComparer.Ordinal).Select(static p => $"{p.Name} {p.Value.GetInt32()}"));

    private static string Tally(Dictionary<string, int> counts) =>
        string.Join(", ", counts.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => $"{p.Key} {p.Value}"));

    private static Seen Read(string path)
    {
        var seen = new Seen();
        using FileStream file = File.OpenRead(path);
        CaptureReader? reader = CaptureReader.Open(new BlockReader(new StreamSource(file)), CaptureReaderLimits.Default, out string? fault);
        Assert.True(reader is not null, fault);
        var decoder = new PacketDecoder();
        var sctp = new SctpReassembler(SctpLimits.Default);
        while (reader.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            seen.Reassembler.Advance(packet.CapturedAt, seen);
            switch (decoder.Decode(packet, out DecodedPacket decoded))
            {
                case DecodeOutcome.Tcp:
                    seen.Reassembler.Add(decoded, packet, seen);
                    break;
                case DecodeOutcome.Sctp:
                    sctp.Add(decoded, packet, seen);
                    break;
                case DecodeOutcome.Udp when SipFraming.CheckStart(decoded.Payload, 8192, out _) == StartLineShape.Sip:
                    seen.Count(decoded.Payload, "udp");
                    break;
            }
        }

        seen.Reassembler.Complete(seen);
        return seen;
    }

    private sealed record SeenInFile(string Text, Transport Transport, Timestamp At, int Frames);

    private sealed class StreamSource(Stream stream) : IBlockSource
    {
        public int Read(Span<byte> destination) => stream.Read(destination);
    }

    private sealed class Seen : ISipMessageSink
    {
        public SipStreamReassembler Reassembler { get; } = new(TcpLimits.Default);

        public List<SeenInFile> Messages { get; } = [];

        public Dictionary<string, int> Requests { get; } = [];

        public Dictionary<string, int> Responses { get; } = [];

        public Dictionary<string, int> Transports { get; } = [];

        public void OnMessage(in TransportedMessage message)
        {
            // The truth counts WebSocket as the TCP that it runs on.
            Count(message.Bytes, message.Transport == Transport.Sctp ? "sctp" : "tcp");
            int frames = 0;
            Timestamp last = default;
            foreach (CapturedPacket frame in message.Frames)
            {
                frames++;
                last = frame.CapturedAt;
            }

            Assert.True(frames > 0);
            Assert.True(last <= message.CompletedAt);
            Messages.Add(new SeenInFile(Encoding.Latin1.GetString(message.Bytes), message.Transport, message.CompletedAt, frames));
        }

        public void Count(ReadOnlySpan<byte> message, string transport)
        {
            string[] words = Encoding.Latin1.GetString(message[..Math.Min(message.Length, 64)]).Split(' ');
            Dictionary<string, int> kind = words[0] == "SIP/2.0" ? Responses : Requests;
            string name = words[0] == "SIP/2.0" ? words[1] : words[0];
            kind[name] = kind.GetValueOrDefault(name) + 1;
            Transports[transport] = Transports.GetValueOrDefault(transport) + 1;
        }
    }
}
