namespace CdrEngine.Actors;

/// <summary>An actor: private state that one message at a time may touch.</summary>
/// <typeparam name="T">The one type of message it takes; a class, a record or a struct.</typeparam>
/// <remarks>No two members of one actor ever run at once. What they throw goes to the supervisor (the parent), never to the sender.
/// A member must not block: work that waits is a task whose result comes back by
/// <see cref="ActorContext{T}.PipeToSelf{TResult}"/>.</remarks>
public abstract class Actor<T>
{
    private ActorCell<T>? _cell;

    /// <summary>What the actor may ask of its surroundings. Not there yet in the constructor (throws): use
    /// <see cref="PreStart"/>.</summary>
    protected ActorContext<T> Context =>
        new(_cell ?? throw new InvalidOperationException("An actor has no context in its constructor; PreStart has."));

    /// <summary>How failures of this actor's children are answered. Default: <see cref="Actors.SupervisorStrategy.Default"/>.</summary>
    protected internal virtual SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Default;

    /// <summary>Takes one message.</summary>
    protected internal abstract void Receive(T message);

    /// <summary>Takes one message by reference: what the runtime calls. Override it as well where <typeparamref name="T"/> is a large
    /// struct and the copy that <see cref="Receive"/> needs would cost; by default it calls <see cref="Receive"/>.</summary>
    protected internal virtual void ReceiveIn(in T message) => Receive(message);

    /// <summary>Takes a signal of the runtime, such as <see cref="Terminated"/> of a watched actor. Ignored by default.</summary>
    protected internal virtual void ReceiveSignal(Signal signal)
    {
    }

    /// <summary>Runs before the first message, on the actor's own dispatcher.</summary>
    protected internal virtual void PreStart()
    {
    }

    /// <summary>Runs after the last message and after all children have stopped. What it throws is published as
    /// <see cref="HookFailed"/>; the actor stops all the same.</summary>
    protected internal virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before a new one takes its place. By default calls <see cref="PostStop"/>.</summary>
    /// <param name="cause">What was thrown.</param>
    /// <param name="message">The message at fault, or null where it was none (a hook, a borrowed message, a sibling's failure).</param>
    protected internal virtual void PreRestart(Exception cause, object? message) => PostStop();

    /// <summary>Runs on the new instance after a restart. By default calls <see cref="PreStart"/>.</summary>
    protected internal virtual void PostRestart(Exception cause) => PreStart();

    internal void Attach(ActorCell<T> cell)
    {
        if (_cell is not null) throw new InvalidOperationException("The factory returned an instance that is in use: make a new one.");
        _cell = cell;
    }
}

/// <summary>Implemented by an actor that also takes messages which are only lent to it for the time of the call, such as a view over
/// a packet's bytes: <see cref="ShardDispatcher.DeliverBorrowed{T,TMessage}"/>.</summary>
/// <typeparam name="TMessage">The message; may be a ref struct.</typeparam>
public interface IReceiveBorrowed<TMessage>
    where TMessage : allows ref struct
{
    /// <summary>Takes one message, which must not be kept.</summary>
    void ReceiveBorrowed(in TMessage message);
}

/// <summary>A word from the runtime to an actor.</summary>
public abstract record Signal;

/// <summary>A watched actor has stopped, or had stopped before it was watched.</summary>
/// <param name="Actor">The actor watched.</param>
/// <remarks>Arrives after every message that the actor told the watcher while it lived, once for each watch.</remarks>
public sealed record Terminated(ActorRef Actor) : Signal;
