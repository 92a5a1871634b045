namespace CdrEngine.Core;

/// <summary>Short bytes as hexadecimal digits and back, as ids have them.</summary>
/// <remarks>In loops: what the framework has for it is written for long texts over vectors of the processor, is compiled at each start, and is not well compiled before it was called
/// thousands of times (docs/decisions/0053).</remarks>
public static class Hex
{
    /// <summary>Writes lower-case digits, two for each byte.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="digits">Where to; at least twice as long.</param>
    public static void Lower(ReadOnlySpan<byte> bytes, Span<char> digits)
    {
        ReadOnlySpan<byte> known = "0123456789abcdef"u8;
        for (int i = 0; i < bytes.Length; i++)
        {
            digits[2 * i] = (char)known[bytes[i] >> 4];
            digits[(2 * i) + 1] = (char)known[bytes[i] & 15];
        }
    }

    /// <summary>The bytes in lower-case digits.</summary>
    public static string Lower(ReadOnlySpan<byte> bytes)
    {
        Span<char> digits = bytes.Length <= 64 ? stackalloc char[128] : new char[2 * bytes.Length];
        Lower(bytes, digits);
        return new string(digits[..(2 * bytes.Length)]);
    }

    /// <summary>Reads digits of either case; false where there is another character, or not exactly as many as <paramref name="bytes"/> take.</summary>
    public static bool TryRead(ReadOnlySpan<char> digits, Span<byte> bytes)
    {
        if (digits.Length != 2 * bytes.Length) return false;
        for (int i = 0; i < bytes.Length; i++)
        {
            int high = Digit(digits[2 * i]);
            int low = Digit(digits[(2 * i) + 1]);
            if ((high | low) < 0) return false;
            bytes[i] = (byte)((high << 4) | low);
        }

        return true;
    }

    /// <summary>What a digit of either case stands for; −1 for what is none.</summary>
    /// <param name="digit">A character, or a byte of ASCII.</param>
    public static int Digit(int digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'f' => digit - 'a' + 10,
        >= 'A' and <= 'F' => digit - 'A' + 10,
        _ => -1,
    };
}
