using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CdrEngine.Host.Tests.Webhooks;

/// <summary>One request that came.</summary>
internal sealed record Hook(string Line, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A real HTTP/1.1 server on a loopback port that answers as the test says: a status, a redirect, or nothing at all.</summary>
internal sealed class HookServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Hook> _hooks = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Task _work;

    public HookServer()
    {
        _listener.Start();
        _work = RunAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}/hook";

    /// <summary>Head of the answer to a request, for example <c>HTTP/1.1 200 OK</c> with further lines; null never answers.</summary>
    public Func<Hook, string?> Answer { get; set; } = static _ => "HTTP/1.1 204 No Content";

    public IReadOnlyList<Hook> Hooks
    {
        get
        {
            lock (_hooks) return [.. _hooks];
        }
    }

    /// <summary>Waits until so many requests came in all.</summary>
    public async Task<IReadOnlyList<Hook>> WaitAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (Hooks.Count < count) await _arrived.WaitAsync(limit.Token);
        return Hooks;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        _listener.Stop();
        await _work;
        _arrived.Dispose();
    }

    private async Task RunAsync()
    {
        var talks = new List<Task>();
        try
        {
            while (true) talks.Add(TalkAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }

        await Task.WhenAll(talks);
    }

    private async Task TalkAsync(TcpClient client)
    {
        using TcpClient owned = client;
        try
        {
            NetworkStream stream = client.GetStream();
            while (await ReadAsync(stream) is { } hook)
            {
                lock (_hooks) _hooks.Add(hook);
                string? answer = Answer(hook);
                _arrived.Release();
                if (answer is null)
                {
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                    return;
                }

                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{answer}\r\nContent-Length: 0\r\n\r\n"), _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task<Hook?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (!(head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n'))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0) return null;
            head.Add(one[0]);
        }

        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(static line => line.Split(": ", 2)).ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.OrdinalIgnoreCase);
        byte[] body = new byte[headers.TryGetValue("Content-Length", out string? length) ? int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return new Hook(lines[0], headers, body);
    }
}
