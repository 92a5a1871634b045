using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Protocols.Dtls;

namespace CdrEngine.Media.Srtp;

/// <summary>Keying material of DTLS-SRTP (RFC 5764 4.2): the exporter with the label <c>EXTRACTOR-dtls_srtp</c> and no context.</summary>
internal static class DtlsSrtpExporter
{
    private static ReadOnlySpan<byte> Label => "EXTRACTOR-dtls_srtp"u8;

    /// <summary>From a master secret: DTLS 1.0 (RFC 2246 5) and 1.2 (RFC 5246 5, RFC 5705 4).</summary>
    public static void FromMaster(ushort version, DtlsHash hash, ReadOnlySpan<byte> master, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> serverRandom, Span<byte> output)
    {
        Span<byte> seed = stackalloc byte[Label.Length + clientRandom.Length + serverRandom.Length];
        Label.CopyTo(seed);
        clientRandom.CopyTo(seed[Label.Length..]);
        serverRandom.CopyTo(seed[(Label.Length + clientRandom.Length)..]);
        if (version != DtlsHello.Version10)
        {
            Expand(hash == DtlsHash.Sha384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256, master, seed, output);
            return;
        }

        // MD5 over the first half of the secret, SHA-1 over the second, both mixed.
        int half = (master.Length + 1) / 2;
        Span<byte> second = stackalloc byte[output.Length];
        Expand(HashAlgorithmName.MD5, master[..half], seed, output);
        Expand(HashAlgorithmName.SHA1, master[^half..], seed, second);
        for (int i = 0; i < output.Length; i++) output[i] ^= second[i];
        CryptographicOperations.ZeroMemory(second);
    }

    /// <summary>From the exporter secret of DTLS 1.3 (RFC 8446 7.5; the prefix of its labels is that of RFC 9147 5.9).</summary>
    public static void FromExporter(DtlsHash hash, ReadOnlySpan<byte> exporterSecret, Span<byte> output)
    {
        HashAlgorithmName name = hash == DtlsHash.Sha384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;
        int bytes = hash == DtlsHash.Sha384 ? 48 : 32;
        Span<byte> derived = stackalloc byte[bytes];
        Span<byte> empty = stackalloc byte[bytes];
        _ = hash == DtlsHash.Sha384 ? SHA384.HashData([], empty) : SHA256.HashData([], empty);
        ExpandLabel(name, exporterSecret, Label, empty, derived);
        ExpandLabel(name, derived, "exporter"u8, empty, output);
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <summary>P_hash of RFC 5246 5.</summary>
    private static void Expand(HashAlgorithmName name, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> seed, Span<byte> output)
    {
        Span<byte> chain = stackalloc byte[64];
        Span<byte> block = stackalloc byte[64];
        using var hmac = IncrementalHash.CreateHMAC(name, secret);
        int bytes = hmac.HashLengthInBytes;
        hmac.AppendData(seed);
        hmac.GetHashAndReset(chain);
        for (int done = 0; done < output.Length; done += bytes)
        {
            hmac.AppendData(chain[..bytes]);
            hmac.AppendData(seed);
            hmac.GetHashAndReset(block);
            block[..Math.Min(bytes, output.Length - done)].CopyTo(output[done..]);
            hmac.AppendData(chain[..bytes]);
            hmac.GetHashAndReset(chain);
        }

        CryptographicOperations.ZeroMemory(chain);
        CryptographicOperations.ZeroMemory(block);
    }

    private static void ExpandLabel(HashAlgorithmName name, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> output)
    {
        ReadOnlySpan<byte> prefix = "dtls13"u8;
        Span<byte> info = stackalloc byte[4 + prefix.Length + label.Length + context.Length];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)output.Length);
        info[2] = (byte)(prefix.Length + label.Length);
        prefix.CopyTo(info[3..]);
        label.CopyTo(info[(3 + prefix.Length)..]);
        info[3 + prefix.Length + label.Length] = (byte)context.Length;
        context.CopyTo(info[(4 + prefix.Length + label.Length)..]);
        HKDF.Expand(name, secret, output, info);
    }
}
