using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CdrEngine.Core;

/// <summary>Compares keys from the wire by their bytes, and finds them by a span without a copy. The hash is keyed by the process, so that a sender cannot
/// make keys collide: nothing may be listed in its order.</summary>
public sealed class ByteKeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    private ByteKeyComparer()
    {
    }

    /// <summary>The one there is.</summary>
    public static ByteKeyComparer Instance { get; } = new();

    /// <inheritdoc />
    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    /// <inheritdoc />
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    /// <inheritdoc />
    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    /// <inheritdoc />
    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    /// <inheritdoc />
    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        int odd = (alternate.Length & 1) == 0 ? 0 : alternate[^1] * 0x01000193;
        return string.GetHashCode(MemoryMarshal.Cast<byte, char>(alternate), StringComparison.Ordinal) ^ odd ^ alternate.Length;
    }
}
