using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Whole seconds as they are shown, and the exact durations behind them, so that a filter finds what is shown.</summary>
internal static class WholeSeconds
{
    /// <summary>Most seconds that can be asked for: some thirty years.</summary>
    public const long Max = 1_000_000_000;

    private static readonly TimeSpan Step = TimeSpan.FromMicroseconds(1);

    /// <summary>Seconds of a duration.</summary>
    public static long Of(TimeSpan duration, BillsecRounding rounding) => Billsec.Seconds(duration, rounding);

    /// <summary>The shortest duration that is shown as this many seconds or more.</summary>
    public static TimeSpan AtLeast(long seconds, BillsecRounding rounding) => rounding switch
    {
        _ when seconds <= 0 => TimeSpan.Zero,
        BillsecRounding.Floor => TimeSpan.FromSeconds(seconds),
        BillsecRounding.Ceil => TimeSpan.FromSeconds(seconds - 1) + Step,
        _ => TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(500),
    };

    /// <summary>The longest duration, to the microsecond, that is shown as this many seconds or fewer.</summary>
    public static TimeSpan AtMost(long seconds, BillsecRounding rounding) => AtLeast(seconds + 1, rounding) - Step;
}
