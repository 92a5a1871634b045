namespace CdrEngine.Actors;

/// <summary>Manners of an actor system.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Its name, for people.</summary>
    public string Name { get; init; } = "actors";

    /// <summary>Clock and timers of pool actors, asks and shutdown. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>What runs actors whose props name nothing else; null makes a <see cref="PoolDispatcher"/>. Never a shard.</summary>
    public Dispatcher? Dispatcher { get; init; }

    /// <summary>How failures of top actors are answered. One that is escalated stops its actor and is published as
    /// <see cref="FailureEscalated"/>.</summary>
    public SupervisorStrategy Strategy { get; init; } = SupervisorStrategy.Default;

    /// <summary>Dead letters kept to look at. Default 100.</summary>
    public int DeadLetterSampleSize { get; init; } = 100;

    /// <summary>How long <see cref="ActorSystem.ShutdownAsync"/> waits for the actors to stop. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A tree of actors and what they share: dispatchers, events, dead letters, an ordered end.</summary>
/// <remarks>Top actors are children of the guardian <c>/user</c>, or of the guardian of their shard (<c>/shard-0</c>); the guardians are
/// children of the root.</remarks>
public sealed class ActorSystem : IAsyncDisposable
{
    private readonly ActorCell _root;
    private readonly ActorCell _user;
    private readonly ActorSystemOptions _options;
    private long _lastId;
    private long _failures;
    private long _restarts;

    /// <summary>Starts a system.</summary>
    public ActorSystem(ActorSystemOptions? options = null)
    {
        _options = options ?? new ActorSystemOptions();
        if (_options.Dispatcher is ShardDispatcher)
            throw new ArgumentException("A shard belongs to a thread; it cannot run the guardians.", nameof(options));
        Dispatcher = _options.Dispatcher ?? new PoolDispatcher();
        Dispatcher.Attach(this);
        Events = new EventStream();
        DeadLetters = new DeadLetters(_options.DeadLetterSampleSize, Events);
        Shutdown = new ShutdownPlan(this);
        _root = new ActorCell<object>(Dispatcher, parent: null, Guardian.Props(SupervisorStrategy.StopAlways), argument: null, name: "");
        _ = _root.Extras;
        Dispatcher.Start(_root);
        _user = SpawnGuardian(Dispatcher, "user", _options.Strategy);
    }

    /// <summary>Its name.</summary>
    public string Name => _options.Name;

    /// <summary>Clock and timers of pool actors, asks and shutdown.</summary>
    public TimeProvider TimeProvider => _options.TimeProvider;

    /// <summary>What runs actors whose props name nothing else.</summary>
    public Dispatcher Dispatcher { get; }

    /// <summary>What happens and may be worth a log line: failures, escalations, sampled dead letters.</summary>
    public EventStream Events { get; }

    /// <summary>Messages that no actor took.</summary>
    public DeadLetters DeadLetters { get; }

    /// <summary>What to do, in which order, before the actors are stopped.</summary>
    public ShutdownPlan Shutdown { get; }

    /// <summary>Failures of actors so far.</summary>
    public long FailureCount => Volatile.Read(ref _failures);

    /// <summary>Restarts of actors so far.</summary>
    public long RestartCount => Volatile.Read(ref _restarts);

    /// <summary>Makes a top actor. From any thread. Throws <see cref="InvalidOperationException"/> once the system is stopping, and
    /// <see cref="ArgumentException"/> for a name in use.</summary>
    public ActorRef<T> Spawn<T>(Props<T> props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        return _user.SpawnChild<T>(props, null, name);
    }

    /// <summary>Makes a top actor from an argument.</summary>
    public ActorRef<T> Spawn<T, TArgument>(Props<T, TArgument> props, TArgument argument, string? name = null)
        where TArgument : class
    {
        ArgumentNullException.ThrowIfNull(props);
        return _user.SpawnChild<T>(props, argument, name);
    }

    /// <summary>Makes a shard. The first thread to use it owns it.</summary>
    /// <param name="name">Name among the guardians; one in use throws <see cref="ArgumentException"/>.</param>
    /// <param name="options">Bounds; null: the defaults.</param>
    public ShardDispatcher CreateShard(string name, ShardOptions? options = null) => new(this, name, options ?? ShardOptions.Default);

    /// <summary>Ends the system in order: the phases of <see cref="Shutdown"/>, then all actors, children before parents. Never throws:
    /// what went wrong is in the report. A second call gives the report of the first.</summary>
    /// <remarks>Actors of a shard stop only while its owner pumps it: end shard threads in a phase.</remarks>
    public Task<ShutdownReport> ShutdownAsync() => Shutdown.RunAsync(_root, _options.StopTimeout);

    /// <summary>As <see cref="ShutdownAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await ShutdownAsync().ConfigureAwait(false);

    internal long NextId() => Interlocked.Increment(ref _lastId);

    internal void CountFailure() => Interlocked.Increment(ref _failures);

    internal void CountRestart() => Interlocked.Increment(ref _restarts);

    internal ActorCell SpawnGuardian(Dispatcher dispatcher, string name, SupervisorStrategy strategy)
    {
        Props<object> props = Guardian.Props(strategy) with { Dispatcher = dispatcher };
        var guardian = (LocalActorRef<object>)_root.SpawnChild<object>(props, argument: null, name);
        // Before any thread can make a child there: the stop must find them.
        _ = guardian.Cell.Extras;
        return guardian.Cell;
    }

    internal void OnEscalated(ActorFailure failure, Dispatcher dispatcher)
    {
        (dispatcher as ShardDispatcher)?.OnEscalated(failure.Exception);
        Events.Publish(new FailureEscalated(failure));
    }
}

/// <summary>Supervises top actors and does nothing else.</summary>
internal sealed class Guardian(SupervisorStrategy strategy) : Actor<object>
{
    protected internal override SupervisorStrategy SupervisorStrategy => strategy;

    internal static Props<object> Props(SupervisorStrategy strategy) => new(() => new Guardian(strategy));

    protected internal override void Receive(object message)
    {
    }
}
