using System.Text;

namespace CdrEngine.Storage.Texts;

/// <summary>Part of a text that is looked for. Immutable.</summary>
internal sealed class TextNeedle
{
    // Two of these stand behind every text when its grams are taken, so that a part of one or two bytes begins a gram wherever it stands. No item has one.
    private const byte End = (byte)'\n';
    private const int GramBytes = 3;

    // So many of a long part, spread over it, leave few texts to be looked at; each costs a look at every day.
    private const int MostGrams = 3;

    /// <summary>A part of some fields; case does not matter.</summary>
    /// <param name="text">The part, not empty.</param>
    /// <param name="fields">Where it is looked for.</param>
    public TextNeedle(string text, TextFields fields)
    {
        Fields = fields;
        Utf8 = Encoding.UTF8.GetBytes(TextSegment.Lower(text));
        IsNowhere = Utf8.AsSpan().Contains(End);
        if (Utf8.Length < GramBytes) return;
        int[] all = [.. GramsOf(Utf8).Take(Utf8.Length - GramBytes + 1).Distinct()];
        Grams = all.Length <= MostGrams ? all : [.. Enumerable.Range(0, MostGrams).Select(i => all[i * (all.Length - 1) / (MostGrams - 1)])];
    }

    /// <summary>Where it is looked for.</summary>
    public TextFields Fields { get; }

    /// <summary>The part, in lower case.</summary>
    public byte[] Utf8 { get; }

    /// <summary>True where no text has it: it goes over the end of a line.</summary>
    public bool IsNowhere { get; }

    /// <summary>Grams of it; none where it is shorter than one.</summary>
    public IReadOnlyList<int> Grams { get; } = [];

    /// <summary>The first of all grams that begin with a part shorter than one.</summary>
    public int FirstGram => Utf8.Length == 1 ? Utf8[0] << 16 : (Utf8[0] << 16) | (Utf8[1] << 8);

    /// <summary>The last of them.</summary>
    public int LastGram => FirstGram | (Utf8.Length == 1 ? 0xFFFF : 0xFF);

    /// <summary>Grams of a text, its end included.</summary>
    public static IEnumerable<int> GramsOf(byte[] text)
    {
        for (int i = 0; i < text.Length; i++)
            yield return (text[i] << 16) | ((i + 1 < text.Length ? text[i + 1] : End) << 8) | (i + 2 < text.Length ? text[i + 2] : End);
    }
}
