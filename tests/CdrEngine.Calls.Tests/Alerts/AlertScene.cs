using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Alerts;

/// <summary>Rules, facts and what comes of them.</summary>
internal sealed class AlertScene
{
    /// <summary>A Friday, noon in UTC, at the beginning of a window's part whatever its length.</summary>
    public static readonly Timestamp Noon = Timestamp.From(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private readonly List<AlertChange> _changes = [];
    private int _calls;

    public AlertScene(params AlertRule[] rules) => Evaluator = new AlertEvaluator(rules);

    public AlertScene(AlertLimits limits, params AlertRule[] rules) => Evaluator = new AlertEvaluator(rules, limits);

    public AlertEvaluator Evaluator { get; set; }

    public IReadOnlyList<AlertChange> Changes => _changes;

    public IEnumerable<AlertStep> Steps => _changes.Select(static change => change.Step).Where(static step => step != AlertStep.Updated);

    public Alert? Raised => _changes.Where(static change => change.Step == AlertStep.Raised).Select(static change => change.Alert).LastOrDefault();

    public static Timestamp At(double seconds) => Noon + TimeSpan.FromSeconds(seconds);

    public static CallOver Call(double seconds, string? key = null) => new(At(seconds), key ?? $"20261120-{(long)(seconds * 1000):x24}")
    {
        StartedAt = At(seconds - 10),
        Disposition = Disposition.Answered,
        Talk = TimeSpan.FromSeconds(60),
        HasMedia = true,
        Mos = 4.3,
        Delay = TimeSpan.FromSeconds(1),
        Digits = "493012345",
        Caller = "1001",
        Trunk = "carrier",
        Tenant = "acme",
    };

    public AlertScene Take(AlertFact fact)
    {
        Evaluator.Take(fact, _changes);
        return this;
    }

    public AlertScene Calls(int count, double from, double every, Func<CallOver, CallOver> with)
    {
        for (int i = 0; i < count; i++) Take(with(Call(from + (i * every), $"20261120-{++_calls:x24}")));
        return this;
    }

    public AlertScene Advance(double seconds)
    {
        Evaluator.Advance(At(seconds), _changes);
        return this;
    }
}
