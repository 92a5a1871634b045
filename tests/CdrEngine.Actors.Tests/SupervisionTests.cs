namespace CdrEngine.Actors.Tests;

/// <summary>What happens when actors throw; by the synchronous dispatcher.</summary>
public sealed class SupervisionTests
{
    private readonly ManualClock _clock = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Restart_AfterAFailure_KeepsRefMailboxAndWatchesAndLosesTheMessage()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var probe = new TestProbe<string>(system);
        int made = 0;
        ActorRef<string>? actor = null;
        actor = system.Spawn(Fun.Props(() =>
        {
            int number = ++made;
            return new FunActor<string>((_, m) =>
            {
                if (m == "queue")
                {
                    actor!.Tell("bad");
                    actor.Tell("after");
                }

                if (m == "bad") throw new Boom();
                _log.Add($"{number}: {m}");
            });
        }));
        probe.Watch(actor);
        actor.Tell("queue");
        Assert.Equal(["1: queue", "2: after"], _log);
        Assert.Equal(1, system.RestartCount);
        Assert.Equal(1, system.FailureCount);
        probe.ExpectNoTerminated();
    }

    [Fact]
    public void Hooks_AtARestart_RunOnTheOldThenOnTheNewInstance()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        int made = 0;
        ActorRef<string> actor = system.Spawn(Fun.Props(() =>
        {
            int number = ++made;
            return new FunActor<string>(static (_, _) => throw new Boom())
            {
                OnPreStart = _ => _log.Add($"PreStart {number}"),
                OnPostStop = _ => _log.Add($"PostStop {number}"),
                OnPreRestart = (_, cause, message) => _log.Add($"PreRestart {number} {cause.Message} {message}"),
                OnPostRestart = (_, cause) => _log.Add($"PostRestart {number} {cause.Message}"),
            };
        }));
        actor.Tell("x");
        Assert.Equal(["PreStart 1", "PreRestart 1 boom x", "PostRestart 2 boom"], _log);
    }

    [Fact]
    public void Hooks_NotOverridden_AreStopThenStart()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        ActorRef<string> actor = system.Spawn(Fun.Props(() => new FunActor<string>(static (_, _) => throw new Boom())
        {
            OnPreStart = _ => _log.Add("PreStart"),
            OnPostStop = _ => _log.Add("PostStop"),
        }));
        actor.Tell("x");
        Assert.Equal(["PreStart", "PostStop", "PreStart"], _log);
    }

    [Fact]
    public void PreRestart_ThatThrows_IsPublishedAndTheRestartGoesOn()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var events = new List<ActorEvent>();
        using IDisposable subscription = system.Events.Subscribe(events.Add);
        ActorRef<string> actor = system.Spawn(Fun.Props(() => new FunActor<string>((_, m) =>
        {
            if (m == "bad") throw new Boom();
            _log.Add(m);
        })
        {
            OnPreRestart = static (_, _, _) => throw new Boom("hook"),
        }));
        actor.Tell("bad");
        actor.Tell("good");
        Assert.Equal(["good"], _log);
        Assert.Equal("PreRestart", Assert.Single(events.OfType<HookFailed>()).Hook);
    }

    [Fact]
    public void Resume_AfterAFailure_KeepsTheInstance()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { Decider = static _ => Directive.Resume });
        int sum = 0;
        ActorRef<int> actor = system.Spawn(Fun.Props(() =>
        {
            int own = 0;
            return new FunActor<int>((_, n) =>
            {
                own += n;
                if (n == 2) throw new Boom();
                sum = own;
            });
        }));
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell(4);
        Assert.Equal(7, sum);
        Assert.Equal(0, system.RestartCount);
    }

    [Fact]
    public void Stop_AfterAFailure_StopsTheChildAndTellsItsWatchers()
    {
        ActorSystem system = Fun.SyncSystem(_clock, SupervisorStrategy.StopAlways);
        var probe = new TestProbe<int>(system);
        ActorRef<int> actor = system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom()));
        probe.Watch(actor);
        actor.Tell(1);
        probe.ExpectTerminated(actor);
    }

    [Fact]
    public void Failure_OfAnActor_ReachesDeciderAndEventsWithItsMessage()
    {
        ActorFailure? decided = null;
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy
        {
            Decider = failure =>
            {
                decided = failure;
                return Directive.Stop;
            },
        });
        var events = new List<ActorEvent>();
        using IDisposable subscription = system.Events.Subscribe(events.Add);
        ActorRef<string> actor = system.Spawn(Fun.Props<string>(static (_, _) => throw new Boom("why")));
        actor.Tell("what");
        Assert.Same(actor, decided!.Actor);
        Assert.Equal("why", decided.Exception.Message);
        Assert.Equal("what", decided.Message);
        Assert.Equal(new ActorFailed(decided, Directive.Stop, LimitReached: false), Assert.Single(events));
    }

    [Fact]
    public void RestartLimit_WithinItsSpan_StopsTheChildAndAfterItStartsAnew()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { MaxRestarts = 2, Within = TimeSpan.FromSeconds(10) });
        var events = new List<ActorEvent>();
        using IDisposable subscription = system.Events.Subscribe(events.Add);
        ActorRef<int> actor = system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom()));
        actor.Tell(1);
        _clock.Advance(TimeSpan.FromSeconds(6));
        actor.Tell(2);
        _clock.Advance(TimeSpan.FromSeconds(6));
        // The first is out of the span by now, so this is the second within it.
        actor.Tell(3);
        Assert.False(actor.IsTerminated);
        actor.Tell(4);
        Assert.True(actor.IsTerminated);
        Assert.Equal([false, false, false, true], events.OfType<ActorFailed>().Select(static failed => failed.LimitReached));
        Assert.Equal(3, system.RestartCount);
    }

    [Fact]
    public void RestartLimit_OfZero_NeverRestarts()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { MaxRestarts = 0 });
        ActorRef<int> actor = system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom()));
        actor.Tell(1);
        Assert.True(actor.IsTerminated);
        Assert.Equal(0, system.RestartCount);
    }

    [Fact]
    public void AllForOne_AtARestart_RestartsTheSiblingsToo()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var children = new Dictionary<string, ActorRef<string>>(StringComparer.Ordinal);
        system.Spawn(Family(children, new SupervisorStrategy { AllForOne = true }));
        children["b"].Tell("bad");
        Assert.Equal(["b PreRestart", "b PostRestart", "a PreRestart", "a PostRestart", "c PreRestart", "c PostRestart"], _log);
        Assert.All(children.Values, static child => Assert.False(child.IsTerminated));
    }

    [Fact]
    public void OneForOne_AtARestart_LeavesTheSiblingsAlone()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var children = new Dictionary<string, ActorRef<string>>(StringComparer.Ordinal);
        system.Spawn(Family(children, new SupervisorStrategy()));
        children["b"].Tell("bad");
        Assert.Equal(["b PreRestart", "b PostRestart"], _log);
    }

    [Fact]
    public void AllForOne_AtAStop_StopsTheSiblingsToo()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var children = new Dictionary<string, ActorRef<string>>(StringComparer.Ordinal);
        system.Spawn(Family(children, SupervisorStrategy.StopAlways with { AllForOne = true }));
        children["b"].Tell("bad");
        Assert.All(children.Values, static child => Assert.True(child.IsTerminated));
    }

    [Fact]
    public void Escalate_FromAChild_FailsTheParentWhoseRestartStopsTheChildren()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        var children = new Dictionary<string, ActorRef<string>>(StringComparer.Ordinal);
        int made = 0;
        var strategy = new SupervisorStrategy { Decider = static _ => Directive.Escalate };
        ActorRef<string> parent = system.Spawn(new Props<string>(() =>
        {
            made++;
            return new FunActor<string> { Strategy = strategy, OnPreStart = self => children["x" + made] = self.Ctx.Spawn(Child("x" + made)) };
        }));
        children["x1"].Tell("bad");
        Assert.Equal(2, made);
        Assert.False(parent.IsTerminated);
        Assert.True(children["x1"].IsTerminated);
        Assert.False(children["x2"].IsTerminated);
    }

    [Fact]
    public void Escalate_ToAParentThatIsResumed_ResumesTheChild()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { Decider = static _ => Directive.Resume });
        var children = new Dictionary<string, ActorRef<string>>(StringComparer.Ordinal);
        system.Spawn(Family(children, new SupervisorStrategy { Decider = static _ => Directive.Escalate }));
        children["a"].Tell("bad");
        children["a"].Tell("good");
        Assert.Equal(["a good"], _log);
    }

    [Fact]
    public void Escalate_PastTheGuardian_StopsTheActorAndIsPublished()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { Decider = static _ => Directive.Escalate });
        var events = new List<ActorEvent>();
        using IDisposable subscription = system.Events.Subscribe(events.Add);
        ActorRef<int> actor = system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom()));
        ActorRef<int> other = system.Spawn(Fun.Props<int>());
        actor.Tell(1);
        Assert.True(actor.IsTerminated);
        Assert.False(other.IsTerminated);
        Assert.Single(events.OfType<FailureEscalated>());
    }

    [Fact]
    public void Decider_ThatThrows_Escalates()
    {
        ActorSystem system = Fun.SyncSystem(_clock, new SupervisorStrategy { Decider = static _ => throw new Boom("decider") });
        var events = new List<ActorEvent>();
        using IDisposable subscription = system.Events.Subscribe(events.Add);
        system.Spawn(Fun.Props<int>(static (_, _) => throw new Boom("actor"))).Tell(1);
        var both = Assert.IsType<AggregateException>(Assert.Single(events.OfType<FailureEscalated>()).Failure.Exception);
        Assert.Equal(["actor", "decider"], both.InnerExceptions.Select(static inner => inner.Message));
    }

    [Fact]
    public void Restart_OfAParent_WaitsForItsChildrenUnlessItKeepsThem()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        foreach (bool keep in new[] { false, true })
        {
            _log.Clear();
            int made = 0;
            ActorRef<string>? child = null;
            ActorRef<string> parent = system.Spawn(Fun.Props(() =>
            {
                made++;
                return new FunActor<string>(static (_, _) => throw new Boom())
                {
                    OnPreStart = self =>
                    {
                        _log.Add($"parent {made}");
                        if (made == 1) child = self.Ctx.Spawn(Fun.Props(() => new FunActor<string> { OnPostStop = _ => _log.Add("child stopped") }), "same name");
                        else Assert.Equal(keep ? 1 : 0, self.Ctx.Children.Count);
                    },
                };
            }) with
            { KeepChildrenOnRestart = keep });
            parent.Tell("bad");
            Assert.Equal(!keep, child!.IsTerminated);
            Assert.Equal(keep ? ["parent 1", "parent 2"] : ["parent 1", "child stopped", "parent 2"], _log);
        }
    }

    [Fact]
    public void PreStart_ThatThrows_StopsTheActorByDefaultAndRestartsItIfToldSo()
    {
        ActorSystem lenient = Fun.SyncSystem(_clock, new SupervisorStrategy { Decider = static _ => Directive.Restart });
        int tries = 0;
        Props<string> props = Fun.Props(() => new FunActor<string>((_, m) => _log.Add(m))
        {
            OnPreStart = _ =>
            {
                if (++tries < 3) throw new Boom();
            },
        });
        ActorRef<string> actor = lenient.Spawn(props);
        actor.Tell("up");
        Assert.Equal(3, tries);
        Assert.Equal(["up"], _log);

        tries = 0;
        Assert.True(Fun.SyncSystem(_clock).Spawn(props).IsTerminated);
        Assert.Equal(1, tries);
    }

    [Fact]
    public void Signal_WhoseHandlerThrows_FailsTheActor()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        ActorRef<int> watched = system.Spawn(Fun.Props<int>());
        int made = 0;
        system.Spawn(Fun.Props(() =>
        {
            made++;
            return new FunActor<int>
            {
                OnPreStart = self =>
                {
                    if (made == 1) self.Ctx.Watch(watched);
                },
                OnSignal = static (_, _) => throw new Boom(),
            };
        }));
        watched.Stop();
        Assert.Equal(2, made);
    }

    [Fact]
    public void Timers_OfAnActorThatRestarts_End()
    {
        ActorSystem system = Fun.SyncSystem(_clock);
        ActorRef<string> actor = system.Spawn(Fun.Props<string>((self, m) =>
        {
            _log.Add(m);
            if (m == "set") self.Ctx.Timers.Start("t", "tick", TimeSpan.FromSeconds(1));
            if (m == "bad") throw new Boom();
        }));
        actor.Tell("set");
        actor.Tell("bad");
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["set", "bad"], _log);
        Assert.Equal(0, _clock.ActiveTimers);
    }

    private Props<string> Family(Dictionary<string, ActorRef<string>> children, SupervisorStrategy strategy) =>
        Fun.Props(() => new FunActor<string>
        {
            Strategy = strategy,
            OnPreStart = self =>
            {
                foreach (string name in new[] { "a", "b", "c" }) children[name] = self.Ctx.Spawn(Child(name), name);
            },
        });

    private Props<string> Child(string name) => Fun.Props(() => new FunActor<string>((_, m) =>
    {
        if (m == "bad") throw new Boom();
        _log.Add($"{name} {m}");
    })
    {
        OnPreRestart = (_, _, _) => _log.Add($"{name} PreRestart"),
        OnPostRestart = (_, _) => _log.Add($"{name} PostRestart"),
    });
}
