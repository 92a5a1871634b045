using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CdrEngine.Host;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;

namespace CdrEngine.Page.Tests.Browser;

/// <summary>A server over a data folder, asked without a browser.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly IApiServer _server;

    private Served(IApiServer server, ApiStart start, X509Certificate2? root)
    {
        _server = server;
        Url = start.Url;
        Token = start.NewAdminToken ?? "";
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        if (root is not null)
        {
            var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trust.CustomTrustStore.Add(root);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust };
        }

        Client = new HttpClient(handler) { BaseAddress = new Uri(start.Url) };
    }

    public string Url { get; }

    public string Token { get; }

    public HttpClient Client { get; }

    public static Settings SettingsOf(string folder, params string[] set) => SettingsLoader.Load(new SettingsFlags { DataDirectory = folder, Listen = "127.0.0.1:0", Set = set }, static _ => null);

    public static Task<Served> StartAsync(string folder, params string[] set) => StartAsync(folder, null, set);

    /// <summary>Starts one that is asked over TLS; certificates of this authority are trusted.</summary>
    public static async Task<Served> StartAsync(string folder, X509Certificate2? root, string[] set)
    {
        IApiServer server = new Wiring().Server(SettingsOf(folder, set));
        return new Served(server, await server.StartAsync(CancellationToken.None), root);
    }

    public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) => SendAsync(path, "same-origin", null, fields);

    public Task<HttpResponseMessage> SendAsync(string path, string? site, string? origin, params (string Name, string Value)[] fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(static field => KeyValuePair.Create(field.Name, field.Value))) };
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (origin is not null) request.Headers.Add("Origin", origin);
        return Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string cookie, string site)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie);
        request.Headers.Add("Sec-Fetch-Site", site);
        return Client.SendAsync(request);
    }

    /// <summary>Signs in with a token; the cookie.</summary>
    public async Task<string> SignInAsync(string token)
    {
        using HttpResponseMessage answer = await PostAsync("/sign-in", ("token", token));
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    /// <summary>A page as somebody signed in sees it, or a part of it.</summary>
    public async Task<string> ReadAsync(string path, string? cookie = null, string? part = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        if (part is not null) request.Headers.Add("X-Part", part);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        using HttpResponseMessage answer = await Client.SendAsync(request);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
    }
}
