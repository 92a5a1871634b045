namespace CdrEngine.Calls.Records;

/// <summary>How whole billable seconds are made from the exact time. Configuration of the edge; the records keep the exact times.</summary>
public enum BillsecRounding
{
    /// <summary>To the nearest second, a half upwards. The default.</summary>
    Nearest = 0,

    /// <summary>Downwards: only whole seconds count.</summary>
    Floor = 1,

    /// <summary>Upwards: a second begun counts.</summary>
    Ceil = 2,
}

/// <summary>Whole seconds of a duration.</summary>
public static class Billsec
{
    /// <summary>Whole seconds of a billable duration, 0 or more.</summary>
    public static long Seconds(TimeSpan billable, BillsecRounding rounding)
    {
        long ticks = Math.Max(billable.Ticks, 0);
        return rounding switch
        {
            BillsecRounding.Floor => ticks / TimeSpan.TicksPerSecond,
            BillsecRounding.Ceil => (ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond,
            _ => (ticks + (TimeSpan.TicksPerSecond / 2)) / TimeSpan.TicksPerSecond,
        };
    }
}
