using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Directory;

/// <summary>Charges, each worked out by hand in the comment before it.</summary>
public sealed class RateTableTests
{
    private static readonly Timestamp Friday = Timestamp.From(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    private static readonly Dictionary<string, Example> Examples = Written();

    public static TheoryData<string> Names() => [.. Examples.Keys];

    private static Dictionary<string, Example> Written()
    {
        var rows = new Dictionary<string, Example>(StringComparer.Ordinal);
        void Row(string name, string rate, int milliseconds, string charge, string connection = "0", string increments = "1/1", string minimum = "0", int free = 0, int scale = 4,
            ChargeRounding rounding = ChargeRounding.HalfUp, ChargedDuration duration = ChargedDuration.Billsec, BillsecRounding billsec = BillsecRounding.Nearest) =>
            rows.Add(name, new Example(rate, connection, increments, minimum, free, milliseconds, scale, rounding, duration, billsec, charge));

        // 1. 90 s by the second: 0.0200 × 90 / 60 = 0.03
        Row("by the second", "0.0200", 90_000, "0.0300");

        // 2. 60/60: 61 s begin a second minute: 120 s; 0.0200 × 120 / 60 = 0.04
        Row("full minutes, a second over", "0.0200", 61_000, "0.0400", increments: "60/60");

        // 3. 60/60: 60 s are one minute exactly: 0.0200
        Row("full minutes, exactly one", "0.0200", 60_000, "0.0200", increments: "60/60");

        // 4. 60/1: 30 s are charged as the first 60: 0.0200
        Row("a minute at the least", "0.0200", 30_000, "0.0200", increments: "60/1");

        // 5. 60/1: 75 s = 60 + 15: 0.0200 × 75 / 60 = 0.025
        Row("a minute, then seconds", "0.0200", 75_000, "0.0250", increments: "60/1");

        // 6. 30/6: 31 s = 30 + one step of 6 = 36 s: 0.0900 × 36 / 60 = 0.054
        Row("30/6, a second over", "0.0900", 31_000, "0.0540", increments: "30/6");

        // 7. 30/6: 48 s = 30 + 3 × 6 = 48 s: 0.0900 × 48 / 60 = 0.072
        Row("30/6, exactly", "0.0900", 48_000, "0.0720", increments: "30/6");

        // 8. 6/6: 1 s is charged as 6: 0.0150 × 6 / 60 = 0.0015
        Row("6/6, one second", "0.0150", 1_000, "0.0015", increments: "6/6");

        // 9. connection 0.05 + 0.0190 × 120 / 60 = 0.05 + 0.038 = 0.088
        Row("connection and two minutes", "0.0190", 119_000, "0.0880", connection: "0.05", increments: "60/60");

        // 10. 10 s by the second: 0.0120 × 10 / 60 = 0.002, at least 0.01
        Row("at least the minimum", "0.0120", 10_000, "0.0100", minimum: "0.01");

        // 11. 120 s: 0.0120 × 120 / 60 = 0.024, above the minimum of 0.01
        Row("above the minimum", "0.0120", 120_000, "0.0240", minimum: "0.01");

        // 12. the minimum is of all together: 0.004 + 0.002 = 0.006, at least 0.01
        Row("the minimum counts the connection", "0.0120", 10_000, "0.0100", connection: "0.004", minimum: "0.01");

        // 13. 20 free: 80 - 20 = 60 s: 0.03
        Row("free seconds", "0.0300", 80_000, "0.0300", free: 20);

        // 14. 20 free, 15 s: nothing is left, the connection is to be paid: 0.05
        Row("within the free seconds", "0.0300", 15_000, "0.0500", connection: "0.05", free: 20);

        // 15. 20 free, 21 s, 60/60: 1 s begins a minute: 0.03
        Row("free seconds before increments", "0.0300", 21_000, "0.0300", increments: "60/60", free: 20);

        // 16. 0.4 s is billsec 0 to the nearest: nothing to pay, neither connection nor minimum
        Row("nothing billable", "0.0300", 400, "0.0000", connection: "0.05", minimum: "0.01");

        // 17. 0.4 s upwards is billsec 1: 0.05 + 0.0300 × 1 / 60 = 0.0505
        Row("a second begun", "0.0300", 400, "0.0505", connection: "0.05", billsec: BillsecRounding.Ceil);

        // 18. exact: 10.5 s in steps of 1: 11 s: 0.0600 × 11 / 60 = 0.011
        Row("exact time, steps of a second", "0.0600", 10_500, "0.0110", duration: ChargedDuration.Exact);

        // 19. exact: 60.001 s, 60/60: a second minute is begun: 0.04 (billsec would be 60)
        Row("exact time, a millisecond over", "0.0200", 60_001, "0.0400", increments: "60/60", duration: ChargedDuration.Exact);

        // 20. 59.6 s: billsec 60, one minute: 0.0200
        Row("billsec to the nearest", "0.0200", 59_600, "0.0200", increments: "60/60");

        // 21. 59.6 s downwards: billsec 59; 0.0200 × 59 / 60 = 0.019666… → 0.0197
        Row("billsec downwards", "0.0200", 59_600, "0.0197", billsec: BillsecRounding.Floor);

        // 22. 7 s: 0.0300 × 7 / 60 = 0.0035 → two decimals, half up: 0.00
        Row("two decimals, below a half", "0.0300", 7_000, "0.00", scale: 2);

        // 23. 10 s: 0.0300 × 10 / 60 = 0.005 → half up: 0.01
        Row("two decimals, half up", "0.0300", 10_000, "0.01", scale: 2);

        // 24. the same, half to even: 0.00
        Row("two decimals, half to even, down", "0.0300", 10_000, "0.00", scale: 2, rounding: ChargeRounding.HalfEven);

        // 25. 30 s: 0.0300 × 30 / 60 = 0.015 → half to even: 0.02
        Row("two decimals, half to even, up", "0.0300", 30_000, "0.02", scale: 2, rounding: ChargeRounding.HalfEven);

        // 26. 1 s: 0.0300 / 60 = 0.0005 → up: 0.01
        Row("two decimals, upwards", "0.0300", 1_000, "0.01", scale: 2, rounding: ChargeRounding.Up);

        // 27. one second of a third: 0.01 / 60 = 0.000166… → six decimals: 0.000167
        Row("six decimals", "0.01", 1_000, "0.000167", scale: 6);

        // 28. an hour of 0.0125: 0.75, no decimals: 1
        Row("no decimals", "0.0125", 3_600_000, "1", scale: 0);

        // 29. a free destination: 0, whatever the time
        Row("costs nothing", "0", 600_000, "0.0000");

        // 30. 100/7, 205 s: 100 + ceil(105/7) × 7 = 100 + 105 = 205 s: 0.0600 × 205 / 60 = 0.205
        Row("odd increments, exactly", "0.0600", 205_000, "0.2050", increments: "100/7");

        // 31. 100/7, 206 s: 100 + 16 × 7 = 212 s: 0.212
        Row("odd increments, a second over", "0.0600", 206_000, "0.2120", increments: "100/7");
        return rows;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Charge_OfAWorkedExample_IsAsByHand(string name)
    {
        (string rate, string connection, string increments, string minimum, int free, int milliseconds, int scale, ChargeRounding rounding, ChargedDuration duration, BillsecRounding billsec, string charge) = Examples[name];
        string[] steps = increments.Split('/');
        var entry = new RateEntry
        {
            Prefix = "49",
            Name = name,
            PerMinute = Money(rate),
            Connection = Money(connection),
            FirstIncrement = int.Parse(steps[0]),
            NextIncrement = int.Parse(steps[1]),
            Minimum = Money(minimum),
            FreeSeconds = free,
        };
        var table = new RateTable("t", "EUR", scale, [entry]) { Rounding = rounding, Duration = duration };
        CallCharge? made = table.Charge("+4930123456", Friday, TimeSpan.FromMilliseconds(milliseconds), billsec);
        Assert.Equal(new CallCharge(Money(rate), Money(charge), "EUR", name), made);

        // With all its decimals, as it stands in the record.
        Assert.Equal(charge, made!.Amount.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Price_IsOfTheLongestPrefixThatIsValidThen()
    {
        var table = new RateTable("t", "EUR", 4,
        [
            Entry("", "world"), Entry("49", "germany"), Entry("4917", "mobile, old", until: "2026-06-01"), Entry("4917", "mobile, new", from: "2026-12-01"), Entry("491", "service"),
        ]);
        Assert.Equal("mobile, old", table.Find("+49170555", At("2026-05-31T23:59"))?.Name);

        // Between the two no mobile price is valid: the next shorter prefix serves.
        Assert.Equal("service", table.Find("+49170555", At("2026-06-01T00:00"))?.Name);
        Assert.Equal("mobile, new", table.Find("+49170555", At("2026-12-01T00:00"))?.Name);
        Assert.Equal("germany", table.Find("+4930555", Friday)?.Name);
        Assert.Equal("world", table.Find("+4430555", Friday)?.Name);
        Assert.Null(new RateTable("t", "EUR", 4, [Entry("49", "germany")]).Find("+4430555", Friday));
    }

    [Theory]
    [InlineData("2026-11-20T07:59", "all day")]
    [InlineData("2026-11-20T08:00", "working hours")]
    [InlineData("2026-11-20T17:59", "working hours")]
    [InlineData("2026-11-20T18:00", "all day")]
    [InlineData("2026-11-20T22:00", "night")]
    [InlineData("2026-11-21T05:59", "night")]
    [InlineData("2026-11-21T06:00", "weekend")]
    [InlineData("2026-11-23T05:59", "all day")]
    public void Price_OfATimeOfTheWeek_GoesBeforeThatOfAllTheWeek(string utc, string name)
    {
        // 2026-11-20 is a Friday. Night is of the days on which it begins.
        var table = new RateTable("t", "EUR", 4,
        [
            Entry("49", "all day"),
            Entry("49", "working hours") with { Days = 0b0111110, FromMinute = 480, UntilMinute = 1080 },
            Entry("49", "night") with { Days = 0b0111110, FromMinute = 1320, UntilMinute = 360 },
            Entry("49", "weekend") with { Days = 0b1000001, FromMinute = 360 },
        ]);
        Assert.Equal(name, table.Find("+4930555", At(utc))?.Name);
    }

    [Fact]
    public void Price_OfATimeOfTheDay_IsByTheClockOfTheTable()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("plus two", TimeSpan.FromHours(2), null, null);
        var table = new RateTable("t", "EUR", 4, [Entry("49", "all day"), Entry("49", "morning") with { FromMinute = 480, UntilMinute = 720 }]) { Zone = zone };
        Assert.Equal("morning", table.Find("+4930555", At("2026-11-20T06:00"))?.Name);
        Assert.Equal("all day", table.Find("+4930555", At("2026-11-20T10:00"))?.Name);
    }

    private static RateEntry Entry(string prefix, string name, string? from = null, string? until = null) => new()
    {
        Prefix = prefix,
        Name = name,
        PerMinute = 1,
        ValidFrom = from is null ? null : At(from + "T00:00"),
        ValidUntil = until is null ? null : At(until + "T00:00"),
    };

    private static Timestamp At(string utc) => Timestamp.From(DateTimeOffset.Parse(utc + ":00Z", System.Globalization.CultureInfo.InvariantCulture));

    private sealed record Example(
        string Rate, string Connection, string Increments, string Minimum, int Free, int Milliseconds, int Scale, ChargeRounding Rounding, ChargedDuration Duration, BillsecRounding Billsec, string Charge);

    private static decimal Money(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
