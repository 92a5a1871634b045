using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How many messages of a day have a tenant, kind and outcome.</summary>
/// <param name="Tenant">Tenant; empty for none.</param>
/// <param name="Kind">How they travelled.</param>
/// <param name="Outcome">What became of them.</param>
/// <param name="IsInCall">Whether within calls.</param>
/// <param name="Messages">How many.</param>
internal readonly record struct MessageSum(string Tenant, MessageKind Kind, MessageOutcome Outcome, bool IsInCall, long Messages);

/// <summary>What is known of a day's messages and conversations without looking at them. Immutable.</summary>
/// <param name="Messages">Messages by what they have in common.</param>
/// <param name="Conversations">Conversations by tenant; empty for none.</param>
internal sealed record MessageSums(IReadOnlyList<MessageSum> Messages, IReadOnlyDictionary<string, long> Conversations)
{
    /// <summary>Of a day without messages.</summary>
    public static readonly MessageSums None = new([], new Dictionary<string, long>(0));

    /// <summary>Whether a query asks for anything that sums tell of.</summary>
    public static bool AsksSums(MessageQuery query) => query.Tenant is not null || query.Kind is not null || query.Outcome is not null || query.IsFinal || query.InCall is not null;

    /// <summary>Whether sums and times are all that a query asks for.</summary>
    public static bool AsksOnlySums(MessageQuery query) => query is { Number: null, Sender: null, Receiver: null, Text: null, ConversationId: null, SipCallId: null };

    /// <summary>How many messages meet what a query asks of sums, whatever else it asks.</summary>
    public long Of(MessageQuery query)
    {
        long messages = 0;
        foreach (MessageSum sum in Messages)
        {
            if (query.Tenant is { } tenant && sum.Tenant != tenant) continue;
            if (query.Kind is { } kind && sum.Kind != kind) continue;
            if (query.Outcome is { } outcome && sum.Outcome != outcome) continue;
            if (query.IsFinal && sum.Outcome is not (MessageOutcome.Delivered or MessageOutcome.Failed)) continue;
            if (query.InCall is { } inCall && sum.IsInCall != inCall) continue;
            messages += sum.Messages;
        }

        return messages;
    }

    /// <summary>How many conversations are a tenant's; null for all.</summary>
    public long OfConversations(string? tenant) => tenant is null ? Conversations.Values.Sum() : Conversations.GetValueOrDefault(tenant);

    /// <summary>Reads those of a day.</summary>
    public static MessageSums Read(SqliteDatabase database)
    {
        var messages = new List<MessageSum>();
        var conversations = new Dictionary<string, long>(StringComparer.Ordinal);
        database.InOneState(() =>
        {
            using (SqliteStatement list = database.Prepare("SELECT tenant, kind, outcome, in_call, messages FROM message_sums WHERE messages > 0"))
            {
                while (list.Step()) messages.Add(new MessageSum(list.Text(0), (MessageKind)list.Long(1), (MessageOutcome)list.Long(2), list.Long(3) != 0, list.Long(4)));
            }

            using (SqliteStatement list = database.Prepare("SELECT tenant, conversations FROM conversation_sums WHERE conversations > 0"))
            {
                while (list.Step()) conversations.Add(list.Text(0), list.Long(1));
            }
        });
        return new MessageSums(messages, conversations);
    }
}
