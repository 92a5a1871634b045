using System.ComponentModel;

namespace CdrEngine.Protocols.Sip;

/// <summary>Why bytes are no SIP message. Counted per reason by the caller (the values are 0..n-1).</summary>
public enum SipRejection
{
    /// <summary>Not refused.</summary>
    [Description("messages read")]
    None = 0,

    /// <summary>No bytes, or only line ends: a keep-alive (RFC 5626 3.5.1, 4.4.1).</summary>
    [Description("nothing but line ends: keep-alive")]
    Empty = 1,

    /// <summary>The first line is neither a request line nor a status line of SIP.</summary>
    [Description("first line is not SIP")]
    NotSip = 2,

    /// <summary>A request line without a method of token characters or without a Request-URI.</summary>
    [Description("request line without method or URI")]
    BadRequestLine = 3,

    /// <summary>A status line whose code is not three digits of 100 or more.</summary>
    [Description("status code is not three digits")]
    BadStatusCode = 4,

    /// <summary>A version other than SIP/2.0 (RFC 3261 7.1): its grammar is not known.</summary>
    [Description("SIP version other than 2.0")]
    UnsupportedVersion = 5,

    /// <summary>More header lines than <see cref="SipLimits.MaxHeaders"/>.</summary>
    [Description("more header lines than the limit")]
    TooManyHeaders = 6,

    /// <summary>Longer than <see cref="SipLimits.MaxMessageBytes"/>.</summary>
    [Description("message longer than the limit")]
    TooLong = 7,
}
