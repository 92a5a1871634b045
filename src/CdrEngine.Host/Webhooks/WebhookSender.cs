using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Webhooks;

/// <summary>What came of one attempt.</summary>
/// <param name="Status">Status of the answer; null where none came.</param>
/// <param name="Error">What was wrong, on one line; null where it arrived.</param>
/// <param name="RetryAfter">How long the other side asks to wait; null where it does not.</param>
internal readonly record struct WebhookAnswer(int? Status, string? Error, TimeSpan? RetryAfter);

/// <summary>Makes attempts: one POST each. Follows no redirect, uses no proxy, keeps no cookies, and connects to no address that is not allowed.</summary>
/// <remarks>The address is looked at after the name was resolved, and that very address is connected to: a name that says something else the next time leads nowhere.</remarks>
internal sealed class WebhookSender : IDisposable
{
    private const int MostOfBody = 64 * 1024;

    private readonly WebhookSettings _settings;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly string _version;

    /// <summary>A sender.</summary>
    /// <param name="settings">Bounds and what is allowed.</param>
    /// <param name="version">Version of the program, for the User-Agent.</param>
    /// <param name="time">Clock of the signature.</param>
    /// <param name="resolve">Gives the addresses of a name; null asks the system.</param>
    public WebhookSender(WebhookSettings settings, string version, TimeProvider? time = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _settings = settings;
        _version = version;
        _time = time ?? TimeProvider.System;
        resolve ??= static (host, stop) => Dns.GetHostAddressesAsync(host, stop);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            MaxConnectionsPerServer = settings.Parallel,
            MaxResponseHeadersLength = 32,
            ConnectCallback = async (context, stop) => await ConnectAsync(context.DnsEndPoint, resolve, stop).ConfigureAwait(false),
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Makes an attempt; gives what came of it and throws only where <paramref name="stop"/> fires.</summary>
    public async Task<WebhookAnswer> SendAsync(WebhookEndpoint endpoint, WebhookDelivery delivery, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_settings.Timeout);
        try
        {
            using HttpRequestMessage request = RequestOf(endpoint, delivery);
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            await DrainAsync(response, limit.Token).ConfigureAwait(false);
            if (status is >= 200 and < 300) return new WebhookAnswer(status, null, null);
            string error = status is >= 300 and < 400 ? $"{status}: it sends elsewhere, and redirects are not followed" : $"{status} {WireReason(response.ReasonPhrase)}".TrimEnd();
            return new WebhookAnswer(status, error, RetryAfter(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return new WebhookAnswer(null, string.Create(CultureInfo.InvariantCulture, $"no answer within {_settings.Timeout.TotalSeconds:0.#} s"), null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException or InvalidOperationException or FormatException)
        {
            string reason = e.InnerException is { } inner && e is HttpRequestException ? inner.Message : e.Message;
            return new WebhookAnswer(null, WireReason(reason), null);
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage RequestOf(WebhookEndpoint endpoint, WebhookDelivery delivery)
    {
        var content = new ReadOnlyMemoryContent(delivery.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url) { Content = content };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("cdrengine", _version));
        request.Headers.Add("CdrEngine-Event", delivery.Event);
        request.Headers.Add("CdrEngine-Delivery", $"{endpoint.Id}-{delivery.Id.ToString(CultureInfo.InvariantCulture)}");
        request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(endpoint.Secret, _time.GetUtcNow(), delivery.Body.Span));
        return request;
    }

    private async Task<Stream> ConnectAsync(DnsEndPoint end, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken stop)
    {
        IPAddress[] addresses = IPAddress.TryParse(end.Host, out IPAddress? literal) ? [literal] : await resolve(end.Host, stop).ConfigureAwait(false);
        IPAddress[] allowed = Array.FindAll(addresses, address => OutgoingAddress.IsAllowed(address, _settings.AllowedNetworks));
        if (allowed.Length == 0)
        {
            throw new IOException(addresses.Length == 0
                ? $"{end.Host} has no address"
                : $"{end.Host} is at {addresses[0]}, which is not public; webhooks.allowed-networks would have to have it");
        }

        SocketException? last = null;
        foreach (IPAddress address in allowed.Take(4))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, end.Port), stop).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                last = e;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last!;
    }

    // What the other side writes is of no interest, but an answer that is read to its end leaves its connection for the next attempt.
    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken stop)
    {
        byte[] buffer = new byte[4096];
        await using Stream body = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        int read = 0;
        while (read < MostOfBody && await body.ReadAsync(buffer, stop).ConfigureAwait(false) is > 0 and var some) read += some;
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        TimeSpan? wait = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return wait is { } some && some > TimeSpan.Zero ? some : null;
    }

    private static string WireReason(string? text)
    {
        string line = string.Concat((text ?? "").Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= 300 ? line : line[..300];
    }
}
