using System.ComponentModel;

namespace CdrEngine.Media.Srtp;

/// <summary>What happened to secured media.</summary>
public enum SrtpCounter
{
    /// <summary>RTP packets opened.</summary>
    [Description("SRTP packets authenticated and deciphered")]
    RtpOpened = 0,

    /// <summary>RTCP packets opened.</summary>
    [Description("SRTCP packets authenticated and deciphered")]
    RtcpOpened = 1,

    /// <summary>Packets handed on as they were.</summary>
    [Description("packets of media that the SDP does not call secure, handed on as they were")]
    Plain = 2,

    /// <summary>Packets without a key.</summary>
    [Description("packets of secure media whose sender's key is not known")]
    NoKey = 3,

    /// <summary>Packets whose tag fits no key.</summary>
    [Description("packets whose authentication tag fits none of the sender's keys")]
    Unauthentic = 4,

    /// <summary>Packets too short or with a broken header.</summary>
    [Description("packets too short or with a broken header")]
    Malformed = 5,

    /// <summary>Packets opened with a roll-over counter found by search.</summary>
    [Description("packets opened with a roll-over counter that had to be searched for")]
    RollOverFound = 6,

    /// <summary>Packets opened by a key of the other side or another m-line.</summary>
    [Description("packets opened with a key that the SDP gave for another side or m-line")]
    StrayKey = 7,

    /// <summary>Keys learnt.</summary>
    [Description("SRTP keys learnt from crypto lines or key logs")]
    KeysLearnt = 8,

    /// <summary>Keys dropped.</summary>
    [Description("SRTP keys dropped because one side and m-line had too many")]
    KeysDropped = 9,

    /// <summary>Sources dropped.</summary>
    [Description("sides and m-lines without keys because the call had too many")]
    SourcesDropped = 10,

    /// <summary>Crypto lines that cannot be read.</summary>
    [Description("crypto lines that cannot be read, or whose key has the wrong length")]
    BadKeyLines = 11,

    /// <summary>Suites not known.</summary>
    [Description("crypto lines with a suite that is not known here")]
    UnsupportedSuites = 12,

    /// <summary>DTLS handshakes without a key.</summary>
    [Description("DTLS-SRTP handshakes whose secret is in no key log")]
    DtlsWithoutKey = 13,

    /// <summary>DTLS handshakes with a key.</summary>
    [Description("DTLS-SRTP handshakes whose keys came from the key log")]
    DtlsWithKey = 14,
}
