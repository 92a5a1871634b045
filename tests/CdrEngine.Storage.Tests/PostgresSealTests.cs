using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Seals of days on PostgreSQL: the same answers as without them and as from files, and the days that are asked no more.</summary>
public sealed class PostgresSealTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomQueries_OverSealedDays_GiveTheAnswersOfFiles(int seed)
    {
        var random = new Random(seed);
        using var sqlite = new SqlitePlace();
        using var postgres = new PostgresPlace();
        using ICallStore one = sqlite.Calls();
        using ICallStore other = postgres.Calls();
        List<StoredCall> calls = [.. TestCalls.Many(500, seed + 40).Select((call, i) => Marked(call, i, random))];
        Both(store => Assert.Equal(calls.Count, store.Write(calls).Inserted));
        Both(static store => Assert.Equal(3, store.Seal(Over)));
        Ask(120);

        // A day that is written to has no seal; what was deleted is not counted by one; both until the next pass.
        StoredCall[] changed = [.. calls.Where(_ => random.Next(60) == 0).Select(static call => call with { Revision = RecordRevision.Updated, Record = call.Record with { Disposition = Disposition.Redirected, Dialled = "777" } })];
        if (seed == 1) Both(store => Assert.Equal(changed.Length, store.Write(changed).Replaced));
        if (seed == 2) Both(store => Assert.True(store.Hide([.. changed.Select(static call => call.Record.Id)], "me", TestCalls.Start) > 0));
        if (seed == 3) Both(static store => store.HideAll("acme", "me", TestCalls.Start));
        Ask(60);
        Both(static store => store.Seal(Over));
        Ask(60);

        void Both(Action<ICallStore> work)
        {
            work(one);
            work(other);
        }

        void Ask(int questions) => Questions.Ask(questions, () => RandomQuery(calls, random), query => Same(one, other, query, random), Sqlite.CallCursor.TextOf);
    }

    [PostgresFact]
    public void Days_ThatHaveNothingOfWhatIsAsked_AreNotAsked()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 5);
        store.Write(calls);
        CallQuery[] nobodys =
        [
            new() { Number = "4711" }, new() { PartyNumbers = ["4711", "4712"] }, new() { User = 99 }, new() { Address = IpAddress.FromV4(0x01020304) }, new() { SipCallId = "nobody" }, new() { Codec = "evrc" },
            new() { MosBelow = 0.5 }, new() { Tenant = "nobody" }, new() { SipStatuses = [699] }, new() { DurationMin = TimeSpan.FromHours(9) }, new() { Trunk = "nobody" }, new() { Recorded = true },
        ];
        foreach (CallQuery query in nobodys.Where(static query => query.Recorded is null)) Assert.Equal(3, store.DaysAsked(query).Asked.Count);
        store.Seal(Over);
        foreach (CallQuery query in nobodys)
        {
            Assert.Empty(store.DaysAsked(query).Asked);
            Assert.Empty(store.List(query).Calls);
            Assert.Equal(0, store.Count(query));
        }

        // What few have leads to their days; numbers to the calls themselves, together with what profiles tell.
        CallRecord some = calls[7].Record;
        DateOnly day = DateOnly.FromDateTime(some.StartedAt.ToDateTime());
        Assert.Equal([day], store.DaysAsked(new CallQuery { SipCallId = some.SipCallId }).Asked);
        (IReadOnlyList<DateOnly> asked, IReadOnlyList<DateOnly> known) = store.DaysAsked(new CallQuery { Number = some.Caller.Number, Dispositions = [some.Disposition] });
        Assert.Empty(asked);
        Assert.Contains(day, known);
        Assert.Empty(store.DaysAsked(new CallQuery { CallerNumbers = [some.Caller.Number!, "101"], Any = [new CallQuery { CalleeNumbers = ["101"] }, new CallQuery { DialledNumbers = ["103"] }] }).Asked);

        // With the next call for the day nothing is believed.
        Assert.Equal(1, store.Write([calls[7] with { Record = some with { Id = CallId.Derive("late", "t", some.StartedAt), SipCallId = "late" } }]).Inserted);
        Assert.Equal([day], store.DaysAsked(new CallQuery { Number = "4711" }).Asked);
        Assert.Single(store.List(new CallQuery { SipCallId = "late" }).Calls);
    }

    [PostgresFact]
    public void DayThatIsDroppedAndComesBack_IsCountedAnew_AndItsMonthGoesWithItsLastDay()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(60, 6);
        var query = new CallQuery { DurationMin = TimeSpan.FromSeconds(1), Codec = "pcmu" };
        store.Write(calls);
        store.Seal(Over);
        long before = store.Count(query);
        foreach (DateOnly day in store.Days()) Assert.True(store.DropDay(day));
        Assert.Equal("0", PostgresServer.Shared.Query($"SELECT count(*) FROM pg_tables WHERE schemaname = '{place.Options.Schema}' AND (tablename LIKE 'day_numbers_%' OR tablename LIKE 'day_calls_%' OR tablename LIKE 'text_terms_%')"));
        Assert.Equal(0, store.Count(query));

        // As many writes as before, of fewer calls.
        store.Write([.. calls.Where(static (_, i) => i % 2 == 0)]);
        Assert.InRange(store.Count(query), 1, before - 1);
        Assert.Equal(store.Count(query), store.List(query with { Limit = 1000 }).Calls.Count);
    }

    [PostgresFact]
    public void PurgedCalls_LeaveNoNumberAndNoTextInTheTables()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(60, 8);
        StoredCall gone = Numbered(calls[5]);
        StoredCall[] both = [gone, Numbered(calls.First(call => call != calls[5] && DayOf(call) == DayOf(gone)))];
        calls = [.. calls.Where(call => both.All(one => one.Record.Id != call.Record.Id)), .. both];
        store.Write(calls);
        store.Seal(Over);
        Assert.NotEqual("0", Numbers());
        string month = $"{place.Options.Schema}.day_calls_{DayOf(gone):yyyyMM}01", before = PostgresServer.Shared.Query($"SELECT pg_relation_filenode('{month}')");
        Assert.NotEqual("0", PostgresServer.Shared.Query($"SELECT count(*) FROM {month} WHERE position('4930123456789'::bytea IN value) > 0"));
        Assert.Equal(2, store.Purge(DayOf(gone), [.. both.Select(static call => call.Record.Id)]));
        Assert.Empty(store.Scrub());
        Assert.NotEqual(before, PostgresServer.Shared.Query($"SELECT pg_relation_filenode('{month}')"));
        Assert.Equal("0", Numbers());
        store.Seal(Over);
        Assert.Equal("0", Numbers());
        Assert.Empty(store.List(new CallQuery { Number = "4930123456789" }).Calls);

        string Numbers() => PostgresServer.Shared.Query(
            $"SELECT (SELECT count(*) FROM {place.Options.Schema}.day_numbers WHERE number = '4930123456789') + (SELECT count(*) FROM {place.Options.Schema}.text_terms WHERE position('4930123456789'::bytea IN texts) > 0) "
            + $"+ (SELECT count(*) FROM {place.Options.Schema}.day_calls WHERE position('4930123456789'::bytea IN value) > 0)");

        static StoredCall Numbered(StoredCall call) => call with { Record = call.Record with { Caller = call.Record.Caller with { Number = "4930123456789" } } };

        static DateOnly DayOf(StoredCall call) => DateOnly.FromDateTime(call.Record.StartedAt.ToDateTime());
    }

    private static StoredCall Marked(StoredCall call, int i, Random random) => call with
    {
        Tenant = random.Next(3) switch { 0 => "acme", 1 => "beta", _ => null },
        Record = call.Record with
        {
            Callee = random.Next(6) == 0 ? call.Record.Callee with { E164 = $"+4930{random.Next(5)}", Identity = new PartyIdentity(PartyKind.User, random.Next(1, 4), "x") } : call.Record.Callee,
            Marks = i % 9 == 0 ? new CallMarks { Context = (CallContext)random.Next(4), Trunk = random.Next(2) == 0 ? "carrier" : null } : null,
            SessionId = i % 10 == 1 ? "20261121-00112233445566778899aabb" : call.Record.SessionId,
            Recording = i % 7 == 0 ? new RecordingInfo { State = RecordingState.Pending } : call.Record.Recording,
        },
    };

    private static CallQuery RandomQuery(List<StoredCall> calls, Random random)
    {
        CallRecord some = calls[random.Next(calls.Count)].Record, another = calls[random.Next(calls.Count)].Record;
        var query = new CallQuery { Ascending = random.Next(2) == 0 };
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            string number = random.Next(3) == 0 ? another.Dialled ?? "555" : some.Caller.Number ?? "1";

            // Beside alternatives times, tenant and text are all that a query has.
            int one = query.Any.Count > 0 ? new[] { 0, 1, 13, 14, 21 }[random.Next(5)] : random.Next(23);
            query = one switch
            {
                0 => query with { From = some.StartedAt },
                1 => query with { To = some.StartedAt + TimeSpan.FromHours(5) },
                2 => query with { Number = random.Next(2) == 0 ? number : number[..Math.Min(3, number.Length)] + "*" },
                3 => query with { Caller = number },
                4 => query with { Callee = number },
                5 => query with { Address = some.Caller.Address?.Address },
                6 => query with { Dispositions = [some.Disposition, another.Disposition] },
                7 => query with { Directions = [CallDirection.Inbound, CallDirection.Internal] },
                8 => query with { Codec = "pcmu" },
                9 => query with { MosBelow = random.Next(100, 450) / 100.0 },
                10 => query with { CallerCodec = "pcmu", CalleeCodec = random.Next(2) == 0 ? "opus" : null },
                11 => query with { DurationMin = TimeSpan.FromSeconds(random.Next(10)), BillsecMax = TimeSpan.FromSeconds(random.Next(20)) },
                12 => query with { SessionId = some.SessionId },
                13 => query with { IsSessionStart = true },
                14 => query with { Text = random.Next(2) == 0 ? some.SipCallId[..Math.Min(9, some.SipCallId.Length)] : "phone/3" },
                15 => query with { PartyNumbers = [another.Callee.Number ?? "101", "102", "555"] },
                16 => new CallQuery { Ascending = query.Ascending, From = query.From, Tenant = query.Tenant, Any = [new CallQuery { CallerNumbers = [number] }, new CallQuery { CalleeNumbers = [another.Callee.Number ?? "101"] }] },
                17 => query with { Traits = [new TraitMatch(CallTraits.Rang, CallTraits.Answered), new TraitMatch(CallTraits.Heard)] },
                18 => query with { Trunk = random.Next(2) == 0 ? "carrier" : "" },
                19 => query with { Ids = [some.Id, another.Id, "none"] },
                20 => query with { Except = [some.Id, another.Id] },
                21 => query with { Tenant = random.Next(2) == 0 ? "acme" : "beta" },
                22 => query with { Parts = [new NumberPart(NumberOf.Caller, number[..Math.Min(3, number.Length)])] },
                _ => query with { User = random.Next(1, 4) },
            };
        }

        return query;
    }

    private static void Same(ICallStore one, ICallStore other, CallQuery query, Random random)
    {
        int limit = random.Next(1, 60);
        string? cursor = null, otherCursor = null;
        for (int page = 0; page < 6; page++)
        {
            CallPage left = one.List(query with { Limit = limit, Cursor = cursor }), right = other.List(query with { Limit = limit, Cursor = otherCursor });
            Assert.Equal(left.Calls.Select(TestCalls.Json), right.Calls.Select(TestCalls.Json));
            Assert.Equal(left.NextCursor is null, right.NextCursor is null);
            (cursor, otherCursor) = (left.NextCursor, right.NextCursor);
            if (cursor is null) break;
        }

        Assert.Equal(one.Count(query), other.Count(query));
        foreach (int skip in (int[])[0, limit, random.Next(200)])
        {
            var request = new CallPageRequest { Query = query, Take = limit, Skip = skip, WantsTotal = true, Viewer = "v" };
            CallSlice left = one.Page(request), right = other.Page(request);
            Assert.Equal(left.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)), right.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)));
            Assert.Equal((left.HasMore, left.Total), (right.HasMore, right.Total));
        }
    }
}
