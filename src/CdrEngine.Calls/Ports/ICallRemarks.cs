using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>What clients of the dialects wrote about a call: nothing of it was on the wire.</summary>
public sealed record CallRemark
{
    /// <summary>Nothing was written.</summary>
    public static readonly CallRemark None = new();

    /// <summary>Most characters of <see cref="Info"/>, <see cref="Summary"/> and <see cref="Sentiment"/>.</summary>
    public const int ShortText = 16 * 1024;

    /// <summary>Most characters of <see cref="Notes"/>, transcripts and <see cref="Metadata"/>.</summary>
    public const int LongText = 512 * 1024;

    /// <summary>A line about the call; null where none was written.</summary>
    public string? Info { get; init; }

    /// <summary>Notes; null where none were written.</summary>
    public string? Notes { get; init; }

    /// <summary>What was said.</summary>
    public string? Transcript { get; init; }

    /// <summary>What was said, by who said it.</summary>
    public string? TranscriptSpeakers { get; init; }

    /// <summary>What it was about.</summary>
    public string? Summary { get; init; }

    /// <summary>How it sounded, in a word.</summary>
    public string? Sentiment { get; init; }

    /// <summary>How content the customer was, 0..100.</summary>
    public int? Score { get; init; }

    /// <summary>Any JSON, as text.</summary>
    public string? Metadata { get; init; }

    /// <summary>Folder of the voice message: 0 inbox, 1 old, 2 trash.</summary>
    public int Folder { get; init; }

    /// <summary>Whether the voice message was fetched.</summary>
    public bool IsHeard { get; init; }

    /// <summary>Whether the voice message was deleted; the call was not.</summary>
    public bool IsMessageDeleted { get; init; }
}

/// <summary>A change of what is written about a call.</summary>
/// <param name="CallId">Id of its record.</param>
/// <param name="Change">Makes the new remark of the one there is.</param>
public sealed record RemarkChange(string CallId, Func<CallRemark, CallRemark> Change);

/// <summary>Lists that can be cleared as a whole. Stored: they only ever grow.</summary>
public enum ClearedList
{
    /// <summary>Lines of rated calls.</summary>
    Statements = 0,

    /// <summary>Voice messages.</summary>
    VoiceMessages = 1,

    /// <summary>Recordings.</summary>
    Monitors = 2,

    /// <summary>Messages.</summary>
    Messages = 3,
}

/// <summary>Keeps what only the dialects know: remarks on calls, links to recordings, lists that were cleared, messages that were deleted. Bounded. Any thread.</summary>
public interface ICallRemarks
{
    /// <summary>What is written about a call; <see cref="CallRemark.None"/> where nothing is.</summary>
    CallRemark Get(string callId);

    /// <summary>The same of several calls; those without a remark are left out.</summary>
    IReadOnlyDictionary<string, CallRemark> Get(IReadOnlyCollection<string> callIds);

    /// <summary>The remarks that say anything of a voice message: those of messages that are in another folder than the inbox, were fetched, or were deleted. Of a remark only that is told.</summary>
    IReadOnlyDictionary<string, CallRemark> OfMessages();

    /// <summary>Changes remarks, all of them or none; false where there are as many as may be.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="by">Who asked.</param>
    /// <param name="at">When.</param>
    bool Change(IReadOnlyList<RemarkChange> changes, string by, Timestamp at);

    /// <summary>A secret for each call that opens its recording for a time: the one there is while more than half of that time is left, else a new one.
    /// Empty where there are as many as may be.</summary>
    IReadOnlyDictionary<string, string> Links(IReadOnlyCollection<string> callIds, Timestamp now, TimeSpan life);

    /// <summary>The call whose recording a secret opens now; null where it opens none.</summary>
    string? LinkedCall(string secret, Timestamp now);

    /// <summary>Clears a list for a tenant, null for all: what began before an instant is shown no more.</summary>
    void Clear(ClearedList list, string? tenant, string by, Timestamp at);

    /// <summary>Until when a list is cleared, by tenant; the empty name stands for all of them.</summary>
    IReadOnlyDictionary<string, Timestamp> Cleared(ClearedList list);

    /// <summary>Hides messages; false where as many are hidden as may be.</summary>
    bool HideMessages(IReadOnlyList<Messages.MessageRecord> messages, string by, Timestamp at);

    /// <summary>Those of these messages that are hidden.</summary>
    IReadOnlySet<string> HiddenMessages(IReadOnlyCollection<string> ids);

    /// <summary>How many of the messages that a query asks for are hidden. By time, outcome, kind, conversation, numbers (exact) and tenant only.</summary>
    long CountHidden(MessageQuery query);
}

/// <summary>Keeps nothing: whatever is written finds no room.</summary>
public sealed class NoRemarks : ICallRemarks
{
    /// <inheritdoc />
    public CallRemark Get(string callId) => CallRemark.None;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> Get(IReadOnlyCollection<string> callIds) => new Dictionary<string, CallRemark>(0);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CallRemark> OfMessages() => new Dictionary<string, CallRemark>(0);

    /// <inheritdoc />
    public bool Change(IReadOnlyList<RemarkChange> changes, string by, Timestamp at) => false;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Links(IReadOnlyCollection<string> callIds, Timestamp now, TimeSpan life) => new Dictionary<string, string>(0);

    /// <inheritdoc />
    public string? LinkedCall(string secret, Timestamp now) => null;

    /// <inheritdoc />
    public void Clear(ClearedList list, string? tenant, string by, Timestamp at)
    {
        // There is nowhere to note it.
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Timestamp> Cleared(ClearedList list) => new Dictionary<string, Timestamp>(0);

    /// <inheritdoc />
    public bool HideMessages(IReadOnlyList<Messages.MessageRecord> messages, string by, Timestamp at) => false;

    /// <inheritdoc />
    public IReadOnlySet<string> HiddenMessages(IReadOnlyCollection<string> ids) => new HashSet<string>(0);

    /// <inheritdoc />
    public long CountHidden(MessageQuery query) => 0;
}
