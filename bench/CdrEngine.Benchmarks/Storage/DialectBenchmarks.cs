using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What the lists of the dialects cost over an archive of many days: the first page and later ones, for every filter, with values that change from question to question.</summary>
public static class DialectBenchmarks
{
    private const int PageSize = 50;
    private const int Users = 2_000;
    private const int Tenants = 20;
    private const int Batch = 5_000;

    private static readonly DateOnly FirstDay = new(2026, 10, 1);

    /// <summary>Fills an archive, or takes one that is there, and measures.</summary>
    /// <param name="writer">Where the table goes.</param>
    /// <param name="folder">The archive; kept.</param>
    /// <param name="calls">Calls of an archive that is made.</param>
    /// <param name="days">Days they are spread over.</param>
    /// <param name="questions">Questions of each kind.</param>
    /// <param name="stop">Ends it early.</param>
    /// <param name="server">A PostgreSQL server, by URL or connection string, whose schema <c>bench</c> has the archive instead; null for the folder.</param>
    public static void Run(TextWriter writer, string folder, int calls, int days, int questions, CancellationToken stop, string? server = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ICallStore Open() => server is null ? SqliteCallStore.Open(folder) : PostgresStores.Calls(new PostgresOptions { Url = server, Schema = "bench" });
        using (ICallStore filling = Open())
        {
            if (filling.Days().Count == 0) Fill(writer, filling, calls, days, stop);
            long start = Stopwatch.GetTimestamp();

            // The last day is the one that is written to, as in life.
            int done = filling.Seal(filling.Days()[^1], stop);
            if (done > 0) writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} days got their further indexes in {Stopwatch.GetElapsedTime(start).TotalSeconds:N1} s"));
        }

        using ICallStore store = Open();
        int there = store.Days().Count;
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Count(new CallQuery()):N0} calls of {there} days, pages of {PageSize}, {questions} questions each, {(server is null ? $"SQLite {SqliteLibrary.EnsureLoaded()}" : "PostgreSQL")}, .NET {Environment.Version}"));
        writer.WriteLine("| list | page | p50 ms | p99 ms | most ms | rows |");
        writer.WriteLine("|---|---|--:|--:|--:|--:|");
        foreach ((string name, Func<Random, CallQuery> query) in Queries(there))
        {
            if (stop.IsCancellationRequested) return;
            Measure(writer, store, name, "first", query, questions, static _ => 0, total: false);
            Measure(writer, store, name, "2 to 21, one after the other", query, questions, static i => i % 20 + 1, total: false, sameQueryFor: 20);
            Measure(writer, store, name, "any of 1,000", query, Math.Max(20, questions / 4), static i => (i * 7919) % 1000, total: false, sameQueryFor: int.MaxValue);
            Measure(writer, store, name, "first, with total", query, Math.Max(20, questions / 4), static _ => 0, total: true);
        }
    }

    private static IEnumerable<(string Name, Func<Random, CallQuery> Query)> Queries(int days)
    {
        yield return ("no filter", static _ => new CallQuery());
        yield return ("no filter, earliest first", static _ => new CallQuery { Ascending = true });
        yield return ("start and end", random => Hours(random, days));
        yield return ("from_username", static random => new CallQuery { CallerNumbers = [User(random)] });
        yield return ("from_username, five", static random => new CallQuery { CallerNumbers = [.. Enumerable.Range(0, 5).Select(_ => User(random))] });
        yield return ("to_username, common", static _ => new CallQuery { DialledNumbers = ["+4930100"] });
        yield return ("extension_id", static random => new CallQuery { PartyNumbers = [User(random)] });
        yield return ("flow", static random => new CallQuery { Directions = random.Next(2) == 0 ? [CallDirection.Inbound, CallDirection.Transit] : [CallDirection.Outbound, CallDirection.Internal] });
        yield return ("did_number", static random => new CallQuery { DialledNumbers = [Did(random)], Directions = [CallDirection.Inbound, CallDirection.Transit] });
        yield return ("result", static random => new CallQuery { Dispositions = [(Disposition)random.Next(1, 10)] });
        yield return ("duration, common", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(1, 60)) });
        yield return ("duration, rare", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(3000, 6000)) });
        yield return ("duration and flow, rare", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(2000, 4000)), Directions = [CallDirection.Transit] });
        yield return ("billsec, rare", static random => new CallQuery { BillsecMin = TimeSpan.FromSeconds(random.Next(2500, 4000)), BillsecMax = TimeSpan.FromHours(9) });
        yield return ("tenant", static random => new CallQuery { Tenant = $"tenant{random.Next(Tenants)}" });
        yield return ("tenant that has nothing", static _ => new CallQuery { Tenant = "nobody" });
        yield return ("number that nobody has", static _ => new CallQuery { CallerNumbers = ["nobody"] });
        yield return ("Call-ID", static random => new CallQuery { SipCallId = $"{random.Next():x}@host" });
    }

    private static void Measure(
        TextWriter writer, ICallStore store, string name, string pages, Func<Random, CallQuery> query, int questions, Func<int, long> page, bool total, int sameQueryFor = 1)
    {
        var random = new Random(7);
        var times = new List<double>(questions);
        int rows = 0;
        CallQuery asked = query(random);
        for (int i = 0; i < questions; i++)
        {
            if (i > 0 && i % sameQueryFor == 0) asked = query(random);
            if (i % sameQueryFor == 0 && page(i) > 0) store.Page(new CallPageRequest { Query = asked, Take = PageSize, Viewer = name });
            long start = Stopwatch.GetTimestamp();
            rows = Math.Max(rows, store.Page(new CallPageRequest { Query = asked, Skip = page(i) * PageSize, Take = PageSize, Viewer = name, WantsTotal = total }).Calls.Count);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {name} | {pages} | {times[times.Count / 2]:F1} | {times[Math.Min(times.Count - 1, times.Count * 99 / 100)]:F1} | {times[^1]:F1} | {rows} |"));
        writer.Flush();
    }

    private static CallQuery Hours(Random random, int days)
    {
        Timestamp from = Timestamp.From(new DateTimeOffset(FirstDay.AddDays(random.Next(days)).ToDateTime(new TimeOnly(random.Next(24), 0)), TimeSpan.Zero));
        return new CallQuery { From = from, To = from + TimeSpan.FromHours(random.Next(1, 72)) };
    }

    private static string User(Random random) => $"{10_000 + random.Next(Users)}";

    private static string Did(Random random) => $"+4930{100 + random.Next(900)}";

    private static void Fill(TextWriter writer, ICallStore store, int calls, int days, CancellationToken stop)
    {
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        int each = Math.Max(1, calls / days);
        for (int day = 0; day < days; day++)
        {
            long midnight = Timestamp.From(new DateTimeOffset(FirstDay.AddDays(day).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)).Microseconds;
            var batch = new List<StoredCall>(Batch);
            for (int i = 0; i < each; i++)
            {
                batch.Add(Call(random, midnight + ((86_400_000_000L / each) * i) + random.Next(1000)));
                if (batch.Count < Batch && i < each - 1) continue;
                if (store.Write(batch).Fault is { } fault) throw new InvalidOperationException(fault);
                batch.Clear();
                stop.ThrowIfCancellationRequested();
            }
        }

        TimeSpan took = Stopwatch.GetElapsedTime(start);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{each * days:N0} calls stored in {took.TotalSeconds:N0} s, {each * days / took.TotalSeconds:N0} a second"));
    }

    // Two thirds answered, two minutes on average, one in a thousand over half an hour; a number that every twentieth call dials.
    private static StoredCall Call(Random random, long startedAt)
    {
        var started = new Timestamp(startedAt);
        bool answered = random.Next(3) > 0;
        double seconds = answered ? random.Next(1000) == 0 ? random.Next(1800, 14_400) : -Math.Log(1 - random.NextDouble()) * 120 : random.Next(40);
        CallDirection direction = random.Next(100) switch { < 45 => CallDirection.Inbound, < 85 => CallDirection.Outbound, < 99 => CallDirection.Internal, _ => CallDirection.Transit };
        string caller = direction is CallDirection.Outbound or CallDirection.Internal ? User(random) : $"+49{random.NextInt64(10_000_000_000):0000000000}";
        string callee = direction is CallDirection.Outbound or CallDirection.Transit ? $"+44{random.NextInt64(10_000_000_000):0000000000}" : User(random);
        string dialled = direction != CallDirection.Inbound ? callee : random.Next(10) == 0 ? "+4930100" : Did(random);
        string sipCallId = $"{random.NextInt64():x16}@192.0.2.1";
        string id = CallId.Derive(sipCallId, "tag", started);
        var ended = new Timestamp(startedAt + 4_000_000 + (long)(seconds * 1e6));
        var record = new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = answered ? Disposition.Answered : (Disposition)random.Next(2, 10),
            SipStatus = answered ? 200 : 486,
            Direction = direction,
            Dialled = dialled,
            Caller = new Party { Number = caller, Name = "A Caller", Uri = $"sip:{caller}@example.com", UserAgent = "Phone/1.0", Codec = "PCMU/8000" },
            Callee = new Party { Number = callee, Uri = $"sip:{callee}@example.com", UserAgent = "Gateway/2.0", Codec = "PCMU/8000" },
            StartedAt = started,
            AnsweredAt = answered ? new Timestamp(startedAt + 4_000_000) : null,
            EndedAt = ended,
            CaptureSource = "eth1",
        };
        return new StoredCall(record, RecordRevision.Final, default, $"tenant{random.Next(Tenants)}");
    }
}
