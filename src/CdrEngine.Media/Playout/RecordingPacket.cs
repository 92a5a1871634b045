using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>One RTP packet of a call on its way into a recording; a view, good for the call it is passed to.</summary>
public readonly ref struct RecordingPacket
{
    /// <summary>Who speaks.</summary>
    public required MediaSide Side { get; init; }

    /// <summary>Number of the address pair it travelled on, from 0: the same voice on two legs of a relay has two.</summary>
    public required int Flow { get; init; }

    /// <summary>How far from the speaker the flow was seen: 0 is the speaker's own hop. Of several at once the least is heard.</summary>
    public int Rank { get; init; }

    /// <summary>Synchronisation source.</summary>
    public required uint Ssrc { get; init; }

    /// <summary>What the payload type means.</summary>
    public required PayloadFormat Format { get; init; }

    /// <summary>Format parameters (SDP fmtp); null where none.</summary>
    public string? Fmtp { get; init; }

    /// <summary>Sequence number, as on the wire.</summary>
    public required ushort SequenceNumber { get; init; }

    /// <summary>RTP timestamp, as on the wire.</summary>
    public required uint RtpTimestamp { get; init; }

    /// <summary>Marker bit: the first packet of a talkspurt (RFC 3551 4.1).</summary>
    public bool Marker { get; init; }

    /// <summary>Capture time.</summary>
    public required Timestamp At { get; init; }

    /// <summary>Payload without header and padding, decrypted. Not looked at by the survey.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>A packet by its header.</summary>
    /// <param name="header">The packet.</param>
    /// <param name="side">Who speaks.</param>
    /// <param name="flow">Number of its address pair.</param>
    /// <param name="rank">Distance from the speaker.</param>
    /// <param name="format">What its payload type means.</param>
    /// <param name="fmtp">Format parameters.</param>
    /// <param name="at">Capture time.</param>
    public static RecordingPacket Of(in RtpHeader header, MediaSide side, int flow, int rank, PayloadFormat format, string? fmtp, Timestamp at) => new()
    {
        Side = side,
        Flow = flow,
        Rank = rank,
        Ssrc = header.Ssrc,
        Format = format,
        Fmtp = fmtp,
        SequenceNumber = header.SequenceNumber,
        RtpTimestamp = header.Timestamp,
        Marker = header.Marker,
        At = at,
        Payload = header.Payload,
    };
}
