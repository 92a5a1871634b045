using System.Globalization;
using System.Numerics;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>When something is to be done, as a crontab has it: minute, hour, day of the month, month, day of the week, in UTC.</summary>
/// <remarks>Each field is <c>*</c> or a list of numbers and ranges, with steps (<c>*/15</c>, <c>1-5</c>, <c>0,30</c>); months and days of the week have names of three letters too,
/// 7 is Sunday as 0 is. Where day of the month and of the week are both restricted, either will do.</remarks>
internal sealed class PortSipCron
{
    /// <summary>Longest expression, characters.</summary>
    public const int MaxLength = 128;

    // 29 February comes round within eight years at the most.
    private const int MostDays = 366 * 9;

    private static readonly string[] MonthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _days;
    private readonly ulong _months;
    private readonly ulong _weekdays;
    private readonly bool _anyDay;
    private readonly bool _anyWeekday;

    private PortSipCron(ulong minutes, ulong hours, ulong days, ulong months, ulong weekdays, bool anyDay, bool anyWeekday)
    {
        (_minutes, _hours, _days, _months) = (minutes, hours, days, months);
        _weekdays = (weekdays | (weekdays >> 7)) & 0x7F;
        (_anyDay, _anyWeekday) = (anyDay, anyWeekday);
    }

    /// <summary>Reads an expression; null with what is wrong where it is none, or one that never comes.</summary>
    public static PortSipCron? Parse(string text, out string problem)
    {
        problem = "";
        if (text.Length > MaxLength)
        {
            problem = $"is longer than {MaxLength} characters";
            return null;
        }

        string[] fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            problem = $"has {fields.Length} fields; five are expected: minute, hour, day of the month, month, day of the week";
            return null;
        }

        ulong minutes = Field(fields[0], "minute", 0, 59, [], ref problem);
        ulong hours = Field(fields[1], "hour", 0, 23, [], ref problem);
        ulong days = Field(fields[2], "day of the month", 1, 31, [], ref problem);
        ulong months = Field(fields[3], "month", 1, 12, MonthNames, ref problem);
        ulong weekdays = Field(fields[4], "day of the week", 0, 7, DayNames, ref problem);
        if (problem.Length > 0) return null;
        var cron = new PortSipCron(minutes, hours, days, months, weekdays, fields[2].StartsWith('*'), fields[4].StartsWith('*'));
        if (cron.Next(Timestamp.From(DateTimeOffset.UnixEpoch)) is not null) return cron;
        problem = "names a day that never comes";
        return null;
    }

    /// <summary>The first minute after an instant; null where there is none.</summary>
    public Timestamp? Next(Timestamp after)
    {
        DateTime at = DateTime.SpecifyKind(after.ToDateTime(), DateTimeKind.Utc);
        at = new DateTime(at.Year, at.Month, at.Day, at.Hour, at.Minute, 0, DateTimeKind.Utc).AddMinutes(1);
        for (int i = 0; i < MostDays; i++)
        {
            if (Has(_months, at.Month) && IsDay(at))
            {
                for (int hour = at.Hour; hour < 24; hour++)
                {
                    if (!Has(_hours, hour)) continue;
                    int first = hour == at.Hour ? at.Minute : 0;
                    ulong left = _minutes >> first;
                    if (left != 0) return Timestamp.From(new DateTimeOffset(at.Date.AddHours(hour).AddMinutes(first + BitOperations.TrailingZeroCount(left)), TimeSpan.Zero));
                }
            }

            at = at.Date.AddDays(1);
        }

        return null;
    }

    private bool IsDay(DateTime at)
    {
        bool day = Has(_days, at.Day);
        bool weekday = Has(_weekdays, (int)at.DayOfWeek);
        return _anyDay || _anyWeekday ? day && weekday : day || weekday;
    }

    private static bool Has(ulong set, int value) => ((set >> value) & 1) != 0;

    private static ulong Field(string text, string name, int least, int most, string[] names, ref string problem)
    {
        ulong set = 0;
        foreach (string item in text.Split(','))
        {
            string[] parts = item.Split('/');
            int step = 1;
            bool sound = parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out step) && step is > 0 and < 100);
            int from = least;
            int to = most;
            if (parts[0] != "*")
            {
                string[] ends = parts[0].Split('-');
                sound &= ends.Length is 1 or 2 && Value(ends[0], names, least, out from);
                to = from;
                if (ends.Length == 2) sound &= Value(ends[1], names, least, out to);

                // "5/10" is every tenth from 5 on.
                else if (parts.Length == 2) to = most;
            }

            if (!sound || from < least || to > most || from > to)
            {
                if (problem.Length == 0) problem = $"has '{Queries.QueryCheck.Shown(item)}' for the {name}, which is no number, range or step within {least}-{most}";
                return 0;
            }

            for (int value = from; value <= to; value += step) set |= 1UL << value;
        }

        return set;
    }

    private static bool Value(string text, string[] names, int least, out int value)
    {
        int name = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        value = name + (names == MonthNames ? least : 0);
        return name >= 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
