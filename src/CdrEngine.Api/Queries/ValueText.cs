using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Queries;

/// <summary>Reads values of parameters. Each gives null and the value, or what is wrong.</summary>
internal static class ValueText
{
    private const long LastSecond = 253_402_300_799;

    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    /// <summary>An instant: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.</summary>
    public static string? Time(string text, out Timestamp at)
    {
        at = default;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds))
        {
            if (seconds > LastSecond) return "lies after the year 9999";
            at = new Timestamp((long)(seconds * Timestamp.MicrosecondsPerSecond));
            return null;
        }

        // RFC 3339 5.6 allows small letters for T and Z.
        const DateTimeStyles styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text.ToUpperInvariant(), TimeFormats, CultureInfo.InvariantCulture, styles, out DateTimeOffset time))
        {
            at = Timestamp.From(time);
            return null;
        }

        string hint = text.Contains(' ', StringComparison.Ordinal) ? " (a + in a URL is written %2B)" : "";
        return $"is no time; write 2026-11-20T04:27:00Z, 2026-11-20T05:27:00%2B01:00 or seconds since 1970{hint}";
    }

    /// <summary>One of an enumeration's names in snake case.</summary>
    public static string? Name<TEnum>(string text, out TEnum value)
        where TEnum : struct, Enum =>
        EnumNames<TEnum>.TryParse(text, out value) && Names<TEnum>().Contains(text, StringComparer.Ordinal)
            ? null
            : $"is none of {string.Join(", ", Names<TEnum>())}";

    /// <summary>The names of an enumeration; that of an empty set of flags is none.</summary>
    public static IReadOnlyList<string> Names<TEnum>()
        where TEnum : struct, Enum =>
        [.. EnumNames<TEnum>.All.Where(static pair => pair.Value is not (CallFlags.None or MediaSessionFlags.None)).Select(static pair => pair.Name)];

    /// <summary>An IP address, without a port.</summary>
    public static string? Address(string text, out IpAddress address) =>
        IpAddress.TryParse(text, out address) ? null : "is no IP address such as 192.0.2.1 or 2001:db8::1";

    /// <summary>A number with decimals.</summary>
    public static string? Number(string text, double minimum, double maximum, out double number)
    {
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)) return "is no number such as 3.5";
        return number >= minimum && number <= maximum ? null : string.Create(CultureInfo.InvariantCulture, $"lies outside {minimum} to {maximum}");
    }

    /// <summary>A whole number.</summary>
    public static string? Whole(string text, int minimum, int maximum, out int number)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= minimum && number <= maximum) return null;
        return $"is no whole number from {minimum} to {maximum}";
    }
}
