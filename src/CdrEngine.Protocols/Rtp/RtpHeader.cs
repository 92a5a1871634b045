using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Rtp;

/// <summary>Why bytes are no RTP packet (RFC 3550 5.1).</summary>
public enum RtpRejection : byte
{
    /// <summary>They are one.</summary>
    None = 0,

    /// <summary>Shorter than the twelve fixed bytes.</summary>
    TooShort = 1,

    /// <summary>The version is not 2.</summary>
    Version = 2,

    /// <summary>The contributing sources reach past the end.</summary>
    Csrc = 3,

    /// <summary>The header extension reaches past the end.</summary>
    Extension = 4,

    /// <summary>The padding count is 0 or larger than what follows the header.</summary>
    Padding = 5,

    /// <summary>The second byte is one of RTCP's (192..223, RFC 5761 4).</summary>
    Rtcp = 6,
}

/// <summary>An RTP packet seen in place: nothing is copied (RFC 3550 5.1).</summary>
public readonly ref struct RtpHeader
{
    /// <summary>Bytes of the fixed header.</summary>
    public const int FixedBytes = 12;

    private readonly ReadOnlySpan<byte> _packet;
    private readonly int _payloadOffset;
    private readonly int _paddingBytes;
    private readonly int _extensionOffset;

    private RtpHeader(ReadOnlySpan<byte> packet, int payloadOffset, int paddingBytes, int extensionOffset)
    {
        _packet = packet;
        _payloadOffset = payloadOffset;
        _paddingBytes = paddingBytes;
        _extensionOffset = extensionOffset;
    }

    /// <summary>Payload type, 0..127.</summary>
    public byte PayloadType => (byte)(_packet[1] & 0x7F);

    /// <summary>Marker bit; for audio the first packet of a talkspurt (RFC 3551 4.1).</summary>
    public bool Marker => (_packet[1] & 0x80) != 0;

    /// <summary>Sequence number; wraps.</summary>
    public ushort SequenceNumber => BinaryPrimitives.ReadUInt16BigEndian(_packet[2..]);

    /// <summary>Timestamp in units of the payload type's clock; wraps.</summary>
    public uint Timestamp => BinaryPrimitives.ReadUInt32BigEndian(_packet[4..]);

    /// <summary>Synchronisation source.</summary>
    public uint Ssrc => BinaryPrimitives.ReadUInt32BigEndian(_packet[8..]);

    /// <summary>Number of contributing sources, 0..15.</summary>
    public int CsrcCount => _packet[0] & 0x0F;

    /// <summary>True where a header extension is present (RFC 3550 5.3.1).</summary>
    public bool HasExtension => (_packet[0] & 0x10) != 0;

    /// <summary>Profile word of the extension: 0xBEDE is the one-byte form of RFC 8285; 0 without extension.</summary>
    public ushort ExtensionProfile => HasExtension ? BinaryPrimitives.ReadUInt16BigEndian(_packet[_extensionOffset..]) : (ushort)0;

    /// <summary>Content of the extension without its four header bytes; empty without extension.</summary>
    public ReadOnlySpan<byte> Extension => HasExtension ? _packet[(_extensionOffset + 4).._payloadOffset] : default;

    /// <summary>Bytes of header, contributing sources and extension: where the payload starts.</summary>
    public int HeaderBytes => _payloadOffset;

    /// <summary>Bytes of padding at the end, 0 where none (or where capture cut them off).</summary>
    public int PaddingBytes => _paddingBytes;

    /// <summary>The payload, without padding; may be empty.</summary>
    public ReadOnlySpan<byte> Payload => _packet[_payloadOffset..(_packet.Length - _paddingBytes)];

    /// <summary>A contributing source by position; <paramref name="index"/> must be below <see cref="CsrcCount"/>.</summary>
    public uint Csrc(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)CsrcCount, nameof(index));
        return BinaryPrimitives.ReadUInt32BigEndian(_packet[(FixedBytes + (index * 4))..]);
    }

    /// <summary>Reads a datagram as RTP; false where it is none. See the overload with a reason.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out RtpHeader header) =>
        TryRead(datagram, isTruncated: false, out header, out _) == ParseOutcome.Message;

    /// <summary>Reads a datagram as RTP.</summary>
    /// <param name="datagram">The whole UDP payload.</param>
    /// <param name="isTruncated">True where capture cut the datagram: the padding count is then out of sight and taken as 0.</param>
    /// <param name="header">A view into <paramref name="datagram"/>; default where it is no RTP.</param>
    /// <param name="reason">Why it is no RTP.</param>
    /// <returns>Message, NeedMore where the fixed header, the sources or the extension end early, else Malformed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ParseOutcome TryRead(ReadOnlySpan<byte> datagram, bool isTruncated, out RtpHeader header, out RtpRejection reason)
    {
        // Nearly every packet of a telephone call has neither padding, extension nor contributing sources: first byte 0x80.
        if (datagram.Length >= FixedBytes && datagram[0] == 0x80 && (datagram[1] & 0xE0) != 0xC0)
        {
            header = new RtpHeader(datagram, FixedBytes, 0, 0);
            reason = RtpRejection.None;
            return ParseOutcome.Message;
        }

        return ReadFull(datagram, isTruncated, out header, out reason);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome ReadFull(ReadOnlySpan<byte> datagram, bool isTruncated, out RtpHeader header, out RtpRejection reason)
    {
        header = default;
        reason = RtpRejection.TooShort;
        if (datagram.Length >= 1 && datagram[0] >> 6 != 2)
        {
            reason = RtpRejection.Version;
            return ParseOutcome.Malformed;
        }

        if (datagram.Length >= 2 && MediaClassifier.IsRtcpSecondByte(datagram[1]))
        {
            reason = RtpRejection.Rtcp;
            return ParseOutcome.Malformed;
        }

        if (datagram.Length < FixedBytes) return ParseOutcome.NeedMore;
        int offset = FixedBytes + ((datagram[0] & 0x0F) * 4);
        reason = RtpRejection.Csrc;
        if (offset > datagram.Length) return ParseOutcome.NeedMore;
        int extensionOffset = 0;
        if ((datagram[0] & 0x10) != 0)
        {
            reason = RtpRejection.Extension;
            if (datagram.Length - offset < 4) return ParseOutcome.NeedMore;
            extensionOffset = offset;
            offset += 4 + (BinaryPrimitives.ReadUInt16BigEndian(datagram[(offset + 2)..]) * 4);
            if (offset > datagram.Length) return ParseOutcome.NeedMore;
        }

        int padding = 0;
        if ((datagram[0] & 0x20) != 0 && !isTruncated)
        {
            padding = datagram[^1];
            reason = RtpRejection.Padding;
            if (padding == 0 || padding > datagram.Length - offset) return ParseOutcome.Malformed;
        }

        reason = RtpRejection.None;
        header = new RtpHeader(datagram, offset, padding, extensionOffset);
        return ParseOutcome.Message;
    }
}
