using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What was measured of one question over one archive.</summary>
/// <param name="Calls">Calls of the archive.</param>
/// <param name="Days">Days they are spread over.</param>
/// <param name="What">The question.</param>
/// <param name="Median">Median, milliseconds; of inserting, calls a second; of memory, MB when everything that is known of days without asking has been read.</param>
/// <param name="High">99th percentile, milliseconds; of inserting, microseconds of processor time a call; of memory, its peak.</param>
/// <param name="Questions">How many were asked; 0 where that is not noted, or there are none.</param>
public sealed record StoredPoint(long Calls, int Days, string What, double Median, double High, int Questions = 0);

/// <summary>How the cost of storing and asking grows with the calls that are stored.</summary>
public static class StoredBenchmarks
{
    /// <summary>What inserting is called among the questions.</summary>
    public const string Inserting = "insert";

    /// <summary>What memory is called among the questions.</summary>
    public const string Memory = "memory";

    private const int PageSize = 50;
    private const int Inserted = 20_000;
    private const int Batch = 1_000;

    // Of each kind, asked before memory is looked at where that kind was not asked for.
    private const int AskedForMemory = 10;

    /// <summary>Measures an archive.</summary>
    /// <param name="writer">Told each figure.</param>
    /// <param name="folder">The archive.</param>
    /// <param name="questions">Questions of each kind.</param>
    /// <param name="asksOnly">Whether nothing is written: no day is sealed and no call inserted.</param>
    /// <param name="only">Beginnings of the kinds that are measured; all where there are none.</param>
    /// <param name="stop">Ends it early.</param>
    public static IReadOnlyList<StoredPoint> Run(TextWriter writer, string folder, int questions, bool asksOnly, IReadOnlyList<string> only, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(only);
        var points = new List<StoredPoint>();
        using SqliteCallStore store = SqliteCallStore.Open(folder);
        DateOnly last = store.Days()[^1];
        int days = store.Days().Count;
        var random = new Random(11);

        // What the server does when it starts.
        if (!asksOnly) store.Seal(last, stop);
        long calls = store.Count(new CallQuery());
        double atStart = MemoryOf("VmRSS");
        bool asksMemory = IsAsked(Memory);
        Timestamp begin = StartOf(store.Days()[0]), end = StartOf(last.AddDays(1));
        long[] numbers = [.. Enumerable.Range(0, 50).SelectMany(_ => store.Page(new CallPageRequest { Query = Hours(2), Take = 4 }).Calls).Select(static call => call.Number)];
        string[] ids = [.. Enumerable.Range(0, 50).SelectMany(_ => store.List(Hours(2) with { Limit = 4 }).Calls).Select(static call => call.Id)];
        Measure("first page", i => store.List(new CallQuery { Limit = PageSize }));
        Measure("first page, filtered", i => store.List(Filtered(i) with { Limit = PageSize }));
        string? cursor = null;
        Measure("next page by cursor", i => cursor = store.List(new CallQuery { Limit = PageSize, Cursor = i % 50 == 0 ? null : cursor }).NextCursor);
        Measure("deep page by number", i => store.Page(new CallPageRequest { Query = new CallQuery(), Skip = Deep(), Take = PageSize, Viewer = "deep", GoesOn = true }));
        Measure("by id", i => store.Get(ids[random.Next(ids.Length)]));
        Measure("by number", i => store.FindByNumber(numbers[random.Next(numbers.Length)]));
        Measure("totals of all", i => store.Totals(new CallQuery(), TimeSpan.FromSeconds(5)));
        Measure("totals of a tenant and outcome", i => store.Totals(new CallQuery { Tenant = $"tenant{i % StoredCalls.Tenants}", Dispositions = [(Disposition)((i % 9) + 1)] }, TimeSpan.FromSeconds(5)));
        Measure("totals of some hours", i => store.Totals(Hours(days * 12), TimeSpan.FromSeconds(5)));
        Measure("totals of a number", i => store.Totals(new CallQuery { Number = StoredCalls.User(random) }, TimeSpan.FromSeconds(5)));
        if (asksMemory) Add(new StoredPoint(calls, days, Memory, atStart, MemoryOf("VmHWM")));
        if (!asksOnly && IsAsked(Inserting)) Insert();
        return points;

        bool IsAsked(string what) => !stop.IsCancellationRequested && (only.Count == 0 || only.Any(its => what.StartsWith(its, StringComparison.Ordinal)));

        CallQuery Hours(int most)
        {
            var from = new Timestamp(begin.Microseconds + random.NextInt64(end.Microseconds - begin.Microseconds - 3_600_000_000));
            return new CallQuery { From = from, To = from + TimeSpan.FromHours(1 + random.Next(most)) };
        }

        CallQuery Filtered(int i) => (i % 6) switch
        {
            0 => new CallQuery { Number = StoredCalls.User(random) },
            1 => new CallQuery { Dispositions = [(Disposition)random.Next(2, 10)], Tenant = $"tenant{random.Next(StoredCalls.Tenants)}" },
            2 => new CallQuery { SipStatuses = [503] },
            3 => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(3000, 6000)) },
            4 => Hours(48) with { Directions = [CallDirection.Transit] },
            _ => new CallQuery { DialledNumbers = [StoredCalls.Did(random)], Directions = [CallDirection.Inbound] },
        };

        long Deep() => random.NextInt64(Math.Max(1, calls - PageSize)) / PageSize * PageSize;

        void Measure(string what, Action<int> ask)
        {
            int count = IsAsked(what) ? questions : asksMemory ? AskedForMemory : 0;
            var times = new List<double>(count);
            for (int i = 0; i < count && !stop.IsCancellationRequested; i++)
            {
                long start = Stopwatch.GetTimestamp();
                ask(i);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            if (!IsAsked(what)) return;
            times.Sort();
            Add(new StoredPoint(calls, days, what, times[times.Count / 2], times[Math.Min(times.Count - 1, times.Count * 99 / 100)], times.Count));
        }

        // Into the last day, which has as many calls as any other.
        void Insert()
        {
            var made = new Random(Environment.TickCount);
            long at = StartOf(last).Microseconds;
            StoredCall[][] batches = [.. Enumerable.Range(0, Inserted / Batch).Select(_ => Enumerable.Range(0, Batch).Select(_ => StoredCalls.Call(made, at + made.NextInt64(86_000_000_000))).ToArray())];
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            long start = Stopwatch.GetTimestamp();
            foreach (StoredCall[] batch in batches)
            {
                if (store.Write(batch).Fault is { } fault) throw new InvalidOperationException(fault);
            }

            TimeSpan took = Stopwatch.GetElapsedTime(start), cost = Process.GetCurrentProcess().TotalProcessorTime - before;
            Add(new StoredPoint(calls, days, Inserting, Inserted / took.TotalSeconds, cost.TotalMicroseconds / Inserted));
        }

        void Add(StoredPoint point)
        {
            points.Add(point);
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {point.Calls:N0} | {point.Days} | {point.What} | {point.Median:N2} | {point.High:N2} |"));
            writer.Flush();
        }
    }

    /// <summary>Reads points, a JSON object a line.</summary>
    public static List<StoredPoint> Read(string file) => File.Exists(file)
        ? [.. File.ReadLines(file).Where(static line => line.Length > 0).Select(static line => JsonSerializer.Deserialize<StoredPoint>(line)!)]
        : [];

    /// <summary>Writes points as <see cref="Read"/> reads them; those of an archive of the same size take the place of earlier ones.</summary>
    public static void Write(string file, IReadOnlyList<StoredPoint> points)
    {
        IEnumerable<StoredPoint> all = Read(file).Where(old => !points.Any(point => point.Days == old.Days && Math.Abs(point.Calls - old.Calls) < old.Calls / 10 && point.What == old.What)).Concat(points);
        File.WriteAllLines(file, all.OrderBy(static point => point.Calls).Select(static point => JsonSerializer.Serialize(point)));
    }

    // MB, of this process.
    private static double MemoryOf(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length + 1).Trim(" \tkB"), CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
}
