namespace CdrEngine.Actors;

/// <summary>Something that happened in the system and that its owner may want to log.</summary>
public abstract record ActorEvent;

/// <summary>An actor failed, and this is what its supervisor decided.</summary>
/// <param name="Failure">Who, what and at which message.</param>
/// <param name="Directive">What is done, the restart limit considered.</param>
/// <param name="LimitReached">Whether a restart was wanted but the limit was reached.</param>
public sealed record ActorFailed(ActorFailure Failure, Directive Directive, bool LimitReached) : ActorEvent;

/// <summary>A failure was escalated past the last supervisor. The actor is stopped; a shard's owner finds it in
/// <see cref="ShardDispatcher.Fault"/>.</summary>
/// <param name="Failure">Who, what and at which message.</param>
public sealed record FailureEscalated(ActorFailure Failure) : ActorEvent;

/// <summary>A hook (PostStop, PreRestart) threw while its actor was going anyway.</summary>
/// <param name="Actor">Whose hook.</param>
/// <param name="Hook">Name of the method.</param>
/// <param name="Exception">What it threw.</param>
public sealed record HookFailed(ActorRef Actor, string Hook, Exception Exception) : ActorEvent;

/// <summary>A message that no actor took; one of the sampled ones.</summary>
/// <param name="Letter">The message and its place.</param>
public sealed record DeadLetterSeen(DeadLetter Letter) : ActorEvent;

/// <summary>Hands events to who subscribed, on the thread where they happen. A subscriber must be quick and safe on any thread.</summary>
public sealed class EventStream
{
    private readonly Lock _lock = new();
    private Action<ActorEvent>[] _subscribers = [];
    private long _subscriberFailures;

    /// <summary>Times that a subscriber threw; the exception is dropped, as there is nobody to tell.</summary>
    public long SubscriberFailures => Volatile.Read(ref _subscriberFailures);

    /// <summary>Subscribes until the result is disposed.</summary>
    public IDisposable Subscribe(Action<ActorEvent> subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_lock) _subscribers = [.. _subscribers, subscriber];
        return new Subscription(this, subscriber);
    }

    internal bool HasSubscribers => _subscribers.Length > 0;

    /// <summary>Tells the subscribers, also what parts beside the actors have to tell. What a subscriber throws is counted and dropped.</summary>
    public void Publish(ActorEvent happened)
    {
        foreach (Action<ActorEvent> subscriber in Volatile.Read(ref _subscribers))
        {
            try
            {
                subscriber(happened);
            }
            catch (Exception)
            {
                Interlocked.Increment(ref _subscriberFailures);
            }
        }
    }

    private void Remove(Action<ActorEvent> subscriber)
    {
        lock (_lock)
        {
            int index = Array.IndexOf(_subscribers, subscriber);
            if (index >= 0) _subscribers = [.. _subscribers[..index], .. _subscribers[(index + 1)..]];
        }
    }

    private sealed class Subscription(EventStream stream, Action<ActorEvent> subscriber) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0) stream.Remove(subscriber);
        }
    }
}
