using CdrEngine.Core;

namespace CdrEngine.Calls.Messages;

/// <summary>How a message travelled. Written to disk: values only ever grow.</summary>
public enum MessageKind : byte
{
    /// <summary>SIP MESSAGE (RFC 3428).</summary>
    Sip = 0,

    /// <summary>MSRP (RFC 4975), in a session that a call set up.</summary>
    Msrp = 1,
}

/// <summary>What became of a message. Written to disk: values only ever grow.</summary>
public enum MessageOutcome : byte
{
    /// <summary>No final response yet when the capture ended.</summary>
    Pending = 0,

    /// <summary>Taken by the receiver or by a server for it: a 2xx.</summary>
    Delivered = 1,

    /// <summary>Refused.</summary>
    Failed = 2,

    /// <summary>No final response in time.</summary>
    Unanswered = 3,
}

/// <summary>What a receiver's device says became of a message later (RFC 5438). Written to disk: values only ever grow.</summary>
public enum NotificationKind : byte
{
    /// <summary>It came to the device, or did not.</summary>
    Delivery = 0,

    /// <summary>It was shown, or was not.</summary>
    Display = 1,

    /// <summary>It was worked on by a server.</summary>
    Processing = 2,
}

/// <summary>A notification about a message.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Status">As told: <c>delivered</c>, <c>displayed</c>, <c>failed</c>, <c>forbidden</c>, <c>error</c>, …</param>
/// <param name="At">When it was seen.</param>
public readonly record struct MessageNotification(NotificationKind Kind, string Status, Timestamp At);

/// <summary>One end of a message.</summary>
public sealed record MessageParty
{
    /// <summary>User part of the URI.</summary>
    public string? Number { get; init; }

    /// <summary>Display name.</summary>
    public string? Name { get; init; }

    /// <summary>URI as on the wire.</summary>
    public string? Uri { get; init; }

    /// <summary>Asserted identity, where another one was asserted (P-Asserted-Identity, RFC 3325).</summary>
    public string? AssertedUri { get; init; }

    /// <summary>Address as seen.</summary>
    public Endpoint Address { get; init; }

    /// <summary>User-Agent or Server.</summary>
    public string? UserAgent { get; init; }
}

/// <summary>One message: its sending, authenticated retries and hops included, and what became of it.</summary>
public sealed record MessageRecord
{
    /// <summary>Identity, derived from the message: UTC day of its start, a hyphen, 24 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>How it travelled.</summary>
    public MessageKind Kind { get; init; }

    /// <summary>Conversation it belongs to.</summary>
    public string ConversationId { get; init; } = "";

    /// <summary>Call-ID of the message, or of the call it was sent in.</summary>
    public required string SipCallId { get; init; }

    /// <summary>Whether it was sent within a call.</summary>
    public bool IsInCall { get; init; }

    /// <summary>Place of its m-line in the call, for MSRP; null else.</summary>
    public int? MediaIndex { get; init; }

    /// <summary>Message-ID of MSRP or of CPIM (imdn.Message-ID), by which notifications name it.</summary>
    public string? MessageId { get; init; }

    /// <summary>Who sent it.</summary>
    public required MessageParty From { get; init; }

    /// <summary>To whom.</summary>
    public required MessageParty To { get; init; }

    /// <summary>First request, or first chunk.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>Final response; null without one.</summary>
    public Timestamp? EndedAt { get; init; }

    /// <summary>From the last request to its response.</summary>
    public TimeSpan? ResponseTime { get; init; }

    /// <summary>Outcome.</summary>
    public MessageOutcome Outcome { get; init; }

    /// <summary>Final status; 0 where there is none. Of MSRP the status of the transaction or of the failure report.</summary>
    public int SipStatus { get; init; }

    /// <summary>Reason phrase.</summary>
    public string? SipReason { get; init; }

    /// <summary>Transport.</summary>
    public Transport Transport { get; init; }

    /// <summary>Media type of the content, without parameters, lower case: of the innermost where it came wrapped (CPIM).</summary>
    public string? ContentType { get; init; }

    /// <summary>Character set as written; null where none is.</summary>
    public string? Charset { get; init; }

    /// <summary>Octets of the content.</summary>
    public long Size { get; init; }

    /// <summary>Text; null where there is none, or the policy keeps none.</summary>
    public string? Text { get; init; }

    /// <summary>True where the text is only the beginning.</summary>
    public bool IsTextCut { get; init; }

    /// <summary>Whether parts of it are missing: bytes that the capture lost, a transfer broken off.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>Chunks it came in (MSRP); 1 for SIP.</summary>
    public int Chunks { get; init; } = 1;

    /// <summary>Challenges answered.</summary>
    public int Challenges { get; init; }

    /// <summary>Retransmissions.</summary>
    public int Retransmissions { get; init; }

    /// <summary>Places of the wire it was seen at.</summary>
    public int Hops { get; init; } = 1;

    /// <summary>Notifications about it, in order.</summary>
    public IReadOnlyList<MessageNotification> Notifications { get; init; } = [];

    /// <summary>Source that saw it.</summary>
    public string CaptureSource { get; init; } = "";

    /// <summary>Tenant by the directory; null without one.</summary>
    public string? Tenant { get; init; }
}

/// <summary>Messages between the same two parties with no gap over the limit.</summary>
/// <param name="Id">Identity, derived from its first message.</param>
/// <param name="StartedAt">Its first message.</param>
/// <param name="First">One party: the one whose name sorts first.</param>
/// <param name="Second">The other.</param>
public sealed record ConversationRecord(string Id, Timestamp StartedAt, string First, string Second)
{
    /// <summary>Its last message.</summary>
    public Timestamp EndedAt { get; init; }

    /// <summary>Messages.</summary>
    public long Count { get; init; }

    /// <summary>Tenant by the directory; null without one.</summary>
    public string? Tenant { get; init; }
}

/// <summary>A message on its way to the store.</summary>
/// <param name="Record">The record.</param>
/// <param name="Conversation">The conversation it belongs to; its end and count are the store's to know.</param>
/// <param name="Chunks">Where its packets lie, as the packet log encodes it; empty where none are kept.</param>
public sealed record StoredMessage(MessageRecord Record, ConversationRecord Conversation, byte[] Chunks);
