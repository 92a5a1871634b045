using System.Buffers.Binary;

namespace CdrEngine.Protocols.Rtcp;

/// <summary>Block types of an extended report (RFC 3611 4).</summary>
public enum XrBlockType : byte
{
    /// <summary>No block.</summary>
    None = 0,

    /// <summary>Which packets were lost, as runs.</summary>
    LossRle = 1,

    /// <summary>Which packets came twice, as runs.</summary>
    DuplicateRle = 2,

    /// <summary>When each packet came.</summary>
    PacketReceiptTimes = 3,

    /// <summary>A receiver's clock, the base of its round trip.</summary>
    ReceiverReferenceTime = 4,

    /// <summary>The answer to it.</summary>
    Dlrr = 5,

    /// <summary>Loss, duplicates, jitter, TTL in a window.</summary>
    StatisticsSummary = 6,

    /// <summary>VoIP metrics.</summary>
    VoipMetrics = 7,
}

/// <summary>One block of an extended report, in place.</summary>
public readonly ref struct XrBlock
{
    internal XrBlock(XrBlockType type, byte specific, ReadOnlySpan<byte> body)
    {
        Type = type;
        TypeSpecific = specific;
        Body = body;
    }

    /// <summary>Block type; values outside the enumeration are possible.</summary>
    public XrBlockType Type { get; }

    /// <summary>The byte whose meaning depends on the type.</summary>
    public byte TypeSpecific { get; }

    /// <summary>What follows the block's first four bytes.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>The NTP time of a receiver reference time block (RFC 3611 4.4); false for another or a short block.</summary>
    public bool TryReadReferenceTime(out ulong ntpTime)
    {
        bool ok = Type == XrBlockType.ReceiverReferenceTime && Body.Length >= 8;
        ntpTime = ok ? BinaryPrimitives.ReadUInt64BigEndian(Body) : 0;
        return ok;
    }

    /// <summary>Sub-blocks of a DLRR block (RFC 3611 4.5); 0 for others.</summary>
    public int DlrrCount => Type == XrBlockType.Dlrr ? Body.Length / DlrrReport.Bytes : 0;

    /// <summary>A sub-block of a DLRR block; <paramref name="index"/> must be below <see cref="DlrrCount"/>.</summary>
    public DlrrReport Dlrr(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)DlrrCount, nameof(index));
        ReadOnlySpan<byte> at = Body.Slice(index * DlrrReport.Bytes, DlrrReport.Bytes);
        return new DlrrReport(
            BinaryPrimitives.ReadUInt32BigEndian(at), BinaryPrimitives.ReadUInt32BigEndian(at[4..]), BinaryPrimitives.ReadUInt32BigEndian(at[8..]));
    }

    /// <summary>The VoIP metrics (RFC 3611 4.7); false for another or a short block.</summary>
    public bool TryReadVoipMetrics(out VoipMetrics metrics)
    {
        metrics = default;
        if (Type != XrBlockType.VoipMetrics || Body.Length < VoipMetrics.Bytes) return false;
        ReadOnlySpan<byte> b = Body;
        metrics = new VoipMetrics
        {
            Ssrc = BinaryPrimitives.ReadUInt32BigEndian(b),
            LossRate = b[4],
            DiscardRate = b[5],
            BurstDensity = b[6],
            GapDensity = b[7],
            BurstMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[8..]),
            GapMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[10..]),
            RoundTripMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[12..]),
            EndSystemMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[14..]),
            SignalLevelDbm = Known((sbyte)b[16]),
            NoiseLevelDbm = Known((sbyte)b[17]),
            ResidualEchoReturnLossDb = Known(b[18]),
            Gmin = b[19],
            RFactor = Known(b[20]),
            ExternalRFactor = Known(b[21]),
            MosLq = Tenths(b[22]),
            MosCq = Tenths(b[23]),
            ReceiverConfiguration = b[24],
            JitterBufferNominalMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[26..]),
            JitterBufferMaximumMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[28..]),
            JitterBufferAbsoluteMaximumMilliseconds = BinaryPrimitives.ReadUInt16BigEndian(b[30..]),
        };
        return true;
    }

    /// <summary>127 stands for "not available" in every one-byte field of the block.</summary>
    private static int? Known(int value) => value == 127 ? null : value;

    private static double? Tenths(byte value) => value is 127 or < 10 or > 50 ? null : value / 10.0;
}

/// <summary>A DLRR sub-block (RFC 3611 4.5): to a receiver that sends no media, what LSR and DLSR are to a sender.</summary>
/// <param name="Ssrc">The receiver it is for.</param>
/// <param name="LastReceiverReport">Middle of its last reference time, 1/65536 s.</param>
/// <param name="DelaySinceLastReceiverReport">Delay since, 1/65536 s.</param>
public readonly record struct DlrrReport(uint Ssrc, uint LastReceiverReport, uint DelaySinceLastReceiverReport)
{
    /// <summary>Bytes of a sub-block on the wire.</summary>
    public const int Bytes = 12;
}

/// <summary>VoIP metrics of one source as its receiver sees it (RFC 3611 4.7).</summary>
public readonly record struct VoipMetrics
{
    /// <summary>Bytes of the block's body on the wire.</summary>
    public const int Bytes = 32;

    /// <summary>The source reported on.</summary>
    public required uint Ssrc { get; init; }

    /// <summary>Packets lost in the network since the start, 1/256.</summary>
    public required byte LossRate { get; init; }

    /// <summary>Packets discarded by the jitter buffer, 1/256.</summary>
    public required byte DiscardRate { get; init; }

    /// <summary>Lost and discarded within bursts, 1/256.</summary>
    public required byte BurstDensity { get; init; }

    /// <summary>Lost and discarded within gaps, 1/256.</summary>
    public required byte GapDensity { get; init; }

    /// <summary>Mean length of bursts, ms.</summary>
    public required ushort BurstMilliseconds { get; init; }

    /// <summary>Mean length of gaps, ms.</summary>
    public required ushort GapMilliseconds { get; init; }

    /// <summary>Round trip between the RTP interfaces, ms; 0 where unknown.</summary>
    public required ushort RoundTripMilliseconds { get; init; }

    /// <summary>Delay inside the reporting end system, ms; 0 where unknown.</summary>
    public required ushort EndSystemMilliseconds { get; init; }

    /// <summary>Voice level, dBm0; null where not available.</summary>
    public int? SignalLevelDbm { get; init; }

    /// <summary>Background noise, dBm0; null where not available.</summary>
    public int? NoiseLevelDbm { get; init; }

    /// <summary>Residual echo return loss, dB; null where not available.</summary>
    public int? ResidualEchoReturnLossDb { get; init; }

    /// <summary>Gap threshold, usually 16.</summary>
    public required byte Gmin { get; init; }

    /// <summary>R factor of this segment, 0..100; null where not available.</summary>
    public int? RFactor { get; init; }

    /// <summary>R factor of what lies beyond; null where not available.</summary>
    public int? ExternalRFactor { get; init; }

    /// <summary>Listening MOS, 1..5; null where not available.</summary>
    public double? MosLq { get; init; }

    /// <summary>Conversational MOS, 1..5; null where not available.</summary>
    public double? MosCq { get; init; }

    /// <summary>Loss concealment and jitter buffer kind (RFC 3611 4.7.6).</summary>
    public required byte ReceiverConfiguration { get; init; }

    /// <summary>Nominal delay of the jitter buffer, ms.</summary>
    public required ushort JitterBufferNominalMilliseconds { get; init; }

    /// <summary>Present maximum of the jitter buffer, ms.</summary>
    public required ushort JitterBufferMaximumMilliseconds { get; init; }

    /// <summary>Absolute maximum of the jitter buffer, ms.</summary>
    public required ushort JitterBufferAbsoluteMaximumMilliseconds { get; init; }
}

/// <summary>Walks the blocks of an XR packet; stops at the first that does not fit.</summary>
public ref struct XrEnumerator
{
    private ReadOnlySpan<byte> _rest;
    private XrBlock _current;

    internal XrEnumerator(ReadOnlySpan<byte> body)
    {
        _rest = body;
        _current = default;
    }

    /// <summary>The block reached.</summary>
    public readonly XrBlock Current => _current;

    /// <summary>The walk itself, for foreach.</summary>
    public readonly XrEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next block.</summary>
    public bool MoveNext()
    {
        if (_rest.Length < 4) return false;
        int length = (BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) + 1) * 4;
        if (length > _rest.Length) return false;
        _current = new XrBlock((XrBlockType)_rest[0], _rest[1], _rest[4..length]);
        _rest = _rest[length..];
        return true;
    }
}
