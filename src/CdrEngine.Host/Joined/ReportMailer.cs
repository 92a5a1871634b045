using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Joined;

/// <summary>Sends reports by SMTP (RFC 5321).</summary>
internal sealed class ReportMailer(MailSettings settings) : IReportMailer
{
    /// <inheritdoc />
    public async Task SendAsync(ReportMail mail, CancellationToken stop)
    {
        await using SmtpSession session = await SmtpSession.OpenAsync(settings, stop);
        await session.SendAsync(settings.From, mail.To, MailText.Write(mail, settings.From, DateTimeOffset.UtcNow), stop);
    }
}
