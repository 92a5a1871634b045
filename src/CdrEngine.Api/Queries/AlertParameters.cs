using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Queries;

/// <summary>The parameters of the list of alerts, and of the trial of a rule.</summary>
internal static class AlertParameters
{
    /// <summary>Of the list.</summary>
    public static IReadOnlyList<ListParameter<AlertQuery>> All { get; } =
    [
        new("from", "Raised at or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.", Shapes.Text("2026-11-20T04:27:00Z"), static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Raised before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"), static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("state", "Any of these states.", Shapes.Names<AlertState>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out AlertState state);
            return (query with { States = [.. query.States, state] }, problem);
        })
        {
            IsList = true,
        },
        new("rule", "Of the rule of this name.", Shapes.Text("mos-low"), static (query, value) => (query with { Rule = value }, null)),
        new("kind", "Of this kind.", Shapes.Names<AlertKind>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out AlertKind kind);
            return (query with { Kind = kind }, problem);
        }),
        new("severity", "At least this urgent.", Shapes.Names<AlertSeverity>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out AlertSeverity severity);
            return (query with { SeverityMin = severity }, problem);
        }),
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", $"Alerts on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters.", Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    /// <summary>Of the trial.</summary>
    public static IReadOnlyList<ListParameter<AlertTrial>> Trial { get; } =
    [
        new("rule", "Name of the rule.", Shapes.Text("mos-low"), static (trial, value) => (trial with { Rule = value }, null)) { IsRequired = true },
        new("from", "Alerts from this instant on; a week ago where it is left out.", Shapes.Text("2026-11-13T00:00:00Z"), static (trial, value) => (trial with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Up to this instant; now where it is left out.", Shapes.Text("2026-11-20T00:00:00Z"), static (trial, value) => (trial with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("threshold", "Instead of the rule's.", Number, static (trial, value) => Read(value, number => trial with { Threshold = number }, trial)),
        new("clear", "Instead of the rule's.", Number, static (trial, value) => Read(value, number => trial with { Clear = number }, trial)),
        new("limit", "Instead of the rule's.", Number, static (trial, value) => Read(value, number => trial with { Limit = number }, trial)),
        new("sample", "Instead of the rule's.", Number, static (trial, value) => Read(value, number => trial with { Sample = (long)number }, trial)),
        new("window", "Seconds, instead of the rule's.", Number, static (trial, value) => Read(value, number => trial with { Window = TimeSpan.FromSeconds(number) }, trial)),
        new("tenant", "Only calls of this tenant.", Shapes.Text("acme"), static (trial, value) => (trial with { Tenant = value }, null)),
    ];

    private static ValueShape Number => new("number", "20") { Minimum = 0, Maximum = 1e9 };

    private static (AlertTrial Query, string? Problem) Read(string value, Func<double, AlertTrial> with, AlertTrial trial) =>
        ValueText.Number(value, 0, 1e9, out double number) is { } problem ? (trial, problem) : (with(number), null);
}

/// <summary>What of a rule is tried, on which calls.</summary>
internal sealed record AlertTrial
{
    public string? Rule { get; init; }

    public Timestamp? From { get; init; }

    public Timestamp? To { get; init; }

    public double? Threshold { get; init; }

    public double? Clear { get; init; }

    public double? Limit { get; init; }

    public long? Sample { get; init; }

    public TimeSpan? Window { get; init; }

    public string? Tenant { get; init; }

    /// <summary>The rule as it is tried, switched on.</summary>
    public AlertRule Of(AlertRule rule)
    {
        AlertRule tried = rule with
        {
            IsEnabled = true,
            Threshold = Threshold ?? rule.Threshold,
            Limit = Limit ?? rule.Limit,
            Sample = Sample ?? rule.Sample,
            Window = Window ?? rule.Window,
        };

        // Where only the threshold is given, what clears the alert stays on its right side.
        double clear = Clear ?? (rule.Kind == AlertKind.LowAnswerRate ? Math.Max(rule.Clear, tried.Threshold) : Math.Min(rule.Clear, tried.Threshold));
        return tried with { Clear = clear };
    }
}
