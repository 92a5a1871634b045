using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Page.Calls;

/// <summary>Calls over time, in places of equal length.</summary>
/// <param name="Start">Beginning of the first place; a multiple of the length, UTC.</param>
/// <param name="Step">Length of a place.</param>
/// <param name="Bars">Calls by place and kind.</param>
internal sealed record CallChart(Timestamp Start, TimeSpan Step, IReadOnlyList<double[]> Bars)
{
    private const int MostBars = 48;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(3),
        TimeSpan.FromHours(6), TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30),
    ];

    /// <summary>The outcomes of the second kind: not reached for a reason that is nobody's fault.</summary>
    public static IReadOnlyList<Disposition> NotReached { get; } = [.. Enum.GetValues<Disposition>().Where(static disposition => KindOf(disposition) == 1)];

    /// <summary>Whether the kinds are told apart; if not, the second is all that was not answered.</summary>
    public bool HasKinds { get; init; } = true;

    /// <summary>First place that was counted; those before are not known.</summary>
    public int Counted { get; private init; }

    /// <summary>Empty places over a stretch of time.</summary>
    public static CallChart Over(Timestamp from, Timestamp to)
    {
        TimeSpan step = StepOf(to - from);
        long width = (long)step.TotalMicroseconds, start = from.Microseconds - (from.Microseconds % width);
        int count = (int)Math.Max(1, (to.Microseconds - start + width - 1) / width);
        return new CallChart(new Timestamp(start), step, [.. Enumerable.Range(0, count).Select(static _ => new double[3])]);
    }

    /// <summary>The kind of an outcome: 0 answered, 1 not reached for a reason that is nobody's fault, 2 failed.</summary>
    public static int KindOf(Disposition disposition) => disposition switch
    {
        Disposition.Answered or Disposition.InProgress => 0,
        Disposition.Busy or Disposition.NoAnswer or Disposition.Cancelled or Disposition.Redirected => 1,
        _ => 2,
    };

    /// <summary>The place that an instant lies in.</summary>
    public int IndexOf(Timestamp at) => (int)Math.Clamp((at.Microseconds - Start.Microseconds) / (long)Step.TotalMicroseconds, 0, Bars.Count - 1);

    /// <summary>What of a stretch lies in a place.</summary>
    public (Timestamp From, Timestamp To) At(int index, Timestamp from, Timestamp to)
    {
        Timestamp begin = Start + (index * Step);
        return (Timestamp.Max(begin, from), begin + Step < to ? begin + Step : to);
    }

    /// <summary>The same where the count ended in a place.</summary>
    public CallChart From(int index) => this with { Counted = index };

    private static TimeSpan StepOf(TimeSpan span) =>
        Array.Find(Steps, step => span / step <= MostBars) is { Ticks: > 0 } found ? found : TimeSpan.FromTicks(Math.Max(1, (long)Math.Ceiling(span / TimeSpan.FromDays(MostBars * 30.0))) * 30 * TimeSpan.TicksPerDay);
}
