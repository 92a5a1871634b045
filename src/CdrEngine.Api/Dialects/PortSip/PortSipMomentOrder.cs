using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Legs in order of when they rang, were answered or ended, as many as there may be. Stores have them in order of their starts: counts tell between which times a page lies, what happened then is
/// read and put in order. Those to which it never happened come last, as what is null does, by their starts.</summary>
internal sealed class PortSipMomentOrder
{
    private const int PlacesKept = 1_000;

    // Calls that are put in order themselves.
    private const int Few = 200;

    // A place this near before a page is near enough, and how much more than a page is read at once, in calls.
    private const int Near = 300;
    private const int Beside = 50;

    private const int MostAtOnce = 2_000;

    // Counts after which times are halved, where calls are spread so unevenly that reckoning leads nowhere; and counts at all.
    private const int MostReckoned = 6;
    private const int MostCounted = 60;

    private const int MostDoubled = 12;

    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly PortSipKept<MomentList> _lists = new();

    /// <summary>Whether a field is a moment.</summary>
    public static bool IsOne(string field) => field is "rang_at" or "answered_at" or "ended_at";

    /// <summary>One page, and how many calls there are on all; null where indexes do not answer it, and where there are few enough to be read one by one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="asked">What is asked for, in order of a moment.</param>
    /// <param name="context">What conditions are asked of.</param>
    /// <param name="key">Tells the list from others.</param>
    public (long Count, List<ListedCall> Calls)? Page(DialectRequest request, PortSipAsked asked, PortSipNarrowingContext context, string key)
    {
        if (Times(asked, context, new Timestamp(0), null) is null || QueryOf(asked, context, Null(asked, PortSipOperator.Equal)) is not { } never
            || QueryOf(asked, context, Null(asked, PortSipOperator.NotEqual)) is not { } ever) return null;
        ICallPager calls = request.Desk.Calls;
        DateTimeOffset now = request.Desk.Options.Time.GetUtcNow();
        int near = Math.Min(Near, request.Desk.Options.MostJudged);
        if ((asked.Skip == 0 ? null : _lists.Find(key, now)) is not { } list)
        {
            list = asked.Descending ? FromEnd() : new MomentList(calls.Count(In(ever)), calls.Count(In(never)));
            if (list.Happened + list.Never <= Math.Min(Few, request.Desk.Options.MostJudged)) return null;
            _lists.Keep(key, now, list);
        }

        // Where the greatest come first those to which it never happened do, and each part stands the other way round.
        long all = list.Happened + list.Never, beyondPage = Math.Min(asked.Skip + asked.Top, all), first = asked.Descending ? list.Never : list.Happened;
        var found = new List<string>();
        if (asked.Skip < first) found.AddRange(Part(!asked.Descending, asked.Skip, Math.Min(beyondPage, first)));
        if (beyondPage > first) found.AddRange(Part(asked.Descending, Math.Max(0, asked.Skip - first), beyondPage - first));
        return (all, PortSipCalls.Found(calls, found));

        CallQuery In(CallQuery query) => query with { Tenant = request.Tenant };

        IEnumerable<string> Part(bool happened, long from, long to)
        {
            if (!happened) return request.Desk.Reader.List(In(never) with { Ascending = !asked.Descending, Skip = from, Limit = (int)(to - from) }).Calls.Select(static call => call.Id);
            if (!asked.Descending) return Ordered(list, from, to);
            return Enumerable.Reverse(Ordered(list, list.Happened - to, list.Happened - from));
        }

        // The greatest are read first where they come first: how many happened before them is counted, so that what happens meanwhile is none of it.
        MomentList FromEnd()
        {
            Timestamp? begin = request.Desk.Reader.List(In(ever) with { Ascending = false, Skip = asked.Top + Beside, Limit = 1 }).Calls is [var mark] ? Whole(mark.StartedAt) : null, until = null;
            if (begin is not { } from) return new MomentList(calls.Count(In(ever)), calls.Count(In(never)));
            long before = calls.Count(In(Times(asked, context, null, from)!));
            List<string> last = Slice(from, ref until);
            if (until is not null) return new MomentList(calls.Count(In(ever)), calls.Count(In(never)));
            return new MomentList(before + last.Count, calls.Count(In(never))) { Last = last };
        }

        // Those at some places in ascending order.
        List<string> Ordered(MomentList its, long from, long to)
        {
            lock (its)
            {
                if (from >= its.Happened - its.Last.Count) return its.Last.GetRange((int)(from - (its.Happened - its.Last.Count)), (int)(to - from));
                if (from >= to || (its.Places.Count == 0 && !Begin(its))) return [];
                (long at, Timestamp time) = Before(its, from);
                var read = new List<string>();
                for (int longer = 0; read.Count < to - at; longer++)
                {
                    request.Http.RequestAborted.ThrowIfCancellationRequested();

                    // Where nothing happened, nothing may happen for long.
                    TimeSpan span = its.SpanOf(time, to - at - read.Count + Beside) * Math.Pow(2, Math.Min(longer, MostDoubled));
                    Timestamp? until = its.Latest - time <= span + Second ? null : Whole(time + span) + Second;
                    List<string> slice = Slice(time, ref until);
                    read.AddRange(slice);
                    if (until is not { } next) break;
                    if (slice.Count > 0) longer = 0;
                    time = next;
                    its.Add(at + read.Count, time);
                }

                return [.. read.Skip((int)(from - at)).Take((int)(to - from))];
            }
        }

        // Where the first and the last of them began.
        bool Begin(MomentList its)
        {
            CallRecord? earliest = request.Desk.Reader.List(In(ever) with { Ascending = true, Limit = 1 }).Calls.FirstOrDefault(), latest = request.Desk.Reader.List(In(ever) with { Ascending = false, Limit = 1 }).Calls.FirstOrDefault();
            if (earliest is null || latest is null) return false;
            its.Latest = Whole(latest.StartedAt) + Minutes;
            its.Add(0, Whole(earliest.StartedAt - CallMoments.Disorder));
            return true;
        }

        // A place not far before one.
        (long At, Timestamp Time) Before(MomentList its, long place)
        {
            for (int counted = 0; counted < MostCounted; counted++)
            {
                (long at, Timestamp time, long beyond, Timestamp end) = its.Around(place);
                if (place - at <= near) return (at, time);
                double part = counted < MostReckoned ? (place - at - (near / 2.0)) / (beyond - at) : 0.5;
                var middle = Whole(new Timestamp(time.Microseconds + (long)((end.Microseconds - time.Microseconds) * part)));
                if (middle <= time || middle >= end) return (at, time);
                its.Add(calls.Count(In(Times(asked, context, null, middle)!)), middle);
            }

            (long nearest, Timestamp begin, _, _) = its.Around(place);
            return (nearest, begin);
        }

        // What happened between two times, or from one on, in order; up to an earlier time where that is more than should be read at once.
        List<string> Slice(Timestamp from, ref Timestamp? until)
        {
            while (true)
            {
                CallQuery query = In(Times(asked, context, from, until)!) with { Ascending = true, Limit = CallQuery.MaxLimit };
                bool isShort = until - from <= Second;
                var slice = new List<CallRecord>();
                string? cursor = null;
                do
                {
                    CallPage page = request.Desk.Reader.List(query with { Cursor = cursor });
                    slice.AddRange(page.Calls);
                    cursor = page.NextCursor;
                }
                while (cursor is not null && (isShort || slice.Count < MostAtOnce));
                if (cursor is null) return [.. slice.OrderBy(call => MomentOf(asked.OrderBy, call)).Select(static call => call.Id)];

                // Of all that follows, what happened before the middle one of those that were read began.
                Timestamp half = until is { } end ? new Timestamp(from.Microseconds + ((end.Microseconds - from.Microseconds) / 2)) : Timestamp.Max(from + Second, slice[slice.Count / 2].StartedAt);
                until = Timestamp.Max(Whole(half), from + Second);
            }
        }
    }

    // Whole seconds, as they are shown: those of one second stand by their starts.
    private static long MomentOf(string field, CallRecord call) =>
        Whole((field switch { "rang_at" => call.RangAt, "answered_at" => call.AnsweredAt, _ => call.EndedAt }) ?? Timestamp.MaxValue).Microseconds;

    private static Timestamp Whole(Timestamp at)
    {
        long rest = at.Microseconds % Timestamp.MicrosecondsPerSecond;
        return new Timestamp(at.Microseconds - (rest < 0 ? rest + Timestamp.MicrosecondsPerSecond : rest));
    }

    private static PortSipComparison Null(PortSipAsked asked, PortSipOperator comparison) => new(asked.OrderBy, comparison, null, default, 0);

    private static CallQuery? Times(PortSipAsked asked, PortSipNarrowingContext context, Timestamp? from, Timestamp? until)
    {
        PortSipComparison? least = from is { } begin ? At(PortSipOperator.GreaterOrEqual, begin) : null, most = until is { } end ? At(PortSipOperator.Less, end) : null;
        return QueryOf(asked, context, least is not null && most is not null ? new PortSipJunction(false, least, most) : (PortSipCondition?)least ?? most ?? Null(asked, PortSipOperator.NotEqual));

        PortSipComparison At(PortSipOperator comparison, Timestamp time) => new(asked.OrderBy, comparison, time.ToString(), time, 0);
    }

    private static CallQuery? QueryOf(PortSipAsked asked, PortSipNarrowingContext context, PortSipCondition condition)
    {
        PortSipNarrowing narrowing = PortSipNarrowing.Of(asked.Condition is { } first ? new PortSipJunction(false, first, condition) : condition, context);
        CallQuery query = narrowing.Query();
        return narrowing.IsExact ? query with { Text = asked.Search ?? query.Text } : null;
    }

    // A list as its first page was told, and times before which so many of it happened. Under its lock.
    private sealed class MomentList(long happened, long never)
    {
        public long Happened => happened;

        public long Never => never;

        /// <summary>The last of them in order, as they were when the first page was asked for; empty where they are not known.</summary>
        public List<string> Last { get; init; } = [];

        /// <summary>Hardly any happened later, and none is before its first place.</summary>
        public Timestamp Latest { get; set; }

        public SortedList<long, Timestamp> Places { get; } = [];

        public void Add(long place, Timestamp time)
        {
            if (place >= happened)
            {
                if (time < Latest) Latest = time;
                return;
            }

            // Of several times before which as many happened, the latest.
            if (Places.TryGetValue(place, out Timestamp known) ? known < time : Places.Count < PlacesKept) Places[place] = time;
        }

        /// <summary>The nearest known place that is not behind one, and the next behind that.</summary>
        public (long At, Timestamp Time, long Beyond, Timestamp End) Around(long place)
        {
            int at = Math.Max(0, PortSipKept.UpTo(Places, place) - 1);
            return at + 1 < Places.Count
                ? (Places.Keys[at], Places.Values[at], Places.Keys[at + 1], Places.Values[at + 1])
                : (Places.Keys[at], Places.Values[at], happened, Timestamp.Max(Latest, Places.Values[at] + Second));
        }

        /// <summary>How long about so many take to happen from a time on.</summary>
        public TimeSpan SpanOf(Timestamp time, long calls)
        {
            int at = Places.Count - 1;
            while (at > 0 && Places.Values[at] > time) at--;
            (_, Timestamp begin, long beyond, Timestamp end) = Around(Places.Keys[at]);
            return TimeSpan.FromMicroseconds(Math.Clamp((end - begin).TotalMicroseconds * calls / Math.Max(1, beyond - Places.Keys[at]), 0, Longest.TotalMicroseconds));
        }
    }
}
