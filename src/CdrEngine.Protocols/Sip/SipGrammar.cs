using System.Runtime.CompilerServices;
using System.Text;

namespace CdrEngine.Protocols.Sip;

/// <summary>Small pieces of the grammar of RFC 3261 25 that every part of the reader shares.</summary>
public static class SipGrammar
{
    private static readonly bool[] TokenBytes = BuildTokenBytes();

    /// <summary>True for a byte of a token (RFC 3261 25.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsTokenByte(byte c) => TokenBytes[c];

    /// <summary>True for one or more token bytes and nothing else.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text)
    {
        foreach (byte c in text)
        {
            if (!TokenBytes[c]) return false;
        }

        return text.Length > 0;
    }

    /// <summary>Without white space and line ends at either end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsBlank(text[start])) start++;
        while (end > start && IsBlank(text[end - 1])) end--;
        return text[start..end];
    }

    /// <summary>Number of CR and LF bytes at the start: keep-alives between messages (RFC 3261 7.5, RFC 5626 4.4.1).</summary>
    public static int SkipLineEnds(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && bytes[at] is (byte)'\r' or (byte)'\n') at++;
        return at;
    }

    /// <summary>True where both are the same but for ASCII case.</summary>
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.Length == right.Length && Ascii.EqualsIgnoreCase(left, right);

    /// <summary>Reads digits and nothing else, 0 to 4294967295; false for anything else, a larger number included.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> text, out uint number)
    {
        number = 0;
        if (text.Length is 0 or > 64) return false;
        ulong value = 0;
        foreach (byte c in text)
        {
            uint digit = (uint)c - '0';
            if (digit > 9) return false;
            value = (value * 10) + digit;
            if (value > uint.MaxValue) return false;
        }

        number = (uint)value;
        return true;
    }

    /// <summary>Reads the digits at the start, as <c>1800</c> in <c>1800;refresher=uac</c>; false where there are none or they exceed 4294967295.</summary>
    public static bool TryReadLeadingNumber(ReadOnlySpan<byte> text, out uint number)
    {
        int digits = 0;
        while (digits < text.Length && (uint)text[digits] - '0' <= 9) digits++;
        return TryReadNumber(text[..digits], out number);
    }

    /// <summary>What is inside the quotes, escapes untouched; the text itself where it is not quoted. A missing closing quote is forgiven.</summary>
    public static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] != (byte)'"') return text;
        int close = ClosingQuote(text);
        return close < 0 ? text[1..] : text[1..close];
    }

    /// <summary>Index of the quote that closes the one at index 0, escapes heeded (RFC 3261 25.1 quoted-pair); -1 where there is none.</summary>
    public static int ClosingQuote(ReadOnlySpan<byte> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\') i++;
            else if (text[i] == (byte)'"') return i;
        }

        return -1;
    }

    /// <summary>Index of a byte outside quoted strings and angle brackets; -1 where there is none. An unclosed quote or bracket hides the rest.</summary>
    public static int IndexOutside(ReadOnlySpan<byte> text, byte wanted)
    {
        bool inBrackets = false;
        for (int i = 0; i < text.Length; i++)
        {
            byte c = text[i];
            if (c == wanted && !inBrackets) return i;
            if (c == (byte)'"')
            {
                int close = ClosingQuote(text[i..]);
                if (close < 0) return -1;
                i += close;
            }
            else if (c == (byte)'<')
            {
                inBrackets = true;
            }
            else if (c == (byte)'>')
            {
                inBrackets = false;
            }
        }

        return -1;
    }

    /// <summary>Replaces quoted pairs (<c>\"</c>) by what they stand for and reads the rest as UTF-8; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string UnescapeQuoted(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\\')) return Encoding.UTF8.GetString(text);
        var plain = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\' && i + 1 < text.Length) i++;
            plain[length++] = text[i];
        }

        return Encoding.UTF8.GetString(plain, 0, length);
    }

    /// <summary>Replaces %HH by its byte; a percent sign without two hexadecimal digits stays.</summary>
    /// <param name="text">What to read.</param>
    /// <param name="plain">Room for the result; as long as <paramref name="text"/> is always enough.</param>
    /// <param name="written">Bytes of the result.</param>
    /// <returns>False where <paramref name="plain"/> is too small.</returns>
    public static bool TryUnescapeUri(ReadOnlySpan<byte> text, Span<byte> plain, out int written)
    {
        written = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (written == plain.Length) return false;
            if (text[i] == (byte)'%' && i + 2 < text.Length && HexDigit(text[i + 1]) is >= 0 and int high && HexDigit(text[i + 2]) is >= 0 and int low)
            {
                plain[written++] = (byte)((high << 4) | low);
                i += 2;
            }
            else
            {
                plain[written++] = text[i];
            }
        }

        return true;
    }

    /// <summary>Replaces %HH by its byte and reads the result as UTF-8.</summary>
    public static string UnescapeUri(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'%')) return Encoding.UTF8.GetString(text);
        var plain = new byte[text.Length];
        TryUnescapeUri(text, plain, out int written);
        return Encoding.UTF8.GetString(plain, 0, written);
    }

    /// <summary>Value of a hexadecimal digit, or -1.</summary>
    internal static int HexDigit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };

    /// <summary>True for space, tab, CR and LF.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static bool[] BuildTokenBytes()
    {
        var bytes = new bool[256];
        for (int c = 0; c < 128; c++) bytes[c] = char.IsAsciiLetterOrDigit((char)c) || "-.!%*_+`'~".Contains((char)c, StringComparison.Ordinal);
        return bytes;
    }
}
