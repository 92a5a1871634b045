using CdrEngine.Calls.Messages;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Which messages, in which order.</summary>
public sealed record MessageQuery
{
    /// <summary>Started at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Started before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Number of either party; a prefix where it ends in <c>*</c>.</summary>
    public string? Number { get; init; }

    /// <summary>Number of who sent it, exactly.</summary>
    public string? Sender { get; init; }

    /// <summary>Number of whom it was sent to, exactly.</summary>
    public string? Receiver { get; init; }

    /// <summary>Part of the text or of a URI; case does not matter.</summary>
    public string? Text { get; init; }

    /// <summary>Outcome.</summary>
    public MessageOutcome? Outcome { get; init; }

    /// <summary>Only those that were taken or refused.</summary>
    public bool IsFinal { get; init; }

    /// <summary>How it travelled.</summary>
    public MessageKind? Kind { get; init; }

    /// <summary>Conversation.</summary>
    public string? ConversationId { get; init; }

    /// <summary>Call-ID, exactly.</summary>
    public string? SipCallId { get; init; }

    /// <summary>Only messages within calls (or only others).</summary>
    public bool? InCall { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Earliest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Records that stand before the page, behind the cursor where there is one.</summary>
    public long Skip { get; init; }

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Which conversations, in which order.</summary>
public sealed record ConversationQuery
{
    /// <summary>Started at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Started before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>One of the parties: user, number or user@domain.</summary>
    public string? Party { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Earliest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Records that stand before the page, behind the cursor where there is one.</summary>
    public long Skip { get; init; }

    /// <summary>Where the page before ended; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>Reads messages and conversations. Several threads may ask at once.</summary>
public interface IMessageReader
{
    /// <summary>A message; null where there is none.</summary>
    MessageRecord? GetMessage(string id);

    /// <summary>A list.</summary>
    ListPage<MessageRecord> ListMessages(MessageQuery query);

    /// <summary>A conversation; null where there is none.</summary>
    ConversationRecord? GetConversation(string id);

    /// <summary>A list.</summary>
    ListPage<ConversationRecord> ListConversations(ConversationQuery query);

    /// <summary>How many messages a query asks for; its limit, order and cursor do not matter.</summary>
    long CountMessages(MessageQuery query);

    /// <summary>How many conversations a query asks for; its limit, order and cursor do not matter.</summary>
    long CountConversations(ConversationQuery query);

    /// <summary>Ids of messages from one to another of the same day, both included, the one stored first in front; empty where these are no two ids of one day.
    /// For the integer ids of <see cref="Records.CallNumber"/>.</summary>
    IReadOnlyList<string> MessageIds(string first, string last);

    /// <summary>The same of several ranges at once. Null where the reader does not answer that at once; ranges are then to be asked one by one.</summary>
    IReadOnlyList<IReadOnlyList<string>>? MessageIds(IReadOnlyList<(string First, string Last)> ranges) => null;

    /// <summary>The same of conversations, in order of their ids.</summary>
    IReadOnlyList<string> ConversationIds(string first, string last);

    /// <summary>The same of several ranges at once. Null where the reader does not answer that at once; ranges are then to be asked one by one.</summary>
    IReadOnlyList<IReadOnlyList<string>>? ConversationIds(IReadOnlyList<(string First, string Last)> ranges) => null;

    /// <summary>The first message of each of some conversations, by the conversations' ids; those without one are left out. Null where the reader does not answer that at once; they are then to be
    /// listed one by one.</summary>
    /// <param name="conversations">Conversations as they are listed: each begins with its first message.</param>
    /// <param name="tenant">Only messages of this tenant; null for all.</param>
    IReadOnlyDictionary<string, MessageRecord>? FirstMessages(IReadOnlyCollection<ConversationRecord> conversations, string? tenant = null) => null;
}

/// <summary>Keeps messages. Written by one thread.</summary>
public interface IMessageStore
{
    /// <summary>Writes messages. Writing the same again changes nothing; one told again with more replaces what was told before.</summary>
    void Write(IReadOnlyList<StoredMessage> messages);
}
