namespace CdrEngine.Actors;

/// <summary>How to make an actor, and make it again at a restart.</summary>
public abstract record Props
{
    private protected Props()
    {
    }

    /// <summary>The mailbox. Default: <see cref="MailboxSettings.Default"/>.</summary>
    public MailboxSettings Mailbox { get; init; } = MailboxSettings.Default;

    /// <summary>What runs it; null: what runs its parent.</summary>
    public Dispatcher? Dispatcher { get; init; }

    /// <summary>Whether the children live on when this actor is restarted. By default they are stopped first, and the new instance
    /// begins without any.</summary>
    public bool KeepChildrenOnRestart { get; init; }
}

/// <summary>How to make an actor that takes <typeparamref name="T"/>.</summary>
public sealed record Props<T> : Props, IMake<T>
{
    private readonly Func<Actor<T>> _factory;

    /// <summary>Props around a factory.</summary>
    /// <param name="factory">Makes a new instance each time; runs on the actor's dispatcher.</param>
    public Props(Func<Actor<T>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _factory = factory;
    }

    Actor<T> IMake<T>.Make(object? argument) => _factory();
}

/// <summary>How to make actors that take <typeparamref name="T"/>, each from its own argument.</summary>
public sealed record Props<T, TArgument> : Props, IMake<T>
    where TArgument : class
{
    private readonly Func<TArgument, Actor<T>> _factory;

    /// <summary>Props around a factory.</summary>
    /// <param name="factory">Makes a new instance each time; runs on the actor's dispatcher.</param>
    public Props(Func<TArgument, Actor<T>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _factory = factory;
    }

    Actor<T> IMake<T>.Make(object? argument) => _factory((TArgument)argument!);
}

internal interface IMake<T>
{
    Actor<T> Make(object? argument);
}

/// <summary>What a full mailbox does with one message more. Messages of the runtime itself are never refused.</summary>
public enum MailboxFullPolicy : byte
{
    /// <summary>Refuses it: <see cref="ActorRef{T}.Tell"/> returns false, and the sender decides.</summary>
    Reject = 0,

    /// <summary>Drops it: <see cref="ActorRef{T}.Tell"/> returns true, as the sender is not meant to care.</summary>
    DropNewest = 1,

    /// <summary>Drops the message that waits longest and takes the new one. Uses a lock; for values of which the last matters.</summary>
    DropOldest = 2,

    /// <summary>Makes a sender outside wait until there is room, the actor stops, or <see cref="MailboxSettings.BlockTimeout"/> passes. A
    /// sender that is itself an actor never waits (two could wait for each other for ever): for it this is <see cref="Reject"/>.</summary>
    Block = 3,
}

/// <summary>Size of a mailbox, and what happens when it is full.</summary>
/// <param name="Capacity">Messages that may wait; 1 or more.</param>
/// <param name="WhenFull">What happens with one more.</param>
public sealed record MailboxSettings(int Capacity, MailboxFullPolicy WhenFull)
{
    /// <summary>1,024 messages, then <see cref="MailboxFullPolicy.Reject"/>: some 40 KB at most, and the sender learns of it.</summary>
    public static MailboxSettings Default { get; } = new(1024, MailboxFullPolicy.Reject);

    /// <summary>Messages that may wait; less than 1 throws <see cref="ArgumentOutOfRangeException"/>.</summary>
    public int Capacity { get; init; } =
        Capacity >= 1
            ? Capacity
            : throw new ArgumentOutOfRangeException(nameof(Capacity), Capacity, "A mailbox holds at least one message.");

    /// <summary>How long a sender waits under <see cref="MailboxFullPolicy.Block"/>, in real time; then the message is refused.
    /// Default: without end.</summary>
    public TimeSpan BlockTimeout { get; init; } = Timeout.InfiniteTimeSpan;
}
