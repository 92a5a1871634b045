using System.Net;
using System.Net.Sockets;
using System.Text;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A server beside a live capture (HEP, sent by the tests) over the demo's and hostile calls, with alerts about them, and a browser.</summary>
public sealed class WatchRig : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-watch-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly UdpClient _agent = new();
    private IApiServer? _server;
    private ILiveRunner? _live;
    private Task<LiveSummary>? _capture;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _signedIn;
    private IPEndPoint _hep = new(IPAddress.Loopback, 0);
    private string _url = "";
    private string _admin = "";

    /// <summary>Ids of the alerts that are there from the beginning: critical and hostile, warning, over.</summary>
    internal IReadOnlyList<string> Alerts { get; private set; } = [];

    public async Task InitializeAsync()
    {
        if (Chromium.Missing is not null) return;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0))) _hep = (IPEndPoint)probe.Client.LocalEndPoint!;
        string data = Path.Combine(_folder, "data");
        var parts = new Wiring();
        Settings settings = SettingsLoader.Load(
            new SettingsFlags
            {
                DataDirectory = data,
                Listen = "127.0.0.1:0",
                Set =
                [
                    $"cdrengine.directory.file={parts.DemoDirectory}", $"cdrengine.hep.listen=127.0.0.1:{_hep.Port}", "cdrengine.alerts.settle=1s", "cdrengine.alerts.kinds.failures.sample=3",
                    "cdrengine.alerts.kinds.failures.at-least=3", "cdrengine.call.linger=1s",
                ],
            },
            static _ => null);
        string hostile = Path.Combine(_folder, "hostile.pcap"), quality = Path.Combine(_folder, "quality.pcap");
        HostileCapture.Write(hostile);
        QualityCapture.Write(quality);
        using (IImportRunner importer = parts.Importer(settings)) importer.Run([.. parts.DemoCaptures, hostile, quality], CancellationToken.None);
        MakeAlerts(settings);
        _live = parts.Live(settings);
        _server = parts.Server(settings);
        ApiStart start = await _server.StartAsync(CancellationToken.None);
        (_url, _admin) = (start.Url, start.NewAdminToken!);
        _capture = Task.Factory.StartNew(() => _live.Run(new LiveService(), _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium.Path, Args = Environment.UserName == "root" ? ["--no-sandbox"] : [] });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        await _stop.CancelAsync();
        if (_capture is not null) await _capture;
        if (_server is not null)
        {
            await _server.StopAsync();
            await _server.DisposeAsync();
        }

        _live?.Dispose();
        _agent.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A tab of its own, signed in.</summary>
    public async Task<WatchedPage> OpenAsync(string path, PageLook? look = null)
    {
        if (_signedIn is null)
        {
            await using WatchedPage door = await BareAsync(null, null);
            await door.GoAsync("/sign-in");
            await door.Page.FillAsync("#token", _admin);
            await door.Page.ClickAsync("button.primary");
            await door.Page.WaitForSelectorAsync("nav[aria-label=Sections]");
            _signedIn = await door.Page.Context.StorageStateAsync();
        }

        WatchedPage tab = await BareAsync(look, _signedIn);
        await tab.GoAsync(path);
        return tab;
    }

    /// <summary>Sends a SIP message as a capture agent would, now.</summary>
    public void Send(SipText message, bool isBack)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        byte[] hep = HepBuilder.Sip(
            isBack ? "192.0.2.2:5060" : "192.0.2.1:5060", isBack ? "192.0.2.1:5060" : "192.0.2.2:5060", Encoding.UTF8.GetString(message.ToBytes()), now.ToUnixTimeSeconds(), (int)(now.Ticks % TimeSpan.TicksPerSecond / 10));
        _agent.Send(hep, _hep);
    }

    private async Task<WatchedPage> BareAsync(PageLook? look, string? state)
    {
        look ??= PageLook.Desk;
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = _url,
            ViewportSize = new ViewportSize { Width = look.Width, Height = look.Height },
            ColorScheme = look.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            TimezoneId = "Europe/Berlin",
            Locale = "en-GB",
            ReducedMotion = ReducedMotion.Reduce,
            JavaScriptEnabled = look.HasScript,
            StorageState = state,
        });
        context.SetDefaultTimeout(20_000);
        return await WatchedPage.OpenAsync(context);
    }

    private void MakeAlerts(Settings settings)
    {
        using ICallStore calls = Stores.Calls(settings, StoreUse.Command);
        CallRecord[] stored = [.. calls.List(new CallQuery { Limit = 30 }).Calls];
        string hostile = string.Join(' ', HostileCapture.Texts.Take(6).Select(static text => text.Text));
        Timestamp now = Timestamp.From(DateTimeOffset.UtcNow);
        Alert[] alerts =
        [
            Make("failures", AlertKind.Failures, AlertSeverity.Critical, new AlertGroup { Trunk = hostile, Peer = "192.0.2.9" }, now - TimeSpan.FromMinutes(12)) with
            {
                Calls = [.. stored.Select(static call => call.Id)], CallCount = 250, CallsFrom = stored[^1].StartedAt, CallsTo = stored[0].StartedAt, Value = 42, Worst = 61.5, Last = 48, Threshold = 30, Total = 60, Bad = 25,
            },
            Make("mos-low", AlertKind.MosLow, AlertSeverity.Warning, new AlertGroup { Tenant = "acme", Trunk = "carrier-a" }, now - TimeSpan.FromHours(3)) with { IsQuiet = true, Value = 25, Worst = 25, Last = 22, Threshold = 20, Limit = 3.1, Total = 40, Bad = 10, CallCount = 10 },
            Make("registration-loss", AlertKind.RegistrationLoss, AlertSeverity.Critical, new AlertGroup { Peer = "192.0.2.9" }, now - TimeSpan.FromDays(1)) with { Bad = 31, Total = 31, Value = 31, Worst = 44, Threshold = 20, ClearedAt = now - TimeSpan.FromHours(23) },
        ];
        using IAlertDatabase store = Stores.Alerts(settings);
        store.Write(alerts);
        Alerts = [.. alerts.Select(static alert => alert.Id)];
    }

    private static Alert Make(string rule, AlertKind kind, AlertSeverity severity, AlertGroup group, Timestamp at) => new()
    {
        Id = Alert.IdOf(rule, group, at), Rule = rule, Kind = kind, Severity = severity, Group = group, Tenant = group.Tenant, RaisedAt = at, UpdatedAt = Timestamp.From(DateTimeOffset.UtcNow), Window = TimeSpan.FromMinutes(15),
    };
}

[CollectionDefinition(Name)]
public sealed class WatchCollection : ICollectionFixture<WatchRig>
{
    public const string Name = "watched pages";
}
