using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of media sessions of days that are over, which memory tells on PostgreSQL: whatever is asked, they are what a store of files gives that never sealed a day.</summary>
public sealed class PostgresKnownMediaTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Lists_AreThoseOfAStoreWithoutSeals(int seed)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using var place = new PostgresPlace();
        using SqliteCallStore plain = SqliteCallStore.Open(folder.Records);
        using var store = (PostgresCallStore)place.Calls();
        List<StoredCall> calls = TestCalls.Many(300, 3 + seed);
        Both(each => Assert.Null(each.Write(calls).Fault));
        AskAll(10);
        Assert.Equal(0, store.KnownPages);
        store.Seal(Over);
        AskAll(60);
        Assert.InRange(store.KnownPages, 60, long.MaxValue);

        // What comes late takes a day's seal away; what is deleted leaves the day to be asked.
        Both(each => Assert.Null(each.Write([.. TestCalls.Many(330, 3 + seed).Skip(300)]).Fault));
        AskAll(15);
        store.Seal(Over);
        string[] hidden = [.. calls.Select(static call => call.Record.Id).Where(_ => random.Next(20) == 0)];
        Both(each => each.Hide(hidden, "test", TestCalls.Start));
        AskAll(20);

        void Both(Action<ICallStore> act)
        {
            act(store);
            act(plain);
        }

        void AskAll(int times) => Questions.Ask(times, () => Query(calls, random), query => Ask(store, plain, query, random), static query => $"{query}");
    }

    [PostgresFact]
    public void SealsOfAnEarlierProgram_ComeToTellOfMediaSessions()
    {
        using var place = new PostgresPlace();
        List<StoredCall> calls = TestCalls.Many(80, 5);
        using (var earlier = (PostgresCallStore)place.Calls())
        {
            earlier.Write(calls);
            earlier.Seal(Over);
            earlier.Script($"DELETE FROM day_calls WHERE name = '{PostgresDayMedia.Name}'");
        }

        using var store = (PostgresCallStore)place.Calls();
        var query = new MediaSessionQuery { Type = MediaSessionType.Image, Limit = 1000 };
        string[] expected = [.. store.ListMediaSessions(query).MediaSessions.Select(static session => session.Id)];
        Assert.InRange(expected.Length, 5, 100);
        Assert.Equal(0, store.KnownPages);
        Assert.Equal(0, store.Seal(Over));
        Assert.Equal(expected, store.ListMediaSessions(query).MediaSessions.Select(static session => session.Id));
        Assert.InRange(store.KnownPages, 1, 100);
    }

    [PostgresTheory]
    [InlineData("''")]
    [InlineData("'\\x02'")]
    [InlineData("substr(value, 1, length(value) - 1)")]
    [InlineData("value || '\\x00'")]
    [InlineData("substr(value, 1, 9) || '\\xffffff7f' || substr(value, 14)")]
    public void DamagedPart_IsLeftAside(string value)
    {
        using var place = new PostgresPlace();
        List<StoredCall> calls = TestCalls.Many(60, 3);
        var query = new MediaSessionQuery { MosBelow = 4, Limit = 1000 };
        string[] expected;
        using (var store = (PostgresCallStore)place.Calls())
        {
            store.Write(calls);
            expected = [.. store.ListMediaSessions(query).MediaSessions.Select(static session => session.Id)];
            store.Seal(Over);
            Assert.Equal(expected, store.ListMediaSessions(query).MediaSessions.Select(static session => session.Id));
            Assert.InRange(store.KnownPages, 1, 100);
            store.Script($"UPDATE day_calls SET value = {value} WHERE name = '{PostgresDayMedia.Name}'");
        }

        using var read = (PostgresCallStore)place.Calls();
        Assert.Equal(expected, read.ListMediaSessions(query).MediaSessions.Select(static session => session.Id));
        Assert.Equal(0, read.KnownPages);
        Assert.Equal(calls.Count, read.Count(new CallQuery()));
    }

    private static MediaSessionQuery Query(List<StoredCall> calls, Random random)
    {
        StoredCall some = calls[random.Next(calls.Count)];
        MediaSessionRecord? session = some.Record.MediaSessions.FirstOrDefault();
        var query = new MediaSessionQuery { Ascending = random.Next(2) == 0, Limit = random.Next(1, 40) };
        if (random.Next(4) == 0) query = query with { Type = random.Next(2) == 0 ? MediaSessionType.Audio : MediaSessionType.Image };
        if (random.Next(4) == 0) query = query with { Codec = random.Next(3) switch { 0 => "pcmu", 1 => "opus/48000", _ => "PCMA" } };
        if (random.Next(4) == 0) query = query with { MosBelow = session?.MosMin ?? (random.Next(100, 450) / 100.0) };
        if (random.Next(4) == 0) query = query with { Address = session?.Callee?.Address };
        if (random.Next(5) == 0) query = query with { Flags = random.Next(2) == 0 ? MediaSessionFlags.Srtp : session?.Flags ?? MediaSessionFlags.None };
        if (random.Next(3) == 0) query = query with { Tenant = random.Next(4) == 0 ? "nobody" : some.Tenant ?? "acme" };
        if (random.Next(5) == 0) query = query with { From = some.Record.StartedAt };
        if (random.Next(5) == 0) query = query with { To = some.Record.StartedAt };
        if (random.Next(12) == 0) query = query with { CallId = some.Record.Id };
        return query;
    }

    private static void Ask(PostgresCallStore store, SqliteCallStore plain, MediaSessionQuery query, Random random)
    {
        string? cursor = null;
        for (int page = 0; page < 4; page++)
        {
            MediaSessionQuery asked = query with { Cursor = cursor, Skip = random.Next(3) == 0 ? random.Next(60) : 0 };
            MediaSessionPage mine = store.ListMediaSessions(asked), theirs = plain.ListMediaSessions(asked);
            Assert.Equal(theirs.MediaSessions.Select(static session => session.Id), mine.MediaSessions.Select(static session => session.Id));
            Assert.Equal(theirs.NextCursor, mine.NextCursor);
            if ((cursor = mine.NextCursor) is null) break;
        }

        Assert.Equal(plain.CountMediaSessions(query), store.CountMediaSessions(query));
    }
}
