using System.Runtime.CompilerServices;

namespace CdrEngine.Actors;

/// <summary>What lies in a mailbox: a link of the list that the mailbox is.</summary>
internal abstract class Envelope
{
    /// <summary>Head of a mailbox that takes nothing any more.</summary>
    internal static readonly Envelope Closed = new DrainedEnvelope();

    internal Envelope? Next;

    /// <summary>Whether it has a place within the mailbox's capacity and may be dropped; the runtime's own have not.</summary>
    internal virtual bool IsCounted => false;

    /// <summary>Hands the content to the actor.</summary>
    internal abstract void Deliver(ActorCell cell);

    /// <summary>Tells of a message that no actor will take.</summary>
    internal virtual void Discard(ActorCell cell, DeadLetterReason reason)
    {
    }
}

/// <summary>A message.</summary>
internal sealed class Envelope<T>(T message) : Envelope
{
    private readonly T _message = message;

    internal override bool IsCounted => true;

    internal override void Deliver(ActorCell cell)
    {
        cell.ReleaseCounted();
        // Made by this very cell, so of its type; the checked cast would look the type up for each message.
        Unsafe.As<ActorCell<T>>(cell).Invoke(in _message);
    }

    internal override void Discard(ActorCell cell, DeadLetterReason reason) =>
        cell.Dispatcher.System.DeadLetters.Add(cell.Ref, _message, reason);
}

/// <summary>A signal, in line with the messages so that it cannot overtake those told before it.</summary>
internal sealed class SignalEnvelope(Signal signal) : Envelope
{
    internal override void Deliver(ActorCell cell) => cell.InvokeSignal(signal);
}

/// <summary>Stops the actor when its turn comes.</summary>
internal sealed class DrainedEnvelope : Envelope
{
    internal override void Deliver(ActorCell cell) => cell.RequestStop();
}

/// <summary>The message of a timer that was due, unless the timer was ended since.</summary>
internal sealed class TimerEnvelope<T>(TimerEntry<T> entry, long generation) : Envelope
{
    internal override void Deliver(ActorCell cell) => ((ActorCell<T>)cell).InvokeTimer(entry, generation);
}

/// <summary>A word from the runtime to a cell: always handled before messages, never dropped.</summary>
internal abstract class SystemMessage
{
    internal static readonly SystemMessage Closed = new StopMessage();

    internal SystemMessage? Next;
}

internal sealed class StopMessage : SystemMessage;

internal sealed class ChildrenGoneMessage : SystemMessage;

internal sealed class WatchMessage(ActorRef watcher) : SystemMessage
{
    internal readonly ActorRef Watcher = watcher;
}

internal sealed class UnwatchMessage(ActorRef watcher) : SystemMessage
{
    internal readonly ActorRef Watcher = watcher;
}

/// <summary>A child failed and waits, suspended, for the directive.</summary>
internal sealed class ChildFailedMessage(ActorCell child, ActorFailure failure, int failureNumber) : SystemMessage
{
    internal readonly ActorCell Child = child;
    internal readonly ActorFailure Failure = failure;
    internal readonly int FailureNumber = failureNumber;
}

/// <summary>Ends a suspension, or restarts.</summary>
internal sealed class RecoverMessage(Directive directive, int failureNumber, ActorFailure failure) : SystemMessage
{
    /// <summary>Meant for whatever failure the cell is suspended by, if any.</summary>
    internal const int AnyFailure = 0;

    /// <summary>Meant for the cell whether it has failed or not.</summary>
    internal const int Unconditional = -1;

    internal readonly Directive Directive = directive;
    internal readonly int FailureNumber = failureNumber;
    internal readonly ActorFailure Failure = failure;
}
