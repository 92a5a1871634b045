using CdrEngine.Calls.Records;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Truth;

public sealed class EveryCaptureTests
{
    [SharedFact]
    public void EveryCapture_InOneImport_GivesTheRecordsOfEachAlone()
    {
        string[] files =
        [
            .. Captures("captures").Concat(Captures("lab", "captures")),
        ];
        Assert.True(files.Length > 120, $"{files.Length} captures");

        var alone = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in files)
        {
            using EngineRun single = EngineRun.OfFile(file);
            Assert.Empty(single.Events);
            foreach (CallRecord record in single.Records) alone[$"{record.Id} {record.CaptureSource}"] = Text(record);
        }

        using EngineRun together = EngineRun.Of(PacketTape.OfFiles(files), new RunOptions { Shards = 3 });
        Assert.Empty(together.Events);
        SortedDictionary<string, string> all = new(together.Records.ToDictionary(static record => $"{record.Id} {record.CaptureSource}", Text), StringComparer.Ordinal);
        string[] keys = [.. alone.Keys.Except(all.Keys).Select(static key => $"missing {key}"), .. all.Keys.Except(alone.Keys).Select(static key => $"besides {key}")];
        Assert.True(keys.Length == 0, string.Join('\n', keys));
        string[] different = [.. alone.Where(pair => all[pair.Key] != pair.Value).Select(pair => $"alone    {pair.Value}\ntogether {all[pair.Key]}")];
        Assert.True(different.Length == 0, string.Join('\n', different));
    }

    private static string[] Captures(params string[] folder) =>
    [
        .. Directory.EnumerateFiles(SharedFolder.Path(folder))
            .Where(static file => !(Path.GetExtension(file) is ".json" or ".md" or ".keylog" or ".pem" or ".bin"))
            .Order(StringComparer.Ordinal),
    ];

    private static string Text(CallRecord record) => System.Text.Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record));
}
