using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>The whole engine on either database: the same captures, the same answers.</summary>
public sealed partial class PostgresEngineTests(ITestOutputHelper output)
{
    private static readonly string[] Dialects = ["voipstudio", "portsip", "ucom", "vonage", "fonouc"];

    // Streams without end, and the engine about itself.
    private static readonly string[] NotAsked = ["/events", "/stats", "/metrics", "/healthz", "/readyz", "openapi", "/live"];

    [PostgresFact]
    public async Task Demo_OnEitherDatabase_GivesTheSameAnswersToEverything()
    {
        using var sqliteFolder = new TemporaryFolder();
        using var postgresFolder = new TemporaryFolder();
        using var server = new PostgresServer();
        Settings sqlite = Load(sqliteFolder);
        Settings postgres = Load(postgresFolder, "storage.backend=postgresql", $"storage.postgresql.url={server.Connection}");
        Assert.Equal(Import(sqlite), Import(postgres));
        await using var one = new ApiServer(sqlite, new StatisticsBoard());
        await using var other = new ApiServer(postgres, new StatisticsBoard());
        using HttpClient left = await Client(one);
        using HttpClient right = await Client(other);

        // The audit tells when each of the two servers was asked.
        string[] paths = [.. (await Paths(left)).Distinct(StringComparer.Ordinal).Where(static path => !path.StartsWith("/api/v1/audit", StringComparison.Ordinal))];
        int answered = 0, found = 0;
        foreach (string path in paths)
        {
            (HttpStatusCode status, string body) = await Ask(left, path);
            (HttpStatusCode otherStatus, string otherBody) = await Ask(right, path);
            Assert.True(status == otherStatus, $"{path}: {status} and {otherStatus}: {body} {otherBody}");
            Assert.True(body == otherBody, $"{path}:\n{Difference(body, otherBody)}");
            answered++;
            if (status == HttpStatusCode.OK) found++;
        }

        output.WriteLine($"{answered} questions, {found} answered 200");
        Assert.True(found > 150, $"{found} of {answered} were answered");
        await one.StopAsync();
        await other.StopAsync();

        // Imported again, nothing changes and nothing is read twice.
        Assert.Equal(Import(sqlite), Import(postgres));
    }

    private static string Import(Settings settings)
    {
        using var runner = new ImportRunner(settings, new StatisticsBoard());
        ImportSummary summary = runner.Run(DemoFolder.Captures(), CancellationToken.None);
        Assert.Empty(summary.Faults);
        return $"{summary.KnownFiles} {summary.Files} {summary.Packets} {string.Join(',', Enum.GetValues<Disposition>().Select(value => $"{value}={summary.Calls[value]}"))} {summary.KnownCalls}";
    }

    private static async Task<HttpClient> Client(ApiServer server)
    {
        ApiStart start = await server.StartAsync(CancellationToken.None);
        var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        if (start.NewAdminToken is { } token) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    // Every GET of every description, with the ids that the lists give, and lists with filters.
    private static async Task<List<string>> Paths(HttpClient client)
    {
        using JsonDocument calls = JsonDocument.Parse(await client.GetStringAsync("/api/v1/calls?limit=1000"));
        JsonElement[] listed = [.. calls.RootElement.GetProperty("calls").EnumerateArray()];
        var paths = new List<string>();
        foreach (string list in (string[])["calls", "sessions", "media-sessions", "recordings", "registrations", "messages", "conversations", "peers", "mailboxes", "streams"])
        {
            foreach (string query in (string[])["", "?limit=3", "?limit=7&sort=-started_at", "?tenant=acme", "?limit=2&order=asc"]) paths.Add($"/api/v1/{list}{query}");
        }

        foreach (JsonElement call in listed)
        {
            string id = call.GetProperty("id").GetString()!;
            foreach (string form in (string[])["", ".pcap", ".trace", "/ladder.svg"]) paths.Add($"/api/v1/calls/{id}{form}");
            paths.Add($"/api/v1/sessions/{call.GetProperty("session_id").GetString()}");
            paths.Add($"/api/v1/calls?sip_call_id={Uri.EscapeDataString(call.GetProperty("sip_call_id").GetString()!)}");
            if (call.GetProperty("caller").GetProperty("number").GetString() is { } number) paths.Add($"/api/v1/calls?number={Uri.EscapeDataString(number)}");
            if (call.GetProperty("media_sessions").GetArrayLength() > 0) paths.Add($"/api/v1/media-sessions?call_id={id}");
        }

        foreach (string sort in (string[])["duration", "billsec", "mos", "-duration", "-mos"]) paths.Add($"/api/v1/calls?sort={sort}&limit=5");
        foreach (string text in (string[])["text=sip", "disposition=answered", "disposition=busy,cancelled", "direction=inbound", "codec=pcmu", "mos_below=4", "flags=no_rtp", "duration_min=5"]) paths.Add($"/api/v1/calls?{text}");
        string[] natives = [.. listed.Take(4).Select(static call => call.GetProperty("id").GetString()!)];
        foreach (string document in (string[])["openapi.json", .. Dialects.Select(static name => $"dialects/{name}/openapi.json")])
        {
            using JsonDocument api = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/{document}"));
            var numbers = new HashSet<string>(StringComparer.Ordinal);
            string[] gets = [.. api.RootElement.GetProperty("paths").EnumerateObject()
                .Where(static path => path.Value.TryGetProperty("get", out _) && !NotAsked.Any(name => path.Name.Contains(name, StringComparison.Ordinal)))
                .Select(static path => path.Name)];
            foreach (string path in gets.Where(static path => !path.Contains('{')))
            {
                paths.Add(path);
                foreach (Match id in Number().Matches((await Ask(client, path)).Body).Take(6)) numbers.Add(id.Groups[1].Value);
            }

            foreach (string path in gets.Where(static path => path.Count(static c => c == '{') == 1))
            {
                foreach (string id in natives.Concat(numbers)) paths.Add(Place().Replace(path, id));
            }
        }

        return paths;
    }

    private static async Task<(HttpStatusCode Status, string Body)> Ask(HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(path);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        string text = answer.Content.Headers.ContentType?.MediaType is { } type && (type.Contains("json", StringComparison.Ordinal) || type.StartsWith("text/", StringComparison.Ordinal))
            ? System.Text.Encoding.UTF8.GetString(bytes)
            : Convert.ToHexString(bytes);

        // Each server has its port and its secrets, and made its recordings at a second of its own.
        return (answer.StatusCode, Made().Replace(Port().Replace(Secret().Replace(text, "secret"), "127.0.0.1:port"), "\"pvt_created\":0"));
    }

    private static string Difference(string one, string other)
    {
        int at = 0;
        while (at < one.Length && at < other.Length && one[at] == other[at]) at++;
        return $"{one[Math.Max(0, at - 100)..Math.Min(one.Length, at + 200)]}\n---\n{other[Math.Max(0, at - 100)..Math.Min(other.Length, at + 200)]}";
    }

    private static Settings Load(TemporaryFolder folder, params string[] set) => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = folder.Path, Listen = "127.0.0.1:0", Set = [.. set, "api.auth=off", $"directory.file={DemoFolder.Directory()}"] }, static _ => null);

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")]
    private static partial Regex Secret();

    [GeneratedRegex("\"(?:id|call_id|cdr_id)\": ?\"?([0-9a-f-]{1,40})\"?[,}]")]
    private static partial Regex Number();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Place();

    [GeneratedRegex("\"pvt_created\":[0-9]+")]
    private static partial Regex Made();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();
}
