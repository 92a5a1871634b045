using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace CdrEngine.Api.Access.Tls;

/// <summary>What a connection passes before a byte of it is taken for TLS or HTTP: how many there are from its address, and on a port of TLS whether it speaks
/// TLS at all.</summary>
/// <param name="options">Settings.</param>
/// <param name="counters">The API's counters.</param>
internal sealed class Door(ApiOptions options, ApiCounters counters)
{
    private const byte TlsHandshake = 0x16;
    private const int LongestHead = 8 * 1024;

    private readonly Dictionary<ulong, int> _open = [];
    private readonly Lock _lock = new();

    /// <summary>Lets a connection in, unless as many as may be are open from its address. Those of this machine are not counted: a proxy may stand for everybody.</summary>
    public async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        IPAddress? address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        int most = options.Limits.ConnectionsPerAddress;
        if (most == 0 || address is null || IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) && !options.Limits.CountsLoopback)
        {
            await next(connection);
            return;
        }

        ulong network = ClientNetwork.Of(address);
        lock (_lock)
        {
            int open = _open.GetValueOrDefault(network);
            if (open >= most)
            {
                counters.Count(ApiCounter.ConnectionsRefused);
                connection.Abort();
                return;
            }

            _open[network] = open + 1;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            lock (_lock)
            {
                if (_open[network] == 1) _open.Remove(network);
                else _open[network]--;
            }
        }
    }

    /// <summary>Lets a connection through to TLS where it begins like it; plain HTTP is answered here.</summary>
    public async Task SortAsync(ConnectionContext connection, ConnectionDelegate next, PlainHttp plain)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        late.CancelAfter(options.Limits.HeadersTimeout);
        PipeReader input = connection.Transport.Input;
        try
        {
            ReadResult read = await input.ReadAsync(late.Token);
            if (read.Buffer.IsEmpty)
            {
                input.AdvanceTo(read.Buffer.End);
                return;
            }

            byte first = read.Buffer.FirstSpan[0];
            input.AdvanceTo(read.Buffer.Start);
            if (first != TlsHandshake)
            {
                counters.Count(ApiCounter.PlainHttp);
                string answer = plain == PlainHttp.Redirect && await TargetAsync(input, late.Token) is { } target ? Redirection(target) : Refusal;
                await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(answer), late.Token);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            return;
        }

        await next(connection);
    }

    private const string Text = "This port speaks HTTPS.\n";

    private static readonly string Refusal = string.Create(
        CultureInfo.InvariantCulture, $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {Text.Length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{Text}");

    private static string Redirection(string target) => $"HTTP/1.1 308 Permanent Redirect\r\nLocation: {target}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";

    // Where the same request is to be sent; null where the head of it does not tell that plainly.
    private static async Task<string?> TargetAsync(PipeReader input, CancellationToken late)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(late);
            string head = Encoding.Latin1.GetString(read.Buffer.Slice(0, Math.Min(read.Buffer.Length, LongestHead)).ToArray());
            bool whole = head.Contains("\r\n\r\n", StringComparison.Ordinal);
            if (!whole && !read.IsCompleted && read.Buffer.Length < LongestHead)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            input.AdvanceTo(read.Buffer.End);
            if (!whole) return null;
            string[] lines = head.Split("\r\n");
            string[] request = lines[0].Split(' ');
            string[] hosts = [.. lines.Skip(1).Where(static line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)).Select(static line => line[5..].Trim())];

            // Both go back in a header field: nothing may be in them that is more than a name and a path.
            return request is [_, ['/', ..] path, "HTTP/1.1" or "HTTP/1.0"] && hosts is [{ Length: > 0 and < 256 } host]
                && !path.StartsWith("//", StringComparison.Ordinal) && path.All(static c => c is > ' ' and < '\u007f') && host.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '[' or ']' or '_')
                ? $"https://{host}{path}"
                : null;
        }
    }
}
