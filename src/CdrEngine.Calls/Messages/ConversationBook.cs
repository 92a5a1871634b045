using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Messages;

/// <summary>Tells which conversation a message belongs to: the one of the same two parties that had a message within the gap, else a new one.</summary>
/// <remarks>A conversation's id derives from its parties and its first message, so that the same messages read again give the same conversations.</remarks>
internal sealed class ConversationBook(MessageLimits limits, Counters<MessageCounter> counters)
{
    private readonly Dictionary<(string First, string Second), LinkedListNode<Entry>> _byParties = [];
    private readonly LinkedList<Entry> _byUse = new();

    public void Restore(ConversationRecord conversation) => Add(new Entry(conversation) { LastAt = conversation.EndedAt });

    /// <summary>The conversation of a message between two parties at a time.</summary>
    public ConversationRecord Of(string one, string other, Timestamp at)
    {
        (string First, string Second) parties = string.CompareOrdinal(one, other) <= 0 ? (one, other) : (other, one);
        if (_byParties.TryGetValue(parties, out LinkedListNode<Entry>? node))
        {
            Entry entry = node.Value;
            if (at <= entry.LastAt + limits.ConversationGap && at >= entry.Conversation.StartedAt - limits.ConversationGap)
            {
                entry.LastAt = Timestamp.Max(entry.LastAt, at);
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return entry.Conversation;
            }

            _byUse.Remove(node);
            _byParties.Remove(parties);
        }

        counters.Increment(MessageCounter.Conversations);
        var begun = new ConversationRecord(CallId.Derive(parties.First, parties.Second, at), at, parties.First, parties.Second) { EndedAt = at };
        Add(new Entry(begun) { LastAt = at });
        return begun;
    }

    private void Add(Entry entry)
    {
        if (_byUse.Count >= limits.MaxConversations && _byUse.First is { } oldest)
        {
            _byUse.RemoveFirst();
            _byParties.Remove((oldest.Value.Conversation.First, oldest.Value.Conversation.Second));
        }

        (string, string) parties = (entry.Conversation.First, entry.Conversation.Second);
        if (_byParties.Remove(parties, out LinkedListNode<Entry>? before)) _byUse.Remove(before);
        _byParties.Add(parties, _byUse.AddLast(entry));
    }

    private sealed class Entry(ConversationRecord conversation)
    {
        public ConversationRecord Conversation { get; } = conversation;

        public Timestamp LastAt { get; set; }
    }
}
