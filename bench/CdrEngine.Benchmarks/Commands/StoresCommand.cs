using System.CommandLine;
using CdrEngine.Benchmarks.Storage;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>stores</c>: SQLite beside PostgreSQL.</summary>
internal static class StoresCommand
{
    public static Command Make(TextWriter output)
    {
        var server = new Option<string?>("--postgresql") { Description = "URL or connection string of a PostgreSQL server, whose schema bench is filled; one of the bench's own otherwise, which is gone afterwards." };
        var calls = new Option<int>("--calls") { Description = "Calls.", DefaultValueFactory = static _ => 200_000 };
        var page = new Option<string?>("--out") { Description = "File of the results; bench/results/DATE-MACHINE-stores.md of the checkout otherwise." };
        var command = new Command("stores", "The same records into SQLite and PostgreSQL: rates, what of them is kept for lists, and the first page of the usual lists.") { server, calls, page };
        command.SetAction((parsed, stop) =>
        {
            int many = parsed.GetValue(calls);
            if (many < 1_000) throw new BenchException("--calls: at least 1000");
            string file = parsed.GetValue(page) ?? ResultFiles.Default("-stores.md");
            string result;
            if (parsed.GetValue(server) is { } given)
            {
                result = StoreComparison.Run(output, given, many, stop);
            }
            else
            {
                if (PostgresServer.Missing is { } missing) throw new BenchException(missing);
                using var own = new PostgresServer(isDurable: true);
                result = StoreComparison.Run(output, own.Connection, many, stop);
            }

            File.WriteAllText(file, result);
            output.WriteLine($"written: {file}");
            return Task.FromResult(0);
        });
        return command;
    }
}
