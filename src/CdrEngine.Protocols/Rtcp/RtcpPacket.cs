using System.Buffers.Binary;

namespace CdrEngine.Protocols.Rtcp;

/// <summary>RTCP packet types (RFC 3550 12.1, RFC 4585, RFC 3611).</summary>
public enum RtcpType : byte
{
    /// <summary>No packet.</summary>
    None = 0,

    /// <summary>Sender report.</summary>
    SenderReport = 200,

    /// <summary>Receiver report.</summary>
    ReceiverReport = 201,

    /// <summary>Source description.</summary>
    SourceDescription = 202,

    /// <summary>Goodbye.</summary>
    Bye = 203,

    /// <summary>Application-defined.</summary>
    Application = 204,

    /// <summary>Transport-layer feedback (RFC 4585 6.2).</summary>
    TransportFeedback = 205,

    /// <summary>Payload-specific feedback (RFC 4585 6.3).</summary>
    PayloadFeedback = 206,

    /// <summary>Extended report (RFC 3611).</summary>
    ExtendedReport = 207,
}

/// <summary>Why the rest of a compound RTCP packet could not be read.</summary>
public enum RtcpRejection : byte
{
    /// <summary>It could.</summary>
    None = 0,

    /// <summary>Fewer than four bytes.</summary>
    TooShort = 1,

    /// <summary>The version is not 2.</summary>
    Version = 2,

    /// <summary>The type is outside 192..223.</summary>
    Type = 3,

    /// <summary>The length field reaches past the end.</summary>
    Length = 4,

    /// <summary>The padding count is 0, no multiple of four or larger than the packet.</summary>
    Padding = 5,

    /// <summary>The packet is too short for what its type and count promise.</summary>
    Body = 6,
}

/// <summary>Walks the packets of a compound RTCP datagram (RFC 3550 6.1) in place; never throws.</summary>
/// <remarks>Reduced-size RTCP (RFC 5506) is walked the same: the first packet may have any type. Encrypted SRTCP shows a readable first
/// header and sender SSRC and nonsense after; its E bit sits in the trailer, out of reach here, so callers check values for sense.</remarks>
public ref struct RtcpReader
{
    private ReadOnlySpan<byte> _rest;
    private RtcpPacket _current;

    /// <summary>Starts before the first packet of a datagram.</summary>
    public RtcpReader(ReadOnlySpan<byte> datagram)
    {
        _rest = datagram;
        _current = default;
        Rejection = RtcpRejection.None;
    }

    /// <summary>Why the walk ended before the end of the datagram; None where it did not.</summary>
    public RtcpRejection Rejection { get; private set; }

    /// <summary>The packet reached.</summary>
    public readonly RtcpPacket Current => _current;

    /// <summary>The walk itself, for foreach.</summary>
    public readonly RtcpReader GetEnumerator() => this;

    /// <summary>Goes to the next packet. False at the end, and where the rest cannot be read: then <see cref="Rejection"/> says why.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || Rejection != RtcpRejection.None) return false;
        Rejection = Read(_rest, out _current, out int consumed);
        if (Rejection != RtcpRejection.None)
        {
            _current = default;
            return false;
        }

        _rest = _rest[consumed..];
        return true;
    }

    private static RtcpRejection Read(ReadOnlySpan<byte> bytes, out RtcpPacket packet, out int consumed)
    {
        packet = default;
        consumed = 0;
        if (bytes.Length < 4) return RtcpRejection.TooShort;
        if (bytes[0] >> 6 != 2) return RtcpRejection.Version;
        if ((bytes[1] & 0xE0) != 0xC0) return RtcpRejection.Type;
        int length = (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) + 1) * 4;
        if (length > bytes.Length) return RtcpRejection.Length;
        ReadOnlySpan<byte> body = bytes[4..length];
        if ((bytes[0] & 0x20) != 0)
        {
            int padding = bytes[length - 1];
            if (padding == 0 || padding % 4 != 0 || padding > body.Length) return RtcpRejection.Padding;
            body = body[..^padding];
        }

        packet = new RtcpPacket((RtcpType)bytes[1], bytes[0] & 0x1F, body);
        consumed = length;
        return packet.HasWholeBody ? RtcpRejection.None : RtcpRejection.Body;
    }
}

/// <summary>One packet of a compound RTCP datagram, in place. What it promises has been checked against its length.</summary>
public readonly ref struct RtcpPacket
{
    private const int SenderInfoBytes = 20;

    internal RtcpPacket(RtcpType type, int count, ReadOnlySpan<byte> body)
    {
        Type = type;
        Count = count;
        Body = body;
    }

    /// <summary>Packet type; values outside the enumeration are possible.</summary>
    public RtcpType Type { get; }

    /// <summary>The five-bit field: reports, chunks, sources, subtype or feedback format; 0..31.</summary>
    public int Count { get; }

    /// <summary>What follows the first four bytes, without padding.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>The sender of the packet: the SSRC after the first word; 0 for SDES and BYE, whose sources are listed.</summary>
    public uint SenderSsrc => Type is RtcpType.SourceDescription or RtcpType.Bye || Body.Length < 4 ? 0 : Word(0);

    /// <summary>Report blocks of an SR or RR; 0 for others.</summary>
    public int ReportCount => Type is RtcpType.SenderReport or RtcpType.ReceiverReport ? Count : 0;

    /// <summary>The sender information of an SR (RFC 3550 6.4.1); default for others.</summary>
    public RtcpSenderInfo SenderInfo => Type != RtcpType.SenderReport
        ? default
        : new RtcpSenderInfo(Long(4), Word(12), Word(16), Word(20));

    /// <summary>A report block of an SR or RR; <paramref name="index"/> must be below <see cref="ReportCount"/>.</summary>
    public RtcpReportBlock Report(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)ReportCount, nameof(index));
        int at = (Type == RtcpType.SenderReport ? 4 + SenderInfoBytes : 4) + (index * RtcpReportBlock.Bytes);
        int lost = (int)Word(at + 4) << 8 >> 8;
        return new RtcpReportBlock(Word(at), Body[at + 4], lost, Word(at + 8), Word(at + 12), Word(at + 16), Word(at + 20));
    }

    /// <summary>A source of a BYE; <paramref name="index"/> must be below <see cref="Count"/>.</summary>
    public uint ByeSource(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, Type == RtcpType.Bye ? (uint)Count : 0, nameof(index));
        return Word(index * 4);
    }

    /// <summary>The reason of a BYE, as on the wire; empty without one (RFC 3550 6.6).</summary>
    public ReadOnlySpan<byte> ByeReason
    {
        get
        {
            int at = Count * 4;
            if (Type != RtcpType.Bye || Body.Length <= at) return default;
            return Body.Length - at - 1 < Body[at] ? default : Body.Slice(at + 1, Body[at]);
        }
    }

    /// <summary>The four-letter name of an APP packet, as a number in network order; 0 for others (RFC 3550 6.7).</summary>
    public uint ApplicationName => Type == RtcpType.Application ? Word(4) : 0;

    /// <summary>The media source of a feedback packet (RFC 4585 6.1); 0 for others.</summary>
    public uint FeedbackMediaSsrc => Type is RtcpType.TransportFeedback or RtcpType.PayloadFeedback ? Word(4) : 0;

    /// <summary>Items of an SDES packet (RFC 3550 6.5); none for others.</summary>
    public SdesEnumerator Items => Type == RtcpType.SourceDescription ? new SdesEnumerator(Body, Count) : default;

    /// <summary>Blocks of an XR packet (RFC 3611 3); none for others.</summary>
    public XrEnumerator Blocks => Type == RtcpType.ExtendedReport ? new XrEnumerator(Body[4..]) : default;

    internal bool HasWholeBody => Body.Length >= Type switch
    {
        RtcpType.SenderReport => 4 + SenderInfoBytes + (Count * RtcpReportBlock.Bytes),
        RtcpType.ReceiverReport => 4 + (Count * RtcpReportBlock.Bytes),
        RtcpType.Bye => Count * 4,
        RtcpType.Application or RtcpType.TransportFeedback or RtcpType.PayloadFeedback => 8,
        RtcpType.ExtendedReport => 4,
        _ => 0,
    };

    private uint Word(int at) => BinaryPrimitives.ReadUInt32BigEndian(Body[at..]);

    private ulong Long(int at) => BinaryPrimitives.ReadUInt64BigEndian(Body[at..]);
}

/// <summary>What a sender says of itself (RFC 3550 6.4.1).</summary>
/// <param name="NtpTime">Wall clock of the sender: seconds since 1900 in the upper, fraction in the lower 32 bits; 0 where it has none.</param>
/// <param name="RtpTimestamp">The same instant in RTP timestamp units.</param>
/// <param name="PacketCount">Packets sent.</param>
/// <param name="OctetCount">Payload octets sent.</param>
public readonly record struct RtcpSenderInfo(ulong NtpTime, uint RtpTimestamp, uint PacketCount, uint OctetCount)
{
    /// <summary>Middle 32 bits of <see cref="NtpTime"/>: what comes back as LSR.</summary>
    public uint MiddleNtp => (uint)(NtpTime >> 16);
}

/// <summary>What a receiver says of a source (RFC 3550 6.4.1).</summary>
/// <param name="Ssrc">The source reported on.</param>
/// <param name="FractionLost">Loss since the last report, in 1/256.</param>
/// <param name="CumulativeLost">Packets lost since the start, 24 bits signed: negative where duplicates outweigh.</param>
/// <param name="ExtendedHighestSequence">Highest sequence number received, cycles in the upper 16 bits.</param>
/// <param name="Jitter">Interarrival jitter at the receiver, timestamp units.</param>
/// <param name="LastSenderReport">LSR: the middle of the NTP time of the last SR, 1/65536 s; 0 without one.</param>
/// <param name="DelaySinceLastSenderReport">DLSR, 1/65536 s; 0 without an SR.</param>
public readonly record struct RtcpReportBlock(
    uint Ssrc,
    byte FractionLost,
    int CumulativeLost,
    uint ExtendedHighestSequence,
    uint Jitter,
    uint LastSenderReport,
    uint DelaySinceLastSenderReport)
{
    /// <summary>Bytes of a report block on the wire.</summary>
    public const int Bytes = 24;
}

/// <summary>An item of a source description (RFC 3550 6.5).</summary>
public readonly ref struct SdesItem
{
    /// <summary>Type of the canonical name.</summary>
    public const byte CanonicalName = 1;

    internal SdesItem(uint ssrc, byte type, ReadOnlySpan<byte> text)
    {
        Ssrc = ssrc;
        Type = type;
        Text = text;
    }

    /// <summary>The source described.</summary>
    public uint Ssrc { get; }

    /// <summary>1 CNAME, 2 NAME, 3 EMAIL, 4 PHONE, 5 LOC, 6 TOOL, 7 NOTE, 8 PRIV, others by IANA.</summary>
    public byte Type { get; }

    /// <summary>Its text as on the wire, UTF-8 by the rule.</summary>
    public ReadOnlySpan<byte> Text { get; }
}

/// <summary>Walks the items of an SDES packet; stops at the first that does not fit.</summary>
public ref struct SdesEnumerator
{
    private readonly ReadOnlySpan<byte> _body;
    private int _at;
    private int _chunksLeft;
    private bool _inChunk;
    private uint _ssrc;
    private SdesItem _current;

    internal SdesEnumerator(ReadOnlySpan<byte> body, int chunks)
    {
        _body = body;
        _chunksLeft = chunks;
        _at = 0;
        _inChunk = false;
        _ssrc = 0;
        _current = default;
    }

    /// <summary>The item reached.</summary>
    public readonly SdesItem Current => _current;

    /// <summary>The walk itself, for foreach.</summary>
    public readonly SdesEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next item of this or a later chunk.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            if (!_inChunk)
            {
                if (_chunksLeft == 0 || _body.Length - _at < 4) return false;
                _ssrc = BinaryPrimitives.ReadUInt32BigEndian(_body[_at..]);
                _at += 4;
                _chunksLeft--;
                _inChunk = true;
            }

            if (_at >= _body.Length) return false;
            if (_body[_at] == 0)
            {
                // The list ends with one to four zero bytes, up to the next word (RFC 3550 6.5).
                _at = (_at + 4) & ~3;
                _inChunk = false;
                continue;
            }

            if (_body.Length - _at < 2 || _body.Length - _at - 2 < _body[_at + 1]) return false;
            _current = new SdesItem(_ssrc, _body[_at], _body.Slice(_at + 2, _body[_at + 1]));
            _at += 2 + _body[_at + 1];
            return true;
        }
    }
}
