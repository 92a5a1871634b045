using System.Globalization;

namespace CdrEngine.Api.Tests;

/// <summary>Calls in progress and the stream of events over HTTP.</summary>
public sealed class LiveTests
{
    [Fact]
    public async Task List_HasCallsTotalsAndTheNextPage()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Live.Calls.Add(Measured());
        HttpResponseMessage response = await rig.GetAsync("/api/v1/live?limit=1&state=answered,held&number=10*&address=192.0.2.1&source=span0&tenant=acme&sort=answered_at&quality=off");
        Assert.Equal("</api/v1/live?limit=1&state=answered,held&number=10*&address=192.0.2.1&source=span0&tenant=acme&sort=answered_at&quality=off&cursor=more>; rel=\"next\"", Assert.Single(response.Headers.GetValues("Link")));
        JsonElement page = await Rig.ReadJsonAsync(response);
        JsonElement call = Assert.Single(page.GetProperty("calls").EnumerateArray());
        Assert.Equal(("held", 3000, 1.5, "caller"), (call.GetProperty("state").GetString(), call.GetProperty("talk_ms").GetInt32(), call.GetProperty("caller_sent").GetProperty("loss_percent").GetDouble(), call.GetProperty("unheard").GetString()));
        Assert.Equal((2, 1, 1), (page.GetProperty("totals").GetProperty("calls").GetInt32(), page.GetProperty("totals").GetProperty("matching").GetInt32(), page.GetProperty("totals").GetProperty("states").GetProperty("ringing").GetInt32()));
        LiveQuery query = Assert.Single(rig.Live.Queries);
        Assert.Equal((1, "10*", "span0", "acme", LiveSort.AnsweredAt, true, false), (query.Limit, query.Number, query.Source, query.Tenant, query.Sort, query.Ascending, query.Quality));
        Assert.Equal([LiveState.Answered, LiveState.Held], query.States);
        Assert.Equal("192.0.2.1", query.Address.ToString());
    }

    [Theory]
    [InlineData("state=ended", "state")]
    [InlineData("sort=mos", "sort")]
    [InlineData("limit=0", "limit")]
    [InlineData("address=home", "address")]
    [InlineData("quality=maybe", "quality")]
    [InlineData("cursor=no", "cursor")]
    [InlineData("colour=red", "colour")]
    public async Task List_WithAWrongParameter_SaysWhich(string query, string parameter)
    {
        await using Rig rig = await Rig.StartAsync();
        JsonElement problem = await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/live?{query}"), HttpStatusCode.BadRequest);
        Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Metrics_HaveGaugesOfCallsInProgress_WithNamesThatCannotBreakOut()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Live.Now = rig.Live.Now with { Sources = [("hep#1\"} 7\n# x\\", 2)] };
        string text = await (await rig.GetAsync("/metrics")).Content.ReadAsStringAsync();
        Assert.Contains("# TYPE cdrengine_live_calls gauge\ncdrengine_live_calls{state=\"trying\"} 0\ncdrengine_live_calls{state=\"ringing\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("cdrengine_live_source_calls{source=\"hep#1\\\"} 7?# x\\\\\"} 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_AreToldAsTheyHappen_EachWithIdTypeAndData()
    {
        await using Rig rig = await Rig.StartAsync();
        await using EventReader reader = await EventReader.OpenAsync(rig, "types=call.ended,call.recorded&number=10*&tenant=acme");
        Assert.Equal("text/event-stream", reader.Response.Content.Headers.ContentType?.ToString());
        LiveFilter filter = Assert.Single(rig.Live.Filters);
        Assert.Equal(("10*", "acme", false, (long?)null), (filter.Number, filter.Tenant, filter.Quality, filter.After));
        Assert.Equal([LiveEventKind.CallEnded, LiveEventKind.CallRecorded], filter.Kinds);
        rig.Live.Tell(Event(17, LiveEventKind.CallEnded, "an\nother: line\r\nid: 3"));
        rig.Live.Tell(Event(18, LiveEventKind.CallRecorded));
        rig.Live.Tell(Event(0, LiveEventKind.CallUpdated) with { Update = LiveUpdate.Quality });
        (string? id, string? type, JsonElement data) = await reader.NextAsync();
        Assert.Equal(("17", "call.ended", 17L), (id, type, data.GetProperty("id").GetInt64()));
        Assert.Equal("an\nother: line\r\nid: 3", data.GetProperty("call").GetProperty("dialled").GetString());
        Assert.Equal(JsonValueKind.Null, data.GetProperty("record").ValueKind);
        (id, type, data) = await reader.NextAsync();
        Assert.Equal(("18", "call.recorded"), (id, type));
        Assert.Equal(data.GetProperty("call").GetProperty("id").GetString(), data.GetProperty("record").GetProperty("id").GetString());
        (id, type, data) = await reader.NextAsync();
        Assert.Equal((null, "call.updated", "quality"), (id, type, data.GetProperty("update").GetString()));
        using JsonDocument document = JsonDocument.Parse(await rig.Client.GetByteArrayAsync("/api/v1/openapi.json"));
        JsonElement members = document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty("LiveEvent").GetProperty("properties");
        Assert.Equal(members.EnumerateObject().Select(static member => member.Name), data.EnumerateObject().Select(static member => member.Name));
    }

    [Theory]
    [InlineData("", "41", 41L)]
    [InlineData("after=40", null, 40L)]
    [InlineData("after=40", "41", 41L)]
    public async Task Events_AreResumedAfterTheLastOneKnown(string query, string? header, long after)
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Live.HasMissed = true;
        await using EventReader reader = await EventReader.OpenAsync(rig, query, header);
        Assert.Equal(after, rig.Live.Filters[0].After);
        Assert.Equal("missed", (await reader.NextAsync()).Type);
    }

    [Fact]
    public async Task Events_WithQuality_IncludeWhatCarriesIt()
    {
        await using Rig rig = await Rig.StartAsync();
        await using EventReader reader = await EventReader.OpenAsync(rig, "types=call.ended&quality=on");
        Assert.Equal([LiveEventKind.CallEnded, LiveEventKind.CallUpdated], rig.Live.Filters[0].Kinds);
    }

    [Fact]
    public async Task Events_OnAQuietStream_ShowASignOfLife()
    {
        await using Rig rig = await Rig.StartAsync(static options => options with { Limits = options.Limits with { EventHeartbeat = TimeSpan.FromMilliseconds(30) } });
        await using EventReader reader = await EventReader.OpenAsync(rig, "");
        Assert.Equal(": still here", await reader.CommentAsync());
        rig.Live.Tell(Event(5, LiveEventKind.CallStarted));
        Assert.Equal("call.started", (await reader.NextAsync()).Type);
        Assert.Equal(": still here", await reader.CommentAsync());
    }

    [Fact]
    public async Task Reader_ThatWasTooSlow_IsToldSoAndIsOver()
    {
        await using Rig rig = await Rig.StartAsync();
        await using EventReader reader = await EventReader.OpenAsync(rig, "");
        rig.Live.Drop();
        Assert.Equal("dropped", (await reader.NextAsync()).Type);
        Assert.True(await reader.IsOverAsync());
    }

    [Fact]
    public async Task Reader_ThatGoesAway_IsForgotten_AndAStopEndsTheOthers()
    {
        await using Rig rig = await Rig.StartAsync();
        EventReader gone = await EventReader.OpenAsync(rig, "");
        await using EventReader stays = await EventReader.OpenAsync(rig, "");
        await gone.DisposeAsync();
        using (var late = new CancellationTokenSource(TimeSpan.FromSeconds(120)))
        {
            while (rig.Live.Readers > 1)
            {
                rig.Live.Tell(Event(1, LiveEventKind.CallStarted));
                await Task.Delay(10, late.Token);
            }
        }

        Task stopped = rig.StopAsync();
        Assert.True(await stays.IsOverAsync());
        await stopped.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Empty(rig.Faults);
    }

    [Fact]
    public async Task TooManyReaders_AreToldToComeAgain()
    {
        await using Rig rig = await Rig.StartAsync();
        rig.Live.IsFull = true;
        HttpResponseMessage response = await rig.GetAsync("/api/v1/events");
        await Rig.ProblemAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(response.Headers.RetryAfter);
        await Rig.ProblemAsync(await rig.GetAsync("/api/v1/events?types=call.exploded"), HttpStatusCode.BadRequest);
        await Rig.ProblemAsync(await rig.GetAsync("/api/v1/events", "text/csv"), HttpStatusCode.NotAcceptable);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync("/api/v1/events", method: HttpMethod.Head)).StatusCode);
        using HttpClient anybody = rig.NewClient(null);
        await Rig.ProblemAsync(await anybody.GetAsync("/api/v1/events"), HttpStatusCode.Unauthorized);
        await Rig.ProblemAsync(await anybody.GetAsync("/api/v1/live"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Recording_OfACallInProgress_IsNotThereYet()
    {
        await using Rig rig = await Rig.StartAsync();
        CallRecord open = TestCalls.Call(1) with { State = CallState.Answered, Disposition = Disposition.InProgress };
        rig.Calls.Add(open);
        JsonElement problem = await Rig.ProblemAsync(await rig.GetAsync($"/api/v1/calls/{open.Id}.mp3"), HttpStatusCode.NotFound);
        Assert.Contains("in progress", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>A call with everything a list shows.</summary>
    internal static LiveCall Measured(string dialled = "2001")
    {
        CallRecord record = TestCalls.Full() with
        {
            State = CallState.Answered,
            Disposition = Disposition.InProgress,
            Dialled = dialled,
            EndedAt = null,
            AnsweredAt = Timestamp.FromUnix(1_800_000_000, 0),
        };
        IpAddress address = IpAddress.FromV4(0xC000_0201);
        return new LiveCall
        {
            Record = record,
            State = LiveState.Held,
            Tenant = "acme",
            Now = Timestamp.FromUnix(1_800_000_003, 0),
            CallerSent = new LiveSide
            {
                Codec = "PCMU/8000",
                Source = new Endpoint(address, 4000),
                Destination = new Endpoint(address, 5000),
                Packets = 985,
                Expected = 1000,
                Lost = 15,
                JitterMilliseconds = 1.25,
                Mos = 4.1,
                PacketsNow = 500,
                LostNow = 1,
                JitterMillisecondsNow = 1,
                MosNow = 4.2,
                LastAt = Timestamp.FromUnix(1_800_000_003, 0),
            },
            Unheard = PartySide.Caller,
            IsMeasured = true,
        };
    }

    private static LiveEvent Event(long id, LiveEventKind kind, string dialled = "2001") => new()
    {
        Id = id,
        Kind = kind,
        At = Timestamp.FromUnix(1_800_000_002, 0),
        Call = Measured(dialled),
    };

    /// <summary>Reads a stream of events as a browser does.</summary>
    private sealed class EventReader(HttpClient client, HttpResponseMessage response, StreamReader lines) : IAsyncDisposable
    {
        public HttpResponseMessage Response => response;

        public static async Task<EventReader> OpenAsync(Rig rig, string query, string? lastEventId = null)
        {
            HttpClient client = rig.NewClient(rig.Token);
            var request = new HttpRequestMessage(HttpMethod.Get, query.Length == 0 ? "/api/v1/events" : $"/api/v1/events?{query}");
            request.Headers.Add("Accept", "text/event-stream");
            if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
            HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.Equal("retry: 2000", await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)));
            Assert.Equal("", await lines.ReadLineAsync());
            return new EventReader(client, response, lines);
        }

        public async Task<(string? Id, string? Type, JsonElement Data)> NextAsync()
        {
            string? id = null, type = null;
            JsonElement data = default;
            while (true)
            {
                string line = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)) ?? throw new EndOfStreamException();
                if (line.Length == 0 && type is not null) return (id, type, data);
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = long.Parse(line.AsSpan(4), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
                else if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = JsonDocument.Parse(line[6..]).RootElement;
                else Assert.True(line.Length == 0 || line[0] == ':', line);
            }
        }

        public async Task<string> CommentAsync()
        {
            while (true)
            {
                string line = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)) ?? throw new EndOfStreamException();
                if (line.StartsWith(':')) return line;
            }
        }

        public async Task<bool> IsOverAsync()
        {
            while (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)) is not null)
            {
                // What was told before.
            }

            return true;
        }

        public ValueTask DisposeAsync()
        {
            lines.Dispose();
            response.Dispose();
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
