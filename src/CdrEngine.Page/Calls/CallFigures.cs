using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>Sums over the calls that a filter leaves, and the newest of them one by one for a chart, each as far as its budget reaches.</summary>
/// <param name="Sums">The sums.</param>
/// <param name="IsComplete">Whether they are of all calls; if not they are of the newest.</param>
/// <param name="CountedFrom">Where the count ended; null where it is complete, or ended by number.</param>
/// <param name="Marks">The newest calls in a few words, the newest first.</param>
/// <param name="AreMarksCut">Whether there are more than these.</param>
internal sealed record CallFigures(CallSums Sums, bool IsComplete, Timestamp? CountedFrom, IReadOnlyList<CallMark> Marks, bool AreMarksCut)
{
    /// <summary>Calls read one by one at most.</summary>
    public const int MostMarks = 5000;

    /// <summary>Time for the sums, and for reading calls one by one.</summary>
    public static readonly TimeSpan SumsBudget = TimeSpan.FromSeconds(1), MarksBudget = TimeSpan.FromSeconds(0.8);

    /// <summary>Reads them.</summary>
    public static CallFigures Read(PageRequest request, CallQuery filter)
    {
        TimeProvider time = request.Desk.Options.Time;
        var marks = new List<CallMark>();
        CallSums own = default;
        long began = time.GetTimestamp();
        string? cursor = null;
        do
        {
            CallPage page = request.Desk.Calls.List(filter with { Sort = CallSort.StartedAt, Ascending = false, Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord call in page.Calls)
            {
                double? mos = CallListColumns.Mos(call);
                marks.Add(new CallMark(call.StartedAt, call.Disposition));
                own.AddCall(call.Disposition == Disposition.Answered, Whole(call.Duration), Whole(call.BillableDuration), call.PostDialDelay is { } delay ? Whole(delay) : null, mos);
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null && marks.Count < MostMarks && time.GetElapsedTime(began) < MarksBudget && !request.Gone.IsCancellationRequested);

        // What was read one by one was all there is, or nothing adds up better.
        if (cursor is null || request.Desk.Totals is not { } totals) return new CallFigures(own, cursor is null, null, marks, cursor is not null);
        CallTotals counted = totals.Totals(filter, SumsBudget, request.Gone);
        return counted.Sums.Calls >= own.Calls
            ? new CallFigures(counted.Sums, counted.IsComplete, counted.CountedFrom, marks, AreMarksCut: true)
            : new CallFigures(own, IsComplete: false, null, marks, AreMarksCut: true);
    }

    private static long Whole(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}

/// <summary>A call as a chart over time needs it.</summary>
/// <param name="At">Its start.</param>
/// <param name="Disposition">How it came out.</param>
internal readonly record struct CallMark(Timestamp At, Disposition Disposition);
