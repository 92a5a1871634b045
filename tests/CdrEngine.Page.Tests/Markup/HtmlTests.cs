using CdrEngine.Page.Markup;
using CdrEngine.Page.Tests.Browser;
using Xunit;

namespace CdrEngine.Page.Tests.Markup;

/// <summary>Text never becomes markup.</summary>
public sealed class HtmlTests
{
    public static TheoryData<string> Texts => [.. HostileCapture.Texts.Select(static text => text.Text)];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Hole_IsText_BetweenTagsAndInAttributes(string text)
    {
        string markup = Html.Of($"<p title=\"{text}\">{text}</p>").ToString();
        var element = System.Xml.Linq.XElement.Parse(markup);
        Assert.Empty(element.Elements());
        Assert.Single(element.Attributes());
        Assert.Equal(element.Value, element.Attribute("title")!.Value);
        Assert.DoesNotContain(element.Value, static c => char.IsControl(c) || c is '\u202E' or '\u2066' or '\u200F' or '\u200D');
        Assert.Equal(text.Where(static c => c is '<' or '>' or '&' or '"' or '\''), element.Value.Where(static c => c is '<' or '>' or '&' or '"' or '\''));
    }

    [Fact]
    public void Markup_StaysMarkup_AndNumbersAreWrittenAlikeEverywhere()
    {
        Html inner = Html.Of($"<b>{"<"}</b>");
        Assert.Equal("<i><b>&lt;</b><b>&lt;</b>1.5 7</i>", Html.Of($"<i>{inner}{(IEnumerable<Html>)[inner]}{1.5} {7L}</i>").ToString());
        Assert.Equal("", Html.None.ToString());
        Assert.Equal("", Html.Of($"{(string?)null}").ToString());
    }

    [Fact]
    public void HalfSurrogatePairs_AreReplaced() => Assert.Equal("a\uFFFDb\uFFFD", Html.Of($"{"a\uD83Db\uDE00"}").ToString());
}
