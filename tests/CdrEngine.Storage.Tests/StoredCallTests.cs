using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Writing and reading back, whatever the store.</summary>
public abstract class StoredCallTests
{
    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Write_OfRecords_ReadsBackTheSame()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 1);
        WriteReport report = store.Write(calls);
        Assert.Null(report.Fault);
        Assert.Equal(300, report.Inserted);
        Assert.Empty(report.Failed);
        Assert.Equal(3, store.Days().Count);
        foreach (StoredCall call in calls)
        {
            Assert.Equal(TestCalls.Json(call.Record), TestCalls.Json(store.Get(call.Record.Id)!));
            Assert.Equal(call.Chunks.ToArray(), store.GetChunks(call.Record.Id));
        }
    }

    [StoreFact]
    public void Write_OfAnUpdate_ReplacesAndALateFinalDoesNot()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall final = TestCalls.Stored(1, new Random(3), TestCalls.Start);
        CallRecord changed = final.Record with { Disposition = Disposition.Busy, Caller = final.Record.Caller with { Number = "999" }, Dialled = "998" };
        store.Write([final]);
        Assert.Equal(1, store.Write([new StoredCall(changed, RecordRevision.Updated, default, final.Tenant)]).Replaced);
        Assert.Equal(1, store.Write([final]).Unchanged);
        Assert.Equal(TestCalls.Json(changed), TestCalls.Json(store.Get(final.Record.Id)!));

        // No chunk list came with the update: the one stored stays.
        Assert.Equal(final.Chunks.ToArray(), store.GetChunks(final.Record.Id));
        Assert.Single(store.List(new CallQuery { Number = "999" }).Calls);
        Assert.Empty(store.List(new CallQuery { Caller = final.Record.Caller.Number }).Calls);
        Assert.Equal(1, store.Count(new DateOnly(2026, 11, 20)));
    }

    [StoreFact]
    public void Write_OfAnUpdateThatStartedEarlier_LeavesOneRow()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall final = TestCalls.Stored(1, new Random(4), TestCalls.Start + TimeSpan.FromHours(1));
        store.Write([final]);
        CallRecord earlier = final.Record with { StartedAt = TestCalls.Start };
        store.Write([new StoredCall(earlier, RecordRevision.Updated, new byte[] { 9 })]);
        Assert.Equal(TestCalls.Start, Assert.Single(store.List(new CallQuery()).Calls).StartedAt);
        Assert.Equal([9], store.GetChunks(final.Record.Id));
    }

    [StoreFact]
    public void Write_OfSomethingWithoutAnId_FailsAloneAndSaysSo()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall good = TestCalls.Stored(1, new Random(5));
        StoredCall bad = good with { Record = good.Record with { Id = "../../etc/passwd" } };
        StoredCall noDay = good with { Record = good.Record with { Id = "20261340-000000000000000000000000" } };
        WriteReport report = store.Write([bad, good, noDay]);
        Assert.Equal(1, report.Inserted);
        Assert.Equal([bad, noDay], report.Failed);
        Assert.NotNull(report.Fault);
        Assert.Null(store.Get("../../etc/passwd"));
        Assert.Null(store.GetChunks("20261340-000000000000000000000000"));
    }

    [StoreFact]
    public void Write_OverMoreDaysThanAreKeptOpen_ReadsAllBack()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls(new SqliteStoreLimits { OpenDays = 2 });
        var random = new Random(6);
        var calls = Enumerable.Range(0, 40).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromDays(i % 8))).ToList();
        store.Write(calls);
        Assert.Equal(8, store.Days().Count);
        Assert.Equal(40, store.List(new CallQuery { Limit = 1000 }).Calls.Count);
        Assert.All(calls, call => Assert.NotNull(store.Get(call.Record.Id)));
    }

    [StoreFact]
    public void DropDay_WhileReadersHaveItOpen_RemovesItsRecordsOnly()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var random = new Random(7);
        store.Write([.. Enumerable.Range(0, 10).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromDays(i % 2)))]);
        Assert.Equal(10, store.List(new CallQuery()).Calls.Count);
        Assert.True(store.DropDay(new DateOnly(2026, 11, 20)));
        Assert.False(store.DropDay(new DateOnly(2026, 11, 20)));
        Assert.Equal(5, store.List(new CallQuery()).Calls.Count);
        store.Write([TestCalls.Stored(77, random, TestCalls.Start)]);
        Assert.Equal(6, store.List(new CallQuery()).Calls.Count);
    }

    [StoreFact]
    public void Catalog_RemembersSettingsAndImports()
    {
        using StorePlace place = NewPlace();
        ImportedFile file = new("f00", "a/b.pcap", 1, 2, 3), other = new("f02", "c.pcap", 4, 5, 6);
        ImportedRun first = new("c1", 1, 2, [new DateOnly(2026, 11, 20)]), second = new("c2", 0, 0, [new DateOnly(2026, 11, 20), new DateOnly(2026, 11, 21)]);
        using (ICatalog catalog = place.Catalog())
        {
            Assert.Null(catalog.Setting("x"));
            catalog.Set("x", "1");
            catalog.Set("x", "2");
            Assert.Null(catalog.FindRun(["f00"]));
            catalog.AddImport(first, [file with { Calls = 0 }, other]);
            Assert.Equal("c1", catalog.FindRun(["f02", "f00"])!.Conditions);
            catalog.AddImport(second, [file]);
        }

        using ICatalog again = place.Catalog();
        Assert.Equal("2", again.Setting("x"));
        Assert.Equal(file, again.FindImport("f00"));
        Assert.Null(again.FindImport("f01"));
        ImportedRun run = again.FindRun(["f00"])!;
        Assert.Equal(second.Days, run.Days);
        Assert.Equal(second with { Days = run.Days }, run);
        Assert.Equal((1u, 2), (again.FindRun(["f02"])!.PacketRun, again.FindRun(["f02"])!.Segments));

        // Read by two imports, and one of them not read at all.
        Assert.Null(again.FindRun(["f00", "f02"]));
        Assert.Null(again.FindRun(["f02", "f01"]));
    }

    [StoreFact]
    public void Reads_WhileWritesGoOn_SeeWholeRecords()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(2000, 13);
        store.Write(calls[..10]);
        var writer = new Thread(() =>
        {
            for (int i = 10; i < calls.Count; i += 50) store.Write(calls[i..Math.Min(i + 50, calls.Count)]);
        });
        writer.Start();
        int pages = 0;
        do
        {
            CallPage page = store.List(new CallQuery { Limit = 100 });
            Assert.Equal(page.Calls.OrderByDescending(call => call.StartedAt).Select(call => call.StartedAt), page.Calls.Select(call => call.StartedAt));
            pages++;
        }
        while (writer.IsAlive);
        writer.Join();
        Assert.True(pages > 0);
        Assert.Equal(0, store.UnreadableRecords);
        Assert.Equal(2000, store.Days().Sum(store.Count));
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteStoredCallTests : StoredCallTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresStoredCallTests : StoredCallTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
