using System.Net;
using CdrEngine.Host;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>The door without a browser, each on a server of its own.</summary>
public sealed class DoorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-door-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task WithoutTokens_ThereIsNoDoor_AndFormsStillNeedTheirKey()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        Assert.Contains("No calls yet", await served.Client.GetStringAsync("/calls"));
        Assert.Equal("/calls", (await served.Client.GetAsync("/sign-in")).Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, (await served.PostAsync("/preferences", ("theme", "dark"))).StatusCode);
        string page = await served.Client.GetStringAsync("/calls");
        string key = page.Split("name=\"form_key\" value=\"")[1][..64];
        HttpResponseMessage kept = await served.PostAsync("/preferences", ("theme", "dark"), ("form_key", key), ("back", "//evil.example/"));
        Assert.Equal(HttpStatusCode.SeeOther, kept.StatusCode);
        Assert.Equal("/calls", kept.Headers.Location?.ToString());

        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/calls");
        rebound.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await served.Client.SendAsync(rebound)).StatusCode);
    }

    [Fact]
    public async Task WrongTokens_MakeAnAddressWait_WithTheRightOneToo()
    {
        await using Served served = await Served.StartAsync(_folder);
        for (int i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await served.PostAsync("/sign-in", ("token", $"cdr_{i}"))).StatusCode);
        HttpResponseMessage answer = await served.PostAsync("/sign-in", ("token", served.Token));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("Too many wrong tokens", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task SignIn_IsTakenFromOurOwnForm_Alone()
    {
        await using Served served = await Served.StartAsync(_folder);
        foreach ((string? site, string? origin) in new[] { ("cross-site", null), (null, "http://evil.example"), (null, "null"), ((string?)null, (string?)null) })
            Assert.Equal(HttpStatusCode.Forbidden, (await served.SendAsync("/sign-in", site, origin, ("token", served.Token))).StatusCode);
        HttpResponseMessage answer = await served.SendAsync("/sign-in", null, served.Url, ("token", served.Token), ("next", "https://evil.example/"));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/calls", answer.Headers.Location?.ToString());
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);

        // The cookie opens what the page loads of the API, and only to read, and only for the page itself.
        string pair = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, (await served.GetAsync("/api/v1/calls", pair, "same-origin")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.GetAsync("/api/v1/calls", pair, "cross-site")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.GetAsync("/api/v1/calls", "cdrengine=" + new string('0', 64), "same-origin")).StatusCode);
        using var post = new HttpRequestMessage(HttpMethod.Post, "/v1.1/voipstudio/cdrs");
        post.Headers.Add("Cookie", pair);
        post.Headers.Add("Sec-Fetch-Site", "same-origin");
        Assert.NotEqual(HttpStatusCode.OK, (await served.Client.SendAsync(post)).StatusCode);
    }

    [Fact]
    public async Task Page_CanBeLeftOut()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.page.enabled=off");
        HttpResponseMessage answer = await served.Client.GetAsync("/calls");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/calls?limit=99999999999&sort=nonsense&cols=x&q=%00&when=%F0%9F%A6%8A&after=1_2&before=zz")]
    [InlineData("/calls?q=%22%3E%3Cscript%3E&caller=*&callee=%25&codec=%27&session=x&tenant=%00")]
    [InlineData("/calls?disposition=busy,busy,busy&disposition=busy&flags=held,gap&direction=inbound,outbound&totals=1")]
    [InlineData("/calls?after=99999999999999999999_20261120-000000000000000000000000")]
    [InlineData("/sessions?q=%00&kind=x")]
    [InlineData("/registrations?q=%25&state=zzz&cursor=%00")]
    [InlineData("/messages?q=%27&outcome=1&cursor=AAAA&conversation=x")]
    [InlineData("/peers?address=x&silent=maybe&method=%00")]
    [InlineData("/system?zero=1")]
    public async Task StrangeQuestions_AreAnswered(string path)
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        HttpResponseMessage answer = await served.Client.GetAsync(path);
        Assert.True((int)answer.StatusCode < 400, $"{(int)answer.StatusCode} for {path}");
        string text = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script>", text);
        Assert.DoesNotContain('\0', text);
    }

    private sealed class Served : IAsyncDisposable
    {
        private readonly IApiServer _server;

        private Served(IApiServer server, ApiStart start)
        {
            _server = server;
            Url = start.Url;
            Token = start.NewAdminToken ?? "";
            Client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(start.Url) };
        }

        public string Url { get; }

        public string Token { get; }

        public HttpClient Client { get; }

        public static async Task<Served> StartAsync(string folder, params string[] set)
        {
            Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = folder, Listen = "127.0.0.1:0", Set = set }, static _ => null);
            IApiServer server = new Wiring().Server(settings);
            return new Served(server, await server.StartAsync(CancellationToken.None));
        }

        public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) => SendAsync(path, "same-origin", null, fields);

        public Task<HttpResponseMessage> SendAsync(string path, string? site, string? origin, params (string Name, string Value)[] fields)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(static field => KeyValuePair.Create(field.Name, field.Value))) };
            if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
            if (origin is not null) request.Headers.Add("Origin", origin);
            return Client.SendAsync(request);
        }

        public Task<HttpResponseMessage> GetAsync(string path, string cookie, string site)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("Cookie", cookie);
            request.Headers.Add("Sec-Fetch-Site", site);
            return Client.SendAsync(request);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _server.StopAsync();
            await _server.DisposeAsync();
        }
    }
}
