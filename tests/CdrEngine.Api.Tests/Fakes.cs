using System.Globalization;
using CdrEngine.Api.Statistics;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests;

/// <summary>Records in memory: the newest first, pages by the last record's start and id, no filters but the Call-ID. It notes what it is asked.</summary>
internal sealed class FakeCalls : ICallReader
{
    private readonly List<CallRecord> _calls = [];
    private readonly List<CallQuery> _queries = [];
    private int _asked;

    public IReadOnlyList<CallQuery> Queries
    {
        get
        {
            lock (_calls) return [.. _queries];
        }
    }

    /// <summary>When set, every question fails with it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Is waited for before a question is answered; none unless set.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Questions asked, answered or not.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public void Add(params CallRecord[] calls)
    {
        lock (_calls) _calls.AddRange(calls);
    }

    public CallRecord? Get(string id)
    {
        Interlocked.Increment(ref _asked);
        Gate.Wait(TimeSpan.FromSeconds(120));
        if (Failure is not null) throw Failure;
        lock (_calls) return _calls.Find(call => call.Id == id);
    }

    public CallPage List(CallQuery query)
    {
        Interlocked.Increment(ref _asked);
        Gate.Wait(TimeSpan.FromSeconds(120));
        if (Failure is not null) throw Failure;
        lock (_calls)
        {
            _queries.Add(query);
            (long At, string Id) after = (long.MaxValue, "~");
            if (query.Cursor is { } cursor)
            {
                string[] parts = cursor.Split('_');
                if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long at)) return new CallPage { Calls = [], CursorRejected = true };
                after = (at, parts[1]);
            }

            CallRecord[] left = _calls
                .Where(call => query.SipCallId is null || call.SipCallId == query.SipCallId)
                .Where(call => query.SessionId is null || call.SessionId == query.SessionId)
                .Where(call => !query.IsSessionStart || call.SessionId == call.Id)
                .Where(call => call.StartedAt.Microseconds < after.At || (call.StartedAt.Microseconds == after.At && string.CompareOrdinal(call.Id, after.Id) < 0))
                .OrderByDescending(static call => call.StartedAt)
                .ThenByDescending(static call => call.Id, StringComparer.Ordinal)
                .Take(query.Limit + 1)
                .ToArray();
            CallRecord[] page = left.Take(query.Limit).ToArray();
            return new CallPage { Calls = page, NextCursor = left.Length > page.Length ? $"{page[^1].StartedAt.Microseconds}_{page[^1].Id}" : null };
        }
    }
}

/// <summary>Packets in memory, or made as they are asked for.</summary>
internal sealed class FakePackets : ICallPackets
{
    private readonly Dictionary<string, List<(Timestamp At, byte[] Frame, PacketKinds Kind, LinkType Link)>> _packets = new(StringComparer.Ordinal);
    private long _shown;
    private int _visits;

    /// <summary>Packets shown so far.</summary>
    public long Shown => Interlocked.Read(ref _shown);

    /// <summary>Visits begun.</summary>
    public int Visits => Volatile.Read(ref _visits);

    /// <summary>How often each call's packets are repeated.</summary>
    public int Repeat { get; set; } = 1;

    /// <summary>After how many packets, all visits together, it fails; never unless set.</summary>
    public long FailAfter { get; set; } = long.MaxValue;

    /// <summary>Is waited for before a visit begins; none unless set.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public FakePackets Add(string id, byte[] frame, PacketKinds kind = PacketKinds.Signalling, double seconds = 0, LinkType link = LinkType.Ethernet)
    {
        if (!_packets.TryGetValue(id, out var list)) _packets.Add(id, list = []);
        list.Add((TestCalls.Start + TimeSpan.FromSeconds(seconds), frame, kind, link));
        return this;
    }

    public FakePackets AddSip(string id, string source, string destination, SipText message, double seconds = 0) =>
        Add(id, PacketBuilder.UdpFrame(source, destination, message.ToBytes()).Build(), PacketKinds.Signalling, seconds);

    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        Interlocked.Increment(ref _visits);
        Gate.Wait(TimeSpan.FromSeconds(120));
        bool any = false;
        if (!_packets.TryGetValue(id, out var list)) return false;
        for (int i = 0; i < Repeat; i++)
        {
            foreach ((Timestamp at, byte[] frame, PacketKinds kind, LinkType link) in list)
            {
                if (!kinds.HasFlag(kind)) continue;
                if (Interlocked.Increment(ref _shown) > FailAfter) throw new IOException("the disk is gone");
                any = true;
                if (!visitor.Visit(PacketBuilder.Captured(frame, at, link))) return any;
            }
        }

        return any;
    }
}

/// <summary>Media sessions of the calls, and recordings as told.</summary>
internal sealed class FakeMedia(FakeCalls calls) : IMediaSessionReader, IRecordings, IRecordingStore, IFaxMaker
{
    private readonly List<MediaSessionQuery> _queries = [];
    private readonly List<(string CallId, RecordingVariant Variant, bool Retry)> _asked = [];

    public IReadOnlyList<MediaSessionQuery> Queries
    {
        get
        {
            lock (_queries) return [.. _queries];
        }
    }

    public IReadOnlyList<(string CallId, RecordingVariant Variant, bool Retry)> Asked
    {
        get
        {
            lock (_asked) return [.. _asked];
        }
    }

    /// <summary>What is known of every recording; nothing unless set.</summary>
    public Func<string, RecordingAnswer>? Answer { get; set; }

    public List<RecordingEntry> Entries { get; } = [];

    /// <summary>What a fax is made of; none unless set.</summary>
    public string? Fax { get; set; }

    /// <summary>The same by call; <see cref="Fax"/> for all unless set.</summary>
    public Func<string, string?>? FaxOf { get; set; }

    public FaxOutcome Make(CallRecord record, ICallPackets packets, FaxForm form, Stream output, CancellationToken stop = default)
    {
        string? fax = FaxOf is null ? Fax : FaxOf(record.Id);
        if (fax is null) return new FaxOutcome { Reason = "no_fax" };
        output.Write(System.Text.Encoding.UTF8.GetBytes($"{form} of {fax}"));
        return new FaxOutcome { Pages = 1 };
    }

    public MediaSessionRecord? GetMediaSession(string id) =>
        MediaSessionId.TryRead(id, out string call, out int index) ? calls.Get(call)?.MediaSessions.FirstOrDefault(session => session.Index == index) : null;

    public MediaSessionPage ListMediaSessions(MediaSessionQuery query)
    {
        lock (_queries) _queries.Add(query);
        if (query.Cursor is not (null or "next")) return new MediaSessionPage { MediaSessions = [], CursorRejected = true };
        MediaSessionRecord[] all = [.. calls.List(new CallQuery { Limit = 1000 }).Calls.SelectMany(static call => call.MediaSessions)];
        bool first = query.Cursor is null && all.Length > query.Limit;
        return new MediaSessionPage { MediaSessions = [.. all.Take(query.Limit)], NextCursor = first ? "next" : null };
    }

    public long CountMediaSessions(MediaSessionQuery query) => calls.List(new CallQuery { Limit = 1000 }).Calls.Sum(static call => call.MediaSessions.Count);

    public Task<RecordingAnswer> GetAsync(string callId, RecordingVariant variant, bool retry, TimeSpan wait, CancellationToken stop = default)
    {
        lock (_asked) _asked.Add((callId, variant, retry));
        return Task.FromResult(Answer?.Invoke(callId) ?? new RecordingAnswer { Entry = new RecordingEntry { CallId = callId, State = RecordingState.None, Reason = "no_rtp" } });
    }

    public RecordingEntry? GetRecording(string callId) => Entries.Find(entry => entry.CallId == callId);

    public bool SetRecording(RecordingEntry entry) => throw new NotSupportedException();

    public RecordingPage ListRecordings(RecordingQuery query) => query.Cursor is null
        ? new RecordingPage { Recordings = [.. Entries.Where(entry => query.State is null || entry.State == query.State).Take(query.Limit)] }
        : new RecordingPage { Recordings = [], CursorRejected = true };
}

/// <summary>A clock that moves only when told; its timestamps count microseconds, an odd unit on purpose.</summary>
internal sealed class TestClock : TimeProvider
{
    private long _microseconds = 77;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => Interlocked.Read(ref _microseconds);

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 11, 20, 4, 27, 0, TimeSpan.Zero).AddTicks(GetTimestamp() * TimeSpan.TicksPerMicrosecond);

    public void Move(TimeSpan by) => Interlocked.Add(ref _microseconds, by.Ticks / TimeSpan.TicksPerMicrosecond);
}

/// <summary>A real server on a free port of this machine, over fakes, and a client for it.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly ApiHost _host;

    private Rig(ApiOptions options, StatisticsBoard board)
    {
        Options = options;
        Media = new FakeMedia(Calls);
        _host = new ApiHost(options, Calls, Packets, new ApiMedia(Media, Media, Media) { Faxes = Media }, board, live: new ApiLive(Live, Live));
        Board = board;
    }

    public ApiOptions Options { get; }

    public FakeCalls Calls { get; } = new();

    public FakePackets Packets { get; } = new();

    public FakeMedia Media { get; }

    public FakeLive Live { get; } = new();

    public StatisticsBoard Board { get; }

    public List<string> Faults { get; } = [];

    /// <summary>Client that sends the administrator's token where there is one.</summary>
    public HttpClient Client { get; private set; } = new();

    /// <summary>The administrator's token.</summary>
    public string? Token { get; private set; }

    public string Url { get; private set; } = "";

    public ApiCounters Counters => _host.Counters;

    public string Access => Options.AccessFolder;

    public static async Task<Rig> StartAsync(Func<ApiOptions, ApiOptions>? change = null)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"cdr-api-{Guid.NewGuid():n}");
        Rig? rig = null;
        var options = new ApiOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            AccessFolder = folder,
            OnFault = fault =>
            {
                lock (rig!.Faults) rig.Faults.Add(fault);
            },
        };
        rig = new Rig(change?.Invoke(options) ?? options, new StatisticsBoard());
        ApiStarted started = await rig._host.StartAsync();
        rig.Url = started.Url;
        rig.Token = started.NewAdminToken;
        rig.Client = rig.NewClient(started.NewAdminToken);
        return rig;
    }

    public HttpClient NewClient(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(60) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? accept = null, HttpMethod? method = null)
    {
        var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        return Client.SendAsync(request);
    }

    public async Task<JsonElement> JsonAsync(string path) => await ReadJsonAsync(await GetAsync(path));

    public static async Task<JsonElement> ReadJsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;

    /// <summary>Asserts a problem and returns it.</summary>
    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        JsonElement problem = await ReadJsonAsync(response);
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        await _host.DisposeAsync();
        if (Directory.Exists(Access)) Directory.Delete(Access, recursive: true);
    }
}
