using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdrEngine.PacketLog.Sealing;

/// <summary>Seals blocks of bytes one by one, for files that are appended to a block at a time. One thread.</summary>
/// <remarks>Sealed: id of the key u64, salt of the writer, 16 bytes, number of the block u64; then the bytes under AES-256-GCM and a tag of 16 bytes. The key
/// is derived (HKDF-SHA-256) from that of the ring and the salt, which is drawn for every writer; the number is the nonce.</remarks>
public sealed class BlockSeal : IDisposable
{
    /// <summary>Bytes that sealing adds.</summary>
    public const int Overhead = HeadBytes + FileKeys.TagBytes;

    private const int HeadBytes = sizeof(ulong) + SaltBytes + sizeof(ulong);
    private const int SaltBytes = 16;
    private const string Purpose = "cdrengine blocks";

    private readonly KeyRing _keys;
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly AesGcm _cipher;
    private ulong _number;

    /// <summary>A sealer under the ring's current key.</summary>
    public BlockSeal(KeyRing keys)
    {
        _keys = keys;
        _cipher = new AesGcm(keys.Derive(keys.Current, _salt, Purpose)!, FileKeys.TagBytes);
    }

    /// <summary>Seals a block into <paramref name="destination"/>, which holds <see cref="Overhead"/> bytes more than it.</summary>
    public void Seal(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, _keys.Current);
        _salt.CopyTo(destination[sizeof(ulong)..]);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[(sizeof(ulong) + SaltBytes)..], ++_number);
        Span<byte> nonce = stackalloc byte[FileKeys.NonceBytes];
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, _number);
        _cipher.Encrypt(nonce, bytes, destination.Slice(HeadBytes, bytes.Length), destination.Slice(HeadBytes + bytes.Length, FileKeys.TagBytes), destination[..HeadBytes]);
    }

    /// <summary>Opens a block in place; gives its bytes, null where it does not open.</summary>
    /// <param name="block">What <see cref="Seal"/> wrote.</param>
    /// <param name="keys">The ring; null for none.</param>
    /// <param name="missing">The key that is not there; null where that is not the reason.</param>
    public static Memory<byte>? Open(Memory<byte> block, KeyRing? keys, out ulong? missing)
    {
        missing = null;
        if (block.Length < Overhead) return null;
        Span<byte> span = block.Span;
        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(span);
        if (keys?.Derive(id, span.Slice(sizeof(ulong), SaltBytes), Purpose) is not { } derived)
        {
            missing = id;
            return null;
        }

        Span<byte> nonce = stackalloc byte[FileKeys.NonceBytes];
        nonce.Clear();
        span.Slice(sizeof(ulong) + SaltBytes, sizeof(ulong)).CopyTo(nonce);
        using var cipher = new AesGcm(derived, FileKeys.TagBytes);
        Span<byte> bytes = span[HeadBytes..^FileKeys.TagBytes];
        try
        {
            cipher.Decrypt(nonce, bytes, span[^FileKeys.TagBytes..], bytes, span[..HeadBytes]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return block[HeadBytes..^FileKeys.TagBytes];
    }

    /// <inheritdoc />
    public void Dispose() => _cipher.Dispose();
}
