using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CdrEngine.TestKit;

/// <summary>An authority of its own for a test, and certificates of it in files.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _root;

    /// <summary>Makes the authority.</summary>
    /// <param name="folder">Where files go.</param>
    public TestCertificates(string folder)
    {
        Folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-5), DateTimeOffset.UtcNow.AddYears(20));
        RootFile = Path.Combine(folder, "root.pem");
        File.WriteAllText(RootFile, _root.ExportCertificatePem());
    }

    /// <summary>Where files go.</summary>
    public string Folder { get; }

    /// <summary>PEM file of the authority.</summary>
    public string RootFile { get; }

    /// <summary>The authority.</summary>
    public X509Certificate2 Root => _root;

    /// <summary>A certificate for localhost and 127.0.0.1.</summary>
    public X509Certificate2 Make(DateTimeOffset? from = null, DateTimeOffset? to = null, string name = "localhost", string usage = "1.3.6.1.5.5.7.3.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost") names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using X509Certificate2 bare = request.Create(_root, from ?? DateTimeOffset.UtcNow.AddDays(-1), to ?? DateTimeOffset.UtcNow.AddDays(90), RandomNumberGenerator.GetBytes(12));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Writes a certificate and its key as PEM.</summary>
    public (string Certificate, string Key) WritePem(X509Certificate2 certificate, string stem, string? password = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        string file = Path.Combine(Folder, stem + ".pem"), keyFile = Path.Combine(Folder, stem + ".key");
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(keyFile, password is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000)));
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + _root.ExportCertificatePem());
        return (file, keyFile);
    }

    /// <summary>Writes a certificate with its key as PKCS#12.</summary>
    public string WritePkcs12(X509Certificate2 certificate, string stem, string? password)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        string file = Path.Combine(Folder, stem + ".p12");
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pkcs12, password));
        return file;
    }

    /// <summary>Writes a line into a file.</summary>
    public string WriteLine(string stem, string line)
    {
        string file = Path.Combine(Folder, stem);
        File.WriteAllText(file, line + "\n");
        return file;
    }

    /// <inheritdoc />
    public void Dispose() => _root.Dispose();
}
