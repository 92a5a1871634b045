namespace CdrEngine.Actors;

/// <summary>What gives actors their turns.</summary>
public abstract class Dispatcher
{
    private ActorSystem? _system;
    private int _actorCount;

    private protected Dispatcher(string name) => Name = name;

    /// <summary>Its name, for people.</summary>
    public string Name { get; }

    /// <summary>The system it serves; throws before an actor or a system uses it.</summary>
    public ActorSystem System => _system ?? throw new InvalidOperationException($"Dispatcher {Name} serves no system yet.");

    /// <summary>The clock of its actors. Unit: microseconds since 1970 UTC.</summary>
    public abstract long NowMicroseconds { get; }

    /// <summary>Actors on it that have not stopped, guardians included.</summary>
    public int ActorCount => Volatile.Read(ref _actorCount);

    /// <summary>The thread that alone runs this dispatcher's actors; null where any may.</summary>
    private protected ThreadContext? Owner { get; set; }

    internal bool IsOwnerThread => Owner is { } owner && ReferenceEquals(owner, ThreadContext.Current);

    internal abstract bool ReusesTimers { get; }

    internal void Attach(ActorSystem system)
    {
        ActorSystem? before = Interlocked.CompareExchange(ref _system, system, comparand: null);
        if (before is not null && !ReferenceEquals(before, system))
        {
            throw new InvalidOperationException($"Dispatcher {Name} serves another system.");
        }
    }

    /// <summary>Lets a new cell make its instance.</summary>
    internal virtual void Start(ActorCell cell)
    {
        OnStarted();
        cell.Schedule();
    }

    private protected void OnStarted() => Interlocked.Increment(ref _actorCount);

    internal void OnStopped() => Interlocked.Decrement(ref _actorCount);

    /// <summary>Gives a turn to a cell that has just become scheduled. From any thread.</summary>
    internal abstract void Schedule(ActorCell cell);

    /// <summary>The turn.</summary>
    internal virtual void RunScheduled(ActorCell cell) => throw new NotSupportedException();

    /// <summary>Has system messages of a cell handled soon. From the owner's thread.</summary>
    internal virtual void ScheduleSystemLocally(ActorCell cell) => cell.Schedule();

    /// <summary>Queues an envelope from the owner's thread, its place in the capacity taken.</summary>
    /// <returns>False where the actor has stopped.</returns>
    internal virtual bool EnqueueLocally(ActorCell cell, Envelope envelope) => throw new NotSupportedException();

    internal abstract void ArmTimer(TimerEntry entry, long delayMicroseconds);

    internal abstract void DisarmTimer(TimerEntry entry);
}

/// <summary>What a thread is at, as far as actors care.</summary>
internal sealed class ThreadContext
{
    [ThreadStatic]
    private static ThreadContext? t_current;

    /// <summary>Greater than zero while the thread runs code of an actor, which must not block.</summary>
    internal int Depth;

    internal static ThreadContext Current => t_current ??= new ThreadContext();
}

/// <summary>Dispatchers whose actors live by a <see cref="TimeProvider"/>.</summary>
public abstract class ClockDispatcher : Dispatcher
{
    private const long MaxTimerMicroseconds = (uint.MaxValue - 1) * 1000L;

    private protected ClockDispatcher(string name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    public override long NowMicroseconds =>
        (System.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal override bool ReusesTimers => false;

    internal override void ArmTimer(TimerEntry entry, long delayMicroseconds)
    {
        // Longer than 49 days is what no timer of the platform can do.
        TimeSpan delay = TimeSpan.FromMicroseconds(Math.Clamp(delayMicroseconds, 0, MaxTimerMicroseconds));
        TimeSpan period = entry.PeriodMicroseconds == 0
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMilliseconds(Math.Max(1, Math.Min(entry.PeriodMicroseconds, MaxTimerMicroseconds) / 1000));
        // The generation is taken now: a callback that runs while the timer is being ended must not look current.
        entry.Timer = System.TimeProvider.CreateTimer(
            static state =>
            {
                var shot = (Shot)state!;
                if (Interlocked.Exchange(ref shot.Entry.IsQueued, 1) == 0)
                    shot.Entry.Cell.PushUncounted(shot.Entry.MakeEnvelope(shot.Generation));
            },
            new Shot(entry, entry.Generation),
            delay,
            period);
    }

    internal override void DisarmTimer(TimerEntry entry)
    {
        entry.Timer?.Dispose();
        entry.Timer = null;
    }

    private sealed record Shot(TimerEntry Entry, long Generation);
}

/// <summary>Runs actors on the thread pool, each by one thread at a time.</summary>
public sealed class PoolDispatcher : ClockDispatcher
{
    private readonly int _throughput;

    /// <summary>A dispatcher of its own.</summary>
    /// <param name="name">For people.</param>
    /// <param name="throughput">Messages that an actor takes in one turn before others get theirs; 1 or more. The default of 64 makes the
    /// cost of the turn (some 100 ns) small against that of the messages.</param>
    public PoolDispatcher(string name = "pool", int throughput = 64)
        : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(throughput, 1);
        _throughput = throughput;
    }

    // The global queue, never the thread's own: that is last in, first out, and two talkative actors would starve all others of a thread.
    internal override void Schedule(ActorCell cell) => ThreadPool.UnsafeQueueUserWorkItem(cell, preferLocal: false);

    internal override void RunScheduled(ActorCell cell)
    {
        ThreadContext thread = ThreadContext.Current;
        thread.Depth++;
        try
        {
            if (cell.Run(_throughput, out _)) Schedule(cell);
        }
        finally
        {
            thread.Depth--;
        }
    }
}
