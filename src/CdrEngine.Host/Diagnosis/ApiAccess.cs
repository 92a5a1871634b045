using System.Globalization;
using System.Net;
using CdrEngine.Api.Access.Tls;
using CdrEngine.Host.Configuration;

namespace CdrEngine.Host.Diagnosis;

/// <summary>Whether the API is reached as it should be.</summary>
internal static class ApiAccess
{
    private const UnixFileMode OthersRead = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>What there is to say of its address and certificate.</summary>
    public static IEnumerable<Finding> Examine(ApiSettings settings)
    {
        bool isOpen = !IPAddress.IsLoopback(settings.Listen.Address);
        if (isOpen && !settings.Auth)
            yield return new Finding("api", FindingState.Doubtful, $"{settings.Listen} is open to whoever reaches it: no token is asked for", "set api.auth = on");
        if (settings.Tls is not { } tls)
        {
            yield return isOpen
                ? new Finding("tls", FindingState.Doubtful, $"{settings.Listen} is not of this machine only, and tokens and voices cross the network in clear", "set api.tls.certificate, or let a proxy with TLS stand before it")
                : new Finding("tls", FindingState.Good, "not needed: the API listens for this machine only");
            yield break;
        }

        yield return Certificate(tls);
        string key = tls.Key.Length > 0 ? tls.Key : tls.Certificate;
        if (!OperatingSystem.IsWindows() && File.Exists(key) && (File.GetUnixFileMode(key) & OthersRead) != 0)
            yield return new Finding("tls key", FindingState.Doubtful, $"{key} may be read by everybody", $"chmod o-rwx {key}");
    }

    private static Finding Certificate(TlsOptions tls)
    {
        try
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            TlsIdentity identity = TlsIdentity.Load(tls, now);
            return identity.Notice(now, tls.Warning) is { } notice
                ? new Finding("tls", FindingState.Doubtful, notice, "renew it; a new file is taken without a restart")
                : new Finding("tls", FindingState.Good, string.Create(CultureInfo.InvariantCulture, $"{identity.Subject}, good until {identity.Ends:yyyy-MM-dd}"));
        }
        catch (IOException e)
        {
            return new Finding("tls", FindingState.Fails, e.Message, "put the files of api.tls right");
        }
    }
}
