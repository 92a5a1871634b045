namespace CdrEngine.Calls.Alerts;

/// <summary>One rule: what is counted, over how long, by what, and from when on it is an alert. Immutable.</summary>
public sealed record AlertRule
{
    /// <summary>Its name: letters, digits, hyphens and underscores.</summary>
    public required string Name { get; init; }

    /// <summary>What it watches.</summary>
    public required AlertKind Kind { get; init; }

    /// <summary>False where it is set up and not evaluated.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>How urgent its alerts are.</summary>
    public AlertSeverity Severity { get; init; } = AlertSeverity.Warning;

    /// <summary>By what calls are told apart.</summary>
    public AlertScope By { get; init; }

    /// <summary>The figure from which on it is an alert: percent of a share, a number, or a multiple (see <see cref="AlertKind"/>). Of
    /// <see cref="AlertKind.LowAnswerRate"/> the figure down to which.</summary>
    public double Threshold { get; init; }

    /// <summary>The figure at which it is over: not above the threshold (of <see cref="AlertKind.LowAnswerRate"/> not below).</summary>
    public double Clear { get; init; }

    /// <summary>For so long the figure has to be at <see cref="Clear"/> or better.</summary>
    public TimeSpan ClearAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What makes a call count against its rule: MOS below, seconds of talk or of delay, step between numbers, least amount.</summary>
    public double Limit { get; init; }

    /// <summary>Over how long is counted. Held in <see cref="AlertWindow.Buckets"/> parts.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Calls (packets, windows of the past) without which nothing is said.</summary>
    public long Sample { get; init; } = 1;

    /// <summary>Of these at least so many that count against the rule.</summary>
    public long AtLeast { get; init; } = 1;

    /// <summary>How often to say again that it goes on; zero for never.</summary>
    public TimeSpan Remind { get; init; }

    /// <summary>When nobody is to be told.</summary>
    public QuietTimes Quiet { get; init; } = QuietTimes.None;

    /// <summary>Only calls of these tenants; empty for all.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>Only calls over these trunks; empty for all.</summary>
    public IReadOnlyList<string> Trunks { get; init; } = [];

    /// <summary>Only calls to numbers that begin so: digits in full international form, without <c>+</c>; empty for all.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>True where stored calls tell all that it asks for: those of registrations and of the capture they do not.</summary>
    public bool IsOverCalls => Kind is not (AlertKind.RegistrationLoss or AlertKind.RegistrationFlood or AlertKind.CaptureLoss);

    /// <summary>Whether the figure is a share in percent.</summary>
    public bool IsShare => IsShareOf(Kind);

    /// <summary>Whether the figure of a kind is a share in percent.</summary>
    public static bool IsShareOf(AlertKind kind) => kind is AlertKind.MosLow or AlertKind.OneWayAudio or AlertKind.Failures or AlertKind.ShortCalls or AlertKind.CaptureLoss or AlertKind.SlowSetup or AlertKind.LowAnswerRate;

    /// <summary>Whether a figure makes an alert.</summary>
    public bool IsOver(double value) => Kind == AlertKind.LowAnswerRate ? value <= Threshold : value >= Threshold;

    /// <summary>Whether a figure lets an alert go.</summary>
    public bool IsCalm(double value) => Kind == AlertKind.LowAnswerRate ? value >= Clear : value <= Clear;

    /// <summary>Whether a figure is worse than another.</summary>
    public bool IsWorse(double value, double than) => Kind == AlertKind.LowAnswerRate ? value < than : value > than;

    /// <summary>Tells rules apart whose windows do not fit each other.</summary>
    internal string Shape => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(int)Kind}/{(int)By}/{Window.Ticks}/{Limit}/{string.Join(',', Tenants)}/{string.Join(',', Trunks)}/{string.Join(',', Prefixes)}");

    /// <summary>What is wrong with the rule, in words that name its keys; null where nothing is.</summary>
    public string? Fault()
    {
        if (Window < TimeSpan.FromSeconds(AlertWindow.Buckets)) return $"window: it is at least {AlertWindow.Buckets} s";
        if (IsShare && Threshold is < 0 or > 100) return "threshold: a share is 0 to 100 percent";
        if (!IsShare && Threshold <= 0) return "threshold: it is more than 0";
        if (Kind == AlertKind.LowAnswerRate ? Clear < Threshold : Clear > Threshold)
            return Kind == AlertKind.LowAnswerRate ? "clear: it is not below the threshold, or an alert would never end" : "clear: it is not above the threshold, or an alert would never end";
        if (Kind == AlertKind.RiskyPrefix && Prefixes.Count == 0) return "prefixes: which numbers are risky is to be said";
        if (Kind == AlertKind.UnusualSpend && Sample < 1) return "sample: at least one window of the past is needed";
        if (!IsOverCalls && (Trunks.Count > 0 || Prefixes.Count > 0)) return "trunks, prefixes: neither registrations nor the capture have any";
        AlertScope known = Kind switch
        {
            AlertKind.ConcurrentCalls => AlertScope.Tenant | AlertScope.Trunk,
            AlertKind.CaptureLoss => AlertScope.Source,
            AlertKind.RegistrationLoss or AlertKind.RegistrationFlood => AlertScope.Tenant | AlertScope.Peer | AlertScope.Caller | AlertScope.Source,
            _ => AlertScope.Tenant | AlertScope.Trunk | AlertScope.Peer | AlertScope.Caller | AlertScope.User | AlertScope.Source,
        };
        if ((By & ~known) != AlertScope.None) return $"by: this kind has no {Names(By & ~known)}; it takes {Names(known)}";
        return Kind == AlertKind.CaptureLoss && Tenants.Count > 0 ? "tenants: the capture has none" : null;
    }

    /// <summary>The names of scopes, with commas.</summary>
    public static string Names(AlertScope scope) =>
        string.Join(", ", Records.EnumNames<AlertScope>.All.Where(pair => pair.Value != AlertScope.None && scope.HasFlag(pair.Value)).Select(static pair => pair.Name));
}

/// <summary>Bounds of what the evaluation keeps.</summary>
public sealed record AlertLimits
{
    /// <summary>Groups of a rule (a tenant, a trunk, a caller …). Default 5,000; the one without an alert that was not heard of for longest makes room.</summary>
    public int Groups { get; init; } = 5_000;

    /// <summary>Calls that an alert names. Default 50; all of them are found by its query.</summary>
    public int Calls { get; init; } = 50;

    /// <summary>Numbers that a caller dialled, remembered to look for runs. Default 256; the oldest go.</summary>
    public int Numbers { get; init; } = 256;

    /// <summary>Registrations of a group that are remembered as lost. Default 2,000; further ones are not counted.</summary>
    public int Lost { get; init; } = 2_000;

    /// <summary>Characters of a text from the wire that names a group. Default 128.</summary>
    public int NameLength { get; init; } = 128;
}
