using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.PacketLog;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

/// <summary>An engine whose packets go straight gives what one gives where all go the long way: records, packets and counters.</summary>
public sealed class StraightWayTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void Load_StraightAndLong_GiveTheSame(ulong seed, int shards) => Assert.True(Agree(
        PacketTape.OfLoad(
            new LoadOptions
            {
                Seed = 700 + seed,
                Calls = 80,
                CallsPerSecond = 10,
                TalkSeconds = 14,
                TcpShare = 0.1,
                IPv6Share = 0.2,
                FragmentShare = 0.05,
                MirrorShare = 0.01,
                LossShare = 0.02,
                ReorderShare = 0.02,
                DuplicateShare = 0.01,
                RetransmissionShare = 0.05,
            },
            out _),
        shards) > 50_000);

    [Fact]
    public void TimesThatLie_StraightAndLong_GiveTheSame()
    {
        PacketTape load = PacketTape.OfLoad(new LoadOptions { Seed = 710, Calls = 30, CallsPerSecond = 10, TalkSeconds = 12, LossShare = 0.01 }, out _);
        var random = new Random(5);
        var tape = new PacketTape().Source("lies");
        long shift = 0;
        foreach (CapturedPacket packet in load.Frames)
        {
            // The clock of the capture is set now and then, and single stamps lie.
            if (random.Next(4_000) == 0) shift += random.NextInt64(-60_000_000, 60_000_000);
            long lie = random.Next(300) == 0 ? random.NextInt64(-15_000_000, 15_000_000) : random.Next(5_000) == 0 ? 4_000_000_000_000 : 0;
            tape.Add(packet with { CapturedAt = new Timestamp(packet.CapturedAt.Microseconds + shift + lie) });
        }

        Assert.True(Agree(tape, shards: 1) > 10_000);
        Agree(tape, shards: 2);
    }

    public static TheoryData<string> LabCaptures()
    {
        var rows = new TheoryData<string>();
        if (SharedFolder.Root is null)
        {
            rows.Add("missing");
            return rows;
        }

        foreach (string file in Directory.EnumerateFiles(SharedFolder.Path("lab", "captures"), "*.pcap*").Order(StringComparer.Ordinal)) rows.Add(Path.GetFileName(file));
        return rows;
    }

    [SharedTheory]
    [MemberData(nameof(LabCaptures))]
    public void LabCapture_StraightAndLong_GiveTheSame(string name) => Agree(PacketTape.OfFiles(SharedFolder.Path("lab", "captures", name)), shards: 1);

    /// <summary>Gives how many packets went straight.</summary>
    private static long Agree(PacketTape tape, int shards)
    {
        // A call whose packets are kept may be told once more for its last packets; so each is held against its like.
        using EngineRun longUnkept = Run(tape, shards, goesStraight: false, keepPackets: false);
        using EngineRun straightUnkept = Run(tape, shards, goesStraight: true, keepPackets: false);
        Assert.Equal(0, longUnkept.StraightPackets);
        Assert.Equal(longUnkept.Json(), straightUnkept.Json());
        Assert.Equal(longUnkept.Statistics, straightUnkept.Statistics);
        using EngineRun longWay = Run(tape, shards, goesStraight: false, keepPackets: true);
        using EngineRun straight = Run(tape, shards, goesStraight: true, keepPackets: true);
        Assert.Equal(longWay.Json(), straight.Json());
        Assert.Equal(longWay.Statistics, straight.Statistics);
        foreach (CallRecord record in longWay.Records)
        {
            CallRecord same = straight.Records.Single(other => other.Id == record.Id && other.CaptureSource == record.CaptureSource);
            using FrameBuffer packets = longWay.Packets(record, PacketKindSet.All);
            using FrameBuffer others = straight.Packets(same, PacketKindSet.All);
            Assert.True(packets.Bytes.SequenceEqual(others.Bytes), record.SipCallId);
        }

        return straight.StraightPackets;
    }

    private static EngineRun Run(PacketTape tape, int shards, bool goesStraight, bool keepPackets) => EngineRun.Of(
        tape, new RunOptions { Shards = shards, KeepPackets = keepPackets, Adjust = options => options with { GoesStraight = goesStraight } });
}
