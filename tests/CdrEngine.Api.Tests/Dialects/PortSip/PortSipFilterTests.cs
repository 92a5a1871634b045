using CdrEngine.Api.Dialects.PortSip;
using FsCheck;
using FsCheck.Fluent;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>The filter language, and crontabs.</summary>
public sealed class PortSipFilterTests
{
    private static readonly PortSipField<Item>[] Fields =
    [
        new("name", PortSipKind.Text, static item => item.Name) { Also = static item => item.Also },
        new("size", PortSipKind.Number, static item => item.Size),
        new("kind", PortSipKind.Word, static item => item.Kind) { Words = ["BIG", "SMALL"] },
        new("at", PortSipKind.Time, static item => item.At),
    ];

    private static readonly Item[] Items =
    [
        new("1001", 5, "BIG", "2026-11-20T04:27:00Z", "+491001"),
        new("1002", 7.5m, "SMALL", "2026-11-20T04:28:00Z", null),
        new("o'neil (x), and so", null, null, null, null),
        new(null, -3, "BIG", "2026-11-21T00:00:00Z", null),
    ];

    [Theory]
    [InlineData("name eq '1001'", 0)]
    [InlineData("name eq 1001", 0)]
    [InlineData("name eq '+491001'", 0)]
    [InlineData("name ne '+491001'", 1, 2, 3)]
    [InlineData("name ne 1001", 1, 2, 3)]
    [InlineData("name eq 'o''neil (x), and so'", 2)]
    [InlineData("name eq null", 3)]
    [InlineData("name eq 'null'")]
    [InlineData("name ne null", 0, 1, 2)]
    [InlineData("name gt '1001' and name lt '2'", 1)]
    [InlineData("contains(name,'00')", 0, 1)]
    [InlineData("contains( name , 'O''NEIL' )")]
    [InlineData("contains(name,'49')", 0)]
    [InlineData("contains(kind,'MALL')", 1)]
    [InlineData("size ge 5", 0, 1)]
    [InlineData("size gt 5", 1)]
    [InlineData("size lt 7.5", 0, 3)]
    [InlineData("size le 7.5", 0, 1, 3)]
    [InlineData("size eq -3", 3)]
    [InlineData("size ne 5", 1, 2, 3)]
    [InlineData("kind eq BIG", 0, 3)]
    [InlineData("kind eq 'BIG' and size gt 0", 0)]
    [InlineData("kind ne BIG", 1, 2)]
    [InlineData("at ge 2026-11-20T04:28:00Z", 1, 3)]
    [InlineData("at lt '2026-11-20T04:28:00Z'", 0)]
    [InlineData("at eq 2026-11-20T05:27:00+01:00", 0)]
    [InlineData("at eq null", 2)]
    [InlineData("size eq 5 or size eq 7.5 and kind eq BIG", 0)]
    [InlineData("(size eq 5 or size eq 7.5) and kind eq SMALL", 1)]
    [InlineData("((name eq 1001)or(name eq 1002))", 0, 1)]
    public void Filter_FindsItsItems(string filter, params int[] expected)
    {
        PortSipCondition? condition = PortSipFilterParser<Item>.Parse(filter, Fields, out PortSipFilterFault? fault);
        Assert.Null(fault);
        Assert.Equal(expected, Enumerable.Range(0, Items.Length).Where(i => PortSipJudge.Meets(condition!, Items[i], Fields)));
    }

    [Theory]
    [InlineData("", 1, "a field")]
    [InlineData("name", 5, "eq, ne")]
    [InlineData("name eq", 8, "a value")]
    [InlineData("nam eq 1", 1, "no such field")]
    [InlineData("name is 1", 6, "eq, ne")]
    [InlineData("name eq 'x", 9, "no end")]
    [InlineData("name eq 1 name", 11, "'and' or 'or'")]
    [InlineData("name eq 1 and", 14, "a field")]
    [InlineData("(name eq 1", 11, "')'")]
    [InlineData("name eq 1)", 10, "the end")]
    [InlineData("size eq x", 9, "a number")]
    [InlineData("size eq 1e999", 9, "a number")]
    [InlineData("size eq 99999999999999999999", 9, "a number")]
    [InlineData("kind eq HUGE", 9, "BIG, SMALL")]
    [InlineData("kind gt BIG", 6, "no order")]
    [InlineData("name gt null", 9, "no order")]
    [InlineData("at eq yesterday", 7, "a time")]
    [InlineData("contains(size,'1')", 10, "no text")]
    [InlineData("contains(name 'x')", 15, "','")]
    [InlineData("contains(name,'')", 15, "a text")]
    [InlineData("contains name", 10, "'('")]
    [InlineData("not name eq 1", 1, "no such field")]
    public void Filter_ThatIsWrong_IsRefusedWhereItIsWrong(string filter, int position, string problem)
    {
        Assert.Null(PortSipFilterParser<Item>.Parse(filter, Fields, out PortSipFilterFault? fault));
        Assert.Equal(position, fault!.Position);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Filter_IsBounded()
    {
        Assert.NotNull(Parse(string.Join(" or ", Enumerable.Repeat("size eq 1", 50)), out _));
        Assert.Null(Parse(string.Join(" or ", Enumerable.Repeat("size eq 1", 51)), out PortSipFilterFault? many));
        Assert.Contains("50 comparisons", many!.Problem, StringComparison.Ordinal);
        Assert.NotNull(Parse(new string('(', 20) + "size eq 1" + new string(')', 20), out _));
        Assert.Null(Parse(new string('(', 2000), out PortSipFilterFault? deep));
        Assert.Contains("20 parentheses", deep!.Problem, StringComparison.Ordinal);

        // Side by side they are not within each other.
        Assert.NotNull(Parse(string.Join(" and ", Enumerable.Repeat("(size eq 1)", 45)), out _));
    }

    [Fact]
    public void Filter_OfAnyText_IsReadOrRefused_NeverMore()
    {
        Gen<string> words = Gen.Elements("name", "size", "kind", "at", "eq", "ne", "gt", "and", "or", "(", ")", "contains(", ",", "'", "'x'", "''", "5", "BIG", "null", " ", "2026-11-20T04:27:00Z", "é", "\u0000");
        foreach (string text in words.ArrayOf(12).Select(static parts => string.Join(' ', parts)).Sample(2000, 5))
        {
            PortSipCondition? condition = Parse(text, out PortSipFilterFault? fault);
            Assert.True(condition is null == fault is not null, text);
            if (condition is not null) Assert.All(Items, item => _ = PortSipJudge.Meets(condition, item, Fields));
            else Assert.InRange(fault!.Position, 1, text.Length + 1);
        }
    }

    [Theory]
    [InlineData("* * * * *", "2026-11-20T04:27:30Z", "2026-11-20T04:28:00Z")]
    [InlineData("* * * * *", "2026-11-20T04:27:00Z", "2026-11-20T04:28:00Z")]
    [InlineData("0 6 * * *", "2026-11-20T04:27:00Z", "2026-11-20T06:00:00Z")]
    [InlineData("0 6 * * *", "2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z")]
    [InlineData("*/15 * * * *", "2026-11-20T04:46:00Z", "2026-11-20T05:00:00Z")]
    [InlineData("5/20 * * * *", "2026-11-20T04:46:00Z", "2026-11-20T05:05:00Z")]
    [InlineData("10-20/5,59 23 31 12 *", "2026-11-20T04:46:00Z", "2026-12-31T23:10:00Z")]
    [InlineData("0 0 29 feb *", "2026-11-20T04:46:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")]
    [InlineData("30 8 * * mon-fri", "2026-11-20T09:00:00Z", "2026-11-23T08:30:00Z")]
    [InlineData("0 0 * * 7", "2026-11-20T09:00:00Z", "2026-11-22T00:00:00Z")]
    [InlineData("0 0 * * SUN", "2026-11-20T09:00:00Z", "2026-11-22T00:00:00Z")]
    [InlineData("0 0 1 * 1", "2026-11-20T09:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("0 0 13 * 5", "2026-11-20T09:00:00Z", "2026-11-27T00:00:00Z")]
    public void Crontab_ComesNext(string text, string after, string expected)
    {
        PortSipCron? cron = PortSipCron.Parse(text, out string problem);
        Assert.Equal("", problem);
        Assert.Equal(expected, PortSipMapping.Time(cron!.Next(PortSipMapping.ReadTime(after)!.Value)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("mon * * * *")]
    [InlineData("1/2/3 * * * *")]
    [InlineData("0 0 31 feb *")]
    [InlineData("99999999999999999999 * * * *")]
    public void Crontab_ThatIsNone_IsRefused(string text)
    {
        Assert.Null(PortSipCron.Parse(text, out string problem));
        Assert.NotEqual("", problem);
    }

    private static PortSipCondition? Parse(string text, out PortSipFilterFault? fault) => PortSipFilterParser<Item>.Parse(text, Fields, out fault);

    private sealed record Item(string? Name, decimal? Size, string? Kind, string? At, string? Also);
}
