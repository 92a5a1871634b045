namespace CdrEngine.Api.Tests;

public sealed class CallRecordTests : IAsyncLifetime
{
    private Rig _rig = null!;

    public async Task InitializeAsync() => _rig = await Rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Get_OfAKnownId_IsTheNativeRecord()
    {
        CallRecord call = TestCalls.Full();
        _rig.Calls.Add(call);
        HttpResponseMessage response = await _rig.GetAsync($"/api/v1/calls/{call.Id}");
        Assert.Equal(CallRecordJson.ToUtf8(call), await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Get_WithTheTagOfWhatIsKnown_Is304UntilTheRecordChanges()
    {
        CallRecord call = TestCalls.Call(1);
        _rig.Calls.Add(call);
        string tag = (await _rig.GetAsync($"/api/v1/calls/{call.Id}")).Headers.ETag!.ToString();
        foreach (string known in (string[])[tag, "W/" + tag, $"\"x\", {tag}", "*"])
        {
            HttpResponseMessage same = await Conditional(call.Id, known);
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
            Assert.Equal(tag, same.Headers.ETag!.ToString());
            Assert.Empty(await same.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal(HttpStatusCode.OK, (await Conditional(call.Id, "\"other\"")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Conditional(call.Id, "no tag at all")).StatusCode);
    }

    [Theory]
    [InlineData("20261120-000000000000000000000000")]
    [InlineData("x")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("20261120-00000000000000000000000G")]
    [InlineData("%01")]
    [InlineData("%F0%9F%93%9E")]
    [InlineData("20261120-000000000000000000000000.mp3")]
    public async Task EveryCallResource_OfAnUnknownId_IsA404Problem(string id)
    {
        foreach (string ending in (string[])["", ".pcap", ".trace", "/ladder.svg"])
            await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls/{id}{ending}"), HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/api/v1")]
    [InlineData("/api/v2/calls")]
    [InlineData("/api/v1/calls/x/y/z")]
    [InlineData("/favicon.ico")]
    [InlineData("/api/v1/call")]
    public async Task UnknownPath_IsA404Problem(string path) => await Rig.ProblemAsync(await _rig.GetAsync(path), HttpStatusCode.NotFound);

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("BREW")]
    public async Task OtherMethods_AreA405ProblemWithAllow(string method)
    {
        HttpResponseMessage response = await _rig.GetAsync("/api/v1/calls", method: new HttpMethod(method));
        await Rig.ProblemAsync(response, HttpStatusCode.MethodNotAllowed);
        Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".pcap")]
    [InlineData(".trace")]
    [InlineData("/ladder.svg")]
    public async Task Resources_ThatTheClientDoesNotTake_Are406(string ending)
    {
        CallRecord call = TestCalls.Call(1);
        _rig.Calls.Add(call);
        await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls/{call.Id}{ending}", "video/mp4"), HttpStatusCode.NotAcceptable);
    }

    [Fact]
    public async Task Fault_OfTheStore_IsA500ProblemWithoutItsText()
    {
        _rig.Calls.Failure = new InvalidOperationException("secret path /var/lib/x");
        foreach (string path in (string[])["/api/v1/calls", "/api/v1/calls/20261120-000000000000000000000000"])
        {
            JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync(path), HttpStatusCode.InternalServerError);
            Assert.DoesNotContain("secret", problem.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Equal(2, _rig.Faults.Count(static fault => fault.Contains("secret path", StringComparison.Ordinal)));
        Assert.Equal(2, _rig.Counters[ApiCounter.ServerErrors]);
    }

    [Fact]
    public async Task EveryAnswer_HasTheHeadersOfSecurity_AndNoServerHeader()
    {
        foreach (string path in (string[])["/api/v1/calls", "/nothing", "/healthz", "/api/v1/calls?x=1", "/api/v1/openapi.json"])
        {
            HttpResponseMessage response = await _rig.GetAsync(path);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-store", response.Headers.GetValues("Cache-Control").Single());
            Assert.StartsWith("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.False(response.Headers.Contains("Server"));
        }

        _rig.Calls.Failure = new InvalidOperationException("x");
        Assert.Equal("nosniff", (await _rig.GetAsync("/api/v1/calls")).Headers.GetValues("X-Content-Type-Options").Single());
    }

    private Task<HttpResponseMessage> Conditional(string id, string tag)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/calls/{id}");
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return _rig.Client.SendAsync(request);
    }
}
