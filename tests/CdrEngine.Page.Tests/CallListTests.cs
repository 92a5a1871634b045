using CdrEngine.Page.Tests.Browser;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>The list of calls in a browser.</summary>
[Collection(ListCollection.Name)]
public sealed class CallListTests(PageRig rig)
{
    [ChromiumTheory]
    [InlineData("calls", 1280, false, true)]
    [InlineData("calls-dark", 1280, true, true)]
    [InlineData("calls-phone", 390, false, true)]
    [InlineData("calls-phone-dark", 390, true, true)]
    [InlineData("calls-plain", 1280, false, false)]
    public async Task List_ShowsCallsAndTotals(string name, int width, bool isDark, bool hasScript)
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls", new PageLook(width, 900, isDark, hasScript));
        if (hasScript) await tab.SettledAsync();
        Assert.True(await tab.Page.Locator("tbody tr").CountAsync() > 20);
        await tab.ShootAsync(name);
        if (hasScript)
        {
            Assert.Contains("ASR", await tab.Page.TextContentAsync("#totals"));
            await tab.AssertFitsAsync();
            await tab.AssertAccessibleAsync();
        }

        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Typing_NarrowsTheList_AndTheAddressFollows()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        await tab.SettledAsync();
        int all = await tab.Page.Locator("tbody tr").CountAsync();
        await tab.Page.Locator("#q").PressSequentiallyAsync("1003");
        await tab.Page.WaitForFunctionAsync("before => document.querySelectorAll('tbody tr').length < before && document.querySelector('.chips')", all);
        Assert.Contains("q=1003", tab.Page.Url);
        Assert.Equal("q", await tab.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        await tab.SettledAsync();
        await tab.ShootAsync("calls-typed");
        await tab.AssertAccessibleAsync();

        // The chip takes it away again, and going back brings it back.
        await tab.Page.ClickAsync(".chip a");
        await tab.Page.WaitForFunctionAsync("before => document.querySelectorAll('tbody tr').length === before", all);
        Assert.Equal("", await tab.Page.InputValueAsync("#q"));
        await tab.Page.GoBackAsync();
        await tab.Page.WaitForFunctionAsync("before => document.querySelectorAll('tbody tr').length < before", all);
        Assert.Equal("1003", await tab.Page.InputValueAsync("#q"));
        tab.AssertQuiet();
    }

    [ChromiumTheory]
    [InlineData("disposition=busy", "Busy")]
    [InlineData("flags=held", "Held")]
    [InlineData("q=2002", "2002")]
    [InlineData("min=2m&max=3m", "2:04")]
    [InlineData("mos=3.9", "3.")]
    [InlineData("codec=opus", "Answered")]
    [InlineData("caller=1003", "1003")]
    [InlineData("address=192.0.2.1", "1001")]
    public async Task Filters_LeaveWhatTheySay(string query, string inEach)
    {
        await using WatchedPage tab = await rig.OpenAsync($"/calls?{query}", PageLook.Plain);
        IReadOnlyList<string> rows = await tab.Page.Locator("tbody tr").AllTextContentsAsync();
        Assert.NotEmpty(rows);
        if (!query.StartsWith("address", StringComparison.Ordinal)) Assert.All(rows, row => Assert.Contains(inEach, row));
        Assert.Equal(query.Split('&').Length, await tab.Page.Locator(".chip").CountAsync());
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Filters_AreFilledIn_ByHand()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        await tab.SettledAsync();
        await tab.Page.ClickAsync("summary:has-text('Filters')");
        await tab.ShootAsync("calls-filters");
        await tab.AssertAccessibleAsync();
        await tab.Page.CheckAsync("input[name=disposition][value=busy]");
        await tab.Page.WaitForFunctionAsync("() => [...document.querySelectorAll('tbody .badge')].length > 0 && [...document.querySelectorAll('tbody .badge')].every(badge => badge.textContent === 'Busy')");
        await tab.Page.PressAsync("body", "Escape");
        await tab.Page.ClickAsync("summary:has-text('Columns')");
        await tab.Page.CheckAsync("input[name=cols][value=cause]");
        await tab.Page.WaitForSelectorAsync("th:has-text('Cause')");
        Assert.Contains("cols=cause", tab.Page.Url);
        await tab.Page.UncheckAsync("input[name=cols][value=cause]");
        await tab.Page.WaitForFunctionAsync("() => !location.search.includes('cols')");
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task NonsenseFilters_AreToldSo_AndShowNothing()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?when=last+fortnite&address=1.2.3&disposition=gone&mos=12&min=long&from=soon&cursor=zzz");
        Assert.Equal(5, await tab.Page.Locator(".problem").CountAsync());
        Assert.Equal(0, await tab.Page.Locator("tbody tr").CountAsync());
        await tab.ShootAsync("calls-problems");
        await tab.AssertAccessibleAsync();
        await tab.GoAsync("/calls?q=nobody-is-called-this");
        Assert.Contains("No call matches", await tab.Page.TextContentAsync("#results"));
        await tab.ShootAsync("calls-empty");
        await tab.AssertAccessibleAsync();
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Pages_GoOnAndBack_AndShowEveryCallOnce()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?limit=10", PageLook.Plain);
        var forth = new List<string[]>();
        while (true)
        {
            forth.Add(await LinksAsync(tab));
            if (await tab.Page.Locator(".pager a[rel=next]").CountAsync() == 0) break;
            await tab.Page.ClickAsync(".pager a[rel=next]");
        }

        Assert.True(forth.Count >= 3);
        string[] all = [.. forth.SelectMany(static page => page)];
        Assert.Equal(all.Distinct(), all);
        for (int i = forth.Count - 2; i >= 0; i--)
        {
            await tab.Page.ClickAsync(".pager a[rel=prev]");
            Assert.Equal(forth[i], await LinksAsync(tab));
        }

        Assert.Equal(0, await tab.Page.Locator(".pager a[rel=prev]").CountAsync());
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Scrolling_BringsTheNextPages()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?limit=10");
        await tab.Page.WaitForFunctionAsync("() => { scrollTo(0, document.body.scrollHeight); return !document.querySelector('.pager a[rel=next]'); }");
        string[] rows = await LinksAsync(tab);
        Assert.True(rows.Length > 30);
        Assert.Equal(rows.Distinct(), rows);
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task Headings_Sort()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        await tab.Page.ClickAsync("th a:has-text('Duration')");
        await tab.Page.WaitForSelectorAsync("th[aria-sort=descending]:has-text('Duration')");
        Assert.Contains("sort=-duration", tab.Page.Url);
        Assert.Contains("5:10", await tab.Page.TextContentAsync("tbody tr"));
        await tab.Page.ClickAsync("th a:has-text('Duration')");
        await tab.Page.WaitForSelectorAsync("th[aria-sort=ascending]:has-text('Duration')");
        await tab.Page.ClickAsync("th a:has-text('MOS')");
        await tab.Page.WaitForSelectorAsync("th[aria-sort=ascending]:has-text('MOS')");
        Assert.Contains("1001", await tab.Page.TextContentAsync("tbody tr"));
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task SavedView_IsItsAddress()
    {
        await using WatchedPage first = await rig.OpenAsync("/calls");
        await first.Page.FillAsync("#when", "2026-11-20 to 2026-11-21");
        await first.Page.WaitForFunctionAsync("() => location.search.includes('when')");
        await first.Page.ClickAsync("th a:has-text('Duration')");
        await first.Page.WaitForFunctionAsync("() => location.search.includes('sort')");
        await first.SettledAsync();
        string[] rows = await LinksAsync(first);
        await using WatchedPage second = await rig.OpenAsync(new Uri(first.Page.Url).PathAndQuery, PageLook.Plain);
        Assert.Equal(rows, await LinksAsync(second));
        Assert.Equal("2026-11-20 to 2026-11-21", await second.Page.InputValueAsync("#when"));
        string csv = (await second.Page.Locator("a[download='calls.csv']").GetAttributeAsync("href"))!;
        IAPIResponse file = await second.Page.APIRequest.GetAsync(rig.Url + csv);
        Assert.Equal(200, file.Status);
        Assert.Equal(rows.Length + 1, (await file.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Count(static line => line.StartsWith("2026", StringComparison.Ordinal) || line.StartsWith("id", StringComparison.Ordinal)));
    }

    [ChromiumFact]
    public async Task List_IsUsedByKeyboardAlone()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls");
        await tab.SettledAsync();
        await tab.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the content", await tab.Page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        await tab.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("main", await tab.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        await tab.Page.Keyboard.PressAsync("/");
        Assert.Equal("q", await tab.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        var seen = new HashSet<string>();
        for (int i = 0; i < 60; i++)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            string[] at = await tab.Page.EvaluateAsync<string[]>("""
                () => { const a = document.activeElement; const s = getComputedStyle(a), after = getComputedStyle(a, '::after');
                  return [a.tagName + ' ' + (a.textContent || a.name || '').trim().slice(0, 30), String((s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || (after.outlineStyle !== 'none' && parseFloat(after.outlineWidth) > 0))]; }
                """);
            seen.Add(at[0]);
            Assert.True(at[1] == "true", $"focus cannot be seen on {at[0]}");
            if (at[0].StartsWith("A", StringComparison.Ordinal) && await tab.Page.EvaluateAsync<bool>("() => document.activeElement.classList.contains('row-link')")) break;
        }

        Assert.Contains(seen, static name => name.Contains("Filters", StringComparison.Ordinal));
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ArriveAsync("**/calls/20*");
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task CallsThatEndMeanwhile_AreToldOf_AndShownWhenAskedFor()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?sort=started_at&limit=500");
        await tab.SettledAsync();
        int before = await tab.Page.Locator("tbody tr").CountAsync();
        Assert.False(await tab.Page.Locator("#fresh").IsVisibleAsync());
        string capture = rig.FileOf("late.pcap");
        QualityCapture.WriteOne(capture, "late-call@example.com", 900);
        await Task.Run(() => rig.Import(capture));
        await tab.Page.ClickAsync("text=Show 1 new call");
        await tab.Page.WaitForFunctionAsync("before => document.querySelectorAll('tbody tr').length === before + 1", before);
        Assert.False(await tab.Page.Locator("#fresh").IsVisibleAsync());
        tab.AssertQuiet();
    }

    [ChromiumFact]
    public async Task ThemeButton_ChangesTheLook_WithoutAScriptToo()
    {
        await using WatchedPage tab = await rig.OpenAsync("/calls?q=1001", PageLook.Plain);
        await tab.Page.ClickAsync("button[name=theme]");
        Assert.Equal("light", await tab.Page.GetAttributeAsync("html", "data-theme"));
        await tab.Page.ClickAsync("button[name=theme]");
        Assert.Equal("dark", await tab.Page.GetAttributeAsync("html", "data-theme"));
        Assert.EndsWith("/calls?q=1001", tab.Page.Url);
        tab.AssertQuiet();
    }

    private static Task<string[]> LinksAsync(WatchedPage tab) => tab.Page.Locator("tbody .row-link").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
}
