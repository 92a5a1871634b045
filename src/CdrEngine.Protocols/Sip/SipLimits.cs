namespace CdrEngine.Protocols.Sip;

/// <summary>Bounds of the SIP reader. What is over a bound is refused with a <see cref="SipRejection"/> that names it.</summary>
public sealed record SipLimits
{
    /// <summary>The documented defaults.</summary>
    public static SipLimits Default { get; } = new();

    /// <summary>Longest message in bytes, start line to end of body. Default 65,535: no datagram is longer, and no message of a call comes near.</summary>
    public int MaxMessageBytes { get; init; } = 65_535;

    /// <summary>Most header lines of a message. Default 256; real messages have 10 to 40, and RFC 4475's longest 48.</summary>
    public int MaxHeaders { get; init; } = 256;
}
