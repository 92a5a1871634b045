using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>The same records into SQLite and into a PostgreSQL server, and the first page of some lists from both.</summary>
public static class StoreComparison
{
    private const int Batch = 2_000;
    private const int Days = 10;
    private const int Questions = 100;

    /// <summary>Fills both and measures.</summary>
    /// <param name="writer">Where the table goes.</param>
    /// <param name="server">URL or connection string of the server; its schema <c>bench</c> must have no records.</param>
    /// <param name="calls">Calls.</param>
    /// <param name="stop">Ends it early.</param>
    public static void Run(TextWriter writer, string server, int calls, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(writer);
        string folder = Directory.CreateTempSubdirectory("cdrengine-stores-").FullName;
        try
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{calls:N0} calls of {Days} days, batches of {Batch:N0}, .NET {Environment.Version}"));
            foreach ((string name, Func<ICallStore> open) in new (string, Func<ICallStore>)[]
                     {
                         ("SQLite", () => SqliteCallStore.Open(folder)),
                         ("PostgreSQL", () => PostgresStores.Calls(new PostgresOptions { Url = server, Schema = "bench", Timeout = TimeSpan.FromMinutes(2) })),
                     })
            {
                using ICallStore store = open();
                Fill(writer, name, store, calls, stop);
                store.Seal(StoredCalls.FirstDay.AddDays(Days - 1), stop);
                Ask(writer, name, store, stop);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Fill(TextWriter writer, string name, ICallStore store, int calls, CancellationToken stop)
    {
        var random = new Random(1);
        int each = calls / Days;
        var writing = new Stopwatch();
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        for (int day = 0; day < Days; day++)
        {
            long midnight = Timestamp.From(new DateTimeOffset(StoredCalls.FirstDay.AddDays(day).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)).Microseconds;
            for (int i = 0; i < each; i += Batch)
            {
                stop.ThrowIfCancellationRequested();
                StoredCall[] batch = [.. Enumerable.Range(i, Math.Min(Batch, each - i)).Select(number => StoredCalls.Call(random, midnight + (86_400_000_000L / each * number)))];
                writing.Start();
                if (store.Write(batch).Fault is { } fault) throw new InvalidOperationException(fault);
                writing.Stop();
            }
        }

        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {each * Days / writing.Elapsed.TotalSeconds:N0} records a second, {processor.TotalMicroseconds / (each * Days):N0} us of this process's processor a record (making them included)"));
        writer.Flush();
    }

    private static void Ask(TextWriter writer, string name, ICallStore store, CancellationToken stop)
    {
        foreach ((string list, Func<Random, CallQuery> query) in new (string, Func<Random, CallQuery>)[]
                 {
                     ("newest", static _ => new CallQuery()),
                     ("earliest", static _ => new CallQuery { Ascending = true }),
                     ("number", static random => new CallQuery { Number = StoredCalls.User(random) }),
                     ("five numbers", static random => new CallQuery { PartyNumbers = [.. Enumerable.Range(0, 5).Select(_ => StoredCalls.User(random))] }),
                     ("number nobody has", static random => new CallQuery { Number = $"x{random.Next()}" }),
                     ("outcome", static random => new CallQuery { Dispositions = [(Disposition)random.Next(2, 9)] }),
                     ("tenant", static random => new CallQuery { Tenant = $"tenant{random.Next(20)}" }),
                     ("longer than an hour", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(3600 + random.Next(1000)) }),
                     ("Call-ID nobody has", static random => new CallQuery { SipCallId = $"{random.Next()}@x" }),
                 })
        {
            var random = new Random(5);
            var times = new List<double>(Questions);
            int rows = 0;
            for (int i = 0; i < Questions && !stop.IsCancellationRequested; i++)
            {
                CallQuery asked = query(random);
                long start = Stopwatch.GetTimestamp();
                rows = Math.Max(rows, store.List(asked).Calls.Count);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            times.Sort();
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, first page, {list}: p50 {times[times.Count / 2]:F1} ms, p99 {times[^2]:F1} ms, most {times[^1]:F1} ms, {rows} rows"));
            writer.Flush();
        }
    }
}
