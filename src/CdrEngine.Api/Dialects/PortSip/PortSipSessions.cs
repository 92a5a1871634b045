using System.Collections.Concurrent;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The sessions of which a call log tells more than of their first call: kept in memory from the first list on that asks for their day. Which of them changed since is told by the store, and these are
/// told anew. All others are what indexes tell of their one call. Any thread; one reads at a time. What is known of days that are over is in files too, so that it need not be told anew at each start.</summary>
internal sealed partial class PortSipSessions
{
    // How often calls of sessions lead to further days: sessions go on for hours, not for weeks.
    private const int MostRounds = 8;

    // Texts that are shared, for each session that is kept and besides: most are numbers that many have.
    private const int MostTexts = 4;
    private const int SomeTexts = 10_000;

    // Sessions that are read at once: of many the garbage collector would copy what was read of them while it is still looked at.
    private const int ToldAtOnce = 200;

    // Days that are looked at at once, and parts of what is told anew.
    private static readonly ParallelOptions s_atOnce = new() { MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount) };

    private readonly Lock _lock = new();
    private readonly SortedDictionary<DateOnly, Day> _days = [];
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private CallMark? _mark;

    // A first call of which something went on.
    private static readonly CallQuery s_told = new() { IsSessionStart = true, Traits = [new TraitMatch(CallTraits.PassedOn)] };

    // A first call that is linked with others, though nothing went on from it.
    private static readonly CallQuery s_stray = new() { IsSessionStart = true, Flags = CallFlags.Linked, Traits = [new TraitMatch(CallTraits.None, CallTraits.PassedOn)] };

    /// <summary>Whether those of all days were read before.</summary>
    public bool AreKnown { get; private set; }

    /// <summary>The sessions that began between two times, as they are now, and perhaps others of the days of these; null where there are more than are kept, or the store does not tell what changed.</summary>
    /// <param name="desk">Tells of calls.</param>
    /// <param name="from">From here on; null for all before.</param>
    /// <param name="to">Up to here; null for all behind.</param>
    public Known? Between(DialectDesk desk, Timestamp? from, Timestamp? to)
    {
        var asked = AskedDays.Of(from, to);
        lock (_lock)
        {
            // What is written from here on is looked at again by the next list, and what the mark leaves out may be told here already.
            (IReadOnlyDictionary<DateOnly, string>? stamps, CallMark mark) = desk.Calls.Together(() => (desk.Calls.DayStamps(), desk.Calls.Mark()));
            if (stamps is null) return null;
            if (_days.Count == 0 && Stored() > desk.Options.MostSessions) return null;
            try
            {
                Look(desk, stamps, asked.Has, ReadBack(desk, stamps));
            }
            catch
            {
                // What was looked at may not have been told. What is in files was.
                Forget();
                _isReadBack = false;
                throw;
            }

            long kept = _days.Values.Sum(static day => (long)(day.Told?.Rows.Length ?? 0));
            if (kept > desk.Options.MostSessions)
            {
                Forget();
                return null;
            }

            // Those of sessions that are no more stay among them; what is told from here on has texts of its own.
            if (_texts.Count > (MostTexts * kept) + SomeTexts) _texts.Clear();

            AreKnown |= from is null && to is null;
            Keep(desk);
            return Told(mark, asked);

            long Stored() => desk.Calls.Count(s_told with { From = asked.First > DateOnly.MinValue ? Begin(asked.First) : null, To = asked.Last < DateOnly.MaxValue ? Begin(asked.Last.AddDays(1)) : null }, mark);
        }
    }

    /// <summary>The same where nothing changed since it was told; null where something has to be told first, and where others just tell it. Begins no reading of its own, and waits for nothing.</summary>
    public Known? AsTold(DialectDesk desk, Timestamp? from, Timestamp? to)
    {
        if (!_lock.TryEnter()) return null;
        try
        {
            var asked = AskedDays.Of(from, to);
            if (_days.Count == 0 || desk.Calls.DayStamps() is not { } stamps || !_days.Keys.All(stamps.ContainsKey)) return null;
            foreach ((DateOnly day, string stamp) in stamps)
            {
                if (_days.TryGetValue(day, out Day? known) ? known.IsOther(stamp) || (known.Told is null && asked.Has(day)) : MayMatter(day, asked.Has)) return null;
            }

            return Told(desk.Calls.Mark(), asked);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private Known Told(CallMark mark, AskedDays asked)
    {
        // As long as nothing is written it is the same mark, so that what the store counted for it is known.
        if (_mark is { } before && IsSame(before, mark)) mark = before;
        _mark = mark;
        PortSipDayRows[] days = [.. _days.Where(day => asked.Has(day.Key)).Select(static day => day.Value.Told).OfType<PortSipDayRows>()];
        return new Known(mark, days, Array.Exists(days, static day => day.HasStrays));
    }

    private static bool IsSame(CallMark one, CallMark other) => one.Days.Count == other.Days.Count && one.Days.All(day => other.Days.TryGetValue(day.Key, out long last) && last == day.Value);

    /// <summary>What finds the first calls of all that memory tells of.</summary>
    /// <param name="hasStrays">Whether some are linked with others, though nothing went on from them.</param>
    public static IEnumerable<CallQuery> Queries(bool hasStrays) => hasStrays ? [s_told, s_stray] : [s_told];

    private void Forget()
    {
        _days.Clear();
        _texts.Clear();
        AreKnown = false;
    }

    // Tells the sessions of the days that are asked for, and all others anew that are told and have changed.
    private void Look(DialectDesk desk, IReadOnlyDictionary<DateOnly, string> stamps, Func<DateOnly, bool> isAsked, HashSet<string> touched)
    {
        foreach (DateOnly gone in _days.Keys.Where(day => !stamps.ContainsKey(day)).ToArray())
        {
            touched.UnionWith(_days[gone].States.Keys);
            _days.Remove(gone);
        }

        // A session's calls may be of any day that it has some of already.
        DateOnly[] looked = [.. stamps.Keys.Where(day => _days.TryGetValue(day, out Day? known) ? known.IsOther(stamps[day]) : MayMatter(day, isAsked))];
        DateOnly[] asked = [.. stamps.Keys.Where(day => isAsked(day) && _days.GetValueOrDefault(day)?.Told is null)];
        for (int round = 0; round < MostRounds; round++)
        {
            var states = new ConcurrentDictionary<DateOnly, IReadOnlyDictionary<string, long>>();
            Parallel.ForEach(looked, s_atOnce, day => states[day] = desk.Calls.SessionStates(day) ?? throw new InvalidOperationException($"The store tells the state of days, but not that of the sessions of {day:yyyy-MM-dd}."));
            foreach ((DateOnly day, IReadOnlyDictionary<string, long> now) in states)
            {
                Day? known = _days.GetValueOrDefault(day);
                touched.UnionWith(known is null ? now.Keys : Differing(known.States, now));
                _days[day] = new Day(stamps[day], now, known?.Told);
            }

            foreach (DateOnly day in asked)
            {
                _days[day] = _days[day] with { Told = new PortSipDayRows([]) };
                touched.UnionWith(_days[day].States.Keys);
            }

            asked = [];
            looked = [.. Tell(desk, touched).Where(day => stamps.ContainsKey(day) && !_days.ContainsKey(day))];
            if (looked.Length == 0) break;
            touched.Clear();
        }
    }

    // A session's calls may be of the next day.
    private static bool MayMatter(DateOnly day, Func<DateOnly, bool> isAsked) => isAsked(day) || (day > DateOnly.MinValue && isAsked(day.AddDays(-1)));

    private static IEnumerable<string> Differing(IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> now) =>
    [
        .. now.Where(session => !before.TryGetValue(session.Key, out long its) || its != session.Value).Select(static session => session.Key),
        .. before.Keys.Where(session => !now.ContainsKey(session)),
    ];

    // Tells some sessions anew, of the days that are told of; gives the days that calls of theirs are of.
    private HashSet<DateOnly> Tell(DialectDesk desk, IEnumerable<string> touched)
    {
        string[] ids = [.. touched.Where(id => TryDayOf(id, out DateOnly day) && _days.GetValueOrDefault(day)?.Told is not null).Order(StringComparer.Ordinal)];
        var rows = new ConcurrentBag<PortSipSessionRow>();
        var reached = new ConcurrentDictionary<DateOnly, bool>();
        Parallel.ForEach(ids.Chunk(ToldAtOnce), s_atOnce, some =>
        {
            foreach ((ListedCall first, SessionRecord session) in Sessions(desk, some))
            {
                rows.Add(Row(desk, first, session));
                foreach (CallRecord call in session.Calls) reached.TryAdd(DayOf(call.StartedAt), true);
            }
        });
        ILookup<DateOnly, PortSipSessionRow> anew = rows.ToLookup(static row => DayOf(row.StartedAt));
        foreach (IGrouping<DateOnly, string> ofDay in ids.GroupBy(static id => TryDayOf(id, out DateOnly day) ? day : default))
        {
            var others = ofDay.ToHashSet(StringComparer.Ordinal);
            PortSipSessionRow[] told = [.. _days[ofDay.Key].Told!.Rows.Where(row => !others.Contains(row.Id)), .. anew[ofDay.Key]];
            Array.Sort(told, PortSipSessionRow.Compare);
            _days[ofDay.Key] = _days[ofDay.Key] with { Told = new PortSipDayRows(told) };
        }

        return [.. reached.Keys];
    }

    // Those of some sessions that are more than their first call, or may be, with it.
    private static IEnumerable<(ListedCall First, SessionRecord Session)> Sessions(DialectDesk desk, string[] ids)
    {
        IReadOnlyDictionary<string, SessionRecord> together = desk.Sessions.SessionsTogether(ids);
        (CallRecord First, SessionRecord Session)[] read =
        [
            .. together.Select(static pair => (First: pair.Value.Calls.First(call => call.Id == pair.Key), Session: pair.Value)).Where(static one => IsMore(one.First)),
        ];
        if (read.Length > 0)
        {
            IReadOnlyDictionary<string, ListedNumber> numbers = desk.Calls.NumbersOf([.. read.Select(static one => one.First.Id)]);
            foreach ((CallRecord first, SessionRecord session) in read)
            {
                // One that was deleted meanwhile has none.
                if (numbers.TryGetValue(first.Id, out ListedNumber its)) yield return (new ListedCall(first, its.Tenant, its.Number), session);
            }
        }

        // Those that go on just now, or that are no more.
        string[] others = [.. ids.Where(id => !together.ContainsKey(id))];
        if (others.Length == 0) yield break;
        ListedCall[] calls = [.. desk.Calls.FindAll(others).Values.Where(static call => IsMore(call.Record))];
        foreach ((ListedCall first, SessionRecord session) in calls.Zip(desk.Sessions.SessionsOf([.. calls.Select(static call => call.Record)]))) yield return (first, session);
    }

    private static bool IsMore(CallRecord first) => first.SessionId == first.Id && (first.Flags.HasFlag(CallFlags.Linked) || CallTraitsReader.Of(first).HasFlag(CallTraits.PassedOn));

    private PortSipSessionRow Row(DialectDesk desk, ListedCall first, SessionRecord session)
    {
        bool isShared = session.Calls.Any(call => call.Tenant != first.Tenant);
        PortSipSessionRow? own = isShared && first.Tenant is { } tenant ? Of(OwnOf(tenant), null, null) : null;
        return Of(session, own, ReachOf(session, DayOf(first.Record.StartedAt)));

        SessionRecord OwnOf(string tenant) =>
            session.Calls.Count > 1 ? SessionArchive.ToldTo(session, tenant) ?? SessionStory.Tell(first.Record.Id, [first.Record]) : PortSipCalls.SessionOf(desk, first.Record, tenant);

        PortSipSessionRow Of(SessionRecord told, PortSipSessionRow? own, DateOnly[]? reached) =>
            new(first, told, desk.Options.Rounding, text => _texts.GetOrAdd(text, text)) { Own = own, Reached = reached };
    }

    // An id may name anything.
    private static bool TryDayOf(string id, out DateOnly day)
    {
        day = default;
        return CallId.IsWellFormed(id) && DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out day);
    }

    private static DateOnly DayOf(Timestamp at) => DateOnly.FromDateTime(at.ToDateTime());

    private static Timestamp Begin(DateOnly day) => Timestamp.From(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary>What is told at one time.</summary>
    /// <param name="Mark">What was stored by then.</param>
    /// <param name="Days">The sessions of each day, in order.</param>
    /// <param name="HasStrays">Whether first calls are among them that are linked with others, though nothing went on from them.</param>
    internal sealed record Known(CallMark Mark, IReadOnlyList<PortSipDayRows> Days, bool HasStrays);

    /// <summary>The days of some times.</summary>
    private readonly record struct AskedDays(DateOnly First, DateOnly Last)
    {
        public static AskedDays Of(Timestamp? from, Timestamp? to) => new(from is { } begin ? DayOf(begin) : DateOnly.MinValue, to is { } end ? DayOf(end) : DateOnly.MaxValue);

        public bool Has(DateOnly day) => day >= First && day <= Last;
    }

    /// <summary>A day that was looked at.</summary>
    /// <param name="Stamp">What its calls were then.</param>
    /// <param name="States">What its sessions were, and those that have calls of it.</param>
    /// <param name="Told">The sessions that began on it; null where it was looked at for those of other days alone.</param>
    private sealed record Day(string Stamp, IReadOnlyDictionary<string, long> States, PortSipDayRows? Told)
    {
        /// <summary>Whether its calls may be others by now.</summary>
        public bool IsOther(string now) => now.Length == 0 || Stamp != now;
    }
}
