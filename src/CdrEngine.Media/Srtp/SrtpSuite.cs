using System.Text;

namespace CdrEngine.Media.Srtp;

/// <summary>How packets are enciphered and authenticated: the crypto suites of SDP and the protection profiles of DTLS-SRTP.</summary>
public enum SrtpSuite : byte
{
    /// <summary>None, or one that is not known here.</summary>
    None = 0,

    /// <summary><c>AES_CM_128_HMAC_SHA1_80</c> (RFC 4568 6.2.1), profile 0x0001 of RFC 5764 4.1.2.</summary>
    AesCm128HmacSha1Tag80 = 1,

    /// <summary><c>AES_CM_128_HMAC_SHA1_32</c> (RFC 4568 6.2.2), profile 0x0002. The tag of RTCP has 80 bits all the same.</summary>
    AesCm128HmacSha1Tag32 = 2,

    /// <summary><c>AES_192_CM_HMAC_SHA1_80</c> (RFC 6188 3.2).</summary>
    AesCm192HmacSha1Tag80 = 3,

    /// <summary><c>AES_192_CM_HMAC_SHA1_32</c> (RFC 6188 3.2).</summary>
    AesCm192HmacSha1Tag32 = 4,

    /// <summary><c>AES_256_CM_HMAC_SHA1_80</c> (RFC 6188 3.1); older equipment writes <c>AES_CM_256_HMAC_SHA1_80</c>.</summary>
    AesCm256HmacSha1Tag80 = 5,

    /// <summary><c>AES_256_CM_HMAC_SHA1_32</c> (RFC 6188 3.1).</summary>
    AesCm256HmacSha1Tag32 = 6,

    /// <summary><c>AEAD_AES_128_GCM</c> (RFC 7714 12, 14.1), profile 0x0007.</summary>
    AeadAes128Gcm = 7,

    /// <summary><c>AEAD_AES_256_GCM</c> (RFC 7714 12, 14.1), profile 0x0008.</summary>
    AeadAes256Gcm = 8,

    /// <summary><c>NULL_HMAC_SHA1_80</c>, profile 0x0005: authenticated, not enciphered.</summary>
    NullHmacSha1Tag80 = 9,

    /// <summary><c>NULL_HMAC_SHA1_32</c>, profile 0x0006: authenticated, not enciphered.</summary>
    NullHmacSha1Tag32 = 10,
}

/// <summary>The cipher of a suite.</summary>
internal enum SrtpCipher : byte
{
    Null,
    AesCounter,
    AesGcm,
}

/// <summary>Sizes of a suite in bytes (RFC 4568 6.2, RFC 6188 3, RFC 7714 12).</summary>
internal readonly record struct SrtpSuiteShape(SrtpCipher Cipher, int KeyBytes, int SaltBytes, int RtpTagBytes, int RtcpTagBytes)
{
    /// <summary>Bytes of the HMAC-SHA1 session key, whatever the tag's length (RFC 3711 5.2).</summary>
    public const int AuthenticationKeyBytes = 20;

    public bool IsAead => Cipher == SrtpCipher.AesGcm;
}

/// <summary>What is known of the suites: names, sizes, numbers.</summary>
public static class SrtpSuites
{
    private static readonly (byte[] Name, SrtpSuite Suite)[] Names =
    [
        ("AES_CM_128_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.AesCm128HmacSha1Tag80),
        ("AES_CM_128_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.AesCm128HmacSha1Tag32),
        ("AES_192_CM_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.AesCm192HmacSha1Tag80),
        ("AES_192_CM_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.AesCm192HmacSha1Tag32),
        ("AES_256_CM_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.AesCm256HmacSha1Tag80),
        ("AES_256_CM_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.AesCm256HmacSha1Tag32),
        ("AEAD_AES_128_GCM"u8.ToArray(), SrtpSuite.AeadAes128Gcm),
        ("AEAD_AES_256_GCM"u8.ToArray(), SrtpSuite.AeadAes256Gcm),
        ("NULL_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.NullHmacSha1Tag80),
        ("NULL_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.NullHmacSha1Tag32),

        // Written by equipment older than RFC 6188.
        ("AES_CM_192_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.AesCm192HmacSha1Tag80),
        ("AES_CM_192_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.AesCm192HmacSha1Tag32),
        ("AES_CM_256_HMAC_SHA1_80"u8.ToArray(), SrtpSuite.AesCm256HmacSha1Tag80),
        ("AES_CM_256_HMAC_SHA1_32"u8.ToArray(), SrtpSuite.AesCm256HmacSha1Tag32),
    ];

    /// <summary>The suite of a name in a crypto line, compared without case; <see cref="SrtpSuite.None"/> for one not known here (F8 among them).</summary>
    public static SrtpSuite FromName(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] known, SrtpSuite suite) in Names)
        {
            if (Ascii.EqualsIgnoreCase(known, name)) return suite;
        }

        return SrtpSuite.None;
    }

    /// <summary>The suite of a DTLS-SRTP protection profile (RFC 5764 4.1.2, RFC 7714 14.2); <see cref="SrtpSuite.None"/> for one not known here.</summary>
    public static SrtpSuite FromProfile(int profile) => profile switch
    {
        0x0001 => SrtpSuite.AesCm128HmacSha1Tag80,
        0x0002 => SrtpSuite.AesCm128HmacSha1Tag32,
        0x0005 => SrtpSuite.NullHmacSha1Tag80,
        0x0006 => SrtpSuite.NullHmacSha1Tag32,
        0x0007 => SrtpSuite.AeadAes128Gcm,
        0x0008 => SrtpSuite.AeadAes256Gcm,
        _ => SrtpSuite.None,
    };

    /// <summary>Bytes of the master key; 0 for <see cref="SrtpSuite.None"/>.</summary>
    public static int KeyBytes(SrtpSuite suite) => Shape(suite).KeyBytes;

    /// <summary>Bytes of the master salt; 0 for <see cref="SrtpSuite.None"/>.</summary>
    public static int SaltBytes(SrtpSuite suite) => Shape(suite).SaltBytes;

    internal static SrtpSuiteShape Shape(SrtpSuite suite) => suite switch
    {
        SrtpSuite.AesCm128HmacSha1Tag80 => new(SrtpCipher.AesCounter, 16, 14, 10, 10),
        SrtpSuite.AesCm128HmacSha1Tag32 => new(SrtpCipher.AesCounter, 16, 14, 4, 10),
        SrtpSuite.AesCm192HmacSha1Tag80 => new(SrtpCipher.AesCounter, 24, 14, 10, 10),
        SrtpSuite.AesCm192HmacSha1Tag32 => new(SrtpCipher.AesCounter, 24, 14, 4, 10),
        SrtpSuite.AesCm256HmacSha1Tag80 => new(SrtpCipher.AesCounter, 32, 14, 10, 10),
        SrtpSuite.AesCm256HmacSha1Tag32 => new(SrtpCipher.AesCounter, 32, 14, 4, 10),
        SrtpSuite.AeadAes128Gcm => new(SrtpCipher.AesGcm, 16, 12, 16, 16),
        SrtpSuite.AeadAes256Gcm => new(SrtpCipher.AesGcm, 32, 12, 16, 16),
        SrtpSuite.NullHmacSha1Tag80 => new(SrtpCipher.Null, 16, 14, 10, 10),
        SrtpSuite.NullHmacSha1Tag32 => new(SrtpCipher.Null, 16, 14, 4, 10),
        _ => default,
    };
}
