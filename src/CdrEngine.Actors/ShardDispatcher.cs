using System.Runtime.CompilerServices;

namespace CdrEngine.Actors;

/// <summary>Bounds and manners of a shard.</summary>
public sealed record ShardOptions
{
    /// <summary>The defaults.</summary>
    public static ShardOptions Default { get; } = new();

    /// <summary>How failures of the shard's top actors are answered. One that is escalated stops its actor and shows in
    /// <see cref="ShardDispatcher.Fault"/>.</summary>
    public SupervisorStrategy Strategy { get; init; } = SupervisorStrategy.Default;

    /// <summary>Messages that an actor takes from its mailbox in one turn. Default 64.</summary>
    public int Throughput { get; init; } = 64;

    /// <summary>Messages among actors of the shard that are followed to the end before a delivery returns. Default 1,000,000; the rest
    /// waits for the next call and <see cref="ShardDispatcher.ChainsCut"/> counts: two actors that answer each other for ever
    /// would otherwise hold the thread.</summary>
    public int ChainLimit { get; init; } = 1_000_000;

    /// <summary>Times that one periodic timer tells its message within one <see cref="ShardDispatcher.Advance"/>. Default 10,000; those
    /// before the last of them are left out and counted in <see cref="ShardDispatcher.TicksSkipped"/>. A capture may jump by
    /// years from one packet to the next.</summary>
    public int CatchUpLimit { get; init; } = 10_000;
}

/// <summary>Hosts many actors on one thread, which its owner pumps. The same calls give the same order of messages, always.</summary>
/// <remarks>
/// The thread that first delivers, pumps or advances owns the shard; another that tries throws <see cref="InvalidOperationException"/>.
/// Every call runs to completion: what the actors of the shard tell one another on the way is taken, in the order of telling, before
/// the call returns, so it makes no difference how the owner cuts its input into batches. What other threads tell waits
/// for <see cref="RunPending"/>. The clock moves by <see cref="Advance"/> only, and reads the timer's deadline while a timer is told.
/// </remarks>
public sealed class ShardDispatcher : Dispatcher
{
    private readonly ShardOptions _options;
    private readonly ActorCell _guardian;
    private readonly Queue<Turn> _local = new();
    private readonly Queue<ActorCell> _systemTurns = new();
    private readonly TimerQueue _timers = new();
    private readonly ManualResetEventSlim _work = new(initialState: false);
    private ActorCell? _arrived;
    private ActorCell? _ready;
    private int _depth;
    private long _now;
    private long _taken;

    internal ShardDispatcher(ActorSystem system, string name, ShardOptions options)
        : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Throughput, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ChainLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CatchUpLimit, 1);
        _options = options;
        Attach(system);
        _guardian = system.SpawnGuardian(this, name, options.Strategy);
    }

    /// <summary>Called from any thread when work from outside has arrived for a shard that had none; quick and never throwing.</summary>
    public Action? WorkArrived { get; set; }

    /// <summary>The packet clock: the instant last given to <see cref="Advance"/>, or the deadline of the timer being told.</summary>
    public override long NowMicroseconds => _now;

    /// <summary>Deadline of the next timer; <see cref="long.MaxValue"/> where there is none.</summary>
    public long NextDeadlineMicroseconds => _timers.First?.DeadlineMicroseconds ?? long.MaxValue;

    /// <summary>Timers running.</summary>
    public int TimerCount => _timers.Count;

    /// <summary>Whether messages wait for <see cref="RunPending"/>.</summary>
    public bool HasPending => HasLocalWork || _ready is not null || Volatile.Read(ref _arrived) is not null;

    /// <summary>The first failure that was escalated past the shard's top actors; null while there is none.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Chains of messages cut at <see cref="ShardOptions.ChainLimit"/>.</summary>
    public long ChainsCut { get; private set; }

    /// <summary>Messages of periodic timers left out at <see cref="ShardOptions.CatchUpLimit"/>.</summary>
    public long TicksSkipped { get; private set; }

    internal override bool ReusesTimers => true;

    internal bool HasLocalWork => _local.Count + _systemTurns.Count != 0;

    internal ActorRef Guardian => _guardian.Ref;

    /// <summary>Makes a top actor of this shard. From any thread; on the owner's it is started when this returns.</summary>
    public ActorRef<T> Spawn<T>(Props<T> props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        return _guardian.SpawnChild<T>(props, null, name);
    }

    /// <summary>Makes a top actor of this shard from an argument.</summary>
    public ActorRef<T> Spawn<T, TArgument>(Props<T, TArgument> props, TArgument argument, string? name = null)
        where TArgument : class
    {
        ArgumentNullException.ThrowIfNull(props);
        return _guardian.SpawnChild<T>(props, argument, name);
    }

    /// <summary>Makes the calling thread the owner, in place of the one before, which must have ceased to use the shard. Actors made before
    /// are started.</summary>
    public void BindToCurrentThread()
    {
        if (_depth != 0) throw new InvalidOperationException($"Shard {Name} is running.");
        Owner = ThreadContext.Current;
        _ = RunPending();
    }

    /// <summary>Lets an actor take a message now, on the owner's thread: no mailbox, no allocation, failures to its supervisor.</summary>
    /// <returns>Whether it was accepted, as <see cref="ActorRef{T}.Tell"/>.</returns>
    /// <remarks>By the time it returns, all that followed within the shard is done too. Where the actor cannot take it now, it is told in
    /// the ordinary way, in line: when the actor is suspended, is itself on the way of the present delivery, or lives on
    /// another dispatcher; and, within a delivery, when messages told before are still to be taken.</remarks>
    public bool Deliver<T>(ActorRef<T> target, in T message) => target.DeliverOn(this, in message);

    /// <summary>Lets an actor take a lent message now, or never: such a message cannot wait.</summary>
    /// <param name="target">An actor of this shard that implements <see cref="IReceiveBorrowed{TMessage}"/>; any other throws
    /// <see cref="ArgumentException"/>.</param>
    /// <param name="message">The message; may be a ref struct.</param>
    /// <returns>False where the actor has stopped or could not take it at once (see <see cref="Deliver{T}"/>); counted as dead
    /// letter.</returns>
    public bool DeliverBorrowed<T, TMessage>(ActorRef<T> target, in TMessage message)
        where TMessage : allows ref struct
    {
        if (target is not LocalActorRef<T> local) throw new ArgumentException("Only an actor can be lent a message.", nameof(target));
        return local.Cell.DeliverBorrowedOn(this, in message);
    }

    /// <summary>Takes what other threads have told.</summary>
    /// <param name="maxMessages">When to leave the rest for the next call.</param>
    /// <returns>Messages taken. Zero, and nothing done, when called by an actor of this shard.</returns>
    public int RunPending(int maxMessages = int.MaxValue)
    {
        CheckOwner();
        if (_depth != 0) return 0;
        long before = _taken;
        Drain();
        while (_taken - before < maxMessages && TakeReady() is { } cell)
        {
            Enter();
            bool more = cell.Run((int)Math.Min(_options.Throughput, maxMessages - (_taken - before)), out int taken);
            Leave();
            _taken += taken;
            if (more) Schedule(cell);
            Drain();
        }

        return (int)Math.Min(int.MaxValue, _taken - before);
    }

    /// <summary>Moves the clock, telling the timers due on the way by (deadline, order of starting). A time before the clock does
    /// nothing.</summary>
    /// <param name="nowMicroseconds">The new time; microseconds since 1970 UTC.</param>
    /// <returns>Timers told.</returns>
    /// <remarks>A timer sees its own deadline as the time, so it makes no difference in how many steps the clock is moved.</remarks>
    public int Advance(long nowMicroseconds)
    {
        CheckOwner();
        if (_depth != 0) throw new InvalidOperationException("An actor cannot move the clock of its shard.");
        if (HasLocalWork) Drain();
        int told = 0;
        while (_timers.First is { } timer && timer.DeadlineMicroseconds <= nowMicroseconds)
        {
            if (timer.DeadlineMicroseconds > _now) _now = timer.DeadlineMicroseconds;
            Fire(timer, nowMicroseconds);
            told++;
            if (HasLocalWork) Drain();
        }

        if (nowMicroseconds > _now) _now = nowMicroseconds;
        return told;
    }

    /// <summary>Stops all actors of the shard, children before parents, pumping until they have stopped.</summary>
    /// <param name="timeout">How long to wait, in real time, for what runs elsewhere (children on a pool).</param>
    /// <returns>Whether all have stopped.</returns>
    public bool StopActors(TimeSpan timeout)
    {
        CheckOwner();
        if (_depth != 0) throw new InvalidOperationException("An actor cannot wait for the end of its shard.");
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        _guardian.Stop();
        while (true)
        {
            _work.Reset();
            _ = RunPending();
            if (_guardian.IsTerminated) return true;
            long left = deadline - Environment.TickCount64;
            if (left <= 0) return false;
            _work.Wait((int)Math.Min(left, int.MaxValue));
        }
    }

    /// <summary>Settles whether a delivery may go straight to the actor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool PrepareDelivery(ActorCell cell)
    {
        if (!ReferenceEquals(Owner, ThreadContext.Current)) CheckOwner();
        if (_depth == 0)
        {
            if (HasLocalWork) Drain();
            if ((cell.Flags & CellFlags.New) != 0) StartNow(cell);
        }
        else if (HasLocalWork)
        {
            return false;
        }

        return (cell.Flags & ~CellFlags.SystemTurn) == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void FinishDelivery(ActorCell cell)
    {
        _taken++;
        if (cell.HasSystemWork) ScheduleSystemLocally(cell);
        if (_depth == 0 && HasLocalWork) Drain();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Enter()
    {
        _depth++;
        Owner!.Depth++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Leave()
    {
        Owner!.Depth--;
        _depth--;
    }

    internal void OnEscalated(Exception exception) => Fault ??= exception;

    internal override void Start(ActorCell cell)
    {
        OnStarted();
        if (IsOwnerThread) StartNow(cell);
        else cell.Schedule();
    }

    internal override void Schedule(ActorCell cell)
    {
        ActorCell? head = Volatile.Read(ref _arrived);
        while (true)
        {
            cell.NextReady = head;
            ActorCell? seen = Interlocked.CompareExchange(ref _arrived, cell, head);
            if (ReferenceEquals(seen, head)) break;
            head = seen;
        }

        if (head is not null) return;
        _work.Set();
        WorkArrived?.Invoke();
    }

    internal override void ScheduleSystemLocally(ActorCell cell)
    {
        if ((cell.Flags & CellFlags.SystemTurn) != 0) return;
        cell.Flags |= CellFlags.SystemTurn;
        _systemTurns.Enqueue(cell);
    }

    internal override bool EnqueueLocally(ActorCell cell, Envelope envelope)
    {
        if ((cell.Flags & CellFlags.Terminated) != 0)
        {
            envelope.Discard(cell, DeadLetterReason.ActorStopped);
            return false;
        }

        if (cell.Props.Mailbox.WhenFull == MailboxFullPolicy.DropOldest)
        {
            // Only in its own mailbox can the oldest be found again.
            if (!cell.Push(envelope)) return false;
            GiveMailboxTurn(cell);
            return true;
        }

        _local.Enqueue(new Turn(cell, envelope));
        return true;
    }

    internal override void ArmTimer(TimerEntry entry, long delayMicroseconds)
    {
        long delay = Math.Max(0, delayMicroseconds);
        _timers.Schedule(entry, delay > long.MaxValue - _now ? long.MaxValue : _now + delay);
    }

    internal override void DisarmTimer(TimerEntry entry) => _timers.Remove(entry);

    private void CheckOwner()
    {
        ThreadContext current = ThreadContext.Current;
        if (Owner is null) BindToCurrentThread();
        if (!ReferenceEquals(Owner, current)) throw new InvalidOperationException($"Shard {Name} is another thread's.");
    }

    private void StartNow(ActorCell cell)
    {
        Enter();
        cell.RunSystem();
        Leave();
        if (_depth == 0 && HasLocalWork) Drain();
    }

    private ActorCell? TakeReady()
    {
        if (_ready is null)
        {
            ActorCell? arrived = Volatile.Read(ref _arrived) is null ? null : Interlocked.Exchange(ref _arrived, value: null);
            while (arrived is not null)
            {
                ActorCell? next = arrived.NextReady;
                arrived.NextReady = _ready;
                _ready = arrived;
                arrived = next;
            }
        }

        ActorCell? cell = _ready;
        if (cell is not null)
        {
            _ready = cell.NextReady;
            cell.NextReady = null;
        }

        return cell;
    }

    /// <summary>Follows what the actors told one another to the end: the runtime's words before messages, messages in order of
    /// telling.</summary>
    private void Drain()
    {
        Enter();
        int taken = 0;
        while (true)
        {
            if (_systemTurns.TryDequeue(out ActorCell? cell))
            {
                cell.Flags &= ~CellFlags.SystemTurn;
                cell.RunSystem();
                // It may have been suspended with messages waiting, and be so no more.
                if (cell.TakesMessages && cell.HasMail) GiveMailboxTurn(cell);
            }
            else if (taken >= _options.ChainLimit)
            {
                ChainsCut++;
                break;
            }
            else if (_local.TryDequeue(out Turn turn))
            {
                taken += Run(turn);
            }
            else
            {
                break;
            }
        }

        _taken += taken;
        Leave();
    }

    private int Run(Turn turn)
    {
        ActorCell cell = turn.Cell;
        if (turn.Envelope is not { } envelope) return RunMailboxTurn(cell);
        if ((cell.Flags & CellFlags.Terminated) != 0)
        {
            envelope.Discard(cell, DeadLetterReason.DiscardedAtStop);
            return 1;
        }

        if ((cell.Flags & CellFlags.New) != 0) cell.RunSystem();
        // Suspended, or with earlier messages still in the mailbox: behind those.
        if (!cell.TakesMessages || (cell.Flags & CellFlags.MailboxTurn) != 0)
        {
            cell.Push(envelope);
            return 1;
        }

        envelope.Deliver(cell);
        if (cell.HasSystemWork) ScheduleSystemLocally(cell);
        return 1;
    }

    private int RunMailboxTurn(ActorCell cell)
    {
        int taken = cell.RunMailbox(_options.Throughput);
        cell.Flags &= ~CellFlags.MailboxTurn;
        if (cell.TakesMessages && cell.HasMail) GiveMailboxTurn(cell);
        return taken;
    }

    private void GiveMailboxTurn(ActorCell cell)
    {
        if ((cell.Flags & CellFlags.MailboxTurn) != 0) return;
        cell.Flags |= CellFlags.MailboxTurn;
        _local.Enqueue(new Turn(cell, Envelope: null));
    }

    private void Fire(TimerEntry timer, long nowMicroseconds)
    {
        long period = timer.PeriodMicroseconds;
        if (period == 0)
        {
            _timers.Remove(timer);
        }
        else
        {
            long next = timer.DeadlineMicroseconds > long.MaxValue - period ? long.MaxValue : timer.DeadlineMicroseconds + period;
            long due = next > nowMicroseconds ? 0 : ((nowMicroseconds - next) / period) + 1;
            if (due > _options.CatchUpLimit)
            {
                long skipped = due - _options.CatchUpLimit;
                TicksSkipped += skipped;
                next += skipped * period;
            }

            _timers.Schedule(timer, next);
        }

        ActorCell cell = timer.Cell;
        if (!cell.TakesMessages || (cell.Flags & CellFlags.MailboxTurn) != 0)
        {
            if (Interlocked.Exchange(ref timer.IsQueued, 1) == 0) cell.Push(timer.MakeEnvelope(timer.Generation));
            return;
        }

        Enter();
        timer.Invoke();
        Leave();
        _taken++;
        if (cell.HasSystemWork) ScheduleSystemLocally(cell);
    }

    /// <summary>A message for a cell, or, without one, the cell's turn to empty its mailbox.</summary>
    private readonly record struct Turn(ActorCell Cell, Envelope? Envelope);
}
