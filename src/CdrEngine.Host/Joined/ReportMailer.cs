using System.Net;
using System.Net.Mail;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Joined;

/// <summary>Sends reports by SMTP (RFC 5321).</summary>
internal sealed class ReportMailer(MailSettings settings) : IReportMailer
{
    /// <inheritdoc />
    public async Task SendAsync(ReportMail mail, CancellationToken stop)
    {
        try
        {
            using var client = new SmtpClient(settings.Host, settings.Port) { EnableSsl = settings.Tls, DeliveryMethod = SmtpDeliveryMethod.Network };
            if (settings.User.Length > 0) client.Credentials = new NetworkCredential(settings.User, settings.Password);
            using var message = new MailMessage(settings.From, mail.To, mail.Subject, mail.Text) { SubjectEncoding = Encoding.UTF8, BodyEncoding = Encoding.UTF8 };
            using var content = new MemoryStream(mail.Content, writable: false);
            using var file = new Attachment(content, mail.FileName, mail.MediaType);
            message.Attachments.Add(file);
            await client.SendMailAsync(message, stop);
        }
        catch (Exception e) when (e is SmtpException or InvalidOperationException or FormatException or ArgumentException)
        {
            string reason = (e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message).ReplaceLineEndings(" ");
            throw new IOException($"{settings.Host}:{settings.Port}: {reason}", e);
        }
    }
}
