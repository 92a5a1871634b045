using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Texts that are held against others, told by their order: never another answer than that of each text by itself.</summary>
public sealed class TextRanksTests
{
    private static readonly string[] s_letters = ["1", "9", "+", "_", "`", "{", "a", "A", "i", "I", "k", "K", "\u212A", "\u0130", "z", "Z", "ä", "Ä", "€", "\uD7FF", "\uE000"];

    [Fact]
    public void TextsInLowerCase_AreJudgedAsTheirOriginals_OrNotAtAll()
    {
        var random = new Random(3);
        int judged = 0;
        for (int i = 0; i < 50_000; i++)
        {
            string text = Text(random);
            TextRange range = Range(random);
            if (TextRanks.Judge(TextSegment.Lower(text), range) is not { } verdict) continue;
            judged++;
            Assert.True(range.IsMetBy(text) == verdict, $"{text} {range}");
        }

        Assert.InRange(judged, 25_000, 49_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Places_AreThoseWhoseTextsMeet(bool isLower)
    {
        var random = new Random(4);
        for (int round = 0; round < 50; round++)
        {
            int span = random.Next(1, 400);
            string?[] texts = [.. Enumerable.Range(0, span).Select(_ => random.Next(5) == 0 ? null : Text(random))];
            string Kept(string text) => isLower ? TextSegment.Lower(text) : text;
            string[] different = [.. texts.OfType<string>().Where(static text => text.Length > 0).Select(Kept).Distinct().Order(StringComparer.Ordinal)];
            var builder = new TextRanks.Builder(span, different.Length, isLower);
            foreach (string text in different)
            {
                builder.Begin(Encoding.UTF8.GetBytes(text));
                for (int place = 0; place < span; place++)
                {
                    if (texts[place] is { Length: > 0 } its && Kept(its) == text) builder.Add(place);
                }
            }

            TextRanks ranks = builder.Build()!;
            for (int i = 0; i < 20; i++)
            {
                TextRange[] ranges = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Range(random))];
                PlacedRange[] placed = [.. ranges.Select(range => new PlacedRange(range, different.Count(text => string.CompareOrdinal(text, range.Text) < 0), different.Contains(range.Text)))];
                RangedPlaces places = ranks.Meeting(placed);
                if (i % 2 == 0)
                {
                    // The same where the places of the texts between were read.
                    (int first, int last) = ranks.Within(placed);
                    var listed = new GroupSet.Builder(span);
                    for (int place = 0; place < span; place++)
                    {
                        if (texts[place] is { Length: > 0 } its && Array.BinarySearch(different, Kept(its), StringComparer.Ordinal) + 1 is var rank && rank >= first && rank <= last) listed.Add(place);
                    }

                    places = ranks.Meeting(placed, listed.Build());
                }

                for (int place = 0; place < span; place++)
                {
                    // What is empty is no text where texts are kept as they are.
                    string? text = isLower || texts[place] is { Length: > 0 } ? texts[place] : null;
                    if (places.Open?.Has(place) == true) Assert.False(places.Met.Has(place));
                    else Assert.Equal(ranges.All(range => range.IsMetBy(text)), places.Met.Has(place));
                    if (!isLower) Assert.Null(places.Open);
                }
            }
        }
    }

    [Fact]
    public void APlaceWithTwoTexts_IsNotTold()
    {
        var builder = new TextRanks.Builder(2, 2, isLower: false);
        builder.Begin("a"u8);
        builder.Add(1);
        builder.Begin("b"u8);
        builder.Add(1);
        Assert.Null(builder.Build());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(600)]
    public void PlacesOfADay_AreThoseOfItsGroup(int added)
    {
        const int span = 1_000;
        var random = new Random(added);
        var builder = new GroupSet.Builder(span);
        var expected = new HashSet<int>();
        for (int i = 0; i < added; i++)
        {
            expected.Add(random.Next(span));
        }

        foreach (int place in expected) builder.Add(place);
        GroupSet set = builder.Build();
        for (int i = 0; i < 300; i++)
        {
            int begin = random.Next(span), end = random.Next(begin, span + 1), from = i % 2 == 0 ? begin : begin + random.Next(-70, 70);
            var day = new DayPlaces(random.Next(1, 500));
            int most = Math.Min(end, from + day.Places);
            day.Add(set, from, begin, end);
            int[] its = [.. expected.Where(place => place >= Math.Max(begin, from) && place < most).Select(place => place - from).Order()];
            Assert.Equal(its, day.All());
            Assert.Equal((its.Length, its.Length == 0), (day.Count, day.IsEmpty));
            var others = new DayPlaces(day.Places);
            foreach (int place in Enumerable.Range(0, day.Places).Where(_ => random.Next(3) == 0)) others.Add(place);
            Assert.Equal(its.Count(others.Has), day.CountAnd(others));
            if (from == begin && most == end) Assert.Equal(its.Count(others.Has), others.CountAnd(set, begin, end));
        }
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => s_letters[random.Next(s_letters.Length)]));

    // Other texts cannot be asked for.
    private static TextRange Range(Random random)
    {
        string text = Text(random).Replace("\uE000", "", StringComparison.Ordinal);
        TextSense[] senses = [TextSense.Greater, TextSense.GreaterOrEqual, TextSense.Less, TextSense.LessOrEqual, TextSense.Present];
        return new TextRange(TextOf.Caller, senses[random.Next(senses.Length)], text);
    }
}
