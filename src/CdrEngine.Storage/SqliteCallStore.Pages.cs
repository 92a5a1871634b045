using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Pages by number. A walk is what one viewer was shown of one query: how far each day reached when it began, and places within it, so that a page
// is found from the nearest place and not from the first row.
public sealed partial class SqliteCallStore
{
    private const int RecordsRead = 200;
    private const int RowsRead = 2_000;

    private readonly DayAnswers<long> _counts;
    private readonly Walks _walks;
    private readonly MarkWalks _ofMarks = new();

    /// <inheritdoc />
    public CallSlice Page(CallPageRequest request)
    {
        CallQuery query = request.Query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        int take = Math.Clamp(request.Take, 1, CallQuery.MaxLimit);
        long skip = Math.Max(0, request.Skip);
        string text = CallCursor.TextOf(query);
        return Reading(days =>
        {
            Walk walk = request is { Until: { } until, Where: null } ? _ofMarks.Of(until, text) : request.Until is { } mark ? Begin(days, query, mark) : _walks.Of($"{request.Viewer}|{request.WhereName}|{text}", skip == 0 && !request.GoesOn, () => Begin(days, query));
            lock (walk)
            {
                if (request.MostInAll is { } most && Total(days, query, walk) is var all && all > most) return new CallSlice { Calls = [], HasMore = true, Total = all };
                List<FoundCall> found = request.Where is null
                    ? Plain(days, query, walk, skip, take + 1)
                    : Chosen(days, query, walk, skip, take + 1, request);
                bool more = found.Count > take;
                if (more) found.RemoveRange(take, found.Count - take);
                long? total = null;
                if (request.WantsTotal)
                    total = request.Where is null ? Total(days, query, walk) : ChosenTotal(days, query, walk, request);
                return new CallSlice { Calls = Listed(days, found), HasMore = more, Total = total };
            }
        });
    }

    /// <inheritdoc />
    public ListedCall? Find(string id)
    {
        byte[] bytes = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(id, out DateOnly day, bytes)) return null;
        return Reading(days => days.Get(day) is { } database ? FindListed(database, day, bytes) : null);
    }

    /// <inheritdoc />
    public ListedCall? FindByNumber(long number)
    {
        byte[] first = new byte[CallRow.IdBytes];
        byte[] last = new byte[CallRow.IdBytes];
        if (!CallNumber.TryRead(number, out DateOnly day, first, last, out int rank)) return null;
        return Reading(days =>
        {
            if (days.Get(day) is not { } database) return null;
            List<(byte[] Id, long Document)> ranked = Ranked(database, first, last);
            return rank < ranked.Count ? FindListed(database, day, ranked[rank].Id) : null;
        });
    }

    /// <inheritdoc />
    public long Count(CallQuery query)
    {
        query = query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        return Reading(days => Total(days, query, Begin(days, query)));
    }

    /// <summary>The plan for a walk's page on one day, for tests of the indexes.</summary>
    internal List<string> ExplainPage(CallQuery query, DateOnly day) => Reading(days =>
    {
        SqliteDatabase database = days.Get(day) ?? throw new StoreException($"no records of {day}");
        DayFigures figures = Load(days, database, day);
        var asked = new DayQuestion(query);
        DaySeal? seal = SealOf(days, day);
        SoughtCalls sought = asked.SoughtIn(day, figures, seal) ?? new SoughtCalls(0, 0, 0);
        SelectFrame frame = Frame(days, day) with { Limit = 51, Mark = 1, Offset = 50, Stored = figures.Last, Sought = sought, Found = FoundIn(days, asked, day, seal, sought.Profiles) };
        return CallSelect.BuildFound(database, query, frame).Explain(database);
    });

    /// <summary>How many calls of a day a query finds, where that is told in memory; null where it is not. For tests.</summary>
    internal long? CountTold(CallQuery query, DateOnly day) => Reading(days => FiguresOf(days, day) is { } figures ? KnownCountOf(days, new DayQuestion(query), day, figures) : null);

    private static long LastOf(SqliteDatabase database) => database.Scalar(LastDocument);

    // What is stored by now, or was by a mark, and where sums tell it how many of a day's calls are asked for: both of one state of the day.
    private Walk Begin(OpenDays days, CallQuery query, CallMark? mark = null)
    {
        var walk = new Walk([]);
        var asked = new DayQuestion(query);
        foreach (DateOnly day in DaysOf(query))
        {
            if (FiguresOf(days, day) is not { } figures) continue;
            if (UntilOf(mark, day, figures.Last) is not { } last) continue;
            walk.Marks[day] = last;
            if (last < figures.Last) continue;
            Tell(days, asked, day, walk, figures);
        }

        return walk;
    }

    private static bool IsWhole(CallQuery query, DateOnly day) => !(query.From > StartOf(day)) && !(query.To < StartOf(day.AddDays(1)));

    // What of a day a walk shows; null where nothing.
    private SelectFrame? FrameOf(OpenDays days, DateOnly day, CallQuery query, Walk walk)
    {
        if (!walk.Marks.TryGetValue(day, out long mark)) return null;
        SelectFrame frame = Frame(days, day);
        if (frame.Hidden.HidesAll(query.Tenant, mark)) return null;
        long? last = _figures.Find(day, StampOf(days, day))?.Last ?? (days.Get(day) is { } database ? LastOf(database) : null);
        return last is null ? null : last > mark ? frame with { Mark = mark } : frame;
    }

    // 1. Days before the page are passed by their counts, unless a place is known beyond. 2. Within the day the nearest place is the start.
    // 3. Where the page ended in each day is remembered.
    private List<FoundCall> Plain(OpenDays days, CallQuery query, Walk walk, long skip, int limit)
    {
        var found = new List<FoundCall>();
        var ahead = new List<DayAhead>();
        var asked = new DayQuestion(query);
        long left = skip, expected = 0;
        int together = TogetherAtFirst(asked);
        bool isTold = true;
        foreach (DateOnly day in DaysOf(query))
        {
            if (found.Count >= limit) break;
            if (walk.IsOfMark) Renew(days, asked, day, walk);
            if (KnownCount(days, day, walk) is { } known && known <= left && !walk.Reaches(day, left))
            {
                left -= known;
                continue;
            }

            if (FrameOf(days, day, query, walk) is not { } frame) continue;
            if ((left > 0 || asked.Excluded is not null) && !walk.Reaches(day, left))
            {
                long count = CountOf(days, asked, frame, walk);
                if (count <= left)
                {
                    left -= count;
                    continue;
                }
            }

            if (Narrowed(days, asked, frame) is not { } narrowed) continue;
            (long row, CallCursor? after) = walk.Nearest(day, left);
            SelectFrame its = narrowed with { After = after, Offset = left - row };
            KnownPlaces? places = PlacesOf(days, asked, its, limit - found.Count);
            long? told = places is null ? KnownCount(days, day, walk) - left : places.Places.Count();
            long rows = Math.Max(0, told ?? 0);
            if (places is null || rows > 0) ahead.Add(new DayAhead(its, left) { Known = places, Expected = rows });
            expected += rows;
            left = 0;
            isTold &= told is not null;
            if (ahead.Count >= (isTold ? ReadHelpers.DaysAtOnce : together) || found.Count + expected >= limit) Flush();
        }

        Flush();
        return found;

        void Flush()
        {
            ReadTogether(days, ahead, query, limit - found.Count);
            foreach (DayAhead part in ahead)
            {
                DateOnly day = part.Frame.Day;
                if (found.Count >= limit || days.Get(day) is not { } database) continue;
                List<FoundCall> rows = Marked(days, part.Frame, walk, frame => part.TakeRows(limit - found.Count) ?? CallSelect.Rows(database, query, frame with { Limit = limit - found.Count }));

                // Rows that end before the page does are all there are.
                int most = limit - found.Count;
                if (rows.Count < most && part.Frame is { After: null, Offset: 0 }) walk.Counts.TryAdd(day, (days.HiddenStampOf(day).Text, rows.Count));
                Add(day, part.Left, rows);
            }

            if (!isTold) together = Math.Min(2 * together, ReadHelpers.DaysAtOnce);
            ahead.Clear();
            (expected, isTold) = (0, true);
        }

        void Add(DateOnly day, long before, List<FoundCall> rows)
        {
            int taken = Math.Min(rows.Count, limit - found.Count);
            found.AddRange(rows.Take(taken));

            // The last row is only looked at to know whether there is more.
            int shown = found.Count >= limit ? taken - 1 : taken;
            if (shown > 0) walk.Remember(day, before + shown, new CallCursor(rows[shown - 1].Key, day, rows[shown - 1].Id) { Document = rows[shown - 1].Document }, _limits.WalkPlaces);
        }
    }

    // Records are read and judged; places are counted over all days.
    private List<FoundCall> Chosen(OpenDays days, CallQuery query, Walk walk, long skip, int limit, CallPageRequest request)
    {
        (long row, CallCursor? after) = walk.Nearest(default, skip);
        var found = new List<FoundCall>();
        var passing = new Passing { Left = skip - row };
        foreach (FoundCall call in Judged(days, query, walk, after, request, passing))
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
        if (shown > 0) walk.Remember(default, skip + shown, new CallCursor(found[shown - 1].Key, found[shown - 1].Day, found[shown - 1].Id) { Document = found[shown - 1].Document }, _limits.WalkPlaces);
        return found;
    }

    // Of days of which it is not known those of which nothing is judged are counted as ever, and the others looked at.
    private long ChosenTotal(OpenDays days, CallQuery query, Walk walk, CallPageRequest request)
    {
        if (walk.Total is { } known) return known;
        long total = 0;
        var asked = new DayQuestion(query);
        var parts = JudgedParts.Of(query, request);
        DayQuestion? told = parts.Told is { } others ? new DayQuestion(others) : null;
        var open = new HashSet<DateOnly>();
        foreach (DateOnly day in DaysOf(query))
        {
            if (FrameOf(days, day, query, walk) is not { } frame) continue;
            if (frame.Mark is null && BridgedOf(days, asked, parts, day, walk, request) is { } bridged)
            {
                total += bridged;
                continue;
            }

            if (told is not null) total += Marked(days, frame, walk, frame => CountOf(days, told, frame));
            open.Add(day);
        }

        if (open.Count > 0 && parts.Judged is { } judged) total += Judged(days, judged, walk, null, request, new Passing(), open).LongCount();
        walk.Total = total;
        return total;
    }

    // Days of which it is known how many calls are on the list are passed at once.
    private IEnumerable<FoundCall> Judged(OpenDays days, CallQuery query, Walk walk, CallCursor? after, CallPageRequest request, Passing passing, HashSet<DateOnly>? only = null)
    {
        var parts = JudgedParts.Of(query, request);
        int together = request.WhereTraits == CallTraits.None ? RecordsRead : RowsRead;
        var asked = new DayQuestion(query);
        var judged = new AskedProfiles(new CallQuery { Traits = [new TraitMatch(request.WhereTraits)] });
        foreach (DateOnly day in DaysOf(query))
        {
            if (only?.Contains(day) == false) continue;
            if (after is not null && (query.Ascending ? day < after.Day : day > after.Day)) continue;
            if (FrameOf(days, day, query, walk) is not { } whole) continue;
            CallCursor? from = after?.Day == day ? after : null;
            if (passing.Left > 0 && from is null && whole.Mark is null && BridgedOf(days, asked, parts, day, walk, request) is { } bridged && bridged <= passing.Left)
            {
                passing.Left -= bridged;
                continue;
            }

            if (Narrowed(days, asked, whole) is not { } frame) continue;
            DayBridges? bridges = request.Bridge is not null && frame.Hidden.IsNothing ? SealOf(days, day)?.Bridges : null;

            if (PlacesOf(days, asked, frame with { After = from }) is { } known)
            {
                var sofar = new JudgedSoFar { After = from, Left = passing.Left };
                foreach (FoundCall row in KnownJudged(days, known, day, judged, bridges, request, passing, sofar)) yield return row;
                if (!sofar.IsBroken) continue;
                from = sofar.After;
            }

            if (days.Get(day) is not { } database) continue;
            List<FoundCall> rows;
            do
            {
                rows = Marked(days, frame, walk, frame => CallSelect.Rows(database, query, frame with { After = from, Limit = together, Judged = request.WhereTraits }));
                foreach (FoundCall row in rows)
                {
                    if (row.IsJudged && bridges?.Meets(row.Document, request.Bridge!.Value) is { } meets)
                    {
                        if (meets) yield return row;
                        continue;
                    }

                    if (!row.IsJudged || (RecordOf(database, row.Document) is { } record && request.Where!(record))) yield return row;
                }

                if (rows.Count > 0) from = new CallCursor(rows[^1].Key, day, rows[^1].Id);
            }
            while (rows.Count == together);
        }
    }

    // How many calls of a whole day are on a list of which some are judged by what came of them behind a machine: those are told by the seal, the others by profiles and lengths. Null where it is not known.
    private long? BridgedOf(OpenDays days, DayQuestion asked, JudgedParts parts, DateOnly day, Walk walk, CallPageRequest request)
    {
        if (request.Bridge is not { } bounds || !asked.IsCounted || !IsWhole(asked.Query, day) || !days.HiddenOf(day).IsNothing) return null;
        string hidden = days.HiddenStampOf(day).Text;
        if (walk.Judged.TryGetValue(day, out (string Hidden, long Calls) counted) && counted.Hidden == hidden) return counted.Calls;
        if (SealOf(days, day) is not { } seal || FiguresOf(days, day) is not { } figures || parts.CountIn(asked, figures, seal, bounds) is not { } calls) return null;
        walk.Judged[day] = (hidden, calls);
        return calls;
    }

    private long Total(OpenDays days, CallQuery query, Walk walk)
    {
        if (walk.Total is { } known) return known;
        long total = 0;
        var asked = new DayQuestion(query);
        foreach (DateOnly day in DaysOf(query))
        {
            if (walk.IsOfMark) Renew(days, asked, day, walk);
            if (KnownCount(days, day, walk) is { } count) total += count;
            else if (FrameOf(days, day, query, walk) is { } frame) total += CountOf(days, asked, frame, walk);
        }

        // Of a mark it is less once something was deleted.
        if (!walk.IsOfMark) walk.Total = total;
        return total;
    }

    // Days of a mark are told as a walk begins with them, once for all counts and pages of a list.
    private void Renew(OpenDays days, DayQuestion asked, DateOnly day, Walk walk)
    {
        walk.Renew(day, StampOf(days, day));
        if (walk.Counts.ContainsKey(day) || !walk.Marks.TryGetValue(day, out long last) || FiguresOf(days, day) is not { } figures || last < figures.Last) return;
        Tell(days, asked, day, walk, figures);
    }

    private void Tell(OpenDays days, DayQuestion asked, DateOnly day, Walk walk, DayFigures figures)
    {
        if (!asked.AsksLength && KnownCountOf(days, asked, day, figures) is { } calls) walk.Counts[day] = (days.HiddenStampOf(day).Text, calls);
    }

    private long CountOf(OpenDays days, DayQuestion asked, SelectFrame frame, Walk walk)
    {
        DateOnly day = frame.Day;
        DayStamp hidden = days.HiddenStampOf(day);
        if (KnownCount(days, day, walk) is { } known) return known;
        long calls = Marked(days, frame, walk, frame => CountOf(days, asked, frame));
        walk.Counts[day] = (hidden.Text, calls);
        return calls;
    }

    // Calls stored while it was read are none of the walk: where there are some, it is read again without them.
    private T Marked<T>(OpenDays days, SelectFrame frame, Walk walk, Func<SelectFrame, T> read)
    {
        T found = read(frame);
        if (frame.Mark is not null || !walk.Marks.TryGetValue(frame.Day, out long mark)) return found;

        // Most days are over, and nobody has written to them since the query began: two looks at the file system tell.
        DayStamp before = StampOf(days, frame.Day);
        if (before.IsSettled && StampNow(days, frame.Day).Text == before.Text) return found;
        return days.Get(frame.Day) is { } database && LastOf(database) > mark ? read(frame with { Mark = mark }) : found;
    }

    private static long? KnownCount(OpenDays days, DateOnly day, Walk walk) =>
        walk.Counts.TryGetValue(day, out (string Hidden, long Calls) counted) && counted.Hidden == days.HiddenStampOf(day).Text ? counted.Calls : null;

    private long CountOf(OpenDays days, DayQuestion asked, SelectFrame frame)
    {
        DateOnly day = frame.Day;
        if (OfDay(days, asked, day) is not { } its) return 0;
        asked = its;
        if (asked is { Base: { } all, Excluded: { } excluded }) return CountOf(days, all, frame) - CountOf(days, excluded, frame);
        CallQuery query = asked.Query;
        bool isWhole = IsWhole(query, day);
        if (frame.Mark is null && CountInTime(days, asked, day) is { } inTime) return inTime;
        if (frame.Mark is null && asked is { IsCounted: true, AsksLength: false } && !isWhole) return SumsOf(days, query, asked.Profiles, day).Calls;
        if (frame.Mark is null && FiguresOf(days, day) is { } figures && KnownCountOf(days, asked, day, figures) is { } known) return known;
        if (Narrowed(days, asked, frame) is not { } narrowed || days.Get(day) is not { } database) return 0;

        // A day that lies within the times asked for counts the same whatever they are.
        string key = $"{day.DayNumber}|{frame.Mark}|{(isWhole ? asked.WholeText : asked.Text)}";
        return _counts.GetOrAdd(key, StampOf(days, day), () => CallSelect.Count(database, isWhole ? asked.WholeQuery : query, narrowed));
    }

    // Calls before a page that are yet to be passed.
    private sealed class Passing
    {
        public long Left { get; set; }
    }

    private static Core.Timestamp StartOf(DateOnly day) => Core.Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    private CallRecord? RecordOf(SqliteDatabase database, long document)
    {
        using SqliteStatement find = database.Prepare(RecordingRows.SelectCall);
        return find.Bind(document).Step() ? ReadCall(find) : null;
    }

    private ListedCall? FindListed(SqliteDatabase database, DateOnly day, byte[] id)
    {
        if (IsHidden(database, day, id)) return null;
        long document;
        string? tenant;
        using (SqliteStatement find = database.Prepare(ById))
        {
            if (!find.BindBlob(id.AsSpan()).Step()) return null;
            document = find.Long(0);
            tenant = find.IsNull(1) ? null : find.Text(1);
        }

        return RecordOf(database, document) is { } record ? new ListedCall(record, tenant, NumberOf(database, record.Id, id)) : null;
    }

    // Calls whose ids lie in a range, the one stored first in front. Nearly always one.
    private static List<(byte[] Id, long Document)> Ranked(SqliteDatabase database, byte[] first, byte[] last)
    {
        var ranked = new List<(byte[] Id, long Document)>();
        using SqliteStatement list = database.Prepare("SELECT c.id, c.document FROM calls c WHERE c.id BETWEEN ?1 AND ?2");
        list.BindBlob(first.AsSpan()).BindBlob(last.AsSpan());
        while (list.Step()) ranked.Add((list.Blob(0).ToArray(), list.Long(1)));
        if (ranked.Count > 1) ranked.Sort(static (left, right) => left.Document.CompareTo(right.Document));
        return ranked;
    }

    private static long NumberOf(SqliteDatabase database, string id, byte[] bytes)
    {
        long number = CallNumber.Of(id);
        byte[] first = new byte[CallRow.IdBytes];
        byte[] last = new byte[CallRow.IdBytes];
        if (number < 0 || !CallNumber.TryRead(number, out _, first, last, out _)) return number;
        using (SqliteStatement alone = database.Prepare("SELECT count(*) FROM (SELECT 1 FROM calls WHERE id BETWEEN ?1 AND ?2 LIMIT 2)"))
        {
            if (alone.BindBlob(first.AsSpan()).BindBlob(last.AsSpan()).Step() && alone.Long(0) < 2) return number;
        }

        return CallNumber.Of(id, Ranked(database, first, last).FindIndex(call => call.Id.AsSpan().SequenceEqual(bytes)));
    }
}
