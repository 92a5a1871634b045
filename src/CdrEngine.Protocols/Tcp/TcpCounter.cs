using System.ComponentModel;

namespace CdrEngine.Protocols.Tcp;

/// <summary>What the TCP reassembly counts.</summary>
public enum TcpCounter
{
    /// <summary>Segments seen.</summary>
    [Description("TCP segments seen")]
    Segments,

    /// <summary>Messages from plain TCP.</summary>
    [Description("SIP messages taken from TCP")]
    Messages,

    /// <summary>Messages from WebSocket.</summary>
    [Description("SIP messages taken from WebSocket")]
    WebSocketMessages,

    /// <summary>Keep-alives.</summary>
    [Description("runs of CRLF between SIP messages: keep-alives (RFC 5626 4.4.1)")]
    KeepAlives,

    /// <summary>Connections opened.</summary>
    [Description("TCP connections met")]
    Connections,

    /// <summary>Streams without SYN.</summary>
    [Description("directions of TCP connections whose beginning was not seen")]
    MidStreamStarts,

    /// <summary>New connection on old addresses.</summary>
    [Description("TCP connections opened anew on the addresses of another")]
    Reused,

    /// <summary>Connections closed.</summary>
    [Description("TCP connections closed by FIN of both sides or by RST")]
    Closed,

    /// <summary>Idle connections.</summary>
    [Description("TCP connections forgotten because nothing came for the idle age")]
    Idle,

    /// <summary>Evicted connections.</summary>
    [Description("TCP connections forgotten because the limit of connections was met")]
    Evicted,

    /// <summary>Repeated segments.</summary>
    [Description("TCP segments whose bytes were all known: retransmissions, keep-alive probes")]
    Retransmissions,

    /// <summary>Overlaps.</summary>
    [Description("TCP segments that repeat some bytes and bring others; the bytes received first were kept")]
    Overlaps,

    /// <summary>Out of order.</summary>
    [Description("TCP segments that came before an earlier one")]
    OutOfOrder,

    /// <summary>Out of window.</summary>
    [Description("TCP segments too far from the expected sequence number, left out")]
    OutOfWindow,

    /// <summary>Cut by the snap length.</summary>
    [Description("TCP segments that the capture cut short")]
    Truncated,

    /// <summary>Holes acknowledged.</summary>
    [Description("holes skipped because the receiver acknowledged the bytes: lost by the capture")]
    HolesAcknowledged,

    /// <summary>Holes too old.</summary>
    [Description("holes skipped because their bytes did not come in time")]
    HolesExpired,

    /// <summary>Holes too full.</summary>
    [Description("holes skipped because too much waited behind them")]
    HolesOverfull,

    /// <summary>Holes known to be lost.</summary>
    [Description("holes skipped because the capture cut a segment short, or ended")]
    HolesKnown,

    /// <summary>Bytes in holes.</summary>
    [Description("bytes missing in skipped holes")]
    HoleBytes,

    /// <summary>Messages begun and not completed.</summary>
    [Description("SIP messages begun and lost: by a hole, a limit, or the end of their connection")]
    MessagesCut,

    /// <summary>No Content-Length.</summary>
    [Description("SIP messages without Content-Length on TCP; taken to have no body (RFC 3261 18.3)")]
    MissingContentLength,

    /// <summary>Bad Content-Length.</summary>
    [Description("SIP messages whose Content-Length is no number, or given twice with different values")]
    InvalidContentLength,

    /// <summary>Message too large.</summary>
    [Description("SIP messages longer than the limit, skipped")]
    MessageTooLarge,

    /// <summary>Headers too large.</summary>
    [Description("SIP header sections longer than the limit")]
    HeaderTooLarge,

    /// <summary>Sync lost.</summary>
    [Description("times that a SIP stream went on with something that is no SIP")]
    SyncLost,

    /// <summary>Bytes searched.</summary>
    [Description("bytes skipped in search of a SIP message")]
    SearchedBytes,

    /// <summary>TLS.</summary>
    [Description("TCP connections ignored: TLS")]
    IgnoredTls,

    /// <summary>HTTP.</summary>
    [Description("TCP connections ignored: HTTP that is no SIP over WebSocket")]
    IgnoredHttp,

    /// <summary>Other.</summary>
    [Description("TCP connections ignored: neither SIP nor TLS nor HTTP")]
    IgnoredOther,

    /// <summary>Segments of ignored connections.</summary>
    [Description("TCP segments with payload on ignored connections")]
    IgnoredSegments,

    /// <summary>Revived.</summary>
    [Description("ignored TCP connections on which a SIP message began")]
    Revived,

    /// <summary>Stream over its limit.</summary>
    [Description("buffers dropped because one direction held too many bytes")]
    StreamBytesExceeded,

    /// <summary>All over the limit.</summary>
    [Description("buffers dropped because all connections together held too many bytes")]
    TotalBytesExceeded,

    /// <summary>WebSocket connections.</summary>
    [Description("directions of TCP connections that turned into SIP over WebSocket (RFC 7118)")]
    WebSocketStreams,

    /// <summary>WebSocket control frames.</summary>
    [Description("WebSocket control frames: close, ping, pong")]
    WebSocketControls,

    /// <summary>WebSocket compressed.</summary>
    [Description("WebSocket messages compressed by permessage-deflate (RFC 7692), not read")]
    WebSocketCompressed,

    /// <summary>WebSocket not SIP.</summary>
    [Description("WebSocket messages that are no SIP message: keep-alives and others")]
    WebSocketNotSip,

    /// <summary>WebSocket malformed.</summary>
    [Description("WebSocket frames that break RFC 6455 5.2")]
    WebSocketMalformed,

    /// <summary>MSRP streams.</summary>
    [Description("directions of connections found to carry MSRP")]
    MsrpStreams,

    /// <summary>MSRP chunks.</summary>
    [Description("MSRP chunks and responses taken from streams")]
    MsrpChunks,
}
