namespace CdrEngine.Actors;

/// <summary>What an actor may ask of its surroundings. For the actor's own code only, while it runs.</summary>
public readonly struct ActorContext<T>
{
    private readonly ActorCell<T> _cell;

    internal ActorContext(ActorCell<T> cell) => _cell = cell;

    /// <summary>The actor's own ref.</summary>
    public ActorRef<T> Self => _cell.TypedRef;

    /// <summary>The actor that made this one and supervises it.</summary>
    public ActorRef Parent => _cell.Parent!.Ref;

    /// <summary>Name among its siblings.</summary>
    public string Name => _cell.Name;

    /// <summary>Names from the root down.</summary>
    public string Path => _cell.Path;

    /// <summary>The system.</summary>
    public ActorSystem System => _cell.Dispatcher.System;

    /// <summary>What runs this actor.</summary>
    public Dispatcher Dispatcher => _cell.Dispatcher;

    /// <summary>The dispatcher's clock. Unit: microseconds since 1970 UTC; packet time on a shard.</summary>
    public long NowMicroseconds => _cell.Dispatcher.NowMicroseconds;

    /// <summary>Timers of this actor; all end with it and with a restart.</summary>
    public ActorTimers<T> Timers => new(_cell);

    /// <summary>Children that live, in the order of their making; a snapshot.</summary>
    public IReadOnlyList<ActorRef> Children => _cell.SnapshotChildren();

    /// <summary>Makes a child, on the dispatcher that its props name or else on this actor's.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Name among the siblings, without <c>/</c>; null gives it a number. A name in use throws
    /// <see cref="ArgumentException"/>.</param>
    public ActorRef<TChild> Spawn<TChild>(Props<TChild> props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        return _cell.SpawnChild<TChild>(props, null, name);
    }

    /// <summary>Makes a child from an argument, so that one props serves many.</summary>
    public ActorRef<TChild> Spawn<TChild, TArgument>(Props<TChild, TArgument> props, TArgument argument, string? name = null)
        where TArgument : class
    {
        ArgumentNullException.ThrowIfNull(props);
        return _cell.SpawnChild<TChild>(props, argument, name);
    }

    /// <summary>Stops this actor after the message it is at.</summary>
    public void Stop() => _cell.RequestStop();

    /// <summary>Stops a child, or any other actor, after the message it is at.</summary>
    public void Stop(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (ReferenceEquals(actor, _cell.Ref)) _cell.RequestStop();
        else actor.Stop();
    }

    /// <summary>Asks for a <see cref="Terminated"/> when the actor stops, at once where it has. Watching twice is watching once;
    /// watching oneself does nothing. Kept through restarts.</summary>
    public void Watch(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        _cell.Watch(actor.Subject);
    }

    /// <summary>Takes the watch back: no <see cref="Terminated"/> of it comes any more, even if one was on its way.</summary>
    public void Unwatch(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        _cell.Unwatch(actor.Subject);
    }

    /// <summary>A ref that takes another type of message and tells it, translated, to this actor: how it gets answers of others.
    /// The translation runs on the sender's thread and must not touch the actor's state.</summary>
    public ActorRef<TFrom> Adapter<TFrom>(Func<TFrom, T> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new AdapterRef<TFrom, T>(Self, map);
    }

    /// <summary>Tells this actor how a task ended. The translations run on the task's thread and must not touch the actor's
    /// state.</summary>
    public void PipeToSelf<TResult>(Task<TResult> task, Func<TResult, T> succeeded, Func<Exception, T> failed)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(succeeded);
        ArgumentNullException.ThrowIfNull(failed);
        ActorCell<T> cell = _cell;
        _ = task.ContinueWith(
            done => cell.Tell(done.IsCompletedSuccessfully
                ? succeeded(done.Result)
                : failed(done.Exception?.InnerException ?? new TaskCanceledException(done))),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}

/// <summary>The timers of one actor, each known by a key. A timer's message never comes after its cancelling, its replacing or a
/// restart, even if it was due.</summary>
public readonly struct ActorTimers<T>
{
    private readonly ActorCell<T> _cell;

    internal ActorTimers(ActorCell<T> cell) => _cell = cell;

    /// <summary>Tells the actor a message once, after a delay. Replaces the timer of the same key.</summary>
    /// <param name="key">Compared by <see cref="object.Equals(object)"/>.</param>
    /// <param name="message">What to tell.</param>
    /// <param name="delay">Zero or less is due at once (on a shard: at the next <see cref="ShardDispatcher.Advance"/>).</param>
    public void Start(object key, T message, TimeSpan delay) => _cell.StartTimer(key, message, Microseconds(delay), 0);

    /// <summary>As <see cref="Start"/>, with the instant in the unit of <see cref="ActorContext{T}.NowMicroseconds"/>.</summary>
    public void StartAt(object key, T message, long deadlineMicroseconds) =>
        _cell.StartTimer(key, message, deadlineMicroseconds - _cell.Dispatcher.NowMicroseconds, 0);

    /// <summary>Tells the actor a message again and again, the first time after one interval. Replaces the timer of the same key.</summary>
    /// <param name="key">Compared by <see cref="object.Equals(object)"/>.</param>
    /// <param name="message">What to tell.</param>
    /// <param name="interval">At least a microsecond, or <see cref="ArgumentOutOfRangeException"/>.</param>
    /// <remarks>A pool actor that lags gets one message for all the intervals it missed.</remarks>
    public void StartPeriodic(object key, T message, TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromMicroseconds(1));
        _cell.StartTimer(key, message, Microseconds(interval), Microseconds(interval));
    }

    /// <summary>Ends a timer.</summary>
    /// <returns>Whether it was running.</returns>
    public bool Cancel(object key) => _cell.CancelTimer(key);

    /// <summary>Ends all of them.</summary>
    public void CancelAll() => _cell.CancelTimers();

    /// <summary>Whether a timer of this key is still to tell its message.</summary>
    public bool IsActive(object key) => _cell.FindTimer(key) is not null;

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
