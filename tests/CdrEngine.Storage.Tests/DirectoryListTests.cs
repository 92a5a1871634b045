using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists by what the directory says, against the same asked of the records in memory.</summary>
public abstract class DirectoryListTests
{
    private protected abstract StorePlace NewPlace();

    [StoreFact]
    public void Lists_ByUserContextTenantAndFullNumber_GiveWhatTheRecordsSay()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        CallRecord[] calls = Marked(600);
        store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty))]);

        Check(new CallQuery { User = 3 }, static call => IsUser(call, 3));
        Check(new CallQuery { User = 3, Context = CallContext.Queue }, static call => IsUser(call, 3) && call.Marks?.Context == CallContext.Queue);
        Check(new CallQuery { User = 99 }, static _ => false);
        Check(new CallQuery { Context = CallContext.UserLocal }, static call => call.Marks?.Context == CallContext.UserLocal);
        Check(new CallQuery { Tenant = "acme" }, static call => call.Tenant == "acme");
        Check(new CallQuery { Direction = CallDirection.Inbound, Tenant = "beta" }, static call => call is { Direction: CallDirection.Inbound, Tenant: "beta" });
        Check(new CallQuery { Number = "+4930555002" }, static call => call.Caller.E164 == "+4930555002" || call.Callee.E164 == "+4930555002");
        Check(new CallQuery { Caller = "+4930555002" }, static call => call.Caller.E164 == "+4930555002");
        Check(new CallQuery { Callee = "+4930555*" }, static call => call.Callee.E164?.StartsWith("+4930555", StringComparison.Ordinal) == true);
        Check(new CallQuery { User = 3, Number = "+4930555004" }, static call => IsUser(call, 3) && (call.Caller.E164 == "+4930555004" || call.Callee.E164 == "+4930555004"));
        Check(new CallQuery { SessionId = calls[5].SessionId, User = 3 }, call => call.SessionId == calls[5].SessionId && IsUser(call, 3));

        void Check(CallQuery query, Func<CallRecord, bool> fits)
        {
            var found = new List<string>();
            string? cursor = null;
            do
            {
                CallPage page = store.List(query with { Limit = 17, Cursor = cursor });
                found.AddRange(page.Calls.Select(static call => call.Id));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(calls.Where(fits).OrderByDescending(static call => call.StartedAt).ThenByDescending(static call => call.Id, StringComparer.Ordinal).Select(static call => call.Id), found);
        }
    }

    [StoreFact]
    public void Record_WrittenAgainWithOtherMarks_IsFoundByThemOnly()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        CallRecord call = Marked(1)[0] with { Caller = User(1, "+4930555001"), Callee = new Party { Number = "x" } };
        store.Write([new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty)]);
        CallRecord other = call with { Caller = User(2, "+4930555002"), Marks = new CallMarks { Tenant = "other" } };
        Assert.Equal(1, store.Write([new StoredCall(other, RecordRevision.Updated, ReadOnlyMemory<byte>.Empty)]).Replaced);
        Assert.Empty(store.List(new CallQuery { User = 1 }).Calls);
        Assert.Empty(store.List(new CallQuery { Number = "+4930555001" }).Calls);
        Assert.Single(store.List(new CallQuery { User = 2, Number = "+4930555002", Tenant = "other" }).Calls);
    }

    [StoreFact]
    public void Remark_InParts_SeesEachRecordOnce_WhateverTheirSize()
    {
        using StorePlace place = NewPlace();
        using ICallStore store = place.Calls();
        CallRecord[] calls = Marked(100);
        store.Write([.. calls.Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty))]);
        foreach (int size in new[] { 1, 7, 100, 1000 })
        {
            var seen = new List<string>();
            int changed = 0;
            foreach (DateOnly day in store.Days())
            {
                RemarkPosition? after = null;
                do
                {
                    RemarkReport report = store.Remark(day, null, null, after, size, write: true, record =>
                    {
                        seen.Add(record.Id);
                        return record with { Marks = new CallMarks { Tenant = $"part {size}" } };
                    });
                    changed += report.Changed;
                    after = report.Next;
                }
                while (after is not null);
            }

            Assert.Equal(calls.Select(static call => call.Id).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
            Assert.Equal(100, changed);
            Assert.Equal(100, store.List(new CallQuery { Tenant = $"part {size}", Limit = 1000 }).Calls.Count);
        }

        // One that fails takes its part back.
        DateOnly first = store.Days()[0];
        int done = 0;
        Assert.Throws<InvalidOperationException>(() => store.Remark(first, null, null, null, 1000, write: true, record =>
            ++done < 3 ? record with { Marks = null } : throw new InvalidOperationException("enough")));
        Assert.Equal(100, store.List(new CallQuery { Tenant = "part 1000", Limit = 1000 }).Calls.Count);
        Assert.Equal(default, store.Remark(new DateOnly(1999, 1, 1), null, null, null, 10, write: true, static record => record));
    }

    private protected static CallRecord[] Marked(int count)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, count).Select(index =>
        {
            CallRecord call = TestCalls.Record(index, random);
            return call with
            {
                Direction = (CallDirection)random.Next(4),
                Caller = random.Next(3) == 0 ? call.Caller : User(random.Next(6), $"+493055500{random.Next(6)}"),
                Callee = random.Next(3) == 0 ? call.Callee : User(random.Next(6), $"+493055500{random.Next(6)}"),
                Marks = random.Next(4) == 0 ? null : new CallMarks { Tenant = random.Next(2) == 0 ? "acme" : "beta", Context = (CallContext)random.Next(4) },
            };
        })];
    }

    private static Party User(int id, string number) => new() { Number = $"{1000 + id}", E164 = number, Identity = new PartyIdentity(id == 0 ? PartyKind.Contact : PartyKind.User, id == 0 ? 3 : id, "x") };

    private static bool IsUser(CallRecord call, long id) => new[] { call.Caller, call.Callee }.Any(party => party.Identity is { Kind: PartyKind.User } identity && identity.Id == id);
}

/// <summary>On SQLite.</summary>
public sealed class SqliteDirectoryListTests : DirectoryListTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();


    [Fact]
    public void List_ByUser_AnswersFromTheIndex()
    {
        using var folder = new StoreFolder();
        using var store = SqliteCallStore.Open(folder.Records);
        store.Write([.. Marked(50).Select(static call => new StoredCall(call, RecordRevision.Final, ReadOnlyMemory<byte>.Empty))]);
        string plan = string.Join('\n', store.Explain(new CallQuery { User = 3 }, store.Days()[0]));
        Assert.Contains("SEARCH n USING PRIMARY KEY (number=?)", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("SCAN", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresDirectoryListTests : DirectoryListTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
