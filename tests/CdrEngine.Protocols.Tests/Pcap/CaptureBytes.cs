using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Protocols.Tests.Pcap;

/// <summary>Capture files laid byte by byte from the drafts, in either byte order: the readers' oracle.</summary>
internal sealed class CaptureBytes(bool bigEndian = false)
{
    private readonly MemoryStream _bytes = new();

    public byte[] ToArray() => _bytes.ToArray();

    public CaptureBytes PcapHeader(uint magic, int linkType = 1, int major = 2, int minor = 4) =>
        U32(magic).U16(major).U16(minor).U32(0).U32(0).U32(262_144).U32((uint)linkType);

    public CaptureBytes PcapRecord(uint seconds, uint fraction, byte[] data, int original = -1, bool modified = false)
    {
        U32(seconds).U32(fraction).U32((uint)data.Length).U32((uint)(original < 0 ? data.Length : original));
        if (modified) U32(3).U16(0x0800).Raw([4, 0]);
        return Raw(data);
    }

    public CaptureBytes Section(int major = 1) => Block(0x0A0D_0D0A, b => b.U32(0x1A2B_3C4D).U16(major).U16(0).U32(uint.MaxValue).U32(uint.MaxValue));

    public CaptureBytes Interface(int linkType = 1, uint snap = 0, byte? resolution = null, long? offsetSeconds = null) => Block(1, b =>
    {
        b.U16(linkType).U16(0).U32(snap);
        b.U16(2).U16(4).Raw("eth0"u8.ToArray());
        if (resolution is { } r) b.U16(9).U16(1).Raw([r, 0, 0, 0]);
        if (offsetSeconds is { } o) b.U16(14).U16(8).U64((ulong)o);
        b.U16(0).U16(0);
    });

    public CaptureBytes Enhanced(uint interfaceId, ulong ticks, byte[] data, int original = -1, string comment = "") => Block(6, b =>
    {
        b.U32(interfaceId).U32((uint)(ticks >> 32)).U32((uint)ticks).U32((uint)data.Length).U32((uint)(original < 0 ? data.Length : original)).Padded(data);
        if (comment.Length > 0) b.U16(1).U16(comment.Length).Padded(System.Text.Encoding.UTF8.GetBytes(comment)).U16(0).U16(0);
    });

    public CaptureBytes Simple(byte[] data, int original = -1) => Block(3, b => b.U32((uint)(original < 0 ? data.Length : original)).Padded(data));

    public CaptureBytes Obsolete(int interfaceId, ulong ticks, byte[] data) => Block(2, b =>
        b.U16(interfaceId).U16(7).U32((uint)(ticks >> 32)).U32((uint)ticks).U32((uint)data.Length).U32((uint)data.Length).Padded(data));

    public CaptureBytes Block(uint type, Action<CaptureBytes> write)
    {
        var body = new CaptureBytes(bigEndian);
        write(body);
        byte[] bytes = body.ToArray();
        return U32(type).U32((uint)bytes.Length + 12).Raw(bytes).U32((uint)bytes.Length + 12);
    }

    public CaptureBytes U16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        if (bigEndian) BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        else BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        _bytes.Write(bytes);
        return this;
    }

    public CaptureBytes U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        if (bigEndian) BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        else BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public CaptureBytes U64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (bigEndian) BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        else BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public CaptureBytes Raw(byte[] value)
    {
        _bytes.Write(value);
        return this;
    }

    private CaptureBytes Padded(byte[] value) => Raw(value).Raw(new byte[-value.Length & 3]);
}

/// <summary>A packet that outlives its reader.</summary>
internal sealed record Kept(long Microseconds, int Nanoseconds, LinkType LinkType, int InterfaceId, int OriginalLength, string Bytes)
{
    public static Kept Of(in CapturedPacket packet) => new(
        packet.CapturedAt.Microseconds, packet.NanosecondRemainder, packet.LinkType, packet.InterfaceId, packet.OriginalLength, Convert.ToHexString(packet.Bytes));
}

/// <summary>Bytes handed out in pieces, as files, pipes and unpackers do.</summary>
internal sealed class PieceSource(byte[] bytes, Func<int, int>? pieceBytes = null) : IBlockSource
{
    private int _at;

    public int Read(Span<byte> destination)
    {
        int count = Math.Min(Math.Min(bytes.Length - _at, destination.Length), Math.Max(1, pieceBytes?.Invoke(_at) ?? int.MaxValue));
        bytes.AsSpan(_at, count).CopyTo(destination);
        _at += count;
        return count;
    }
}

/// <summary>A capture read to its end.</summary>
internal sealed record ReadResult(List<Kept> Packets, ReadOutcome Outcome, string? Fault)
{
    public static ReadResult Of(byte[] capture, Func<int, int>? pieceBytes = null, int bufferBytes = BlockReader.DefaultBufferBytes, CaptureReaderLimits? limits = null)
    {
        CaptureReader? reader = CaptureReader.Open(new BlockReader(new PieceSource(capture, pieceBytes), bufferBytes), limits ?? CaptureReaderLimits.Default, out string? fault);
        var packets = new List<Kept>();
        if (reader is null) return new ReadResult(packets, ReadOutcome.Failed, fault);
        ReadOutcome outcome;
        while ((outcome = reader.Read(out CapturedPacket packet)) == ReadOutcome.Packet) packets.Add(Kept.Of(packet));
        Xunit.Assert.Equal(packets.Count, reader.PacketCount);
        Xunit.Assert.Equal(outcome, reader.Read(out _)); // the end stays the end
        return new ReadResult(packets, outcome, reader.Fault);
    }
}
