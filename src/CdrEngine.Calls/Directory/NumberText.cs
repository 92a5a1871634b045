using System.Globalization;

namespace CdrEngine.Calls.Directory;

/// <summary>What a number on the wire turned out to be.</summary>
public enum NumberKind
{
    /// <summary>There is none, or it is too long to be one.</summary>
    None = 0,

    /// <summary>The caller did not want it shown.</summary>
    Anonymous = 1,

    /// <summary>An international number: <c>+</c> and up to fifteen digits (E.164).</summary>
    E164 = 2,

    /// <summary>An extension of a telephone system.</summary>
    Extension = 3,

    /// <summary>A number that is dialled as it is: emergency and service numbers of the plan.</summary>
    Short = 4,

    /// <summary>Digits with <c>*</c> or <c>#</c>: a code for the telephone system.</summary>
    Code = 5,

    /// <summary>Digits of which the plan makes no number.</summary>
    Digits = 6,

    /// <summary>A name, as in an address of record; lower case.</summary>
    Name = 7,
}

/// <summary>Takes off a number what the wire puts around it.</summary>
public static class NumberText
{
    /// <summary>Longest number or name looked at; E.164 numbers have fifteen digits, addresses of record some tens of characters.</summary>
    public const int MaxLength = 64;

    private static readonly string[] Hidden = ["anonymous", "restricted", "unavailable", "private", "withheld", "unknown", "privacy"];

    /// <summary>The bare number: without scheme, host, parameters, percent encoding (RFC 3986) and visual separators (RFC 3966 5.1.1); names in lower case.
    /// Gives its length; 0 where there is none or it is longer than <see cref="MaxLength"/>.</summary>
    /// <param name="wire">A user part (<c>+49 30 123</c>), a SIP or tel URI, or a name with such a URI in brackets.</param>
    /// <param name="bare">Takes it; at least <see cref="MaxLength"/> characters.</param>
    public static int Reduce(ReadOnlySpan<char> wire, Span<char> bare)
    {
        // Most numbers are digits and nothing else, perhaps with a plus before them.
        if (wire.Length is > 1 and <= MaxLength && !wire[(wire[0] == '+' ? 1 : 0)..].ContainsAnyExceptInRange('0', '9'))
        {
            wire.CopyTo(bare);
            return wire.Length;
        }

        int length = Decode(User(wire.Trim()), bare);
        if (length <= 0) return 0;
        Span<char> text = bare[..length];
        bool isNumber = false, isName = false;
        foreach (char c in text)
        {
            if (char.IsAsciiDigit(c)) isNumber = true;
            else if (c is '*' or '#') isNumber = true;
            else if (!IsSeparator(c) && c != '+') isName = true;
        }

        if (isName || !isNumber)
        {
            for (int i = 0; i < text.Length; i++) text[i] = char.ToLowerInvariant(text[i]);
            return length;
        }

        return Compact(text);
    }

    /// <summary>Whether a reduced name says that the caller is not to be known.</summary>
    public static bool IsHidden(ReadOnlySpan<char> bare)
    {
        foreach (string word in Hidden)
        {
            if (bare.SequenceEqual(word)) return true;
        }

        return false;
    }

    /// <summary>The host of a SIP URI, without port and brackets; empty where there is none.</summary>
    public static ReadOnlySpan<char> Host(ReadOnlySpan<char> uri)
    {
        int open = uri.LastIndexOf('<');
        if (open >= 0) uri = uri[(open + 1)..];
        int at = uri.LastIndexOf('@');
        if (at >= 0) uri = uri[(at + 1)..];
        else if (uri.StartsWith("sip:", StringComparison.OrdinalIgnoreCase)) uri = uri[4..];
        else if (uri.StartsWith("sips:", StringComparison.OrdinalIgnoreCase)) uri = uri[5..];
        else return default;
        if (uri.StartsWith("["))
        {
            int close = uri.IndexOf(']');
            return close < 0 ? default : uri[1..close];
        }

        int end = uri.IndexOfAny(";:>?");
        return end < 0 ? uri : uri[..end];
    }

    private static bool IsSeparator(char c) => c is '-' or '.' or '(' or ')' or ' ' or '/';

    private static ReadOnlySpan<char> User(ReadOnlySpan<char> text)
    {
        int open = text.LastIndexOf('<');
        if (open >= 0)
        {
            text = text[(open + 1)..];
            int close = text.IndexOf('>');
            if (close >= 0) text = text[..close];
        }

        int scheme = text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) ? 4 : text.StartsWith("sips:", StringComparison.OrdinalIgnoreCase) ? 5 : 0;
        bool isSip = scheme > 0;
        if (isSip) text = text[scheme..];
        else if (text.StartsWith("tel:", StringComparison.OrdinalIgnoreCase)) text = text[4..];
        int at = text.IndexOf('@');
        if (at >= 0) text = text[..at];
        else if (isSip) return default;
        int end = text.IndexOfAny(';', ':');
        return end < 0 ? text : text[..end];
    }

    // -1 where it is too long.
    private static int Decode(ReadOnlySpan<char> text, Span<char> to)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (length == MaxLength) return -1;
            char c = text[i];
            if (c == '%' && i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte code) && code < 0x80)
            {
                c = (char)code;
                i += 2;
            }

            to[length++] = c;
        }

        return length;
    }

    // +49 (0)30 123 is written where the 0 is to be dialled inside the country only.
    private static int Compact(Span<char> text)
    {
        int length = 0;
        bool international = text[0] == '+';
        for (int i = 0; i < text.Length; i++)
        {
            if (international && i + 2 < text.Length && text[i] == '(' && text[i + 1] == '0' && text[i + 2] == ')')
            {
                i += 2;
                continue;
            }

            char c = text[i];
            if (IsSeparator(c) || (c == '+' && length > 0)) continue;
            text[length++] = c;
        }

        return length;
    }
}
