using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Page.Calls;

/// <summary>Sums over the calls that a filter leaves, the newest first, as far as the budget reaches.</summary>
internal sealed class CallTotals
{
    /// <summary>Calls looked at at most.</summary>
    public const int MostCalls = 5000;

    /// <summary>Time spent at most, about.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(1.5);

    private readonly List<CallMark> _marks = [];
    private double _delays;
    private int _delayed;
    private double _scores;
    private int _scored;

    /// <summary>Calls.</summary>
    public int Calls => _marks.Count;

    /// <summary>True where there are more calls than were looked at.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Answered ones.</summary>
    public int Answered { get; private set; }

    /// <summary>Time from answer to end, together.</summary>
    public TimeSpan Talk { get; private set; }

    /// <summary>Mean post-dial delay; null where no call has one.</summary>
    public TimeSpan? PostDialDelay => _delayed == 0 ? null : TimeSpan.FromMilliseconds(_delays / _delayed);

    /// <summary>Mean of the calls' worst streams' scores; null where no call has one.</summary>
    public double? Mos => _scored == 0 ? null : _scores / _scored;

    /// <summary>Mean time from answer to end of answered calls.</summary>
    public TimeSpan? MeanTalk => Answered == 0 ? null : Talk / Answered;

    /// <summary>Each call in a few words, the newest first.</summary>
    public IReadOnlyList<CallMark> Marks => _marks;

    /// <summary>Reads them.</summary>
    public static CallTotals Read(ICallReader calls, CallQuery filter, TimeProvider time, CancellationToken stop)
    {
        var totals = new CallTotals();
        long began = time.GetTimestamp();
        string? cursor = null;
        do
        {
            CallPage page = calls.List(filter with { Sort = CallSort.StartedAt, Ascending = false, Limit = 1000, Cursor = cursor });
            foreach (CallRecord call in page.Calls) totals.Add(call);
            cursor = page.NextCursor;
        }
        while (cursor is not null && totals.Calls < MostCalls && time.GetElapsedTime(began) < LongestTime && !stop.IsCancellationRequested);
        totals.IsCut = cursor is not null;
        return totals;
    }

    private void Add(CallRecord call)
    {
        double? mos = CallListColumns.Mos(call);
        _marks.Add(new CallMark(call.StartedAt, call.Disposition, mos));
        if (call.AnsweredAt is not null)
        {
            Answered++;
            Talk += call.BillableDuration;
        }

        if (call.PostDialDelay is { } delay)
        {
            _delays += delay.TotalMilliseconds;
            _delayed++;
        }

        if (mos is { } score)
        {
            _scores += score;
            _scored++;
        }
    }
}

/// <summary>A call as a chart over time needs it.</summary>
/// <param name="At">Its start.</param>
/// <param name="Disposition">How it came out.</param>
/// <param name="Mos">Its worst stream's score.</param>
internal readonly record struct CallMark(Timestamp At, Disposition Disposition, double? Mos);
