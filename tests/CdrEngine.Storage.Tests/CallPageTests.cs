using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Pages by number against an obvious oracle, while calls arrive and go.</summary>
public abstract class CallPageTests
{
    private protected abstract StorePlace NewPlace();

    private static readonly Lazy<List<StoredCall>> Seeded = new(static () => TestCalls.Many(700, 11));

    public static TheoryData<string, bool> Filters
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in Queries.Keys)
            {
                data.Add(name, false);
                data.Add(name, true);
            }

            return data;
        }
    }

    private protected static readonly SortedDictionary<string, (CallQuery Query, Func<StoredCall, bool> Matches)> Queries = new(StringComparer.Ordinal)
    {
        ["none"] = (new CallQuery(), _ => true),
        ["tenant"] = (new CallQuery { Tenant = "acme" }, call => call.Tenant == "acme"),
        ["from-to"] = (new CallQuery { From = At(20), To = At(50) }, call => call.Record.StartedAt >= At(20) && call.Record.StartedAt < At(50)),
        ["callers"] = (new CallQuery { CallerNumbers = ["+10070001", "111", .. Common(7)] }, call => Common(7).Contains(call.Record.Caller.Number)),
        ["dialled"] = (new CallQuery { DialledNumbers = ["101", "102", "103"] }, call => call.Record.Dialled is "101" or "102" or "103"),
        ["one-dialled"] = (new CallQuery { DialledNumbers = ["104"] }, call => call.Record.Dialled is "104"),
        ["callees"] = (new CallQuery { CalleeNumbers = Common(3) }, call => Common(3).Contains(call.Record.Callee.Number)),
        ["parties"] = (new CallQuery { PartyNumbers = ["101", "105", .. Common(5)] },
            call => new[] { call.Record.Caller.Number, call.Record.Callee.Number, call.Record.Dialled }.Any(number => number is "101" or "105" || Common(5).Contains(number))),
        ["dialled-and-parties"] = (new CallQuery { DialledNumbers = ["101", "102", "103", "104"], PartyNumbers = ["101", "103"] }, call => call.Record.Dialled is "101" or "103"),
        ["directions"] = (new CallQuery { Directions = [CallDirection.Inbound, CallDirection.Transit] }, call => call.Record.Direction is CallDirection.Inbound or CallDirection.Transit),
        ["rare"] = (new CallQuery { Dispositions = [Disposition.Busy], Directions = [CallDirection.Inbound], DurationMin = TimeSpan.FromSeconds(15) },
            call => call.Record is { Disposition: Disposition.Busy, Direction: CallDirection.Inbound } && call.Record.Duration >= TimeSpan.FromSeconds(15)),
        ["billsec"] = (new CallQuery { BillsecMin = TimeSpan.FromSeconds(5), BillsecMax = TimeSpan.FromSeconds(9), DurationMin = TimeSpan.FromSeconds(7) },
            call => call.Record.BillableDuration >= TimeSpan.FromSeconds(5) && call.Record.BillableDuration <= TimeSpan.FromSeconds(9) && call.Record.Duration >= TimeSpan.FromSeconds(7)),
        ["unknown"] = (new CallQuery { CallerNumbers = ["", "nobody"] }, _ => false),
        ["voicemail"] = (new CallQuery { IsVoicemail = true }, call => Voicemail.Answered(call.Record)),
        ["voicemail-of-a-number"] = (new CallQuery { IsVoicemail = true, PartyNumbers = ["101", "102", "103", "104", .. Common(9)] },
            call => Voicemail.Answered(call.Record) && new[] { call.Record.Caller.Number, call.Record.Callee.Number, call.Record.Dialled }.Any(number => number is "101" or "102" or "103" or "104" || Common(9).Contains(number))),
        ["audible"] = (new CallQuery { IsAudible = true }, call => call.Record.Disposition == Disposition.Answered && !call.Record.Flags.HasFlag(CallFlags.NoRtp)),
        ["context"] = (new CallQuery { Context = CallContext.Tracking }, call => call.Record.Marks?.Context == CallContext.Tracking),
        ["without-numbers"] = (new CallQuery { Without = new CallQuery { CallerNumbers = ["+10070001", .. Common(7)] } }, call => !Common(7).Contains(call.Record.Caller.Number)),
        ["without-any"] = (
            new CallQuery { Tenant = "acme", Directions = [CallDirection.Inbound], Without = new CallQuery { Any = [new CallQuery { Directions = [CallDirection.Inbound], DialledNumbers = ["101"] }, new CallQuery { Directions = [CallDirection.Inbound], DurationMin = TimeSpan.FromSeconds(9) }] } },
            call => call.Tenant == "acme" && call.Record.Direction == CallDirection.Inbound && call.Record.Dialled is not "101" && call.Record.Duration < TimeSpan.FromSeconds(9)),
        ["without-all"] = (new CallQuery { From = At(20), Tenant = "acme", Without = new CallQuery { Tenant = "acme" } }, _ => false),
        ["without-text"] = (
            new CallQuery { Dispositions = [Disposition.Answered], Without = new CallQuery { Dispositions = [Disposition.Answered], Labels = [new LabelPart(CallLabel.CallerName, "Name 7 \"Ünï\"", true)] } },
            call => call.Record.Disposition == Disposition.Answered && call.Record.Caller.Name != "Name 7 \"Ünï\""),
        ["callers-behind"] = (new CallQuery { Ranges = [new TextRange(TextOf.Caller, TextSense.Greater, "+1020")] }, call => string.CompareOrdinal(call.Record.Caller.Number, "+1020") > 0),
        ["callees-before"] = (
            new CallQuery { Tenant = "acme", Ranges = [new TextRange(TextOf.Callee, TextSense.LessOrEqual, "+44020")] },
            call => call.Tenant == "acme" && call.Record.Callee.Number is { } number && string.CompareOrdinal(number, "+44020") <= 0),
        ["dialled-between"] = (
            new CallQuery { Ranges = [new TextRange(TextOf.Dialled, TextSense.GreaterOrEqual, "105"), new TextRange(TextOf.Dialled, TextSense.Less, "12")], DurationMin = TimeSpan.FromSeconds(4) },
            call => call.Record.Dialled is { } number && string.CompareOrdinal(number, "105") >= 0 && string.CompareOrdinal(number, "12") < 0 && call.Record.Duration >= TimeSpan.FromSeconds(4)),
        ["dialled-at-all"] = (new CallQuery { Ranges = [new TextRange(TextOf.Dialled, TextSense.Present, "")] }, call => call.Record.Dialled is not null),
        ["names-behind"] = (
            new CallQuery { Ranges = [new TextRange(TextOf.FirstLabel + (int)CallLabel.CalleeName, TextSense.Greater, "Name 5")] },
            call => CallLabels.Of(call.Record, CallLabel.CalleeName) is { } name && string.CompareOrdinal(name, "Name 5") > 0),
        ["call-ids-with"] = (new CallQuery { Text = "@Host1", Ranges = [new TextRange(TextOf.SipCallId, TextSense.Contains, "@Host1")] }, call => call.Record.SipCallId.Contains("@Host1", StringComparison.Ordinal)),
        ["call-ids-in-another-case"] = (new CallQuery { Text = "@host1", Ranges = [new TextRange(TextOf.SipCallId, TextSense.Contains, "@host1")] }, _ => false),
        ["call-ids-behind"] = (new CallQuery { Ranges = [new TextRange(TextOf.SipCallId, TextSense.GreaterOrEqual, "0000012")] }, call => string.CompareOrdinal(call.Record.SipCallId, "0000012") >= 0),
        ["without-behind"] = (
            new CallQuery { Without = new CallQuery { Ranges = [new TextRange(TextOf.Caller, TextSense.Greater, "+1020")] } }, call => string.CompareOrdinal(call.Record.Caller.Number, "+1020") <= 0),
        ["no-id"] = (new CallQuery { Ids = ["none"] }, _ => false),
    };

    private static CallRecord Marked(CallRecord call, int i) => call with
    {
        Marks = i % 11 == 0 ? new CallMarks { Context = CallContext.Tracking, Tenant = call.Tenant } : null,
        Callee = i % 6 == 0 ? call.Callee with { UserAgent = "Voicemail 1" } : call.Callee,
    };

    [StoreTheory]
    [MemberData(nameof(Filters))]
    public void Pages_InAnyOrder_AreThoseOfTheOracle(string name, bool sealedDays)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls(new SqliteStoreLimits { WalkPlaces = 5 });
        List<StoredCall> calls = [.. TestCalls.Many(700, 11).Select(static (call, i) => call with { Record = Marked(call.Record, i) })];
        store.Write(calls);
        if (sealedDays) Assert.Equal(3, store.Seal(new DateOnly(2030, 1, 1)));
        (CallQuery query, Func<StoredCall, bool> matches) = Queries[name];
        foreach (bool ascending in (bool[])[true, false])
        {
            CallQuery asked = query with { Ascending = ascending };
            string[] expected = Oracle(calls, matches, ascending);
            if (name is not ("unknown" or "no-id" or "without-all" or "call-ids-in-another-case")) Assert.NotEmpty(expected);
            CallSlice first = store.Page(new CallPageRequest { Query = asked, Take = 7, WantsTotal = true });
            Assert.Equal(expected.Length, first.Total);
            Assert.Equal(expected.Length, store.Count(asked));

            // Late arrivals of every day, before, between and behind.
            store.Write([.. TestCalls.Many(60, 12 + (ascending ? 1 : 0))]);
            foreach (int page in (int[])[0, 1, 2, 3, 9, 4, 50, 20, 21, 2, 99])
            {
                // The first page would begin a new walk.
                if (page == 0) continue;
                CallSlice slice = store.Page(new CallPageRequest { Query = asked, Skip = page * 7, Take = 7, WantsTotal = true });
                Assert.Equal(expected.Skip(page * 7).Take(7), slice.Calls.Select(static call => call.Record.Id));
                Assert.Equal(expected.Length > (page + 1) * 7, slice.HasMore);
                Assert.Equal(expected.Length, slice.Total);
            }

            calls = [.. calls, .. TestCalls.Many(60, 12 + (ascending ? 1 : 0))];
        }
    }

    [StoreFact]
    public void Sums_OfSealedDays_StayRight_WhateverIsStored()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 21);
        store.Write(calls);
        Assert.Equal(3, store.Seal(new DateOnly(2030, 1, 1)));
        Assert.Equal(0, store.Seal(new DateOnly(2030, 1, 1)));
        calls.AddRange(TestCalls.Many(200, 22));
        store.Write(calls);

        // Every fifth gets another outcome, or another tenant.
        for (int i = 0; i < calls.Count; i += 5)
        {
            calls[i] = calls[i] with { Record = calls[i].Record with { Disposition = Disposition.Redirected, Direction = CallDirection.Internal }, Revision = RecordRevision.Updated, Tenant = i % 2 == 0 ? "beta" : calls[i].Tenant };
        }

        store.Write(calls);
        foreach (Disposition disposition in Enum.GetValues<Disposition>())
        {
            foreach (string? tenant in (string?[])[null, "acme", "beta", "nobody"])
            {
                Assert.Equal(
                    calls.Count(call => call.Record.Disposition == disposition && (tenant is null || call.Tenant == tenant)),
                    store.Count(new CallQuery { Dispositions = [disposition], Tenant = tenant }));
                Assert.Equal(
                    calls.Count(call => call.Record is { Direction: CallDirection.Internal } && call.Record.Disposition == disposition && (tenant is null || call.Tenant == tenant)),
                    store.Count(new CallQuery { Dispositions = [disposition], Direction = CallDirection.Internal, Directions = [CallDirection.Internal, CallDirection.Inbound], Tenant = tenant }));
            }
        }

        Assert.Equal(calls.Count, store.Count(new CallQuery()));
    }

    [StoreFact]
    public void Walks_OfOthers_AreTheirOwn()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        store.Write(TestCalls.Many(30, 1));
        var request = new CallPageRequest { Query = new CallQuery(), Take = 10, WantsTotal = true, Viewer = "a" };
        Assert.Equal(30, store.Page(request).Total);
        store.Write(TestCalls.Many(30, 2));
        Assert.Equal(60, store.Page(request with { Viewer = "b" }).Total);
        Assert.Equal(30, store.Page(request with { Skip = 10 }).Total);
        Assert.Equal(60, store.Page(request).Total);
    }

    [StoreFact]
    public void Where_IsAskedOfEachRecord_AndPagesStand()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 3);
        store.Write(calls);
        static bool Odd(CallRecord record) => record.SipCallId[^1] % 2 == 1;
        string[] expected = Oracle(calls, call => Odd(call.Record), ascending: false);
        var request = new CallPageRequest { Query = new CallQuery(), Take = 9, Where = Odd, WhereName = "odd", WantsTotal = true };
        for (int page = 0; page * 9 < expected.Length + 9; page++)
        {
            CallSlice slice = store.Page(request with { Skip = page * 9 });
            Assert.Equal(expected.Skip(page * 9).Take(9), slice.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length, slice.Total);
            store.Write(TestCalls.Many(5, 100 + page));
        }
    }

    [StoreFact]
    public void Numbers_LeadBack_AlsoWhereTwoCallsShareThem()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        StoredCall call = TestCalls.Stored(1, new Random(1), TestCalls.Start);
        StoredCall Twin(string ending) => call with { Record = MediaSessions.Complete(call.Record with { Id = call.Record.Id[..^4] + ending, SessionId = call.Record.Id[..^4] + ending }) };
        StoredCall[] twins = [Twin("bbbb"), Twin("aaaa"), Twin("cccc")];
        foreach (StoredCall twin in twins) store.Write([twin]);
        store.Write(TestCalls.Many(50, 9));
        ListedCall[] listed = [.. store.Page(new CallPageRequest { Query = new CallQuery(), Take = 100 }).Calls];
        Assert.Equal(53, listed.Select(static one => one.Number).Distinct().Count());
        foreach (ListedCall one in listed)
        {
            Assert.Equal(one.Record.Id, store.FindByNumber(one.Number)!.Record.Id);
            Assert.Equal(one.Number, store.Find(one.Record.Id)!.Number);
        }

        // In order of arrival, whatever their ids.
        Assert.Equal(twins.Select(static twin => twin.Record.Id), Enumerable.Range(0, 3).Select(rank => store.FindByNumber(CallNumber.Of(twins[0].Record.Id, rank))!.Record.Id));
        Assert.Null(store.FindByNumber(CallNumber.Of(twins[0].Record.Id, 3)));
        Assert.Null(store.FindByNumber(-1));
        Assert.Null(store.FindByNumber(long.MaxValue));
        Assert.Null(store.FindByNumber(12));

        // And without their records.
        string[] ids = [.. listed.Select(static one => one.Record.Id), "none", "20301231-00112233445566778899aabb"];
        foreach (bool isSealed in (bool[])[false, true])
        {
            if (isSealed) store.Seal(new DateOnly(2030, 1, 1));
            IReadOnlyDictionary<string, ListedNumber> numbers = store.NumbersOf([.. ids, .. ids]);
            Assert.Equal(store.FindAll(ids).Values.Select(static one => (one.Record.Id, one.Number, one.Tenant)).Order(), numbers.Select(static one => (one.Key, one.Value.Number, one.Value.Tenant)).Order());
            Assert.Equal(53, numbers.Count);
        }

        Assert.Equal(1, store.Hide([twins[1].Record.Id], "test", TestCalls.Start));
        Assert.Equal([twins[0].Record.Id, twins[2].Record.Id], store.NumbersOf([.. twins.Select(static twin => twin.Record.Id)]).Keys.OrderBy(id => Array.FindIndex(twins, twin => twin.Record.Id == id)));
    }

    /// <summary>What other runs of a program know a store by.</summary>
    [Fact]
    public void Identity_IsThatOfTheFolder_AndNotOfACopy()
    {
        using var folder = new StoreFolder();
        string identity;
        using (SqliteCallStore store = SqliteCallStore.Open(folder.Records)) identity = store.Identity!;
        using (SqliteCallStore again = SqliteCallStore.Open(folder.Records)) Assert.Equal(identity, again.Identity);
        using SqliteCallStore other = SqliteCallStore.Open(folder.Records + "-copy");
        Assert.NotEqual(identity, other.Identity);
    }

    [StoreTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_IsTheFirstOfThePage(bool ascending)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        List<StoredCall> calls = TestCalls.Many(200, 5);
        store.Write(calls);
        string[] expected = Oracle(calls, static _ => true, ascending);
        foreach (int i in (int[])[0, 1, 77, 199])
        {
            CallRecord at = calls.First(call => call.Record.Id == expected[i]).Record;
            CallPage page = store.List(new CallQuery { Ascending = ascending, Start = new CallPosition(at.StartedAt, at.Id), Limit = 5 });
            Assert.Equal(expected.Skip(i).Take(5), page.Calls.Select(static call => call.Id));

            // Without an id the position stands before all of its instant.
            string[] ofTheInstant = [.. calls.Where(call => call.Record.StartedAt == at.StartedAt).Select(static call => call.Record.Id)];
            page = store.List(new CallQuery { Ascending = ascending, Start = new CallPosition(at.StartedAt, ""), Limit = 1 });
            Assert.Contains(page.Calls[0].Id, ofTheInstant);
            Assert.Equal(expected.First(ofTheInstant.Contains), page.Calls[0].Id);
        }
    }

    [StoreFact]
    public void Hidden_IsGoneEverywhere_AndWhatComesLaterIsShown()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        using ICallStore other = place.Calls();
        List<StoredCall> calls = TestCalls.Many(100, 6);
        store.Write(calls);
        StoredCall gone = calls.First(static call => call.Record.MediaSessions.Count > 0);
        string id = gone.Record.Id;
        store.SetRecording(new RecordingEntry { CallId = id, State = RecordingState.Available });
        Assert.Equal(100, other.Count(new CallQuery()));
        Assert.Equal(1, store.Hide([id, id, "none", "20261120-000000000000000000000000"], "me", At(0)));
        Assert.Equal(0, store.Hide([id], "me", At(1)));
        foreach (ICallStore one in (ICallStore[])[store, other])
        {
            Assert.Null(one.Get(id));
            Assert.Null(one.Json(id));
            Assert.Null(one.GetChunks(id));
            Assert.Null(one.Find(id));
            Assert.Null(one.FindByNumber(CallNumber.Of(id)));
            Assert.Null(one.GetRecording(id));
            Assert.Null(one.GetMediaSession($"{id}-m0"));
            Assert.Empty(one.ListRecordings(new RecordingQuery()).Recordings);
            Assert.Empty(one.ListMediaSessions(new MediaSessionQuery { CallId = id }).MediaSessions);
            Assert.DoesNotContain(id, one.List(new CallQuery { Limit = 1000 }).Calls.Select(static call => call.Id));
            Assert.Equal(99, one.List(new CallQuery { Limit = 1000 }).Calls.Count);
            Assert.Equal(99, one.Count(new CallQuery()));
            Assert.Empty(one.List(new CallQuery { SipCallId = gone.Record.SipCallId }).Calls);
        }

        Assert.Equal([new HiddenCall(id, At(0))], store.Hidden(At(100), 10));
        int acme = calls.Count(call => call.Tenant == "acme" && call.Record.Id != id);
        store.HideAll("acme", "me", At(2));
        Assert.Equal(99 - acme, other.Count(new CallQuery()));
        Assert.Equal(0, other.Count(new CallQuery { Tenant = "acme" }));
        Assert.Empty(other.List(new CallQuery { Tenant = "acme" }).Calls);
        Assert.Null(other.Get(calls.First(call => call.Tenant == "acme").Record.Id));
        store.Write([TestCalls.Stored(3000, new Random(2), At(5)) with { Tenant = "acme" }]);
        Assert.Equal(1, other.Count(new CallQuery { Tenant = "acme" }));
        store.HideAll(null, "me", At(3));
        Assert.Equal(0, other.Count(new CallQuery()));
        Assert.Empty(other.ListMediaSessions(new MediaSessionQuery()).MediaSessions);
        Assert.Equal(101, store.Hidden(At(100), 1000).Select(static call => call.Id).Distinct().Count());

        // A day that is dropped and stored anew begins anew, but what was deleted by name stays so.
        foreach (DateOnly day in store.Days()) store.DropDay(day);
        store.Write(calls);
        Assert.Equal(99, store.Count(new CallQuery()));
    }

    [StoreTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_WhileAnotherStores_NeitherRepeatNorMiss(bool ascending)
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        using ICallStore other = place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 31);
        store.Write(calls);
        string[] there = [.. calls.Select(static call => call.Record.Id)];
        string[] answered = [.. calls.Where(static call => call.Record.Disposition == Disposition.Answered).Select(static call => call.Record.Id)];
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        Task<int> writer = Task.Run(() =>
        {
            int seed = 1_000;
            do
            {
                Assert.Null(other.Write([.. TestCalls.Many(15, seed++)]).Fault);
                begun.TrySetResult();
            }
            while (!stop.IsCancellationRequested && seed < 1_400);
            return seed;
        });
        await begun.Task;
        foreach ((CallQuery query, string[] atLeast) in ((CallQuery, string[])[])[(new CallQuery { Ascending = ascending }, there), (new CallQuery { Ascending = ascending, Dispositions = [Disposition.Answered] }, answered)])
        {
            // By number: as many as the first page said, each once.
            var seen = new List<string>();
            CallSlice slice = store.Page(new CallPageRequest { Query = query, Take = 40, WantsTotal = true });
            long total = slice.Total!.Value;
            while (true)
            {
                seen.AddRange(slice.Calls.Select(static call => call.Record.Id));
                if (!slice.HasMore) break;
                slice = store.Page(new CallPageRequest { Query = query, Skip = seen.Count, Take = 40 });
            }

            Assert.Equal(total, seen.Count);
            Assert.Equal(seen.Count, seen.Distinct().Count());
            Assert.Empty(atLeast.Except(seen));

            // By cursor: none twice, and all that were there.
            seen.Clear();
            string? cursor = null;
            do
            {
                CallPage page = store.List(query with { Limit = 40, Cursor = cursor });
                seen.AddRange(page.Calls.Select(static call => call.Id));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(seen.Count, seen.Distinct().Count());
            Assert.Empty(atLeast.Except(seen));

            // Totals are of one moment: at least what was listed, and no call counted as more than one.
            CallTotals totals = store.Totals(query, TimeSpan.FromMinutes(1));
            Assert.True(totals.Sums.Calls >= seen.Count && totals.Sums.Answered <= totals.Sums.Calls);
        }

        await stop.CancelAsync();
        int written = await writer;
        List<StoredCall> all = [.. calls, .. Enumerable.Range(1_000, written - 1_000).SelectMany(static seed => TestCalls.Many(15, seed))];
        Assert.Equal(CallTotalsTests.Sum(all), store.Totals(new CallQuery(), TimeSpan.FromMinutes(1)).Sums);
        Assert.Equal(all.Count, store.Count(new CallQuery()));
    }

    private static Timestamp At(int hours) => TestCalls.Start + TimeSpan.FromHours(hours);

    // Numbers of the seeded records that really occur.
    private static string[] Common(int seed) => [.. Seeded.Value.Skip(seed * 10).Take(6).SelectMany(static call => new[] { call.Record.Caller.Number, call.Record.Callee.Number }).OfType<string>()];

    private static string[] Oracle(List<StoredCall> calls, Func<StoredCall, bool> matches, bool ascending)
    {
        IEnumerable<string> ids = calls.Where(matches).OrderBy(static call => call.Record.StartedAt).ThenBy(static call => call.Record.Id, StringComparer.Ordinal).Select(static call => call.Record.Id);
        return ascending ? [.. ids] : [.. ids.Reverse()];
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteCallPageTests : CallPageTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();


    /// <summary>Few ids of a day lead to their calls; where a bound is of another day nothing is asked of ids.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IdsBetweenTwo_LeadToTheirCalls(bool isSealed)
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        store.Write(TestCalls.Many(300, 4));
        if (isSealed) store.Seal(new DateOnly(2030, 1, 1));
        var day = new DateOnly(2026, 11, 20);
        string near = PlanOf(new TextRange(TextOf.Id, TextSense.GreaterOrEqual, "20261120-800000000000000000000000"), new TextRange(TextOf.Id, TextSense.LessOrEqual, "20261120-820000000000000000000000"));
        Assert.Contains("SEARCH s USING COVERING INDEX calls_by_id (id>? AND id<?)", near, StringComparison.Ordinal);
        Assert.Contains("SEARCH c USING PRIMARY KEY (started_at=? AND id=?)", near, StringComparison.Ordinal);
        Assert.Equal(PlanOf(), PlanOf(new TextRange(TextOf.Id, TextSense.Greater, "20261119-800000000000000000000000"), new TextRange(TextOf.Id, TextSense.Less, "20261121-000000000000000000000000")));

        // Half of the day is met soon in order of time.
        Assert.Contains("SCAN c", PlanOf(new TextRange(TextOf.Id, TextSense.Less, "20261120-800000000000000000000000")), StringComparison.Ordinal);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.FromSeconds(1), 1024);
        foreach ((string sql, string expected) in ((string, string)[])[(SqliteCallStore.BetweenIds, "SEARCH calls USING INDEX calls_by_id (id>? AND id<?)"), (SqliteCallStore.CountBetweenIds, "SEARCH calls USING COVERING INDEX calls_by_id (id>? AND id<?)")])
        {
            using SqliteStatement plan = database.Prepare("EXPLAIN QUERY PLAN " + sql).BindBlob(new byte[12].AsSpan()).BindBlob(new byte[12].AsSpan());
            Assert.True(plan.Step());
            Assert.Equal(expected, plan.Text(3));
        }

        string PlanOf(params TextRange[] ranges) => string.Join('\n', store.ExplainPage(new CallQuery { Ascending = true, Ranges = ranges }, day));
    }

    /// <summary>The order of a day's ids is read once, and again where the day has other calls.</summary>
    [Fact]
    public void OrdersOfIds_AreLetGoOf_WhereThereAreTooMany()
    {
        var first = new DateOnly(2026, 11, 20);
        DayIdOrder order = DayIdOrder.Of(Enumerable.Range(0, 1_000).Select(static i => ((UInt128)(i * 7 % 1_000), i)), 1_000);
        Assert.Equal((0, (UInt128)0), order.Near(0));
        Assert.Equal((448, (UInt128)448), order.Near(500));
        Assert.Equal((960, (UInt128)960), order.Near(5_000));
        Assert.Equal([.. Enumerable.Range(0, 1_000).Where(static i => i * 7 % 1_000 is >= 10 and < 60)], order.Between(10, 60).All());
        var kept = new IdOrdersKept(3 * order.Size);
        for (int i = 0; i < 4; i++)
        {
            kept.Keep(first.AddDays(i), new DayStamp("a", true), order);
            Assert.Same(order, kept.Find(first, new DayStamp("a", true)));
        }

        Assert.Null(kept.Find(first.AddDays(1), new DayStamp("a", true)));
        Assert.Same(order, kept.Find(first.AddDays(2), new DayStamp("a", true)));
        Assert.Null(kept.Find(first, new DayStamp("b", true)));
        Assert.Null(kept.Find(first, new DayStamp("a", true)));
        kept.Forget(first.AddDays(2));
        Assert.Null(kept.Find(first.AddDays(2), new DayStamp("a", true)));
        kept.Keep(first, new DayStamp("c", false), order);
        Assert.Null(kept.Find(first, new DayStamp("c", false)));
    }

    [Theory]
    [InlineData("none", false, "SCAN c", null)]
    [InlineData("one-dialled", false, "SEARCH n USING PRIMARY KEY (number=?)", "SEARCH c USING PRIMARY KEY (started_at=? AND id=?)")]
    [InlineData("rare", true, "SEARCH o USING COVERING INDEX calls_by_duration|SEARCH o USING COVERING INDEX calls_by_billable|SEARCH o USING COVERING INDEX calls_by_profile_length", "SEARCH c USING PRIMARY KEY (started_at=? AND id=?)")]
    [InlineData("tenant", true, "SEARCH c USING INDEX calls_by_tenant (tenant=?)|SEARCH c USING COVERING INDEX calls_by_tenant", null)]
    [InlineData("voicemail", false, "SEARCH n USING PRIMARY KEY (number=?)", "SEARCH c USING PRIMARY KEY (started_at=? AND id=?)")]
    [InlineData("context", true, "SEARCH c USING INDEX calls_by_context (context=?)", null)]
    [InlineData("audible", false, "SCAN c", "SEARCH r USING INTEGER PRIMARY KEY")]
    [InlineData("from-to", false, "SEARCH c USING PRIMARY KEY (started_at>? AND started_at<?)", null)]
    public void Page_IsAnsweredFromAnIndex(string name, bool sealedDays, string expected, string? also)
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        store.Write(TestCalls.Many(300, 4));
        if (sealedDays) store.Seal(new DateOnly(2030, 1, 1));
        foreach (bool ascending in (bool[])[true, false])
        {
            string plan = string.Join('\n', store.ExplainPage(Queries[name].Query with { Ascending = ascending }, new DateOnly(2026, 11, 20)));
            Assert.Contains(expected.Split('|'), part => plan.Contains(part, StringComparison.Ordinal));
            if (also is not null) Assert.Contains(also, plan, StringComparison.Ordinal);
            if (name != "rare") Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
        }
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresCallPageTests : CallPageTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
