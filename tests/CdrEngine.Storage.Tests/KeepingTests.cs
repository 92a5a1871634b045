using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>What retention asks of the stores and removes from them.</summary>
public abstract class KeepingTests
{
    private static readonly DateOnly Day = new(2026, 11, 20);

    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Calls_AreListed_AndPurgedWithAllTheirRows()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var keeping = (ICallKeeping)store;
        List<StoredCall> calls = [.. TestCalls.Many(300, 31).Where(static call => call.Record.Id.StartsWith("20261120", StringComparison.Ordinal))];
        store.Write(calls);
        foreach (StoredCall call in calls.Take(10)) store.SetRecording(new RecordingEntry { CallId = call.Record.Id, State = RecordingState.Available, Bytes = 9 });
        store.Hide([calls[3].Record.Id], "me", TestCalls.Start);
        var all = new List<KeptCall>();
        KeptCall? after = null;
        do
        {
            IReadOnlyList<KeptCall> part = keeping.ListKept(new KeptQuery(Day) { After = after, Limit = 7 });
            all.AddRange(part);
            after = part.Count == 7 ? part[^1] : null;
        }
        while (after is not null);
        Assert.Equal(
            calls.OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id), all.Select(static call => call.Id));
        Assert.Equal(calls.Count, all.Select(static call => call.Number).Distinct().Count());
        Assert.Equal(all.Max(static call => call.Number), keeping.LastNumber(Day));
        Assert.Equal(calls[3].Record.Id, Assert.Single(keeping.ListKept(new KeptQuery(Day) { DeletedBefore = TestCalls.Start + TimeSpan.FromDays(9) })).Id);
        Assert.Equal(calls.Count(static call => call.Tenant == "acme"), keeping.ListKept(new KeptQuery(Day) { Tenant = "acme" }).Count);
        Assert.Equal(calls[5].Chunks.ToArray(), keeping.GetKept(calls[5].Record.Id)!.Chunks);
        Assert.True(keeping.SetChunks(calls[5].Record.Id, new byte[] { 4, 5 }));
        Assert.Equal([4, 5], store.GetChunks(calls[5].Record.Id)!);
        Assert.True(keeping.SetChunks(calls[5].Record.Id, default));
        Assert.Empty(keeping.GetKept(calls[5].Record.Id)!.Chunks);
        Assert.False(keeping.SetChunks("20261120-000000000000000000000000", new byte[] { 1 }));

        Timestamp end = TestCalls.Start + TimeSpan.FromDays(1);
        var except = new HashSet<string>(StringComparer.Ordinal) { calls[0].Record.Id };
        Assert.Equal(9, keeping.ListRecorded(Day, null, end, except).Count);
        Assert.Equal(9, keeping.ForgetRecordings(Day, null, end, except, "retention").Count);
        Assert.Empty(keeping.ListRecorded(Day, null, end, except));
        Assert.Equal(RecordingState.Available, store.GetRecording(calls[0].Record.Id)!.State);

        string[] purged = [.. calls.Take(20).Select(static call => call.Record.Id)];
        Assert.Equal(20, keeping.Purge(Day, [.. purged, "20261120-000000000000000000000000", "none"]));
        Assert.Equal(0, keeping.Purge(Day, purged));
        Assert.Empty(keeping.Scrub());
        foreach (StoredCall call in calls.Take(20))
        {
            Assert.Null(store.Get(call.Record.Id));
            Assert.Null(keeping.GetKept(call.Record.Id));
            Assert.Empty(store.List(new CallQuery { Number = call.Record.Caller.Number, SipCallId = call.Record.SipCallId }).Calls);
        }

        Assert.Equal(calls.Count - 20, store.Count(new CallQuery()));
        Assert.Equal(calls.Count - 20, store.Count(Day));
        Assert.Equal(calls.Skip(20).Sum(static call => call.Record.MediaSessions.Count), store.CountMediaSessions(new MediaSessionQuery()));
        Assert.DoesNotContain(purged, id => store.ListRecordings(new RecordingQuery { Limit = 100 }).Recordings.Any(entry => entry.CallId == id));

        // Stored again, it is shown: that it was deleted went with it.
        store.Write([calls[3]]);
        Assert.NotNull(store.Get(calls[3].Record.Id));
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteKeepingTests : KeepingTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresKeepingTests : KeepingTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
