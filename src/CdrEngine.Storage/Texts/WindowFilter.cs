using System.Numerics;

namespace CdrEngine.Storage.Texts;

/// <summary>Which runs of six bytes (windows) some texts have, a bit for each: tells in memory of a long part that no text has it, also where each of its grams is in some text. What it says
/// they have they may not have. One thread while it is made.</summary>
internal sealed class WindowFilter
{
    private const int WindowBytes = 6;
    private const int LeastBits = 1 << 10;

    // 128 KiB: of more different windows than half of this it tells less and less, and takes no more memory.
    private const int MostBits = 1 << 20;

    // One bit in so many is set, at most, where the filter is not at its largest: of a part with six windows that no text has, one filter in 4,096 does not say so.
    private const int BitsOfOne = 4;

    private readonly ulong[] _bits = new ulong[MostBits / 64];

    /// <summary>Adds the windows of a text; those over the end of a line are in no part that is looked for.</summary>
    public void Add(ReadOnlySpan<byte> utf8)
    {
        foreach (Range line in utf8.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> item = utf8[line];
            for (int i = 0; i + WindowBytes <= item.Length; i++)
            {
                uint bit = Hash(item.Slice(i, WindowBytes)) % MostBits;
                _bits[bit / 64] |= 1UL << (int)(bit % 64);
            }
        }
    }

    /// <summary>It as small as it may be: a number of bytes that is a power of two.</summary>
    public byte[] ToBytes()
    {
        ulong[] bits = _bits;
        while (bits.Length * 64 > LeastBits)
        {
            // The hash of half as many bits is the rest of the same number.
            int half = bits.Length / 2;
            ulong[] folded = new ulong[half];
            for (int i = 0; i < half; i++) folded[i] = bits[i] | bits[i + half];
            if (folded.Sum(static word => (long)BitOperations.PopCount(word)) * BitsOfOne > half * 64L) break;
            bits = folded;
        }

        byte[] bytes = new byte[bits.Length * sizeof(ulong)];
        for (int i = 0; i < bits.Length; i++) System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), bits[i]);
        return bytes;
    }

    /// <summary>Whether these bytes are a filter.</summary>
    public static bool IsOne(ReadOnlySpan<byte> bytes) => bytes.Length is >= LeastBits / 8 and <= MostBits / 8 && BitOperations.IsPow2(bytes.Length);

    /// <summary>Whether any of the texts may have a part.</summary>
    public static bool MayHave(ReadOnlySpan<byte> filter, TextNeedle needle)
    {
        uint bits = (uint)filter.Length * 8;
        for (int i = 0; i + WindowBytes <= needle.Utf8.Length; i++)
        {
            uint bit = Hash(needle.Utf8.AsSpan(i, WindowBytes)) % bits;
            if ((filter[(int)(bit / 8)] & (1 << (int)(bit % 8))) == 0) return false;
        }

        return true;
    }

    // FNV-1a, and the finalizer of MurmurHash3: its low bits are all that a filter looks at.
    private static uint Hash(ReadOnlySpan<byte> window)
    {
        uint hash = 2166136261;
        foreach (byte b in window) hash = (hash ^ b) * 16777619;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
