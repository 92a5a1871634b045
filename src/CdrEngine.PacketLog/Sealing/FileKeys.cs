using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog.Sealing;

/// <summary>What became of opening or wrapping anew the key of a file.</summary>
public enum FileKeyOutcome
{
    /// <summary>The key is open; or it was wrapped anew.</summary>
    Done = 0,

    /// <summary>It is wrapped by the current key already.</summary>
    Current = 1,

    /// <summary>It is wrapped by a key that is not there.</summary>
    NoKey = 2,

    /// <summary>Both places for it are damaged.</summary>
    Damaged = 3,

    /// <summary>The file is not sealed.</summary>
    Clear = 4,
}

/// <summary>The key of one sealed file, in the file: two places behind its 64-byte header, of which the one with the higher number counts. A change is
/// written to the other place first, so that a crash in between costs nothing.</summary>
/// <remarks><code>
/// place, 96 bytes, little-endian
///  0  id of the wrapping key u64      12  nonce, 12 bytes      56  tag, 16 bytes
///  8  number u32                      24  file key, 32 bytes   72  zeros; 92 CRC-32C u32 of bytes 0..91
/// </code>
/// Wrapped with AES-256-GCM; associated data are the file's header and the place's first 12 bytes.</remarks>
public static class FileKeys
{
    /// <summary>Bytes of both places.</summary>
    public const int Bytes = 2 * PlaceBytes;

    /// <summary>Bytes of an authentication tag.</summary>
    public const int TagBytes = 16;

    internal const int NonceBytes = 12;
    internal const int HeaderBytes = 64;
    private const int PlaceBytes = 96;
    private const int NumberAt = 8;
    private const int NonceAt = 12;
    private const int KeyAt = 24;
    private const int TagAt = 56;
    private const int CrcAt = 92;

    /// <summary>Makes a key for a new file and writes it wrapped.</summary>
    internal static byte[] Make(ReadOnlySpan<byte> header, Span<byte> places, KeyRing keys)
    {
        byte[] fileKey = RandomNumberGenerator.GetBytes(KeyRing.KeyBytes);
        places[..Bytes].Clear();
        Wrap(header, places[..PlaceBytes], fileKey, keys, 1);
        return fileKey;
    }

    /// <summary>Opens the key of a file.</summary>
    internal static FileKeyOutcome Open(ReadOnlySpan<byte> header, ReadOnlySpan<byte> places, KeyRing? keys, out byte[] fileKey, out ulong wrappedBy)
    {
        fileKey = [];
        int place = PlaceOf(places, out uint _);
        wrappedBy = 0;
        if (place < 0) return FileKeyOutcome.Damaged;
        ReadOnlySpan<byte> bytes = places.Slice(place * PlaceBytes, PlaceBytes);
        wrappedBy = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using AesGcm? cipher = keys?.Cipher(wrappedBy);
        if (cipher is null) return FileKeyOutcome.NoKey;
        byte[] opened = new byte[KeyRing.KeyBytes];
        try
        {
            cipher.Decrypt(bytes.Slice(NonceAt, NonceBytes), bytes.Slice(KeyAt, KeyRing.KeyBytes), bytes.Slice(TagAt, TagBytes), opened, Associated(header, bytes));
        }
        catch (AuthenticationTagMismatchException)
        {
            return FileKeyOutcome.Damaged;
        }

        fileKey = opened;
        return FileKeyOutcome.Done;
    }

    /// <summary>Whether each place is either whole or empty.</summary>
    internal static bool IsClean(ReadOnlySpan<byte> places)
    {
        for (int place = 0; place < 2; place++)
        {
            ReadOnlySpan<byte> bytes = places.Slice(place * PlaceBytes, PlaceBytes);
            if (bytes.ContainsAnyExcept((byte)0) && BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]) != SegmentFormat.Crc32C(bytes[..CrcAt])) return false;
        }

        return true;
    }

    /// <summary>Wraps the key of a sealed file, segment or recording, by the current key. The file's other bytes stay.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keys">The ring, with the old key in it.</param>
    /// <param name="wrappedBy">Id of the key it was wrapped by; 0 where that is not known.</param>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static FileKeyOutcome Rewrap(string path, KeyRing keys, out ulong wrappedBy)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> start = stackalloc byte[HeaderBytes + Bytes];
        wrappedBy = 0;
        if (!TryReadStart(file, start)) return FileKeyOutcome.Clear;
        Span<byte> header = start[..HeaderBytes], places = start[HeaderBytes..];
        FileKeyOutcome outcome = Open(header, places, keys, out byte[] fileKey, out wrappedBy);
        if (outcome != FileKeyOutcome.Done) return outcome;
        if (wrappedBy == keys.Current) return FileKeyOutcome.Current;
        int old = PlaceOf(places, out uint number);
        Span<byte> other = places.Slice((1 - old) * PlaceBytes, PlaceBytes);
        other.Clear();
        Wrap(header, other, fileKey, keys, number + 1);
        RandomAccess.Write(file, other, HeaderBytes + ((1 - old) * PlaceBytes));
        RandomAccess.FlushToDisk(file);

        // Only now the old place may go: who has the old key finds nothing to open any more.
        Span<byte> nothing = stackalloc byte[PlaceBytes];
        nothing.Clear();
        RandomAccess.Write(file, nothing, HeaderBytes + (old * PlaceBytes));
        RandomAccess.FlushToDisk(file);
        return FileKeyOutcome.Done;
    }

    /// <summary>The key that a file is wrapped by; null where it is not sealed, or its places are damaged.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ulong? WrappedBy(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> start = stackalloc byte[HeaderBytes + Bytes];
        if (!TryReadStart(file, start)) return null;
        ReadOnlySpan<byte> places = start[HeaderBytes..];
        int place = PlaceOf(places, out _);
        return place < 0 ? null : BinaryPrimitives.ReadUInt64LittleEndian(places[(place * PlaceBytes)..]);
    }

    private static bool TryReadStart(SafeFileHandle file, Span<byte> start)
    {
        int read = 0;
        while (read < start.Length)
        {
            int now = RandomAccess.Read(file, start[read..], read);
            if (now == 0) return false;
            read += now;
        }

        return SegmentFormat.IsSealed(start) || SealedStream.IsSealed(start);
    }

    // The whole place with the higher number; -1 where none is whole.
    private static int PlaceOf(ReadOnlySpan<byte> places, out uint number)
    {
        number = 0;
        int found = -1;
        for (int place = 0; place < 2; place++)
        {
            ReadOnlySpan<byte> bytes = places.Slice(place * PlaceBytes, PlaceBytes);
            uint its = BinaryPrimitives.ReadUInt32LittleEndian(bytes[NumberAt..]);
            if (its == 0 || its < number || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]) != SegmentFormat.Crc32C(bytes[..CrcAt])) continue;
            number = its;
            found = place;
        }

        return found;
    }

    private static void Wrap(ReadOnlySpan<byte> header, Span<byte> place, byte[] fileKey, KeyRing keys, uint number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(place, keys.Current);
        BinaryPrimitives.WriteUInt32LittleEndian(place[NumberAt..], number);
        RandomNumberGenerator.Fill(place.Slice(NonceAt, NonceBytes));
        using AesGcm cipher = keys.Cipher(keys.Current)!;
        cipher.Encrypt(place.Slice(NonceAt, NonceBytes), fileKey, place.Slice(KeyAt, KeyRing.KeyBytes), place.Slice(TagAt, TagBytes), Associated(header, place));
        BinaryPrimitives.WriteUInt32LittleEndian(place[CrcAt..], SegmentFormat.Crc32C(place[..CrcAt]));
    }

    private static byte[] Associated(ReadOnlySpan<byte> header, ReadOnlySpan<byte> place) => [.. header[..HeaderBytes], .. place[..NonceAt]];
}
