using System.ComponentModel;

namespace CdrEngine.Calls.Messages;

/// <summary>Bounds and policy of messages.</summary>
public sealed record MessageLimits
{
    /// <summary>Whether text is kept (<c>message.keep-text</c>). Default true; else only type and length are, and no packets of messages.</summary>
    public bool KeepText { get; init; } = true;

    /// <summary>Octets of content kept as text (<c>message.max-text</c>). Default 64 KiB.</summary>
    public int MaxTextBytes { get; init; } = 64 * 1024;

    /// <summary>Gap that ends a conversation (<c>message.conversation-gap</c>). Default 30 minutes.</summary>
    public TimeSpan ConversationGap { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Conversations that may go on, known at a time. Default 100,000; the one without a message for longest is forgotten.</summary>
    public int MaxConversations { get; init; } = 100_000;

    /// <summary>Messages whose notifications are waited for. Default 100,000; the eldest goes first.</summary>
    public int MaxAwaitingNotification { get; init; } = 100_000;

    /// <summary>How long notifications are waited for. Default 24 h: a message may be read the next day.</summary>
    public TimeSpan NotificationAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>MSRP sessions known at a time. Default 20,000; the eldest is forgotten.</summary>
    public int MaxMsrpSessions { get; init; } = 20_000;

    /// <summary>MSRP messages of one session under way at a time. Default 64 (interleaved chunks, RFC 4975 7.1.1).</summary>
    public int MaxOpenPerSession { get; init; } = 64;

    /// <summary>MSRP messages under way at a time. Default 10,000.</summary>
    public int MaxOpen { get; init; } = 10_000;

    /// <summary>How long the rest of an MSRP message, or its response, may be away. Default 60 s.</summary>
    public TimeSpan MsrpIdle { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What happened to messages.</summary>
public enum MessageCounter
{
    /// <summary>SIP messages.</summary>
    [Description("messages by SIP MESSAGE")]
    Sip,

    /// <summary>MSRP messages.</summary>
    [Description("messages by MSRP")]
    Msrp,

    /// <summary>Composing.</summary>
    [Description("notices that somebody is writing (RFC 3994), not stored")]
    Composing,

    /// <summary>Notifications.</summary>
    [Description("delivery and display notifications tied to their message")]
    Notifications,

    /// <summary>Orphaned notifications.</summary>
    [Description("delivery and display notifications whose message is not known")]
    NotificationsOrphaned,

    /// <summary>Text cut.</summary>
    [Description("messages longer than message.max-text, of which the beginning is kept")]
    TextCut,

    /// <summary>Undecodable content.</summary>
    [Description("contents with an encoding that is not known or is broken")]
    Undecodable,

    /// <summary>Conversations.</summary>
    [Description("conversations begun")]
    Conversations,

    /// <summary>MSRP requests.</summary>
    [Description("MSRP requests and responses understood")]
    MsrpChunks,

    /// <summary>MSRP without content.</summary>
    [Description("MSRP requests without content: to open or to keep a connection")]
    MsrpEmpty,

    /// <summary>MSRP reports.</summary>
    [Description("MSRP success and failure reports")]
    MsrpReports,

    /// <summary>MSRP of no session.</summary>
    [Description("MSRP whose session no call has announced")]
    MsrpUnannounced,

    /// <summary>Incomplete.</summary>
    [Description("MSRP messages broken off, or of which a part was not seen")]
    MsrpIncomplete,

    /// <summary>MSRP limits.</summary>
    [Description("MSRP messages given up because too many were under way")]
    MsrpLimit,
}
