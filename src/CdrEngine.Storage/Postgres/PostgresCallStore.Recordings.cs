using System.Collections.Concurrent;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Postgres;

// How many recordings days have, by tenant and state: counted once for each state of a day.
internal sealed partial class PostgresCallStore
{
    // Days that are counted with one question.
    private const int CountedTogether = 32;

    private readonly ConcurrentDictionary<DateOnly, RecordingSums> _recordings = new();

    private Dictionary<DateOnly, RecordingSums> RecordingSumsOf(PostgresSession session, IReadOnlyList<StoredDay> days)
    {
        var sums = new Dictionary<DateOnly, RecordingSums>(days.Count);
        var missing = new List<StoredDay>();
        foreach (StoredDay day in days)
        {
            if (_recordings.TryGetValue(day.Day, out RecordingSums? known) && known.Version == day.Version) sums.Add(day.Day, known);
            else missing.Add(day);
        }

        foreach (StoredDay[] some in missing.Chunk(CountedTogether))
        {
            foreach (StoredDay day in some) sums.Add(day.Day, new RecordingSums(day.Version, []));
            using (PostgresRows rows = session.QueryAll(some.Select(static day => (
                "SELECT r.day, coalesce(r.tenant, ''), r.state, count(*) FROM recordings r WHERE r.day = ? GROUP BY 1, 2, 3", (object?[])[day.Day]))))
            {
                do
                {
                    while (rows.Step()) sums[rows.Day(0)].Counts.Add((rows.Text(1), (RecordingState)rows.Long(2), rows.Long(3)));
                }
                while (rows.NextAnswer());
            }

            // Days that were dropped are few, and forgotten with the process.
            foreach (StoredDay day in some) _recordings[day.Day] = sums[day.Day];
        }

        return sums;
    }

    /// <summary>The recordings of a day.</summary>
    /// <param name="Version">The day's version that they are of, or an earlier one.</param>
    /// <param name="Counts">How many by tenant, empty for none, and state; deleted calls' among them.</param>
    private sealed record RecordingSums(long Version, List<(string Tenant, RecordingState State, long Recordings)> Counts)
    {
        /// <summary>How many there are of a tenant and in a state; null for any.</summary>
        public long Of(string? tenant, RecordingState? state)
        {
            long all = 0;
            foreach ((string its, RecordingState now, long recordings) in Counts)
            {
                if ((tenant ?? its) == its && (state ?? now) == now) all += recordings;
            }

            return all;
        }
    }
}
