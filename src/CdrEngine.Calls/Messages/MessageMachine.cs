using System.Text;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Messages;

/// <summary>What a MESSAGE request says, read while it is at hand.</summary>
internal sealed class MessageDraft
{
    public required MessageParty From { get; init; }

    public required MessageParty To { get; init; }

    public required string FromKey { get; init; }

    public required string ToKey { get; init; }

    public required Content Content { get; init; }

    public bool IsInCall { get; init; }

    public string? AnsweringAgent { get; set; }
}

/// <summary>All messages, folded from MESSAGE exchanges (RFC 3428) and from MSRP. Time is that of the packets.</summary>
/// <remarks>A message is told once it is settled, and again when a notification about it is seen (RFC 5438).</remarks>
public sealed class MessageMachine
{
    private const int LongestText = 512;

    /// <summary>Notifications that may wait for the final response of their message, which often comes after them.</summary>
    private const int EarlyNotifications = 1024;

    private const int NotificationsOfOneMessage = 16;

    private readonly MessageLimits _limits;
    private readonly ContentReader _contents;
    private readonly ConversationBook _conversations;
    private readonly TextCache _texts = new(4096);
    private readonly Dictionary<string, LinkedListNode<Awaiting>> _awaiting = new(StringComparer.Ordinal);
    private readonly LinkedList<Awaiting> _awaitingByAge = new();
    private readonly LinkedList<EarlyNotification> _early = new();
    private readonly List<StoredMessage> _changed = [];

    /// <summary>A machine that knows nothing yet.</summary>
    public MessageMachine(MessageLimits limits)
    {
        _limits = limits;
        _contents = new ContentReader(limits);
        _conversations = new ConversationBook(limits, Counters);
    }

    /// <summary>What happened.</summary>
    public Counters<MessageCounter> Counters { get; } = new();

    /// <summary>True where something waits for <see cref="Drain"/>.</summary>
    public bool HasChanges => _changed.Count > 0;

    internal TextCache Texts => _texts;

    /// <summary>Goes on with a conversation that was stored, before the first packet; the eldest first.</summary>
    public void Restore(ConversationRecord conversation) => _conversations.Restore(conversation);

    /// <summary>The capture is over: notifications that still wait for their message have none.</summary>
    public void Complete()
    {
        Counters.Add(MessageCounter.NotificationsOrphaned, _early.Count);
        _early.Clear();
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(Timestamp now)
    {
        while (_awaitingByAge.First is { } oldest && (now - oldest.Value.Since > _limits.NotificationAge || now < oldest.Value.Since - _limits.NotificationAge)) Drop(oldest);
    }

    /// <summary>Takes the messages told since the last time, in order.</summary>
    public void Drain(List<StoredMessage> changed)
    {
        changed.AddRange(_changed);
        _changed.Clear();
    }

    /// <summary>Reads a MESSAGE request.</summary>
    internal MessageDraft Read(SipMessage message, in MessageContext context, bool isInCall)
    {
        message.TryGetHeader(SipHeader.ContentEncoding, out ReadOnlySpan<byte> encoding);
        Content content = _contents.Read(message.Body, message.ContentType, encoding);
        if (content.IsBroken) Counters.Increment(MessageCounter.Undecodable);
        NameAddr from = message.From;
        NameAddr asserted = message.AssertedIdentity;
        MessageParty sender = Party(from, context.Source, message.TryGetHeader(SipHeader.UserAgent, out ReadOnlySpan<byte> agent) ? agent : default) with
        {
            AssertedUri = asserted.IsEmpty || asserted.UriText.SequenceEqual(from.UriText) ? null : _texts.Get(Bounded(asserted.UriText)),
        };
        NameAddr to = message.To;
        return new MessageDraft
        {
            From = sender,
            To = Party(to, context.Destination, default),
            FromKey = KeyOf(from.UriText),
            ToKey = KeyOf(to.UriText),
            Content = content,
            IsInCall = isInCall,
        };
    }

    /// <summary>Folds a settled exchange.</summary>
    internal void Settle(Exchange exchange, MessageDraft draft, byte[] chunks, bool isCutShort)
    {
        Content content = draft.Content;
        switch (content.Kind)
        {
            case ContentKind.Composing:
                Counters.Increment(MessageCounter.Composing);
                return;
            case ContentKind.Notification:
                Notify(content, draft.FromKey, draft.ToKey, exchange.StartedAt, chunks);
                return;
        }

        Counters.Increment(MessageCounter.Sip);
        if (content.IsCut) Counters.Increment(MessageCounter.TextCut);
        Tell(
            new MessageRecord
            {
                Id = CallId.Derive($"{exchange.SipCallId}\0{exchange.FirstCSeq}", exchange.FromTag, exchange.StartedAt),
                Kind = MessageKind.Sip,
                SipCallId = exchange.SipCallId,
                IsInCall = draft.IsInCall,
                MessageId = content.MessageId,
                From = draft.From with { Address = exchange.Source },
                To = draft.To with { Address = exchange.Destination, UserAgent = draft.AnsweringAgent },
                StartedAt = exchange.StartedAt,
                EndedAt = exchange.AnsweredAt,
                ResponseTime = exchange.ResponseTime,
                Outcome = exchange.Status switch
                {
                    0 => isCutShort ? MessageOutcome.Pending : MessageOutcome.Unanswered,
                    >= 200 and < 300 => MessageOutcome.Delivered,
                    _ => MessageOutcome.Failed,
                },
                SipStatus = exchange.Status,
                SipReason = exchange.Reason,
                Transport = exchange.Transport,
                ContentType = content.Type,
                Charset = content.Charset,
                Size = content.Size,
                Text = content.Text,
                IsTextCut = content.IsCut && content.Text is not null,
                IsIncomplete = exchange.IsTruncated,
                Challenges = exchange.Challenges,
                Retransmissions = exchange.Retransmissions,
                Hops = Math.Max(exchange.Hops, 1),
                CaptureSource = exchange.CaptureSource,
            },
            draft.FromKey,
            draft.ToKey,
            chunks,

            // Where nothing else names the message, its Call-ID does.
            content.MessageId ?? exchange.SipCallId);
    }

    /// <summary>Tells a message and waits for notifications about it.</summary>
    internal void Tell(MessageRecord record, string fromKey, string toKey, byte[] chunks, string? notificationId)
    {
        ConversationRecord conversation = _conversations.Of(fromKey, toKey, record.StartedAt);
        var stored = new StoredMessage(record with { ConversationId = conversation.Id }, conversation, chunks);
        _changed.Add(stored);
        if (notificationId is null || notificationId.Length > LongestText) return;
        if (_awaiting.TryGetValue(notificationId, out LinkedListNode<Awaiting>? before)) Drop(before);
        if (_awaitingByAge.Count >= _limits.MaxAwaitingNotification) Drop(_awaitingByAge.First!);
        _awaiting.Add(notificationId, _awaitingByAge.AddLast(new Awaiting(notificationId, fromKey, toKey, record.StartedAt) { Stored = stored }));
        for (LinkedListNode<EarlyNotification>? early = _early.First; early is not null;)
        {
            LinkedListNode<EarlyNotification>? next = early.Next;
            if (early.Value.Content.MessageId == notificationId && TryTie(early.Value)) _early.Remove(early);
            early = next;
        }
    }

    /// <summary>Ties a notification to its message: what it names must have been sent to the notification's sender.</summary>
    internal void Notify(Content content, string fromKey, string toKey, Timestamp at, byte[] chunks)
    {
        var told = new EarlyNotification(content, fromKey, toKey, at, chunks);
        if (TryTie(told)) return;
        if (content.MessageId is null || content.NotificationStatus is null)
        {
            Counters.Increment(MessageCounter.NotificationsOrphaned);
            return;
        }

        _early.AddLast(told);
        if (_early.Count <= EarlyNotifications) return;
        _early.RemoveFirst();
        Counters.Increment(MessageCounter.NotificationsOrphaned);
    }

    private bool TryTie(EarlyNotification told)
    {
        Content content = told.Content;
        if (content.MessageId is not { } id || content.NotificationStatus is not { } status || !_awaiting.TryGetValue(id, out LinkedListNode<Awaiting>? node)) return false;
        StoredMessage known = node.Value.Stored;
        if (node.Value.FromKey != told.ToKey || node.Value.ToKey != told.FromKey || known.Record.Notifications.Count >= NotificationsOfOneMessage) return false;
        Counters.Increment(MessageCounter.Notifications);
        var notification = new MessageNotification(content.Notification, status, told.At);
        known = known with
        {
            Record = known.Record with { Notifications = [.. known.Record.Notifications, notification] },
            Chunks = ChunksTogether?.Invoke(known.Chunks, told.Chunks) ?? known.Chunks,
        };
        node.Value.Stored = known;
        _changed.Add(known);
        return true;
    }

    /// <summary>Makes one list of two lists of chunks; their form is known to who keeps packets. Null leaves the first.</summary>
    public Func<byte[], byte[], byte[]>? ChunksTogether { get; init; }

    internal MessageParty Party(in NameAddr address, Endpoint at, ReadOnlySpan<byte> agent)
    {
        SipUri uri = address.Uri;
        string name = address.DisplayName.Length > LongestText ? "" : address.DisplayNameText();
        return new MessageParty
        {
            Number = uri.User.IsEmpty || uri.User.Length > LongestText ? null : uri.UserText(),
            Name = name.Length == 0 ? null : name,
            Uri = address.UriText.IsEmpty ? null : _texts.Get(Bounded(address.UriText)),
            Address = at,
            UserAgent = _texts.GetOrNull(Bounded(agent)),
        };
    }

    /// <summary>What a party is known by: digits of a telephone number, else its address of record.</summary>
    internal string KeyOf(ReadOnlySpan<byte> uriText)
    {
        (string? aor, string? user, _) = RegisterDraft.AddressOfRecord(uriText, _texts);
        if (aor is null) return Encoding.UTF8.GetString(Bounded(uriText)).ToLowerInvariant();
        if (aor.StartsWith("tel:", StringComparison.OrdinalIgnoreCase)) return aor[4..];
        if (aor.StartsWith("im:", StringComparison.OrdinalIgnoreCase)) return aor[3..].ToLowerInvariant();
        if (user is ['+', ..] && user.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0) return user;
        return aor[(aor.IndexOf(':') + 1)..];
    }

    private static ReadOnlySpan<byte> Bounded(ReadOnlySpan<byte> text) => text.Length > LongestText ? text[..LongestText] : text;

    private void Drop(LinkedListNode<Awaiting> node)
    {
        _awaiting.Remove(node.Value.Id);
        _awaitingByAge.Remove(node);
    }

    private sealed class Awaiting(string id, string fromKey, string toKey, Timestamp since)
    {
        public string Id { get; } = id;

        public string FromKey { get; } = fromKey;

        public string ToKey { get; } = toKey;

        public Timestamp Since { get; } = since;

        public required StoredMessage Stored { get; set; }
    }

    private sealed record EarlyNotification(Content Content, string FromKey, string ToKey, Timestamp At, byte[] Chunks);
}
