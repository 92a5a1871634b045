using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Page.Kit;

/// <summary>Instants as the list of calls takes them in its address: as the browser's picker writes them, in the viewer's zone, to the second.</summary>
internal static class Moments
{
    /// <summary>The beginning of a stretch: the second it lies in.</summary>
    public static string From(Timestamp at, TimeZoneInfo zone) => Text(Math.DivRem(at.Microseconds, Timestamp.MicrosecondsPerSecond).Quotient, zone);

    /// <summary>The end of a stretch, which is not in it: the next whole second.</summary>
    public static string To(Timestamp at, TimeZoneInfo zone) => Text((at.Microseconds + Timestamp.MicrosecondsPerSecond - 1) / Timestamp.MicrosecondsPerSecond, zone);

    private static string Text(long seconds, TimeZoneInfo zone) => Words.Local(Timestamp.FromUnix(seconds, 0), zone).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
}
