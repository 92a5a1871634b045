using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Sessions read out of the stored records of their calls.</summary>
public abstract class SessionArchiveTests
{
    private protected abstract StorePlace NewPlace();

    private static readonly Timestamp Midnight = Timestamp.From(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero));

    [StoreFact]
    public void Session_OverMidnight_HasItsCallsOfBothDays()
    {
        using var rig = new Rig(NewPlace());
        CallRecord outer = Call("outer", -600, 1500), inner = Call("inner", -599, 900), taken = Call("taken", 300, 800);
        rig.Write(Of(outer, outer), Of(inner, outer, (outer, LinkRelation.Upstream)), Of(taken, outer, (inner, LinkRelation.TransferredFrom)));
        foreach (CallRecord asked in new[] { outer, inner, taken })
        {
            SessionRecord session = rig.Archive.GetSession(asked.Id)!;
            Assert.Equal((outer.Id, 3), (session.Id, session.Calls.Count));
            Assert.Equal(["outer", "inner", "taken"], session.Calls.Select(static call => call.SipCallId));
        }

        Assert.Null(rig.Archive.GetSession("20261120-000000000000000000000000"));
        Assert.Null(rig.Archive.GetSession("nothing"));
    }

    [StoreTheory]
    [InlineData(null)]
    [InlineData("acme")]
    public void SessionsOfSeveralCalls_AreThoseOfEach(string? tenant)
    {
        using var rig = new Rig(NewPlace());
        (CallRecord[] calls, CallRecord alone, _) = Conversations();
        rig.Write(calls);
        IReadOnlyList<SessionRecord> sessions = rig.Archive.SessionsOf(calls, tenant);
        Assert.Equal(calls.Length, sessions.Count);
        for (int i = 0; i < calls.Length; i++)
        {
            SessionRecord? own = calls[i] == alone ? null : rig.Archive.GetSession(calls[i].Id, tenant);
            Assert.Equal(own?.Id ?? calls[i].Id, sessions[i].Id);
            Assert.Equal(own?.Calls.Select(static call => call.Id) ?? [calls[i].Id], sessions[i].Calls.Select(static call => call.Id));
        }
    }

    // Two of several calls, some of another tenant, one call that is linked with nothing, and one that was forgotten before it was.
    private static (CallRecord[] Calls, CallRecord Alone, CallRecord First) Conversations()
    {
        CallRecord outer = Call("outer", -600, 1500), inner = Call("inner", -599, 900), first = Call("first", 20, 300), second = Call("second", 30, 300), alone = Call("alone", 40, 5), old = Call("old", 0, 10);
        CallRecord[] calls =
        [
            Of(outer, outer), Whose(Of(inner, outer, (outer, LinkRelation.Upstream)), "acme"), alone, Of(old, old),
            Whose(Of(first, first, (old, LinkRelation.RetryOf)), "acme"), Whose(Of(second, first, (first, LinkRelation.Upstream)), "acme"),
        ];
        return (calls, alone, first);
    }

    /// <summary>Read by their ids, with nothing read before, they are the same, and for a tenant as well.</summary>
    [StoreFact]
    public void SessionsTogether_AreThoseOfTheirFirstCalls()
    {
        using var rig = new Rig(NewPlace());
        (CallRecord[] calls, _, CallRecord first) = Conversations();
        rig.Write(calls);
        IReadOnlyDictionary<string, SessionRecord> sessions = rig.Archive.SessionsTogether([.. calls.Select(static call => call.Id), first.Id, "none", "20301231-00112233445566778899aabb"]);

        // Not those that are another's.
        CallRecord[] own = [.. calls.Where(static call => call.SessionId == call.Id)];
        Assert.Equal(own.Select(static call => call.Id).Order(), sessions.Keys.Order());
        foreach ((CallRecord call, SessionRecord expected) in own.Zip(rig.Archive.SessionsOf(own)))
        {
            Assert.Equal(expected.Id, sessions[call.Id].Id);
            Assert.Equal(expected.Calls.Select(static its => CallRecordJson.ToUtf8(its)), sessions[call.Id].Calls.Select(static its => CallRecordJson.ToUtf8(its)));
            SessionRecord? mine = SessionArchive.ToldTo(sessions[call.Id], "acme"), read = rig.Archive.GetSession(call.Id, "acme");
            Assert.Equal((read?.Id, read?.Calls.Count, read?.Links.Count, read?.Kind), (mine?.Id, mine?.Calls.Count, mine?.Links.Count, mine?.Kind));
        }

        Assert.Empty(rig.Archive.SessionsTogether([]));
    }

    [StoreFact]
    public void Session_ThatLastsForDays_IsFollowedAsFarAsItsCallsReach()
    {
        using var rig = new Rig(NewPlace());
        CallRecord parked = Call("parked", -600, 3 * 86_400), taker = Call("taker", 2.5 * 86_400, 600);
        rig.Write(Of(parked, parked), Of(taker, parked, (parked, LinkRelation.Replaced)));
        Assert.Equal(2, rig.Archive.GetSession(parked.Id)!.Calls.Count);
    }

    [StoreFact]
    public void SessionsThatBecameOne_AfterARecordWasOut_AreFoundByTheirLinks()
    {
        // The first call's record said its own name and was never told again; the others were told of a conversation with another name.
        using var rig = new Rig(NewPlace());
        CallRecord old = Call("old", 0, 10), first = Call("first", 20, 300), second = Call("second", 30, 300);
        rig.Write(Of(old, old), Of(first, first, (old, LinkRelation.RetryOf)), Of(second, first, (first, LinkRelation.Upstream)));
        Assert.Equal(["old", "first", "second"], rig.Archive.GetSession(first.Id)!.Calls.Select(static call => call.SipCallId));
        Assert.Equal(["old", "first", "second"], rig.Archive.GetSession(second.Id)!.Calls.Select(static call => call.SipCallId));
    }

    [StoreTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void List_PageByPage_HasEachSessionOnceInItsPlace(bool ascending)
    {
        using var rig = new Rig(NewPlace());
        var expected = new List<string>();
        for (int i = 0; i < 25; i++)
        {
            CallRecord outer = Call($"o{i}", (i * 4000) - 50_000, 60), inner = Call($"i{i}", (i * 4000) - 49_999, 60);
            if (i % 3 == 0) rig.Write(outer);
            else rig.Write(Of(outer, outer), Of(inner, outer, (outer, LinkRelation.Upstream)));
            expected.Add(outer.Id);
        }

        if (!ascending) expected.Reverse();
        Assert.Equal(expected, rig.List(new SessionQuery { Limit = 4, Ascending = ascending }).Select(static session => session.Id));
        Assert.Equal(expected, rig.List(new SessionQuery { Limit = 1000, Ascending = ascending }).Select(static session => session.Id));
        Assert.True(rig.Archive.ListSessions(new SessionQuery { Cursor = "no" }).CursorRejected);
        foreach (int offset in (int[])[1, 7, 24, 25, 40])
        {
            foreach (SessionQuery query in (SessionQuery[])[new(), new() { Number = "*" }, new() { Kind = null, From = Midnight - TimeSpan.FromHours(30) }])
                Assert.Equal(expected.Skip(offset), rig.List(query with { Offset = offset, Limit = 4, Ascending = ascending }).Select(static session => session.Id));
            rig.Seal();
        }
    }

    [StoreFact]
    public void List_ByNumber_HasASessionWhereItsFirstCallWithItStands()
    {
        using var rig = new Rig(NewPlace());
        CallRecord outer = Call("outer", 0, 60, "4930555001", "2001"), inner = Call("inner", 1, 60, "4930555001", "2002"), taken = Call("taken", 30, 60, "4930555001", "2003");
        CallRecord alone = Call("alone", 10, 5, "4930555001", "2009"), other = Call("other", 12, 5, "1", "2");
        rig.Write(Of(outer, outer), Of(inner, outer, (outer, LinkRelation.Upstream)), Of(taken, outer, (inner, LinkRelation.TransferredFrom)), alone, other);
        foreach (bool ascending in new[] { true, false })
        {
            foreach (int limit in new[] { 1, 2, 100 })
            {
                string[] found = [.. rig.List(new SessionQuery { Number = "493055*", Limit = limit, Ascending = ascending }).Select(static session => session.Id)];

                // Its first call begins before the other, and its last after.
                Assert.Equal([outer.Id, alone.Id], found);
            }
        }

        // A number that only an inner call has finds the whole.
        Assert.Equal(3, Assert.Single(rig.List(new SessionQuery { Number = "2003" })).Calls.Count);
        Assert.Empty(rig.List(new SessionQuery { Number = "2003", To = Midnight + TimeSpan.FromSeconds(30) }));
        Assert.Empty(rig.List(new SessionQuery { Number = "999" }));
    }

    [StoreFact]
    public void List_ByKind_HasThoseOfThatKind()
    {
        using var rig = new Rig(NewPlace());
        CallRecord outer = Call("outer", 0, 60), inner = Call("inner", 1, 60), alone = Call("alone", 10, 5);
        CallRecord sent = Call("sent", 100, 60), target = Call("target", 130, 60);
        var transfer = new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Original, At = sent.StartedAt, Outcome = TransferOutcome.Succeeded };
        rig.Write(
            Of(outer, outer), Of(inner, outer, (outer, LinkRelation.Upstream)), alone,
            Of(sent, sent, (target, LinkRelation.TransferredTo)) with { Transfer = transfer },
            Of(target, sent, (sent, LinkRelation.TransferredFrom)) with { Transfer = transfer with { Role = TransferRole.Target } });
        Assert.Equal([outer.Id], rig.List(new SessionQuery { Kind = SessionKind.Legs }).Select(static session => session.Id));
        Assert.Equal([alone.Id], rig.List(new SessionQuery { Kind = SessionKind.Call }).Select(static session => session.Id));
        Assert.Equal([sent.Id], rig.List(new SessionQuery { Kind = SessionKind.Transfer, Limit = 1 }).Select(static session => session.Id));
        Assert.Empty(rig.List(new SessionQuery { Kind = SessionKind.Pickup }));
    }

    [StoreTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void List_ByKind_HasWhatEverySessionTells_EachOnce(int seed)
    {
        var random = new Random(seed);
        using var rig = new Rig(NewPlace());
        var calls = new List<CallRecord>();
        for (int i = 0; i < 60; i++)
        {
            double at = random.Next(-80_000, 80_000);
            var session = new List<CallRecord>();
            for (int leg = 0; leg < random.Next(1, 5); leg++) session.Add(Call($"{i}-{leg}", at + (leg * random.Next(40)), 60));
            for (int leg = 0; leg < session.Count; leg++)
            {
                (CallRecord, LinkRelation)[] links = [.. session.Where((_, other) => other != leg && random.Next(2) == 0).Select(other => (other, random.Next(2) == 0 ? LinkRelation.Downstream : LinkRelation.Upstream))];
                CallRecord call = session.Count == 1 ? session[0] : Of(session[leg], session[0], links);
                if (random.Next(4) == 0) call = call with { Transfer = new TransferRecord { Kind = (TransferKind)random.Next(5), Role = TransferRole.Original, At = call.StartedAt } };
                calls.Add(random.Next(3) switch { 0 => Whose(call, "acme"), 1 => Whose(call, "zeta"), _ => call });
            }
        }

        rig.Write([.. calls]);
        foreach (bool isSealed in new[] { false, true })
        {
            if (isSealed) rig.Seal();
            foreach (string? tenant in new[] { null, "acme" })
            {
                // Each session where its first call that makes it what it is stands, else where it begins.
                SessionRecord[] all = [.. calls.Select(call => rig.Archive.GetSession(call.Id, tenant)).OfType<SessionRecord>().DistinctBy(static session => session.Id)];
                foreach (SessionKind kind in Enum.GetValues<SessionKind>().Where(static kind => kind > SessionKind.Legs))
                {
                    foreach (bool ascending in new[] { true, false })
                    {
                        CallRecord[] made = [.. all.Where(session => session.Kind == kind).Select(session => Ordered(session.Calls.Where(call => Makes(call, kind)), ascending).First())];
                        Assert.Equal(Ordered(made, ascending).Select(static call => call.SessionId), rig.List(new SessionQuery { Kind = kind, Tenant = tenant, Ascending = ascending, Limit = random.Next(1, 12) }).Select(static session => session.Id));
                    }
                }
            }
        }

        static IEnumerable<CallRecord> Ordered(IEnumerable<CallRecord> calls, bool ascending) =>
            ascending ? calls.OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal) : calls.OrderByDescending(static call => call.StartedAt).ThenByDescending(static call => call.Id, StringComparer.Ordinal);

        static bool Makes(CallRecord call, SessionKind kind) => kind == SessionKind.Group
            ? call.Links.Count(static link => link.Relation == LinkRelation.Downstream) > 1
            : call.Transfer?.Kind switch
            {
                null => false,
                TransferKind.Forward => kind == SessionKind.Forward,
                TransferKind.Pickup => kind == SessionKind.Pickup,
                TransferKind.Retrieval => kind == SessionKind.Retrieval,
                _ => kind == SessionKind.Transfer,
            };
    }

    [StoreFact]
    public void List_OfATenant_HasSessionsWithItsCallsToldOfThoseAlone()
    {
        using var rig = new Rig(NewPlace());
        CallRecord outer = Call("outer", 0, 60), inner = Call("inner", 1, 60), last = Call("last", 2, 60), others = Call("others", 10, 5);
        rig.Write(
            Whose(Of(outer, outer), "zeta"), Whose(Of(inner, outer, (outer, LinkRelation.Upstream)), "acme"), Whose(Of(last, outer, (inner, LinkRelation.Upstream)), "acme"), Whose(others, "zeta"));
        SessionRecord session = Assert.Single(rig.List(new SessionQuery { Tenant = "acme" }));
        Assert.Equal((outer.Id, 2), (session.Id, session.Calls.Count));
        Assert.Equal(["outer"], rig.Archive.GetSession(outer.Id, "zeta")!.Calls.Select(static call => call.SipCallId));
        Assert.Equal(["inner", "last"], rig.Archive.GetSession(outer.Id, "acme")!.Calls.Select(static call => call.SipCallId));
        Assert.Null(rig.Archive.GetSession(outer.Id, "omega"));
        Assert.Equal(2, rig.List(new SessionQuery { Tenant = "zeta" }).Count);
    }

    private static CallRecord Call(string sipCallId, double seconds, double length, string caller = "1001", string callee = "1002")
    {
        Timestamp at = new(Midnight.Microseconds + (long)(seconds * 1e6));
        string id = CallId.Derive(sipCallId, "tag", at);
        return new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = sipCallId,
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            Caller = new Party { Number = caller },
            Callee = new Party { Number = callee },
            Dialled = callee,
            StartedAt = at,
            AnsweredAt = at + TimeSpan.FromSeconds(1),
            EndedAt = at + TimeSpan.FromSeconds(length),
        };
    }

    private static CallRecord Of(CallRecord call, CallRecord session, params (CallRecord Other, LinkRelation Relation)[] links) => call with
    {
        SessionId = session.Id,
        Flags = CallFlags.Linked,
        Links = [.. links.Select(static link => new CallLink(link.Other.Id, link.Other.SipCallId, LinkMethod.Header, 1, link.Relation))],
    };

    private static CallRecord Whose(CallRecord call, string tenant) => call with { Marks = new CallMarks { Tenant = tenant } };

    private sealed class Rig : IDisposable
    {
        private readonly StorePlace _place;
        private readonly ICallStore _store;

        public Rig(StorePlace place)
        {
            _place = place;
            _store = place.Calls();
            Archive = new SessionArchive(_store);
        }

        public SessionArchive Archive { get; }

        public void Write(params CallRecord[] calls) => _store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty, call.Tenant))]);

        public void Seal() => _store.Seal(new DateOnly(2030, 1, 1));

        /// <summary>All pages.</summary>
        public List<SessionRecord> List(SessionQuery query)
        {
            var all = new List<SessionRecord>();
            do
            {
                SessionPage page = Archive.ListSessions(query);
                all.AddRange(page.Sessions);
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);
            return all;
        }

        public void Dispose()
        {
            _store.Dispose();
            _place.Dispose();
        }
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteSessionArchiveTests : SessionArchiveTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresSessionArchiveTests : SessionArchiveTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
