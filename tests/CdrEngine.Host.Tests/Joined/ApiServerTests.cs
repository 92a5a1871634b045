using System.Net;
using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>The API over a real data folder.</summary>
public sealed class ApiServerTests
{
    [Fact]
    public async Task Server_OverTheStore_PagesAndFiltersWhatIsRecorded()
    {
        using var folder = new TemporaryFolder();
        CallRecord[] calls = Enumerable.Range(0, 7).Select(static i => Call(i)).ToArray();
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
            Assert.Equal(7, store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty))]).Inserted);
        await using var server = new ApiServer(Settings(folder, "127.0.0.1:0"), new StatisticsBoard());
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/calls")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", start.NewAdminToken);

        var ids = new List<string>();
        string? cursor = "";
        while (cursor is not null)
        {
            using JsonDocument page = JsonDocument.Parse(await client.GetByteArrayAsync($"/api/v1/calls?limit=3&sort=started_at{(cursor.Length == 0 ? "" : "&cursor=" + cursor)}"));
            ids.AddRange(page.RootElement.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("id").GetString()!));
            cursor = page.RootElement.GetProperty("next_cursor").GetString();
        }

        Assert.Equal(calls.Select(static call => call.Id), ids);
        using JsonDocument found = JsonDocument.Parse(await client.GetByteArrayAsync("/api/v1/calls?sip_call_id=call-3"));
        Assert.Equal(calls[3].Id, Assert.Single(found.RootElement.GetProperty("calls").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/calls/{calls[0].Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/v1/calls/{calls[0].Id}.pcap")).StatusCode);
        await server.StopAsync();
    }

    [Fact]
    public async Task Server_OnAnAddressInUse_EndsTheCommandWithALine()
    {
        using var folder = new TemporaryFolder();
        await using var first = new ApiServer(Settings(folder, "127.0.0.1:0"), new StatisticsBoard());
        string address = (await first.StartAsync(CancellationToken.None)).Url["http://".Length..];
        await using var second = new ApiServer(Settings(folder, address), new StatisticsBoard());
        CommandException fault = await Assert.ThrowsAsync<CommandException>(() => second.StartAsync(CancellationToken.None));
        Assert.Equal($"cannot listen on {address}: Address already in use", fault.Message);
        await first.StopAsync();
    }

    private static CallRecord Call(int i) =>
        TestCalls.Answered(CallId.Derive($"call-{i}", "tag", TestCalls.Start + TimeSpan.FromHours(i * 9)), $"call-{i}") with
        {
            StartedAt = TestCalls.Start + TimeSpan.FromHours(i * 9),
            EndedAt = TestCalls.Start + TimeSpan.FromHours((i * 9) + 1),
        };

    private static Settings Settings(TemporaryFolder folder, string listen) => SettingsLoader.Load(
        new SettingsFlags { ConfigFile = null, DataDirectory = folder.Path, Listen = listen, Set = [] }, static _ => null);
}
