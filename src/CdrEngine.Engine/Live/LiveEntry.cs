using CdrEngine.Actors;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Live;

/// <summary>One call on the board. Its shard says at each step where it is, which is two stores; its outline is made only when somebody looks, by the
/// shard, and is never changed afterwards.</summary>
internal sealed class LiveEntry(CallSeat seat, LiveShard home, string id, string source)
{
    private CallRecord? _outline;
    private Seen? _seen;
    private int _state;
    private bool _isStale = true;

    /// <summary>The call in its shard; for its thread only.</summary>
    public CallSeat Seat { get; } = seat;

    public LiveShard Home { get; } = home;

    /// <summary>Id of the call's record.</summary>
    public string Id { get; } = id;

    /// <summary>Source that saw its first message.</summary>
    public string Source { get; } = source;

    /// <summary>Where the call is. Any thread.</summary>
    public LiveState State => (LiveState)Volatile.Read(ref _state);

    /// <summary>Whether there was a step since the outline was made. Any thread.</summary>
    public bool IsStale => Volatile.Read(ref _isStale);

    /// <summary>The call as of its last step but for <see cref="IsStale"/>; null before anybody looked.</summary>
    public CallRecord? Outline => Volatile.Read(ref _outline);

    /// <summary>Notes a step; the shard's thread.</summary>
    public void Step(LiveState state)
    {
        Volatile.Write(ref _state, (int)state);
        Volatile.Write(ref _isStale, true);
    }

    /// <summary>Notes that something else changed; the shard's thread.</summary>
    public void Touch() => Volatile.Write(ref _isStale, true);

    /// <summary>Makes the outline; the shard's thread.</summary>
    public void Refresh()
    {
        if (!_isStale || Seat.Actor is not { } call || Seat.IsClosed) return;
        Volatile.Write(ref _outline, call.ToOutline());
        Volatile.Write(ref _isStale, false);
    }

    /// <summary>As the shard told it last; for its thread only.</summary>
    public bool IsHeld { get; set; }

    /// <summary>What the feed has told of the call's media sessions, by m-line; for the feed's thread only.</summary>
    public Dictionary<int, MediaSessionRecord>? ToldSessions { get; set; }

    /// <summary>The outline as others may see it. Worked out once for each outline, by whoever asks first.</summary>
    public LiveMarked Marked(CallRecord outline)
    {
        Seen? seen = Volatile.Read(ref _seen);
        if (seen is not null && ReferenceEquals(seen.Outline, outline)) return seen.Marked;
        LiveMarked marked = Home.Mark(outline);
        Volatile.Write(ref _seen, new Seen(outline, marked));
        return marked;
    }

    private sealed record Seen(CallRecord Outline, LiveMarked Marked);
}

/// <summary>What is asked of a shard.</summary>
internal enum LiveAsk : byte
{
    /// <summary>To make the outlines.</summary>
    Outlines,

    /// <summary>For the records as they stand.</summary>
    Records,

    /// <summary>And where the packets lie.</summary>
    Packets,
}

/// <summary>Asks a shard about some of its calls.</summary>
internal sealed class LiveQuestion(LiveEntry[] entries, LiveAsk ask)
{
    public LiveEntry[] Entries { get; } = entries;

    public LiveAsk Ask { get; } = ask;

    public TaskCompletionSource<LiveAnswer?[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>What a shard says of one call.</summary>
/// <param name="Record">Its record as it stands.</param>
/// <param name="IsHeld">Whether it is on hold.</param>
/// <param name="Now">Engine time of the shard.</param>
/// <param name="Chunks">The packet log's encoded list of its chunks, all on disk; null where it was not asked for or no packets are kept.</param>
internal sealed record LiveAnswer(CallRecord Record, bool IsHeld, Timestamp Now, byte[]? Chunks);

/// <summary>Answers questions on its shard's thread, between two batches.</summary>
internal sealed class LiveDesk(Shard shard) : Actor<LiveQuestion>
{
    protected override void Receive(LiveQuestion message)
    {
        var answers = new LiveAnswer?[message.Entries.Length];
        if (message.Ask == LiveAsk.Outlines)
        {
            foreach (LiveEntry entry in message.Entries) entry.Refresh();
            message.Answer.TrySetResult(answers);
            return;
        }

        if (message.Ask == LiveAsk.Packets)
        {
            foreach (LiveEntry entry in message.Entries) entry.Seat.Chunks?.Seal();
            shard.FlushLog();
        }

        for (int i = 0; i < answers.Length; i++)
        {
            CallSeat seat = message.Entries[i].Seat;
            if (seat.Actor is not { } call || seat.IsClosed) continue;
            byte[]? chunks = message.Ask == LiveAsk.Packets ? seat.Chunks?.Sealed.ToArray() : null;
            answers[i] = new LiveAnswer(call.ToRecord(), call.IsHeld, shard.Now, chunks);
        }

        message.Answer.TrySetResult(answers);
    }
}
