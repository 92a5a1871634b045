using System.CommandLine;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>dialects</c>: pages of the dialects' lists over an archive of many days.</summary>
internal static class DialectsCommand
{
    public static Command Make(TextWriter output)
    {
        var calls = new Option<int>("--calls") { Description = "Calls of the archive that is made.", DefaultValueFactory = static _ => 1_000_000 };
        var days = new Option<int>("--days") { Description = "Days they are spread over.", DefaultValueFactory = static _ => 30 };
        var questions = new Option<int>("--questions") { Description = "Questions of each kind.", DefaultValueFactory = static _ => 200 };
        var folder = new Option<string?>("--archive") { Description = "Folder of an archive to keep and use again; without, it is removed." };
        var command = new Command("dialects", "Pages of the dialects' lists: first and later ones, for every filter.") { calls, days, questions, folder };
        command.SetAction((parsed, stop) =>
        {
            string? kept = parsed.GetValue(folder);
            string path = kept ?? Directory.CreateTempSubdirectory("cdrengine-dialects-").FullName;
            try
            {
                DialectBenchmarks.Run(output, path, parsed.GetValue(calls), parsed.GetValue(days), parsed.GetValue(questions), stop);
            }
            finally
            {
                if (kept is null) Directory.Delete(path, recursive: true);
            }

            return Task.FromResult(stop.IsCancellationRequested ? 1 : 0);
        });
        return command;
    }
}
