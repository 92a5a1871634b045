using System.Globalization;
using System.Text;

namespace CdrEngine.Host.Output;

/// <summary>Makes text from the wire harmless on a terminal.</summary>
public static class WireText
{
    /// <summary>Replaces what a terminal would obey or hide: control characters (C0, DEL, C1), line breaks, the characters that turn or hide
    /// the direction of writing, and halves of surrogate pairs. They become <c>\xNN</c> or <c>\uNNNN</c>; everything else stays.</summary>
    public static string Escape(string text)
    {
        int first = 0;
        while (first < text.Length && !IsHarmful(text, first)) first++;
        if (first == text.Length) return text;

        var safe = new StringBuilder(text.Length + 16).Append(text, 0, first);
        for (int i = first; i < text.Length; i++)
        {
            char c = text[i];
            if (!IsHarmful(text, i)) safe.Append(c);
            else if (c < 0x100) safe.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return safe.ToString();
    }

    /// <summary>Cuts to a width, with an ellipsis where something is missing. Never between the halves of a surrogate pair.</summary>
    public static string Fit(string text, int width)
    {
        if (text.Length <= width) return text;
        int end = Math.Max(0, width - 1);
        if (end > 0 && char.IsHighSurrogate(text[end - 1])) end--;
        return text[..end] + "…";
    }

    private static bool IsHarmful(string text, int index)
    {
        char c = text[index];
        if (char.IsControl(c)) return true;
        if (c < 0x200B) return false;
        if (char.IsHighSurrogate(c)) return index + 1 >= text.Length || !char.IsLowSurrogate(text[index + 1]);
        if (char.IsLowSurrogate(c)) return index == 0 || !char.IsHighSurrogate(text[index - 1]);
        return c is (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F') or '\uFEFF';
    }
}

/// <summary>Escapes all that goes through it, lines kept.</summary>
internal sealed class EscapingWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        // SIP ends its lines with CR LF; the terminal gets LF.
        string[] lines = (value ?? "").Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i > 0) inner.Write('\n');
            inner.Write(WireText.Escape(lines[i]));
        }
    }

    public override void Flush() => inner.Flush();
}
