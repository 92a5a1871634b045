using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

public sealed class HoldApiTests : IDisposable
{
    private readonly UpkeepRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Holds_ArePlacedShownAndReleased_AndATenantSeesItsOwnOnly()
    {
        _rig.Import(UpkeepRig.Demo[5], UpkeepRig.Demo[13]);
        string id = _rig.Calls().First(static call => call.Value.Contains("06-held", StringComparison.Ordinal)).Key;
        string session = _rig.Calls().Values.Select(static line => JsonDocument.Parse(line).RootElement)
            .First(static call => call.GetProperty("session_id").GetString() != call.GetProperty("id").GetString()).GetProperty("session_id").GetString()!;
        Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = _rig.Data, Set = ["api.listen=127.0.0.1:0"] }, static _ => null);
        await using var server = new ApiServer(settings, new StatisticsBoard());
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using HttpClient admin = Client(start.Url, start.NewAdminToken!);
        Assert.Equal(0, (await Call(admin, id)).GetProperty("legal_holds").GetArrayLength());
        foreach ((object body, HttpStatusCode status) in new (object, HttpStatusCode)[]
        {
            (new { call_id = id }, HttpStatusCode.BadRequest),
            (new { reason = "x" }, HttpStatusCode.BadRequest),
            (new { call_id = id, session_id = session, reason = "x" }, HttpStatusCode.BadRequest),
            (new { call_id = id, reason = "x", more = 1 }, HttpStatusCode.BadRequest),
            (new { call_id = "20261120-000000000000000000000000", reason = "x" }, HttpStatusCode.NotFound),
            (new { call_id = "../x", reason = "x" }, HttpStatusCode.NotFound),
            (new { call_id = id, reason = "a case" }, HttpStatusCode.Created),
            (new { session_id = session, reason = "another" }, HttpStatusCode.Created),
        })
        {
            Assert.Equal(status, (await admin.PostAsJsonAsync("/api/v1/holds", body)).StatusCode);
        }

        JsonElement hold = Assert.Single((await Call(admin, id)).GetProperty("legal_holds").EnumerateArray());
        Assert.Equal(("a case", $"call {id}"), (hold.GetProperty("reason").GetString(), hold.GetProperty("what").GetString()));
        JsonElement[] all = [.. (await admin.GetFromJsonAsync<JsonElement>("/api/v1/holds")).GetProperty("holds").EnumerateArray()];
        Assert.Equal([1L, 2L], all.Select(static one => one.GetProperty("calls").GetInt64()));
        Assert.Equal(1, _rig.Run("purge", id));

        // A tenant neither sees nor releases what others placed.
        _rig.Do("token", "create", "theirs", "--scope", "calls:delete", "--tenant", "acme");
        using HttpClient tenant = Client(start.Url, _rig.Out.Trim());

        // A token made by another process is seen within a second; asked for too often before, it would have to wait.
        await Task.Delay(1200);
        for (int i = 0; i < 60 && (await tenant.GetAsync("/api/v1/holds")).StatusCode == HttpStatusCode.Unauthorized; i++) await Task.Delay(500);
        Assert.Equal(0, (await tenant.GetFromJsonAsync<JsonElement>("/api/v1/holds")).GetProperty("holds").GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, (await tenant.DeleteAsync("/api/v1/holds/1")).StatusCode);
        Assert.NotEqual(HttpStatusCode.Created, (await tenant.PostAsJsonAsync("/api/v1/holds", new { call_id = id, reason = "mine" })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync("/api/v1/holds/1")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync("/api/v1/holds/1")).StatusCode);
        Assert.Equal(0, (await Call(admin, id)).GetProperty("legal_holds").GetArrayLength());
    }

    private static async Task<JsonElement> Call(HttpClient client, string id) => await client.GetFromJsonAsync<JsonElement>($"/api/v1/calls/{id}");

    private static HttpClient Client(string url, string token)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }
}
