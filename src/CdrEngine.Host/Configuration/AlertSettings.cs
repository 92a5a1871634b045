using System.Net;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Host.Configuration;

/// <summary><c>alerts</c>: rules held against what happens.</summary>
/// <param name="IsEnabled"><c>enabled</c>.</param>
/// <param name="Settle"><c>settle</c>.</param>
/// <param name="Groups"><c>max-groups</c>.</param>
/// <param name="Keep"><c>keep</c>.</param>
/// <param name="MailTo"><c>mail.to</c>.</param>
/// <param name="MailSeverity"><c>mail.severity</c>.</param>
/// <param name="Rules"><c>kinds</c>, each a rule of its own name, and <c>rules</c>.</param>
public sealed record AlertSettings(bool IsEnabled, TimeSpan Settle, int Groups, TimeSpan Keep, IReadOnlyList<string> MailTo, AlertSeverity MailSeverity, IReadOnlyList<AlertRule> Rules)
{
    /// <summary>Whether an import holds them against what it read: asked for on the command line (<c>--alerts</c>), no setting.</summary>
    public bool OfImports { get; init; }
}

/// <summary><c>webhooks</c>: events sent to others.</summary>
public sealed record WebhookSettings
{
    /// <summary><c>endpoints</c>.</summary>
    public required IReadOnlyList<WebhookEndpoint> Endpoints { get; init; }

    /// <summary><c>allow-http</c>.</summary>
    public required bool AllowHttp { get; init; }

    /// <summary><c>allowed-networks</c>.</summary>
    public required IReadOnlyList<IPNetwork> AllowedNetworks { get; init; }

    /// <summary><c>timeout</c>.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary><c>parallel</c>.</summary>
    public required int Parallel { get; init; }

    /// <summary><c>retry.first</c>.</summary>
    public required TimeSpan RetryFirst { get; init; }

    /// <summary><c>retry.most</c>.</summary>
    public required TimeSpan RetryMost { get; init; }

    /// <summary><c>retry.attempts</c>.</summary>
    public required int Attempts { get; init; }

    /// <summary><c>circuit.failures</c>.</summary>
    public required int CircuitFailures { get; init; }

    /// <summary><c>circuit.pause</c>.</summary>
    public required TimeSpan CircuitPause { get; init; }

    /// <summary><c>queue</c>.</summary>
    public required int Queue { get; init; }

    /// <summary><c>dead-letters</c>.</summary>
    public required int DeadLetters { get; init; }

    /// <summary><c>keep-dead-letters</c>.</summary>
    public required TimeSpan KeepDeadLetters { get; init; }
}
