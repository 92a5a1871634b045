using System.Globalization;
using System.Text.RegularExpressions;
using CdrEngine.Core;

namespace CdrEngine.Page.Calls;

/// <summary>A stretch of time; null where it is open.</summary>
/// <param name="From">Its start.</param>
/// <param name="To">Its end, not in it.</param>
internal readonly record struct TimeRange(Timestamp? From, Timestamp? To);

/// <summary>Reads stretches of time as people write them: <c>last 2 hours</c>, <c>today</c>, <c>yesterday 9-12</c>, <c>monday 14:30</c>, <c>20 Nov 9 to 11</c>,
/// <c>2026-11-20 10:00 - 11:00</c>, <c>since tuesday</c>, <c>this week</c>.</summary>
/// <remarks>A week begins on Monday (ISO 8601). A weekday is the last one that has begun. A pure function of text, time and zone.</remarks>
internal static partial class TimeWords
{
    /// <summary>What is offered while typing.</summary>
    public static IReadOnlyList<string> Offers { get; } =
        ["last 15 minutes", "last hour", "last 2 hours", "last 24 hours", "today", "yesterday", "yesterday 9-12", "this week", "last week", "last 7 days", "this month", "last 30 days"];

    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>The stretch of time that a text means; null where it means none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="now">The time now.</param>
    /// <param name="zone">Zone in which days begin.</param>
    public static TimeRange? Read(string text, DateTimeOffset now, TimeZoneInfo zone)
    {
        string words = Blanks().Replace(text.Trim().ToLowerInvariant().Replace('–', '-').Replace('—', '-'), " ");
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(now.UtcDateTime, zone);
        if (Calendar(words, local) is { } calendar) return Range(calendar.Start, calendar.End, zone);
        if (Last().Match(words) is { Success: true } last) return Back(last, now);
        if (words.StartsWith("since ", StringComparison.Ordinal))
            return Moment(words[6..], local, local.Date) is { } since ? new TimeRange(Utc(since.Start, zone), null) : null;
        if (Moment(words, local, local.Date) is { } moment) return Range(moment.Start, moment.End, zone);
        return Between(words, local) is { } between ? Range(between.Start, between.End, zone) : null;
    }

    private static TimeRange? Back(Match last, DateTimeOffset now)
    {
        int count = 1;
        if (last.Groups["count"] is { Length: > 0 } digits && (!int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is 0 or > 100_000)) return null;
        if (last.Groups["last"].Length == 0 && last.Groups["count"].Length == 0) return null;
        TimeSpan one = last.Groups["unit"].Value[0] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' when last.Groups["unit"].Value.StartsWith("mo", StringComparison.Ordinal) => TimeSpan.FromDays(30),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'w' => TimeSpan.FromDays(7),
            _ => TimeSpan.FromDays(365),
        };
        return count > TimeSpan.FromDays(365 * 50) / one ? null : new TimeRange(Timestamp.From(now - (one * count)), null);
    }

    private static (DateTime Start, DateTime End)? Calendar(string words, DateTime local)
    {
        DateTime week = local.Date.AddDays(-(((int)local.DayOfWeek + 6) % 7));
        var month = new DateTime(local.Year, local.Month, 1);
        return words switch
        {
            "this week" => (week, week.AddDays(7)),
            "last week" => (week.AddDays(-7), week),
            "this month" => (month, month.AddMonths(1)),
            "last month" => (month.AddMonths(-1), month),
            "this year" => (new DateTime(local.Year, 1, 1), new DateTime(local.Year + 1, 1, 1)),
            "this hour" => (local.Date.AddHours(local.Hour), local.Date.AddHours(local.Hour + 1)),
            _ => null,
        };
    }

    // From one moment to another: at " to ", " - " or any hyphen, whichever leaves a moment on both sides.
    private static (DateTime Start, DateTime End)? Between(string words, DateTime local)
    {
        if (words.StartsWith("from ", StringComparison.Ordinal)) words = words[5..];
        foreach (Match part in Parts().Matches(words))
        {
            if (Moment(words[..part.Index], local, local.Date) is not { } first || Moment(words[(part.Index + part.Length)..], local, first.Start.Date) is not { } second) continue;

            // Until a time means until it strikes; until a day means until it is over.
            DateTime end = second.IsDay ? second.End : second.Start;
            if (end > first.Start) return (first.Start, end);
        }

        return null;
    }

    /// <summary>A day, a time, or both.</summary>
    private static (DateTime Start, DateTime End, bool IsDay)? Moment(string words, DateTime local, DateTime otherwise)
    {
        words = words.Trim();
        if (Day(words, local) is { } whole) return (whole, whole.AddDays(1), true);
        int blank = words.LastIndexOf(' ');
        string clock = blank < 0 ? words : words[(blank + 1)..];
        if (Clock(clock) is not { } time) return null;
        string before = blank < 0 ? "" : words[..blank];
        if (before.EndsWith(" at", StringComparison.Ordinal)) before = before[..^3];
        DateTime? day = before is "" or "at" or "from" ? otherwise : Day(before.Trim(), local);
        return day is { } date ? (date + time.At, date + time.At + time.Lasts, false) : null;
    }

    private static DateTime? Day(string words, DateTime local)
    {
        switch (words)
        {
            case "today":
                return local.Date;
            case "yesterday":
                return local.Date.AddDays(-1);
        }

        if (words.Length >= 3 && words.All(char.IsAsciiLetter) && Array.IndexOf(Days, words[..3]) is >= 0 and var weekday
            && Enum.GetName((DayOfWeek)weekday)!.StartsWith(words, StringComparison.OrdinalIgnoreCase))
            return local.Date.AddDays(-(((int)local.DayOfWeek - weekday + 7) % 7));
        if (DateTime.TryParseExact(words, ["yyyy-MM-dd", "yyyy-M-d", "d.M.yyyy", "yyyy/M/d"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime exact)) return Sane(exact);
        if (Named().Match(words) is not { Success: true } named) return null;
        int month = Array.IndexOf(Months, named.Groups["month"].Value[..3]) + 1;
        int day = int.Parse(named.Groups["day"].ValueSpan, CultureInfo.InvariantCulture);
        int year = named.Groups["year"].Length > 0 ? int.Parse(named.Groups["year"].ValueSpan, CultureInfo.InvariantCulture) : local.Year;
        if (month == 0 || year is < 1970 or > 2200 || day < 1 || day > DateTime.DaysInMonth(year, month)) return null;
        var date = new DateTime(year, month, day);
        return named.Groups["year"].Length == 0 && date > local.Date ? date.AddYears(-1) : date;
    }

    private static (TimeSpan At, TimeSpan Lasts)? Clock(string words)
    {
        if (TimeOfDay().Match(words) is not { Success: true } match) return null;
        int hour = int.Parse(match.Groups["hour"].ValueSpan, CultureInfo.InvariantCulture);
        if (match.Groups["half"].Length > 0)
        {
            if (hour is < 1 or > 12) return null;
            hour = (hour % 12) + (match.Groups["half"].Value == "pm" ? 12 : 0);
        }

        bool hasMinute = match.Groups["minute"].Length > 0, hasSecond = match.Groups["second"].Length > 0;
        int minute = hasMinute ? int.Parse(match.Groups["minute"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        int second = hasSecond ? int.Parse(match.Groups["second"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && minute + second > 0)) return null;
        return (new TimeSpan(hour, minute, second), hasSecond ? TimeSpan.FromSeconds(1) : hasMinute ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1));
    }

    private static DateTime? Sane(DateTime date) => date.Year is >= 1970 and <= 2200 ? date : null;

    private static TimeRange Range(DateTime start, DateTime end, TimeZoneInfo zone) => new(Utc(start, zone), Utc(end, zone));

    /// <summary>The instant at which clocks of a zone show a time; of one that is left out when summer begins, the one an hour on.</summary>
    public static Timestamp Utc(DateTime local, TimeZoneInfo zone)
    {
        var plain = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(plain)) plain = plain.AddHours(1);
        return Timestamp.From(new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(plain, zone), TimeSpan.Zero));
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^(?:the )?(?<last>last |past )?(?:(?<count>\d{1,6}) ?)?(?<unit>seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|mo|years?|y)(?: ago)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Last();

    [GeneratedRegex(@" to | ?- ?| until | and ", RegexOptions.None, 1000)]
    private static partial Regex Parts();

    [GeneratedRegex(@"^(?:(?<day>\d{1,2})\.? (?<month>[a-z]{3,9})|(?<month>[a-z]{3,9}) (?<day>\d{1,2}),?)(?: (?<year>\d{4}))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    [GeneratedRegex(@"^(?<hour>\d{1,2})(?::(?<minute>\d{2})(?::(?<second>\d{2}))?)?(?<half>am|pm)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TimeOfDay();
}
