using System.Net.Security;
using System.Security.Authentication;

namespace CdrEngine.Api.Access.Tls;

/// <summary>Holds the certificate in force and takes a new one when its files change. Connections that stand go on; new ones get the new certificate. Any
/// thread.</summary>
internal sealed class TlsKeeper
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromDays(1);

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string>? _tell;
    private readonly Lock _looking = new();
    private (DateTime Written, long Length)[] _marks;
    private long _lookedAt;
    private long _warnedAt;
    private string? _fault;
    private volatile TlsIdentity _identity;

    /// <summary>Reads the files.</summary>
    /// <exception cref="IOException">They are not in order; one line that says why.</exception>
    public TlsKeeper(TlsOptions options, TimeProvider time, Action<string>? tell)
    {
        _options = options;
        _time = time;
        _tell = tell;
        _marks = Marks();
        _lookedAt = time.GetTimestamp();
        _identity = TlsIdentity.Load(options, time.GetUtcNow());
        Warn();
    }

    /// <summary>What there is to say: that the certificate ends soon, or that the new files are not in order.</summary>
    public IReadOnlyList<string> Notices()
    {
        Look();
        return [.. new[] { _identity.Notice(_time.GetUtcNow(), _options.Warning), _fault is null ? null : "the new certificate of the API is not in order; the one before stays in force" }.OfType<string>()];
    }

    /// <summary>What the next handshake takes.</summary>
    public SslServerAuthenticationOptions Handshake()
    {
        Look();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _identity.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            ClientCertificateRequired = false,
            AllowRenegotiation = false,
        };
    }

    // With the handshakes themselves, at most once a second, so that no timer has to be kept.
    private void Look()
    {
        if (!_looking.TryEnter()) return;
        try
        {
            if (_time.GetElapsedTime(_lookedAt) < BetweenLooks) return;
            _lookedAt = _time.GetTimestamp();
            (DateTime Written, long Length)[] marks = Marks();
            if (!marks.AsSpan().SequenceEqual(_marks))
            {
                // Certificate and key are two files: between their changes they do not belong together, and the next look finds that they do.
                _identity = TlsIdentity.Load(_options, _time.GetUtcNow());
                _marks = marks;
                _fault = null;
                _warnedAt = 0;
                _tell?.Invoke($"api.tls: new certificate, good until {_identity.Ends.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)}");
            }

            Warn();
        }
        catch (IOException e)
        {
            if (_fault != e.Message) _tell?.Invoke($"{e.Message}; the certificate before stays in force");
            _fault = e.Message;
        }
        finally
        {
            _looking.Exit();
        }
    }

    private void Warn()
    {
        if (_tell is null || (_warnedAt != 0 && _time.GetElapsedTime(_warnedAt) < BetweenWarnings)) return;
        if (_identity.Notice(_time.GetUtcNow(), _options.Warning) is not { } notice) return;
        _warnedAt = _time.GetTimestamp();
        _tell($"warning: {notice}");
    }

    private (DateTime Written, long Length)[] Marks() => [.. new[] { _options.Certificate, _options.Key, _options.PasswordFile }.Where(static path => path.Length > 0).Select(static path =>
    {
        // A link, as certbot lays them, counts as what it leads to.
        var file = new FileInfo(path);
        if (!file.Exists) return default;
        FileSystemInfo end = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        return end is FileInfo { Exists: true } real ? (real.LastWriteTimeUtc, real.Length) : default;
    })];
}
