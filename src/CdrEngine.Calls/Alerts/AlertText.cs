using System.Globalization;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Alerts;

/// <summary>Alerts in plain words, on one line. What is not ours in them (names from the wire) is theirs to escape who show them.</summary>
public static class AlertText
{
    /// <summary>What an alert is about: <c>trunk carrier-a, tenant acme</c>; <c>all calls</c> where the rule tells nothing apart.</summary>
    public static string Subject(Alert alert)
    {
        var parts = new List<string>();
        AlertGroup group = alert.Group;
        foreach ((string name, string? value) in (ReadOnlySpan<(string, string?)>)[
            ("trunk", group.Trunk), ("peer", group.Peer), ("caller", group.Caller), ("user", group.User), ("source", group.Source), ("tenant", group.Tenant)])
        {
            if (value is not null) parts.Add($"{name} {value}");
        }

        return parts.Count > 0 ? string.Join(", ", parts) : alert.Kind switch
        {
            AlertKind.CaptureLoss => "the capture",
            AlertKind.RegistrationLoss or AlertKind.RegistrationFlood => "all registrations",
            _ => "all calls",
        };
    }

    /// <summary>What was found: <c>12 of 40 calls (30 %) had a MOS below 3.1 within 15 min; threshold 20 %</c>.</summary>
    public static string Finding(Alert alert)
    {
        string share = $"{Whole(alert.Bad)} of {Whole(alert.Total)}", percent = Number(alert.Value), within = $"within {Span(alert.Window)}", threshold = $"threshold {Number(alert.Threshold)} %";
        return alert.Kind switch
        {
            AlertKind.MosLow => $"{share} calls ({percent} %) had a MOS below {Number(alert.Limit)} {within}; {threshold}",
            AlertKind.OneWayAudio => $"{share} calls ({percent} %) had one-way audio {within}; {threshold}",
            AlertKind.Failures => $"{share} calls ({percent} %) failed {within}; {threshold}",
            AlertKind.ShortCalls => $"{share} answered calls ({percent} %) were over within {Number(alert.Limit)} s {within}; {threshold}",
            AlertKind.SlowSetup => $"{share} calls ({percent} %) took more than {Number(alert.Limit)} s to ring {within}; {threshold}",
            AlertKind.LowAnswerRate => $"{percent} % of {Whole(alert.Total)} calls were answered {within}; {threshold}",
            AlertKind.CaptureLoss => $"{share} packets ({percent} %) were lost by the capture {within}; {threshold}",
            AlertKind.ConcurrentCalls => $"{Whole(alert.Total)} calls at one time; threshold {Number(alert.Threshold)}",
            AlertKind.RegistrationLoss => $"{Whole(alert.Bad)} registrations ran out {within} and did not come back; threshold {Number(alert.Threshold)}",
            AlertKind.RegistrationFlood => $"{Whole(alert.Bad)} attempts to register failed or were new {within}; threshold {Number(alert.Threshold)}",
            AlertKind.RiskyPrefix => $"{Whole(alert.Bad)} calls to risky numbers {within}; threshold {Number(alert.Threshold)}",
            AlertKind.SequentialDialling => $"{Whole(alert.Bad)} neighbouring numbers dialled one after the other {within}; threshold {Number(alert.Threshold)}",
            _ => $"{Whole(alert.Total)} calls {within} cost {percent} times what such a time cost before{(alert.Group.Currency is { } currency ? $" ({currency})" : "")}; threshold {Number(alert.Threshold)} times",
        };
    }

    /// <summary>A line for a mail's subject or a table: severity, rule, subject.</summary>
    public static string Title(Alert alert) => $"{EnumNames<AlertSeverity>.Of(alert.Severity)}: {alert.Rule}: {Subject(alert)}";

    private static string Whole(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Number(double value) => Math.Round(value, 2).ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Span(TimeSpan span) =>
        span.TotalHours >= 1 && span.Ticks % TimeSpan.TicksPerHour == 0 ? $"{Number(span.TotalHours)} h"
        : span.TotalMinutes >= 1 ? $"{Number(span.TotalMinutes)} min"
        : $"{Number(span.TotalSeconds)} s";
}
