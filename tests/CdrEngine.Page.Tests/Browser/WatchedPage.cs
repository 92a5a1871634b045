using CdrEngine.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A tab in which nothing goes unnoticed: errors of scripts, what the content security policy refused, dialogs, answers with errors, requests elsewhere.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    /// <summary>A function that lists what of a document is neither text nor ours: what could run, load or style.</summary>
    public const string StrangersOf = """
        d => [...d.querySelectorAll('script:not([src^="/assets/"]), style, iframe, object, embed, base, meta[http-equiv], [style], a[href^="javascript:" i], a[href^="data:" i], form[action]:not([action^="/"]), img')].map(e => e.outerHTML.slice(0, 120))
          .concat([...d.querySelectorAll('*')].flatMap(e => e.getAttributeNames().filter(n => n.startsWith('on')).map(n => e.tagName + ' ' + n)))
        """;

    private static readonly Lazy<string> AuditScript = new(static () => File.ReadAllText(Checkout.Path("tests", "CdrEngine.Page.Tests", "Assets", "audit.js")));

    private readonly List<string> _noise = [];

    private WatchedPage(IPage page) => Page = page;

    public IPage Page { get; }

    public static async Task<WatchedPage> OpenAsync(IBrowserContext context)
    {
        // A machine that does ten things at once answers late; 30 s, as is usual, were too few.
        context.SetDefaultTimeout(90_000);
        var watched = new WatchedPage(await context.NewPageAsync());
        watched.Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") watched.Note($"console: {message.Text}");
        };
        watched.Page.PageError += (_, error) => watched.Note($"script: {error}");
        watched.Page.Dialog += (_, dialog) =>
        {
            watched.Note($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        watched.Page.Request += (_, request) =>
        {
            string url = request.Url;
            if (!url.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) && !url.StartsWith("https://127.0.0.1:", StringComparison.Ordinal) && !url.StartsWith("data:", StringComparison.Ordinal) && !url.StartsWith("blob:", StringComparison.Ordinal))
                watched.Note($"request elsewhere: {url}");
        };
        return watched;
    }

    /// <summary>Goes there; 200 is expected.</summary>
    public async Task GoAsync(string path, int status = 200)
    {
        IResponse? response = await Page.GotoAsync(path, new PageGotoOptions { WaitUntil = WaitUntilState.Load });
        Assert.Equal(status, response!.Status);
    }

    /// <summary>Waits until the tab has come there, and all of the page is there. The page is asked, since the event of its loading may come before anybody waits for it, and was then waited for in vain.</summary>
    public async Task ArriveAsync(string url)
    {
        await Page.WaitForURLAsync(url, new PageWaitForURLOptions { WaitUntil = WaitUntilState.Commit });
        await Page.WaitForFunctionAsync("() => document.readyState === 'complete'");
    }

    /// <summary>Waits until a list's dear parts have come too.</summary>
    public Task SettledAsync() => Page.WaitForFunctionAsync("() => !document.querySelector('.busy, [aria-busy=true], [data-load] > .later')");

    /// <summary>The audit of accessibility finds nothing.</summary>
    public async Task AssertAccessibleAsync() => Assert.Equal("", string.Join('\n', await Page.EvaluateAsync<string[]>(AuditScript.Value)));

    /// <summary>Nothing stands in the page that is neither text nor ours.</summary>
    public async Task AssertOursAloneAsync() => Assert.Empty(await Page.EvaluateAsync<string[]>($"() => ({StrangersOf})(document)"));

    /// <summary>Nothing ran that was not ours, and nothing failed.</summary>
    public void AssertQuiet()
    {
        lock (_noise) Assert.Equal("", string.Join('\n', _noise));
    }

    public void Forget()
    {
        lock (_noise) _noise.Clear();
    }

    /// <summary>Keeps a picture to be looked at.</summary>
    public async Task ShootAsync(string name, bool whole = false)
    {
        Directory.CreateDirectory(PageRig.Shots);
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(PageRig.Shots, name + ".png"), FullPage = whole });
    }

    /// <summary>The page is no wider than its window.</summary>
    public async Task AssertFitsAsync()
    {
        int[] widths = await Page.EvaluateAsync<int[]>("() => [document.documentElement.scrollWidth, innerWidth]");
        Assert.True(widths[0] <= widths[1], $"{Page.Url}: {widths[0]} px wide in a window of {widths[1]}: {await WidestAsync()}");
    }

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();

    private Task<string> WidestAsync() => Page.EvaluateAsync<string>(
        "() => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.table, .scrolls')).slice(0, 5).map(e => e.tagName + '.' + e.className).join(', ')");

    private void Note(string noise)
    {
        lock (_noise) _noise.Add(noise);
    }
}
