using System.Net.Http.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Access;

public sealed class ShareTests : IAsyncLifetime
{
    private static readonly CallRecord Call = TestCalls.Call(0, "call-1@host");

    private readonly TestClock _clock = new();
    private readonly string _file = Path.GetTempFileName();
    private Rig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await Rig.StartAsync(options => options with { Time = _clock });
        _rig.Calls.Add(Call);
        _rig.Packets.AddSip(Call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("call-1@host", "alice", "bob"));
        await File.WriteAllBytesAsync(_file, [.. Enumerable.Range(0, 1000).Select(static i => (byte)i)]);
        _rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = _file };
    }

    public async Task DisposeAsync()
    {
        await _rig.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Link_OpensTheSoundWithoutAToken_WithRange_AndIsAudited()
    {
        (string id, string path) = await MakeAsync(new { call_id = Call.Id, expires_in = 3600, name = "For <b>Ann</b>", ladder = true });
        using HttpClient anybody = _rig.NewClient(null);
        HttpResponseMessage ask = await anybody.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, ask.StatusCode);
        string page = await ask.Content.ReadAsStringAsync();
        Assert.Contains("For &lt;b&gt;Ann", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", ask.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("no-referrer", ask.Headers.GetValues("Referrer-Policy").Single());

        string opened = await OpenAsync(anybody, path);
        Assert.Contains($"{opened}/sound.mp3", await anybody.GetStringAsync(opened), StringComparison.Ordinal);
        var part = new HttpRequestMessage(HttpMethod.Get, $"{opened}/sound.mp3");
        part.Headers.Range = new(100, 199);
        HttpResponseMessage sound = await anybody.SendAsync(part);
        Assert.Equal(HttpStatusCode.PartialContent, sound.StatusCode);
        Assert.Equal("audio/mpeg", sound.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Enumerable.Range(100, 100).Select(static i => (byte)i), await sound.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync($"{opened}/ladder.svg")).StatusCode);

        AuditRow[] rows = [.. new AuditReader(_rig.Access).List(new AuditQuery()).Entries.Reverse()];
        Assert.Equal(["create_share", "open_share", "download_mp3", "view_ladder"], rows.Select(static row => row.Entry.Action));
        Assert.All(rows, static row => Assert.Equal(Call.Id, row.Entry.Object));
        Assert.All(rows[1..], row => Assert.Equal(($"share:{id}", "share", "127.0.0.1"), (row.Entry.Who, row.Entry.Via, row.Entry.Remote)));
        JsonElement link = await _rig.JsonAsync($"/api/v1/shares/{id}");
        Assert.Equal(1, link.GetProperty("uses").GetInt32());
        Assert.Equal(JsonValueKind.Null, link.GetProperty("path").ValueKind);
        Assert.DoesNotContain(path.Split('-')[1], await File.ReadAllTextAsync(Path.Combine(_rig.Access, "shares.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_EndsByTime_ByUses_ByWithdrawal_AndWithItsCall()
    {
        using HttpClient anybody = _rig.NewClient(null);
        (_, string path) = await MakeAsync(new { call_id = Call.Id, expires_in = 7200, uses = 2 });
        string opened = await OpenAsync(anybody, path);
        await OpenAsync(anybody, path);
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.PostAsync(path, null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync($"{opened}/sound.mp3")).StatusCode);
        _clock.Move(TimeSpan.FromHours(2));
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync($"{opened}/sound.mp3")).StatusCode);

        (string id, path) = await MakeAsync(new { call_id = Call.Id, expires_in = 86400 });
        opened = await OpenAsync(anybody, path);
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync($"{opened}/ladder.svg")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _rig.Client.DeleteAsync($"/api/v1/shares/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync($"{opened}/sound.mp3")).StatusCode);
        Assert.Equal("withdrawn", (await _rig.JsonAsync($"/api/v1/shares/{id}")).GetProperty("state").GetString());

        (_, path) = await MakeAsync(new { call_id = Call.Id, expires_in = 86400 });
        opened = await OpenAsync(anybody, path);
        _clock.Move(TimeSpan.FromHours(5));
        Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync($"{opened}/sound.mp3")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Passphrase_IsAskedFor_AndGuessingIsMadeSlow()
    {
        using HttpClient anybody = _rig.NewClient(null);
        (string id, string path) = await MakeAsync(new { call_id = Call.Id, expires_in = 3600, uses = 1, passphrase = "correct horse" });
        Assert.Contains("type=\"password\"", await anybody.GetStringAsync(path), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await anybody.PostAsync(path, null)).StatusCode);
        for (int i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await anybody.PostAsync(path, Phrase($"guess-{i}"))).StatusCode);
        HttpResponseMessage slow = await anybody.PostAsync(path, Phrase("correct horse"));
        Assert.Equal(HttpStatusCode.TooManyRequests, slow.StatusCode);
        Assert.NotNull(slow.Headers.RetryAfter);
        _clock.Move(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.SeeOther, (await anybody.PostAsync(path, Phrase("correct horse"))).StatusCode);
        Assert.DoesNotContain("correct horse", await File.ReadAllTextAsync(Path.Combine(_rig.Access, "shares.json")), StringComparison.Ordinal);
        Assert.Equal(5, new AuditReader(_rig.Access).List(new AuditQuery { Action = "open_share", Result = "denied", Who = $"share:{id}" }).Entries.Count);

        static FormUrlEncodedContent Phrase(string text) => new([KeyValuePair.Create("passphrase", text)]);
    }

    [Fact]
    public async Task WrongLinks_AllLookTheSame_AndAreMadeSlow()
    {
        using HttpClient anybody = _rig.NewClient(null);
        (_, string path) = await MakeAsync(new { call_id = Call.Id, expires_in = 3600 });
        string[] wrong = [path[..^1] + (path[^1] == '0' ? '1' : '0'), path[..^1], "/share/x", $"/share/000000000000-{new string('0', 48)}", $"{path}/{new string('A', 32)}", $"{path}/x/sound.mp3"];
        string? first = null;
        foreach (string link in wrong)
        {
            HttpResponseMessage response = await anybody.GetAsync(link);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            string text = await response.Content.ReadAsStringAsync();
            Assert.Equal(first ??= text, text);
        }

        for (int i = 0; i < 12; i++) await anybody.GetAsync($"/share/guess{i}");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await anybody.GetAsync(path)).StatusCode);

        // Guessing links does not keep anybody from the API.
        Assert.Equal(HttpStatusCode.OK, (await _rig.GetAsync("/api/v1/calls")).StatusCode);
        _clock.Move(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Requests_FromOneAddress_AreBounded()
    {
        await using Rig rig = await Rig.StartAsync(options => options with { Time = _clock, Limits = options.Limits with { ShareRequestsPerMinute = 5 } });
        rig.Calls.Add(Call);
        HttpResponseMessage made = await rig.Client.PostAsJsonAsync("/api/v1/shares", new { call_id = Call.Id, expires_in = 3600 });
        string path = (await Rig.ReadJsonAsync(made)).GetProperty("path").GetString()!;
        using HttpClient anybody = rig.NewClient(null);
        for (int i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await anybody.GetAsync(path)).StatusCode);
    }

    public static TheoryData<string, string> WrongWishes => new()
    {
        { "{}", "call_id" },
        { "[]", "body" },
        { "{", "body" },
        { "{\"call_id\":7,\"expires_in\":60}", "call_id" },
        { "{\"call_id\":\"x\",\"expires_in\":60}", "call_id" },
        { "{\"call_id\":\"ID\"}", "expires_in" },
        { "{\"call_id\":\"ID\",\"expires_in\":59}", "expires_in" },
        { "{\"call_id\":\"ID\",\"expires_in\":1e99}", "expires_in" },
        { "{\"call_id\":\"ID\",\"expires_in\":99999999}", "expires_in" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"uses\":0}", "uses" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"passphrase\":\"short\"}", "passphrase" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"name\":\"\\ud800\"}", "name" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"ladder\":1}", "ladder" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"\\ud800\":1}", "\\ud800" },
        { "{\"call_id\":\"ID\",\"expires_in\":60,\"extra\":1}", "extra" },
    };

    [Theory]
    [MemberData(nameof(WrongWishes))]
    public async Task WrongWish_IsRefused_ByTheNameOfItsMember(string body, string parameter)
    {
        HttpResponseMessage response = await _rig.Client.PostAsync("/api/v1/shares", new StringContent(body.Replace("ID", Call.Id, StringComparison.Ordinal), Encoding.UTF8, "application/json"));
        Assert.Equal(parameter, (await Rig.ProblemAsync(response, HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
        await Rig.ProblemAsync(await _rig.Client.PostAsync("/api/v1/shares", new StringContent("{}")), HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Links_AskForTheirScope_ArePaged_AndBounded()
    {
        TokenStore tokens = TokenStore.Open(_rig.Access, _clock);
        string weak = tokens.Create("weak", [ApiScopes.CallsRead, ApiScopes.RecordingsRead]);
        string strong = tokens.Create("strong", [ApiScopes.RecordingsShare]);
        _clock.Move(TimeSpan.FromSeconds(2));
        using HttpClient reader = _rig.NewClient(weak);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsJsonAsync("/api/v1/shares", new { call_id = Call.Id, expires_in = 60 })).StatusCode);
        using HttpClient maker = _rig.NewClient(strong);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await maker.PostAsJsonAsync("/api/v1/shares", new { call_id = Call.Id, expires_in = 3600, name = $"n{i}" })).StatusCode);
            _clock.Move(TimeSpan.FromSeconds(1));
        }

        List<string> names = [];
        string? next = "/api/v1/shares?limit=2";
        while (next is not null)
        {
            JsonElement page = await Rig.ReadJsonAsync(await maker.GetAsync(next));
            names.AddRange(page.GetProperty("shares").EnumerateArray().Select(static share => share.GetProperty("name").GetString()!));
            next = page.GetProperty("next_cursor").GetString() is { } cursor ? $"/api/v1/shares?limit=2&cursor={cursor}" : null;
        }

        Assert.Equal(["n4", "n3", "n2", "n1", "n0"], names);
        Assert.Equal(0, (await Rig.ReadJsonAsync(await maker.GetAsync($"/api/v1/shares?call_id={TestCalls.Call(9).Id}"))).GetProperty("shares").GetArrayLength());
        await Rig.ProblemAsync(await maker.GetAsync("/api/v1/shares?cursor=ffffffffffff"), HttpStatusCode.BadRequest);
        await Rig.ProblemAsync(await maker.DeleteAsync("/api/v1/shares/ffffffffffff"), HttpStatusCode.NotFound);
        await Rig.ProblemAsync(await maker.PostAsJsonAsync("/api/v1/shares", new { call_id = TestCalls.Call(9).Id, expires_in = 60 }), HttpStatusCode.NotFound);

        var few = new CdrEngine.Api.Access.Shares.ShareStore(Directory.CreateTempSubdirectory("cdr-share-").FullName, _clock, 2);
        var wish = new CdrEngine.Api.Access.Shares.ShareWish(Call.Id, null, "", _clock.GetUtcNow().AddMinutes(5));
        Assert.NotNull(few.Create(wish));
        Assert.NotNull(few.Create(wish));
        Assert.Null(few.Create(wish));
        _clock.Move(TimeSpan.FromDays(31));
        Assert.NotNull(few.Create(wish with { Expires = _clock.GetUtcNow().AddMinutes(5) }));
        Assert.Single(few.List());
    }

    [Fact]
    public async Task Opening_ThatCannotBeAudited_OpensNothing()
    {
        (string id, string path) = await MakeAsync(new { call_id = Call.Id, expires_in = 3600, uses = 1 });
        File.Delete(Path.Combine(_rig.Access, "audit.jsonl"));
        Directory.CreateDirectory(Path.Combine(_rig.Access, "audit.jsonl"));
        using HttpClient anybody = _rig.NewClient(null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await anybody.PostAsync(path, null)).StatusCode);
        Assert.Equal(0, (await _rig.JsonAsync($"/api/v1/shares/{id}")).GetProperty("uses").GetInt32());
    }

    private async Task<(string Id, string Path)> MakeAsync(object wish)
    {
        HttpResponseMessage made = await _rig.Client.PostAsJsonAsync("/api/v1/shares", wish);
        JsonElement link = await Rig.ReadJsonAsync(made);
        Assert.True(made.StatusCode == HttpStatusCode.Created, link.ToString());
        return (link.GetProperty("id").GetString()!, link.GetProperty("path").GetString()!);
    }

    private static async Task<string> OpenAsync(HttpClient client, string path)
    {
        HttpResponseMessage opened = await client.PostAsync(path, null);
        Assert.Equal(HttpStatusCode.SeeOther, opened.StatusCode);
        return opened.Headers.Location!.OriginalString;
    }
}
