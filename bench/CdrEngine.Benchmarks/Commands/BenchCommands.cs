using System.CommandLine;
using System.Text.Json;

namespace CdrEngine.Benchmarks.Commands;

/// <summary>The sub-commands of <c>./cdrengine bench</c>.</summary>
public static class BenchCommands
{
    /// <summary>Runs one and gives its exit code: 0 done, 1 not done or a check failed.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken stop)
    {
        var root = new RootCommand("Generates load and measures. docs/benchmarks.md says how to read the figures.")
        {
            MicroCommands.MakeList(output),
            MicroCommands.MakeRun(output),
            GenerateCommand.Make(output),
            CheckCommand.Make(output),
            ReplayCommand.Make(output),
            LayersCommand.Make(output),
            LiveCommand.Make(output),
            GrowthCommand.Make(output),
            StoresCommand.Make(output),
            StoredCommand.Make(output),
            SessionsCommand.Make(output),
            SuiteCommand.Make(output),
            CompareCommand.Make(output),
            RecordingsCommand.Make(output),
            OpenCallsCommand.Make(output),
            SoakCommand.Make(output),
            KillCommand.Make(output),
        };
        try
        {
            var invocation = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
            return await root.Parse(arguments).InvokeAsync(invocation, stop).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is BenchException or IOException or UnauthorizedAccessException or FormatException or JsonException)
        {
            error.WriteLine($"bench: {exception.Message.ReplaceLineEndings(" ")}");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            error.WriteLine("bench: stopped");
            return 1;
        }
    }
}
