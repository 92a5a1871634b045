namespace CdrEngine.Api.Access.Tls;

/// <summary>What becomes of plain HTTP on a port that speaks TLS.</summary>
public enum PlainHttp
{
    /// <summary>It is answered with 400, and nothing else.</summary>
    Refuse = 0,

    /// <summary>It is sent to the same address by https (308).</summary>
    Redirect = 1,
}

/// <summary>TLS of the API.</summary>
/// <param name="Certificate">PEM file of the certificate with those between it and the root, or PKCS#12 file (.p12, .pfx).</param>
/// <param name="Key">PEM file of the key; empty where it is in the file of the certificate.</param>
/// <param name="PasswordFile">File whose first line is the password of the key or PKCS#12 file; empty for none.</param>
public sealed record TlsOptions(string Certificate, string Key, string PasswordFile)
{
    /// <summary>What becomes of plain HTTP.</summary>
    public PlainHttp PlainHttp { get; init; }

    /// <summary>For so long browsers are told to come by https only (RFC 6797); zero tells them nothing. Default 180 days.</summary>
    public TimeSpan Hsts { get; init; } = TimeSpan.FromDays(180);

    /// <summary>From so long before its end on a certificate is warned of. Default 14 days.</summary>
    public TimeSpan Warning { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Whether the files hold PKCS#12, by the name.</summary>
    internal bool IsPkcs12 => Certificate.EndsWith(".p12", StringComparison.OrdinalIgnoreCase) || Certificate.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase);
}
