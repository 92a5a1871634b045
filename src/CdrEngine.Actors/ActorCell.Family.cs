namespace CdrEngine.Actors;

/// <content>Children, watches, timers.</content>
internal abstract partial class ActorCell
{
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
            if (extras.IsClosedForChildren || (Flags & (CellFlags.Stopping | CellFlags.Terminated)) != 0)
                throw new InvalidOperationException($"{Path} is stopping and makes no children.");
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

    internal TimerEntry? FindTimer(object key)
    {
        for (TimerEntry? entry = _timers; entry is not null; entry = entry.Next)
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
        while (_timers is { } entry) EndTimer(entry);
    }

    /// <summary>Takes the timer that ended last, to begin it anew; null where there is none.</summary>
    internal TimerEntry? TakeSpareTimer()
    {
        TimerEntry? spare = _spareTimer;
        _spareTimer = null;
        return spare;
    }

    internal void AddTimer(TimerEntry entry)
    {
        entry.Next = _timers;
        _timers = entry;
    }

    /// <summary>Ends a timer: whatever of it is under way is recognised as outdated.</summary>
    internal void EndTimer(TimerEntry entry)
    {
        entry.Generation++;
        Dispatcher.DisarmTimer(entry);
        if (ReferenceEquals(_timers, entry))
        {
            _timers = entry.Next;
        }
        else
        {
            TimerEntry before = _timers!;
            while (!ReferenceEquals(before.Next, entry)) before = before.Next!;
            before.Next = entry.Next;
        }

        entry.Next = null;
        entry.Key = null;
        entry.Forget();
        if (Dispatcher.ReusesTimers) _spareTimer = entry;
    }
}
