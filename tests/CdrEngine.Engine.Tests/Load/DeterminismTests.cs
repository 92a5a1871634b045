using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Load;

/// <summary>The same capture gives the same bytes, however the work is dealt out and wherever the file is cut.</summary>
public sealed class DeterminismTests
{
    private static readonly (int Shards, int Items, int Bytes)[] Ways =
    [
        .. from shards in (int[])[1, 2, 7] from items in (int[])[1, 16, 512] from bytes in (int[])[256, 128 * 1024] select (shards, items, bytes),
    ];

    public static TheoryData<string> LabCaptures()
    {
        var rows = new TheoryData<string>();
        if (SharedFolder.Root is null)
        {
            rows.Add("missing");
            return rows;
        }

        foreach (string name in (string[])["09-hold-resume", "11-attended-transfer", "12-forking", "19-tcp", "23-fragmented-invite", "25-b2bua", "27-missing-bye", "28-port-reuse", "32-sipp-shared-ports"])
            rows.Add(name);
        return rows;
    }

    [Theory]
    [InlineData(101)]
    [InlineData(102)]
    [InlineData(103)]
    public void Load_AnyShardsAndBatches_GivesTheSameBytes(ulong seed) => AllWaysAgree(Mixed(seed));

    [SharedTheory]
    [MemberData(nameof(LabCaptures))]
    public void LabCapture_AnyShardsAndBatches_GivesTheSameBytes(string name) => AllWaysAgree(Lab(name));

    [Theory]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(203)]
    public void Load_CutAnywhere_GivesTheSameBytes(ulong seed) => CutsChangeNothing(Mixed(seed), (int)seed, cuts: 12);

    [SharedTheory]
    [MemberData(nameof(LabCaptures))]
    public void LabCapture_CutAnywhere_GivesTheSameBytes(string name) => CutsChangeNothing(Lab(name), name.Length, cuts: 8);

    [Fact]
    public void SmallLoad_CutBeforeEachPacket_GivesTheSameBytes()
    {
        PacketTape tape = PacketTape.OfLoad(
            new LoadOptions { Seed = 301, Calls = 6, CallsPerSecond = 6, TalkSeconds = 0.5, TcpShare = 0.4, FragmentShare = 0.4, ProxyShare = 0.5, Mix = LoadOptions.DefaultMix.Where(static pair => pair.Key is not (Scenario.NoAnswer or Scenario.NoResponse)).ToDictionary() },
            out _);
        string whole = Json(tape, new RunOptions());
        Assert.NotEmpty(whole);
        for (int cut = 1; cut < tape.Count; cut++) Assert.True(whole == Json(tape.SplitAt(cut), new RunOptions()), $"cut before packet {cut} of {tape.Count}");
    }

    private static PacketTape Mixed(ulong seed) => PacketTape.OfLoad(
        new LoadOptions { Seed = seed, Calls = 50, CallsPerSecond = 25, TalkSeconds = 2, TcpShare = 0.2, IPv6Share = 0.2, FragmentShare = 0.1, MirrorShare = 0.01, LossShare = 0.02, RetransmissionShare = 0.1 },
        out _);

    private static PacketTape Lab(string name) => PacketTape.OfFiles(SharedFolder.Path("lab", "captures", name + ".pcap"));

    private static string Json(PacketTape tape, RunOptions options)
    {
        using EngineRun run = EngineRun.Of(tape, options);
        Assert.Empty(run.Events);
        return run.Json();
    }

    private static void AllWaysAgree(PacketTape tape)
    {
        string first = Json(tape, new RunOptions());
        Assert.NotEmpty(first);
        foreach ((int shards, int items, int bytes) in Ways)
            Assert.True(first == Json(tape, new RunOptions { Shards = shards, BatchItems = items, BatchBytes = bytes }), $"{shards} shards, {items} items, {bytes} bytes");
        Assert.True(first == Json(tape, new RunOptions { Shards = 3, KeepPackets = true }), "with a packet log");
    }

    private static void CutsChangeNothing(PacketTape tape, int seed, int cuts)
    {
        string whole = Json(tape, new RunOptions());
        Assert.NotEmpty(whole);
        var random = new Random(seed);
        for (int i = 0; i < cuts; i++)
        {
            int[] at = [.. Enumerable.Range(0, 1 + (i % 2)).Select(_ => random.Next(1, tape.Count)).Order()];
            Assert.True(whole == Json(tape.SplitAt(at), new RunOptions { Shards = 1 + (i % 3) }), $"seed {seed}: cut before {string.Join(", ", at)} of {tape.Count}");
        }
    }
}
