using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Host.Tests.Control;

/// <summary>A peer that speaks the manager interface as Asterisk does: banner, challenge, login, classes of authority, answers with the ActionID, lists of events,
/// and events of other things in between.</summary>
internal sealed class Asterisk : IAsyncDisposable
{
    public const string User = "cdr";
    public const string Secret = "s3cret";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public Asterisk()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Channels with their Call-IDs.</summary>
    public List<(string Channel, string? SipCallId)> Channels { get; } = [];

    /// <summary>Actions that do something, as they came.</summary>
    public List<string> Done { get; } = [];

    public string Banner { get; set; } = "Asterisk Call Manager/9.0.0";

    /// <summary>What it refuses, by name.</summary>
    public HashSet<string> Forbidden { get; } = [];

    /// <summary>An action it never answers.</summary>
    public string? Silent { get; set; }

    /// <summary>An action after which it breaks off.</summary>
    public string? Breaks { get; set; }

    public int Logins { get; private set; }

    public async ValueTask DisposeAsync()
    {
        if (_accepting.IsCompleted) return;
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true) served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient mine = client;
        await using NetworkStream stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            await SendAsync(stream, $"{Banner}\r\n");
            string challenge = "840415273";
            bool isIn = false;
            while (await ReadAsync(reader) is { } action)
            {
                string name = action["Action"], id = action.TryGetValue("ActionID", out string? given) ? $"ActionID: {given}\r\n" : "";
                if (name == Silent) continue;
                if (name == Breaks) return;
                if (name == "Logoff")
                {
                    await SendAsync(stream, $"Response: Goodbye\r\n{id}Message: Thanks for all the fish.\r\n\r\n");
                    return;
                }

                if (name == "Challenge")
                {
                    await SendAsync(stream, $"Response: Success\r\n{id}Challenge: {challenge}\r\n\r\n");
                    continue;
                }

                if (name == "Login")
                {
                    isIn = action["Username"] == User && action["Key"] == Convert.ToHexStringLower(Md5(challenge + Secret));
                    await SendAsync(stream, isIn ? $"Response: Success\r\n{id}Message: Authentication accepted\r\n\r\n" : $"Response: Error\r\n{id}Message: Authentication failed\r\n\r\n");
                    if (!isIn) return;
                    Logins++;

                    // Asterisk tells this of itself, whatever events were asked for.
                    await SendAsync(stream, "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n");
                    continue;
                }

                if (!isIn || Forbidden.Contains(name)) await SendAsync(stream, $"Response: Error\r\n{id}Message: Permission denied\r\n\r\n");
                else await SendAsync(stream, Answer(name, id, action));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or the test is over.
        }
    }

    private string Answer(string name, string id, Dictionary<string, string> action)
    {
        switch (name)
        {
            case "CoreShowChannels":
                var list = new StringBuilder($"Response: Success\r\n{id}EventList: start\r\nMessage: Channels will follow\r\n\r\n");
                foreach ((string channel, _) in Channels) list.Append($"Event: CoreShowChannel\r\n{id}Channel: {channel}\r\nChannelStateDesc: Up\r\nBridgeId: \r\n\r\n");
                return list.Append($"Event: Hangup\r\nChannel: PJSIP/other-1\r\n\r\nEvent: CoreShowChannelsComplete\r\n{id}EventList: Complete\r\nListItems: {Channels.Count}\r\n\r\n").ToString();
            case "Getvar":
                (string Channel, string? SipCallId) found = Channels.Find(channel => channel.Channel == action["Channel"]);
                string expected = action["Channel"].StartsWith("PJSIP/", StringComparison.Ordinal) ? "CHANNEL(pjsip,call-id)" : "SIPCALLID";
                if (found.SipCallId is null || action["Variable"] != expected) return $"Response: Error\r\n{id}Message: No such channel\r\n\r\n";
                return $"Response: Success\r\n{id}Variable: {action["Variable"]}\r\nValue: {found.SipCallId}\r\n\r\n";
            case "Originate" or "Redirect" or "Hangup" or "Park":
                lock (Done) Done.Add(string.Join(' ', action.Where(static field => field.Key != "ActionID").Select(static field => $"{field.Key}={field.Value}")));
                return $"Response: Success\r\n{id}Message: {name} successful\r\n\r\n";
            default:
                return $"Response: Error\r\n{id}Message: Invalid/unknown command: {name}. Use Action: ListCommands to show available commands.\r\n\r\n";
        }
    }

    private static byte[] Md5(string text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        return hash.GetHashAndReset();
    }

    private async Task<Dictionary<string, string>?> ReadAsync(StreamReader reader)
    {
        var action = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (line.Length == 0 && action.Count > 0) return action;
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0) action[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return null;
    }

    // In pieces, as a network may deliver it.
    private async Task SendAsync(NetworkStream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < bytes.Length; i += 37) await stream.WriteAsync(bytes.AsMemory(i, Math.Min(37, bytes.Length - i)), _stop.Token);
    }
}
