using System.Buffers;
using System.Text.Encodings.Web;

namespace CdrEngine.Calls.Records;

/// <summary>Writes texts into JSON exactly as <see cref="JavaScriptEncoder.Default"/> does, and asks it only about texts in which something has to be escaped, or is not plain ASCII.</summary>
/// <remarks>The default one is set up with tables of all characters, by code over vectors that is compiled at each start: 5 ms of CPU before the first record (docs/decisions/0053).
/// Nearly all that a record has, names of members above all, is plain.</remarks>
internal sealed class PlainText : JavaScriptEncoder
{
    /// <summary>The only one.</summary>
    public static readonly PlainText Encoder = new();

    private PlainText()
    {
    }

    /// <inheritdoc />
    public override int MaxOutputCharactersPerInputCharacter => Default.MaxOutputCharactersPerInputCharacter;

    /// <inheritdoc />
    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        for (int i = 0; i < utf8Text.Length; i++)
        {
            if (!IsPlain(utf8Text[i])) return Default.FindFirstCharacterToEncodeUtf8(utf8Text);
        }

        return -1;
    }

    /// <inheritdoc />
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        for (int i = 0; i < textLength; i++)
        {
            if (!IsPlain(text[i])) return Default.FindFirstCharacterToEncode(text, textLength);
        }

        return -1;
    }

    /// <inheritdoc />
    public override bool WillEncode(int unicodeScalar) => Default.WillEncode(unicodeScalar);

    /// <inheritdoc />
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten) =>
        Default.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);

    /// <inheritdoc />
    public override OperationStatus EncodeUtf8(ReadOnlySpan<byte> utf8Source, Span<byte> utf8Destination, out int bytesConsumed, out int bytesWritten, bool isFinalBlock = true) =>
        Default.EncodeUtf8(utf8Source, utf8Destination, out bytesConsumed, out bytesWritten, isFinalBlock);

    /// <inheritdoc />
    public override OperationStatus Encode(ReadOnlySpan<char> source, Span<char> destination, out int charsConsumed, out int charsWritten, bool isFinalBlock = true) =>
        Default.Encode(source, destination, out charsConsumed, out charsWritten, isFinalBlock);

    // Printable ASCII but for " & ' + < > \ `, which the default escapes (a test compares all characters).
    private static bool IsPlain(int character) =>
        character is >= ' ' and < 0x7f and not ('"' or '&' or '\'' or '+' or '<' or '>' or '\\' or '`');
}
