using System.Net;
using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>Registrations and messages from captures to the API, over a real data folder.</summary>
public sealed class DeskTests
{
    private static readonly string[] Captures = [Checkout.Fixture("pcap", "lab", "08-register-unregister.pcap"), Checkout.Fixture("pcap", "lab", "26-message.pcap")];

    [Fact]
    public async Task Import_ServesRegistrationsMessagesAndPeers()
    {
        using var folder = new TemporaryFolder();
        Import(folder);
        await using var server = new ApiServer(Settings(folder), new StatisticsBoard());
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", start.NewAdminToken);
        JsonElement schemas = (await JsonAsync(client, "openapi.json")).GetProperty("components").GetProperty("schemas");

        JsonElement[] registrations = [.. (await JsonAsync(client, "registrations")).GetProperty("registrations").EnumerateArray()];
        Assert.Equal(5, registrations.Length);
        string id = registrations[0].GetProperty("id").GetString()!;
        foreach (JsonElement registration in registrations) Fits(schemas, "Registration", registration);
        Assert.Equal(registrations[0].GetRawText(), (await JsonAsync(client, $"registrations/{id}")).GetRawText());
        JsonElement history = await JsonAsync(client, $"registrations/{id}/history?limit=5");
        foreach (JsonElement happened in history.GetProperty("events").EnumerateArray()) Fits(schemas, "RegistrationEvent", happened);
        Assert.StartsWith("2026", await client.GetStringAsync($"/api/v1/registrations/{id}.trace"), StringComparison.Ordinal);
        Assert.InRange((await client.GetByteArrayAsync($"/api/v1/registrations/{id}.pcap")).Length, 500, 5000);
        Assert.Single((await JsonAsync(client, "registrations?state=failed")).GetProperty("registrations").EnumerateArray());
        Assert.Equal(2, (await JsonAsync(client, "registrations?aor=alice&sort=expires_at&address=10.77.0.21")).GetProperty("registrations").GetArrayLength());

        JsonElement[] messages = [.. (await JsonAsync(client, "messages?sort=started_at")).GetProperty("messages").EnumerateArray()];
        Assert.Equal([("delivered", 1), ("delivered", 1), ("failed", 0)], messages.Select(static message => (message.GetProperty("outcome").GetString()!, message.GetProperty("notifications").GetArrayLength())));
        foreach (JsonElement message in messages) Fits(schemas, "Message", message);
        string messageId = messages[0].GetProperty("id").GetString()!;
        Assert.Contains("Hello Alice", await client.GetStringAsync($"/api/v1/messages/{messageId}.trace"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/messages/{messageId}.pcap")).StatusCode);
        JsonElement[] conversations = [.. (await JsonAsync(client, "conversations")).GetProperty("conversations").EnumerateArray()];
        Assert.Equal([1L, 2L], conversations.Select(static conversation => conversation.GetProperty("messages").GetInt64()).Order());
        foreach (JsonElement conversation in conversations) Fits(schemas, "Conversation", conversation);
        string conversationId = messages[0].GetProperty("conversation_id").GetString()!;
        Assert.Equal(2, (await JsonAsync(client, $"messages?conversation_id={conversationId}")).GetProperty("messages").GetArrayLength());
        Assert.Equal(2, (await JsonAsync(client, $"conversations/{conversationId}")).GetProperty("messages").GetInt64());
        Assert.Equal(0, (await JsonAsync(client, "messages?call_id=20261120-00112233445566778899aabb")).GetProperty("messages").GetArrayLength());

        JsonElement[] peers = [.. (await JsonAsync(client, "peers?method=REGISTER")).GetProperty("peers").EnumerateArray()];
        Assert.Equal(9, Assert.Single(peers).GetProperty("requests").GetInt64());
        Fits(schemas, "Peer", peers[0]);
        Assert.Equal(0, (await JsonAsync(client, "mailboxes")).GetProperty("mailboxes").GetArrayLength());

        foreach (string path in new[] { "registrations/00112233445566778899aabb", "messages/20261120-00112233445566778899aabb", "conversations/x", "registrations/x.pcap", "registrations/x/history", "messages/x.trace" })
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/v1/{path}")).StatusCode);
        foreach (string path in new[] { "registrations?state=x", "registrations?mac=1", "messages?kind=x", "messages?call_id=1", "peers?silent=1", "conversations?sort=x", "mailboxes?limit=0", "registrations?cursor=zzz" })
            Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync($"/api/v1/{path}")).StatusCode);
        await server.StopAsync();
    }

    [Fact]
    public void Import_Again_ChangesNothing()
    {
        using var folder = new TemporaryFolder();
        Import(folder);
        string before = Told(folder);
        ImportSummary summary = Import(folder, again: true);
        Assert.Equal(before, Told(folder));
        Assert.Equal(0, summary.Counters.Single(static group => group.Name == "registration").Values.Single(static counter => counter.Name == "new").Value);
    }

    [Fact]
    public void Import_OfConversationsAgain_LeavesTheirLinks()
    {
        using var folder = new TemporaryFolder();
        string[] captures = [Checkout.Path("demo", "14-transferred.pcap"), Checkout.Path("demo", "15-through-a-pbx.pcap")];
        string? before = null;
        foreach (string set in new[] { "engine.shards=1", "engine.shards=2" })
        {
            // The second time from copies, so that they are read again.
            string[] files = [.. captures.Select(path => Path.Combine(folder.Path, set[^1] + Path.GetFileName(path)))];
            for (int i = 0; i < files.Length; i++) File.Copy(captures[i], files[i]);
            Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path, Set = [set] }, static _ => null);
            using (var runner = new ImportRunner(settings, new StatisticsBoard())) Assert.Empty(runner.Run(files, CancellationToken.None).Faults);
            using var archive = new CallArchive(settings);
            Calls.Records.CallRecord[] calls = [.. archive.Calls.List(new() { Ascending = true }).Calls];
            Assert.Equal((4, 2), (calls.Length, calls.Select(static call => call.SessionId).Distinct().Count()));
            Assert.All(calls, static call => Assert.Single(call.Links));
            string now = string.Join('\n', calls.Select(static call => $"{call.Id} {call.SessionId} {string.Join(',', call.Links)} {call.Transfer}"));
            Assert.Equal(before ?? now, now);
            before = now;
        }
    }

    private static ImportSummary Import(TemporaryFolder folder, bool again = false)
    {
        using var runner = new ImportRunner(Settings(folder), new StatisticsBoard());
        ImportSummary summary = runner.Run(Captures, CancellationToken.None, again);
        Assert.Empty(summary.Faults);
        return summary;
    }

    private static string Told(TemporaryFolder folder)
    {
        using var desk = new DeskArchive(Settings(folder));
        return string.Join('\n', desk.Registrations.ListRegistrations(new() { Limit = 1000 }).Items.Select(static record => System.Text.Encoding.UTF8.GetString(Calls.Registrations.RegistrationJson.ToUtf8(record)))
            .Concat(desk.Messages.ListMessages(new() { Limit = 1000 }).Items.Select(static record => System.Text.Encoding.UTF8.GetString(Calls.Messages.MessageJson.ToUtf8(record))))
            .Concat(desk.Registrations.ListRegistrations(new() { Limit = 1000 }).Items.SelectMany(record => desk.Registrations.History(record.Id, 1000)).Select(static happened => happened.ToString())));
    }

    private static async Task<JsonElement> JsonAsync(HttpClient client, string path) => JsonDocument.Parse(await client.GetByteArrayAsync($"/api/v1/{path}")).RootElement;

    // The schema has the members that are written, in their order.
    private static void Fits(JsonElement schemas, string schema, JsonElement value) => Assert.Equal(
        schemas.GetProperty(schema).GetProperty("properties").EnumerateObject().Select(static member => member.Name), value.EnumerateObject().Select(static member => member.Name));

    private static Settings Settings(TemporaryFolder folder) => SettingsLoader.Load(
        new SettingsFlags { ConfigFile = null, DataDirectory = folder.Path, Listen = "127.0.0.1:0", Set = [] }, static _ => null);
}
