using CdrEngine.Core;
using CdrEngine.Protocols.Ip;

namespace CdrEngine.Protocols.Link;

/// <summary>What is left of a packet when link layers, tunnels and IP are taken off: the innermost UDP, TCP or SCTP datagram.</summary>
/// <remarks>A view: <see cref="Payload"/> and <see cref="Fragments"/> belong to the captured packet and the decoder until the next
/// <see cref="PacketDecoder.Decode"/>. All addresses are those of the innermost IP header.</remarks>
public readonly ref struct DecodedPacket
{
    /// <summary>UDP, TCP or SCTP; <see cref="IpProtocol.None"/> where nothing was decoded.</summary>
    public IpProtocol Protocol { get; init; }

    /// <summary>Differentiated services code point, 0..63 (RFC 2474).</summary>
    public byte Dscp { get; init; }

    /// <summary>IPv4 time to live or IPv6 hop limit, 0..255, at the capture point.</summary>
    public byte TimeToLive { get; init; }

    /// <summary>TCP's control bits; none for other protocols.</summary>
    public TcpFlags TcpFlags { get; init; }

    /// <summary>The checksum field of UDP or TCP as sent, not verified; 0 for SCTP.</summary>
    public ushort TransportChecksum { get; init; }

    /// <summary>True where <see cref="Payload"/> is shorter than the sender's: the snap length cut it, or a length field lies.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>IPv4 identification (16 bits), or that of the IPv6 fragment header (32 bits); 0 for IPv6 without one.</summary>
    public uint IpIdentification { get; init; }

    /// <summary>Sequence number of the first payload byte (of the SYN where that is set); 0 for other protocols.</summary>
    public uint TcpSequence { get; init; }

    /// <summary>TCP's acknowledgement number as sent; 0 for other protocols.</summary>
    public uint TcpAcknowledgement { get; init; }

    /// <summary>Sender.</summary>
    public Endpoint Source { get; init; }

    /// <summary>Receiver.</summary>
    public Endpoint Destination { get; init; }

    /// <summary>UDP payload, TCP segment payload, or SCTP after the common header. Padding of short frames is not part of it.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>The earlier frames that complete this datagram, in the order of their arrival and without the current packet; null where
    /// the packet was no fragment. Borrowed until the next decode.</summary>
    public FrameBuffer? Fragments { get; init; }
}
