namespace CdrEngine.Actors;

/// <summary>What only some cells need, made on first use so that an idle actor stays small.</summary>
/// <remarks>Children and the oldest-dropping queue are under the lock of this object; the rest belongs to the cell's runner, the restart
/// times to the parent's.</remarks>
internal sealed class CellExtras
{
    // Children, linked through the cells; by name only those that were given one.
    internal ActorCell? FirstChild;
    internal ActorCell? LastChild;
    internal Dictionary<string, ActorCell>? Names;
    internal int ChildCount;
    internal bool WaitsForChildren;
    internal bool IsClosedForChildren;

    // Queue of a mailbox that drops its oldest.
    internal Envelope? OldestHead;
    internal Envelope? OldestTail;
    internal bool OldestClosed;

    // Senders that wait for room.
    private object? _gate;
    internal int Waiters;

    internal HashSet<ActorRef>? Watchers;
    internal HashSet<ActorRef>? Watching;
    internal Queue<long>? RestartTimes;
    internal ActorFailure? RestartCause;
    internal long Dropped;

    internal object Gate
    {
        get
        {
            if (Volatile.Read(ref _gate) is { } gate) return gate;
            Interlocked.CompareExchange(ref _gate, new object(), comparand: null);
            return _gate;
        }
    }
}
