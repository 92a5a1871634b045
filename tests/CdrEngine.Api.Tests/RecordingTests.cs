using System.Net.Http.Headers;
using CdrEngine.Api.Access;

namespace CdrEngine.Api.Tests;

public sealed class RecordingTests : IAsyncLifetime
{
    private static readonly CallRecord Call = TestCalls.Call(0, "call-1@host");

    private readonly byte[] _sound = [.. Enumerable.Range(0, 100_000).Select(static i => (byte)(i * 7))];
    private Rig _rig = null!;
    private string _file = "";

    private static string Path => $"/api/v1/calls/{Call.Id}.mp3";

    public async Task InitializeAsync()
    {
        _rig = await Rig.StartAsync();
        _rig.Calls.Add(Call);
        _file = System.IO.Path.Combine(_rig.Access, "sound");
        await File.WriteAllBytesAsync(_file, _sound);
        _rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = _file };
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData(".mp3", "audio/mpeg", RecordingKind.Mp3)]
    [InlineData(".wav", "audio/wav", RecordingKind.Wav)]
    [InlineData("/waveform.json", "application/json", RecordingKind.Waveform)]
    public async Task Sound_InEachForm_IsTheFile(string ending, string mediaType, RecordingKind kind)
    {
        HttpResponseMessage response = await _rig.GetAsync($"/api/v1/calls/{Call.Id}{ending}?channels=mono&retry=true");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(mediaType, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("bytes", Assert.Single(response.Headers.AcceptRanges));
        Assert.Equal(_sound, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal((Call.Id, new RecordingVariant(kind, RecordingChannels.Mono), true), Assert.Single(_rig.Media.Asked));
        string audit = Assert.Single(await File.ReadAllLinesAsync(System.IO.Path.Combine(_rig.Access, "audit.jsonl")));
        Assert.Contains($"\"action\":\"download_{EnumNames<RecordingKind>.Of(kind)}\",\"object\":\"{Call.Id}\"", audit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0L, 9L, 0, 10)]
    [InlineData(99_990L, null, 99_990, 10)]
    [InlineData(null, 5L, 99_995, 5)]
    [InlineData(50_000L, 999_999L, 50_000, 50_000)]
    public async Task Range_WithinTheFile_IsThatPart(long? from, long? to, int start, int length)
    {
        HttpResponseMessage response = await RangeAsync(new RangeHeaderValue(from, to));
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(start, start + length - 1, _sound.Length), response.Content.Headers.ContentRange);
        Assert.Equal(_sound[start..(start + length)], await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("items=0-1")]
    [InlineData("seconds=0-1")]
    public async Task Range_OfAnotherUnit_IsPassedOver(string range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Range", range);
        HttpResponseMessage response = await _rig.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, _sound.Length), (response.StatusCode, (await response.Content.ReadAsByteArrayAsync()).Length));
    }

    [Fact]
    public async Task Range_OutsideTheFile_IsA416ProblemWithItsLength()
    {
        HttpResponseMessage response = await RangeAsync(new RangeHeaderValue(200_000, null));
        Assert.Equal($"bytes */{_sound.Length}", response.Content.Headers.ContentRange?.ToString());
        await Rig.ProblemAsync(response, HttpStatusCode.RequestedRangeNotSatisfiable);
    }

    [Fact]
    public async Task Range_WithIfRange_IsThePartOrTheWholeOfANewFile()
    {
        EntityTagHeaderValue tag = (await _rig.GetAsync(Path)).Headers.ETag!;
        Assert.False(tag.IsWeak);
        Assert.Equal(HttpStatusCode.PartialContent, (await RangeAsync(new RangeHeaderValue(5, 9), tag)).StatusCode);
        HttpResponseMessage whole = await RangeAsync(new RangeHeaderValue(5, 9), new EntityTagHeaderValue("\"other\""));
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(_sound.Length, (await whole.Content.ReadAsByteArrayAsync()).Length);
        File.WriteAllBytes(_file, [1, 2, 3]);
        Assert.Equal(HttpStatusCode.OK, (await RangeAsync(new RangeHeaderValue(1, 1), tag)).StatusCode);
    }

    [Fact]
    public async Task Sound_KnownAlready_Is304()
    {
        EntityTagHeaderValue tag = (await _rig.GetAsync(Path)).Headers.ETag!;
        var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.IfNoneMatch.Add(tag);
        Assert.Equal(HttpStatusCode.NotModified, (await _rig.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Head_HasTheLengthAndIsNotAudited()
    {
        HttpResponseMessage response = await _rig.GetAsync(Path, method: HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(_sound.Length, response.Content.Headers.ContentLength);
        Assert.False(File.Exists(System.IO.Path.Combine(_rig.Access, "audit.jsonl")));
    }

    [Fact]
    public async Task Sound_BeingMade_Is202WithItsStateAndWhenToComeAgain()
    {
        _rig.Media.Answer = static id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Pending }, RetryAfter = TimeSpan.FromSeconds(2) };
        HttpResponseMessage response = await _rig.GetAsync(Path);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter?.Delta);
        Assert.Equal("pending", (await Rig.ReadJsonAsync(response)).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(RecordingState.None, "srtp_no_key", false, HttpStatusCode.NotFound)]
    [InlineData(RecordingState.Failed, "disk: full", false, HttpStatusCode.ServiceUnavailable)]
    [InlineData(RecordingState.Deleted, "retention", false, HttpStatusCode.Gone)]
    [InlineData(RecordingState.None, null, true, HttpStatusCode.ServiceUnavailable)]
    public async Task Sound_ThatIsNotThere_IsAProblemWithTheReason(RecordingState state, string? reason, bool busy, HttpStatusCode status)
    {
        _rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = state, Reason = reason }, IsBusy = busy, RetryAfter = busy ? TimeSpan.FromSeconds(9.5) : null };
        HttpResponseMessage response = await _rig.GetAsync(Path);
        if (busy) Assert.Equal(TimeSpan.FromSeconds(10), response.Headers.RetryAfter?.Delta);
        JsonElement problem = await Rig.ProblemAsync(response, status);
        if (reason is not null) Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sound_WhoseFileWentAway_IsMadeAgainSoon()
    {
        File.Delete(_file);
        Assert.Equal(HttpStatusCode.Accepted, (await _rig.GetAsync(Path)).StatusCode);
    }

    [Theory]
    [InlineData("channels=left", "channels")]
    [InlineData("retry=1", "retry")]
    [InlineData("kinds=sip", "kinds")]
    public async Task Parameter_ThatIsWrong_IsAProblem(string query, string parameter)
    {
        JsonElement problem = await Rig.ProblemAsync(await _rig.GetAsync($"{Path}?{query}"), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
        Assert.Empty(_rig.Media.Asked);
    }

    [Fact]
    public async Task CallThatIsNotThere_IsA404()
    {
        await Rig.ProblemAsync(await _rig.GetAsync($"/api/v1/calls/{TestCalls.Call(5).Id}.mp3"), HttpStatusCode.NotFound);
        await Rig.ProblemAsync(await _rig.GetAsync("/api/v1/calls/..%2f..%2fetc.mp3"), HttpStatusCode.NotFound);
        Assert.Empty(_rig.Media.Asked);
    }

    [Fact]
    public async Task Audit_ThatCannotBeWritten_GivesNothingOut()
    {
        Directory.CreateDirectory(System.IO.Path.Combine(_rig.Access, "audit.jsonl"));
        await Rig.ProblemAsync(await _rig.GetAsync(Path), HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Scope_OfRecordings_IsOfItsOwn()
    {
        var store = TokenStore.Open(_rig.Access, TimeProvider.System);
        string listener = store.Create("listener", [ApiScopes.RecordingsRead]), packets = store.Create("packets", [ApiScopes.CallsRead, ApiScopes.PacketsRead]);
        using HttpClient listens = _rig.NewClient(listener), reads = _rig.NewClient(packets);
        foreach (string path in (string[])[Path, $"/api/v1/calls/{Call.Id}.wav", $"/api/v1/calls/{Call.Id}/waveform.json", "/api/v1/recordings"])
        {
            Assert.Equal(HttpStatusCode.OK, (await listens.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await reads.GetAsync(path)).StatusCode);
        }

        foreach (string path in (string[])["/api/v1/media-sessions", $"/api/v1/streams?call_id={Call.Id}"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await listens.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await reads.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task List_OfStates_FiltersByState()
    {
        _rig.Media.Entries.Add(new RecordingEntry { CallId = Call.Id, State = RecordingState.Available, Bytes = 9, Duration = TimeSpan.FromSeconds(1.5), SampleRateHz = 8000, Channels = 2, Attempts = 1, PartReason = "srtp_no_key" });
        JsonElement entry = Assert.Single((await _rig.JsonAsync("/api/v1/recordings?state=available")).GetProperty("recordings").EnumerateArray());
        Assert.Equal((Path, 1500), (entry.GetProperty("url").GetString(), entry.GetProperty("duration_ms").GetInt32()));
        Assert.Equal("srtp_no_key", entry.GetProperty("part_reason").GetString());
        Assert.Empty((await _rig.JsonAsync("/api/v1/recordings?state=none")).GetProperty("recordings").EnumerateArray());
        await Rig.ProblemAsync(await _rig.GetAsync("/api/v1/recordings?state=gone"), HttpStatusCode.BadRequest);
        await Rig.ProblemAsync(await _rig.GetAsync("/api/v1/recordings?cursor=x"), HttpStatusCode.BadRequest);
    }

    private Task<HttpResponseMessage> RangeAsync(RangeHeaderValue range, EntityTagHeaderValue? ifRange = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Range = range;
        if (ifRange is not null) request.Headers.IfRange = new RangeConditionHeaderValue(ifRange);
        return _rig.Client.SendAsync(request);
    }
}
