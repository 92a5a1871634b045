using Microsoft.Playwright;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>One browser for all rigs: started by the first that takes it, ended by the last that gives it back.</summary>
internal static class SharedBrowser
{
    private static readonly SemaphoreSlim Door = new(1, 1);
    private static IPlaywright? _playwright;
    private static IBrowser? _browser;
    private static int _holders;

    public static async Task<IBrowser> TakeAsync()
    {
        await Door.WaitAsync();
        try
        {
            if (_browser is null)
            {
                _playwright = await Playwright.CreateAsync();
                string[] sandbox = Environment.UserName == "root" ? ["--no-sandbox"] : [];
                _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium.Path, Args = [.. sandbox, "--autoplay-policy=no-user-gesture-required"] });
            }

            _holders++;
            return _browser;
        }
        finally
        {
            Door.Release();
        }
    }

    public static async Task GiveBackAsync()
    {
        await Door.WaitAsync();
        try
        {
            if (--_holders > 0 || _browser is null) return;
            await _browser.DisposeAsync();
            _playwright!.Dispose();
            (_browser, _playwright) = (null, null);
        }
        finally
        {
            Door.Release();
        }
    }
}
