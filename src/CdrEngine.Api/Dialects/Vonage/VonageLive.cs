using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.Vonage;

/// <summary>The calls in progress when a client began to page, so that its later pages have the same: they stand among the stored ones by their start. Bounded
/// in calls, number and age; a client whose pages were forgotten gets those in progress by then. Any thread.</summary>
internal sealed class VonageLive(TimeProvider time)
{
    /// <summary>Calls in progress that are listed; of more, the first in the order asked for.</summary>
    public const int MostCalls = 5000;

    /// <summary>Clients and queries remembered at once; the one asked for longest ago goes.</summary>
    public const int MostPages = 64;

    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.Ordinal);

    /// <summary>Those a client began with; null where it began with none, or too long ago.</summary>
    public IReadOnlyList<CallPosition>? Recall(string key)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (!_kept.TryGetValue(key, out Kept? kept) || now - kept.At > Age) return null;
            kept.At = now;
            return kept.Calls;
        }
    }

    /// <summary>Notes what a client begins with.</summary>
    public void Note(string key, IReadOnlyList<CallPosition> calls)
    {
        lock (_lock)
        {
            _kept[key] = new Kept(calls) { At = time.GetUtcNow() };
            if (_kept.Count > MostPages) _kept.Remove(_kept.MinBy(static pair => pair.Value.At).Key);
        }
    }

    /// <summary>How many of the calls in progress stand before a place of the whole list.</summary>
    /// <param name="live">Those in progress, in order.</param>
    /// <param name="skip">The place.</param>
    /// <param name="stored">The stored call at a place among the stored ones; null behind the last.</param>
    /// <param name="before">Whether the first stands before the second.</param>
    public static int Before(IReadOnlyList<CallPosition> live, long skip, Func<long, CallPosition?> stored, Func<CallPosition, CallPosition, bool> before)
    {
        // The i-th call in progress stands before the place where at most skip - i - 1 stored ones stand before it.
        return Bisection.First(live.Count, i =>
        {
            long at = skip - i - 1;
            return at < 0 || (stored(at) is { } call && before(call, live[i]));
        });
    }

    /// <summary>Those in progress that a query asks for, in its order.</summary>
    public static async Task<List<LiveCall>> TakeAsync(ILiveCalls live, CallQuery query, CancellationToken stop)
    {
        var found = new List<LiveCall>();
        string? cursor = null;
        do
        {
            LivePage page = await live.ListAsync(
                new LiveQuery { Tenant = query.Tenant, Ascending = query.Ascending, Limit = CallQuery.MaxLimit, Quality = false, Cursor = cursor }, stop);
            found.AddRange(page.Calls.Where(call => !(call.Record.StartedAt < query.From) && !(call.Record.StartedAt >= query.To)));
            cursor = page.NextCursor;
        }
        while (cursor is not null && found.Count < MostCalls);
        if (found.Count > MostCalls) found.RemoveRange(MostCalls, found.Count - MostCalls);
        found.Sort((left, right) => Compare(Position(left.Record), Position(right.Record), query.Ascending));
        return found;
    }

    /// <summary>Place of a call.</summary>
    public static CallPosition Position(CallRecord record) => new(record.StartedAt, record.Id);

    /// <summary>Order of two places.</summary>
    public static int Compare(CallPosition left, CallPosition right, bool ascending)
    {
        int by = left.StartedAt.CompareTo(right.StartedAt);
        if (by == 0) by = string.CompareOrdinal(left.Id, right.Id);
        return ascending ? by : -by;
    }

    private sealed class Kept(IReadOnlyList<CallPosition> calls)
    {
        public IReadOnlyList<CallPosition> Calls { get; } = calls;

        public DateTimeOffset At { get; set; }
    }
}
