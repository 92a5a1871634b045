using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CdrEngine.Api.Statistics;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using Xunit;

namespace CdrEngine.Host.Tests.Control;

/// <summary>From the request to the telephone system.</summary>
public sealed class ControlServerTests
{
    private const string Dial = """{"from":{"destination":1234,"type":"extension"},"to":{"destination":1234567890,"type":"pstn"},"type":"click2dial"}""";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dial_ReachesTheTelephoneSystem_OnlyWhereItIsSetUp(bool isSetUp)
    {
        using var folder = new TemporaryFolder();
        await using var asterisk = new Asterisk();
        string[] control = isSetUp ? ["control.adapter=ami"] : [];
        Settings settings = SettingsLoader.Load(
            new SettingsFlags
            {
                DataDirectory = folder.Path,
                Set = ["api.listen=127.0.0.1:0", $"control.ami.address={asterisk.Address}", $"control.ami.user={Asterisk.User}", $"control.ami.secret={Asterisk.Secret}", .. control],
            },
            static _ => null);
        await using var server = new ApiServer(settings, new StatisticsBoard());
        ApiStart start = await server.StartAsync(CancellationToken.None);
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", start.NewAdminToken);
        HttpResponseMessage response = await client.PostAsync("/cc/accounts/1/calls", new StringContent(Dial, Encoding.UTF8, "application/json"));
        Assert.Equal(isSetUp ? HttpStatusCode.OK : HttpStatusCode.NotImplemented, response.StatusCode);
        string[] done = isSetUp ? ["Action=Originate Channel=PJSIP/1234 Context=from-internal Exten=1234567890 Priority=1 CallerID=1234 Timeout=30000 Async=true"] : [];
        Assert.Equal(done, asterisk.Done);
        Assert.Equal(isSetUp ? 1 : 0, asterisk.Logins);
        await server.StopAsync();
    }
}
