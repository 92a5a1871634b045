using System.Buffers.Binary;

namespace CdrEngine.Protocols.Dtls;

/// <summary>Kinds of handshake message read here (RFC 5246 7.4).</summary>
public enum DtlsHelloKind : byte
{
    /// <summary>ClientHello.</summary>
    Client = 1,

    /// <summary>ServerHello.</summary>
    Server = 2,
}

/// <summary>A ClientHello or a ServerHello as far as DTLS-SRTP needs it; a view into the message.</summary>
public readonly ref struct DtlsHello
{
    /// <summary>Version number of DTLS 1.0 on the wire.</summary>
    public const ushort Version10 = 0xFEFF;

    /// <summary>Version number of DTLS 1.2 on the wire.</summary>
    public const ushort Version12 = 0xFEFD;

    /// <summary>Version number of DTLS 1.3 on the wire.</summary>
    public const ushort Version13 = 0xFEFC;

    /// <summary>Bytes of a random value.</summary>
    public const int RandomBytes = 32;

    private const int UseSrtp = 14;
    private const int SupportedVersions = 43;

    // The random value that makes a ServerHello a HelloRetryRequest (RFC 8446 4.1.3).
    private static ReadOnlySpan<byte> RetryRandom =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];

    private DtlsHello(DtlsHelloKind kind, ushort version, ReadOnlySpan<byte> random, ushort cipherSuite, ReadOnlySpan<byte> profiles, ReadOnlySpan<byte> mki)
    {
        Kind = kind;
        Version = version;
        RandomValue = random;
        CipherSuite = cipherSuite;
        Profiles = profiles;
        Mki = mki;
    }

    /// <summary>Which of the two.</summary>
    public DtlsHelloKind Kind { get; }

    /// <summary>Version chosen (ServerHello: that of supported_versions where present) or the legacy version offered (ClientHello).</summary>
    public ushort Version { get; }

    /// <summary>The 32 random bytes.</summary>
    public ReadOnlySpan<byte> RandomValue { get; }

    /// <summary>Cipher suite chosen; 0 in a ClientHello.</summary>
    public ushort CipherSuite { get; }

    /// <summary>Protection profiles of use_srtp (RFC 5764 4.1.1), two bytes each: those offered, or the one chosen; empty without the extension. That of
    /// a DTLS 1.3 server stands in EncryptedExtensions, out of sight.</summary>
    public ReadOnlySpan<byte> Profiles { get; }

    /// <summary>Master key identifier of use_srtp (RFC 5764 4.1.3); empty as a rule.</summary>
    public ReadOnlySpan<byte> Mki { get; }

    /// <summary>True for a HelloRetryRequest of DTLS 1.3, which looks like a ServerHello and is none.</summary>
    public bool IsRetry => RandomValue.SequenceEqual(RetryRandom);

    /// <summary>Reads the body of a handshake message.</summary>
    /// <param name="kind">Which message.</param>
    /// <param name="body">Its body without the handshake header.</param>
    /// <param name="hello">A view into <paramref name="body"/>.</param>
    /// <returns>False where lengths do not fit; never throws.</returns>
    public static bool TryRead(DtlsHelloKind kind, ReadOnlySpan<byte> body, out DtlsHello hello)
    {
        hello = default;
        if (body.Length < 2 + RandomBytes) return false;
        ushort version = BinaryPrimitives.ReadUInt16BigEndian(body);
        ReadOnlySpan<byte> random = body.Slice(2, RandomBytes);
        ReadOnlySpan<byte> rest = body[(2 + RandomBytes)..];
        ushort cipherSuite = 0;
        if (!TrySkip(ref rest, 1)) return false; // session id
        if (kind == DtlsHelloKind.Client)
        {
            // cookie, cipher suites, compression methods
            if (!TrySkip(ref rest, 1) || !TrySkip(ref rest, 2) || !TrySkip(ref rest, 1)) return false;
        }
        else
        {
            if (rest.Length < 3) return false;
            cipherSuite = BinaryPrimitives.ReadUInt16BigEndian(rest);
            rest = rest[3..];
        }

        ReadOnlySpan<byte> profiles = default, mki = default;
        if (!rest.IsEmpty)
        {
            if (!TryTake(ref rest, 2, out ReadOnlySpan<byte> extensions)) return false;
            while (!extensions.IsEmpty)
            {
                if (extensions.Length < 2) return false;
                int type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
                extensions = extensions[2..];
                if (!TryTake(ref extensions, 2, out ReadOnlySpan<byte> extension)) return false;
                if (type == UseSrtp && (!TryTake(ref extension, 2, out profiles) || !TryTake(ref extension, 1, out mki) || profiles.Length % 2 != 0)) return false;
                if (type == SupportedVersions && kind == DtlsHelloKind.Server && extension.Length == 2) version = BinaryPrimitives.ReadUInt16BigEndian(extension);
            }
        }

        hello = new DtlsHello(kind, version, random, cipherSuite, profiles, mki);
        return true;
    }

    private static bool TrySkip(scoped ref ReadOnlySpan<byte> bytes, int lengthBytes) => TryTake(ref bytes, lengthBytes, out _);

    private static bool TryTake(scoped ref ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (bytes.Length < lengthBytes) return false;
        int length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length - lengthBytes < length) return false;
        taken = bytes.Slice(lengthBytes, length);
        bytes = bytes[(lengthBytes + length)..];
        return true;
    }
}
