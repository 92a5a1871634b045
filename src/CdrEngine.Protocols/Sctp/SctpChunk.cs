using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Sctp;

/// <summary>The chunk types that matter here (RFC 9260 3.2, RFC 8260 2.1).</summary>
public enum SctpChunkType : byte
{
    /// <summary>User data.</summary>
    Data = 0,

    /// <summary>Opens an association.</summary>
    Init = 1,

    /// <summary>Answers INIT.</summary>
    InitAck = 2,

    /// <summary>User data that may interleave.</summary>
    InterleavedData = 64,
}

/// <summary>One chunk of an SCTP packet; a view (RFC 9260 3.2).</summary>
public readonly ref struct SctpChunk
{
    private const int DataHeaderBytes = 16;
    private const int InterleavedHeaderBytes = 20;

    private readonly ReadOnlySpan<byte> _bytes;

    private SctpChunk(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What it is.</summary>
    public SctpChunkType Type => (SctpChunkType)_bytes[0];

    /// <summary>True for DATA and I-DATA.</summary>
    public bool IsData => Type is SctpChunkType.Data or SctpChunkType.InterleavedData;

    /// <summary>True on the first fragment of a user message (B).</summary>
    public bool IsBeginning => (_bytes[1] & 2) != 0;

    /// <summary>True on the last fragment of a user message (E).</summary>
    public bool IsEnding => (_bytes[1] & 1) != 0;

    /// <summary>True for unordered data (U).</summary>
    public bool IsUnordered => (_bytes[1] & 4) != 0;

    /// <summary>Transmission sequence number of a data chunk; initial one of INIT and INIT ACK.</summary>
    public uint Tsn => BinaryPrimitives.ReadUInt32BigEndian(_bytes[(IsData ? 4 : 16)..]);

    /// <summary>Stream identifier of a data chunk.</summary>
    public ushort StreamId => BinaryPrimitives.ReadUInt16BigEndian(_bytes[8..]);

    /// <summary>User data of a data chunk.</summary>
    public ReadOnlySpan<byte> UserData => _bytes[(Type == SctpChunkType.Data ? DataHeaderBytes : InterleavedHeaderBytes)..];

    /// <summary>Reads the chunk at the start of <paramref name="bytes"/>; <paramref name="consumed"/> includes its padding.
    /// NeedMore: the bytes end before the chunk does. Malformed: its length is less than its header.</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, out SctpChunk chunk, out int consumed)
    {
        chunk = default;
        consumed = 0;
        if (bytes.Length < 4) return ParseOutcome.NeedMore;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        int least = (SctpChunkType)bytes[0] switch
        {
            SctpChunkType.Data => DataHeaderBytes,
            SctpChunkType.InterleavedData => InterleavedHeaderBytes,
            SctpChunkType.Init or SctpChunkType.InitAck => 20,
            _ => 4,
        };
        if (length < least) return ParseOutcome.Malformed;
        if (length > bytes.Length) return ParseOutcome.NeedMore;
        chunk = new SctpChunk(bytes[..length]);
        consumed = Math.Min(bytes.Length, (length + 3) & ~3);
        return ParseOutcome.Message;
    }
}
