using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Host.Control;

/// <summary>The manager interface did not do its part: it is none, did not take the login, or broke off.</summary>
internal sealed class AmiException(string message) : IOException(message);

/// <summary>One login at Asterisk's manager interface (AMI over TCP). Used by one task at a time.</summary>
/// <remarks>The secret is not sent: the login answers a challenge with MD5, as the interface knows it. What follows is not encrypted.</remarks>
internal sealed class AmiSession : IAsyncDisposable
{
    // The longest line that is looked at; a channel's line has some hundred characters.
    private const int MostCharacters = 8192;

    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly byte[] _bytes = new byte[16 * 1024];
    private readonly StringBuilder _line = new();
    private NetworkStream? _stream;
    private int _at;
    private int _end;
    private long _lastId;

    private AmiSession()
    {
    }

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="AmiException">It is no manager interface, or it does not take the login.</exception>
    /// <exception cref="SocketException">There is nobody.</exception>
    public static async Task<AmiSession> OpenAsync(IPEndPoint address, string user, string secret, CancellationToken stop)
    {
        var session = new AmiSession();
        try
        {
            await session._client.ConnectAsync(address, stop);
            session._stream = session._client.GetStream();
            string banner = await session.LineAsync(stop);
            if (!banner.StartsWith("Asterisk Call Manager/", StringComparison.Ordinal)) throw new AmiException("what answers is no manager interface of Asterisk");
            AmiMessage challenge = await session.AskAsync(stop, ("Action", "Challenge"), ("AuthType", "MD5"));
            if (challenge["Challenge"] is not { } salt) throw new AmiException("the manager interface gives no challenge");
            AmiMessage login = await session.AskAsync(stop, ("Action", "Login"), ("AuthType", "MD5"), ("Username", user), ("Key", Key(salt, secret)), ("Events", "off"));
            if (!login.IsSuccess) throw new AmiException("the manager interface does not take the login");
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends an action and waits for its answer; events in between are not looked at.</summary>
    public async Task<AmiMessage> AskAsync(CancellationToken stop, params (string Name, string Value)[] action)
    {
        string id = await SendAsync(action, stop);
        while (true)
        {
            AmiMessage message = await MessageAsync(stop);
            if (message["Response"] is not null && (message["ActionID"] ?? id) == id) return message;
        }
    }

    /// <summary>Sends an action that is answered by a list of events, and gives those of one name.</summary>
    /// <param name="item">Name of the events of the list.</param>
    /// <param name="end">Name of the event that ends it.</param>
    /// <param name="most">Items kept; the list is read to its end.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="action">The action.</param>
    public async Task<IReadOnlyList<AmiMessage>> ListAsync(string item, string end, int most, CancellationToken stop, params (string Name, string Value)[] action)
    {
        string id = await SendAsync(action, stop);
        var items = new List<AmiMessage>();
        while (true)
        {
            AmiMessage message = await MessageAsync(stop);
            if ((message["ActionID"] ?? "") != id) continue;
            if (message["Response"] is not null && !message.IsSuccess) throw new AmiException($"the manager interface refused: {message["Message"]}");
            if (message["Event"] == end) return items;
            if (message["Event"] == item && items.Count < most) items.Add(message);
        }
    }

    /// <summary>Logs off without waiting for the answer, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_stream is not null) await _stream.WriteAsync("Action: Logoff\r\n\r\n"u8.ToArray());
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The other side has closed before.
        }

        _client.Dispose();
    }

    // MD5 over challenge and secret, as the interface defines it.
    private static string Key(string challenge, string secret)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        hash.AppendData(Encoding.UTF8.GetBytes(challenge + secret));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<string> SendAsync((string Name, string Value)[] action, CancellationToken stop)
    {
        string id = (++_lastId).ToString(CultureInfo.InvariantCulture);
        await _stream!.WriteAsync(Encoding.UTF8.GetBytes(AmiMessage.Write([.. action, ("ActionID", id)])), stop);
        return id;
    }

    private async Task<AmiMessage> MessageAsync(CancellationToken stop)
    {
        var message = new AmiMessage();
        bool any = false;
        while (true)
        {
            string line = await LineAsync(stop);
            if (line.Length > 0)
            {
                message.Add(line);
                any = true;
            }
            else if (any)
            {
                return message;
            }
        }
    }

    private async Task<string> LineAsync(CancellationToken stop)
    {
        _line.Clear();
        while (true)
        {
            int feed = Array.IndexOf(_bytes, (byte)'\n', _at, _end - _at);
            int until = feed < 0 ? _end : feed;
            if (_line.Length < MostCharacters) _line.Append(Encoding.UTF8.GetString(_bytes, _at, until - _at));
            _at = feed < 0 ? _end : feed + 1;
            if (feed >= 0) return _line.ToString().TrimEnd('\r');
            _at = 0;
            _end = await _stream!.ReadAsync(_bytes, stop);
            if (_end == 0) throw new AmiException("the manager interface broke off");
        }
    }
}
