using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using Xunit;

namespace CdrEngine.Engine.Tests.Load;

/// <summary>Generated loads through the engine: every record as scripted, one for each call, none besides.</summary>
public sealed class LoadTests
{
    private static readonly LoadOptions Small = new() { Calls = 60, CallsPerSecond = 20, TalkSeconds = 3 };

    /// <summary>What each kind of load turns up.</summary>
    public static readonly Dictionary<string, Func<LoadOptions, LoadOptions>> Kinds = new(StringComparer.Ordinal)
    {
        ["a bit of everything"] = static load => load,
        ["all TCP"] = static load => load with { TcpShare = 1 },
        ["all IPv6"] = static load => load with { IPv6Share = 1 },
        ["all IPv6 over TCP"] = static load => load with { IPv6Share = 1, TcpShare = 1, VlanShare = 0.5 },
        ["heavy loss"] = static load => load with { LossShare = 0.1 },
        ["heavy reordering and duplicates"] = static load => load with { ReorderShare = 0.05, DuplicateShare = 0.05, LossShare = 0.05 },
        ["retransmissions"] = static load => load with { RetransmissionShare = 0.3 },
        ["mirror copies"] = static load => load with { MirrorShare = 0.05 },
        ["mirror copies of everything"] = static load => load with { MirrorShare = 1, DuplicateShare = 0.02 },
        ["fragments"] = static load => load with { FragmentShare = 1, IPv6Share = 0.5 },
        ["proxies"] = static load => load with { ProxyShare = 1, RetransmissionShare = 0.1 },
        ["forks"] = static load => load with { Mix = Only(Scenario.Forked), RetransmissionShare = 0.1 },
        ["holds"] = static load => load with { Mix = Only(Scenario.Held), TalkSeconds = 6 },
        ["early media"] = static load => load with { Mix = Only(Scenario.EarlyMedia), ProxyShare = 0.5 },
        ["challenges"] = static load => load with { Mix = Only(Scenario.Authenticated), ProxyShare = 0.5, RetransmissionShare = 0.2 },
        ["unanswered"] = static load => load with { Mix = Only(Scenario.Busy, Scenario.NoAnswer, Scenario.Cancelled, Scenario.NotFound, Scenario.Declined, Scenario.NoResponse), ProxyShare = 0.5, RetransmissionShare = 0.3 },
        ["signalling only"] = static load => load with { Rtp = false, Calls = 600, CallsPerSecond = 300, RegistersPerCall = 2 },
        ["a burst"] = static load => load with { CallsPerSecond = 2000, Calls = 150 },
    };

    public static TheoryData<string, ulong> Loads()
    {
        var rows = new TheoryData<string, ulong>();
        ulong seed = 1;
        foreach (string kind in Kinds.Keys)
        {
            for (int i = 0; i < 3; i++) rows.Add(kind, seed++);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Loads))]
    public void Load_OfAnySeed_GivesEveryRecordExactly(string kind, ulong seed)
    {
        LoadOptions load = Kinds[kind](Small) with { Seed = seed };
        PacketTape tape = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { Shards = 1 + (int)(seed % 3) });
        Assert.Empty(run.Events);
        Assert.Equal(load.Calls, expected.Count);
        ExpectExactly(expected, run);
    }

    [Fact]
    public void Calls_ThatReuseAddressesAndPorts_KeepTheirOwnStreams()
    {
        // 60,000 addresses come round: call 60,000 has the phones of call 0 on the next ports. The same phones call again and again here.
        LoadOptions load = Small with { Seed = 77, Calls = 40, CallsPerSecond = 0.2, Mix = Only(Scenario.CallerHangsUp, Scenario.CalleeHangsUp) };
        PacketTape tape = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        PacketTape again = PacketTape.OfLoad(load with { Seed = 78, Start = load.Start + TimeSpan.FromSeconds(9) }, out List<ExpectedCall> more);
        PacketTape both = new PacketTape().Source("both");
        foreach (CapturedPacket packet in tape.Frames) both.Add(packet);
        foreach (CapturedPacket packet in again.Frames) both.Add(packet);
        using EngineRun run = EngineRun.Of(both.Sorted());
        Assert.Empty(run.Events);
        Assert.Equal(expected.Count + more.Count, run.Records.Count);
        foreach (ExpectedCall call in expected.Concat(more))
        {
            // Some of these calls are open at once on the same address; whether they are flagged is another test's matter.
            CallRecord record = run.Call(call.SipCallId);
            Assert.Empty(call.Differences(record with { Flags = record.Flags & ~CallFlags.ReusedPort }));
        }
    }

    [Fact]
    public void MirrorCopies_WhereIdentificationsComeRoundTo0_AreNotTheNetworks()
    {
        LoadOptions load = Small with { Seed = 79, Calls = 40, TalkSeconds = 20, MirrorShare = 1, TcpShare = 0, IPv6Share = 0, FragmentShare = 0, Mix = Only(Scenario.CallerHangsUp) };
        PacketTape tape = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        Assert.True(tape.Frames.Count > 2 * 65_536, $"{tape.Frames.Count} packets");
        using EngineRun run = EngineRun.Of(tape);
        ExpectExactly(expected, run);
    }

    private static Dictionary<Scenario, double> Only(params Scenario[] scenarios) => scenarios.ToDictionary(static scenario => scenario, static _ => 1.0);

    private static void ExpectExactly(List<ExpectedCall> expected, EngineRun run)
    {
        ILookup<string, CallRecord> records = run.Records.ToLookup(static record => record.SipCallId);
        var differences = new List<string>();
        foreach (ExpectedCall call in expected)
        {
            CallRecord[] ours = [.. records[call.SipCallId]];
            if (ours.Length != 1) differences.Add($"{call.SipCallId} {call.Scenario}: {ours.Length} records");
            else if (call.Differences(ours[0]) is { Count: > 0 } found) differences.Add($"{call.SipCallId} {call.Scenario} {call.Transport}: {string.Join("; ", found)}");
        }

        differences.AddRange(records.Select(static group => group.Key).Except(expected.Select(static call => call.SipCallId)).Select(static id => $"{id}: not scripted"));
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n{string.Join('\n', differences.Take(12))}");
        Assert.Equal(expected.Count, run.Finals);
    }
}
