using System.Net;
using System.Net.Sockets;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
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
        await Mailer(sink, tls: false).SendAsync(Mail, CancellationToken.None);
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
        IOException refused = await Assert.ThrowsAsync<IOException>(() => Mailer(sink, tls: false).SendAsync(Mail, CancellationToken.None));
        Assert.Contains("no such user", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal("", sink.Message);
    }

    [Fact]
    public async Task NothingIsSent_WhereTlsIsAskedFor_AndTheServerHasNone()
    {
        await using var sink = new SmtpSink();
        await Assert.ThrowsAsync<IOException>(() => Mailer(sink, tls: true).SendAsync(Mail, CancellationToken.None));
        Assert.Equal(("", ""), (sink.From, sink.Message));
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsTold()
    {
        int port;
        await using (var sink = new SmtpSink()) port = sink.Port;
        IOException refused = await Assert.ThrowsAsync<IOException>(() => new ReportMailer(new MailSettings("127.0.0.1", port, "cdrengine@example.com", "", "", false)).SendAsync(Mail, CancellationToken.None));
        Assert.StartsWith($"127.0.0.1:{port}: ", refused.Message, StringComparison.Ordinal);
    }

    private static ReportMailer Mailer(SmtpSink sink, bool tls) => new(new MailSettings("127.0.0.1", sink.Port, "cdrengine@example.com", "", "", tls));

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
                    await TalkAsync(client.GetStream());
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task TalkAsync(NetworkStream stream)
        {
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await using var writer = new StreamWriter(stream, Encoding.Latin1) { NewLine = "\r\n", AutoFlush = true };
            try
            {
                await writer.WriteLineAsync("220 sink.example.com ESMTP");
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    string verb = line.Split(' ', ':')[0].ToUpperInvariant();
                    switch (verb)
                    {
                        case "EHLO":
                            await writer.WriteAsync("250-sink.example.com\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n");
                            break;
                        case "MAIL":
                            From = line["MAIL FROM:".Length..].Split(' ')[0];
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
                            return;
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
        }

        // RFC 5321 4.5.2: a line that begins with a dot has one more, a dot alone is the end.
        private async Task<string> DataAsync(StreamReader reader)
        {
            var text = new StringBuilder();
            while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".") text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            return text.ToString();
        }
    }
}
