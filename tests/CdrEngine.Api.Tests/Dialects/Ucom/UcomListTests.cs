using CdrEngine.Calls.Directory;

namespace CdrEngine.Api.Tests.Dialects.Ucom;

public sealed class UcomListTests : IAsyncLifetime
{
    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(new FakeDirectory());

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("from_username=1001", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11)]
    [InlineData("from_username=1002,1009&from_username=1003", 12, 13, 19)]
    [InlineData("from_username[]=1002", 12)]
    [InlineData("to_username=55501,55502", 1, 2)]
    [InlineData("did_number=55501", 1)]
    [InlineData("did_number=55501&to_username=55502")]
    [InlineData("flow=in", 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)]
    [InlineData("flow=in,out", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)]
    [InlineData("extension_id=10001", 0, 2, 4, 6, 8)]
    [InlineData("extension_id=10001&flow=out", 0, 2, 4, 6, 8)]
    [InlineData("extension_id=10001&flow=in")]
    [InlineData("extension_id=10001&from_username=1001,1009&start_datetime=2026-11-20 04:27:03", 4, 6, 8)]
    [InlineData("extension_id=10001&from_username=1009")]
    [InlineData("extension_id=10001&did_number=55501")]
    [InlineData("extension_id=10001&start_duration=5&end_duration=7", 4, 6)]
    [InlineData("extension_id=10002")]
    [InlineData("extension_id=77")]
    [InlineData("start_duration=18", 17, 18, 19)]
    [InlineData("end_duration=3", 0, 1, 2)]
    [InlineData("start_duration=5&end_duration=6", 4, 5)]
    [InlineData("start_datetime=2026-11-20 04:27:17", 17, 18, 19)]
    [InlineData("start_datetime=2026-11-20 04:27:05&end_datetime=2026-11-20T04:27:06Z", 5, 6)]
    [InlineData("start_bridged_duration=0")]
    [InlineData("bridged_username=2002")]
    [InlineData("what=ever&page=", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)]
    public async Task Filter_FindsItsCalls(string query, params int[] expected)
    {
        AddCalls();
        if (query.Length == 0) expected = [.. Enumerable.Range(0, 20)];
        JsonElement page = await _rig.GetAsync($"/client/acme/calls/?order=asc&{query}");
        Assert.Equal(expected.Select(static i => At(i)), page.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("init_time_gmt").GetString()));
    }

    [Fact]
    public async Task Pages_StayAsTheyWere_WhileCallsArrive()
    {
        AddCalls();
        var seen = new List<string>();
        for (int page = 1; page <= 7; page++)
        {
            JsonElement answer = await _rig.GetAsync($"/client/1/calls?per_page=3&page={page}");
            Assert.Equal(("desc", page, 3), (answer.GetProperty("order").GetString(), answer.GetProperty("page").GetInt32(), answer.GetProperty("per_page").GetInt32()));
            seen.AddRange(answer.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("init_time_gmt").GetString()!));

            // One in front, one that began between the others and ended now.
            _rig.Add("acme", TestCalls.Call(1000 + page), TestCalls.Call(10, $"late{page}@host"));
        }

        Assert.Equal(Enumerable.Range(0, 20).Reverse().Select(static i => At(i)), seen);
        Assert.Equal(34, (await _rig.GetAsync("/client/1/calls?per_page=1000")).GetProperty("calls").GetArrayLength());
    }

    [Fact]
    public async Task AnotherTenantsCalls_AreNeverShown()
    {
        AddCalls();
        _rig.Add("beta", TestCalls.Call(50));
        using HttpClient beta = _rig.Client(_rig.NewToken("beta"));
        Assert.Equal(1, (await DialectRig.JsonAsync(await beta.GetAsync("/client/beta/calls"))).GetProperty("calls").GetArrayLength());
        foreach (string client in (string[])["acme", "1", "nobody"])
        {
            JsonElement error = await DialectRig.JsonAsync(await beta.GetAsync($"/client/{client}/calls"), HttpStatusCode.Forbidden);
            Assert.Equal(403, error.GetProperty("code").GetInt32());
        }

        await _rig.GetAsync("/client/nobody/calls", HttpStatusCode.NotFound);
        Assert.Equal(20, (await _rig.GetAsync("/client/acme/calls")).GetProperty("calls").GetArrayLength());
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("page=x", "page")]
    [InlineData("page=99999999999999999999", "page")]
    [InlineData("per_page=1001", "per_page")]
    [InlineData("per_page=-1", "per_page")]
    [InlineData("order=up", "order")]
    [InlineData("flow=in,sideways", "flow")]
    [InlineData("extension_id=1,two", "extension_id")]
    [InlineData("start_duration=1.5", "start_duration")]
    [InlineData("end_bridged_duration=-1", "end_bridged_duration")]
    [InlineData("start_datetime=yesterday", "start_datetime")]
    [InlineData("end_datetime=2026-13-01 00:00:00", "end_datetime")]
    [InlineData("from_username=%00", "from_username")]
    [InlineData("page=1&page=2", "page")]
    public async Task MalformedParameter_IsNamed(string query, string parameter)
    {
        JsonElement error = await _rig.GetAsync($"/client/acme/calls?{query}", HttpStatusCode.BadRequest);
        Assert.Equal((400, parameter), (error.GetProperty("code").GetInt32(), error.GetProperty("field").GetString()));
        Assert.Contains(parameter, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_AreInItsOwnForm_WhateverIsWrong()
    {
        using HttpClient nobody = _rig.Client(null);
        HttpResponseMessage unauthorized = await nobody.GetAsync("/client/acme/calls");
        Assert.Contains("Bearer", unauthorized.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal(401, (await DialectRig.JsonAsync(unauthorized, HttpStatusCode.Unauthorized)).GetProperty("code").GetInt32());
        Assert.Equal(404, (await _rig.GetAsync("/client/acme/nothing", HttpStatusCode.NotFound)).GetProperty("code").GetInt32());
        Assert.Equal(405, (await DialectRig.JsonAsync(await _rig.Admin.DeleteAsync("/client/acme/calls"), HttpStatusCode.MethodNotAllowed)).GetProperty("code").GetInt32());
        using HttpClient other = _rig.Client(_rig.NewToken(null, "stats:read"));
        Assert.Equal(403, (await DialectRig.JsonAsync(await other.GetAsync("/client/acme/calls"), HttpStatusCode.Forbidden)).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Bridge_IsShownAndFound_AsTheDirectoryTells()
    {
        CallRecord queue = Marked(0, "500", PartyKind.Queue, 60);
        CallRecord agent = Marked(1, "2002", PartyKind.User, 40) with { Direction = CallDirection.Internal };
        CallRecord direct = Marked(2, "2002", PartyKind.User, 20);
        CallRecord mailbox = Marked(3, "600", PartyKind.Voicemail, 20);
        _rig.Add("acme", queue with { Links = [new CallLink(agent.Id, agent.SipCallId, LinkMethod.Sdp, 1, LinkRelation.Downstream)] }, agent, direct, mailbox);
        JsonElement[] calls = [.. (await _rig.GetAsync("/client/acme/calls/?order=asc")).GetProperty("calls").EnumerateArray()];
        Assert.Equal(["bridged", "bridged", "bridged", "answered"], calls.Select(static call => call.GetProperty("result").GetString()));
        Assert.Equal(["2002", "2002", "2002", null], calls.Select(static call => call.GetProperty("bridged_username").GetString()));
        Assert.Equal(["in", "out", "in", "in"], calls.Select(static call => call.GetProperty("flow").GetString()));
        Assert.Equal(["queue", "user", "user", "voicemail"], calls.Select(static call => call.GetProperty("extension_type").ValueKind == JsonValueKind.Null ? null : call.GetProperty("extension_type").GetString()));
        Assert.Equal([37L, 37L, 16L], calls[..3].Select(static call => call.GetProperty("bridged_duration").GetInt64()));

        async Task<int> FoundAsync(string query) => (await _rig.GetAsync($"/client/acme/calls/?{query}")).GetProperty("calls").GetArrayLength();
        Assert.Equal(3, await FoundAsync("start_bridged_duration=0"));
        Assert.Equal(2, await FoundAsync("start_bridged_duration=17"));
        Assert.Equal(1, await FoundAsync("end_bridged_duration=16"));
        Assert.Equal(0, await FoundAsync("bridged_username=600"));
        Assert.Equal(1, await FoundAsync("bridged_username=2002&end_bridged_duration=16"));
        Assert.Equal(1, await FoundAsync("extension_id=10002&start_bridged_duration=0"));
        Assert.Equal(2, await FoundAsync("extension_id=10001,10002&start_bridged_duration=0"));
        Assert.Equal(1, await FoundAsync("extension_id=10001,10002&start_bridged_duration=17"));
        Assert.Equal(1, await FoundAsync("extension_id=10002&bridged_username=2002"));
    }

    [Fact]
    public async Task Extension_IsWhoeverTheCallBelongsTo_AndIsFoundByItsId()
    {
        var directory = new FakeDirectory();
        Tenant acme = directory.Tenants[0];
        DirectoryEntry Entry(PartyKind kind, long id, string extension, params string[] numbers) =>
            new() { Kind = kind, Id = id, Name = $"{kind}", Tenant = acme, Extensions = [extension], Numbers = numbers, Identity = new PartyIdentity(kind, id, $"{kind}") };
        directory.Entries.AddRange([
            Entry(PartyKind.User, 10001, "1001"),
            Entry(PartyKind.User, 10002, "2002", "+4930123", "+4930124"),
            Entry(PartyKind.Tracking, 11, "700") with { Ranges = [new NumberRange("+49305550000", "+49305550999"), new NumberRange("+49306660000", "+49306669999")] },
            Entry(PartyKind.Queue, 7, "500") with { Members = [new GroupMember(PartyKind.User, 10001)] },
            Entry(PartyKind.RingGroup, 9, "501") with { Members = [new GroupMember(PartyKind.User, 10002)] }]);
        await using DialectRig rig = await DialectRig.StartAsync(directory);
        CallRecord Call(int i, CallDirection? direction, string from, PartyIdentity? caller, string to, PartyIdentity? callee) => TestCalls.Call(i, $"x{i}@host") with
        {
            Direction = direction,
            Dialled = to,
            Caller = new Party { Number = from, Identity = caller },
            Callee = new Party { Number = to, Identity = callee },
        };
        PartyIdentity ann = new(PartyKind.User, 10001, "Ann"), bob = new(PartyKind.User, 10002, "Bob"), queue = new(PartyKind.Queue, 7, "Queue"), poster = new(PartyKind.Tracking, 11, "Poster");
        rig.Add(
            "acme",
            Call(0, CallDirection.Internal, "1001", ann, "2002", bob),
            Call(1, CallDirection.Inbound, "0171", null, "2002", bob),
            Call(2, CallDirection.Outbound, "2002", bob, "0171", null),
            Call(3, null, "9", null, "2002", bob),
            Call(4, CallDirection.Inbound, "0171", null, "500", queue),
            Call(5, CallDirection.Inbound, "0171", null, "+49305550123", poster),
            Call(6, CallDirection.Inbound, "0171", null, "+49305551000", null));
        JsonElement[] all = [.. (await rig.GetAsync("/client/1/calls?order=asc")).GetProperty("calls").EnumerateArray()];
        Assert.Equal("10001  7|10002 +4930123 9|10002 +4930123 9|  |7  |11  |  ", string.Join('|', all.Select(static call => $"{call.GetProperty("extension_id")} {call.GetProperty("ext_number_reg")} {call.GetProperty("extension_group_owner_id")}")));
        foreach ((long id, int count) in new[] { (10001L, 1), (10002, 2), (7, 1), (9, 0), (11, 1) })
        {
            JsonElement[] found = [.. (await rig.GetAsync($"/client/1/calls?order=asc&extension_id={id}")).GetProperty("calls").EnumerateArray()];
            Assert.Equal(all.Select(static call => call.GetRawText()).Where(text => text.Contains($"\"extension_id\":{id},", StringComparison.Ordinal)), found.Select(static call => call.GetRawText()));
            Assert.Equal(count, found.Length);
        }

        Assert.Equal(3, (await rig.GetAsync("/client/1/calls?extension_id=10001&extension_id=10002")).GetProperty("calls").GetArrayLength());
        Assert.Equal(1, (await rig.GetAsync("/client/1/calls?extension_id=10002&per_page=1&page=2")).GetProperty("calls").GetArrayLength());
    }

    private static CallRecord Marked(int second, string callee, PartyKind kind, int ended) => TestCalls.Call(second, $"m{second}@host") with
    {
        Direction = CallDirection.Inbound,
        Caller = new Party { Number = "1001", Identity = new PartyIdentity(PartyKind.User, 10001, "Alice") },
        Callee = new Party { Number = callee, Identity = new PartyIdentity(kind, 1, callee) },
        AnsweredAt = TestCalls.Start + TimeSpan.FromSeconds(second + 2),
        EndedAt = TestCalls.Start + TimeSpan.FromSeconds(ended),
        Marks = new CallMarks { Tenant = "acme", Context = CallContext.PstnCall },
    };

    private static string At(int seconds) => (TestCalls.Start + TimeSpan.FromSeconds(seconds)).ToDateTime().ToString("yyyy-MM-dd HH:mm:ss");

    // Call i starts at second i, lasts i + 1 seconds; the first ten and the twelfth are of 1001; odd ones come in.
    private void AddCalls() => _rig.Add("acme", [.. Enumerable.Range(0, 20).Select(static i => TestCalls.Call(i, $"c{i}@host") with
    {
        Direction = i % 2 == 1 ? CallDirection.Inbound : CallDirection.Outbound,
        Dialled = $"555{i:00}",
        Caller = new Party { Number = i < 10 ? "1001" : $"{990 + i}" },
        Callee = new Party { Number = i == 0 ? "2002" : "3003" },
        AnsweredAt = TestCalls.Start + TimeSpan.FromSeconds(i),
        EndedAt = TestCalls.Start + TimeSpan.FromSeconds((2 * i) + 1),
    })]);
}
