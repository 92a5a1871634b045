using System.Net;
using System.Text.Json;
using CdrEngine.Calls.Sessions;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests;

/// <summary>Conversations over HTTP: what is served, what is refused, and pages.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task Session_ByItsIdOrThatOfAnyOfItsCalls_IsTheWholeStory()
    {
        await using Rig rig = await Rig.StartAsync();
        (CallRecord outer, CallRecord inner) = Pair(rig, 1);
        JsonElement session = await Rig.ReadJsonAsync(await rig.GetAsync($"/api/v1/sessions/{outer.Id}"));
        Assert.Equal((outer.Id, "legs"), (session.GetProperty("id").GetString(), session.GetProperty("kind").GetString()));
        Assert.Equal([outer.Id, inner.Id], session.GetProperty("call_ids").EnumerateArray().Select(static id => id.GetString()));
        Assert.Equal(2, session.GetProperty("calls").GetArrayLength());
        Assert.Equal("header", Assert.Single(session.GetProperty("links").EnumerateArray()).GetProperty("method").GetString());
        Assert.NotEmpty(session.GetProperty("story").EnumerateArray());
        Assert.Equal(session.GetRawText(), (await Rig.ReadJsonAsync(await rig.GetAsync($"/api/v1/sessions/{inner.Id}"))).GetRawText());

        // As its schema has it, member by member.
        JsonElement document = await Rig.ReadJsonAsync(await rig.GetAsync("/api/v1/openapi.json"));
        Assert.Equal(
            document.GetProperty("components").GetProperty("schemas").GetProperty("Session").GetProperty("properties").EnumerateObject().Select(static member => member.Name).Order(),
            session.EnumerateObject().Select(static member => member.Name).Order());
    }

    [Fact]
    public async Task Packets_OfASession_AreThoseOfAllItsCalls()
    {
        await using Rig rig = await Rig.StartAsync();
        (CallRecord outer, CallRecord inner) = Pair(rig, 1);
        rig.Packets.AddSip(outer.Id, "192.0.2.1:5060", "192.0.2.10:5060", SipText.Invite(outer.SipCallId, "alice@example.com", "bob@example.com"));
        rig.Packets.AddSip(inner.Id, "192.0.2.10:5060", "192.0.2.2:5060", SipText.Invite(inner.SipCallId, "alice@example.com", "bob@example.com"), 0.1);
        string trace = await (await rig.GetAsync($"/api/v1/sessions/{outer.Id}.trace")).Content.ReadAsStringAsync();
        Assert.Equal([outer.SipCallId, inner.SipCallId], trace.Split('\n').Where(static line => line.StartsWith("Call-ID: ", StringComparison.Ordinal)).Select(static line => line["Call-ID: ".Length..].Trim()));
        HttpResponseMessage pcap = await rig.GetAsync($"/api/v1/sessions/{inner.Id}.pcap");
        Assert.Equal((HttpStatusCode.OK, $"session-{outer.Id}.pcap"), (pcap.StatusCode, pcap.Content.Headers.ContentDisposition!.FileName!.Trim('"')));
        Assert.Contains("<svg", await (await rig.GetAsync($"/api/v1/sessions/{outer.Id}/ladder.svg")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await Rig.ReadJsonAsync(await rig.GetAsync($"/api/v1/sessions/{outer.Id}/legs"))).GetProperty("legs").GetArrayLength());

        // Nobody makes sound here.
        await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/sessions/{outer.Id}.mp3"), HttpStatusCode.NotFound);
        await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/sessions/{outer.Id}/waveform.json"), HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("", "text/csv", HttpStatusCode.NotAcceptable)]
    [InlineData("", null, HttpStatusCode.NotFound)]
    [InlineData(".pcap", "application/json", HttpStatusCode.NotAcceptable)]
    [InlineData(".pcap", null, HttpStatusCode.NotFound)]
    [InlineData(".trace", "application/json", HttpStatusCode.NotAcceptable)]
    [InlineData(".trace", null, HttpStatusCode.NotFound)]
    [InlineData(".mp3", "audio/ogg", HttpStatusCode.NotAcceptable)]
    [InlineData(".mp3", null, HttpStatusCode.NotFound)]
    [InlineData("/waveform.json", "audio/mpeg", HttpStatusCode.NotAcceptable)]
    [InlineData("/waveform.json", null, HttpStatusCode.NotFound)]
    [InlineData(".mp3?channels=left", null, HttpStatusCode.BadRequest)]
    [InlineData("/ladder.svg", "text/plain", HttpStatusCode.NotAcceptable)]
    [InlineData("/ladder.svg", null, HttpStatusCode.NotFound)]
    [InlineData("/legs", "text/csv", HttpStatusCode.NotAcceptable)]
    [InlineData("/legs", null, HttpStatusCode.NotFound)]
    public async Task Session_ThatIsNotThere_OrIsAskedForInAnotherForm_IsRefused(string form, string? accept, HttpStatusCode status)
    {
        await using Rig rig = await Rig.StartAsync();
        await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/sessions/20261120-00112233445566778899aabb{form}", accept), status);
        if (status != HttpStatusCode.NotFound) return;
        (CallRecord outer, _) = Pair(rig, 1);
        if (form is ".pcap" or ".trace" or "/ladder.svg") await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/sessions/{outer.Id}{form}"), HttpStatusCode.NotFound);
        using HttpClient anybody = rig.NewClient(null);
        await Rig.ProblemAsync(await anybody.GetAsync($"/api/v1/sessions/{outer.Id}{form}"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task List_PageByPage_HasEachSessionOnce()
    {
        await using Rig rig = await Rig.StartAsync();
        string[] sessions = [.. Enumerable.Range(1, 7).Select(i => Pair(rig, i).Outer.Id)];
        var listed = new List<string>();
        string? path = "/api/v1/sessions?limit=3";
        int pages = 0;
        while (path is not null)
        {
            HttpResponseMessage response = await rig.GetAsync(path);
            JsonElement page = await Rig.ReadJsonAsync(response);
            listed.AddRange(page.GetProperty("sessions").EnumerateArray().Select(static session => session.GetProperty("id").GetString()!));
            Assert.All(page.GetProperty("sessions").EnumerateArray(), static session => Assert.Equal((2, false), (session.GetProperty("call_ids").GetArrayLength(), session.TryGetProperty("calls", out _))));
            string? next = page.GetProperty("next_cursor").GetString();
            Assert.Equal(next is not null, response.Headers.Contains("Link"));
            path = next is null ? null : $"/api/v1/sessions?limit=3&cursor={Uri.EscapeDataString(next)}";
            Assert.True(++pages < 10);
        }

        Assert.Equal(sessions.Reverse(), listed);
    }

    [Theory]
    [InlineData("kind=party", "kind")]
    [InlineData("limit=0", "limit")]
    [InlineData("from=yesterday", "from")]
    [InlineData("sort=ended_at", "sort")]
    [InlineData("cursor=no", "cursor")]
    [InlineData("colour=red", "colour")]
    public async Task List_WithAWrongParameter_SaysWhich(string query, string parameter)
    {
        await using Rig rig = await Rig.StartAsync();
        JsonElement problem = await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/sessions?{query}"), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
    }

    // Two calls of one conversation, an hour after the pair before.
    private static (CallRecord Outer, CallRecord Inner) Pair(Rig rig, int index)
    {
        CallRecord outer = TestCalls.Call(2 * index, $"outer-{index}@test"), inner = TestCalls.Call((2 * index) + 1, $"inner-{index}@test");
        outer = outer with
        {
            StartedAt = TestCalls.Start + TimeSpan.FromHours(index),
            SessionId = outer.Id,
            Flags = outer.Flags | CallFlags.Linked,
            Links = [new CallLink(inner.Id, inner.SipCallId, LinkMethod.Header, 1, LinkRelation.Downstream)],
        };
        inner = inner with
        {
            StartedAt = outer.StartedAt + TimeSpan.FromMilliseconds(50),
            SessionId = outer.Id,
            Flags = inner.Flags | CallFlags.Linked,
            Links = [new CallLink(outer.Id, outer.SipCallId, LinkMethod.Header, 1, LinkRelation.Upstream)],
        };
        rig.Calls.Add(outer, inner);
        return (outer, inner);
    }
}
