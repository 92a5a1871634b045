using System.Buffers;
using CdrEngine.Core;

namespace CdrEngine.Calls.Masking;

/// <summary>A packet that waits until it is known whether it holds digits.</summary>
internal sealed class HeldPacket
{
    private readonly byte[] _bytes;
    private readonly int _length;
    private readonly ushort _nanoseconds;
    private readonly LinkType _linkType;
    private readonly int _interface;
    private readonly int _originalLength;
    private readonly long _sequence;

    public HeldPacket(in CapturedPacket packet)
    {
        _length = packet.Bytes.Length;
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(_length, 1));
        packet.Bytes.CopyTo(_bytes);
        At = packet.CapturedAt;
        _nanoseconds = packet.NanosecondRemainder;
        _linkType = packet.LinkType;
        _interface = packet.InterfaceId;
        _originalLength = packet.OriginalLength;
        _sequence = packet.Sequence;
    }

    public Timestamp At { get; }

    public Span<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Not to be shown.</summary>
    public bool IsLeftOut { get; set; }

    /// <summary>Something was written over.</summary>
    public bool IsMasked { get; set; }

    /// <summary>True for a TCP segment that is no fragment: the members below are set.</summary>
    public bool IsSegment { get; init; }

    public Endpoint Source { get; init; }

    public Endpoint Destination { get; init; }

    public uint TcpSequence { get; init; }

    /// <summary>Start of the transport's payload in the frame.</summary>
    public int PayloadAt { get; init; }

    public int PayloadLength { get; init; }

    /// <summary>Start of the transport header in the frame.</summary>
    public int HeaderAt { get; init; }

    /// <summary>True for an SCTP packet that is no fragment.</summary>
    public bool IsSctp { get; init; }

    public Span<byte> Payload => Bytes.Slice(PayloadAt, PayloadLength);

    public CapturedPacket ToPacket() => new()
    {
        CapturedAt = At,
        NanosecondRemainder = _nanoseconds,
        LinkType = _linkType,
        InterfaceId = _interface,
        OriginalLength = _originalLength,
        Sequence = _sequence,
        Bytes = Bytes,
    };

    public void Return() => ArrayPool<byte>.Shared.Return(_bytes);
}
