using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Days about a bound of times: which of their calls lie within is told by some looks at the day's tables, and the rest by memory as of whole days.
internal sealed partial class PostgresCallStore
{
    private const string FirstFrom = "SELECT c.document FROM calls c WHERE c.day = ? AND c.started_at >= ? ORDER BY c.started_at, c.id LIMIT 1";
    private const string StartedWithin = "SELECT c.document, c.started_at, c.duration_us, c.billsec_us FROM calls c WHERE c.day = ? AND c.started_at >= ? AND c.started_at < ?";

    // Calls of days that lie within times that were asked for.
    private readonly DayAnswers<DayPlaces> _inTime;

    private long _daysLookedAt;

    /// <summary>Days about a bound of times so far that were looked at: for tests.</summary>
    internal long DaysLookedAt => Interlocked.Read(ref _daysLookedAt);

    /// <summary>The plans for looking at a day about a bound, where reading all of it counts as dear: for tests.</summary>
    internal List<string> ExplainTimes(DateOnly day) => _database.Read(session =>
    {
        var lines = new List<string>();
        session.Script("SET enable_seqscan = off");
        foreach ((string sql, object?[] arguments) in ((string, object?[])[])[(FirstFrom, [day, 0L]), (StartedWithin, [day, 0L, 1L])])
        {
            using PostgresRows rows = session.Query("EXPLAIN (COSTS OFF) " + sql, arguments);
            while (rows.Step()) lines.Add(rows.Text(0));
        }

        session.Script("RESET enable_seqscan");
        return lines;
    });

    // Of days of which not all calls lie within the times that are asked for, and memory tells the rest.
    private void FindTimes(Asked asked)
    {
        PostgresQuestion question = asked.Question.Whenever ?? asked.Question;
        if (question.Calls is null || question.Needles.Count > 0) return;
        var open = new List<TimedDay>();
        foreach (StoredDay day in asked.Days)
        {
            bool asksMoments = asked.Query.Moments.Count > 0 && !asked.Whenever.Contains(day.Day);
            if (asked.Places.ContainsKey(day.Day) || !asked.Store.IsWhole(day) || (IsWholeDay(asked.Query, day.Day) && !asksMoments)) continue;
            if (asked.Seals.GetValueOrDefault(day.Day) is not { Seal.Calls: { } known } seal) continue;
            long longest = 0;
            if (asksMoments)
            {
                if (LatestEnd(asked, day) is not { } latest) continue;
                longest = latest - StartOf(day.Day.AddDays(1)).Microseconds;
            }

            string key = string.Create(CultureInfo.InvariantCulture, $"{day.Day.DayNumber}|{asksMoments}|{CallCursor.TextOf(asked.Query with { Ascending = false })}");
            if (_inTime.TryFind(key, StampOf(day), out DayPlaces? places)) Tell(asked, day, question, seal, places);
            else open.Add(new TimedDay(key, day, seal, known, asksMoments ? asked.Query.Moments : [], longest));
        }

        if (open.Count == 0) return;
        Interlocked.Add(ref _daysLookedAt, open.Count);
        Look(asked, open, question);
        foreach (TimedDay day in open)
        {
            DayPlaces places = day.Places(asked.Query);
            _inTime.Keep(day.Key, StampOf(day.Day), places);
            Tell(asked, day.Day, question, day.Seal, places);
        }
    }

    private static void Tell(Asked asked, StoredDay day, PostgresQuestion question, PostgresDaySeal seal, DayPlaces among)
    {
        if (question.PlacesAmong(day.Day, seal, among) is { } places) asked.Tell(day.Day, places, isCounted: true);
    }

    // One message finds where the bounds stand and which calls stand about one; another reads the records of those of which starts and lengths do not tell.
    private static void Look(Asked asked, List<TimedDay> days, PostgresQuestion question)
    {
        var looks = new List<(string Sql, object?[] Arguments)>();
        var told = new List<Action<PostgresRows>>();
        var open = new List<OpenMoment>();
        foreach (TimedDay day in days)
        {
            DateOnly on = day.Day.Day;
            Rank(day, asked.Query.From?.Microseconds);
            Rank(day, asked.Query.To?.Microseconds);
            for (int i = 0; i < day.Moments.Count; i++)
            {
                int range = i;
                MomentStarts starts = day.Starts[range];
                if (starts.AreSome)
                {
                    Rank(day, starts.From);
                    Rank(day, starts.To);
                }

                foreach ((long begin, long end) in starts.Open)
                {
                    looks.Add((StartedWithin, [on, begin, end]));
                    told.Add(row =>
                    {
                        long document = row.Long(0);
                        if (day.Known.PlaceOf(document) is not { } place || !day.Known.Has(place, question.Profiles)) return;
                        var call = new OpenMoment(day, range, document, place, row.Long(1), row.Long(2), row.Long(3));
                        bool isOpen = false;
                        if (call.Meets(() =>
                        {
                            isOpen = true;
                            return null;
                        })) day.Met[range].Add(place);
                        if (isOpen) open.Add(call);
                    });
                }
            }
        }

        foreach ((int at, PostgresRows row) in asked.Session.QueryAll(looks)) told[at](row);
        IGrouping<TimedDay, OpenMoment>[] read = [.. open.GroupBy(static call => call.Day)];
        foreach ((int at, PostgresRows row) in asked.Session.QueryAll(read.Select(static its => DocumentsOf(its.Key.Day.Day, [.. its.Select(static call => call.Document).Distinct()])), keepsPlans: true))
        {
            long document = row.Long(3);
            byte[] json = row.Blob(0);
            foreach (OpenMoment call in read[at].Where(call => call.Document == document && call.Meets(() => CallMoments.Read(json, call.Day.Moments[call.Range].Of)?.Microseconds))) call.Day.Met[call.Range].Add(call.Place);
        }

        void Rank(TimedDay day, long? from)
        {
            if (from is not { } time || !day.Ranks.TryAdd(time, day.Known.Calls)) return;
            looks.Add((FirstFrom, [day.Day.Day, time]));
            told.Add(row => day.Ranks[time] = day.Known.RankOf(row.Long(0)) ?? day.Known.Calls);
        }
    }

    // A day about a bound, and what was found out of it.
    private sealed class TimedDay(string key, StoredDay day, PostgresDaySeal seal, DayCalls known, IReadOnlyList<MomentRange> moments, long longest)
    {
        /// <summary>What it is kept by.</summary>
        public string Key => key;

        /// <summary>The day.</summary>
        public StoredDay Day => day;

        /// <summary>Its seal.</summary>
        public PostgresDaySeal Seal => seal;

        /// <summary>Its calls.</summary>
        public DayCalls Known => known;

        /// <summary>Ranges that neither all of its calls meet nor none.</summary>
        public IReadOnlyList<MomentRange> Moments => moments;

        /// <summary>For each range what starts tell of it.</summary>
        public MomentStarts[] Starts { get; } = [.. moments.Select(range => MomentConditions.StartsOf(range, longest))];

        /// <summary>Where in order of time the first call stands that started at a time or later.</summary>
        public Dictionary<long, int> Ranks { get; } = [];

        /// <summary>For each range the calls that were looked at and meet it.</summary>
        public DayPlaces[] Met { get; } = [.. moments.Select(_ => new DayPlaces(known.Places))];

        /// <summary>The calls that lie within the times of a query, and others to which it never happened.</summary>
        public DayPlaces Places(CallQuery query)
        {
            DayPlaces places = Known.Between(RankOf(query.From?.Microseconds, 0), RankOf(query.To?.Microseconds, Known.Calls));
            for (int i = 0; i < Moments.Count; i++)
                places = places.And(Starts[i].AreSome ? Met[i].Or(Known.Between(RankOf(Starts[i].From, 0), RankOf(Starts[i].To, Known.Calls))) : Met[i]);
            return places;
        }

        private int RankOf(long? from, int otherwise) => from is { } time ? Ranks[time] : otherwise;
    }

    // A call that was looked at.
    private sealed record OpenMoment(TimedDay Day, int Range, long Document, int Place, long Started, long Lasted, long Billed)
    {
        public bool Meets(Func<long?> ofRecord) => MomentConditions.IsMetBy(Day.Moments[Range], Started, Lasted, Billed, ofRecord);
    }
}
