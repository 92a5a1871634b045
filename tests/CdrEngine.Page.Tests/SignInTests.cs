using CdrEngine.Page.Tests.Browser;
using Microsoft.Playwright;
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
        Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
        Assert.Contains("\"action\":\"sign_in\"", rig.Audit);
        tab.AssertQuiet();

        await tab.Page.ClickAsync("text=Sign out");
        await tab.ArriveAsync("**/sign-in");
        await tab.GoAsync("/calls");
        Assert.Contains("/sign-in", tab.Page.Url);
    }

    /// <summary>The server forgets the sign-in while a part of the live page is on its way; what would come back is unauthorised, and goes on before the answer to the form does.</summary>
    [ChromiumFact]
    public async Task WhoSignsOut_HearsNothingOfPartsThatWereOnTheirWay()
    {
        await using WatchedPage tab = await rig.OpenAsync("/live", token: rig.Token("goer", null, "calls:read"));
        var asked = new TaskCompletionSource<IRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
        var forgotten = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        tab.Page.RequestFailed += (_, request) => End(request, "let go");
        tab.Page.Response += (_, answer) => End(answer.Request, $"answered {answer.Status}");
        await tab.Page.RouteAsync("**/live", async route =>
        {
            if (route.Request.Headers.ContainsKey("x-part") && asked.TrySetResult(route.Request)) await forgotten.Task;
            await route.ContinueAsync();
        });
        await tab.Page.RouteAsync("**/sign-out", async route =>
        {
            IAPIResponse answer = await route.FetchAsync(new RouteFetchOptions { MaxRedirects = 0 });
            forgotten.SetResult();
            await ended.Task;
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer });
        });

        await asked.Task;
        await tab.Page.ClickAsync("text=Sign out");
        Assert.Equal("let go", await ended.Task);
        await tab.ArriveAsync("**/sign-in");
        tab.AssertQuiet();

        void End(IRequest request, string how)
        {
            if (asked.Task.IsCompleted && request == asked.Task.Result) ended.TrySetResult(how);
        }
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
