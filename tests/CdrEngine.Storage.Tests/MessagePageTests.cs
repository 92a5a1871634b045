using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Pages of messages and conversations far in, and how many there are: the same as looking at each, and from sums alone.</summary>
public abstract class MessagePageTests
{
    private const long Hour = 3_600_000_000;
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 18, 0, 0, 0, TimeSpan.Zero));

    private protected abstract StorePlace NewPlace();

    /// <summary>Makes the sums of all days say that there are a thousand messages of each kind there is.</summary>
    private protected abstract void Inflate(StorePlace place);

    [StoreFact]
    public void Lists_SkippedAndCounted_AreThoseOfLookingAtEach_AlsoAfterChangesAndPurges()
    {
        using StorePlace place = NewPlace();
        List<StoredMessage> all = [.. Enumerable.Range(0, 240).Select(i => Message(i, new Random(i)))];
        using (IMessageDatabase store = place.Messages())
        {
            store.Write(all);
            Check(store, all);

            // Told again with another outcome, or with the same; removed; a whole day removed.
            for (int i = 0; i < all.Count; i += 7) all[i] = all[i] with { Record = all[i].Record with { Outcome = (MessageOutcome)(1 + (i % 3)), Tenant = "acme" } };
            store.Write([.. all.Where((_, i) => i % 14 == 0 || i % 5 == 0)]);
            all = [.. all.Select((message, i) => i % 14 == 0 || i % 5 == 0 || i % 7 != 0 ? message : Message(i, new Random(i)))];
            Check(store, all);
            string[] gone = [.. all.Where((_, i) => i % 11 == 0).Select(static message => message.Record.Id)];
            Assert.Equal(gone.Length, ((IMessageKeeping)store).Purge(gone));
            all.RemoveAll(message => gone.Contains(message.Record.Id));
            Check(store, all);
            DateOnly first = store.Days()[0];
            Assert.True(store.DropDay(first));
            all.RemoveAll(message => DateOnly.FromDateTime(message.Record.StartedAt.ToDateTime()) == first);
            Check(store, all);
        }

        using IMessageDatabase again = place.Messages();
        Check(again, all);
    }

    [StoreFact]
    public void WholeDays_AreCountedFromSums_AndOthersByTheirRows()
    {
        using StorePlace place = NewPlace();
        using (IMessageDatabase store = place.Messages()) store.Write([.. Enumerable.Range(0, 120).Select(i => Message(i, new Random(i)))]);
        Inflate(place);
        using IMessageDatabase inflated = place.Messages();
        Assert.True(inflated.CountMessages(new MessageQuery()) >= 1_000);
        Assert.Equal(0, inflated.CountMessages(new MessageQuery { Tenant = "nobody" }));
        Assert.True(inflated.CountMessages(new MessageQuery { Kind = MessageKind.Sip, IsFinal = true }) >= 1_000);
        Assert.InRange(inflated.CountMessages(new MessageQuery { From = Start + TimeSpan.FromHours(2), To = Start + TimeSpan.FromHours(3) }), 0, 120);
        Assert.InRange(inflated.CountMessages(new MessageQuery { Sender = "1001" }), 1, 120);
    }

    [StoreFact]
    public void Skip_BehindACursor_GoesOnFromThere_WhateverArrives()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        StoredMessage[] all = [.. Enumerable.Range(0, 120).Select(i => Message(i, new Random(i)))];
        store.Write(all);
        string[] ids = [.. all.OrderByDescending(static message => message.Record.StartedAt).Select(static message => message.Record.Id)];
        string cursor = store.ListMessages(new MessageQuery { Limit = 10 }).NextCursor!;
        store.Write([Message(10_000, new Random(1))]);
        Assert.Equal(ids[35..40], store.ListMessages(new MessageQuery { Cursor = cursor, Skip = 25, Limit = 5 }).Items.Select(static message => message.Id));
        Assert.Equal(ids[10..12], store.ListMessages(new MessageQuery { Cursor = cursor, Limit = 2 }).Items.Select(static message => message.Id));
        Assert.Empty(store.ListMessages(new MessageQuery { Cursor = cursor, Skip = 500 }).Items);
        Assert.True(store.ListMessages(new MessageQuery { Cursor = cursor, Sender = "1" }).CursorRejected);
    }

    private static void Check(IMessageDatabase store, List<StoredMessage> all)
    {
        var random = new Random(9);
        for (int i = 0; i < 60; i++)
        {
            var query = new MessageQuery
            {
                Tenant = random.Next(2) == 0 ? null : random.Next(2) == 0 ? "acme" : "beta",
                Kind = random.Next(3) == 0 ? (MessageKind)random.Next(2) : null,
                Outcome = random.Next(3) == 0 ? (MessageOutcome)random.Next(4) : null,
                IsFinal = random.Next(3) == 0,
                InCall = random.Next(4) == 0 ? random.Next(2) == 0 : null,
                Sender = random.Next(4) == 0 ? $"{1000 + random.Next(4)}" : null,
                Receiver = random.Next(5) == 0 ? $"{1000 + random.Next(4)}" : null,
                From = random.Next(3) == 0 ? new Timestamp(Start.Microseconds + (random.Next(90) * Hour)) : null,
                To = random.Next(3) == 0 ? new Timestamp(Start.Microseconds + (random.Next(90) * Hour)) : null,
                Ascending = random.Next(2) == 0,
                Skip = random.Next(2) == 0 ? 0 : random.Next(60),
                Limit = 1 + random.Next(20),
            };
            IEnumerable<MessageRecord> meant = all.Select(static message => message.Record).Where(message => Meets(message, query));
            MessageRecord[] expected = [.. query.Ascending ? meant.OrderBy(static message => message.StartedAt) : meant.OrderByDescending(static message => message.StartedAt)];
            Assert.Equal(expected.Length, store.CountMessages(query));
            ListPage<MessageRecord> page = store.ListMessages(query);
            Assert.Equal(expected.Skip((int)query.Skip).Take(query.Limit).Select(static message => message.Id), page.Items.Select(static message => message.Id));
            Assert.Equal(expected.Length > query.Skip + query.Limit, page.NextCursor is not null);
        }

        foreach (string? tenant in (string?[])[null, "acme", "beta", "nobody"])
        {
            List<ConversationRecord> conversations = [.. store.ListConversations(new ConversationQuery { Tenant = tenant, Limit = 1000 }).Items];
            Assert.Equal(conversations.Count, store.CountConversations(new ConversationQuery { Tenant = tenant }));
            Assert.Equal(
                conversations.Skip(5).Take(4).Select(static chat => chat.Id),
                store.ListConversations(new ConversationQuery { Tenant = tenant, Skip = 5, Limit = 4 }).Items.Select(static chat => chat.Id));
            CheckTogether(store, conversations, tenant);
        }
    }

    // What a store answers of several at once is what it answers of each.
    private static void CheckTogether(IMessageDatabase store, List<ConversationRecord> conversations, string? tenant)
    {
        (string First, string Last)[] ranges = [.. conversations.Select(static chat => (chat.Id[..9] + new string('0', 24), chat.Id)), ("none", "none"), (conversations.FirstOrDefault()?.Id ?? "none", "20991231-000000000000000000000000")];
        if (store.ConversationIds(ranges) is { } ids) Assert.Equal(ranges.Select(range => store.ConversationIds(range.First, range.Last)), ids);
        if (store.FirstMessages(conversations, tenant) is not { } firsts) return;
        var expected = new Dictionary<string, string>();
        foreach (ConversationRecord chat in conversations)
        {
            var query = new MessageQuery { ConversationId = chat.Id, Tenant = tenant, From = chat.StartedAt, To = new Timestamp(chat.StartedAt.Microseconds + 1), Ascending = true, Limit = 1 };
            if (store.ListMessages(query).Items is [var first]) expected.Add(chat.Id, first.Id);
        }

        Assert.Equal(expected.Order(Comparer<KeyValuePair<string, string>>.Create(static (one, other) => string.CompareOrdinal(one.Key, other.Key))), firsts.Select(static pair => KeyValuePair.Create(pair.Key, pair.Value.Id)).OrderBy(static pair => pair.Key, StringComparer.Ordinal));
    }

    private static bool Meets(MessageRecord message, MessageQuery query) =>
        (query.Tenant ?? message.Tenant) == message.Tenant && (query.Kind ?? message.Kind) == message.Kind && (query.Outcome ?? message.Outcome) == message.Outcome
        && (!query.IsFinal || message.Outcome is MessageOutcome.Delivered or MessageOutcome.Failed) && (query.InCall ?? message.IsInCall) == message.IsInCall
        && (query.Sender ?? message.From.Number) == message.From.Number && (query.Receiver ?? message.To.Number) == message.To.Number
        && message.StartedAt >= (query.From ?? Timestamp.MinValue) && message.StartedAt < (query.To ?? Timestamp.MaxValue);

    // One every twenty minutes; conversations of four.
    private protected static StoredMessage Message(int i, Random random)
    {
        Timestamp at = Start + TimeSpan.FromMinutes(i * 20);
        Timestamp begun = Start + TimeSpan.FromMinutes(i / 4 * 80);
        string conversation = CallId.Derive($"chat-{i / 4}", "x", begun), tenant = i / 4 % 3 == 0 ? "beta" : "acme";
        var record = new MessageRecord
        {
            Id = CallId.Derive($"message-{i}", "tag", at),
            Kind = i / 4 % 5 == 0 ? MessageKind.Msrp : MessageKind.Sip,
            IsInCall = i / 4 % 5 == 0,
            ConversationId = conversation,
            SipCallId = $"message-{i}",
            From = new MessageParty { Number = $"{1000 + random.Next(4)}" },
            To = new MessageParty { Number = $"{1000 + random.Next(4)}" },
            StartedAt = at,
            Outcome = (MessageOutcome)random.Next(1, 4),
            Text = $"Number {i}!",
            Tenant = tenant,
        };
        return new StoredMessage(record, new ConversationRecord(conversation, begun, "1000@example.com", "1001@example.com"), [7]);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteMessagePageTests : MessagePageTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();

    private protected override void Inflate(StorePlace place)
    {
        foreach (string file in Directory.GetFiles(((SqlitePlace)place).Folder.Records, "2026-*.db"))
        {
            using SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);
            database.Execute("UPDATE message_sums SET messages = 1000");
        }
    }

    [Fact]
    public void EveryFilter_ThatIsRare_IsAnsweredFromAnIndex()
    {
        using var place = new SqlitePlace();
        using IMessageDatabase store = place.Messages();
        store.Write([.. Enumerable.Range(0, 60).Select(i => Message(i, new Random(i)))]);
        DateOnly day = store.Days()[0];
        foreach ((MessageQuery query, string expected) in (ReadOnlySpan<(MessageQuery, string)>)
        [
            (new MessageQuery { Sender = "1001" }, "INDEX messages_by_from (from_number=?"),
            (new MessageQuery { Receiver = "1001" }, "INDEX messages_by_to (to_number=?"),
            (new MessageQuery { Number = "1001" }, "INDEX messages_by_from (from_number=?"),
            (new MessageQuery { Number = "100*" }, "INDEX messages_by_from (from_number>?"),
            (new MessageQuery { ConversationId = Message(0, new Random(0)).Record.ConversationId }, "INDEX messages_by_conversation (conversation=?"),
            (new MessageQuery { SipCallId = "message-3" }, "INDEX messages_by_sip_call (sip_call_hash=?"),
            (new MessageQuery { From = Start2, To = Start2 + TimeSpan.FromHours(1) }, "USING PRIMARY KEY (started_at>? AND started_at<?"),
            (new MessageQuery(), "SCAN m"),
        ])
        {
            string plan = string.Join('\n', ((SqliteMessageStore)store).Explain(query, day));
            Assert.True(plan.Contains(expected, StringComparison.Ordinal), $"{query}: {plan}");
            if (query.From is null && query != new MessageQuery()) Assert.DoesNotContain("SCAN m", plan, StringComparison.Ordinal);
        }
    }

    private static Timestamp Start2 => Timestamp.From(new DateTimeOffset(2026, 11, 18, 4, 0, 0, TimeSpan.Zero));
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresMessagePageTests : MessagePageTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();

    private protected override void Inflate(StorePlace place) => PostgresServer.Shared.Query($"UPDATE {((PostgresPlace)place).Options.Schema}.message_counts SET messages = 1000");

    [PostgresFact]
    public void EveryFilter_ThatIsRare_IsAnsweredFromAnIndex()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresMessageStore)place.Messages();
        store.Write([.. Enumerable.Range(0, 1_000).Select(static i =>
        {
            StoredMessage some = Message(i / 16, new Random(i));
            return some with
            {
                Record = some.Record with
                {
                    Id = CallId.Derive($"m{i}", "t", some.Record.StartedAt),
                    SipCallId = $"m{i}",
                    From = new MessageParty { Number = $"{5_000 + (i % 400)}" },
                    To = new MessageParty { Number = $"{6_000 + (i % 400)}" },
                },
            };
        })]);

        // The server knows the values of days that are over.
        store.Seal(new DateOnly(2030, 1, 1));
        foreach ((MessageQuery query, string expected) in (ReadOnlySpan<(MessageQuery, string)>)
        [
            (new MessageQuery { Sender = "5001" }, "messages_20261118_from_number"),
            (new MessageQuery { Receiver = "6001" }, "messages_20261118_to_number"),
            (new MessageQuery { ConversationId = Message(0, new Random(0)).Record.ConversationId }, "messages_20261118_conversation"),
            (new MessageQuery { SipCallId = "m3" }, "messages_20261118_sip_call_hash"),
        ])
        {
            string plan = string.Join('\n', store.Explain(query, store.Days()[0]));
            Assert.True(plan.Contains(expected, StringComparison.Ordinal), $"{query}: {plan}");
        }
    }

    [PostgresFact]
    public void ConversationsOfAPage_AreAnsweredAtOnce()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        store.Write([.. Enumerable.Range(0, 60).Select(i => Message(i, new Random(i)))]);
        IReadOnlyList<ConversationRecord> chats = store.ListConversations(new ConversationQuery()).Items;
        Assert.Equal(15, chats.Count);
        Assert.Equal(15, store.FirstMessages(chats)!.Count);
        Assert.NotEmpty(store.FirstMessages(chats, "acme")!);
        Assert.All(store.FirstMessages(chats, "acme")!.Values, static message => Assert.Equal("acme", message.Tenant));
        Assert.Empty(store.FirstMessages(chats, "nobody")!);
        Assert.Equal(chats.Select(static chat => chat.Id), store.ConversationIds([.. chats.Select(static chat => (chat.Id, chat.Id))])!.Select(Assert.Single));
    }
}
