using System.Text;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>How calls are spread over texts: a guess that leads close to a place, and never past the texts it was given.</summary>
public sealed class TextSpreadTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public void ATextIsFound_BeforeWhichAboutAsManyStand(int groups)
    {
        var random = new Random(groups);
        string[] all = [.. Enumerable.Range(0, 40_000).Select(_ => $"{random.Next(100_000):D5}")];
        TextSpread spread = TextSpread.Of([.. all.Chunk(all.Length / groups).Select(static calls => RanksOf(calls, 100)).Select(static ranks => (ranks.Steps, ranks.CountSteps(null)))])!;
        Array.Sort(all, StringComparer.Ordinal);
        int worst = 0;
        for (int i = 1; i < 100; i++)
        {
            string text = spread.Between("", null, i / 100.0)!;
            worst = Math.Max(worst, Math.Abs(all.Count(its => string.CompareOrdinal(its, text) < 0) - (i * 400)));
        }

        Assert.InRange(worst, 0, 300);
    }

    [Fact]
    public void WithinAStretch_APlaceIsToldByItsDigits()
    {
        var random = new Random(11);
        string[] all = [.. Enumerable.Range(0, 40_000).Select(_ => $"{random.NextInt64():x16}@192.0.2.{random.Next(3)}").Order(StringComparer.Ordinal)];
        TextSpread spread = TextSpread.Of([.. all.Select((text, place) => (text, place)).ToLookup(static call => call.place % 10, static call => call.text).Select(static calls => RanksOf([.. calls], 100)).Select(static ranks => (ranks.Steps, ranks.CountSteps(null)))])!;
        for (int i = 0; i < 200; i++)
        {
            // As far apart as two of the texts that are known stand, and nearer.
            int low = random.Next(39_000), high = low + random.Next(20, 1_000);
            string text = spread.Between(all[low], all[high], 0.5)!;
            Assert.InRange(text, all[low], all[high], StringComparer.Ordinal);
            Assert.InRange(Before(text), low + ((high - low) / 4), high - ((high - low) / 4));

            // Beside one of two that are far apart.
            Assert.InRange(Before(spread.Between(all[low], null, 300.0 / (40_000 - low))!), low + 150, low + 450);
            if (high > 10_000) Assert.InRange(Before(spread.Between("", all[high], 1 - (300.0 / high))!), high - 450, high - 150);
        }

        int Before(string text) => Array.BinarySearch(all, text, StringComparer.Ordinal) is var at && at < 0 ? ~at : at;
    }

    [Theory]
    [InlineData("1000", "2000", 0.5, "1500")]
    [InlineData("+49000", "+49100", 0.25, "+49025")]
    [InlineData("a0", "a00", 0.5, null)]
    [InlineData("a0", "a1", 0.5, "a05")]
    [InlineData("a0b", "a1b", 0.5, "a13")]
    [InlineData("19", "2", 0.5, "195")]
    [InlineData("ab1@h", "ab3@h", 0.5, "ab2")]
    [InlineData("Ann", "Bea", 0.5, null)]
    [InlineData("1", "1", 0.5, null)]
    [InlineData("x", "xy", 0.5, null)]
    [InlineData("5\u0001", "6", 0.5, "55")]
    public void BetweenTwoNumbers_StandsAnother(string low, string high, double part, string? expected)
    {
        string? between = TextFraction.Between(low, high, part);
        Assert.Equal(expected is null, between is null);
        if (expected is null) return;
        Assert.StartsWith(expected, between, StringComparison.Ordinal);
        Assert.Equal(part, TextFraction.PartOf(low, high, between!)!.Value, 3);
    }

    [Fact]
    public void ATextOfManyCalls_IsAPlaceByItself()
    {
        string[] calls = [.. Enumerable.Repeat("m", 900), .. Enumerable.Range(0, 50).Select(static i => $"a{i:D2}"), .. Enumerable.Range(0, 50).Select(static i => $"z{i:D2}")];
        TextRanks ranks = RanksOf(calls, 20);
        TextSpread spread = TextSpread.Of([(ranks.Steps, ranks.CountSteps(null))])!;
        Assert.Equal("m", spread.Between("", null, 0.5));
        Assert.Equal("m", spread.Between("", null, 0.94));
        Assert.StartsWith("z", spread.Between("", null, 0.97), StringComparison.Ordinal);
    }

    [Fact]
    public void ATextThatSeveralGroupsKnow_IsAPlaceByItself()
    {
        string[] calls = [.. Enumerable.Range(0, 300).SelectMany(static i => Enumerable.Repeat($"{1_000 + (7 * i)}", 10))];
        TextRanks ranks = RanksOf(calls, 100);
        TextSpread spread = TextSpread.Of([(ranks.Steps, ranks.CountSteps(null)), (ranks.Steps, ranks.CountSteps(null))])!;
        for (int i = 0; i < 100; i++) Assert.Contains(spread.Between("1800", "2600", i / 100.0), calls);
    }

    [Fact]
    public void BetweenTwoTexts_LiesNoneOfOthers()
    {
        TextRanks ranks = RanksOf([.. Enumerable.Range(0, 500).Select(static i => $"{i:D3}")], 20);
        TextSpread spread = TextSpread.Of([(ranks.Steps, ranks.CountSteps(null))])!;
        for (int i = 0; i <= 10; i++)
        {
            string? text = spread.Between("100", "300", i / 10.0);
            Assert.True(text is not null && string.CompareOrdinal(text, "100") >= 0 && string.CompareOrdinal(text, "300") < 0, text);
        }

        Assert.Null(spread.Between("zzz", null, 0.5));
        Assert.Null(spread.Between("5", "5", 0.5));
        Assert.Null(TextSpread.Of([]));
        Assert.Null(TextSpread.Of([([], [0])]));
    }

    [Fact]
    public void CallsBeforeSteps_AreCountedAmongThoseAskedFor()
    {
        var random = new Random(7);
        string[] calls = [.. Enumerable.Range(0, 700).Select(_ => $"{random.Next(200):D3}")];
        TextRanks ranks = RanksOf(calls, 40);
        ulong[] bits = new ulong[(calls.Length / 64) + 1];
        bool[] isAsked = [.. calls.Select(_ => random.Next(3) == 0)];
        for (int place = 0; place < calls.Length; place++) bits[place / 64] |= (isAsked[place] ? 1UL : 0) << (place % 64);
        Assert.Equal([.. ranks.Steps.Select(step => calls.Count(text => string.CompareOrdinal(text, step.Text) < 0)), calls.Length], ranks.CountSteps(null));
        Assert.Equal([.. ranks.Steps.Select(step => calls.Where((text, place) => isAsked[place] && string.CompareOrdinal(text, step.Text) < 0).Count()), isAsked.Count(static asked => asked)], ranks.CountSteps(bits));
    }

    [Theory]
    [InlineData("")]
    [InlineData("same-")]
    [InlineData("much-the-same-")]
    public void CallIds_TellWhereOthersStand_OrThatTheirBytesDoNot(string prefix)
    {
        var random = new Random(9);
        string[] texts = [.. Enumerable.Range(0, 300).Select(_ => prefix + Text()).Append(prefix + "ab-and-much-more-1").Append(prefix + "ab-and-much-more-2").Distinct().Where(static text => text.Length > 0).Order(StringComparer.Ordinal)];
        var builder = new DayCallIds.Builder(texts.Length, 16);
        for (int i = 0; i < texts.Length; i++) builder.Add(Encoding.UTF8.GetBytes(texts[i]), i);
        DayCallIds ids = builder.Build()!;
        int told = 0;
        for (int i = 0; i < 500; i++)
        {
            string text = random.Next(4) == 0 ? Text() : prefix + Text();
            (int below, int behind) = ids.Near(text);
            Assert.InRange(texts.Count(its => string.CompareOrdinal(its, text) < 0), below, behind);
            if (ids.Find(text) is not { } found) continue;
            told++;
            Assert.Equal((texts.Count(its => string.CompareOrdinal(its, text) < 0), texts.Contains(text)), found);
        }

        Assert.All(ids.Ranks.Steps, step => Assert.Equal((step.Rank - 1, true), ids.Find(step.Text)));
        Assert.Equal(texts, ids.Ranks.PlacesOf(1, texts.Length).Select(place => texts[place]));
        Assert.Equal([texts.Length - 1, -1], ids.Ranks.PlacesOf(texts.Length, 2));

        Assert.InRange(told, 50, 500);
        Assert.Null(ids.Find(prefix + "ab-and-much-more-15"));

        string Text() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "ab1-€"[random.Next(5)]));
    }

    [Fact]
    public void CallIdsOfDays_AreKeptAsFarAsThereIsRoom()
    {
        var kept = new CallIdsKept(2 * DayCallIds.SizeOf(10));
        int reads = 0;
        DayCallIds? Of(int day, string stamp = "a", bool isSettled = true) => kept.GetOrAdd(new DateOnly(2026, 11, day), new DayStamp(stamp, isSettled), DayCallIds.SizeOf(10), () =>
        {
            reads++;
            return new DayCallIds.Builder(10, 16).Build();
        });
        Assert.Null(Of(1, isSettled: false));
        DayCallIds first = Of(1)!;
        Assert.Same(first, Of(1));
        Assert.NotNull(Of(2));
        Assert.Null(Of(3));
        Assert.Equal(2, reads);
        int version = kept.Version;
        Assert.NotSame(first, Of(1, "b"));
        kept.Forget(new DateOnly(2026, 11, 2));
        Assert.NotNull(Of(3));
        Assert.NotEqual(version, kept.Version);
    }

    private static TextRanks RanksOf(string[] calls, int steps)
    {
        string[] different = [.. calls.Distinct().Order(StringComparer.Ordinal)];
        ILookup<string, int> places = Enumerable.Range(0, calls.Length).ToLookup(place => calls[place]);
        var builder = new TextRanks.Builder(calls.Length, different.Length, isLower: false, steps);
        foreach (string text in different)
        {
            builder.Begin(Encoding.UTF8.GetBytes(text));
            foreach (int place in places[text]) builder.Add(place);
        }

        return builder.Build()!;
    }
}
