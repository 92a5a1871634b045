using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>What ties the calls of a generated conversation together, beside numbers and time, which always do.</summary>
public enum ConversationTie
{
    /// <summary>Nothing.</summary>
    Numbers,

    /// <summary>X-CID with the other side's Call-ID.</summary>
    Header,

    /// <summary>Session-ID.</summary>
    SessionId,

    /// <summary>The same Call-ID with an affix.</summary>
    Affix,

    /// <summary>The SDP is passed through.</summary>
    Sdp,

    /// <summary>RTP is relayed with its SSRC.</summary>
    Rtp,
}

/// <summary>What a generated conversation does.</summary>
public enum ConversationKind
{
    /// <summary>One call that no machine makes another of: an announcement, a busy number.</summary>
    Lone,

    /// <summary>A call that the PBX makes by itself.</summary>
    Orphan,

    /// <summary>In at one side of the PBX and out at the other.</summary>
    Legs,

    /// <summary>One in, several phones ring, one answers.</summary>
    RingGroup,

    /// <summary>One in, waits, then a phone.</summary>
    Queue,

    /// <summary>In, and out to another number with Diversion.</summary>
    Forward,

    /// <summary>In from a trunk and out to the same trunk.</summary>
    Hairpin,

    /// <summary>A phone sends its caller elsewhere with REFER.</summary>
    BlindTransfer,

    /// <summary>A phone asks somebody, then sends its caller there.</summary>
    AttendedTransfer,

    /// <summary>Another phone takes a ringing call by Replaces.</summary>
    Pickup,

    /// <summary>Another phone takes a parked call by Replaces.</summary>
    Retrieval,
}

/// <summary>Generated conversations through one PBX.</summary>
public sealed record ConversationOptions
{
    /// <summary>Conversations.</summary>
    public int Conversations { get; init; } = 1000;

    /// <summary>Conversations begun in a second, on average.</summary>
    public double PerSecond { get; init; } = 50;

    /// <summary>Seed; equal options give equal captures.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Ties that are drawn from, each as likely.</summary>
    public IReadOnlyList<ConversationTie> Ties { get; init; } = [ConversationTie.Header, ConversationTie.SessionId];

    /// <summary>Kinds that are drawn from, each as likely. What only headers can tie is drawn with headers.</summary>
    public IReadOnlyList<ConversationKind> Kinds { get; init; } = Enum.GetValues<ConversationKind>();

    /// <summary>Share of conversations whose caller calls the same number once more at about the same time.</summary>
    public double TwinShare { get; init; } = 0.02;

    /// <summary>Share of callers that withhold their number.</summary>
    public double AnonymousShare { get; init; } = 0.02;

    /// <summary>Numbers that are called: the fewer, the more calls have the same at once.</summary>
    public int Callees { get; init; } = 5000;

    /// <summary>Start of the first.</summary>
    public Timestamp Start { get; init; } = Timestamp.From(new DateTimeOffset(2026, 11, 20, 8, 0, 0, TimeSpan.Zero));
}

/// <summary>A generated conversation and its Call-IDs, the first first.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Tie">What ties it together.</param>
/// <param name="SipCallIds">Its calls.</param>
public sealed record ExpectedConversation(ConversationKind Kind, ConversationTie Tie, IReadOnlyList<string> SipCallIds);
