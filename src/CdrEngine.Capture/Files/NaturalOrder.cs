namespace CdrEngine.Capture.Files;

/// <summary>Compares names as people do: runs of digits by their number, so that <c>call-9</c> comes before <c>call-10</c>; all else by
/// code unit. Names that differ only in leading zeros compare by code unit.</summary>
public sealed class NaturalOrder : IComparer<string>
{
    /// <summary>The one instance.</summary>
    public static NaturalOrder Instance { get; } = new();

    /// <inheritdoc />
    public int Compare(string? x, string? y)
    {
        if (x is null || y is null) return string.CompareOrdinal(x, y);
        int i = 0;
        int j = 0;
        while (i < x.Length && j < y.Length)
        {
            if (!char.IsAsciiDigit(x[i]) || !char.IsAsciiDigit(y[j]))
            {
                if (x[i] != y[j]) return x[i] - y[j];
                i++;
                j++;
                continue;
            }

            ReadOnlySpan<char> left = Digits(x, ref i);
            ReadOnlySpan<char> right = Digits(y, ref j);
            int order = left.Length != right.Length ? left.Length - right.Length : left.SequenceCompareTo(right);
            if (order != 0) return order;
        }

        int rest = (x.Length - i) - (y.Length - j);
        return rest != 0 ? rest : string.CompareOrdinal(x, y);
    }

    /// <summary>A run of digits without its leading zeros.</summary>
    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
