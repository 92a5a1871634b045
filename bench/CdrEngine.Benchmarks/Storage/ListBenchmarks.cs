using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Suite;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What was measured of one list: answers of the server, connection and JSON included, in milliseconds.</summary>
/// <param name="Shape">The list.</param>
/// <param name="First">First pages.</param>
/// <param name="Next">The pages that follow them.</param>
/// <param name="Far">Pages far in, asked for by number.</param>
/// <param name="Rows">Median of the items on first pages.</param>
/// <param name="Fault">What the server answered instead; null where all answers were lists.</param>
internal sealed record ListTimes(ListShape Shape, IReadOnlyList<double> First, IReadOnlyList<double> Next, IReadOnlyList<double> Far, int Rows, string? Fault);

/// <summary>Every list of every API over an archive of millions of calls, asked of the real program: how long first, next and far pages take.</summary>
internal sealed class ListBenchmarks(ListServer server, ListValues values, CancellationToken stop)
{
    /// <summary>What the page of any list may take.</summary>
    public const double Bar = 50;

    private const int Walk = 4;
    private const double Rank = 0.99;

    private string? _fault;

    /// <summary>Measures and writes a page of results.</summary>
    /// <param name="writer">Told each figure.</param>
    /// <param name="archive">The archive; null for one on a server.</param>
    /// <param name="postgres">Connection to that server.</param>
    /// <param name="questions">First pages of each list; as many further pages of each kind.</param>
    /// <param name="only">Beginnings of the lists' names; empty for all.</param>
    /// <param name="settings">Settings of the program.</param>
    /// <param name="file">File of the page; null for none.</param>
    /// <param name="stop">Ends it early.</param>
    /// <returns>Whether every list was quick enough.</returns>
    public static bool Run(
        TextWriter writer, string? archive, string? postgres, int questions, IReadOnlyList<string> only, IReadOnlyList<string> settings, string? file, CancellationToken stop)
    {
        IReadOnlyList<DateOnly> days;
        var chats = new List<KnownChat>();
        string load = Texts.LoadAverage();
        using (ArchiveStores stores = postgres is null ? ArchiveStores.InFiles(archive!) : ArchiveStores.On(ArchiveStores.Server(postgres)))
        {
            days = stores.Calls.Days();
            if (days.Count < 2) throw new BenchException($"{archive ?? "the server"} has no days: make them with stored make");

            // What the server does of itself once days are over, whenever the clock of this machine says that they are.
            stores.Calls.Seal(days[^1], stop);
            stores.Messages.Seal(days[^1], stop);
            foreach (int i in Enumerable.Range(0, 20))
            {
                Timestamp from = Timestamp.From(new DateTimeOffset(days[i * (days.Count - 1) / 20].ToDateTime(new TimeOnly(i, 0)), TimeSpan.Zero));
                chats.AddRange(stores.Messages.ListConversations(new ConversationQuery { From = from, Ascending = true, Limit = 3 }).Items
                    .Select(static chat => new KnownChat(chat.Id, CallNumber.Of(chat.Id).ToString(CultureInfo.InvariantCulture))));
            }
        }

        if (chats.Count == 0) chats.Add(new KnownChat(CallId.Derive("none", "none", Timestamp.MinValue), "1"));
        string[] all = [.. settings, .. postgres is null ? (string[])[] : ["storage.backend=postgresql", $"storage.postgresql.url={postgres}", "storage.postgresql.schema=bench"]];
        using ListServer server = ListServer.Start(archive, all);
        IReadOnlyList<KnownCall> known = Known(server, days[0], days.Count);
        var benchmarks = new ListBenchmarks(server, new ListValues(days[0], days.Count, known, chats), stop);
        long calls = benchmarks.Ready();
        ListShape[] shapes = [.. ListShapes.All.Where(shape => only.Count == 0 || only.Any(begin => $"{shape.Api.Name} {shape.Filter}".StartsWith(begin, StringComparison.Ordinal)))];
        var measured = new List<ListTimes>();
        writer.WriteLine(Head);
        foreach (ListShape shape in shapes)
        {
            if (stop.IsCancellationRequested) return false;
            ListTimes times = benchmarks.Measure(shape, questions);
            measured.Add(times);
            writer.WriteLine(Line(times));
            writer.Flush();
        }

        if (file is not null) File.WriteAllText(file, Page(measured, calls, days.Count, questions, load, server.Memory, postgres is null ? "SQLite" : "PostgreSQL"));
        string[] slow = [.. measured.Where(static times => !IsQuick(times)).Select(static times => $"{times.Shape.Api.Name} {times.Shape.Filter}")];
        writer.WriteLine(slow.Length == 0 ? $"every list within {Bar} ms" : $"over {Bar} ms: {string.Join("; ", slow)}");
        string[] empty = [.. measured.Where(static times => times.Fault is null && times.Rows == 0 && !times.Shape.Filter.Contains("nobody's", StringComparison.Ordinal)).Select(static times => $"{times.Shape.Api.Name} {times.Shape.Filter}")];
        if (empty.Length > 0) writer.WriteLine($"no rows on the median page: {string.Join("; ", empty)}");
        return slow.Length == 0;
    }

    private const string Head = "| API | list | first p50 | first p99 | next p50 | next p99 | far p50 | far p99 | rows |\n|---|---|--:|--:|--:|--:|--:|--:|--:|";

    // Some calls of days all over the archive.
    private static List<KnownCall> Known(ListServer server, DateOnly first, int days)
    {
        var known = new List<KnownCall>();
        for (int i = 0; i < 50; i++)
        {
            string from = ListValues.Zulu(first.AddDays(i * (days - 1) / 50).ToDateTime(new TimeOnly(i * 7 % 24, 0)));
            using JsonDocument page = JsonDocument.Parse(server.Admin.GetStringAsync($"/api/v1/calls?limit=4&sort=started_at&from={from}").GetAwaiter().GetResult());
            foreach (JsonElement call in page.RootElement.GetProperty("calls").EnumerateArray())
            {
                string id = call.GetProperty("id").GetString()!, number = CallNumber.Of(id).ToString(CultureInfo.InvariantCulture);
                known.Add(new KnownCall(id, call.GetProperty("sip_call_id").GetString()!, number, Convert.ToBase64String(Encoding.ASCII.GetBytes(number)).TrimEnd('=').Replace('+', '-').Replace('/', '_')));
            }
        }

        return known;
    }

    // What the server gathers in the background when it starts is there once it can say how many calls there are.
    private long Ready()
    {
        using JsonDocument totals = JsonDocument.Parse(server.Admin.GetStringAsync("/api/v1/calls/totals").GetAwaiter().GetResult());
        return totals.RootElement.GetProperty("calls").GetInt64();
    }

    private ListTimes Measure(ListShape shape, int questions)
    {
        _fault = null;
        var first = new List<double>();
        var next = new List<double>();
        var far = new List<double>();
        var rows = new List<int>();

        // The first questions compile what answers them.
        for (int i = -3; i < questions && !stop.IsCancellationRequested; i++)
        {
            HttpClient client = i % 2 == 0 ? server.Admin : server.TenantClient;
            values.Tenant = i % 2 == 0 ? values.Random.Next(StoredCalls.Tenants) : ListServer.Tenant;
            string path = shape.Path(values);
            ListedPage page = Ask(client, shape.Api, path, i < 0 ? null : first);
            if (_fault is not null) break;
            if (i >= 0) rows.Add(page.Rows);
            if (i % Walk == 0 || i % Walk == 1) Follow(shape, client, path, page, next, far);
        }

        first.Sort();
        next.Sort();
        far.Sort();
        rows.Sort();
        return new ListTimes(shape, first, next, far, rows.Count == 0 ? 0 : rows[rows.Count / 2], _fault);
    }

    private void Follow(ListShape shape, HttpClient client, string path, ListedPage page, List<double> next, List<double> far)
    {
        ListedPage begun = page;
        for (int number = 2; number <= Walk + 1 && page.Rows == shape.Api.Size; number++)
        {
            if (shape.Api.PagesBy == PagesBy.Key && page.Next is null) break;
            page = Ask(client, shape.Api, shape.Api.PagesBy == PagesBy.Key ? shape.Api.PathBehind(path, page.Next!) : shape.Api.PathOf(path, number), next);
        }

        if (shape.Api.PagesBy == PagesBy.Key) return;
        long last = begun.Pages ?? shape.Far;
        for (int i = 0; i < Walk / 2 && last > 1; i++) Ask(client, shape.Api, shape.Api.PathOf(path, values.Random.NextInt64(1, last) + 1), far);
    }

    private ListedPage Ask(HttpClient client, ListApi api, string path, List<double>? times)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = client.GetAsync(new Uri(path, UriKind.Relative), stop).GetAwaiter().GetResult();
        byte[] body = response.Content.ReadAsByteArrayAsync(stop).GetAwaiter().GetResult();
        times?.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (!response.IsSuccessStatusCode)
        {
            _fault = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
            return default;
        }

        using JsonDocument document = JsonDocument.Parse(body);
        return api.Read(document.RootElement);
    }

    private static bool IsQuick(ListTimes times) => times.Fault is null && High(times.First) < Bar && High(times.Next) < Bar && High(times.Far) < Bar;

    private static double High(IReadOnlyList<double> times) => times.Count == 0 ? 0 : times[(int)Math.Ceiling(times.Count * Rank) - 1];

    private static string Line(ListTimes times)
    {
        if (times.Fault is { } fault) return $"| {times.Shape.Api.Name} | {times.Shape.Filter} | {fault.Replace('|', '/')} | | | | | | |";
        return string.Create(CultureInfo.InvariantCulture, $"| {times.Shape.Api.Name} | {times.Shape.Filter} | {Both(times.First)} | {Both(times.Next)} | {Both(times.Far)} | {times.Rows} |");
    }

    private static string Both(IReadOnlyList<double> times)
    {
        if (times.Count == 0) return " | ";
        double high = High(times);
        return string.Create(CultureInfo.InvariantCulture, $"{times[times.Count / 2]:F1} | {(high < Bar ? $"{high:F1}" : $"**{high:F1}**")}");
    }

    private static string Page(List<ListTimes> all, long calls, int days, int questions, string load, long memory, string database)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"# Lists over {calls:N0} calls in {database}, measured on {DateTime.UtcNow:yyyy-MM-dd}\n\n");
        page.Append("Made by `./cdrengine bench stored lists`; `docs/benchmarks.md` says how. Milliseconds of whole answers of `cdrengine serve` in a process of its own over a connection\n");
        page.Append(CultureInfo.InvariantCulture, $"of this machine, one question at a time, {questions} first pages of each list with changing values, every second by a token that sees one tenant of twenty;\n");
        page.Append("the four pages that follow, and pages by number anywhere up to the last. The bar is a p99 of 50 ms.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"- machine: {Texts.Processor()}, {Texts.Memory()}; load average before {load}, after {Texts.LoadAverage()}\n- commit: {Texts.Commit()}\n");
        page.Append(CultureInfo.InvariantCulture, $"- archive: {days} days; the program has {memory / 1e6:N0} MB in use at the end\n\n{Head}\n");
        foreach (ListTimes times in all) page.Append(Line(times)).Append('\n');
        string[] slow = [.. all.Where(static times => !IsQuick(times)).Select(static times => $"{times.Shape.Api.Name} {times.Shape.Filter}")];
        page.Append(CultureInfo.InvariantCulture, $"\n{all.Count - slow.Length} of {all.Count} lists within the bar{(slow.Length == 0 ? "." : ": over it " + string.Join("; ", slow) + ".")}\n");
        return page.ToString();
    }
}
