using System.Diagnostics;
using CdrEngine.Calls.Ports;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>A server that goes, hangs, is locked, and comes back, under load: every record is there in the end, once.</summary>
public sealed class PostgresTroubleTests
{
    [PostgresTheory]
    [InlineData("stopped")]
    [InlineData("frozen")]
    [InlineData("locked")]
    public void Server_InTrouble_LosesNothing_AndNobodyWaits(string trouble)
    {
        using var server = new PostgresServer();
        using var folder = new StoreFolder();
        using var place = new PostgresPlace(server)
        {
            Options = new() { Url = server.Connection, Timeout = TimeSpan.FromSeconds(3), ConnectTimeout = TimeSpan.FromSeconds(3), LockTimeout = TimeSpan.FromMilliseconds(300) },
        };
        using ICallStore store = place.Calls();
        using RecordOutbox outbox = RecordOutbox.Open(folder.Outbox);
        List<StoredCall> calls = TestCalls.Many(3000, 5);
        Assert.Equal(100, store.Write(calls[..100]).Inserted);
        using (var writer = new BatchedCallWriter(store, outbox, new BatchedCallWriterOptions { BatchSize = 100, QueueLimit = 400, RetryMost = TimeSpan.FromSeconds(1), BatchDelay = TimeSpan.FromMilliseconds(20) }))
        {
            foreach (StoredCall call in calls[100..1000]) Assert.True(writer.TryWrite(call));
            Process? holder = null;
            switch (trouble)
            {
                case "stopped":
                    server.Stop();
                    break;
                case "frozen":
                    server.Freeze();
                    break;
                default:
                    holder = server.Hold($"LOCK TABLE {place.Options.Schema}.record_days IN ACCESS EXCLUSIVE MODE");
                    break;
            }

            long began = Stopwatch.GetTimestamp();
            foreach (StoredCall call in calls[1000..2500]) Assert.True(writer.TryWrite(call));
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
            Assert.True(Waited(() => writer.Fault is not null && outbox.Count > 0), writer.Fault);

            // Questions fail too, in bounded time and in one line.
            StoreException fault = Assert.Throws<StoreException>(() => store.List(new CallQuery()));
            Assert.True(fault.IsTransient);
            Assert.DoesNotContain('\n', fault.Message);
            switch (trouble)
            {
                case "stopped":
                    server.Start();
                    break;
                case "frozen":
                    server.Thaw();
                    break;
                default:
                    holder!.Kill(entireProcessTree: true);
                    holder.WaitForExit();
                    holder.Dispose();
                    break;
            }

            foreach (StoredCall call in calls[2500..]) Assert.True(writer.TryWrite(call));
            Assert.True(Waited(() => writer.Flush() && writer.Fault is null), writer.Fault);
            Assert.Equal(0, outbox.Count);
            Assert.Equal(0, writer.Counters[StorageCounter.Refused]);
            Assert.True(writer.Counters[StorageCounter.Drained] > 0);
        }

        Assert.Equal(calls.Select(static call => call.Record.Id).Order(StringComparer.Ordinal), Ids(store).Order(StringComparer.Ordinal));
        Assert.Equal(3000, store.Days().Sum(store.Count));
        Assert.Equal(3000, store.Count(new CallQuery()));
    }

    private static List<string> Ids(ICallStore store)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = 1000, Cursor = cursor });
            ids.AddRange(page.Calls.Select(static call => call.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }

    private static bool Waited(Func<bool> isSo)
    {
        using var pause = new ManualResetEventSlim();
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(120); pause.Wait(20))
        {
            if (isSo()) return true;
        }

        return false;
    }
}
