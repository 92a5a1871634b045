using CdrEngine.Page.Tests.Browser;
using CdrEngine.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>Alerts, dashboards and what goes on now, in a browser.</summary>
[Collection(WatchCollection.Name)]
public sealed class AlertPageTests(WatchRig rig)
{
    private static readonly (string Name, PageLook Look)[] Looks = [("", PageLook.Desk), ("-dark", PageLook.Dark), ("-phone", PageLook.Phone), ("-plain", PageLook.Plain)];

    [ChromiumFact]
    public async Task Alerts_AreListed_AndShownWithTheirCalls_InEveryLook()
    {
        foreach ((string name, PageLook look) in Looks)
        {
            await using WatchedPage tab = await rig.OpenAsync("/alerts", look);
            Assert.True(await tab.Page.Locator("#live-part tbody tr").CountAsync() >= 2);
            await CheckAsync(tab, look, $"alerts{name}");
            await tab.GoAsync($"/alerts/{rig.Alerts[0]}");
            Assert.Equal(20, await tab.Page.Locator("#calls tbody tr").CountAsync());
            Assert.Contains("25 of 60 calls (42 %) failed", await tab.Page.TextContentAsync("#found"));
            await CheckAsync(tab, look, $"alert{name}");
        }
    }

    [ChromiumFact]
    public async Task Rule_IsTold_AndTriedWithOtherFigures_InEveryLook()
    {
        foreach ((string name, PageLook look) in Looks)
        {
            await using WatchedPage tab = await rig.OpenAsync(look == PageLook.Desk ? "/alerts" : "/alerts/rules/failures", look);
            if (look == PageLook.Desk) await tab.Page.ClickAsync("#rules a[href='/alerts/rules/failures']");
            await tab.Page.WaitForSelectorAsync("#trial");
            Assert.Contains("Share of calls that failed", await tab.Page.TextContentAsync(".lead"));
            Assert.Contains("30%", await tab.Page.TextContentAsync("#rule"));
            await tab.Page.FillAsync("input[name=when]", "last 365 days");
            await tab.Page.FillAsync("input[name=threshold]", "1");
            await tab.Page.FillAsync("input[name=clear]", "0");
            await tab.Page.FillAsync("input[name=sample]", "1");
            await tab.Page.ClickAsync("#trial button.primary");
            await tab.Page.WaitForSelectorAsync("#tried");
            Assert.True(await tab.Page.Locator("#trial tbody tr").CountAsync() > 0);
            await CheckAsync(tab, look, $"rule{name}");
        }

        await using WatchedPage odd = await rig.OpenAsync("/alerts/rules/failures?try=1&threshold=lots");
        Assert.Contains("is no number", await odd.Page.TextContentAsync("[role=alert]"));
        await odd.GoAsync("/alerts/rules/failures?try=1&threshold=5&clear=50");
        Assert.Contains("clear: it is not above", await odd.Page.TextContentAsync("[role=alert]"));
        await odd.GoAsync("/alerts/rules/failures?try=1&when=whenever");
        Assert.Contains("not understood", await odd.Page.TextContentAsync("[role=alert]"));
        await odd.GoAsync("/alerts/rules/registration-loss");
        Assert.Contains("not about calls", await odd.Page.TextContentAsync("#trial"));
        odd.AssertQuiet();
        await odd.GoAsync("/alerts/rules/none", 404);
    }

    [ChromiumFact]
    public async Task Alert_IsTakenByKeyboard_AndItsNoteIsTextWhateverItSays()
    {
        await using WatchedPage tab = await rig.OpenAsync("/alerts?show=raised");
        await tab.Page.Locator($"a[href='/alerts/{rig.Alerts[1]}']").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Page.WaitForSelectorAsync("#note");
        await tab.Page.Locator("#note").FocusAsync();
        await tab.Page.Keyboard.TypeAsync("<script>alert(1)</script> on it");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Page.WaitForSelectorAsync("#taken");
        Assert.Contains("<script>alert(1)</script> on it", await tab.Page.TextContentAsync("#taken"));
        await tab.ShootAsync("alert-taken");
        tab.AssertQuiet();

        // A form from elsewhere takes nothing.
        IAPIResponse foreign = await tab.Page.APIRequest.PostAsync($"/alerts/{rig.Alerts[0]}", new APIRequestContextOptions { Form = tab.Page.APIRequest.CreateFormData().Set("note", "x") });
        Assert.Equal(403, foreign.Status);
        await tab.GoAsync("/alerts/000000000000000000000000", 404);
    }

    [ChromiumFact]
    public async Task Dashboards_ShowFigures_AndLeadToTheirCalls()
    {
        foreach ((string name, PageLook look) in Looks)
        {
            await using WatchedPage tab = await rig.OpenAsync("/dashboards?when=last+365+days", look);
            Assert.True(await tab.Page.Locator("#traffic svg a").CountAsync() > 0);
            await CheckAsync(tab, look, $"dashboards{name}");
        }

        await using WatchedPage drill = await rig.OpenAsync("/dashboards?when=last+365+days");
        string calls = (await drill.Page.TextContentAsync("#outcomes tbody tr >> nth=0 >> td >> nth=1"))!.Trim();
        await drill.Page.Locator("#outcomes tbody tr >> nth=0 >> a").ClickAsync();
        await drill.ArriveAsync("**/calls?**disposition=**");
        await drill.SettledAsync();
        Assert.Equal(Math.Min(50, int.Parse(calls, System.Globalization.CultureInfo.InvariantCulture)), await drill.Page.Locator("#results tbody tr").CountAsync());
        foreach ((string card, string asked) in new[] { ("statuses", "status"), ("trunks", "trunk"), ("talkers", "caller") })
        {
            await drill.GoAsync("/dashboards?when=last+365+days");
            ILocator line = drill.Page.Locator($"#{card} tbody tr", new PageLocatorOptions { Has = drill.Page.Locator("a") }).First;
            int counted = int.Parse((await line.Locator("td >> nth=1").TextContentAsync())!.Trim(), System.Globalization.CultureInfo.InvariantCulture);
            await line.Locator("a").First.ClickAsync();
            await drill.ArriveAsync($"**/calls?**{asked}=**");
            await drill.SettledAsync();
            Assert.Contains($"Calls{counted}", (await drill.Page.TextContentAsync("#totals .tile"))!.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        }

        await drill.GoAsync("/dashboards?when=last+365+days");
        await drill.Page.Locator("#traffic .wide-only svg a >> nth=0").PressAsync("Enter");
        await drill.ArriveAsync("**/calls?**from=**");
        drill.AssertQuiet();

        foreach (string chart in new[] { "traffic", "ratios", "week" })
        {
            IAPIResponse svg = await drill.Page.APIRequest.GetAsync($"/dashboards/{chart}.svg?when=last+365+days");
            Assert.Equal((200, "image/svg+xml"), (svg.Status, svg.Headers["content-type"]));
            var drawing = System.Xml.Linq.XDocument.Parse(await svg.TextAsync());
            Assert.Equal("svg", drawing.Root!.Name.LocalName);
            Assert.DoesNotContain(drawing.Descendants(), static element => element.Name.LocalName is "script" or "a" or "foreignObject");
        }

        await drill.GoAsync("/dashboards?when=whenever");
        Assert.Contains("not understood", await drill.Page.TextContentAsync("[role=alert]"));
        await drill.GoAsync("/dashboards/none.svg", 404);
    }

    [ChromiumFact]
    public async Task Live_FollowsWhatHappens_WithoutLoadingAgain()
    {
        await using WatchedPage tab = await rig.OpenAsync("/live");
        await tab.Page.WaitForFunctionAsync("() => document.getElementById('live-state').textContent.startsWith('Follows')");
        await tab.Page.EvaluateAsync("() => { window.same = true; }");
        SipText invite = SipText.Invite("live-1", "1001", "1002").Set("From", "\"<img src=x onerror=alert(9)>\" <sip:1001@192.0.2.1>;tag=from-tag").WithSdp("192.0.2.1", 30_000);
        rig.Send(invite, isBack: false);
        rig.Send(invite.Reply(180, "Ringing"), isBack: true);
        ILocator row = tab.Page.Locator("#calls-now tbody tr", new PageLocatorOptions { HasText = "1001" });
        await row.Locator("text=Ringing").WaitForAsync();
        rig.Send(invite.Reply(200, "OK").WithSdp("192.0.2.2", 30_002), isBack: true);
        rig.Send(SipText.Ack("live-1", "1001", "1002"), isBack: false);
        await row.Locator("text=Answered").WaitForAsync();

        // Its talk time runs between events too.
        string first = (await row.Locator("[data-talk]").TextContentAsync())!;
        await tab.Page.WaitForFunctionAsync("before => document.querySelector('#calls-now [data-talk]')?.textContent !== before", first);
        await tab.ShootAsync("live");
        await tab.AssertAccessibleAsync();
        await tab.AssertFitsAsync();

        // The call itself can be looked at while it goes on.
        await using (WatchedPage one = await rig.OpenAsync((await row.Locator("a").First.GetAttributeAsync("href"))!))
        {
            Assert.Contains("The call is in progress.", await one.Page.TextContentAsync("#summary"));
            Assert.Contains("goes on", await one.Page.TextContentAsync("#why"));
            Assert.Contains("In progress", await one.Page.TextContentAsync(".badges"));
            Assert.Equal(4, await one.Page.Locator("a.message").CountAsync());
            Assert.Equal(0, await one.Page.Locator(".player, a[href$='.mp3']").CountAsync());
            await one.ShootAsync("call-in-progress", whole: true);
            await one.AssertAccessibleAsync();
            one.AssertQuiet();
        }

        // Calls that fail raise an alert, seen here at once.
        for (int i = 0; i < 4; i++)
        {
            SipText failing = SipText.Invite($"live-failing-{i}", "1001", $"20{i}");
            rig.Send(failing, isBack: false);
            rig.Send(failing.Reply(503, "Full"), isBack: true);
            rig.Send(SipText.Ack($"live-failing-{i}", "1001", $"20{i}"), isBack: false);
        }

        await tab.Page.Locator("#alerts-now", new PageLocatorOptions { HasText = "192.0.2.2" }).WaitForAsync();
        SipText register = SipText.Register("live-reg", "zoe");
        rig.Send(register, isBack: false);
        rig.Send(register.Reply(200, "OK").With("Contact", "<sip:zoe@192.0.2.1:5060>;expires=3600"), isBack: true);
        await tab.Page.Locator("#registrations-now", new PageLocatorOptions { HasText = "zoe@" }).WaitForAsync();

        // The call ends: its row goes by itself, and the API does not list it any more.
        SipText bye = SipText.Bye("live-1", "1001", "1002");
        rig.Send(bye, isBack: false);
        rig.Send(bye.Reply(200, "OK"), isBack: true);
        await row.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
        Assert.Contains("\"calls\":[]", await (await tab.Page.APIRequest.GetAsync("/api/v1/live")).TextAsync());
        await tab.Page.WaitForFunctionAsync("() => /^[0-9]/.test(document.querySelector('#sources-now [data-rate]')?.textContent ?? '')");
        Assert.True(await tab.Page.EvaluateAsync<bool>("() => window.same"));
        tab.AssertQuiet();
        foreach ((string name, PageLook look) in Looks.Skip(1))
        {
            await using WatchedPage other = await rig.OpenAsync("/live", look);
            await CheckAsync(other, look, $"live{name}");
        }
    }

    private static async Task CheckAsync(WatchedPage tab, PageLook look, string name)
    {
        await tab.ShootAsync(name, whole: true);
        await tab.AssertFitsAsync();
        if (look.HasScript) await tab.AssertAccessibleAsync();
        tab.AssertQuiet();
    }
}
