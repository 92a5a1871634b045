namespace CdrEngine.Actors;

/// <summary>What a shard thread does with its batches. All members but <see cref="Discard"/> run on the shard's thread.</summary>
public abstract class ShardHandler<TBatch>
{
    /// <summary>Runs first: the place to make the shard's top actors.</summary>
    public virtual void Start(ShardDispatcher shard)
    {
    }

    /// <summary>Takes one batch, which now is the handler's.</summary>
    public abstract void Handle(ShardDispatcher shard, TBatch batch);

    /// <summary>Runs when no batch has come for <see cref="ShardThreadOptions.IdleAfter"/>.</summary>
    public virtual void Idle(ShardDispatcher shard)
    {
    }

    /// <summary>Runs after the last batch, before the actors are stopped.</summary>
    public virtual void Complete(ShardDispatcher shard)
    {
    }

    /// <summary>Gets a batch that will not be handled, because the shard has failed. May run on the producer's thread.</summary>
    public virtual void Discard(TBatch batch)
    {
    }
}

/// <summary>Bounds of a shard thread.</summary>
public sealed record ShardThreadOptions
{
    /// <summary>Batches that may wait. Default 64.</summary>
    public int QueueCapacity { get; init; } = 64;

    /// <summary>Batches that wake a shard which waits for work (see <see cref="BatchQueue{TBatch}.Hurry"/>). Default 1.</summary>
    public int WakeAt { get; init; } = 1;

    /// <summary>Messages from other threads that are taken between two batches. Default 1,024, so that a flood of them cannot hold up
    /// packets.</summary>
    public int PendingPerBatch { get; init; } = 1024;

    /// <summary>How long without a batch until <see cref="ShardHandler{TBatch}.Idle"/>; null: never.</summary>
    public TimeSpan? IdleAfter { get; init; }

    /// <summary>How long to wait at the end for actors of the shard that have children elsewhere. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The shard's own bounds.</summary>
    public ShardOptions Shard { get; init; } = ShardOptions.Default;
}

/// <summary>A thread with a shard of actors and a queue of batches: take a batch, handle it, take what other threads told, again.</summary>
/// <remarks>Its end is in order: the queue is completed, what waits is handled, the handler completes, the actors stop, the
/// thread ends, <see cref="Completion"/> ends. What the handler throws, or a failure that the actors escalated, ends it at once instead:
/// the producer is refused, waiting batches are discarded, the actors stop, and <see cref="Completion"/> fails with the cause.</remarks>
public sealed class ShardThread<TBatch> : IAsyncDisposable
{
    private readonly ShardThreadOptions _options;
    private readonly ShardHandler<TBatch> _handler;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private int _started;

    /// <summary>A shard and its thread, not yet started.</summary>
    /// <param name="system">The system.</param>
    /// <param name="name">Name of the shard and of the thread.</param>
    /// <param name="handler">What to do with batches.</param>
    /// <param name="options">Bounds; null: the defaults.</param>
    public ShardThread(ActorSystem system, string name, ShardHandler<TBatch> handler, ShardThreadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(handler);
        _options = options ?? new ShardThreadOptions();
        _handler = handler;
        Queue = new BatchQueue<TBatch>(_options.QueueCapacity, _options.WakeAt);
        Dispatcher = system.CreateShard(name, _options.Shard);
        Dispatcher.WorkArrived = Queue.Wake;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    /// <summary>The shard.</summary>
    public ShardDispatcher Dispatcher { get; }

    /// <summary>Where the one producer puts its batches.</summary>
    public BatchQueue<TBatch> Queue { get; }

    /// <summary>Ends when the thread has; fails with what ended it too soon.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Batches that were never handled, because the shard had failed.</summary>
    public long DiscardedCount => Queue.DiscardedCount;

    /// <summary>Whether actors of the shard had not stopped at its end.</summary>
    public bool LeftActors { get; private set; }

    /// <summary>Starts the thread; a second call does nothing.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0) _thread.Start();
    }

    /// <summary>Lets the shard finish what was put and end: completes the queue, so the producer must have put its last.</summary>
    /// <returns><see cref="Completion"/>.</returns>
    public Task StopAsync()
    {
        Queue.Complete();
        // One that was never started has actors to stop all the same.
        Start();
        return Completion;
    }

    /// <summary>As <see cref="StopAsync"/>, without its failure: that is <see cref="Completion"/>'s to tell.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void Run()
    {
        Exception? fault = null;
        try
        {
            Dispatcher.BindToCurrentThread();
            _handler.Start(Dispatcher);
            Loop();
            _handler.Complete(Dispatcher);
            Pump(int.MaxValue);
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        try
        {
            // The queue first: a producer must not wait for a consumer that is no more.
            if (fault is not null) Queue.Abandon(fault, _handler.Discard);
            LeftActors = !Dispatcher.StopActors(_options.StopTimeout);
            fault ??= Dispatcher.Fault;
        }
        catch (Exception exception)
        {
            fault = fault is null ? exception : new AggregateException(fault, exception);
        }

        if (fault is null) _completion.SetResult();
        else _completion.SetException(fault);
    }

    private void Loop()
    {
        while (true)
        {
            TakeResult result = Dispatcher.HasPending
                ? (Queue.TryTake(out TBatch? batch) ? TakeResult.Batch : TakeResult.Woken)
                : Queue.Take(out batch, _options.IdleAfter);
            switch (result)
            {
                case TakeResult.Batch:
                    _handler.Handle(Dispatcher, batch!);
                    break;
                case TakeResult.TimedOut:
                    _handler.Idle(Dispatcher);
                    break;
                case TakeResult.Completed:
                    return;
            }

            Pump(_options.PendingPerBatch);
        }
    }

    private void Pump(int maxMessages)
    {
        _ = Dispatcher.RunPending(maxMessages);
        if (Dispatcher.Fault is { } fault) throw new InvalidOperationException($"Shard {Dispatcher.Name} failed: {fault.Message}", fault);
    }
}
