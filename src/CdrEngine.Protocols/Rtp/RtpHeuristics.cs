namespace CdrEngine.Protocols.Rtp;

/// <summary>Tests for RTP that no SDP announced. One packet can only look like RTP; <see cref="RtpProbe"/> wants several that agree.</summary>
public static class RtpHeuristics
{
    /// <summary>True where a UDP payload has the shape of RTP: version, consistent lengths, a payload type in use, a payload length that its
    /// static payload type allows (RFC 3551 6).</summary>
    public static bool LooksLikeRtp(ReadOnlySpan<byte> datagram)
    {
        if (!RtpHeader.TryRead(datagram, out RtpHeader header)) return false;
        int length = header.Payload.Length;
        if (header.Ssrc == 0 && header.Timestamp == 0 && header.SequenceNumber == 0) return false;
        return header.PayloadType switch
        {
            0 or 8 => length is >= 8 and <= 1440,
            3 => length > 0 && length % 33 == 0,
            4 => length is 4 || (length > 0 && (length % 24 == 0 || length % 20 == 0)),
            9 or 5 or 6 or 7 or 10 or 11 or 12 or 15 or 16 or 17 => length is > 0 and <= 1440,
            13 => length is >= 1 and <= 32,
            18 => length is > 0 && (length % 10 is 0 or 2),
            14 or 25 or 26 or 28 or >= 31 and <= 34 => length >= 4,
            >= 96 => length > 0,
            _ => false,
        };
    }

    /// <summary>True where a payload of a type that nobody named is most likely a telephone-event (RFC 4733 2.3): four bytes, a known event,
    /// the reserved bit clear.</summary>
    public static bool LooksLikeTelephoneEvent(ReadOnlySpan<byte> payload) =>
        payload.Length == 4 && payload[0] <= 16 && (payload[1] & 0x40) == 0;
}

/// <summary>Collects evidence over the first packets of an address pair: the same source, sequence numbers that run on, timestamps that move
/// less than the sequence allows.</summary>
/// <remarks>Twelve bytes of state, for tables of unknown pairs. RFC 3550 A.1 asks for two packets in sequence (MIN_SEQUENTIAL); three are
/// asked for here because nothing else vouches for the pair.</remarks>
public struct RtpProbe
{
    /// <summary>Packets in sequence that prove a stream.</summary>
    public const int ProofPackets = 3;

    private uint _ssrc;
    private uint _timestamp;
    private ushort _sequence;
    private byte _payloadType;
    private byte _agreeing;

    /// <summary>True once enough packets agreed.</summary>
    public readonly bool IsProven => _agreeing >= ProofPackets;

    /// <summary>Adds a datagram; true once the pair is proven to carry RTP. A datagram that does not fit starts the count again.</summary>
    public bool Add(ReadOnlySpan<byte> datagram)
    {
        if (!RtpHeuristics.LooksLikeRtp(datagram))
        {
            _agreeing = 0;
            return false;
        }

        RtpHeader.TryRead(datagram, out RtpHeader header);
        ushort step = (ushort)(header.SequenceNumber - _sequence);
        uint ticks = header.Timestamp - _timestamp;
        bool isCopy = step == 0 && ticks == 0;
        bool follows = _agreeing > 0 && header.Ssrc == _ssrc && step is > 0 and < 100 && ticks < 100 * 90_000;
        if (_agreeing > 0 && header.Ssrc == _ssrc && isCopy) return IsProven;
        if (!follows) _agreeing = 1;
        else if (_agreeing < ProofPackets) _agreeing++;
        _ssrc = header.Ssrc;
        _timestamp = header.Timestamp;
        _sequence = header.SequenceNumber;
        _payloadType = header.PayloadType;
        return IsProven;
    }

    /// <summary>Payload type of the last packet that looked like RTP.</summary>
    public readonly byte PayloadType => _payloadType;

    /// <summary>Source of the last packet that looked like RTP.</summary>
    public readonly uint Ssrc => _ssrc;
}
