using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Joined;

/// <summary>One conversation with a mail server (RFC 5321), over TLS from its first byte (RFC 8314), from STARTTLS on (RFC 3207), or in clear. The server's
/// certificate has to be good for its name.</summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    private const int LongestLine = 4096;
    private const int MostLines = 200;

    private readonly TcpClient _client = new();
    private readonly string _server;
    private readonly byte[] _buffer = new byte[LongestLine];
    private Stream _stream = Stream.Null;
    private int _held;

    private SmtpSession(string server) => _server = server;

    /// <summary>Connects and gets ready to send.</summary>
    /// <exception cref="IOException">It cannot be reached, or refuses; one line that names the server.</exception>
    public static async Task<SmtpSession> OpenAsync(MailSettings settings, CancellationToken stop)
    {
        var session = new SmtpSession($"{settings.Host}:{settings.Port.ToString(CultureInfo.InvariantCulture)}");
        try
        {
            await session.BeginAsync(settings, stop);
            return session;
        }
        catch (Exception e) when (e is SocketException or AuthenticationException or CryptographicException or IOException)
        {
            await session.DisposeAsync();
            throw session.Fault(e);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends one mail.</summary>
    /// <param name="from">Address it is from.</param>
    /// <param name="to">Address it goes to.</param>
    /// <param name="text">The whole text, lines ended by CR LF.</param>
    /// <param name="stop">Gives it up.</param>
    /// <exception cref="IOException">It is not taken; one line that names the server.</exception>
    public async Task SendAsync(string from, string to, string text, CancellationToken stop)
    {
        try
        {
            await AskAsync($"MAIL FROM:<{Address(from)}>", 2, stop);
            await AskAsync($"RCPT TO:<{Address(to)}>", 2, stop);
            await AskAsync("DATA", 3, stop);

            // 4.5.2: a line that begins with a dot gets one more.
            string stuffed = text.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
            await _stream.WriteAsync(Encoding.UTF8.GetBytes((stuffed.StartsWith('.') ? "." : "") + stuffed + (stuffed.EndsWith("\r\n", StringComparison.Ordinal) ? "" : "\r\n") + ".\r\n"), stop);
            await _stream.FlushAsync(stop);
            await AnswerAsync(2, stop);

            // It is taken: what becomes of the goodbye changes nothing.
            await _stream.WriteAsync("QUIT\r\n"u8.ToArray(), stop);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw Fault(e);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    private async Task BeginAsync(MailSettings settings, CancellationToken stop)
    {
        await _client.ConnectAsync(settings.Host, settings.Port, stop);
        _stream = _client.GetStream();
        if (settings.Tls == MailTls.Implicit) await SecureAsync(settings, stop);
        await AnswerAsync(2, stop);
        IReadOnlyList<string> abilities = await AskAsync($"EHLO {Name()}", 2, stop);
        if (settings.Tls == MailTls.Starttls)
        {
            if (!abilities.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase)) throw new IOException("it does not offer STARTTLS, and nothing is sent in clear (mail.tls)");
            await AskAsync("STARTTLS", 2, stop);

            // What came behind the answer was not protected, and is nothing that the server said.
            if (_held > 0) throw new IOException("it sent more than its answer to STARTTLS");
            await SecureAsync(settings, stop);
            abilities = await AskAsync($"EHLO {Name()}", 2, stop);
        }

        if (settings.User.Length > 0) await SignInAsync(settings, abilities, stop);
    }

    private async Task SecureAsync(MailSettings settings, CancellationToken stop)
    {
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = tls;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = settings.Host,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                CertificateChainPolicy = Policy(settings.CertificateAuthority),
            },
            stop);
    }

    private static X509ChainPolicy? Policy(string file)
    {
        if (file.Length == 0) return null;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }

    // RFC 4616; RFC 4954. LOGIN is what some servers have beside nothing else.
    private async Task SignInAsync(MailSettings settings, IReadOnlyList<string> abilities, CancellationToken stop)
    {
        string[] ways = [.. abilities.Where(static line => line.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase)).SelectMany(static line => line.ToUpperInvariant().Split(' ').Skip(1))];
        if (ways.Contains("PLAIN"))
        {
            await AskAsync("AUTH PLAIN " + Base64($"\0{settings.User}\0{settings.Password}"), 2, stop);
        }
        else if (ways.Contains("LOGIN"))
        {
            await AskAsync("AUTH LOGIN", 3, stop);
            await AskAsync(Base64(settings.User), 3, stop);
            await AskAsync(Base64(settings.Password), 2, stop);
        }
        else
        {
            throw new IOException("it takes neither AUTH PLAIN nor AUTH LOGIN");
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    // What could end the command is no part of an address.
    private static string Address(string text)
    {
        if (text.Any(char.IsControl)) throw new IOException("the address has control characters");
        string address = text.Contains('<', StringComparison.Ordinal) ? text[(text.LastIndexOf('<') + 1)..].TrimEnd('>') : text;
        return address.Length > 0 && address.All(static c => c is > ' ' and < '\u007f' and not '<' and not '>') ? address : throw new IOException("the address is none that can be sent to");
    }

    private static string Name() => "[127.0.0.1]";

    private async Task<IReadOnlyList<string>> AskAsync(string command, int success, CancellationToken stop)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), stop);
        await _stream.FlushAsync(stop);
        return await AnswerAsync(success, stop);
    }

    // The words of the answer, a line each, where it begins with the digit of a success.
    private async Task<IReadOnlyList<string>> AnswerAsync(int success, CancellationToken stop)
    {
        var words = new List<string>();
        while (true)
        {
            string line = await LineAsync(stop);
            if (line.Length < 3 || line.AsSpan(0, 3).ContainsAnyExceptInRange('0', '9') || words.Count == MostLines) throw new IOException("it does not speak SMTP");
            words.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] == '-') continue;
            return line[0] - '0' == success ? words : throw new IOException(string.Concat(line.Where(static c => !char.IsControl(c))));
        }
    }

    private async Task<string> LineAsync(CancellationToken stop)
    {
        while (true)
        {
            int end = _buffer.AsSpan(0, _held).IndexOf((byte)'\n');
            if (end >= 0)
            {
                string line = Encoding.UTF8.GetString(_buffer, 0, end).TrimEnd('\r');
                _buffer.AsSpan(end + 1, _held - end - 1).CopyTo(_buffer);
                _held -= end + 1;
                return line;
            }

            if (_held == _buffer.Length) throw new IOException("it sent a line that is too long");
            int read = await _stream.ReadAsync(_buffer.AsMemory(_held), stop);
            if (read == 0) throw new IOException("it closed the connection");
            _held += read;
        }
    }

    private IOException Fault(Exception e)
    {
        string reason = (e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message).ReplaceLineEndings(" ");
        return new IOException($"{_server}: {reason}", e);
    }
}
