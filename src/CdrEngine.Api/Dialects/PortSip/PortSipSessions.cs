using System.Collections.Concurrent;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The sessions of which a call log tells more than of their first call: kept in memory from the first list on that asks for their day, and read again where calls were written or deleted since. All
/// others are what indexes tell of their one call. Any thread; one reads at a time.</summary>
internal sealed class PortSipSessions
{
    // Days behind its own on which a session may have calls.
    private const int MostDays = 32;

    // Days that are read at once.
    private static readonly int s_daysAtOnce = Math.Min(4, Environment.ProcessorCount);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<DateOnly, DaySessions> _days = [];

    // Sessions that have calls of another day than their own, by that day.
    private readonly Dictionary<DateOnly, HashSet<string>> _reaching = [];
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private CallMark? _mark;

    // A first call of which something went on.
    private static readonly CallQuery s_told = new() { IsSessionStart = true, Traits = [new TraitMatch(CallTraits.PassedOn)] };

    // A first call that is linked with others, though nothing went on from it.
    private static readonly CallQuery s_stray = new() { IsSessionStart = true, Flags = CallFlags.Linked, Traits = [new TraitMatch(CallTraits.None, CallTraits.PassedOn)] };

    /// <summary>Whether those of all days were read before.</summary>
    public bool AreKnown { get; private set; }

    /// <summary>The sessions that began between two times, as they are now, and perhaps others of the days of these; null where there are more than are kept.</summary>
    /// <param name="desk">Tells of calls.</param>
    /// <param name="from">From here on; null for all before.</param>
    /// <param name="to">Up to here; null for all behind.</param>
    public Known? Between(DialectDesk desk, Timestamp? from, Timestamp? to)
    {
        DateOnly first = from is { } begin ? DayOf(begin) : DateOnly.MinValue, last = to is { } end ? DayOf(end) : DateOnly.MaxValue;
        lock (_lock)
        {
            // As long as nothing is written it is the same mark, so that what the store counted for it is known.
            CallMark mark = desk.Calls.Mark();
            if (_mark is { } before && IsSame(before, mark)) mark = before;
            _mark = mark;
            var reading = new Reading(desk, mark, _texts);

            // Of a session that began on a day calls may be of the next, and of any that it has some of already.
            DateOnly behind = last < DateOnly.MaxValue ? last.AddDays(1) : last;
            if (_days.Count == 0 && reading.Told(first, last) > desk.Options.MostSessions) return null;
            Read(reading, Changed(day => day >= first && day <= behind));
            Read(reading, Changed(_reaching.ContainsKey));

            // What was deleted is missed in the sums.
            var differing = new List<DateOnly>();
            Differing(reading, [.. _days.Where(day => day.Key >= first && day.Key <= behind)], differing);
            foreach (KeyValuePair<DateOnly, DaySessions> day in _days.Where(day => day.Key > behind && _reaching.ContainsKey(day.Key)).ToArray()) Differing(reading, [day], differing);
            Read(reading, differing);
            if (_days.Values.Sum(static day => day.Told.Rows.Length) > desk.Options.MostSessions)
            {
                Forget();
                return null;
            }

            AreKnown |= from is null && to is null;
            DaySessions[] days = [.. _days.Where(day => day.Key >= first && day.Key <= last).Select(static day => day.Value)];
            return new Known(mark, [.. days.Select(static day => day.Told)], days.Any(static day => day.Told.HasStrays));

            // Those that are not known as they are now, of those that are known or asked for.
            List<DateOnly> Changed(Func<DateOnly, bool> isAsked) =>
            [
                .. mark.Days.Where(day => _days.TryGetValue(day.Key, out DaySessions? known) ? known.Last != day.Value : isAsked(day.Key)).Select(static day => day.Key),
                .. _days.Keys.Where(day => !mark.Days.ContainsKey(day)),
            ];
        }
    }

    private static bool IsSame(CallMark one, CallMark other) => one.Days.Count == other.Days.Count && one.Days.All(day => other.Days.TryGetValue(day.Key, out long last) && last == day.Value);

    /// <summary>What finds the first calls of all that memory tells of.</summary>
    /// <param name="hasStrays">Whether some are linked with others, though nothing went on from them.</param>
    public static IEnumerable<CallQuery> Queries(bool hasStrays) => hasStrays ? [s_told, s_stray] : [s_told];

    private void Forget()
    {
        _days.Clear();
        _reaching.Clear();
        _texts.Clear();
        AreKnown = false;
    }

    // Reads days anew, and what other days' sessions have of them.
    private void Read(Reading reading, List<DateOnly> days)
    {
        if (days.Count == 0) return;
        var touched = new HashSet<string>(StringComparer.Ordinal);

        // What sessions of other days have of one was read with them where they are read as well.
        DateOnly[] behind = [.. days.Where(day => _days.ContainsKey(day) || _days.Keys.Any(known => known < day && known.AddDays(MostDays) >= day))];
        var read = new ConcurrentDictionary<DateOnly, DaySessions?>();
        Parallel.ForEach(days, new ParallelOptions { MaxDegreeOfParallelism = s_daysAtOnce }, day => read[day] = reading.Day(day));
        foreach ((DateOnly day, DaySessions? sessions) in read)
        {
            if (_reaching.TryGetValue(day, out HashSet<string>? reaching)) touched.UnionWith(reaching);
            if (sessions is null) _days.Remove(day);
            else _days[day] = sessions;
        }

        foreach (DateOnly day in behind) touched.UnionWith(reading.BegunBefore(day));

        string[] others = [.. touched.Where(id => !read.ContainsKey(DayOf(id)))];
        foreach (string[] some in others.Chunk(CallQuery.MaxLimit))
        {
            Dictionary<string, PortSipSessionRow> anew = reading.Some(some).ToDictionary(static row => row.Id, StringComparer.Ordinal);
            foreach (IGrouping<DateOnly, string> ofDay in some.GroupBy(DayOf))
            {
                if (!_days.TryGetValue(ofDay.Key, out DaySessions? its)) continue;
                var ids = ofDay.ToHashSet(StringComparer.Ordinal);
                PortSipSessionRow[] rows = [.. its.Told.Rows.Where(row => !ids.Contains(row.Id)), .. ids.Where(anew.ContainsKey).Select(id => anew[id])];
                Array.Sort(rows, PortSipSessionRow.Compare);
                _days[ofDay.Key] = its with { Told = new PortSipDayRows(rows) };
            }
        }

        foreach ((string id, DateOnly day) in reading.Reaching())
        {
            if (!_reaching.TryGetValue(day, out HashSet<string>? ids)) _reaching[day] = ids = new HashSet<string>(StringComparer.Ordinal);
            ids.Add(id);
        }
    }

    // Days of some that have not as many calls as when they were read: half by half.
    private static void Differing(Reading reading, KeyValuePair<DateOnly, DaySessions>[] days, List<DateOnly> found)
    {
        if (days.Length == 0 || reading.Count(days[0].Key, days[^1].Key) == days.Sum(static day => day.Value.Calls)) return;
        if (days.Length == 1)
        {
            found.Add(days[0].Key);
            return;
        }

        Differing(reading, days[..(days.Length / 2)], found);
        Differing(reading, days[(days.Length / 2)..], found);
    }

    private static DateOnly DayOf(string id) => DateOnly.ParseExact(id.AsSpan(0, 8), "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    private static DateOnly DayOf(Timestamp at) => DateOnly.FromDateTime(at.ToDateTime());

    /// <summary>What is told at one time.</summary>
    /// <param name="Mark">What was stored by then.</param>
    /// <param name="Days">The sessions of each day, in order.</param>
    /// <param name="HasStrays">Whether first calls are among them that are linked with others, though nothing went on from them.</param>
    internal sealed record Known(CallMark Mark, IReadOnlyList<PortSipDayRows> Days, bool HasStrays);

    /// <summary>The sessions that began on a day.</summary>
    /// <param name="Last">Its last call when it was read.</param>
    /// <param name="Calls">Calls that it had then.</param>
    /// <param name="Told">They.</param>
    private sealed record DaySessions(long Last, long Calls, PortSipDayRows Told);

    // What is stored by one time.
    private sealed class Reading(DialectDesk desk, CallMark mark, ConcurrentDictionary<string, string> texts)
    {
        private readonly ConcurrentBag<(string Id, DateOnly Day)> _reaching = [];

        public DaySessions? Day(DateOnly day)
        {
            if (!mark.Days.TryGetValue(day, out long last)) return null;
            PortSipSessionRow[] all = [.. Pages(s_told, day).SelectMany(Rows), .. Pages(s_stray, day).SelectMany(Rows)];
            Array.Sort(all, PortSipSessionRow.Compare);
            return new DaySessions(last, Count(day, day), new PortSipDayRows(all));
        }

        public long Told(DateOnly first, DateOnly last) => desk.Calls.Count(s_told with { From = first > DateOnly.MinValue ? Begin(first) : null, To = last < DateOnly.MaxValue ? Begin(last.AddDays(1)) : null }, mark);

        public long Count(DateOnly first, DateOnly last) => desk.Calls.Count(new CallQuery { From = Begin(first), To = Begin(last.AddDays(1)) }, mark);

        // Sessions of which calls of a day are, that are not the first of theirs.
        public IEnumerable<string> BegunBefore(DateOnly day) => !mark.Days.ContainsKey(day) ? []
            : Pages(new CallQuery { Flags = CallFlags.Linked, Traits = [new TraitMatch(CallTraits.None, CallTraits.SessionStart)] }, day).SelectMany(static calls => calls).Select(static call => call.Record.SessionId)
                .Where(static id => CallId.IsWellFormed(id) && DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", out _));

        // Those of some first calls that are told of still.
        public IEnumerable<PortSipSessionRow> Some(string[] ids) => Rows([.. desk.Calls.FindAll(ids).Values.Where(static call => call.Record.SessionId == call.Record.Id
            && (call.Record.Flags.HasFlag(CallFlags.Linked) || CallTraitsReader.Of(call.Record).HasFlag(CallTraits.PassedOn)))]);

        public IEnumerable<(string Id, DateOnly Day)> Reaching() => _reaching;

        private IEnumerable<IReadOnlyList<ListedCall>> Pages(CallQuery query, DateOnly day)
        {
            CallSlice slice;
            long skip = 0;
            do
            {
                slice = desk.Calls.Page(new CallPageRequest { Query = query with { From = Begin(day), To = Begin(day.AddDays(1)), Ascending = true }, Skip = skip, Take = CallQuery.MaxLimit, Until = mark });
                skip += slice.Calls.Count;
                yield return slice.Calls;
            }
            while (slice.HasMore && slice.Calls.Count > 0);
        }

        private IEnumerable<PortSipSessionRow> Rows(IReadOnlyList<ListedCall> calls)
        {
            IReadOnlyList<SessionRecord> sessions = desk.Sessions.SessionsOf([.. calls.Select(static call => call.Record)]);
            return calls.Zip(sessions, Row);
        }

        private PortSipSessionRow Row(ListedCall first, SessionRecord session)
        {
            DateOnly day = DayOf(first.Record.StartedAt);
            bool isShared = false;
            foreach (CallRecord call in session.Calls)
            {
                isShared |= call.Tenant != first.Tenant;
                if (DayOf(call.StartedAt) is var other && other != day) _reaching.Add((first.Record.Id, other));
            }

            PortSipSessionRow? own = isShared && first.Tenant is { } tenant ? Of(PortSipCalls.SessionOf(desk, first.Record, tenant), null) : null;
            return Of(session, own);

            PortSipSessionRow Of(SessionRecord told, PortSipSessionRow? own) => new(first, told, desk.Options.Rounding, text => texts.GetOrAdd(text, text)) { Own = own };
        }

        private static Timestamp Begin(DateOnly day) => Timestamp.From(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));
    }
}
