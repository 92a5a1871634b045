namespace CdrEngine.Protocols.Ip;

/// <summary>The control bits of a TCP segment, as on the wire (RFC 9293 3.1).</summary>
[Flags]
public enum TcpFlags : byte
{
    /// <summary>No bit is set, or no TCP.</summary>
    None = 0,

    /// <summary>The sender has no more data.</summary>
    Fin = 0x01,

    /// <summary>Sequence numbers begin here.</summary>
    Syn = 0x02,

    /// <summary>The connection is reset.</summary>
    Reset = 0x04,

    /// <summary>The sender pushed.</summary>
    Push = 0x08,

    /// <summary>The acknowledgement number means something.</summary>
    Acknowledge = 0x10,

    /// <summary>The urgent pointer means something.</summary>
    Urgent = 0x20,

    /// <summary>Congestion was echoed (RFC 3168).</summary>
    CongestionEcho = 0x40,

    /// <summary>The congestion window was reduced (RFC 3168).</summary>
    CongestionWindowReduced = 0x80,
}
