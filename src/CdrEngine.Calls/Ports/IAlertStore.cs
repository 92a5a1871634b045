using CdrEngine.Calls.Alerts;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Keeps alerts and what the evaluation of rules goes on with. Any thread; several processes may share it.</summary>
public interface IAlertStore
{
    /// <summary>Puts alerts in, or in place of those with the same id; who acknowledged one stays as it is kept. Once or often is the same.</summary>
    void Write(IReadOnlyList<Alert> alerts);

    /// <summary>The alert with this id; null where there is none.</summary>
    Alert? Find(string id);

    /// <summary>One page, the last raised first. A cursor that is not one of ours gives <see cref="ListPage{T}.CursorRejected"/>.</summary>
    ListPage<Alert> List(AlertQuery query);

    /// <summary>Notes that somebody took an alert, unless somebody did before or it is over.</summary>
    /// <returns>The alert as it now is; null where there is none.</returns>
    Alert? Acknowledge(string id, string? by, string? note, Timestamp at);

    /// <summary>Alerts that are not over, the first raised first.</summary>
    IReadOnlyList<Alert> Open();

    /// <summary>How many there are of each state.</summary>
    /// <param name="tenant">Of this tenant; null for all.</param>
    AlertTotals Totals(string? tenant);

    /// <summary>Removes alerts that were over before an instant; gives how many.</summary>
    int Purge(Timestamp before);

    /// <summary>What <see cref="AlertEvaluator.Save()"/> gave last; empty where nothing is kept.</summary>
    byte[] LoadState();

    /// <summary>Keeps what <see cref="AlertEvaluator.Save()"/> gives.</summary>
    void SaveState(ReadOnlyMemory<byte> state);
}

/// <summary>Which alerts to list: every member that is set narrows the answer, lists within a member widen it.</summary>
public sealed record AlertQuery
{
    /// <summary>Raised at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Raised before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Any of these states; empty for all.</summary>
    public IReadOnlyList<AlertState> States { get; init; } = [];

    /// <summary>Of this rule.</summary>
    public string? Rule { get; init; }

    /// <summary>Of this kind.</summary>
    public AlertKind? Kind { get; init; }

    /// <summary>At least this urgent.</summary>
    public AlertSeverity? SeverityMin { get; init; }

    /// <summary>Whose they are; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Alerts on the page, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on; null for the first page.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Alerts by state.</summary>
/// <param name="Raised">Go on, and nobody has taken them.</param>
/// <param name="Acknowledged">Go on, and somebody has.</param>
/// <param name="Cleared">Over.</param>
public sealed record AlertTotals(long Raised, long Acknowledged, long Cleared);
