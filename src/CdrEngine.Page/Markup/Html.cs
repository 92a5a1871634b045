using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CdrEngine.Page.Markup;

/// <summary>A finished piece of markup. It can only be made of literals of the source, whose holes are escaped, so no text of the wire becomes markup.</summary>
internal readonly struct Html
{
    private readonly string? _markup;

    private Html(string markup) => _markup = markup;

    /// <summary>Nothing.</summary>
    public static Html None => default;

    /// <summary>True where there is nothing.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(_markup);

    /// <summary>Markup from an interpolated string: what is written is markup, what stands in holes is escaped text unless it is <see cref="Html"/> itself.</summary>
    public static Html Of(ref HtmlBuilder text) => new(text.Take());

    /// <summary>One after the other.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(static part => part._markup)));

    /// <summary>Markup of a file of this assembly. For nothing else.</summary>
    public static Html OfAsset(string markup) => new(markup);

    /// <summary>Text from the wire: escaped, and isolated so that letters written from right to left turn nothing around them.</summary>
    public static Html Wire(string? text) => string.IsNullOrEmpty(text) ? None : Of($"<bdi>{text}</bdi>");

    /// <summary>An attribute where it holds, else nothing. The attribute is written in the source, with its value.</summary>
    public static Html When(bool holds, [ConstantExpected] string attribute) => holds ? new Html(" " + attribute) : None;

    /// <inheritdoc />
    public override string ToString() => _markup ?? "";
}

/// <summary>Builds <see cref="Html"/>. The compiler calls it for <c>Html.Of($"…")</c>.</summary>
[InterpolatedStringHandler]
internal ref struct HtmlBuilder(int literalLength, int formattedCount)
{
    private DefaultInterpolatedStringHandler _text = new(literalLength + (formattedCount * 8), 0);

    /// <summary>Markup of the source.</summary>
    public void AppendLiteral(string markup) => _text.AppendLiteral(markup);

    /// <summary>Finished markup.</summary>
    public void AppendFormatted(Html part) => _text.AppendLiteral(part.ToString());

    /// <summary>Finished markup, one after the other.</summary>
    public void AppendFormatted(IEnumerable<Html> parts)
    {
        foreach (Html part in parts) _text.AppendLiteral(part.ToString());
    }

    /// <summary>Text, escaped.</summary>
    public void AppendFormatted(string? text) => HtmlText.Append(ref _text, text);

    /// <summary>A number.</summary>
    public void AppendFormatted(int number) => _text.AppendFormatted(number);

    /// <summary>A number.</summary>
    public void AppendFormatted(long number) => _text.AppendFormatted(number);

    /// <summary>A number, for example a place in a drawing: three decimals at most.</summary>
    public void AppendFormatted(double number) => _text.AppendFormatted(number, "0.###");

    /// <summary>Anything else, as text, escaped.</summary>
    public void AppendFormatted<T>(T value, string? format = null) =>
        HtmlText.Append(ref _text, value is IFormattable formattable ? formattable.ToString(format, null) : value?.ToString());

    /// <summary>What was built; nothing may be added after.</summary>
    internal string Take() => _text.ToStringAndClear();
}
