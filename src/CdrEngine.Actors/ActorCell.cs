using System.Runtime.CompilerServices;

namespace CdrEngine.Actors;

/// <summary>What a cell is at. None of them: it runs and takes messages.</summary>
[Flags]
internal enum CellFlags
{
    None = 0,
    New = 1,
    Suspended = 2,
    Restarting = 4,
    Stopping = 8,
    Terminated = 16,
    TakesNoMessage = New | Suspended | Restarting | Stopping | Terminated,
    InReceive = 32,
    StopRequested = 64,

    /// <summary>The shard has a turn for this cell's mailbox in its local queue.</summary>
    MailboxTurn = 128,

    /// <summary>The shard has this cell among those with system messages.</summary>
    SystemTurn = 256,
}

/// <summary>The life of one actor behind its ref: mailbox, state, children, watches, failures. Outlives its instances.</summary>
/// <remarks>
/// Two lists, one of messages and one of system messages, are pushed to from any thread (compare-and-swap on the head) and taken whole by
/// the runner, which turns them round. All else is touched by the runner only. Who may run is settled by <see cref="_status"/>: a push
/// that finds it idle makes it scheduled and hands the cell to the dispatcher; a runner that finds nothing left makes it idle
/// and then looks once more, so that no push is left lying. At the stop a sentinel closes each list for ever: a push finds it and
/// treats its message as one to a dead actor, so nothing can be lost between the last look and the end.
/// </remarks>
internal abstract class ActorCell : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Scheduled = 1;

    internal readonly Dispatcher Dispatcher;
    internal CellFlags Flags = CellFlags.New;
    private int _status;
    private Envelope? _mailHead;
    private Envelope? _mailNext;
    private SystemMessage? _systemHead;
    private int _enqueued;
    private int _dequeued;
    private readonly MailboxFullPolicy _whenFull;
    private int _failureNumber;

    internal readonly ActorCell? Parent;
    internal readonly Props Props;
    internal readonly object? Argument;
    internal readonly long Id;
    private readonly string? _name;
    private CellExtras? _extras;

    // Links that others thread through the cells: the siblings' list, the dispatcher's list of ready cells.
    private ActorCell? _previousSibling;
    private ActorCell? _nextSibling;
    internal ActorCell? NextReady;

    private protected ActorCell(Dispatcher dispatcher, ActorCell? parent, Props props, object? argument, string? name)
    {
        Dispatcher = dispatcher;
        Parent = parent;
        Props = props;
        Argument = argument;
        Id = dispatcher.System.NextId();
        _name = name;
        _whenFull = props.Mailbox.WhenFull;
    }

    internal abstract ActorRef Ref { get; }

    internal abstract bool HasInstance { get; }

    internal string Name => _name ?? $"${Id}";

    internal string Path => Parent is null ? "" : $"{Parent.Path}/{Name}";

    internal bool IsTerminated => ReferenceEquals(Volatile.Read(ref _mailHead), Envelope.Closed);

    internal int QueuedCount => Math.Max(0, Volatile.Read(ref _enqueued) - Volatile.Read(ref _dequeued));

    internal long DroppedCount => Volatile.Read(ref _extras) is { } extras ? Volatile.Read(ref extras.Dropped) : 0;

    internal bool TakesMessages => (Flags & CellFlags.TakesNoMessage) == 0;

    internal CellExtras Extras
    {
        get
        {
            if (_extras is { } extras) return extras;
            Interlocked.CompareExchange(ref _extras, new CellExtras(), comparand: null);
            return _extras;
        }
    }

    private protected abstract void MakeInstance();

    private protected abstract void DropInstance();

    private protected abstract void CallPreStart();

    private protected abstract void CallPostStop();

    private protected abstract void CallPreRestart(Exception cause, object? message);

    private protected abstract void CallPostRestart(Exception cause);

    private protected abstract void CallSignal(Signal signal);

    private protected abstract SupervisorStrategy Strategy { get; }

    // ---- From any thread -------------------------------------------------------------------------------------------------------

    internal void Stop()
    {
        if (!IsTerminated) SendSystem(new StopMessage());
    }

    internal void SendSystem(SystemMessage message)
    {
        SystemMessage? head = Volatile.Read(ref _systemHead);
        while (true)
        {
            if (ReferenceEquals(head, SystemMessage.Closed))
            {
                AnswerForTheDead(message);
                return;
            }

            message.Next = head;
            SystemMessage? seen = Interlocked.CompareExchange(ref _systemHead, message, head);
            if (ReferenceEquals(seen, head)) break;
            head = seen;
        }

        if (Dispatcher.IsOwnerThread) Dispatcher.ScheduleSystemLocally(this);
        else Schedule();
    }

    /// <summary>Queues what has a place in line but none in the capacity: never refused but by a stopped actor.</summary>
    internal void PushUncounted(Envelope envelope)
    {
        if (Dispatcher.IsOwnerThread) Dispatcher.EnqueueLocally(this, envelope);
        else if (Push(envelope)) Schedule();
    }

    internal void Schedule()
    {
        if (Volatile.Read(ref _status) == Idle && Interlocked.CompareExchange(ref _status, Scheduled, Idle) == Idle) Dispatcher.Schedule(this);
    }

    /// <summary>Puts an envelope into the mailbox.</summary>
    /// <returns>False where the actor has stopped.</returns>
    internal bool Push(Envelope envelope)
    {
        if (_whenFull == MailboxFullPolicy.DropOldest) return PushDroppingOldest(envelope);
        Envelope? head = Volatile.Read(ref _mailHead);
        while (true)
        {
            if (ReferenceEquals(head, Envelope.Closed))
            {
                envelope.Discard(this, DeadLetterReason.ActorStopped);
                return false;
            }

            envelope.Next = head;
            Envelope? seen = Interlocked.CompareExchange(ref _mailHead, envelope, head);
            if (ReferenceEquals(seen, head)) return true;
            head = seen;
        }
    }

    /// <summary>Takes a place within the capacity, as the policy has it.</summary>
    /// <returns>Null: go on. Otherwise the message is not to be queued, for this reason.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected DeadLetterReason? Admit() => TryReserve() ? null : AdmitToFull();

    private DeadLetterReason? AdmitToFull()
    {
        if (IsTerminated) return DeadLetterReason.ActorStopped;
        switch (_whenFull)
        {
            case MailboxFullPolicy.DropOldest:
                Interlocked.Increment(ref _enqueued);
                return null;
            case MailboxFullPolicy.Block when ThreadContext.Current.Depth == 0 && !Dispatcher.IsOwnerThread && WaitForRoom():
                return null;
            case MailboxFullPolicy.DropNewest:
                Interlocked.Increment(ref Extras.Dropped);
                return DeadLetterReason.DroppedNewest;
            default:
                Interlocked.Increment(ref Extras.Dropped);
                return DeadLetterReason.Rejected;
        }
    }

    // The count of those taken may be older than it was, never newer: what is seen is the true number or more, so the bound is exact.
    private bool TryReserve()
    {
        int capacity = Props.Mailbox.Capacity;
        while (true)
        {
            int enqueued = Volatile.Read(ref _enqueued);
            if (enqueued - Volatile.Read(ref _dequeued) >= capacity) return false;
            if (Interlocked.CompareExchange(ref _enqueued, enqueued + 1, enqueued) == enqueued) return true;
        }
    }

    /// <summary>Waits until a place is free.</summary>
    /// <returns>Whether to go on: a place was taken, or the actor stopped, which the push then finds.</returns>
    private bool WaitForRoom()
    {
        CellExtras extras = Extras;
        long timeout = (long)Props.Mailbox.BlockTimeout.TotalMilliseconds;
        long start = Environment.TickCount64;
        lock (extras.Gate)
        {
            // Announced before the look: the runner frees a place, then looks for waiters, with a full fence between on both sides.
            Interlocked.Increment(ref extras.Waiters);
            try
            {
                while (true)
                {
                    if (IsTerminated || TryReserve()) return true;
                    long left = timeout < 0 ? int.MaxValue : timeout - (Environment.TickCount64 - start);
                    if (left <= 0) return false;
                    Monitor.Wait(extras.Gate, (int)Math.Min(left, int.MaxValue));
                }
            }
            finally
            {
                Interlocked.Decrement(ref extras.Waiters);
            }
        }
    }

    private void WakeWaiters()
    {
        Interlocked.MemoryBarrier();
        if (_extras is not { } extras || Volatile.Read(ref extras.Waiters) == 0) return;
        lock (extras.Gate) Monitor.PulseAll(extras.Gate);
    }

    private bool PushDroppingOldest(Envelope envelope)
    {
        CellExtras extras = Extras;
        Envelope? dropped = null;
        bool closed;
        lock (extras)
        {
            closed = extras.OldestClosed;
            if (!closed)
            {
                envelope.Next = null;
                if (extras.OldestTail is { } tail) tail.Next = envelope;
                else extras.OldestHead = envelope;
                extras.OldestTail = envelope;
                if (envelope.IsCounted && QueuedCount > Props.Mailbox.Capacity) dropped = TakeOldestCounted(extras);
            }
        }

        if (closed)
        {
            envelope.Discard(this, DeadLetterReason.ActorStopped);
            return false;
        }

        if (dropped is not null)
        {
            Interlocked.Increment(ref extras.Dropped);
            dropped.Discard(this, DeadLetterReason.DroppedOldest);
        }

        return true;
    }

    private Envelope? TakeOldestCounted(CellExtras extras)
    {
        Envelope? before = null;
        for (Envelope? at = extras.OldestHead; at is not null; before = at, at = at.Next)
        {
            if (!at.IsCounted) continue;
            if (before is null) extras.OldestHead = at.Next;
            else before.Next = at.Next;
            if (at.Next is null) extras.OldestTail = before;
            Interlocked.Decrement(ref _enqueued);
            return at;
        }

        return null;
    }

    private static void Append(ref Envelope? list, Envelope? more)
    {
        if (list is null)
        {
            list = more;
            return;
        }

        Envelope last = list;
        while (last.Next is { } next) last = next;
        last.Next = more;
    }

    // ---- The mailbox, from the runner ------------------------------------------------------------------------------------------

    internal bool HasMail =>
        _mailNext is not null
        || (_whenFull == MailboxFullPolicy.DropOldest ? _extras?.OldestHead is not null : Volatile.Read(ref _mailHead) is { } head && !ReferenceEquals(head, Envelope.Closed));

    /// <summary>Frees the place of a message that is now being taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseCounted()
    {
        Volatile.Write(ref _dequeued, _dequeued + 1);
        if (_whenFull == MailboxFullPolicy.Block) WakeWaiters();
    }

    private Envelope? Dequeue()
    {
        Envelope? envelope = _mailNext;
        if (envelope is null)
        {
            if (_whenFull == MailboxFullPolicy.DropOldest) return DequeueOldest();
            if (Volatile.Read(ref _mailHead) is null) return null;
            envelope = Reverse(Interlocked.Exchange(ref _mailHead, value: null));
            if (envelope is null) return null;
        }

        _mailNext = envelope.Next;
        envelope.Next = null;
        return envelope;
    }

    private Envelope? DequeueOldest()
    {
        if (_extras is not { } extras) return null;
        lock (extras)
        {
            if (extras.OldestHead is not { } envelope) return null;
            extras.OldestHead = envelope.Next;
            if (envelope.Next is null) extras.OldestTail = null;
            envelope.Next = null;
            return envelope;
        }
    }

    private static Envelope? Reverse(Envelope? stack)
    {
        Envelope? list = null;
        while (stack is not null)
        {
            Envelope? next = stack.Next;
            stack.Next = list;
            list = stack;
            stack = next;
        }

        return list;
    }

    private static SystemMessage? Reverse(SystemMessage? stack)
    {
        SystemMessage? list = null;
        while (stack is not null)
        {
            SystemMessage? next = stack.Next;
            stack.Next = list;
            list = stack;
            stack = next;
        }

        return list;
    }

    // ---- Running ---------------------------------------------------------------------------------------------------------------

    void IThreadPoolWorkItem.Execute() => Dispatcher.RunScheduled(this);

    /// <summary>One turn of a scheduled cell.</summary>
    /// <param name="throughput">Messages to take at most.</param>
    /// <param name="taken">Messages taken.</param>
    /// <returns>Whether the cell has more to do and stays scheduled: the caller hands it to the dispatcher again.</returns>
    internal bool Run(int throughput, out int taken)
    {
        RunSystem();
        taken = RunMailbox(throughput);
        if ((Flags & CellFlags.Terminated) != 0) return false;
        if (HasWork) return true;
        // Idle first, then the last look: a push between the two finds the cell idle and schedules it. The exchange is a full fence.
        Interlocked.Exchange(ref _status, Idle);
        return HasWork && Interlocked.CompareExchange(ref _status, Scheduled, Idle) == Idle;
    }

    /// <summary>Takes messages from the mailbox until it is empty, the limit is reached, or the cell takes none.</summary>
    /// <returns>How many were taken.</returns>
    internal int RunMailbox(int limit)
    {
        int taken = 0;
        while (taken < limit && TakesMessages && Dequeue() is { } envelope)
        {
            envelope.Deliver(this);
            taken++;
            if (HasSystemWork) RunSystem();
        }

        return taken;
    }

    internal bool HasSystemWork =>
        (Flags & CellFlags.StopRequested) != 0
        || (Volatile.Read(ref _systemHead) is { } head && !ReferenceEquals(head, SystemMessage.Closed));

    private bool HasWork => HasSystemWork || (Flags & CellFlags.New) != 0 || (TakesMessages && HasMail);

    /// <summary>Makes the instance if that is still to do, and handles all system messages.</summary>
    internal void RunSystem()
    {
        do
        {
            if ((Flags & CellFlags.StopRequested) != 0) BeginStop();
            SystemMessage? message = null;
            if (Volatile.Read(ref _systemHead) is { } head && !ReferenceEquals(head, SystemMessage.Closed))
            {
                message = Reverse(Interlocked.Exchange(ref _systemHead, value: null));
            }

            while (message is not null)
            {
                SystemMessage? next = message.Next;
                message.Next = null;
                if ((Flags & CellFlags.Terminated) != 0) AnswerForTheDead(message);
                else Handle(message);
                message = next;
            }

            // After the messages: an actor that was stopped before its first turn is never made.
            if ((Flags & (CellFlags.New | CellFlags.Stopping | CellFlags.Terminated)) == CellFlags.New) Create();
        }
        while (HasSystemWork);
    }

    private void Handle(SystemMessage message)
    {
        switch (message)
        {
            case StopMessage:
                BeginStop();
                break;
            case WatchMessage watch:
                (Extras.Watchers ??= []).Add(watch.Watcher);
                break;
            case UnwatchMessage unwatch:
                _extras?.Watchers?.Remove(unwatch.Watcher);
                break;
            case ChildFailedMessage failed:
                Supervise(failed);
                break;
            case RecoverMessage recover:
                Recover(recover);
                break;
            case ChildrenGoneMessage:
                AfterChildren();
                break;
        }
    }

    private void AnswerForTheDead(SystemMessage message)
    {
        if (message is WatchMessage watch) watch.Watcher.TellSignal(new Terminated(Ref));
    }

    // ---- Life ------------------------------------------------------------------------------------------------------------------

    private void Create()
    {
        Flags = (Flags & ~CellFlags.New) | CellFlags.InReceive;
        try
        {
            MakeInstance();
            CallPreStart();
        }
        catch (Exception exception)
        {
            DropInstance();
            Fail(new ActorInitializationException(Path, exception), message: null);
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }
    }

    internal void RequestStop() => Flags |= CellFlags.StopRequested;

    private void BeginStop()
    {
        Flags &= ~CellFlags.StopRequested;
        if ((Flags & (CellFlags.Stopping | CellFlags.Terminated)) != 0) return;
        Flags = (Flags | CellFlags.Stopping) & ~CellFlags.Restarting;
        if (_extras is not null || Parent is null)
        {
            CancelTimers();
            if (StopChildren(forGood: true)) return;
        }

        FinishStop();
    }

    /// <summary>Tells all children to stop.</summary>
    /// <returns>Whether there are any to wait for.</returns>
    private bool StopChildren(bool forGood)
    {
        CellExtras extras = Extras;
        ActorCell[] children;
        lock (extras)
        {
            extras.IsClosedForChildren |= forGood;
            if (extras.ChildCount == 0) return false;
            extras.WaitsForChildren = true;
            children = ChildrenUnderLock(extras);
        }

        foreach (ActorCell child in children) child.Stop();
        return true;
    }

    private void AfterChildren()
    {
        if ((Flags & CellFlags.Stopping) != 0) FinishStop();
        else if ((Flags & CellFlags.Restarting) != 0) FinishRestart();
    }

    private void FinishStop()
    {
        if (HasInstance) RunHook(static cell => cell.CallPostStop(), nameof(Actor<>.PostStop));
        DropInstance();
        Flags = CellFlags.Terminated | (Flags & (CellFlags.MailboxTurn | CellFlags.SystemTurn));
        Dispatcher.OnStopped();
        CloseMailbox();

        HashSet<ActorRef>? watching = _extras?.Watching;
        if (watching is not null)
        {
            foreach (ActorRef watched in watching) watched.SendSystem(new UnwatchMessage(Ref));
        }

        SystemMessage? rest = Reverse(Interlocked.Exchange(ref _systemHead, SystemMessage.Closed));
        // The parent first: by the time a watcher hears of it, the name is free again.
        Parent?.OnChildStopped(this);
        if (_extras?.Watchers is { Count: > 0 } watchers)
        {
            ActorRef[] inOrder = [.. watchers];
            Array.Sort(inOrder, static (left, right) => left.Id.CompareTo(right.Id));
            var terminated = new Terminated(Ref);
            foreach (ActorRef watcher in inOrder) watcher.TellSignal(terminated);
        }

        while (rest is not null)
        {
            SystemMessage? next = rest.Next;
            AnswerForTheDead(rest);
            rest = next;
        }

        if (_extras is { } extras)
        {
            extras.Watchers = null;
            extras.Watching = null;
        }
    }

    private void CloseMailbox()
    {
        Envelope? rest = _mailNext;
        _mailNext = null;
        Append(ref rest, Reverse(Interlocked.Exchange(ref _mailHead, Envelope.Closed)));
        if (_whenFull == MailboxFullPolicy.DropOldest)
        {
            CellExtras extras = Extras;
            lock (extras)
            {
                extras.OldestClosed = true;
                Append(ref rest, extras.OldestHead);
                extras.OldestHead = extras.OldestTail = null;
            }
        }

        while (rest is not null)
        {
            Envelope? next = rest.Next;
            if (rest.IsCounted) Volatile.Write(ref _dequeued, _dequeued + 1);
            rest.Discard(this, DeadLetterReason.DiscardedAtStop);
            rest = next;
        }

        if (_whenFull == MailboxFullPolicy.Block) WakeWaiters();
    }

    private void RunHook(Action<ActorCell> hook, string name)
    {
        try
        {
            Flags |= CellFlags.InReceive;
            hook(this);
        }
        catch (Exception exception)
        {
            Dispatcher.System.Events.Publish(new HookFailed(Ref, name, exception));
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }
    }

    // ---- Failures --------------------------------------------------------------------------------------------------------------

    /// <summary>Suspends this cell and asks the parent what to do.</summary>
    internal void Fail(Exception exception, object? message)
    {
        Dispatcher.System.CountFailure();
        var failure = new ActorFailure(Ref, exception, message);
        Fail(failure);
    }

    private void Fail(ActorFailure failure)
    {
        if ((Flags & (CellFlags.Stopping | CellFlags.Terminated)) != 0) return;
        Flags |= CellFlags.Suspended;
        // Positive always: zero and less have another meaning in a RecoverMessage.
        _failureNumber = _failureNumber == int.MaxValue ? 1 : _failureNumber + 1;
        Parent?.SendSystem(new ChildFailedMessage(this, failure, _failureNumber));
    }

    /// <summary>Answers a child's failure.</summary>
    private void Supervise(ChildFailedMessage failed)
    {
        ActorCell child = failed.Child;
        if ((Flags & CellFlags.Stopping) != 0)
        {
            child.Stop();
            return;
        }

        SupervisorStrategy strategy = Strategy;
        ActorFailure failure = failed.Failure;
        Directive directive = Decide(strategy, ref failure);
        bool limitReached = directive == Directive.Restart && !MayRestart(strategy, child);
        if (limitReached) directive = strategy.WhenExhausted == Directive.Restart ? Directive.Stop : strategy.WhenExhausted;
        if (Dispatcher.System.Events.HasSubscribers) Dispatcher.System.Events.Publish(new ActorFailed(failure, directive, limitReached));

        switch (directive)
        {
            case Directive.Resume:
                child.SendSystem(new RecoverMessage(Directive.Resume, failed.FailureNumber, failure));
                break;
            case Directive.Escalate when IsLastSupervisor:
                child.Stop();
                Dispatcher.System.OnEscalated(failure, child.Dispatcher);
                break;
            case Directive.Escalate:
                Fail(new ActorFailure(Ref, failure.Exception, failure.Message));
                break;
            case Directive.Restart:
                child.SendSystem(new RecoverMessage(Directive.Restart, failed.FailureNumber, failure));
                if (strategy.AllForOne) RestartSiblings(child, failure);
                break;
            default:
                child.Stop();
                if (strategy.AllForOne)
                {
                    foreach (ActorCell sibling in SnapshotCells()) sibling.Stop();
                }

                break;
        }
    }

    private bool IsLastSupervisor => Parent is null || Parent.Parent is null;

    private void RestartSiblings(ActorCell failed, ActorFailure failure)
    {
        foreach (ActorCell sibling in SnapshotCells())
        {
            if (ReferenceEquals(sibling, failed)) continue;
            sibling.SendSystem(new RecoverMessage(Directive.Restart, RecoverMessage.Unconditional, failure));
        }
    }

    private static Directive Decide(SupervisorStrategy strategy, ref ActorFailure failure)
    {
        try
        {
            return strategy.Decider(failure);
        }
        catch (Exception exception)
        {
            failure = failure with { Exception = new AggregateException(failure.Exception, exception) };
            return Directive.Escalate;
        }
    }

    /// <summary>Whether one restart more of this child is within the limit; counts it.</summary>
    private bool MayRestart(SupervisorStrategy strategy, ActorCell child)
    {
        if (strategy.MaxRestarts < 0) return true;
        if (strategy.MaxRestarts == 0) return false;
        long now = Dispatcher.NowMicroseconds;
        Queue<long> times = child.Extras.RestartTimes ??= new Queue<long>();
        long within = strategy.Within.Ticks / TimeSpan.TicksPerMicrosecond;
        while (times.TryPeek(out long oldest) && now - oldest >= within) times.Dequeue();
        if (times.Count >= strategy.MaxRestarts) return false;
        times.Enqueue(now);
        return true;
    }

    private void Recover(RecoverMessage recover)
    {
        if ((Flags & (CellFlags.Stopping | CellFlags.Restarting | CellFlags.New)) != 0) return;
        bool isSuspended = (Flags & CellFlags.Suspended) != 0;
        if (recover.FailureNumber != RecoverMessage.Unconditional)
        {
            // Recovered already by a sibling's failure, or failed anew since.
            if (!isSuspended) return;
            if (recover.FailureNumber != RecoverMessage.AnyFailure && recover.FailureNumber != _failureNumber) return;
        }

        if (recover.Directive == Directive.Restart || !HasInstance)
        {
            BeginRestart(recover.Failure);
            return;
        }

        Flags &= ~CellFlags.Suspended;
        // Children whose failure was escalated to this cell wait for what became of it.
        RecoverChildren(Directive.Resume, recover.Failure);
    }

    private void RecoverChildren(Directive directive, ActorFailure failure)
    {
        foreach (ActorCell child in SnapshotCells()) child.SendSystem(new RecoverMessage(directive, RecoverMessage.AnyFailure, failure));
    }

    private void BeginRestart(ActorFailure failure)
    {
        Dispatcher.System.CountRestart();
        if (HasInstance)
        {
            object? message = ReferenceEquals(failure.Actor, Ref) ? failure.Message : null;
            RunHook(cell => cell.CallPreRestart(failure.Exception, message), nameof(Actor<>.PreRestart));
        }

        CancelTimers();
        DropInstance();
        Extras.RestartCause = failure;
        Flags |= CellFlags.Restarting;
        if (Props.KeepChildrenOnRestart || !StopChildren(forGood: false)) FinishRestart();
    }

    private void FinishRestart()
    {
        ActorFailure failure = Extras.RestartCause!;
        Extras.RestartCause = null;
        Flags = (Flags & ~(CellFlags.Restarting | CellFlags.Suspended)) | CellFlags.InReceive;
        try
        {
            MakeInstance();
            CallPostRestart(failure.Exception);
        }
        catch (Exception exception)
        {
            DropInstance();
            Fail(new ActorInitializationException(Path, exception), message: null);
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }

        if (Props.KeepChildrenOnRestart) RecoverChildren(Directive.Restart, failure);
    }

    // ---- Signals and watches ---------------------------------------------------------------------------------------------------

    internal void InvokeSignal(Signal signal)
    {
        if (signal is Terminated terminated && _extras?.Watching?.Remove(terminated.Actor) != true) return;
        Flags |= CellFlags.InReceive;
        try
        {
            CallSignal(signal);
        }
        catch (Exception exception)
        {
            Fail(exception, signal);
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }
    }

    internal void Watch(ActorRef actor)
    {
        if (ReferenceEquals(actor, Ref)) return;
        if ((Extras.Watching ??= []).Add(actor)) actor.SendSystem(new WatchMessage(Ref));
    }

    internal void Unwatch(ActorRef actor)
    {
        if (_extras?.Watching?.Remove(actor) == true) actor.SendSystem(new UnwatchMessage(Ref));
    }

    // ---- Children --------------------------------------------------------------------------------------------------------------

    /// <summary>Makes a child and starts it. From any thread, for the guardians' sake.</summary>
    internal ActorRef<TChild> SpawnChild<TChild>(Props props, object? argument, string? name)
    {
        if (name is not null && (name.Length == 0 || name.Contains('/') || name[0] == '$'))
        {
            throw new ArgumentException($"'{name}' is no name for an actor: it is empty, holds '/' or begins with '$'.", nameof(name));
        }

        Dispatcher dispatcher = props.Dispatcher ?? Dispatcher;
        dispatcher.Attach(Dispatcher.System);
        var child = new ActorCell<TChild>(dispatcher, this, props, argument, name);
        CellExtras extras = Extras;
        lock (extras)
        {
            if (extras.IsClosedForChildren) throw new InvalidOperationException($"{Path} is stopping and makes no children.");
            if (name is not null && !(extras.Names ??= new Dictionary<string, ActorCell>(StringComparer.Ordinal)).TryAdd(name, child))
            {
                throw new ArgumentException($"{Path} has a child named '{name}'.", nameof(name));
            }

            child._previousSibling = extras.LastChild;
            if (extras.LastChild is { } last) last._nextSibling = child;
            else extras.FirstChild = child;
            extras.LastChild = child;
            extras.ChildCount++;
        }

        dispatcher.Start(child);
        return child.TypedRef;
    }

    private void OnChildStopped(ActorCell child)
    {
        CellExtras extras = Extras;
        bool isLastAwaited;
        lock (extras)
        {
            if (child._previousSibling is { } previous) previous._nextSibling = child._nextSibling;
            else extras.FirstChild = child._nextSibling;
            if (child._nextSibling is { } next) next._previousSibling = child._previousSibling;
            else extras.LastChild = child._previousSibling;
            child._previousSibling = child._nextSibling = null;
            if (child._name is { } name) extras.Names?.Remove(name);
            extras.ChildCount--;
            isLastAwaited = extras.WaitsForChildren && extras.ChildCount == 0;
            if (isLastAwaited) extras.WaitsForChildren = false;
        }

        if (isLastAwaited) SendSystem(new ChildrenGoneMessage());
    }

    internal ActorCell[] SnapshotCells()
    {
        if (_extras is not { } extras) return [];
        lock (extras) return ChildrenUnderLock(extras);
    }

    internal ActorRef[] SnapshotChildren() => Array.ConvertAll(SnapshotCells(), static cell => cell.Ref);

    private static ActorCell[] ChildrenUnderLock(CellExtras extras)
    {
        var children = new ActorCell[extras.ChildCount];
        ActorCell? child = extras.FirstChild;
        for (int i = 0; i < children.Length; i++, child = child!._nextSibling) children[i] = child!;
        return children;
    }

    // ---- Timers ----------------------------------------------------------------------------------------------------------------

    internal TimerEntry? FindTimer(object key)
    {
        for (TimerEntry? entry = _extras?.Timers; entry is not null; entry = entry.Next)
        {
            if (entry.Key!.Equals(key)) return entry;
        }

        return null;
    }

    internal bool CancelTimer(object key)
    {
        if (FindTimer(key) is not { } entry) return false;
        EndTimer(entry);
        return true;
    }

    internal void CancelTimers()
    {
        while (_extras?.Timers is { } entry) EndTimer(entry);
    }

    internal void AddTimer(TimerEntry entry)
    {
        CellExtras extras = Extras;
        entry.Next = extras.Timers;
        extras.Timers = entry;
    }

    /// <summary>Ends a timer: whatever of it is under way is recognised as outdated.</summary>
    internal void EndTimer(TimerEntry entry)
    {
        CellExtras extras = Extras;
        entry.Generation++;
        Dispatcher.DisarmTimer(entry);
        if (ReferenceEquals(extras.Timers, entry))
        {
            extras.Timers = entry.Next;
        }
        else
        {
            TimerEntry before = extras.Timers!;
            while (!ReferenceEquals(before.Next, entry)) before = before.Next!;
            before.Next = entry.Next;
        }

        entry.Next = null;
        entry.Key = null;
        entry.Forget();
        if (Dispatcher.ReusesTimers) extras.SpareTimer = entry;
    }
}
