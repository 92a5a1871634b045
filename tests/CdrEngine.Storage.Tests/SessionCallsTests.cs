using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>The calls of several sessions, asked for at once.</summary>
public sealed class SessionCallsTests
{
    [Fact]
    public void OfSessions_AreThoseOfAskingForEach()
    {
        var random = new Random(6);
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        StoredCall[] calls = [.. Enumerable.Range(0, 400).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromMinutes(i * 25)))];

        // Of three calls each, some of which are of the next day.
        for (int i = 2; i < calls.Length; i += 3)
        {
            string session = calls[i - 2].Record.Id;
            for (int of = i - 1; of <= i; of++) calls[of] = calls[of] with { Record = calls[of].Record with { SessionId = session } };
        }

        Assert.Null(store.Write(calls).Fault);
        store.Seal(new DateOnly(2030, 1, 1));
        Assert.Equal(3, store.Hide([calls[0].Record.Id, calls[4].Record.Id, calls[8].Record.Id], "test", TestCalls.Start));
        string[] sessions = [.. calls.Select(static call => call.Record.SessionId).Distinct(), calls[1].Record.Id, "none"];
        IReadOnlyDictionary<string, IReadOnlyList<CallRecord>> found = store.OfSessions(sessions)!;
        Assert.False(found.ContainsKey("none"));
        foreach (string session in sessions[..^1])
            Assert.Equal(store.List(new CallQuery { SessionId = session, Ascending = true, Limit = 10 }).Calls.Select(TestCalls.Json), found[session].Select(TestCalls.Json));
        Assert.Contains(found.Values, static its => its.Count == 3 && its[0].Id[..8] != its[2].Id[..8]);
        Assert.Null(store.OfSessions(["none"]));
    }

    [Fact]
    public void OfSessions_IsAnsweredFromIndexes()
    {
        using var folder = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records);
        Assert.Null(store.Write([TestCalls.Stored(0, new Random(1), TestCalls.Start)]).Fault);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-20.db"), SqliteAccess.Read, TimeSpan.FromSeconds(1), 1024);
        foreach ((string sql, string index) in (ReadOnlySpan<(string, string)>)[(SqliteCallStore.OfSession, "calls_by_session"), (SqliteCallStore.OwnOfSession, "calls_by_id")])
        {
            using SqliteStatement plan = database.Prepare("EXPLAIN QUERY PLAN " + sql).Bind("x");
            Assert.True(plan.Step());
            Assert.Contains($"SEARCH calls USING INDEX {index}", plan.Text(3), StringComparison.Ordinal);
        }
    }
}
