using CdrEngine.Page.Tests.Browser;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>Every view over everything there is, demo and hostile: nothing runs, nothing breaks out, everybody can read it.</summary>
[Collection(PageCollection.Name)]
public sealed class EveryViewTests(PageRig rig)
{
    [ChromiumTheory]
    [InlineData("/sessions", "sessions")]
    [InlineData("/registrations", "registrations")]
    [InlineData("/messages", "messages")]
    [InlineData("/peers", "peers")]
    [InlineData("/system?zero=1", "system")]
    public async Task List_IsSound_AtEveryWidthAndInBothLooks(string path, string name)
    {
        foreach ((PageLook look, string suffix) in new[] { (PageLook.Desk, ""), (PageLook.Dark, "-dark"), (PageLook.Phone, "-phone") })
        {
            await using WatchedPage tab = await rig.OpenAsync(path, look);
            await tab.SettledAsync();
            Assert.True(await tab.Page.Locator("tbody tr").CountAsync() > 0);
            await tab.ShootAsync(name + suffix);
            await tab.AssertFitsAsync();
            await tab.AssertAccessibleAsync();
            tab.AssertQuiet();
        }
    }

    [ChromiumFact]
    public async Task EveryCallAndSession_IsSound()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?limit=200");
        string[] calls = await LinksAsync(tab);
        Assert.True(calls.Length > 30);
        foreach (string path in calls) await SoundAsync(tab, path);
        await tab.GoAsync("/sessions");
        string[] sessions = await LinksAsync(tab);
        foreach (string path in sessions.Take(12)) await SoundAsync(tab, path);
    }

    [ChromiumTheory]
    [InlineData("/registrations")]
    [InlineData("/messages")]
    public async Task EveryDetail_IsSound(string list)
    {
        await using WatchedPage tab = await rig.OpenAsync(list);
        string[] paths = await LinksAsync(tab);
        Assert.True(paths.Length >= HostileCapture.Texts.Length);
        await tab.GoAsync(paths[0]);
        await tab.ShootAsync(list[1..] + "-one");
        foreach (string path in paths.Take(HostileCapture.Texts.Length + 2)) await SoundAsync(tab, path);
    }

    [ChromiumFact]
    public async Task HostileCalls_StayText_OnAPhoneToo()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?q=hostile&cols=caller&cols=callee&cols=caller_device&cols=callee_device&cols=cause&cols=call_id&cols=dialled&cols=outcome", PageLook.Phone);
        await tab.SettledAsync();
        await tab.AssertFitsAsync();
        await tab.ShootAsync("calls-hostile-phone");
        string[] paths = await LinksAsync(tab);
        Assert.Equal(HostileCapture.Texts.Length, paths.Length);
        for (int i = 0; i < paths.Length; i++)
        {
            // Each call; of the messages, which show the same fields, those of every third.
            string path = paths[i];
            await SoundAsync(tab, path);
            if (i % 3 != 0) continue;
            await SoundAsync(tab, $"{path}/messages/1");
            await SoundAsync(tab, $"{path}/compare?a=1&b=3");
        }

        await tab.GoAsync(paths[3]);
        await tab.ShootAsync("call-hostile-phone", whole: true);
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Transfer_IsToldAsAStory()
    {
        await using WatchedPage tab = await rig.OpenAsync("/sessions?kind=transfer");
        string path = (await LinksAsync(tab))[0];
        await tab.GoAsync(path);
        await tab.ShootAsync("session", whole: true);
        Assert.Contains("transfer", await tab.Page.TextContentAsync("#story"));
        await tab.GoAsync(path + "?relay=1");
        Assert.True(await tab.Page.Locator("#relay table, #relay p").CountAsync() > 0);
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task SharedRecording_IsSound_InEveryLook()
    {
        await using WatchedPage list = await rig.OpenAsync("/calls?q=2002&min=2m");
        string call = (await LinksAsync(list))[0]["/calls/".Length..];
        IAPIResponse made = await list.Page.APIRequest.PostAsync("/api/v1/shares", new APIRequestContextOptions
        {
            Headers = [KeyValuePair.Create("Authorization", $"Bearer {rig.Admin}")],
            DataObject = new { call_id = call, expires_in = 3600, name = "Call <img src=x onerror=pwn()>", passphrase = "open it please", ladder = true },
        });
        Assert.Equal(201, made.Status);
        string path = (await made.JsonAsync())!.Value.GetProperty("path").GetString()!;
        foreach ((PageLook look, string suffix) in new[] { (PageLook.Desk, ""), (PageLook.Dark, "-dark"), (PageLook.Phone, "-phone") })
        {
            await using WatchedPage tab = await rig.BareAsync(look);
            await tab.GoAsync(path);
            Assert.Equal("Call <img src=x onerror=pwn()>", await tab.Page.TextContentAsync("h1"));
            await tab.AssertAccessibleAsync();
            await tab.ShootAsync("share-asked" + suffix);
            await tab.Page.FillAsync("input[name=passphrase]", "open it please");
            await tab.Page.ClickAsync("button");
            await tab.Page.WaitForSelectorAsync("audio");
            await tab.Page.WaitForFunctionAsync("() => document.querySelector('img').complete && document.querySelector('img').naturalWidth > 100");
            await tab.ShootAsync("share" + suffix, whole: true);
            await tab.AssertFitsAsync();
            await tab.AssertAccessibleAsync();
            tab.AssertQuiet();
        }
    }

    [ChromiumFact]
    public async Task WrongAddresses_AreToldInWords()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        foreach (string path in (string[])["/nothing", "/calls/20261120-000000000000000000000000", "/calls/x", "/sessions/..%2f", "/messages/1", "/registrations/zzz", "/assets/1/none.js"]) await tab.GoAsync(path, 404);
        await tab.ShootAsync("not-found");
        await tab.GoAsync("/nothing", 404);
        await tab.ShootAsync("not-found");
        Assert.Contains("nothing here", await tab.Page.TextContentAsync("h1"));
        await tab.AssertAccessibleAsync();
    }

    [ChromiumFact]
    public async Task Assets_AreKeptByTheirHash_AndHeadersAreStrict()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        var page = await tab.Page.APIRequest.GetAsync(rig.Url + "/calls");
        Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", page.Headers["content-security-policy"]);
        Assert.DoesNotContain("unsafe", page.Headers["content-security-policy"]);
        Assert.Equal("no-store", page.Headers["cache-control"]);
        Assert.DoesNotContain("style=", await page.TextAsync());
        string style = (await tab.Page.GetAttributeAsync("link[rel=stylesheet]", "href"))!;
        var asset = await tab.Page.APIRequest.GetAsync(rig.Url + style);
        Assert.Contains("immutable", asset.Headers["cache-control"]);
        var again = await tab.Page.APIRequest.GetAsync(rig.Url + style, new() { Headers = [KeyValuePair.Create("If-None-Match", asset.Headers["etag"])] });
        Assert.Equal(304, again.Status);
    }

    private static async Task SoundAsync(WatchedPage tab, string path)
    {
        await tab.GoAsync(path);
        await tab.AssertFitsAsync();
        await tab.AssertAccessibleAsync();
        await tab.AssertOursAloneAsync();
        tab.AssertQuiet();
    }

    private static Task<string[]> LinksAsync(WatchedPage tab) => tab.Page.Locator("tbody .row-link").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
}
