using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CdrEngine.Media.Mixing;

/// <summary>Puts the two sides of a call together.</summary>
internal static class SideMixer
{
    /// <summary>The caller left, the callee right.</summary>
    /// <param name="left">Samples of one.</param>
    /// <param name="right">As many of the other.</param>
    /// <param name="output">Twice as many.</param>
    public static void Interleave(ReadOnlySpan<short> left, ReadOnlySpan<short> right, Span<short> output)
    {
        right = right[..left.Length];
        output = output[..(2 * left.Length)];
        int done = 0;
        if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            // A pair is a word, the left sample its lower half.
            ref ushort first = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<short, ushort>(left));
            ref ushort second = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<short, ushort>(right));
            ref uint pairs = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<short, uint>(output));
            for (; done <= left.Length - Vector128<ushort>.Count; done += Vector128<ushort>.Count)
            {
                Vector128<ushort> one = Vector128.LoadUnsafe(ref first, (nuint)done), other = Vector128.LoadUnsafe(ref second, (nuint)done);
                (Vector128.WidenLower(one) | (Vector128.WidenLower(other) << 16)).StoreUnsafe(ref pairs, (nuint)done);
                (Vector128.WidenUpper(one) | (Vector128.WidenUpper(other) << 16)).StoreUnsafe(ref pairs, (nuint)(done + Vector128<uint>.Count));
            }
        }

        for (; done < left.Length; done++)
        {
            output[2 * done] = left[done];
            output[(2 * done) + 1] = right[done];
        }
    }

    /// <summary>Both in one. Two people seldom speak at once, so the sum keeps each as loud as it was; where they do, it is limited.</summary>
    /// <param name="left">Samples of one.</param>
    /// <param name="right">As many of the other.</param>
    /// <param name="output">As many.</param>
    public static void Mix(ReadOnlySpan<short> left, ReadOnlySpan<short> right, Span<short> output)
    {
        right = right[..left.Length];
        output = output[..left.Length];
        int done = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref short first = ref MemoryMarshal.GetReference(left), second = ref MemoryMarshal.GetReference(right), sums = ref MemoryMarshal.GetReference(output);
            for (; done <= left.Length - Vector128<short>.Count; done += Vector128<short>.Count)
                Vector128.AddSaturate(Vector128.LoadUnsafe(ref first, (nuint)done), Vector128.LoadUnsafe(ref second, (nuint)done)).StoreUnsafe(ref sums, (nuint)done);
        }

        for (; done < left.Length; done++) output[done] = (short)Math.Clamp(left[done] + right[done], short.MinValue, short.MaxValue);
    }
}
