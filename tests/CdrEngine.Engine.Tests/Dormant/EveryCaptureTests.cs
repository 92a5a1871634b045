using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Dormant;

/// <summary>Whether and when calls are put away changes no record and no counter.</summary>
public sealed class EveryCaptureTests
{
    [SharedFact]
    public void EveryCapture_GivesTheSame_HoweverCallsArePutAway()
    {
        string[] files =
        [
            .. Files("captures"), .. Files("lab", "captures"),
        ];
        Assert.True(files.Length > 120, $"{files.Length} captures");
        foreach (string file in files) Agree(PacketTape.OfFiles(file), file);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(402)]
    public void Load_GivesTheSame_HoweverCallsArePutAway(ulong seed) => Agree(
        PacketTape.OfLoad(
            new LoadOptions { Seed = seed, Calls = 120, CallsPerSecond = 10, TalkSeconds = 2, TcpShare = 0.2, IPv6Share = 0.2, FragmentShare = 0.1, MirrorShare = 0.02, LossShare = 0.02, RetransmissionShare = 0.3, ProxyShare = 0.5 },
            out _),
        "load");

    private static void Agree(PacketTape tape, string name)
    {
        using EngineRun plain = Play(tape, PutsAway.Never), usual = Play(tape, PutsAway.AtRest), always = Play(tape, PutsAway.Always);
        Assert.True(always["shard.calls_put_away"] > 0 || always.Records.Count == 0, $"{name}: nothing was put away");
        foreach (EngineRun run in (EngineRun[])[usual, always])
        {
            Assert.Empty(run.Events);
            Assert.True(plain.Json() == run.Json(), name);
            Assert.Equal(Counters(plain), Counters(run));
        }
    }

    private static EngineRun Play(PacketTape tape, PutsAway putsAway) =>
        EngineRun.Of(tape, new RunOptions { KeepPackets = true, Adjust = options => options with { PutsAway = putsAway } });

    private static Dictionary<string, long> Counters(EngineRun run) => run.Statistics.Where(static pair => pair.Key is not ("shard.calls_put_away" or "shard.calls_brought_back")).ToDictionary();

    private static IEnumerable<string> Files(params string[] folder) =>
        Directory.EnumerateFiles(SharedFolder.Path(folder)).Where(static file => !(Path.GetExtension(file) is ".json" or ".md" or ".keylog" or ".pem" or ".bin")).Order(StringComparer.Ordinal);
}
