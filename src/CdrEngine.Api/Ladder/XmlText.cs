using System.Text;

namespace CdrEngine.Api.Ladder;

/// <summary>Makes text from the wire harmless in XML.</summary>
internal static class XmlText
{
    /// <summary>Text for an element or a quoted attribute: the five markup characters as entities; what XML 1.0 does not allow (2.2), control
    /// characters, half surrogate pairs and the characters that turn or hide the direction of writing as U+FFFD. Cut to <paramref name="max"/>
    /// characters, with an ellipsis.</summary>
    public static string Escape(string text, int max)
    {
        var safe = new StringBuilder(Math.Min(text.Length, max) + 16);
        int shown = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown++ == max)
            {
                safe.Append('…');
                break;
            }

            switch (rune.Value)
            {
                case '&':
                    safe.Append("&amp;");
                    break;
                case '<':
                    safe.Append("&lt;");
                    break;
                case '>':
                    safe.Append("&gt;");
                    break;
                case '"':
                    safe.Append("&quot;");
                    break;
                case '\'':
                    safe.Append("&#39;");
                    break;
                default:
                    if (IsHarmful(rune.Value)) safe.Append('\uFFFD');
                    else safe.Append(rune);
                    break;
            }
        }

        return safe.ToString();
    }

    /// <summary>Whether a code point is one that XML does not allow, or that hides or turns what stands around it.</summary>
    public static bool IsHarmful(int c) =>
        c < 0x20 || c is (>= 0x7F and <= 0x9F) or (>= 0x200B and <= 0x200F) or (>= 0x2028 and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0xFEFF or 0xFFFE or 0xFFFF;
}
