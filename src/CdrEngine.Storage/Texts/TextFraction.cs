namespace CdrEngine.Storage.Texts;

/// <summary>Texts between two others by parts of what lies between them, where they are numbers behind what they have in common: decimal, or hexadecimal as random ids are. Calls that few others share a text with are
/// spread evenly over such.</summary>
internal static class TextFraction
{
    private const string Digits = "0123456789abcdef";
    private const int Decimal = 10;

    // Digits that are looked at, and how many more a text has than tell it from the first of the two.
    private const int MostDigits = 12;
    private const int MoreDigits = 3;

    /// <summary>A text behind one and before another; null where they are no such numbers, and where none of this many digits lies between them.</summary>
    /// <param name="low">The first.</param>
    /// <param name="high">The other.</param>
    /// <param name="part">The part of what lies between them, 0..1.</param>
    public static string? Between(string low, string high, double part)
    {
        int prefix = low.AsSpan().CommonPrefixLength(high);
        if (BaseOf(low, high, prefix) is not { } numbers) return null;
        double first = Value(low, prefix, numbers), last = Value(high, prefix, numbers), rest = first + (part * (last - first));
        if (!(last > first)) return null;
        int digits = Math.Min(MostDigits, (int)Math.Ceiling(Math.Log(1 / (last - first), numbers)) + MoreDigits);
        Span<char> text = stackalloc char[digits];
        for (int i = 0; i < digits; i++)
        {
            rest *= numbers;
            int digit = Math.Clamp((int)rest, 0, numbers - 1);
            text[i] = Digits[digit];
            rest -= digit;
        }

        string found = string.Concat(low.AsSpan(0, prefix), text);
        return string.CompareOrdinal(low, found) < 0 && string.CompareOrdinal(found, high) < 0 ? found : null;
    }

    /// <summary>The part of what lies between two texts that lies before a third, 0..1; null where they are no such numbers.</summary>
    public static double? PartOf(string low, string high, string text)
    {
        int prefix = low.AsSpan().CommonPrefixLength(high);
        if (BaseOf(low, high, prefix) is not { } numbers || text.AsSpan().CommonPrefixLength(low) < prefix) return null;
        double first = Value(low, prefix, numbers), last = Value(high, prefix, numbers);
        return last > first ? Math.Clamp((Value(text, prefix, numbers) - first) / (last - first), 0, 1) : null;
    }

    // Null where the first characters that differ are no digits.
    private static int? BaseOf(string low, string high, int prefix)
    {
        if (prefix >= high.Length || DigitOf(high[prefix]) < 0 || (prefix < low.Length && DigitOf(low[prefix]) < 0)) return null;
        return IsDecimal(low, prefix) && IsDecimal(high, prefix) ? Decimal : Digits.Length;
    }

    private static bool IsDecimal(string text, int from)
    {
        for (int i = from; i < text.Length && DigitOf(text[i]) is var digit && digit >= 0; i++)
        {
            if (digit >= Decimal) return false;
        }

        return true;
    }

    // What stands behind the digits counts for nothing.
    private static double Value(string text, int from, int numbers)
    {
        double value = 0, unit = 1.0 / numbers;
        for (int i = from; i < text.Length && i < from + MostDigits && DigitOf(text[i]) is var digit && digit >= 0; i++, unit /= numbers) value += Math.Min(digit, numbers - 1) * unit;
        return value;
    }

    private static int DigitOf(char c) => char.IsAsciiDigit(c) ? c - '0' : c is >= 'a' and <= 'f' ? c - 'a' + Decimal : -1;
}
