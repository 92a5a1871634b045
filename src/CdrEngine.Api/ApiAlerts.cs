using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Api;

/// <summary>What the API needs of alerts.</summary>
/// <param name="Store">Where they are.</param>
/// <param name="Rules">The rules of the settings.</param>
public sealed record ApiAlerts(IAlertStore Store, IReadOnlyList<AlertRule> Rules)
{
    /// <summary>Is told of an alert that somebody acknowledged; null tells nobody.</summary>
    public Action<Alert>? Acknowledged { get; init; }

    /// <summary>Most stored calls that the trial of a rule reads. Default 500,000.</summary>
    public long TrialCalls { get; init; } = 500_000;
}

/// <summary>What the API needs to look after webhooks.</summary>
/// <param name="Store">Where they are.</param>
/// <param name="AllowHttp">Whether endpoints may be of plain http.</param>
/// <param name="Changed">Is told that endpoints, or what waits for them, changed.</param>
public sealed record ApiWebhooks(IWebhookStore Store, bool AllowHttp, Action Changed);
