using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.PacketLog;

/// <summary>The bytes of a segment: one segment header, then chunks, each at a multiple of eight bytes. All numbers little-endian.</summary>
/// <remarks><code>
/// segment header, 64 bytes          chunk header, 64 bytes
///  0  magic "CDRSEG\r\n"             0  magic "CHNK"
///  8  version u16 (1; 2 sealed)      4  CRC-32C u32 of bytes 8.. to the end of the payload
/// 10  kind u8, 0 u8                  8  payload length u32
/// 12  shard u16, 0 u16              12  frames u32
/// 16  minute u32                    16  call key, 16 bytes
/// 20  run u32                       32  earliest packet time i64, µs
/// 24  part u32                      40  latest packet time i64, µs
/// 28  zeros                         48  lowest capture sequence i64
/// 60  CRC-32C u32 of bytes 0..59    56  kind u8, 57 flags u8 (<see cref="ChunkFlags"/>), six zeros
/// </code>
/// In a sealed segment the segment's key follows its header (<see cref="Sealing.FileKeys"/>), and a chunk's payload ends with the tag of its frames
/// (<see cref="Sealing.ChunkCipher"/>). Checksums are of what lies on disk: they can be checked, and a torn tail be cut, without any key.
/// A chunk's payload is its frames as <see cref="FrameBuffer"/> lays them; zeros fill it up to eight bytes (outside of the length and the CRC).</remarks>
public static class SegmentFormat
{
    /// <summary>Bytes of the segment header.</summary>
    public const int SegmentHeaderBytes = 64;

    /// <summary>Bytes of a chunk header.</summary>
    public const int ChunkHeaderBytes = 64;

    /// <summary>Longest payload that is written or believed: 1 MiB less the headers.</summary>
    public const int MaxPayloadBytes = (1 << 20) - 256;

    /// <summary>Chunks start at a multiple of this.</summary>
    public const int Alignment = 8;

    /// <summary>Version written for packets in the clear.</summary>
    public const ushort Version = 1;

    /// <summary>Version written for sealed packets; a greater one is refused.</summary>
    public const ushort SealedVersion = 2;

    private const uint ChunkMagic = 0x4B4E_4843;

    private static ReadOnlySpan<byte> SegmentMagic => "CDRSEG\r\n"u8;

    /// <summary>CRC-32C (Castagnoli, RFC 3720 B.4) of <paramref name="bytes"/>; see <see cref="PacketLog.Crc32C"/>.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes) => PacketLog.Crc32C.Of(bytes);

    /// <summary>Where the first chunk of a segment lies.</summary>
    public static int FirstChunkAt(bool isSealed) => SegmentHeaderBytes + (isSealed ? FileKeys.Bytes : 0);

    /// <summary>Whether a file that begins so is a sealed segment.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> start) =>
        start.Length >= SegmentHeaderBytes && start.StartsWith(SegmentMagic) && BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) == SealedVersion;

    /// <summary>Length with the fill up to <see cref="Alignment"/>.</summary>
    public static int Aligned(int length) => (length + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Writes a segment header of 64 bytes.</summary>
    public static void WriteSegmentHeader(Span<byte> destination, SegmentId id, bool isSealed = false)
    {
        destination = destination[..SegmentHeaderBytes];
        destination.Clear();
        SegmentMagic.CopyTo(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], isSealed ? SealedVersion : Version);
        destination[10] = (byte)id.Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], id.Shard);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], id.Minute);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], id.Run);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], id.Part);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[60..], Crc32C(destination[..60]));
    }

    /// <summary>Reads a segment header; need more below 64 bytes, malformed where magic, version or checksum are not ours.</summary>
    public static ParseOutcome TryReadSegmentHeader(ReadOnlySpan<byte> bytes, out SegmentId id)
    {
        id = default;
        if (bytes.Length < SegmentHeaderBytes) return ParseOutcome.NeedMore;
        if (!bytes.StartsWith(SegmentMagic) || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) is not (Version or SealedVersion)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C(bytes[..60])) return ParseOutcome.Malformed;
        id = new SegmentId(
            (PacketKind)bytes[10],
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]));
        return ParseOutcome.Message;
    }

    /// <summary>Writes the header of a chunk whose payload already lies behind it, and its checksum over both.</summary>
    /// <param name="chunk">Header and payload, no more.</param>
    /// <param name="header">What the header says.</param>
    public static void WriteChunkHeader(Span<byte> chunk, in ChunkHeader header)
    {
        WriteChunkFields(chunk, header);
        WriteChecksum(chunk);
    }

    /// <summary>Writes the checksum of a chunk over all that lies behind it.</summary>
    internal static void WriteChecksum(Span<byte> chunk) => BinaryPrimitives.WriteUInt32LittleEndian(chunk[4..], Crc32C(chunk[8..]));

    /// <summary>Writes the checksum of a chunk whose payload was summed while it was copied (<see cref="PacketLog.Crc32C.Copy"/>), from what <see cref="SumFields"/> gave on.</summary>
    internal static void WriteChecksum(Span<byte> chunk, uint sum) => BinaryPrimitives.WriteUInt32LittleEndian(chunk[4..], ~sum);

    /// <summary>The sum of a header's fields, with which that of the payload goes on.</summary>
    internal static uint SumFields(ReadOnlySpan<byte> chunk) => ~Crc32C(chunk[8..ChunkHeaderBytes]);

    /// <summary>Writes the header of a chunk but for the checksum.</summary>
    internal static void WriteChunkFields(Span<byte> chunk, in ChunkHeader header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(chunk, ChunkMagic);
        BinaryPrimitives.WriteInt32LittleEndian(chunk[8..], chunk.Length - ChunkHeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(chunk[12..], header.Frames);
        header.Key.Write(chunk[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(chunk[32..], header.First.Microseconds);
        BinaryPrimitives.WriteInt64LittleEndian(chunk[40..], header.Last.Microseconds);
        BinaryPrimitives.WriteInt64LittleEndian(chunk[48..], header.FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(chunk[56..], (byte)header.Kind | ((uint)header.Flags << 8));
    }

    /// <summary>Reads the chunk at the start of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">Header, payload and whatever follows.</param>
    /// <param name="header">What the header says; good only with <see cref="ParseOutcome.Message"/>.</param>
    /// <param name="length">Length of header and payload; also given with <see cref="ParseOutcome.NeedMore"/> once the header is there (else 0), and with
    /// <see cref="ParseOutcome.Malformed"/> where only the checksum is wrong (else 0).</param>
    public static ParseOutcome TryReadChunk(ReadOnlySpan<byte> bytes, out ChunkHeader header, out int length)
    {
        header = default;
        length = 0;
        if (bytes.Length < ChunkHeaderBytes) return ParseOutcome.NeedMore;
        int payload = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != ChunkMagic || payload < 0 || payload > MaxPayloadBytes) return ParseOutcome.Malformed;
        length = ChunkHeaderBytes + payload;
        if (bytes.Length < length) return ParseOutcome.NeedMore;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Crc32C(bytes[8..length])) return ParseOutcome.Malformed;
        header = ReadChunkFields(bytes);
        return ParseOutcome.Message;
    }

    /// <summary>What the header of a chunk says, unchecked.</summary>
    internal static ChunkHeader ReadChunkFields(ReadOnlySpan<byte> bytes) => new(
        (PacketKind)bytes[56],
        CallKey.Read(bytes[16..]),
        BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
        new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..])),
        new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[40..])),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]))
    {
        Flags = (ChunkFlags)bytes[57],
    };
}

/// <summary>What became of a chunk's frames. Written to disk: values only ever grow.</summary>
[Flags]
public enum ChunkFlags : byte
{
    /// <summary>They stand there in the clear.</summary>
    None = 0,

    /// <summary>They are sealed.</summary>
    Sealed = 1,

    /// <summary>They were purged: zeros stand in their place, and in that of key and times.</summary>
    Purged = 2,
}

/// <summary>What a chunk says of its frames.</summary>
/// <param name="Kind">What they are.</param>
/// <param name="Key">Whose they are.</param>
/// <param name="Frames">How many.</param>
/// <param name="First">Earliest packet time.</param>
/// <param name="Last">Latest packet time.</param>
/// <param name="FirstSequence">Lowest place in the order of capture.</param>
public readonly record struct ChunkHeader(PacketKind Kind, CallKey Key, int Frames, Timestamp First, Timestamp Last, long FirstSequence)
{
    /// <summary>What became of them.</summary>
    public ChunkFlags Flags { get; init; }
}

/// <summary>Where a chunk lies.</summary>
/// <param name="Segment">Its segment.</param>
/// <param name="Offset">Offset of its header in the file.</param>
/// <param name="Length">Bytes of header and payload.</param>
/// <param name="First">Earliest packet time in it.</param>
/// <param name="Last">Latest packet time in it.</param>
/// <param name="Frames">Frames in it.</param>
/// <param name="FirstSequence">Lowest place in the order of capture in it; together with the segment's run, the order of chunks.</param>
public readonly record struct ChunkLocator(
    SegmentId Segment, long Offset, int Length, Timestamp First, Timestamp Last, int Frames, long FirstSequence);
