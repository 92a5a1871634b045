using System.Text;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>What a day of messages that is over is asked without being opened: which numbers, parties, conversations and Call-IDs it may have, and what its texts are made of. Stored with the
/// day; whatever is written to the day later removes it, until the day is sealed anew.</summary>
/// <param name="Keys">Its keys.</param>
/// <param name="Grams">What its texts are made of, as <see cref="GramFilter"/> has it.</param>
/// <param name="Windows">The same, as <see cref="WindowFilter"/> has it.</param>
/// <param name="Texts">The segments of its texts, which tell of every message.</param>
internal sealed record MessageSeal(KeyFilter Keys, byte[] Grams, byte[] Windows, IReadOnlyList<DayTextSegment>? Texts) : IDaySeal
{
    /// <summary>Whether all of it is stored: 0 where something is missing.</summary>
    public const string Stored = $"SELECT count(*) = 4 FROM message_seal WHERE name IN ('{KeysName}', '{GramsName}', '{WindowsName}', '{IndexedName}')";

    /// <summary>Addresses of parties are looked for by what stands before one of so many of their at signs.</summary>
    public const int MostAts = 4;

    /// <summary>The index that leads to messages that were not taken, which are few.</summary>
    public const string OutcomeIndex = "messages_by_outcome";

    // The day that is written to all the time goes without these.
    private const string Schema = $"""
        CREATE INDEX IF NOT EXISTS {OutcomeIndex} ON messages (outcome, started_at, id, tenant, kind, in_call, document) WHERE outcome <> 1;
        CREATE TRIGGER IF NOT EXISTS message_seal_insert AFTER INSERT ON messages BEGIN DELETE FROM message_seal; END;
        CREATE TRIGGER IF NOT EXISTS message_seal_delete AFTER DELETE ON messages BEGIN DELETE FROM message_seal; END;
        CREATE TRIGGER IF NOT EXISTS message_seal_text AFTER UPDATE OF search ON message_documents WHEN OLD.search IS NOT NEW.search BEGIN DELETE FROM message_seal; END;
        CREATE TRIGGER IF NOT EXISTS message_seal_conversation AFTER INSERT ON conversations BEGIN DELETE FROM message_seal; END;
        """;

    private const string KeysName = "keys";
    private const string GramsName = "texts";
    private const string WindowsName = "windows";
    private const string IndexedName = "indexed";

    /// <summary>Whether the day has <see cref="OutcomeIndex"/>.</summary>
    public bool HasIndexes { get; init; }

    /// <inheritdoc />
    public long Size => Keys.Size + Grams.Length + Windows.Length + ((Texts?.Count ?? 0) * 64L);

    /// <summary>Makes the seal of a day, in one transaction.</summary>
    public static void Make(SqliteDatabase database) => database.Transact(() =>
    {
        database.Execute(Schema);
        database.Execute("DELETE FROM message_seal");
        DayTexts.Complete(database, TextSource.Messages);
        Put(database, KeysName, KeyFilter.Of(KeysOf(database)).ToBytes());
        Put(database, GramsName, DayTexts.FilterOf(database));
        var windows = new WindowFilter();
        using (SqliteStatement list = database.Prepare("SELECT search FROM message_documents"))
        {
            while (list.Step()) windows.Add(list.TextBytes(0));
        }

        Put(database, WindowsName, windows.ToBytes());
        Put(database, IndexedName, [1]);
    });

    /// <summary>Reads the seal of a day; null where it has none.</summary>
    public static MessageSeal? Read(SqliteDatabase database)
    {
        MessageSeal? read = null;
        database.InOneState(() =>
        {
            KeyFilter? keys = null;
            byte[]? grams = null, windows = null;
            bool hasIndexes = false;
            using (SqliteStatement list = database.Prepare("SELECT name, value FROM message_seal"))
            {
                while (list.Step())
                {
                    ReadOnlySpan<byte> value = list.Blob(1);
                    switch (list.Text(0))
                    {
                        case KeysName:
                            keys = KeyFilter.Read(value);
                            break;
                        case GramsName when value.Length == GramFilter.Bytes:
                            grams = value.ToArray();
                            break;
                        case WindowsName when WindowFilter.IsOne(value):
                            windows = value.ToArray();
                            break;
                        case IndexedName:
                            hasIndexes = true;
                            break;
                    }
                }
            }

            if (keys is not null && grams is not null && windows is not null) read = new MessageSeal(keys, grams, windows, DayTexts.Segments(database)) { HasIndexes = hasIndexes };
        });
        return read;
    }

    /// <summary>Whether any text of the day may have a part.</summary>
    public bool MayHave(TextNeedle needle) => !needle.IsNowhere && GramFilter.MayHave(Grams, needle) && WindowFilter.MayHave(Windows, needle);

    private static void Put(SqliteDatabase database, string name, byte[] value) =>
        database.Prepare("INSERT OR REPLACE INTO message_seal (name, value) VALUES (?1, ?2)").Bind(name).BindBlob(value.AsSpan()).Run();

    /// <summary>Adds the keys of a message.</summary>
    public static void AddKeys(HashSet<ulong> keys, string? from, string? to, string conversation, long sipCallHash)
    {
        if (from is not null) keys.Add(KeyFilter.OfNumber(from));
        if (to is not null) keys.Add(KeyFilter.OfNumber(to));
        keys.Add(KeyFilter.OfConversation(Encoding.UTF8.GetBytes(conversation)));
        keys.Add(KeyFilter.OfSipCall(sipCallHash));
    }

    private static HashSet<ulong> KeysOf(SqliteDatabase database)
    {
        var keys = new HashSet<ulong>();
        using (SqliteStatement list = database.Prepare("SELECT from_number, to_number, conversation, sip_call_hash FROM messages"))
        {
            while (list.Step()) AddKeys(keys, Text(list, 0), Text(list, 1), Text(list, 2)!, list.Long(3));
        }

        using (SqliteStatement list = database.Prepare("SELECT first, second FROM conversations"))
        {
            while (list.Step())
            {
                AddParty(list.TextBytes(0), keys);
                AddParty(list.TextBytes(1), keys);
            }
        }

        return keys;

        // As it is stored, a zero character in it too.
        static string? Text(SqliteStatement row, int column) => row.IsNull(column) ? null : Encoding.UTF8.GetString(row.TextBytes(column));
    }

    // A party is asked for by all of it, or by what stands before an at sign.
    private static void AddParty(ReadOnlySpan<byte> party, HashSet<ulong> keys)
    {
        keys.Add(KeyFilter.OfParty(party));
        int from = 0;
        for (int ats = 0; ats < MostAts && party[from..].IndexOf((byte)'@') is >= 0 and var at; ats++)
        {
            keys.Add(KeyFilter.OfParty(party[..(from + at)]));
            from += at + 1;
        }
    }
}

/// <summary>What a query asks of days by keys and texts: a day that has none of one of them has nothing that is asked for. One thread.</summary>
internal sealed class AskedMessages
{
    private readonly List<ulong> _keys = [];

    /// <summary>Of messages.</summary>
    public AskedMessages(MessageQuery query)
    {
        foreach (string? number in (ReadOnlySpan<string?>)[query.Number, query.Sender, query.Receiver])
        {
            if (number is not null && (number != query.Number || !number.EndsWith('*'))) _keys.Add(KeyFilter.OfNumber(number));
        }

        if (query.ConversationId is { } conversation) _keys.Add(KeyFilter.OfConversation(Encoding.UTF8.GetBytes(conversation)));
        if (query.SipCallId is { } sipCallId) _keys.Add(KeyFilter.OfSipCall(CallRow.SipCallHash(sipCallId)));
        Text = NeedleOf(query.Text);
        LeadsByOutcome = query is { Outcome: not (null or MessageOutcome.Delivered), Number: null, Sender: null, Receiver: null, ConversationId: null, SipCallId: null, Text: null };
        LeadsByText = Text is not null && query is { Number: null, Sender: null, Receiver: null, ConversationId: null, SipCallId: null };
    }

    /// <summary>Of conversations.</summary>
    public AskedMessages(ConversationQuery query)
    {
        if (query.Party is { } party && party.Count(static c => c == '@') < MessageSeal.MostAts) _keys.Add(KeyFilter.OfParty(Encoding.UTF8.GetBytes(party)));
    }

    /// <summary>The part of a text that is looked for: of one that goes over the ends of lines, the longest line; null for none.</summary>
    public TextNeedle? Text { get; }

    /// <summary>Whether the text is what leads to the messages: no other filter does that has an index of its own.</summary>
    public bool LeadsByText { get; }

    /// <summary>Whether an outcome that few messages have is what leads to them.</summary>
    public bool LeadsByOutcome { get; }

    /// <summary>False where a seal cannot tell anything of it.</summary>
    public bool AsksAnything => _keys.Count > 0 || Text is not null || LeadsByOutcome;

    /// <summary>Whether a day may have what is asked for.</summary>
    public bool MayBeIn(MessageSeal seal) => MayBeIn(seal.Keys) && (Text is null || seal.MayHave(Text));

    /// <summary>Whether what has these keys may be asked for.</summary>
    public bool MayBeIn(KeyFilter keys) => _keys.TrueForAll(keys.MayHave);

    /// <summary>The part of a text that an index is asked for; null for none.</summary>
    public static TextNeedle? NeedleOf(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        string line = text.Split('\n').MaxBy(static part => part.Length)!;
        return line.Length == 0 ? null : new TextNeedle(line.ToLowerInvariant(), TextFields.Searched);
    }
}
