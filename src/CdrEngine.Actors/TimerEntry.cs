namespace CdrEngine.Actors;

/// <summary>A timer of an actor.</summary>
internal abstract class TimerEntry(ActorCell cell)
{
    internal readonly ActorCell Cell = cell;
    internal object? Key;
    internal TimerEntry? Next;
    internal long PeriodMicroseconds;

    /// <summary>Grows with each start and end, so that a message under way can be told from a current one.</summary>
    internal long Generation;

    // On a shard: the place in its TimerQueue.
    internal long DeadlineMicroseconds;
    internal long Sequence;
    internal int HeapIndex = -1;

    // On a pool: the timer of the TimeProvider, and whether its message lies in the mailbox.
    internal ITimer? Timer;
    internal int IsQueued;

    /// <summary>Makes what goes into the mailbox.</summary>
    internal abstract Envelope MakeEnvelope(long generation);

    /// <summary>Lets the actor take the message now.</summary>
    internal abstract void Invoke();

    /// <summary>Lets go of the message.</summary>
    internal abstract void Forget();
}

/// <summary>A timer of an actor that takes <typeparamref name="T"/>.</summary>
internal sealed class TimerEntry<T>(ActorCell<T> cell) : TimerEntry(cell)
{
    internal T Message = default!;

    internal override Envelope MakeEnvelope(long generation) => new TimerEnvelope<T>(this, generation);

    internal override void Invoke() => ((ActorCell<T>)Cell).InvokeTimer(this, Generation);

    internal override void Forget() => Message = default!;
}

/// <summary>Timers of one shard by (deadline, order of starting): a binary heap whose entries know their place, so that a timer can be
/// moved or ended without a search and without garbage.</summary>
internal sealed class TimerQueue
{
    private TimerEntry[] _heap = new TimerEntry[64];
    private long _sequence;

    internal int Count { get; private set; }

    internal TimerEntry? First => Count == 0 ? null : _heap[0];

    internal void Schedule(TimerEntry entry, long deadlineMicroseconds)
    {
        entry.DeadlineMicroseconds = deadlineMicroseconds;
        entry.Sequence = _sequence++;
        if (entry.HeapIndex < 0)
        {
            if (Count == _heap.Length) Array.Resize(ref _heap, Count * 2);
            entry.HeapIndex = Count;
            _heap[Count++] = entry;
        }

        Settle(entry);
    }

    internal void Remove(TimerEntry entry)
    {
        int index = entry.HeapIndex;
        if (index < 0) return;
        entry.HeapIndex = -1;
        TimerEntry last = _heap[--Count];
        _heap[Count] = null!;
        if (ReferenceEquals(last, entry)) return;
        last.HeapIndex = index;
        _heap[index] = last;
        Settle(last);
    }

    private static bool IsBefore(TimerEntry left, TimerEntry right) =>
        left.DeadlineMicroseconds != right.DeadlineMicroseconds
            ? left.DeadlineMicroseconds < right.DeadlineMicroseconds
            : left.Sequence < right.Sequence;

    private void Settle(TimerEntry entry)
    {
        int index = entry.HeapIndex;
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (!IsBefore(entry, _heap[parent])) break;
            Place(_heap[parent], index);
            index = parent;
        }

        while (true)
        {
            int child = (2 * index) + 1;
            if (child >= Count) break;
            if (child + 1 < Count && IsBefore(_heap[child + 1], _heap[child])) child++;
            if (!IsBefore(_heap[child], entry)) break;
            Place(_heap[child], index);
            index = child;
        }

        Place(entry, index);
    }

    private void Place(TimerEntry entry, int index)
    {
        _heap[index] = entry;
        entry.HeapIndex = index;
    }
}
