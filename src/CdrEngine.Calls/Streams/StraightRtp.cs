using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>An RTP packet with nothing but its fixed header, over IPv4, whole as captured: all that its figures are made of, read from its headers.</summary>
public readonly record struct StraightRtp
{
    /// <summary>Capture time.</summary>
    public Timestamp At { get; init; }

    /// <summary>Synchronisation source.</summary>
    public uint Ssrc { get; init; }

    /// <summary>RTP timestamp.</summary>
    public uint Timestamp { get; init; }

    /// <summary>Sequence number.</summary>
    public ushort SequenceNumber { get; init; }

    /// <summary>RTP header and payload, bytes.</summary>
    public ushort Bytes { get; init; }

    /// <summary>IP identification.</summary>
    public ushort IpIdentification { get; init; }

    /// <summary>UDP checksum as on the wire.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Marker bit and payload type, as they stand in the header.</summary>
    public byte MarkerAndType { get; init; }

    /// <summary>Differentiated services code point, 0..63.</summary>
    public byte Dscp { get; init; }

    /// <summary>Time to live.</summary>
    public byte Ttl { get; init; }

    /// <summary>Payload type, 0..127.</summary>
    public byte PayloadType => (byte)(MarkerAndType & 0x7F);

    /// <summary>Marker bit.</summary>
    public bool Marker => (MarkerAndType & 0x80) != 0;
}
