using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of calls of days that are over, which memory tells on PostgreSQL: whatever is asked, they are what a store of files gives that never sealed a day.</summary>
public sealed class PostgresKnownCallTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    public void Lists_AreThoseOfAStoreWithoutSeals(int seed)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using var place = new PostgresPlace();
        using SqliteCallStore plain = SqliteCallStore.Open(folder.Records);
        using var store = (PostgresCallStore)place.Calls();
        var calls = new Dictionary<string, StoredCall>(StringComparer.Ordinal);
        foreach (StoredCall call in Enumerable.Range(0, 250).SelectMany(i => KnownCallTests.Conversation(i, random))) calls[call.Record.Id] = call;
        Both(each => Assert.Null(each.Write([.. calls.Values]).Fault));
        AskAll(15);
        Assert.Equal(0, store.KnownPages);
        store.Seal(Over);
        AskAll(80);
        Assert.InRange(store.KnownPages, 20, long.MaxValue);

        // Late calls and changed ones; then deleted ones; then some that are gone for good; then all that a tenant sees.
        foreach (StoredCall call in Enumerable.Range(300, 20).SelectMany(i => KnownCallTests.Conversation(i, random))) calls[call.Record.Id] = call;
        foreach (StoredCall call in calls.Values.Where(_ => random.Next(8) == 0).ToArray())
            calls[call.Record.Id] = call with { Record = call.Record with { Dialled = KnownCallTests.Number(random), EndedAt = call.Record.StartedAt + TimeSpan.FromSeconds(random.Next(1, 30)) }, Revision = RecordRevision.Updated };
        Both(each => Assert.Null(each.Write([.. calls.Values]).Fault));
        AskAll(15);
        store.Seal(Over);
        AskAll(30);
        string[] hidden = [.. calls.Keys.Where(_ => random.Next(20) == 0)];
        Both(each => each.Hide(hidden, "test", TestCalls.Start));
        AskAll(15);
        foreach (IGrouping<string, string> day in hidden.GroupBy(static id => id[..8])) Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd", CultureInfo.InvariantCulture), [.. day]);
        AskAll(15);
        store.Seal(Over);
        long before = store.KnownPages;
        AskAll(40);
        Assert.InRange(store.KnownPages, before + 1, long.MaxValue);
        Both(static each => each.HideAll("acme", "test", TestCalls.Start));
        AskAll(15);

        void Both(Action<ICallStore> act)
        {
            act(store);
            act(plain);
        }

        void Purge(DateOnly day, string[] ids)
        {
            Assert.Equal(plain.Purge(day, ids), store.Purge(day, ids));
        }

        void AskAll(int times) => Questions.Ask(times, () => Query(calls, random), query => Ask(store, plain, query, random), CallCursor.TextOf);
    }

    [PostgresFact]
    public void Walk_GoesOn_ThoughADayIsWrittenToAndSealedAnew()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        var random = new Random(5);
        List<StoredCall> calls = [.. Enumerable.Range(0, 200).SelectMany(i => KnownCallTests.Conversation(i, random)).DistinctBy(static call => call.Record.Id)];
        store.Write(calls);
        store.Seal(Over);
        var query = new CallQuery { PartyNumbers = ["100", "101"], Ascending = true };
        string[] expected = [.. calls.Where(static call => new[] { call.Record.Caller.Number, call.Record.Caller.E164, call.Record.Callee.Number, call.Record.Dialled }.Any(static number => number is "100" or "101"))
            .OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id)];
        Assert.InRange(expected.Length, 20, 1000);
        for (int skip = 0; skip < expected.Length; skip += 7)
        {
            CallSlice page = store.Page(new CallPageRequest { Query = query, Skip = skip, Take = 7, WantsTotal = true, GoesOn = skip > 0 });
            Assert.Equal(expected.Skip(skip).Take(7), page.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length, page.Total);
            store.Write([.. KnownCallTests.Conversation(1000 + skip, random).Select(static call => call with { Record = call.Record with { Dialled = "100" } })]);
            if (skip % 2 == 0) store.Seal(Over);
        }
    }

    [PostgresTheory]
    [InlineData(DayCalls.Name, "''")]
    [InlineData(DayCalls.Name, "'\\x01'")]
    [InlineData(DayCalls.Name, "'\\x010100000000000000ffffffff07ffffffff0700'")]
    [InlineData(DayCalls.Name, "substr(value, 1, length(value) - 1)")]
    [InlineData(PostgresDayColumns.Name, "''")]
    [InlineData(PostgresDayColumns.Name, "substr(value, 1, length(value) - 1)")]
    [InlineData(PostgresDayColumns.Name, "value || '\\x00'")]
    [InlineData(PostgresDayColumns.Name, "substr(value, 1, 9) || '\\xff7f' || substr(value, 12)")]
    public void DamagedPart_IsLeftAside(string name, string value)
    {
        using var place = new PostgresPlace();
        var random = new Random(7);
        List<StoredCall> calls = [.. Enumerable.Range(0, 60).SelectMany(i => KnownCallTests.Conversation(i, random)).DistinctBy(static call => call.Record.Id)];
        using (var store = (PostgresCallStore)place.Calls())
        {
            store.Write(calls);
            store.Seal(Over);
            store.Script($"UPDATE day_calls SET value = {value} WHERE name = '{name}'");
        }

        using var read = (PostgresCallStore)place.Calls();
        Assert.Equal(calls.Count, read.Count(new CallQuery()));
        string[] expected = [.. calls.Where(static call => call.Record.Dialled == "101").Select(static call => call.Record.Id).Order()];
        var query = new CallQuery { DialledNumbers = ["101"], Address = calls[0].Record.Caller.Address!.Value.Address, Limit = 1000 };
        Assert.Equal(expected, read.List(query with { Address = null }).Calls.Select(static call => call.Id).Order());
        long known = read.KnownPages;
        Assert.Equal(name == DayCalls.Name, known == 0);
        string[] there = [.. calls.Where(call => call.Record.Dialled == "101" && (call.Record.Caller.Address?.Address == query.Address || call.Record.Callee.Address?.Address == query.Address)).Select(static call => call.Record.Id).Order()];
        Assert.Equal(there, read.List(query).Calls.Select(static call => call.Id).Order());
        Assert.Equal(known, read.KnownPages);
    }

    // Beside what files keep in memory: texts, scores and addresses.
    private static CallQuery Query(Dictionary<string, StoredCall> calls, Random random)
    {
        CallQuery query = KnownCallTests.Query(random);
        if (query.Any.Count > 0 || query.Without is not null) return query;
        CallRecord some = calls.Values.ElementAt(random.Next(calls.Count)).Record;
        if (random.Next(6) == 0) query = query with { MosBelow = random.Next(2) == 0 ? some.Streams.Select(static stream => stream.Mos ?? stream.MosMin).Min() ?? 4 : random.Next(100, 450) / 100.0 };
        if (random.Next(6) == 0) query = query with { Address = some.Callee.Address?.Address };
        if (random.Next(8) == 0) query = query with { Text = random.Next(2) == 0 ? some.Caller.Number : "user" };
        if (random.Next(8) == 0) query = query with { Parts = [new NumberPart(NumberOf.Caller, "1"), new NumberPart(NumberOf.Callee, $"{random.Next(10)}")] };
        if (random.Next(8) == 0) query = query with { Labels = [new LabelPart(CallLabel.CallerDomain, "example", IsWhole: false)] };
        if (random.Next(10) == 0) query = query with { Except = [some.Id] };
        return query;
    }

    internal static void Ask(PostgresCallStore store, SqliteCallStore plain, CallQuery query, Random random)
    {
        query = query with { Ascending = random.Next(2) == 0, Limit = random.Next(1, 40) };
        string? cursor = null, plainCursor = null;
        for (int page = 0; page < 4; page++)
        {
            CallPage mine = store.List(query with { Cursor = cursor }), theirs = plain.List(query with { Cursor = plainCursor });
            Assert.Equal(theirs.Calls.Select(TestCalls.Json), mine.Calls.Select(TestCalls.Json));
            Assert.Equal(theirs.NextCursor, mine.NextCursor);
            if ((cursor = mine.NextCursor) is null) break;
            plainCursor = theirs.NextCursor;
        }

        string[] ids = [.. plain.List(query with { Limit = 20 }).Calls.Select(static call => call.Id), "none", "20301231-00112233445566778899aabb"];
        Assert.Equal(
            ids.Select(plain.Find).OfType<ListedCall>().Select(static call => (call.Record.Id, call.Tenant, call.Number)).Order(),
            store.FindAll([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value.Tenant, pair.Value.Number)).Order());
        Assert.Equal(
            ids.Select(plain.Find).OfType<ListedCall>().Select(static call => (call.Record.Id, call.Tenant, call.Number)).Order(),
            plain.FindAll([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value.Tenant, pair.Value.Number)).Order());
        IEnumerable<(string Id, string? Tenant)> owners = ids.Select(plain.Find).OfType<ListedCall>().Select(static call => (call.Record.Id, call.Tenant)).Order();
        Assert.Equal(owners, store.TenantsOf([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(owners, plain.TenantsOf([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value)).Order());
        IEnumerable<(string Id, string? Tenant, long Number)> numbers = ids.Select(plain.Find).OfType<ListedCall>().Select(static call => (call.Record.Id, call.Tenant, call.Number)).Order();
        Assert.Equal(numbers, store.NumbersOf([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value.Tenant, pair.Value.Number)).Order());
        Assert.Equal(numbers, plain.NumbersOf([.. ids, .. ids]).Select(static pair => (pair.Key, pair.Value.Tenant, pair.Value.Number)).Order());
        long total = plain.Count(query);
        Assert.Equal(total, store.Count(query));
        var request = new CallPageRequest { Query = query, Viewer = $"v{random.Next()}", WantsTotal = true };
        if (random.Next(4) == 0) request = request with { Where = static record => record.Duration.Ticks % 20_000_000 == 0, WhereName = "even", WhereTraits = random.Next(2) == 0 ? CallTraits.None : CallTraits.Answered };
        for (int page = 0; page < 3; page++)
        {
            request = request with { Skip = page == 0 ? 0 : random.Next((int)total + 3), Take = random.Next(1, 30) };
            CallSlice mine = store.Page(request), theirs = plain.Page(request);
            Assert.Equal(theirs.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)), mine.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)));
            Assert.Equal((theirs.Total, theirs.HasMore), (mine.Total, mine.HasMore));
        }
    }
}
