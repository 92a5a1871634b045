using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Dtls;

/// <summary>What a DTLS record carries (RFC 6347 4.1, RFC 9147 4.1).</summary>
public enum DtlsContentType : byte
{
    /// <summary>None of the others.</summary>
    Other = 0,

    /// <summary>ChangeCipherSpec.</summary>
    ChangeCipherSpec = 20,

    /// <summary>Alert.</summary>
    Alert = 21,

    /// <summary>Handshake.</summary>
    Handshake = 22,

    /// <summary>Application data.</summary>
    ApplicationData = 23,
}

/// <summary>A DTLS record of the plain-header form, seen in place.</summary>
public readonly ref struct DtlsRecord
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderBytes = 13;

    private const ushort Version10 = 0xFEFF;
    private const ushort Version12 = 0xFEFD;

    private DtlsRecord(DtlsContentType type, ushort epoch, ReadOnlySpan<byte> body)
    {
        Type = type;
        Epoch = epoch;
        Body = body;
    }

    /// <summary>What it carries.</summary>
    public DtlsContentType Type { get; }

    /// <summary>Epoch: 0 until the cipher changes; only then is the body in the clear.</summary>
    public ushort Epoch { get; }

    /// <summary>The body.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Takes the next record off a datagram.</summary>
    /// <param name="datagram">What is left of the datagram; moved on by the record where the answer is Message.</param>
    /// <param name="record">The record; its body points into the datagram.</param>
    /// <returns>Message; NeedMore where the datagram ends in it; Malformed for anything else, the unified header of DTLS 1.3 (whose records are
    /// enciphered) included.</returns>
    public static ParseOutcome TryRead(scoped ref ReadOnlySpan<byte> datagram, out DtlsRecord record)
    {
        record = default;
        if (datagram.IsEmpty) return ParseOutcome.NeedMore;
        if (datagram[0] is < 20 or > 25) return ParseOutcome.Malformed;
        if (datagram.Length < HeaderBytes) return ParseOutcome.NeedMore;
        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[1..]) is not (Version10 or Version12)) return ParseOutcome.Malformed;
        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[11..]);
        if (datagram.Length - HeaderBytes < length) return ParseOutcome.NeedMore;
        DtlsContentType type = datagram[0] <= 23 ? (DtlsContentType)datagram[0] : DtlsContentType.Other;
        record = new DtlsRecord(type, BinaryPrimitives.ReadUInt16BigEndian(datagram[3..]), datagram.Slice(HeaderBytes, length));
        datagram = datagram[(HeaderBytes + length)..];
        return ParseOutcome.Message;
    }
}
