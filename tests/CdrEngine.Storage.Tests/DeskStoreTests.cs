using System.Diagnostics;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

public abstract class DeskStoreTests
{
    private protected abstract StorePlace NewPlace();

    private static readonly Timestamp Start = Timestamp.FromUnix(1_800_000_000, 0);

    [StoreFact]
    public void Registrations_WrittenTwice_AreReadBackOnce_WithTheirHistory()
    {
        using StorePlace place = NewPlace();
        using (IRegistrationDatabase store = place.Registrations())
        {
            store.Write(Changes(Registration(1), Registration(2)));
            store.Write(Changes(Registration(1), Registration(2)));
        }

        using IRegistrationDatabase again = place.Registrations();
        Assert.Equal(2, again.Count());
        StoredRegistration[] loaded = [.. again.LoadRegistrations()];
        Assert.Equal([Registration(1).Record.Id, Registration(2).Record.Id], loaded.Select(static stored => stored.Record.Id));
        Assert.Equal(RegistrationJson.ToUtf8(Registration(1).Record), RegistrationJson.ToUtf8(loaded[0].Record));
        Assert.Equal(("key1", "1001", Address(1)), (loaded[0].Key, loaded[0].ContactUser, loaded[0].ContactAddress));
        Assert.Equal([1, 2], loaded[0].Chunks);
        Assert.Equal(RegistrationJson.ToUtf8(Registration(1).Events[0]), RegistrationJson.ToUtf8(Assert.Single(again.History(Registration(1).Record.Id, 10))));
    }

    [StoreFact]
    public void Registrations_ArePaged_InEveryOrder_WithEveryFilter()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase store = place.Registrations();
        store.Write(Changes([.. Enumerable.Range(0, 50).Select(Registration)]));
        foreach (RegistrationSort sort in Enum.GetValues<RegistrationSort>())
        {
            foreach (bool ascending in new[] { true, false })
            {
                var seen = new List<RegistrationRecord>();
                string? cursor = null;
                do
                {
                    ListPage<RegistrationRecord> page = store.ListRegistrations(new RegistrationQuery { Sort = sort, Ascending = ascending, Limit = 7, Cursor = cursor });
                    seen.AddRange(page.Items);
                    cursor = page.NextCursor;
                }
                while (cursor is not null);
                Assert.Equal(50, seen.DistinctBy(static registration => registration.Id).Count());
            }
        }

        Assert.Equal(10, store.ListRegistrations(new RegistrationQuery { Aor = "1001*", Limit = 1000 }).Items.Count + 9);
        Assert.Single(store.ListRegistrations(new RegistrationQuery { Aor = "sip:1007@example.com" }).Items);
        Assert.Single(store.ListRegistrations(new RegistrationQuery { Address = Address(7) }).Items);
        Assert.Equal(25, store.ListRegistrations(new RegistrationQuery { UserAgent = "ALINK", Limit = 1000 }).Items.Count);
        Assert.Single(store.ListRegistrations(new RegistrationQuery { Mac = "00:04:13:00:00:07" }).Items);
        Assert.Equal(10, store.ListRegistrations(new RegistrationQuery { State = RegistrationState.Expired, Limit = 1000 }).Items.Count);
        Assert.Equal(4, store.ListRegistrations(new RegistrationQuery { ExpiringBefore = Start + TimeSpan.FromSeconds(3605), Limit = 1000 }).Items.Count);
        Assert.True(store.ListRegistrations(new RegistrationQuery { Cursor = "damaged" }).CursorRejected);
    }

    [StoreFact]
    public void History_IsBounded()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase store = place.Registrations();
        StoredRegistration registration = Registration(1);
        for (int i = 1; i <= SqliteRegistrationStore.EventsKept + 20; i++)
            store.Write(Changes(registration with { Events = [new RegistrationEvent(i, RegistrationEventKind.Moved, Start, Start, 1)] }));
        IReadOnlyList<RegistrationEvent> history = store.History(registration.Record.Id, 10_000);
        Assert.Equal((SqliteRegistrationStore.EventsKept, SqliteRegistrationStore.EventsKept + 20), (history.Count, history[0].Sequence));
        Assert.Equal(3, store.History(registration.Record.Id, 3, before: 100).Count);
    }

    [StoreFact]
    public void Forgotten_Goes_AndMayComeBack()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase store = place.Registrations();
        store.Write(Changes(Registration(1)));
        DeskChanges changes = Changes();
        changes.ForgottenRegistrations.Add(Registration(1).Record.Id);
        store.Write(changes);
        Assert.Null(store.GetRegistration(Registration(1).Record.Id));
        Assert.Empty(store.History(Registration(1).Record.Id, 10));
        changes.Registrations.Add(Registration(1));
        store.Write(changes);
        Assert.NotNull(store.GetRegistration(Registration(1).Record.Id));
    }

    [StoreFact]
    public void PeersAndMailboxes_AreReadBack()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase store = place.Registrations();
        DeskChanges changes = Changes();
        changes.Peers.Add(new PeerRecord { Id = "p1", Address = new Endpoint(Address(1), 5060), Method = "OPTIONS", Requests = 3, UnansweredSince = Start, LastAt = Start });
        changes.Peers.Add(new PeerRecord { Id = "p2", Address = new Endpoint(Address(2), 0), Direction = PeerDirection.Sent, Method = "NOTIFY", Event = "dialog", LastAt = Start + TimeSpan.FromSeconds(1) });
        changes.Mailboxes.Add(new MailboxRecord("sip:1@x", true, 1, 2, 0, 0, Start));
        changes.Mailboxes.Add(new MailboxRecord("sip:1@x", false, 0, 3, 0, 0, Start - TimeSpan.FromSeconds(1)));
        store.Write(changes);
        Assert.Equal(["p2", "p1"], store.ListPeers(new PeerQuery()).Items.Select(static peer => peer.Id));
        Assert.Equal("p1", Assert.Single(store.ListPeers(new PeerQuery { Silent = true }).Items).Id);
        Assert.Equal("p2", Assert.Single(store.ListPeers(new PeerQuery { Event = "dialog", Direction = PeerDirection.Sent, Address = Address(2) }).Items).Id);

        // What is older than what is known changes nothing.
        Assert.True(Assert.Single(store.ListMailboxes(new MailboxQuery { Account = "sip:1*" }).Items).IsWaiting);
    }

    [StoreFact]
    public void Messages_WrittenTwice_ChangeNothing_AndATellingWithLessIsNotTaken()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        StoredMessage message = Message(1);
        StoredMessage told = message with { Record = message.Record with { Notifications = [new MessageNotification(NotificationKind.Display, "displayed", Start)] } };
        store.Write([message]);
        store.Write([told]);
        store.Write([message]);
        store.Write([message with { Record = message.Record with { Outcome = MessageOutcome.Pending, SipStatus = 0 } }]);
        Assert.Equal(MessageJson.ToUtf8(told.Record), MessageJson.ToUtf8(store.GetMessage(message.Record.Id)!));
        Assert.Equal([7], store.GetChunks(message.Record.Id)!);
    }

    [StoreFact]
    public void Messages_ArePagedOverDays_AndConversationsCounted()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        store.Write([.. Enumerable.Range(0, 40).Select(Message)]);
        Assert.InRange(store.Days().Count, 2, 4);
        foreach (bool ascending in new[] { true, false })
        {
            var seen = new List<MessageRecord>();
            string? cursor = null;
            do
            {
                ListPage<MessageRecord> page = store.ListMessages(new MessageQuery { Limit = 7, Ascending = ascending, Cursor = cursor });
                seen.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(40, seen.Count);
            Assert.Equal(seen.Select(static message => message.StartedAt), (ascending ? seen.OrderBy(static message => message.StartedAt) : seen.OrderByDescending(static message => message.StartedAt)).Select(static message => message.StartedAt));
        }

        Assert.Equal(40, store.ListMessages(new MessageQuery { Number = "1001", Limit = 100 }).Items.Count);
        Assert.Single(store.ListMessages(new MessageQuery { Text = "NUMBER 17!" }).Items);
        Assert.Single(store.ListMessages(new MessageQuery { SipCallId = "call-5" }).Items);
        Assert.Empty(store.ListMessages(new MessageQuery { Outcome = MessageOutcome.Failed }).Items);
        ConversationRecord conversation = Assert.Single(store.ListConversations(new ConversationQuery { Party = "1001" }).Items);
        Assert.Equal((40, Start, Start + TimeSpan.FromHours(39)), (conversation.Count, conversation.StartedAt, conversation.EndedAt));
        Assert.Equal(conversation, store.GetConversation(conversation.Id));
        Assert.True(store.DropDay(store.Days()[^1]));
        Assert.InRange(store.ListMessages(new MessageQuery { Limit = 100 }).Items.Count, 1, 39);
    }

    [StoreFact]
    public void Storm_OfRefreshes_IsWrittenBesideTheDesk()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase registrations = place.Registrations();
        using IMessageDatabase messages = place.Messages();
        using var writer = new DeskWriter(registrations, messages, 1000);
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < 20; i++) writer.Take(Changes([.. Enumerable.Range(0, 1000).Select(Registration)]), waits: false);
        TimeSpan handed = Stopwatch.GetElapsedTime(began);
        writer.Flush();
        Assert.Null(writer.Fault);
        Assert.Equal(1000, registrations.Count());
        Assert.InRange(writer.Counters[DeskStorageCounter.Registrations], 1000, 20_000);
        Assert.InRange(handed.TotalSeconds, 0, 30);
    }

    private static IpAddress Address(int i) => IpAddress.FromV4(0xC000_0200u + (uint)i);

    [StoreFact]
    public void Registrations_AreCountedAndSkipped()
    {
        using StorePlace place = NewPlace();
        using IRegistrationDatabase store = place.Registrations();
        store.Write(Changes([.. Enumerable.Range(0, 7).Select(Registration)]));
        var query = new RegistrationQuery { Sort = RegistrationSort.Aor, Ascending = true, Limit = 3 };
        string[] all = [.. store.ListRegistrations(query with { Limit = 100 }).Items.Select(static item => item.Id)];
        Assert.Equal(7, all.Length);
        Assert.Equal(7, store.CountRegistrations(query));
        Assert.Equal(0, store.CountRegistrations(query with { Tenant = "nobody" }));
        Assert.Equal(all[3..6], store.ListRegistrations(query with { Skip = 3 }).Items.Select(static item => item.Id));
        Assert.Empty(store.ListRegistrations(query with { Skip = 7 }).Items);
        string? cursor = store.ListRegistrations(query).NextCursor;
        Assert.True(store.ListRegistrations(query with { Cursor = cursor, Skip = 1 }).CursorRejected);
    }

    private static DeskChanges Changes(params StoredRegistration[] registrations)
    {
        var changes = new DeskChanges();
        changes.Registrations.AddRange(registrations);
        return changes;
    }

    private static StoredRegistration Registration(int i)
    {
        var happened = new RegistrationEvent(1, RegistrationEventKind.New, Start, Start, 1) { SipStatus = 200, Source = new Endpoint(Address(i), 5060) };
        return new StoredRegistration(
            new RegistrationRecord
            {
                Id = $"{i:x24}",
                Aor = $"sip:{1000 + i}@example.com",
                User = $"{1000 + i}",
                State = i % 5 == 4 ? RegistrationState.Expired : RegistrationState.Registered,
                Contact = $"sip:{1000 + i}@192.0.2.{i}",
                Source = new Endpoint(Address(i), 5060),
                UserAgent = i % 2 == 0 ? "Yealink T46" : "Snom",
                Mac = $"00:04:13:00:00:{i:x2}",
                ExpiresAt = Start + TimeSpan.FromSeconds(3600 + i),
                LastRequestAt = Start + TimeSpan.FromSeconds(i),
                LastSuccessAt = Start + TimeSpan.FromSeconds(i),
                LastEvent = happened,
            },
            $"key{i}",
            [1, 2])
        {
            ContactUser = $"{1000 + i}",
            ContactAddress = Address(i),
            Events = [happened],
        };
    }

    private static StoredMessage Message(int i)
    {
        Timestamp at = Start + TimeSpan.FromHours(i);
        string conversation = Calls.Records.CallId.Derive("1001@example.com", "1002@example.com", Start);
        var record = new MessageRecord
        {
            Id = Calls.Records.CallId.Derive($"call-{i}", "tag", at),
            ConversationId = conversation,
            SipCallId = $"call-{i}",
            From = new MessageParty { Number = "1001", Uri = "sip:1001@example.com" },
            To = new MessageParty { Number = "1002", Uri = "sip:1002@example.com" },
            StartedAt = at,
            Outcome = MessageOutcome.Delivered,
            SipStatus = 200,
            Text = $"Number {i}!",
        };
        return new StoredMessage(record, new ConversationRecord(conversation, Start, "1001@example.com", "1002@example.com"), [7]);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteDeskStoreTests : DeskStoreTests
{
    private protected override StorePlace NewPlace() => new SqlitePlace();
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresDeskStoreTests : DeskStoreTests, IOnPostgres
{
    private protected override StorePlace NewPlace() => new PostgresPlace();
}
