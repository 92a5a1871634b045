using System.CommandLine;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>stores</c>: SQLite beside PostgreSQL.</summary>
internal static class StoresCommand
{
    public static Command Make(TextWriter output)
    {
        var server = new Argument<string>("SERVER") { Description = "URL or connection string of a PostgreSQL server; its schema bench is filled." };
        var calls = new Option<int>("--calls") { Description = "Calls.", DefaultValueFactory = static _ => 1_000_000 };
        var command = new Command("stores", "The same records into SQLite and PostgreSQL, and the first page of some lists from both.") { server, calls };
        command.SetAction((parsed, stop) =>
        {
            StoreComparison.Run(output, parsed.GetValue(server)!, parsed.GetValue(calls), stop);
            return Task.FromResult(stop.IsCancellationRequested ? 1 : 0);
        });
        return command;
    }
}
