using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Truth;

public sealed class EveryCaptureTests
{
    /// <summary>Calls of a file that overlaps the one before it in time: cut from the same capture, so that the two go on as one.</summary>
    private static readonly string[] OneCallOfTwoFiles =
    [
        "20050114-e9dc11825bbc40c622170929 pcpp-sip_resp.pcap",
        "20161127-361cdb9a825a53b0423ad9d3 sip-rtp-opus.pcap",
    ];

    [SharedFact]
    public void EveryCapture_InOneImport_GivesTheRecordsOfEachAlone()
    {
        string[] files = Files();
        Assert.True(files.Length > 120, $"{files.Length} captures");
        SortedDictionary<string, string> alone = Alone(files);

        // Less than no gap: each file is a capture of its own, whatever its times.
        using EngineRun apart = EngineRun.Of(PacketTape.OfFiles(files), new RunOptions { Shards = 3, Adjust = static options => options with { ContinuityGap = TimeSpan.FromTicks(-1) } });
        Assert.Empty(apart.Events);
        Same(alone, apart, except: []);
    }

    [SharedFact]
    public void EveryCapture_InOneImportWithTheDefaultGap_GivesTheSameCalls()
    {
        string[] files = Files();
        using EngineRun together = EngineRun.Of(PacketTape.OfFiles(files), new RunOptions { Shards = 2 });
        Assert.Empty(together.Events);
        Same(Alone(files), together, OneCallOfTwoFiles);
    }

    private static SortedDictionary<string, string> Alone(string[] files)
    {
        var alone = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            using EngineRun single = EngineRun.OfFile(file);
            Assert.Empty(single.Events);
            foreach (CallRecord record in single.Records) alone[Key(record)] = Text(record);
        }

        return alone;
    }

    private static void Same(SortedDictionary<string, string> alone, EngineRun run, string[] except)
    {
        Dictionary<string, string> all = run.Records.ToDictionary(Key, Text);
        string[] differences =
        [
            .. alone.Keys.Except(all.Keys).Except(except).Select(static key => $"missing {key}"),
            .. all.Keys.Except(alone.Keys).Select(static key => $"besides {key}"),
            .. except.Where(all.ContainsKey).Select(static key => $"not one call: {key}"),
            .. alone.Where(pair => all.TryGetValue(pair.Key, out string? text) && text != pair.Value && except.Length == 0).Select(pair => $"alone    {pair.Value}\ntogether {all[pair.Key]}"),
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
    }

    private static string[] Files() => [.. Captures("captures"), .. Captures("lab", "captures")];

    private static string[] Captures(params string[] folder) =>
    [
        .. Directory.EnumerateFiles(SharedFolder.Path(folder))
            .Where(static file => !(Path.GetExtension(file) is ".json" or ".md" or ".keylog" or ".pem" or ".bin"))
            .Order(StringComparer.Ordinal),
    ];

    private static string Key(CallRecord record) => $"{record.Id} {record.CaptureSource}";

    private static string Text(CallRecord record) => Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record));
}
