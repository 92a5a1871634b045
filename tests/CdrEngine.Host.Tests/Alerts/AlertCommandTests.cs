using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Protocols.Pcap;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Alerts;

/// <summary>From a capture in which rules are broken to alerts: imported, listed, tried with other figures, acknowledged, all with the real parts.</summary>
public sealed class AlertCommandTests
{
    private static readonly Timestamp Start = Timestamp.FromUnix(1_795_160_000, 0);

    [Fact]
    public async Task Capture_WithEachFault_RaisesEachAlert_AndTwiceTheSame()
    {
        using var folder = new TemporaryFolder();
        string capture = Path.Combine(folder.Path, "faults.pcap");
        Write(capture);
        string data = Path.Combine(folder.Path, "data");
        (int code, string said) = await Command("import", "--alerts", capture, "--data", data, "--set", "alerts.kinds.short-calls.enabled=on", "--set", "alerts.kinds.short-calls.sample=20");
        Assert.Equal(0, code);
        Assert.Contains("alerts (cdrengine alerts)", said, StringComparison.Ordinal);
        (_, string list) = await Command("alerts", "--format", "json", "--data", data);
        Alert[] alerts = [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => AlertJson.Read(System.Text.Encoding.UTF8.GetBytes(line))!)];
        Assert.Equal(["failures", "risky-prefix", "sequential-dialling", "short-calls", "slow-setup"], alerts.Select(static alert => alert.Rule).Distinct().Order());

        // Each names its calls, and its query finds them.
        using (var store = SqliteCallStore.Open(DataFolder.Records(data)))
        {
            foreach (Alert alert in alerts)
            {
                Assert.NotEmpty(alert.Calls);
                var found = store.List(AlertCalls.Query(alert)! with { Limit = 1000 }).Calls.Select(static call => call.Id).ToHashSet(StringComparer.Ordinal);
                Assert.Subset(found, alert.Calls.ToHashSet(StringComparer.Ordinal));
            }
        }

        // Again: the same alerts, not more.
        await Command("import", "--alerts", "--again", capture, "--data", data, "--set", "alerts.kinds.short-calls.enabled=on", "--set", "alerts.kinds.short-calls.sample=20");
        Assert.Equal(list, (await Command("alerts", "--format", "json", "--data", data)).Out);
        (_, string table) = await Command("alerts", "--data", data, "--rule", "risky-prefix");
        Assert.Contains("risky-prefix: caller", table, StringComparison.Ordinal);
        (_, string trial) = await Command("alerts", "--trial", "failures", "--data", data, "--from", "2026-11-19", "--to", "2026-11-22", "--set", "alerts.kinds.failures.threshold=100");
        Assert.Matches("alerts? over [0-9]+ calls", trial);
        Assert.StartsWith("cdrengine: --trial: there is no rule 'x'; there are ", (await Command("alerts", "--trial", "x", "--data", data)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_ListsAlerts_TriesRules_TakesThem_AndLooksAfterWebhooks()
    {
        using var folder = new TemporaryFolder();
        string capture = Path.Combine(folder.Path, "faults.pcap");
        Write(capture);
        string data = Path.Combine(folder.Path, "data");
        await Command("import", "--alerts", capture, "--data", data);
        Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = data, Listen = "127.0.0.1:0" }, static _ => null);
        await using var hub = new LiveHub();
        await using var server = new ApiServer(settings, new StatisticsBoard(), null, null, hub);
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", start.NewAdminToken);

        JsonElement page = await JsonAsync(client.GetAsync("/api/v1/alerts?severity=critical&limit=1"));
        JsonElement alert = page.GetProperty("alerts")[0];
        string id = alert.GetProperty("id").GetString()!;
        Assert.Equal("critical", alert.GetProperty("severity").GetString());
        Assert.True((await JsonAsync(client.GetAsync($"/api/v1/calls?{alert.GetProperty("calls_query").GetString()}"))).GetProperty("calls").GetArrayLength() > 0);
        foreach (string path in new[] { "alerts?state=x", "alerts?rule=", "alerts/x", "alerts/trial?rule=x", "alerts/trial?rule=capture-loss", "alerts/trial?rule=failures&threshold=-1", "alerts?cursor=x", "figures?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "figures?step=week", "figures?zone=x" })
            Assert.InRange((int)(await client.GetAsync($"/api/v1/{path}")).StatusCode, 400, 404);

        // A trial over all days: what was stored is what it finds.
        JsonElement trial = await JsonAsync(client.GetAsync("/api/v1/alerts/trial?rule=failures&from=2026-11-19T00:00:00Z&to=2026-11-23T00:00:00Z"));
        Assert.True(trial.GetProperty("whole").GetBoolean());
        Assert.Contains(trial.GetProperty("alerts").EnumerateArray(), found => found.GetProperty("rule").GetString() == "failures");
        Assert.Equal(0, (await JsonAsync(client.GetAsync("/api/v1/alerts/trial?rule=failures&from=2026-11-19T00:00:00Z&to=2026-11-23T00:00:00Z&sample=100000"))).GetProperty("alert_count").GetInt32());
        Assert.Contains((await JsonAsync(client.GetAsync("/api/v1/alerts/rules"))).GetProperty("rules").EnumerateArray(), static rule => rule.GetProperty("name").GetString() == "mos-low" && rule.GetProperty("enabled").GetBoolean());

        // Only one that goes on can be taken.
        using (var store = new SqliteAlertStore(DataFolder.Records(data))) store.Write([store.Find(id)! with { ClearedAt = null }]);
        using ILiveSubscription events = hub.Feed.Subscribe(new LiveFilter { Kinds = [LiveEventKind.AlertAcknowledged] })!;
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.PostAsync($"/api/v1/alerts/{id}/acknowledge", new StringContent("note=x"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync($"/api/v1/alerts/{id}/acknowledge", new { other = 1 })).StatusCode);
        await RefusedAsync(client, $"/api/v1/alerts/{id}/acknowledge", """{"\ud800":1}""", "\\ud800");
        await RefusedAsync(client, $"/api/v1/alerts/{id}/acknowledge", """{"note":"\udc00"}""", "note");
        await RefusedAsync(client, $"/api/v1/alerts/{id}/acknowledge", """{"note":7}""", "note");
        await RefusedAsync(client, $"/api/v1/alerts/{id}/acknowledge", "[", "body");
        JsonElement taken = await JsonAsync(client.PostAsJsonAsync($"/api/v1/alerts/{id}/acknowledge", new { note = "mine" }));
        Assert.Equal(("acknowledged", "mine"), (taken.GetProperty("state").GetString(), taken.GetProperty("note").GetString()));
        Assert.Equal(id, (await events.Events.ReadAsync()).Alert!.Id);

        // Figures count every call of the capture.
        JsonElement figures = await JsonAsync(client.GetAsync("/api/v1/figures?from=2026-11-19T00:00:00Z&to=2026-11-23T00:00:00Z"));
        long all = figures.GetProperty("all").GetProperty("calls").GetInt64();
        Assert.True(all > 100);
        Assert.Equal(all, figures.GetProperty("points").EnumerateArray().Sum(static point => point.GetProperty("calls").GetInt64()));
        Assert.Equal(all, figures.GetProperty("week").EnumerateArray().SelectMany(static day => day.EnumerateArray()).Sum(static hour => hour.GetInt64()));
        await WebhooksAsync(client);
    }

    private static async Task RefusedAsync(HttpClient client, string path, string body, string parameter)
    {
        using HttpResponseMessage answer = await client.PostAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal((HttpStatusCode.BadRequest, parameter), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("parameter").GetString()));
    }

    private static async Task WebhooksAsync(HttpClient client)
    {
        await RefusedAsync(client, "/api/v1/webhooks", """{"url":"https://example.com/","events":["*"],"a\udfff":1}""", "a\\udfff");
        await RefusedAsync(client, "/api/v1/webhooks", """{"url":"https://example.com/","events":["\ud800"]}""", "events");
        await RefusedAsync(client, "/api/v1/webhooks", """{"url":"https://example.com/","events":["*"],"enabled":"yes"}""", "enabled");
        await RefusedAsync(client, "/api/v1/webhooks", """{"url":"https://example.com/","events":["*"],"other":1}""", "other");
        foreach (object bad in new object[] { new { url = "http://example.com/", events = new[] { "*" } }, new { url = "https://example.com/", events = new[] { "call.x" } }, new { url = "https://example.com/" }, new { url = "x", events = new[] { "*" } }, new { url = "https://u:p@example.com/", events = new[] { "*" } }, new { url = "https://example.com/", events = new[] { "*" }, secret = "short" }, new { url = "https://example.com/", events = 7 } })
            Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync("/api/v1/webhooks", bad)).StatusCode);
        using HttpResponseMessage made = await client.PostAsJsonAsync("/api/v1/webhooks", new { id = "noc", url = "https://127.0.0.1:1/hook", events = new[] { "alert.*" } });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal(64, (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!.Length);
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsJsonAsync("/api/v1/webhooks", new { id = "noc", url = "https://127.0.0.1:1/hook", events = new[] { "alert.*" } })).StatusCode);
        Assert.Equal(JsonValueKind.Null, (await JsonAsync(client.GetAsync("/api/v1/webhooks/noc"))).GetProperty("secret").ValueKind);
        Assert.Equal(1, (await JsonAsync(client.PostAsync("/api/v1/webhooks/noc/test", null))).GetProperty("queued").GetInt32());

        // Nothing is sent to this machine, and that is said.
        JsonElement status = default;
        for (int i = 0; i < 1200 && (status.ValueKind == JsonValueKind.Undefined || status.GetProperty("last_error").ValueKind == JsonValueKind.Null); i++)
        {
            await Task.Delay(100);
            status = await JsonAsync(client.GetAsync("/api/v1/webhooks/noc"));
        }

        Assert.Contains("not public", status.GetProperty("last_error").GetString(), StringComparison.Ordinal);
        JsonElement changed = await JsonAsync(client.PutAsJsonAsync("/api/v1/webhooks/noc", new { url = "https://example.com/b", events = new[] { "*" }, enabled = false }));
        Assert.Equal(("https://example.com/b", false), (changed.GetProperty("url").GetString(), changed.GetProperty("enabled").GetBoolean()));
        Assert.Equal(0, (await JsonAsync(client.GetAsync("/api/v1/webhooks/dead-letters?endpoint=noc"))).GetProperty("dead_letters").GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync("/api/v1/webhooks/dead-letters/1/resend", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/v1/webhooks/noc")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/webhooks/noc")).StatusCode);
    }

    private static async Task<JsonElement> JsonAsync(Task<HttpResponseMessage> asked)
    {
        using HttpResponseMessage answer = await asked;
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    // Ten minutes: 40 calls that fail, 30 answered that end at once, 45 that ring late, one to a satellite, 20 neighbours by one caller.
    private static void Write(string path)
    {
        using var frames = new FrameBuffer();
        var sent = new List<(Timestamp At, SipText Message, bool IsBack)>();
        int number = 0;
        for (int i = 0; i < 40; i++) Call(sent, ++number, i * 5, "1001", $"7000{i * 37 % 100:00}", 503, 1, 0);
        for (int i = 0; i < 30; i++) Call(sent, ++number, 210 + (i * 3), "1002", $"8000{i * 37 % 100:00}", 200, 1, 2);
        for (int i = 0; i < 45; i++) Call(sent, ++number, 310 + (i * 2), "1003", $"9000{i * 37 % 100:00}", 486, 9, 0);
        Call(sent, ++number, 400, "1004", "+8821655512345", 486, 1, 0);
        for (int i = 0; i < 20; i++) Call(sent, ++number, 410 + (i * 4), "1005", $"49301{1000 + i}", 486, 1, 0);
        foreach ((Timestamp at, SipText message, bool isBack) in sent.OrderBy(static packet => packet.At))
        {
            byte[] frame = PacketBuilder.UdpFrame(isBack ? "192.0.2.2:5060" : "192.0.2.1:5060", isBack ? "192.0.2.1:5060" : "192.0.2.2:5060", message.ToBytes()).Build();
            frames.Append(PacketBuilder.Captured(frame, at));
        }

        using FileStream file = File.Create(path);
        CaptureWriter.WriteAll(file, [frames]);
    }

    private static void Call(List<(Timestamp At, SipText Message, bool IsBack)> sent, int number, double second, string caller, string callee, int status, double ringsAfter, double talks)
    {
        Timestamp at = Start + TimeSpan.FromSeconds(second);
        void Send(SipText message, double after, bool isBack = false) => sent.Add((at + TimeSpan.FromSeconds(after), message, isBack));
        string id = $"fault-{number}";
        SipText invite = SipText.Invite(id, caller, callee);
        Send(invite, 0);
        Send(invite.Reply(100, "Trying"), 0.02, isBack: true);
        Send(invite.Reply(180, "Ringing"), ringsAfter, isBack: true);
        Send(invite.Reply(status, "x"), ringsAfter + 1, isBack: true);
        Send(SipText.Ack(id, caller, callee), ringsAfter + 1.02);
        if (status != 200) return;
        SipText bye = SipText.Bye(id, caller, callee);
        Send(bye, ringsAfter + 1 + talks);
        Send(bye.Reply(200, "OK"), ringsAfter + 1.05 + talks, isBack: true);
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = await CommandLine.RunAsync(arguments, new CommandContext
        {
            Parts = new Wiring(),
            Out = output,
            Error = error,
            OpenBinaryOutput = static () => Stream.Null,
            OutIsTerminal = false,
            ErrorIsTerminal = false,
            Width = 160,
            Environment = static _ => null,
            Time = TimeProvider.System,
            Stop = CancellationToken.None,
        });
        return (code, output.ToString(), error.ToString());
    }

    private static async Task<Said> Command(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        return new Said(code, output, error);
    }

    private sealed record Said(int Code, string Out, string Error)
    {
        public void Deconstruct(out int code, out string output) => (code, output) = (Code, Out);
    }
}
