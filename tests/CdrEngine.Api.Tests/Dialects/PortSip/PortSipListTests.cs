using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.PortSip;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Lists of legs and sessions over a real store.</summary>
public sealed class PortSipListTests : IAsyncLifetime
{
    private static readonly CallDirection?[] Directions = [CallDirection.Inbound, CallDirection.Outbound, CallDirection.Internal, CallDirection.Transit, null];

    private static readonly Disposition[] Outcomes = [Disposition.Answered, Disposition.Busy, Disposition.NoAnswer, Disposition.Cancelled, Disposition.Failed];

    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(new FakeDirectory());

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    public static TheoryData<string> Filters =>
    [
        "caller eq '1003'",
        "caller eq '+491003'",
        "caller ne '1003'",
        "caller ne '1003' and callee ne '2002'",
        "caller ne '1003' or callee ne '2002'",
        "caller ne '1003' and direction eq INBOUND_CALL and duration gt 3",
        "caller_display_name ne 'Alice' and callee eq '2001'",
        "caller_domain ne 'example.com'",
        "callee ne '2001' and (caller eq '1003' or caller eq '1004')",
        "direction ne INBOUND_CALL and end_reason ne BUSY",
        "end_reason ne NO_ANSWER and call_id ne 'x'",
        "destination ne '55503' and caller gt '1003'",
        "trunk ne 'x' and did_cid ne '55500'",
        "caller gt '1003' and caller le '1005'",
        "callee ge '2001' or callee lt '2000'",
        "callee_display_name gt 'A' and callee_domain lt 'f'",
        "caller_display_name ne null",
        "call_id gt 'c' and contains(call_id,'@')",
        "contains(call_id,'CALL')",
        "did_cid gt '55501'",
        "did_cid ne null",
        "destination le '55503' and direction ne INBOUND_CALL",
        "trunk gt 'a'",
        "trunk ne null and caller ne '1003'",
        "outbound_caller_id ge '1002'",
        "user_data lt 'z'",
        "caller eq '1003' or caller eq '1004'",
        "caller eq '1003' or callee eq '2002'",
        "caller eq '1003' and caller eq '1004'",
        "caller gt '1003'",
        "contains(caller,'3')",
        "contains(caller,'+49')",
        "contains(caller,'X')",
        "contains(callee,'00')",
        "contains(callee,'2') and contains(callee,'1')",
        "contains(destination,'550')",
        "contains(did_cid,'5')",
        "contains(call_id,'7@')",
        "contains(call_id,'CALL7')",
        "contains(caller_domain,'ample')",
        "contains(callee_domain,'EXAMPLE')",
        "callee_domain eq 'example.com'",
        "contains(caller_display_name,'lic')",
        "contains(service_number,'5')",
        "contains(caller,'3') or contains(callee,'2')",
        "contains(caller,'3') or contains(call_id,'l8')",
        "contains(caller,'03') or contains(callee,'01') and direction eq INBOUND_CALL",
        "caller eq '1003' or callee eq '2002' or duration gt 20",
        "caller eq '1003' or duration lt 0",
        "caller eq 'x' or callee eq 'y'",
        "caller eq '1003' or user_data eq 'y'",
        "caller eq '1003' or direction eq INBOUND_CALL and end_reason eq BUSY",
        "(caller eq '1003' or status_code eq 200) and (duration gt 10 or direction eq INTERNAL_CALL)",
        "(caller eq '1003' or started_at gt 2026-11-20T04:27:10Z) and started_at lt 2026-11-20T04:27:20Z",
        "(caller eq '1003' or caller ne '1004') and (callee eq '2001' or callee eq '2002' or duration gt 3)",
        "callee eq '2001'",
        "callee eq '2001' and caller eq '1001'",
        "destination eq '55503'",
        "did_cid eq '55500'",
        "did_cid eq null",
        "contains(reroute_reason,'ONE')",
        "contains(reroute_reason,'FER') or contains(reroute_reason,'FORW')",
        "contains(reroute_reason,'X')",
        "outbound_caller_id eq '1001'",
        "direction eq INBOUND_CALL",
        "direction eq 'INTERNAL_CALL' or direction eq 'OUTBOUND_CALL'",
        "direction ne INBOUND_CALL",
        "direction eq null",
        "end_reason eq BUSY",
        "end_reason eq NO_ANSWER",
        "end_reason eq CALLER_DISCONNECTED",
        "end_reason eq CALLEE_DISCONNECTED",
        "end_reason eq BUSY or end_reason eq FAILED",
        "end_reason eq BUSY and direction eq OUTBOUND_CALL",
        "reroute_reason eq FORWARD",
        "reroute_reason eq NONE and caller eq '1001'",
        "status_code ge 400",
        "status_code eq 200",
        "duration ge 10",
        "duration gt 10",
        "duration le 10",
        "duration lt 10",
        "duration eq 10",
        "duration eq 10.5",
        "duration gt 9.5 and duration lt 11.5",
        "duration lt 0",
        "duration ge -5",
        "duration ne 10",
        "started_at ge 2026-11-20T04:27:10Z",
        "started_at gt 2026-11-20T04:27:10Z",
        "started_at le 2026-11-20T04:27:10Z",
        "started_at lt 2026-11-20T04:27:10Z",
        "started_at lt 2026-11-20T04:27:10.5Z",
        "started_at ge 2026-11-20T04:27:10.5Z",
        "started_at eq 2026-11-20T04:27:10Z",
        "started_at eq 2026-11-20T04:27:10.5Z",
        "started_at ne 2026-11-20T04:27:10Z",
        "started_at ge 2026-11-20T04:27:05Z and started_at lt 2026-11-20T04:27:15Z and direction eq INBOUND_CALL",
        "started_at lt 2026-11-20T04:27:03Z or started_at gt 2026-11-20T04:27:20Z",
        "answered_at eq null",
        "answered_at ne null",
        "answered_at lt 2026-11-20T04:27:10Z",
        "ended_at gt 2026-11-20T04:27:30Z",
        "rang_at eq null",
        "rang_at ge 2026-11-20T04:27:10Z",
        "rang_at lt 2026-11-20T04:27:10.5Z",
        "rang_at eq 2026-11-20T04:27:10Z",
        "rang_at ne 2026-11-20T04:27:10Z",
        "rang_at gt 2026-11-20T04:27:04Z and rang_at le 2026-11-20T04:27:12Z",
        "answered_at ge 2026-11-20T04:27:10Z",
        "answered_at gt 2026-11-20T04:27:10Z and caller eq '1001'",
        "answered_at le 2026-11-20T04:27:10Z",
        "answered_at ne 2026-11-20T04:27:10Z",
        "answered_at eq 2026-11-20T04:27:10.5Z",
        "answered_at lt 2026-11-20T04:27:10Z or caller eq '1003'",
        "answered_at ge 2026-11-19T04:27:10Z and answered_at lt 2026-11-22T04:27:10Z",
        "answered_at ge 2026-11-20T04:27:10Z and answered_at eq null",
        "ended_at ge 2026-11-20T04:27:30.5Z",
        "ended_at lt 2026-11-20T04:27:30Z",
        "ended_at le 2026-11-20T04:27:30Z and rang_at ge 2026-11-20T04:27:05Z",
        "ended_at eq 2026-11-20T04:27:30Z",
        "ended_at ne 2026-11-20T04:27:30Z and ended_at ne 2026-11-20T04:27:25Z",
        "ended_at gt 2026-11-23T04:27:30Z",
        "ended_at lt 2026-11-17T04:27:30Z",
        "ended_at eq null",
        "ended_at ne null",
        "started_at ne null",
        "started_at eq null or duration eq null",
        "duration ne null and id ne null",
        "direction ne null",
        "end_reason eq null",
        "end_reason ne null",
        "end_reason eq null and caller eq '1003'",
        "reroute_reason ne null",
        "caller eq null",
        "callee_display_name eq null",
        "caller_domain eq null",
        "trunk eq null and caller_domain eq null",
        "outbound_caller_id eq null or caller eq '1003'",
        "caller ne '1003' or callee eq '2002'",
        "caller ne '1003' or caller eq '1003'",
        "caller eq '1003' or callee ne '2001' or duration gt 20",
        "caller eq '1003' or callee eq '2001' and direction ne INBOUND_CALL",
        "caller eq '1003' and end_reason ne BUSY or callee eq '2001' and end_reason ne BUSY",
        "direction eq INBOUND_CALL and (caller ne '1003' or trunk eq null)",
        "caller_display_name eq null or callee_domain ne 'example.com' or rang_at eq null",
        "(caller ne '1001' and callee ne '2001') or (duration gt 12 and direction eq INTERNAL_CALL)",
        "answered_at ne 2026-11-20T04:27:10Z or caller eq '1003'",
        "service_number eq null and direction eq INBOUND_CALL",
        "call_id eq null",
        "destination eq null",
        "contains(direction,'BOUND')",
        "contains(direction,'nobody')",
        "contains(end_reason,'BUS')",
        "contains(end_reason,'DISCONNECTED') and caller eq '1001'",
        "contains(reroute_reason,'O')",
        "contains(callee,'X') or contains(destination,'x')",
        "contains(destination,'x') and direction eq INBOUND_CALL",
        "call_id eq 'call7@host'",
        "call_id eq 'call7@host' or call_id eq 'call8@host'",
        "caller_display_name eq 'Alice'",
        "caller_domain eq 'example.com'",
        "user_data eq null and trunk eq null and service_number eq null",
    ];

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Filter_FindsWhatItSays_AsTheItemsShowIt(string filter)
    {
        AddCalls();
        JsonElement[] all = Items(await _rig.GetAsync("/api/cdrs"));
        Assert.Equal(25, all.Length);
        PortSipCondition condition = PortSipFilterParser<PortSipRow>.Parse(filter, PortSipCalls.LegFields, out _)!;
        string[] expected = [.. Enumerable.Range(0, 25).Where(i => PortSipJudge.Meets(condition, Row(i), PortSipCalls.LegFields)).Select(i => all[i].GetProperty("id").GetString()!)];
        foreach (string list in (string[])["cdrs", "calllogs"])
        {
            JsonElement found = await _rig.GetAsync($"/api/{list}?filter={Uri.EscapeDataString(filter)}");
            Assert.Equal(expected, Items(found).Select(static item => item.GetProperty("id").GetString()));
            Assert.Equal(expected.Length, found.GetProperty("count").GetInt32());

            // Whatever answers it, pages and order are the same.
            JsonElement back = await _rig.GetAsync($"/api/{list}?filter={Uri.EscapeDataString(filter)}&orderby=started_at desc&skip=1&top=3");
            Assert.Equal(expected.Reverse().Skip(1).Take(3), Items(back).Select(static item => item.GetProperty("id").GetString()));
            Assert.Equal(expected.Length, back.GetProperty("count").GetInt32());
        }
    }

    /// <summary>What is not exact is refused where there are many calls.</summary>
    [Fact]
    public void OfLegs_EveryFilterIsAnsweredAtAnySize()
    {
        var context = new PortSipNarrowingContext(Sessions: false, BillsecRounding.Nearest, static _ => null);
        string[] judged = [.. ((IEnumerable<object[]>)Filters).Select(static row => (string)row[0])
            .Where(filter => !PortSipNarrowing.Of(PortSipFilterParser<PortSipRow>.Parse(filter, PortSipCalls.LegFields, out _), context).IsExact)];
        Assert.Empty(judged);
    }

    [Theory]
    [InlineData("id eq '{0}'")]
    [InlineData("id eq '{0}' and caller ne 'x'")]
    public async Task Filter_ById_FindsTheOne(string filter)
    {
        AddCalls();
        string id = Items(await _rig.GetAsync("/api/cdrs?skip=4&top=1"))[0].GetProperty("id").GetString()!;
        Assert.Equal(id, Assert.Single(Items(await _rig.GetAsync($"/api/cdrs?filter={Uri.EscapeDataString(string.Format(null, filter, id))}"))).GetProperty("id").GetString());
        Assert.Equal(id, Assert.Single(Items(await _rig.GetAsync($"/api/calllogs?filter={Uri.EscapeDataString($"session_id eq '{id}'")}"))).GetProperty("session_id").GetString());
        Assert.Empty(Items(await _rig.GetAsync("/api/cdrs?filter=id eq 'none'")));
    }

    [Theory]
    [InlineData("orderby=duration", 0, 1, 2)]
    [InlineData("orderby=duration desc", 24, 23, 22)]
    [InlineData("orderby=caller&filter=duration ge 5", 5, 10, 15)]
    [InlineData("orderby=started_at", 0, 1, 2)]
    [InlineData("orderby=started_at asc", 0, 1, 2)]
    [InlineData("", 0, 1, 2)]
    [InlineData("search=CALL21@", 21)]
    [InlineData("search=alice", 0, 1, 2)]
    [InlineData("search=CALL21@&filter=caller eq '1' or duration ge 0", 21)]
    [InlineData("search=CALL21@&filter=contains(call_id,'l2')", 21)]
    public async Task OrderAndSearch_AreAsAsked(string query, params int[] first)
    {
        AddCalls();
        foreach (string list in (string[])["cdrs", "calllogs"])
            Assert.Equal(first.Select(static i => $"call{i}@host"), Items(await _rig.GetAsync($"/api/{list}?{query}")).Take(3).Select(static item => item.GetProperty("call_id").GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&filter=duration ge 0")]
    [InlineData("&filter=caller ne 'x'")]
    [InlineData("&filter=contains(caller,'0')")]
    [InlineData("&filter=contains(caller,'3') or callee eq '2002' or duration gt 5")]
    [InlineData("&search=alice")]
    [InlineData("&orderby=started_at desc")]
    [InlineData("&orderby=duration desc&filter=caller ne 'x'")]
    public async Task Pages_StayAsTheyWere_WhileCallsArrive(string query)
    {
        AddCalls();
        foreach (string list in (string[])["cdrs", "calllogs"])
        {
            // Only what came before the first page is on any.
            int count = (await _rig.GetAsync($"/api/{list}?top=1{query}")).GetProperty("count").GetInt32();
            string[] expected = [.. Items(await _rig.GetAsync($"/api/{list}?top=100{query}")).Select(static item => item.GetProperty("id").GetString()!)];
            var seen = new List<string>();
            for (int skip = 0; skip < count; skip += 4)
            {
                JsonElement page = await _rig.GetAsync($"/api/{list}?skip={skip}&top=4{query}");
                Assert.Equal(count, page.GetProperty("count").GetInt32());
                seen.AddRange(Items(page).Select(static item => item.GetProperty("id").GetString()!));
                _rig.Add("acme", TestCalls.Call(1000 + skip, $"late{list}{skip}"), TestCalls.Call(10, $"middle{list}{skip}"));
            }

            Assert.Equal(expected, seen);
        }
    }

    [Theory]
    [InlineData("cdrs", "skip=-1", "skip")]
    [InlineData("cdrs", "skip=x", "skip")]
    [InlineData("cdrs", "top=0", "top")]
    [InlineData("cdrs", "top=101", "top")]
    [InlineData("cdrs", "top=1&top=2", "top")]
    [InlineData("calllogs", "orderby=nothing", "orderby")]
    [InlineData("calllogs", "orderby=duration down", "orderby")]
    [InlineData("calllogs", "filter=duration ge", "filter")]
    [InlineData("cdrs", "filter=session_id eq 'x'", "filter")]
    [InlineData("call_reports", "filter=duration ge 1", "filter")]
    [InlineData("completed_call_reports", "orderby=started_at", "orderby")]
    public async Task Malformed_IsNamed(string list, string query, string parameter)
    {
        JsonElement error = await _rig.GetAsync($"/api/{list}?{query}", HttpStatusCode.BadRequest);
        Assert.Equal((400, parameter), (error.GetProperty("code").GetInt32(), error.GetProperty("parameter").GetString()));
        Assert.StartsWith(parameter, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FaultOfAFilter_SaysWhere()
    {
        JsonElement error = await _rig.GetAsync("/api/cdrs?filter=duration ge x", HttpStatusCode.BadRequest);
        Assert.Contains("at character 13: a number is expected", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("filter", (await _rig.GetAsync("/api/cdrs?filter=" + new string('(', 2100), HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Ids_ThatAreNone_AndThatNameNothing_AreToldApart()
    {
        foreach (string path in (string[])["/api/cdrs/", "/api/calllogs/", "/api/call_reports/", "/api/completed_call_reports/"])
        {
            Assert.Equal("id", (await _rig.GetAsync(path + "x!", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
            Assert.Equal(404, (await _rig.GetAsync(path + "NzAwNTUxOTA5NzczMTQ4MTYw", HttpStatusCode.NotFound)).GetProperty("code").GetInt32());
        }

        Assert.Equal(404, (await _rig.GetAsync("/api/blobs/x", HttpStatusCode.NotFound)).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task LegsOfASession_AreTold_ByAnyOfThem()
    {
        (CallRecord first, CallRecord second) = PortSipMappingTests.Linked();
        _rig.Add(first, second);
        JsonElement[] cdrs = Items(await _rig.GetAsync("/api/cdrs"));
        Assert.Equal(2, cdrs.Length);
        foreach (JsonElement cdr in cdrs)
        {
            JsonElement legs = await _rig.GetAsync($"/api/cdrs/{cdr.GetProperty("id").GetString()}");
            Assert.Equal(["9000", "3003"], legs.GetProperty("items").EnumerateArray().Select(static leg => leg.GetProperty("callee").GetString()));
            Assert.Equal([0.25m, 0.50m], legs.GetProperty("items").EnumerateArray().Select(static leg => leg.GetProperty("cost").GetDecimal()));
            Assert.All(legs.GetProperty("items").EnumerateArray(), static leg => Assert.Equal("acme", leg.GetProperty("billed_account").GetString()));
            JsonElement log = await _rig.GetAsync($"/api/calllogs/{cdr.GetProperty("id").GetString()}");
            Assert.Equal((cdrs[0].GetProperty("id").GetString(), "3003", 0.75m), (log.GetProperty("id").GetString(), log.GetProperty("callee").GetString(), log.GetProperty("cost").GetDecimal()));
        }

        // One session, which is found by whom its people talked to.
        foreach (string query in (string[])["", "?filter=callee eq '3003'", "?filter=duration eq 20", "?filter=destination eq '9000'"])
        {
            JsonElement logs = await _rig.GetAsync("/api/calllogs" + query);
            Assert.Equal(1, logs.GetProperty("count").GetInt32());
            Assert.Equal("3003", Assert.Single(Items(logs)).GetProperty("callee").GetString());
        }

        Assert.Equal(0, (await _rig.GetAsync("/api/calllogs?filter=callee eq '9000'")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task AnotherTenantsCalls_AreNeverShown()
    {
        (CallRecord first, CallRecord second) = PortSipMappingTests.Linked();
        _rig.Add("acme", first);
        _rig.Add("beta", second, TestCalls.Call(50, "other"));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme"));
        foreach (string list in (string[])["cdrs", "calllogs", "cdrs?filter=caller ne 'x'", "calllogs?filter=caller ne 'x'"])
            Assert.Equal("first@host", Assert.Single(Items(await DialectRig.JsonAsync(await acme.GetAsync($"/api/{list}")))).GetProperty("call_id").GetString());
        string mine = NumberText.Of(_rig.Store.Find(first.Id)!.Number);
        string theirs = NumberText.Of(_rig.Store.Find(second.Id)!.Number);
        Assert.Single(Items(await DialectRig.JsonAsync(await acme.GetAsync($"/api/cdrs/{mine}"))));
        Assert.Equal("9000", (await DialectRig.JsonAsync(await acme.GetAsync($"/api/calllogs/{mine}"))).GetProperty("callee").GetString());
        await DialectRig.JsonAsync(await acme.GetAsync($"/api/cdrs/{theirs}"), HttpStatusCode.Forbidden);
        await DialectRig.JsonAsync(await acme.GetAsync($"/api/calllogs/{theirs}"), HttpStatusCode.Forbidden);
        using HttpClient nobody = _rig.Client(null);
        HttpResponseMessage refused = await nobody.GetAsync("/api/cdrs");
        Assert.Equal(401, (await DialectRig.JsonAsync(refused, HttpStatusCode.Unauthorized)).GetProperty("code").GetInt32());
        Assert.Equal("Bearer", Assert.Single(refused.Headers.WwwAuthenticate).Scheme);
    }

    [Fact]
    public async Task DeletedCall_IsGone()
    {
        AddCalls();
        JsonElement[] all = Items(await _rig.GetAsync("/api/cdrs?filter=caller ne 'x'"));
        string id = all[3].GetProperty("id").GetString()!;
        Assert.True(NumberText.TryRead(id, out long number));
        _rig.Store.Hide([_rig.Store.FindByNumber(number)!.Record.Id], "test", TestCalls.Start);
        await _rig.GetAsync($"/api/cdrs/{id}", HttpStatusCode.NotFound);
        Assert.Equal(24, (await _rig.GetAsync("/api/cdrs?filter=caller ne 'x'")).GetProperty("count").GetInt32());
        Assert.Equal(24, (await _rig.GetAsync("/api/cdrs")).GetProperty("count").GetInt32());
    }

    private static JsonElement[] Items(JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];

    private static PortSipRow Row(int i) => new(PortSipMapping.Fields(CallOf(i), CallFacts.Of(CallOf(i)), BillsecRounding.Nearest), CallOf(i), static () => "");

    private static CallRecord CallOf(int i)
    {
        CallRecord call = TestCalls.Call(i, $"call{i}@host");
        Disposition outcome = Outcomes[i % 5];
        return call with
        {
            Direction = Directions[(i / 5) % 5],
            Disposition = outcome,
            SipStatus = outcome switch { Disposition.Answered => 200, Disposition.Busy => 486, Disposition.NoAnswer => 480, Disposition.Cancelled => 487, _ => 500 },
            HangupBy = i % 2 == 0 ? HangupBy.Caller : HangupBy.Callee,
            Dialled = $"555{i % 5:00}",
            Caller = new Party { Number = $"{1001 + (i % 5)}", E164 = $"+49{1001 + (i % 5)}", Name = "Alice", Uri = i % 3 == 0 ? "sip:x@example.com" : null },
            Callee = new Party { Number = $"{2000 + (i % 3)}" },
            AnsweredAt = outcome == Disposition.Answered ? call.AnsweredAt : null,
            RangAt = i % 2 == 0 ? call.StartedAt : null,
            EndedAt = call.StartedAt + TimeSpan.FromSeconds(i + (i % 4 * 0.25)),
            Headers = i % 6 == 0 ? [new("diversion", "<sip:1@x>")] : [],
        };
    }

    private void AddCalls() => _rig.Add("acme", [.. Enumerable.Range(0, 25).Select(CallOf)]);
}
