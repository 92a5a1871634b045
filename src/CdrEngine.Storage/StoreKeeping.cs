using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>Retention over any store of calls, by its own port: whole days, recordings and places of packets. Single calls cannot be purged by it.</summary>
/// <param name="store">The store, of which it takes charge.</param>
public sealed class StoreKeeping(ICallStore store) : ICallKeeping
{
    private const string NotHere = "single calls cannot be purged of this database; whole days and packets can";

    /// <inheritdoc />
    public IReadOnlyList<DateOnly> Days() => store.Days();

    /// <inheritdoc />
    public IReadOnlyList<KeptCall> ListKept(KeptQuery query)
    {
        // What was deleted is not shown by it, and stays.
        if (query.DeletedBefore is not null) return [];
        Timestamp from = StartOf(query.Day), to = from + TimeSpan.FromDays(1);
        if (query.After is { } after && after.StartedAt > from) from = after.StartedAt;
        if (query.StartedBefore is { } before && before < to) to = before;
        var calls = new List<KeptCall>();
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { From = from, To = to, Tenant = query.Tenant, Ascending = true, Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord record in page.Calls)
            {
                bool isBehind = query.After is not { } last || record.StartedAt > last.StartedAt || (record.StartedAt == last.StartedAt && string.CompareOrdinal(record.Id, last.Id) > 0);
                if (isBehind && calls.Count < query.Limit) calls.Add(Kept(record));
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null && calls.Count < query.Limit);
        return calls;
    }

    /// <inheritdoc />
    public KeptCall? GetKept(string id) => store.Get(id) is { } record ? Kept(record) : null;

    /// <inheritdoc />
    public long LastNumber(DateOnly day) => store.Count(day);

    /// <inheritdoc />
    public bool SetChunks(string id, ReadOnlyMemory<byte> chunks)
    {
        // The record as it stands, told again with other places: what says the same of the wire changes nothing else. That there are none cannot be told so.
        if (chunks.IsEmpty || store.Get(id) is not { } record) return false;
        WriteReport report = store.Write([new StoredCall(record with { Recording = new RecordingInfo() }, RecordRevision.Updated, chunks, record.Tenant)]);
        return report.Fault is null;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> ListRecorded(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except) =>
        [.. Recorded(day, tenant, before).Select(static entry => entry.CallId).Where(id => !except.Contains(id))];

    /// <inheritdoc />
    public IReadOnlyList<string> ForgetRecordings(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except, string reason)
    {
        var ids = new List<string>();
        foreach (RecordingEntry entry in Recorded(day, tenant, before).Where(entry => !except.Contains(entry.CallId)))
        {
            store.SetRecording(entry with { State = RecordingState.Deleted, Reason = reason, Bytes = 0 });
            ids.Add(entry.CallId);
        }

        return ids;
    }

    /// <inheritdoc />
    public int Purge(DateOnly day, IReadOnlyCollection<string> ids) => ids.Count == 0 ? 0 : throw new StoreException(NotHere);

    /// <inheritdoc />
    public bool DropDay(DateOnly day) => store.DropDay(day);

    /// <inheritdoc />
    public IReadOnlyList<string> Scrub() => [];

    /// <inheritdoc />
    public void Dispose() => store.Dispose();

    private List<RecordingEntry> Recorded(DateOnly day, string? tenant, Timestamp before)
    {
        Timestamp from = StartOf(day), to = from + TimeSpan.FromDays(1);
        var entries = new List<RecordingEntry>();
        string? cursor = null;
        do
        {
            RecordingPage page = store.ListRecordings(new RecordingQuery
            {
                From = from,
                To = before < to ? before : to,
                State = RecordingState.Available,
                Tenant = tenant,
                Ascending = true,
                Limit = CallQuery.MaxLimit,
                Cursor = cursor,
            });
            entries.AddRange(page.Recordings);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return entries;
    }

    private KeptCall Kept(CallRecord record) =>
        new(record.Id, record.SipCallId, record.SessionId, record.Tenant, record.StartedAt, long.MaxValue, store.GetChunks(record.Id) ?? []);

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
}
