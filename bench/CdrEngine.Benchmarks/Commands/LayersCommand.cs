using System.CommandLine;
using CdrEngine.Benchmarks.Suite;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>layers FILE</c>: the engine measured layer upon layer.</summary>
internal static class LayersCommand
{
    public static Command Make(TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "Capture file." };
        var runs = new Option<int>("--runs") { Description = "Runs of each layer after the one that warms up.", DefaultValueFactory = static _ => 3 };
        var command = new Command("layers", "Measure reading, decoding, calls and streams, records, packet log, each on top of the one before.") { file, runs };
        command.SetAction((parsed, stop) =>
        {
            output.Write(Layers.Measure(parsed.GetRequiredValue(file), Math.Max(1, parsed.GetValue(runs)), stop));
            return Task.FromResult(0);
        });
        return command;
    }
}
