using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>What PostgreSQL has of its own: partitions, plans, and the same answers as SQLite to whatever is asked.</summary>
public sealed class PostgresCallStoreTests
{
    private static readonly DateOnly Day = new(2026, 11, 20);

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomCallsAndQueries_GiveTheSameAnswersFromBothStores(int seed)
    {
        var random = new Random(seed);
        using var sqlite = new SqlitePlace();
        using var postgres = new PostgresPlace();
        using ICallStore one = sqlite.Calls();
        using ICallStore other = postgres.Calls();
        List<StoredCall> calls = TestCalls.Many(600, seed + 100);
        for (int i = 0; i < calls.Count; i++) calls[i] = Hostile(calls[i], i, random);
        foreach (StoredCall[] batch in calls.Chunk(150)) Same(one.Write(batch), other.Write(batch));

        // Told again: the same, changed, with an earlier start, twice in one batch.
        StoredCall[] again = [.. calls.Where(_ => random.Next(4) == 0).Select(call => random.Next(3) == 0 ? call : Changed(call, random))];
        Same(one.Write([.. again, .. again]), other.Write([.. again, .. again]));
        for (int i = 0; i < 60; i++)
        {
            StoredCall call = calls[random.Next(calls.Count)];
            var entry = new RecordingEntry { CallId = call.Record.Id, State = (RecordingState)random.Next(6), Reason = random.Next(2) == 0 ? null : "why\n\"not\"", Bytes = i, CreatedAt = TestCalls.Start };
            Assert.Equal(one.SetRecording(entry), other.SetRecording(entry));
        }

        string[] deleted = [.. calls.Where(_ => random.Next(30) == 0).Select(static call => call.Record.Id), "none"];
        Assert.Equal(one.Hide(deleted, "me", TestCalls.Start), other.Hide(deleted, "me", TestCalls.Start));
        if (seed == 2)
        {
            one.HideAll("acme", "me", TestCalls.Start);
            other.HideAll("acme", "me", TestCalls.Start);
            one.Write([.. TestCalls.Many(80, 999)]);
            other.Write([.. TestCalls.Many(80, 999)]);
        }

        Assert.Equal(one.Days(), other.Days());
        for (int i = 0; i < 250; i++) Same(one, other, RandomQuery(calls, random), random);
        foreach (StoredCall call in calls)
        {
            string id = call.Record.Id;
            Assert.Equal(one.Json(id), other.Json(id));
            Assert.Equal(one.GetChunks(id), other.GetChunks(id));
            Assert.Equal(one.GetRecording(id), other.GetRecording(id));
            Assert.Equal(one.Find(id)?.Number, other.Find(id)?.Number);
        }

        for (int i = 0; i < 60; i++) Same(one, other, RandomMedia(calls, random));
        Assert.Equal(one.Hidden(new Timestamp(long.MaxValue), 10_000).Select(static call => call.Id).Order(StringComparer.Ordinal), other.Hidden(new Timestamp(long.MaxValue), 10_000).Select(static call => call.Id).Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public void CallsByTheirIds_AreLookedAtByTheirIndex()
    {
        var store = (PostgresCallStore)Filled.Value.Store;
        DateOnly day = Day.AddDays(2);
        List<string> lines = store.ExplainIds(day);
        Assert.Equal(2, lines.Count(line => line.Contains($"calls_{day:yyyyMMdd}_day_id_idx", StringComparison.Ordinal) && line.Contains("Index", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, static line => line.Contains("Seq Scan", StringComparison.Ordinal));
    }

    [PostgresTheory]
    [InlineData("newest", "Index Scan Backward using calls_20261122_pkey", false)]
    [InlineData("hour", "calls_20261120_pkey", false)]
    [InlineData("number", "call_numbers_20261122_pkey", false)]
    [InlineData("user", "call_numbers_20261122_pkey", false)]
    [InlineData("voicemail", "call_numbers_20261122_pkey", false)]
    [InlineData("prefix", "call_numbers_20261122_pkey", false)]
    [InlineData("several", "call_numbers_20261122_pkey", false)]
    [InlineData("sip-call-id", "calls_20261122_sip_call_hash_idx", false)]
    [InlineData("session", "calls_20261122_session_id_idx", false)]
    [InlineData("ids", "calls_20261122_day_id_idx", false)]
    [InlineData("ids-between", "calls_20261122_day_id_idx", false)]
    [InlineData("outcome", "calls_20261122_outcome", true)]
    [InlineData("tenant", "calls_20261122_tenant", true)]
    [InlineData("context", "calls_20261122_context", true)]
    [InlineData("address", "calls_20261122_caller_ip", true)]
    [InlineData("mos", "calls_20261122_mos", true)]
    [InlineData("common-mos", "calls_20261122_pkey", true)]
    [InlineData("codec", "calls_20261122_pkey", true)]
    [InlineData("text", "calls_20261122_pkey", true)]
    [InlineData("rare-text", "calls_20261122_document", true)]
    [InlineData("part", "calls_20261122_document", true)]
    [InlineData("any", "call_numbers_20261122_pkey", true)]
    public void Plan_OfEachListedFilter_UsesItsIndex_AndTheAskedPartitionsAlone(string name, string expected, bool isSealed)
    {
        ICallStore all = Filled.Value.Store;
        var store = (PostgresCallStore)all;
        if (isSealed) store.Seal(new DateOnly(2030, 1, 1));
        CallRecord call = store.List(new CallQuery { Limit = 1 }).Calls[0];
        CallQuery query = name switch
        {
            "newest" => new CallQuery(),
            "hour" => new CallQuery { From = TestCalls.Start + TimeSpan.FromHours(5), To = TestCalls.Start + TimeSpan.FromHours(6) },
            "number" => new CallQuery { Number = call.Caller.Number },
            "user" => new CallQuery { User = 3 },
            "voicemail" => new CallQuery { IsVoicemail = true },
            "prefix" => new CallQuery { Number = call.Caller.Number![..^1] + "*" },
            "several" => new CallQuery { PartyNumbers = [call.Caller.Number!, "101", "102"] },
            "sip-call-id" => new CallQuery { SipCallId = call.SipCallId },
            "session" => new CallQuery { SessionId = "elsewhere" },
            "ids" => new CallQuery { Ids = [call.Id] },
            "ids-between" => new CallQuery { Ranges = [new TextRange(TextOf.Id, TextSense.GreaterOrEqual, $"{call.Id[..16]}00000000000000000"), new TextRange(TextOf.Id, TextSense.LessOrEqual, $"{call.Id[..16]}fffffffffffffffff")] },
            "outcome" => new CallQuery { Dispositions = [Disposition.NoResponse], Direction = CallDirection.Transit, DurationMin = TimeSpan.FromSeconds(19) },
            "tenant" => new CallQuery { Tenant = "rare" },
            "context" => new CallQuery { Context = CallContext.Tracking },
            "address" => new CallQuery { Address = IpAddress.FromV4(0x01020304) },
            "mos" => new CallQuery { MosBelow = 1.001 },
            "common-mos" => new CallQuery { MosBelow = 4 },
            "codec" => new CallQuery { Codec = "PCMU" },
            "rare-text" => new CallQuery { Text = call.SipCallId[3..14] },
            "part" => new CallQuery { Parts = [new NumberPart(NumberOf.Caller, call.Caller.Number!)] },
            "any" => new CallQuery { Any = [new CallQuery { CallerNumbers = [call.Caller.Number!] }, new CallQuery { CalleeNumbers = ["101"] }] },
            _ => new CallQuery { Text = "phone" },
        };
        DateOnly day = name == "hour" ? Day : Day.AddDays(2);
        string plan = string.Join('\n', store.Explain(query with { Limit = 50 }, day, day));
        Assert.Contains(expected, plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on calls", plan, StringComparison.Ordinal);
        for (int other = 0; other < 3; other++)
        {
            if (Day.AddDays(other) != day) Assert.DoesNotContain($"_{Day.AddDays(other):yyyyMMdd}", plan, StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public void Texts_ThatTheServerCannotKeep_AreKeptAsFarAsItCan()
    {
        using var place = new PostgresPlace();
        using ICallStore store = place.Calls();
        StoredCall call = TestCalls.Stored(1, new Random(1), TestCalls.Start);
        CallRecord hostile = call.Record with { Caller = call.Record.Caller with { Number = "1\0\ud800'; DROP TABLE calls; --" }, SipCallId = "a\0b" };
        WriteReport report = store.Write([call with { Record = hostile, Tenant = "\0" }]);
        Assert.Null(report.Fault);
        Assert.Equal(1, store.Write([call with { Record = hostile, Tenant = "\0" }]).Unchanged);
        Assert.Equal(TestCalls.Json(hostile), TestCalls.Json(store.Get(hostile.Id)!));
        Assert.Single(store.List(new CallQuery { Caller = hostile.Caller.Number }).Calls);
        Assert.Single(store.List(new CallQuery { SipCallId = "a\0b" }).Calls);
        Assert.Single(store.List(new CallQuery { Tenant = "\0" }).Calls);
    }

    [PostgresFact]
    public void Server_OfANewerProgram_IsRefusedInOneLine()
    {
        using var place = new PostgresPlace();
        using ICallStore store = place.Calls();
        store.Write([TestCalls.Stored(1, new Random(1), TestCalls.Start)]);
        ((PostgresCallStore)store).Script("UPDATE schema_version SET version = 99");
        using ICallStore again = place.Calls();
        StoreException fault = Assert.Throws<StoreException>(() => again.Days());
        Assert.Contains($"written by a newer cdrengine (schema 99, this program knows {PostgresSchema.Embedded.Version})", fault.Message, StringComparison.Ordinal);
        Assert.Contains("newer cdrengine", again.Write([TestCalls.Stored(2, new Random(2), TestCalls.Start)]).Fault, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void Addresses_AreUnderstood_AndSecretsNotShown()
    {
        var options = new PostgresOptions { Url = "postgresql://me:s%40cret@db.example.com:5433/calls?sslmode=verify-full" };
        Assert.True(options.IsWellFormed(out _));
        Assert.Equal("postgresql db.example.com:5433/calls", options.Place());
        Assert.Equal("s@cret", options.Connection().Password);
        Assert.Equal(Npgsql.SslMode.VerifyFull, options.Connection().SslMode);
        foreach (string wrong in (string[])["", "nonsense", "postgresql://", "Host=", "postgresql://h/d?nonsense=1"]) Assert.False(new PostgresOptions { Url = wrong }.IsWellFormed(out _), wrong);
        foreach (string wrong in (string[])["", "A", "a b", "1a", "a\"; DROP"]) Assert.False((options with { Schema = wrong }).IsWellFormed(out _), wrong);
    }

    private static readonly Lazy<(PostgresPlace Place, ICallStore Store)> Filled = new(static () =>
    {
        var place = new PostgresPlace();
        ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(24_000, 77);
        for (int i = 0; i < calls.Count; i++)
        {
            CallRecord record = calls[i].Record;
            record = record with
            {
                Marks = i % 2000 == 7 ? new CallMarks { Context = CallContext.Tracking } : null,
                Callee = i % 500 == 3 ? record.Callee with { Identity = new PartyIdentity(PartyKind.User, 3, "x") } : record.Callee,
            };
            calls[i] = calls[i] with { Record = record, Tenant = i % 3000 == 1 ? "rare" : calls[i].Tenant };
        }

        foreach (StoredCall[] batch in calls.Chunk(2000)) store.Write(batch);
        ((PostgresCallStore)store).Script("ANALYZE calls; ANALYZE call_numbers; ANALYZE call_documents");
        return (place, store);
    });

    private static StoredCall Hostile(StoredCall call, int i, Random random) => call with
    {
        Record = call.Record with
        {
            Caller = random.Next(9) == 0 ? call.Record.Caller with { Number = "%_\\'\u00e4\U0001F600" + random.Next(3), UserAgent = "100% Ünï_\\code" } : call.Record.Caller,
            Callee = random.Next(6) == 0 ? call.Record.Callee with { E164 = $"+4930{random.Next(5)}", Identity = new PartyIdentity(PartyKind.User, random.Next(1, 4), "x") } : call.Record.Callee,
            Marks = i % 11 == 0 ? new CallMarks { Context = (CallContext)random.Next(4), Tenant = call.Tenant } : null,
            SessionId = i % 10 == 1 ? "20261121-00112233445566778899aabb" : call.Record.SessionId,
            Recording = i % 7 == 0 ? new RecordingInfo { State = RecordingState.Pending } : call.Record.Recording,
        },
    };

    private static StoredCall Changed(StoredCall call, Random random) => call with
    {
        Revision = (RecordRevision)random.Next(2),
        Chunks = random.Next(2) == 0 ? default : new byte[] { 7, 8 },
        Tenant = random.Next(3) == 0 ? "beta" : call.Tenant,
        Record = call.Record with
        {
            Disposition = (Disposition)random.Next(2, 9),
            Dialled = random.Next(2) == 0 ? "555" : call.Record.Dialled,
            StartedAt = random.Next(5) == 0 ? call.Record.StartedAt - TimeSpan.FromMilliseconds(1) : call.Record.StartedAt,
        },
    };

    private static CallQuery RandomQuery(List<StoredCall> calls, Random random)
    {
        CallRecord some = calls[random.Next(calls.Count)].Record;
        CallRecord another = calls[random.Next(calls.Count)].Record;
        var query = new CallQuery { Ascending = random.Next(2) == 0, Sort = random.Next(3) == 0 ? (CallSort)random.Next(4) : CallSort.StartedAt };
        for (int i = random.Next(4); i > 0; i--)
        {
            string number = random.Next(3) == 0 ? another.Dialled ?? "555" : some.Caller.Number ?? "1";
            string some1 = random.Next(2) == 0 ? number : number[..random.Next(1, Math.Min(6, number.Length) + 1)] + "*";
            if (char.IsHighSurrogate(some1.TrimEnd('*')[^1])) some1 = number;
            query = random.Next(27) switch
            {
                0 => query with { From = some.StartedAt },
                1 => query with { To = some.StartedAt + TimeSpan.FromHours(5) },
                2 => query with { Number = some1 },
                3 => query with { Caller = some1 },
                4 => query with { Callee = some1 },
                5 => query with { Address = some.Caller.Address?.Address },
                6 => query with { Dispositions = [some.Disposition, another.Disposition] },
                7 => query with { Direction = some.Direction },
                8 => query with { Directions = [CallDirection.Inbound, CallDirection.Internal] },
                9 => query with { Codec = random.Next(2) == 0 ? "pcmu" : "OPUS/48000" },
                10 => query with { MosBelow = random.Next(100, 450) / 100.0 },
                11 => query with { Flags = (CallFlags)random.Next(8) },
                12 => query with { DurationMin = TimeSpan.FromSeconds(random.Next(10)), BillsecMin = TimeSpan.FromSeconds(random.Next(6)) },
                13 => query with { DurationMax = TimeSpan.FromSeconds(random.Next(20)), BillsecMax = TimeSpan.FromSeconds(random.Next(20)) },
                14 => query with { SipCallId = some.SipCallId },
                15 => query with { SessionId = some.SessionId },
                16 => query with { IsSessionStart = true },
                17 => query with { Text = random.Next(2) == 0 ? "100% ünï_\\" : "phone/3" },
                18 => query with { CallerNumbers = [some.Caller.Number ?? "", another.Caller.Number ?? "", "nobody"] },
                19 => query with { PartyNumbers = [another.Callee.Number ?? "101", "102", "555"] },
                20 => query with { DialledNumbers = [some.Dialled ?? "103"] },
                21 => query with { Recorded = random.Next(2) == 0 },
                22 => query with { IsAudible = true },
                23 => query with { Ids = [some.Id, another.Id, "none"] },
                24 => query with { Tenant = random.Next(2) == 0 ? "acme" : "beta" },
                25 => query with { Context = (CallContext)random.Next(4) },
                _ => query with { User = random.Next(1, 4) },
            };
        }

        return random.Next(8) == 0 ? query with { Sort = CallSort.StartedAt, Start = new CallPosition(some.StartedAt, random.Next(2) == 0 ? some.Id : "") } : query;
    }

    private static MediaSessionQuery RandomMedia(List<StoredCall> calls, Random random)
    {
        CallRecord some = calls[random.Next(calls.Count)].Record;
        var query = new MediaSessionQuery { Ascending = random.Next(2) == 0, Skip = random.Next(3) == 0 ? random.Next(400) : 0 };
        return random.Next(8) switch
        {
            0 => query with { From = some.StartedAt },
            1 => query with { To = some.StartedAt },
            2 => query with { Type = MediaSessionType.Image },
            3 => query with { CallId = some.Id },
            4 => query with { Codec = "pcmu" },
            5 => query with { MosBelow = 3 },
            6 => query with { Tenant = "acme", Flags = MediaSessionFlags.Srtp },
            _ => query,
        };
    }

    private static void Same(ICallStore one, ICallStore other, CallQuery query, Random random)
    {
        int limit = random.Next(1, 90);
        string? cursor = null, otherCursor = null;
        for (int page = 0; page < 12; page++)
        {
            CallPage left = one.List(query with { Limit = limit, Cursor = cursor });
            CallPage right = other.List(query with { Limit = limit, Cursor = otherCursor });
            Assert.Equal(left.Calls.Select(TestCalls.Json), right.Calls.Select(TestCalls.Json));
            Assert.Equal(left.NextCursor is null, right.NextCursor is null);
            (cursor, otherCursor) = (left.NextCursor, right.NextCursor);
            if (cursor is null) break;
        }

        Assert.Equal(one.Count(query), other.Count(query));
        var request = new CallPageRequest { Query = query, Take = limit, WantsTotal = true, Viewer = "v" };
        foreach (int skip in (int[])[0, limit, random.Next(300)])
        {
            CallSlice left = one.Page(request with { Skip = skip });
            CallSlice right = other.Page(request with { Skip = skip });
            Assert.Equal(left.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)), right.Calls.Select(static call => (call.Record.Id, call.Tenant, call.Number)));
            Assert.Equal((left.HasMore, left.Total), (right.HasMore, right.Total));
        }
    }

    private static void Same(ICallStore one, ICallStore other, MediaSessionQuery query)
    {
        string? cursor = null, otherCursor = null;
        for (int page = 0; page < 6; page++)
        {
            MediaSessionPage left = one.ListMediaSessions(query with { Limit = 70, Cursor = cursor });
            MediaSessionPage right = other.ListMediaSessions(query with { Limit = 70, Cursor = otherCursor });
            Assert.Equal(left.MediaSessions.Select(static session => session.Id), right.MediaSessions.Select(static session => session.Id));
            Assert.Equal(left.NextCursor is null, right.NextCursor is null);
            (cursor, otherCursor) = (left.NextCursor, right.NextCursor);
            if (cursor is null) break;
        }

        Assert.Equal(one.CountMediaSessions(query), other.CountMediaSessions(query));
    }

    private static void Same(WriteReport left, WriteReport right)
    {
        Assert.Null(left.Fault);
        Assert.Null(right.Fault);
        Assert.Equal((left.Inserted, left.Replaced, left.Unchanged), (right.Inserted, right.Replaced, right.Unchanged));
    }
}
