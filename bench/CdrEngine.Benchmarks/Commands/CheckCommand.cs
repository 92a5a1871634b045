using System.CommandLine;
using CdrEngine.Load;
using CdrEngine.Replay;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>check OUT.pcap</c>: whether the engine makes exactly the records that the load must give.</summary>
internal static class CheckCommand
{
    /// <summary>Differences printed before the rest is only counted.</summary>
    private const int MostLines = 50;

    public static Command Make(TextWriter output)
    {
        var path = new Argument<string>("OUT.pcap") { Description = "A capture that generate wrote." };
        var shards = new Option<int>("--shards") { Description = "Shards; 0 for the engine's default." };
        var command = new Command("check", "Run the engine on a generated capture and compare every record; exit code 1 where any differs.")
        {
            path, shards,
        };
        command.SetAction(parsed => Check(parsed.GetRequiredValue(path), parsed.GetValue(shards), output));
        return command;
    }

    /// <summary>Compares, prints, and gives the exit code.</summary>
    public static int Check(string path, int shards, TextWriter output)
    {
        ExpectedRecords expected = ExpectedRecords.OfCapture(path);
        ReplayFigures figures = EngineReplay.Run([path], new ReplayOptions { Shards = shards }, emission => expected.Take(emission.Record));
        List<string> differences = [.. figures.Faults.Select(static fault => $"engine: {fault}"), .. expected.Differences()];
        foreach (string line in differences.Take(MostLines)) output.WriteLine(line);
        if (differences.Count > MostLines) output.WriteLine($"... and {differences.Count - MostLines:N0} more");
        output.WriteLine(differences.Count == 0
            ? $"{expected.Calls:N0} calls, every record as expected"
            : $"{differences.Count:N0} differences in {expected.Calls:N0} calls");
        return differences.Count == 0 ? 0 : 1;
    }
}
