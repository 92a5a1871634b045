using System.Net.Sockets;
using CdrEngine.Core;

namespace CdrEngine.Api.Tests;

public sealed class ServiceTests
{
    private static readonly Statistic[] Counters =
    [
        new("decode", "bad_checksum", 3, "packets with a wrong checksum"),
        new("decode", "cut_short", 0, "packets \\ cut"),
        new("sip", "malformed", 7, "not readable"),
    ];

    [Fact]
    public async Task Stats_HaveEveryCounterOfEveryPart_EqualNamesAdded()
    {
        var clock = new TestClock();
        await using Rig rig = await Rig.StartAsync(options => options with { Time = clock, Version = "1.2.3" });
        rig.Board.Post("import", Counters);
        rig.Board.Post("live", [new("sip", "malformed", 5, "not readable")]);
        rig.Board.Post("live", [new("sip", "malformed", 6, "not readable")]);
        clock.Move(TimeSpan.FromSeconds(90));
        JsonElement stats = await rig.JsonAsync("/api/v1/stats");
        Assert.Equal("1.2.3", stats.GetProperty("version").GetString());
        Assert.Equal(90, stats.GetProperty("uptime_seconds").GetInt64());
        Assert.Equal(["api", "decode", "sip"], stats.GetProperty("areas").EnumerateArray().Select(static area => area.GetProperty("area").GetString()));
        JsonElement malformed = Assert.Single(stats.GetProperty("areas")[2].GetProperty("counters").EnumerateArray());
        Assert.Equal(13, malformed.GetProperty("value").GetInt64());
        Assert.Equal("not readable", malformed.GetProperty("description").GetString());
    }

    [Fact]
    public async Task Metrics_AreTheTextFormatOfPrometheus()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Version = "1\"2\\3" });
        rig.Board.Post("import", Counters);
        HttpResponseMessage response = await rig.GetAsync("/metrics", "application/openmetrics-text;version=1.0.0");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        string text = await response.Content.ReadAsStringAsync();
        Assert.Contains("\ncdrengine_build_info{version=\"1\\\"2\\\\3\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("# HELP cdrengine_decode_cut_short_total packets \\\\ cut\n# TYPE cdrengine_decode_cut_short_total counter\ncdrengine_decode_cut_short_total 0\n", text, StringComparison.Ordinal);
        Assert.Contains("\ncdrengine_sip_malformed_total 7\n", text, StringComparison.Ordinal);
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#'),
            static line => Assert.Matches("^[a-z_][a-z0-9_]*({(version|state|source)=\".*\"})? [0-9]+$", line));
    }

    [Fact]
    public async Task Readiness_FollowsTheStore_AndLooksOnceASecond()
    {
        var clock = new TestClock();
        await using Rig rig = await Rig.StartAsync(options => options with { Time = clock });
        using HttpClient anybody = rig.NewClient(null);
        Assert.Equal("ready\n", await anybody.GetStringAsync("/readyz"));
        rig.Calls.Failure = new InvalidOperationException("locked");
        Assert.Equal("ready\n", await anybody.GetStringAsync("/readyz"));
        clock.Move(TimeSpan.FromSeconds(1));
        await Rig.ProblemAsync(await anybody.GetAsync("/readyz"), HttpStatusCode.ServiceUnavailable);
        Assert.Equal("ok\n", await anybody.GetStringAsync("/healthz"));
        rig.Calls.Failure = null;
        clock.Move(TimeSpan.FromSeconds(1));
        Assert.Equal("ready\n", await anybody.GetStringAsync("/readyz"));
    }

    [Fact]
    public async Task Store_ThatHangs_HoldsUpListsAndNothingElse()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { Lists = 1, LongestWait = TimeSpan.FromMilliseconds(50) } });
        var gate = new TaskCompletionSource();
        rig.Calls.Gate = gate.Task;
        Task<HttpResponseMessage> list = rig.GetAsync("/api/v1/calls");
        Task<HttpResponseMessage> ready = rig.GetAsync("/readyz");
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120)))
        {
            while (rig.Calls.Asked < 2) await Task.Delay(10, limit.Token);
        }

        HttpResponseMessage busy = await rig.GetAsync("/api/v1/calls");
        await Rig.ProblemAsync(busy, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(busy.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/readyz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/healthz")).StatusCode);
        Assert.Equal(2, rig.Calls.Asked);
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await list).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await ready).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/api/v1/calls")).StatusCode);
    }

    [Fact]
    public async Task Address_InUse_IsOneClearLine_AndUsesUpNoToken()
    {
        await using Rig first = await Rig.StartAsync();
        var address = new IPEndPoint(IPAddress.Loopback, new Uri(first.Url).Port);
        string folder = Directory.CreateTempSubdirectory("cdr-api-").FullName;
        var options = new ApiOptions { Listen = address, AccessFolder = folder };
        await using (var second = new ApiHost(options, first.Calls, first.Packets, new ApiMedia(first.Media, first.Media, first.Media), first.Board))
        {
            IOException fault = await Assert.ThrowsAsync<IOException>(() => second.StartAsync());
            Assert.Equal($"cannot listen on {address}: Address already in use", fault.Message);
            await second.StopAsync();
        }

        await using (var third = new ApiHost(options with { Listen = new IPEndPoint(IPAddress.Parse("192.0.2.77"), 1) }, first.Calls, first.Packets, new ApiMedia(first.Media, first.Media, first.Media), first.Board))
        {
            IOException fault = await Assert.ThrowsAsync<IOException>(() => third.StartAsync());
            Assert.StartsWith("cannot listen on 192.0.2.77:1: ", fault.Message, StringComparison.Ordinal);
        }

        await using (var fourth = new ApiHost(options with { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, first.Calls, first.Packets, new ApiMedia(first.Media, first.Media, first.Media), first.Board))
        {
            Assert.NotNull((await fourth.StartAsync()).NewAdminToken);
            await fourth.StopAsync();
        }

        await using (var fifth = new ApiHost(options with { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, first.Calls, first.Packets, new ApiMedia(first.Media, first.Media, first.Media), first.Board))
        {
            Assert.Null((await fifth.StartAsync()).NewAdminToken);
            await fifth.StopAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Server_ListensOnTheAddressGivenOnly_AndNotAfterItsStop()
    {
        // Whatever the environment says of addresses.
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://127.0.0.1:5999");
        try
        {
            await using Rig rig = await Rig.StartAsync();
            Assert.StartsWith("http://127.0.0.1:", rig.Url, StringComparison.Ordinal);
            Assert.DoesNotContain(":5999", rig.Url, StringComparison.Ordinal);
            int port = new Uri(rig.Url).Port;
            using (var client = new TcpClient()) await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(IPAddress.IPv6Loopback, port));
            await rig.StopAsync();
            using (var client = new TcpClient()) await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, port));
        }
        finally
        {
            Environment.SetEnvironmentVariable("ASPNETCORE_URLS", null);
        }
    }

    [Theory]
    [InlineData("GET /api/v1/calls HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET  /api HTTP/1.1\r\nHost: x\r\n\r\n", "400")]
    [InlineData("\u0016\u0003\u0001\u0002\r\n\r\n", "400")]
    [InlineData("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n", "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\n\r\n", "431")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n", "431")]
    [InlineData("POST /api/v1/calls HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99999999999\r\n\r\n", "405")]
    public async Task RawNonsense_IsRefused_AndTheServerGoesOn(string request, string status)
    {
        await using Rig rig = await Rig.StartAsync();
        string bytes = request.Replace("{long}", new string('a', 20_000), StringComparison.Ordinal)
            .Replace("{headers}", string.Concat(Enumerable.Range(0, 100).Select(static i => $"H{i}: x\r\n")), StringComparison.Ordinal);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(rig.Url).Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes));
        byte[] line = new byte[12];
        await client.GetStream().ReadExactlyAsync(line);
        Assert.Equal($"HTTP/1.1 {status}", Encoding.Latin1.GetString(line));
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/healthz")).StatusCode);
    }
}
