using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Writes a pcap file (draft-ietf-opsawg-pcap), little-endian, version 2.4.</summary>
/// <remarks>Holds times from 1970 to 2106 (32-bit seconds); others are set to the nearer end.</remarks>
public sealed class PcapWriter : CaptureWriter
{
    /// <summary>The latest instant that fits, in microseconds since 1970.</summary>
    internal const long LatestMicroseconds = (uint.MaxValue * Timestamp.MicrosecondsPerSecond) + 999_999;

    private readonly LinkType _linkType;
    private readonly bool _isNanoseconds;

    /// <summary>Writes the file header.</summary>
    /// <param name="stream">Where to; stays open.</param>
    /// <param name="linkType">Of all packets.</param>
    /// <param name="nanoseconds">Times in nanoseconds instead of microseconds.</param>
    public PcapWriter(Stream stream, LinkType linkType, bool nanoseconds = false)
        : base(stream)
    {
        _linkType = linkType;
        _isNanoseconds = nanoseconds;
        Span<byte> header = Reserve(24);
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, nanoseconds ? CaptureMagic.PcapNanoseconds : CaptureMagic.PcapMicroseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 262_144); // what tcpdump and Wireshark accept at most
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], (uint)linkType);
    }

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The packet has another link type than the file.</exception>
    public override void Write(in CapturedPacket packet)
    {
        if (packet.LinkType != _linkType) throw new ArgumentException($"a pcap of link type {_linkType} cannot hold a packet of {packet.LinkType}", nameof(packet));
        long at = Math.Clamp(packet.CapturedAt.Microseconds, 0, LatestMicroseconds);
        (long seconds, long fraction) = Math.DivRem(at, Timestamp.MicrosecondsPerSecond);
        if (_isNanoseconds) fraction = (fraction * 1000) + packet.NanosecondRemainder;
        Span<byte> header = Reserve(16);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)fraction);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], packet.Bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], OriginalLength(packet));
        Append(packet.Bytes);
    }
}
