using System.Diagnostics;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>The engine on real interfaces of a namespace of its own.</summary>
public sealed class LiveCaptureTests
{
    private static readonly InterfaceOptions Options = new() { RingBytes = 16 << 20 };

    [VethFact]
    public async Task ReplayedCaptures_GiveTheRecordsOfTheirImport()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        string[] files = ["01-busy", "07-forked", "10-tcp", "12-fragments"];
        PacketTape sent = PacketTape.OfFiles(files.Select(static file => Checkout.Path("demo", file + ".pcap")));
        await using var live = new LiveRun(network, Options, "vb");

        // The captures are of different days: one after the other.
        foreach (string file in files) await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", file + ".pcap")), 8);
        await live.StopAsync();
        Assert.Equal((0L, (long)sent.Count), (live.Losses, live["packets.packets"]));

        // Byte for byte what an import of the same packets gives.
        using EngineRun imported = EngineRun.Of(live.Tape);
        Assert.Equal(LiveRun.Json(imported.Records), LiveRun.Json(live.Records));

        // And, but for times, what an import of the files gives.
        using EngineRun original = EngineRun.Of(sent);
        Assert.Equal(original.Records.OrderBy(static record => record.SipCallId, StringComparer.Ordinal).Select(Facts), live.Records.OrderBy(static record => record.SipCallId, StringComparer.Ordinal).Select(Facts));
        Assert.All(live.Records, static record => Assert.Equal("vb", record.CaptureSource));
    }

    [VethFact]
    public async Task TwoInterfaces_EachWithOneDirection_AreReadInOrderOfTime()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        network.AddPair("vc", "vd");
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 3, Calls = 8, CallsPerSecond = 8, TalkSeconds = 1 }, out List<ExpectedCall> expected);
        await using var live = new LiveRun(network, Options, "vb", "vd");
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

                // Direction by the lower byte of the source address.
                (packet.Bytes[29] % 2 == 0 ? one : other).Send(packet.Bytes);
            }
        });
        await live.StopAsync();
        Assert.Equal((0L, (long)tape.Count), (live.Losses, live["packets.packets"]));
        Assert.Equal(expected.Count, live.Records.Count);
        Assert.All(live.Records, static record => Assert.Equal(CallFlags.None, record.Flags & (CallFlags.MissingInvite | CallFlags.MissingBye | CallFlags.Gap)));
        Timestamp last = Timestamp.MinValue;
        foreach (CapturedPacket packet in live.Tape.Frames)
        {
            Assert.True(packet.CapturedAt >= last);
            last = packet.CapturedAt;
        }

        using EngineRun imported = EngineRun.Of(live.Tape);
        Assert.Equal(LiveRun.Json(imported.Records), LiveRun.Json(live.Records));
    }

    [VethFact]
    public async Task QuietWire_StillEndsCallsByTheirTimers()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        await using var live = new LiveRun(network, Options, "vb");
        await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap")), 20);

        // Nothing more is sent: only time goes on. The linger is 4 s.
        await LiveRun.Until(() => live.Records.Count == 1, "the record while the wire is quiet");
        Assert.Equal(Disposition.Busy, live.Records[0].Disposition);
    }

    [VethFact]
    public async Task Interface_DownUpGoneAndBack_IsToldOnceAndResumed()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        await using var live = new LiveRun(network, Options, "vb", "later");
        await LiveRun.Until(() => !live.Notices.IsEmpty, "the notice of the missing one");
        await Replay.Flood(network, "va", 10, Garbage);
        await LiveRun.Until(() => live.Engine.Packets == 10, "ten packets");
        network.SetUp("vb", false);
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is down; waiting for it"), "down");
        network.SetUp("vb", true);
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is up again"), "up");
        await Replay.Flood(network, "va", 10, Garbage);
        await LiveRun.Until(() => live.Engine.Packets == 20, "ten more after down and up");
        network.SetUp("vb", false);
        network.SetUp("vb", true);
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface was down for a moment") || live.Notices.Count(static notice => notice.EndsWith("up again", StringComparison.Ordinal)) == 2, "a moment down");
        network.Remove("vb");
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is gone; looking for it every second"), "gone");
        network.AddPair("va", "vb");
        await LiveRun.Until(() => live.Notices.Contains("vb: the interface is back"), "back");
        await Replay.Flood(network, "va", 10, Garbage);
        await LiveRun.Until(() => live.Engine.Packets == 30, "ten more after gone and back");
        await live.StopAsync();
        Assert.Single(live.Notices, "later: no such interface; looking for it every second");
        Assert.Single(live.Notices, "vb: the interface is gone; looking for it every second");
        Assert.InRange(live["packets.gaps"], 4, 10);
    }

    [VethFact]
    public async Task FullRing_IsCountedAndFlagsOpenCalls()
    {
        const int flood = 40_000;
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        PacketTape call = PacketTape.OfFiles(Checkout.Path("demo", "13-missing-bye.pcap"));
        await using var live = new LiveRun(network, new InterfaceOptions { RingBytes = 1 << 20, BlockBytes = 64 << 10 }, "vb");
        await Replay.Send(network, "va", call, 20);
        await LiveRun.Until(() => live.Engine.Packets == call.Count, "the call");
        live.Going.Reset();
        await Replay.Flood(network, "va", flood, Garbage);
        live.Going.Set();
        await live.StopAsync();
        var source = live.Reader.Sources[0].Describe().ToDictionary(static counter => counter.Name, static counter => counter.Value);
        Assert.InRange(source["kernel_dropped"], 1000, flood);
        Assert.Equal(call.Count + flood, source["packets"] + source["kernel_dropped"]);
        Assert.Equal(source["kernel_dropped"], live.Losses);
        Assert.Equal(CallFlags.Gap | CallFlags.MissingBye, Assert.Single(live.Records).Flags & (CallFlags.Gap | CallFlags.MissingBye));
    }

    [VethFact]
    public async Task TwoHundredThousandGarbagePackets_LeaveACallWhole()
    {
        const int flood = 200_000;
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        await using var live = new LiveRun(network, new InterfaceOptions { RingBytes = 64 << 20 }, "vb");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var random = new Random(6);
        byte[][] garbage = Enumerable.Range(0, 997).Select(_ =>
        {
            byte[] frame = new byte[random.Next(14, 400)];
            random.NextBytes(frame);
            if (random.Next(2) == 0) (frame[12], frame[13]) = (8, 0);
            return frame;
        }).ToArray();
        await Replay.Flood(network, "va", flood, i => garbage[i % garbage.Length]);
        await Replay.Send(network, "va", PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap")), 20);
        await live.StopAsync();
        Assert.Equal(Disposition.Busy, Assert.Single(live.Records).Disposition);
        Assert.Equal(flood + PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap")).Count, live["packets.packets"] + live.Losses);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 200L << 20);
    }

    // What a record says apart from times.
    private static string Facts(CallRecord record) => string.Join(' ',
        record.SipCallId, record.Disposition, record.SipStatus, record.HangupBy, record.Dialled, record.Caller.Number, record.Callee.Number, record.Transport,
        record.Flags, string.Join(',', record.Legs.Select(static leg => $"{leg.ToTag}/{leg.SipStatus}")),
        string.Join(',', record.Streams.Select(static stream => $"{stream.Ssrc:x}/{stream.Codec}/{stream.Packets}/{stream.Lost}").Order(StringComparer.Ordinal)));

    private static byte[] Garbage(int number) => PacketBuilder.UdpFrame("192.0.2.77:7", "192.0.2.78:9", new byte[160], number & 0xFFFF).Build();
}
