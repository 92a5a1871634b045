using System.Diagnostics;
using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>The same records into SQLite and into a PostgreSQL server: how fast they are written, what of that is sums, triggers, seals and texts, and the first page of the usual lists.</summary>
internal static class StoreComparison
{
    private const int Batch = 1_000;
    private const int Days = 10;
    private const int Questions = 100;
    private const int CallsOfAMessage = 5;
    private static readonly DateOnly Never = new(1970, 1, 2);

    /// <summary>Fills both and measures; gives the page.</summary>
    /// <param name="writer">Told each figure.</param>
    /// <param name="server">URL or connection string of the server; its schema <c>bench</c> must have no records.</param>
    /// <param name="calls">Calls of all days.</param>
    /// <param name="stop">Ends it early.</param>
    public static string Run(TextWriter writer, string server, int calls, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-stores-").FullName;
        try
        {
            string load = Texts.LoadAverage();
            var costs = new List<StoreCost>();
            using (ArchiveStores files = ArchiveStores.InFiles(Path.Combine(folder, "files"))) Measure(writer, "SQLite", files, calls, costs, stop);
            costs.AddRange(StoreParts.Run(writer, Path.Combine(folder, "parts"), calls / Days, stop));
            using (ArchiveStores tables = ArchiveStores.On(ArchiveStores.Server(server))) Measure(writer, "PostgreSQL", tables, calls, costs, stop);
            return Page(calls, load, PostgresVersion(server), costs);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>How long something takes a record, wall and processor time of this process.</summary>
    public static StoreCost Time(TextWriter writer, string store, string what, long records, string unit, Action work)
    {
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        work();
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        var cost = new StoreCost(store, what, took.TotalMicroseconds / Math.Max(1, records), processor.TotalMicroseconds / Math.Max(1, records), unit);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store}, {what}: {cost.Wall:N1} us a {unit}, {1e6 / cost.Wall:N0} a second, {cost.Processor:N1} us of this process's processor"));
        writer.Flush();
        return cost;
    }

    /// <summary>The batches of a day, made beforehand so that making them is not measured.</summary>
    public static List<StoredCall[]> CallsOf(int day, int calls)
    {
        StoredCall[] all = [.. ArchiveMaker.Batches(new Random(day + 1), ArchiveMaker.DayOf(day), calls).SelectMany(static batch => batch)];
        return [.. all.Chunk(Batch)];
    }

    /// <summary>The same of messages.</summary>
    public static List<StoredMessage[]> MessagesOf(int day, int calls) =>
        [.. StoredDesk.Messages(new Random(-day - 1), ArchiveMaker.StartOf(ArchiveMaker.DayOf(day)), Math.Max(1, calls / CallsOfAMessage)).Chunk(Batch)];

    private static void Measure(TextWriter writer, string name, ArchiveStores stores, int calls, List<StoreCost> costs, CancellationToken stop)
    {
        if (stores.Calls.Days().Count > 0) throw new Commands.BenchException($"{name}: there are records already; name another server or an empty one");
        int each = Math.Max(1, calls / Days);
        double wall = 0, processor = 0, messageWall = 0, messageProcessor = 0;
        long written = 0, messages = 0;
        for (int day = 0; day < Days; day++)
        {
            stop.ThrowIfCancellationRequested();
            List<StoredCall[]> batches = CallsOf(day, each);
            List<StoredMessage[]> texts = MessagesOf(day, each);
            int count = batches.Sum(static batch => batch.Length), many = texts.Sum(static batch => batch.Length);
            StoreCost of = Time(TextWriter.Null, name, "", count, "call", () => batches.ForEach(batch => Check(stores.Calls.Write(batch))));
            StoreCost beside = Time(TextWriter.Null, name, "", many, "message", () => texts.ForEach(stores.Messages.Write));
            (wall, processor, written) = (wall + (of.Wall * count), processor + (of.Processor * count), written + count);
            (messageWall, messageProcessor, messages) = (messageWall + (beside.Wall * many), messageProcessor + (beside.Processor * many), messages + many);
        }

        Add(new StoreCost(name, "insert calls", wall / written, processor / written, "call"));
        Add(new StoreCost(name, "insert messages", messageWall / messages, messageProcessor / messages, "message"));

        // No day is over yet: texts alone; then all the rest of a seal. The engine does both in the background.
        costs.Add(Time(writer, name, "note texts of calls (background)", written, "call", () => stores.Calls.Seal(Never, stop)));
        costs.Add(Time(writer, name, "seal days of calls (background)", written, "call", () => stores.Calls.Seal(ArchiveMaker.DayOf(Days), stop)));
        costs.Add(Time(writer, name, "note texts of messages and seal them (background)", messages, "message", () => stores.Messages.Seal(ArchiveMaker.DayOf(Days), stop)));
        List<StoredCall[]> late = CallsOf(Days * 10, each);
        StoredCall[][] moved = [.. late.Take(Math.Max(1, late.Count / 4)).Select(static batch => batch.Select(static call => OfDay(call, Days - 1)).ToArray())];
        costs.Add(Time(writer, name, "insert calls into a sealed day", moved.Sum(static batch => (long)batch.Length), "call", () => Array.ForEach(moved, batch => Check(stores.Calls.Write(batch)))));
        stores.Calls.Seal(ArchiveMaker.DayOf(Days), stop);
        Ask(writer, name, stores.Calls, costs, stop);

        void Add(StoreCost cost)
        {
            costs.Add(cost);
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cost.Store}, {cost.What}: {cost.Wall:N1} us a {cost.Unit}, {1e6 / cost.Wall:N0} a second, {cost.Processor:N1} us of this process's processor"));
            writer.Flush();
        }
    }

    // The same call on another day: the day of a record is in its id.
    private static StoredCall OfDay(StoredCall call, int day)
    {
        TimeSpan moved = TimeSpan.FromDays(day - (call.Record.StartedAt.ToDateTime() - StoredCalls.FirstDay.ToDateTime(TimeOnly.MinValue)).Days);
        Timestamp at = call.Record.StartedAt + moved;
        string id = CallId.Derive(call.Record.SipCallId, "late", at);
        return call with { Record = call.Record with { Id = id, SessionId = id, StartedAt = at, AnsweredAt = call.Record.AnsweredAt + moved, EndedAt = call.Record.EndedAt + moved } };
    }

    private static void Check(WriteReport report)
    {
        if (report.Fault is { } fault) throw new InvalidOperationException(fault);
    }

    private static void Ask(TextWriter writer, string name, ICallStore store, List<StoreCost> costs, CancellationToken stop)
    {
        long begin = ArchiveMaker.StartOf(ArchiveMaker.DayOf(0));
        foreach ((string list, Func<Random, CallQuery> query) in new (string, Func<Random, CallQuery>)[]
                 {
                     ("no filter", static _ => new CallQuery()),
                     ("from, to", random => new CallQuery { From = new Timestamp(begin + random.NextInt64(Days * 86_400_000_000)), To = new Timestamp(begin + (Days * 86_400_000_000)) }),
                     ("number", static random => new CallQuery { Number = StoredCalls.User(random) }),
                     ("outcome", static random => new CallQuery { Dispositions = [(Disposition)random.Next(2, 9)] }),
                     ("tenant", static random => new CallQuery { Tenant = $"tenant{random.Next(StoredCalls.Tenants)}" }),
                 })
        {
            var random = new Random(5);
            var times = new List<double>(Questions);
            for (int i = 0; i < Questions; i++)
            {
                stop.ThrowIfCancellationRequested();
                CallQuery asked = query(random);
                long start = Stopwatch.GetTimestamp();
                store.List(asked);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            times.Sort();
            costs.Add(new StoreCost(name, $"first page, {list}", times[times.Count / 2], times[^2], "ms"));
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, first page, {list}: p50 {times[times.Count / 2]:F1} ms, p99 {times[^2]:F1} ms"));
            writer.Flush();
        }
    }

    private static string PostgresVersion(string server)
    {
        using var connection = new Npgsql.NpgsqlConnection(ArchiveStores.Server(server).Connection().ConnectionString);
        connection.Open();
        return connection.ServerVersion;
    }

    private static string Page(int calls, string load, string postgres, List<StoreCost> costs)
    {
        var page = new StringBuilder();
        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"# SQLite beside PostgreSQL, measured on {DateTime.UtcNow:yyyy-MM-dd}\n");
        Line($"Made by `./cdrengine bench stores --calls {calls}`; `docs/benchmarks.md` says how. {calls:N0} calls of {Days} days and a message for every {CallsOfAMessage}, in batches of {Batch:N0}, made before they are written.\n");
        Line($"- machine: {Texts.Processor()}, {Texts.Memory()}; load average before {load}");
        Line($"- .NET {Environment.Version}, SQLite {StoreParts.SqliteVersion()}, PostgreSQL {postgres}; both write through to the disk with every batch");
        Line($"- commit: {Texts.Commit()}\n");
        Line($"| what | a second | us of each | of it processor of cdrengine | ");
        Line($"|---|--:|--:|--:|");
        foreach (StoreCost cost in costs.Where(static cost => cost.Unit != "ms")) Line($"| {cost.Store}: {cost.What} | {1e6 / cost.Wall:N0} {cost.Unit}s | {cost.Wall:N1} | {cost.Processor:N1} |");
        Line($"\n| first page of 50, {Questions} questions | SQLite p50 | p99 | PostgreSQL p50 | p99 |");
        Line($"|---|--:|--:|--:|--:|");
        foreach (IGrouping<string, StoreCost> list in costs.Where(static cost => cost.Unit == "ms").GroupBy(static cost => cost.What))
            Line($"| {list.Key[(list.Key.IndexOf(',', StringComparison.Ordinal) + 2)..]} | {string.Join(" | ", list.Select(static cost => string.Create(CultureInfo.InvariantCulture, $"{cost.Wall:F1} | {cost.Processor:F1}")))} |");
        return page.ToString();
    }
}

/// <summary>What something costs in a store.</summary>
/// <param name="Store">Store.</param>
/// <param name="What">What.</param>
/// <param name="Wall">Microseconds a record; of a list the median in milliseconds.</param>
/// <param name="Processor">Of it processor time of this process; of a list the 99th percentile in milliseconds.</param>
/// <param name="Unit">What a record is; ms for a list.</param>
internal sealed record StoreCost(string Store, string What, double Wall, double Processor, string Unit);
