using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CdrEngine.Actors;

/// <summary>What a consumer found in a <see cref="BatchQueue{TBatch}"/>.</summary>
public enum TakeResult : byte
{
    /// <summary>A batch.</summary>
    Batch = 0,

    /// <summary>Nothing, but someone called <see cref="BatchQueue{TBatch}.Wake"/>.</summary>
    Woken = 1,

    /// <summary>Nothing came within the time.</summary>
    TimedOut = 2,

    /// <summary>Nothing, and nothing will come.</summary>
    Completed = 3,
}

/// <summary>A bounded queue from one producing thread to one consuming thread, made for batches: each hand-over may cost some tens of
/// nanoseconds, as it carries hundreds of packets.</summary>
/// <typeparam name="TBatch">What is handed over; ownership goes with it.</typeparam>
/// <remarks>A side that has to wait parks at once: spinning for the other side was measured to take a sixth of an import's CPU. A parked consumer is woken by
/// several batches together, or by <see cref="Hurry"/>, a parked producer by half a queue of room. Parking is announced before the last look, and the other side looks for
/// the announcement after its change, with a full fence between on both sides, so no wake-up is lost. Any thread may call
/// <see cref="Complete"/>, <see cref="Abandon"/> and <see cref="Wake"/> and read the counts.</remarks>
public sealed class BatchQueue<TBatch>
{
    private readonly TBatch[] _slots;
    private readonly int _mask;
    private readonly int _capacity;
    private readonly int _wakeAt;
    private readonly int _roomAt;
    private readonly Parking _consumer = new();
    private readonly Parking _producer = new();
    private Padded _head;
    private Padded _tail;
    private readonly Lock _draining = new();
    private Action<TBatch>? _discard;
    private int _completed;
    private int _abandoned;
    private long _discarded;
    private int _woken;
    private Exception? _fault;
    private long _maxCount;

    /// <summary>An empty queue.</summary>
    /// <param name="capacity">Batches that may wait; 1 or more.</param>
    /// <param name="wakeAt">Batches that wake a parked consumer; fewer wait for <see cref="Hurry"/>, or for the consumer's own time-out. 1 or more.</param>
    public BatchQueue(int capacity, int wakeAt = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wakeAt, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 20);
        _capacity = capacity;
        _wakeAt = Math.Min(wakeAt, capacity);
        _roomAt = capacity >= 8 ? capacity / 2 : capacity - 1;
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity);
        _slots = new TBatch[size];
        _mask = size - 1;
    }

    /// <summary>Batches that may wait.</summary>
    public int Capacity => _capacity;

    /// <summary>Batches that wait; a snapshot.</summary>
    public int Count => (int)Math.Max(0, Volatile.Read(ref _tail.Value) - Volatile.Read(ref _head.Value));

    /// <summary>The most that ever waited.</summary>
    public long MaxCount => Volatile.Read(ref _maxCount);

    /// <summary>Batches put so far.</summary>
    public long PutCount => Volatile.Read(ref _tail.Value);

    /// <summary>Batches taken so far.</summary>
    public long TakenCount => Volatile.Read(ref _head.Value);

    /// <summary>Times that the producer parked because the queue was full: the consumer is the slow side.</summary>
    public long ProducerWaits => Volatile.Read(ref _producer.Count);

    /// <summary>Times that the consumer parked because the queue was empty.</summary>
    public long ConsumerWaits => Volatile.Read(ref _consumer.Count);

    /// <summary>Batches that waited when the consumer gave up.</summary>
    public long DiscardedCount => Volatile.Read(ref _discarded);

    /// <summary>Whether <see cref="Complete"/> or <see cref="Abandon"/> was called.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>Why the consumer gave up, if it did.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Puts a batch if there is room. The producer's.</summary>
    /// <returns>False where the queue is full or ended; the batch stays the caller's.</returns>
    public bool TryPut(TBatch batch)
    {
        if (IsCompleted) return false;
        long tail = _tail.Value;
        long count = tail - Volatile.Read(ref _head.Value);
        if (count >= _capacity) return false;
        _slots[tail & _mask] = batch;
        Volatile.Write(ref _tail.Value, tail + 1);
        if (count + 1 > _maxCount) Volatile.Write(ref _maxCount, count + 1);

        // Either the looks below see that the consumer waits or is gone, or its own last look sees the batch.
        Interlocked.MemoryBarrier();
        if (count + 1 >= _wakeAt) _consumer.Release();
        if (Volatile.Read(ref _abandoned) != 0) Drain();
        return true;
    }

    /// <summary>Puts a batch, waiting for room. The producer's.</summary>
    /// <returns>False where the queue has ended (see <see cref="Fault"/>); the batch stays the caller's.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled while waiting; the batch stays the caller's.</exception>
    public bool Put(TBatch batch, CancellationToken cancellation = default)
    {
        while (!TryPut(batch))
        {
            if (IsCompleted) return false;
            cancellation.ThrowIfCancellationRequested();
            _producer.Announce();
            if (PutCount - TakenCount >= _capacity && !IsCompleted) _producer.Wait(Timeout.Infinite, cancellation);
            else _producer.Withdraw();
        }

        return true;
    }

    /// <summary>Takes the next batch if there is one. The consumer's.</summary>
    public bool TryTake([MaybeNullWhen(false)] out TBatch batch)
    {
        long head = _head.Value;
        long tail = Volatile.Read(ref _tail.Value);
        if (tail == head)
        {
            batch = default;
            return false;
        }

        long left = tail - head - 1;
        batch = _slots[head & _mask];
        _slots[head & _mask] = default!;
        Volatile.Write(ref _head.Value, head + 1);
        if (left <= _roomAt) _producer.Release();
        return true;
    }

    /// <summary>Takes the next batch, waiting for it. The consumer's.</summary>
    /// <param name="batch">The batch; default where there is none.</param>
    /// <param name="timeout">How long to wait, in real time; null: without end.</param>
    /// <param name="cancellation">Gives up waiting by <see cref="OperationCanceledException"/>.</param>
    public TakeResult Take([MaybeNull] out TBatch batch, TimeSpan? timeout = null, CancellationToken cancellation = default)
    {
        long deadline = timeout is { } limit ? Environment.TickCount64 + (long)limit.TotalMilliseconds : long.MaxValue;
        while (true)
        {
            if (TryTake(out batch)) return TakeResult.Batch;
            if (Volatile.Read(ref _woken) != 0 && Interlocked.Exchange(ref _woken, 0) != 0) return TakeResult.Woken;
            if (IsCompleted)
            {
                // The last batch may have come between the look and the end.
                return TryTake(out batch) ? TakeResult.Batch : TakeResult.Completed;
            }

            cancellation.ThrowIfCancellationRequested();
            long left = deadline == long.MaxValue ? Timeout.Infinite : Math.Max(0, deadline - Environment.TickCount64);
            if (left == 0) return TakeResult.TimedOut;
            _consumer.Announce();
            if (Count == 0 && Volatile.Read(ref _woken) == 0 && !IsCompleted)
                _consumer.Wait((int)Math.Min(left, int.MaxValue), cancellation);
            else _consumer.Withdraw();
        }
    }

    /// <summary>Wakes a parked consumer for fewer batches than it is usually woken by. The producer's, when no more will come for now.</summary>
    public void Hurry()
    {
        if (Count > 0) _consumer.Release();
    }

    /// <summary>Says that no batch will come after those put. The producer's, after its last <see cref="Put"/>.</summary>
    public void Complete()
    {
        Volatile.Write(ref _completed, 1);
        _consumer.Release();
        _producer.Release();
    }

    /// <summary>Says that the consumer takes no more, and why: a producer that waits, or comes later, is refused. The consumer's.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="discard">Gets the batches that waited, so that pooled ones go home; null drops them. May run on the producer's thread,
    /// for a batch put in the same moment, but never twice at once.</param>
    public void Abandon(Exception? fault, Action<TBatch>? discard = null)
    {
        if (fault is not null) Interlocked.CompareExchange(ref _fault, fault, comparand: null);
        _discard = discard;
        Volatile.Write(ref _abandoned, 1);
        Complete();
        Drain();
    }

    /// <summary>Has the consumer return from <see cref="Take"/>, now or at the next call, once its queue is empty.</summary>
    public void Wake()
    {
        Volatile.Write(ref _woken, 1);
        _consumer.Release();
    }

    private void Drain()
    {
        lock (_draining)
        {
            while (TryTake(out TBatch? batch))
            {
                _discard?.Invoke(batch);
                Volatile.Write(ref _discarded, _discarded + 1);
            }
        }
    }
}

/// <summary>Where one side waits for the other.</summary>
internal sealed class Parking
{
    internal long Count;

    // Without spinning, which a semaphore does by itself. One waits, and who takes the announcement back signals once.
    private readonly ManualResetEventSlim _signal = new(initialState: false, spinCount: 0);
    private int _parked;

    /// <summary>Before the last look.</summary>
    internal void Announce() => Interlocked.Exchange(ref _parked, 1);

    /// <summary>The look found something: takes the announcement back.</summary>
    internal void Withdraw()
    {
        // Someone has seen the announcement and is about to signal: that signal must not be left for the next wait.
        if (Interlocked.Exchange(ref _parked, 0) != 0) return;
        _signal.Wait();
        _signal.Reset();
    }

    internal void Wait(int milliseconds, CancellationToken cancellation)
    {
        Volatile.Write(ref Count, Count + 1);
        bool signalled = false;
        try
        {
            signalled = _signal.Wait(milliseconds, cancellation);
        }
        finally
        {
            if (signalled) _signal.Reset();
            else Withdraw();
        }
    }

    /// <summary>After a change that the other side may wait for.</summary>
    internal void Release()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _parked) != 0 && Interlocked.Exchange(ref _parked, 0) != 0) _signal.Set();
    }
}

/// <summary>A counter on cache lines of its own: the two sides write one each.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct Padded
{
    [FieldOffset(56)]
    internal long Value;
}
