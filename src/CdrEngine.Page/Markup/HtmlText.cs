using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using CdrEngine.Api.Ladder;

namespace CdrEngine.Page.Markup;

/// <summary>Makes text harmless in markup: between tags and in quoted attributes.</summary>
internal static class HtmlText
{
    // What needs a look: markup, control characters, everything from U+007F on that may hide, turn or be half of something.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Appends text: markup characters as entities; control characters, half surrogate pairs and characters that hide or turn the direction of
    /// writing as U+FFFD.</summary>
    public static void Append(ref DefaultInterpolatedStringHandler to, string? text)
    {
        if (text is null) return;
        int special = text.AsSpan().IndexOfAnyExcept(Plain);
        if (special < 0)
        {
            to.AppendLiteral(text);
            return;
        }

        to.AppendFormatted(text.AsSpan(0, special));
        foreach (Rune rune in text.AsSpan(special).EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&':
                    to.AppendLiteral("&amp;");
                    break;
                case '<':
                    to.AppendLiteral("&lt;");
                    break;
                case '>':
                    to.AppendLiteral("&gt;");
                    break;
                case '"':
                    to.AppendLiteral("&quot;");
                    break;
                case '\'':
                    to.AppendLiteral("&#39;");
                    break;
                default:
                    if (XmlText.IsHarmful(rune.Value)) to.AppendLiteral("\uFFFD");
                    else Add(ref to, rune);
                    break;
            }
        }
    }

    private static void Add(ref DefaultInterpolatedStringHandler to, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        to.AppendFormatted(units[..rune.EncodeToUtf16(units)]);
    }
}
