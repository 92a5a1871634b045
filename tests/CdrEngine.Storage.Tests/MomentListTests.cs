using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of calls by when they rang, were answered and ended, against looking at every call.</summary>
public sealed class MomentListTests
{
    private const int Days = 8;

    private static readonly DateOnly Over = new(2030, 1, 1);

    /// <summary>Days of which all calls meet, or none, are told in memory; of the others calls are looked at.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Lists_AreThoseOfEveryCall(int seed, bool someAreOpen)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        List<CallRecord> calls = [.. Enumerable.Range(0, 250).Select(i => Call(i, random, someAreOpen)).DistinctBy(static call => call.Id)];
        Write(calls);
        Ask(20);
        store.Seal(Over);
        KnownCallTests.Settle(folder);
        Ask(80);
        if (!someAreOpen) Assert.InRange(store.KnownPages, 10, long.MaxValue);

        // What came late takes the seals of its days.
        List<CallRecord> late = [.. Enumerable.Range(1_000, 20).Select(i => Call(i, random, someAreOpen))];
        Write(late);
        calls.AddRange(late);
        Ask(20);

        void Write(List<CallRecord> some) => Assert.Null(store.Write([.. some.Select(static call => new StoredCall(call, RecordRevision.Final, default))]).Fault);

        void Ask(int times) => AskAll(store, calls, random, times);
    }

    /// <summary>So they are on PostgreSQL, where seals tell the same of days.</summary>
    [PostgresTheory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void OnPostgres_TheyAreTheSame(int seed, bool someAreOpen)
    {
        var random = new Random(seed);
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        List<CallRecord> calls = [.. Enumerable.Range(0, 120).Select(i => Call(i, random, someAreOpen)).DistinctBy(static call => call.Id)];
        Write(calls);
        AskAll(store, calls, random, 15);
        store.Seal(Over);
        AskAll(store, calls, random, 40);
        if (!someAreOpen) Assert.InRange(store.KnownPages, 10, long.MaxValue);
        List<CallRecord> late = [.. Enumerable.Range(1_000, 20).Select(i => Call(i, random, someAreOpen))];
        Write(late);
        calls.AddRange(late);
        AskAll(store, calls, random, 10);

        void Write(List<CallRecord> some) => Assert.Null(store.Write([.. some.Select(static call => new StoredCall(call, RecordRevision.Final, default))]).Fault);
    }

    /// <summary>Only the days about a bound are looked at; all others are known to be on the list, or not.</summary>
    [PostgresFact]
    public void OnPostgres_OnlyDaysAboutABound_AreLookedAt()
    {
        var random = new Random(6);
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        CallRecord[] calls = [.. Enumerable.Range(0, 120).Select(i => Call(i, random, someAreOpen: false)).DistinctBy(static call => call.Id)];
        Assert.Null(store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, default))]).Fault);
        store.Seal(Over);
        store.Script("ANALYZE calls; ANALYZE call_numbers; ANALYZE call_documents");
        DateOnly[] days = [.. store.Days().Order()];
        Timestamp noon = TestCalls.Start + TimeSpan.FromDays(4.5);
        foreach (MomentOf of in Enum.GetValues<MomentOf>())
        {
            // Of calls no longer than six hours, those of a day and its neighbours may go on about a bound.
            long before = store.DaysLookedAt;
            (IReadOnlyList<DateOnly> asked, IReadOnlyList<DateOnly> known) = store.DaysAsked(new CallQuery { Moments = [new MomentRange(of, noon, null)] }, all: true);
            Assert.Empty(asked);
            Assert.InRange(known.Count, 2, days.Length - 2);
            Assert.InRange(store.DaysLookedAt - before, 1, 2);
            (asked, known) = store.DaysAsked(new CallQuery { Without = new CallQuery { Moments = [new MomentRange(of, null, noon)] } }, all: true);
            Assert.Empty(asked);
            Assert.Equal(days.Length, known.Count);
            Assert.InRange(store.DaysLookedAt - before, 2, 4);

            // What was found out once is known.
            before = store.DaysLookedAt;
            store.DaysAsked(new CallQuery { Moments = [new MomentRange(of, noon, null)], Ascending = true }, all: true);
            Assert.Equal(before, store.DaysLookedAt);
        }

        // So it is with starts.
        long looked = store.DaysLookedAt;
        (IReadOnlyList<DateOnly> open, IReadOnlyList<DateOnly> told) = store.DaysAsked(new CallQuery { From = noon, To = noon + TimeSpan.FromDays(2), Dispositions = [Disposition.Answered] }, all: true);
        Assert.Empty(open);
        Assert.Equal(3, told.Count);
        Assert.Equal(looked + 2, store.DaysLookedAt);
        string plan = string.Join('\n', store.ExplainTimes(days[4]));
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
        Assert.Equal(2, plan.Split("_pkey on calls_").Length - 1);
    }

    private static void AskAll(ICallStore store, List<CallRecord> calls, Random random, int times)
    {
        for (int i = 0; i < times; i++)
        {
            MomentRange[] moments = random.Next(3) == 0 ? [Moment(random), Moment(random)] : [Moment(random)];
            bool ascending = random.Next(2) == 0;
            bool isWithout = random.Next(4) == 0;
            var query = new CallQuery { Ascending = ascending, Limit = random.Next(1, 60) };
            (query, Func<CallRecord, bool> meets) = Beside(query, random);
            query = isWithout ? query with { Without = query with { Moments = moments } } : query with { Moments = moments };
            IEnumerable<CallRecord> met = calls.Where(call => moments.All(moment => moment.IsMetBy(call)) != isWithout && meets(call)).OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal);
            string[] expected = [.. (ascending ? met : met.Reverse()).Select(static call => call.Id)];
            Assert.Equal((i, expected.Length), (i, (int)store.Count(query)));
            var found = new List<string>();
            string? cursor = null;
            do
            {
                CallPage page = store.List(query with { Cursor = cursor });
                found.AddRange(page.Calls.Select(static call => call.Id));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(expected, found);
            int skip = random.Next(expected.Length + 2);
            CallSlice slice = store.Page(new CallPageRequest { Query = query, Viewer = $"{random.Next()}-{i}", Skip = skip, Take = 10, WantsTotal = true });
            Assert.Equal(expected.Skip(skip).Take(10), slice.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length, slice.Total);
        }
    }

    // What else is asked: of starts, of what memory tells, of what tables alone tell.
    private static (CallQuery Query, Func<CallRecord, bool> Meets) Beside(CallQuery query, Random random)
    {
        Timestamp from = TestCalls.Start + TimeSpan.FromSeconds(random.Next(-90_000, (Days + 1) * 86_400)), to = from + TimeSpan.FromSeconds(random.Next(300_000));
        TimeSpan least = TimeSpan.FromSeconds(random.Next(60));
        switch (random.Next(6))
        {
            case 0: return (query with { From = from, To = to }, call => call.StartedAt >= from && call.StartedAt < to);
            case 1: return (query with { From = from, Dispositions = [Disposition.Answered] }, call => call.StartedAt >= from && call.Disposition == Disposition.Answered);
            case 2: return (query with { DurationMin = least }, call => call.Duration >= least);
            case 3: return (query with { Caller = "+1*" }, static call => call.Caller.Number?.StartsWith("+1", StringComparison.Ordinal) == true);
            default: return (query, static _ => true);
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("{\"ended_at\":null}")]
    [InlineData("{\"ended_at\":7}")]
    [InlineData("{\"ended_at\":\"soon\"}")]
    [InlineData("{\"streams\":[{\"ended_at\":\"2026-11-20T04:27:10Z\"}]}")]
    [InlineData("{\"ended_at\"")]
    public void WhatIsNoTime_IsNone(string json) => Assert.Null(CallMoments.Read(System.Text.Encoding.UTF8.GetBytes(json), MomentOf.Ended));

    [Fact]
    public void ATime_IsReadFromTheRecord()
    {
        CallRecord call = Call(1, new Random(1), someAreOpen: false) with { RangAt = TestCalls.Start + TimeSpan.FromMicroseconds(1_500_007) };
        byte[] json = CallRecordJson.Lend(call).ToArray();
        Assert.Equal((call.RangAt, call.AnsweredAt, call.EndedAt), (CallMoments.Read(json, MomentOf.Rang), CallMoments.Read(json, MomentOf.Answered), CallMoments.Read(json, MomentOf.Ended)));
    }

    private static MomentRange Moment(Random random)
    {
        Timestamp at = TestCalls.Start + TimeSpan.FromSeconds(random.Next(-90_000, (Days + 1) * 86_400));
        return random.Next(3) switch
        {
            0 => new MomentRange((MomentOf)random.Next(3), at, null),
            1 => new MomentRange((MomentOf)random.Next(3), null, at),
            _ => new MomentRange((MomentOf)random.Next(3), at, at + TimeSpan.FromSeconds(random.Next(4) == 0 ? 1 : random.Next(400_000))),
        };
    }

    // Most are short, some last over the end of their day, and some answers and ringings stand a little beside.
    private static CallRecord Call(int index, Random random, bool someAreOpen)
    {
        Timestamp start = TestCalls.Start + TimeSpan.FromSeconds(random.Next(Days * 86_400));
        CallRecord call = TestCalls.Record(index, random, start);
        Timestamp ended = start + TimeSpan.FromMilliseconds(random.Next(8) == 0 ? random.Next(20_000_000) : random.Next(3) == 0 ? 0 : random.Next(60_000));
        bool isOpen = someAreOpen && random.Next(12) == 0;
        return call with
        {
            RangAt = random.Next(3) == 0 ? null : start + TimeSpan.FromMilliseconds(random.Next(-100, 4_000)),
            AnsweredAt = random.Next(3) == 0 ? null : random.Next(5) == 0 ? ended + TimeSpan.FromMilliseconds(random.Next(500)) : start + TimeSpan.FromMilliseconds(random.Next(-50, 5_000)),
            EndedAt = isOpen ? null : ended,
            State = isOpen ? CallState.Answered : CallState.Ended,
        };
    }
}
