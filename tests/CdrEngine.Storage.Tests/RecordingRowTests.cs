using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

public abstract class RecordingRowTests
{
    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Entry_Set_IsReadBackAndShownInTheRecord()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = TestCalls.Stored(1, new Random(1), TestCalls.Start);
        store.Write([call]);
        Assert.Null(store.GetRecording(call.Record.Id));
        var made = Entry(call.Record.Id, RecordingState.Available) with { Bytes = 12_345, Duration = TimeSpan.FromMilliseconds(10_500), SampleRateHz = 8000, Channels = 2, Attempts = 1, PartReason = "srtp_no_key" };
        Assert.True(store.SetRecording(made));
        Assert.Equal(made, store.GetRecording(call.Record.Id));
        RecordingInfo shown = store.Get(call.Record.Id)!.Recording;
        Assert.Equal(new RecordingInfo { State = RecordingState.Available, Url = $"/api/v1/calls/{call.Record.Id}.mp3" }, shown);
        Assert.Equal(shown, Assert.Single(store.List(new CallQuery()).Calls).Recording);

        Assert.True(store.SetRecording(made with { State = RecordingState.Failed, Reason = "codec_unsupported: x" }));
        Assert.Equal(new RecordingInfo { State = RecordingState.Failed, Reason = "codec_unsupported: x" }, store.Get(call.Record.Id)!.Recording);
    }

    [StoreFact]
    public void Entry_OfACallThatIsNotThere_IsNotKept()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = TestCalls.Stored(1, new Random(1), TestCalls.Start);
        Assert.False(store.SetRecording(Entry(call.Record.Id, RecordingState.Pending)));
        Assert.False(store.SetRecording(Entry("nonsense", RecordingState.Pending)));
        Assert.Empty(store.Days());
        store.Write([call]);
        Assert.False(store.SetRecording(Entry(TestCalls.Stored(2, new Random(2), TestCalls.Start).Record.Id, RecordingState.Pending)));
        Assert.Empty(store.ListRecordings(new RecordingQuery()).Recordings);
    }

    [StoreFact]
    public void Call_ToBeRecorded_IsPendingFromItsFirstWriteOn()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = Awaited(TestCalls.Stored(1, new Random(1), TestCalls.Start));
        store.Write([call]);
        Assert.Equal(RecordingState.Pending, store.GetRecording(call.Record.Id)!.State);
        store.SetRecording(Entry(call.Record.Id, RecordingState.Available));

        // The same again (at least once) leaves what was made.
        Assert.Equal(1, store.Write([call]).Unchanged);
        Assert.Equal(RecordingState.Available, store.GetRecording(call.Record.Id)!.State);

        // Another telling of the call makes another recording.
        CallRecord changed = call.Record with { EndedAt = call.Record.EndedAt!.Value + TimeSpan.FromSeconds(1) };
        Assert.Equal(1, store.Write([new StoredCall(changed, RecordRevision.Updated, default, call.Tenant)]).Replaced);
        Assert.Equal(RecordingState.Pending, store.GetRecording(call.Record.Id)!.State);
    }

    [StoreFact]
    public void Deletion_OfARecording_SurvivesALaterTelling()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = Awaited(TestCalls.Stored(1, new Random(1), TestCalls.Start));
        store.Write([call]);
        store.SetRecording(Entry(call.Record.Id, RecordingState.Deleted) with { Reason = "retention" });
        CallRecord changed = call.Record with { EndedAt = call.Record.EndedAt!.Value + TimeSpan.FromSeconds(1) };
        store.Write([new StoredCall(changed, RecordRevision.Updated, default, call.Tenant)]);
        Assert.Equal(RecordingState.Deleted, store.GetRecording(call.Record.Id)!.State);
        Assert.Equal("retention", store.Get(call.Record.Id)!.Recording.Reason);
    }

    [StoreTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void List_ByState_GivesEachOnceInOrderOfTheCalls(bool ascending)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = [.. TestCalls.Many(90, 7).Select((call, index) => index % 2 == 0 ? Awaited(call) : call)];
        store.Write(calls);
        for (int i = 0; i < 90; i += 6) store.SetRecording(Entry(calls[i].Record.Id, RecordingState.Available));
        IEnumerable<string> expected = calls.Where(static (_, index) => index % 2 == 0 && index % 6 != 0)
            .OrderBy(static call => call.Record.StartedAt.Microseconds).ThenBy(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id);
        var found = new List<string>();
        string? cursor = null;
        do
        {
            RecordingPage page = store.ListRecordings(new RecordingQuery { State = RecordingState.Pending, Ascending = ascending, Limit = 4, Cursor = cursor });
            found.AddRange(page.Recordings.Select(static entry => entry.CallId));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(ascending ? expected : expected.Reverse(), found);
        Assert.Equal(45, store.ListRecordings(new RecordingQuery { Limit = 100 }).Recordings.Count);
        Assert.True(store.ListRecordings(new RecordingQuery { Cursor = "x" }).CursorRejected);
    }

    [StoreFact]
    public void Day_Dropped_TakesItsStatesWithIt()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall old = Awaited(TestCalls.Stored(1, new Random(1), TestCalls.Start)), kept = Awaited(TestCalls.Stored(2, new Random(2), TestCalls.Start + TimeSpan.FromDays(1)));
        store.Write([old, kept]);
        Assert.True(store.DropDay(new DateOnly(2026, 11, 20)));
        Assert.Null(store.GetRecording(old.Record.Id));
        Assert.False(store.SetRecording(Entry(old.Record.Id, RecordingState.Available)));
        Assert.Equal(kept.Record.Id, Assert.Single(store.ListRecordings(new RecordingQuery()).Recordings).CallId);
    }

    private static StoredCall Awaited(StoredCall call) => call with { Record = call.Record with { Recording = new RecordingInfo { State = RecordingState.Pending } } };

    private static RecordingEntry Entry(string id, RecordingState state) => new() { CallId = id, State = state, CreatedAt = new Timestamp(1_800_000_000_000_000) };
}

/// <summary>On SQLite.</summary>
public sealed class SqliteRecordingRowTests : RecordingRowTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresRecordingRowTests : RecordingRowTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
