using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Counts and pages of what was stored by a time, against an obvious oracle, while calls arrive, are deleted and purged, and days go.</summary>
public abstract class MarkListTests
{
    private protected static readonly DateOnly Over = new(2030, 1, 1);

    private static readonly Timestamp Noon = TestCalls.Start + TimeSpan.FromHours(12);

    // The Call-ID of a call, which others stand before and behind.
    private static readonly string Known = TestCalls.Many(400, 5)[200].Record.SipCallId;

    // Ids of calls of several days, and others between, before and behind them, also of days that have none.
    private static readonly string[] Ids =
    [
        .. TestCalls.Many(400, 5).Select(static call => call.Record.Id).Order(StringComparer.Ordinal).Where(static (_, i) => i is 0 or 130 or 131 or 399),
        "20261120-800000000000000000000000", "20261121-000000000000000000000000", "20261121-ffffffffffffffffffffffff", "19700101-000000000000000000000000", "20991231-0123456789abcdef01234567",
    ];

    private static readonly (CallQuery Query, Func<StoredCall, bool> Matches)[] Asked =
    [
        (new CallQuery(), static _ => true),
        (new CallQuery { Tenant = "acme" }, static call => call.Tenant == "acme"),
        (new CallQuery { Tenant = "acme", DurationMin = TimeSpan.FromSeconds(9) }, static call => call.Tenant == "acme" && call.Record.Duration >= TimeSpan.FromSeconds(9)),
        (new CallQuery { Directions = [CallDirection.Inbound] }, static call => call.Record.Direction == CallDirection.Inbound),
        (new CallQuery { DialledNumbers = ["101", "104"] }, static call => call.Record.Dialled is "101" or "104"),
        (new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.Less, "call-5")] }, static call => string.CompareOrdinal(call.Record.SipCallId, "call-5") < 0),
        (new CallQuery { Tenant = "acme", Ranges = [new TextRange(TextOf.Caller, TextSense.GreaterOrEqual, "1")] }, static call => call.Tenant == "acme" && call.Record.Caller.Number is { } number && string.CompareOrdinal(number, "1") >= 0),
        (new CallQuery { Without = new CallQuery { Directions = [CallDirection.Inbound] } }, static call => call.Record.Direction != CallDirection.Inbound),
        (new CallQuery { From = Noon }, static call => call.Record.StartedAt >= Noon),
        .. new (TextSense Sense, Func<int, bool> Meets)[] { (TextSense.Less, static order => order < 0), (TextSense.LessOrEqual, static order => order <= 0), (TextSense.Greater, static order => order > 0), (TextSense.GreaterOrEqual, static order => order >= 0), (TextSense.Present, static _ => true) }
            .SelectMany(static one => new[] { Known, Known[..10], "00000000-", "0000013", "000000c8-zzz", "" }
                .Select(text => (new CallQuery { Tenant = "acme", Ranges = [new TextRange(TextOf.SipCallId, one.Sense, text)] }, (Func<StoredCall, bool>)(call => call.Tenant == "acme" && one.Meets(string.CompareOrdinal(call.Record.SipCallId, text)))))),
        (new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.GreaterOrEqual, Known), new TextRange(TextOf.SipCallId, TextSense.Less, "00000150")] }, static call => string.CompareOrdinal(call.Record.SipCallId, Known) >= 0 && string.CompareOrdinal(call.Record.SipCallId, "00000150") < 0),
        (new CallQuery { Without = new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.Less, Known)] } }, static call => string.CompareOrdinal(call.Record.SipCallId, Known) >= 0),
        .. new[] { TextSense.Less, TextSense.LessOrEqual, TextSense.Greater, TextSense.GreaterOrEqual, TextSense.Present }
            .SelectMany(static sense => Ids.Select(id => new TextRange(TextOf.Id, sense, id)))
            .SelectMany(static range => new (CallQuery, Func<StoredCall, bool>)[]
            {
                (new CallQuery { Ranges = [range] }, call => range.IsMetBy(call.Record.Id)),
                (new CallQuery { Tenant = "acme", Directions = [CallDirection.Inbound], Ranges = [range] }, call => call.Tenant == "acme" && call.Record.Direction == CallDirection.Inbound && range.IsMetBy(call.Record.Id)),
            }),
        (Between(Ids[1], Ids[2]), static call => call.Record.Id == Ids[1]),
        (Between(Ids[1], Ids[3]) with { Tenant = "acme" }, static call => call.Tenant == "acme" && string.CompareOrdinal(call.Record.Id, Ids[1]) >= 0 && string.CompareOrdinal(call.Record.Id, Ids[3]) < 0),
        (Between(Ids[1], Ids[3]) with { DialledNumbers = ["101", "104"] }, static call => call.Record.Dialled is "101" or "104" && string.CompareOrdinal(call.Record.Id, Ids[1]) >= 0 && string.CompareOrdinal(call.Record.Id, Ids[3]) < 0),
        (Between(Ids[3], Ids[1]), static _ => false),
        (Between(Ids[4], Ids[6]) with { From = Noon, Text = "call" }, static call => call.Record.StartedAt >= Noon && call.Record.SipCallId.Contains("call", StringComparison.OrdinalIgnoreCase) && string.CompareOrdinal(call.Record.Id, Ids[4]) >= 0 && string.CompareOrdinal(call.Record.Id, Ids[6]) < 0),
        (Between(Ids[0], Ids[3]) with { Without = Between(Ids[1], Ids[3]) }, static call => string.CompareOrdinal(call.Record.Id, Ids[1]) < 0),
        (new CallQuery { Tenant = "acme", Without = Between(Ids[1], Ids[4]) with { Directions = [CallDirection.Inbound] } }, static call => call.Tenant == "acme"
            && !(call.Record.Direction == CallDirection.Inbound && string.CompareOrdinal(call.Record.Id, Ids[1]) >= 0 && string.CompareOrdinal(call.Record.Id, Ids[4]) < 0)),
        (Between(Ids[0], "x"), static call => string.CompareOrdinal(call.Record.Id, Ids[0]) >= 0),
    ];

    private static CallQuery Between(string first, string behind) => new() { Ranges = [new TextRange(TextOf.Id, TextSense.GreaterOrEqual, first), new TextRange(TextOf.Id, TextSense.Less, behind)] };

    private protected abstract StorePlace NewPlace();

    [StoreTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatWasStoredByATime_StandsStill(bool isSealed)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var calls = TestCalls.Many(400, 5).ToDictionary(static call => call.Record.Id, StringComparer.Ordinal);
        store.Write([.. calls.Values]);
        if (isSealed) store.Seal(Over);
        CallMark mark = store.Mark();
        Ask();
        Ask();

        // Later calls of the same days, and of another.
        store.Write([.. Enumerable.Range(5_000, 90).Select(static i => TestCalls.Stored(i, new Random(i), TestCalls.Start + TimeSpan.FromMinutes(i % 9 * 600)))]);
        Ask();
        if (isSealed) store.Seal(Over);
        Ask();

        string[] gone = [.. calls.Keys.Where(static (_, i) => i % 7 == 0)];
        store.Hide(gone, "test", TestCalls.Start);
        Forget(gone);
        Ask();
        foreach (IGrouping<string, string> day in gone.GroupBy(static id => id[..8])) ((ICallKeeping)store).Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd"), [.. day]);
        Ask();
        store.HideAll("acme", "test", TestCalls.Start);
        Forget([.. calls.Values.Where(static call => call.Tenant == "acme").Select(static call => call.Record.Id)]);
        Ask();
        string last = calls.Keys.Max(StringComparer.Ordinal)![..8];
        Assert.True(store.DropDay(DateOnly.ParseExact(last, "yyyyMMdd")));
        Forget([.. calls.Keys.Where(id => id.StartsWith(last, StringComparison.Ordinal))]);
        Ask();

        void Forget(IEnumerable<string> ids)
        {
            foreach (string id in ids) calls.Remove(id);
        }

        void Ask()
        {
            foreach ((CallQuery query, Func<StoredCall, bool> matches) in Asked)
            {
                StoredCall[] expected = [.. calls.Values.Where(matches).OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal)];
                Assert.Equal(expected.Length, store.Count(query, mark));
                foreach (int skip in (int[])[0, 20, 40, expected.Length / 2, expected.Length])
                {
                    CallSlice slice = store.Page(new CallPageRequest { Query = query with { Ascending = true }, Skip = skip, Take = 20, Until = mark, WantsTotal = true });
                    Assert.Equal(expected.Skip(skip).Take(20).Select(static call => call.Record.StartedAt), slice.Calls.Select(static call => call.Record.StartedAt));
                    Assert.Equal((expected.Length, skip + 20 < expected.Length), ((int)slice.Total!.Value, slice.HasMore));
                }

                CallSlice latest = store.Page(new CallPageRequest { Query = query with { Ascending = false }, Take = 7, Until = mark, MostInAll = expected.Length });
                Assert.Equal(expected.Reverse().Take(7).Select(static call => call.Record.StartedAt), latest.Calls.Select(static call => call.Record.StartedAt));
                if (expected.Length > 0)
                {
                    CallSlice counted = store.Page(new CallPageRequest { Query = query, Take = 7, Until = mark, MostInAll = expected.Length - 1 });
                    Assert.Equal((0, true, expected.Length), (counted.Calls.Count, counted.HasMore, (int)counted.Total!.Value));
                }

                foreach (LengthSteps lengths in (LengthSteps[])[new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 40), new(TimeSpan.FromSeconds(1) - TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2), 3), new(TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1), 1)])
                {
                    IReadOnlyList<long>? shorter = store.CountShorter(query, mark, lengths);
                    Assert.NotNull(shorter);
                    Assert.Equal(Enumerable.Range(0, lengths.Count).Select(i => expected.LongCount(call => call.Record.Duration < lengths.First + (i * lengths.Step))), shorter);
                }
            }
        }
    }

    /// <summary>Ids held against others in alternatives, and by cursors: of each day what it may have.</summary>
    [StoreTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ids_AreHeldAgainstOthers_InAlternativesAndByCursors(bool isSealed)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall[] calls = [.. TestCalls.Many(400, 5)];
        store.Write(calls);
        if (isSealed) store.Seal(Over);
        (CallQuery Query, Func<StoredCall, bool> Matches)[] asked =
        [
            .. Asked.Where(static one => one.Query.Ranges.Concat(one.Query.Without?.Ranges ?? []).Any(static range => range.Of == TextOf.Id)),
            (new CallQuery { Tenant = "acme", Any = [Between(Ids[0], Ids[1]), Between(Ids[2], Ids[3])] }, static call => call.Tenant == "acme" && call.Record.Id != Ids[1] && call.Record.Id != Ids[3]),
            (new CallQuery { Any = [Between(Ids[0], Ids[1]) with { Directions = [CallDirection.Inbound] }, new CallQuery { Ranges = [new TextRange(TextOf.Id, TextSense.Greater, Ids[1])] }] },
                static call => string.CompareOrdinal(call.Record.Id, Ids[1]) > 0 || (call.Record.Id != Ids[1] && call.Record.Direction == CallDirection.Inbound)),
            (new CallQuery { Any = [Between(Ids[1], Ids[2]), Between(Ids[8], "x")] }, static call => call.Record.Id == Ids[1]),
            (new CallQuery { Any = [Between(Ids[8], "x")] }, static _ => false),
            (Between(Ids[1], Ids[3]) with { Tenant = "acme", Except = [Ids[1], Ids[2]] }, static call => call.Tenant == "acme" && string.CompareOrdinal(call.Record.Id, Ids[2]) > 0 && string.CompareOrdinal(call.Record.Id, Ids[3]) < 0),
        ];
        foreach ((CallQuery query, Func<StoredCall, bool> matches) in asked)
        {
            foreach (CallSort sort in (CallSort[])[CallSort.StartedAt, CallSort.Duration])
            {
                string[] expected = [.. calls.Where(matches).Select(static call => call.Record.Id).Order(StringComparer.Ordinal)];
                Assert.Equal(expected.Length, store.Count(query));
                var found = new List<string>();
                CallPage page;
                string? cursor = null;
                do
                {
                    page = store.List(query with { Sort = sort, Limit = 60, Cursor = cursor });
                    found.AddRange(page.Calls.Select(static call => call.Id));
                    cursor = page.NextCursor;
                }
                while (cursor is not null);
                Assert.Equal(expected, found.Order(StringComparer.Ordinal));
            }
        }
    }

    [StoreFact]
    public void Lengths_AreToldTogether_OfWhatProfilesAndNumbersTell()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        store.Write(TestCalls.Many(200, 5));
        store.Seal(new DateOnly(2030, 1, 1));
        CallMark mark = store.Mark();
        var lengths = new LengthSteps(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 100);
        Assert.NotNull(store.CountShorter(new CallQuery { Tenant = "acme" }, mark, lengths));
        Assert.NotNull(store.CountShorter(new CallQuery { DialledNumbers = ["101"] }, mark, lengths));
        Assert.Null(store.CountShorter(new CallQuery(), mark, lengths with { Step = TimeSpan.FromMicroseconds(1) }));
        Assert.Null(store.CountShorter(new CallQuery(), mark, lengths with { First = TimeSpan.FromMicroseconds(7) }));
        Assert.Null(store.CountShorter(new CallQuery(), mark, lengths with { Count = 0 }));
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteMarkListTests : MarkListTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    /// <summary>Neither reads a document, and neither sorts.</summary>
    [Theory]
    [InlineData(SqliteCallStore.CallIdsInOrder, 0)]
    [InlineData(SqliteCallStore.CallIdsBetween, 2)]
    public void CallIdsInOrder_AreReadFromTheirIndexAlone(string sql, int texts)
    {
        using var folder = new StoreFolder();
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records))
        {
            store.Write(TestCalls.Many(100, 5));
            store.Seal(new DateOnly(2030, 1, 1));
        }

        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.FromSeconds(1), 1024);
        using SqliteStatement plan = database.Prepare("EXPLAIN QUERY PLAN " + sql);
        for (int i = 0; i < texts; i++) plan.Bind("x");
        var lines = new List<string>();
        while (plan.Step()) lines.Add(plan.Text(3));
        Assert.All(lines.Where(static line => line.Contains("call_documents", StringComparison.Ordinal)), static line => Assert.Contains($"SEARCH call_documents USING COVERING INDEX {TextRanges.CallIdIndex}", line, StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.Contains(TextRanges.CallIdIndex, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains("ORDER BY", StringComparison.Ordinal));
    }

    /// <summary>Of the calls that are asked for, in all groups; kept as long as these are the same.</summary>
    [Fact]
    public void TheSpreadOfSomeCalls_IsMadeOnce()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = TestCalls.Many(900, 5);
        store.Write(calls);
        store.Seal(Over);
        string[] texts = [.. calls.Where(static call => call.Tenant == "acme").Select(static call => call.Record.Caller.Number).OfType<string>().Order(StringComparer.Ordinal)];
        ITextSpread spread = Kept("acme");
        for (int i = 1; i < 10; i++)
        {
            string text = spread.Between("", null, i / 10.0)!;
            int below = texts.Count(its => string.CompareOrdinal(its, text) < 0);
            Assert.InRange(below, ((i - 2) * texts.Length / 10) - 1, ((i + 2) * texts.Length / 10) + 1);
        }

        Assert.NotSame(spread, Kept(null));
        Assert.Same(spread, Kept("acme"));
        store.Write([TestCalls.Stored(5_000, new Random(1), TestCalls.Start)]);
        store.Seal(Over);
        Assert.NotSame(spread, Kept("acme"));

        // What was written just now is looked at anew each time.
        ITextSpread Kept(string? tenant)
        {
            ITextSpread? its = null;
            Assert.True(SpinWait.SpinUntil(() => its is not null & ReferenceEquals(its, its = store.SpreadOf(new CallQuery { Tenant = tenant }, TextOf.Caller)), TimeSpan.FromMinutes(1)));
            return its!;
        }
    }

    [Fact]
    public void AWalkOfAMark_ForgetsADayThatWasWrittenTo()
    {
        var day = new DateOnly(2026, 11, 20);
        var walk = new Walk(new Dictionary<DateOnly, long> { [day] = 9 }, isOfMark: true);
        Know("a", isSettled: true);
        walk.Renew(day, new DayStamp("a", true));
        Assert.True(walk.Counts.ContainsKey(day) && walk.Reaches(day, 3));
        walk.Renew(day, new DayStamp("b", true));
        Assert.False(walk.Counts.ContainsKey(day) || walk.Reaches(day, 3));

        // In the tick in which it is written to nothing is known for sure.
        Know("c", isSettled: false);
        walk.Renew(day, new DayStamp("c", false));
        Assert.False(walk.Counts.ContainsKey(day) || walk.Reaches(day, 3));

        void Know(string stamp, bool isSettled)
        {
            walk.Renew(day, new DayStamp(stamp, isSettled));
            walk.Counts[day] = ("", 7);
            walk.Remember(day, 3, new CallCursor(1, day, new byte[CallRow.IdBytes]), 100);
        }
    }

    [Fact]
    public void WalksOfAMark_AreThoseOfLate()
    {
        var walks = new MarkWalks(2);
        var one = new CallMark(new Dictionary<DateOnly, long>());
        Walk first = walks.Of(one, "a");
        Assert.Same(first, walks.Of(one, "a"));
        Assert.NotSame(first, walks.Of(new CallMark(new Dictionary<DateOnly, long>()), "a"));
        walks.Of(one, "b");
        walks.Of(one, "a");
        walks.Of(one, "c");
        Assert.Same(first, walks.Of(one, "a"));
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresMarkListTests : MarkListTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();

    [PostgresFact]
    public void Lengths_AreGroupedByTheServer_OfDaysThatMemoryDoesNotTell()
    {
        using StorePlace place = NewPlace();
        using var store = (PostgresCallStore)place.Calls();
        store.Write(TestCalls.Many(300, 5));
        store.Seal(new DateOnly(2030, 1, 1));
        int days = store.Days().Count;
        CallMark mark = store.Mark();
        Assert.Equal(0, GroupedFor(new CallQuery { Tenant = "acme" }));
        Assert.Equal(0, GroupedFor(new CallQuery { DialledNumbers = ["101", "104"] }));
        Assert.Equal(0, GroupedFor(new CallQuery { Without = new CallQuery { Directions = [CallDirection.Inbound] } }));

        // What came since is told apart in memory, once the day is sealed anew.
        store.Write([TestCalls.Stored(5_000, new Random(1), TestCalls.Start)]);
        Assert.Equal(1, GroupedFor(new CallQuery()));
        store.Seal(new DateOnly(2030, 1, 1));
        Assert.Equal(0, GroupedFor(new CallQuery { DialledNumbers = ["101", "104"] }));
        store.HideAll("acme", "test", TestCalls.Start);
        Assert.Equal(days, GroupedFor(new CallQuery()));

        long GroupedFor(CallQuery query)
        {
            long before = store.DaysGrouped;
            Assert.NotNull(store.CountShorter(query, mark, new LengthSteps(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 100)));
            return store.DaysGrouped - before;
        }
    }

    [PostgresFact]
    public void AWalkOfAMark_IsCountedOnce_AsLongAsNothingHappens()
    {
        using StorePlace place = NewPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 5);
        store.Write(calls);
        store.Seal(Over);
        int days = store.Days().Count;
        CallMark mark = store.Mark();
        var query = new CallQuery { Tenant = "acme", Ascending = true };
        Assert.Equal(100, store.Count(query, mark));
        Assert.Equal(days, store.DaysOfMarksAsked);
        long read = store.KnownPages;
        for (int skip = 0; skip < 100; skip += 10) Assert.Equal((10, 100), (Page(skip).Calls.Count, (int)Page(skip).Total!.Value));
        Assert.Equal(days, store.DaysOfMarksAsked);
        Assert.InRange(store.KnownPages - read, 1, 20 + (2 * days));

        // Another day that was written to is counted anew; so are all where something of all was deleted.
        store.Write([TestCalls.Stored(5_000, new Random(1), TestCalls.Start)]);
        Assert.Equal(100, Page(0).Total);
        Assert.Equal(2 * days, store.DaysOfMarksAsked);
        store.Hide([calls[0].Record.Id], "test", TestCalls.Start);
        Assert.Equal(99, Page(90).Total);
        Assert.Equal(9, Page(90).Calls.Count);

        CallSlice Page(int skip) => store.Page(new CallPageRequest { Query = query, Skip = skip, Take = 10, Until = mark, WantsTotal = true });
    }

    [PostgresFact]
    public void CallIds_AreReadOnce_AndTellWhereOthersStand()
    {
        using StorePlace place = NewPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 5);
        store.Write(calls);
        store.Seal(Over);
        int days = store.Days().Count;
        string[] texts = [.. calls.Select(static call => call.Record.SipCallId).Order(StringComparer.Ordinal)];
        ITextSpread spread = store.SpreadOf(new CallQuery(), TextOf.SipCallId)!;
        Assert.Same(spread, store.SpreadOf(new CallQuery(), TextOf.SipCallId));
        Assert.Equal(days, store.CallIdsRead);
        for (int i = 1; i < 10; i++)
        {
            // What the spread leads to is told without a look at the day that has it.
            string text = spread.Between("", null, i / 10.0)!;
            int below = texts.Count(its => string.CompareOrdinal(its, text) < 0);
            Assert.InRange(below, (i * 30) - 60, (i * 30) + 60);
            Assert.Equal(below, CountBefore(text));
        }

        Assert.Equal((days, 0), (store.CallIdsRead, store.CallIdsLookedUp));
        for (int i = 0; i < texts.Length; i += 7)
        {
            Assert.Equal(i, CountBefore(texts[i]));
            Assert.Equal(i + 1, CountBefore(texts[i] + "x"));
        }

        // Those that are none of a few are looked at, in the days that have one much the same.
        Assert.InRange(store.CallIdsLookedUp, 1, 2 * texts.Length);
        store.Write([TestCalls.Stored(5_000, new Random(1), TestCalls.Start)]);
        Assert.Equal(texts.Length, CountBefore("00000fff"));
        Assert.Equal(days, store.CallIdsRead);
        store.Seal(Over);
        Assert.Equal(texts.Length, CountBefore("00000fff"));
        Assert.Equal(days + 1, store.CallIdsRead);

        long CountBefore(string text) => store.Count(new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.Less, text)] });
    }

    [PostgresFact]
    public void CallIds_ForWhichThereIsNoRoom_AreComparedByConditions()
    {
        using StorePlace place = NewPlace();
        using var store = (PostgresCallStore)place.Calls(new SqliteStoreLimits { TextRankBytes = 0 });
        List<StoredCall> calls = TestCalls.Many(100, 5);
        store.Write(calls);
        store.Seal(Over);
        string[] texts = [.. calls.Select(static call => call.Record.SipCallId).Order(StringComparer.Ordinal)];
        Assert.Null(store.SpreadOf(new CallQuery(), TextOf.SipCallId));
        Assert.Equal(40, store.Count(new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.Less, texts[40])] }));
        Assert.Equal(0, store.CallIdsRead);
    }

    /// <summary>All of a day are read from that day alone, once; some by their documents.</summary>
    [PostgresFact]
    public void CallIds_AreReadFromTheirDayAlone()
    {
        using StorePlace place = NewPlace();
        using var store = (PostgresCallStore)place.Calls();
        store.Write(TestCalls.Many(300, 5));
        store.Seal(Over);
        (List<string> inOrder, List<string> ofDocuments) = store.ExplainCallIds(store.Days()[0]);
        Assert.StartsWith("Sort", inOrder[0], StringComparison.Ordinal);
        Assert.Single(inOrder, static line => line.Contains(" on call_documents_", StringComparison.Ordinal));
        Assert.Single(ofDocuments, static line => line.Contains(" on call_documents_", StringComparison.Ordinal));
        Assert.DoesNotContain(ofDocuments, static line => line.Contains("Sort", StringComparison.Ordinal));
    }
}
