using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class SqliteCallStoreTests
{
    [Fact]
    public void Write_OfRecords_ReadsBackTheSame()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
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

    [Fact]
    public void Write_OfTheSameTwice_ChangesNoByteOfAnyRow()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = TestCalls.Many(200, 2);
        store.Write(calls);
        string before = Dump(folder, store);
        WriteReport again = store.Write(calls);
        Assert.Equal(200, again.Unchanged);
        Assert.Equal(0, again.Inserted + again.Replaced);
        Assert.Equal(before, Dump(folder, store));
    }

    [Fact]
    public void Write_OfAnUpdate_ReplacesAndALateFinalDoesNot()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
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

    [Fact]
    public void Write_OfAnUpdateThatStartedEarlier_LeavesOneRow()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        StoredCall final = TestCalls.Stored(1, new Random(4), TestCalls.Start + TimeSpan.FromHours(1));
        store.Write([final]);
        CallRecord earlier = final.Record with { StartedAt = TestCalls.Start };
        store.Write([new StoredCall(earlier, RecordRevision.Updated, new byte[] { 9 })]);
        Assert.Equal(TestCalls.Start, Assert.Single(store.List(new CallQuery()).Calls).StartedAt);
        Assert.Equal([9], store.GetChunks(final.Record.Id));
    }

    [Fact]
    public void Write_OfSomethingWithoutAnId_FailsAloneAndSaysSo()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
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

    [Fact]
    public void Write_OverMoreDaysThanAreKeptOpen_ReadsAllBack()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records, new SqliteStoreLimits { OpenDays = 2 });
        var random = new Random(6);
        var calls = Enumerable.Range(0, 40).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromDays(i % 8))).ToList();
        store.Write(calls);
        Assert.Equal(8, store.Days().Count);
        Assert.Equal(40, store.List(new CallQuery { Limit = 1000 }).Calls.Count);
        Assert.All(calls, call => Assert.NotNull(store.Get(call.Record.Id)));
    }

    [Fact]
    public void DropDay_WhileReadersHaveItOpen_RemovesItsRecordsOnly()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(7);
        store.Write([.. Enumerable.Range(0, 10).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromDays(i % 2)))]);
        Assert.Equal(10, store.List(new CallQuery()).Calls.Count);
        Assert.True(store.DropDay(new DateOnly(2026, 11, 20)));
        Assert.False(store.DropDay(new DateOnly(2026, 11, 20)));
        Assert.Equal(5, store.List(new CallQuery()).Calls.Count);
        store.Write([TestCalls.Stored(77, random, TestCalls.Start)]);
        Assert.Equal(6, store.List(new CallQuery()).Calls.Count);
    }

    [Fact]
    public void Write_WhenTheFileWasRemovedUnderneath_MakesItAnew()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(8);
        store.Write([TestCalls.Stored(1, random, TestCalls.Start)]);
        foreach (string file in Directory.GetFiles(folder.Records)) File.Delete(file);
        store.Write([TestCalls.Stored(2, random, TestCalls.Start)]);
        using SqliteCallStore other = SqliteCallStore.Open(folder.Records);
        Assert.Single(other.List(new CallQuery()).Calls);
    }

    [Fact]
    public void Write_ToADamagedDay_FailsThatDayAlone()
    {
        using var folder = new StoreFolder();
        Directory.CreateDirectory(folder.Records);
        File.WriteAllText(Path.Combine(folder.Records, "2026-11-20.db"), new string('x', 9000));
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(9);
        StoredCall first = TestCalls.Stored(1, random, TestCalls.Start), second = TestCalls.Stored(2, random, TestCalls.Start + TimeSpan.FromDays(1));
        WriteReport report = store.Write([first, second]);
        Assert.Equal([first], report.Failed);
        Assert.Contains("2026-11-20.db", report.Fault, StringComparison.Ordinal);
        Assert.Equal(1, report.Inserted);
    }

    [Fact]
    public void Schema_OfAnOlderFile_IsBroughtUpToDateByReaderAndWriter()
    {
        using var folder = new StoreFolder();
        StoredCall call = TestCalls.Stored(1, new Random(10), TestCalls.Start);
        using (SqliteCallStore old = SqliteCallStore.Open(folder.Records)) old.Write([call]);
        var newer = new SchemaMigrations("Records", [Step("0001_calls"), Step("0002_media"), Step("0003_directory"), Step("0004_leaner"), Step("0005_recording_parts"), "ALTER TABLE calls ADD COLUMN rating INTEGER; UPDATE calls SET rating = 5;"]);
        using (var store = new SqliteCallStore(folder.Records, new SqliteStoreLimits(), newer))
        {
            Assert.NotNull(store.Get(call.Record.Id));
            store.Write([TestCalls.Stored(2, new Random(11), TestCalls.Start)]);
        }

        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.Zero, 100))
        {
            Assert.Equal(6, database.Scalar("PRAGMA user_version"));
            Assert.Equal(5, database.Scalar("SELECT max(rating) FROM calls"));
        }

        using SqliteCallStore tooOld = SqliteCallStore.Open(folder.Records);
        StoreException e = Assert.Throws<StoreException>(() => tooOld.Get(call.Record.Id));
        Assert.Contains("newer cdrengine (schema 6, this program knows 5)", e.Message, StringComparison.Ordinal);
        WriteReport report = tooOld.Write([TestCalls.Stored(3, new Random(12), TestCalls.Start)]);
        Assert.Single(report.Failed);
        Assert.Contains("newer cdrengine", report.Fault, StringComparison.Ordinal);
    }

    private static string Step(string name)
    {
        using var stream = new StreamReader(typeof(SqliteCallStore).Assembly.GetManifestResourceStream($"Schema/Records/{name}.sql")!);
        return stream.ReadToEnd();
    }

    [Fact]
    public void Schema_StepThatFails_LeavesTheFileAsItWas()
    {
        using var folder = new StoreFolder();
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Root, "x.db"), SqliteAccess.Write, TimeSpan.Zero, 100);
        new SchemaMigrations("x", ["CREATE TABLE a (b)"]).Apply(database);
        Assert.Throws<StoreException>(() => new SchemaMigrations("x", ["", "CREATE TABLE c (d)", "CREATE TABLE a (again)"]).Apply(database));
        Assert.Equal(1, database.Scalar("PRAGMA user_version"));
        Assert.Equal(0, database.Scalar("SELECT count(*) FROM sqlite_master WHERE name = 'c'"));
    }

    [Fact]
    public void Schema_OfAnotherProgramsFile_IsRefused()
    {
        using var folder = new StoreFolder();
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Root, "x.db"), SqliteAccess.Write, TimeSpan.Zero, 100);
        database.Execute("PRAGMA application_id = 42; CREATE TABLE a (b)");
        StoreException e = Assert.Throws<StoreException>(() => SchemaMigrations.Records.Apply(database));
        Assert.Contains("not a file of cdrengine", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Library_Missing_NamesThePackage()
    {
        StoreException e = Assert.Throws<StoreException>(() => SqliteLibrary.LoadOrExplain("libsqlite3-that-is-not-there.so.0"));
        Assert.Contains("apt-get install libsqlite3-0", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.StartsWith("3.", SqliteLibrary.EnsureLoaded(), StringComparison.Ordinal);
    }

    [Fact]
    public void Catalog_RemembersSettingsAndImports()
    {
        using var folder = new StoreFolder();
        ImportedFile file = new("f00", "a/b.pcap", 1, 2, 3), other = new("f02", "c.pcap", 4, 5, 6);
        ImportedRun first = new("c1", 1, 2, [new DateOnly(2026, 11, 20)]), second = new("c2", 0, 0, [new DateOnly(2026, 11, 20), new DateOnly(2026, 11, 21)]);
        using (CatalogStore catalog = CatalogStore.Open(folder.Records))
        {
            Assert.Null(catalog.Setting("x"));
            catalog.Set("x", "1");
            catalog.Set("x", "2");
            Assert.Null(catalog.FindRun(["f00"]));
            catalog.AddImport(first, [file with { Calls = 0 }, other]);
            Assert.Equal("c1", catalog.FindRun(["f02", "f00"])!.Conditions);
            catalog.AddImport(second, [file]);
        }

        using CatalogStore again = CatalogStore.Open(folder.Records);
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

    [Fact]
    public void Reads_WhileWritesGoOn_SeeWholeRecords()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
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

    private static string Dump(StoreFolder folder, SqliteCallStore store)
    {
        var text = new System.Text.StringBuilder();
        foreach (DateOnly day in store.Days())
        {
            string path = Path.Combine(folder.Records, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + ".db");
            using SqliteDatabase database = SqliteDatabase.Open(path, SqliteAccess.Read, TimeSpan.Zero, 1000);
            foreach ((string table, string columns) in new[]
                     {
                         ("calls", "started_at, id, document, revision, duration_us, billsec_us, disposition, direction, flags, mos, caller_number, callee_number, dialled, "
                             + "caller_ip, callee_ip, codecs, sip_call_hash, session_id, tenant"),
                         ("call_numbers", "number, started_at, id, roles"),
                         ("call_documents", "document, sip_call_id, search, json"),
                         ("call_chunks", "document, chunks"),
                     })
            {
                int count = columns.Split(',').Length;
                using SqliteStatement rows = database.Prepare($"SELECT {string.Join(", ", columns.Split(", ").Select(column => $"quote({column})"))} FROM {table} ORDER BY 1, 2");
                while (rows.Step()) text.AppendLine(string.Join('|', Enumerable.Range(0, count).Select(rows.Text)));
            }
        }

        return text.ToString();
    }
}
