namespace CdrEngine.Core;

/// <summary>FNV-1a, 64 bits: a sum of few operations, the same on every machine. No secret: whoever wants two texts of the same sum can make them.</summary>
public static class Fnv1a
{
    /// <summary>The sum of nothing.</summary>
    public const ulong Empty = 14695981039346656037;

    private const ulong Prime = 1099511628211;

    /// <summary>Goes on with a byte, or with a word in one step.</summary>
    /// <param name="sum">The sum so far.</param>
    /// <param name="value">What is added.</param>
    public static ulong Add(ulong sum, ulong value) => (sum ^ value) * Prime;

    /// <summary>Goes on with bytes.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes) sum = Add(sum, b);
        return sum;
    }
}
