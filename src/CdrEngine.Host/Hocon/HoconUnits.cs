using System.Globalization;

namespace CdrEngine.Host.Hocon;

/// <summary>Durations and sizes as HOCON writes them.</summary>
public static class HoconUnits
{
    // Ticks are 100 ns; a duration below one is refused by Exact().
    private static readonly (string[] Names, decimal Ticks)[] DurationUnits =
    [
        (["ns", "nano", "nanos", "nanosecond", "nanoseconds"], 0.01m),
        (["us", "micro", "micros", "microsecond", "microseconds"], TimeSpan.TicksPerMicrosecond),
        (["ms", "milli", "millis", "millisecond", "milliseconds"], TimeSpan.TicksPerMillisecond),
        (["s", "sec", "second", "seconds"], TimeSpan.TicksPerSecond),
        (["m", "min", "minute", "minutes"], TimeSpan.TicksPerMinute),
        (["h", "hour", "hours"], TimeSpan.TicksPerHour),
        (["d", "day", "days"], TimeSpan.TicksPerDay),
        (["w", "week", "weeks"], TimeSpan.TicksPerDay * 7),
    ];

    private static readonly (string[] Names, decimal Bytes)[] SizeUnits =
    [
        (["B", "b", "byte", "bytes"], 1),
        (["kB", "KB", "kilobyte", "kilobytes"], 1_000),
        (["MB", "megabyte", "megabytes"], 1_000_000),
        (["GB", "gigabyte", "gigabytes"], 1_000_000_000),
        (["TB", "terabyte", "terabytes"], 1_000_000_000_000),
        (["K", "k", "Ki", "KiB", "kibibyte", "kibibytes"], 1L << 10),
        (["M", "m", "Mi", "MiB", "mebibyte", "mebibytes"], 1L << 20),
        (["G", "g", "Gi", "GiB", "gibibyte", "gibibytes"], 1L << 30),
        (["T", "t", "Ti", "TiB", "tebibyte", "tebibytes"], 1L << 40),
    ];

    /// <summary>Reads a duration such as <c>4s</c>, <c>200 ms</c>, <c>1.5 hours</c>. The unit is required, except for <c>0</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="duration">The duration; zero where it cannot be read.</param>
    /// <returns>Null, or what is wrong in words.</returns>
    public static string? TryReadDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (!Split(text, out decimal number, out string unit)) return $"'{text}' is no duration; write for example 4s, 200ms or 1h";
        if (unit.Length == 0)
            return number == 0 ? null : $"'{text}' has no unit; write {text}ms, {text}s, {text}m, {text}h or {text}d";
        decimal factor = Factor(DurationUnits, unit);
        if (factor == 0) return $"'{unit}' is no unit of time; known are ns, us, ms, s, m, h, d, w";
        if (!Exact(number, factor, out long ticks)) return $"'{text}' is out of range";
        duration = new TimeSpan(ticks);
        return null;
    }

    /// <summary>Reads a size such as <c>16 KiB</c>, <c>1GB</c>, <c>512</c> (bytes). As in HOCON, <c>K</c>, <c>Ki</c> and <c>KiB</c> are
    /// 1024, <c>kB</c> is 1000.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The size in bytes; zero where it cannot be read.</param>
    /// <returns>Null, or what is wrong in words.</returns>
    public static string? TryReadSize(string text, out long bytes)
    {
        bytes = 0;
        if (!Split(text, out decimal number, out string unit)) return $"'{text}' is no size; write for example 256KiB, 1GB or 4096";
        decimal factor = unit.Length == 0 ? 1 : Factor(SizeUnits, unit);
        if (factor == 0) return $"'{unit}' is no unit of size; known are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB";
        return Exact(number, factor, out bytes) ? null : $"'{text}' is out of range";
    }

    /// <summary>A duration in the largest unit that divides it: <c>4s</c>, <c>1500ms</c>.</summary>
    public static string Show(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        foreach ((string[] names, decimal ticks) in DurationUnits.Reverse())
        {
            if (ticks >= 1 && duration.Ticks % (long)ticks == 0) return $"{duration.Ticks / (long)ticks}{names[0]}";
        }

        return $"{duration.Ticks * 100}ns";
    }

    /// <summary>A size in the largest binary unit that divides it: <c>16KiB</c>.</summary>
    public static string ShowSize(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return $"{bytes}{units[unit]}";
    }

    private static bool Split(string text, out decimal number, out string unit)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        int digits = 0;
        while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] is '.' or '-')) digits++;
        unit = rest[digits..].Trim().ToString();
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        return decimal.TryParse(rest[..digits], style, CultureInfo.InvariantCulture, out number);
    }

    private static decimal Factor((string[] Names, decimal Factor)[] units, string name)
    {
        foreach ((string[] names, decimal factor) in units)
        {
            if (Array.IndexOf(names, name) >= 0) return factor;
        }

        return 0;
    }

    private static bool Exact(decimal number, decimal factor, out long value)
    {
        value = 0;
        if (Math.Abs(number) > long.MaxValue / factor) return false;
        value = (long)decimal.Truncate(number * factor);
        return true;
    }
}
