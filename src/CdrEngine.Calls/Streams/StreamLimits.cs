using System.ComponentModel;

namespace CdrEngine.Calls.Streams;

/// <summary>Bounds of what media may make the engine remember.</summary>
public sealed record StreamLimits
{
    /// <summary>Different SSRCs measured on one address pair. A conference bridge changes its SSRC with the speaker, a fuzzer with every
    /// packet. Default 16. The stream with the fewest packets, if no more than two, makes room for a new one; else the new one is refused.</summary>
    public int StreamsPerFlow { get; init; } = 16;

    /// <summary>Ten-second intervals kept for one stream. Default 4320, twelve hours of packets; later ones count in the totals only.</summary>
    public int IntervalsPerStream { get; init; } = 4320;

    /// <summary>Digits kept for one stream. Default 512.</summary>
    public int DigitsPerStream { get; init; } = 512;

    /// <summary>Sources and reported sources an <see cref="RtcpMeter"/> remembers for a call. Default 32; later ones are left out.</summary>
    public int RtcpSources { get; init; } = 32;

    /// <summary>Gaps of five seconds and more kept for one stream. Default 64; the last one kept grows over all later ones.</summary>
    public int GapsPerStream { get; init; } = 64;

    /// <summary>Time without a packet of an event after which the same event begins anew. Default 3 s: RFC 4733 2.5.1.4 sends updates every
    /// 50 ms, and a source may stall.</summary>
    public TimeSpan DigitTimeout { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>What happened on media ports.</summary>
public enum StreamCounter
{
    /// <summary>RTP packets counted.</summary>
    [Description("RTP packets counted in a stream")]
    RtpPackets = 0,

    /// <summary>Second copies.</summary>
    [Description("RTP packets dropped as second copies made by the mirror")]
    MirrorDuplicates = 1,

    /// <summary>SSRCs over the limit.</summary>
    [Description("RTP packets not measured because their address pair had too many SSRCs")]
    SsrcLimit = 2,

    /// <summary>Streams that made room.</summary>
    [Description("streams of one or two packets dropped to make room for a new SSRC")]
    StreamsEvicted = 3,

    /// <summary>RTCP on the RTP port.</summary>
    [Description("RTCP packets on the port of RTP (rtcp-mux)")]
    RtcpMuxed = 4,

    /// <summary>STUN.</summary>
    [Description("STUN packets on media ports")]
    Stun = 5,

    /// <summary>DTLS.</summary>
    [Description("DTLS packets on media ports")]
    Dtls = 6,

    /// <summary>ZRTP.</summary>
    [Description("ZRTP packets on media ports")]
    Zrtp = 7,

    /// <summary>TURN channel data.</summary>
    [Description("TURN channel data on media ports")]
    TurnChannel = 8,

    /// <summary>Anything else.</summary>
    [Description("packets on media ports that are none of the known kinds")]
    Unknown = 9,

    /// <summary>RTP shape with wrong lengths.</summary>
    [Description("packets on media ports that start like RTP and break its rules")]
    RtpMalformed = 10,

    /// <summary>Digits over the limit.</summary>
    [Description("digits not kept because their stream had too many")]
    DigitLimit = 11,

    /// <summary>Fax.</summary>
    [Description("UDPTL packets of fax by T.38 on media ports")]
    Udptl = 12,
}
