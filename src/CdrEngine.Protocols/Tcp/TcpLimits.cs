namespace CdrEngine.Protocols.Tcp;

/// <summary>How much the TCP reassembly may hold, and for how long. All times are packet time.</summary>
public sealed record TcpLimits
{
    /// <summary>The defaults.</summary>
    public static TcpLimits Default { get; } = new();

    /// <summary>Connections followed at once. Default 65,536. Beyond it the least recently active goes, closed ones first.</summary>
    public int Connections { get; init; } = 65_536;

    /// <summary>Largest SIP message, in bytes. Default 256 KiB (four times the largest UDP datagram). A longer one is skipped, not kept.</summary>
    public int MessageBytes { get; init; } = 256 * 1024;

    /// <summary>Largest start line with headers, in bytes. Default 64 KiB.</summary>
    public int HeaderBytes { get; init; } = 64 * 1024;

    /// <summary>Longest start line, in bytes; what is longer without a line end is not SIP. Default 8 KiB.</summary>
    public int StartLineBytes { get; init; } = 8 * 1024;

    /// <summary>Largest HTTP header section of a WebSocket handshake, in bytes. Default 16 KiB.</summary>
    public int HandshakeBytes { get; init; } = 16 * 1024;

    /// <summary>How long a hole in the sequence may wait for its bytes. Default 2 s (several retransmission timeouts of RFC 6298).</summary>
    public TimeSpan HoleAge { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Bytes that may wait behind a hole. Default 64 KiB (a window without scaling, RFC 9293 3.1).</summary>
    public int HoleBytes { get; init; } = 64 * 1024;

    /// <summary>Segments that may wait behind a hole. Default 64.</summary>
    public int HoleSegments { get; init; } = 64;

    /// <summary>How far from the expected sequence number a segment may lie and still be of the same stream, in bytes. Default 1 MiB.</summary>
    public int WindowBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes held for one direction of one connection, frames included. Default 1 MiB.</summary>
    public int StreamBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes held for all connections, frames included. Default 256 MiB. Beyond it the least recently filled buffer is dropped.</summary>
    public long TotalBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Bytes searched in vain for a SIP message before a stream is ignored. Default 256 KiB (one message at most).</summary>
    public int SearchBytes { get; init; } = 256 * 1024;

    /// <summary>After how long without a segment a connection is forgotten. Default 10 minutes; SIP keep-alives are much closer (RFC 5626 4.4.1).
    /// A connection forgotten too early is found again at its next SIP message.</summary>
    public TimeSpan IdleAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a closed connection is remembered so that repeated segments are known as such. Default 30 s.</summary>
    public TimeSpan ClosedAge { get; init; } = TimeSpan.FromSeconds(30);
}
