using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class BatchedCallWriterTests
{
    private static readonly BatchedCallWriterOptions Quick = new()
    {
        BatchDelay = TimeSpan.FromMilliseconds(5),
        RetryFirst = TimeSpan.FromMilliseconds(5),
        RetryMost = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public void Records_Taken_AreInTheStoreAfterFlush()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        using var writer = new BatchedCallWriter(store, outbox);
        List<StoredCall> calls = TestCalls.Many(2500, 1);
        foreach (StoredCall call in calls) writer.Write(call);
        Assert.True(writer.Flush());
        Assert.Equal(2500, writer.Counters[StorageCounter.Inserted]);
        Assert.Equal(2500, store.Days().Sum(store.Count));
        writer.Emit(calls[1].Record, RecordRevision.Final);
        Assert.True(writer.Flush());
        Assert.Equal(1, writer.Counters[StorageCounter.Unchanged]);
        Assert.NotEmpty(store.GetChunks(calls[1].Record.Id)!);
    }

    [Fact]
    public void Records_TakenWithoutFlush_AreInTheStoreAfterDispose()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        using (var writer = new BatchedCallWriter(store, outbox))
        {
            foreach (StoredCall call in TestCalls.Many(100, 2)) Assert.True(writer.TryWrite(call));
        }

        Assert.Equal(100, store.Days().Sum(store.Count));
    }

    [Fact]
    public void Records_Written_AreToldOfOnceTheyAreInTheStore()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        File.WriteAllText(Path.Combine(folder.Records, "2026-11-21.db"), new string('x', 9000));
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        List<StoredCall> calls = TestCalls.Many(300, 4);
        var told = new List<string>();
        using (var writer = new BatchedCallWriter(store, outbox, Quick with { OnWritten = call => told.Add(store.Get(call.Record.Id)!.Id) }))
        {
            foreach (StoredCall call in calls) writer.Write(call);
        }

        string[] good = [.. calls.Select(static call => call.Record.Id).Where(static id => !id.StartsWith("20261121", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.InRange(good.Length, 1, 299);
        Assert.Equal(good, told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Database_LockedByAnotherConnection_FillsTheOutboxWhichDrainsLater()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records, new SqliteStoreLimits { BusyTimeout = TimeSpan.FromMilliseconds(10) });
        var random = new Random(3);
        store.Write([TestCalls.Stored(0, random, TestCalls.Start)]);
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        using var writer = new BatchedCallWriter(store, outbox, Quick);
        using (SqliteDatabase other = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Write, TimeSpan.Zero, 100))
        {
            other.Execute("BEGIN EXCLUSIVE");
            for (int i = 1; i <= 50; i++) writer.Write(TestCalls.Stored(i, random, TestCalls.Start));
            Assert.False(writer.Flush());
            Assert.Equal(50, outbox.Count);
            Assert.Equal(50, writer.Counters[StorageCounter.Outboxed]);
            Assert.Contains("locked", writer.Fault, StringComparison.Ordinal);
            other.Execute("ROLLBACK");
        }

        Assert.True(writer.Flush());
        Assert.Null(writer.Fault);
        Assert.Equal(50, writer.Counters[StorageCounter.Drained]);
        Assert.Equal(0, writer.Counters[StorageCounter.Refused]);
        Assert.Equal(51, store.Count(new DateOnly(2026, 11, 20)));
    }

    [Fact]
    public void Store_ThatComesBack_IsTriedAgainWithoutBeingAsked()
    {
        using var folder = new StoreFolder();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        using var drained = new ManualResetEventSlim();
        var store = new FakeStore { Down = true };
        store.Wrote = total =>
        {
            if (total == 5) drained.Set();
        };
        using var writer = new BatchedCallWriter(store, outbox, Quick);
        foreach (StoredCall call in TestCalls.Many(5, 4)) writer.TryWrite(call);
        Assert.False(writer.Flush());
        store.Down = false;
        Assert.True(drained.Wait(TimeSpan.FromSeconds(120)));
    }

    [Fact]
    public void Store_DownAtTheEnd_LosesNothingOverARestart()
    {
        using var folder = new StoreFolder();
        List<StoredCall> calls = TestCalls.Many(500, 5);
        var store = new FakeStore { Down = true };
        using (RecordOutbox outbox = RecordOutbox.Open(folder.Outbox))
        {
            using var writer = new BatchedCallWriter(store, outbox, Quick);
            foreach (StoredCall call in calls) writer.Write(call);
        }

        store.Down = false;
        using (RecordOutbox outbox = RecordOutbox.Open(folder.Outbox))
        {
            Assert.Equal(500, outbox.Count);
            using var writer = new BatchedCallWriter(store, outbox, Quick);
            Assert.True(writer.Flush());
        }

        Assert.Equal(calls.Select(call => call.Record.Id), store.Written.Select(call => call.Record.Id));
    }

    [Fact]
    public void Queue_Full_SpillsToTheOutboxAndLosesNothing()
    {
        using var folder = new StoreFolder();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        using var gate = new ManualResetEventSlim();
        var store = new FakeStore { Gate = gate };
        using var writer = new BatchedCallWriter(store, outbox, Quick with { QueueLimit = 10, BatchSize = 10 });
        foreach (StoredCall call in TestCalls.Many(100, 6)) Assert.True(writer.TryWrite(call));
        Assert.True(outbox.Count >= 80);
        gate.Set();
        Assert.True(writer.Flush());
        Assert.Equal(100, store.Written.Select(call => call.Record.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(100, writer.Counters[StorageCounter.Accepted]);
        Assert.Equal(0, writer.Counters[StorageCounter.Refused]);
    }

    [Fact]
    public void Outbox_Full_RefusesAndCounts()
    {
        using var folder = new StoreFolder();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox, maxBytes: 20_000);
        using var writer = new BatchedCallWriter(new FakeStore { Down = true }, outbox, Quick);
        foreach (StoredCall call in TestCalls.Many(100, 7)) writer.Write(call);
        Assert.False(writer.Flush());
        Assert.Equal(100, writer.Counters[StorageCounter.Outboxed] + writer.Counters[StorageCounter.Refused]);
        Assert.Equal(outbox.Count, writer.Counters[StorageCounter.Outboxed]);
        Assert.True(writer.Counters[StorageCounter.Refused] > 50);
    }

    private sealed class FakeStore : ICallBatchStore
    {
        private volatile bool _down;

        public bool Down
        {
            get => _down;
            set => _down = value;
        }

        public ManualResetEventSlim? Gate { get; init; }

        public Action<int>? Wrote { get; set; }

        public List<StoredCall> Written { get; } = [];

        public WriteReport Write(IReadOnlyList<StoredCall> calls)
        {
            Gate?.Wait();
            if (Down) return new WriteReport { Failed = [.. calls], Fault = "away" };
            Written.AddRange(calls);
            Wrote?.Invoke(Written.Count);
            return new WriteReport { Inserted = calls.Count };
        }
    }
}
