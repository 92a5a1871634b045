using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Live;

/// <summary>One shard's side of the live state: tells the hub of the steps of its calls. The shard's thread, unless said otherwise.</summary>
internal sealed class LiveShard(LiveHub hub, LiveMark? mark, Shard shard)
{
    private ActorRef<LiveQuestion>? _desk;
    private LiveEntry?[] _entries = new LiveEntry?[256];

    /// <summary>Engine time of the shard. Any thread.</summary>
    public Timestamp Now => shard.Now;

    /// <summary>The shard's calls, by their number in it, with holes. Any thread: entries come and go while one looks.</summary>
    public LiveEntry?[] Entries => Volatile.Read(ref _entries);

    /// <summary>Opens the shard's desk; as the shard starts.</summary>
    public void Open(ShardDispatcher dispatcher)
    {
        _desk = dispatcher.Spawn(new Props<LiveQuestion>(() => new LiveDesk(shard)) { Mailbox = new MailboxSettings(1024, MailboxFullPolicy.Reject) });
        hub.Board.Add(this);
    }

    /// <summary>The shard has ended.</summary>
    public void Close() => hub.Board.Remove(this);

    /// <summary>Puts a question to the shard; false where it takes none any more. Any thread.</summary>
    public bool Ask(LiveQuestion question) => _desk is { IsTerminated: false } desk && desk.Tell(question);

    /// <summary>The record as others may see it. Any thread.</summary>
    public LiveMarked Mark(CallRecord record) => mark is null ? new LiveMarked(record, null) : mark(record);

    /// <summary>Tells the hub what a step of a call's machine brought.</summary>
    public void Step(CallSeat seat, CallActor call, CallEffects effects)
    {
        LiveEntry? entry = seat.Live;
        bool isHeld = call.IsHeld;
        bool isChanged = entry is null || effects.Events.Count > 0 || isHeld != entry.IsHeld;
        bool isWanted = hub.Feed.IsWanted;
        if (!isChanged && !(isWanted && HasAnswer(effects) && call.State == CallState.Answered)) return;
        if (entry is null)
        {
            if (call.Id.Length == 0) return;
            entry = seat.Live = new LiveEntry(seat, this, call.Id, seat.CaptureSource);
            Place(seat.Handle, entry);
        }

        bool wasHeld = entry.IsHeld;
        entry.IsHeld = isHeld;
        entry.Step(LiveFigures.StateOf(call.State, isHeld));
        if (isWanted) Tell(entry, call, effects, wasHeld);
    }

    /// <summary>Tells the hub of a record that is final, or was revised.</summary>
    public void Recorded(CallSeat seat, CallRecord record, RecordRevision revision)
    {
        if (seat.Live is not { } entry || !hub.Feed.IsWanted) return;
        if (revision == RecordRevision.Final) hub.Feed.Offer(new LiveOffer(entry, LiveEventKind.CallRecorded, LiveUpdate.None, Now, record, false));
        else hub.Feed.Offer(new LiveOffer(entry, LiveEventKind.CallUpdated, LiveUpdate.Revised, Now, record, false));
    }

    /// <summary>The shard has forgotten the call.</summary>
    public void Forget(CallSeat seat)
    {
        if (seat.Live is null) return;
        seat.Live = null;
        Volatile.Write(ref _entries[seat.Handle], null);
    }

    // A table that only one thread writes needs no lock: who looks at the old one while it grows misses a call of this very moment.
    private void Place(int handle, LiveEntry entry)
    {
        if (handle >= _entries.Length)
        {
            var larger = new LiveEntry?[Math.Max(handle + 1, _entries.Length * 2)];
            _entries.CopyTo(larger, 0);
            Volatile.Write(ref _entries, larger);
        }

        Volatile.Write(ref _entries[handle], entry);
    }

    // An offer alone changes nothing; its answer does.
    private static bool HasAnswer(CallEffects effects) => effects.MediaChanged && effects.Media[^1].Role == MediaRole.Answer;

    private void Tell(LiveEntry entry, CallActor call, CallEffects effects, bool wasHeld)
    {
        CallRecord record = call.ToRecord();
        bool any = false;
        foreach (CallEvent what in effects.Events)
        {
            (LiveEventKind kind, LiveUpdate update) = what.Kind switch
            {
                CallEventKind.Started => (LiveEventKind.CallStarted, LiveUpdate.None),
                CallEventKind.Ringing => (LiveEventKind.CallRinging, LiveUpdate.None),
                CallEventKind.Answered => (LiveEventKind.CallAnswered, LiveUpdate.None),
                CallEventKind.Ended => (LiveEventKind.CallEnded, LiveUpdate.None),
                _ => (LiveEventKind.CallUpdated, LiveUpdate.Reopened),
            };
            hub.Feed.Offer(new LiveOffer(entry, kind, update, what.At, record, entry.IsHeld));
            any = true;
        }

        if (entry.IsHeld != wasHeld && record.State == CallState.Answered)
        {
            hub.Feed.Offer(new LiveOffer(entry, entry.IsHeld ? LiveEventKind.CallHeld : LiveEventKind.CallResumed, LiveUpdate.None, Now, record, entry.IsHeld));
            any = true;
        }

        // Of a new offer and answer alone only the media sessions speak.
        if (!any) hub.Feed.Offer(new LiveOffer(entry, LiveEventKind.MediaSessionUpdated, LiveUpdate.None, Now, record, entry.IsHeld));
    }
}

/// <summary>A step on its way to the feed.</summary>
internal readonly record struct LiveOffer(LiveEntry? Entry, LiveEventKind Kind, LiveUpdate Update, Timestamp At, CallRecord? Record, bool IsHeld)
{
    /// <summary>What is told as it is, where it is no step of a call.</summary>
    public LiveEvent? Made { get; init; }
}
