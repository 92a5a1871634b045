using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Integer ids as opaque texts: base64url, without padding, of the decimal digits.</summary>
internal static class NumberText
{
    /// <summary>The text of a number.</summary>
    public static string Of(long number) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The number of a text; false for any other than <see cref="Of"/> gives.</summary>
    public static bool TryRead(string text, out long number)
    {
        number = 0;
        Span<byte> digits = stackalloc byte[32];
        return text.Length is > 0 and <= 40
            && Base64Url.IsValid(text)
            && Base64Url.DecodeFromChars(text, digits, out _, out int length) == System.Buffers.OperationStatus.Done
            && long.TryParse(digits[..length], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && Of(number) == text;
    }
}
