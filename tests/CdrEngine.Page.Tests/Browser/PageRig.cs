using System.Collections.Concurrent;
using CdrEngine.Api.Access;
using CdrEngine.Host;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A real server over the demo's captures, hostile ones and a fax, and a real browser. One for all tests of a collection.</summary>
public class PageRig : IAsyncLifetime
{
    public static readonly string Shots = Checkout.Path(".build", "page-shots");

    private readonly ConcurrentDictionary<string, Task<string>> _signIns = new(StringComparer.Ordinal);
    private Settings? _settings;
    private IApiServer? _server;
    private IBrowser? _browser;

    /// <summary>Address of the server, without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The administrator's token.</summary>
    public string Admin { get; private set; } = "";

    public string Data => Path.Combine(Folder, "data");

    public string Audit => File.ReadAllText(Path.Combine(DataFolder.Access(Data), "audit.jsonl"));

    protected string Folder { get; } = Directory.CreateTempSubdirectory("cdrengine-page-").FullName;

    private protected Wiring Parts { get; } = new();

    public async Task InitializeAsync()
    {
        if (Chromium.Missing is not null) return;
        _settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = Data, Listen = "127.0.0.1:0", Set = [$"cdrengine.directory.file={Parts.DemoDirectory}", .. Set()] }, static _ => null);

        // Of another day: within one run it would make every registration a thing of the past.
        Import(Checkout.Path("tests", "fixtures", "pcap", "fax", "fax-t38.pcap"));
        Import([.. Parts.DemoCaptures, .. Captures()]);
        Begin(_settings);
        _server = Parts.Server(_settings);
        ApiStart start = await _server.StartAsync(CancellationToken.None);
        Url = start.Url;
        Admin = start.NewAdminToken!;
        Attend();
        _browser = await SharedBrowser.TakeAsync();
    }

    /// <summary>Imports captures into the same process, whose calls are told of as those of a live capture are.</summary>
    public void Import(params string[] captures)
    {
        using IImportRunner importer = Parts.Importer(_settings!);
        importer.Run(captures, CancellationToken.None);
    }

    /// <summary>Path of a file that goes with the rig.</summary>
    public string FileOf(string name) => Path.Combine(Folder, name);

    public async Task DisposeAsync()
    {
        if (_browser is not null) await SharedBrowser.GiveBackAsync();
        await EndAsync();
        if (_server is not null)
        {
            await _server.StopAsync();
            await _server.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A token of its own.</summary>
    public string Token(string name, string? tenant = null, params string[] scopes) =>
        TokenStore.Open(DataFolder.Access(Data), TimeProvider.System).Create(name, scopes, expires: null, tenant);

    public void Revoke(string token) => TokenStore.Open(DataFolder.Access(Data), TimeProvider.System).Revoke(token.Split('_')[1]);

    /// <summary>A tab of its own, signed in.</summary>
    public async Task<WatchedPage> OpenAsync(string path, PageLook? look = null, string? token = null)
    {
        WatchedPage tab = await BareAsync(look, await _signIns.GetOrAdd(token ?? Admin, SignInAsync));
        await tab.GoAsync(path);
        return tab;
    }

    /// <summary>A tab of its own, signed in with a state or not at all.</summary>
    public async Task<WatchedPage> BareAsync(PageLook? look = null, string? state = null)
    {
        look ??= PageLook.Desk;
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Url,
            ViewportSize = new ViewportSize { Width = look.Width, Height = look.Height },
            ColorScheme = look.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            TimezoneId = "Europe/Berlin",
            Locale = "en-GB",
            ReducedMotion = ReducedMotion.Reduce,
            JavaScriptEnabled = look.HasScript,
            StorageState = state,
            IgnoreHTTPSErrors = true,
        });
        return await WatchedPage.OpenAsync(context);
    }

    /// <summary>Further settings.</summary>
    protected virtual IEnumerable<string> Set() => [];

    /// <summary>Captures beside the demo's.</summary>
    protected virtual IEnumerable<string> Captures()
    {
        HostileCapture.Write(FileOf("hostile.pcap"));
        QualityCapture.Write(FileOf("quality.pcap"));
        return [FileOf("hostile.pcap"), FileOf("quality.pcap")];
    }

    /// <summary>Before the server starts.</summary>
    private protected virtual void Begin(Settings settings)
    {
    }

    /// <summary>Once it has started.</summary>
    protected virtual void Attend()
    {
    }

    /// <summary>Before it stops.</summary>
    protected virtual Task EndAsync() => Task.CompletedTask;

    private async Task<string> SignInAsync(string token)
    {
        // What another process, or another store in this one, writes is seen within a second.
        if (token != Admin) await Task.Delay(TimeSpan.FromSeconds(1.1));
        await using WatchedPage tab = await BareAsync();
        await tab.GoAsync("/sign-in");
        await tab.Page.FillAsync("#token", token);
        await tab.Page.ClickAsync("button.primary");
        await tab.Page.WaitForSelectorAsync("nav[aria-label=Sections]");
        return await tab.Page.Context.StorageStateAsync();
    }
}

/// <summary>How a tab looks at pages.</summary>
/// <param name="Width">Width, pixels.</param>
/// <param name="Height">Height, pixels.</param>
/// <param name="IsDark">Whether its machine prefers dark.</param>
/// <param name="HasScript">Whether scripts run.</param>
public sealed record PageLook(int Width = 1280, int Height = 900, bool IsDark = false, bool HasScript = true)
{
    public static PageLook Desk { get; } = new();

    public static PageLook Dark { get; } = new(IsDark: true);

    public static PageLook Phone { get; } = new(390, 844);

    public static PageLook Plain { get; } = new(HasScript: false);
}

/// <summary>Tests that read.</summary>
[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<PageRig>
{
    public const string Name = "pages";
}

/// <summary>Tests of the list, beside the others, over calls of their own: they add some.</summary>
[CollectionDefinition(Name)]
public sealed class ListCollection : ICollectionFixture<PageRig>
{
    public const string Name = "lists";
}
