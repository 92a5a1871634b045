using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Seals of days that are over: made once, gone with whatever is written to the day later, made again; and never believed where they are damaged.</summary>
public sealed class DaySealTests
{
    private static readonly DateOnly Later = new(2030, 1, 1);
    private static readonly DateOnly Day = new(2026, 11, 20);
    private static readonly string[] Parts = ["keys", "texts", "lengths", "profiles", "behind", "codecs", "flags", MediaFigures.Name];

    [Fact]
    public void Seal_IsMadeOnce()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out _);
        Assert.Equal(store.Days().Count, store.Seal(Later));
        Assert.Equal(0, store.Seal(Later));
        Assert.True(IsSealed(folder));
    }

    /// <summary>SQLite has no figures of the file: the index over tenants looks as good to it, and leads through all calls of one.</summary>
    [Theory]
    [InlineData("call", "USING INDEX calls_by_sip_call (sip_call_hash=?)")]
    [InlineData("session", "USING INDEX calls_by_session (session_id=?)")]
    public void NamedCalls_AreNotLookedForAmongAllOfTheirTenant(string name, string expected)
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out _);
        store.Seal(Later);
        CallQuery query = name == "call" ? new CallQuery { SipCallId = "x" } : new CallQuery { SessionId = "elsewhere" };
        foreach (CallQuery asked in (CallQuery[])[query, query with { Tenant = "acme" }, query with { Tenant = "acme", Context = CallContext.Queue }])
        {
            string plan = string.Join('\n', store.Explain(asked, Day));
            Assert.Contains(expected, plan, StringComparison.Ordinal);
            Assert.DoesNotContain("calls_by_tenant", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("calls_by_context", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OpenDay_HasNone()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out _);
        store.Seal(Day);
        Assert.Equal(0, Count(folder, "SELECT count(*) FROM sqlite_master WHERE name = 'day_seal'"));
    }

    [Fact]
    public void TextsOfAnEarlierSeal_AreNotAskedOfALaterOne()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out List<StoredCall> calls);
        store.Seal(Later);
        using SqliteDatabase database = Open(folder);
        List<DayTextSegment>? earlier = DayTexts.Segments(database);
        StoredCall one = calls.First(static call => DayOf(call) == Day);
        store.Write([one with { Record = one.Record with { Caller = one.Record.Caller with { Number = "newcomer" } }, Revision = RecordRevision.Updated }]);
        store.Seal(Later);
        foreach (string text in (string[])["newcomer", one.Record.SipCallId, "sip"])
        {
            var needle = new TextNeedle(text, TextFields.Searched);
            List<long>? found = DayTexts.Find(database, needle, 1_000_000, out bool isOfSeal);
            Assert.False(isOfSeal);
            Assert.Equal(found!.Order(), DayTexts.Find(database, needle, 1_000_000, out isOfSeal, earlier)!.Order());
            Assert.False(isOfSeal);
            Assert.Equal(found!.Order(), DayTexts.Find(database, needle, 1_000_000, out isOfSeal, DayTexts.Segments(database))!.Order());
            Assert.True(isOfSeal);
        }
    }

    [Theory]
    [InlineData("insert", true)]
    [InlineData("replace", true)]
    [InlineData("remark", true)]
    [InlineData("purge", true)]
    [InlineData("same again", false)]
    [InlineData("packets elsewhere", false)]
    [InlineData("recording", false)]
    [InlineData("delete", false)]
    public void LaterWrite_RemovesTheSeal_WhereItChangesWhatTheSealTells(string what, bool removes)
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out List<StoredCall> calls);
        store.Seal(Later);
        StoredCall one = calls.First(static call => DayOf(call) == Day);
        StoredCall changed = one with { Record = one.Record with { Caller = one.Record.Caller with { Number = "newcomer" } }, Revision = RecordRevision.Updated };
        switch (what)
        {
            case "insert":
                changed = new StoredCall(TestCalls.Record(9_999, new Random(3), one.Record.StartedAt) with { Dialled = "newcomer" }, RecordRevision.Final, default);
                Assert.Null(store.Write([changed]).Fault);
                break;
            case "replace":
                Assert.Equal(1, store.Write([changed]).Replaced);
                break;
            case "remark":
                store.Remark(Day, null, null, null, 10_000, write: true, record => record.Id == one.Record.Id ? record with { Marks = new CallMarks { Tenant = "newcomer" } } : record);
                break;
            case "purge":
                Assert.Equal(1, store.Purge(Day, [one.Record.Id]));
                break;
            case "same again":
                Assert.Equal(1, store.Write([one]).Unchanged);
                break;
            case "packets elsewhere":
                Assert.Equal(1, store.Write([one with { Chunks = new byte[] { 9, 9 } }]).Unchanged);
                break;
            case "recording":
                Assert.True(store.SetRecording(new RecordingEntry { CallId = one.Record.Id, State = RecordingState.Available }));
                break;
            default:
                Assert.Equal(1, store.Hide([one.Record.Id], "test", TestCalls.Start));
                break;
        }

        Assert.Equal(!removes, IsSealed(folder));

        // What is new is found at once, seal or none, and as well once it is sealed anew.
        foreach (int _ in Enumerable.Range(0, 2))
        {
            if (what is "insert" or "replace") Assert.Equal(changed.Record.Id, Assert.Single(store.List(new CallQuery { Number = "newcomer" }).Calls).Id);
            if (what == "remark") Assert.Equal(one.Record.Id, Assert.Single(store.List(new CallQuery { Tenant = "newcomer" }).Calls).Id);
            if (what is "purge" or "delete") Assert.DoesNotContain(store.List(new CallQuery { Limit = 1000 }).Calls, call => call.Id == one.Record.Id);
            Assert.Equal(_ == 0 && removes ? 1 : 0, store.Seal(Later));
            Assert.True(IsSealed(folder));
        }
    }

    [Fact]
    public void Days_SealedByAnOlderProgram_AreSealedAnew()
    {
        using var folder = new StoreFolder();
        using (SqliteCallStore store = Filled(folder, out _)) store.Seal(Later);
        Execute(folder, $"DELETE FROM day_seal WHERE name = '{MediaFigures.Name}'; DROP INDEX recordings_by_tenant");
        using SqliteCallStore again = SqliteCallStore.Open(folder.Records);
        Assert.Equal(1, again.Seal(Later));
        Assert.Equal(1, Count(folder, "SELECT count(*) FROM sqlite_master WHERE name = 'recordings_by_tenant'"));
    }

    [Fact]
    public void Texts_OfAnOlderProgram_AreMadeAnew()
    {
        using var folder = new StoreFolder();
        using (SqliteCallStore store = Filled(folder, out _)) store.Seal(Later);

        // Fewer fields, and a seal of parts with other names.
        Execute(folder, "UPDATE text_segments SET fields = substr(fields, 1, 6); UPDATE day_seal SET name = 'grams' WHERE name = 'texts'");
        using SqliteCallStore again = SqliteCallStore.Open(folder.Records);
        var query = new CallQuery { Labels = [new Calls.Outcomes.LabelPart(Calls.Outcomes.CallLabel.CallerDomain, "example.com", true)] };
        long before = again.Count(query);
        Assert.InRange(before, 1, 300);
        Assert.Equal(1, again.Seal(Later));
        Assert.True(IsSealed(folder));
        Assert.Equal(0, Count(folder, "SELECT count(*) FROM day_seal WHERE name = 'grams'"));
        Assert.Equal(before, again.Count(query));
    }

    [Fact]
    public void Answers_AreTheSame_SealedOrNot()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out List<StoredCall> calls);
        CallQuery[] queries = [.. Queries(calls)];
        MediaSessionQuery[] media = [.. Media()];
        List<string> open = [.. queries.Select(query => Ids(store, query)), .. media.Select(query => MediaIds(store, query))];
        store.Seal(Later);
        List<string> closed = [.. queries.Select(query => Ids(store, query)), .. media.Select(query => MediaIds(store, query))];
        Assert.Equal(open, closed);
    }

    [Theory]
    [InlineData("keys", "x''")]
    [InlineData("keys", "x'010203'")]
    [InlineData("keys", "'text'")]
    [InlineData("texts", "x''")]
    [InlineData("texts", "x'00ff'")]
    [InlineData("lengths", "x'01'")]
    [InlineData("lengths", "x'00000000ffffff7f'")]
    [InlineData("lengths", "zeroblob(8000008)")]
    [InlineData("behind", "x'01'")]
    [InlineData("behind", "zeroblob(40)")]
    [InlineData("profiles", "x'01'")]
    [InlineData("profiles", "zeroblob(24)")]
    [InlineData("profiles", "x'0100000000000000ffffffffffffff7f0000000000000000'")]
    [InlineData("profiles", "x'0100000000000000020000000000000001000000000000000100000000000000ffff0100'")]
    [InlineData("codecs", "x'ff00fe'")]
    [InlineData("flags", "'none'")]
    [InlineData("flags", "'99999999999999999999'")]
    [InlineData("media", "x''")]
    [InlineData("media", "'{}'")]
    [InlineData("media", """'{"sums":[[1,"x",null]],"codecs":7,"flags":[],"mos_least":"x","addresses":"AAAA"}'""")]
    [InlineData("media", """'{"sums":[],"codecs":null,"flags":null,"mos_least":null,"addresses":"*"}'""")]
    public void DamagedPart_IsLeftAside_NotBelieved(string part, string value)
    {
        using var folder = new StoreFolder();
        List<string> expected;
        CallQuery[] queries;
        using (SqliteCallStore store = Filled(folder, out List<StoredCall> calls))
        {
            queries = [.. Queries(calls).Where(query => part != "codecs" || query.Codec is null)];
            expected = [.. queries.Select(query => Ids(store, query)), .. Media().Select(query => MediaIds(store, query))];
            store.Seal(Later);
        }

        Execute(folder, $"UPDATE day_seal SET value = CAST({value} AS BLOB) WHERE name = '{part}'");
        using SqliteCallStore again = SqliteCallStore.Open(folder.Records);
        List<string> found = [.. queries.Select(query => Ids(again, query)), .. Media().Select(query => MediaIds(again, query))];
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Seals_ThatFindNoRoom_AreDoneWithout_LatestDaysFirst()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = Filled(folder, out List<StoredCall> calls);
        string[] expected = [.. Queries(calls).Select(query => Ids(store, query))];
        store.Seal(Later);
        using SqliteCallStore small = SqliteCallStore.Open(folder.Records, new SqliteStoreLimits { SealBytes = 2_000 });
        small.Seal(Later);
        Assert.Equal(expected, Queries(calls).Select(query => Ids(small, query)));
    }

    private static SqliteCallStore Filled(StoreFolder folder, out List<StoredCall> calls)
    {
        calls = TestCalls.Many(300, 11);
        SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        Assert.Null(store.Write(calls).Fault);
        return store;
    }

    private static IEnumerable<CallQuery> Queries(List<StoredCall> calls)
    {
        CallRecord some = calls[17].Record;
        yield return new CallQuery { Number = some.Caller.Number };
        yield return new CallQuery { Number = "nobody" };
        foreach (StoredCall one in calls.Take(40))
        {
            yield return new CallQuery { Number = one.Record.Caller.Number, Tenant = "acme" };
            yield return new CallQuery { Callee = one.Record.Dialled, Tenant = "acme" };
            yield return new CallQuery { Number = one.Record.Caller.Number![..8] + "*" };
            yield return new CallQuery { Caller = one.Record.Caller.Number![..7] + "*", Tenant = "acme" };
            yield return new CallQuery { Callee = one.Record.Callee.Number + "*" };
            yield return new CallQuery { CallerNumbers = [one.Record.Caller.Number!, "nobody"], Tenant = one.Tenant };
            yield return new CallQuery { Text = one.Record.Caller.Number![2..7], Tenant = "acme", Dispositions = [Disposition.Answered, Disposition.Busy] };
            yield return new CallQuery { CallerCodec = one.Record.Caller.Codec?.Split('/')[0], Text = one.Record.Caller.UserAgent };
        }

        yield return new CallQuery { Recorded = true, Tenant = "acme" };
        yield return new CallQuery { SipCallId = some.SipCallId };
        yield return new CallQuery { Text = some.SipCallId };
        yield return new CallQuery { Text = "nobody's" };
        yield return new CallQuery { Address = some.Caller.Address?.Address };
        yield return new CallQuery { SessionId = some.SessionId };
        yield return new CallQuery { DurationMin = TimeSpan.FromSeconds(10) };
        yield return new CallQuery { DurationMin = TimeSpan.FromSeconds(5), DurationMax = TimeSpan.FromSeconds(7), Tenant = "acme" };
        yield return new CallQuery { BillsecMax = TimeSpan.FromSeconds(2) };
        yield return new CallQuery { Codec = "opus" };
        yield return new CallQuery { Codec = "evrc" };
        yield return new CallQuery { Flags = CallFlags.OneWayAudio };
        yield return new CallQuery { Flags = CallFlags.ClockSet };
    }

    private static IEnumerable<MediaSessionQuery> Media()
    {
        yield return new MediaSessionQuery { Type = MediaSessionType.Image };
        yield return new MediaSessionQuery { Type = MediaSessionType.Application };
        yield return new MediaSessionQuery { Tenant = "acme", Skip = 3 };
        yield return new MediaSessionQuery { Codec = "opus" };
        yield return new MediaSessionQuery { Codec = "evrc" };
        yield return new MediaSessionQuery { MosBelow = 2 };
        yield return new MediaSessionQuery { MosBelow = 0.5 };
        yield return new MediaSessionQuery { Address = IpAddress.FromV4(0x0A000103) };
        yield return new MediaSessionQuery { Address = IpAddress.FromV4(0x0A0001FF) };
        yield return new MediaSessionQuery { Flags = MediaSessionFlags.Srtp };
        yield return new MediaSessionQuery { Flags = MediaSessionFlags.T38 };
        yield return new MediaSessionQuery { Skip = 150 };
    }

    private static string Ids(SqliteCallStore store, CallQuery query) => $"{store.Count(query)}: {string.Join(',', store.List(query with { Limit = 1000 }).Calls.Select(static call => call.Id))}";

    private static string MediaIds(SqliteCallStore store, MediaSessionQuery query) =>
        $"{store.CountMediaSessions(query)}: {string.Join(',', store.ListMediaSessions(query with { Limit = 1000 }).MediaSessions.Select(static session => session.Id))}";

    private static DateOnly DayOf(StoredCall call) => DateOnly.FromDateTime(call.Record.StartedAt.ToDateTime());

    private static bool IsSealed(StoreFolder folder) =>
        Count(folder, "SELECT count(*) FROM sqlite_master WHERE name = 'day_seal'") == 1 && Parts.All(part => Count(folder, $"SELECT count(*) FROM day_seal WHERE name = '{part}'") == 1);

    private static long Count(StoreFolder folder, string sql)
    {
        using SqliteDatabase database = Open(folder);
        return database.Scalar(sql);
    }

    private static void Execute(StoreFolder folder, string sql)
    {
        using SqliteDatabase database = Open(folder);
        database.Execute(sql);
    }

    private static SqliteDatabase Open(StoreFolder folder) => SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);
}
