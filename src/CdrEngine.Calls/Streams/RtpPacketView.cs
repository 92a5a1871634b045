using CdrEngine.Core;
namespace CdrEngine.Calls.Streams;

/// <summary>One UDP datagram toward a media port, with what its headers said. Borrowed: nothing of it is kept.</summary>
public readonly ref struct RtpPacketView
{
    /// <summary>Capture time.</summary>
    public required Timestamp At { get; init; }

    /// <summary>The UDP payload as captured; of RTP at least the header and the 32 bytes behind it.</summary>
    public required ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Bytes captured that are not in <see cref="Payload"/>, because nothing looks at them; 0 normally.</summary>
    public int UnseenBytes { get; init; }

    /// <summary>Bytes of UDP payload captured.</summary>
    public int Length => Payload.Length + UnseenBytes;

    /// <summary>Bytes of UDP payload that the wire had and the capture cut; 0 normally.</summary>
    public int CutBytes { get; init; }

    /// <summary>IP identification; 0 for IPv6 without fragments.</summary>
    public uint IpIdentification { get; init; }

    /// <summary>UDP checksum as on the wire.</summary>
    public ushort Checksum { get; init; }

    /// <summary>Differentiated services code point, 0..63.</summary>
    public byte Dscp { get; init; }

    /// <summary>Time to live or hop limit.</summary>
    public byte Ttl { get; init; }
}

/// <summary>What a flow did with a datagram.</summary>
public enum RtpOutcome : byte
{
    /// <summary>Counted in one of the streams.</summary>
    Counted = 0,

    /// <summary>The mirror's second copy of a packet already counted: belongs in no figure and in no recording.</summary>
    MirrorDuplicate = 1,

    /// <summary>No RTP: STUN, DTLS, ZRTP, junk.</summary>
    NotRtp = 2,

    /// <summary>RTCP on the RTP port; given to the flow's <see cref="RtcpMeter"/> where it has one.</summary>
    Rtcp = 3,

    /// <summary>RTP of one SSRC more than the limit allows; counted, not measured.</summary>
    Refused = 4,

    /// <summary>Fax by T.38, given to the flow's <see cref="T38Meter"/>.</summary>
    Fax = 5,
}
