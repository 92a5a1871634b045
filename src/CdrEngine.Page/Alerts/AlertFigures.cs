using CdrEngine.Calls.Alerts;
using CdrEngine.Page.Kit;

namespace CdrEngine.Page.Alerts;

/// <summary>What the figures of alerts and rules are, in words and with their units.</summary>
internal static class AlertFigures
{
    /// <summary>A figure of a kind with its unit: <c>30%</c>, <c>5.0 times</c>, <c>1 000</c>.</summary>
    public static string Text(AlertKind kind, double value) => Unit(kind) switch
    {
        "%" => $"{Words.Number(value, value == Math.Floor(value) ? 0 : value < 1 ? 2 : 1)}%",
        "times" => $"{Words.Number(value, 1)} times",
        _ => Words.Number(value, value == Math.Floor(value) ? 0 : 1),
    };

    /// <summary>Unit of the figures of a kind; empty for a number of things.</summary>
    public static string Unit(AlertKind kind) => AlertRule.IsShareOf(kind) ? "%" : kind == AlertKind.UnusualSpend ? "times" : "";

    /// <summary>What the limit of a kind is; null where it has none.</summary>
    public static string? LimitOf(AlertKind kind) => kind switch
    {
        AlertKind.MosLow => "MOS below",
        AlertKind.ShortCalls => "Over within, seconds",
        AlertKind.SlowSetup => "Longer than, seconds",
        AlertKind.SequentialDialling => "Step between numbers",
        AlertKind.UnusualSpend => "Least amount",
        _ => null,
    };

    /// <summary>What a rule watches, in words.</summary>
    public static string Watches(AlertRule rule) => rule.Kind switch
    {
        AlertKind.MosLow => $"Share of calls whose worst stream has a MOS below {Words.Number(rule.Limit, 1)}",
        AlertKind.OneWayAudio => "Share of answered calls in which one side was not heard",
        AlertKind.Failures => "Share of calls that failed or got no response",
        AlertKind.ShortCalls => $"Share of answered calls that were over within {Words.Number(rule.Limit)} s",
        AlertKind.ConcurrentCalls => "Calls at one time",
        AlertKind.RegistrationLoss => "Registrations that ran out and did not come back",
        AlertKind.RegistrationFlood => "Attempts to register that failed or were new",
        AlertKind.RiskyPrefix => "Calls to numbers that begin with a risky prefix",
        AlertKind.SequentialDialling => "Longest run of neighbouring numbers that one caller dialled",
        AlertKind.UnusualSpend => "What calls cost, as a multiple of what they cost in such a time before",
        AlertKind.CaptureLoss => "Share of packets that the capture lost",
        AlertKind.SlowSetup => $"Share of calls that took more than {Words.Number(rule.Limit)} s to ring",
        _ => "Share of calls that were answered, where it is too low",
    };
}
