using System.Text;

namespace CdrEngine.Core;

/// <summary>A capture instant: microseconds since 1970-01-01T00:00:00Z, as stamped on the packet.</summary>
/// <remarks>The engine's only clock. A resolution finer than a microsecond is cut, not rounded
/// (<see cref="CapturedPacket.NanosecondRemainder"/> keeps the rest for the packet log).</remarks>
/// <param name="Microseconds">Microseconds since the Unix epoch, UTC; may be negative.</param>
public readonly record struct Timestamp(long Microseconds) : IComparable<Timestamp>
{
    /// <summary>Microseconds in a second.</summary>
    public const long MicrosecondsPerSecond = 1_000_000;

    /// <summary>Earliest instant; sorts before every packet.</summary>
    public static readonly Timestamp MinValue = new(long.MinValue);

    /// <summary>Latest instant; sorts after every packet ("no deadline").</summary>
    public static readonly Timestamp MaxValue = new(long.MaxValue);

    /// <summary>From whole seconds and microseconds, as in a pcap record header.</summary>
    public static Timestamp FromUnix(long seconds, long microseconds) => new((seconds * MicrosecondsPerSecond) + microseconds);

    /// <summary>From a date; fractions of a microsecond are cut.</summary>
    public static Timestamp From(DateTimeOffset instant) => new((instant.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>The same instant as a date, UTC. Instants outside the years 1..9999 are clamped.</summary>
    public DateTime ToDateTime()
    {
        const long min = -62135596800L * MicrosecondsPerSecond;
        const long max = 253402300799L * MicrosecondsPerSecond;
        return DateTime.UnixEpoch.AddTicks(Math.Clamp(Microseconds, min, max) * TimeSpan.TicksPerMicrosecond);
    }

    /// <inheritdoc />
    public int CompareTo(Timestamp other) => Microseconds.CompareTo(other.Microseconds);

    /// <summary>The later of two instants.</summary>
    public static Timestamp Max(Timestamp left, Timestamp right) => left.Microseconds >= right.Microseconds ? left : right;

    /// <summary>Bytes that <see cref="Format"/> writes.</summary>
    public const int FormattedBytes = 27;

    /// <summary>RFC 3339 with six decimals and Z, for example <c>2026-11-20T04:27:00.000123Z</c>.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[FormattedBytes];
        Format(text);
        return Encoding.ASCII.GetString(text);
    }

    /// <summary>As <see cref="ToString"/>, in ASCII, into the first <see cref="FormattedBytes"/> of <paramref name="text"/>. Every record has a dozen
    /// of these, and the general formatter costs ten times as much.</summary>
    public void Format(Span<byte> text)
    {
        DateTime time = ToDateTime();
        text[FormattedBytes - 1] = (byte)'Z';
        Digits(text[..4], time.Year);
        text[4] = (byte)'-';
        Digits(text.Slice(5, 2), time.Month);
        text[7] = (byte)'-';
        Digits(text.Slice(8, 2), time.Day);
        text[10] = (byte)'T';
        Digits(text.Slice(11, 2), time.Hour);
        text[13] = (byte)':';
        Digits(text.Slice(14, 2), time.Minute);
        text[16] = (byte)':';
        Digits(text.Slice(17, 2), time.Second);
        text[19] = (byte)'.';
        Digits(text.Slice(20, 6), (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
    }

    private static void Digits(Span<byte> text, int value)
    {
        for (int i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }

    /// <summary>Elapsed time from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static TimeSpan operator -(Timestamp left, Timestamp right) =>
        new((left.Microseconds - right.Microseconds) * TimeSpan.TicksPerMicrosecond);

    /// <summary>The instant <paramref name="span"/> later.</summary>
    public static Timestamp operator +(Timestamp at, TimeSpan span) => new(at.Microseconds + (span.Ticks / TimeSpan.TicksPerMicrosecond));

    /// <summary>The instant <paramref name="span"/> earlier.</summary>
    public static Timestamp operator -(Timestamp at, TimeSpan span) => new(at.Microseconds - (span.Ticks / TimeSpan.TicksPerMicrosecond));

    /// <summary>Earlier.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.Microseconds < right.Microseconds;

    /// <summary>Later.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.Microseconds > right.Microseconds;

    /// <summary>Not later.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Microseconds <= right.Microseconds;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Microseconds >= right.Microseconds;
}
