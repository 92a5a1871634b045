using CdrEngine.Page.Tests.Browser;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>The door: who comes in, who stays in, and what a form must bring.</summary>
[Collection(ListCollection.Name)]
public sealed class SignInTests(PageRig rig)
{
    [ChromiumFact]
    public async Task Visitor_IsLedToTheDoor_AndOnToWhereTheyWanted()
    {
        await using WatchedPage tab = await rig.BareAsync();
        await tab.GoAsync("/calls?q=1001");
        Assert.Contains("/sign-in?next=", tab.Page.Url);
        await tab.ShootAsync("sign-in");
        await tab.AssertAccessibleAsync();
        await tab.Page.FillAsync("#token", rig.Admin);
        await tab.Page.PressAsync("#token", "Enter");
        await tab.ArriveAsync("**/calls?q=1001");
        var cookie = Assert.Single(await tab.Page.Context.CookiesAsync(), static cookie => cookie.Name == "cdrengine");
        Assert.True(cookie.HttpOnly);
        Assert.Equal(Microsoft.Playwright.SameSiteAttribute.Strict, cookie.SameSite);
        Assert.Contains("\"action\":\"sign_in\"", rig.Audit);
        tab.AssertQuiet();

        await tab.Page.ClickAsync("text=Sign out");
        await tab.ArriveAsync("**/sign-in");
        await tab.GoAsync("/calls");
        Assert.Contains("/sign-in", tab.Page.Url);
    }

    [ChromiumFact]
    public async Task WrongToken_IsToldSo()
    {
        await using WatchedPage tab = await rig.BareAsync();
        await tab.GoAsync("/sign-in");
        await tab.Page.FillAsync("#token", "cdr_nothing");
        await tab.Page.ClickAsync("button.primary");
        Assert.Contains("not known", await tab.Page.TextContentAsync("[role=alert]"));
        await tab.AssertAccessibleAsync();
        await tab.ShootAsync("sign-in-wrong");
    }

    [ChromiumFact]
    public async Task WithdrawnToken_EndsItsSignIns()
    {
        string token = rig.Token("leaver", null, "calls:read");
        await using WatchedPage tab = await rig.OpenAsync("/calls", token: token);
        rig.Revoke(token);
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        await tab.GoAsync("/calls");
        Assert.Contains("/sign-in", tab.Page.Url);
    }
}
