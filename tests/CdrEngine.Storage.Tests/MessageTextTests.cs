using System.Globalization;
using System.Text;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Postgres;
using CdrEngine.Storage.Sqlite;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Lists of messages by parts of texts and by keys: whatever state seals and the index of texts are in, they give what looking at every message gives.</summary>
public abstract class MessageTextTests
{
    private const int Messages = 400;
    private const long Hour = 3_600_000_000;

    private static readonly DateOnly Over = new(2030, 1, 1);
    private static readonly DateOnly Open = new(2020, 1, 1);
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 18, 0, 0, 0, TimeSpan.Zero));
    private static readonly string[] Words = ["invoice", "About", "please call me back", "JÜRGEN", "straße", "İlker", "100% \\_'\"", "名前", "a", "a\nb", "two\nlines\n", "x\0y", "𐐀name", "\ud800half", "\u212A"];

    private protected abstract StorePlace NewPlace();

    // What stands for the zero character in the database.
    private protected virtual char Zero => '\0';

    /// <summary>What a test of random texts begins with.</summary>
    public static TheoryData<int> Seeds => [1, 2];

    [StoreTheory]
    [MemberData(nameof(Seeds))]
    public void Lists_InAnyStateOfSealsAndTexts_GiveWhatEveryMessageTells(int seed)
    {
        var random = new Random(seed);
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        var all = new Dictionary<string, StoredMessage>(StringComparer.Ordinal);
        Write(Enumerable.Range(0, Messages).Select(i => Message(i, random)));
        AskAll(12);
        Assert.Equal(3, store.Seal(Over));
        Assert.Equal(0, store.Seal(Over));
        AskAll(40);

        // More of a sealed day, and messages that are told again with other texts.
        Write(Enumerable.Range(Messages, 40).Select(i => Message(i, random)));
        Write(Enumerable.Range(0, 60).Select(_ => Told(all.Values.ElementAt(random.Next(all.Count)), random)));
        AskAll(40);

        // Gone for good.
        string[] gone = [.. all.Keys.Where(_ => random.Next(20) == 0)];
        Assert.Equal(gone.Length, ((IMessageKeeping)store).Purge(gone));
        foreach (string id in gone) all.Remove(id);
        AskAll(20);
        Assert.True(store.Seal(Over) > 0);
        AskAll(40);
        DateOnly first = store.Days()[0];
        Assert.True(store.DropDay(first));
        foreach (string id in all.Keys.Where(id => id.StartsWith(first.ToString("yyyyMMdd", CultureInfo.InvariantCulture), StringComparison.Ordinal)).ToList()) all.Remove(id);
        AskAll(20);

        void Write(IEnumerable<StoredMessage> written)
        {
            List<StoredMessage> batch = [.. written.DistinctBy(static message => message.Record.Id)];
            store.Write(batch);
            foreach (StoredMessage message in batch) all[message.Record.Id] = message;
        }

        void AskAll(int questions)
        {
            MessageRecord[] records = [.. all.Values.Select(static message => message.Record)];
            for (int i = 0; i < questions; i++) Ask(store, Query(random, records), records);
            foreach (StoredMessage some in all.Values.Where(_ => random.Next(40) == 0)) AskParty(store, some.Conversation);
        }
    }

    [StoreFact]
    public void Texts_OfAnOpenDay_AreNotedSomeThousandAtOnce()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        var random = new Random(5);
        const int many = 4_300;
        List<StoredMessage> all = [.. Enumerable.Range(0, many).Select(i => Message(i, random, Start + TimeSpan.FromSeconds(i * 10)))];
        store.Write(all);
        Assert.Equal(0, store.Seal(Open));
        List<StoredMessage> more = [.. Enumerable.Range(many, 50).Select(i => Message(i, random, Start + TimeSpan.FromSeconds(i * 10)))];
        store.Write(more);
        MessageRecord[] records = [.. all.Concat(more).Select(static message => message.Record)];
        for (int i = 0; i < 25; i++) Ask(store, Query(random, records), records);
    }

    [StoreFact]
    public void Tenants_SeeTheirOwnOnly()
    {
        using StorePlace place = NewPlace();
        using IMessageDatabase store = place.Messages();
        var random = new Random(7);
        StoredMessage[] all = [.. Enumerable.Range(0, 300).Select(i => Message(i, random))];
        store.Write(all);
        store.Seal(Over);
        foreach (string tenant in (string[])["acme", "beta", "nobody"]) Ask(store, new MessageQuery { Text = "invoice", Tenant = tenant, Limit = 1000 }, [.. all.Select(static message => message.Record)]);
    }

    private void Ask(IMessageDatabase store, MessageQuery query, IReadOnlyCollection<MessageRecord> all)
    {
        string asked = query.ToString();
        IEnumerable<MessageRecord> meant = all.Where(message => Meets(message, query));
        string[] expected = [.. (query.Ascending ? meant.OrderBy(Place) : meant.OrderByDescending(Place)).Select(static message => message.Id)];
        Assert.True(expected.Length == store.CountMessages(query), asked);
        var found = new List<string>();
        for (string? cursor = null; ;)
        {
            ListPage<MessageRecord> page = store.ListMessages(query with { Cursor = cursor });
            found.AddRange(page.Items.Select(static message => message.Id));
            cursor = page.NextCursor;
            if (cursor is null) break;
        }

        Assert.True(expected.SequenceEqual(found), $"{asked}: {expected.Length}, {found.Count}");
        int skip = expected.Length / 2;
        Assert.Equal(expected.Skip(skip).Take(query.Limit), store.ListMessages(query with { Skip = skip }).Items.Select(static message => message.Id));

        static (long At, string Id) Place(MessageRecord message) => (message.StartedAt.Microseconds, message.Id);
    }

    // One that has no message left on its day is gone with them.
    private static void AskParty(IMessageDatabase store, ConversationRecord conversation)
    {
        // By all of its name, by what stands before its host, and by neither.
        bool isThere = store.GetConversation(conversation.Id) is not null;
        Assert.Equal(isThere, Has(conversation.First));
        Assert.Equal(isThere, Has(conversation.Second));
        Assert.Equal(isThere, Has(conversation.Second.Split('@')[0]));
        Assert.False(Has(conversation.First[1..]));

        bool Has(string party) => store.ListConversations(new ConversationQuery { Party = party, Limit = 1000 }).Items.Any(one => one.Id == conversation.Id);
    }

    private bool Meets(MessageRecord message, MessageQuery query) =>
        (query.Tenant ?? message.Tenant) == message.Tenant && (query.Outcome ?? message.Outcome) == message.Outcome
        && (query.Sender ?? message.From.Number) == message.From.Number && (query.Receiver ?? message.To.Number) == message.To.Number
        && (query.Number is not { } number || IsNumber(message.From.Number, number) || IsNumber(message.To.Number, number))
        && (query.ConversationId ?? message.ConversationId) == message.ConversationId && (query.SipCallId ?? message.SipCallId) == message.SipCallId
        && message.StartedAt >= (query.From ?? Timestamp.MinValue) && message.StartedAt < (query.To ?? Timestamp.MaxValue)
        && (query.Text is not { } text || Stored(string.Join('\n', new[] { message.Text, message.From.Uri, message.To.Uri, message.From.Name, message.To.Name }.OfType<string>()).ToLowerInvariant()).Contains(Stored(text.ToLowerInvariant()), StringComparison.Ordinal));

    private static bool IsNumber(string? number, string asked) => number is not null && (asked.EndsWith('*') ? number.StartsWith(asked[..^1], StringComparison.Ordinal) : number == asked);

    // A database keeps texts as UTF-8.
    private string Stored(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', Zero);

    private static MessageQuery Query(Random random, MessageRecord[] all)
    {
        MessageRecord some = all[random.Next(all.Length)], other = all[random.Next(all.Length)];
        var query = new MessageQuery { Ascending = random.Next(2) == 0, Limit = random.Next(3) == 0 ? 3 + random.Next(5) : 60 };
        if (random.Next(5) > 0) query = query with { Text = Part(random, random.Next(4) == 0 ? some.From.Uri ?? "" : some.Text ?? "") };
        return random.Next(10) switch
        {
            0 => query with { Tenant = random.Next(2) == 0 ? "acme" : "beta" },
            1 => query with { From = new Timestamp(Start.Microseconds + (random.Next(48) * Hour)), To = new Timestamp(Start.Microseconds + (random.Next(24, 72) * Hour)) },
            2 => query with { Outcome = MessageOutcome.Failed },
            3 => query with { Number = random.Next(3) == 0 ? "no-one" : other.To.Number },
            4 => query with { Sender = some.From.Number },
            5 => query with { Receiver = some.To.Number, Number = "1*" },
            6 => query with { ConversationId = some.ConversationId },
            7 => query with { SipCallId = random.Next(3) == 0 ? "none" : some.SipCallId },
            _ => query,
        };
    }

    // Of any length, as it is, in other case, or with a stroke of bad luck.
    private static string Part(Random random, string text)
    {
        if (text.Length == 0 || random.Next(8) == 0) return random.Next(7) switch { 0 => "%", 1 => "'; DROP TABLE messages; --", 2 => "\n", 3 => new string('1', 5_000), 4 => "invoice 5", 5 => "nobody's", _ => "zz" };
        int at = random.Next(text.Length), length = random.Next(1, Math.Min(14, text.Length - at) + 1);
        string part = text.Substring(at, length);
        return random.Next(4) switch { 0 => part.ToUpperInvariant(), 1 => part.ToLowerInvariant(), 2 when random.Next(4) == 0 => part + "~", _ => part };
    }

    // Over three days; conversations of four.
    private protected static StoredMessage Message(int i, Random random, Timestamp? at = null)
    {
        Timestamp started = at ?? new Timestamp(Start.Microseconds + (random.NextInt64(72) * Hour) + random.Next(1_000_000));
        string conversation = CallId.Derive($"chat-{i / 4}", "x", Start);
        var record = new MessageRecord
        {
            Id = CallId.Derive($"message-{i}", "tag", started),
            ConversationId = conversation,
            SipCallId = $"message-{i}",
            From = new MessageParty { Number = $"{1000 + random.Next(40)}" },
            To = new MessageParty { Number = random.Next(9) == 0 ? null : $"{1000 + random.Next(40)}" },
            StartedAt = started,
            Tenant = random.Next(3) switch { 0 => "acme", 1 => "beta", _ => null },
        };
        return Told(new StoredMessage(record, new ConversationRecord(conversation, Start, $"{2000 + (i / 4)}@example.com", $"+49{i / 4}@example.com@home"), [7]), random);
    }

    // Other texts and outcome; the message is the same.
    private static StoredMessage Told(StoredMessage message, Random random) => message with
    {
        Record = message.Record with
        {
            Outcome = (MessageOutcome)random.Next(1, 4),
            Text = random.Next(12) == 0 ? null : $"{Words[random.Next(Words.Length)]} {random.Next(1_000)}: {Words[random.Next(Words.Length)]}",
            From = message.Record.From with { Uri = $"sip:{message.Record.From.Number}@host{random.Next(5)}.example.com", Name = random.Next(3) == 0 ? Words[random.Next(Words.Length)] : null },
        },
    };
}

/// <summary>On SQLite.</summary>
public sealed class SqliteMessageTextTests : MessageTextTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);
    private static readonly DateOnly Day = new(2026, 11, 18);
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 18, 0, 0, 0, TimeSpan.Zero));

    private protected override StorePlace NewPlace() => new SqlitePlace();

    [Fact]
    public void Plans_OfRareTexts_LeadFromTheIndexToTheMessages()
    {
        using var folder = new StoreFolder();
        using SqliteMessageStore store = SqliteMessageStore.Open(folder.Records);
        store.Write([.. Enumerable.Range(0, 900).Select(static i => Message(i, new Random(i), Start + TimeSpan.FromSeconds(i)))]);
        store.Seal(Over);
        foreach (MessageQuery query in (MessageQuery[])[new() { Text = "invoice 5" }, new() { Text = "JÜRGEN 1" }, new() { Text = "invoice 51", Tenant = "acme", Ascending = true }])
        {
            string plan = string.Join('\n', store.Explain(query, Day));
            Assert.Contains("INDEX messages_by_document (document=?)", plan, StringComparison.Ordinal);
            Assert.Contains("SEARCH d USING INTEGER PRIMARY KEY (rowid=?)", plan, StringComparison.Ordinal);
        }

        // What has an index of its own leads, and what nearly every message has is met soon in order of time.
        Assert.Contains("messages_by_from (from_number=?", string.Join('\n', store.Explain(new MessageQuery { Text = "invoice", Sender = "1001" }, Day)), StringComparison.Ordinal);
        Assert.Contains("SCAN m", string.Join('\n', store.Explain(new MessageQuery { Text = "sip:" }, Day)), StringComparison.Ordinal);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-18.db"), SqliteAccess.Read, TimeSpan.Zero, 1000);
        foreach (string sql in DayTexts.Statements)
        {
            using SqliteStatement plan = database.Prepare("EXPLAIN QUERY PLAN " + sql);
            while (plan.Step()) Assert.StartsWith("SEARCH", plan.Text(3), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DaysThatAreOver_AreNotOpened_ForWhatTheyHaveNot()
    {
        using var folder = new StoreFolder();
        using SqliteMessageStore store = SqliteMessageStore.Open(folder.Records);
        store.Write([.. Enumerable.Range(0, 600).Select(static i => Message(i, new Random(i)))]);
        store.Seal(Over);
        foreach (MessageQuery query in (MessageQuery[])
        [
            new() { Text = "zz12345678" }, new() { Text = "invoice 98765" }, new() { Number = "9999" }, new() { Sender = "9999" }, new() { Receiver = "+491" }, new() { SipCallId = "nobody's" },
            new() { Text = "\u0001\u0002\u0003" },
        ])
        {
            Assert.DoesNotContain(true, store.Days().Select(day => store.MayBeIn(query, day)));
        }

        Assert.DoesNotContain(true, store.Days().Select(day => store.MayBeIn(new ConversationQuery { Party = "9999" }, day)));
        Assert.Contains(true, store.Days().Select(day => store.MayBeIn(new MessageQuery { Number = "1001" }, day)));

        // What was sealed tells nothing any more once more is written, until it is sealed anew.
        StoredMessage late = Message(7_000, new Random(1), Start + TimeSpan.FromHours(1));
        store.Write([late with { Record = late.Record with { Text = "zz12345678", From = late.Record.From with { Number = "9999" } } }]);
        Assert.True(store.MayBeIn(new MessageQuery { Number = "9999" }, Day));
        Assert.Single(store.ListMessages(new MessageQuery { Text = "zz12345678", Number = "9999" }).Items);
        Assert.Equal(1, store.Seal(Over));
        Assert.Single(store.ListMessages(new MessageQuery { Text = "zz12345678" }).Items);
        Assert.False(store.MayBeIn(new MessageQuery { Number = "9998" }, Day));
    }

    [Fact]
    public void Purge_LeavesNoTextBehind()
    {
        using var folder = new StoreFolder();
        using SqliteMessageStore store = SqliteMessageStore.Open(folder.Records);
        const string secret = "unheard-of-word";
        StoredMessage gone = Message(1, new Random(1), Start);
        gone = gone with { Record = gone.Record with { Text = secret.ToUpperInvariant() } };
        store.Write([gone, .. Enumerable.Range(2, 500).Select(static i => Message(i, new Random(i), Start + TimeSpan.FromSeconds(i)))]);
        store.Seal(Over);
        Assert.Single(store.ListMessages(new MessageQuery { Text = secret }).Items);
        store.Purge([gone.Record.Id]);
        Assert.Empty(store.ListMessages(new MessageQuery { Text = secret }).Items);
        Assert.Empty(store.Scrub());
        store.Seal(Over);
        Assert.Empty(store.ListMessages(new MessageQuery { Text = secret }).Items);
        foreach (string file in Directory.GetFiles(folder.Records)) Assert.DoesNotContain(secret, Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Days_OfOlderFiles_GetTheirTextsWithTheNextSeal()
    {
        using var folder = new StoreFolder();
        using (SqliteMessageStore store = SqliteMessageStore.Open(folder.Records))
        {
            store.Write([.. Enumerable.Range(0, 300).Select(static i => Message(i, new Random(i), Start + TimeSpan.FromSeconds(i)))]);
        }

        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "2026-11-18.db"), SqliteAccess.Write, TimeSpan.FromSeconds(1), 1024))
        {
            // As version 2 left a day.
            database.Execute("DROP TRIGGER text_stale_update; DROP TRIGGER text_stale_delete; DROP TABLE text_segments; DROP TABLE text_grams; DROP TABLE text_terms; DROP TABLE text_stale; "
                + "DROP TABLE message_seal; PRAGMA user_version = 2;");
        }

        using SqliteMessageStore newer = SqliteMessageStore.Open(folder.Records);
        long before = newer.CountMessages(new MessageQuery { Text = "invoice" });
        Assert.InRange(before, 1, 299);
        Assert.Equal(1, newer.Seal(Over));
        Assert.Equal(before, newer.CountMessages(new MessageQuery { Text = "invoice" }));
        Assert.False(newer.MayBeIn(new MessageQuery { Number = "9999" }, Day));
    }
}

/// <summary>On PostgreSQL.</summary>
public sealed class PostgresMessageTextTests : MessageTextTests, IOnPostgres
{
    private protected override char Zero => '\uFFFD';

    private protected override StorePlace NewPlace() => new PostgresPlace();

    [PostgresFact]
    public void Plans_OfRareTexts_LeadFromTheIndexToTheMessages()
    {
        using var place = new PostgresPlace();
        using var store = (PostgresMessageStore)place.Messages();
        store.Write([.. Enumerable.Range(0, 900).Select(static i => Message(i, new Random(i)))]);
        store.Seal(new DateOnly(2030, 1, 1));
        string plan = string.Join('\n', store.Explain(new MessageQuery { Text = "invoice 5" }, store.Days()[0]));
        Assert.Contains("messages_20261118_document", plan, StringComparison.Ordinal);
        Assert.Contains("message_documents_20261118_pkey", plan, StringComparison.Ordinal);
    }
}
