namespace CdrEngine.Actors.Tests;

public sealed class ShardThreadTests : IAsyncLifetime
{
    private readonly ActorSystem _system = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _system.DisposeAsync();

    [Fact]
    public async Task Batches_PutThenStopped_AreAllHandledBeforeTheActorsStop()
    {
        var handler = new Handler();
        var thread = new ShardThread<int[]>(_system, "shard-0", handler);
        thread.Start();
        for (int i = 0; i < 1_000; i++) Assert.True(thread.Queue.Put([i, i + 1]));
        await thread.StopAsync().WaitAsync(Fun.Soon);
        Assert.Equal(1_000, handler.Batches);
        Assert.Equal(Enumerable.Range(0, 1_000).Sum(static i => i + i + 1), handler.Sum);
        Assert.Equal(["start", "complete", "actor stopped"], handler.Log);
        Assert.False(thread.LeftActors);
        Assert.Equal(0, thread.Dispatcher.ActorCount);
        Assert.False(thread.Queue.Put([1]));
    }

    [Fact]
    public async Task Tell_FromOutside_WakesAnIdleShard()
    {
        var handler = new Handler();
        await using var thread = new ShardThread<int[]>(_system, "shard-0", handler);
        thread.Start();
        var probe = new TestProbe<int>(_system, Fun.Soon);
        ActorRef<int> actor = thread.Dispatcher.Spawn(Fun.Props<int>((_, n) => probe.Ref.Tell(n)));
        for (int i = 0; i < 200; i++)
        {
            actor.Tell(i);
            probe.ExpectMessage(i);
        }
    }

    [Fact]
    public async Task Tells_InAFlood_DoNotHoldUpBatches()
    {
        var handler = new Handler();
        await using var thread = new ShardThread<int[]>(_system, "shard-0", handler, new ShardThreadOptions { PendingPerBatch = 16 });
        thread.Start();
        ActorRef<int> actor = thread.Dispatcher.Spawn(Fun.Props<int>() with { Mailbox = new MailboxSettings(100_000, MailboxFullPolicy.Block) });
        using var end = new CancellationTokenSource();
        var flood = Task.Run(() =>
        {
            while (!end.IsCancellationRequested) actor.Tell(1);
        });
        for (int i = 0; i < 500; i++) thread.Queue.Put([i]);
        SpinWait.SpinUntil(() => handler.Batches == 500, Fun.Soon);
        Assert.Equal(500, handler.Batches);
        await end.CancelAsync();
        await flood.WaitAsync(Fun.Soon);
    }

    [Fact]
    public async Task Handler_ThatThrows_EndsTheShardAndRefusesTheProducer()
    {
        var handler = new Handler { ThrowAt = 3 };
        var thread = new ShardThread<int[]>(_system, "shard-0", handler, new ShardThreadOptions { QueueCapacity = 2 });
        thread.Start();
        int put = 0;
        while (thread.Queue.Put([put])) put++;
        Boom boom = await Assert.ThrowsAsync<Boom>(() => thread.Completion.WaitAsync(Fun.Soon));
        Assert.Same(boom, thread.Queue.Fault);
        Assert.Contains("actor stopped", handler.Log);
        Assert.DoesNotContain("complete", handler.Log);
        // Three were handled, one threw, the rest came home.
        Assert.Equal(put, handler.Batches + 1 + handler.Discarded);
        Assert.Equal(handler.Discarded, thread.DiscardedCount);
        await thread.DisposeAsync();
    }

    [Fact]
    public async Task Failure_ThatAnActorEscalates_EndsTheShard()
    {
        var options = new ShardThreadOptions { Shard = new ShardOptions { Strategy = new SupervisorStrategy { Decider = static _ => Directive.Escalate } } };
        var thread = new ShardThread<int[]>(_system, "shard-0", new Handler { ActorThrowsAt = 5 }, options);
        thread.Start();
        thread.Queue.Put([5]);
        InvalidOperationException fault = await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Completion.WaitAsync(Fun.Soon));
        Assert.IsType<Boom>(fault.InnerException);
    }

    [Fact]
    public async Task Failure_OfAnActor_CostsNothingButItsMessage()
    {
        var handler = new Handler { ActorThrowsAt = 5 };
        var thread = new ShardThread<int[]>(_system, "shard-0", handler);
        thread.Start();
        thread.Queue.Put([1, 5, 2]);
        await thread.StopAsync().WaitAsync(Fun.Soon);
        Assert.Equal(3, handler.Sum);
        Assert.Equal(1, _system.RestartCount);
    }

    [Fact]
    public async Task Idle_WithoutBatches_IsCalled()
    {
        var handler = new Handler();
        await using var thread = new ShardThread<int[]>(_system, "shard-0", handler, new ShardThreadOptions { IdleAfter = TimeSpan.FromMilliseconds(2) });
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => handler.Idles >= 3, Fun.Soon));
    }

    [Fact]
    public async Task Thread_NeverStarted_EndsAllTheSame()
    {
        var thread = new ShardThread<int[]>(_system, "shard-0", new Handler());
        thread.Queue.Put([4]);
        await thread.StopAsync().WaitAsync(Fun.Soon);
        Assert.Equal(1, thread.Queue.TakenCount);
    }

    [Fact]
    public async Task Handler_ThatThrowsAtStart_EndsTheShard()
    {
        var thread = new ShardThread<int[]>(_system, "shard-0", new Handler { ThrowAtStart = true });
        thread.Start();
        await Assert.ThrowsAsync<Boom>(() => thread.Completion.WaitAsync(Fun.Soon));
        Assert.False(thread.Queue.Put([1]));
    }

    private sealed class Handler : ShardHandler<int[]>
    {
        private ActorRef<int>? _actor;
        private int _batches;
        private int _idles;

        public List<string> Log { get; } = [];

        public int? ThrowAt { get; init; }

        public int? ActorThrowsAt { get; init; }

        public bool ThrowAtStart { get; init; }

        public int Batches => Volatile.Read(ref _batches);

        public int Idles => Volatile.Read(ref _idles);

        public int Sum { get; private set; }

        public int Discarded { get; private set; }

        public override void Start(ShardDispatcher shard)
        {
            if (ThrowAtStart) throw new Boom();
            Log.Add("start");
            _actor = shard.Spawn(Fun.Props(() => new FunActor<int>((_, n) =>
            {
                if (n == ActorThrowsAt) throw new Boom();
                Sum += n;
            })
            {
                OnPreRestart = static (_, _, _) => { },
                OnPostStop = _ => Log.Add("actor stopped"),
            }));
        }

        public override void Handle(ShardDispatcher shard, int[] batch)
        {
            if (Batches == ThrowAt) throw new Boom();
            foreach (int item in batch) shard.Deliver(_actor!, item);
            _batches++;
        }

        public override void Idle(ShardDispatcher shard) => _idles++;

        public override void Complete(ShardDispatcher shard) => Log.Add("complete");

        public override void Discard(int[] batch) => Discarded++;
    }
}
