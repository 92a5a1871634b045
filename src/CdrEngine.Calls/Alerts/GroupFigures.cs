using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>What a rule has counted of one group.</summary>
internal sealed class GroupFigures(AlertRule rule, AlertLimits limits)
{
    /// <summary>Windows of the past that unusual spend is held against: a week of hours.</summary>
    public const int PastWindows = 168;

    private readonly AlertWindow _window = new(rule.Window / AlertWindow.Buckets, AlertWindow.Buckets);
    private readonly AlertWindow? _past = rule.Kind == AlertKind.UnusualSpend ? new AlertWindow(rule.Window, PastWindows) : null;
    private readonly List<(Timestamp At, ulong Number, int Length)> _dialled = [];
    private readonly Dictionary<string, Timestamp> _lost = new(StringComparer.Ordinal);

    /// <summary>The figure at an instant.</summary>
    /// <param name="Value">It.</param>
    /// <param name="Total">What was considered.</param>
    /// <param name="Bad">What counts against the rule.</param>
    /// <param name="IsEnough">Whether there is enough to say something.</param>
    internal readonly record struct Figure(double Value, long Total, long Bad, bool IsEnough);

    /// <summary>Calls that go on.</summary>
    public long Level { get; set; }

    /// <summary>First window of the past with anything in it; null before.</summary>
    public long? FirstPast { get; set; }

    public AlertWindow Window => _window;

    public AlertWindow? Past => _past;

    public List<(Timestamp At, ulong Number, int Length)> Dialled => _dialled;

    public Dictionary<string, Timestamp> Lost => _lost;

    public Timestamp NextPart(Timestamp at) => _window.NextAfter(at);

    /// <summary>Counts a fact; true where it counts against the rule.</summary>
    public bool Count(AlertFact fact, Timestamp at)
    {
        switch (fact)
        {
            case CallOver call:
                return Count(call, at);
            case CallBegan:
                if (rule.Kind != AlertKind.ConcurrentCalls) return false;
                Level++;
                return true;
            case CallLoad load:
                if (rule.Kind == AlertKind.ConcurrentCalls) Level = load.Calls;
                return false;
            case CaptureFact capture when rule.Kind == AlertKind.CaptureLoss:
                _window.Add(at, Math.Max(0, capture.Packets) + Math.Max(0, capture.Lost), Math.Max(0, capture.Lost), 0);
                return false;
            case RegistrationFact registration:
                Count(registration, at);
                return false;
            default:
                return false;
        }
    }

    /// <summary>The figure now.</summary>
    public Figure At(Timestamp at)
    {
        switch (rule.Kind)
        {
            case AlertKind.ConcurrentCalls:
                return new Figure(Level, Level, Level, IsEnough: true);
            case AlertKind.RegistrationLoss:
                ForgetLost(at);
                return new Figure(_lost.Count, _lost.Count, _lost.Count, IsEnough: true);
            case AlertKind.SequentialDialling:
                ForgetDialled(at);
                int run = LongestRun();
                return new Figure(run, _dialled.Count, run, IsEnough: true);
            case AlertKind.UnusualSpend:
                return SpendAt(at);
        }

        AlertWindow.Bucket sum = _window.SumAt(at);
        if (rule.Kind is AlertKind.RiskyPrefix or AlertKind.RegistrationFlood) return new Figure(sum.Bad, sum.Total, sum.Bad, IsEnough: true);
        bool enough = sum.Total >= Math.Max(1, rule.Sample);
        if (rule.Kind == AlertKind.LowAnswerRate) return new Figure(sum.Total == 0 ? 100 : 100.0 * (sum.Total - sum.Bad) / sum.Total, sum.Total, sum.Bad, enough && sum.Bad >= rule.AtLeast);
        return new Figure(sum.Total == 0 ? 0 : 100.0 * sum.Bad / sum.Total, sum.Total, sum.Bad, enough && sum.Bad >= Math.Max(1, rule.AtLeast));
    }

    private bool Count(CallOver call, Timestamp at)
    {
        bool isAnswered = call.Disposition == Records.Disposition.Answered;
        switch (rule.Kind)
        {
            case AlertKind.ConcurrentCalls:
                if (call.HasBegun && Level > 0) Level--;
                return false;
            case AlertKind.MosLow:
                return call.Mos is { } mos && Share(at, mos < rule.Limit);
            case AlertKind.OneWayAudio:
                return call.HasMedia && Share(at, call.IsOneWay);
            case AlertKind.Failures:
                return Share(at, call.Disposition is Records.Disposition.Failed or Records.Disposition.NoResponse);
            case AlertKind.ShortCalls:
                return isAnswered && Share(at, call.Talk.TotalSeconds <= rule.Limit);
            case AlertKind.SlowSetup:
                return call.Delay is { } delay && Share(at, delay.TotalSeconds > rule.Limit);
            case AlertKind.LowAnswerRate:
                return Share(at, !isAnswered);
            case AlertKind.RiskyPrefix:
                return Share(at, isBad: true);
            case AlertKind.UnusualSpend:
                if (call.Amount <= 0) return false;
                _window.Add(at, 1, 1, call.Amount);
                _past!.Add(at, 1, 1, call.Amount);
                FirstPast ??= _past.IndexOf(at);
                return true;
            case AlertKind.SequentialDialling:
                return Dial(call, at);
            default:
                return false;
        }
    }

    private bool Share(Timestamp at, bool isBad)
    {
        _window.Add(at, 1, isBad ? 1 : 0, 0);
        return isBad;
    }

    // A number is a number of its length: 0049 and 49 are not neighbours.
    private bool Dial(CallOver call, Timestamp at)
    {
        if (call.Digits.Length is < 2 or > 19 || !ulong.TryParse(call.Digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out ulong number)) return false;
        ForgetDialled(at);
        int known = _dialled.FindIndex(dialled => dialled.Number == number && dialled.Length == call.Digits.Length);
        if (known >= 0) _dialled.RemoveAt(known);
        if (_dialled.Count >= limits.Numbers) _dialled.RemoveAt(0);
        _dialled.Add((at, number, call.Digits.Length));
        return true;
    }

    private void ForgetDialled(Timestamp at)
    {
        int gone = 0;
        while (gone < _dialled.Count && _dialled[gone].At <= at - rule.Window) gone++;
        if (gone > 0) _dialled.RemoveRange(0, gone);
    }

    private int LongestRun()
    {
        if (_dialled.Count == 0) return 0;
        var sorted = new (int Length, ulong Number)[_dialled.Count];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = (_dialled[i].Length, _dialled[i].Number);
        Array.Sort(sorted);
        ulong step = (ulong)Math.Max(1, rule.Limit);
        int best = 1, run = 1;
        for (int i = 1; i < sorted.Length; i++)
        {
            run = sorted[i].Length == sorted[i - 1].Length && sorted[i].Number - sorted[i - 1].Number <= step ? run + 1 : 1;
            best = Math.Max(best, run);
        }

        return best;
    }

    private void Count(RegistrationFact fact, Timestamp at)
    {
        if (rule.Kind == AlertKind.RegistrationFlood)
        {
            if (fact.Kind is RegistrationEventKind.New or RegistrationEventKind.Failed) _window.Add(at, 1, 1, 0);
            return;
        }

        if (rule.Kind != AlertKind.RegistrationLoss) return;
        ForgetLost(at);

        // A device that takes its registration back means to; one whose registration runs out does not.
        if (fact.Kind == RegistrationEventKind.Expired)
        {
            if (_lost.Count < limits.Lost) _lost[fact.Key] = at;
        }
        else if (fact.Kind != RegistrationEventKind.Failed)
        {
            _lost.Remove(fact.Key);
        }
    }

    private void ForgetLost(Timestamp at)
    {
        if (_lost.Count == 0) return;
        foreach ((string id, Timestamp since) in _lost.ToArray())
        {
            if (since <= at - rule.Window) _lost.Remove(id);
        }
    }

    // The window now against the mean of whole windows before it, quiet ones included.
    private Figure SpendAt(Timestamp at)
    {
        AlertWindow.Bucket now = _window.SumAt(at);
        AlertWindow.Bucket all = _past!.SumAt(at);
        long current = _past.IndexOf(at);
        decimal before = all.Sum - _past.Kept.Where(bucket => bucket.Index == current).Sum(static bucket => bucket.Sum);
        long windows = FirstPast is { } first ? Math.Min(PastWindows - 1, current - first) : 0;
        bool enough = windows >= rule.Sample && now.Sum >= (decimal)rule.Limit && now.Sum > 0;
        double mean = windows == 0 ? 0 : (double)before / windows;
        double value = mean > 0 ? (double)now.Sum / mean : now.Sum > 0 ? MostTimes : 0;
        return new Figure(Math.Min(value, MostTimes), now.Total, now.Bad, enough);
    }

    private const double MostTimes = 1_000_000;
}
