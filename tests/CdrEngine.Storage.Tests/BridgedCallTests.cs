using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Pages of calls by how long they were bridged to a person: whatever is known of a day, they are what looking at every call gives.</summary>
public abstract class BridgedCallTests
{
    private protected static readonly DateOnly Over = new(2030, 1, 1);

    private protected abstract StorePlace NewPlace();

    /// <summary>What a test of random calls begins with.</summary>
    public static TheoryData<int> Seeds => [1, 2, 3];

    // Who answered behind a machine is told anew, for another length.
    [StoreTheory]
    [MemberData(nameof(Seeds))]
    public void Pages_AreWhatEveryCallTells(int seed) =>
        AskThroughout(seed, static (call, random) => call with { EndedAt = call.StartedAt + TimeSpan.FromSeconds(random.Next(2, 30)) }, Ask);

    [StoreTheory]
    [MemberData(nameof(Seeds))]
    public void CallsThatNobodyTook_AreWhatEveryCallTells(int seed) =>
        AskThroughout(seed, static (call, random) => call with { AnsweredAt = random.Next(2) == 0 ? null : call.StartedAt + TimeSpan.FromSeconds(1) }, AskMissed);

    // Before and after days are sealed, some calls are told anew, some are deleted, some gone for good.
    private void AskThroughout(int seed, Func<CallRecord, Random, CallRecord> change, Action<ICallStore, Dictionary<string, StoredCall>, Random> ask)
    {
        var random = new Random(seed);
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var calls = new Dictionary<string, StoredCall>(StringComparer.Ordinal);
        foreach (StoredCall call in Enumerable.Range(0, 250).SelectMany(i => Conversation(i, random))) calls[call.Record.Id] = call;
        store.Write([.. calls.Values]);
        AskAll();
        store.Seal(Over);
        AskAll();
        foreach (StoredCall call in calls.Values.Where(_ => random.Next(6) == 0).ToArray()) calls[call.Record.Id] = call with { Record = change(call.Record, random), Revision = RecordRevision.Updated };
        store.Write([.. calls.Values]);
        AskAll();
        store.Seal(Over);
        AskAll();
        string[] hidden = [.. calls.Keys.Where(_ => random.Next(12) == 0)];
        store.Hide(hidden, "test", TestCalls.Start);
        foreach (string id in hidden) calls.Remove(id);
        AskAll();
        foreach (IGrouping<string, string> day in hidden.GroupBy(static id => id[..8])) ((ICallKeeping)store).Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd", CultureInfo.InvariantCulture), [.. day]);
        AskAll();
        store.Seal(Over);
        AskAll();

        void AskAll()
        {
            for (int i = 0; i < 12; i++) ask(store, calls, random);
        }
    }

    // As a dialect asks for those that come in, beside those that go out or not.
    private static void AskMissed(ICallStore store, Dictionary<string, StoredCall> calls, Random random)
    {
        bool missed = random.Next(2) == 0, withOutgoing = random.Next(3) == 0;
        CallDirection[] ways = withOutgoing ? [.. Enum.GetValues<CallDirection>()] : [CallDirection.Inbound, CallDirection.Transit];
        const CallTraits passedOn = CallTraits.ByMachine | CallTraits.PassedOn;
        IReadOnlyList<TraitMatch> traits = missed
            ? [new TraitMatch(CallTraits.Ended, CallTraits.Answered), new TraitMatch(CallTraits.Ended | CallTraits.Answered | CallTraits.ByMachine, CallTraits.Voicemail)]
            : [new TraitMatch(CallTraits.None, CallTraits.Ended), new TraitMatch(CallTraits.Answered, CallTraits.ByMachine), new TraitMatch(CallTraits.Answered | CallTraits.PassedOn), new TraitMatch(CallTraits.Voicemail)];
        if (withOutgoing) traits = [TraitMatch.Of([CallDirection.Outbound, CallDirection.Internal]), .. traits];
        var query = new CallQuery { Directions = ways, Traits = traits, Ascending = random.Next(2) == 0, Tenant = random.Next(3) switch { 0 => "acme", 1 => "zeta", _ => null } };
        if (random.Next(4) == 0) query = query with { From = TestCalls.Start + TimeSpan.FromHours(random.Next(30)), DurationMin = TimeSpan.FromSeconds(random.Next(8)) };
        if (random.Next(4) == 0) query = query with { Flags = (CallFlags)2 };
        if (random.Next(4) == 0) query = query with { Any = [query with { Context = CallContext.Queue }, query with { Context = CallContext.PstnCall }], Traits = [], Directions = [] };
        IEnumerable<CallRecord> found = calls.Values
            .Where(call => query.Tenant is null || call.Tenant == query.Tenant)
            .Select(static call => call.Record)
            .Where(record => !(record.StartedAt < query.From) && !(record.Duration < query.DurationMin) && record.Direction is { } way && ways.Contains(way)
                && (query.Any.Count == 0 || record.Marks?.Context is CallContext.Queue or CallContext.PstnCall) && (record.Flags & query.Flags) == query.Flags
                && (record.Direction is CallDirection.Outbound or CallDirection.Internal || MissedCall.Is(record, Other) == missed))
            .OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal);
        string[] expected = [.. query.Ascending ? found.Select(static record => record.Id) : found.Select(static record => record.Id).Reverse()];
        string viewer = $"v{random.Next()}";
        for (int page = 0; page < 3; page++)
        {
            int skip = page == 0 ? 0 : random.Next(expected.Length + 5), take = random.Next(1, 30);
            CallSlice slice = store.Page(new CallPageRequest
            {
                Query = query,
                Skip = skip,
                Take = take,
                Viewer = viewer,
                WantsTotal = page != 1,
                Where = record => record.Direction is CallDirection.Outbound or CallDirection.Internal || MissedCall.Is(record, id => Seen(store.Find(id), query.Tenant)) == missed,
                WhereTraits = passedOn,
                WhereName = $"missed {missed}",
                Bridge = new BridgeBounds(null, null) { Missed = missed },
            });
            Assert.Equal(expected.Skip(skip).Take(take), slice.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length > skip + take, slice.HasMore);
            Assert.Equal(page != 1 ? expected.Length : null, slice.Total);
        }

        CallRecord? Other(string id) => calls.TryGetValue(id, out StoredCall? other) && (query.Tenant is null || other.Tenant == query.Tenant) ? other.Record : null;
    }

    private static CallRecord? Seen(ListedCall? call, string? tenant) => call is not null && (tenant is null || call.Tenant == tenant) ? call.Record : null;

    private static void Ask(ICallStore store, Dictionary<string, StoredCall> calls, Random random)
    {
        var bounds = new BridgeBounds(random.Next(3) == 0 ? null : TimeSpan.FromSeconds(random.Next(12)), random.Next(3) == 0 ? null : TimeSpan.FromSeconds(random.Next(30)));
        CallQuery query = Query(bounds) with { Ascending = random.Next(2) == 0, Tenant = random.Next(3) switch { 0 => "acme", 1 => "zeta", _ => null } };
        if (random.Next(4) == 0) query = query with { From = TestCalls.Start + TimeSpan.FromHours(random.Next(30)), DurationMin = TimeSpan.FromSeconds(random.Next(8)) };
        if (random.Next(6) == 0) query = query with { Directions = [CallDirection.Inbound] };
        string[] expected = [.. Expected(query, bounds, calls)];
        string viewer = $"v{random.Next()}";
        for (int page = 0; page < 4; page++)
        {
            int skip = page == 0 ? 0 : random.Next(expected.Length + 5), take = random.Next(1, 30);
            CallSlice slice = store.Page(new CallPageRequest
            {
                Query = query,
                Skip = skip,
                Take = take,
                Viewer = viewer,
                Where = record => Bridge.Of(record, id => Seen(store.Find(id), query.Tenant)) is { Length: { } length } && IsWithin(length, bounds),
                WhereTraits = CallTraits.ByMachine,
                WhereName = "bridged",
                Bridge = bounds,
            });
            Assert.Equal(expected.Skip(skip).Take(take), slice.Calls.Select(static call => call.Record.Id));
            Assert.Equal(expected.Length > skip + take, slice.HasMore);
        }
    }

    // As a dialect asks for it.
    private protected static CallQuery Query(BridgeBounds bounds) => new()
    {
        Dispositions = [Disposition.Answered],
        Traits = [new TraitMatch(CallTraits.ByPerson), new TraitMatch(CallTraits.ByMachine | CallTraits.PassedOn)],
        BillsecMin = bounds.Least,
        PersonBillsecMax = bounds.Most,
    };

    private protected static IEnumerable<string> Expected(CallQuery query, BridgeBounds bounds, Dictionary<string, StoredCall> calls)
    {
        IEnumerable<CallRecord> found = calls.Values
            .Where(call => query.Tenant is null || call.Tenant == query.Tenant)
            .Select(static call => call.Record)
            .Where(record => record.Disposition == Disposition.Answered && !(record.StartedAt < query.From) && !(record.Duration < query.DurationMin) && !(record.BillableDuration < query.BillsecMin)
                && (query.Directions.Count == 0 || (record.Direction is { } way && query.Directions.Contains(way))))
            .Where(record => Answerer.IsPerson(record) switch
            {
                true => IsWithin(record.BillableDuration, bounds),
                false => Bridge.Of(record, id => calls.TryGetValue(id, out StoredCall? other) && (query.Tenant is null || other.Tenant == query.Tenant) ? other.Record : null) is { Length: { } length } && IsWithin(length, bounds),
                null => false,
            })
            .OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal);
        return query.Ascending ? found.Select(static record => record.Id) : found.Select(static record => record.Id).Reverse();
    }

    private static bool IsWithin(TimeSpan length, BridgeBounds bounds) => !(length < bounds.Least) && !(length > bounds.Most);

    // A call, and those that were made of it where a machine answered: some of them on the next day, or of another tenant.
    private protected static IEnumerable<StoredCall> Conversation(int index, Random random, bool isOneDay = false)
    {
        Timestamp at = TestCalls.Start + TimeSpan.FromSeconds(isOneDay ? random.Next(80_000) : random.Next(8) == 0 ? 86_395 : random.Next(170_000));
        string? tenant = random.Next(4) switch { 0 => null, 1 => "zeta", _ => "acme" };
        CallRecord first = Call($"{index}", at, random);
        CallRecord[] behind = [.. Enumerable.Range(0, random.Next(3)).Select(i => Call($"{index}-{i}", at + TimeSpan.FromSeconds(random.Next(10)), random) with { SessionId = first.Id })];
        first = first with { Links = [.. behind.Select(call => new CallLink(call.Id, call.SipCallId, LinkMethod.Header, 1, random.Next(4) switch { 0 => LinkRelation.Upstream, 1 => LinkRelation.Joined, _ => LinkRelation.Downstream }))] };
        yield return Stored(first, tenant);
        foreach (CallRecord call in behind) yield return Stored(call, !isOneDay && random.Next(8) == 0 ? "acme" : tenant);

        static StoredCall Stored(CallRecord call, string? tenant) => new(call with { Marks = call.Marks! with { Tenant = tenant } }, RecordRevision.Final, default, tenant);
    }

    private static CallRecord Call(string sipCallId, Timestamp at, Random random)
    {
        CallRecord call = TestCalls.Record(0, random, at);
        string id = CallId.Derive(sipCallId, "tag", at);
        return call with
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            Marks = new CallMarks { Context = random.Next(3) switch { 0 => CallContext.PstnCall, 1 => CallContext.Queue, _ => CallContext.Ivr } },
            Links = [],
        };
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteBridgedCallTests : BridgedCallTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void Where_IsNotAsked_OfWhatASealTells()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        var random = new Random(9);
        StoredCall[] calls = [.. Enumerable.Range(0, 500).SelectMany(i => Conversation(i, random, isOneDay: true))];
        store.Write(calls);
        store.Seal(Over);
        var bounds = new BridgeBounds(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(12));
        CallQuery query = Query(bounds) with { Tenant = "acme" };
        string[] expected = [.. Expected(query, bounds, calls.ToDictionary(static call => call.Record.Id))];
        Assert.InRange(expected.Length, 25, 999);
        foreach (int skip in (int[])[0, 20, expected.Length - 3, expected.Length])
        {
            CallSlice page = store.Page(new CallPageRequest { Query = query, Skip = skip, Take = 10, Viewer = $"v{skip}", Where = static _ => throw new InvalidOperationException("asked"), WhereTraits = CallTraits.ByMachine, WhereName = "b", Bridge = bounds });
            Assert.Equal(expected.Skip(skip).Take(10), page.Calls.Select(static call => call.Record.Id));
        }
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresBridgedCallTests : BridgedCallTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
