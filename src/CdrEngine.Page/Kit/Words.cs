using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Kit;

/// <summary>Values as people read them.</summary>
internal static class Words
{
    /// <summary>Stands where there is no value.</summary>
    public static Html None { get; } = Html.Of($"""<span class="none"><span aria-hidden="true">–</span><span class="unseen">none</span></span>""");

    /// <summary>Date and time of day to the second, in a zone; UTC to the microsecond when hovered over.</summary>
    public static Html Time(Timestamp? at, TimeZoneInfo zone)
    {
        if (at is not { } instant) return None;
        DateTime local = Local(instant, zone);
        return Html.Of($"""<time datetime="{instant}" title="{instant}"><span class="date">{local.ToString("d MMM", CultureInfo.InvariantCulture)}<span class="year"> {local.Year}</span></span> {local.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}</time>""");
    }

    /// <summary>As short as it can be told from others of these days: the time of day, or the date for what was on another day.</summary>
    public static Html Lately(Timestamp? at, DateTimeOffset now, TimeZoneInfo zone)
    {
        if (at is not { } instant) return None;
        DateTime local = Local(instant, zone), today = TimeZoneInfo.ConvertTime(now, zone).Date;
        return Html.Of($"""<time datetime="{instant}" title="{instant}">{local.ToString(local.Date == today ? "HH:mm:ss" : "d MMM HH:mm", CultureInfo.InvariantCulture)}</time>""");
    }

    /// <summary>Time of day to the millisecond.</summary>
    public static Html Clock(Timestamp? at, TimeZoneInfo zone) => at is { } instant
        ? Html.Of($"""<time datetime="{instant}" title="{instant}">{ClockText(instant, zone)}</time>""")
        : None;

    /// <summary>Time of day to the second.</summary>
    public static Html Second(Timestamp? at, TimeZoneInfo zone) => at is { } instant
        ? Html.Of($"""<time datetime="{instant}" title="{instant}">{Local(instant, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture)}</time>""")
        : None;

    /// <summary>The same to the millisecond, as text.</summary>
    public static string ClockText(Timestamp at, TimeZoneInfo zone) => Local(at, zone).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>An instant in a zone.</summary>
    public static DateTime Local(Timestamp at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(at.ToDateTime(), DateTimeKind.Utc), zone);

    /// <summary>A length of time: <c>0.4 s</c>, <c>12.3 s</c>, <c>4:05</c>, <c>1:02:03</c>.</summary>
    public static string Span(TimeSpan span)
    {
        if (span < TimeSpan.FromSeconds(60)) return span < TimeSpan.FromMilliseconds(1) ? "0 s" : $"{Number(span.TotalSeconds, span.TotalSeconds < 10 ? 2 : 1)} s";
        var rounded = TimeSpan.FromSeconds(Math.Round(span.TotalSeconds));
        return rounded.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)rounded.TotalHours}:{rounded.Minutes:00}:{rounded.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{rounded.Minutes}:{rounded.Seconds:00}");
    }

    /// <summary>A place in a recording: <c>0:07</c>, <c>12:30</c>, <c>1:02:03</c>.</summary>
    public static string Minutes(TimeSpan span) => span.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}:{span.Seconds:00}");

    /// <summary>A length of time in words: <c>4 minutes 5 seconds</c>.</summary>
    public static string SpanWords(TimeSpan span)
    {
        if (span < TimeSpan.FromSeconds(10)) return span < TimeSpan.FromSeconds(1) ? $"{Number(span.TotalMilliseconds, 0)} ms" : $"{Number(span.TotalSeconds, 1)} seconds";
        var rounded = TimeSpan.FromSeconds(Math.Round(span.TotalSeconds));
        var parts = new List<string>(2);
        if (rounded.TotalHours >= 1) parts.Add(Count((long)rounded.TotalHours, "hour"));
        if (rounded.Minutes > 0) parts.Add(Count(rounded.Minutes, "minute"));
        if (rounded.Seconds > 0 && rounded.TotalHours < 1) parts.Add(Count(rounded.Seconds, "second"));
        return string.Join(' ', parts);
    }

    /// <summary>Milliseconds; a dash where there are none.</summary>
    public static Html Milliseconds(TimeSpan? span) => span is { } value ? Html.Of($"{Number(value.TotalMilliseconds, 0)}&#8239;ms") : None;

    /// <summary>Milliseconds; a dash where there are none.</summary>
    public static Html Milliseconds(double? span) => span is { } value ? Html.Of($"{Number(value, value < 10 ? 1 : 0)}&#8239;ms") : None;

    /// <summary>A number with thousands parted by thin blanks and so many decimals.</summary>
    public static string Number(double number, int decimals = 0) => number.ToString($"#,0.{new string('0', decimals)}", Parted);

    /// <summary>A number of things: <c>1 call</c>, <c>2 calls</c>.</summary>
    public static string Count(long number, string thing) => $"{Number(number)} {thing}{(number == 1 ? "" : "s")}";

    /// <summary>A size: <c>12 KB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1000 * 1000 => $"{Number(bytes / 1e3, bytes < 10_000 ? 1 : 0)} kB",
        < 1000L * 1000 * 1000 => $"{Number(bytes / 1e6, 1)} MB",
        _ => $"{Number(bytes / 1e9, 1)} GB",
    };

    /// <summary>A share of a whole in percent; a dash where there is no whole.</summary>
    public static string Percent(double part, double whole, int decimals = 1) => whole <= 0 ? "–" : $"{Number(100 * part / whole, decimals)}%";

    /// <summary>A name in snake case as words.</summary>
    public static string Plain(string name) => name.Length == 0 ? "" : char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    /// <summary>How a call came out.</summary>
    public static string Of(Disposition disposition) => Plain(EnumNames<Disposition>.Of(disposition));

    /// <summary>A flag of a call.</summary>
    public static string Of(CallFlags flag) => flag switch
    {
        CallFlags.MissingBye => "End not seen",
        CallFlags.MissingInvite => "Start not seen",
        CallFlags.OneWayAudio => "One-way audio",
        CallFlags.NoRtp => "No media",
        CallFlags.Srtp => "Encrypted",
        CallFlags.T38 => "Fax",
        CallFlags.ReusedPort => "Port reused",
        CallFlags.Truncated => "Packets cut",
        CallFlags.Gap => "Capture gap",
        CallFlags.ClockSet => "Clock set back",
        CallFlags.NoAck => "No ACK",
        _ => Plain(EnumNames<CallFlags>.Of(flag)),
    };

    /// <summary>The flags that are set, one by one.</summary>
    public static IEnumerable<CallFlags> Each(CallFlags flags) =>
        EnumNames<CallFlags>.All.Select(static pair => pair.Value).Where(flag => flag != CallFlags.None && flags.HasFlag(flag));

    /// <summary>Who a party is, shortest first: number, else name, else address of record, else address.</summary>
    public static string Who(Party party) => party switch
    {
        { Number: { Length: > 0 } number } => number,
        { Name: { Length: > 0 } name } => name,
        { Uri: { Length: > 0 } uri } => uri,
        { Address: { } address } => address.Address.ToString(),
        _ => "unknown",
    };

    /// <summary>A party: the name it bears, or the directory's for it, above its number.</summary>
    public static Html Party(Party party, string? otherwise = null)
    {
        string who = Who(party);
        if (who == "unknown" && otherwise is { Length: > 0 }) who = otherwise;
        string? name = party.Identity?.Name is { Length: > 0 } known ? known : party.Name;
        return name is { Length: > 0 } && name != who
            ? Html.Of($"""<span class="party"><span class="party-number">{Html.Wire(who)}</span> <span class="party-name">{Html.Wire(name)}</span></span>""")
            : Html.Of($"""<span class="party"><span class="party-number">{Html.Wire(who)}</span></span>""");
    }

    /// <summary>Text, or a dash.</summary>
    public static Html Text(string? text) => string.IsNullOrEmpty(text) ? None : Html.Wire(text);

    private static NumberFormatInfo Parted { get; } = new() { NumberGroupSeparator = "\u202F", NumberDecimalSeparator = "." };
}
