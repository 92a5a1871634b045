namespace CdrEngine.Actors;

/// <summary>Why a message was not taken.</summary>
public enum DeadLetterReason : byte
{
    /// <summary>The actor had stopped when the message was told.</summary>
    ActorStopped = 0,

    /// <summary>The message waited in the mailbox when the actor stopped.</summary>
    DiscardedAtStop = 1,

    /// <summary>The mailbox was full and the sender was told so.</summary>
    Rejected = 2,

    /// <summary>The mailbox was full and dropped it as the newest.</summary>
    DroppedNewest = 3,

    /// <summary>The mailbox was full and dropped it as the oldest.</summary>
    DroppedOldest = 4,

    /// <summary>A borrowed message met an actor that could not take it at once (suspended, or at another message).</summary>
    NotReady = 5,
}

/// <summary>A message that no actor took.</summary>
/// <param name="Recipient">Path of the actor meant.</param>
/// <param name="Message">The message.</param>
/// <param name="Reason">Why.</param>
public sealed record DeadLetter(string Recipient, object? Message, DeadLetterReason Reason);

/// <summary>Counts every message that was not taken, and keeps a sample of them.</summary>
/// <remarks>The first 64 letters and then each 256th are sampled, so that a flood costs little; the last of the samples are kept.</remarks>
public sealed class DeadLetters
{
    private const int SampledAtFirst = 64;
    private const int SampleEvery = 256;
    private static readonly DeadLetterReason[] Reasons = Enum.GetValues<DeadLetterReason>();
    private readonly long[] _counts = new long[Reasons.Length];
    private readonly Lock _lock = new();
    private readonly Queue<DeadLetter> _sample;
    private readonly int _capacity;
    private readonly EventStream _events;
    private long _total;

    internal DeadLetters(int capacity, EventStream events)
    {
        _capacity = capacity;
        _sample = new Queue<DeadLetter>(capacity);
        _events = events;
    }

    /// <summary>Messages not taken, for whatever reason.</summary>
    public long Count => Volatile.Read(ref _total);

    /// <summary>Messages not taken for one reason.</summary>
    public long this[DeadLetterReason reason] => Volatile.Read(ref _counts[(int)reason]);

    /// <summary>The letters kept, oldest first.</summary>
    public IReadOnlyList<DeadLetter> Sample
    {
        get
        {
            lock (_lock) return [.. _sample];
        }
    }

    internal void Add<T>(ActorRef recipient, T message, DeadLetterReason reason)
    {
        if (IsSampled(reason)) Keep(new DeadLetter(recipient.Path, message, reason));
    }

    /// <summary>For a message that cannot be kept.</summary>
    internal void AddUnkept(ActorRef recipient, string type, DeadLetterReason reason)
    {
        if (IsSampled(reason)) Keep(new DeadLetter(recipient.Path, type, reason));
    }

    private bool IsSampled(DeadLetterReason reason)
    {
        Interlocked.Increment(ref _counts[(int)reason]);
        long total = Interlocked.Increment(ref _total);
        return total <= SampledAtFirst || total % SampleEvery == 0;
    }

    private void Keep(DeadLetter letter)
    {
        lock (_lock)
        {
            if (_sample.Count > 0 && _sample.Count == _capacity) _sample.Dequeue();
            if (_capacity > 0) _sample.Enqueue(letter);
        }

        if (_events.HasSubscribers) _events.Publish(new DeadLetterSeen(letter));
    }
}
