namespace CdrEngine.Calls.Totals;

/// <summary>Figures of some calls together. Whole numbers only, so that adding and taking away are exact in any order.</summary>
public record struct CallSums
{
    /// <summary>MOS below which a call counts in the first of <see cref="MosBelow403"/> and its fellows: the classes of user satisfaction (G.107 Annex B).</summary>
    public static IReadOnlyList<double> MosClasses { get; } = [4.03, 3.60, 3.10, 2.58];

    /// <summary>Calls.</summary>
    public long Calls { get; set; }

    /// <summary>Those that were answered (disposition <c>answered</c>).</summary>
    public long Answered { get; set; }

    /// <summary>Microseconds they lasted.</summary>
    public long Duration { get; set; }

    /// <summary>Microseconds from answer to end.</summary>
    public long Billable { get; set; }

    /// <summary>Microseconds of post-dial delay.</summary>
    public long Pdd { get; set; }

    /// <summary>Calls that have a post-dial delay.</summary>
    public long PddCalls { get; set; }

    /// <summary>Millionths of MOS, each call's worst stream.</summary>
    public long Mos { get; set; }

    /// <summary>Calls that have a MOS.</summary>
    public long MosCalls { get; set; }

    /// <summary>Calls with a MOS below 4.03.</summary>
    public long MosBelow403 { get; set; }

    /// <summary>Calls with a MOS below 3.60.</summary>
    public long MosBelow360 { get; set; }

    /// <summary>Calls with a MOS below 3.10.</summary>
    public long MosBelow310 { get; set; }

    /// <summary>Calls with a MOS below 2.58.</summary>
    public long MosBelow258 { get; set; }

    /// <summary>Answered of all (ASR, answer-seizure ratio), 0..1; null without calls.</summary>
    public readonly double? AnswerSeizureRatio => Calls == 0 ? null : (double)Answered / Calls;

    /// <summary>Billable time of an answered call (ACD, average call duration), seconds; null without answered calls.</summary>
    public readonly double? AverageCallSeconds => Answered == 0 ? null : Billable / 1e6 / Answered;

    /// <summary>Mean post-dial delay, seconds; null where no call has one.</summary>
    public readonly double? MeanPddSeconds => PddCalls == 0 ? null : Pdd / 1e6 / PddCalls;

    /// <summary>Mean MOS of the calls that have one; null where none has.</summary>
    public readonly double? MeanMos => MosCalls == 0 ? null : Mos / 1e6 / MosCalls;

    /// <summary>Billable minutes.</summary>
    public readonly double Minutes => Billable / 6e7;

    /// <summary>Adds one call.</summary>
    /// <param name="answered">Whether it was answered.</param>
    /// <param name="duration">Microseconds it lasted.</param>
    /// <param name="billable">Microseconds from answer to end.</param>
    /// <param name="pdd">Microseconds of post-dial delay; null for none.</param>
    /// <param name="mos">MOS of its worst stream; null for none.</param>
    public void AddCall(bool answered, long duration, long billable, long? pdd, double? mos)
    {
        Calls++;
        if (answered) Answered++;
        Duration += duration;
        Billable += billable;
        if (pdd is { } delay)
        {
            Pdd += delay;
            PddCalls++;
        }

        if (mos is not { } worst) return;
        Mos += Millionths(worst);
        MosCalls++;
        if (worst < 4.03) MosBelow403++;
        if (worst < 3.60) MosBelow360++;
        if (worst < 3.10) MosBelow310++;
        if (worst < 2.58) MosBelow258++;
    }

    /// <summary>Adds others, or takes them away.</summary>
    /// <param name="other">The others.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(CallSums other, int sign = 1)
    {
        Calls += sign * other.Calls;
        Answered += sign * other.Answered;
        Duration += sign * other.Duration;
        Billable += sign * other.Billable;
        Pdd += sign * other.Pdd;
        PddCalls += sign * other.PddCalls;
        Mos += sign * other.Mos;
        MosCalls += sign * other.MosCalls;
        MosBelow403 += sign * other.MosBelow403;
        MosBelow360 += sign * other.MosBelow360;
        MosBelow310 += sign * other.MosBelow310;
        MosBelow258 += sign * other.MosBelow258;
    }

    /// <summary>Millionths of a MOS, to the nearest; the databases round the same way.</summary>
    public static long Millionths(double mos) => (long)((mos * 1000000.0) + 0.5);
}
