using CdrEngine.Api.Access;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Directory;
using CdrEngine.Storage;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>A real server over a real store in a folder of its own, and clients of several tenants.</summary>
internal sealed class DialectRig : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdr-dialect-").FullName;
    private readonly ApiHost _host;
    private readonly FakeCalls _none = new();

    private DialectRig(FakeDirectory? directory, FakeControl? control, int? mostJudged, ICallStore? calls, int? mostSessions, string? callLogs, BillsecRounding? rounding)
    {
        Store = SqliteCallStore.Open(Path.Combine(_folder, "records"));
        Calls = calls ?? Store;
        Noted = new NotedCalls(Calls);
        Media = new FakeMedia(_none);
        Remarks = new SqliteCallRemarks(Path.Combine(_folder, "records"));
        Messages = SqliteMessageStore.Open(Path.Combine(_folder, "messages"));
        Registrations = SqliteRegistrationStore.Open(_folder);
        Reports = new SqliteReportStore(Path.Combine(_folder, "records"));
        var usual = new ApiOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), AccessFolder = "" };
        Options = usual with
        {
            AccessFolder = Path.Combine(_folder, "access"),
            Time = Clock,
            MostJudged = mostJudged ?? usual.MostJudged,
            MostSessions = mostSessions ?? usual.MostSessions,
            CallLogFolder = callLogs,
            Rounding = rounding ?? usual.Rounding,
            OnFault = fault =>
            {
                lock (Faults) Faults.Add(fault);
            },
        };
        _host = new ApiHost(
            Options,
            Noted,
            Packets,
            new ApiMedia(Store, Media, Store) { Faxes = Media },
            new StatisticsBoard(),
            new ApiDialects(Noted, Calls, (IApiDirectory?)directory ?? new NoDirectory()) { Control = control, Remarks = Remarks, Reports = Reports, Mailer = Mailer },
            new ApiLive(Live, Live),
            new ApiDesk(Registrations, Packets, Messages, Packets))
        { Totals = Store };
    }

    public ApiOptions Options { get; }

    public TestClock Clock { get; } = new();

    public SqliteCallStore Store { get; }

    /// <summary>The calls that are served: <see cref="Store"/>, unless a test has them elsewhere.</summary>
    public ICallStore Calls { get; }

    /// <summary>What was asked of <see cref="Calls"/>.</summary>
    public NotedCalls Noted { get; }

    public SqliteCallRemarks Remarks { get; }

    public SqliteMessageStore Messages { get; }

    public SqliteRegistrationStore Registrations { get; }

    public FakePackets Packets { get; } = new();

    /// <summary>Calls in progress.</summary>
    public FakeLive Live { get; } = new();

    public FakeMedia Media { get; }

    public SqliteReportStore Reports { get; }

    public FakeMailer Mailer { get; } = new();

    public List<string> Faults { get; } = [];

    public string Url { get; private set; } = "";

    public string AdminToken { get; private set; } = "";

    public TokenStore Tokens { get; private set; } = null!;

    /// <summary>Client with the administrator's token.</summary>
    public HttpClient Admin { get; private set; } = new();

    public string AccessFolder => Options.AccessFolder;

    public static async Task<DialectRig> StartAsync(
        FakeDirectory? directory = null, FakeControl? control = null, int? mostJudged = null, ICallStore? calls = null, int? mostSessions = null, string? callLogs = null, BillsecRounding? rounding = null)
    {
        var rig = new DialectRig(directory, control, mostJudged, calls, mostSessions, callLogs, rounding);
        ApiStarted started = await rig._host.StartAsync();
        rig.Url = started.Url;
        rig.AdminToken = started.NewAdminToken!;
        rig.Admin = rig.Client(started.NewAdminToken);
        rig.Tokens = TokenStore.Open(rig.AccessFolder, rig.Clock);
        return rig;
    }

    /// <summary>A new token; the server sees it with its next look.</summary>
    public string NewToken(string? tenant, params string[] scopes)
    {
        string token = Tokens.Create("test", scopes.Length == 0 ? [ApiScopes.CallsRead, ApiScopes.RecordingsRead, ApiScopes.PacketsRead] : scopes, tenant: tenant);
        Clock.Move(TimeSpan.FromSeconds(2));
        return token;
    }

    /// <summary>A client that sends a bearer token.</summary>
    public HttpClient Client(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(60) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public void Add(params CallRecord[] calls) => Add(null, calls);

    public void Add(string? tenant, params CallRecord[] calls) =>
        Assert.Null(Calls.Write([.. calls.Select(call => new StoredCall(call, RecordRevision.Final, default, tenant))]).Fault);

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<JsonElement> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK) => await JsonAsync(await Admin.GetAsync(path), status);

    /// <summary>Stops the server; what it does in the background is done then.</summary>
    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await _host.StopAsync();
        await _host.DisposeAsync();
        if (Calls != Store) Calls.Dispose();
        Store.Dispose();
        Remarks.Dispose();
        Messages.Dispose();
        Registrations.Dispose();
        Reports.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A telephone system that notes what it is asked to do.</summary>
internal sealed class FakeControl : ICallControl
{
    public List<string> Asked { get; } = [];

    public ControlAnswer Answer { get; set; } = new(ControlOutcome.Done, "Done.");

    public Task<ControlAnswer> DialAsync(ControlEnd from, ControlEnd to, CancellationToken stop = default) => Note($"dial {from.Kind} {from.Number} {to.Kind} {to.Number}");

    public Task<ControlAnswer> RedirectAsync(string sipCallId, ControlEnd to, CancellationToken stop = default) => Note($"redirect {sipCallId} {to.Kind} {to.Number}");

    public Task<ControlAnswer> ParkAsync(string sipCallId, CancellationToken stop = default) => Note($"park {sipCallId}");

    public Task<ControlAnswer> HoldAsync(string sipCallId, CancellationToken stop = default) => Note($"hold {sipCallId}");

    public Task<ControlAnswer> HangUpAsync(string sipCallId, CancellationToken stop = default) => Note($"hang up {sipCallId}");

    private Task<ControlAnswer> Note(string what)
    {
        lock (Asked) Asked.Add(what);
        return Task.FromResult(Answer);
    }
}

/// <summary>Keeps what it is to send, or refuses it.</summary>
internal sealed class FakeMailer : IReportMailer
{
    public List<ReportMail> Sent { get; } = [];

    public int Refusals { get; set; }

    public Task SendAsync(ReportMail mail, CancellationToken stop)
    {
        lock (Sent)
        {
            if (Refusals-- > 0) throw new IOException("mail server said no");
            Sent.Add(mail);
        }

        return Task.CompletedTask;
    }
}

/// <summary>A directory of two tenants.</summary>
internal sealed class FakeDirectory : IApiDirectory
{
    public Dictionary<string, ApiAccount> Accounts { get; } = new(StringComparer.Ordinal)
    {
        ["acme"] = new ApiAccount("acme", 1),
        ["1"] = new ApiAccount("acme", 1),
        ["beta"] = new ApiAccount("beta", 2),
        ["2"] = new ApiAccount("beta", 2),
    };

    public Dictionary<long, string[]> Users { get; } = new() { [10001] = ["1001"], [10002] = ["2002", "+4930123"] };

    /// <summary>Who is who, beside <see cref="Users"/>.</summary>
    public List<DirectoryEntry> Entries { get; } = [];

    public IReadOnlyList<Tenant> Tenants { get; } =
    [
        new Tenant { Name = "acme", Id = 1, Title = "Acme", Account = "acme" },
        new Tenant { Name = "beta", Id = 2, Title = "Beta", Account = "beta" },
    ];

    public ApiAccount? Find(string account) => Accounts.GetValueOrDefault(account);

    public IReadOnlyList<string> NumbersOf(string? tenant, long user) => Users.GetValueOrDefault(user, []);

    public IReadOnlyList<DirectoryEntry> List(string? tenant, PartyKind kind) => [.. Seen(tenant).Where(entry => entry.Kind == kind)];

    public DirectoryEntry? Entry(string? tenant, PartyKind kind, long id) => Seen(tenant).FirstOrDefault(entry => entry.Kind == kind && entry.Id == id);

    public IReadOnlyList<DirectoryEntry> GroupsOf(string? tenant, PartyKind kind, long id) => [.. Seen(tenant).Where(entry => entry.Members.Contains(new GroupMember(kind, id)))];

    public DirectoryEntry? WhoHas(string? tenant, string number) => Seen(tenant).FirstOrDefault(entry => entry.Extensions.Contains(number) || entry.Numbers.Contains(number));

    public DirectoryEntry? OwnerOf(string? tenant, string hardwareAddress) =>
        Seen(tenant).FirstOrDefault(entry => entry.Devices.Contains(string.Concat(hardwareAddress.Where(char.IsAsciiHexDigit)).ToLowerInvariant()));

    private IEnumerable<DirectoryEntry> Seen(string? tenant) => Entries.Where(entry => tenant is null || entry.Tenant is null || entry.Tenant.Name == tenant);
}
