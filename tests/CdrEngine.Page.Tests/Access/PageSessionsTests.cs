using CdrEngine.Page.Access;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CdrEngine.Page.Tests.Access;

public sealed class PageSessionsTests
{
    private static readonly PageOptions Options = new() { SessionIdle = TimeSpan.FromMinutes(10), SessionLife = TimeSpan.FromHours(1), Sessions = 3 };

    [Fact]
    public void SignIn_EndsWhenIdle_AtItsLife_AndAtSignOut()
    {
        var time = new Clock();
        var sessions = new PageSessions(Options, time);
        string idle = sessions.Begin("t");
        time.Now += TimeSpan.FromMinutes(9);
        Assert.NotNull(sessions.Find(idle));
        time.Now += TimeSpan.FromMinutes(11);
        Assert.Null(sessions.Find(idle));
        Assert.Equal(0, sessions.Count);

        string busy = sessions.Begin("t");
        for (int i = 0; i < 6; i++)
        {
            time.Now += TimeSpan.FromMinutes(9);
            Assert.NotNull(sessions.Find(busy));
        }

        time.Now += TimeSpan.FromMinutes(9);
        Assert.Null(sessions.Find(busy));

        string left = sessions.Begin("t");
        sessions.End(sessions.Find(left)!);
        Assert.Null(sessions.Find(left));
    }

    [Fact]
    public void SignIns_AreBounded_TheOneNotUsedForLongestGoes()
    {
        var time = new Clock();
        var sessions = new PageSessions(Options, time);
        string[] secrets = [.. Enumerable.Range(0, 3).Select(_ => Begin())];
        Assert.NotNull(sessions.Find(secrets[0]));
        string fourth = Begin();
        Assert.Equal(3, sessions.Count);
        Assert.NotNull(sessions.Find(secrets[0]));
        Assert.Null(sessions.Find(secrets[1]));
        Assert.NotNull(sessions.Find(fourth));

        string Begin()
        {
            time.Now += TimeSpan.FromSeconds(1);
            return sessions.Begin("t");
        }
    }

    [Theory]
    [InlineData("same-origin", "http://elsewhere.example", false)]
    [InlineData("none", null, false)]
    [InlineData("cross-site", null, true)]
    [InlineData("same-site", null, true)]
    [InlineData(null, "http://box.example:8080", false)]
    [InlineData(null, "https://box.example:8080", false)]
    [InlineData(null, "http://evil.example", true)]
    [InlineData(null, "http://box.example", true)]
    [InlineData(null, "null", true)]
    [InlineData(null, null, false)]
    public void Request_FromElsewhere_IsKnown(string? site, string? origin, bool isForeign)
    {
        var context = new DefaultHttpContext();
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("box.example", 8080);
        if (site is not null) context.Request.Headers["Sec-Fetch-Site"] = site;
        if (origin is not null) context.Request.Headers.Origin = origin;
        Assert.Equal(isForeign, PageGate.IsForeign(context.Request));
    }

    [Theory]
    [InlineData("Europe/Berlin", "Europe/Berlin")]
    [InlineData("../../etc/passwd", "UTC")]
    [InlineData("/etc/localtime", "UTC")]
    [InlineData("Nowhere/Land", "UTC")]
    [InlineData("", "UTC")]
    public void Zone_IsOneThereIs_OrUtc(string cookie, string zone)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = $"{Preferences.ZoneCookie}={cookie}";
        Assert.Equal(zone, Preferences.Zone(context.Request).Id);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
