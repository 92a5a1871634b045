namespace CdrEngine.Media.Srtp;

/// <summary>Why a packet could not be opened, or a key not be used.</summary>
public enum SrtpRejection : byte
{
    /// <summary>It was opened.</summary>
    None = 0,

    /// <summary>The media is secured and no key of its sender is known: DTLS-SRTP without a key log, MIKEY, or an SDP that was not seen.</summary>
    NoKey = 1,

    /// <summary>Keys there are, and the tag fits none of them: another key, damage on the way, or a packet cut by the capture.</summary>
    Authentication = 2,

    /// <summary>The sender's only suites are not known here.</summary>
    UnsupportedSuite = 3,

    /// <summary>Shorter than header and tag.</summary>
    TooShort = 4,

    /// <summary>No RTP or RTCP header, or one whose lengths reach past the end.</summary>
    Malformed = 5,

    /// <summary>It names a master key (MKI) that was not in the SDP.</summary>
    UnknownMki = 6,

    /// <summary>The buffer for the plain packet is smaller than the packet.</summary>
    OutputTooSmall = 7,

    /// <summary>The crypto line cannot be read (RFC 4568 9).</summary>
    BadKeyLine = 8,

    /// <summary>The key in the crypto line has another length than its suite asks for.</summary>
    KeyLength = 9,
}

/// <summary>Names of rejections as recordings give them for their reason.</summary>
public static class SrtpReasons
{
    /// <summary>A name in lower case with underscores, such as <c>srtp_no_key</c>; empty for <see cref="SrtpRejection.None"/>.</summary>
    public static string NameOf(SrtpRejection rejection) => rejection switch
    {
        SrtpRejection.None => "",
        SrtpRejection.NoKey or SrtpRejection.BadKeyLine or SrtpRejection.KeyLength => "srtp_no_key",
        SrtpRejection.UnsupportedSuite => "srtp_suite_unsupported",
        SrtpRejection.Authentication or SrtpRejection.UnknownMki => "srtp_authentication_failed",
        _ => "srtp_malformed",
    };
}
