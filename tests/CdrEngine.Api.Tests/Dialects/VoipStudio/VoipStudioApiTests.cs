using System.Globalization;
using System.Net.Http.Headers;
using CdrEngine.Api.Access;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Messages;
using CdrEngine.Storage;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.VoipStudio;

/// <summary>What VoIPstudio's paths answer over a real store.</summary>
public sealed class VoipStudioApiTests : IAsyncLifetime
{
    private const string Root = "/v1.1/voipstudio";

    private readonly FakeDirectory _directory = new();
    private DialectRig _rig = null!;

    private static IEnumerable<string> Ids(JsonElement page) => page.GetProperty("data").EnumerateArray().Select(static item => item.GetProperty("id").GetRawText());

    public async Task InitializeAsync() => _rig = await DialectRig.StartAsync(_directory);

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    private static CallRecord Call(int i, Func<CallRecord, CallRecord>? change = null)
    {
        CallRecord call = TestCalls.Call(i, $"c{i}@host") with { Dialled = "2002", Direction = CallDirection.Inbound };
        return change?.Invoke(call) ?? call;
    }

    private static CallRecord Voicemail(int i) => Call(i, static call => call with
    {
        Callee = call.Callee with { Identity = new PartyIdentity(PartyKind.Voicemail, 7, "Mailbox") },
        Marks = new CallMarks { Context = CallContext.Voicemail },
    });

    private static string Filter(string property, object value, string operation = "eq") =>
        "filter=" + Uri.EscapeDataString(JsonSerializer.Serialize(new[] { new Dictionary<string, object> { ["property"] = property, ["operator"] = operation, ["value"] = value } }));

    private long Number(CallRecord call) => _rig.Store.Find(call.Id)!.Number;

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, HttpStatusCode status = HttpStatusCode.OK, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, Root + path);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await (client ?? _rig.Admin).SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private Task<JsonElement> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK) => SendAsync(HttpMethod.Get, path, null, status);

    [Fact]
    public async Task Cdrs_ArePagedTheLatestFirst_AndStandStillWhileCallsArrive()
    {
        CallRecord[] calls = [.. Enumerable.Range(0, 30).Select(static i => Call(i))];
        _rig.Add(calls);
        JsonElement first = await GetAsync("/cdrs");
        Assert.Equal(30, first.GetProperty("total").GetInt64());
        Assert.Equal(calls.Reverse().Take(25).Select(call => Number(call).ToString(CultureInfo.InvariantCulture)), Ids(first));
        _rig.Add(Call(100));
        JsonElement second = await GetAsync("/cdrs?page=2");
        Assert.Equal(calls.Take(5).Reverse().Select(call => Number(call).ToString(CultureInfo.InvariantCulture)), Ids(second));
        Assert.Equal(30, second.GetProperty("total").GetInt64());
        Assert.Equal(Number(calls[0]).ToString(CultureInfo.InvariantCulture), Ids(await GetAsync("/cdrs?limit=1&sort=" + Uri.EscapeDataString("[{\"property\":\"calldate\",\"direction\":\"ASC\"}]"))).Single());
        Assert.Equal(Number(calls[0]).ToString(CultureInfo.InvariantCulture), Ids(await GetAsync("/cdrs?limit=1&sort=id")).Single());
        Assert.Empty(Ids(await GetAsync("/cdrs?page=2147483647&limit=1000")));
    }

    [Fact]
    public async Task Type_OfACallThatAMachinePassedOn_IsToldByWhoAnsweredBehindIt()
    {
        CallRecord Machine(int i, CallRecord? behind, LinkRelation relation = LinkRelation.Downstream) => Call(i, call => call with
        {
            Callee = call.Callee with { Identity = new PartyIdentity(PartyKind.Queue, 7, "Sales") },
            Marks = new CallMarks { Context = CallContext.Queue, Tenant = behind?.Marks?.Tenant },
            Links = behind is null ? [] : [new CallLink(behind.Id, behind.SipCallId, LinkMethod.Header, 1, relation)],
        });
        CallRecord agent = Call(20, static call => call with { Direction = CallDirection.Internal, Callee = call.Callee with { Identity = new PartyIdentity(PartyKind.User, 3, "Ann") } });
        CallRecord rang = agent with { Id = Call(21).Id, SipCallId = "c21@host", AnsweredAt = null, Disposition = Disposition.NoAnswer };
        CallRecord mailbox = Voicemail(22) with { Direction = CallDirection.Internal };
        CallRecord[] calls = [Machine(0, null), Machine(1, rang), Machine(2, agent), Machine(3, mailbox), Machine(4, agent, LinkRelation.TransferredTo), Machine(5, rang) with { Direction = CallDirection.Outbound }];
        _rig.Add([.. calls, agent, rang, mailbox]);
        await AskAsync();
        _rig.Store.Seal(DateOnly.FromDateTime(calls[0].StartedAt.ToDateTime()).AddDays(1));
        await AskAsync();

        async Task AskAsync()
        {
            JsonElement all = await GetAsync("/cdrs?sort=id&limit=6");
            Assert.Equal(["M", "M", "I", "I", "I", "O"], all.GetProperty("data").EnumerateArray().Select(static cdr => cdr.GetProperty("type").GetString()));
            await FindAsync("M", [0, 1]);
            await FindAsync("I", [2, 3, 4]);
            await FindAsync("O,M", [0, 1, 5, -20, -21, -22]);
            await FindAsync("I,M", [0, 1, 2, 3, 4]);
            JsonElement missed = await GetAsync("/cdrs?limit=1&page=2&sort=id&" + Filter("type", "M"));
            Assert.Equal((2, Number(calls[1]).ToString(CultureInfo.InvariantCulture)), (missed.GetProperty("total").GetInt32(), Ids(missed).Single()));
            Assert.Equal("M", (await GetAsync($"/cdrs/{Number(calls[1])}")).GetProperty("data").GetProperty("type").GetString());
        }

        async Task FindAsync(string types, int[] expected)
        {
            string[] values = types.Split(',');
            JsonElement page = await GetAsync("/cdrs?sort=id&" + (values.Length == 1 ? Filter("type", types) : Filter("type", values, "in")));
            long[] numbers = [.. expected.Select(i => Number(i switch { >= 0 => calls[i], -20 => agent, -21 => rang, _ => mailbox }))];
            Assert.Equal(numbers.Order(), Ids(page).Select(static id => long.Parse(id, CultureInfo.InvariantCulture)).Order());
            Assert.Equal(numbers.Length, page.GetProperty("total").GetInt32());
        }
    }

    public static TheoryData<string, string, string, int[]> Filters => new()
    {
        { "src", "eq", "1001", [0, 1, 2, 3] },
        { "src", "eq", "3003", [4, 5] },
        { "src", "like", "30%", [4, 5] },
        { "src", "in", "3003,1001", [0, 1, 2, 3, 4, 5] },
        { "dst", "eq", "2002", [0, 1, 2, 3, 5] },
        { "dst", "eq", "4004", [4] },
        { "dst", "like", "40%", [4] },
        { "dst", "like", "200%", [0, 1, 2, 3, 5] },
        { "dst", "like", "5%", [] },
        { "dst", "like", "2002%", [0, 1, 2, 3, 5] },
        { "calldate", "gte", "2026-11-20 04:27:03", [3, 4, 5] },
        { "calldate", "gt", "2026-11-20 04:27:03", [4, 5] },
        { "calldate", "lt", "2026-11-20 04:27:03", [0, 1, 2] },
        { "calldate", "lte", "2026-11-20 04:27:03", [0, 1, 2, 3] },
        { "calldate", "eq", "2026-11-20 04:27:03", [3] },
        { "calldate", "eq", "2026-11-20", [0, 1, 2, 3, 4, 5] },
        { "duration", "gte", "13", [0, 1, 3, 4, 5] },
        { "duration", "lt", "13", [2] },
        { "duration", "eq", "1", [2] },
        { "billsec", "gt", "0", [0, 3, 4, 5] },
        { "billsec", "lt", "0", [] },
        { "type", "eq", "I", [0, 3] },
        { "type", "eq", "M", [1, 2] },
        { "type", "in", "I,M", [0, 1, 2, 3] },
        { "type", "eq", "O", [4, 5] },
        { "disposition", "eq", "CONNECTED", [0, 5] },
        { "disposition", "eq", "ON_HOLD", [3] },
        { "disposition", "eq", "VM", [4] },
        { "disposition", "eq", "RINGING", [1] },
        { "disposition", "eq", "INITIAL", [2] },
        { "disposition", "in", "VM,INITIAL", [2, 4] },
        { "destination", "eq", "in", [0, 1, 2] },
        { "destination", "eq", "webcall", [3] },
        { "destination", "eq", "out", [4, 5] },
        { "destination", "eq", "callmeback", [] },
        { "context", "eq", "USER_LOCAL", [5] },
        { "context", "eq", "IVR", [] },
        { "context", "in", "USER_LOCAL,VOICEMAIL", [4, 5] },
        { "context", "in", "VOICEMAIL,IVR", [4] },
        { "user_id", "eq", "10002", [5] },
        { "src_codec", "eq", "pcma", [0] },
        { "dst_codec", "eq", "PCMA", [] },
        { "id", "eq", "7", [] },
        { "root_live_id", "eq", "7", [] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Filter_FindsWhatIsShown(string property, string operation, string value, int[] expected)
    {
        CallRecord[] calls =
        [
            Call(0, static call => call with { Caller = call.Caller with { Codec = "PCMA/8000" }, Streams = [TestCalls.Full().Streams[0] with { Codec = "PCMA/8000" }] }),
            Call(1, static call => call with { AnsweredAt = null, RangAt = call.StartedAt, Disposition = Disposition.NoAnswer }),
            Call(2, static call => call with { AnsweredAt = null, EndedAt = call.StartedAt + TimeSpan.FromSeconds(1), Disposition = Disposition.Busy }),
            Call(3, static call => call with { Flags = CallFlags.Held, Held = [new HeldInterval(PartySide.Caller, call.StartedAt, call.EndedAt)], Transport = Transport.Wss }),
            Voicemail(4) with { Direction = CallDirection.Outbound, Dialled = "4004", Caller = new Party { Number = "3003" } },

            // Dialled is not who answered.
            Call(5, static call => call with
            {
                Direction = CallDirection.Internal,
                Caller = new Party { Number = "3003", Identity = new PartyIdentity(PartyKind.User, 10002, "Bob") },
                Callee = new Party { Number = "4009", E164 = "+504009" },
                Marks = new CallMarks { Context = CallContext.UserLocal },
            }),
        ];
        _rig.Add(calls);
        JsonElement page = await GetAsync($"/cdrs?{Filter(property, value, operation)}&sort=calldate");
        Assert.Equal(expected.Select(i => Number(calls[i]).ToString(CultureInfo.InvariantCulture)), Ids(page));
        Assert.Equal(expected.Length, page.GetProperty("total").GetInt64());
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("page=x", "page")]
    [InlineData("limit=1001", "limit")]
    [InlineData("sort=duration", "sort")]
    [InlineData("sort=%5B7%5D", "sort")]
    [InlineData("sort=%5B%7B%22property%22%3A%22id%22%2C%22direction%22%3A%22UP%22%7D%5D", "sort")]
    [InlineData("filter=x", "filter")]
    [InlineData("filter=7", "filter")]
    [InlineData("filter=%5B%5D&filter=%5B%5D", "filter")]
    [InlineData("filter=%5B%7B%7D%5D", "filter")]
    [InlineData("filter=%5B%7B%22property%22%3A%22%5Cud800%22%2C%22value%22%3A1%7D%5D", "filter")]
    public async Task MalformedParameter_Is400_ThatNamesIt(string query, string name)
    {
        JsonElement error = await GetAsync("/cdrs?" + query, HttpStatusCode.BadRequest);
        Assert.Equal("Validation error", error.GetProperty("message").GetString());
        Assert.Equal(name, error.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Theory]
    [InlineData("shoe_size", "eq", "1")]
    [InlineData("type", "eq", "X")]
    [InlineData("type", "gt", "O")]
    [InlineData("disposition", "eq", "ANSWERED")]
    [InlineData("calldate", "eq", "yesterday")]
    [InlineData("calldate", "like", "2026-11-20 04:27:03")]
    [InlineData("duration", "eq", "-1")]
    [InlineData("id", "eq", "x")]
    [InlineData("src", "like", "%1")]
    [InlineData("dst", "like", "20")]
    [InlineData("dst", "like", "\ud7ff%")]
    [InlineData("context", "in", "IVR,NOWHERE")]
    [InlineData("src", "between", "1")]
    public async Task FilterThatCannotBeAsked_Is400(string property, string operation, string value) =>
        Assert.Equal("filter", (await GetAsync("/cdrs?" + Filter(property, value, operation), HttpStatusCode.BadRequest)).GetProperty("errors")[0].GetProperty("field").GetString());

    [Fact]
    public async Task Credential_IsTheTokensHeader_OrBasic()
    {
        string token = _rig.NewToken("acme");
        string id = _rig.Tokens.Find(token)!.Id;
        using HttpClient client = _rig.Client(null);
        async Task<HttpStatusCode> AskAsync(Action<HttpRequestHeaders> add)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Root + "/cdrs");
            add(request.Headers);
            using HttpResponseMessage response = await client.SendAsync(request);
            return response.StatusCode;
        }

        static AuthenticationHeaderValue Basic(string text) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(headers => headers.Add("X-Auth-Token", token)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(headers => headers.Authorization = Basic($"10002:{token}")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(headers => headers.Authorization = Basic($"{id}:{token}")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(headers => headers.Authorization = Basic($"test:{token}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(headers => headers.Authorization = Basic($"somebody:{token}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(static headers => { }));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(static headers => headers.TryAddWithoutValidation("Authorization", "Basic !!!")));
    }

    [Fact]
    public async Task OtherTenantsCalls_AreNotThere()
    {
        CallRecord mine = Call(1), others = Call(2);
        _rig.Add("acme", mine);
        _rig.Add("beta", others);
        using HttpClient client = _rig.Client(_rig.NewToken("acme", ApiScopes.CallsRead, ApiScopes.CallsWrite, ApiScopes.CallsDelete, ApiScopes.RecordingsRead, ApiScopes.PacketsRead));
        JsonElement page = await SendAsync(HttpMethod.Get, "/cdrs", null, client: client);
        Assert.Equal([Number(mine).ToString(CultureInfo.InvariantCulture)], Ids(page));
        long id = Number(others);
        foreach (string path in (string[])[$"/cdrs/{id}", $"/cdrs/{id}/notes", $"/cdrs/{id}.pcap", $"/cdrs/{id}.trace", $"/monitors/{id}", $"/monitors/{id}.mp3", $"/voicemessages/{id}"])
            await SendAsync(HttpMethod.Get, path, null, HttpStatusCode.Forbidden, client);
        await SendAsync(HttpMethod.Patch, "/cdrs", new[] { new { id = Number(mine), info = "x" }, new { id, info = "x" } }, HttpStatusCode.Forbidden, client);
        Assert.Null((await GetAsync($"/cdrs/{Number(mine)}")).GetProperty("data").GetProperty("info").GetString());
        await SendAsync(HttpMethod.Delete, $"/cdrs/{Number(mine)},{id}", null, HttpStatusCode.Forbidden, client);
        await GetAsync($"/cdrs/{Number(mine)}");
        await SendAsync(HttpMethod.Delete, "/cdrs", null, HttpStatusCode.Forbidden, client);
        await GetAsync("/cdrs/12345", HttpStatusCode.NotFound);
        Assert.Equal("id", (await GetAsync("/cdrs/x", HttpStatusCode.BadRequest)).GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task InfoAndNotes_ArePatched_AndShown()
    {
        CallRecord one = Call(1), two = Call(2);
        _rig.Add(one, two);
        JsonElement answer = await SendAsync(HttpMethod.Patch, "/cdrs", $$"""[[], {"id": {{Number(one)}}, "info": "first", "notes": "long"}, {"id": {{Number(two)}}, "info": "second"}]""");
        Assert.Equal((Number(two), "second"), (answer.GetProperty("data").GetProperty("id").GetInt64(), answer.GetProperty("data").GetProperty("info").GetString()));
        Assert.Equal("{}", answer.GetProperty("links").GetRawText());
        JsonElement notes = await GetAsync($"/cdrs/{Number(one)}/notes");
        Assert.Equal(("first", "long"), (notes.GetProperty("data").GetProperty("info").GetString(), notes.GetProperty("data").GetProperty("notes").GetString()));
        await SendAsync(HttpMethod.Patch, $"/cdrs/{Number(one)}", new { info = (string?)null });
        notes = await GetAsync($"/cdrs/{Number(one)}/notes");
        Assert.Equal((null, "long"), (notes.GetProperty("data").GetProperty("info").GetString(), notes.GetProperty("data").GetProperty("notes").GetString()));
        foreach ((string body, string field) in ((string, string)[])[
            ("[{\"id\":1,\"src\":\"7\"}]", "src"), ("[{\"info\":\"x\"}]", "id"), ("[{\"id\":\"1\"}]", "id"), ($"[{{\"id\":{Number(one)},\"info\":7}}]", "info"), ("[]", "body"), ("[7]", "body"), ("{}", "body"),
            ($"[{{\"id\":{Number(one)},\"info\":\"\\ud800\"}}]", "info")])
        {
            JsonElement error = await SendAsync(HttpMethod.Patch, "/cdrs", body, HttpStatusCode.BadRequest);
            Assert.Equal((body, field), (body, error.GetProperty("errors")[0].GetProperty("field").GetString()));
        }

        await SendAsync(HttpMethod.Patch, "/cdrs", "[{\"id\":7}]", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Deleted_CallsAreGone_AndAudited()
    {
        CallRecord[] calls = [.. Enumerable.Range(0, 4).Select(static i => Call(i))];
        _rig.Add("acme", calls[..3]);
        _rig.Add("beta", calls[3]);
        await SendAsync(HttpMethod.Delete, $"/cdrs/{Number(calls[0])},{Number(calls[1])}", null, HttpStatusCode.NoContent);
        Assert.Equal(2, (await GetAsync("/cdrs")).GetProperty("total").GetInt64());
        await SendAsync(HttpMethod.Delete, "/cdrs?filter=%5B%5D", null, HttpStatusCode.BadRequest);
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", ApiScopes.CallsRead, ApiScopes.DeleteAll));
        await SendAsync(HttpMethod.Delete, "/cdrs", null, HttpStatusCode.NoContent, acme);
        Assert.Equal([Number(calls[3]).ToString(CultureInfo.InvariantCulture)], Ids(await GetAsync("/cdrs")));
        string audit = await File.ReadAllTextAsync(Path.Combine(_rig.AccessFolder, "audit.jsonl"));
        Assert.Contains("\"delete_call\"", audit, StringComparison.Ordinal);
        Assert.Contains("\"delete_all_calls\"", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PcapAndTrace_AreTheCalls()
    {
        CallRecord call = Call(1);
        _rig.Add(call);
        _rig.Packets.AddSip(call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("c1@host", "alice", "bob"));
        using HttpResponseMessage pcap = await _rig.Admin.GetAsync($"{Root}/cdrs/{Number(call)}.pcap");
        Assert.Equal("application/vnd.tcpdump.pcap", pcap.Content.Headers.ContentType?.ToString());
        Assert.Equal([0xD4, 0xC3, 0xB2, 0xA1], (await pcap.Content.ReadAsByteArrayAsync())[..4]);
        using HttpResponseMessage trace = await _rig.Admin.GetAsync($"{Root}/cdrs/{Number(call)}.trace");
        Assert.Equal("text/plain; charset=utf-8", trace.Content.Headers.ContentType?.ToString());
        Assert.Contains("INVITE sip:", await trace.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await GetAsync("/cdrs/7.pcap", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Csv_HasTheAttributesInTheTablesOrder_AndEveryCall()
    {
        _rig.Add([.. Enumerable.Range(0, 1203).Select(static i => Call(i, call => call with { Dialled = "+493055501001", Caller = call.Caller with { Name = "=1+1" } }))]);
        using HttpResponseMessage response = await _rig.Admin.GetAsync($"{Root}/cdrs.csv");
        Assert.Equal("text/csv; charset=utf-8; header=present", response.Content.Headers.ContentType?.ToString());
        string[] lines = (await response.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1204, lines.Length);
        Assert.StartsWith("id,duration,live_id,parent_live_id,user_id,", lines[0], StringComparison.Ordinal);
        Assert.Equal(1203, lines.Skip(1).Select(static line => line.Split(',')[0]).Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(",'=1+1,", lines[1], StringComparison.Ordinal);

        // A number is none that a spreadsheet would work out, and programs read it as it is.
        Assert.Contains(",+493055501001,", lines[1], StringComparison.Ordinal);
        using HttpResponseMessage user = await _rig.Admin.GetAsync($"{Root}/users/60/cdrs.csv");
        Assert.Single((await user.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Relatives_AreShownByTheirNumbers()
    {
        CallRecord root = Call(1);
        CallRecord leg = Call(2, call => call with { SessionId = root.Id, Links = [new CallLink(root.Id, root.SipCallId, LinkMethod.Sdp, 1, LinkRelation.Upstream)] });
        _rig.Add(root, leg);
        JsonElement shown = (await GetAsync($"/cdrs/{Number(leg)}")).GetProperty("data");
        Assert.Equal((Number(root), Number(root), false), (shown.GetProperty("parent_live_id").GetInt64(), shown.GetProperty("root_live_id").GetInt64(), shown.GetProperty("is_root").GetBoolean()));
        shown = (await GetAsync($"/cdrs/{Number(root)}")).GetProperty("data");
        Assert.Equal((JsonValueKind.Null, Number(root), true), (shown.GetProperty("parent_live_id").ValueKind, shown.GetProperty("root_live_id").GetInt64(), shown.GetProperty("is_root").GetBoolean()));
        Assert.Equal(2, (await GetAsync("/cdrs?" + Filter("root_live_id", Number(root)))).GetProperty("total").GetInt64());
        Assert.Equal(1, (await GetAsync("/cdrs?" + Filter("live_id", Number(leg)))).GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Monitors_HaveLinks_ThatOpenTheirSoundForATime()
    {
        CallRecord call = Call(1), silent = Call(2, static call => call with { Flags = CallFlags.NoRtp }), refused = Call(3, static call => call with { AnsweredAt = null, Disposition = Disposition.Busy });
        _rig.Add("acme", call, silent, refused);
        JsonElement page = await GetAsync("/monitors");
        JsonElement monitor = Assert.Single(page.GetProperty("data").EnumerateArray());
        Assert.Equal(1, page.GetProperty("total").GetInt64());
        Assert.Equal(Number(call), monitor.GetProperty("id").GetInt64());
        string token = monitor.GetProperty("token").GetString()!;
        Assert.Matches("^[0-9a-f]{32}$", token);
        Assert.Equal(token, (await GetAsync($"/monitors/{Number(call)}")).GetProperty("data").GetProperty("token").GetString());
        string file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [1, 2, 3, 4, 5]);
        _rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = file };
        using HttpClient anybody = _rig.Client(null);
        using var ranged = new HttpRequestMessage(HttpMethod.Get, $"{Root}/monitors/{Number(call)}.mp3?token={token}") { Headers = { Range = new RangeHeaderValue(1, 2) } };
        using HttpResponseMessage part = await anybody.SendAsync(ranged);
        Assert.Equal((HttpStatusCode.PartialContent, "audio/mpeg"), (part.StatusCode, part.Content.Headers.ContentType?.ToString()));
        Assert.Equal([2, 3], await part.Content.ReadAsByteArrayAsync());
        async Task<HttpStatusCode> AskAsync(string path)
        {
            using HttpResponseMessage response = await anybody.GetAsync(Root + path);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"/monitors/{Number(silent)}.mp3?token={token}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"/monitors/{Number(call)}?token={token}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"/monitors/{Number(call)}.mp3?token=00112233445566778899aabbccddeeff"));
        _rig.Clock.Move(TimeSpan.FromHours(25));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"/monitors/{Number(call)}.mp3?token={token}"));
        File.Delete(file);
        await GetAsync($"/monitors/{Number(silent)}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task MonitorText_IsStored_AndChecked()
    {
        CallRecord call = Call(1);
        _rig.Add(call);
        string path = $"/monitors/{Number(call)}";
        JsonElement answer = await SendAsync(HttpMethod.Patch, path, new { transcript = "abcd", transcript_speakers = "A: abcd", summary = "s", sentiment = "good", cx_score = 57, metadata = new { a = new[] { 1, 2 } } });
        Assert.Equal(["id", "created_at", "token"], answer.GetProperty("data").EnumerateObject().Select(static member => member.Name));
        await SendAsync(HttpMethod.Patch, path, new { summary = "t" });
        Assert.Equal(
            $$$"""{"id":{{{Number(call)}}},"transcript":"abcd","transcript_speakers":"A: abcd","summary":"t","sentiment":"good","cx_score":57,"metadata":{"a":[1,2]}}""",
            (await GetAsync(path + "/ai")).GetProperty("data").GetRawText());
        foreach ((string body, string field) in ((string, string)[])[("{\"cx_score\":571}", "cx_score"), ("{\"cx_score\":\"5\"}", "cx_score"), ("{\"transcript\":7}", "transcript"), ("{\"token\":\"x\"}", "token")])
            Assert.Equal(field, (await SendAsync(HttpMethod.Patch, path, body, HttpStatusCode.BadRequest)).GetProperty("errors")[0].GetProperty("field").GetString());
        await SendAsync(HttpMethod.Patch, "/monitors/7", new { summary = "t" }, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task DeletedMonitors_AreGone_TheirCallsAreNot()
    {
        CallRecord[] calls = [.. Enumerable.Range(1, 3).Select(static i => Call(i, static call => call with { Marks = new CallMarks { Tenant = "acme" } }))];
        _rig.Add("acme", calls);
        await SendAsync(HttpMethod.Delete, $"/monitors/{Number(calls[0])}", null, HttpStatusCode.NoContent);
        Assert.Equal(2, (await GetAsync("/monitors")).GetProperty("total").GetInt64());
        Assert.Equal(RecordingState.Deleted, _rig.Store.GetRecording(calls[0].Id)!.State);
        await SendAsync(HttpMethod.Delete, $"/monitors/{Number(calls[0])}", null, HttpStatusCode.NotFound);
        _rig.Clock.Move(TimeSpan.FromHours(1));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", ApiScopes.CallsRead, ApiScopes.DeleteAll));
        await SendAsync(HttpMethod.Delete, "/monitors", null, HttpStatusCode.Accepted, acme);
        Assert.Equal(0, (await GetAsync("/monitors")).GetProperty("total").GetInt64());
        await GetAsync($"/monitors/{Number(calls[1])}.mp3", HttpStatusCode.Gone);
        Assert.Equal(3, (await GetAsync("/cdrs")).GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Voicemessages_HaveFolders_AndAreNewUntilFetched()
    {
        CallRecord[] calls = [Voicemail(1), Voicemail(2), Voicemail(3), Call(4)];
        _rig.Add("acme", calls);
        JsonElement page = await GetAsync("/voicemessages");
        Assert.Equal(3, page.GetProperty("total").GetInt64());
        Assert.All(page.GetProperty("data").EnumerateArray(), static message => Assert.Equal((0, true), (message.GetProperty("folder").GetInt32(), message.GetProperty("is_new").GetBoolean())));
        JsonElement moved = await SendAsync(HttpMethod.Patch, "/voicemessages", $$"""[{"id": {{Number(calls[0])}}, "folder": "trash"}, {"id": {{Number(calls[1])}}, "folder": 1}]""");
        Assert.Equal(1, moved.GetProperty("data").GetProperty("folder").GetInt32());
        Assert.Equal([Number(calls[0]).ToString(CultureInfo.InvariantCulture)], Ids(await GetAsync("/voicemessages?" + Filter("folder", 2))));
        string file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [1, 2, 3]);
        _rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = file };
        using HttpResponseMessage sound = await _rig.Admin.GetAsync($"{Root}/voicemessages/{Number(calls[0])}.mp3");
        Assert.Equal(HttpStatusCode.OK, sound.StatusCode);
        File.Delete(file);
        Assert.Equal(new RecordingVariant(RecordingKind.Mp3, RecordingChannels.Mono, RecordingSides.Caller), _rig.Media.Asked[^1].Variant);
        Assert.False((await GetAsync($"/voicemessages/{Number(calls[0])}")).GetProperty("data").GetProperty("is_new").GetBoolean());
        Assert.Equal(2, (await GetAsync("/voicemessages?" + Filter("is_new", true))).GetProperty("total").GetInt64());
        await GetAsync($"/voicemessages/{Number(calls[3])}", HttpStatusCode.NotFound);
        foreach (string body in (string[])["[{\"id\":1,\"folder\":\"abcd\"}]", "[{\"id\":1}]", "[{\"folder\":1}]", "[{\"id\":1,\"folder\":3}]"])
            await SendAsync(HttpMethod.Patch, "/voicemessages", body, HttpStatusCode.BadRequest);
        await SendAsync(HttpMethod.Delete, $"/voicemessages/{Number(calls[0])}", null, HttpStatusCode.NoContent);
        await GetAsync($"/voicemessages/{Number(calls[0])}", HttpStatusCode.NotFound);
        await GetAsync($"/cdrs/{Number(calls[0])}");
        _rig.Clock.Move(TimeSpan.FromHours(1));
        await SendAsync(HttpMethod.Delete, "/voicemessages", null, HttpStatusCode.Accepted);
        Assert.Equal(0, (await GetAsync("/voicemessages")).GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Msdrs_AreMediaSessions_ByPageAndId()
    {
        CallRecord[] calls = [.. Enumerable.Range(0, 6).Select(static i => MediaSessions.Complete(Call(i, static call => call with
        {
            MediaSessions = [Media(0, "audio"), Media(1, "video")],
        })))];
        _rig.Add("acme", calls);
        JsonElement first = await GetAsync("/msdrs?limit=4");
        Assert.Equal(12, first.GetProperty("total").GetInt64());
        JsonElement second = await GetAsync("/msdrs?limit=4&page=2"), third = await GetAsync("/msdrs?limit=4&page=3");
        string[] ids = [.. Ids(first), .. Ids(second), .. Ids(third)];
        Assert.Equal(12, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(ids[8..], Ids(await GetAsync("/msdrs?limit=4&page=3&sort=-created_at")));
        Assert.Empty(Ids(await GetAsync("/msdrs?page=1000000")));
        JsonElement one = (await GetAsync($"/msdrs/{ids[1]}")).GetProperty("data");
        Assert.Equal(("video", "c5@host"), (one.GetProperty("type").GetString(), one.GetProperty("call_id").GetString()));
        Assert.Equal(6, (await GetAsync("/msdrs?" + Filter("type", "audio"))).GetProperty("total").GetInt64());
        Assert.Equal(2, (await GetAsync("/msdrs?" + Filter("live_id", Number(calls[2])))).GetProperty("total").GetInt64());
        Assert.Equal(4, (await GetAsync("/msdrs?" + Filter("created_at", "2026-11-20 04:27:04", "gte"))).GetProperty("total").GetInt64());
        await GetAsync("/msdrs?" + Filter("type", "smell"), HttpStatusCode.BadRequest);
        await GetAsync("/msdrs/7", HttpStatusCode.NotFound);
        using HttpClient beta = _rig.Client(_rig.NewToken("beta"));
        await SendAsync(HttpMethod.Get, $"/msdrs/{ids[1]}", null, HttpStatusCode.Forbidden, beta);
        Assert.Equal(0, (await SendAsync(HttpMethod.Get, "/msdrs", null, client: beta)).GetProperty("total").GetInt64());
    }

    private static MediaSessionRecord Media(int index, string media) => new() { Index = index, Media = media, Protocol = "RTP/AVP", StartedAt = TestCalls.Start, EndedAt = TestCalls.Start + TimeSpan.FromSeconds(9) };

    [Fact]
    public async Task MessagesAndChats_AreListed_AndDeleted()
    {
        string chat = CallId.Derive("chat", "1", TestCalls.Start);
        var conversation = new ConversationRecord(chat, TestCalls.Start, "1001@example.com", "2002@example.com");
        StoredMessage[] messages =
        [
            .. Enumerable.Range(0, 30).Select(i => new StoredMessage(
                VoipStudioMappingTests.Message(i % 2 == 0 ? "1001" : "2002", i % 2 == 0 ? "2002" : "1001", i) with { ConversationId = chat, Tenant = "acme", Outcome = i == 7 ? MessageOutcome.Pending : MessageOutcome.Delivered },
                conversation,
                [])),
        ];
        _rig.Messages.Write(messages);
        _directory.Entries.Add(VoipStudioMappingTests.Entry(PartyKind.User, 10002, "Bob", "2002"));
        JsonElement sms = await GetAsync("/sms");
        Assert.Equal((29, 25), (sms.GetProperty("total").GetInt64(), sms.GetProperty("data").GetArrayLength()));
        Assert.Equal(4, (await GetAsync("/sms?page=2")).GetProperty("data").GetArrayLength());
        Assert.Equal(15, (await GetAsync("/sms?" + Filter("from", "1001"))).GetProperty("total").GetInt64());
        string[] ids = [.. Ids(await GetAsync("/chatmsgs?limit=1000"))];
        Assert.Equal(30, ids.Length);
        JsonElement chats = await GetAsync("/chats");
        JsonElement shown = Assert.Single(chats.GetProperty("data").EnumerateArray());
        Assert.Equal((1L, 10002L, 29L, "192.0.2.1"), (shown.GetProperty("customer_id").GetInt64(), shown.GetProperty("operator_id").GetInt64(), shown.GetProperty("duration").GetInt64(), shown.GetProperty("visitor_ip").GetString()));
        string id = shown.GetProperty("id").GetRawText();
        Assert.Equal(id, (await GetAsync($"/chats/{id}")).GetProperty("data").GetProperty("id").GetRawText());
        Assert.Equal(30, (await GetAsync("/chatmsgs?" + Filter("chat_id", long.Parse(id, CultureInfo.InvariantCulture)))).GetProperty("total").GetInt64());
        await SendAsync(HttpMethod.Delete, $"/chatmsgs/{ids[0]},{ids[1]}", null, HttpStatusCode.NoContent);
        Assert.Equal(28, (await GetAsync("/chatmsgs")).GetProperty("total").GetInt64());
        Assert.Equal(27, (await GetAsync("/sms")).GetProperty("total").GetInt64());
        await GetAsync($"/sms/{ids[0]}", HttpStatusCode.NotFound);
        await GetAsync($"/sms/{ids[3]}");
        using HttpClient beta = _rig.Client(_rig.NewToken("beta"));
        await SendAsync(HttpMethod.Get, $"/sms/{ids[3]}", null, HttpStatusCode.Forbidden, beta);
        await SendAsync(HttpMethod.Get, $"/chats/{id}", null, HttpStatusCode.Forbidden, beta);
        _rig.Clock.Move(TimeSpan.FromHours(1));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", ApiScopes.CallsRead, ApiScopes.DeleteAll));
        await SendAsync(HttpMethod.Delete, "/chatmsgs", null, HttpStatusCode.NoContent, acme);
        Assert.Equal(0, (await GetAsync("/chatmsgs")).GetProperty("total").GetInt64());
        Assert.Empty(Ids(await GetAsync("/sms")));
    }

    [Fact]
    public async Task TrackingAndStatements_AreAsTheDirectoryAndTheRatesSay()
    {
        CallRecord tracked = Call(1, static call => call with
        {
            Marks = new CallMarks { Tenant = "acme", Context = CallContext.Tracking, BilledAccount = "acme", Charge = new CallCharge(0.6m, 0.11m, "EUR", "Germany") },
        });
        _rig.Add("acme", tracked, Call(2));
        _directory.Entries.Add(VoipStudioMappingTests.Entry(PartyKind.Tracking, 5, "Spring", "+4930123", "+4930124"));
        Assert.Equal([Number(tracked).ToString(CultureInfo.InvariantCulture)], Ids(await GetAsync("/cdrs/calltracking")));
        JsonElement numbers = await GetAsync("/calltracking/cdrs");
        Assert.Equal((2, "4930123", "Spring"), (numbers.GetProperty("total").GetInt64(), numbers.GetProperty("data")[0].GetProperty("e164").GetString(), numbers.GetProperty("data")[0].GetProperty("name").GetString()));

        // An extension is no number of the world; a range has all of its own, page by page.
        _directory.Entries.Add(VoipStudioMappingTests.Entry(PartyKind.Tracking, 6, "Poster") with { Extensions = ["700"], Ranges = [new NumberRange("+493055500998", "+493055501001")] });
        JsonElement more = await GetAsync("/calltracking/cdrs?limit=2&page=2");
        Assert.Equal((7, "700 | 493055500998 493055500998"), (more.GetProperty("total").GetInt64(), string.Join(" | ", more.GetProperty("data").EnumerateArray().Select(static line => $"{line.GetProperty("id")} {line.GetProperty("e164")}".Trim()))));
        Assert.Equal("493055500999 493055501000", string.Join(' ', (await GetAsync("/calltracking/cdrs?limit=2&page=3")).GetProperty("data").EnumerateArray().Select(static line => line.GetProperty("id").GetString())));
        Assert.Equal("493055501001", (await GetAsync("/calltracking/cdrs?limit=6&page=2")).GetProperty("data").EnumerateArray().Single().GetProperty("id").GetString());
        JsonElement lines = await GetAsync("/statements");
        JsonElement line = Assert.Single(lines.GetProperty("data").EnumerateArray());
        Assert.Equal((1, 0.11m, "Germany"), (lines.GetProperty("total").GetInt64(), line.GetProperty("charge").GetDecimal(), line.GetProperty("destination").GetString()));
        _rig.Clock.Move(TimeSpan.FromHours(1));
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", ApiScopes.CallsRead, ApiScopes.DeleteAll));
        await SendAsync(HttpMethod.Delete, "/statements", null, HttpStatusCode.NoContent, acme);
        Assert.Empty(Ids(await SendAsync(HttpMethod.Get, "/statements", null, client: acme)));
        Assert.Empty(Ids(await GetAsync("/statements")));
        Assert.Equal(0.6m, (await GetAsync($"/cdrs/{Number(tracked)}")).GetProperty("data").GetProperty("rate").GetDecimal());
    }

    [Fact]
    public async Task UnknownPathsAndMethods_AreInItsForm()
    {
        Assert.Equal("Resource not found", (await GetAsync("/nothing", HttpStatusCode.NotFound)).GetProperty("message").GetString());
        Assert.Equal(405, (await SendAsync(HttpMethod.Post, "/cdrs", "{}", HttpStatusCode.MethodNotAllowed)).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Dictionaries_AreOpen_AndHaveLabels()
    {
        using HttpClient anybody = _rig.Client(null);
        foreach (string of in (string[])["cdrs", "msdrs", "sms", "mediasessions"])
        {
            JsonElement terms = await SendAsync(HttpMethod.Get, $"/{of}/dictionaries", null, client: anybody);
            Assert.Equal(terms.GetProperty("data").GetArrayLength(), terms.GetProperty("total").GetInt64());
            Assert.Equal(["field", "code", "label"], terms.GetProperty("data")[0].EnumerateObject().Select(static member => member.Name));
        }
    }
}
