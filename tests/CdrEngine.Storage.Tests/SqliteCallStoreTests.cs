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
        var newer = new SchemaMigrations("Records", [Step("0001_calls"), Step("0002_media"), Step("0003_directory"), Step("0004_leaner"), Step("0005_recording_parts"), Step("0006_profiles"), Step("0007_texts"), Step("0008_kinds"), "ALTER TABLE calls ADD COLUMN rating INTEGER; UPDATE calls SET rating = 5;"]);
        using (var store = new SqliteCallStore(folder.Records, new SqliteStoreLimits(), newer))
        {
            Assert.NotNull(store.Get(call.Record.Id));
            store.Write([TestCalls.Stored(2, new Random(11), TestCalls.Start)]);
        }

        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.Zero, 100))
        {
            Assert.Equal(9, database.Scalar("PRAGMA user_version"));
            Assert.Equal(5, database.Scalar("SELECT max(rating) FROM calls"));
        }

        using SqliteCallStore tooOld = SqliteCallStore.Open(folder.Records);
        StoreException e = Assert.Throws<StoreException>(() => tooOld.Get(call.Record.Id));
        Assert.Contains("newer cdrengine (schema 9, this program knows 8)", e.Message, StringComparison.Ordinal);
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
