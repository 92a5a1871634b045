using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Writes a pcapng file (draft-ietf-opsawg-pcapng), little-endian, one section, enhanced packet blocks; an interface description
/// for each pair of interface and link type when its first packet comes.</summary>
/// <remarks>Interfaces are numbered anew in the order of their first packets. Holds times from 1970 on (in nanoseconds to the year 2554);
/// others are set to the nearer end.</remarks>
public sealed class PcapngWriter : CaptureWriter
{
    private readonly bool _isNanoseconds;
    private readonly List<(int InterfaceId, LinkType LinkType)> _interfaces = [];
    private int _lastInterface;

    /// <summary>Writes the section header.</summary>
    /// <param name="stream">Where to; stays open.</param>
    /// <param name="nanoseconds">Times in nanoseconds instead of microseconds.</param>
    public PcapngWriter(Stream stream, bool nanoseconds = true)
        : base(stream)
    {
        _isNanoseconds = nanoseconds;
        const int length = 28 + 4 + 12 + 4;
        Span<byte> block = Reserve(length);
        block.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block, CaptureMagic.SectionHeader);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], CaptureMagic.ByteOrder);
        BinaryPrimitives.WriteUInt16LittleEndian(block[12..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], -1); // section length unknown
        const ushort application = 4;
        ReadOnlySpan<byte> name = "CdrEngine"u8;
        BinaryPrimitives.WriteUInt16LittleEndian(block[24..], application);
        BinaryPrimitives.WriteUInt16LittleEndian(block[26..], (ushort)name.Length);
        name.CopyTo(block[28..]);
        BinaryPrimitives.WriteInt32LittleEndian(block[(length - 4)..], length);
    }

    /// <inheritdoc />
    public override void Write(in CapturedPacket packet)
    {
        int index = InterfaceOf(packet);
        UInt128 ticks = (UInt128)Math.Max(packet.CapturedAt.Microseconds, 0);
        if (_isNanoseconds) ticks = (ticks * 1000) + packet.NanosecondRemainder;
        ulong at = (ulong)UInt128.Min(ticks, ulong.MaxValue);
        int padding = -packet.Bytes.Length & 3;
        int length = 32 + packet.Bytes.Length + padding;
        Span<byte> header = Reserve(28);
        const uint enhancedPacket = 6;
        BinaryPrimitives.WriteUInt32LittleEndian(header, enhancedPacket);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)(at >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], (uint)at);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], packet.Bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], OriginalLength(packet));
        Append(packet.Bytes);
        Span<byte> trailer = Reserve(padding + 4);
        trailer.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(trailer[padding..], length);
    }

    private int InterfaceOf(in CapturedPacket packet)
    {
        (int, LinkType) wanted = (packet.InterfaceId, packet.LinkType);
        if (_lastInterface < _interfaces.Count && _interfaces[_lastInterface] == wanted) return _lastInterface;
        _lastInterface = _interfaces.IndexOf(wanted);
        if (_lastInterface >= 0) return _lastInterface;
        _interfaces.Add(wanted);
        WriteInterface(packet.LinkType);
        _lastInterface = _interfaces.Count - 1;
        return _lastInterface;
    }

    private void WriteInterface(LinkType linkType)
    {
        const int length = 20 + 8 + 4;
        Span<byte> block = Reserve(length);
        block.Clear();
        const uint interfaceDescription = 1;
        const ushort resolution = 9;
        BinaryPrimitives.WriteUInt32LittleEndian(block, interfaceDescription);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], (ushort)linkType);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], 0); // no snap length
        BinaryPrimitives.WriteUInt16LittleEndian(block[16..], resolution);
        BinaryPrimitives.WriteUInt16LittleEndian(block[18..], 1);
        block[20] = _isNanoseconds ? (byte)9 : (byte)6;
        BinaryPrimitives.WriteInt32LittleEndian(block[(length - 4)..], length);
    }
}
