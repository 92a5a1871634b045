using CdrEngine.Page.Tests.Browser;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>The list of calls in a browser.</summary>
[Collection(PageCollection.Name)]
public sealed class CallListTests(PageRig rig)
{
    [ChromiumFact]
    public async Task List_ShowsCallsAndTotals()
    {
        foreach ((string name, PageLook look) in new[] { ("calls", PageLook.Desk), ("calls-dark", PageLook.Dark), ("calls-phone", PageLook.Phone), ("calls-plain", PageLook.Plain) })
        {
            await using WatchedPage tab = await rig.OpenAsync("/calls", look);
            if (look.HasScript) await tab.SettledAsync();
            Assert.True(await tab.Page.Locator("tbody tr").CountAsync() > 20);
            await tab.ShootAsync(name);
            await tab.AssertFitsAsync();
            if (look.HasScript) await tab.AssertAccessibleAsync();
            tab.AssertQuiet();
        }
    }
}
