using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>Sixteen bytes that say whose packets a chunk holds. The log compares them and knows nothing else of a call.</summary>
/// <param name="High">First eight bytes, as a big-endian number.</param>
/// <param name="Low">Last eight bytes, as a big-endian number.</param>
public readonly record struct CallKey(ulong High, ulong Low)
{
    /// <summary>Bytes of a key.</summary>
    public const int Bytes = 16;

    /// <summary>The first sixteen bytes of the SHA-256 of <paramref name="name"/>: a record id, a Call-ID with what makes it unique.</summary>
    public static CallKey Of(ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Hash(name, hash);
        return Read(hash);
    }

    /// <summary>Reads the key at the start of <paramref name="bytes"/>, which must hold <see cref="Bytes"/>.</summary>
    public static CallKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes the key; <paramref name="destination"/> must hold <see cref="Bytes"/>.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";
}
