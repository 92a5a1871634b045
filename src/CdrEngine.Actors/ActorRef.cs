namespace CdrEngine.Actors;

/// <summary>Where an actor can be reached, whatever it takes. Stays valid through restarts; after the stop it leads to the dead
/// letters.</summary>
public abstract class ActorRef
{
    /// <summary>Name among its siblings.</summary>
    public abstract string Name { get; }

    /// <summary>Names from the root down, as in <c>/user/writer/$42</c>.</summary>
    public abstract string Path { get; }

    /// <summary>The system it lives in.</summary>
    public abstract ActorSystem System { get; }

    /// <summary>Whether it has stopped for good.</summary>
    public abstract bool IsTerminated { get; }

    /// <summary>Messages that wait in its mailbox; a snapshot.</summary>
    public abstract int QueuedCount { get; }

    /// <summary>Messages that its mailbox refused or gave up because it was full.</summary>
    public abstract long DroppedCount { get; }

    /// <summary>Stops it after the message it is at; what waits in the mailbox becomes dead letters. Never blocks, never fails.</summary>
    public abstract void Stop();

    /// <summary>Stops it once it has taken every message told before this call. Never blocks, is never dropped.</summary>
    public abstract void StopWhenDrained();

    /// <summary>A task that ends when the actor has stopped (at once where it had).</summary>
    public Task WhenTerminated()
    {
        var watcher = new TerminationRef(System);
        Subject.SendSystem(new WatchMessage(watcher));
        return watcher.Task;
    }

    /// <summary>Stops it and waits.</summary>
    /// <param name="timeout">How long to wait, by the system's clock.</param>
    /// <param name="drain">Whether the messages that wait are taken first.</param>
    /// <returns>Whether it stopped in time. It goes on stopping where not.</returns>
    public async Task<bool> StopAsync(TimeSpan timeout, bool drain = false)
    {
        Task stopped = WhenTerminated();
        if (drain) StopWhenDrained();
        else Stop();
        try
        {
            await stopped.WaitAsync(timeout, System.TimeProvider).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Its path.</summary>
    public override string ToString() => Path;

    /// <summary>Number in order of making, for a stable order of notices.</summary>
    internal abstract long Id { get; }

    /// <summary>Whom to watch in its place: an adapter is watched through its target.</summary>
    internal virtual ActorRef Subject => this;

    internal abstract void SendSystem(SystemMessage message);

    internal abstract void TellSignal(Signal signal);
}

/// <summary>Where messages of type <typeparamref name="T"/> can be told.</summary>
public abstract class ActorRef<T> : ActorRef
{
    /// <summary>Puts a message into the mailbox; from any thread.</summary>
    /// <returns>False where it was not accepted: the actor has stopped, or its mailbox is full and the policy is not to take this one.
    /// Each such message is counted in <see cref="ActorSystem.DeadLetters"/>. True says it is queued, not that it was taken.</returns>
    public abstract bool Tell(T message);

    /// <summary>Tells a message that carries where to answer, and waits for the one answer.</summary>
    /// <param name="request">Makes the message around the place to answer.</param>
    /// <param name="timeout">How long to wait, by the system's clock; then the task fails with <see cref="AskTimeoutException"/>.</param>
    /// <param name="cancellation">Gives up waiting; the task is then cancelled.</param>
    /// <returns>The answer. Fails at once with <see cref="ActorUnavailableException"/> where the message was not accepted.</returns>
    /// <remarks>A later or second answer is a dead letter. Nothing is kept of an ask that has ended either way.</remarks>
    public Task<TReply> Ask<TReply>(Func<ActorRef<TReply>, T> request, TimeSpan timeout, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var reply = new ReplyRef<TReply>(this, timeout, cancellation);
        if (!Tell(request(reply))) reply.Fail(new ActorUnavailableException(Path));
        return reply.Task;
    }

    internal virtual bool DeliverOn(ShardDispatcher shard, in T message) => Tell(message);
}

/// <summary>An asked actor gave no answer in time.</summary>
public sealed class AskTimeoutException : TimeoutException
{
    /// <summary>Says who was asked and how long the answer was waited for.</summary>
    public AskTimeoutException(string path, TimeSpan timeout)
        : base($"{path} gave no answer within {timeout.TotalMilliseconds} ms")
    {
    }
}

/// <summary>An asked actor did not accept the message: it has stopped, or its mailbox is full.</summary>
public sealed class ActorUnavailableException : Exception
{
    /// <summary>Says who was asked.</summary>
    public ActorUnavailableException(string path)
        : base($"{path} accepts no message: stopped, or its mailbox is full")
    {
    }
}

/// <summary>The ref of an actor of this process.</summary>
internal sealed class LocalActorRef<T>(ActorCell<T> cell) : ActorRef<T>
{
    internal readonly ActorCell<T> Cell = cell;

    public override string Name => Cell.Name;

    public override string Path => Cell.Path;

    public override ActorSystem System => Cell.Dispatcher.System;

    public override bool IsTerminated => Cell.IsTerminated;

    public override int QueuedCount => Cell.QueuedCount;

    public override long DroppedCount => Cell.DroppedCount;

    internal override long Id => Cell.Id;

    public override bool Tell(T message) => Cell.Tell(message);

    public override void Stop() => Cell.Stop();

    public override void StopWhenDrained() => Cell.PushUncounted(new DrainedEnvelope());

    internal override bool DeliverOn(ShardDispatcher shard, in T message) => Cell.DeliverOn(shard, in message);

    internal override void SendSystem(SystemMessage message) => Cell.SendSystem(message);

    internal override void TellSignal(Signal signal) => Cell.PushUncounted(new SignalEnvelope(signal));
}
