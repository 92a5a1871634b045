using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;
using Npgsql;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Statements that connections keep with their plans.</summary>
public sealed class PostgresPlansTests
{
    private const int Days = 40;
    private static readonly DateOnly First = DateOnly.FromDateTime(TestCalls.Start.ToDateTime());

    [PostgresFact]
    public void Statements_AreKeptUpToABound_AndAnswerAsOthersDo()
    {
        using var place = new PostgresPlace();
        using NpgsqlConnection connection = new NpgsqlDataSourceBuilder(place.Options.Connection().ConnectionString).Build().OpenConnection();
        var plans = new PostgresPlans(most: 12);
        var session = new PostgresSession(connection, plans);
        for (int round = 0; round < 10; round++)
        {
            (string, object?[])[] questions = [.. Enumerable.Range(round, 5).Select(static i => ($"SELECT n FROM unnest(?::bigint[]) n WHERE n <> {i} ORDER BY n", (object?[])[new long[] { i, i + 1 }]))];
            (int Question, long Row)[] found = [.. session.QueryAll(questions, keepsPlans: true).Select(static one => (one.Question, one.Row.Long(0)))];
            Assert.Equal(Enumerable.Range(0, 5).Select(i => (i, round + i + 1L)), found);
            Assert.InRange(session.Scalar("SELECT count(*) FROM pg_prepared_statements"), 5, 12);
            Assert.Equal(session.Scalar("SELECT count(*) FROM pg_prepared_statements"), plans.Kept);

            // What is asked otherwise is planned as ever.
            Assert.Equal(("force_custom_plan", "on"), (Setting("plan_cache_mode"), Setting("enable_seqscan")));
        }

        Assert.Empty(session.QueryAll([], keepsPlans: true));

        string Setting(string name)
        {
            using PostgresRows rows = session.Query("SELECT current_setting(?)", name);
            Assert.True(rows.Step());
            return rows.Text(0);
        }
    }

    [PostgresFact]
    public void Records_AreThoseThatAreThere_ThoughDaysComeGrowAndGo()
    {
        var random = new Random(1);
        using var folder = new StoreFolder();
        using var place = new PostgresPlace();
        using SqliteCallStore plain = SqliteCallStore.Open(folder.Records);
        using var store = (PostgresCallStore)place.Calls();
        int last = 0;
        for (int round = 0; round < 8; round++)
        {
            StoredCall[] some = [.. Enumerable.Range(0, 60).Select(_ => TestCalls.Stored(last, random, TestCalls.Start + TimeSpan.FromHours(random.Next(round * 20, (round * 20) + 60)) + TimeSpan.FromSeconds(last++)))];
            Assert.Null(store.Write(some).Fault);
            Assert.Null(plain.Write(some).Fault);
            if (round == 5)
            {
                Assert.True(store.DropDay(First));
                Assert.True(plain.DropDay(First));
            }

            if (round % 3 == 2) store.Seal(new DateOnly(2030, 1, 1));
            foreach (int limit in (int[])[7, 1000])
            {
                Assert.Equal(plain.List(new CallQuery { Limit = limit }).Calls.Select(TestCalls.Json), store.List(new CallQuery { Limit = limit }).Calls.Select(TestCalls.Json));
            }

            string[] sessions = [.. plain.List(new CallQuery { Limit = 30 }).Calls.Select(static call => call.SessionId ?? call.Id).Distinct()];
            IReadOnlyDictionary<string, IReadOnlyList<CallRecord>> mine = store.OfSessions(sessions)!, plains = plain.OfSessions(sessions)!;
            foreach (string one in sessions)
            {
                string[] expected = [.. plain.List(new CallQuery { SessionId = one, Ascending = true, Limit = 100 }).Calls.Select(TestCalls.Json)];
                Assert.Equal(expected, mine.GetValueOrDefault(one, []).Select(TestCalls.Json));
                Assert.Equal(expected, plains.GetValueOrDefault(one, []).Select(TestCalls.Json));
            }
        }
    }

    [PostgresFact]
    public void Messages_OfManyDays_AreThoseOfLookingAtEach()
    {
        var random = new Random(2);
        using var place = new PostgresPlace();
        using IMessageDatabase store = place.Messages();
        List<StoredMessage> all = [.. Enumerable.Range(0, 400).Select(i => Message(i, random))];
        store.Write(all);
        for (int i = 0; i < 30; i++)
        {
            bool ascending = random.Next(2) == 0;
            string begin = $"{random.Next(10, 1000)}", party = $"{random.Next(100, 140)}";
            string? tenant = random.Next(2) == 0 ? "acme" : null;
            IEnumerable<MessageRecord> met = all.Select(static one => one.Record)
                .Where(one => (tenant is null || one.Tenant == tenant) && (one.From!.Number!.StartsWith(begin, StringComparison.Ordinal) || one.To!.Number!.StartsWith(begin, StringComparison.Ordinal)))
                .OrderBy(static one => one.StartedAt).ThenBy(static one => one.Id, StringComparer.Ordinal);
            IEnumerable<ConversationRecord> chats = all.Select(static one => one.Conversation with { Tenant = one.Record.Tenant })
                .Where(one => (tenant is null || one.Tenant == tenant) && (one.First == party || one.Second.StartsWith(party + "@", StringComparison.Ordinal)))
                .OrderBy(static one => one.StartedAt).ThenBy(static one => one.Id, StringComparer.Ordinal);
            int limit = random.Next(1, 12), skip = random.Next(3);
            Assert.Equal(
                (ascending ? met : met.Reverse()).Select(static one => one.Id).Skip(skip),
                All(cursor => store.ListMessages(new MessageQuery { Number = begin + "*", Tenant = tenant, Ascending = ascending, Limit = limit, Cursor = cursor, Skip = cursor is null ? skip : 0 }), static one => one.Id));
            Assert.Equal(
                (ascending ? chats : chats.Reverse()).Select(static one => one.Id).Skip(skip),
                All(cursor => store.ListConversations(new ConversationQuery { Party = party, Tenant = tenant, Ascending = ascending, Limit = limit, Cursor = cursor, Skip = cursor is null ? skip : 0 }), static one => one.Id));
        }

        static List<string> All<T>(Func<string?, ListPage<T>> page, Func<T, string> id)
        {
            var ids = new List<string>();
            string? cursor = null;
            do
            {
                ListPage<T> its = page(cursor);
                ids.AddRange(its.Items.Select(id));
                cursor = its.NextCursor;
            }
            while (cursor is not null);
            return ids;
        }
    }

    [PostgresFact]
    public void WhatIsKept_IsAnsweredFromIndexes_ThoughTheDayIsSmall()
    {
        using var place = new PostgresPlace();
        using var calls = (PostgresCallStore)place.Calls();
        Assert.Null(calls.Write([TestCalls.Stored(1, new Random(1), TestCalls.Start)]).Fault);
        AssertFrom(calls.ExplainDocuments(First), "call_documents_", "recordings_");
        using var messages = (PostgresMessageStore)place.Messages();
        messages.Write([.. Enumerable.Range(0, 4).Select(static i => Message(i, new Random(i)))]);
        DateOnly day = messages.Days()[0];
        AssertFrom(messages.ExplainKept(new MessageQuery { Number = "10*" }, day), "message_documents_", "from_number_day_started_at_id_idx", "to_number_day_started_at_id_idx");
        AssertFrom(messages.ExplainKept(new ConversationQuery { Party = "100" }, day), "first_day_started_at_id_idx", "second_day_started_at_id_idx");

        static void AssertFrom(List<string> lines, params string[] indexes)
        {
            string plan = string.Join('\n', lines);
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            foreach (string index in indexes) Assert.Contains(index, plan, StringComparison.Ordinal);
        }
    }

    /// <summary>Of days that are over the server knows how many calls they have, when it first plans for them.</summary>
    [PostgresFact]
    public void SessionsOfADayThatIsOver_AreLookedUpByTheirIndexes()
    {
        var random = new Random(4);
        using var place = new PostgresPlace();
        using var store = (PostgresCallStore)place.Calls();
        StoredCall[] calls = [.. Enumerable.Range(0, 600).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromSeconds(i)))];
        for (int i = 1; i < calls.Length; i += 3) calls[i] = calls[i] with { Record = calls[i].Record with { SessionId = calls[i - 1].Record.Id } };
        Assert.Null(store.Write(calls).Fault);
        store.Seal(new DateOnly(2030, 1, 1));
        string plan = string.Join('\n', store.ExplainSessions(First));
        foreach (string index in (string[])["_session_id_idx", "_day_id_idx", "call_documents_"]) Assert.Contains(index, plan, StringComparison.Ordinal);
        string[] sessions = [.. calls.Select(static call => call.Record.SessionId).Distinct().Take(150)];
        IReadOnlyDictionary<string, IReadOnlyList<CallRecord>> found = store.OfSessions(sessions)!;
        foreach (string session in sessions)
            Assert.Equal(calls.Where(call => call.Record.SessionId == session).Select(static call => call.Record.Id), found[session].Select(static call => call.Id));
    }

    /// <summary>What memory tells of days is found out for some of them first.</summary>
    [PostgresFact]
    public void Lists_OfManyDays_AreThoseOfLookingAtEach()
    {
        var random = new Random(5);
        using var folder = new StoreFolder();
        using var place = new PostgresPlace();
        using SqliteCallStore plain = SqliteCallStore.Open(folder.Records);
        using var store = (PostgresCallStore)place.Calls();
        StoredCall[] calls = [.. Enumerable.Range(0, 10 * Days).Select(i => TestCalls.Stored(i, random, TestCalls.Start + TimeSpan.FromHours(random.Next(2 * Days * 24)) + TimeSpan.FromSeconds(i)))];
        Assert.Null(store.Write(calls).Fault);
        Assert.Null(plain.Write(calls).Fault);
        store.Seal(First.AddDays(2 * Days - 1));
        for (int i = 0; i < 60; i++)
        {
            CallRecord one = calls[random.Next(calls.Length)].Record;
            CallQuery query = new() { Ascending = random.Next(2) == 0, Limit = random.Next(1, 60) };
            query = random.Next(7) switch
            {
                0 => query with { Dispositions = [one.Disposition] },
                1 => query with { DurationMin = TimeSpan.FromSeconds(random.Next(600)) },
                2 => query with { Tenant = one.Tenant ?? "acme" },
                3 => query with { DurationMax = TimeSpan.FromSeconds(random.Next(60)), Dispositions = [one.Disposition] },
                4 => query with { Caller = one.Caller.Number?[..2] + "*" },
                5 => query with { From = one.StartedAt, Dispositions = [one.Disposition] },
                _ => query with { Direction = one.Direction },
            };
            string? cursor = null;
            for (int page = 0; page < 4; page++)
            {
                CallPage mine = store.List(query with { Cursor = cursor }), its = plain.List(query with { Cursor = cursor });
                Assert.Equal(its.Calls.Select(TestCalls.Json), mine.Calls.Select(TestCalls.Json));
                Assert.Equal(its.NextCursor is null, mine.NextCursor is null);
                if ((cursor = its.NextCursor) is null) break;
            }

            Assert.Equal(plain.Count(query), store.Count(query));
        }
    }

    [Fact]
    public void GroupsOfTexts_AreAsManyAsItTakes()
    {
        Assert.Equal(int.MaxValue, PostgresCallStore.GroupsFor(2, 0, 51));
        Assert.Equal(1, PostgresCallStore.GroupsFor(2, 50, 1));
        Assert.Equal(3, PostgresCallStore.GroupsFor(2, 25, 25));
        Assert.Equal(150, PostgresCallStore.GroupsFor(2, 1, 50));
    }

    [PostgresFact]
    public void SumsOfMessages_AreThoseOfTheDaysAsTheyAre_WhoeverWroteToThem()
    {
        var random = new Random(6);
        using var place = new PostgresPlace();
        using var store = (PostgresMessageStore)place.Messages();
        using var other = (PostgresMessageStore)place.Messages();
        List<StoredMessage> all = [.. Enumerable.Range(0, 200).Select(i => Message(i, random))];
        other.Write(all);
        Check();
        long read = store.SumsRead;
        Check();
        Assert.Equal(read, store.SumsRead);

        // Another has written new ones, told one again, and removed some and a day.
        List<StoredMessage> late = [.. Enumerable.Range(200, 5).Select(i => Message(i, random))];
        other.Write(late);
        all.AddRange(late);
        Check();
        Assert.InRange(store.SumsRead, read + 1, read + 5);
        all[7] = all[7] with { Record = all[7].Record with { Outcome = MessageOutcome.Failed } };
        other.Write([all[7]]);
        Check();
        string[] gone = [.. all.Take(40).Where(static (_, i) => i != 7).Select(static one => one.Record.Id)];
        Assert.Equal(gone.Length, other.Purge(gone));
        all.RemoveAll(one => gone.Contains(one.Record.Id));
        Check();
        DateOnly day = store.Days()[3];
        Assert.True(other.DropDay(day));
        all.RemoveAll(one => DateOnly.FromDateTime(one.Record.StartedAt.ToDateTime()) == day);
        Check();
        other.Write([all[0]]);
        Check();

        void Check()
        {
            foreach (string? tenant in (string?[])[null, "acme", "beta", "nobody"])
            {
                foreach (MessageOutcome? outcome in (MessageOutcome?[])[null, MessageOutcome.Delivered, MessageOutcome.Failed])
                {
                    var query = new MessageQuery { Tenant = tenant, Outcome = outcome, IsFinal = outcome is null };
                    string[] ids = [.. all.Select(static one => one.Record).Where(one => (tenant is null || one.Tenant == tenant) && (outcome is null || one.Outcome == outcome))
                        .OrderByDescending(static one => one.StartedAt).ThenByDescending(static one => one.Id, StringComparer.Ordinal).Select(static one => one.Id)];
                    Assert.Equal(ids.Length, store.CountMessages(query));
                    int skip = random.Next(0, 60);
                    Assert.Equal(ids.Skip(skip).Take(20), store.ListMessages(query with { Skip = skip, Limit = 20 }).Items.Select(static one => one.Id));
                }
            }

            Timestamp from = TestCalls.Start + TimeSpan.FromHours(50), to = TestCalls.Start + TimeSpan.FromHours(500);
            Assert.Equal(all.Count(one => one.Record.StartedAt >= from && one.Record.StartedAt < to), store.CountMessages(new MessageQuery { From = from, To = to }));
        }
    }

    [PostgresFact]
    public void IdsOfMessages_OfSeveralRanges_AreThoseOfEach()
    {
        var random = new Random(7);
        using var place = new PostgresPlace();
        using var store = (PostgresMessageStore)place.Messages();
        List<StoredMessage> all = [.. Enumerable.Range(0, 100).Select(i => Message(i, random))];
        store.Write(all);
        List<(string First, string Last)> ranges = [.. all.Select(static one => (one.Record.Id[..10] + "0000000000000000000000", one.Record.Id[..10] + "ffffffffffffffffffffff"))];
        ranges.Insert(3, ("no id", "at all"));
        ranges.Add((all[0].Record.Id, all[0].Record.Id));
        IReadOnlyList<IReadOnlyList<string>> ids = store.MessageIds(ranges)!;
        Assert.Equal(ranges.Select(range => string.Join(' ', store.MessageIds(range.First, range.Last))), ids.Select(static its => string.Join(' ', its)));
        Assert.Equal([all[0].Record.Id], ids[^1]);
        Assert.Empty(store.MessageIds([])!);
        string plan = string.Join('\n', store.ExplainIds(store.Days()[0]));
        Assert.Contains("day_id_idx", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
    }

    private static StoredMessage Message(int i, Random random)
    {
        Timestamp at = TestCalls.Start + TimeSpan.FromHours(random.Next(Days * 24)) + TimeSpan.FromSeconds(i);
        string conversation = CallId.Derive($"chat-{i}", "x", at), from = $"{random.Next(100, 140)}", to = $"{random.Next(1000, 1400)}";
        var record = new MessageRecord
        {
            Id = CallId.Derive($"message-{i}", "tag", at),
            ConversationId = conversation,
            SipCallId = $"message-{i}",
            From = new MessageParty { Number = from },
            To = new MessageParty { Number = to },
            StartedAt = at,
            Outcome = MessageOutcome.Delivered,
            Text = $"Number {i}!",
            Tenant = i % 3 == 0 ? "beta" : "acme",
        };
        return new StoredMessage(record, new ConversationRecord(conversation, at, from, $"{from}@example.com"), [7]);
    }
}
