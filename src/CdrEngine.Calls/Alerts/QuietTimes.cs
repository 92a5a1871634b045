using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>When nobody is to be told of alerts: hours of the week, in a time zone, and single stretches of time. Immutable.</summary>
/// <remarks>Written as <c>22:00-06:00</c>, <c>sat,sun</c>, <c>mon-fri 18:00-08:00</c> (hours that pass midnight belong to the day they begin on), or as
/// <c>2026-12-24T12:00Z/2026-12-27T06:00Z</c> for maintenance.</remarks>
public sealed class QuietTimes
{
    /// <summary>Never quiet.</summary>
    public static readonly QuietTimes None = new([], [], TimeZoneInfo.Utc);

    private const int MinutesOfDay = 24 * 60;
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private static readonly string[] InstantFormats = ["yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz"];

    private readonly Hours[] _hours;
    private readonly Stretch[] _stretches;
    private readonly TimeZoneInfo _zone;

    private QuietTimes(Hours[] hours, Stretch[] stretches, TimeZoneInfo zone)
    {
        _hours = hours;
        _stretches = stretches;
        _zone = zone;
    }

    /// <summary>As they were written.</summary>
    public IReadOnlyList<string> Texts { get; private init; } = [];

    /// <summary>Reads them; the first that cannot be read gives null and <paramref name="problem"/>.</summary>
    public static QuietTimes? Parse(IReadOnlyList<string> texts, TimeZoneInfo zone, out string? problem)
    {
        var hours = new List<Hours>();
        var stretches = new List<Stretch>();
        problem = null;
        foreach (string text in texts)
        {
            problem = text.Contains('/', StringComparison.Ordinal) ? ReadStretch(text, stretches) : ReadHours(text, hours);
            if (problem is not null) return null;
        }

        return new QuietTimes([.. hours], [.. stretches], zone) { Texts = texts };
    }

    /// <summary>Whether an instant is quiet.</summary>
    public bool Covers(Timestamp at)
    {
        foreach (Stretch stretch in _stretches)
        {
            if (at >= stretch.From && at < stretch.To) return true;
        }

        if (_hours.Length == 0) return false;
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(at.ToDateTime(), _zone);
        int minute = (local.Hour * 60) + local.Minute, day = (int)local.DayOfWeek, before = (day + 6) % 7;
        foreach (Hours hours in _hours)
        {
            if (hours.Days[day] && minute >= hours.From && minute < hours.To) return true;

            // What began the day before and passes midnight.
            if (hours.Days[before] && minute + MinutesOfDay < hours.To) return true;
        }

        return false;
    }

    private static string? ReadStretch(string text, List<Stretch> stretches)
    {
        string[] ends = text.Split('/');
        if (ends.Length != 2 || !Instant(ends[0], out Timestamp from) || !Instant(ends[1], out Timestamp to))
            return $"'{text}' is no stretch of time; write 2026-12-24T12:00Z/2026-12-27T06:00Z";
        if (to <= from) return $"'{text}' ends before it begins";
        stretches.Add(new Stretch(from, to));
        return null;
    }

    private static string? ReadHours(string text, List<Hours> hours)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool[]? days = null;
        (int From, int To)? span = null;
        foreach (string part in parts)
        {
            if (char.IsAsciiDigit(part[0]) && span is null) span = Span(part);
            else if (!char.IsAsciiDigit(part[0]) && days is null) days = DaysOf(part);
            else return Unreadable(text);
            if (char.IsAsciiDigit(part[0]) ? span is null : days is null) return Unreadable(text);
        }

        if (parts.Length == 0) return Unreadable(text);
        (int from, int to) = span ?? (0, MinutesOfDay);
        hours.Add(new Hours(days ?? [true, true, true, true, true, true, true], from, to <= from ? to + MinutesOfDay : to));
        return null;
    }

    private static string Unreadable(string text) => $"'{text}' is no time of the week; write 22:00-06:00, sat,sun or mon-fri 18:00-08:00";

    private static (int From, int To)? Span(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length == 2 && Minute(ends[0]) is { } from and < MinutesOfDay && Minute(ends[1]) is { } to && from != to ? (from, to) : null;
    }

    private static int? Minute(string text) =>
        text.Length == 5 && text[2] == ':' && int.TryParse(text.AsSpan(0, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int hour)
        && int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int minute) && minute < 60 && (hour < 24 || (hour == 24 && minute == 0))
            ? (hour * 60) + minute
            : null;

    private static bool[]? DaysOf(string text)
    {
        bool[] days = new bool[7];
        foreach (string item in text.Split(','))
        {
            string[] ends = item.Split('-');
            int first = Array.IndexOf(Days, ends[0]), last = Array.IndexOf(Days, ends[^1]);
            if (ends.Length > 2 || first < 0 || last < 0) return null;
            for (int day = first; ; day = (day + 1) % 7)
            {
                days[day] = true;
                if (day == last) break;
            }
        }

        return days;
    }

    private static bool Instant(string text, out Timestamp at)
    {
        bool read = DateTimeOffset.TryParseExact(text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset instant);
        at = Timestamp.From(instant);
        return read;
    }

    // Of these few there is none in most settings; lists of structs would be compiled at each start.
    private sealed record Hours(bool[] Days, int From, int To);

    private sealed record Stretch(Timestamp From, Timestamp To);
}
