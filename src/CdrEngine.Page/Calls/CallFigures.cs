using CdrEngine.Calls.Figures;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>Sums over the calls that a filter leaves, and the same calls over time. Exact for what they cover: all of them, or all from an instant on where counting them
/// one by one would take longer than a person waits.</summary>
/// <param name="Sums">The sums.</param>
/// <param name="CountedFrom">Where the count ended; null where it is complete.</param>
/// <param name="Chart">The same calls over time; null where there are none.</param>
internal sealed record CallFigures(CallSums Sums, Timestamp? CountedFrom, CallChart? Chart)
{
    /// <summary>Calls up to which a chart is made of the calls themselves.</summary>
    private const int FewCalls = 200;

    /// <summary>Time for counting.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1.2);

    /// <summary>Reads them.</summary>
    public static CallFigures Read(PageRequest request, ICallTotals totals, CallQuery filter)
    {
        ICallReader calls = request.Desk.Calls;
        bool isByProfile = TrafficFigures.Answers(filter);
        CallTotals? whole = isByProfile ? totals.Totals(filter, Budget, request.Gone) : null;
        if (whole is { Sums.Calls: <= FewCalls }) return new CallFigures(whole.Sums, whole.CountedFrom, ByCall(calls, filter));

        // Where the filter does not say when, the archive does: its ends are cheap to find.
        var any = new CallQuery { Tenant = filter.Tenant, Limit = 1 };
        if ((filter.From ?? First(calls, any with { Ascending = true })) is not { } from || First(calls, any) is not { } newest) return new CallFigures(default, null, null);
        Timestamp end = newest + TimeSpan.FromMicroseconds(1), to = filter.To is { } until && until < end ? until : end;
        if (from >= to) return new CallFigures(default, null, null);
        var chart = CallChart.Over(from, to);
        if (whole is not null)
        {
            // The store remembers sums of days, but not by kind; those of hours are read; what is less than an hour is counted.
            if (chart.Step >= TimeSpan.FromDays(1)) chart = ByDay(totals, filter, from, to, chart with { HasKinds = false }, request.Gone);
            else if (request.Desk.Traffic is { } traffic && chart.Step >= TimeSpan.FromHours(1)) ByHour(traffic, totals, filter, from, to, chart, request.Gone);
            else for (int i = 0; i < chart.Bars.Count; i++) AddKinds(totals, filter, chart.At(i, from, to), chart.Bars[i], request.Gone);
            return new CallFigures(whole.Sums, whole.CountedFrom, chart);
        }

        return OneByOne(request, totals, filter, from, to, chart with { HasKinds = false });
    }

    // The latest first: where the time is up, what was counted has no hole.
    private static CallFigures OneByOne(PageRequest request, ICallTotals totals, CallQuery filter, Timestamp from, Timestamp to, CallChart chart)
    {
        TimeProvider time = request.Desk.Options.Time;
        long began = time.GetTimestamp();
        CallSums all = default;
        for (int i = chart.Bars.Count - 1; i >= 0; i--)
        {
            (Timestamp begin, Timestamp end) = chart.At(i, from, to);
            TimeSpan left = Budget - time.GetElapsedTime(began);
            CallTotals counted = left > TimeSpan.Zero
                ? totals.Totals(filter with { From = begin, To = end }, left, request.Gone)
                : new CallTotals { Sums = default, IsComplete = false, CountedFrom = end };
            all.Add(counted.Sums);
            chart.Bars[i][0] += counted.Sums.Answered;
            chart.Bars[i][1] += counted.Sums.Calls - counted.Sums.Answered;
            if (!counted.IsComplete) return new CallFigures(all, counted.CountedFrom ?? end, chart.From(i));
        }

        return new CallFigures(all, null, all.Calls <= FewCalls ? ByCall(request.Desk.Calls, filter) : chart);
    }

    private static CallChart ByDay(ICallTotals totals, CallQuery filter, Timestamp from, Timestamp to, CallChart chart, CancellationToken stop)
    {
        for (int i = 0; i < chart.Bars.Count; i++)
        {
            (Timestamp begin, Timestamp end) = chart.At(i, from, to);
            CallSums sums = totals.Totals(filter with { From = begin, To = end }, Budget, stop).Sums;
            chart.Bars[i][0] = sums.Answered;
            chart.Bars[i][1] = sums.Calls - sums.Answered;
        }

        return chart;
    }

    // Whole hours from sums; of the hours that the filter cuts, what it leaves.
    private static void ByHour(ITrafficReader traffic, ICallTotals totals, CallQuery filter, Timestamp from, Timestamp to, CallChart chart, CancellationToken stop)
    {
        const long hour = 3_600_000_000;
        var first = new Timestamp((from.Microseconds + hour - 1) / hour * hour);
        var last = new Timestamp(to.Microseconds / hour * hour);
        if (first >= last)
        {
            AddKinds(totals, filter, (from, to), chart.Bars[chart.IndexOf(from)], stop);
            return;
        }

        AddKinds(totals, filter, (from, first), chart.Bars[chart.IndexOf(from)], stop);
        AddKinds(totals, filter, (last, to), chart.Bars[chart.IndexOf(last)], stop);
        var asked = new ProfileFilter(filter);
        traffic.VisitHours(first, last, filter.Tenant, (Timestamp at, in CallProfile profile, CallSums sums) =>
        {
            if (asked.Meets(profile)) chart.Bars[chart.IndexOf(at)][CallChart.KindOf(profile.Disposition)] += sums.Calls;
        });
    }

    // What is neither answered nor of the second kind is of the third: two counts for three kinds.
    private static void AddKinds(ICallTotals totals, CallQuery filter, (Timestamp From, Timestamp To) range, double[] bar, CancellationToken stop)
    {
        if (range.From >= range.To) return;
        CallQuery within = filter with { From = range.From, To = range.To };
        CallSums all = totals.Totals(within, Budget, stop).Sums;
        if (all.Calls == 0) return;
        Disposition[] mild = [.. CallChart.NotReached.Where(disposition => filter.Dispositions.Count == 0 || filter.Dispositions.Contains(disposition))];
        long notReached = mild.Length == 0 || all.Answered == all.Calls ? 0 : totals.Totals(within with { Dispositions = mild }, Budget, stop).Sums.Calls;
        bar[0] += all.Answered;
        bar[1] += notReached;
        bar[2] += all.Calls - all.Answered - notReached;
    }

    private static CallChart? ByCall(ICallReader calls, CallQuery filter)
    {
        IReadOnlyList<CallRecord> found = calls.List(filter with { Sort = CallSort.StartedAt, Ascending = false, Limit = FewCalls, Cursor = null, Start = null }).Calls;
        if (found.Count == 0) return null;
        var chart = CallChart.Over(found[^1].StartedAt, found[0].StartedAt + TimeSpan.FromMicroseconds(1));
        foreach (CallRecord call in found) chart.Bars[chart.IndexOf(call.StartedAt)][CallChart.KindOf(call.Disposition)]++;
        return chart;
    }

    private static Timestamp? First(ICallReader calls, CallQuery query) => calls.List(query).Calls is [var call, ..] ? call.StartedAt : null;
}
