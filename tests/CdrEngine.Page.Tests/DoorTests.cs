using System.Net;
using System.Security.Cryptography.X509Certificates;
using CdrEngine.Page.Tests.Browser;
using CdrEngine.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace CdrEngine.Page.Tests;

/// <summary>The door without a browser, each on a server of its own.</summary>
public sealed class DoorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-door-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task WithoutTokens_ThereIsNoDoor_AndFormsStillNeedTheirKey()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        Assert.Contains("No calls yet", await served.Client.GetStringAsync("/calls"));
        Assert.Equal("/calls", (await served.Client.GetAsync("/sign-in")).Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, (await served.PostAsync("/preferences", ("theme", "dark"))).StatusCode);
        string page = await served.Client.GetStringAsync("/calls");
        string key = page.Split("name=\"form_key\" value=\"")[1][..64];
        HttpResponseMessage kept = await served.PostAsync("/preferences", ("theme", "dark"), ("form_key", key), ("back", "//evil.example/"));
        Assert.Equal(HttpStatusCode.SeeOther, kept.StatusCode);
        Assert.Equal("/calls", kept.Headers.Location?.ToString());

        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/calls");
        rebound.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await served.Client.SendAsync(rebound)).StatusCode);
    }

    [Fact]
    public async Task WrongTokens_MakeAnAddressWait_WithTheRightOneToo()
    {
        await using Served served = await Served.StartAsync(_folder);
        for (int i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await served.PostAsync("/sign-in", ("token", $"cdr_{i}"))).StatusCode);
        HttpResponseMessage answer = await served.PostAsync("/sign-in", ("token", served.Token));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("Too many wrong tokens", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task SignIn_IsTakenFromOurOwnForm_Alone()
    {
        await using Served served = await Served.StartAsync(_folder);
        foreach ((string? site, string? origin) in new[] { ("cross-site", null), (null, "http://evil.example"), (null, "null"), ((string?)null, (string?)null) })
            Assert.Equal(HttpStatusCode.Forbidden, (await served.SendAsync("/sign-in", site, origin, ("token", served.Token))).StatusCode);
        HttpResponseMessage answer = await served.SendAsync("/sign-in", null, served.Url, ("token", served.Token), ("next", "https://evil.example/"));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/calls", answer.Headers.Location?.ToString());
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);

        // The cookie opens what the page loads of the API, and only to read, and only for the page itself.
        string pair = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, (await served.GetAsync("/api/v1/calls", pair, "same-origin")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.GetAsync("/api/v1/calls", pair, "cross-site")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await served.GetAsync("/api/v1/calls", "cdrengine=" + new string('0', 64), "same-origin")).StatusCode);
        using var post = new HttpRequestMessage(HttpMethod.Post, "/v1.1/voipstudio/cdrs");
        post.Headers.Add("Cookie", pair);
        post.Headers.Add("Sec-Fetch-Site", "same-origin");
        Assert.NotEqual(HttpStatusCode.OK, (await served.Client.SendAsync(post)).StatusCode);
    }

    [Fact]
    public async Task OverTls_TheCookieIsSafe_AndAnotherPortsIsNotTaken()
    {
        await using Served served = await StartTlsAsync();
        Assert.StartsWith("https://", served.Url);
        HttpResponseMessage answer = await served.PostAsync("/sign-in", ("token", served.Token));
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-cdrengine=", cookie);
        foreach (string attribute in (string[])["secure", "httponly", "samesite=strict", "path=/"]) Assert.Contains(attribute, cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        string pair = cookie.Split(';')[0];
        Assert.Contains("No calls yet", await served.ReadAsync("/calls", pair));

        // What a neighbour on plain HTTP could set has no say here.
        HttpResponseMessage plain = await served.GetAsync("/calls", pair.Replace("__Host-", "", StringComparison.Ordinal), "same-origin");
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in?next=%2Fcalls"), (plain.StatusCode, plain.Headers.Location?.ToString()));
        HttpResponseMessage look = await served.SendAsync("/preferences", "same-origin", null, ("theme", "dark"), ("form_key", "x"));
        Assert.NotEqual(HttpStatusCode.SeeOther, look.StatusCode);
    }

    [ChromiumFact]
    public async Task OverTls_ABrowserSignsIn_AndFollowsEvents()
    {
        await using Served served = await StartTlsAsync();
        IBrowser browser = await SharedBrowser.TakeAsync();
        try
        {
            await using IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = served.Url, IgnoreHTTPSErrors = true });
            await using WatchedPage tab = await WatchedPage.OpenAsync(context);
            await tab.GoAsync("/live");
            await tab.Page.FillAsync("#token", served.Token);
            await tab.Page.PressAsync("#token", "Enter");
            await tab.Page.WaitForFunctionAsync("() => document.getElementById('live-state')?.textContent.startsWith('Follows')");
            var cookies = await context.CookiesAsync();
            Assert.All(cookies, static cookie => Assert.True(cookie.Secure, cookie.Name));
            Assert.Contains(cookies, static cookie => cookie is { Name: "__Host-cdrengine", HttpOnly: true, SameSite: SameSiteAttribute.Strict });
            await tab.Page.ClickAsync("text=Sign out");
            await tab.ArriveAsync("**/sign-in");
            Assert.DoesNotContain(await context.CookiesAsync(), static cookie => cookie.Name == "__Host-cdrengine");
            tab.AssertQuiet();
        }
        finally
        {
            await SharedBrowser.GiveBackAsync();
        }
    }

    private async Task<Served> StartTlsAsync()
    {
        using TestCertificates certificates = new(_folder);
        using X509Certificate2 certificate = certificates.Make();
        (string file, string key) = certificates.WritePem(certificate, "server");
        return await Served.StartAsync(Path.Combine(_folder, "data"), X509CertificateLoader.LoadCertificate(certificates.Root.RawData), [$"cdrengine.api.tls.certificate={file}", $"cdrengine.api.tls.key={key}"]);
    }

    [Fact]
    public async Task Page_CanBeLeftOut()
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.page.enabled=off");
        HttpResponseMessage answer = await served.Client.GetAsync("/calls");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/calls?limit=99999999999&sort=nonsense&cols=x&q=%00&when=%F0%9F%A6%8A&after=1_2&before=zz")]
    [InlineData("/calls?q=%22%3E%3Cscript%3E&caller=*&callee=%25&codec=%27&session=x&tenant=%00")]
    [InlineData("/calls?disposition=busy,busy,busy&disposition=busy&flags=held,gap&direction=inbound,outbound&totals=1")]
    [InlineData("/calls?after=99999999999999999999_20261120-000000000000000000000000")]
    [InlineData("/sessions?q=%00&kind=x")]
    [InlineData("/registrations?q=%25&state=zzz&cursor=%00")]
    [InlineData("/messages?q=%27&outcome=1&cursor=AAAA&conversation=x")]
    [InlineData("/peers?address=x&silent=maybe&method=%00")]
    [InlineData("/system?zero=1")]
    public async Task StrangeQuestions_AreAnswered(string path)
    {
        await using Served served = await Served.StartAsync(_folder, "cdrengine.api.auth=off");
        HttpResponseMessage answer = await served.Client.GetAsync(path);
        Assert.True((int)answer.StatusCode < 400, $"{(int)answer.StatusCode} for {path}");
        string text = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script>", text);
        Assert.DoesNotContain('\0', text);
    }
}
