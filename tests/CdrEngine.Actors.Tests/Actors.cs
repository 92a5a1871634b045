namespace CdrEngine.Actors.Tests;

/// <summary>An actor made of functions, for tests.</summary>
internal sealed class FunActor<T>(Action<FunActor<T>, T>? receive = null) : Actor<T>
{
    public ActorContext<T> Ctx => Context;

    public Action<FunActor<T>>? OnPreStart { get; init; }

    public Action<FunActor<T>>? OnPostStop { get; init; }

    public Action<FunActor<T>, Exception, object?>? OnPreRestart { get; init; }

    public Action<FunActor<T>, Exception>? OnPostRestart { get; init; }

    public Action<FunActor<T>, Signal>? OnSignal { get; init; }

    public SupervisorStrategy? Strategy { get; init; }

    protected override SupervisorStrategy SupervisorStrategy => Strategy ?? base.SupervisorStrategy;

    protected override void Receive(T message) => receive?.Invoke(this, message);

    protected override void ReceiveSignal(Signal signal) => OnSignal?.Invoke(this, signal);

    protected override void PreStart() => OnPreStart?.Invoke(this);

    protected override void PostStop() => OnPostStop?.Invoke(this);

    protected override void PreRestart(Exception cause, object? message)
    {
        if (OnPreRestart is { } hook) hook(this, cause, message);
        else base.PreRestart(cause, message);
    }

    protected override void PostRestart(Exception cause)
    {
        if (OnPostRestart is { } hook) hook(this, cause);
        else base.PostRestart(cause);
    }
}

internal static class Fun
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    public static Props<T> Props<T>(Action<FunActor<T>, T>? receive = null) => new(() => new FunActor<T>(receive));

    public static Props<T> Props<T>(Func<FunActor<T>> factory) => new(() => factory());

    public static ActorSystem SyncSystem(ManualClock? clock = null, SupervisorStrategy? strategy = null) => new(new ActorSystemOptions
    {
        Dispatcher = new TestDispatcher(),
        TimeProvider = clock ?? new ManualClock(),
        Strategy = strategy ?? SupervisorStrategy.Default,
    });
}

internal sealed class Boom(string text = "boom") : Exception(text);
