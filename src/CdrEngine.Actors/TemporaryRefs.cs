namespace CdrEngine.Actors;

/// <summary>A ref without an actor behind it.</summary>
internal abstract class TemporaryRef<T>(ActorSystem system, string path) : ActorRef<T>
{
    public override string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public override string Path { get; } = path;

    public override ActorSystem System { get; } = system;

    public override int QueuedCount => 0;

    public override long DroppedCount => 0;

    internal override long Id { get; } = system.NextId();

    public override void Stop()
    {
    }

    public override void StopWhenDrained() => Stop();

    // Nothing tells when a temporary ref ends, so a watcher is told at once and never waits for it.
    internal override void SendSystem(SystemMessage message)
    {
        if (message is WatchMessage watch) watch.Watcher.TellSignal(new Terminated(this));
    }

    internal override void TellSignal(Signal signal)
    {
    }
}

/// <summary>The place to answer one ask.</summary>
internal sealed class ReplyRef<TReply> : TemporaryRef<TReply>
{
    private readonly TaskCompletionSource<TReply> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _registration;
    private readonly string _asked;
    private readonly TimeSpan _timeout;
    private readonly ITimer? _timer;

    internal ReplyRef(ActorRef asked, TimeSpan timeout, CancellationToken cancellation)
        : base(asked.System, asked.Path + "/ask")
    {
        _asked = asked.Path;
        _timeout = timeout;
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            _timer = System.TimeProvider.CreateTimer(
                static state => ((ReplyRef<TReply>)state!).OnTimeout(), this, timeout, Timeout.InfiniteTimeSpan);
        }

        if (cancellation.CanBeCanceled)
        {
            _registration = cancellation.UnsafeRegister(
                static (state, token) => ((ReplyRef<TReply>)state!).OnCancelled(token), this);
        }

        // The timer or the token may have ended the ask before the fields were set.
        if (_source.Task.IsCompleted) Release();
    }

    internal Task<TReply> Task => _source.Task;

    public override bool IsTerminated => _source.Task.IsCompleted;

    public override bool Tell(TReply message)
    {
        if (!_source.TrySetResult(message))
        {
            System.DeadLetters.Add(this, message, DeadLetterReason.ActorStopped);
            return false;
        }

        Release();
        return true;
    }

    internal void Fail(Exception exception)
    {
        if (_source.TrySetException(exception)) Release();
    }

    private void OnTimeout() => Fail(new AskTimeoutException(_asked, _timeout));

    private void OnCancelled(CancellationToken token)
    {
        if (_source.TrySetCanceled(token)) Release();
    }

    private void Release()
    {
        _timer?.Dispose();
        _registration.Unregister();
    }
}

/// <summary>Ends a task when the actor it watches has stopped.</summary>
internal sealed class TerminationRef(ActorSystem system) : TemporaryRef<object>(system, "/termination")
{
    private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Task => _source.Task;

    public override bool IsTerminated => _source.Task.IsCompleted;

    public override bool Tell(object message) => false;

    internal override void TellSignal(Signal signal) => _source.TrySetResult();
}

/// <summary>Takes another type of message and tells it, translated, to an actor.</summary>
internal sealed class AdapterRef<TFrom, T>(ActorRef<T> target, Func<TFrom, T> map) : ActorRef<TFrom>
{
    public override string Name => target.Name;

    public override string Path => target.Path;

    public override ActorSystem System => target.System;

    public override bool IsTerminated => target.IsTerminated;

    public override int QueuedCount => target.QueuedCount;

    public override long DroppedCount => target.DroppedCount;

    internal override long Id => target.Id;

    internal override ActorRef Subject => target;

    public override bool Tell(TFrom message) => target.Tell(map(message));

    public override void Stop() => target.Stop();

    public override void StopWhenDrained() => target.StopWhenDrained();

    internal override void SendSystem(SystemMessage message) => target.SendSystem(message);

    internal override void TellSignal(Signal signal) => target.TellSignal(signal);
}
