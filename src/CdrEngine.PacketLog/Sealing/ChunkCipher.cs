using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdrEngine.PacketLog.Sealing;

/// <summary>Seals and opens the chunks of one segment in place, each by itself, so that any of them can be read alone. One thread; allocates nothing.</summary>
/// <remarks>AES-256-GCM under the segment's own key. A chunk's place in the file is its nonce (a segment is only ever appended to) and, with the chunk's
/// header, its associated data: a chunk moved, or one with another header, does not open. The tag stands at the payload's end, inside of its length.</remarks>
internal sealed class ChunkCipher(byte[] fileKey) : IDisposable
{
    private const int HeaderFrom = 8;
    private readonly AesGcm _cipher = new(fileKey, FileKeys.TagBytes);

    /// <summary>Seals a chunk whose header is written but for the checksum, and whose last 16 bytes are room for the tag.</summary>
    public void Seal(Span<byte> chunk, long offset)
    {
        Span<byte> nonce = stackalloc byte[FileKeys.NonceBytes];
        Span<byte> associated = stackalloc byte[SegmentFormat.ChunkHeaderBytes];
        Describe(chunk, offset, nonce, associated);
        Span<byte> frames = chunk[SegmentFormat.ChunkHeaderBytes..^FileKeys.TagBytes];
        _cipher.Encrypt(nonce, frames, frames, chunk[^FileKeys.TagBytes..], associated);
    }

    /// <summary>Opens a chunk, and makes it one in the clear, 16 bytes shorter. False where it does not open; its frames are zeros then.</summary>
    public bool TryOpen(Span<byte> chunk, long offset, in ChunkHeader header)
    {
        if (chunk.Length < SegmentFormat.ChunkHeaderBytes + FileKeys.TagBytes) return false;
        Span<byte> nonce = stackalloc byte[FileKeys.NonceBytes];
        Span<byte> associated = stackalloc byte[SegmentFormat.ChunkHeaderBytes];
        Describe(chunk, offset, nonce, associated);
        Span<byte> frames = chunk[SegmentFormat.ChunkHeaderBytes..^FileKeys.TagBytes];
        try
        {
            _cipher.Decrypt(nonce, frames, chunk[^FileKeys.TagBytes..], frames, associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        SegmentFormat.WriteChunkHeader(chunk[..^FileKeys.TagBytes], header with { Flags = header.Flags & ~ChunkFlags.Sealed });
        return true;
    }

    public void Dispose() => _cipher.Dispose();

    private static void Describe(ReadOnlySpan<byte> chunk, long offset, Span<byte> nonce, Span<byte> associated)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, offset);
        chunk[HeaderFrom..SegmentFormat.ChunkHeaderBytes].CopyTo(associated);
        BinaryPrimitives.WriteInt64LittleEndian(associated[^sizeof(long)..], offset);
    }
}
