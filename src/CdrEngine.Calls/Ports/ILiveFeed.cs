using System.ComponentModel;
using System.Threading.Channels;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>What happened. The names (<see cref="LiveEventNames"/>) are served: they only ever grow.</summary>
public enum LiveEventKind
{
    /// <summary>A call began.</summary>
    CallStarted = 0,

    /// <summary>It rings.</summary>
    CallRinging = 1,

    /// <summary>It is answered.</summary>
    CallAnswered = 2,

    /// <summary>One side put the other on hold.</summary>
    CallHeld = 3,

    /// <summary>Nobody is on hold any more.</summary>
    CallResumed = 4,

    /// <summary>Something else changed: it goes on after all, its record was revised, or its quality was asked for again and again.</summary>
    CallUpdated = 5,

    /// <summary>It is over. Its record may still change until <see cref="CallRecorded"/>.</summary>
    CallEnded = 6,

    /// <summary>Its record is final and on its way to the store: the one to bill by.</summary>
    CallRecorded = 7,

    /// <summary>Media was agreed on: one event for each m-line.</summary>
    MediaSessionStarted = 8,

    /// <summary>What was agreed changed: hold, for example.</summary>
    MediaSessionUpdated = 9,

    /// <summary>The media session is over.</summary>
    MediaSessionEnded = 10,

    /// <summary>A device is registered that was not.</summary>
    RegistrationNew = 11,

    /// <summary>A device registered from another address than before.</summary>
    RegistrationMoved = 12,

    /// <summary>A registration ran out.</summary>
    RegistrationExpired = 13,

    /// <summary>A device took its registration back, or the registrar no longer lists it.</summary>
    RegistrationRemoved = 14,

    /// <summary>An attempt to register was refused or not answered.</summary>
    RegistrationFailed = 15,

    /// <summary>A message was taken: a 2xx.</summary>
    MessageDelivered = 16,

    /// <summary>A message was refused.</summary>
    MessageFailed = 17,

    /// <summary>A message was not answered in time.</summary>
    MessageUnanswered = 18,

    /// <summary>The receiver's device told what became of a message.</summary>
    MessageNotified = 19,

    /// <summary>A peer has stopped answering.</summary>
    PeerSilent = 20,

    /// <summary>A peer that had stopped answers again.</summary>
    PeerAnswering = 21,

    /// <summary>A rule raised an alert.</summary>
    AlertRaised = 22,

    /// <summary>An alert still goes on, and it is time to say so again.</summary>
    AlertReminded = 23,

    /// <summary>Somebody took an alert.</summary>
    AlertAcknowledged = 24,

    /// <summary>An alert is over.</summary>
    AlertCleared = 25,
}

/// <summary>The names of events as they are served.</summary>
public static class LiveEventNames
{
    private static readonly string[] Names =
    [
        "call.started", "call.ringing", "call.answered", "call.held", "call.resumed", "call.updated", "call.ended", "call.recorded",
        "media_session.started", "media_session.updated", "media_session.ended",
        "registration.new", "registration.moved", "registration.expired", "registration.removed", "registration.failed",
        "message.delivered", "message.failed", "message.unanswered", "message.notified", "peer.silent", "peer.answering",
        "alert.raised", "alert.reminded", "alert.acknowledged", "alert.cleared",
    ];

    /// <summary>All of them, in order of <see cref="LiveEventKind"/>.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>The name of a kind.</summary>
    public static string Of(LiveEventKind kind) => Names[(int)kind];

    /// <summary>The kind of a name; false where there is none.</summary>
    public static bool TryParse(string name, out LiveEventKind kind)
    {
        int index = Array.IndexOf(Names, name);
        kind = (LiveEventKind)Math.Max(index, 0);
        return index >= 0;
    }
}

/// <summary>Why a <see cref="LiveEventKind.CallUpdated"/> was told.</summary>
public enum LiveUpdate
{
    /// <summary>It is none.</summary>
    None = 0,

    /// <summary>What had been over goes on.</summary>
    Reopened = 1,

    /// <summary>A later fact changed the final record.</summary>
    Revised = 2,

    /// <summary>The quality now, for those who asked to be told from time to time.</summary>
    Quality = 3,
}

/// <summary>Something that happened: to a call, or to a registration, a message or a peer.</summary>
public sealed record LiveEvent
{
    /// <summary>Its place among all events of this feed: rises, also from one start of the program to the next. 0 for those that cannot be had
    /// again (<see cref="LiveUpdate.Quality"/>).</summary>
    public long Id { get; init; }

    /// <summary>What.</summary>
    public required LiveEventKind Kind { get; init; }

    /// <summary>Packet time.</summary>
    public required Timestamp At { get; init; }

    /// <summary>The call as it then stood; null for what goes on outside calls. For <see cref="LiveEventKind.CallRecorded"/> its record is the
    /// final one.</summary>
    public LiveCall? Call { get; init; }

    /// <summary>Why, for <see cref="LiveEventKind.CallUpdated"/>.</summary>
    public LiveUpdate Update { get; init; }

    /// <summary>The media session, for events of one; else null.</summary>
    public MediaSessionRecord? MediaSession { get; init; }

    /// <summary>The registration, for events of one; else null.</summary>
    public RegistrationRecord? Registration { get; init; }

    /// <summary>What happened to it, as its history has it.</summary>
    public RegistrationEvent? RegistrationEvent { get; init; }

    /// <summary>The message, for events of one; else null.</summary>
    public MessageRecord? Message { get; init; }

    /// <summary>The peer, for events of one; else null.</summary>
    public PeerRecord? Peer { get; init; }

    /// <summary>The alert, for events of one; else null.</summary>
    public Alert? Alert { get; init; }

    /// <summary>Whose what it happened to is; null for nobody's.</summary>
    public string? Tenant => Alert is not null ? Alert.Tenant : Call is not null ? Call.Tenant : Registration is not null ? Registration.Tenant : Message is not null ? Message.Tenant : Peer?.Tenant;
}

/// <summary>What somebody wants to be told.</summary>
public sealed record LiveFilter
{
    /// <summary>Which kinds; empty for all.</summary>
    public IReadOnlyList<LiveEventKind> Kinds { get; init; } = [];

    /// <summary>Number of the caller, the callee or the dialled one, of a registration's user, or of either end of a message; a prefix where it
    /// ends in <c>*</c>. Peers have none.</summary>
    public string? Number { get; init; }

    /// <summary>Tenant; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Whether to tell the quality of every answered call from time to time.</summary>
    public bool Quality { get; init; }

    /// <summary>The last event known: those after it that are still kept come first. Null begins now.</summary>
    public long? After { get; init; }

    /// <summary>Events that may wait for the reader; one more ends the subscription.</summary>
    public int Capacity { get; init; } = 4096;
}

/// <summary>One reader of the feed. Dispose it to be told no more.</summary>
public interface ILiveSubscription : IDisposable
{
    /// <summary>The events. Completed where the reader was too slow (<see cref="WasDropped"/>) or the feed ended.</summary>
    ChannelReader<LiveEvent> Events { get; }

    /// <summary>True where events after <see cref="LiveFilter.After"/> are no longer kept, or were never made because nobody listened.</summary>
    bool HasMissed { get; }

    /// <summary>True where the subscription was ended because its reader was too slow.</summary>
    bool WasDropped { get; }
}

/// <summary>Tells what happens to calls and outside them, as it happens. Nobody who listens can slow a call down.</summary>
public interface ILiveFeed
{
    /// <summary>Begins to tell; null where as many listen as may.</summary>
    ILiveSubscription? Subscribe(LiveFilter filter);
}

/// <summary>What the live feed counts.</summary>
public enum LiveCounter
{
    /// <summary>Events.</summary>
    [Description("events told to the feed")]
    Events = 0,

    /// <summary>Events lost.</summary>
    [Description("events lost because the feed was too far behind; whoever listens is told that some are missing")]
    EventsLost = 1,

    /// <summary>Readers.</summary>
    [Description("readers of events that began")]
    Readers = 2,

    /// <summary>Slow readers.</summary>
    [Description("readers of events dropped because they were too slow")]
    ReadersDropped = 3,

    /// <summary>Readers refused.</summary>
    [Description("readers of events refused because as many listened as may")]
    ReadersRefused = 4,

    /// <summary>Unanswered questions.</summary>
    [Description("questions about calls in progress that a shard did not answer in time")]
    Unanswered = 5,
}
