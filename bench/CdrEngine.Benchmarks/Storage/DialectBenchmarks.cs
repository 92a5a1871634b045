using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What the lists of the dialects cost over an archive of many days: the first page and later ones, for every filter, with values that change from question to question.</summary>
public static class DialectBenchmarks
{
    private const int PageSize = 50;

    /// <summary>Fills an archive, or takes one that is there, and measures.</summary>
    /// <param name="writer">Where the table goes.</param>
    /// <param name="folder">The archive; kept.</param>
    /// <param name="calls">Calls of an archive that is made.</param>
    /// <param name="days">Days they are spread over.</param>
    /// <param name="questions">Questions of each kind.</param>
    /// <param name="stop">Ends it early.</param>
    public static void Run(TextWriter writer, string folder, int calls, int days, int questions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(writer);
        StoredCalls.Make(writer, folder, calls, days, stop);
        using SqliteCallStore store = SqliteCallStore.Open(folder);
        int there = store.Days().Count;
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Count(new CallQuery()):N0} calls of {there} days, pages of {PageSize}, {questions} questions each, SQLite {SqliteLibrary.EnsureLoaded()}, .NET {Environment.Version}"));
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

    /// <summary>The lists that are asked for: what the filters of the dialects become.</summary>
    internal static IEnumerable<(string Name, Func<Random, CallQuery> Query)> Queries(int days)
    {
        yield return ("no filter", static _ => new CallQuery());
        yield return ("no filter, earliest first", static _ => new CallQuery { Ascending = true });
        yield return ("start and end", random => Hours(random, days));
        yield return ("from_username", static random => new CallQuery { CallerNumbers = [StoredCalls.User(random)] });
        yield return ("from_username, five", static random => new CallQuery { CallerNumbers = [.. Enumerable.Range(0, 5).Select(_ => StoredCalls.User(random))] });
        yield return ("to_username, common", static _ => new CallQuery { DialledNumbers = ["+4930100"] });
        yield return ("extension_id", static random => new CallQuery { PartyNumbers = [StoredCalls.User(random)] });
        yield return ("flow", static random => new CallQuery { Directions = random.Next(2) == 0 ? [CallDirection.Inbound, CallDirection.Transit] : [CallDirection.Outbound, CallDirection.Internal] });
        yield return ("did_number", static random => new CallQuery { DialledNumbers = [StoredCalls.Did(random)], Directions = [CallDirection.Inbound, CallDirection.Transit] });
        yield return ("result", static random => new CallQuery { Dispositions = [(Disposition)random.Next(1, 10)] });
        yield return ("duration, common", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(1, 60)) });
        yield return ("duration, rare", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(3000, 6000)) });
        yield return ("duration and flow, rare", static random => new CallQuery { DurationMin = TimeSpan.FromSeconds(random.Next(2000, 4000)), Directions = [CallDirection.Transit] });
        yield return ("billsec, rare", static random => new CallQuery { BillsecMin = TimeSpan.FromSeconds(random.Next(2500, 4000)), BillsecMax = TimeSpan.FromHours(9) });
        yield return ("bridged", static random => new CallQuery { Traits = [new TraitMatch(CallTraits.ByPerson)], Dispositions = [Disposition.Answered], BillsecMin = TimeSpan.FromSeconds(random.Next(1, 60)) });
        yield return ("type M", static _ => new CallQuery { Directions = [CallDirection.Inbound, CallDirection.Transit], Traits = [new TraitMatch(CallTraits.Ended, CallTraits.Answered)] });
        yield return ("disposition ON_HOLD", static _ => new CallQuery { Traits = [new TraitMatch(CallTraits.Answered | CallTraits.EndedHeld, CallTraits.Voicemail)] });
        yield return ("status_code, rare", static random => new CallQuery { SipStatuses = [random.Next(2) == 0 ? 500 : 503] });
        yield return ("end_reason", static random => new CallQuery { Dispositions = [Disposition.Answered], HangupBys = [random.Next(2) == 0 ? HangupBy.Server : HangupBy.Callee] });
        yield return ("reroute_reason, rare", static _ => new CallQuery { RerouteReasons = [RerouteReason.Refer] });
        yield return ("context, rare", static _ => new CallQuery { Context = CallContext.Tracking });
        yield return ("trunk and status, rare", static _ => new CallQuery { Trunk = "carrier-b", SipStatuses = [404] });
        yield return ("sessions", static _ => new CallQuery { IsSessionStart = true });
        yield return ("audible", static _ => new CallQuery { IsAudible = true });
        yield return ("voice mailboxes", static _ => new CallQuery { IsVoicemail = true });
        yield return ("codec, rare", static _ => new CallQuery { Codec = "G729" });
        yield return ("MOS below", static random => new CallQuery { MosBelow = 2 + random.NextDouble() });
        yield return ("tenant", static random => new CallQuery { Tenant = $"tenant{random.Next(StoredCalls.Tenants)}" });
        yield return ("tenant that has nothing", static _ => new CallQuery { Tenant = "nobody" });
        yield return ("number that nobody has", static _ => new CallQuery { CallerNumbers = ["nobody"] });
        yield return ("Call-ID", static random => new CallQuery { SipCallId = $"{random.Next():x}@host" });
    }

    private static void Measure(
        TextWriter writer, SqliteCallStore store, string name, string pages, Func<Random, CallQuery> query, int questions, Func<int, long> page, bool total, int sameQueryFor = 1)
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
        Timestamp from = Timestamp.From(new DateTimeOffset(StoredCalls.FirstDay.AddDays(random.Next(days)).ToDateTime(new TimeOnly(random.Next(24), 0)), TimeSpan.Zero));
        return new CallQuery { From = from, To = from + TimeSpan.FromHours(random.Next(1, 72)) };
    }

}
