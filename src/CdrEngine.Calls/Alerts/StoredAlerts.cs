using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Alerts;

/// <summary>Holds rules against stored calls: what they would have raised, or, after an import, what they raise.</summary>
/// <remarks>Calls are read in order of start and counted in order of end; only those that go on at one time are in memory. The same records give the same alerts.</remarks>
public static class StoredAlerts
{
    private const int Page = 500;

    /// <summary>Reads the calls that ended in a range, and those before it that its windows reach back to.</summary>
    /// <param name="calls">The records.</param>
    /// <param name="evaluator">The rules; fresh.</param>
    /// <param name="from">First instant at which alerts are of interest.</param>
    /// <param name="to">The instant after the last.</param>
    /// <param name="tenant">Only calls of this tenant; null for all.</param>
    /// <param name="most">Most calls to read; further ones are left out.</param>
    /// <param name="stop">Gives up.</param>
    public static StoredAlertReport Run(ICallReader calls, AlertEvaluator evaluator, Timestamp from, Timestamp to, string? tenant = null, long most = long.MaxValue, CancellationToken stop = default)
    {
        TimeSpan reach = evaluator.Rules.Select(ReachOf).DefaultIfEmpty().Max();
        var order = new FactOrder(int.MaxValue);
        var changes = new List<AlertChange>();
        var found = new Dictionary<string, Alert>(StringComparer.Ordinal);
        bool counts = evaluator.Rules.Any(static rule => rule.Kind == AlertKind.ConcurrentCalls);
        long read = 0;
        bool isWhole = true;
        var query = new CallQuery { From = from - reach, To = to, Tenant = tenant, Ascending = true, Limit = Page };
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            CallPage page = calls.List(query);
            foreach (CallRecord record in page.Calls)
            {
                CallOver over = CallOver.Of(record) with { HasBegun = counts };
                Settle(order, evaluator, changes, over.StartedAt);
                if (counts) order.Add(new CallBegan(over.StartedAt, over.Key, over));
                order.Add(over);
                read++;
            }

            Note(changes, found, from);
            if (read >= most && page.NextCursor is not null) isWhole = false;
            if (page.NextCursor is null || !isWhole) break;
            query = query with { Cursor = page.NextCursor };
        }

        Settle(order, evaluator, changes, to);
        evaluator.Advance(to, changes);
        Note(changes, found, from);
        return new StoredAlertReport([.. found.Values.OrderBy(static alert => alert.RaisedAt).ThenBy(static alert => alert.Id, StringComparer.Ordinal)], read, isWhole);
    }

    private static TimeSpan ReachOf(AlertRule rule) => rule.Kind == AlertKind.UnusualSpend ? rule.Window * GroupFigures.PastWindows : rule.Window;

    private static void Settle(FactOrder order, AlertEvaluator evaluator, List<AlertChange> changes, Timestamp until)
    {
        while (order.TryTake(until, out AlertFact fact)) evaluator.Take(fact, changes);
    }

    // Alerts that were over before the range began were only there for its windows.
    private static void Note(List<AlertChange> changes, Dictionary<string, Alert> found, Timestamp from)
    {
        foreach (AlertChange change in changes)
        {
            if (change.Alert.ClearedAt < from) found.Remove(change.Alert.Id);
            else found[change.Alert.Id] = change.Alert;
        }

        changes.Clear();
    }
}

/// <summary>What rules found in stored calls.</summary>
/// <param name="Alerts">Alerts, in order of their beginning.</param>
/// <param name="Calls">Calls read.</param>
/// <param name="IsWhole">False where there were more calls than were to be read.</param>
public sealed record StoredAlertReport(IReadOnlyList<Alert> Alerts, long Calls, bool IsWhole);
