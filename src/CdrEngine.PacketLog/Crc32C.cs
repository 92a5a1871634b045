using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CdrEngine.PacketLog;

/// <summary>CRC-32C (Castagnoli, RFC 3720 B.4), by the processor's instruction where it has one.</summary>
/// <remarks>The instruction takes three cycles and may begin in each: one sum after the other is bound by that, so three thirds of a block are summed side by side
/// and put together by what a kilobyte of zeros does to a sum, which is linear and so a table of it by bytes.</remarks>
internal static class Crc32C
{
    private const int ThirdBytes = 1024;
    private static readonly uint[] Zeros = ZerosTable();

    /// <summary>The checksum of some bytes.</summary>
    /// <remarks>Not compiled ahead but well at once: it is called once a chunk, too seldom to be compiled anew in a short import.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= 3 * ThirdBytes; bytes = bytes[(3 * ThirdBytes)..])
        {
            ReadOnlySpan<ulong> one = MemoryMarshal.Cast<byte, ulong>(bytes[..ThirdBytes]);
            ReadOnlySpan<ulong> two = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(ThirdBytes, ThirdBytes));
            ReadOnlySpan<ulong> three = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * ThirdBytes, ThirdBytes));
            uint second = 0, third = 0;
            for (int i = 0; i < ThirdBytes / sizeof(ulong); i++)
            {
                crc = BitOperations.Crc32C(crc, Little(one[i]));
                second = BitOperations.Crc32C(second, Little(two[i]));
                third = BitOperations.Crc32C(third, Little(three[i]));
            }

            crc = AfterZeros(AfterZeros(crc) ^ second) ^ third;
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, Little(word));
        foreach (byte b in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>Copies bytes and goes on with the sum of those before them: while they come from memory the sum costs next to nothing.</summary>
    /// <param name="sum">What <see cref="Copy"/> gave for those before; all ones at first. The checksum is its complement.</param>
    /// <param name="from">The bytes.</param>
    /// <param name="to">Room for as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Copy(uint sum, ReadOnlySpan<byte> from, Span<byte> to)
    {
        to = to[..from.Length];
        for (; from.Length >= 2 * ThirdBytes; from = from[(2 * ThirdBytes)..], to = to[(2 * ThirdBytes)..])
        {
            ReadOnlySpan<ulong> one = MemoryMarshal.Cast<byte, ulong>(from[..ThirdBytes]);
            ReadOnlySpan<ulong> two = MemoryMarshal.Cast<byte, ulong>(from.Slice(ThirdBytes, ThirdBytes));
            Span<ulong> first = MemoryMarshal.Cast<byte, ulong>(to[..ThirdBytes]);
            Span<ulong> second = MemoryMarshal.Cast<byte, ulong>(to.Slice(ThirdBytes, ThirdBytes));
            uint other = 0;
            for (int i = 0; i < ThirdBytes / sizeof(ulong); i++)
            {
                ulong left = one[i], right = two[i];
                first[i] = left;
                second[i] = right;
                sum = BitOperations.Crc32C(sum, Little(left));
                other = BitOperations.Crc32C(other, Little(right));
            }

            sum = AfterZeros(sum) ^ other;
        }

        from.CopyTo(to);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(from);
        foreach (ulong word in words) sum = BitOperations.Crc32C(sum, Little(word));
        foreach (byte b in from[(words.Length * sizeof(ulong))..]) sum = BitOperations.Crc32C(sum, b);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Little(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);

    /// <summary>What a sum becomes by a third of zeros.</summary>
    private static uint AfterZeros(uint crc)
    {
        uint[] zeros = Zeros;
        return zeros[crc & 0xFF] ^ zeros[256 + ((crc >> 8) & 0xFF)] ^ zeros[512 + ((crc >> 16) & 0xFF)] ^ zeros[768 + (crc >> 24)];
    }

    private static uint[] ZerosTable()
    {
        var table = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint crc = 1u << bit;
            for (int i = 0; i < ThirdBytes / sizeof(ulong); i++) crc = BitOperations.Crc32C(crc, 0UL);
            int part = bit / 8 * 256, value = 1 << (bit & 7);
            for (int rest = 0; rest < value; rest++) table[part + value + rest] = table[part + rest] ^ crc;
        }

        return table;
    }
}
