using System.Runtime.CompilerServices;

namespace CdrEngine.Actors;

/// <summary>The part of a cell that knows the type of the messages.</summary>
internal sealed class ActorCell<T> : ActorCell
{
    private Actor<T>? _actor;

    internal ActorCell(Dispatcher dispatcher, ActorCell? parent, Props props, object? argument, string? name)
        : base(dispatcher, parent, props, argument, name) => TypedRef = new LocalActorRef<T>(this);

    internal LocalActorRef<T> TypedRef { get; }

    internal override ActorRef Ref => TypedRef;

    internal override bool HasInstance => _actor is not null;

    private protected override SupervisorStrategy Strategy => _actor?.SupervisorStrategy ?? SupervisorStrategy.Default;

    internal bool Tell(T message)
    {
        if (Admit() is { } reason)
        {
            Dispatcher.System.DeadLetters.Add(Ref, message, reason);
            return reason == DeadLetterReason.DroppedNewest;
        }

        var envelope = new Envelope<T>(message);
        if (Dispatcher.IsOwnerThread) return Dispatcher.EnqueueLocally(this, envelope);
        if (!Push(envelope)) return false;
        Schedule();
        return true;
    }

    /// <summary>A delivery on the shard's own thread: see <see cref="ShardDispatcher.Deliver{T}"/>.</summary>
    internal bool DeliverOn(ShardDispatcher shard, in T message)
    {
        if (!ReferenceEquals(Dispatcher, shard)) return Tell(message);
        if (!shard.PrepareDelivery(this)) return Tell(message);
        shard.Enter();
        Invoke(in message);
        shard.Leave();
        shard.FinishDelivery(this);
        return true;
    }

    /// <summary>A delivery of a lent message: see <see cref="ShardDispatcher.DeliverBorrowed{T,TMessage}"/>.</summary>
    internal bool DeliverBorrowedOn<TMessage>(ShardDispatcher shard, in TMessage message)
        where TMessage : allows ref struct
    {
        if (!ReferenceEquals(Dispatcher, shard) || !shard.PrepareDelivery(this))
        {
            DeadLetterReason reason = IsTerminated ? DeadLetterReason.ActorStopped : DeadLetterReason.NotReady;
            Dispatcher.System.DeadLetters.AddUnkept(Ref, typeof(TMessage).Name, reason);
            return false;
        }

        if (_actor is not IReceiveBorrowed<TMessage> receiver)
        {
            throw new ArgumentException($"{Path} does not implement {typeof(IReceiveBorrowed<TMessage>)}.", nameof(message));
        }

        shard.Enter();
        InvokeBorrowed(receiver, in message);
        shard.Leave();
        shard.FinishDelivery(this);
        return true;
    }

    /// <summary>Lets the actor take a message. The caller has made sure that it takes messages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Invoke(in T message)
    {
        Flags |= CellFlags.InReceive;
        try
        {
            _actor!.ReceiveIn(in message);
        }
        catch (Exception exception)
        {
            Fail(exception, message);
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }
    }

    private void InvokeBorrowed<TMessage>(IReceiveBorrowed<TMessage> receiver, in TMessage message)
        where TMessage : allows ref struct
    {
        Flags |= CellFlags.InReceive;
        try
        {
            receiver.ReceiveBorrowed(in message);
        }
        catch (Exception exception)
        {
            Fail(exception, message: null);
        }
        finally
        {
            Flags &= ~CellFlags.InReceive;
        }
    }

    internal void StartTimer(object key, T message, long delayMicroseconds, long periodMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(key);
        TimerEntry<T>? entry = null;
        if (FindTimer(key) is { } running)
        {
            if (Dispatcher.ReusesTimers)
            {
                entry = (TimerEntry<T>)running;
                entry.Generation++;
                entry.IsQueued = 0;
            }
            else
            {
                EndTimer(running);
            }
        }
        else if (TakeSpareTimer() is TimerEntry<T> spare)
        {
            entry = spare;
            entry.Key = key;
            entry.IsQueued = 0;
            AddTimer(entry);
        }

        if (entry is null)
        {
            entry = new TimerEntry<T>(this) { Key = key };
            AddTimer(entry);
        }

        entry.Message = message;
        entry.PeriodMicroseconds = periodMicroseconds;
        Dispatcher.ArmTimer(entry, delayMicroseconds);
    }

    internal void InvokeTimer(TimerEntry<T> entry, long generation)
    {
        if (entry.Generation != generation) return;
        Volatile.Write(ref entry.IsQueued, 0);
        T message = entry.Message;
        if (entry.PeriodMicroseconds == 0) EndTimer(entry);
        Invoke(in message);
    }

    private protected override void MakeInstance()
    {
        Actor<T> actor = ((IMake<T>)Props).Make(Argument) ?? throw new InvalidOperationException("The factory returned null.");
        actor.Attach(this);
        _actor = actor;
    }

    private protected override void DropInstance() => _actor = null;

    private protected override void CallPreStart() => _actor!.PreStart();

    private protected override void CallPostStop() => _actor!.PostStop();

    private protected override void CallPreRestart(Exception cause, object? message) => _actor!.PreRestart(cause, message);

    private protected override void CallPostRestart(Exception cause) => _actor!.PostRestart(cause);

    private protected override void CallSignal(Signal signal) => _actor!.ReceiveSignal(signal);
}
