namespace CdrEngine.Protocols.Sip;

/// <summary>What is wrong or unusual in a message that was read nevertheless. A bit each.</summary>
/// <remarks>An observer is lenient: endpoints on both sides may well have understood the message, so it counts; the bits say why a stricter
/// reader would not. Bits up to <see cref="Truncated"/> are found while reading, the others by <see cref="SipMessage.Inspect"/> only.</remarks>
[Flags]
public enum SipOddities : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A line ends in LF without CR (RFC 3261 7 wants CRLF).</summary>
    LfOnly = 1u << 0,

    /// <summary>Line ends before the start line (RFC 3261 7.5 lets a stream have them).</summary>
    LeadingLineEnds = 1u << 1,

    /// <summary>More or other white space in the start line than single spaces (RFC 3261 7.1).</summary>
    StartLineSpacing = 1u << 2,

    /// <summary>The Request-URI is in angle brackets (RFC 3261 7.1 forbids them).</summary>
    BracketedRequestUri = 1u << 3,

    /// <summary>No blank line after the headers.</summary>
    MissingBlankLine = 1u << 4,

    /// <summary>A header line without a colon or name; it was passed over.</summary>
    BadHeaderLine = 1u << 5,

    /// <summary>No Content-Length (allowed on datagrams only, RFC 3261 20.14).</summary>
    MissingContentLength = 1u << 6,

    /// <summary>Content-Length is no number from 0 up; it was ignored.</summary>
    BadContentLength = 1u << 7,

    /// <summary>Content-Length is less than what follows (the rest of the datagram is not body), or two of them differ.</summary>
    ContentLengthMismatch = 1u << 8,

    /// <summary>A header that may stand once stands twice; the first one counts.</summary>
    DuplicateSingletonHeader = 1u << 9,

    /// <summary>One of Via, From, To, Call-ID, CSeq is missing (RFC 3261 8.1.1).</summary>
    MissingMandatoryHeader = 1u << 10,

    /// <summary>CSeq has no number below 2^32, or no method.</summary>
    BadCSeq = 1u << 11,

    /// <summary>The method of CSeq is not that of the request line (RFC 3261 8.1.1.5).</summary>
    MethodMismatch = 1u << 12,

    /// <summary>The body or the header ends before Content-Length or the blank line says so.</summary>
    Truncated = 1u << 13,

    /// <summary>A quoted string is not closed.</summary>
    UnbalancedQuote = 1u << 16,

    /// <summary>An address is not of the grammar: brackets not closed, white space in the URI, a display name that wants quotes, no scheme.</summary>
    MalformedAddress = 1u << 17,

    /// <summary>A Via is not of the grammar.</summary>
    MalformedVia = 1u << 18,

    /// <summary>A parameter without a name.</summary>
    EmptyParameter = 1u << 19,

    /// <summary>A number is not one, or out of its range (Max-Forwards, Expires, CSeq, Retry-After, …).</summary>
    NumberOutOfRange = 1u << 20,

    /// <summary>Date is not in GMT or not a date (RFC 3261 20.17).</summary>
    BadDate = 1u << 21,

    /// <summary>A branch that is nothing but the magic cookie (RFC 3261 8.1.1.7).</summary>
    BadBranch = 1u << 22,

    /// <summary>A URI with a question mark or comma outside angle brackets (RFC 3261 20.10), or header fields in the Request-URI (19.1.1).</summary>
    MisplacedUriHeaders = 1u << 23,

    /// <summary>A NUL byte in the header.</summary>
    EmbeddedNul = 1u << 24,

    /// <summary>A percent sign in a URI that is not followed by two hexadecimal digits.</summary>
    BadEscape = 1u << 25,
}
