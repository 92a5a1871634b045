using System.Collections.Concurrent;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The sessions of which a call log tells more than of their first call: kept in memory from the first list on that asks for it, and read again where calls were written or deleted since. All
/// others are what indexes tell of their one call. Any thread; one reads at a time.</summary>
internal sealed class PortSipSessions
{
    // Days that are read at once.
    private static readonly int s_daysAtOnce = Math.Min(4, Environment.ProcessorCount);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<DateOnly, DaySessions> _days = [];

    // Sessions that have calls of another day than their own, by that day.
    private readonly Dictionary<DateOnly, HashSet<string>> _reaching = [];
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private volatile Known? _all;

    // A first call of which something went on.
    private static readonly CallQuery s_told = new() { IsSessionStart = true, Traits = [new TraitMatch(CallTraits.PassedOn)] };

    // A first call that is linked with others, though nothing went on from it.
    private static readonly CallQuery s_stray = new() { IsSessionStart = true, Flags = CallFlags.Linked, Traits = [new TraitMatch(CallTraits.None, CallTraits.PassedOn)] };

    /// <summary>Whether they were read before.</summary>
    public bool AreKnown => _all is not null;

    /// <summary>All sessions as they are now; null where there are more than are kept.</summary>
    public Known? Now(DialectDesk desk)
    {
        lock (_lock)
        {
            // As long as nothing is written it is the same mark, so that what the store counted for it is known.
            CallMark mark = desk.Calls.Mark();
            if (_all is { } known && IsSame(known.Mark, mark)) mark = known.Mark;
            var reading = new Reading(desk, mark, _texts);
            List<DateOnly> changed = [.. mark.Days.Where(day => !_days.TryGetValue(day.Key, out DaySessions? known) || known.Last != day.Value).Select(static day => day.Key)];
            changed.AddRange(_days.Keys.Where(day => !mark.Days.ContainsKey(day)));
            if (_days.Count == 0 && desk.Calls.Count(s_told, mark) > desk.Options.MostSessions) return null;
            bool isNew = Read(reading, changed);

            // What was deleted is missed in the sums.
            changed.Clear();
            Differing(reading, [.. _days], changed);
            isNew |= Read(reading, changed);
            if (_days.Values.Sum(static day => day.Rows.Length) > desk.Options.MostSessions)
            {
                Forget();
                return null;
            }

            if (isNew || _all is null || _all.Mark != mark) _all = new Known(mark, isNew || _all is null ? [.. _days.Values.SelectMany(static day => day.Rows)] : _all.Rows, _days.Values.Any(static day => day.HasStrays));
            return _all;
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
        _all = null;
    }

    // Reads days anew, and what other days' sessions have of them.
    private bool Read(Reading reading, List<DateOnly> days)
    {
        if (days.Count == 0) return false;
        bool isFirst = _days.Count == 0;
        var touched = new HashSet<string>(StringComparer.Ordinal);
        var read = new ConcurrentDictionary<DateOnly, DaySessions?>();
        Parallel.ForEach(days, new ParallelOptions { MaxDegreeOfParallelism = s_daysAtOnce }, day => read[day] = reading.Day(day));
        foreach ((DateOnly day, DaySessions? sessions) in read)
        {
            if (_reaching.TryGetValue(day, out HashSet<string>? reaching)) touched.UnionWith(reaching);
            if (sessions is null) _days.Remove(day);
            else _days[day] = sessions;
        }

        // Where all is read there are no others.
        if (!isFirst)
        {
            foreach (DateOnly day in days) touched.UnionWith(reading.BegunBefore(day));
        }

        string[] others = [.. touched.Where(id => !read.ContainsKey(DayOf(id)))];
        foreach (string[] some in others.Chunk(CallQuery.MaxLimit))
        {
            Dictionary<string, PortSipSessionRow> anew = reading.Some(some).ToDictionary(static row => row.Id, StringComparer.Ordinal);
            foreach (IGrouping<DateOnly, string> ofDay in some.GroupBy(DayOf))
            {
                if (!_days.TryGetValue(ofDay.Key, out DaySessions? known)) continue;
                var ids = ofDay.ToHashSet(StringComparer.Ordinal);
                PortSipSessionRow[] rows = [.. known.Rows.Where(row => !ids.Contains(row.Id)), .. ids.Where(anew.ContainsKey).Select(id => anew[id])];
                Array.Sort(rows, PortSipSessionRow.Compare);

                // Whether one that is told anew is a stray is not looked at: that there are some is no harm where there are none.
                _days[ofDay.Key] = known with { Rows = rows, HasStrays = true };
            }
        }

        foreach ((string id, DateOnly day) in reading.Reaching())
        {
            if (!_reaching.TryGetValue(day, out HashSet<string>? ids)) _reaching[day] = ids = new HashSet<string>(StringComparer.Ordinal);
            ids.Add(id);
        }

        return true;
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
    /// <param name="Rows">All sessions, in order of their starts.</param>
    /// <param name="HasStrays">Whether first calls are among them that are linked with others, though nothing went on from them.</param>
    internal sealed record Known(CallMark Mark, PortSipSessionRow[] Rows, bool HasStrays);

    /// <summary>The sessions that began on a day.</summary>
    /// <param name="Last">Its last call when it was read.</param>
    /// <param name="Calls">Calls that it had then.</param>
    /// <param name="Rows">They, in order of their starts.</param>
    /// <param name="HasStrays">Whether nothing went on from some of them.</param>
    private sealed record DaySessions(long Last, long Calls, PortSipSessionRow[] Rows, bool HasStrays);

    // What is stored by one time.
    private sealed class Reading(DialectDesk desk, CallMark mark, ConcurrentDictionary<string, string> texts)
    {
        private readonly ConcurrentBag<(string Id, DateOnly Day)> _reaching = [];

        public DaySessions? Day(DateOnly day)
        {
            if (!mark.Days.TryGetValue(day, out long last)) return null;
            PortSipSessionRow[] told = [.. Pages(s_told, day).SelectMany(Rows)], strays = [.. Pages(s_stray, day).SelectMany(Rows)];
            PortSipSessionRow[] all = [.. told, .. strays];
            Array.Sort(all, PortSipSessionRow.Compare);
            return new DaySessions(last, Count(day, day), all, strays.Length > 0);
        }

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
