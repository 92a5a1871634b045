using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>Holds rules against what happens: facts in, alerts out. Pure: its clock is the time of the facts and of <see cref="Advance"/>.</summary>
/// <remarks>
/// <para>The same facts in the same order give the same alerts, however often and at which instants <see cref="Advance"/> is called between them: what happens
/// without a fact (a figure that sinks because calls leave the window, an end, a reminder) happens at the boundaries of the window's parts, which lie at fixed
/// instants. <see cref="FactOrder"/> puts facts in order.</para>
/// <para>
/// none ── figure over the threshold, sample large enough ──▶ raised (effects: raised)
/// raised ── figure at <see cref="AlertRule.Clear"/> or better for <see cref="AlertRule.ClearAfter"/> ──▶ none (cleared)
/// raised ── <see cref="AlertRule.Remind"/> has passed, or the quiet time it began in is over ──▶ raised (reminded)
/// </para>
/// </remarks>
public sealed partial class AlertEvaluator
{
    private readonly AlertLimits _limits;
    private readonly RuleState[] _rules;
    private readonly PriorityQueue<(RuleState Rule, GroupState Group, Timestamp At), Check> _checks = new();

    /// <summary>An evaluator that has seen nothing.</summary>
    /// <param name="rules">Rules; those that are not enabled are left out.</param>
    /// <param name="limits">Bounds; null: the defaults.</param>
    public AlertEvaluator(IEnumerable<AlertRule> rules, AlertLimits? limits = null)
    {
        _limits = limits ?? new AlertLimits();
        _rules = [.. rules.Where(static rule => rule.IsEnabled).OrderBy(static rule => rule.Name, StringComparer.Ordinal).Select(static rule => new RuleState(rule))];
    }

    /// <summary>How far time has come.</summary>
    public Timestamp Now { get; private set; } = Timestamp.MinValue;

    /// <summary>What was counted.</summary>
    public Counters<AlertCounter> Counters { get; } = new();

    /// <summary>The rules, in order of name.</summary>
    public IEnumerable<AlertRule> Rules => _rules.Select(static rule => rule.Rule);

    /// <summary>Alerts that go on.</summary>
    public IEnumerable<Alert> Open => _rules.SelectMany(static rule => rule.Groups.Values).Select(static group => group.Open).OfType<Alert>();

    /// <summary>How many groups of a rule are watched, by its name.</summary>
    public IReadOnlyDictionary<string, int> Groups => _rules.ToDictionary(static rule => rule.Rule.Name, static rule => rule.Groups.Count, StringComparer.Ordinal);

    /// <summary>Counts a fact. One that is earlier than <see cref="Now"/> counts now.</summary>
    public void Take(AlertFact fact, List<AlertChange> changes)
    {
        if (fact.At < Now) Counters.Increment(AlertCounter.Late);
        Timestamp at = Timestamp.Max(fact.At, Now);
        Advance(at, changes);
        Counters.Increment(AlertCounter.Facts);
        foreach (RuleState rule in _rules)
        {
            if (!rule.Asks(fact)) continue;
            GroupState group = GroupOf(rule, fact);
            bool isBad = group.Figures.Count(fact, at);
            if (isBad && fact is CallOver or CallBegan) group.Note(at, fact as CallOver ?? ((CallBegan)fact).Over, _limits);
            Judge(rule, group, at, changes);
            if (group.Open is not null && group.CheckAt is null) Schedule(rule, group, at);
        }
    }

    /// <summary>Lets time pass: alerts end and are said again.</summary>
    public void Advance(Timestamp now, List<AlertChange> changes)
    {
        while (_checks.TryPeek(out var next, out var when) && when.At <= now)
        {
            _checks.Dequeue();
            if (next.Group.CheckAt != next.At) continue;
            next.Group.CheckAt = null;
            Now = Timestamp.Max(Now, next.At);
            Look(next.Rule, next.Group, next.At, changes);
            if (next.Group.Open is not null) Schedule(next.Rule, next.Group, next.At);
        }

        Now = Timestamp.Max(Now, now);
    }

    // The figure after a fact: it may make an alert, or begin or end the calm of one.
    private void Judge(RuleState rule, GroupState group, Timestamp at, List<AlertChange> changes)
    {
        GroupFigures.Figure figure = group.Figures.At(at);
        if (group.Open is not { } open)
        {
            if (figure.IsEnough && rule.Rule.IsOver(figure.Value)) Raise(rule.Rule, group, figure, at, changes);
            return;
        }

        double worst = figure.IsEnough && rule.Rule.IsWorse(figure.Value, open.Worst) ? figure.Value : open.Worst;
        if (worst != open.Worst || figure.Value != open.Last)
        {
            group.Open = open with { Worst = worst, Last = figure.Value };
            group.IsDirty = true;
        }

        // Too few to say anything is calm as well.
        if (figure.IsEnough && !rule.Rule.IsCalm(figure.Value)) group.CalmSince = null;
        else group.CalmSince ??= at;
    }

    // A boundary of the window's parts: what passes with time.
    private void Look(RuleState rule, GroupState group, Timestamp at, List<AlertChange> changes)
    {
        Judge(rule, group, at, changes);
        if (group.Open is not { } open) return;
        if (group.CalmSince is { } since && at - since >= rule.Rule.ClearAfter)
        {
            Counters.Increment(AlertCounter.Cleared);

            // Whoever was told that it began is told that it is over, at whatever hour; else nobody is.
            changes.Add(new AlertChange(AlertStep.Cleared, open with { ClearedAt = at, UpdatedAt = at }, at));
            group.Open = null;
            group.CalmSince = null;
            group.RemindAt = null;
            group.IsDirty = false;
            return;
        }

        bool isQuiet = rule.Rule.Quiet.Covers(at);
        bool isDue = group.RemindAt is { } due && at >= due;
        if (!isQuiet && (open.IsQuiet || isDue))
        {
            Counters.Increment(AlertCounter.Reminded);
            group.Open = open with { IsQuiet = false, UpdatedAt = at };
            group.RemindAt = NextReminder(rule.Rule, at);
            group.IsDirty = false;
            changes.Add(new AlertChange(AlertStep.Reminded, group.Open, at));
            return;
        }

        if (!group.IsDirty) return;
        group.Open = open with { UpdatedAt = at };
        group.IsDirty = false;
        changes.Add(new AlertChange(AlertStep.Updated, group.Open, at));
    }

    private void Raise(AlertRule rule, GroupState group, GroupFigures.Figure figure, Timestamp at, List<AlertChange> changes)
    {
        (Timestamp At, string Id, Timestamp StartedAt)[] calls = [.. group.Recent.Where(recent => recent.At > at - rule.Window)];
        Counters.Increment(AlertCounter.Raised);
        group.Open = new Alert
        {
            Id = Alert.IdOf(rule.Name, group.Group, at),
            Rule = rule.Name,
            Kind = rule.Kind,
            Severity = rule.Severity,
            Group = group.Group,
            Tenant = group.Group.Tenant ?? (rule.Tenants.Count == 1 ? rule.Tenants[0] : null),
            RaisedAt = at,
            UpdatedAt = at,
            Value = figure.Value,
            Worst = figure.Value,
            Last = figure.Value,
            Threshold = rule.Threshold,
            Limit = rule.Limit,
            Window = rule.Window,
            Total = figure.Total,
            Bad = figure.Bad,
            CallCount = rule.IsOverCalls ? Math.Max(calls.Length, rule.Kind == AlertKind.ConcurrentCalls ? 0 : figure.Bad) : 0,
            Calls = [.. calls.Select(static call => call.Id)],
            CallsFrom = calls.Length == 0 ? null : calls.Min(static call => call.StartedAt),
            CallsTo = calls.Length == 0 ? null : calls.Max(static call => call.StartedAt),
            Prefixes = rule.Prefixes,
            IsQuiet = rule.Quiet.Covers(at),
        };
        group.CalmSince = null;
        group.IsDirty = false;
        group.RemindAt = NextReminder(rule, at);
        changes.Add(new AlertChange(AlertStep.Raised, group.Open, at));
    }

    private static Timestamp? NextReminder(AlertRule rule, Timestamp at) => rule.Remind > TimeSpan.Zero ? at + rule.Remind : null;

    private void Schedule(RuleState rule, GroupState group, Timestamp at)
    {
        Timestamp next = group.Figures.NextPart(at);
        group.CheckAt = next;
        _checks.Enqueue((rule, group, next), new Check(next, group.Open!.Id));
    }

    private GroupState GroupOf(RuleState rule, AlertFact fact)
    {
        AlertGroup key = rule.GroupOf(fact, _limits.NameLength);
        if (rule.Groups.TryGetValue(key, out GroupState? group))
        {
            rule.ByUse.Remove(group.Place!);
            rule.ByUse.AddLast(group.Place!);
            return group;
        }

        if (rule.Groups.Count >= _limits.Groups) MakeRoom(rule);
        return Add(rule, key);
    }

    private GroupState Add(RuleState rule, AlertGroup key)
    {
        var group = new GroupState(key, new GroupFigures(rule.Rule, _limits));
        rule.Groups.Add(key, group);
        group.Place = rule.ByUse.AddLast(group);
        return group;
    }

    // Whoever has an alert stays, unless all do.
    private void MakeRoom(RuleState rule)
    {
        LinkedListNode<GroupState> goes = rule.ByUse.First!;
        for (LinkedListNode<GroupState>? node = goes; node is not null; node = node.Next)
        {
            if (node.Value.Open is not null) continue;
            goes = node;
            break;
        }

        Counters.Increment(AlertCounter.GroupsForgotten);
        goes.Value.CheckAt = null;
        rule.ByUse.Remove(goes);
        rule.Groups.Remove(goes.Value.Group);
    }

    // In an order of their own where the instant is the same, so that a start in between changes nothing.
    private readonly record struct Check(Timestamp At, string Id) : IComparable<Check>
    {
        public int CompareTo(Check other) => At.CompareTo(other.At) is var by && by != 0 ? by : string.CompareOrdinal(Id, other.Id);
    }

    /// <summary>One rule and its groups.</summary>
    private sealed class RuleState(AlertRule rule)
    {
        private readonly HashSet<string> _tenants = new(rule.Tenants, StringComparer.Ordinal);
        private readonly HashSet<string> _trunks = new(rule.Trunks, StringComparer.Ordinal);

        public AlertRule Rule => rule;

        public Dictionary<AlertGroup, GroupState> Groups { get; } = [];

        public LinkedList<GroupState> ByUse { get; } = new();

        /// <summary>Whether a fact is one that the rule counts.</summary>
        public bool Asks(AlertFact fact) => fact switch
        {
            CallOver call => rule.IsOverCalls && IsOf(call),
            CallBegan call => rule.Kind == AlertKind.ConcurrentCalls && IsOf(call.Over),
            CallLoad load => rule.Kind == AlertKind.ConcurrentCalls && load.Scope == rule.By && (rule.Tenants.Count == 0 || _tenants.Contains(load.Tenant ?? "")) && (rule.Trunks.Count == 0 || _trunks.Contains(load.Trunk ?? "")),
            RegistrationFact registration => rule.Kind is AlertKind.RegistrationLoss or AlertKind.RegistrationFlood && (rule.Tenants.Count == 0 || _tenants.Contains(registration.Tenant ?? "")),
            CaptureFact => rule.Kind == AlertKind.CaptureLoss,
            _ => false,
        };

        public AlertGroup GroupOf(AlertFact fact, int nameLength)
        {
            AlertGroup of = fact switch
            {
                CallOver call => OfCall(call),
                CallBegan call => OfCall(call.Over),
                CallLoad load => new AlertGroup { Tenant = load.Tenant, Trunk = load.Trunk },
                RegistrationFact registration => new AlertGroup { Tenant = registration.Tenant, Peer = registration.Server, Caller = registration.Aor, Source = registration.Source },
                CaptureFact capture => new AlertGroup { Source = capture.Source },
                _ => new AlertGroup(),
            };
            return new AlertGroup
            {
                Tenant = Part(AlertScope.Tenant, of.Tenant, nameLength),
                Trunk = Part(AlertScope.Trunk, of.Trunk, nameLength),
                Peer = Part(AlertScope.Peer, of.Peer, nameLength),
                Caller = Part(AlertScope.Caller, of.Caller, nameLength),
                User = Part(AlertScope.User, of.User, nameLength),
                Source = Part(AlertScope.Source, of.Source, nameLength),
                Currency = rule.Kind == AlertKind.UnusualSpend ? of.Currency : null,
            };
        }

        private static AlertGroup OfCall(CallOver call) => new()
        {
            Tenant = call.Tenant,
            Trunk = call.Trunk,
            Peer = call.Peer,
            Caller = call.Caller,
            User = call.User,
            Source = call.Source,
            Currency = call.Currency,
        };

        private string? Part(AlertScope scope, string? text, int nameLength) => !rule.By.HasFlag(scope) || text is null ? null : text.Length <= nameLength ? text : text[..nameLength];

        private bool IsOf(CallOver call) =>
            (rule.Tenants.Count == 0 || (call.Tenant is not null && _tenants.Contains(call.Tenant)))
            && (rule.Trunks.Count == 0 || (call.Trunk is not null && _trunks.Contains(call.Trunk)))
            && (rule.Prefixes.Count == 0 || rule.Prefixes.Any(prefix => call.Digits.StartsWith(prefix, StringComparison.Ordinal)));
    }
}
