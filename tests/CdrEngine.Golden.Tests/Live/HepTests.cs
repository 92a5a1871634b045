using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Capture.Hep;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>What a proxy tells by HEP gives the call that its wire shows.</summary>
public sealed class HepTests
{
    [SharedFact]
    public void HepOfTheLab_GivesTheCallOfTheWire()
    {
        using EngineRun wire = EngineRun.OfFile(SharedFolder.Path("lab", "captures", "29-hep.pcap"));
        var reader = new HepReader("hep", new HepOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), MaxSkew = TimeSpan.MaxValue });
        PacketTape tape = new PacketTape().Source("hep");
        foreach (byte[] message in Messages())
        {
            Assert.Equal(ParseOutcome.Message, reader.Read(message, new Timestamp(0), out int consumed));
            Assert.Equal(message.Length, consumed);
            if (reader.HasPacket) tape.Add(reader.Packet);
        }

        using EngineRun told = EngineRun.Of(tape);
        CallRecord seen = Assert.Single(wire.Records);
        CallRecord heard = Assert.Single(told.Records);
        Assert.Equal(Facts(seen), Facts(heard));
        Assert.InRange(heard.StartedAt - seen.StartedAt, TimeSpan.FromMilliseconds(-50), TimeSpan.FromMilliseconds(50));
        Assert.InRange((heard.AnsweredAt!.Value - seen.AnsweredAt!.Value).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        Assert.InRange((heard.EndedAt!.Value - seen.EndedAt!.Value).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        Assert.Equal("hep#2001", reader.Origin);

        // The relay's reports are JSON; those without one (a description alone) are counted apart. They found their call.
        Assert.True(reader.Counters[HepCounter.RtcpReports] > 0);
        Assert.Equal(reader.Counters[HepCounter.RtcpReports], told["packets.media_packets"]);
        Assert.Equal(0, reader.Rejections.Describe().Sum(static reason => reason.Value));
    }

    [Fact]
    public void LogLine_OfAnOpenCall_StandsInItsTraceAndItsPackets()
    {
        var reader = new HepReader("hep", new HepOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), AuthKey = "secret" });
        PacketTape tape = new PacketTape().Source("hep");
        long second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        byte[][] messages =
        [
            Message("INVITE", "one@udp", 17, "secret"),
            HepBuilder.Log("192.0.2.2:5060", "192.0.2.1:5060", "no route to bob\u001b[31m", "one@udp", second, 500_000, key: "secret"),
            HepBuilder.Log("192.0.2.2:5060", "192.0.2.1:5060", "of another call", "two@udp", second, 500_000, key: "secret"),
            HepBuilder.Log("192.0.2.2:5060", "192.0.2.1:5060", "forged", "one@udp", second, 500_000, key: "guess"),
            Message("SIP/2.0 486 Busy", "one@udp", 17, "secret"),
        ];
        foreach (byte[] message in messages)
        {
            Assert.Equal(ParseOutcome.Message, reader.Read(message, Timestamp.From(DateTimeOffset.UtcNow), out _));
            if (reader.HasPacket) tape.Add(reader.Packet);
        }

        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true });
        CallRecord call = Assert.Single(run.Records);
        Assert.Equal((Disposition.Busy, 2L, 1L, 1L, 1L), (call.Disposition, reader.Counters[HepCounter.Logs], reader.Counters[HepCounter.WrongKey], run["packets.log_lines"], run["packets.log_lines_elsewhere"]));
        FrameBuffer packets = run.Packets(call);
        Assert.Equal(3, packets.Count);
        var transcript = new SipTranscript(call.SipCallId);
        foreach (CapturedPacket packet in packets) transcript.Visit(packet);
        TranscriptLine line = Assert.Single(transcript.Lines);
        Assert.Equal(("192.0.2.2:5060", 7u), (line.Source.ToString(), line.CaptureId));
        var text = new StringWriter();
        transcript.WriteText(text);
        Assert.Contains(" 192.0.2.2:5060 -> 192.0.2.1:5060 LOG #7\n\nno route to bob\\x1b[31m\n\n", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("another", text.ToString(), StringComparison.Ordinal);

        // The same packets read again give the same: what a download holds leads back to its call.
        PacketTape again = new PacketTape().Source("hep");
        foreach (CapturedPacket packet in packets) again.Add(packet);
        using EngineRun reread = EngineRun.Of(again, new RunOptions { KeepPackets = true });
        Assert.Equal(run.Json(), reread.Json());
        Assert.Equal(3, reread.Packets(Assert.Single(reread.Records)).Count);
    }

    [VethFact]
    public async Task Listener_OnUdpAndTcp_FeedsTheEngine()
    {
        using var network = new NetworkNamespace();
        HepSource? source = null;
        await using var live = new LiveRun(network, run =>
        {
            source = HepSource.Open(new HepOptions { Listen = new IPEndPoint(IPAddress.Loopback, 9060), AuthKey = "secret" }, out string? problem);
            return [run.Tap(source ?? throw new InvalidOperationException(problem))];
        });
        await network.Start(() =>
        {
            using var udp = new UdpClient("127.0.0.1", 9060);
            using var tcp = new TcpClient("127.0.0.1", 9060);
            using var nonsense = new TcpClient("127.0.0.1", 9060);
            nonsense.GetStream().Write("GET / HTTP/1.1\r\n\r\n"u8);
            udp.Send(Message("INVITE", "one@udp", 17, "wrong"));
            udp.Send(Message("INVITE", "one@udp", 17, "secret"));
            udp.Send("nonsense"u8);
            byte[] stream = [.. Message("INVITE", "two@tcp", 6, "secret"), .. Message("SIP/2.0 486 Busy", "two@tcp", 6, "secret")];
            tcp.GetStream().Write(stream.AsSpan(0, 300));
            tcp.GetStream().Flush();
            tcp.GetStream().Write(stream.AsSpan(300));
            udp.Send(Message("SIP/2.0 486 Busy", "one@udp", 17, "secret"));
        });
        await LiveRun.Until(() => live.Engine.Packets == 4, "four packets");
        await live.StopAsync();
        Assert.Equal(
            [("one@udp", Disposition.Busy, Transport.Udp), ("two@tcp", Disposition.Busy, Transport.Tcp)],
            live.Records.OrderBy(static record => record.SipCallId, StringComparer.Ordinal).Select(static record => (record.SipCallId, record.Disposition, record.Transport)));
        Assert.All(live.Records, static record => Assert.Equal("hep:127.0.0.1:9060#7", record.CaptureSource));
        Assert.Equal((1L, 1L, 2L), (source!.Counters[HepCounter.WrongKey], source.Counters[HepCounter.ConnectionsBroken], source.Counters[HepCounter.Connections]));
    }

    private static byte[] Message(string start, string callId, byte protocol, string key)
    {
        bool request = start == "INVITE";
        string sip = $"{(request ? "INVITE sip:bob@h SIP/2.0" : start)}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{callId}\r\nFrom: <sip:alice@h>;tag=a\r\n"
            + $"To: <sip:bob@h>{(request ? "" : ";tag=b")}\r\nCall-ID: {callId}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
        (string from, string to) = request ? ("192.0.2.1:5060", "192.0.2.2:5060") : ("192.0.2.2:5060", "192.0.2.1:5060");
        return HepBuilder.Sip(from, to, sip, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), protocol: protocol, key: key);
    }

    // The lab keeps each datagram behind its length.
    private static IEnumerable<byte[]> Messages()
    {
        byte[] all = File.ReadAllBytes(SharedFolder.Path("lab", "captures", "29-hep.hep.bin"));
        for (int at = 0; at < all.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(all.AsSpan(at));
            yield return all[(at + 4)..(at + 4 + length)];
            at += 4 + length;
        }
    }

    private static string Facts(CallRecord record) => string.Join(' ',
        record.SipCallId, record.Disposition, record.SipStatus, record.HangupBy, record.Dialled, record.Caller.Number, record.Callee.Number, record.Caller.Address,
        record.Transport, string.Join(',', record.Legs.Select(static leg => $"{leg.ToTag}/{leg.SipStatus}/{leg.Callee}")));
}
