namespace CdrEngine.Api.Tests;

public sealed class CallListTests : IAsyncLifetime
{
    private Rig _rig = null!;

    public static TheoryData<string, string> Valid => new()
    {
        { "", "Limit=50" },
        { "from=2026-11-20T04:27:00Z", "From=2026-11-20T04:27:00.000000Z" },
        { "from=2026-11-20t04:27:00.1234567z", "From=2026-11-20T04:27:00.123456Z" },
        { "from=2026-11-20T05:27:00.5%2B01:00", "From=2026-11-20T04:27:00.500000Z" },
        { "to=1795148820", "To=2026-11-20T04:27:00.000000Z" },
        { "to=1795148820.000001", "To=2026-11-20T04:27:00.000001Z" },
        { "from=0", "From=1970-01-01T00:00:00.000000Z" },
        { "number=4930*", "Number=4930*" },
        { "caller=%2B49301", "Caller=+49301" },
        { "callee=2002", "Callee=2002" },
        { "address=192.0.2.1", "Address=192.0.2.1" },
        { "address=2001:db8::1", "Address=2001:db8::1" },
        { "disposition=busy", "Dispositions=Busy" },
        { "disposition=busy,no_answer&disposition=failed", "Dispositions=Busy,NoAnswer,Failed" },
        { "direction=transit", "Direction=Transit" },
        { "context=follow_me", "Context=FollowMe" },
        { "tenant=acme", "Tenant=acme" },
        { "user=10002", "User=10002" },
        { "codec=PCMU/8000", "Codec=PCMU/8000" },
        { "mos_below=3.5", "MosBelow=3.5" },
        { "flags=held", "Flags=Held" },
        { "flags=held,no_rtp&flags=forked", "Flags=NoRtp, Forked, Held" },
        { "duration_min=1.5", "DurationMin=00:00:01.5000000" },
        { "duration_max=3600", "DurationMax=01:00:00" },
        { "sip_call_id=a%2Fb%40c", "SipCallId=a/b@c" },
        { "session_id=s-1", "SessionId=s-1" },
        { "text=%C3%84pfel%20%25", "Text=Äpfel %" },
        { "sort=started_at", "Sort=StartedAt;Ascending=True" },
        { "sort=-started_at", "Sort=StartedAt;Ascending=False" },
        { "sort=-duration", "Sort=Duration;Ascending=False" },
        { "sort=billsec", "Sort=Billsec;Ascending=True" },
        { "sort=mos", "Sort=Mos;Ascending=True" },
        { "limit=1", "Limit=1" },
        { "limit=1000", "Limit=1000" },
        { "format=json", "Limit=50" },
        { "from=1&to=2&number=1&caller=2&callee=3&text=x&limit=7&sort=mos", "Number=1;Caller=2;Callee=3;Text=x;Limit=7;Sort=Mos" },
    };

    public static TheoryData<string, string> Invalid => new()
    {
        { "from=yesterday", "from" },
        { "from=2026-11-20", "from" },
        { "from=2026-11-20T04:27:00", "from" },
        { "from=2026-11-20T04:27:00+01:00", "from" },
        { "from=2026-02-30T00:00:00Z", "from" },
        { "from=-1", "from" },
        { "to=253402300800", "to" },
        { "to=99999999999999999999999999999999", "to" },
        { "to=1e3", "to" },
        { "number=", "number" },
        { "number=1&number=2", "number" },
        { "caller=%00", "caller" },
        { "callee=1%0d%0aSet-Cookie:x", "callee" },
        { "address=example.com", "address" },
        { "address=192.0.2.1:5060", "address" },
        { "disposition=Busy", "disposition" },
        { "disposition=busy,", "disposition" },
        { "disposition=3", "disposition" },
        { "direction=sideways", "direction" },
        { "direction=inbound,outbound", "direction" },
        { "codec=", "codec" },
        { "mos_below=good", "mos_below" },
        { "mos_below=NaN", "mos_below" },
        { "mos_below=-1", "mos_below" },
        { "mos_below=6", "mos_below" },
        { "mos_below=3,5", "mos_below" },
        { "flags=none", "flags" },
        { "flags=nonsense", "flags" },
        { "duration_min=10s", "duration_min" },
        { "duration_min=-1", "duration_min" },
        { "duration_max=1e300", "duration_max" },
        { "duration_max=99999999999", "duration_max" },
        { "sip_call_id=", "sip_call_id" },
        { "session_id=%7f", "session_id" },
        { "text=", "text" },
        { "sort=colour", "sort" },
        { "sort=--started_at", "sort" },
        { "sort=started_at&sort=mos", "sort" },
        { "limit=0", "limit" },
        { "limit=1001", "limit" },
        { "limit=-5", "limit" },
        { "limit=ten", "limit" },
        { "limit=99999999999999", "limit" },
        { "cursor=garbage", "cursor" },
        { "cursor=", "cursor" },
        { "format=xml", "format" },
        { "access_token=cdr_0_0", "access_token" },
        { "Limit=5", "Limit" },
        { "foo=1", "foo" },
        { "=1", "" },
    };

    public async Task InitializeAsync() => _rig = await Rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [MemberData(nameof(Valid))]
    public async Task List_WithAValidParameter_AsksTheStoreForIt(string query, string expected)
    {
        HttpResponseMessage response = await _rig.GetAsync($"/api/v1/calls?{query}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        CallQuery asked = Assert.Single(_rig.Calls.Queries);
        foreach (string pair in expected.Split(';'))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            object? value = typeof(CallQuery).GetProperty(pair[..equals])!.GetValue(asked);
            Assert.Equal(pair[(equals + 1)..], value is IReadOnlyList<Disposition> list ? string.Join(',', list) : value?.ToString());
        }

        // Nothing else is asked for: with what was expected taken away it is the plain query.
        int set = typeof(CallQuery).GetProperties().Count(property =>
            property.GetIndexParameters().Length == 0 && property.CanWrite && !Same(property.GetValue(asked), property.GetValue(new CallQuery())));
        Assert.InRange(set, 0, query.Length == 0 ? 0 : query.Split('&').Length + (query.Contains("sort=", StringComparison.Ordinal) ? 1 : 0));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task List_WithAWrongParameter_IsAProblemThatNamesIt(string query, string parameter)
    {
        JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls?{query}"), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Equal("urn:cdrengine:problem:parameter", problem.GetProperty("type").GetString());
        Assert.Contains(parameter, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(query == "cursor=garbage" ? 1 : 0, _rig.Calls.Queries.Count);
    }

    [Fact]
    public async Task List_WithALongValue_IsAProblemThatDoesNotEchoIt()
    {
        JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls?text={new string('x', 257)}"), HttpStatusCode.BadRequest);
        Assert.Equal("text", problem.GetProperty("parameter").GetString());
        problem = await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls?{new string('y', 5000)}=1"), HttpStatusCode.BadRequest);
        Assert.InRange(problem.GetRawText().Length, 1, 1000);
    }

    [Fact]
    public async Task Pages_WhileRecordsArrive_HaveEachOldRecordOnce()
    {
        CallRecord[] old = Enumerable.Range(0, 25).Select(static i => TestCalls.Call(i * 10)).ToArray();
        _rig.Calls.Add(old);
        var seen = new List<string>();
        string? next = "/api/v1/calls?limit=4&text=%2B%C3%A4%26";
        for (int page = 0; next is not null; page++)
        {
            Assert.InRange(page, 0, 20);
            HttpResponseMessage response = await _rig.GetAsync(next);
            JsonElement json = await Rig.ReadJsonAsync(response);
            seen.AddRange(json.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("id").GetString()!));
            string? cursor = json.GetProperty("next_cursor").GetString();
            next = NextLink(response);
            Assert.Equal(cursor is null, next is null);
            if (next is not null)
            {
                Assert.Contains($"cursor={Uri.EscapeDataString(cursor!)}", next, StringComparison.Ordinal);
                Assert.Contains("text=%2B%C3%A4%26", next, StringComparison.OrdinalIgnoreCase);
                Assert.Single(next.Split("cursor=").Skip(1));
            }

            // A new call, and one that began earlier and ended late.
            _rig.Calls.Add(TestCalls.Call(10_000 + page), TestCalls.Call(page * 10 + 5, "late@host"));
        }

        string[] expected = old.Select(static call => call.Id).Reverse().ToArray();
        Assert.Equal(expected, seen.Where(expected.Contains));
        Assert.Equal(seen.Distinct(), seen);
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("text/*", "text/csv")]
    [InlineData("text/csv", "text/csv")]
    [InlineData("TEXT/CSV", "text/csv")]
    [InlineData("application/x-ndjson", "application/x-ndjson")]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", "application/json")]
    [InlineData("text/csv;q=0.5, application/json;q=0.4", "text/csv")]
    [InlineData("application/json;q=0, */*", "text/csv")]
    [InlineData("text/html", null)]
    [InlineData("application/json;q=0", null)]
    public async Task List_ByAccept_ComesInThatForm(string? accept, string? expected)
    {
        _rig.Calls.Add(TestCalls.Call(1));
        HttpResponseMessage response = await _rig.GetAsync("/api/v1/calls", accept);
        if (expected is null) await Rig.ProblemAsync(response, HttpStatusCode.NotAcceptable);
        else Assert.Equal(expected, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task List_AsCsv_HasAHeadAndALineForEachCall()
    {
        HttpResponseMessage empty = await _rig.GetAsync("/api/v1/calls?format=csv", "application/json");
        string head = string.Join(',', CallColumns.All.Select(static column => column.Name)) + "\r\n";
        Assert.Equal(head, await empty.Content.ReadAsStringAsync());
        Assert.Equal("text/csv", empty.Content.Headers.ContentType?.MediaType);

        CallRecord[] calls = [TestCalls.Call(2), TestCalls.Call(1)];
        _rig.Calls.Add(calls);
        string csv = await (await _rig.GetAsync("/api/v1/calls?format=csv")).Content.ReadAsStringAsync();
        string expected = head + string.Concat(calls.Select(static call => string.Join(',', CallColumns.All.Select(column => column.Value(call, BillsecRounding.Nearest))) + "\r\n"));
        Assert.Equal(expected, csv);
    }

    [Fact]
    public async Task List_AsLines_IsOneNativeRecordALine()
    {
        CallRecord[] calls = [TestCalls.Full(), TestCalls.Call(-1)];
        _rig.Calls.Add(calls);
        HttpResponseMessage response = await _rig.GetAsync("/api/v1/calls?format=ndjson&limit=2");
        Assert.Equal(calls.Select(static call => Encoding.UTF8.GetString(CallRecordJson.ToUtf8(call))).Append(""), (await response.Content.ReadAsStringAsync()).Split('\n'));
    }

    [Fact]
    public async Task List_OfAThousandRecords_ComesWhole()
    {
        _rig.Calls.Add(Enumerable.Range(0, 1000).Select(static i => TestCalls.Call(i)).ToArray());
        JsonElement json = await _rig.JsonAsync("/api/v1/calls?limit=1000");
        Assert.Equal(1000, json.GetProperty("calls").GetArrayLength());
        string csv = await (await _rig.GetAsync("/api/v1/calls?limit=1000&format=csv")).Content.ReadAsStringAsync();
        Assert.Equal(1001, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Head_OfEveryForm_HasTheHeadersAndNoBody()
    {
        _rig.Calls.Add(TestCalls.Call(1), TestCalls.Call(2));
        foreach (string format in (string[])["json", "csv", "ndjson"])
        {
            string path = $"/api/v1/calls?limit=1&format={format}";
            HttpResponseMessage get = await _rig.GetAsync(path);
            HttpResponseMessage head = await _rig.GetAsync(path, method: HttpMethod.Head);
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Equal(NextLink(get), NextLink(head));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task PageSizeAndRounding_OfTheSettings_AreUsed()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { PageSize = 2, Rounding = BillsecRounding.Ceil });
        CallRecord call = TestCalls.Call(1) with { AnsweredAt = TestCalls.Start + TimeSpan.FromSeconds(10.2), EndedAt = TestCalls.Start + TimeSpan.FromSeconds(11.3) };
        rig.Calls.Add(call, TestCalls.Call(0), TestCalls.Call(-1));
        JsonElement page = await rig.JsonAsync("/api/v1/calls");
        Assert.Equal(2, page.GetProperty("calls").GetArrayLength());
        Assert.Equal(2, page.GetProperty("calls")[0].GetProperty("billsec").GetInt32());
    }

    private static string? NextLink(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links)) return null;
        string link = Assert.Single(links);
        Assert.EndsWith(">; rel=\"next\"", link, StringComparison.Ordinal);
        return link[1..link.IndexOf('>', StringComparison.Ordinal)];
    }

    private static bool Same(object? left, object? right) =>
        left is IReadOnlyList<Disposition> one && right is IReadOnlyList<Disposition> other ? one.SequenceEqual(other) : Equals(left, right);
}
