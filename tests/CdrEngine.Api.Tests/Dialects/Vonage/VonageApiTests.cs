using System.Net.Http.Json;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.Vonage;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Registrations;

namespace CdrEngine.Api.Tests.Dialects.Vonage;

public sealed class VonageApiTests : IAsyncLifetime
{
    private const string Calls = "/cc/accounts/acme/calls";
    private const string Devices = "/registration/accounts/acme/devices";
    private static readonly long Start = TestCalls.Start.Microseconds / 1_000_000;
    private readonly FakeDirectory _directory = new();
    private readonly FakeControl _control = new();
    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(_directory, _control);

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)]
    [InlineData("start:gte={7}", 7, 8, 9)]
    [InlineData("start:lte={2}", 0, 1, 2)]
    [InlineData("start_time={7}", 7, 8, 9)]
    [InlineData("end_time={2}", 0, 1, 2)]
    [InlineData("start:gte={3}&start_time={5}&end_time={6}&start:lte={8}", 5, 6)]
    [InlineData("page_size=3", 0, 1, 2)]
    [InlineData("page_size=3&page=4", 9)]
    [InlineData("page_size=3&page=5")]
    [InlineData("what=ever&page=", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)]
    public async Task Filter_FindsItsCalls(string query, params int[] expected)
    {
        AddCalls();
        foreach (int i in Enumerable.Range(0, 10)) query = query.Replace($"{{{i}}}", $"{Start + i}", StringComparison.Ordinal);
        JsonElement page = await _rig.GetAsync($"{Calls}?order=asc&{query}");
        Assert.Equal(expected.Select(static i => Start + i), Starts(page));
    }

    [Fact]
    public async Task Pages_LeadToEachOther_AndKnowTheirNumber()
    {
        AddCalls();
        JsonElement page = await _rig.GetAsync($"/cc/accounts/1/calls?page_size=4&start:gte={Start}");
        Assert.Equal(JsonValueKind.Null, page.GetProperty("previous_page_uri").ValueKind);
        Assert.Equal($"/cc/accounts/1/calls?page_size=4&order=desc&start:gte={Start}", page.GetProperty("first_page_uri").GetString());
        var seen = new List<long>(Starts(page));
        for (int i = 1; page.GetProperty("next_page_uri").GetString() is { } next; i++)
        {
            Assert.Equal((i, i + 1, 3, 4), (page.GetProperty("current_page").GetInt32(), page.GetProperty("next_page").GetInt32(), page.GetProperty("pages").GetInt32(), page.GetProperty("page_size").GetInt32()));
            page = await _rig.GetAsync(next);
            seen.AddRange(Starts(page));
        }

        Assert.Equal(Enumerable.Range(0, 10).Reverse().Select(static i => Start + i), seen);
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next_page").ValueKind);
        Assert.Equal($"/cc/accounts/1/calls?page_size=4&order=desc&start:gte={Start}&page=2", page.GetProperty("previous_page_uri").GetString());
        Assert.Equal(0, (await _rig.GetAsync("/cc/accounts/beta/calls")).GetProperty("pages").GetInt32());
    }

    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task CallsInProgress_StandAmongTheOthers_AndPagesStayWhileCallsBeginAndEnd(string order)
    {
        AddCalls();
        CallRecord[] open = [Open(100), Open(-5), Open(20), Open(50)];
        _rig.Live.Calls.AddRange(open.Select(static record => Live(record)));
        _rig.Live.Calls.Add(Live(Open(30), "beta"));
        var seen = new List<long>();
        for (int page = 1; page <= 8; page++)
        {
            JsonElement answer = await _rig.GetAsync($"{Calls}?page_size=2&order={order}&page={page}");
            Assert.Equal(7, answer.GetProperty("pages").GetInt32());
            seen.AddRange(Starts(answer));

            // A call begins, another one arrives, and one of those in progress ends and is stored.
            _rig.Live.Calls.Add(Live(Open(200 + page)));
            _rig.Add("acme", TestCalls.Call(300 + page, $"new{page}"));
            if (page > open.Length) continue;
            _rig.Live.Calls.RemoveAll(call => call.Record.Id == open[page - 1].Id);
            _rig.Add("acme", open[page - 1] with { EndedAt = TestCalls.Start + TimeSpan.FromSeconds(400), Disposition = Disposition.Answered, State = CallState.Ended });
        }

        long[] all = [.. Enumerable.Range(0, 10).Concat([-5, 20, 50, 100]).Order().Select(static i => Start + i)];
        Assert.Equal(order == "asc" ? all : all.Reverse(), seen);
    }

    [Fact]
    public async Task CallInProgress_IsFoundByItsId_WithStatusAndWithoutEnd()
    {
        CallRecord ringing = Open(1) with { State = CallState.Ringing, AnsweredAt = null };
        _rig.Live.Calls.Add(Live(ringing));
        _rig.Live.Calls.Add(Live(Open(2), "beta"));
        JsonElement call = await _rig.GetAsync($"{Calls}/{CallUuid.Of(ringing.Id)}");
        Assert.Equal(("ringing", JsonValueKind.Null), (call.GetProperty("status").GetString(), call.GetProperty("end_time").ValueKind));
        Assert.Equal(1, call.GetProperty("account_id").GetInt32());
        using HttpClient acme = _rig.Client(_rig.NewToken("acme"));
        Assert.Equal(HttpStatusCode.Forbidden, (await acme.GetAsync($"{Calls}/{CallUuid.Of(Open(2).Id)}")).StatusCode);
    }

    [Fact]
    public async Task Legs_AreListedAndFound()
    {
        CallRecord record = TestCalls.Call(0) with { Legs = [new Leg { ToTag = "a", Outcome = LegOutcome.Cancelled }, new Leg { ToTag = "b", Outcome = LegOutcome.Answered }] };
        _rig.Add("acme", record);
        string path = $"{Calls}/{CallUuid.Of(record.Id)}/legs";
        JsonElement legs = await _rig.GetAsync(path);
        Assert.Equal(["unanswered", "on-call"], legs.EnumerateArray().Select(static leg => leg.GetProperty("status").GetString()));
        JsonElement leg = await _rig.GetAsync($"{path}/{legs[1].GetProperty("leg_id").GetString()}");
        Assert.Equal(legs[1].GetRawText(), leg.GetRawText());
        await _rig.GetAsync($"{path}/{CallUuid.Of(record.Id, 3)}", HttpStatusCode.NotFound);
        await _rig.GetAsync($"{path}/{CallUuid.Of(record.Id)}", HttpStatusCode.NotFound);
        Assert.Equal("leg_id", (await _rig.GetAsync($"{path}/7", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    [Theory]
    [InlineData(Calls, "page=0", "page")]
    [InlineData(Calls, "page_size=1001", "page_size")]
    [InlineData(Calls, "page_size=x", "page_size")]
    [InlineData(Calls, "order=up", "order")]
    [InlineData(Calls, "start:gte=yesterday", "start:gte")]
    [InlineData(Calls, "start:lte=-1", "start:lte")]
    [InlineData(Calls, "start_time=1.5", "start_time")]
    [InlineData(Calls, "end_time=99999999999999", "end_time")]
    [InlineData(Devices, "page=0", "page")]
    [InlineData(Devices, "order=", null)]
    [InlineData(Devices, "start:gte=x", "start:gte")]
    [InlineData(Calls + "/7", "", "call_id")]
    [InlineData(Calls + "/7/legs", "", "call_id")]
    [InlineData(Devices + "/7", "", "device_id")]
    public async Task MalformedParameter_IsNamed(string path, string query, string? parameter)
    {
        JsonElement answer = await _rig.GetAsync($"{path}?{query}", parameter is null ? HttpStatusCode.OK : HttpStatusCode.BadRequest);
        if (parameter is not null) Assert.Equal((400, parameter), (answer.GetProperty("status").GetInt32(), answer.GetProperty("parameter").GetString()));
    }

    [Fact]
    public async Task AnotherTenantsCallsAndDevices_AreNeverShown()
    {
        AddCalls();
        AddDevices();
        using HttpClient beta = _rig.Client(_rig.NewToken("beta"));
        string mine = CallUuid.Of(TestCalls.Call(0, "c0@host").Id).ToString();
        foreach (string path in (string[])[Calls, $"/cc/accounts/beta/calls/{mine}", $"/cc/accounts/beta/calls/{mine}/legs", Devices, "/cc/accounts/nobody/calls"])
            Assert.Equal(403, (await DialectRig.JsonAsync(await beta.GetAsync(path), HttpStatusCode.Forbidden)).GetProperty("status").GetInt32());
        Assert.Equal(0, (await DialectRig.JsonAsync(await beta.GetAsync("/cc/accounts/2/calls"))).GetProperty("calls").GetArrayLength());
        Assert.Equal(1, (await DialectRig.JsonAsync(await beta.GetAsync("/registration/accounts/2/devices"))).GetProperty("devices").GetArrayLength());
        Assert.Equal(404, (await DialectRig.JsonAsync(await beta.GetAsync("/registration/accounts/2/devices/00-00-00-00-00-01"), HttpStatusCode.NotFound)).GetProperty("status").GetInt32());
        await _rig.GetAsync("/cc/accounts/nobody/calls", HttpStatusCode.NotFound);
        await _rig.GetAsync($"{Calls}/{CallUuid.Of(TestCalls.Call(99).Id)}", HttpStatusCode.NotFound);
        using HttpClient nobody = _rig.Client(null);
        Assert.Equal(401, (await DialectRig.JsonAsync(await nobody.GetAsync(Devices), HttpStatusCode.Unauthorized)).GetProperty("status").GetInt32());
        Assert.Equal(405, (await DialectRig.JsonAsync(await _rig.Admin.PutAsync(Devices, null), HttpStatusCode.MethodNotAllowed)).GetProperty("status").GetInt32());
        Assert.Equal(404, (await _rig.GetAsync("/cc/accounts/acme/what", HttpStatusCode.NotFound)).GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Devices_ComeFromRegistrations_APageAtATime()
    {
        AddDevices();
        JsonElement page = await _rig.GetAsync($"{Devices}?order=asc");
        Assert.Equal((10, 2, "2", 1), (page.GetProperty("page_size").GetInt32(), page.GetProperty("pages").GetInt32(), page.GetProperty("next_page").GetString(), page.GetProperty("current_page").GetInt32()));
        Assert.Equal(10, page.GetProperty("devices").GetArrayLength());
        JsonElement last = await _rig.GetAsync(page.GetProperty("next_page_uri").GetString()!);
        Assert.Equal(["00-00-00-00-00-0A", "00-00-00-00-00-0B"], last.GetProperty("devices").EnumerateArray().Select(static device => device.GetProperty("mac_address").GetString()));
        Assert.Equal(3, (await _rig.GetAsync($"{Devices}?start:gte={Start + 9}")).GetProperty("devices").GetArrayLength());
        Assert.Equal(2, (await _rig.GetAsync($"{Devices}?end_time={Start + 1}")).GetProperty("devices").GetArrayLength());

        JsonElement one = await _rig.GetAsync($"{Devices}/00:00:00:00:00:03");
        Assert.Equal(("192.0.2.3", "00-00-00-00-00-03", Start + 3), (one.GetProperty("device_ip").GetString(), one.GetProperty("mac_address").GetString(), one.GetProperty("last_request").GetInt64()));
        await _rig.GetAsync($"{Devices}/000000000099", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Device_ThatDoesNotTellItsAddress_IsKnownByTheDirectory()
    {
        _directory.Entries.Add(new DirectoryEntry
        {
            Kind = PartyKind.User,
            Id = 7,
            Name = "Gus",
            Identity = new PartyIdentity(PartyKind.User, 7, "Gus"),
            Tenant = _directory.Tenants[0],
            Extensions = ["1107"],
            Devices = ["000413aabbcc"],
        });
        Register("acme", 1107, null);
        JsonElement device = await _rig.GetAsync($"{Devices}/00-04-13-aa-bb-cc");
        Assert.Equal("00-04-13-AA-BB-CC", device.GetProperty("mac_address").GetString());
        Assert.Equal("00-04-13-AA-BB-CC", (await _rig.GetAsync(Devices)).GetProperty("devices")[0].GetProperty("mac_address").GetString());
    }

    [Fact]
    public async Task Control_WithoutAnAdapter_IsNotImplemented()
    {
        await using DialectRig rig = await DialectRig.StartAsync(_directory);
        CallRecord open = Open(1);
        rig.Live.Calls.Add(Live(open));
        foreach ((HttpMethod method, string path) in Verbs(open))
        {
            using var request = new HttpRequestMessage(method, path) { Content = Json("{}") };
            JsonElement error = await DialectRig.JsonAsync(await rig.Admin.SendAsync(request), HttpStatusCode.NotImplemented);
            Assert.Contains("adapter", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Control_AsksForItsOwnScope()
    {
        CallRecord open = Open(1);
        _rig.Live.Calls.Add(Live(open));
        using HttpClient reader = _rig.Client(_rig.NewToken("acme", "calls:read", "calls:write", "calls:delete", "delete:all"));
        foreach ((HttpMethod method, string path) in Verbs(open))
        {
            using var request = new HttpRequestMessage(method, path) { Content = Json("{\"state\":\"held\"}") };
            Assert.Equal(403, (await DialectRig.JsonAsync(await reader.SendAsync(request), HttpStatusCode.Forbidden)).GetProperty("status").GetInt32());
        }

        Assert.Empty(_control.Asked);
    }

    [Fact]
    public async Task Verbs_AskTheTelephoneSystem_AndAreInTheAudit()
    {
        CallRecord open = Open(1);
        _rig.Live.Calls.Add(Live(open));
        _directory.Entries.Add(new DirectoryEntry { Kind = PartyKind.User, Id = 1, Name = "A", Identity = new PartyIdentity(PartyKind.User, 1, "A"), Tenant = _directory.Tenants[0], Extensions = ["1234"] });
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", "calls:read", "calls:control"));
        string call = $"{Calls}/{CallUuid.Of(open.Id)}", leg = $"{call}/legs/{CallUuid.Of(open.Id, 1)}";
        const string Dial = """{"from":{"destination":1234,"type":"extension"},"to":{"destination":"+1234567890","type":"pstn"},"type":"click2dial"}""";

        JsonElement made = await DialectRig.JsonAsync(await acme.PostAsync(Calls, Json(Dial)));
        Assert.Equal(["account_id", "call_id", "call_state", "destination"], made.EnumerateObject().Select(static member => member.Name));
        Assert.Equal((1, JsonValueKind.Null, "initiated", "+1234567890"), (made.GetProperty("account_id").GetInt32(), made.GetProperty("call_id").ValueKind, made.GetProperty("call_state").GetString(), made.GetProperty("destination").GetString()));
        JsonElement sent = await DialectRig.JsonAsync(await acme.PatchAsync(call, Json("""{"from":{"destination":1,"type":"pstn"},"state":"active","to":{"destination":2002,"type":"extension"}}""")));
        Assert.Equal(("active", "2002", CallUuid.Of(open.Id).ToString()), (sent.GetProperty("call_state").GetString(), sent.GetProperty("destination").GetString(), sent.GetProperty("call_id").GetString()));
        Assert.Equal("parked", (await DialectRig.JsonAsync(await acme.PatchAsync(call, Json("""{"state":"parked"}""")))).GetProperty("call_state").GetString());
        JsonElement held = await DialectRig.JsonAsync(await acme.PatchAsync(leg, Json("""{"state":"held"}""")));
        Assert.Equal(["account_id", "call_id", "call_state", "destination", "leg_id"], held.EnumerateObject().Select(static member => member.Name));
        Assert.Equal("terminated", (await DialectRig.JsonAsync(await acme.DeleteAsync(call))).GetProperty("call_state").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await acme.DeleteAsync(leg)).StatusCode);
        Assert.Equal(["dial Extension 1234 Pstn +1234567890", "redirect open1 Extension 2002", "park open1", "hold open1", "hang up open1", "hang up open1"], _control.Asked);

        JsonElement[] audit = [.. (await File.ReadAllLinesAsync(Path.Combine(_rig.AccessFolder, "audit.jsonl"))).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["control_dial", "control_redirect", "control_park", "control_hold", "control_hangup", "control_hangup"], audit.Select(static line => line.GetProperty("action").GetString()));
        Assert.Equal(["1234 > +1234567890", open.Id], audit[..2].Select(static line => line.GetProperty("object").GetString()));
    }

    [Theory]
    [InlineData("{}", "from.type")]
    [InlineData("""{"from":{"destination":1234,"type":"pstn"}}""", "from.type")]
    [InlineData("""{"from":{"destination":1234,"type":"extension"},"to":{"destination":1,"type":"moon"}}""", "to.type")]
    [InlineData("""{"from":{"destination":"1\r\nAction: Command","type":"extension"},"to":{"destination":1,"type":"pstn"}}""", "from.destination")]
    [InlineData("""{"from":{"destination":"","type":"extension"},"to":{"destination":1,"type":"pstn"}}""", "from.destination")]
    [InlineData("""{"from":{"destination":1234,"type":"extension"},"to":{"destination":"1,2,3","type":"pstn"}}""", "to.destination")]
    [InlineData("""{"from":{"destination":1234,"type":"extension"},"to":{"destination":"1@x","type":"pstn"}}""", "to.destination")]
    [InlineData("""{"type":"fly"}""", "type")]
    [InlineData("""{"from":{"destination":true}}""", "from.destination")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    public async Task Dial_ThatIsMalformed_IsRefusedWithTheMember(string body, string parameter)
    {
        JsonElement error = await DialectRig.JsonAsync(await _rig.Admin.PostAsync(Calls, Json(body)), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, error.GetProperty("parameter").GetString());
        Assert.Empty(_control.Asked);
    }

    [Fact]
    public async Task Dial_FromAnotherTenantsExtension_IsForbidden()
    {
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", "calls:control"));
        HttpResponseMessage response = await acme.PostAsync(Calls, Json("""{"from":{"destination":4321,"type":"extension"},"to":{"destination":1,"type":"pstn"}}"""));
        Assert.Equal("from.destination", (await DialectRig.JsonAsync(response, HttpStatusCode.Forbidden)).GetProperty("parameter").GetString());
        Assert.Empty(_control.Asked);
    }

    [Theory]
    [InlineData(ControlOutcome.NoSuchCall, HttpStatusCode.Conflict)]
    [InlineData(ControlOutcome.Refused, HttpStatusCode.Conflict)]
    [InlineData(ControlOutcome.Unsupported, HttpStatusCode.NotImplemented)]
    [InlineData(ControlOutcome.Unreachable, HttpStatusCode.ServiceUnavailable)]
    public async Task Refusal_OfTheTelephoneSystem_IsTold(ControlOutcome outcome, HttpStatusCode status)
    {
        CallRecord open = Open(1);
        _rig.Live.Calls.Add(Live(open));
        _control.Answer = new ControlAnswer(outcome, "It says no.");
        JsonElement error = await DialectRig.JsonAsync(await _rig.Admin.DeleteAsync($"{Calls}/{CallUuid.Of(open.Id)}"), status);
        Assert.Equal("It says no.", error.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task CallThatIsOver_OrAnothers_IsNotActedOn()
    {
        AddCalls();
        _rig.Live.Calls.Add(Live(Open(2), "beta"));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", "calls:control"));
        string over = CallUuid.Of(TestCalls.Call(0, "c0@host").Id).ToString();
        await DialectRig.JsonAsync(await acme.DeleteAsync($"{Calls}/{over}"), HttpStatusCode.Conflict);
        await DialectRig.JsonAsync(await acme.DeleteAsync($"{Calls}/{over}/legs/{CallUuid.Of(TestCalls.Call(0, "c0@host").Id, 1)}"), HttpStatusCode.Conflict);
        await DialectRig.JsonAsync(await acme.DeleteAsync($"{Calls}/{CallUuid.Of(Open(2).Id)}"), HttpStatusCode.Forbidden);
        JsonElement odd = await DialectRig.JsonAsync(await acme.PatchAsync($"{Calls}/{over}", Json("""{"state":"lost"}""")), HttpStatusCode.BadRequest);
        Assert.Equal("state", odd.GetProperty("parameter").GetString());
        odd = await DialectRig.JsonAsync(await acme.PatchAsync($"{Calls}/{over}/legs/{over}", Json("""{"state":"active"}""")), HttpStatusCode.BadRequest);
        Assert.Equal("state", odd.GetProperty("parameter").GetString());
        Assert.Empty(_control.Asked);
    }

    private static (HttpMethod Method, string Path)[] Verbs(CallRecord call)
    {
        string path = $"{Calls}/{CallUuid.Of(call.Id)}";
        string leg = $"{path}/legs/{CallUuid.Of(call.Id, 1)}";
        return [(HttpMethod.Post, Calls), (HttpMethod.Patch, path), (HttpMethod.Delete, path), (HttpMethod.Patch, leg), (HttpMethod.Delete, leg)];
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static IEnumerable<long> Starts(JsonElement page) => page.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("start_time").GetInt64());

    private static CallRecord Open(int second) => TestCalls.Call(second, $"open{second}") with { State = CallState.Answered, Disposition = Disposition.InProgress, EndedAt = null };

    private static LiveCall Live(CallRecord record, string tenant = "acme") => new() { Record = record, State = LiveState.Answered, Tenant = tenant, Now = record.StartedAt };

    private void AddCalls() => _rig.Add("acme", [.. Enumerable.Range(0, 10).Select(static i => TestCalls.Call(i, $"c{i}@host"))]);

    private void AddDevices()
    {
        for (int i = 0; i < 12; i++) Register("acme", i, $"00:00:00:00:00:{i:x2}");
        Register("beta", 50, "00:00:00:00:00:50");
    }

    private void Register(string tenant, int number, string? mac)
    {
        Timestamp at = TestCalls.Start + TimeSpan.FromSeconds(number);
        var changes = new DeskChanges();
        changes.Registrations.Add(new StoredRegistration(
            new RegistrationRecord
            {
                Id = $"{number:x24}",
                Aor = $"sip:{number:0000}@pbx",
                User = $"{number:0000}",
                Source = TestCalls.Address($"192.0.2.{number % 250}", 5060),
                LastRequestAt = at,
                LastSuccessAt = at,
                ExpiresAt = at + TimeSpan.FromHours(1),
                Mac = mac,
                Tenant = tenant,
            },
            $"{number}",
            []));
        _rig.Registrations.Write(changes);
    }
}
