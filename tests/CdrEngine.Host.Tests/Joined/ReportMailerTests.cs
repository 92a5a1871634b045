using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>Mail to a server that speaks SMTP to the letter (RFC 5321).</summary>
public sealed class ReportMailerTests
{
    private static readonly ReportMail Mail = new("someone@example.com", "Täglich", "Attached.", "daily-1.csv", "text/csv", Encoding.UTF8.GetBytes("a,b\r\n.\r\n..x,ä\r\n"));

    [Fact]
    public async Task Mail_ArrivesWhole()
    {
        await using var sink = new SmtpSink();
        await Mailer(sink, MailTls.None).SendAsync(Mail, CancellationToken.None);
        Assert.Equal("<cdrengine@example.com>", sink.From);
        Assert.Equal(["<someone@example.com>"], sink.To);
        string message = sink.Message;
        Assert.Contains("Subject: =?utf-8?", message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Content-Type: text/csv; name=daily-1.csv", message, StringComparison.Ordinal);
        string encoded = message[message.IndexOf("name=daily-1.csv", StringComparison.Ordinal)..];
        encoded = encoded[(encoded.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Split("\r\n\r\n")[0].Split("\r\n--")[0];
        Assert.Equal(Mail.Content, Convert.FromBase64String(encoded));
    }

    [Fact]
    public async Task Refusal_IsToldInALine()
    {
        await using var sink = new SmtpSink { Refuses = "550 5.1.1 no such user" };
        IOException refused = await Assert.ThrowsAsync<IOException>(() => Mailer(sink, MailTls.None).SendAsync(Mail, CancellationToken.None));
        Assert.Contains("no such user", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal("", sink.Message);
    }

    [Fact]
    public async Task NothingIsSent_WhereTlsIsAskedFor_AndTheServerHasNone()
    {
        await using var sink = new SmtpSink();
        await Assert.ThrowsAsync<IOException>(() => Mailer(sink, MailTls.Starttls).SendAsync(Mail, CancellationToken.None));
        Assert.Equal(("", ""), (sink.From, sink.Message));
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsTold()
    {
        int port;
        await using (var sink = new SmtpSink()) port = sink.Port;
        IOException refused = await Assert.ThrowsAsync<IOException>(() => new ReportMailer(new MailSettings("127.0.0.1", port, "cdrengine@example.com", "", "", MailTls.None)).SendAsync(Mail, CancellationToken.None));
        Assert.StartsWith($"127.0.0.1:{port}: ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailTls.Implicit, "PLAIN LOGIN")]
    [InlineData(MailTls.Implicit, "LOGIN")]
    [InlineData(MailTls.Starttls, "PLAIN")]
    public async Task Mail_GoesOverTls_AndThePasswordOnlyThere(MailTls tls, string ways)
    {
        using var folder = new TemporaryFolder();
        using var made = new TestCertificates(folder.Path);
        await using var sink = new SmtpSink { Certificate = made.Make(), Tls = tls, Ways = ways };
        await new ReportMailer(new MailSettings("localhost", sink.Port, "cdrengine@example.com", "user", "päss", tls) { CertificateAuthority = made.RootFile }).SendAsync(Mail, CancellationToken.None);
        Assert.Equal(["<someone@example.com>"], sink.To);
        Assert.Contains("name=daily-1.csv", sink.Message, StringComparison.Ordinal);
        Assert.Equal(("user", "päss"), sink.SignedIn);
        Assert.True(sink.WasSecure);
    }

    [Theory]
    [InlineData("unknown authority")]
    [InlineData("another name")]
    [InlineData("expired")]
    [InlineData("no TLS at all")]
    public async Task ServerThatIsNotWhoItShouldBe_IsSentNothing(string what)
    {
        using var folder = new TemporaryFolder();
        using var made = new TestCertificates(folder.Path);
        foreach (MailTls tls in what == "no TLS at all" ? new[] { MailTls.Implicit } : [MailTls.Implicit, MailTls.Starttls])
        {
            await using var sink = new SmtpSink
            {
                Certificate = what switch { "another name" => made.Make(name: "other.example"), "expired" => made.Make(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(-1)), _ => made.Make() },
                Tls = what == "no TLS at all" ? MailTls.None : tls,
                Ways = "PLAIN",
            };
            var settings = new MailSettings("localhost", sink.Port, "cdrengine@example.com", "user", "secret", tls) { CertificateAuthority = what == "unknown authority" ? "" : made.RootFile };
            IOException refused = await Assert.ThrowsAsync<IOException>(() => new ReportMailer(settings).SendAsync(Mail, CancellationToken.None));
            Assert.StartsWith($"localhost:{sink.Port}: ", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
            Assert.Equal(("", "", default), (sink.From, sink.Message, sink.SignedIn));
        }
    }

    [Theory]
    [InlineData("a@b.example>\r\nRCPT TO:<c@d.example")]
    [InlineData("a b@c.example")]
    [InlineData("")]
    public async Task AddressThatIsMoreThanOne_IsNotSentTo(string to)
    {
        await using var sink = new SmtpSink();
        await Assert.ThrowsAsync<IOException>(() => Mailer(sink, MailTls.None).SendAsync(Mail with { To = to }, CancellationToken.None));
        Assert.Empty(sink.To);
    }

    private static ReportMailer Mailer(SmtpSink sink, MailTls tls) => new(new MailSettings("127.0.0.1", sink.Port, "cdrengine@example.com", "", "", tls));

    /// <summary>Takes one mail after another and keeps the last.</summary>
    private sealed class SmtpSink : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _work;

        public SmtpSink()
        {
            _listener.Start();
            _work = RunAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string? Refuses { get; init; }

        public X509Certificate2? Certificate { get; init; }

        public MailTls Tls { get; init; }

        /// <summary>Ways to sign in that are offered over TLS; none unless set.</summary>
        public string Ways { get; init; } = "";

        public (string User, string Password) SignedIn { get; private set; }

        public bool WasSecure { get; private set; }

        public string From { get; private set; } = "";

        public List<string> To { get; } = [];

        public string Message { get; private set; } = "";

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _work;
            _stop.Dispose();
        }

        private async Task RunAsync()
        {
            try
            {
                while (true)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                    await ServeAsync(client.GetStream());
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task ServeAsync(Stream stream)
        {
            try
            {
                if (Tls == MailTls.Implicit) stream = await SecureAsync(stream);
                while (await TalkAsync(stream, greets: stream is not SslStream || Tls == MailTls.Implicit)) stream = await SecureAsync(stream);
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // The client does not trust us, or went away.
            }
        }

        private async Task<Stream> SecureAsync(Stream stream)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, _stop.Token);
            return tls;
        }

        // True where TLS is to begin.
        private async Task<bool> TalkAsync(Stream stream, bool greets)
        {
            var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
            var writer = new StreamWriter(stream, Encoding.Latin1, leaveOpen: true) { NewLine = "\r\n", AutoFlush = true };
            try
            {
                if (greets) await writer.WriteLineAsync("220 sink.example.com ESMTP");
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    string verb = line.Split(' ', ':')[0].ToUpperInvariant();
                    switch (verb)
                    {
                        case "EHLO":
                            string more = (Tls == MailTls.Starttls && stream is not SslStream ? "250-STARTTLS\r\n" : "") + (Ways.Length > 0 && stream is SslStream ? $"250-AUTH {Ways}\r\n" : "");
                            await writer.WriteAsync($"250-sink.example.com\r\n250-8BITMIME\r\n{more}250 SIZE 100000000\r\n");
                            break;
                        case "STARTTLS" when Tls == MailTls.Starttls && stream is not SslStream:
                            await writer.WriteLineAsync("220 2.0.0 go on");
                            return true;
                        case "AUTH" when line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal):
                            string[] parts = Text(line["AUTH PLAIN ".Length..]).Split('\0');
                            SignedIn = (parts[1], parts[2]);
                            await writer.WriteLineAsync("235 2.7.0 welcome");
                            break;
                        case "AUTH":
                            await writer.WriteLineAsync("334 VXNlcm5hbWU6");
                            string user = Text((await reader.ReadLineAsync(_stop.Token))!);
                            await writer.WriteLineAsync("334 UGFzc3dvcmQ6");
                            SignedIn = (user, Text((await reader.ReadLineAsync(_stop.Token))!));
                            await writer.WriteLineAsync("235 2.7.0 welcome");
                            break;
                        case "MAIL":
                            From = line["MAIL FROM:".Length..].Split(' ')[0];
                            WasSecure = stream is SslStream;
                            await writer.WriteLineAsync("250 2.1.0 ok");
                            break;
                        case "RCPT" when Refuses is not null:
                            await writer.WriteLineAsync(Refuses);
                            break;
                        case "RCPT":
                            To.Add(line["RCPT TO:".Length..].Trim());
                            await writer.WriteLineAsync("250 2.1.5 ok");
                            break;
                        case "DATA":
                            await writer.WriteLineAsync("354 go on");
                            Message = await DataAsync(reader);
                            await writer.WriteLineAsync("250 2.0.0 kept");
                            break;
                        case "QUIT":
                            await writer.WriteLineAsync("221 2.0.0 bye");
                            return false;
                        default:
                            await writer.WriteLineAsync("502 5.5.1 not known");
                            break;
                    }
                }
            }
            catch (IOException)
            {
                // The client went away.
            }

            return false;
        }

        private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

        // RFC 5321 4.5.2: a line that begins with a dot has one more, a dot alone is the end.
        private async Task<string> DataAsync(StreamReader reader)
        {
            var text = new StringBuilder();
            while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".") text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            return text.ToString();
        }
    }
}
