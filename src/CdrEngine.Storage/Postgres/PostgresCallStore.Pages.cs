using System.Data;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Pages by number: walks as in SqliteCallStore, day by day.
internal sealed partial class PostgresCallStore
{
    private const int FirstRead = 60;
    private const int RecordsRead = 200;
    private const int RowsRead = 2_000;
    private const int MostJudgedTogether = 16;

    /// <inheritdoc />
    public CallSlice Page(CallPageRequest request)
    {
        CallQuery query = request.Query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        int take = Math.Clamp(request.Take, 1, CallQuery.MaxLimit);
        long skip = Math.Max(0, request.Skip);
        string text = CallCursor.TextOf(query);
        TellDays(query);
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            // Marks, rows and sums are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            Walk walk = request is { Until: { } until, Where: null } ? _ofMarks.Of(until, text) : request.Until is { } mark ? Begin(days, mark) : _walks.Of($"{request.Viewer}|{request.WhereName}|{text}", skip == 0 && !request.GoesOn, () => Begin(days, null));
            lock (walk)
            {
                long? known = walk.IsOfMark ? KnownTotal(store, days, walk) : null;
                if (known > request.MostInAll) return new CallSlice { Calls = [], HasMore = true, Total = known };

                // Of a list that was counted the days of the page alone are asked.
                if (known is not null) skip = LeaveOut(days, walk, skip, take + 1);
                StoredDay[] all = [.. days];
                Asked asked = AskedOf(session, store, days, query, request.WantsTotal || skip > 0);
                if (request.Where is null && (request.WantsTotal || skip > 0)) CountTexts(asked);
                if (request.MostInAll is not null || (walk.IsOfMark && request.WantsTotal)) known ??= walk.IsOfMark ? MarkTotal(asked, all, walk) : walk.Total ??= Total(asked, walk);
                if (known > request.MostInAll) return new CallSlice { Calls = [], HasMore = true, Total = known };
                List<FoundCall> found = request.Where is null ? Plain(asked, walk, skip, take + 1) : Chosen(asked, walk, skip, take + 1, request);
                bool more = found.Count > take;
                if (more) found.RemoveRange(take, found.Count - take);
                long? total = null;
                if (request.WantsTotal) total = known ?? (walk.Total ??= request.Where is null ? Total(asked, walk) : JudgedTotal(asked, walk, request));
                return new CallSlice { Calls = Numbered(session, found, asked), HasMore = more, Total = total };
            }
        });
    }

    /// <inheritdoc />
    public ListedCall? Find(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        return CallRow.TryReadId(id, out DateOnly day, bytes) ? _database.Read(session => FindListed(session, day, bytes)) : null;
    }

    /// <inheritdoc />
    public ListedCall? FindByNumber(long number)
    {
        byte[] first = new byte[CallRow.IdBytes];
        byte[] last = new byte[CallRow.IdBytes];
        if (!CallNumber.TryRead(number, out DateOnly day, first, last, out int rank)) return null;
        return _database.Read(session =>
        {
            var ids = new List<byte[]>();
            using (PostgresRows rows = session.Query("SELECT c.id FROM calls c WHERE c.day = ? AND c.id BETWEEN ? AND ? ORDER BY c.document", day, first, last))
            {
                while (rows.Step()) ids.Add(rows.Blob(0));
            }

            return rank < ids.Count ? FindListed(session, day, ids[rank]) : null;
        });
    }

    /// <inheritdoc />
    public long Count(CallQuery query)
    {
        query = query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        TellDays(query);
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            using NpgsqlTransaction? moment = MomentOf(session, query);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            Walk walk = Begin(days, null);
            Asked asked = AskedOf(session, store, days, query, all: true);
            CountTexts(asked);
            return Total(asked, walk);
        });
    }

    // A first page that others stand before.
    private List<FoundCall> Skipped(PostgresSession session, CallQuery query, int limit)
    {
        (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
        Walk walk = Begin(days, null);
        Asked asked = AskedOf(session, store, days, query, all: true);
        CountTexts(asked);
        return Plain(asked, walk, query.Skip, limit);
    }

    // What of a day a walk shows; null where nothing.
    private PostgresFrame? FrameOf(Asked asked, StoredDay day, Walk walk)
    {
        if (!walk.Marks.TryGetValue(day.Day, out long mark) || asked.Store.HidesAll(asked.Query.Tenant, mark)) return null;
        PostgresFrame frame = FrameOf(asked, day);
        return day.LastDocument > mark ? frame with { Mark = mark } : frame;
    }

    // 1. Days before the page are passed by their counts, unless a place is known beyond. 2. Within the day the nearest place is the start.
    // 3. Where the page ended in each day is remembered.
    private List<FoundCall> Plain(Asked asked, Walk walk, long skip, int limit)
    {
        var found = new List<FoundCall>();
        long left = skip;
        var frames = new Dictionary<DateOnly, PostgresFrame>();
        var days = new List<StoredDay>();
        foreach (StoredDay day in asked.Days)
        {
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            if (days.Count == 0 && left > 0 && !walk.Reaches(day.Day, left))
            {
                long count = CountOf(asked, frame, walk);
                if (count <= left)
                {
                    left -= count;
                    continue;
                }
            }

            // Of the first day what stands before the page is left out; of the others nothing is.
            (long row, CallCursor? after) = walk.Nearest(day.Day, days.Count == 0 ? left : 0);
            frames.Add(day.Day, frame with { After = after, Offset = days.Count == 0 ? left - row : 0 });
            days.Add(day);
        }

        bool isFirst = true;
        var ends = new List<(StoredDay Day, long Row, int Last)>();
        foreach (List<StoredDay> together in Together(asked, days, () => limit - found.Count))
        {
            PostgresWindow window = WindowOf(asked, together);
            int wanted = limit - found.Count;
            List<List<FoundCall>> rows = RowsOf(asked, together.ConvertAll(day => frames[day.Day] with { Limit = wanted, Window = window }));
            for (int i = 0; i < rows.Count && found.Count < limit; i++)
            {
                List<FoundCall> here = rows[i];
                if (here.Count > limit - found.Count) here.RemoveRange(limit - found.Count, here.Count - (limit - found.Count));
                found.AddRange(here);

                // The last row is only looked at to know whether there is more.
                int shown = found.Count >= limit ? here.Count - 1 : here.Count;
                long before = isFirst && i == 0 ? left : 0;
                if (shown > 0) ends.Add((together[i], before + shown, found.Count - here.Count + shown - 1));
            }

            isFirst = false;
            if (found.Count >= limit) break;
        }

        Fill(asked.Session, found, Math.Min(found.Count, limit - 1));
        foreach ((StoredDay day, long row, int last) in ends) walk.Remember(day.Day, row, CursorAt(found[last]), _limits.WalkPlaces);
        return found;
    }

    private static CallCursor CursorAt(FoundCall call) => new(call.Key, call.Day, call.Id) { Document = call.Document };

    // Records are read and judged; places are counted over all days.
    private List<FoundCall> Chosen(Asked asked, Walk walk, long skip, int limit, CallPageRequest request)
    {
        (long row, CallCursor? after) = walk.Nearest(default, skip);
        var found = new List<FoundCall>();
        var passing = new Passing { Left = skip - row };
        foreach (FoundCall call in Judged(asked, walk, after, request, passing))
        {
            if (passing.Left > 0)
            {
                passing.Left--;
                continue;
            }

            found.Add(call);
            if (found.Count >= limit) break;
        }

        int shown = Math.Min(found.Count, limit - 1);
        Fill(asked.Session, found, shown);
        if (shown > 0) walk.Remember(default, skip + shown, CursorAt(found[shown - 1]), _limits.WalkPlaces);
        return found;
    }

    // What a seal tells of a bridge is not read: days of which it is known how many calls are on the list are passed at once.
    private IEnumerable<FoundCall> Judged(Asked asked, Walk walk, CallCursor? after, CallPageRequest request, Passing passing)
    {
        var parts = JudgedParts.Of(asked.Query, request);
        Dictionary<DateOnly, PostgresDaySeal> seals = SealsFor(asked, request);
        var frames = new Dictionary<DateOnly, PostgresFrame>();
        var days = new List<StoredDay>();
        foreach (StoredDay day in asked.Days)
        {
            if (after is not null && (asked.Query.Ascending ? day.Day < after.Day : day.Day > after.Day)) continue;
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            frames.Add(day.Day, frame with { After = after?.Day == day.Day ? after : null, Limit = FirstRead, Judged = request.WhereTraits });
            days.Add(day);
        }

        for (int at = 0, size = 1; at < days.Count;)
        {
            if (passing.Left > 0 && frames[days[at].Day].After is null && BridgedOf(asked, frames[days[at].Day], seals, parts, request) is { } bridged && bridged <= passing.Left)
            {
                passing.Left -= bridged;
                at++;
                continue;
            }

            // Behind what is passed some days at a time, ever more of them.
            List<StoredDay> together = days.GetRange(at, passing.Left > 0 ? 1 : Math.Min(size, days.Count - at));
            size = Math.Min(size * 2, MostJudgedTogether);
            at += together.Count;
            PostgresWindow window = WindowOf(asked, together);
            List<List<FoundCall>> rows = RowsOf(asked, together.ConvertAll(day => frames[day.Day] with { Window = window }));
            List<FoundCall> all = [.. rows.SelectMany(static day => day)];
            HashSet<long> on = On(asked, all, seals, request);
            for (int i = 0; i < together.Count; i++)
            {
                foreach (FoundCall call in rows[i])
                {
                    if (on.Contains(call.Document)) yield return call;
                }

                // Whoever goes on reads more of a day together.
                int read = FirstRead;
                for (List<FoundCall> here = rows[i]; here.Count == read;)
                {
                    read = request.WhereTraits == CallTraits.None ? RecordsRead : RowsRead;
                    here = RowsOf(asked, [frames[together[i].Day] with { After = CursorAt(here[^1]), Limit = read, Window = window }])[0];
                    HashSet<long> further = On(asked, here, seals, request);
                    foreach (FoundCall call in here)
                    {
                        if (further.Contains(call.Document)) yield return call;
                    }
                }
            }
        }
    }

    // The documents of those of some rows that are on the list.
    private HashSet<long> On(Asked asked, List<FoundCall> rows, Dictionary<DateOnly, PostgresDaySeal> seals, CallPageRequest request)
    {
        var on = new HashSet<long>();
        var read = new List<FoundCall>();
        var whole = asked.Days.Where(asked.Store.IsWhole).Select(static day => day.Day).ToHashSet();
        foreach (FoundCall row in rows)
        {
            bool? told = !row.IsJudged ? true : request.Bridge is { } bounds && whole.Contains(row.Day) ? seals.GetValueOrDefault(row.Day)?.Seal.Bridges?.Meets(row.Document, bounds) : null;
            if (told == true) on.Add(row.Document);
            else if (told is null) read.Add(row);
        }

        CallRecord?[] records = Records(asked.Session, read);
        for (int i = 0; i < read.Count; i++)
        {
            if (records[i] is { } record && request.Where!(record)) on.Add(read[i].Document);
        }

        return on;
    }

    private long JudgedTotal(Asked asked, Walk walk, CallPageRequest request)
    {
        var parts = JudgedParts.Of(asked.Query, request);
        Dictionary<DateOnly, PostgresDaySeal> seals = SealsFor(asked, request);
        long total = 0;
        var rest = new List<StoredDay>();
        foreach (StoredDay day in asked.Days)
        {
            if (FrameOf(asked, day, walk) is not { } frame) continue;
            if (BridgedOf(asked, frame, seals, parts, request) is { } bridged) total += bridged;
            else rest.Add(day);
        }

        if (rest.Count == 0) return total;
        if (request.WhereTraits == CallTraits.None) return total + Judged(asked with { Days = rest }, walk, null, request, new Passing()).LongCount();
        if (parts.Told is { } told)
        {
            Asked others = AskedOf(asked.Session, asked.Store, [.. rest], told, all: true);
            CountTexts(others);
            total += Total(others, walk);
        }

        return parts.Judged is { } judged ? total + Judged(AskedOf(asked.Session, asked.Store, [.. rest], judged, all: true), walk, null, request, new Passing()).LongCount() : total;
    }

    // How many calls of a day are on a list of which some are judged by what came of them behind a machine; null where no seal tells.
    private static long? BridgedOf(Asked asked, PostgresFrame frame, Dictionary<DateOnly, PostgresDaySeal> seals, JudgedParts parts, CallPageRequest request)
    {
        StoredDay day = frame.Days[0];
        return request.Bridge is { } bounds && frame.Mark is null && asked.Store.IsWhole(day) && IsWholeDay(asked.Query, day.Day) && seals.TryGetValue(day.Day, out PostgresDaySeal? seal)
            ? asked.Question.BridgedIn(seal, parts, bounds)
            : null;
    }

    private Dictionary<DateOnly, PostgresDaySeal> SealsFor(Asked asked, CallPageRequest request) =>
        request.Bridge is null || asked.Seals.Count > 0 ? asked.Seals : _seals.Of(asked.Session, asked.Days);

    private long Total(Asked asked, Walk walk)
    {
        long total = 0;
        foreach (StoredDay day in asked.Days)
        {
            if (FrameOf(asked, day, walk) is { } frame) total += CountOf(asked, frame, walk);
        }

        return total;
    }

    // A walk of a mark keeps what was counted.
    private long CountOf(Asked asked, PostgresFrame frame, Walk walk)
    {
        if (!walk.IsOfMark) return CountOf(asked, frame);
        DateOnly day = frame.Days[0].Day;
        if (walk.Counts.TryGetValue(day, out (string Hidden, long Calls) known)) return known.Calls;
        long calls = CountOf(asked, frame);
        walk.Counts[day] = ("", calls);
        return calls;
    }

    private long CountOf(Asked asked, PostgresFrame frame)
    {
        asked = asked.On(frame.Days[0].Day);
        if (asked.Query.Excluded() is { } excluded)
        {
            // Counted as two questions, each of which seals may answer.
            asked.Base ??= Counting(asked, asked.Query with { Without = null });
            asked.Left ??= Counting(asked, excluded);
            return CountOf(asked.Base, frame.Days[0], frame.Mark) - CountOf(asked.Left, frame.Days[0], frame.Mark);
        }

        if (KnownCount(asked, frame) is { } known) return known;

        // A day that lies within the times asked for counts the same whatever they are.
        StoredDay day = frame.Days[0];
        CallQuery query = asked.QueryOn(day.Day);
        bool whole = IsWholeDay(query, day.Day);
        if (whole) query = query with { From = null, To = null };
        bool summed = whole && frame.Mark is null && asked.Store.IsWhole(day);
        string key = $"{day.Day.DayNumber}|{frame.Mark}|{CallCursor.TextOf(query with { Ascending = false })}";
        return _counts.GetOrAdd(
            key,
            new DayStamp($"{day.Version}|{asked.Store.MarksText}", IsSettled: true),
            () => (summed ? PostgresCallSelect.SumsOutcomes(asked.Session, query, day.Day) : null) ?? PostgresCallSelect.Count(asked.Session, query, frame));
    }

    private static Core.Timestamp StartOf(DateOnly day) => Core.Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    private Asked Counting(Asked asked, CallQuery query)
    {
        Asked counting = AskedOf(asked.Session, asked.Store, [.. asked.Days], query, all: true);
        CountTexts(counting);
        return counting;
    }

    private long CountOf(Asked asked, StoredDay day, long? mark) => asked.Days.Contains(day) ? CountOf(asked, FrameOf(asked, day) with { Mark = mark }) : 0;

    // Calls before a page that are yet to be passed.
    private sealed class Passing
    {
        public long Left { get; set; }
    }
}
