using System.Text;

namespace CdrEngine.Calls.Records;

/// <summary>A Call-ID header as records, files and questions have it: text, and not longer than anybody can use.</summary>
/// <remarks>The wire may bear bytes that are no UTF-8, and more than records keep. Whoever asks whether a message is of a recorded call has to make the same text of it.</remarks>
public static class CallIdText
{
    /// <summary>Bytes of the header that are kept. RFC 3261 sets no bound; the longest seen of real systems are some 200.</summary>
    public const int MaxBytes = 1024;

    private const char Replacement = '\uFFFD';

    /// <summary>The text of a Call-ID: its first <see cref="MaxBytes"/> bytes, U+FFFD for what is no UTF-8.</summary>
    public static string Of(ReadOnlySpan<byte> callId) => Encoding.UTF8.GetString(callId[..Math.Min(callId.Length, MaxBytes)]);

    /// <summary>The bytes that a text was made of; false where they cannot be told any more: it was cut, or something in it was no UTF-8.</summary>
    public static bool TryGetBytes(string text, out byte[] callId)
    {
        callId = Encoding.UTF8.GetBytes(text);
        return callId.Length < MaxBytes && !text.Contains(Replacement, StringComparison.Ordinal);
    }
}
