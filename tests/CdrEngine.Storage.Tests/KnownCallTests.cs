using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of calls of days that are over, which memory tells: whatever is asked, they are what a store gives that never sealed a day.</summary>
public sealed class KnownCallTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lists_AreThoseOfAStoreWithoutSeals(int seed)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using var other = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records), plain = SqliteCallStore.Open(other.Records);
        var calls = new Dictionary<string, StoredCall>(StringComparer.Ordinal);
        foreach (StoredCall call in Enumerable.Range(0, 300).SelectMany(i => Conversation(i, random))) calls[call.Record.Id] = call;
        Both(each => Assert.Null(each.Write([.. calls.Values]).Fault));
        Sealed();
        AskAll(100);
        Assert.InRange(store.KnownPages, 20, long.MaxValue);

        // Late calls and changed ones; then deleted ones; then some that are gone for good.
        foreach (StoredCall call in Enumerable.Range(300, 20).SelectMany(i => Conversation(i, random))) calls[call.Record.Id] = call;
        foreach (StoredCall call in calls.Values.Where(_ => random.Next(8) == 0).ToArray())
            calls[call.Record.Id] = call with { Record = call.Record with { Dialled = Number(random), EndedAt = call.Record.StartedAt + TimeSpan.FromSeconds(random.Next(1, 30)) }, Revision = RecordRevision.Updated };
        Both(each => Assert.Null(each.Write([.. calls.Values]).Fault));
        AskAll(20);
        Sealed();
        AskAll(40);
        string[] hidden = [.. calls.Keys.Where(_ => random.Next(20) == 0)];
        Both(each => each.Hide(hidden, "test", TestCalls.Start));
        AskAll(20);
        foreach (IGrouping<string, string> day in hidden.GroupBy(static id => id[..8])) Both(each => each.Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd", CultureInfo.InvariantCulture), [.. day]));
        AskAll(20);
        Sealed();
        long before = store.KnownPages;
        AskAll(60);
        Assert.InRange(store.KnownPages, before + 1, long.MaxValue);
        Assert.Equal(0, plain.KnownPages);

        void Both(Action<SqliteCallStore> act)
        {
            act(store);
            act(plain);
        }

        void Sealed()
        {
            store.Seal(Over);
            Settle(folder);
        }

        void AskAll(int times)
        {
            for (int i = 0; i < times; i++) Ask(store, plain, random);
        }
    }

    [Fact]
    public void Walk_GoesOn_ThoughADayIsWrittenToAndSealedAnew()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(5);
        List<StoredCall> calls = [.. Enumerable.Range(0, 200).SelectMany(i => Conversation(i, random)).DistinctBy(static call => call.Record.Id)];
        store.Write(calls);
        store.Seal(Over);
        Settle(folder);
        var query = new CallQuery { PartyNumbers = ["100", "101"], Ascending = true };
        string[] expected = [.. calls.Where(static call => new[] { call.Record.Caller.Number, call.Record.Caller.E164, call.Record.Callee.Number, call.Record.Dialled }.Any(static number => number is "100" or "101"))
            .OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id)];
        Assert.InRange(expected.Length, 20, 1000);
        for (int skip = 0; skip < expected.Length; skip += 7)
        {
            CallSlice page = store.Page(new CallPageRequest { Query = query, Skip = skip, Take = 7, WantsTotal = true, GoesOn = skip > 0 });
            Assert.Equal(expected.Skip(skip).Take(7), page.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length, page.Total);
            store.Write([.. Conversation(1000 + skip, random).Select(static call => call with { Record = call.Record with { Dialled = "100" } })]);
            if (skip % 2 == 0) continue;
            store.Seal(Over);
            Settle(folder);
        }
    }

    [Fact]
    public void IntegerIds_AreThoseOfTheStore_AlsoWhereTwoCallsShareTheirFirstBits()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        CallRecord one = TestCalls.Record(1, new Random(1), TestCalls.Start), two = TestCalls.Record(2, new Random(2), TestCalls.Start + TimeSpan.FromSeconds(5));
        two = two with { Id = one.Id[..^1] + (one.Id[^1] == '0' ? '1' : '0'), SessionId = one.Id[..^1] + (one.Id[^1] == '0' ? '1' : '0') };
        store.Write([new StoredCall(one, RecordRevision.Final, default), new StoredCall(two, RecordRevision.Final, default)]);
        store.Seal(Over);
        Settle(folder);
        CallSlice page = store.Page(new CallPageRequest { Query = new CallQuery { Ascending = true } });
        Assert.Equal(1, store.KnownPages);
        Assert.Equal([one.Id, two.Id], page.Calls.Select(static call => call.Record.Id));
        Assert.All(page.Calls, call => Assert.Equal(call.Record.Id, store.FindByNumber(call.Number)!.Record.Id));
        Assert.NotEqual(page.Calls[0].Number, page.Calls[1].Number);
    }

    [Theory]
    [InlineData("x''")]
    [InlineData("x'01'")]
    [InlineData("x'02'")]
    [InlineData("zeroblob(64)")]
    [InlineData("x'010100000000000000ffffffff07ffffffff0700'")]
    [InlineData("substr(value, 1, length(value) - 1)")]
    [InlineData("CAST(value || x'00' AS BLOB)")]
    [InlineData("CAST(substr(value, 1, 9) || x'ff7f' || substr(value, 12) AS BLOB)")]
    public void DamagedPart_IsLeftAside(string value)
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        var random = new Random(7);
        List<StoredCall> calls = [.. Enumerable.Range(0, 60).SelectMany(i => Conversation(i, random)).DistinctBy(static call => call.Record.Id)];
        store.Write(calls);
        store.Seal(Over);
        foreach (DateOnly day in store.Days())
        {
            using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, $"{day:yyyy-MM-dd}.db"), SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
            database.Execute($"UPDATE day_seal SET value = {value} WHERE name = '{DayCalls.Name}'");
        }

        Settle(folder);
        Assert.Equal(calls.Count, store.Count(new CallQuery()));
        string[] expected = [.. calls.Where(static call => call.Record.Dialled == "101").Select(static call => call.Record.Id).Order()];
        Assert.Equal(expected, store.List(new CallQuery { DialledNumbers = ["101"], Limit = 1000 }).Calls.Select(static call => call.Id).Order());
        Assert.Equal(0, store.KnownPages);
    }

    private static void Ask(SqliteCallStore store, SqliteCallStore plain, Random random)
    {
        CallQuery query = Query(random) with { Ascending = random.Next(2) == 0, Limit = random.Next(1, 40) };
        if (random.Next(5) == 0) query = query with { Sort = (CallSort)random.Next(4) };
        if (query.Any.Count == 0 && query.Without is null && random.Next(6) == 0) query = query with { Moments = random.Next(4) == 0 ? [Moment(random), Moment(random)] : [Moment(random)] };
        string? cursor = null, plainCursor = null;
        for (int page = 0; page < 4; page++)
        {
            CallPage mine = store.List(query with { Cursor = cursor }), theirs = plain.List(query with { Cursor = plainCursor });
            Assert.Equal(theirs.Calls.Select(TestCalls.Json), mine.Calls.Select(TestCalls.Json));
            Assert.Equal(theirs.NextCursor, mine.NextCursor);
            if ((cursor = mine.NextCursor) is null) break;
            plainCursor = theirs.NextCursor;
        }

        string viewer = $"v{random.Next()}";
        long total = plain.Count(query);
        Assert.Equal((total, CallCursor.TextOf(query)), (store.Count(query), CallCursor.TextOf(query)));
        var request = new CallPageRequest { Query = query, Viewer = viewer, WantsTotal = true };
        if (random.Next(4) == 0) request = request with { Where = static record => record.Duration.Ticks % 20_000_000 == 0, WhereName = "even", WhereTraits = random.Next(2) == 0 ? CallTraits.None : CallTraits.Answered };
        for (int page = 0; page < 3; page++)
        {
            request = request with { Skip = page == 0 ? 0 : random.Next((int)total + 3), Take = random.Next(1, 30) };
            CallSlice mine = store.Page(request), theirs = plain.Page(request);
            Assert.Equal(theirs.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)), mine.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)));
            Assert.Equal((theirs.Total, theirs.HasMore), (mine.Total, mine.HasMore));
        }
    }

    internal static CallQuery Query(Random random)
    {
        CallQuery query = One(random);
        if (random.Next(8) == 0) return new CallQuery { Any = [One(random), One(random)], Tenant = Tenant(random), IsSessionStart = random.Next(4) == 0 };
        query = query with { Tenant = random.Next(2) == 0 ? Tenant(random) : null };
        if (random.Next(3) == 0) query = query with { Dispositions = [Disposition.Answered], Directions = random.Next(2) == 0 ? [CallDirection.Inbound, CallDirection.Outbound] : [] };
        if (random.Next(3) == 0) query = query with { DurationMin = TimeSpan.FromSeconds(random.Next(10)), BillsecMax = random.Next(2) == 0 ? TimeSpan.FromSeconds(random.Next(20)) : null };
        if (random.Next(6) == 0) query = query with { PersonBillsecMax = TimeSpan.FromSeconds(random.Next(15)) };
        if (random.Next(6) == 0) query = query with { IsSessionStart = true };
        if (random.Next(4) == 0) query = query with { From = TestCalls.Start + TimeSpan.FromHours(random.Next(40)), To = random.Next(2) == 0 ? TestCalls.Start + TimeSpan.FromHours(random.Next(60)) : null };
        if (random.Next(10) == 0) query = query with { Codec = "PCMU" };
        if (random.Next(8) == 0) query = query with { Flags = (CallFlags)(1 << random.Next(4)) };
        if (random.Next(6) == 0) query = query with { Ranges = random.Next(4) == 0 ? [Range(random), Range(random)] : [Range(random)] };
        if (random.Next(8) == 0) query = query with { Without = query with { Context = CallContext.Queue, BillsecMin = TimeSpan.FromSeconds(random.Next(12)), Without = random.Next(2) == 0 ? query with { Context = CallContext.Queue, BillsecMin = TimeSpan.FromSeconds(12 + random.Next(12)) } : null } };
        return query;
    }

    private static MomentRange Moment(Random random)
    {
        Timestamp from = TestCalls.Start + TimeSpan.FromSeconds(random.Next(-20_000, 220_000));
        return new MomentRange((MomentOf)random.Next(3), random.Next(3) == 0 ? null : from, random.Next(3) == 0 ? null : from + TimeSpan.FromSeconds(random.Next(200_000)));
    }

    private static TextRange Range(Random random) => random.Next(6) switch
    {
        0 => new TextRange(TextOf.Caller, (TextSense)random.Next(6), Number(random)),
        1 => new TextRange(TextOf.Callee, (TextSense)random.Next(4), random.Next(4) == 0 ? "" : Number(random)),
        2 => new TextRange(TextOf.Dialled, (TextSense)random.Next(6), Number(random)),
        3 when random.Next(2) == 0 => new TextRange(TextOf.SipCallId, TextSense.Contains, s_partsOfCallIds[random.Next(s_partsOfCallIds.Length)]),
        3 => new TextRange(TextOf.SipCallId, (TextSense)random.Next(5), $"{random.Next(10)}"),
        4 => new TextRange(TextOf.FirstLabel + (int)CallLabel.CallerName, (TextSense)random.Next(4), random.Next(2) == 0 ? "Name" : "User 4"),
        _ => new TextRange(TextOf.FirstLabel + (int)CallLabel.CallerDomain, (TextSense)random.Next(6), "example"),
    };

    private static string? Tenant(Random random) => random.Next(4) switch { 0 => "acme", 1 => "zeta", 2 => "nobody", _ => null };

    private static CallQuery One(Random random) => random.Next(12) switch
    {
        11 => new CallQuery { Address = s_addresses[random.Next(s_addresses.Length)] },
        0 => new CallQuery { Number = Number(random) },
        1 => new CallQuery { Caller = Number(random) },
        2 => new CallQuery { Callee = Number(random) },
        3 => new CallQuery { CallerNumbers = [Number(random), Number(random)] },
        4 => new CallQuery { DialledNumbers = [Number(random)] },
        5 => new CallQuery { CalleeNumbers = [Number(random), Number(random), "nobody"] },
        6 => new CallQuery { PartyNumbers = [Number(random)] },
        7 => new CallQuery { User = random.Next(1, 8) },
        8 => new CallQuery { SessionCalleeNumbers = [Number(random)] },
        9 => new CallQuery { Number = "10*" },
        _ => new CallQuery { DurationMax = TimeSpan.FromSeconds(random.Next(20)) },
    };

    private static readonly string[] s_partsOfCallIds = ["@", "@h", "@h1", "@H1", "1", "h", "H", "-1@h", "1@", "@h2@", "é", "/"];

    private static readonly string[] s_names = ["anna", "Anna", "ANNA", "bob", "B", "Kim", "\u212Aim", "Ärger", "104a", "104A", "1_4", "{"];

    private static readonly IpAddress[] s_addresses = [.. new[] { "10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.9" }.Select(static text => IpAddress.TryParse(text, out IpAddress address) ? address : default)];

    internal static string Number(Random random) => random.Next(10) == 0 ? s_names[random.Next(s_names.Length)] : string.Create(CultureInfo.InvariantCulture, $"{(random.Next(2) == 0 ? "" : "+4930")}{100 + random.Next(random.Next(4) == 0 ? 200 : 12)}");

    internal static IEnumerable<StoredCall> Conversation(int index, Random random)
    {
        Timestamp at = TestCalls.Start + TimeSpan.FromSeconds(random.Next(3) == 0 ? random.Next(60) * 3600 : random.Next(200_000));
        string? tenant = random.Next(4) switch { 0 => null, 1 => "zeta", _ => "acme" };
        CallRecord first = Call($"{index}", at, random, tenant);
        yield return new StoredCall(first, RecordRevision.Final, default, tenant);
        for (int i = random.Next(6) - 2; i > 0; i--)
        {
            string? its = random.Next(6) == 0 ? "zeta" : tenant;
            yield return new StoredCall(Call($"{index}-{i}", at + TimeSpan.FromSeconds(random.Next(10)), random, its) with { SessionId = first.Id }, RecordRevision.Final, default, its);
        }
    }

    private static CallRecord Call(string sipCallId, Timestamp at, Random random, string? tenant)
    {
        CallRecord call = TestCalls.Record(0, random, at);
        string id = CallId.Derive(sipCallId, "tag", at);
        int user = random.Next(1, 8);
        return call with
        {
            Id = id,
            SessionId = id,
            SipCallId = random.Next(4) switch { 0 => sipCallId, 1 => $"{sipCallId}@h1", 2 => $"{sipCallId}é@H1.example", _ => $"{sipCallId}@h2@h1" },
            Dialled = random.Next(3) == 0 ? null : Number(random),
            RangAt = sipCallId.Length % 3 == 0 ? null : at + TimeSpan.FromMilliseconds(sipCallId[^1] * 37 % 3_000),
            Caller = call.Caller with { Address = random.Next(4) == 0 ? null : new Endpoint(s_addresses[random.Next(s_addresses.Length)], 5060), Number = Number(random), E164 = random.Next(4) == 0 ? Number(random) : null, Identity = random.Next(2) == 0 ? new PartyIdentity(PartyKind.User, user, $"User {user}") : null },
            Callee = call.Callee with { Address = random.Next(4) == 0 ? null : new Endpoint(s_addresses[random.Next(s_addresses.Length)], 5060), Number = random.Next(5) == 0 ? null : Number(random) },
            Marks = new CallMarks { Tenant = tenant, Context = random.Next(3) switch { 0 => CallContext.PstnCall, 1 => CallContext.Queue, _ => CallContext.Ivr } },
            Links = [],
        };
    }

    // As if all of it had been written long ago: what is known of a day that is being written to is not kept.
    internal static void Settle(StoreFolder folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder.Records, "*.db*")) File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - TimeSpan.FromSeconds(10));
    }
}
