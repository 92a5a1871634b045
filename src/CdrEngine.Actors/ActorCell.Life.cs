namespace CdrEngine.Actors;

/// <content>Start, stop, failure, restart.</content>
internal abstract partial class ActorCell
{
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
        CancelTimers();
        if ((_extras is not null || Parent is null) && StopChildren(forGood: true)) return;
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
        // Any that the hook started.
        CancelTimers();
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
}
