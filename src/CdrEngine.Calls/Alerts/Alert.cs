using System.Security.Cryptography;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>What a rule counts by itself: the calls of a tenant, over a trunk, of a caller … What the rule does not tell apart is null, and so is what is not known.</summary>
public sealed record AlertGroup
{
    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Trunk.</summary>
    public string? Trunk { get; init; }

    /// <summary>Address of the callee, or of the registrar.</summary>
    public string? Peer { get; init; }

    /// <summary>Number of the caller, or address of record.</summary>
    public string? Caller { get; init; }

    /// <summary>Id of the directory's user.</summary>
    public string? User { get; init; }

    /// <summary>Address of the caller or of the device, or name of the capture's source.</summary>
    public string? Source { get; init; }

    /// <summary>Currency, where money is counted.</summary>
    public string? Currency { get; init; }
}

/// <summary>One alert: what a rule found, from when to when, and what it rests on. Immutable; what becomes of it is a new object with the same <see cref="Id"/>.</summary>
public sealed record Alert
{
    /// <summary>Identity derived from rule, group and instant, so that the same calls give the same id: 24 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>What the rule watches.</summary>
    public required AlertKind Kind { get; init; }

    /// <summary>How urgent it is.</summary>
    public AlertSeverity Severity { get; init; }

    /// <summary>What it is about.</summary>
    public required AlertGroup Group { get; init; }

    /// <summary>Whose it is; null where it is everybody's, and only those who see all tenants see it.</summary>
    public string? Tenant { get; init; }

    /// <summary>When the figure was over the threshold.</summary>
    public required Timestamp RaisedAt { get; init; }

    /// <summary>When its figures were last others.</summary>
    public Timestamp UpdatedAt { get; init; }

    /// <summary>When it was over; null while it goes on.</summary>
    public Timestamp? ClearedAt { get; init; }

    /// <summary>When somebody took it; wall time. Null where nobody did.</summary>
    public Timestamp? AcknowledgedAt { get; init; }

    /// <summary>Who took it: name of the token.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>What they wrote; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The figure when it was raised.</summary>
    public double Value { get; init; }

    /// <summary>The worst figure so far.</summary>
    public double Worst { get; init; }

    /// <summary>The figure when last looked at.</summary>
    public double Last { get; init; }

    /// <summary>The rule's threshold then.</summary>
    public double Threshold { get; init; }

    /// <summary>The rule's limit then.</summary>
    public double Limit { get; init; }

    /// <summary>Length of the rule's window then.</summary>
    public TimeSpan Window { get; init; }

    /// <summary>Calls (packets) considered in the window when it was raised.</summary>
    public long Total { get; init; }

    /// <summary>Of these against the rule.</summary>
    public long Bad { get; init; }

    /// <summary>Calls against the rule from the beginning of the window to the end of the alert.</summary>
    public long CallCount { get; init; }

    /// <summary>Ids of the first of them, in order.</summary>
    public IReadOnlyList<string> Calls { get; init; } = [];

    /// <summary>Start of the earliest of these calls; null where there is none.</summary>
    public Timestamp? CallsFrom { get; init; }

    /// <summary>Start of the latest of these calls.</summary>
    public Timestamp? CallsTo { get; init; }

    /// <summary>Prefixes of the rule then.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Whether it falls into a time in which nobody is to be told.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>Where it is.</summary>
    public AlertState State => ClearedAt is not null ? AlertState.Cleared : AcknowledgedAt is not null ? AlertState.Acknowledged : AlertState.Raised;

    /// <summary>The id of an alert.</summary>
    public static string IdOf(string rule, AlertGroup group, Timestamp raisedAt)
    {
        string text = string.Join('\u001f', rule, group.Tenant, group.Trunk, group.Peer, group.Caller, group.User, group.Source, group.Currency, raisedAt.ToString());
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));
    }

    /// <summary>True where a text has the shape of an alert's id.</summary>
    public static bool IsId(string text) => text.Length == 24 && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}

/// <summary>A step of an alert.</summary>
/// <param name="Step">What.</param>
/// <param name="Alert">The alert as it now is.</param>
/// <param name="At">When.</param>
public readonly record struct AlertChange(AlertStep Step, Alert Alert, Timestamp At);
