using System.Runtime.CompilerServices;

namespace CdrEngine.Host.Parts;

/// <summary>How many of something there are for each value of an enumeration. Immutable.</summary>
/// <remarks>No dictionary: those over enumerations are code that nobody compiles ahead, and every import ends with this (docs/decisions/0053-what-is-compiled-at-each-start.md).</remarks>
/// <typeparam name="T">An enumeration whose values count up from 0.</typeparam>
internal sealed class EnumCounts<T>
    where T : struct, Enum
{
    private readonly long[] _counts;

    /// <summary>Takes the counts, by the numbers of the values; what is not among them is 0.</summary>
    public EnumCounts(params ReadOnlySpan<long> counts) => _counts = counts.ToArray();

    /// <summary>How many of a value.</summary>
    public long this[T value] => Unsafe.As<T, int>(ref value) is var number && number < _counts.Length ? _counts[number] : 0;

    /// <summary>How many of all.</summary>
    public long Sum
    {
        get
        {
            long sum = 0;
            foreach (long count in _counts) sum += count;
            return sum;
        }
    }
}
