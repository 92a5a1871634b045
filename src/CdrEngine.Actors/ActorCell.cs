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
internal abstract partial class ActorCell : IThreadPoolWorkItem
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

    // Timers that run, linked; and one that ended, for the next to begin. Here and not among the extras: of a million actors most have one timer and nothing else.
    private TimerEntry? _timers;
    private TimerEntry? _spareTimer;

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
        if (Volatile.Read(ref _status) == Idle && Interlocked.CompareExchange(ref _status, Scheduled, Idle) == Idle)
            Dispatcher.Schedule(this);
    }

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
}
