using System.Net.Mail;
using CdrEngine.Api;
using CdrEngine.Api.Access.Tls;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Host.Configuration;

// Who may ask and how: api; and mail, which goes out.
internal static partial class SettingsBinder
{
    private static ApiSettings Api(SettingsReader at) => new(at.Address("listen"), at.Switch("auth"), at.Integer("page-size", 1, CallQuery.MaxLimit))
    {
        Tls = Tls(at.Section("tls")),
        Limits = ApiLimits(at.Section("limits")),
        Share = Share(at.Section("share")),
    };

    private static TlsOptions? Tls(SettingsReader at)
    {
        var tls = new TlsOptions(at.TextOrEmpty("certificate"), at.TextOrEmpty("key"), at.TextOrEmpty("password-file"))
        {
            PlainHttp = at.Choice<PlainHttp>("plain-http"),
            Hsts = at.Duration("hsts", TimeSpan.Zero, Century),
            Warning = at.Duration("warning", TimeSpan.Zero, Day * 366),
        };
        if (tls.Certificate.Length > 0) return tls;
        if (tls.Key.Length > 0) throw at.Fail("key", "there is no certificate beside it (api.tls.certificate)");
        return tls.PasswordFile.Length > 0 ? throw at.Fail("password-file", "there is no certificate beside it (api.tls.certificate)") : null;
    }

    private static ApiLimits ApiLimits(SettingsReader at) => new()
    {
        Connections = at.Integer("connections", 1, 100_000),
        ConnectionsPerAddress = at.Integer("connections-per-address", 0, 100_000),
        RequestBodyBytes = at.Size("request-body", 1 << 10, 64 << 20),
        RequestLineBytes = (int)at.Size("request-line", 1 << 10, 64 << 10),
        HeaderCount = at.Integer("header-count", 8, 1_000),
        HeaderBytes = (int)at.Size("header-bytes", 1 << 10, 1 << 20),
        HeadersTimeout = at.Duration("header-timeout", Second, Minute * 10),
        KeepAlive = at.Duration("keep-alive", Second, Hour),
        LeastBytesPerSecond = (int)at.Size("least-rate", 1, 1 << 20),
        AuditFileBytes = at.Size("audit-file", 1 << 20, 1L << 40),
    };

    private static ShareOptions Share(SettingsReader at) => new(at.Switch("enabled"), at.Duration("longest", Minute, Day * 3660), at.Integer("most", 1, 100_000));

    private static MailSettings Mail(SettingsReader at)
    {
        var settings = new MailSettings(
            at.TextOrEmpty("host"),
            at.Integer("port", 1, 65_535),
            at.TextOrEmpty("from"),
            at.TextOrEmpty("user"),
            at.TextOrEmpty("password"),
            at.Choice<MailTls>("tls"))
        {
            CertificateAuthority = at.TextOrEmpty("ca-file"),
        };
        if (settings.Host.Length > 0 && !MailAddress.TryCreate(settings.From, out _)) throw at.Fail("from", "an address such as cdrengine@example.com is asked for where mail.host is set");
        if (settings is { User.Length: > 0, Tls: MailTls.None }) throw at.Fail("tls", "a password is not sent in clear: tls is to be starttls or implicit where mail.user is set");
        return settings;
    }
}
