using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;

namespace CdrEngine.Calls.Figures;

/// <summary>The figures of a dashboard: all of them from sums by hour and profile, so that they cost the same over a hundred calls and over millions.</summary>
public sealed class TrafficFigures
{
    /// <summary>Longest range, days: a leap year and what is left of the day it began on.</summary>
    public const int MostDays = 367;

    /// <summary>Most places of a line over time.</summary>
    public const int MostPoints = 2_000;

    private readonly SortedDictionary<Timestamp, CallSums> _points = [];
    private readonly Dictionary<Disposition, CallSums> _dispositions = [];
    private readonly Dictionary<int, CallSums> _causes = [];
    private readonly Dictionary<int, CallSums> _statuses = [];
    private readonly Dictionary<string, (CallSums Sums, long Effective)> _trunks = new(StringComparer.Ordinal);
    private readonly CallSums[,] _week = new CallSums[7, 24];
    private CallSums _all;
    private long _effective;

    private TrafficFigures(Timestamp from, Timestamp to, TimeSpan step)
    {
        From = from;
        To = to;
        Step = step;
    }

    /// <summary>First instant, at the beginning of an hour.</summary>
    public Timestamp From { get; }

    /// <summary>The instant after the last, at the beginning of an hour.</summary>
    public Timestamp To { get; }

    /// <summary>Length of a place of <see cref="Points"/>.</summary>
    public TimeSpan Step { get; }

    /// <summary>All calls.</summary>
    public CallSums All => _all;

    /// <summary>Network effectiveness (NER, ITU-T E.425): calls that reached the other end's telephone or person, answered or not, of all; 0..1, null without calls.</summary>
    public double? Effectiveness => _all.Calls == 0 ? null : (double)_effective / _all.Calls;

    /// <summary>Calls by when they began, without gaps.</summary>
    public IReadOnlyList<(Timestamp At, CallSums Sums)> Points => [.. _points.Select(static pair => (pair.Key, pair.Value))];

    /// <summary>By outcome, the most first.</summary>
    public IReadOnlyList<(Disposition Disposition, CallSums Sums)> Dispositions => [.. _dispositions.Where(static pair => pair.Value.Calls > 0).OrderByDescending(static pair => pair.Value.Calls).ThenBy(static pair => pair.Key).Select(static pair => (pair.Key, pair.Value))];

    /// <summary>By Q.850 cause, the most first; -1 for none.</summary>
    public IReadOnlyList<(int Cause, CallSums Sums)> Causes => Ordered(_causes);

    /// <summary>By final status, the most first; 0 for none.</summary>
    public IReadOnlyList<(int Status, CallSums Sums)> Statuses => Ordered(_statuses);

    /// <summary>By trunk, the most calls first; empty for none. Beside the sums the effectiveness, 0..1.</summary>
    public IReadOnlyList<(string Trunk, CallSums Sums, double Effectiveness)> Trunks =>
        [.. _trunks.Where(static pair => pair.Value.Sums.Calls > 0).OrderByDescending(static pair => pair.Value.Sums.Calls).ThenBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => (pair.Key, pair.Value.Sums, (double)pair.Value.Effective / pair.Value.Sums.Calls))];

    /// <summary>Mean number of calls at one time (erlang) in a place: what they lasted, by its length.</summary>
    public double Erlangs(CallSums sums) => sums.Duration / (Step.TotalSeconds * 1e6);

    /// <summary>Calls by weekday (0 is Monday) and hour of day, in the zone asked for.</summary>
    public CallSums Week(int weekday, int hour) => _week[weekday, hour];

    /// <summary>Whether the query asks for nothing but what sums by profile tell.</summary>
    public static bool Answers(CallQuery query)
    {
        CallQuery rest = ProfileFilter.Rest(query);
        return rest with { CallerNumbers = [], DialledNumbers = [], CalleeNumbers = [], PartyNumbers = [], Ids = [] } == ProfileFilter.Rest(new CallQuery())
            && rest.CallerNumbers.Count + rest.DialledNumbers.Count + rest.CalleeNumbers.Count + rest.PartyNumbers.Count + rest.Ids.Count == 0;
    }

    /// <summary>A length of place that suits a range: hours up to a week, days beyond.</summary>
    public static TimeSpan StepOf(Timestamp from, Timestamp to) => to - from <= TimeSpan.FromDays(7) ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    /// <summary>Reads them.</summary>
    /// <param name="reader">The sums.</param>
    /// <param name="query">Which calls, by what <see cref="Answers"/> allows; its times do not matter.</param>
    /// <param name="from">First instant; cut to its hour.</param>
    /// <param name="to">The instant after the last; the hour it lies in counts whole.</param>
    /// <param name="step">Length of a place: an hour or whole days.</param>
    /// <param name="zone">Zone of weekdays and hours, and of the days that places begin at.</param>
    public static TrafficFigures Read(ITrafficReader reader, CallQuery query, Timestamp from, Timestamp to, TimeSpan step, TimeZoneInfo zone)
    {
        const long hour = 3_600_000_000;
        Timestamp first = new((long)Math.Floor((double)from.Microseconds / hour) * hour), last = new((long)Math.Ceiling((double)to.Microseconds / hour) * hour);
        var figures = new TrafficFigures(first, last, step);
        for (Timestamp at = PlaceOf(first, step, zone); at < last; at = Next(at, step, zone)) figures._points[at] = default;
        var filter = new ProfileFilter(query);
        reader.VisitHours(first, last, query.Tenant, (Timestamp at, in CallProfile profile, CallSums sums) =>
        {
            if (filter.Meets(profile)) figures.Add(at, profile, sums, zone);
        });
        return figures;
    }

    private void Add(Timestamp at, in CallProfile profile, CallSums sums, TimeZoneInfo zone)
    {
        bool isEffective = IsEffective(profile.Disposition);
        _all.Add(sums);
        if (isEffective) _effective += sums.Calls;
        Add(_points, PlaceOf(at, Step, zone), sums);
        Add(_dispositions, profile.Disposition, sums);
        Add(_causes, profile.Cause ?? -1, sums);
        Add(_statuses, profile.SipStatus, sums);
        (CallSums trunk, long effective) = _trunks.GetValueOrDefault(profile.Trunk);
        trunk.Add(sums);
        _trunks[profile.Trunk] = (trunk, effective + (isEffective ? sums.Calls : 0));
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(at.ToDateTime(), DateTimeKind.Utc), zone);
        _week[((int)local.DayOfWeek + 6) % 7, local.Hour].Add(sums);
    }

    /// <summary>Whether a call came as far as the other end: answered, or busy, not answered, given up or turned down there (ITU-T E.425).</summary>
    public static bool IsEffective(Disposition disposition) =>
        disposition is Disposition.Answered or Disposition.Busy or Disposition.NoAnswer or Disposition.Cancelled or Disposition.Rejected;

    private static void Add<TKey>(IDictionary<TKey, CallSums> sums, TKey key, CallSums more)
    {
        sums.TryGetValue(key, out CallSums known);
        known.Add(more);
        sums[key] = known;
    }

    private static IReadOnlyList<(int Key, CallSums Sums)> Ordered(Dictionary<int, CallSums> sums) =>
        [.. sums.Where(static pair => pair.Value.Calls > 0).OrderByDescending(static pair => pair.Value.Calls).ThenBy(static pair => pair.Key).Select(static pair => (pair.Key, pair.Value))];

    // Days begin at midnight of the zone, so one of them may have 23 or 25 hours.
    private static Timestamp PlaceOf(Timestamp at, TimeSpan step, TimeZoneInfo zone)
    {
        if (step < TimeSpan.FromDays(1)) return at;
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(at.ToDateTime(), DateTimeKind.Utc), zone).Date;
        return Midnight(local, zone);
    }

    private static Timestamp Next(Timestamp at, TimeSpan step, TimeZoneInfo zone)
    {
        if (step < TimeSpan.FromDays(1)) return at + step;
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(at.ToDateTime(), DateTimeKind.Utc), zone).Date;
        return Midnight(local.AddDays(1), zone);
    }

    // Where midnight is left out (clocks set forward at 0:00), the day begins when it is over.
    private static Timestamp Midnight(DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(30);
        return Timestamp.From(new DateTimeOffset(local, zone.GetUtcOffset(local)));
    }
}
