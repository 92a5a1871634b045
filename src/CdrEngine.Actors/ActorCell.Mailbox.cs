using System.Runtime.CompilerServices;

namespace CdrEngine.Actors;

/// <content>The mailbox: what any thread may put in, what the runner takes out.</content>
internal abstract partial class ActorCell
{
    /// <summary>Puts an envelope into the mailbox.</summary>
    /// <returns>False where the actor has stopped.</returns>
    internal bool Push(Envelope envelope)
    {
        if (_whenFull == MailboxFullPolicy.DropOldest) return PushDroppingOldest(envelope);
        Envelope? head = Volatile.Read(ref _mailHead);
        while (true)
        {
            if (ReferenceEquals(head, Envelope.Closed))
            {
                envelope.Discard(this, DeadLetterReason.ActorStopped);
                return false;
            }

            envelope.Next = head;
            Envelope? seen = Interlocked.CompareExchange(ref _mailHead, envelope, head);
            if (ReferenceEquals(seen, head)) return true;
            head = seen;
        }
    }

    /// <summary>Takes a place within the capacity, as the policy has it.</summary>
    /// <returns>Null: go on. Otherwise the message is not to be queued, for this reason.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected DeadLetterReason? Admit() => TryReserve() ? null : AdmitToFull();

    private DeadLetterReason? AdmitToFull()
    {
        if (IsTerminated) return DeadLetterReason.ActorStopped;
        switch (_whenFull)
        {
            case MailboxFullPolicy.DropOldest:
                Interlocked.Increment(ref _enqueued);
                return null;
            case MailboxFullPolicy.Block when ThreadContext.Current.Depth == 0 && !Dispatcher.IsOwnerThread && WaitForRoom():
                return null;
            case MailboxFullPolicy.DropNewest:
                Interlocked.Increment(ref Extras.Dropped);
                return DeadLetterReason.DroppedNewest;
            default:
                Interlocked.Increment(ref Extras.Dropped);
                return DeadLetterReason.Rejected;
        }
    }

    // The count of those taken may be older than it was, never newer: what is seen is the true number or more, so the bound is exact.
    private bool TryReserve()
    {
        int capacity = Props.Mailbox.Capacity;
        while (true)
        {
            int enqueued = Volatile.Read(ref _enqueued);
            if (enqueued - Volatile.Read(ref _dequeued) >= capacity) return false;
            if (Interlocked.CompareExchange(ref _enqueued, enqueued + 1, enqueued) == enqueued) return true;
        }
    }

    /// <summary>Waits until a place is free.</summary>
    /// <returns>Whether to go on: a place was taken, or the actor stopped, which the push then finds.</returns>
    private bool WaitForRoom()
    {
        CellExtras extras = Extras;
        long timeout = (long)Props.Mailbox.BlockTimeout.TotalMilliseconds;
        long start = Environment.TickCount64;
        lock (extras.Gate)
        {
            // Announced before the look: the runner frees a place, then looks for waiters, with a full fence between on both sides.
            Interlocked.Increment(ref extras.Waiters);
            try
            {
                while (true)
                {
                    if (IsTerminated || TryReserve()) return true;
                    long left = timeout < 0 ? int.MaxValue : timeout - (Environment.TickCount64 - start);
                    if (left <= 0) return false;
                    Monitor.Wait(extras.Gate, (int)Math.Min(left, int.MaxValue));
                }
            }
            finally
            {
                Interlocked.Decrement(ref extras.Waiters);
            }
        }
    }

    private void WakeWaiters()
    {
        Interlocked.MemoryBarrier();
        if (_extras is not { } extras || Volatile.Read(ref extras.Waiters) == 0) return;
        lock (extras.Gate) Monitor.PulseAll(extras.Gate);
    }

    private bool PushDroppingOldest(Envelope envelope)
    {
        CellExtras extras = Extras;
        Envelope? dropped = null;
        bool closed;
        lock (extras)
        {
            closed = extras.OldestClosed;
            if (!closed)
            {
                envelope.Next = null;
                if (extras.OldestTail is { } tail) tail.Next = envelope;
                else extras.OldestHead = envelope;
                extras.OldestTail = envelope;
                if (envelope.IsCounted && QueuedCount > Props.Mailbox.Capacity) dropped = TakeOldestCounted(extras);
            }
        }

        if (closed)
        {
            envelope.Discard(this, DeadLetterReason.ActorStopped);
            return false;
        }

        if (dropped is not null)
        {
            Interlocked.Increment(ref extras.Dropped);
            dropped.Discard(this, DeadLetterReason.DroppedOldest);
        }

        return true;
    }

    private Envelope? TakeOldestCounted(CellExtras extras)
    {
        Envelope? before = null;
        for (Envelope? at = extras.OldestHead; at is not null; before = at, at = at.Next)
        {
            if (!at.IsCounted) continue;
            if (before is null) extras.OldestHead = at.Next;
            else before.Next = at.Next;
            if (at.Next is null) extras.OldestTail = before;
            Interlocked.Decrement(ref _enqueued);
            return at;
        }

        return null;
    }

    private static void Append(ref Envelope? list, Envelope? more)
    {
        if (list is null)
        {
            list = more;
            return;
        }

        Envelope last = list;
        while (last.Next is { } next) last = next;
        last.Next = more;
    }

    internal bool HasMail =>
        _mailNext is not null
        || (_whenFull == MailboxFullPolicy.DropOldest
            ? _extras?.OldestHead is not null
            : Volatile.Read(ref _mailHead) is { } head && !ReferenceEquals(head, Envelope.Closed));

    /// <summary>Frees the place of a message that is now being taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ReleaseCounted()
    {
        Volatile.Write(ref _dequeued, _dequeued + 1);
        if (_whenFull == MailboxFullPolicy.Block) WakeWaiters();
    }

    private Envelope? Dequeue()
    {
        Envelope? envelope = _mailNext;
        if (envelope is null)
        {
            if (_whenFull == MailboxFullPolicy.DropOldest) return DequeueOldest();
            if (Volatile.Read(ref _mailHead) is null) return null;
            envelope = Reverse(Interlocked.Exchange(ref _mailHead, value: null));
            if (envelope is null) return null;
        }

        _mailNext = envelope.Next;
        envelope.Next = null;
        return envelope;
    }

    private Envelope? DequeueOldest()
    {
        if (_extras is not { } extras) return null;
        lock (extras)
        {
            if (extras.OldestHead is not { } envelope) return null;
            extras.OldestHead = envelope.Next;
            if (envelope.Next is null) extras.OldestTail = null;
            envelope.Next = null;
            return envelope;
        }
    }

    private static Envelope? Reverse(Envelope? stack)
    {
        Envelope? list = null;
        while (stack is not null)
        {
            Envelope? next = stack.Next;
            stack.Next = list;
            list = stack;
            stack = next;
        }

        return list;
    }

    private static SystemMessage? Reverse(SystemMessage? stack)
    {
        SystemMessage? list = null;
        while (stack is not null)
        {
            SystemMessage? next = stack.Next;
            stack.Next = list;
            list = stack;
            stack = next;
        }

        return list;
    }
}
