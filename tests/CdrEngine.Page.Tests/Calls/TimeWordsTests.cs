using CdrEngine.Core;
using CdrEngine.Page.Calls;
using Xunit;

namespace CdrEngine.Page.Tests.Calls;

public sealed class TimeWordsTests
{
    // A Friday; Berlin is an hour ahead of UTC.
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 30, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("last 2 hours", "2026-11-20T12:30:00Z", null)]
    [InlineData("Last hour", "2026-11-20T13:30:00Z", null)]
    [InlineData("past 15 min", "2026-11-20T14:15:00Z", null)]
    [InlineData("2h", "2026-11-20T12:30:00Z", null)]
    [InlineData("last 7 days", "2026-11-13T14:30:00Z", null)]
    [InlineData("last month", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z")]
    [InlineData("today", "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z")]
    [InlineData("yesterday", "2026-11-18T23:00:00Z", "2026-11-19T23:00:00Z")]
    [InlineData("yesterday 9-12", "2026-11-19T08:00:00Z", "2026-11-19T11:00:00Z")]
    [InlineData("yesterday 9:15 to 9:45", "2026-11-19T08:15:00Z", "2026-11-19T08:45:00Z")]
    [InlineData("9-12", "2026-11-20T08:00:00Z", "2026-11-20T11:00:00Z")]
    [InlineData("14:30", "2026-11-20T13:30:00Z", "2026-11-20T13:31:00Z")]
    [InlineData("2pm - 4pm", "2026-11-20T13:00:00Z", "2026-11-20T15:00:00Z")]
    [InlineData("monday 14", "2026-11-16T13:00:00Z", "2026-11-16T14:00:00Z")]
    [InlineData("friday", "2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z")]
    [InlineData("sat", "2026-11-13T23:00:00Z", "2026-11-14T23:00:00Z")]
    [InlineData("this week", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z")]
    [InlineData("last week", "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z")]
    [InlineData("2026-11-03", "2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z")]
    [InlineData("3.11.2026", "2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z")]
    [InlineData("3 nov", "2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z")]
    [InlineData("Nov 3, 2025", "2025-11-02T23:00:00Z", "2025-11-03T23:00:00Z")]
    [InlineData("24 dec", "2025-12-23T23:00:00Z", "2025-12-24T23:00:00Z")]
    [InlineData("2026-11-20 10:00 - 11:00", "2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z")]
    [InlineData("2026-11-18 22:00 to 2026-11-19 02:00", "2026-11-18T21:00:00Z", "2026-11-19T01:00:00Z")]
    [InlineData("2026-11-01 - 2026-11-03", "2026-10-31T23:00:00Z", "2026-11-03T23:00:00Z")]
    [InlineData("from monday to wednesday", "2026-11-15T23:00:00Z", "2026-11-18T23:00:00Z")]
    [InlineData("since yesterday", "2026-11-18T23:00:00Z", null)]
    [InlineData("since 2026-11-20 10:00", "2026-11-20T09:00:00Z", null)]
    [InlineData("29.3.2026 2:30", "2026-03-29T01:30:00Z", "2026-03-29T01:31:00Z")]
    public void Words_MeanATime(string words, string from, string? to)
    {
        TimeRange range = Assert.NotNull(TimeWords.Read(words, Now, Berlin));
        Assert.Equal(from, Short(range.From));
        Assert.Equal(to, Short(range.To));
    }

    [Theory]
    [InlineData("")]
    [InlineData("last")]
    [InlineData("hours")]
    [InlineData("last 0 hours")]
    [InlineData("last 99999999 years")]
    [InlineData("99999 years")]
    [InlineData("yesterday 25-26")]
    [InlineData("2026-13-45")]
    [InlineData("31 feb")]
    [InlineData("12-9")]
    [InlineData("0001-01-01")]
    [InlineData("9999-12-31")]
    [InlineData("mondayish")]
    [InlineData("m")]
    [InlineData("<script>")]
    [InlineData("13pm")]
    [InlineData("since")]
    [InlineData("since forever")]
    public void OtherText_MeansNone(string words) => Assert.Null(TimeWords.Read(words, Now, Berlin));

    [Fact]
    public void Offers_AreAllUnderstood() => Assert.All(TimeWords.Offers, static words => Assert.NotNull(TimeWords.Read(words, Now, Berlin)));

    [Fact]
    public void AnyText_IsReadWithoutThrowing()
    {
        var random = new Random(20);
        string[] parts = ["last", "2", "hours", "today", "-", " to ", "9", ":", "30", "nov", "2026", "since ", "monday", "99", ".", " ", "pm", "24:00", "yesterday"];
        foreach (TimeZoneInfo zone in (TimeZoneInfo[])[TimeZoneInfo.Utc, Berlin])
        {
            for (int i = 0; i < 4000; i++) TimeWords.Read(string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)])), Now, zone);
        }
    }

    [Theory]
    [InlineData("90", 90.0)]
    [InlineData("90s", 90.0)]
    [InlineData("2m", 120.0)]
    [InlineData("1.5 min", 90.0)]
    [InlineData("1h", 3600.0)]
    [InlineData("1:30", 90.0)]
    [InlineData("500ms", 0.5)]
    [InlineData("x", null)]
    [InlineData("1:75", null)]
    [InlineData("-1", null)]
    [InlineData("99999999999999999", null)]
    public void Length_IsReadAsWritten(string text, double? seconds) => Assert.Equal(seconds, CallFilter.Length(text)?.TotalSeconds);

    private static string? Short(Timestamp? at) => at?.ToString().Replace(".000000Z", "Z", StringComparison.Ordinal);
}
