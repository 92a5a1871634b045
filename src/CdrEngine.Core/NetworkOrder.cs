using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CdrEngine.Core;

/// <summary>Numbers in network byte order, read without a check of bounds: whoever calls has seen that the bytes are there.</summary>
public static class NetworkOrder
{
    /// <summary>The 16-bit number that begins some bytes behind a place.</summary>
    /// <param name="start">The place.</param>
    /// <param name="offset">How many bytes behind it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Big16(ref byte start, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref start, offset)));

    /// <summary>The same of 32 bits.</summary>
    /// <param name="start">The place.</param>
    /// <param name="offset">How many bytes behind it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Big32(ref byte start, int offset) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, offset)));
}
