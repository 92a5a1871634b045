using System.Text;
using CdrEngine.Calls.Transactions;

namespace CdrEngine.Calls.Exchanges;

/// <summary>Gives strings for bytes of the wire, the same object for the same bytes seen lately: phones repeat themselves.</summary>
/// <param name="slots">Strings kept, a power of two; each slot holds the last one that fell on it.</param>
internal sealed class TextCache(int slots)
{
    /// <summary>Longer texts are made anew each time.</summary>
    private const int LongestKept = 256;

    private readonly (ulong Hash, int Bytes, string Text)[] _kept = new (ulong, int, string)[slots];

    /// <summary>The text in UTF-8; what is none becomes U+FFFD. Empty for no bytes.</summary>
    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return "";
        if (bytes.Length > LongestKept) return Encoding.UTF8.GetString(bytes);
        ulong hash = Hash64.Of(bytes);
        ref (ulong Hash, int Bytes, string Text) slot = ref _kept[(int)(hash & (ulong)(slots - 1))];
        if (slot.Hash == hash && slot.Bytes == bytes.Length && Says(slot.Text, bytes)) return slot.Text;
        string text = Encoding.UTF8.GetString(bytes);

        // Only what compares byte by byte is found again.
        if (text.Length == bytes.Length) slot = (hash, bytes.Length, text);
        return text;
    }

    /// <summary>As <see cref="Get"/>, null for no bytes.</summary>
    public string? GetOrNull(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? null : Get(bytes);

    private static bool Says(string text, ReadOnlySpan<byte> bytes) => Ascii.Equals(bytes, text);
}
