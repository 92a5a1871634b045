using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CdrEngine.Media.Codecs;

/// <summary>G.711 without a decoder, for whoever looks into sound.</summary>
/// <remarks>Sixteen samples at a time where the processor can: what the table would give is computed, by a multiplication with the power of two that a segment stands for.</remarks>
public static class G711
{
    private const int Lanes = 16;

    /// <summary>Expands samples of the mu-law (ITU-T G.711 table 2) to 16 bits.</summary>
    /// <param name="codes">A byte a sample.</param>
    /// <param name="pcm">Room for as many; the rest of the codes is left out where it is shorter.</param>
    public static void ExpandMuLaw(ReadOnlySpan<byte> codes, Span<short> pcm)
    {
        int count = Math.Min(codes.Length, pcm.Length), done = 0;
        if (Avx2.IsSupported)
        {
            ref byte from = ref MemoryMarshal.GetReference(codes);
            ref short to = ref MemoryMarshal.GetReference(pcm);
            Vector256<byte> powers = Table(Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0));
            Vector256<short> bias = Vector256.Create((short)0x84);
            for (; done <= count - Lanes; done += Lanes)
            {
                // 132 to 252 times at most 128: it fits.
                Vector256<short> bits = Avx2.ConvertToVector256Int16(~Vector128.LoadUnsafe(ref from, (nuint)done));
                Vector256<short> mantissas = ((bits & Vector256.Create((short)0x0F)) << 3) + bias;
                Vector256<short> magnitudes = (mantissas * PowersOf(bits, powers)) - bias;
                Vector256<short> negative = (bits << 8) >> 15;
                ((magnitudes ^ negative) - negative).StoreUnsafe(ref to, (nuint)done);
            }
        }

        for (; done < count; done++) pcm[done] = G711Decoder.MuLaw[codes[done]];
    }

    /// <summary>Expands samples of the A-law (ITU-T G.711 table 1) to 16 bits.</summary>
    /// <inheritdoc cref="ExpandMuLaw" path="/param"/>
    public static void ExpandALaw(ReadOnlySpan<byte> codes, Span<short> pcm)
    {
        int count = Math.Min(codes.Length, pcm.Length), done = 0;
        if (Avx2.IsSupported)
        {
            ref byte from = ref MemoryMarshal.GetReference(codes);
            ref short to = ref MemoryMarshal.GetReference(pcm);
            Vector256<byte> powers = Table(Vector128.Create((byte)1, 1, 2, 4, 8, 16, 32, 64, 0, 0, 0, 0, 0, 0, 0, 0));
            Vector256<short> segment = Vector256.Create((short)0x70);
            for (; done <= count - Lanes; done += Lanes)
            {
                // Segment 0 alone has no one before its mantissa. At most 504 times 64: it fits.
                Vector256<short> bits = Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref from, (nuint)done) ^ Vector128.Create((byte)0x55));
                Vector256<short> leading = Vector256.AndNot(Vector256.Create((short)0x100), Vector256.Equals(bits & segment, Vector256<short>.Zero));
                Vector256<short> mantissas = ((bits & Vector256.Create((short)0x0F)) << 4) + Vector256.Create((short)8) + leading;
                Vector256<short> magnitudes = mantissas * PowersOf(bits, powers);
                Vector256<short> negative = ~((bits << 8) >> 15);
                ((magnitudes ^ negative) - negative).StoreUnsafe(ref to, (nuint)done);
            }
        }

        for (; done < count; done++) pcm[done] = G711Decoder.ALaw[codes[done]];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Table(Vector128<byte> half) => Vector256.Create(half, half);

    // By the three bits of the segment; the upper byte of each lane is told to become zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> PowersOf(Vector256<short> bits, Vector256<byte> powers) =>
        Avx2.Shuffle(powers, (((bits >> 4) & Vector256.Create((short)7)) | Vector256.Create(unchecked((short)0x8000))).AsByte()).AsInt16();
}
