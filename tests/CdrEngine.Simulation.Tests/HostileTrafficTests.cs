using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Simulation.Tests;

/// <summary>Scripted calls amid what a real wire and its attackers add, through the real engine with its threads and its packet log. The
/// records must be those of the script, whatever stands beside them. A failure names its seed.</summary>
public sealed class HostileTrafficTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Calls_AmidJunk_GiveTheirRecords(int seed)
    {
        var random = new Random(seed);
        LoadOptions load = AnyLoad(random, (ulong)seed);
        PacketTape calls = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        PacketTape tape = Amid(calls, random, junkShare: 0.2);
        RunOptions options = new()
        {
            Shards = random.Next(1, 5),
            BatchItems = random.Next(1, 600),
            BatchBytes = random.Next(100, 200_000),
            KeepPackets = random.Next(2) == 0,
        };
        tape = tape.SplitAt([.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(1, tape.Count)).Order()]);
        using EngineRun run = EngineRun.Of(tape, options);
        Assert.Empty(run.Events);
        Assert.Null(run.LogFault);
        Assert.Equal(tape.Count, run["packets.packets"]);
        ILookup<string, CallRecord> records = run.Records.ToLookup(static record => record.SipCallId);
        var differences = new List<string>();
        foreach (ExpectedCall call in expected)
        {
            CallRecord[] ours = [.. records[call.SipCallId]];
            if (ours.Length != 1) differences.Add($"{call.SipCallId} {call.Scenario}: {ours.Length} records");
            else if (call.Differences(ours[0]) is { Count: > 0 } found) differences.Add($"{call.SipCallId} {call.Scenario}: {string.Join("; ", found)}");
        }

        Assert.True(differences.Count == 0, $"seed {seed}, {load}, {options}: {differences.Count} differences\n{string.Join('\n', differences.Take(8))}");
        Assert.All(run.Records, record => Assert.True(record.BillableDuration <= record.Duration && record.EndedAt >= record.StartedAt, $"seed {seed}: {record.Id}"));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void SpoiledCaptures_NeverFail_AndRepeatThemselves(int seed)
    {
        // Every tenth packet of the calls themselves is damaged: nothing can be said of the records but that they come, and come again alike.
        var random = new Random(seed);
        PacketTape tape = PacketTape.OfLoad(AnyLoad(random, (ulong)(1000 + seed)) with { Calls = 40 }, out _);
        PacketTape spoiled = new PacketTape().Source("spoiled.pcap");
        foreach (CapturedPacket packet in tape.Frames)
        {
            byte[] bytes = packet.Bytes.ToArray();
            if (random.Next(10) == 0) SipMutation.Apply(ref bytes, random);
            int cut = random.Next(20) == 0 ? random.Next(bytes.Length + 1) : bytes.Length;
            spoiled.Add(packet with { Bytes = bytes.AsSpan(0, cut), OriginalLength = bytes.Length });
        }

        using EngineRun one = EngineRun.Of(spoiled, new RunOptions { Shards = 1, KeepPackets = true });
        using EngineRun three = EngineRun.Of(spoiled, new RunOptions { Shards = 3, BatchItems = 7, BatchBytes = 999 });
        Assert.Empty(one.Events);
        Assert.Empty(three.Events);
        Assert.NotEmpty(one.Records);
        Assert.Equal(one.Json(), three.Json());
        foreach (CallRecord record in one.Records) Assert.True(one.Packets(record).Count > 0, record.Id);
    }

    private static LoadOptions AnyLoad(Random random, ulong seed)
    {
        double Share(double most) => random.Next(3) == 0 ? 0 : random.NextDouble() * most;
        return new LoadOptions
        {
            Seed = seed,
            Calls = random.Next(20, 90),
            CallsPerSecond = random.Next(5, 100),
            TalkSeconds = 0.5 + (random.NextDouble() * 3),
            TcpShare = Share(1),
            IPv6Share = Share(1),
            VlanShare = Share(1),
            FragmentShare = Share(0.5),
            ProxyShare = Share(1),
            LossShare = Share(0.1),
            ReorderShare = Share(0.05),
            DuplicateShare = Share(0.05),
            MirrorShare = Share(0.2),
            RetransmissionShare = Share(0.3),
            RegistersPerCall = Share(2),
            Rtp = random.Next(5) > 0,
        };
    }

    private static PacketTape Amid(PacketTape calls, Random random, double junkShare)
    {
        PacketTape tape = new PacketTape().Source("wire.pcap");
        foreach (CapturedPacket packet in calls.Frames)
        {
            tape.Add(packet);

            // An id holds the start to the microsecond: two calls of one Call-ID begin apart.
            for (int i = 1; random.NextDouble() < junkShare; i++)
                tape.Add(packet with { Bytes = Junk(random), OriginalLength = 2000, InterfaceId = 1, CapturedAt = packet.CapturedAt + TimeSpan.FromMicroseconds(i) });
        }

        return tape;
    }

    /// <summary>What is on the wire beside calls: nothing here names an address, port or Call-ID of a generated call.</summary>
    private static byte[] Junk(Random random)
    {
        string there = string.Create(CultureInfo.InvariantCulture, $"203.0.113.{random.Next(1, 255)}:{random.Next(1, 65_536)}");
        string here = string.Create(CultureInfo.InvariantCulture, $"198.51.100.{random.Next(1, 255)}:{(random.Next(2) == 0 ? 5060 : random.Next(1, 65_536))}");
        byte[] noise = new byte[random.Next(0, 400)];
        random.NextBytes(noise);
        switch (random.Next(9))
        {
            case 0:
                return noise;
            case 1:
                return PacketBuilder.UdpFrame(there, here, noise, random.Next(65_536)).Build();
            case 2:
                return PacketBuilder.TcpFrame(there, here, (uint)random.Next(), noise, flags: (byte)random.Next(256)).Build();
            case 3:
                byte[] invite = SipText.Invite($"junk-{random.Next(50)}@scanner", "100@1.1.1.1", "200@198.51.100.1").WithSdp("203.0.113.9", random.Next(1, 65_536)).ToBytes();
                SipMutation.Apply(ref invite, random);
                return PacketBuilder.UdpFrame(there, here, invite, random.Next(65_536)).Build();
            case 4:
                byte[] response = SipText.Invite($"junk-{random.Next(50)}@scanner", "a@b", "c@d").Reply(random.Next(100, 700)).ToBytes();
                SipMutation.Apply(ref response, random);
                return PacketBuilder.TcpFrame(there, here, (uint)random.Next(), response).Build();
            case 5:
                if (noise.Length > 1) (noise[0], noise[1]) = (0x80, (byte)random.Next(128));
                return PacketBuilder.UdpFrame(there, here, noise, random.Next(65_536)).Build();
            case 6:
                // One fragment of a datagram that never becomes whole.
                byte[][] pieces = PacketBuilder.UdpFrame(there, here, new byte[3000], random.Next(65_536)).BuildFragments(1400);
                return pieces[random.Next(pieces.Length)];
            case 7:
                return PacketBuilder.UdpFrame(there, here, SipText.Register($"junk-{random.Next(50)}@scanner", "x").ToBytes(), random.Next(65_536)).Build();
            default:
                byte[] frame = PacketBuilder.UdpFrame(there, here, noise, random.Next(65_536)).Build();
                SipMutation.Apply(ref frame, random);
                return frame;
        }
    }
}
