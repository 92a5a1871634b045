namespace CdrEngine.Actors.Tests;

public sealed class ShutdownTests
{
    [Fact]
    public async Task Shutdown_WithPhases_RunsThemInOrderThenStopsChildrenBeforeParents()
    {
        var system = new ActorSystem();
        var log = new List<string>();
        system.Spawn(Fun.Props(() => new FunActor<int>
        {
            OnPreStart = self => self.Ctx.Spawn(Fun.Props(() => new FunActor<int> { OnPostStop = _ => log.Add("child") })),
            OnPostStop = _ => log.Add("parent"),
        }));
        system.Shutdown.AddPhase("capture", Fun.Soon).AddPhase("drain", Fun.Soon);
        system.Shutdown.AddTask("drain", _ =>
        {
            log.Add("drain");
            return Task.CompletedTask;
        });
        system.Shutdown.AddTask("capture", async _ =>
        {
            await Task.Yield();
            log.Add("capture");
        });
        ShutdownReport report = await system.ShutdownAsync();
        Assert.Equal(["capture", "drain", "child", "parent"], log);
        Assert.Equal(["capture", "drain", "actors"], report.Phases.Select(static phase => phase.Name));
        Assert.True(report.IsClean);
        Assert.Same(report, await system.ShutdownAsync());
        Assert.Throws<InvalidOperationException>(() => system.Spawn(Fun.Props<int>()));
        Assert.Throws<InvalidOperationException>(() => system.Shutdown.AddPhase("late", Fun.Soon));
    }

    [Fact]
    public async Task Shutdown_WithAPhaseThatFailsAndOneThatHangs_ReportsBothAndGoesOn()
    {
        var clock = new ManualClock();
        var system = new ActorSystem(new ActorSystemOptions { TimeProvider = clock });
        var hanging = new TaskCompletionSource();
        bool cancelled = false;
        bool last = false;
        system.Shutdown.AddPhase("fails", Fun.Soon).AddPhase("hangs", TimeSpan.FromSeconds(3)).AddPhase("last", Fun.Soon)
            .AddTask("fails", static _ => throw new Boom("at once"))
            .AddTask("fails", static async _ =>
            {
                await Task.Yield();
                throw new Boom("later");
            })
            .AddTask("hangs", token =>
            {
                token.Register(() => cancelled = true);
                hanging.SetResult();
                return new TaskCompletionSource().Task;
            })
            .AddTask("last", _ =>
            {
                last = true;
                return Task.CompletedTask;
            });
        Task<ShutdownReport> shutdown = system.ShutdownAsync();
        await hanging.Task.WaitAsync(Fun.Soon);
        // The phase's clock starts about now; it is moved until it has been seen.
        while (!shutdown.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        ShutdownReport report = await shutdown;
        Assert.False(report.IsClean);
        Assert.Equal(["at once", "later"], report.Phases[0].Failures.Select(static failure => failure.Message).Order(StringComparer.Ordinal));
        Assert.False(report.Phases[0].TimedOut);
        Assert.True(report.Phases[1].TimedOut);
        Assert.True(cancelled);
        Assert.True(last);
    }

    [Fact]
    public async Task Shutdown_WithAnActorThatDoesNotEnd_NamesIt()
    {
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var system = new ActorSystem(new ActorSystemOptions { TimeProvider = clock });
        var probe = new TestProbe<int>(system, Fun.Soon);
        ActorRef<int> before = system.Spawn(Fun.Props<int>(), "before");
        ActorRef<int> stuck = system.Spawn(
            Fun.Props<int>((_, n) =>
            {
                probe.Ref.Tell(n);
                gate.Wait();
            }),
            "stuck");
        ActorRef<int> after = system.Spawn(Fun.Props<int>(), "after");
        stuck.Tell(1);
        probe.ExpectMessage(1);
        stuck.Tell(2);

        // Those that are stopped before and after it, in whichever order: by the time both have ended, it has been told as well.
        Task beside = Task.WhenAll(before.WhenTerminated(), after.WhenTerminated());
        Task<ShutdownReport> shutdown = system.ShutdownAsync();
        await beside.WaitAsync(Fun.Soon);
        while (!shutdown.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        ShutdownReport report = await shutdown;
        Assert.True(report.Phases[^1].TimedOut);
        Assert.Equal(["/user/stuck", "/user", "/"], report.ActorsLeft);
        gate.Set();
        await stuck.WhenTerminated().WaitAsync(Fun.Soon);
        Assert.Equal(1, system.DeadLetters[DeadLetterReason.DiscardedAtStop]);
    }

    [Fact]
    public async Task Shutdown_WithDeadLetters_ReportsThem()
    {
        var system = new ActorSystem();
        ActorRef<int> dead = system.Spawn(Fun.Props<int>(), "dead");
        Assert.True(await dead.StopAsync(Fun.Soon));
        dead.Tell(7);
        ShutdownReport report = await system.ShutdownAsync();
        Assert.Equal(1, report.DeadLetterCount);
        Assert.Equal(new DeadLetter("/user/dead", 7, DeadLetterReason.ActorStopped), Assert.Single(report.DeadLetterSample));
    }

    [Fact]
    public async Task Shutdown_WithShardThreadsEndedInAPhase_IsClean()
    {
        var system = new ActorSystem();
        var thread = new ShardThread<int>(system, "shard-0", new Nothing());
        thread.Start();
        ActorRef<int> actor = thread.Dispatcher.Spawn(Fun.Props<int>());
        system.Shutdown.AddPhase("shards", Fun.Soon).AddTask("shards", _ => thread.StopAsync());
        Assert.True((await system.ShutdownAsync()).IsClean);
        Assert.True(actor.IsTerminated);
    }

    [Fact]
    public void Phase_UnknownOrTwice_IsRefused()
    {
        var system = Fun.SyncSystem();
        system.Shutdown.AddPhase("a", Fun.Soon);
        Assert.Throws<ArgumentException>(() => system.Shutdown.AddPhase("a", Fun.Soon));
        Assert.Throws<ArgumentException>(() => system.Shutdown.AddTask("b", static _ => Task.CompletedTask));
    }

    [Fact]
    public void Subscriber_ThatThrows_IsCountedAndHarmsNobody()
    {
        var system = Fun.SyncSystem();
        var seen = new List<ActorEvent>();
        using IDisposable bad = system.Events.Subscribe(static _ => throw new Boom());
        IDisposable good = system.Events.Subscribe(seen.Add);
        ActorRef<int> actor = system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom()));
        actor.Tell(1);
        Assert.Single(seen);
        Assert.Equal(1, system.Events.SubscriberFailures);
        good.Dispose();
        good.Dispose();
        actor.Tell(2);
        Assert.Single(seen);
    }

    private sealed class Nothing : ShardHandler<int>
    {
        public override void Handle(ShardDispatcher shard, int batch)
        {
        }
    }
}
