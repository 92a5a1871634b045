using System.Net;
using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Webhooks;
using Xunit;

namespace CdrEngine.Host.Tests.Webhooks;

/// <summary>Single attempts against a real server.</summary>
public sealed class WebhookSenderTests
{
    internal const string Secret = "0123456789abcdef0123456789abcdef";

    internal static readonly WebhookSettings Settings = new()
    {
        Endpoints = [],
        AllowHttp = true,
        AllowedNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        Timeout = TimeSpan.FromSeconds(5),
        Parallel = 4,
        RetryFirst = TimeSpan.FromMilliseconds(20),
        RetryMost = TimeSpan.FromMilliseconds(100),
        Attempts = 4,
        CircuitFailures = 100,
        CircuitPause = TimeSpan.FromMilliseconds(200),
        Queue = 1000,
        DeadLetters = 100,
        KeepDeadLetters = TimeSpan.FromDays(1),
    };

    // Address, whether it is one of the public network.
    public static TheoryData<string, bool> Addresses => new()
    {
        { "8.8.8.8", true }, { "1.1.1.1", true }, { "2606:4700::1111", true }, { "::ffff:8.8.8.8", true }, { "2002:808:808::1", true }, { "64:ff9b::808:808", true },
        { "0.0.0.0", false }, { "10.0.0.1", false }, { "100.64.0.1", false }, { "127.0.0.1", false }, { "127.255.255.254", false }, { "169.254.169.254", false }, { "172.16.0.1", false },
        { "172.31.255.255", false }, { "172.32.0.1", true }, { "192.168.1.1", false }, { "198.18.0.1", false }, { "192.0.2.1", false }, { "224.0.0.1", false }, { "255.255.255.255", false },
        { "::", false }, { "::1", false }, { "fe80::1", false }, { "fc00::1", false }, { "fd12::1", false }, { "ff02::1", false }, { "fec0::1", false }, { "::ffff:127.0.0.1", false },
        { "::ffff:10.0.0.1", false }, { "2002:7f00:1::1", false }, { "64:ff9b::7f00:1", false }, { "2001:db8::1", false }, { "2001::1", false }, { "::127.0.0.1", false },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public void Address_IsPublicOrNot(string address, bool isPublic) => Assert.Equal(isPublic, OutgoingAddress.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task Delivery_IsSigned_AndNamesItself()
    {
        await using var server = new HookServer();
        using var sender = new WebhookSender(Settings, "1.2.3");
        Assert.Equal(new WebhookAnswer(204, null, null), await sender.SendAsync(Endpoint(server.Url), Delivery("{\"type\":\"call.ended\",\"x\":\"ü\"}"), CancellationToken.None));
        Hook hook = Assert.Single(server.Hooks);
        Assert.Equal("POST /hook HTTP/1.1", hook.Line);
        Assert.Equal(("application/json", "call.ended", "noc-7", "cdrengine/1.2.3"), (hook.Headers["Content-Type"], hook.Headers["CdrEngine-Event"], hook.Headers["CdrEngine-Delivery"], hook.Headers["User-Agent"]));
        string[] parts = hook.Headers["CdrEngine-Signature"].Split(',');
        string time = parts[0]["t=".Length..];

        // As whoever receives it would.
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), (byte[])[.. Encoding.ASCII.GetBytes(time + "."), .. hook.Body]);
        Assert.Equal(Convert.ToHexStringLower(expected), parts[1]["v1=".Length..]);
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(time, System.Globalization.CultureInfo.InvariantCulture), 0, 30);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Broken", 500, "500 Broken")]
    [InlineData("HTTP/1.1 410 Gone", 410, "410 Gone")]
    [InlineData("HTTP/1.1 404 Not Found", 404, "404 Not Found")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/", 302, "302: it sends elsewhere, and redirects are not followed")]
    public async Task OtherAnswers_AreFailures_AndRedirectsAreNotFollowed(string head, int status, string error)
    {
        await using var server = new HookServer { Answer = _ => head };
        using var sender = new WebhookSender(Settings, "1");
        WebhookAnswer answer = await sender.SendAsync(Endpoint(server.Url), Delivery("{}"), CancellationToken.None);
        Assert.Equal((status, error), (answer.Status, answer.Error));
        Assert.Single(server.Hooks);
    }

    [Fact]
    public async Task RetryAfter_IsHeard()
    {
        await using var server = new HookServer { Answer = static _ => "HTTP/1.1 429 Slower\r\nRetry-After: 7" };
        using var sender = new WebhookSender(Settings, "1");
        Assert.Equal(TimeSpan.FromSeconds(7), (await sender.SendAsync(Endpoint(server.Url), Delivery("{}"), CancellationToken.None)).RetryAfter);
    }

    [Fact]
    public async Task ServerThatHangs_IsLeftAfterTheTimeout()
    {
        await using var server = new HookServer { Answer = static _ => null };
        using var sender = new WebhookSender(Settings with { Timeout = TimeSpan.FromMilliseconds(300) }, "1");
        Assert.Equal(new WebhookAnswer(null, "no answer within 0.3 s", null), await sender.SendAsync(Endpoint(server.Url), Delivery("{}"), CancellationToken.None));
    }

    [Fact]
    public async Task AnswerThatIsNoHttp_AndAPortThatIsClosed_AreFailures()
    {
        await using var server = new HookServer { Answer = static _ => "not http at all" };
        using var sender = new WebhookSender(Settings, "1");
        Assert.NotNull((await sender.SendAsync(Endpoint(server.Url), Delivery("{}"), CancellationToken.None)).Error);
        int port = server.Port;
        await server.DisposeAsync();
        Assert.Contains("refused", (await sender.SendAsync(Endpoint($"http://127.0.0.1:{port}/"), Delivery("{}"), CancellationToken.None)).Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://0x7f000001:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    public async Task PrivateAddress_IsNotConnectedTo_UnlessAllowed(string url)
    {
        await using var server = new HookServer();
        using var sender = new WebhookSender(Settings with { AllowedNetworks = [] }, "1");
        WebhookAnswer answer = await sender.SendAsync(Endpoint(string.Format(System.Globalization.CultureInfo.InvariantCulture, url, server.Port)), Delivery("{}"), CancellationToken.None);
        Assert.Contains("not public", answer.Error, StringComparison.Ordinal);
        Assert.Empty(server.Hooks);
    }

    [Fact]
    public async Task NameThatIsResolvedOtherwiseTheNextTime_LeadsNowhere()
    {
        await using var server = new HookServer();
        var asked = 0;

        // A public address first, this machine afterwards: what was looked at is what is connected to.
        using var sender = new WebhookSender(Settings with { AllowedNetworks = [], Timeout = TimeSpan.FromSeconds(2) }, "1", null, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(asked++ == 0 ? "198.51.101.1" : "127.0.0.1")]));
        await sender.SendAsync(Endpoint($"http://rebind.example.com:{server.Port}/"), Delivery("{}"), CancellationToken.None);
        Assert.Contains("rebind.example.com is at 127.0.0.1, which is not public", (await sender.SendAsync(Endpoint($"http://rebind.example.com:{server.Port}/"), Delivery("{}"), CancellationToken.None)).Error, StringComparison.Ordinal);
        Assert.Equal(2, asked);
        Assert.Empty(server.Hooks);
    }

    [Fact]
    public async Task CertificateThatNobodyVouchesFor_IsRefused()
    {
        // Plain HTTP on the other side: no handshake can succeed either.
        await using var server = new HookServer();
        using var sender = new WebhookSender(Settings with { Timeout = TimeSpan.FromSeconds(2) }, "1");
        Assert.NotNull((await sender.SendAsync(Endpoint($"https://127.0.0.1:{server.Port}/"), Delivery("{}"), CancellationToken.None)).Error);
        Assert.Empty(server.Hooks);
    }

    internal static WebhookEndpoint Endpoint(string url, string id = "noc", params string[] events) => new() { Id = id, Url = url, Secret = Secret, Events = events.Length == 0 ? ["*"] : events };

    private static WebhookDelivery Delivery(string body) => new() { Id = 7, Endpoint = "noc", Thing = "t", Event = "call.ended", CreatedAt = new Timestamp(1), Body = Encoding.UTF8.GetBytes(body) };
}
