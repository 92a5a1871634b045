using System.Net.Http.Json;
using CdrEngine.Api.Access;

namespace CdrEngine.Api.Tests.Dialects.FonoUc;

public sealed class FonoUcApiTests : IAsyncLifetime
{
    private const string Cdrs = "/api/v2/reports/cdrs";
    private const string Recordings = "/api/v2/reports/recordings";

    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(new FakeDirectory());

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Login_GivesTokens_ThatAreRefreshedOnce_AndEndWithLogout()
    {
        _rig.Add("acme", TestCalls.Call(1));
        _rig.Add("beta", TestCalls.Call(2));
        string token = _rig.NewToken("acme");
        using HttpClient nobody = _rig.Client(null);
        JsonElement pair = await DialectRig.JsonAsync(await nobody.PostAsJsonAsync("/api/v2/login", new { username = "test", password = token, domain = "acme" }));
        Assert.Equal(["user", "access_token", "refresh_token"], pair.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(("test", "acme"), (pair.GetProperty("user").GetProperty("username").GetString(), pair.GetProperty("user").GetProperty("account_id").GetString()));
        string access = pair.GetProperty("access_token").GetString()!;
        using HttpClient client = _rig.Client(access);
        client.DefaultRequestHeaders.Add("X-Account-ID", "1");
        Assert.Equal(2, (await DialectRig.JsonAsync(await client.GetAsync(Cdrs))).GetProperty("data").GetArrayLength());

        // The native API takes our tokens only.
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/calls")).StatusCode);
        string refresh = pair.GetProperty("refresh_token").GetString()!;
        JsonElement second = await DialectRig.JsonAsync(await nobody.PostAsJsonAsync("/api/v2/refresh", new { refresh_token = refresh }));
        await DialectRig.JsonAsync(await nobody.PostAsJsonAsync("/api/v2/refresh", new { refresh_token = refresh }), HttpStatusCode.Unauthorized);
        await DialectRig.JsonAsync(await client.GetAsync(Cdrs), HttpStatusCode.Unauthorized);
        using HttpClient refreshed = _rig.Client(second.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.OK, (await refreshed.GetAsync(Cdrs)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await refreshed.PostAsync("/api/v2/logout", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await refreshed.GetAsync(Cdrs)).StatusCode);
    }

    [Fact]
    public async Task AccessToken_EndsWithItsAge_AndWithTheTokenBehindIt()
    {
        string token = _rig.NewToken(null);
        using HttpClient nobody = _rig.Client(null);
        async Task<(string Access, string Refresh)> LoginAsync()
        {
            JsonElement pair = await DialectRig.JsonAsync(await nobody.PostAsJsonAsync("/api/v2/login", new { username = token[4..16], password = token }));
            return (pair.GetProperty("access_token").GetString()!, pair.GetProperty("refresh_token").GetString()!);
        }

        (string access, string refresh) = await LoginAsync();
        using HttpClient first = _rig.Client(access);
        Assert.Equal(HttpStatusCode.OK, (await first.GetAsync(Cdrs)).StatusCode);
        _rig.Clock.Move(TimeSpan.FromMinutes(61));
        Assert.Equal(HttpStatusCode.Unauthorized, (await first.GetAsync(Cdrs)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await nobody.PostAsJsonAsync("/api/v2/refresh", new { refresh_token = refresh })).StatusCode);
        (access, refresh) = await LoginAsync();
        using HttpClient second = _rig.Client(access);
        _rig.Tokens.Revoke(token[4..16]);
        _rig.Clock.Move(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync(Cdrs)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync("/api/v2/refresh", new { refresh_token = refresh })).StatusCode);
    }

    [Theory]
    [InlineData("{\"username\":\"test\",\"password\":\"wrong\",\"domain\":\"acme\"}", 401, null)]
    [InlineData("{\"username\":\"else\",\"password\":\"TOKEN\",\"domain\":\"acme\"}", 401, null)]
    [InlineData("{\"username\":\"test\",\"password\":\"TOKEN\",\"domain\":\"beta\"}", 401, null)]
    [InlineData("{\"username\":\"test\",\"password\":\"TOKEN\",\"domain\":\"nowhere\"}", 401, null)]
    [InlineData("{\"password\":\"TOKEN\"}", 400, "username")]
    [InlineData("{\"username\":\"test\"}", 400, "password")]
    [InlineData("{\"username\":7,\"password\":\"TOKEN\"}", 400, "username")]
    [InlineData("{\"username\":", 400, "username")]
    [InlineData("[]", 400, "body")]
    [InlineData("null", 400, "body")]
    [InlineData("", 400, "body")]
    public async Task Login_ThatIsWrong_IsRefused(string body, int status, string? parameter)
    {
        string token = _rig.NewToken("acme");
        using HttpClient nobody = _rig.Client(null);
        HttpResponseMessage response = await nobody.PostAsync("/api/v2/login", new StringContent(body.Replace("TOKEN", token, StringComparison.Ordinal), Encoding.UTF8, "application/json"));
        JsonElement error = await DialectRig.JsonAsync(response, (HttpStatusCode)status);
        Assert.Equal(("error", parameter), (error.GetProperty("status").GetString(), error.GetProperty("parameter").GetString()));
    }

    [Fact]
    public async Task Login_ThatIsWrongTooOften_MustWait()
    {
        using HttpClient nobody = _rig.Client(null);
        for (int i = 0; i < 10; i++) await nobody.PostAsJsonAsync("/api/v2/login", new { username = "test", password = "x" });
        HttpResponseMessage response = await nobody.PostAsJsonAsync("/api/v2/login", new { username = "test", password = "x" });
        Assert.NotNull(response.Headers.RetryAfter);
        await DialectRig.JsonAsync(response, HttpStatusCode.TooManyRequests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Pages_ByKey_GoThroughEverything_AlsoWithinOneSecond(int size)
    {
        // Eleven in one second, three in one microsecond.
        CallRecord[] calls = [.. Enumerable.Range(0, 20).Select(static i =>
        {
            Timestamp at = TestCalls.Start + (i < 11 ? TimeSpan.FromMilliseconds(i < 3 ? 5 : i * 10) : TimeSpan.FromSeconds(i));
            return TestCalls.Call(i, $"c{i}@host") with { Id = CallId.Derive($"c{i}", "t", at), SessionId = CallId.Derive($"c{i}", "t", at), StartedAt = at };
        })];
        _rig.Add(calls);
        var seen = new List<string>();
        string? key = null;
        int pages = 0;
        do
        {
            JsonElement data = (await _rig.GetAsync($"{Cdrs}?pageSize={size}&startDate=1{(key is null ? "" : $"&startKey={key}")}")).GetProperty("data");
            JsonElement end = data[data.GetArrayLength() - 1];
            Assert.Equal(["next_start_key", "page_size"], end.EnumerateObject().Select(static member => member.Name));
            Assert.Equal(data.GetArrayLength() - 1, end.GetProperty("page_size").GetInt32());
            seen.AddRange(data.EnumerateArray().SkipLast(1).Select(static cdr => cdr.GetProperty("call_id").GetString()!));
            key = end.GetProperty("next_start_key").GetString();
            _rig.Add(TestCalls.Call(-100 - pages++, "early@host"));
            Assert.InRange(pages, 0, 30);
        }
        while (key is not null);
        Assert.Equal(calls.OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal).Select(static call => call.SipCallId), seen);
        JsonElement all = (await _rig.GetAsync($"{Cdrs}?pageSize=1000")).GetProperty("data");
        Assert.Equal(20 + pages + 1, all.GetArrayLength());
    }

    [Theory]
    [InlineData("startDate=1795148820&endDate=1795148822", 0, 1, 2)]
    [InlineData("startDate=1795148820000&endDate=1795148820999", 0)]
    [InlineData("startDate=1795148829", 9)]
    [InlineData("endDate=1795148819")]
    public async Task Times_BoundTheList(string query, params int[] expected)
    {
        _rig.Add([.. Enumerable.Range(0, 10).Select(static i => TestCalls.Call(i, $"{i}"))]);
        JsonElement data = (await _rig.GetAsync($"{Cdrs}?{query}")).GetProperty("data");
        Assert.Equal(expected.Select(static i => $"{i}"), data.EnumerateArray().SkipLast(1).Select(static cdr => cdr.GetProperty("call_id").GetString()));
    }

    [Theory]
    [InlineData("startDate=yesterday", "startDate")]
    [InlineData("endDate=-1", "endDate")]
    [InlineData("startDate=20&endDate=10", "endDate")]
    [InlineData("pageSize=0", "pageSize")]
    [InlineData("pageSize=1001", "pageSize")]
    [InlineData("startKey=x", "startKey")]
    public async Task MalformedParameter_IsNamed(string query, string parameter)
    {
        foreach (string list in (string[])[Cdrs, Recordings])
            Assert.Equal(parameter, (await _rig.GetAsync($"{list}?{query}", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Recordings_AreThoseThatAreThereOrWouldBeMade_AndAreSent()
    {
        CallRecord heard = TestCalls.Full("1001") with { SipCallId = "heard@host", Recording = new RecordingInfo() };
        CallRecord silent = TestCalls.Call(3, "silent@host");
        _rig.Add("acme", heard, silent);
        _rig.Add("beta", TestCalls.Full("b") with { Id = TestCalls.Call(9).Id, SessionId = TestCalls.Call(9).Id, Recording = new RecordingInfo() });
        using HttpClient acme = _rig.Client(_rig.NewToken("acme"));
        JsonElement list = await DialectRig.JsonAsync(await acme.GetAsync(Recordings));
        Assert.Equal(["recordings", "next_start_key"], list.EnumerateObject().Select(static member => member.Name));
        JsonElement one = Assert.Single(list.GetProperty("recordings").EnumerateArray());
        Assert.Equal("heard@host", one.GetProperty("call_id").GetString());
        string id = one.GetProperty("_id").GetString()!;
        JsonElement cdr = (await DialectRig.JsonAsync(await acme.GetAsync(Cdrs))).GetProperty("data").EnumerateArray().First(static cdr => cdr.GetProperty("call_id").GetString() == "heard@host");
        Assert.Equal(id, cdr.GetProperty("media_recording_id").GetString());
        string path = $"/api/v2/reports/recording/{id}";
        Assert.Equal(id, (await DialectRig.JsonAsync(await acme.GetAsync(path))).GetProperty("recordings")[0].GetProperty("_id").GetString());

        // Metadata of what cannot be heard: none.
        string none = $"/api/v2/reports/recording/202611-{silent.Id[9..]}20261120";
        await DialectRig.JsonAsync(await acme.GetAsync(none), HttpStatusCode.NotFound);
        await DialectRig.JsonAsync(await acme.GetAsync("/api/v2/reports/recording/202611-00112233445566778899aabb20261120"), HttpStatusCode.NotFound);
        Assert.Equal("recording_id", (await DialectRig.JsonAsync(await acme.GetAsync("/api/v2/reports/recording/12"), HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        string others = $"/api/v2/reports/recording/202611-{TestCalls.Call(9).Id[9..]}20261120";
        await DialectRig.JsonAsync(await acme.GetAsync(others), HttpStatusCode.Forbidden);

        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, [.. Enumerable.Range(0, 100).Select(static i => (byte)i)]);
            _rig.Media.Answer = callId => new RecordingAnswer { Entry = new RecordingEntry { CallId = callId, State = RecordingState.Available }, Path = file };
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("Accept", "audio/mpeg");
            request.Headers.Add("Range", "bytes=10-19");
            HttpResponseMessage part = await acme.SendAsync(request);
            Assert.Equal((HttpStatusCode.PartialContent, "audio/mpeg"), (part.StatusCode, part.Content.Headers.ContentType?.MediaType));
            Assert.Equal([10, 11, 12, 13, 14, 15, 16, 17, 18, 19], await part.Content.ReadAsByteArrayAsync());
            Assert.Contains("download_mp3", await File.ReadAllTextAsync(Path.Combine(_rig.AccessFolder, "audit.jsonl")), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }

        _rig.Media.Answer = null;
        var gone = new HttpRequestMessage(HttpMethod.Get, path);
        gone.Headers.Add("Accept", "audio/mpeg");
        await DialectRig.JsonAsync(await acme.SendAsync(gone), HttpStatusCode.NotFound);
        var odd = new HttpRequestMessage(HttpMethod.Get, path);
        odd.Headers.Add("Accept", "text/html");
        await DialectRig.JsonAsync(await acme.SendAsync(odd), HttpStatusCode.NotAcceptable);
    }

    [Fact]
    public async Task Account_OfAnother_IsRefused()
    {
        using HttpClient acme = _rig.Client(_rig.NewToken("acme"));
        acme.DefaultRequestHeaders.Add("X-Account-ID", "beta");
        await DialectRig.JsonAsync(await acme.GetAsync(Cdrs), HttpStatusCode.Forbidden);
        using HttpClient admin = _rig.Client(_rig.AdminToken);
        admin.DefaultRequestHeaders.Add("X-Account-ID", "nowhere");
        await DialectRig.JsonAsync(await admin.GetAsync(Cdrs), HttpStatusCode.NotFound);
        using HttpClient other = _rig.Client(_rig.NewToken(null, ApiScopes.CallsRead));
        await DialectRig.JsonAsync(await other.GetAsync(Recordings), HttpStatusCode.Forbidden);
    }
}
