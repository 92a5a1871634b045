using System.Numerics;
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

    private string? _key;

    /// <summary>A part of some fields; case matters in those of <see cref="TextFields.AsTheyAre"/> only.</summary>
    /// <param name="text">The part, not empty.</param>
    /// <param name="fields">Where it is looked for.</param>
    /// <param name="isWhole">Whether it is to be all of a text.</param>
    public TextNeedle(string text, TextFields fields, bool isWhole = false)
    {
        Fields = fields;
        IsWhole = isWhole;
        Utf8 = Encoding.UTF8.GetBytes((fields & TextFields.AsTheyAre) != 0 ? text : TextSegment.Lower(text));
        IsNowhere = Utf8.AsSpan().Contains(End);
        if (Utf8.Length < GramBytes) return;
        int[] all = [.. GramsOf(Utf8).Take(Utf8.Length - GramBytes + 1).Distinct()];
        Grams = all.Length <= MostGrams ? all : [.. Enumerable.Range(0, MostGrams).Select(i => all[i * (all.Length - 1) / (MostGrams - 1)])];
    }

    /// <summary>Where it is looked for.</summary>
    public TextFields Fields { get; }

    /// <summary>The part, as texts of its fields are kept: in lower case, but for <see cref="TextFields.AsTheyAre"/>.</summary>
    public byte[] Utf8 { get; }

    /// <summary>Whether it is to be all of a text.</summary>
    public bool IsWhole { get; }

    /// <summary>The label it is looked for in; null for none.</summary>
    public int? Label => (Fields & TextFields.Labels) == 0 ? null : BitOperations.TrailingZeroCount((int)Fields / (int)TextFields.FirstLabel);

    /// <summary>The longest run of it that stands in JSON as it is; empty for none.</summary>
    public ReadOnlySpan<byte> JsonPart
    {
        get
        {
            (int Begin, int Length) longest = default;
            for (int begin = 0, i = 0; i <= Utf8.Length; i++)
            {
                if (i < Utf8.Length && (char.IsAsciiLetterOrDigit((char)Utf8[i]) || Utf8[i] is (byte)' ' or (byte)'.' or (byte)'-' or (byte)'_' or (byte)'@')) continue;
                if (i - begin > longest.Length) longest = (begin, i - begin);
                begin = i + 1;
            }

            return Utf8.AsSpan(longest.Begin, longest.Length);
        }
    }

    /// <summary>Whether a text has it.</summary>
    public bool IsIn(ReadOnlySpan<byte> text) => IsWhole ? text.SequenceEqual(Utf8) : text.IndexOf(Utf8) >= 0;

    /// <summary>True where no text has it: it goes over the end of a line.</summary>
    public bool IsNowhere { get; }

    /// <summary>Grams of it; none where it is shorter than one.</summary>
    public IReadOnlyList<int> Grams { get; } = [];

    /// <summary>The first of all grams that begin with a part shorter than one.</summary>
    public int FirstGram => Utf8.Length == 1 ? Utf8[0] << 16 : (Utf8[0] << 16) | (Utf8[1] << 8);

    /// <summary>The last of them.</summary>
    public int LastGram => FirstGram | (Utf8.Length == 1 ? 0xFFFF : 0xFF);

    /// <summary>Names it among others.</summary>
    public string Key => _key ??= string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(int)Fields}/{(IsWhole ? 1 : 0)}/{Convert.ToHexString(Utf8)}");

    /// <summary>Grams of a text, its end included.</summary>
    public static IEnumerable<int> GramsOf(byte[] text)
    {
        for (int i = 0; i < text.Length; i++) yield return GramAt(text, i);
    }

    /// <summary>The gram of a text that begins at one of its bytes.</summary>
    public static int GramAt(ReadOnlySpan<byte> text, int at) =>
        (text[at] << 16) | ((at + 1 < text.Length ? text[at + 1] : End) << 8) | (at + 2 < text.Length ? text[at + 2] : End);
}
