namespace CdrEngine.Actors;

/// <summary>How one phase of a shutdown went.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="TimedOut">Whether its time was over before its tasks were; they were cancelled and left behind.</param>
/// <param name="Failures">What its tasks threw.</param>
public sealed record ShutdownPhase(string Name, TimeSpan Elapsed, bool TimedOut, IReadOnlyList<Exception> Failures);

/// <summary>How a shutdown went.</summary>
/// <param name="Phases">The phases in their order; the last is <c>actors</c>, the stop of all actors.</param>
/// <param name="ActorsLeft">Paths of actors that had not stopped in time, at most a hundred.</param>
/// <param name="DeadLetterCount">Messages that no actor took, over the whole life of the system.</param>
/// <param name="DeadLetterSample">Some of them.</param>
public sealed record ShutdownReport(
    IReadOnlyList<ShutdownPhase> Phases,
    IReadOnlyList<string> ActorsLeft,
    long DeadLetterCount,
    IReadOnlyList<DeadLetter> DeadLetterSample)
{
    /// <summary>Whether nothing failed, timed out or was left.</summary>
    public bool IsClean => ActorsLeft.Count == 0 && Phases.All(static phase => !phase.TimedOut && phase.Failures.Count == 0);
}

/// <summary>What happens before the actors are stopped: named phases one after another, the tasks of a phase side by side, each phase with
/// its time. A phase that fails or runs out of time does not keep the next from its work.</summary>
public sealed class ShutdownPlan
{
    private const int MaxActorsLeft = 100;
    private readonly ActorSystem _system;
    private readonly Lock _lock = new();
    private readonly List<Phase> _phases = [];
    private Task<ShutdownReport>? _running;

    internal ShutdownPlan(ActorSystem system) => _system = system;

    /// <summary>Adds a phase after those there are. A name there is throws <see cref="ArgumentException"/>.</summary>
    public ShutdownPlan AddPhase(string name, TimeSpan timeout)
    {
        lock (_lock)
        {
            ThrowIfRunning();
            if (_phases.Exists(phase => string.Equals(phase.Name, name, StringComparison.Ordinal)))
            {
                throw new ArgumentException($"There is a phase '{name}'.", nameof(name));
            }

            _phases.Add(new Phase(name, timeout));
        }

        return this;
    }

    /// <summary>Adds a task to a phase; one that is not there throws <see cref="ArgumentException"/>.</summary>
    /// <param name="phaseName">The phase.</param>
    /// <param name="task">The work; its token is cancelled when the phase's time is over.</param>
    public ShutdownPlan AddTask(string phaseName, Func<CancellationToken, Task> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        lock (_lock)
        {
            ThrowIfRunning();
            Phase phase = _phases.Find(phase => string.Equals(phase.Name, phaseName, StringComparison.Ordinal))
                ?? throw new ArgumentException($"There is no phase '{phaseName}'.", nameof(phaseName));
            phase.Tasks.Add(task);
        }

        return this;
    }

    internal Task<ShutdownReport> RunAsync(ActorCell root, TimeSpan stopTimeout)
    {
        lock (_lock) return _running ??= Task.Run(() => RunPhasesAsync(root, stopTimeout));
    }

    private async Task<ShutdownReport> RunPhasesAsync(ActorCell root, TimeSpan stopTimeout)
    {
        var done = new List<ShutdownPhase>();
        foreach (Phase phase in _phases) done.Add(await RunAsync(phase).ConfigureAwait(false));
        var actors = new Phase("actors", stopTimeout);
        actors.Tasks.Add(_ =>
        {
            Task stopped = root.Ref.WhenTerminated();
            root.Stop();
            return stopped;
        });
        done.Add(await RunAsync(actors).ConfigureAwait(false));
        var left = new List<string>();
        Collect(root, left);
        return new ShutdownReport(done, left, _system.DeadLetters.Count, _system.DeadLetters.Sample);
    }

    private async Task<ShutdownPhase> RunAsync(Phase phase)
    {
        TimeProvider time = _system.TimeProvider;
        long start = time.GetTimestamp();
        using var cancellation = new CancellationTokenSource();
        var tasks = new List<Task>();
        foreach (Func<CancellationToken, Task> task in phase.Tasks) tasks.Add(Task.Run(() => task(cancellation.Token)));
        Task all = Task.WhenAll(tasks);
        bool timedOut = false;
        // The failures are gathered from the tasks below; only the time-out is of interest here.
        Task ended = all.ContinueWith(
            static _ => { },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        try
        {
            await ended.WaitAsync(phase.Timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            timedOut = true;
            await cancellation.CancelAsync().ConfigureAwait(false);
        }

        Exception[] failures = [.. tasks.Where(static task => task.IsFaulted).SelectMany(static task => task.Exception!.InnerExceptions)];
        return new ShutdownPhase(phase.Name, time.GetElapsedTime(start), timedOut, failures);
    }

    private static void Collect(ActorCell cell, List<string> left)
    {
        if (cell.IsTerminated || left.Count >= MaxActorsLeft) return;
        foreach (ActorCell child in cell.SnapshotCells()) Collect(child, left);
        if (left.Count < MaxActorsLeft) left.Add(cell.Parent is null ? "/" : cell.Path);
    }

    private void ThrowIfRunning()
    {
        if (_running is not null) throw new InvalidOperationException("The shutdown has begun.");
    }

    private sealed class Phase(string name, TimeSpan timeout)
    {
        internal string Name { get; } = name;

        internal TimeSpan Timeout { get; } = timeout;

        internal List<Func<CancellationToken, Task>> Tasks { get; } = [];
    }
}
