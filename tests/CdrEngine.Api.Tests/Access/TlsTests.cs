using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CdrEngine.Api.Access.Tls;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Access;

public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdr-tls-").FullName;
    private readonly TestCertificates _made;
    private readonly MovableClock _clock = new();

    public TlsTests() => _made = new TestCertificates(_folder);

    public void Dispose()
    {
        _made.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("pem")]
    [InlineData("pem in one file")]
    [InlineData("pem with a password")]
    [InlineData("pkcs12")]
    [InlineData("pkcs12 with a password")]
    public async Task Server_SpeaksTls_WithEitherKindOfFile(string kind)
    {
        await using Rig rig = await StartAsync(Files(kind));
        Assert.StartsWith("https://", rig.Url, StringComparison.Ordinal);
        using HttpClient client = Client(rig, rig.Token);
        HttpResponseMessage response = await client.GetAsync("/api/v1/calls");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("max-age=15552000", response.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.Equal("ready\n", await client.GetStringAsync("/readyz"));
    }

    [Fact]
    public async Task OldProtocols_AreRefused()
    {
        await using Rig rig = await StartAsync(Files("pem"));

        // TLS 1.1, by its number: its name is marked as what nobody should use.
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(rig, (SslProtocols)768));
        Assert.Equal(SslProtocols.Tls12, await HandshakeAsync(rig, SslProtocols.Tls12));
        Assert.Equal(SslProtocols.Tls13, await HandshakeAsync(rig, SslProtocols.Tls13));
    }

    public static TheoryData<string, string> Bad => new()
    {
        { "no file", "none.pem" },
        { "no key file", "none.key" },
        { "no certificate in it", "one.pem" },
        { "another's key", "the key is not that of the certificate" },
        { "encrypted key, no password", "password-file" },
        { "encrypted key, wrong password", "one.key" },
        { "pkcs12, wrong password", "one.p12" },
        { "pkcs12 without a key", "there is no key in it" },
        { "expired", "expired on" },
        { "not yet good", "not good before" },
        { "for clients", "not for servers" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task BadFiles_StopTheStart_WithOneLineThatSaysWhy(string what, string said)
    {
        using X509Certificate2 good = _made.Make();
        (string certificate, string key) = _made.WritePem(good, "one");
        string password = "";
        switch (what)
        {
            case "no file":
                certificate = Path.Combine(_folder, "none.pem");
                break;
            case "no key file":
                key = Path.Combine(_folder, "none.key");
                break;
            case "no certificate in it":
                _made.WriteLine("one.pem", "nothing");
                break;
            case "another's key":
                using (X509Certificate2 other = _made.Make()) key = _made.WritePem(other, "two").Key;
                break;
            case "encrypted key, no password":
                _made.WritePem(good, "one", "secret");
                break;
            case "encrypted key, wrong password":
                _made.WritePem(good, "one", "secret");
                password = _made.WriteLine("password", "wrong");
                break;
            case "pkcs12, wrong password":
                (certificate, key, password) = (_made.WritePkcs12(good, "one", "secret"), "", _made.WriteLine("password", "wrong"));
                break;
            case "pkcs12 without a key":
                (certificate, key) = (_made.WritePkcs12(X509CertificateLoader.LoadCertificate(good.RawData), "one", null), "");
                break;
            case "expired":
                using (X509Certificate2 old = _made.Make(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(-1))) _made.WritePem(old, "one");
                break;
            case "not yet good":
                using (X509Certificate2 young = _made.Make(DateTimeOffset.UtcNow.AddDays(1))) _made.WritePem(young, "one");
                break;
            default:
                using (X509Certificate2 client = _made.Make(usage: "1.3.6.1.5.5.7.3.2")) _made.WritePem(client, "one");
                break;
        }

        IOException refused = await Assert.ThrowsAsync<IOException>(() => StartAsync(new TlsOptions(certificate, key, password)));
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("api.tls: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task NewFiles_AreTaken_WithoutLosingAConnection_AndBadOnesAreNot()
    {
        using X509Certificate2 first = _made.Make(), second = _made.Make(to: DateTimeOffset.UtcNow.AddDays(5));
        TlsOptions options = Files("pem", first);
        await using Rig rig = await StartAsync(options);
        using HttpClient standing = Client(rig, rig.Token);
        Assert.Equal(HttpStatusCode.OK, (await standing.GetAsync("/api/v1/calls")).StatusCode);
        Assert.Equal(first.Thumbprint, await ServedAsync(rig));

        _made.WriteLine("one.pem", "half written");
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Equal(first.Thumbprint, await ServedAsync(rig));
        Assert.Contains("not in order", await standing.GetStringAsync("/readyz"), StringComparison.Ordinal);

        _made.WritePem(second, "one");
        _clock.Move(TimeSpan.FromSeconds(2));
        Assert.Equal(second.Thumbprint, await ServedAsync(rig));
        Assert.Equal(HttpStatusCode.OK, (await standing.GetAsync("/api/v1/calls")).StatusCode);
        Assert.Contains("expires in 4 days", await standing.GetStringAsync("/readyz"), StringComparison.Ordinal);
        Assert.Contains(rig.Faults, static fault => fault.Contains("the certificate before stays in force", StringComparison.Ordinal));
        Assert.Contains(rig.Faults, static fault => fault.Contains("new certificate", StringComparison.Ordinal));
        Assert.Contains(rig.Faults, static fault => fault.StartsWith("warning: the certificate of the API expires", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(PlainHttp.Refuse, "GET /api/v1/calls?a=b HTTP/1.1\r\nHost: box:8443\r\n\r\n", "HTTP/1.1 400 ", "This port speaks HTTPS.")]
    [InlineData(PlainHttp.Redirect, "GET /api/v1/calls?a=b HTTP/1.1\r\nHost: box:8443\r\n\r\n", "HTTP/1.1 308 ", "Location: https://box:8443/api/v1/calls?a=b\r\n")]
    [InlineData(PlainHttp.Redirect, "GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "This port speaks HTTPS.")]
    [InlineData(PlainHttp.Redirect, "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", "")]
    [InlineData(PlainHttp.Redirect, "GET //evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ", "")]
    [InlineData(PlainHttp.Redirect, "GET /\u00e4 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ", "")]
    [InlineData(PlainHttp.Redirect, "GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n", "HTTP/1.1 400 ", "")]
    [InlineData(PlainHttp.Redirect, "SSH-2.0-x\r\n\r\n", "HTTP/1.1 400 ", "")]
    public async Task PlainHttp_IsRefused_OrRedirected(PlainHttp how, string request, string status, string contains)
    {
        await using Rig rig = await StartAsync(Files("pem") with { PlainHttp = how });
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(rig.Url).Port);
        NetworkStream stream = client.GetStream();

        // In pieces, as it may come.
        byte[] bytes = Encoding.Latin1.GetBytes(request);
        await stream.WriteAsync(bytes.AsMemory(0, 1));
        await stream.FlushAsync();
        await stream.WriteAsync(bytes.AsMemory(1));
        string answer = await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync();
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Contains(contains, answer, StringComparison.Ordinal);
        Assert.Equal(1, rig.Counters[ApiCounter.PlainHttp]);
    }

    [Fact]
    public async Task OffLoopback_WithoutTls_IsWarnedOf()
    {
        await using Rig open = await Rig.StartAsync(static options => options with { Listen = new IPEndPoint(IPAddress.Any, 0) });
        Assert.Contains("in clear", Assert.Single(open.Faults), StringComparison.Ordinal);
        await using Rig closed = await Rig.StartAsync();
        Assert.Empty(closed.Faults);
        await using Rig secured = await StartAsync(Files("pem"), IPAddress.Any);
        Assert.Empty(secured.Faults);
    }

    private TlsOptions Files(string kind, X509Certificate2? given = null)
    {
        using X509Certificate2 certificate = given is null ? _made.Make() : X509CertificateLoader.LoadPkcs12(given.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        switch (kind)
        {
            case "pem":
                (string file, string key) = _made.WritePem(certificate, "one");
                return new TlsOptions(file, key, "");
            case "pem in one file":
                (file, key) = _made.WritePem(certificate, "one");
                File.AppendAllText(file, "\n" + File.ReadAllText(key));
                return new TlsOptions(file, "", "");
            case "pem with a password":
                (file, key) = _made.WritePem(certificate, "one", "secret");
                return new TlsOptions(file, key, _made.WriteLine("password", "secret"));
            case "pkcs12":
                return new TlsOptions(_made.WritePkcs12(certificate, "one", null), "", "");
            default:
                return new TlsOptions(_made.WritePkcs12(certificate, "one", "secret"), "", _made.WriteLine("password", "secret"));
        }
    }

    private Task<Rig> StartAsync(TlsOptions tls, IPAddress? address = null) =>
        Rig.StartAsync(options => options with { Tls = tls, Time = _clock, Listen = new IPEndPoint(address ?? IPAddress.Loopback, 0) });

    private HttpClient Client(Rig rig, string? token)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = Policy();
        var client = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{new Uri(rig.Url).Port}") };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_made.Root);
        return policy;
    }

    private async Task<SslProtocols> HandshakeAsync(Rig rig, SslProtocols protocols)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(rig.Url).Port);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocols, CertificateChainPolicy = Policy() });
        return tls.SslProtocol;
    }

    private async Task<string> ServedAsync(Rig rig)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(rig.Url).Port);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = Policy() });
        return ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;
    }

    /// <summary>The system's time, moved on.</summary>
    private sealed class MovableClock : TimeProvider
    {
        private long _ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow.AddTicks(Interlocked.Read(ref _ticks));

        public override long GetTimestamp() => System.GetTimestamp() + (Interlocked.Read(ref _ticks) * System.TimestampFrequency / TimeSpan.TicksPerSecond);

        public void Move(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
