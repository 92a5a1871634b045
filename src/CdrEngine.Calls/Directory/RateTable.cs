using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Directory;

/// <summary>How a charge gets its last decimal.</summary>
public enum ChargeRounding
{
    /// <summary>To the nearest, a half away from zero.</summary>
    HalfUp = 0,

    /// <summary>To the nearest, a half to the even neighbour (bankers).</summary>
    HalfEven = 1,

    /// <summary>Upwards.</summary>
    Up = 2,
}

/// <summary>Which duration is charged.</summary>
public enum ChargedDuration
{
    /// <summary>Whole seconds, as <c>billsec</c> in the record.</summary>
    Billsec = 0,

    /// <summary>The exact time; a part of a second begun counts where increments say so.</summary>
    Exact = 1,
}

/// <summary>The price of one destination.</summary>
public sealed record RateEntry
{
    /// <summary>First digits of the numbers it is for, without plus; empty for all.</summary>
    public required string Prefix { get; init; }

    /// <summary>Name of the destination.</summary>
    public required string Name { get; init; }

    /// <summary>Price of a minute, 0 or more.</summary>
    public required decimal PerMinute { get; init; }

    /// <summary>Price of an answered call beside its time.</summary>
    public decimal Connection { get; init; }

    /// <summary>Seconds that are charged at the least.</summary>
    public int FirstIncrement { get; init; } = 1;

    /// <summary>Steps in which the seconds after that are charged.</summary>
    public int NextIncrement { get; init; } = 1;

    /// <summary>Least charge of a call.</summary>
    public decimal Minimum { get; init; }

    /// <summary>Seconds at the beginning that cost nothing.</summary>
    public int FreeSeconds { get; init; }

    /// <summary>Calls that start at or after; null from ever.</summary>
    public Timestamp? ValidFrom { get; init; }

    /// <summary>Calls that start before; null for ever.</summary>
    public Timestamp? ValidUntil { get; init; }

    /// <summary>Days of the week on which it holds, a bit each from Sunday (1) to Saturday (64); 0 for all.</summary>
    public byte Days { get; init; }

    /// <summary>Minute of the day from which it holds.</summary>
    public int FromMinute { get; init; }

    /// <summary>Minute of the day before which it holds, 1 to 1440. Not after <see cref="FromMinute"/>, the time goes over midnight and the day is that of
    /// its beginning.</summary>
    public int UntilMinute { get; init; } = MinutesOfDay;

    /// <summary>Minutes of a day.</summary>
    public const int MinutesOfDay = 1440;

    /// <summary>Whether it holds at some times of the week only.</summary>
    public bool IsBand => Days != 0 || FromMinute != 0 || UntilMinute != MinutesOfDay;

    /// <summary>Whether it holds at a local time.</summary>
    public bool HoldsAt(DateTime local)
    {
        int minute = (local.Hour * 60) + local.Minute;
        bool overMidnight = UntilMinute <= FromMinute;
        DayOfWeek day = local.DayOfWeek;
        if (overMidnight && minute < UntilMinute) day = (DayOfWeek)(((int)day + 6) % 7);
        else if (minute < FromMinute || (!overMidnight && minute >= UntilMinute)) return false;
        return Days == 0 || (Days & (1 << (int)day)) != 0;
    }
}

/// <summary>Prices by destination. Immutable; any thread.</summary>
/// <remarks>A charge is worked out in decimal and in this order, and is the same on every machine:
/// 1. the duration, as <see cref="Duration"/> says; nothing of it, nothing to pay;
/// 2. the free seconds are taken off;
/// 3. what is left becomes the first increment and as many next ones as it begins;
/// 4. times the price of a minute, through sixty;
/// 5. plus the price of the connection;
/// 6. at least the minimum;
/// 7. rounded once, to <see cref="Scale"/> decimals.</remarks>
public sealed class RateTable
{
    private readonly RateEntry[] _entries;
    private readonly (int Start, int Count, bool HasBands)[] _groups;
    private readonly PrefixTable _prefixes;
    private readonly decimal _scaled;

    /// <summary>Makes a table of entries that have been checked.</summary>
    public RateTable(string name, string currency, int scale, IEnumerable<RateEntry> entries)
    {
        Name = name;
        Currency = currency;
        Scale = scale;
        _scaled = new decimal(0, 0, 0, isNegative: false, (byte)scale);

        // Times of the week before the price that holds all the week.
        _entries = [.. entries.OrderBy(static entry => entry.Prefix, StringComparer.Ordinal).ThenByDescending(static entry => entry.IsBand).ThenBy(static entry => entry.ValidFrom)];
        var groups = new List<(int Start, int Count, bool HasBands)>();
        var prefixes = new List<(string Prefix, int Value)>();
        for (int start = 0; start < _entries.Length;)
        {
            int end = start + 1;
            while (end < _entries.Length && _entries[end].Prefix == _entries[start].Prefix) end++;
            prefixes.Add((_entries[start].Prefix, groups.Count));
            groups.Add((start, end - start, _entries.Skip(start).Take(end - start).Any(static entry => entry.IsBand)));
            start = end;
        }

        _groups = [.. groups];
        _prefixes = PrefixTable.Of(prefixes);
    }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>ISO 4217 code.</summary>
    public string Currency { get; }

    /// <summary>Decimals of a charge, 0 to 10.</summary>
    public int Scale { get; }

    /// <summary>How a charge is rounded.</summary>
    public ChargeRounding Rounding { get; init; }

    /// <summary>Which duration is charged.</summary>
    public ChargedDuration Duration { get; init; }

    /// <summary>Time of its bands.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Entries, in order of their prefixes.</summary>
    public IReadOnlyList<RateEntry> Entries => _entries;

    /// <summary>The entry for a number: the longest prefix that has one valid when the call started; null where there is none.</summary>
    /// <param name="number">E.164 number.</param>
    /// <param name="startedAt">Start of the call.</param>
    public RateEntry? Find(ReadOnlySpan<char> number, Timestamp startedAt)
    {
        for (int group = _prefixes.Find(number, out int at); group >= 0; group = _prefixes.Shorter(ref at))
        {
            (int start, int count, bool hasBands) = _groups[group];
            DateTime local = hasBands ? TimeZoneInfo.ConvertTimeFromUtc(startedAt.ToDateTime(), Zone) : default;
            foreach (RateEntry entry in _entries.AsSpan(start, count))
            {
                if ((entry.ValidFrom is not { } from || startedAt >= from)
                    && (entry.ValidUntil is not { } until || startedAt < until)
                    && (!entry.IsBand || entry.HoldsAt(local))) return entry;
            }
        }

        return null;
    }

    /// <summary>What an answered call costs; null where the table has no price for it.</summary>
    /// <param name="number">E.164 number that is charged.</param>
    /// <param name="startedAt">Start of the call, which decides on the price.</param>
    /// <param name="billable">Answer to end.</param>
    /// <param name="rounding">How whole seconds are made of it.</param>
    public CallCharge? Charge(ReadOnlySpan<char> number, Timestamp startedAt, TimeSpan billable, BillsecRounding rounding) =>
        Find(number, startedAt) is { } entry ? new CallCharge(entry.PerMinute, Amount(entry, billable, rounding), Currency, entry.Name) : null;

    /// <summary>The charge by one entry.</summary>
    public decimal Amount(RateEntry entry, TimeSpan billable, BillsecRounding rounding)
    {
        // In ticks, so that the exact time needs no fractions either.
        long time = Duration == ChargedDuration.Billsec ? Billsec.Seconds(billable, rounding) * TimeSpan.TicksPerSecond : Math.Max(billable.Ticks, 0);
        if (time == 0) return _scaled;
        time -= entry.FreeSeconds * TimeSpan.TicksPerSecond;
        long charged = 0;
        if (time > 0)
        {
            long next = entry.NextIncrement * TimeSpan.TicksPerSecond, over = time - (entry.FirstIncrement * TimeSpan.TicksPerSecond);
            charged = entry.FirstIncrement + (over <= 0 ? 0 : (over + next - 1) / next * entry.NextIncrement);
        }

        decimal amount = Math.Max((entry.PerMinute * charged / 60) + entry.Connection, entry.Minimum);
        return decimal.Round(amount, Scale, Rounding switch
        {
            ChargeRounding.HalfEven => MidpointRounding.ToEven,
            ChargeRounding.Up => MidpointRounding.ToPositiveInfinity,
            _ => MidpointRounding.AwayFromZero,
        }) + _scaled;
    }
}
