using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Calls.Directory;
using FsCheck;
using FsCheck.Fluent;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Reports from their definition to their file.</summary>
public sealed class PortSipReportTests : IAsyncLifetime
{
    private const string Normal = """{"name":"Daily","type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""";

    private readonly FakeDirectory _directory = new();
    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(_directory);

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Report_IsMade_Listed_Fetched_Mailed_AndDestroyed()
    {
        _rig.Add(TestCalls.Call(0) with { Caller = new Party { Number = "+491001", Name = "=HYPERLINK(\"http://x\")" } }, TestCalls.Call(90_000));
        string id = await CreateAsync(_rig.Admin, Normal.Replace("{}", "{},\"email\":\"someone@example.com\"", StringComparison.Ordinal));
        JsonElement result = await ResultAsync(_rig.Admin);
        Assert.Equal(("Daily", "NORMAL", "CSV"), (result.GetProperty("name").GetString(), result.GetProperty("type").GetString(), result.GetProperty("format").GetString()));
        Assert.Matches("^Daily-20261120-0427[0-9]{2}\\.csv$", result.GetProperty("file_name").GetString()!);
        HttpResponseMessage file = await _rig.Admin.GetAsync(result.GetProperty("file_url").GetString());
        Assert.Equal("text/csv", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal(result.GetProperty("file_name").GetString(), file.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        byte[] content = await file.Content.ReadAsByteArrayAsync();
        Assert.Equal(result.GetProperty("file_size").GetInt64(), content.Length);
        string[] lines = Encoding.UTF8.GetString(content).TrimEnd().Split("\r\n");
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("started_at,rang_at,answered_at,ended_at,caller,", lines[0], StringComparison.Ordinal);
        Assert.Equal("2026-11-20T04:27:00Z,,2026-11-20T04:27:02Z,2026-11-20T04:27:12Z,+491001,,\"'=HYPERLINK(\"\"http://x\"\")\",2002,,,,,,NONE,200,13,11,,,,,,,abc@host,", lines[1]);
        await UntilAsync(() => Task.FromResult(_rig.Mailer.Sent.Count == 1));
        ReportMail mail = _rig.Mailer.Sent[0];
        Assert.Equal(("someone@example.com", "Daily", "text/csv"), (mail.To, mail.Subject, mail.MediaType));
        Assert.Equal(content, mail.Content);
        await UntilAsync(async () => (await _rig.GetAsync($"/api/call_reports/{id}")).GetProperty("status").GetString() == "COMPLETED");

        // A definition that goes leaves its results.
        Assert.Equal(HttpStatusCode.NoContent, (await _rig.Admin.PostAsync($"/api/call_reports/{id}/destroy", null)).StatusCode);
        await _rig.GetAsync($"/api/call_reports/{id}", HttpStatusCode.NotFound);
        string completed = result.GetProperty("id").GetString()!;
        Assert.Equal(HttpStatusCode.NoContent, (await _rig.Admin.PostAsync($"/api/completed_call_reports/{completed}/destroy", null)).StatusCode);
        await _rig.GetAsync($"/api/completed_call_reports/{completed}", HttpStatusCode.NotFound);
        await _rig.GetAsync(result.GetProperty("file_url").GetString()!, HttpStatusCode.NotFound);
        Assert.Contains("download_report", await File.ReadAllTextAsync(Path.Combine(_rig.AccessFolder, "audit.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Html_IsEscaped_AndNoPageOfOurs()
    {
        _rig.Add(TestCalls.Call(0) with { Caller = new Party { Number = "1001", Name = "<script>alert(1)</script>" } });
        await CreateAsync(_rig.Admin, Normal.Replace("CSV", "HTML", StringComparison.Ordinal).Replace("Daily", "<b>&", StringComparison.Ordinal));
        JsonElement result = await ResultAsync(_rig.Admin);
        Assert.StartsWith("b-2026", result.GetProperty("file_name").GetString(), StringComparison.Ordinal);
        HttpResponseMessage file = await _rig.Admin.GetAsync(result.GetProperty("file_url").GetString());
        string html = await file.Content.ReadAsStringAsync();
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<title>&lt;b&gt;&amp;, 2026-11-20T00:00:00Z to 2026-11-21T00:00:00Z</title>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Equal("text/html", file.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", file.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Contains("sandbox", file.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Crontab_MakesItAgainAndAgain()
    {
        string id = await CreateAsync(_rig.Admin, Normal.Replace("{}", "{},\"cron_expr\":\"0 6 * * *\"", StringComparison.Ordinal));
        Assert.Equal("SCHEDULED", (await _rig.GetAsync($"/api/call_reports/{id}")).GetProperty("status").GetString());
        for (int day = 1; day <= 2; day++)
        {
            _rig.Clock.Move(TimeSpan.FromDays(1));

            // Anything that changes wakes the scheduler; else it looks every ten seconds.
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(_rig.Admin, $"/api/call_reports/{await CreateAsync(_rig.Admin, Normal.Replace("{}", "{},\"cron_expr\":\"0 0 1 1 *\"", StringComparison.Ordinal))}", "{}")).StatusCode);
            await UntilAsync(async () => (await _rig.GetAsync("/api/completed_call_reports")).GetProperty("count").GetInt32() == day);
        }

        Assert.Equal("SCHEDULED", (await _rig.GetAsync($"/api/call_reports/{id}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Mail_ThatIsRefused_IsTriedAgainLater()
    {
        _rig.Mailer.Refusals = 1;
        await CreateAsync(_rig.Admin, Normal.Replace("{}", "{},\"email\":\"someone@example.com\"", StringComparison.Ordinal));
        await UntilAsync(() => Task.FromResult(_rig.Faults.Count > 0));
        Assert.Contains("mail server said no", Assert.Single(_rig.Faults), StringComparison.Ordinal);
        Assert.Empty(_rig.Mailer.Sent);
        _rig.Clock.Move(TimeSpan.FromMinutes(6));
        await CreateAsync(_rig.Admin, Normal);
        await UntilAsync(() => Task.FromResult(_rig.Mailer.Sent.Count == 1));
    }

    [Fact]
    public async Task Results_GoWithTheirAge()
    {
        await CreateAsync(_rig.Admin, Normal);
        await ResultAsync(_rig.Admin);
        _rig.Clock.Move(TimeSpan.FromDays(91));
        await CreateAsync(_rig.Admin, Normal);
        await UntilAsync(async () => (await _rig.GetAsync("/api/completed_call_reports?orderby=id")).GetProperty("items").EnumerateArray().All(static item => item.GetProperty("completed_at").GetString()!.StartsWith("2027", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Update_ChangesWhatItNames_AndTakesAwayWhatIsNull()
    {
        string id = await CreateAsync(_rig.Admin, Normal.Replace("{}", "{\"from\":\"NUMBER\",\"from_value\":\"1001\"},\"email\":\"a@example.com\",\"cron_expr\":\"0 6 * * *\"", StringComparison.Ordinal));
        HttpResponseMessage changed = await PostAsync(_rig.Admin, $"/api/call_reports/{id}", """{"name":"Weekly","range":"LAST_WEEK","email":null,"type":"QUEUE_PERFORMANCE"}""");
        Assert.Equal((HttpStatusCode.OK, ""), (changed.StatusCode, await changed.Content.ReadAsStringAsync()));
        JsonElement report = await _rig.GetAsync($"/api/call_reports/{id}");
        Assert.Equal(
            """{"id":"ID","name":"Weekly","type":"NORMAL","email":null,"format":"CSV","range":"LAST_WEEK","started_at":null,"ended_at":null,"cron_expr":"0 6 * * *","filter":{"from":"NUMBER","from_value":"1001","to":"ANY","to_value":null,"answer_state":"ANY","duration":"ANY","duration_from":null,"duration_to":null},"status":"SCHEDULED"}""",
            report.GetRawText().Replace(id, "ID", StringComparison.Ordinal));
        JsonElement refused = await DialectRig.JsonAsync(await PostAsync(_rig.Admin, $"/api/call_reports/{id}", """{"range":"CUSTOM"}"""), HttpStatusCode.BadRequest);
        Assert.Equal("started_at", refused.GetProperty("parameter").GetString());
    }

    [Theory]
    [InlineData("""{}""", "type")]
    [InlineData("""{"type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""", "name")]
    [InlineData("""{"name":"","type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""", "name")]
    [InlineData("""{"name":7,"type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""", "name")]
    [InlineData("""{"name":"a\nb","type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""", "name")]
    [InlineData("""{"name":"a","type":"HUGE","format":"CSV","range":"TODAY","filter":{}}""", "type")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"PDF","range":"TODAY","filter":{}}""", "format")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"EVER","filter":{}}""", "range")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY"}""", "filter")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":[]}""", "filter")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"CUSTOM","filter":{}}""", "started_at")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"CUSTOM","started_at":"2026-11-20T00:00:00Z","filter":{}}""", "ended_at")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"CUSTOM","started_at":"2026-11-20T00:00:00Z","ended_at":"2026-11-20T00:00:00Z","filter":{}}""", "ended_at")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","started_at":"today","filter":{}}""", "started_at")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","cron_expr":"text","filter":{}}""", "cron_expr")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","cron_expr":"0 0 30 2 *","filter":{}}""", "cron_expr")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","email":"nobody","filter":{}}""", "email")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","email":"a@x, b@y","filter":{}}""", "email")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","email":"a@x\r\nBcc: b@y","filter":{}}""", "email")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"from":"SOMEBODY"}}""", "filter.from")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"to":"NUMBER"}}""", "filter.to_value")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"answer_state":null}}""", "filter.answer_state")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"duration":"BETWEEN","duration_from":5}}""", "filter.duration_to")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"duration":"BETWEEN","duration_from":5,"duration_to":4}}""", "filter.duration_to")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"duration_from":-1}}""", "filter.duration_from")]
    [InlineData("""{"name":"a","type":"QUEUE_PERFORMANCE","format":"CSV","range":"TODAY","filter":{"numbers":"600"}}""", "filter.numbers")]
    [InlineData("""{"name":"a","type":"QUEUE_PERFORMANCE","format":"CSV","range":"TODAY","filter":{"numbers":[600]}}""", "filter.numbers")]
    [InlineData("""{"name":"a","type":"QUEUE_PERFORMANCE","format":"CSV","range":"TODAY","filter":{"sla_seconds":86401}}""", "filter.sla_seconds")]
    [InlineData("""{"name":"a","type":"QUEUE_PERFORMANCE","format":"CSV","range":"TODAY","filter":{"sla_seconds":"20"}}""", "filter.sla_seconds")]
    [InlineData("""{"name":"\ud800","type":"NORMAL","format":"CSV","range":"TODAY","filter":{}}""", "body")]
    [InlineData("""{"name":"a","type":"NORMAL","format":"CSV","range":"TODAY","filter":{"\ud800":1}}""", "body")]
    [InlineData("""[]""", "body")]
    [InlineData("""null""", "body")]
    [InlineData("""{"name":""", "name")]
    public async Task Definition_ThatIsWrong_IsRefused_AndItsMemberNamed(string body, string member)
    {
        JsonElement error = await DialectRig.JsonAsync(await PostAsync(_rig.Admin, "/api/call_reports", body), HttpStatusCode.BadRequest);
        Assert.Equal(member, error.GetProperty("parameter").GetString()!.Split('[')[0] is var named && named.Length > 0 ? named : "body");
        Assert.Empty((await _rig.GetAsync("/api/call_reports")).GetProperty("items").EnumerateArray());
        Assert.Empty(_rig.Faults);
    }

    [Fact]
    public void Definition_OfAnyJson_IsReadOrRefused_NeverMore()
    {
        string[] names = ["name", "type", "email", "format", "range", "started_at", "ended_at", "cron_expr", "filter", "from", "from_value", "to", "answer_state", "duration", "duration_from", "numbers", "sla_seconds", "x"];
        string[] values = ["null", "7", "-1", "1e400", "true", "\"\"", "\"x\"", "\"\\ud800\"", "\"NORMAL\"", "\"QUEUE_PERFORMANCE\"", "\"CSV\"", "\"TODAY\"", "\"CUSTOM\"", "\"ANY\"", "\"2026-11-20T00:00:00Z\"", "\"* * * * *\"", "\"a@b\"", "[]", "[1]", "[\"600\"]", "{}", "{\"from\":\"ANY\",\"duration\":\"LESS\"}"];
        ReportDefinition sound = PortSipReports.Read(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Normal)!, null, null, TestCalls.Start, out _)!;
        int read = 0;
        Gen<(string Name, string Value)[]> bodies = (from name in Gen.Elements(names) from value in Gen.Elements(values) select (name, value)).ArrayOf(9);
        foreach ((string Name, string Value)[] members in bodies.Sample(3000, 5))
        {
            string json = "{" + string.Join(',', members.DistinctBy(static member => member.Name).Select(static member => $"\"{member.Name}\":{member.Value}")) + "}";
            Dictionary<string, JsonElement> body = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json)!;
            foreach (ReportDefinition? current in (ReportDefinition?[])[null, sound])
            {
                ReportDefinition? report = PortSipReports.Read(body, current, null, TestCalls.Start, out PortSipBodyFault? fault);
                Assert.True(report is null != fault is null, json);
                if (report is null) continue;
                read++;
                Assert.NotNull(PortSipReports.Detail(report));
                (Timestamp from, Timestamp to) = PortSipReports.RangeOf(report, TestCalls.Start);
                Assert.True(from < to, json);
            }
        }

        Assert.True(read > 10, $"{read} were sound");
    }

    [Fact]
    public async Task Tenants_HaveReportsOfTheirOwn()
    {
        _rig.Add("acme", TestCalls.Call(0, "acmecall"));
        _rig.Add("beta", TestCalls.Call(1, "betacall"));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", "calls:read", "calls:write"));
        using HttpClient beta = _rig.Client(_rig.NewToken("beta", "calls:read", "calls:write"));
        using HttpClient reader = _rig.Client(_rig.NewToken("acme", "calls:read"));
        string id = await CreateAsync(acme, Normal);
        JsonElement result = await ResultAsync(acme);
        string csv = await acme.GetStringAsync(result.GetProperty("file_url").GetString());
        Assert.Contains("acmecall", csv, StringComparison.Ordinal);
        Assert.DoesNotContain("betacall", csv, StringComparison.Ordinal);
        string completed = result.GetProperty("id").GetString()!;
        Assert.Equal(0, (await DialectRig.JsonAsync(await beta.GetAsync("/api/call_reports"))).GetProperty("count").GetInt32());
        Assert.Equal(0, (await DialectRig.JsonAsync(await beta.GetAsync("/api/completed_call_reports"))).GetProperty("count").GetInt32());
        foreach (string path in (string[])[$"/api/call_reports/{id}", $"/api/completed_call_reports/{completed}", result.GetProperty("file_url").GetString()!])
            await DialectRig.JsonAsync(await beta.GetAsync(path), HttpStatusCode.Forbidden);
        foreach (string path in (string[])[$"/api/call_reports/{id}/destroy", $"/api/completed_call_reports/{completed}/destroy", $"/api/call_reports/{id}"])
        {
            await DialectRig.JsonAsync(await PostAsync(beta, path, "{}"), HttpStatusCode.Forbidden);
            await DialectRig.JsonAsync(await PostAsync(reader, path, "{}"), HttpStatusCode.Forbidden);
        }

        await DialectRig.JsonAsync(await PostAsync(reader, "/api/call_reports", Normal), HttpStatusCode.Forbidden);
        Assert.Equal(1, (await _rig.GetAsync("/api/call_reports")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task EveryMemberOfReportsAndResults_IsAFieldOfTheirLists()
    {
        foreach (int _ in Enumerable.Range(0, 11)) await CreateAsync(_rig.Admin, Normal);
        await UntilAsync(async () => (await _rig.GetAsync("/api/call_reports?filter=status eq COMPLETED")).GetProperty("count").GetInt32() == 11);
        foreach (string list in (string[])["/api/call_reports", "/api/completed_call_reports"])
        {
            JsonElement[] items = [.. (await _rig.GetAsync(list)).GetProperty("items").EnumerateArray()];
            foreach (JsonProperty member in items[10].EnumerateObject())
            {
                string value = member.Value.ValueKind switch { JsonValueKind.Null => "null", JsonValueKind.Number => member.Value.GetRawText(), _ => $"'{member.Value.GetString()}'" };
                JsonElement[] found = [.. (await _rig.GetAsync($"{list}?filter={Uri.EscapeDataString($"{member.Name} eq {value}")}")).GetProperty("items").EnumerateArray()];
                Assert.Equal(items.Where(item => item.GetProperty(member.Name).GetRawText() == member.Value.GetRawText()).Select(static item => item.GetRawText()), found.Select(static item => item.GetRawText()));
                await _rig.GetAsync($"{list}?orderby={member.Name} desc");
            }

            // Ids are texts of numbers, and ordered by these: the tenth does not come before the second.
            Assert.Equal(items.Reverse().Select(static item => item.GetRawText()), (await _rig.GetAsync($"{list}?orderby=id desc")).GetProperty("items").EnumerateArray().Select(static item => item.GetRawText()));
        }
    }

    [Fact]
    public async Task Definitions_AreBounded_AndListed()
    {
        for (int i = 0; i < 200; i++)
            _rig.Reports.Add(new ReportDefinition { Name = $"r{i:000}", Type = i % 2 == 0 ? "NORMAL" : "QUEUE_CALLBACKS", Format = "CSV", Range = "TODAY", Filter = "{}", Status = "COMPLETED" });
        await DialectRig.JsonAsync(await PostAsync(_rig.Admin, "/api/call_reports", Normal), HttpStatusCode.Conflict);
        JsonElement page = await _rig.GetAsync("/api/call_reports?skip=10&top=2");
        Assert.Equal(200, page.GetProperty("count").GetInt32());
        Assert.Equal(["r010", "r011"], Names(page));
        Assert.Equal(["r199", "r198"], Names(await _rig.GetAsync("/api/call_reports?orderby=name desc&top=2")));
        page = await _rig.GetAsync("/api/call_reports?filter=type eq QUEUE_CALLBACKS and contains(name,'r00')&top=2&skip=1");
        Assert.Equal(5, page.GetProperty("count").GetInt32());
        Assert.Equal(["r003", "r005"], Names(page));
        Assert.Equal(["r123"], Names(await _rig.GetAsync("/api/call_reports?search=R123")));
    }

    [Theory]
    [InlineData("TODAY", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")]
    [InlineData("YESTERDAY", "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z")]
    [InlineData("LAST_WEEK", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z")]
    [InlineData("LAST_SEVEN_DAYS", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z")]
    [InlineData("LAST_MONTH", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")]
    [InlineData("LAST_THIRTY_DAYS", "2026-10-21T00:00:00Z", "2026-11-20T00:00:00Z")]
    [InlineData("CUSTOM", "2026-01-02T03:04:05Z", "2026-01-03T00:00:00Z")]
    public void Range_OfAReport(string range, string from, string to)
    {
        var report = new ReportDefinition { Name = "x", Type = "NORMAL", Format = "CSV", Range = range, Filter = "{}", Status = "RUNNING", From = PortSipMapping.ReadTime("2026-01-02T03:04:05Z"), To = PortSipMapping.ReadTime("2026-01-03T00:00:00Z") };
        (Timestamp start, Timestamp end) = PortSipReports.RangeOf(report, TestCalls.Start);
        Assert.Equal((from, to), (PortSipMapping.Time(start), PortSipMapping.Time(end)));
    }

    [Theory]
    [InlineData("""{"from":"NUMBER","from_value":"1001"}""", 0, 2)]
    [InlineData("""{"from":"NUMBER","from_value":"100*"}""", 0, 1, 2, 3)]
    [InlineData("""{"to":"NUMBER","to_value":"2002"}""", 0, 1, 2, 3)]
    [InlineData("""{"from":"EXTENSION"}""", 0, 2)]
    [InlineData("""{"from":"EXTERNAL"}""", 1, 3)]
    [InlineData("""{"to":"EXTERNAL","to_value":"2002"}""", 0, 1, 2, 3)]
    [InlineData("""{"answer_state":"ANSWERED"}""", 0, 1)]
    [InlineData("""{"answer_state":"UNANSWERED"}""", 2, 3)]
    [InlineData("""{"duration":"GREATER","duration_from":12}""", 2, 3)]
    [InlineData("""{"duration":"LESS","duration_to":14}""", 0, 1, 2)]
    [InlineData("""{"duration":"LESS","duration_to":0}""")]
    [InlineData("""{"duration":"BETWEEN","duration_from":12,"duration_to":14}""", 1, 2, 3)]
    [InlineData("""{"duration_from":12,"duration_to":12}""", 0, 1, 2, 3)]
    public void NormalReport_CountsWhatItsFilterSays(string filter, params int[] expected)
    {
        for (int i = 0; i < 4; i++)
        {
            CallRecord call = TestCalls.Call(i, $"c{i}");
            _rig.Add(call with
            {
                Caller = new Party { Number = i % 2 == 0 ? "1001" : "1002", Identity = i % 2 == 0 ? new PartyIdentity(PartyKind.User, 1, "A") : null },
                Disposition = i < 2 ? Disposition.Answered : Disposition.Busy,
                AnsweredAt = i < 2 ? call.AnsweredAt : null,
                EndedAt = call.StartedAt + TimeSpan.FromSeconds(11 + i),
            });
        }

        Assert.Equal(expected.Select(static i => $"c{i}"), Count("NORMAL", filter).Rows.Select(static row => row[23]));
    }

    [Fact]
    public void QueueReports_CountTheNumbersOfTheDirectory()
    {
        AddQueues();
        Assert.Equal(["600|Sales|3|2|1|66.7|3.0|30|9.3|19", "601|Support|0|0|0|||0||0"], Lines(Count("QUEUE_PERFORMANCE", "{}")));
        Assert.Equal(["600|Sales"], Lines(Count("QUEUE_PERFORMANCE", """{"numbers":["600"]}""")).Select(static line => string.Join('|', line.Split('|')[..2])));
        Assert.Equal(["q0|ANSWERED|3003", "q1|ABANDONED|", "q2|ANSWERED|4004"], Count("QUEUE_DETAILED_STATISTICS", "{}").Rows.Select(static row => $"{row[11]}|{row[5]}|{row[6]}"));
        Assert.Equal(["q1"], Count("QUEUE_ABANDONED_CALLS", "{}").Rows.Select(static row => row[11]));
        Assert.Equal(["600|Sales|3|3|2|1|1|0|33.3"], Lines(Count("QUEUE_SLA_STATISTICS", """{"sla_seconds":3,"numbers":["600"]}""")));
        Assert.Equal(["q0|ANSWERED|3|4|1", "q1|ABANDONED|3|30|27"], Count("QUEUE_BREACHES_SLA_STATISTICS", """{"sla_seconds":3}""").Rows.Select(static row => $"{row[9]}|{row[4]}|{row[6]}|{row[7]}|{row[8]}"));
        Assert.Equal(["600|Sales|3003|1|1|0|9|8.5", "600|Sales|3004|1|0|1|0|", "600|Sales|4004|1|1|0|10|10.0"], Lines(Count("TEAM_QUEUE_GENERAL_STATISTICS", "{}")));
        Assert.Equal(["700|Everybody|1|1|0|100.0|2.0|10.5|11"], Lines(Count("RING_GROUP_STATISTICS", "{}")));
    }

    [Fact]
    public void Callbacks_AreThoseOfCallersWhoGaveUp()
    {
        AddQueues();
        Assert.Empty(Count("QUEUE_CALLBACKS", "{}").Rows);

        // Called back in vain, and by another once more with success.
        CallRecord vain = TestCalls.Call(600, "vain");
        _rig.Add(vain with { Dialled = "5551", Caller = new Party { Number = "3003" }, Disposition = Disposition.Busy, AnsweredAt = null });
        Assert.Equal(["5551|3003|1|BUSY|0"], Count("QUEUE_CALLBACKS", "{}").Rows.Select(static row => string.Join('|', row[3], row[5], row[6], row[7], row[8])));
        Assert.Single(Count("QUEUE_FAILED_CALLBACKS", "{}").Rows);
        _rig.Add(TestCalls.Call(700, "reached") with { Dialled = "5551", Caller = new Party { Number = "3004" } });
        Assert.Equal(["5551|3004|2|ANSWERED|11"], Count("QUEUE_CALLBACKS", "{}").Rows.Select(static row => string.Join('|', row[3], row[5], row[6], row[7], row[8])));
        Assert.Empty(Count("QUEUE_FAILED_CALLBACKS", "{}").Rows);
    }

    [Fact]
    public void Costs_AreSummedForEachExtension()
    {
        _directory.Entries.Add(Entry(PartyKind.User, 1, "Alice", "1001") with { Department = "Sales" });
        for (int i = 0; i < 3; i++)
        {
            CallRecord call = TestCalls.Call(i, $"c{i}");
            _rig.Add(call with
            {
                Caller = new Party { Number = i < 2 ? "1001" : "1002", Identity = new PartyIdentity(PartyKind.User, i < 2 ? 1 : 2, i < 2 ? "Alice" : "Bob") },
                Marks = new CallMarks { BilledAccount = "acme", Charge = i == 1 ? null : new CallCharge(0.1m, 0.25m, "EUR", "x") },
            });
        }

        Assert.Equal(["|1002|Bob|acme|1|1|11|0.25|EUR", "Sales|1001|Alice|acme|1|1|11||", "Sales|1001|Alice|acme|1|1|11|0.25|EUR"], Lines(Count("EXTENSION_GROUP_CALL_COST", "{}")));
        Assert.Equal(["|1002|Bob|acme|1|1|11|0.25|EUR"], Lines(Count("EXTENSION_GROUP_CALL_COST", """{"numbers":["1002"]}""")));
    }

    [Fact]
    public async Task File_IsCut_WhereItGrowsTooLarge()
    {
        var table = new PortSipTable(["a"]);
        string cell = new('x', 1024 * 1024);
        for (int i = 0; i < 40; i++) table.Add(cell);
        foreach (string format in PortSipReports.Formats)
        {
            byte[] file = await PortSipFiles.WriteAsync(table, format, "t", CancellationToken.None);
            Assert.InRange(file.Length, PortSipTable.MostBytes - (2 * 1024 * 1024), PortSipTable.MostBytes + (3 * 1024 * 1024));
            Assert.Contains("There is more", Encoding.UTF8.GetString(file.AsSpan(file.Length - 100)), StringComparison.Ordinal);
        }
    }

    private static DirectoryEntry Entry(PartyKind kind, long id, string name, params string[] numbers) =>
        new() { Kind = kind, Id = id, Name = name, Extensions = numbers, Identity = new PartyIdentity(kind, id, name) };

    private static string[] Lines(PortSipTable table) => [.. table.Rows.Select(static row => string.Join('|', row))];

    private static string[] Names(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("name").GetString()!)];

    // Three calls to a queue: a machine answers the first and an agent behind it after another did not, nobody the second, a phone itself the third.
    private void AddQueues()
    {
        _directory.Entries.Add(Entry(PartyKind.Queue, 1, "Sales", "600"));
        _directory.Entries.Add(Entry(PartyKind.Queue, 2, "Support", "601"));
        _directory.Entries.Add(Entry(PartyKind.RingGroup, 3, "Everybody", "700"));
        CallRecord q0 = TestCalls.Call(0, "q0"), missed = TestCalls.Call(1, "missed"), agent = TestCalls.Call(2, "agent");
        var machine = new Party { Number = "600" };
        CallLink Link(CallRecord to, LinkRelation relation) => new(to.Id, to.SipCallId, LinkMethod.Sdp, 1, relation);
        _rig.Add(
            q0 with { Dialled = "600", Callee = machine, Flags = CallFlags.Linked, Links = [Link(missed, LinkRelation.Downstream), Link(agent, LinkRelation.Downstream)] },
            missed with { SessionId = q0.Id, Dialled = "3004", Callee = new Party { Number = "3004" }, Flags = CallFlags.Linked, Links = [Link(q0, LinkRelation.Upstream)], Disposition = Disposition.NoAnswer, AnsweredAt = null },
            agent with { SessionId = q0.Id, Dialled = "3003", Callee = new Party { Number = "3003" }, Flags = CallFlags.Linked, Links = [Link(q0, LinkRelation.Upstream)], EndedAt = q0.EndedAt });
        CallRecord q1 = TestCalls.Call(100, "q1");
        _rig.Add(q1 with { Dialled = "600", Caller = new Party { Number = "5551" }, Callee = machine, Disposition = Disposition.Cancelled, AnsweredAt = null, EndedAt = q1.StartedAt + TimeSpan.FromSeconds(30) });
        CallRecord q2 = TestCalls.Call(200, "q2");
        _rig.Add(q2 with { Dialled = "600", Callee = new Party { Number = "4004" }, EndedAt = q2.AnsweredAt + TimeSpan.FromSeconds(10) });
        _rig.Add(TestCalls.Call(300, "ring") with { Dialled = "700", Callee = new Party { Number = "3003" } });
        _rig.Add(TestCalls.Call(400, "other"));
    }

    private PortSipTable Count(string type, string filter)
    {
        Dictionary<string, JsonElement> body = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>($$"""{"name":"x","type":"{{type}}","format":"CSV","range":"TODAY","filter":{{filter}}}""")!;
        ReportDefinition report = PortSipReports.Read(body, null, null, TestCalls.Start, out _)!;
        (Timestamp from, Timestamp to) = PortSipReports.RangeOf(report, TestCalls.Start);
        return new PortSipCounter(_rig.Store, new CdrEngine.Calls.Sessions.SessionArchive(_rig.Store), _directory, BillsecRounding.Nearest).Count(report, from, to, CancellationToken.None);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string body) => client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    private static async Task<string> CreateAsync(HttpClient client, string body) => (await DialectRig.JsonAsync(await PostAsync(client, "/api/call_reports", body), HttpStatusCode.Created)).GetProperty("id").GetString()!;

    private static async Task<JsonElement> ResultAsync(HttpClient client)
    {
        JsonElement items = default;
        await UntilAsync(async () =>
        {
            items = (await DialectRig.JsonAsync(await client.GetAsync("/api/completed_call_reports"))).GetProperty("items");
            return items.GetArrayLength() > 0;
        });
        return items[0];
    }

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        for (int i = 0; i < 2400; i++)
        {
            if (await done()) return;
            await Task.Delay(50);
        }

        Assert.Fail("it did not come");
    }
}
