using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CdrEngine.Protocols.Rtp;

/// <summary>What a datagram on a media port is (RFC 7983 7, RFC 5761 4).</summary>
public enum MediaPacketKind : byte
{
    /// <summary>None of the others; UDPTL and keep-alives land here.</summary>
    Unknown = 0,

    /// <summary>RTP or SRTP.</summary>
    Rtp = 1,

    /// <summary>RTCP or SRTCP, also on the RTP port.</summary>
    Rtcp = 2,

    /// <summary>STUN (RFC 8489), as ICE uses it.</summary>
    Stun = 3,

    /// <summary>ZRTP (RFC 6189).</summary>
    Zrtp = 4,

    /// <summary>DTLS (RFC 5764).</summary>
    Dtls = 5,

    /// <summary>TURN channel data (RFC 8656 12.4).</summary>
    TurnChannel = 6,
}

/// <summary>Tells apart what may share a media port, by the first two bytes.</summary>
public static class MediaClassifier
{
    private const uint StunCookie = 0x2112A442;
    private const uint ZrtpCookie = 0x5A525450;

    /// <summary>True for the second byte of an RTCP packet: 192..223, that is payload types 64..95 with the marker set (RFC 5761 4).</summary>
    /// <remarks>The same types without the marker (64..95) are refused to RTP by RFC 3551 6 and RFC 5761 but no RTCP either.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsRtcpSecondByte(byte second) => (second & 0xE0) == 0xC0;

    /// <summary>The kind of a datagram. Looks at no more than the first eight bytes; never throws.</summary>
    public static MediaPacketKind Classify(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 4) return MediaPacketKind.Unknown;
        byte first = datagram[0];
        if (first >= 128 && first <= 191)
        {
            if (IsRtcpSecondByte(datagram[1])) return datagram.Length >= 8 ? MediaPacketKind.Rtcp : MediaPacketKind.Unknown;
            return datagram.Length >= RtpHeader.FixedBytes ? MediaPacketKind.Rtp : MediaPacketKind.Unknown;
        }

        return first switch
        {
            <= 3 => IsStun(datagram) ? MediaPacketKind.Stun : MediaPacketKind.Unknown,
            >= 16 and <= 19 => HasWordAt4(datagram, ZrtpCookie) ? MediaPacketKind.Zrtp : MediaPacketKind.Unknown,
            >= 20 and <= 63 => IsDtls(datagram) ? MediaPacketKind.Dtls : MediaPacketKind.Unknown,
            >= 64 and <= 79 => MediaPacketKind.TurnChannel,
            _ => MediaPacketKind.Unknown,
        };
    }

    /// <summary>STUN with the cookie of RFC 8489, or without it (RFC 3489) where the length field fits the datagram.</summary>
    private static bool IsStun(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 20) return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        return HasWordAt4(datagram, StunCookie) || (length == datagram.Length - 20 && length % 4 == 0);
    }

    /// <summary>Record versions are 254.253 (1.2), 254.255 (1.0), 254.252 (1.3 in plain records); the unified header of 1.3 has none.</summary>
    private static bool IsDtls(ReadOnlySpan<byte> datagram) =>
        datagram[0] is >= 32 and <= 63 || (datagram.Length >= 13 && datagram[1] == 254 && datagram[2] >= 252);

    private static bool HasWordAt4(ReadOnlySpan<byte> datagram, uint word) =>
        datagram.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == word;
}
