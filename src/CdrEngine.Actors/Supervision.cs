namespace CdrEngine.Actors;

/// <summary>A supervisor's answer to a failure.</summary>
public enum Directive : byte
{
    /// <summary>Go on with the same instance and the next message; the failed message is lost.</summary>
    Resume = 0,

    /// <summary>Put a new instance in its place; ref, mailbox and watches are kept, timers end, the failed message is lost.</summary>
    Restart = 1,

    /// <summary>Stop it.</summary>
    Stop = 2,

    /// <summary>Fail in its place: the supervisor's own supervisor decides.</summary>
    Escalate = 3,
}

/// <summary>A failure of an actor.</summary>
/// <param name="Actor">Who failed.</param>
/// <param name="Exception">What it threw; <see cref="ActorInitializationException"/> where it could not be made or started.</param>
/// <param name="Message">The message it was at, or null where it was none.</param>
public sealed record ActorFailure(ActorRef Actor, Exception Exception, object? Message);

/// <summary>How a parent answers the failures of its children.</summary>
public sealed record SupervisorStrategy
{
    /// <summary>Restarts the child that failed, at most ten times within a minute, then stops it; stops one that could not be
    /// made.</summary>
    public static SupervisorStrategy Default { get; } = new();

    /// <summary>Stops the child that failed.</summary>
    public static SupervisorStrategy StopAlways { get; } = new() { Decider = static _ => Directive.Stop };

    /// <summary>Whether the directive goes to all children (they depend on one another) or only to the one that failed. A
    /// <see cref="Directive.Resume"/> or <see cref="Directive.Escalate"/> is always about the one.</summary>
    public bool AllForOne { get; init; }

    /// <summary>Restarts allowed to one child within <see cref="Within"/>. Default 10; negative means without limit.</summary>
    public int MaxRestarts { get; init; } = 10;

    /// <summary>Span over which restarts are counted (sliding, by the clock of the supervisor's dispatcher). Default one minute.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What happens in place of the restart that would pass the limit. Default <see cref="Directive.Stop"/>; a
    /// <see cref="Directive.Restart"/> here counts as stop.</summary>
    public Directive WhenExhausted { get; init; } = Directive.Stop;

    /// <summary>Chooses the directive. One that throws counts as <see cref="Directive.Escalate"/>.</summary>
    public Func<ActorFailure, Directive> Decider { get; init; } =
        static failure => failure.Exception is ActorInitializationException ? Directive.Stop : Directive.Restart;
}

/// <summary>An actor could not be made or started: its factory, PreStart or PostRestart threw.</summary>
public sealed class ActorInitializationException : Exception
{
    /// <summary>Says which actor; the cause is inside.</summary>
    public ActorInitializationException(string path, Exception cause)
        : base($"{path} could not be started: {cause?.Message}", cause)
    {
    }
}
