using System.Net.Http.Headers;
using System.Net.Sockets;
using CdrEngine.Api.Access;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Access;

public sealed class AccessTests : IAsyncLifetime
{
    private static readonly CallRecord Call = TestCalls.Call(0, "call-1@host");

    private static readonly (string Path, string? Scope)[] Resources =
    [
        ("/api/v1/calls", ApiScopes.CallsRead),
        ($"/api/v1/calls/{Call.Id}", ApiScopes.CallsRead),
        ($"/api/v1/calls/{Call.Id}.pcap", ApiScopes.PacketsRead),
        ($"/api/v1/calls/{Call.Id}.trace", ApiScopes.PacketsRead),
        ($"/api/v1/calls/{Call.Id}/ladder.svg", ApiScopes.CallsRead),
        ("/api/v1/stats", ApiScopes.StatsRead),
        ("/metrics", ApiScopes.StatsRead),
        ("/api/v1/openapi.json", null),
        ("/healthz", null),
        ("/readyz", null),
    ];

    private readonly TestClock _clock = new();
    private Rig _rig = null!;

    public static TheoryData<string, string> WrongAuthorizations => new()
    {
        { "no header", "" },
        { "empty", " " },
        { "no token", "Bearer" },
        { "another scheme", "Basic YWRtaW46YWRtaW4=" },
        { "token without a scheme", "{token}" },
        { "token cut", "Bearer {cut}" },
        { "token with more", "Bearer {token}0" },
        { "another secret", "Bearer {id}_0000000000000000000000000000000000000000000000000000000000000000" },
        { "another id", "Bearer cdr_000000000000_{secret}" },
        { "upper case", "Bearer {upper}" },
        { "null bytes of hash", "Bearer cdr_000000000000_0000000000000000000000000000000000000000000000000000000000000000" },
        { "not ASCII", "Bearer cdr_\u00e4\u00e4\u00e4" },
        { "long", "Bearer {long}" },
    };

    public async Task InitializeAsync()
    {
        _rig = await Rig.StartAsync(options => options with { Time = _clock });
        _rig.Calls.Add(Call);
        _rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("call-1@host", "alice", "bob"));
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task EveryResource_OpensToItsScopeAndToNoOther()
    {
        // The store of the test writes; the server, which has its own, sees the file.
        TokenStore tokens = TokenStore.Open(_rig.Access, _clock);
        Dictionary<string, string> byScope = ApiScopes.All.ToDictionary(static scope => scope, scope => tokens.Create(scope, [scope]), StringComparer.Ordinal);
        _clock.Move(TimeSpan.FromSeconds(2));
        foreach ((string scope, string token) in byScope)
        {
            using HttpClient client = _rig.NewClient(token);
            foreach ((string path, string? needed) in Resources)
            {
                HttpResponseMessage response = await client.GetAsync(path);
                bool opens = needed is null || needed == scope || scope == ApiScopes.Admin;
                if (opens)
                {
                    Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                }
                else
                {
                    await Rig.ProblemAsync(response, HttpStatusCode.Forbidden);
                    AuthenticationHeaderValue challenge = Assert.Single(response.Headers.WwwAuthenticate);
                    Assert.Contains($"error=\"insufficient_scope\", scope=\"{needed}\"", challenge.Parameter, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public async Task EveryResource_WithoutAToken_IsClosedUnlessItIsOpenToAll()
    {
        using HttpClient client = _rig.NewClient(null);
        foreach ((string path, string? needed) in Resources)
        {
            foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
            {
                HttpResponseMessage response = await client.SendAsync(new HttpRequestMessage(method, path));
                Assert.Equal(needed is null ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
                if (needed is not null) Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
            }
        }

        Assert.Empty(_rig.Calls.Queries);
        Assert.Equal(0, _rig.Packets.Shown);
    }

    [Theory]
    [MemberData(nameof(WrongAuthorizations))]
    public async Task WrongAuthorization_Is401(string name, string header)
    {
        string[] parts = _rig.Token!.Split('_');
        string value = header
            .Replace("{token}", _rig.Token, StringComparison.Ordinal)
            .Replace("{cut}", _rig.Token![..^1], StringComparison.Ordinal)
            .Replace("{id}", $"cdr_{parts[1]}", StringComparison.Ordinal)
            .Replace("{secret}", parts[2], StringComparison.Ordinal)
            .Replace("{upper}", _rig.Token.ToUpperInvariant(), StringComparison.Ordinal)
            .Replace("{long}", new string('a', 4000), StringComparison.Ordinal);
        string answer = await RawAsync($"GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{(value.Length == 0 ? "" : $"Authorization: {value}\r\n")}\r\n");
        Assert.True(answer.StartsWith("HTTP/1.1 401 ", StringComparison.Ordinal) || (name == "not ASCII" && answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal)), answer);
        Assert.Empty(_rig.Calls.Queries);
    }

    [Fact]
    public async Task Token_InAnySpellingOfTheScheme_Opens_AndTwiceItDoesNot()
    {
        Assert.StartsWith("HTTP/1.1 200 ", await RawAsync($"GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nConnection: close\r\nauthorization: bEaReR {_rig.Token}\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 401 ", await RawAsync($"GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {_rig.Token}\r\nAuthorization: Bearer x\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_InTheQuery_IsNotTaken()
    {
        using HttpClient client = _rig.NewClient(null);
        foreach (string name in (string[])["access_token", "token", "api_key"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/api/v1/calls?{name}={_rig.Token}")).StatusCode);
    }

    [Fact]
    public async Task Token_RevokedOrExpired_IsNoLongerTaken()
    {
        TokenStore tokens = TokenStore.Open(_rig.Access, _clock);
        string brief = tokens.Create("brief", [ApiScopes.CallsRead], _clock.GetUtcNow().AddMinutes(1));
        string lasting = tokens.Create("lasting", [ApiScopes.CallsRead]);
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(brief));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(lasting));
        _clock.Move(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(brief));
        Assert.True(tokens.Revoke(lasting.Split('_')[1]));
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(lasting));
    }

    [Fact]
    public async Task Address_WithTooManyWrongTokens_WaitsLongerAndLonger()
    {
        string wrong = "cdr_000000000000_" + new string('0', 64);
        for (int i = 0; i < _rig.Options.Limits.FailuresBeforeBackOff; i++) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(wrong));
        foreach (int wait in (int[])[1, 2, 4, 8, 16, 32, 60, 60])
        {
            using HttpClient client = _rig.NewClient(_rig.Token);
            HttpResponseMessage response = await client.GetAsync("/api/v1/calls");
            await Rig.ProblemAsync(response, HttpStatusCode.TooManyRequests);
            Assert.Equal(TimeSpan.FromSeconds(wait), response.Headers.RetryAfter?.Delta);
            _clock.Move(TimeSpan.FromSeconds(wait));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(wrong));
        }

        // Open resources stay open, and the right token, once it may be given, forgives.
        Assert.Equal(HttpStatusCode.OK, (await _rig.GetAsync("/healthz")).StatusCode);
        _clock.Move(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_rig.Token!));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(wrong));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_rig.Token!));
    }

    [Fact]
    public async Task TokenFile_ThatBecomesUnreadable_IsToldOnce_AndClosesNothing()
    {
        await File.WriteAllTextAsync(Path.Combine(_rig.Access, "tokens.json"), "{");
        for (int i = 0; i < 3; i++)
        {
            _clock.Move(TimeSpan.FromSeconds(2));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(_rig.Token!));
        }

        Assert.StartsWith("tokens: ", Assert.Single(_rig.Faults), StringComparison.Ordinal);
        Assert.Equal(1, _rig.Counters[ApiCounter.TokenFileUnreadable]);
    }

    [Fact]
    public async Task Requests_WithoutAToken_DoNotMakeTheAddressWait()
    {
        using HttpClient client = _rig.NewClient(null);
        for (int i = 0; i < 50; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/calls")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(_rig.Token!));
    }

    [Fact]
    public async Task WithoutAuth_LoopbackIsOpenToItselfAndNotToRebinding()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Auth = false });
        Assert.Null(rig.Token);
        Assert.False(File.Exists(Path.Combine(rig.Access, "tokens.json")));
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/api/v1/calls")).StatusCode);
        foreach ((string host, HttpStatusCode expected) in ((string, HttpStatusCode)[])
            [("localhost", HttpStatusCode.OK), ("127.0.0.1", HttpStatusCode.OK), ("[::1]", HttpStatusCode.OK), ("evil.example", HttpStatusCode.MisdirectedRequest)])
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls") { Headers = { Host = host } };
            Assert.Equal(expected, (await rig.Client.SendAsync(request)).StatusCode);
        }

        using JsonDocument document = JsonDocument.Parse(await rig.Client.GetByteArrayAsync("/api/v1/openapi.json"));
        Assert.False(document.RootElement.GetProperty("paths").GetProperty("/api/v1/calls").GetProperty("get").TryGetProperty("security", out _));
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using HttpClient client = _rig.NewClient(token);
        return (await client.GetAsync("/api/v1/calls")).StatusCode;
    }

    private async Task<string> RawAsync(string request)
    {
        var url = new Uri(_rig.Url);
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }
}
