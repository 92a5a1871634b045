using System.Text;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class WindowFilterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(20_000)]
    public void Filter_KnowsEveryPartOfItsTexts_AndHardlyAnyOther(int texts)
    {
        var random = new Random(texts);
        string[] all = [.. Enumerable.Range(0, texts).Select(_ => $"about invoice {random.Next(1_000_000)}: äöü\nsip:{random.Next(100_000)}@example.com")];
        var filter = new WindowFilter();
        foreach (string text in all) filter.Add(Encoding.UTF8.GetBytes(text));
        byte[] bytes = filter.ToBytes();
        Assert.True(WindowFilter.IsOne(bytes));
        Assert.InRange(bytes.Length, 128, 131_072);
        foreach (string text in all.Take(200))
        {
            foreach (string line in text.Split('\n'))
            {
                int at = random.Next(line.Length);
                Assert.True(WindowFilter.MayHave(bytes, Needle(line)));
                Assert.True(WindowFilter.MayHave(bytes, Needle(line.Substring(at, random.Next(1, line.Length - at + 1)))));
            }
        }

        int mistakes = Enumerable.Range(0, 1_000).Count(_ => WindowFilter.MayHave(bytes, Needle($"zz{random.Next():x8}")));
        Assert.InRange(mistakes, 0, 50);
    }

    [Fact]
    public void Filter_OfNothing_HasNoLongPart_AndMayHaveAShortOne()
    {
        byte[] bytes = new WindowFilter().ToBytes();
        Assert.False(WindowFilter.MayHave(bytes, Needle("abcdef")));
        Assert.True(WindowFilter.MayHave(bytes, Needle("abcde")));
        foreach (int length in (int[])[0, 1, 127, 129, 131_073, 262_144]) Assert.False(WindowFilter.IsOne(new byte[length]));
    }

    private static TextNeedle Needle(string text) => new(text, TextFields.Searched);
}
