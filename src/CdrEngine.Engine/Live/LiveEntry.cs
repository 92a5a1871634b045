using CdrEngine.Actors;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Live;

/// <summary>One call on the board. Its shard writes the outline, whole and never changed afterwards; everybody reads it.</summary>
internal sealed class LiveEntry(CallSeat seat, LiveShard home)
{
    private CallRecord? _outline;
    private Seen? _seen;

    /// <summary>The call in its shard; for its thread only.</summary>
    public CallSeat Seat { get; } = seat;

    public LiveShard Home { get; } = home;

    public string Id { get; set; } = "";

    /// <summary>The call as of its last step; null before the first.</summary>
    public CallRecord? Outline
    {
        get => Volatile.Read(ref _outline);
        set => Volatile.Write(ref _outline, value);
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

/// <summary>Asks a shard about some of its calls.</summary>
internal sealed class LiveQuestion(LiveEntry[] entries, bool packets)
{
    public LiveEntry[] Entries { get; } = entries;

    /// <summary>Whether it is asked where the packets lie, and not for records.</summary>
    public bool Packets { get; } = packets;

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
        if (message.Packets)
        {
            foreach (LiveEntry entry in message.Entries) entry.Seat.Chunks?.Seal();
            shard.FlushLog();
        }

        for (int i = 0; i < answers.Length; i++)
        {
            CallSeat seat = message.Entries[i].Seat;
            if (seat.Actor is not { } call || seat.IsClosed) continue;
            byte[]? chunks = message.Packets ? seat.Chunks?.Sealed.ToArray() : null;
            answers[i] = new LiveAnswer(call.ToRecord(), call.IsHeld, shard.Now, chunks);
        }

        message.Answer.TrySetResult(answers);
    }
}
