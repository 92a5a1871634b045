using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CdrEngine.Api.Access.Tls;

/// <summary>A certificate with its key and the certificates between it and its root, checked and ready for handshakes.</summary>
public sealed class TlsIdentity
{
    private TlsIdentity(SslStreamCertificateContext context) => Context = context;

    /// <summary>What handshakes take.</summary>
    internal SslStreamCertificateContext Context { get; }

    /// <summary>Whom it names.</summary>
    public string Subject => Context.TargetCertificate.Subject;

    /// <summary>When it ends.</summary>
    public DateTimeOffset Ends => new(Context.TargetCertificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>Reads and checks the files.</summary>
    /// <param name="options">Which files.</param>
    /// <param name="now">Time that the certificate is to be good at.</param>
    /// <exception cref="IOException">They cannot be read, do not belong together, or the certificate is not good now; one line that says which and why.</exception>
    public static TlsIdentity Load(TlsOptions options, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            string? password = options.PasswordFile.Length == 0 ? null : Password(options.PasswordFile);
            (X509Certificate2 certificate, X509Certificate2Collection others) = options.IsPkcs12 ? Pkcs12(options, password) : Pem(options, password);
            Check(certificate, options.Certificate, now);
            return new TlsIdentity(SslStreamCertificateContext.Create(certificate, others, offline: true));
        }
        catch (CryptographicException e)
        {
            throw new IOException($"api.tls: {Files(options)}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"api.tls: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"api.tls: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>What there is to say of its end: null while that is far off.</summary>
    public string? Notice(DateTimeOffset now, TimeSpan warning)
    {
        TimeSpan left = Ends - now;
        if (left > warning) return null;
        return left <= TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture, $"the certificate of the API has expired, on {Ends:yyyy-MM-dd HH:mm} UTC")
            : string.Create(CultureInfo.InvariantCulture, $"the certificate of the API expires in {Math.Floor(left.TotalDays)} days, on {Ends:yyyy-MM-dd HH:mm} UTC");
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Others) Pem(TlsOptions options, string? password)
    {
        string? key = options.Key.Length == 0 ? null : options.Key;
        X509Certificate2 own;
        try
        {
            own = password is null ? X509Certificate2.CreateFromPemFile(options.Certificate, key) : X509Certificate2.CreateFromEncryptedPemFile(options.Certificate, password, key);
        }
        catch (CryptographicException e) when (password is null && IsEncrypted(key ?? options.Certificate))
        {
            throw new IOException($"api.tls: {key ?? options.Certificate}: the key is encrypted; name the file of its password (api.tls.password-file)", e);
        }
        catch (ArgumentException e)
        {
            // So .NET tells of a key that is another certificate's.
            throw new IOException($"api.tls: {Files(options)}: the key is not that of the certificate ({e.Message.ReplaceLineEndings(" ")})", e);
        }

        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(options.Certificate);
        X509Certificate2[] others = [.. all.Where(other => other.Thumbprint != own.Thumbprint)];
        return (own, [.. others]);
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Others) Pkcs12(TlsOptions options, string? password)
    {
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(options.Certificate, password, X509KeyStorageFlags.EphemeralKeySet);
        X509Certificate2 own = all.FirstOrDefault(static one => one.HasPrivateKey) ?? throw new IOException($"api.tls: {options.Certificate}: there is no key in it");
        return (own, [.. all.Where(other => !ReferenceEquals(other, own))]);
    }

    private static void Check(X509Certificate2 certificate, string file, DateTimeOffset now)
    {
        DateTime at = now.UtcDateTime;
        if (at > certificate.NotAfter.ToUniversalTime()) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"api.tls: {file}: the certificate expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC"));
        if (at < certificate.NotBefore.ToUniversalTime()) throw new IOException(string.Create(CultureInfo.InvariantCulture, $"api.tls: {file}: the certificate is not good before {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC"));
        X509EnhancedKeyUsageExtension? usage = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        if (usage is not null && !usage.EnhancedKeyUsages.Cast<Oid>().Any(static use => use.Value is "1.3.6.1.5.5.7.3.1" or "2.5.29.37.0"))
            throw new IOException($"api.tls: {file}: the certificate is not for servers (its extended key usage does not have serverAuth)");
    }

    private static bool IsEncrypted(string file) => File.ReadAllText(file).Contains("ENCRYPTED", StringComparison.Ordinal);

    private static string Password(string file)
    {
        using var reader = new StreamReader(file);
        return reader.ReadLine() ?? "";
    }

    private static string Files(TlsOptions options) => options.Key.Length == 0 ? options.Certificate : $"{options.Certificate} and {options.Key}";
}
