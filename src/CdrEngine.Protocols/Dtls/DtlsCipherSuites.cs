namespace CdrEngine.Protocols.Dtls;

/// <summary>The hash of a cipher suite's pseudo-random function.</summary>
public enum DtlsHash : byte
{
    /// <summary>SHA-256: what DTLS 1.2 takes where the suite names no other (RFC 5246 5).</summary>
    Sha256 = 0,

    /// <summary>SHA-384.</summary>
    Sha384 = 1,
}

/// <summary>What is to be known of cipher suites: the hash, from the registry of IANA (TLS Cipher Suites).</summary>
public static class DtlsCipherSuites
{
    /// <summary>The hash of a suite's pseudo-random function: SHA-384 for those whose name ends with it.</summary>
    public static DtlsHash HashOf(ushort cipherSuite) => cipherSuite switch
    {
        // AES-256-GCM (RFC 5288, 5487, 5289), PSK and null with SHA-384 (RFC 5487)
        0x009D or 0x009F or 0x00A1 or 0x00A3 or 0x00A5 or 0x00A7 or 0x00A9 or 0x00AB or 0x00AD => DtlsHash.Sha384,
        0x00AF or 0x00B1 or 0x00B3 or 0x00B5 or 0x00B7 or 0x00B9 => DtlsHash.Sha384,

        // ECDHE and ECDH with AES-256 (RFC 5289), ECDHE-PSK (RFC 5489, 8442)
        0xC024 or 0xC026 or 0xC028 or 0xC02A or 0xC02C or 0xC02E or 0xC030 or 0xC032 or 0xC038 or 0xC03B or 0xD002 => DtlsHash.Sha384,

        // ARIA-256 (RFC 6209): every other one
        >= 0xC03C and <= 0xC071 when cipherSuite % 2 == 1 => DtlsHash.Sha384,

        // Camellia-256 (RFC 6367): every other one
        >= 0xC072 and <= 0xC09B when cipherSuite % 2 == 1 => DtlsHash.Sha384,

        // TLS_AES_256_GCM_SHA384 of version 1.3
        0x1302 => DtlsHash.Sha384,
        _ => DtlsHash.Sha256,
    };
}
