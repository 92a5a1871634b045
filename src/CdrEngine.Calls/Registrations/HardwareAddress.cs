namespace CdrEngine.Calls.Registrations;

/// <summary>Finds the hardware address (MAC) that a device tells of itself.</summary>
public static class HardwareAddress
{
    /// <summary>Looks into instance id, then contact, then User-Agent. Lower case with colons; null where none tells one.</summary>
    /// <param name="instance">+sip.instance, for example <c>urn:uuid:00000000-0000-1000-8000-00085d112233</c>.</param>
    /// <param name="contact">Contact as written, parameters included.</param>
    /// <param name="userAgent">User-Agent.</param>
    public static string? Find(ReadOnlySpan<char> instance, ReadOnlySpan<char> contact, ReadOnlySpan<char> userAgent) =>
        OfInstance(instance) ?? Scan(contact) ?? Scan(userAgent);

    /// <summary>The node of a UUID made from one: version 1 (RFC 9562 5.1), or all zero before it as some phones write.</summary>
    private static string? OfInstance(ReadOnlySpan<char> instance)
    {
        int uuid = instance.IndexOf("urn:uuid:", StringComparison.OrdinalIgnoreCase);
        if (uuid < 0) return Scan(instance);
        ReadOnlySpan<char> text = instance[(uuid + 9)..];
        if (text.Length < 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return null;
        ReadOnlySpan<char> node = text.Slice(24, 12);
        bool isTimeBased = text[14] == '1';
        bool isPadded = text[..23].IndexOfAnyExcept('0', '-') < 0;
        return (isTimeBased || isPadded) && IsHex(node) ? Format(node) : null;
    }

    // Twelve hexadecimal digits that stand alone, or six pairs with one sign between them.
    private static string? Scan(ReadOnlySpan<char> text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiHexDigit(text[at]) || (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1]))) continue;
            if (Plain(text[at..]) is { } plain) return plain;
            if (Paired(text[at..]) is { } paired) return paired;
        }

        return null;
    }

    private static string? Plain(ReadOnlySpan<char> text)
    {
        if (text.Length < 12 || !IsHex(text[..12]) || (text.Length > 12 && char.IsAsciiLetterOrDigit(text[12]))) return null;

        // Digits alone are rather a date or a telephone number.
        return text[..12].IndexOfAnyInRange('a', 'f') < 0 && text[..12].IndexOfAnyInRange('A', 'F') < 0 ? null : Format(text[..12]);
    }

    private static string? Paired(ReadOnlySpan<char> text)
    {
        if (text.Length < 17 || text[2] is not (':' or '-') || (text.Length > 17 && char.IsAsciiLetterOrDigit(text[17]))) return null;
        Span<char> digits = stackalloc char[12];
        for (int pair = 0; pair < 6; pair++)
        {
            if (pair > 0 && text[(pair * 3) - 1] != text[2]) return null;
            text.Slice(pair * 3, 2).CopyTo(digits[(pair * 2)..]);
        }

        return IsHex(digits) ? Format(digits) : null;
    }

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigit(c)) return false;
        }

        return true;
    }

    // Group addresses, all zero and all one are nobody's.
    private static string? Format(ReadOnlySpan<char> digits)
    {
        if (digits.IndexOfAnyExcept('0') < 0 || (Convert.ToInt32(digits[1].ToString(), 16) & 1) != 0) return null;
        Span<char> text = stackalloc char[17];
        for (int i = 0; i < 12; i++)
        {
            int at = i + (i / 2);
            text[at] = char.ToLowerInvariant(digits[i]);
            if (i % 2 == 1 && i < 11) text[at + 1] = ':';
        }

        return text.ToString();
    }
}
