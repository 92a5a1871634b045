using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of calls that a voice mailbox answered, by tenant, times and ids: the same as looking at every call, whether days are sealed or not.</summary>
public abstract class VoiceMessageListTests
{
    private protected const int Calls = 700;
    private protected static readonly DateOnly Over = new(2030, 1, 1);

    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Pages_ByTenantTimesAndIds_AreThoseOfLookingAtEveryCall()
    {
        var random = new Random(11);
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls(new SqliteStoreLimits { DayCounts = 8 });
        var calls = Enumerable.Range(0, Calls).Select(index => Call(index, random)).ToDictionary(static call => call.Record.Id);
        store.Write([.. calls.Values]);
        AskAll(15);
        store.Seal(Over);
        AskAll(40);

        // More of a sealed day, deleted ones, and others that are gone.
        foreach (StoredCall late in Enumerable.Range(Calls, 40).Select(index => Call(index, random)))
        {
            store.Write([late]);
            calls.Add(late.Record.Id, late);
        }

        AskAll(15);
        store.Seal(Over);
        string[] hidden = [.. calls.Keys.Where(_ => random.Next(12) == 0)];
        store.Hide(hidden, "test", TestCalls.Start);
        foreach (string id in hidden) calls.Remove(id);
        AskAll(25);

        void AskAll(int questions)
        {
            for (int i = 0; i < questions; i++) Ask(store, Query(random, [.. calls.Keys]), calls.Values);
        }
    }

    private static void Ask(ICallStore store, CallQuery query, IEnumerable<StoredCall> calls)
    {
        IEnumerable<StoredCall> meant = calls.Where(call => Voicemail.Answered(call.Record) && (query.Tenant ?? call.Tenant) == call.Tenant
            && call.Record.StartedAt >= (query.From ?? Timestamp.MinValue) && call.Record.StartedAt < (query.To ?? Timestamp.MaxValue)
            && (query.Ids.Count == 0 || query.Ids.Contains(call.Record.Id)) && !query.Except.Contains(call.Record.Id)
            && (query.Dispositions.Count == 0 || query.Dispositions.Contains(call.Record.Disposition)));
        string[] expected = [.. (query.Ascending ? meant.OrderBy(Place) : meant.OrderByDescending(Place)).Select(static call => call.Record.Id)];
        Assert.Equal(expected.Length, store.Count(query));
        var seen = new List<string>();
        for (int page = 0; ; page++)
        {
            CallSlice slice = store.Page(new CallPageRequest { Query = query, Skip = page * 20, Take = 20, Viewer = $"{query}", WantsTotal = true });
            Assert.Equal(expected.Length, slice.Total);
            seen.AddRange(slice.Calls.Select(static call => call.Record.Id));
            if (!slice.HasMore) break;
        }

        Assert.Equal(expected, seen);
        int far = expected.Length / 2;
        Assert.Equal(
            expected.Skip(far).Take(7),
            store.Page(new CallPageRequest { Query = query, Skip = far, Take = 7, Viewer = $"{Guid.NewGuid()}", WantsTotal = true }).Calls.Select(static call => call.Record.Id));

        static (long At, string Id) Place(StoredCall call) => (call.Record.StartedAt.Microseconds, call.Record.Id);
    }

    private static CallQuery Query(Random random, IReadOnlyCollection<string> ids)
    {
        var query = new CallQuery { IsVoicemail = true, Ascending = random.Next(2) == 0, Tenant = random.Next(3) switch { 0 => "acme", 1 => "other", _ => null } };
        if (random.Next(3) == 0) query = query with { From = TestCalls.Start + TimeSpan.FromHours(random.Next(40)), To = TestCalls.Start + TimeSpan.FromHours(random.Next(30, 72)) };
        if (random.Next(8) == 0) query = query with { Dispositions = [Disposition.Answered] };
        return random.Next(4) switch
        {
            0 => query with { Except = [.. ids.Where(_ => random.Next(2) == 0)] },
            1 => query with { Except = [.. ids.Where(_ => random.Next(100) == 0)] },
            2 => query with { Ids = [.. ids.Where(_ => random.Next(2) == 0)] },
            _ => query,
        };
    }

    private protected static StoredCall Call(int index, Random random)
    {
        CallRecord record = TestCalls.Record(index, random);
        if (random.Next(3) == 0) record = record with { Callee = record.Callee with { UserAgent = "Voicemail/1" } };
        return new StoredCall(record, RecordRevision.Final, new byte[] { 1 }, random.Next(3) switch { 0 => "acme", 1 => "other", _ => null });
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteVoiceMessageListTests : VoiceMessageListTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void DaysThatAreOver_AreCountedWithoutLookingAtACall()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(12);
        List<StoredCall> calls = [.. Enumerable.Range(0, 300).Select(index => Call(index, random))];
        store.Write(calls);
        store.Seal(Over);
        string[] except = [.. calls.Where(static call => Voicemail.Answered(call.Record)).Take(5).Select(static call => call.Record.Id)];
        long count = store.Count(new CallQuery { IsVoicemail = true, Except = except });
        Assert.Equal(calls.Count(static call => Voicemail.Answered(call.Record)) - 5, count);

        // What leads to them goes; what is counted of the days stays.
        foreach (string file in Directory.GetFiles(folder.Records, "2026-*.db"))
        {
            using SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);
            database.Execute("DELETE FROM call_numbers");
        }

        using SqliteCallStore again = SqliteCallStore.Open(folder.Records);
        Assert.Equal(count, again.Count(new CallQuery { IsVoicemail = true, Except = except }));
        Assert.Equal(20, again.Page(new CallPageRequest { Query = new CallQuery { IsVoicemail = true }, Skip = 40, Take = 20, Viewer = "v" }).Calls.Count);
    }

    [Fact]
    public void Damage_OfWhatIsKept_IsReadAsNothing()
    {
        using var folder = new StoreFolder();
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            store.Write([.. Enumerable.Range(0, 50).Select(static index => Call(index, new Random(index)))]);
            store.Seal(Over);
        }

        foreach (string file in Directory.GetFiles(folder.Records, "2026-*.db"))
        {
            using SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Read, TimeSpan.FromSeconds(30), 1024);
            byte[] whole = DayVoice.ToBytes(database);
            Assert.NotNull(DayVoice.Read(whole));
            for (int length = 0; length < whole.Length; length++) Assert.Null(DayVoice.Read(whole[..length]));
            Assert.Null(DayVoice.Read([.. whole, 0]));
            Assert.Null(DayVoice.Read([255, 255, 255, 127, .. whole[4..]]));
        }
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresVoiceMessageListTests : VoiceMessageListTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
