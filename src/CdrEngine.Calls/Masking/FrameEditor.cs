using System.Buffers.Binary;
using System.Numerics;

namespace CdrEngine.Calls.Masking;

/// <summary>Writes over bytes of a frame so that the checksum of its transport stays as right or wrong as it was (RFC 1624).</summary>
/// <remarks>A checksum further out (a tunnel's own UDP) covers both the bytes and the checksum that makes up for them, so it holds as it is:
/// provided that there is one inside.</remarks>
internal static class FrameEditor
{
    /// <summary>Fills a place of a datagram whose checksum stands at <paramref name="checksumAt"/>.</summary>
    /// <param name="frame">The whole frame; changed.</param>
    /// <param name="headerAt">Start of the transport header: whether a byte is the high or the low one of its word is counted from there.</param>
    /// <param name="checksumAt">The checksum.</param>
    /// <param name="isUdp">UDP: zero is no checksum, and a sum of zero is written as all ones (RFC 768).</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="fill">What is written.</param>
    public static void Fill(Span<byte> frame, int headerAt, int checksumAt, bool isUdp, int start, int length, byte fill)
    {
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(frame[checksumAt..]);
        long sum = (ushort)~checksum;
        for (int i = start; i < start + length; i++)
        {
            int change = fill - frame[i];
            sum += ((i - headerAt) & 1) == 0 ? change * 256 : change;
            frame[i] = fill;
        }

        if (isUdp && checksum == 0) return;
        sum %= 0xFFFF;
        if (sum < 0) sum += 0xFFFF;
        checksum = (ushort)~sum;
        if (isUdp && checksum == 0) checksum = 0xFFFF;
        BinaryPrimitives.WriteUInt16BigEndian(frame[checksumAt..], checksum);
    }

    /// <summary>Writes the checksum of an SCTP packet anew (RFC 9260 6.8: CRC32c with the field as zero, least significant byte first).</summary>
    /// <param name="packet">From the common header on.</param>
    public static void SealSctp(Span<byte> packet)
    {
        packet.Slice(8, 4).Clear();
        uint crc = uint.MaxValue;
        foreach (byte b in packet) crc = BitOperations.Crc32C(crc, b);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[8..], ~crc);
    }
}
