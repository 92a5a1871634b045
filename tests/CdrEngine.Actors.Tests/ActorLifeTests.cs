using System.Runtime.CompilerServices;

namespace CdrEngine.Actors.Tests;

/// <summary>Start, messages, stop, names, children, watches; by the synchronous dispatcher.</summary>
public sealed class ActorLifeTests
{
    private readonly ActorSystem _system = Fun.SyncSystem();

    [Fact]
    public void Messages_ToldToOneActor_ArriveInOrder()
    {
        var probe = new TestProbe<int>(_system);
        ActorRef<int> actor = _system.Spawn(Fun.Props<int>((_, n) => probe.Ref.Tell(n * 10)));
        for (int i = 0; i < 5; i++) Assert.True(actor.Tell(i));
        Assert.Equal([0, 10, 20, 30, 40], probe.TakeAll());
    }

    [Fact]
    public void PreStart_OfAnActor_RunsBeforeTheFirstMessageAndPostStopAfterTheLast()
    {
        var log = new List<string>();
        ActorRef<string> actor = _system.Spawn(Fun.Props(() => new FunActor<string>((_, m) => log.Add(m))
        {
            OnPreStart = _ => log.Add("start"),
            OnPostStop = _ => log.Add("stop"),
        }));
        actor.Tell("a");
        actor.Stop();
        Assert.False(actor.Tell("b"));
        Assert.Equal(["start", "a", "stop"], log);
        Assert.True(actor.IsTerminated);
    }

    [Fact]
    public void Context_InTheConstructor_Throws()
    {
        var failures = new List<ActorEvent>();
        using IDisposable subscription = _system.Events.Subscribe(failures.Add);
        ActorRef<int> actor = _system.Spawn(new Props<int>(static () => new EagerActor()));
        Assert.True(actor.IsTerminated);
        ActorFailed failed = Assert.IsType<ActorFailed>(Assert.Single(failures));
        Assert.IsType<ActorInitializationException>(failed.Failure.Exception);
        Assert.IsType<InvalidOperationException>(failed.Failure.Exception.InnerException);
        Assert.Equal(Directive.Stop, failed.Directive);
    }

    [Fact]
    public void Instance_ReturnedTwiceByAFactory_IsRefused()
    {
        var shared = new FunActor<int>();
        ActorRef<int> first = _system.Spawn(new Props<int>(() => shared));
        ActorRef<int> second = _system.Spawn(new Props<int>(() => shared));
        Assert.False(first.IsTerminated);
        Assert.True(second.IsTerminated);
    }

    [Fact]
    public void Path_OfAChild_NamesAllAbove()
    {
        ActorRef<int>? child = null;
        ActorRef<int> parent = _system.Spawn(Fun.Props(() => new FunActor<int> { OnPreStart = self => child = self.Ctx.Spawn(Fun.Props<int>(), "kid") }), "top");
        Assert.Equal("/user/top", parent.Path);
        Assert.Equal("/user/top/kid", child!.Path);
        Assert.Equal("kid", child.Name);
        ActorRef<int> unnamed = _system.Spawn(Fun.Props<int>());
        Assert.StartsWith("/user/$", unnamed.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_InUse_IsRefusedUntilItsActorHasStopped()
    {
        ActorRef<int> first = _system.Spawn(Fun.Props<int>(), "one");
        Assert.Throws<ArgumentException>(() => _system.Spawn(Fun.Props<int>(), "one"));
        first.Stop();
        Assert.False(_system.Spawn(Fun.Props<int>(), "one").IsTerminated);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("$1")]
    public void Name_ThatIsNone_IsRefused(string name) => Assert.Throws<ArgumentException>(() => _system.Spawn(Fun.Props<int>(), name));

    [Fact]
    public void Stop_OfAParent_StopsChildrenFirst()
    {
        var log = new List<string>();
        FunActor<int> Logged(string name, Action<FunActor<int>>? start = null) => new() { OnPreStart = start, OnPostStop = _ => log.Add(name) };
        ActorRef<int> top = _system.Spawn(Fun.Props(() => Logged("top", self =>
        {
            self.Ctx.Spawn(Fun.Props(() => Logged("a", inner => inner.Ctx.Spawn(Fun.Props(() => Logged("a1"))))));
            self.Ctx.Spawn(Fun.Props(() => Logged("b")));
        })));
        top.Stop();
        Assert.Equal("top", log[^1]);
        Assert.True(log.IndexOf("a1") < log.IndexOf("a"));
        Assert.Equal(4, log.Count);
    }

    [Fact]
    public void Stop_FromWithin_LeavesTheRestOfTheMailboxToTheDeadLetters()
    {
        var seen = new List<int>();
        ActorRef<int>? self = null;
        self = _system.Spawn(Fun.Props<int>((actor, n) =>
        {
            seen.Add(n);
            if (n != 1) return;
            self!.Tell(2);
            self.Tell(3);
            actor.Ctx.Stop();
        }));
        self.Tell(1);
        Assert.Equal([1], seen);
        Assert.Equal(2, _system.DeadLetters[DeadLetterReason.DiscardedAtStop]);
        Assert.Equal(2, _system.DeadLetters.Count);
        Assert.Equal([2, 3], _system.DeadLetters.Sample.Select(static letter => (int)letter.Message!));
    }

    [Fact]
    public void StopWhenDrained_WithMessagesWaiting_TakesThemFirst()
    {
        var seen = new List<int>();
        ActorRef<int>? self = null;
        self = _system.Spawn(Fun.Props<int>((_, n) =>
        {
            seen.Add(n);
            if (n != 1) return;
            self!.Tell(2);
            self.StopWhenDrained();
            self.Tell(3);
        }));
        self.Tell(1);
        Assert.Equal([1, 2], seen);
        Assert.True(self.IsTerminated);
        Assert.Equal(1, _system.DeadLetters[DeadLetterReason.DiscardedAtStop]);
    }

    [Fact]
    public void PostStop_ThatThrows_IsPublishedAndTheActorStopsAllTheSame()
    {
        var events = new List<ActorEvent>();
        using IDisposable subscription = _system.Events.Subscribe(events.Add);
        var probe = new TestProbe<int>(_system);
        ActorRef<int> actor = _system.Spawn(Fun.Props(() => new FunActor<int> { OnPostStop = static _ => throw new Boom() }));
        probe.Watch(actor);
        actor.Stop();
        probe.ExpectTerminated(actor);
        HookFailed failed = Assert.IsType<HookFailed>(Assert.Single(events));
        Assert.Equal("PostStop", failed.Hook);
        Assert.IsType<Boom>(failed.Exception);
    }

    [Fact]
    public void PostStop_ThatMakesChildrenOrTimers_LeavesNone()
    {
        var clock = new ManualClock();
        ActorSystem system = Fun.SyncSystem(clock);
        Exception? thrown = null;
        ActorRef<int> actor = system.Spawn(Fun.Props(() => new FunActor<int>
        {
            OnPostStop = self =>
            {
                self.Ctx.Timers.StartPeriodic("t", 1, TimeSpan.FromSeconds(1));
                thrown = Record.Exception(() => self.Ctx.Spawn(Fun.Props<int>()));
            },
        }));
        actor.Stop();
        Assert.IsType<InvalidOperationException>(thrown);
        Assert.Equal(0, clock.ActiveTimers);
        Assert.Equal(2, system.Dispatcher.ActorCount);
    }

    [Fact]
    public void Stop_BeforeTheFirstTurn_NeverMakesTheActor()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        bool made = false;
        // Nobody pumps yet, so the stop overtakes the start.
        ActorRef<int> actor = shard.Spawn(Fun.Props(() =>
        {
            made = true;
            return new FunActor<int>();
        }));
        var probe = new TestProbe<int>(_system);
        probe.Watch(actor);
        actor.Tell(1);
        actor.Stop();
        probe.ExpectNoTerminated();
        shard.RunPending();
        probe.ExpectTerminated(actor);
        Assert.False(made);
        Assert.Equal(1, _system.DeadLetters[DeadLetterReason.DiscardedAtStop]);
    }

    [Fact]
    public void Watch_OfALivingActor_TellsItsEndOnceAndAfterItsMessages()
    {
        var log = new List<string>();
        ActorRef<string>? watcher = null;
        ActorRef<string> watched = _system.Spawn(Fun.Props<string>((self, m) =>
        {
            watcher!.Tell(m + " 1");
            watcher.Tell(m + " 2");
            self.Ctx.Stop();
        }));
        watcher = _system.Spawn(Fun.Props(() => new FunActor<string>((_, m) => log.Add(m))
        {
            OnPreStart = self =>
            {
                self.Ctx.Watch(watched);
                self.Ctx.Watch(watched);
            },
            OnSignal = (_, signal) => log.Add("end of " + ((Terminated)signal).Actor.Name),
        }));
        watched.Tell("last words");
        Assert.Equal(["last words 1", "last words 2", "end of " + watched.Name], log);
    }

    [Fact]
    public void Watch_OfADeadActor_TellsAtOnce()
    {
        ActorRef<int> dead = _system.Spawn(Fun.Props<int>());
        dead.Stop();
        ActorRef? ended = null;
        _system.Spawn(Fun.Props(() => new FunActor<int> { OnPreStart = self => self.Ctx.Watch(dead), OnSignal = (_, signal) => ended = ((Terminated)signal).Actor }));
        Assert.Same(dead, ended);
    }

    [Fact]
    public void Unwatch_BeforeTheEnd_TellsNothing()
    {
        ActorRef<int> watched = _system.Spawn(Fun.Props<int>());
        int signals = 0;
        ActorRef<int> watcher = _system.Spawn(Fun.Props(() => new FunActor<int>((self, _) =>
        {
            watched.Stop();
            self.Ctx.Unwatch(watched);
        })
        {
            OnPreStart = self => self.Ctx.Watch(watched),
            OnSignal = (_, _) => signals++,
        }));
        // The end happens within the message, so its notice is under way when the watch is taken back.
        watcher.Tell(1);
        Assert.True(watched.IsTerminated);
        Assert.Equal(0, signals);
    }

    [Fact]
    public void Watcher_ThatStops_IsForgottenByTheWatched()
    {
        ActorRef<int> watched = _system.Spawn(Fun.Props<int>());
        WeakReference watcher = WatchAndStop(watched);
        GC.Collect();
        Assert.False(watcher.IsAlive);
        Assert.False(watched.IsTerminated);
    }

    [Fact]
    public void Watch_OfAProbe_TellsItsStop()
    {
        var probe = new TestProbe<int>(_system);
        int signals = 0;
        _system.Spawn(Fun.Props(() => new FunActor<int> { OnPreStart = self => self.Ctx.Watch(probe.Ref), OnSignal = (_, _) => signals++ }));
        Assert.Equal(0, signals);
        probe.Ref.Stop();
        Assert.Equal(1, signals);
        Assert.False(probe.Ref.Tell(1));
    }

    [Fact]
    public void Children_OfAnActor_AreListedInOrderOfMakingWhileTheyLive()
    {
        FunActor<int>? parent = null;
        _system.Spawn(Fun.Props(() => parent = new FunActor<int> { OnPreStart = static self => { for (int i = 0; i < 4; i++) self.Ctx.Spawn(Fun.Props<int>(), $"c{i}"); } }));
        parent!.Ctx.Stop(parent.Ctx.Children[1]);
        Assert.Equal(["c0", "c2", "c3"], parent.Ctx.Children.Select(static child => child.Name));
    }

    [Fact]
    public void Adapter_OfAnActor_TranslatesAndIsWatchedThroughIt()
    {
        var seen = new List<string>();
        FunActor<string>? actor = null;
        ActorRef<string> target = _system.Spawn(Fun.Props(() => actor = new FunActor<string>((_, m) => seen.Add(m))));
        ActorRef<int> adapter = actor!.Ctx.Adapter<int>(static n => $"number {n}");
        var probe = new TestProbe<int>(_system);
        probe.Watch(adapter);
        adapter.Tell(7);
        target.Stop();
        Assert.Equal(["number 7"], seen);
        probe.ExpectTerminated(adapter);
    }

    [Fact]
    public async Task PipeToSelf_OfATask_TellsItsResultOrItsFailure()
    {
        var probe = new TestProbe<string>(_system);
        var good = new TaskCompletionSource<int>();
        var bad = new TaskCompletionSource<int>();
        ActorRef<string> actor = _system.Spawn(Fun.Props(() => new FunActor<string>((_, m) => probe.Ref.Tell(m))
        {
            OnPreStart = self =>
            {
                self.Ctx.PipeToSelf(good.Task, static n => $"got {n}", static e => e.Message);
                self.Ctx.PipeToSelf(bad.Task, static n => $"got {n}", static e => e.Message);
            },
        }));
        good.SetResult(3);
        probe.ExpectMessage("got 3", Fun.Soon);
        bad.SetException(new Boom("bad"));
        probe.ExpectMessage("bad", Fun.Soon);
        Assert.True(await actor.StopAsync(Fun.Soon));
    }

    [Fact]
    public void Props_WithAnArgument_MakeEachActorFromItsOwn()
    {
        var probe = new TestProbe<string>(_system);
        var props = new Props<int, string>(text => new FunActor<int>((_, _) => probe.Ref.Tell(text)));
        _system.Spawn(props, "first").Tell(0);
        _system.Spawn(props, "second").Tell(0);
        Assert.Equal(["first", "second"], probe.TakeAll());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference WatchAndStop(ActorRef<int> watched)
    {
        ActorRef<int> watcher = _system.Spawn(Fun.Props(() => new FunActor<int> { OnPreStart = self => self.Ctx.Watch(watched) }));
        watcher.Stop();
        Assert.True(watcher.IsTerminated);
        return new WeakReference(watcher);
    }

    private sealed class EagerActor : Actor<int>
    {
        public EagerActor() => _ = Context;

        protected override void Receive(int message)
        {
        }
    }
}
