using System.Diagnostics;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>One interface read by several rings and threads.</summary>
public sealed class RingTests
{
    private static readonly InterfaceOptions Options = new() { RingBytes = 16 << 20 };

    [VethFact]
    public async Task Shares_TogetherTakeEveryPacketOnce()
    {
        byte[] rtp = [0x80, 0, .. new byte[20]];
        byte[] sip = "OPTIONS sip:a@b SIP/2.0\r\n"u8.ToArray();
        PacketBuilder[] media =
        [
            PacketBuilder.UdpFrame("192.0.2.1:4000", "192.0.2.2:5000", rtp),
            PacketBuilder.UdpFrame("[2001:db8::1]:4000", "[2001:db8::2]:5000", rtp),
            PacketBuilder.UdpFrame("192.0.2.1:4001", "192.0.2.2:5001", [0x81, 200, .. new byte[30]]),
        ];
        PacketBuilder[] others =
        [
            PacketBuilder.UdpFrame("192.0.2.1:5060", "192.0.2.2:5060", sip),
            PacketBuilder.UdpFrame("[2001:db8::1]:5060", "[2001:db8::2]:5060", sip),
            PacketBuilder.TcpFrame("192.0.2.1:5060", "192.0.2.2:5060", 1, sip),
            new PacketBuilder().Ethernet().Ip("192.0.2.1", "192.0.2.2").Vxlan().Ethernet().Ip("10.0.0.1", "10.0.0.2").Udp(4000, 5000).Payload(rtp),
            new PacketBuilder().Ethernet().Raw(new byte[46], etherType: 0x0806),
        ];
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        await using var live = new LiveRun(network, run => Open(run, "vb", new InterfaceSetOptions()));
        await network.Start(() =>
        {
            using var sender = new FrameSender("va");
            foreach (PacketBuilder frame in media.Concat(others)) sender.Send(frame.Build());
        });
        await LiveRun.Until(() => live.Engine.Packets == media.Length + others.Length, "all packets");
        await live.StopAsync();
        Assert.Equal((media.Length + others.Length, 0L), ((int)live["packets.packets"], live.Losses));
        Assert.Equal([others.Length, media.Length], live.Reader.Sources.Select(static ring => (int)Counter(ring, "packets")));
    }

    [VethFact]
    public async Task FullRing_CostsMediaAndNotOneMessage()
    {
        const int flood = 40_000;
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        PacketTape busy = PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap"));
        await using var live = new LiveRun(
            network, run => Open(run, "vb", new InterfaceSetOptions { SignallingRingBytes = 1 << 20 }, new InterfaceOptions { RingBytes = 1 << 20, BlockBytes = 64 << 10 }));
        live.Going.Reset();
        await Replay.Flood(network, "va", 1, static _ => Media(0));
        await Replay.Flood(network, "va", flood, Media);
        await Replay.Send(network, "va", busy, 20);
        await Replay.Flood(network, "va", flood, Media);
        live.Going.Set();
        await live.StopAsync();
        Assert.Equal(0, Counter(live.Reader.Sources[0], "kernel_dropped"));
        Assert.InRange(Counter(live.Reader.Sources[1], "kernel_dropped"), 1000, 2 * flood);
        CallRecord record = Assert.Single(live.Records);
        using EngineRun imported = EngineRun.Of(busy);
        Assert.Equal((imported.Records[0].Disposition, imported.Records[0].Messages), (record.Disposition, record.Messages));
    }

    [VethFact]
    public async Task SeveralThreadsAndInterfaces_GiveTheRecordsOfOne()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        network.AddPair("vc", "vd");
        PacketTape tape = PacketTape.OfLoad(
            new LoadOptions { Seed = 5, Calls = 40, CallsPerSecond = 20, TalkSeconds = 2, FragmentShare = 0.2 }, out List<ExpectedCall> expected);
        var set = new InterfaceSetOptions { Threads = 3 };
        await using var live = new LiveRun(network, run => Open(run, "vb", set).Concat(Open(run, "vd", set)));
        await network.Start(() =>
        {
            using var one = new FrameSender("va");
            using var other = new FrameSender("vc");
            long began = Stopwatch.GetTimestamp();
            Timestamp? first = null;
            foreach (CapturedPacket packet in tape.Frames)
            {
                first ??= packet.CapturedAt;
                while (Stopwatch.GetElapsedTime(began) < (packet.CapturedAt - first.Value) / 2) Thread.Yield();

                // One direction each, as a tap shows it.
                (packet.Bytes[29] % 2 == 0 ? one : other).Send(packet.Bytes);
            }
        });
        await live.StopAsync();
        Assert.Equal((0L, (long)tape.Count), (live.Losses, live["packets.packets"]));
        Assert.Equal(expected.Count, live.Records.Count);

        // More than one thread had something to do, and what they gave is in order of time.
        Assert.InRange(live.Reader.Sources.Count(static ring => Counter(ring, "packets") > 0), 4, 8);
        Timestamp last = Timestamp.MinValue;
        foreach (CapturedPacket packet in live.Tape.Frames)
        {
            Assert.True(packet.CapturedAt >= last);
            last = packet.CapturedAt;
        }

        using EngineRun imported = EngineRun.Of(live.Tape);
        Assert.Equal(LiveRun.Json(imported.Records), LiveRun.Json(live.Records));
        Assert.All(live.Records, static record => Assert.Equal(CallFlags.None, record.Flags & (CallFlags.Gap | CallFlags.MissingInvite | CallFlags.MissingBye)));
    }

    [VethFact]
    public async Task SeveralThreads_OutliveTheInterface()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        await using var live = new LiveRun(network, run => Open(run, "vb", new InterfaceSetOptions { Threads = 2 }));
        await Replay.Flood(network, "va", 50, Media);
        await LiveRun.Until(() => live.Engine.Packets == 50, "fifty packets");
        network.Remove("vb");
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is gone; looking for it every second"), "gone");
        network.AddPair("va", "vb");
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is back"), "back");
        long sent = 0;
        await LiveRun.Until(
            () =>
            {
                // The rings of one interface come back one after the other.
                Replay.Flood(network, "va", 10, Media).GetAwaiter().GetResult();
                sent += 10;
                return live.Engine.Packets > 50;
            },
            "more packets");
        await live.StopAsync();
        Assert.Single(live.Notices, "vb: the interface is gone; looking for it every second");
    }

    private static IEnumerable<ILiveSource> Open(LiveRun run, string name, InterfaceSetOptions set, InterfaceOptions? options = null) =>
        (InterfaceSet.Open(name, (options ?? Options) with { OnNotice = notice => run.Notices.Enqueue($"{name}: {notice}") }, set, out string? problem)
            ?? throw new InvalidOperationException($"{name}: {problem}")).Select(run.Tap);

    private static long Counter(ILiveSource ring, string name) => ring.Describe().Single(counter => counter.Name == name).Value;

    private static byte[] Media(int number)
    {
        byte[] payload = new byte[172];
        payload[0] = 0x80;
        payload[3] = (byte)number;
        return PacketBuilder.UdpFrame($"192.0.2.77:{40_000 + ((number & 63) * 2)}", "192.0.2.78:50000", payload, number & 0xFFFF).Build();
    }
}
