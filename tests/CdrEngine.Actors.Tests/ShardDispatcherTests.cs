namespace CdrEngine.Actors.Tests;

/// <summary>A shard pumped by the test's own thread.</summary>
public sealed class ShardDispatcherTests
{
    private readonly ActorSystem _system = Fun.SyncSystem();
    private readonly List<string> _log = [];

    [Fact]
    public void Deliver_ToAnActor_IsDoneWhenItReturns()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> actor = shard.Spawn(Logger("a"), "a");
        Assert.True(shard.Deliver(actor, "x"));
        Assert.Equal(["a x"], _log);
        Assert.Equal("/s/a", actor.Path);
        Assert.Equal(0, actor.QueuedCount);
    }

    [Fact]
    public void Deliver_WhatFollowsFromIt_IsDoneInOrderBeforeItReturns()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> c = shard.Spawn(Logger("c"));
        ActorRef<string> b = shard.Spawn(Fun.Props<string>((_, m) =>
        {
            _log.Add("b " + m);
            c.Tell(m + " from b");
        }));
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((_, m) =>
        {
            b.Tell(m + "1");
            c.Tell(m + "2");
            b.Tell(m + "3");
            _log.Add("a " + m);
        }));
        shard.Deliver(a, "x");
        Assert.Equal(["a x", "b x1", "c x2", "b x3", "c x1 from b", "c x3 from b"], _log);
        Assert.False(shard.HasPending);
    }

    [Fact]
    public void Deliver_WithinADelivery_RunsAtOnceUnlessMessagesWaitOrTheActorIsOnTheWay()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> b = shard.Spawn(Logger("b"));
        ActorRef<string>? a = null;
        a = shard.Spawn(Fun.Props<string>((_, m) =>
        {
            _log.Add("a " + m);
            if (m != "x") return;
            shard.Deliver(b, "now");
            _log.Add("a between");
            shard.Deliver(a!, "myself");
            shard.Deliver(b, "in line");
            _log.Add("a end");
        }));
        shard.Deliver(a, "x");
        Assert.Equal(["a x", "b now", "a between", "a end", "a myself", "b in line"], _log);
    }

    [Fact]
    public void Tell_ByTheOwnerOutsideOfActors_ComesBeforeTheNextDelivery()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<string> a = shard.Spawn(Logger("a"));
        a.Tell("told");
        Assert.Empty(_log);
        Assert.True(shard.HasPending);
        shard.Deliver(a, "delivered");
        Assert.Equal(["a told", "a delivered"], _log);
    }

    [Fact]
    public void Tell_FromAnotherThread_WaitsForRunPending()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<string> a = shard.Spawn(Logger("a"));
        OnAnotherThread(() => a.Tell("outside"));
        shard.Deliver(a, "inside");
        Assert.Equal(["a inside"], _log);
        Assert.Equal(1, shard.RunPending());
        Assert.Equal(["a inside", "a outside"], _log);
        Assert.Equal(0, shard.RunPending());
    }

    [Fact]
    public void RunPending_WithALimit_LeavesTheRest()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<string> a = shard.Spawn(Logger("a"));
        OnAnotherThread(() =>
        {
            for (int i = 0; i < 5; i++) a.Tell($"{i}");
        });
        Assert.Equal(3, shard.RunPending(3));
        Assert.True(shard.HasPending);
        Assert.Equal(2, shard.RunPending());
        Assert.Equal(["a 0", "a 1", "a 2", "a 3", "a 4"], _log);
    }

    [Fact]
    public void Shard_UsedByAnotherThread_Throws()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> a = shard.Spawn(Logger("a"));
        shard.Deliver(a, "mine");
        Exception? thrown = null;
        OnAnotherThread(() => thrown = Record.Exception(() => shard.Deliver(a, "yours")));
        Assert.IsType<InvalidOperationException>(thrown);
        OnAnotherThread(() => thrown = Record.Exception(() =>
        {
            shard.BindToCurrentThread();
            shard.Deliver(a, "now yours");
        }));
        Assert.Null(thrown);
        Assert.Equal(["a mine", "a now yours"], _log);
    }

    [Fact]
    public void Spawn_FromAnotherThread_StartsTheActorByItsFirstDeliveryAtTheLatest()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<string>? a = null;
        OnAnotherThread(() => a = shard.Spawn(Fun.Props(() => new FunActor<string>((_, m) => _log.Add(m)) { OnPreStart = _ => _log.Add("start") })));
        Assert.Empty(_log);
        shard.Deliver(a!, "x");
        Assert.Equal(["start", "x"], _log);
    }

    [Fact]
    public void Failure_InADelivery_IsSupervisedBeforeItReturnsAndNeverThrowsAtTheOwner()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> neighbour = shard.Spawn(Logger("n"));
        int made = 0;
        ActorRef<string> a = shard.Spawn(Fun.Props(() =>
        {
            int number = ++made;
            return new FunActor<string>((_, m) =>
            {
                if (m == "bad")
                {
                    neighbour.Tell("told before the failure");
                    throw new Boom();
                }

                _log.Add($"{number} {m}");
            });
        }));
        Assert.True(shard.Deliver(a, "bad"));
        Assert.Equal(2, made);
        shard.Deliver(a, "good");
        Assert.Equal(["n told before the failure", "2 good"], _log);
        Assert.Null(shard.Fault);
    }

    [Fact]
    public void Failure_ThatEscalates_IsTheShardsFault()
    {
        ShardDispatcher shard = _system.CreateShard("s", new ShardOptions { Strategy = new SupervisorStrategy { Decider = static _ => Directive.Escalate } });
        ActorRef<string> a = shard.Spawn(Fun.Props<string>(static (_, _) => throw new Boom()));
        shard.Deliver(a, "x");
        Assert.IsType<Boom>(shard.Fault);
        Assert.True(a.IsTerminated);
        Assert.False(shard.Deliver(a, "y"));
        Assert.Equal(1, _system.DeadLetters[DeadLetterReason.ActorStopped]);
    }

    [Fact]
    public void Deliver_WhileSuspendedByASupervisorElsewhere_WaitsInLine()
    {
        var gate = new ManualResetEventSlim();
        using var pool = new PoolHolder();
        ShardDispatcher shard = pool.System.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<string>? child = null;
        var ready = new TestProbe<string>(pool.System, Fun.Soon);
        var strategy = new SupervisorStrategy
        {
            Decider = _ =>
            {
                gate.Wait();
                return Directive.Restart;
            },
        };
        pool.System.Spawn(Fun.Props(() => new FunActor<string>
        {
            Strategy = strategy,
            OnPreStart = self =>
            {
                child = self.Ctx.Spawn(Fun.Props<string>((_, m) =>
                {
                    if (m == "bad") throw new Boom();
                    _log.Add(m);
                }) with
                { Dispatcher = shard });
                ready.Ref.Tell("ready");
            },
        }));
        ready.ExpectMessage("ready");
        shard.Deliver(child!, "bad");
        Assert.True(shard.Deliver(child!, "1"));
        Assert.True(shard.Deliver(child!, "2"));
        Assert.Empty(_log);
        gate.Set();
        SpinWait.SpinUntil(
            () =>
            {
                shard.RunPending();
                return _log.Count == 2;
            },
            Fun.Soon);
        Assert.Equal(["1", "2"], _log);
    }

    [Fact]
    public void Deliver_OfTheSameInput_GivesTheSameOrderEachTime()
    {
        List<string> Run()
        {
            var log = new List<string>();
            ActorSystem system = Fun.SyncSystem();
            ShardDispatcher shard = system.CreateShard("s", new ShardOptions { Strategy = new SupervisorStrategy { MaxRestarts = -1 } });
            var actors = new ActorRef<int>[7];
            for (int i = 0; i < actors.Length; i++)
            {
                int index = i;
                actors[i] = shard.Spawn(Fun.Props<int>((self, n) =>
                {
                    log.Add($"{index}:{n}@{self.Ctx.NowMicroseconds}");
                    if (n % 5 == 4) throw new Boom();
                    if (n > 0 && n % 3 == 0) actors[(index + n) % 7].Tell(n / 2);
                    if (n % 2 == 1) self.Ctx.Timers.Start(n % 3, n - 1, TimeSpan.FromMicroseconds(n * 7 % 13));
                }));
            }

            var random = new Random(20261120);
            for (int i = 0; i < 500; i++)
            {
                shard.Deliver(actors[random.Next(7)], random.Next(100));
                shard.Advance(i * 3);
            }

            return log;
        }

        List<string> first = Run();
        Assert.InRange(first.Count, 600, 5_000);
        Assert.Equal(first, Run());
    }

    [Fact]
    public void Chain_WithoutEnd_IsCut()
    {
        ShardDispatcher shard = _system.CreateShard("s", new ShardOptions { ChainLimit = 100 });
        int taken = 0;
        ActorRef<int>? a = null;
        a = shard.Spawn(Fun.Props<int>((_, n) =>
        {
            taken++;
            a!.Tell(n + 1);
        }));
        shard.Deliver(a, 0);
        Assert.Equal(101, taken);
        Assert.Equal(1, shard.ChainsCut);
        Assert.True(shard.HasPending);
    }

    [Fact]
    public void Timers_DueAtOneAdvance_AreToldByDeadlineThenByOrderOfStartingWithTheirOwnTime()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.Advance(1_000);
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((self, m) =>
        {
            _log.Add($"{m}@{self.Ctx.NowMicroseconds}");
            if (m != "set") return;
            self.Ctx.Timers.Start("late", "late", TimeSpan.FromMicroseconds(300));
            self.Ctx.Timers.Start("tie 1", "tie 1", TimeSpan.FromMicroseconds(200));
            self.Ctx.Timers.StartAt("tie 2", "tie 2", 1_200);
            self.Ctx.Timers.Start("early", "early", TimeSpan.FromMicroseconds(100));
        }));
        shard.Deliver(a, "set");
        Assert.Equal(4, shard.TimerCount);
        Assert.Equal(1_100, shard.NextDeadlineMicroseconds);
        Assert.Equal(0, shard.Advance(1_099));
        Assert.Equal(4, shard.Advance(5_000));
        Assert.Equal(["set@1000", "early@1100", "tie 1@1200", "tie 2@1200", "late@1300"], _log);
        Assert.Equal(5_000, shard.NowMicroseconds);
        Assert.Equal(long.MaxValue, shard.NextDeadlineMicroseconds);
    }

    [Fact]
    public void Advance_InOneStepOrInMany_TellsTheSame()
    {
        List<string> Run(int step)
        {
            var log = new List<string>();
            ShardDispatcher shard = Fun.SyncSystem().CreateShard("s");
            ActorRef<string> a = shard.Spawn(Fun.Props<string>((self, m) =>
            {
                log.Add($"{m}@{self.Ctx.NowMicroseconds}");
                if (m == "set") self.Ctx.Timers.StartPeriodic("p", "p", TimeSpan.FromMicroseconds(70));
                // Set while a timer is told: due within the same step, if the step is long.
                if (m == "p") self.Ctx.Timers.Start("after", "after", TimeSpan.FromMicroseconds(30));
            }));
            shard.Deliver(a, "set");
            for (int now = step; now <= 600; now += step) shard.Advance(now);
            return log;
        }

        List<string> many = Run(1);
        Assert.Equal(17, many.Count);
        Assert.Equal(many, Run(50));
        Assert.Equal(many, Run(600));
    }

    [Fact]
    public void Advance_BackwardsOrNowhere_DoesNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.Advance(100);
        Assert.Equal(0, shard.Advance(50));
        Assert.Equal(100, shard.NowMicroseconds);
    }

    [Fact]
    public void Advance_ByAnActor_Throws()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        Exception? thrown = null;
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((_, _) => thrown = Record.Exception(() => shard.Advance(9))));
        shard.Deliver(a, "x");
        Assert.IsType<InvalidOperationException>(thrown);
    }

    [Fact]
    public void Timer_ReplacedOrCancelled_TellsNothingOfItsFormerSelf()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((self, m) =>
        {
            _log.Add(m);
            ActorTimers<string> timers = self.Ctx.Timers;
            switch (m)
            {
                case "set":
                    timers.Start("r", "replaced", TimeSpan.FromMicroseconds(10));
                    timers.Start("r", "replacing", TimeSpan.FromMicroseconds(20));
                    timers.Start("c", "cancelled", TimeSpan.FromMicroseconds(15));
                    break;
                case "replacing":
                    Assert.False(timers.IsActive("r"));
                    Assert.True(timers.IsActive("c2"));
                    Assert.True(timers.Cancel("c2"));
                    break;
                case "cancel":
                    Assert.True(timers.Cancel("c"));
                    Assert.False(timers.Cancel("c"));
                    timers.Start("c2", "cancelled too", TimeSpan.FromMicroseconds(10));
                    break;
            }
        }));
        shard.Deliver(a, "set");
        shard.Advance(10);
        shard.Deliver(a, "cancel");
        shard.Advance(100);
        Assert.Equal(["set", "cancel", "replacing"], _log);
        Assert.Equal(0, shard.TimerCount);
    }

    [Fact]
    public void Timer_OfAStoppedActor_IsGone()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<string> a = shard.Spawn(Fun.Props<string>(static (self, _) => self.Ctx.Timers.StartPeriodic("p", "tick", TimeSpan.FromMicroseconds(5))));
        shard.Deliver(a, "set");
        Assert.Equal(1, shard.TimerCount);
        a.Stop();
        Assert.Equal(0, shard.Advance(1_000));
        Assert.Equal(0, shard.TimerCount);
    }

    [Fact]
    public void PeriodicTimer_AfterAJumpOfTheClock_LeavesOutWhatPassesTheLimit()
    {
        ShardDispatcher shard = _system.CreateShard("s", new ShardOptions { CatchUpLimit = 10 });
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((self, m) =>
        {
            if (m == "set") self.Ctx.Timers.StartPeriodic("p", "tick", TimeSpan.FromMicroseconds(100));
            else _log.Add($"{self.Ctx.NowMicroseconds}");
        }));
        shard.Deliver(a, "set");
        shard.Advance(long.MaxValue / 2);
        Assert.Equal(11, _log.Count);
        Assert.Equal("100", _log[0]);
        long last = long.MaxValue / 2 / 100 * 100;
        Assert.Equal($"{last}", _log[^1]);
        Assert.Equal((last / 100) - 11, shard.TicksSkipped);
        Assert.Equal(last + 100, shard.NextDeadlineMicroseconds);
    }

    [Fact]
    public void Timer_SetFarBeyondTime_NeverComesAndBreaksNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.Advance(1_800_000_000_000_000);
        ActorRef<string> a = shard.Spawn(Fun.Props<string>((self, m) =>
        {
            _log.Add(m);
            if (m != "set") return;
            self.Ctx.Timers.Start("far", "far", TimeSpan.MaxValue);
            self.Ctx.Timers.StartAt("past", "past", long.MinValue / 2);
        }));
        shard.Deliver(a, "set");
        Assert.Equal(1_800_000_000_000_000, shard.NextDeadlineMicroseconds);
        Assert.Equal(1, shard.Advance(1_800_000_000_000_001));
        Assert.Equal(["set", "past"], _log);
        Assert.Equal(1, shard.TimerCount);
    }

    [Fact]
    public void DeliverBorrowed_OfARefStruct_ReachesTheActorOrIsCounted()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<int> a = shard.Spawn(new Props<int>(static () => new Borrower()));
        ActorRef<int> other = shard.Spawn(Fun.Props<int>());
        Span<byte> bytes = stackalloc byte[] { 1, 2, 3 };
        Assert.True(shard.DeliverBorrowed(a, new View(bytes)));
        Assert.Equal(6, bytes[0]);
        bool threw = false;
        try
        {
            shard.DeliverBorrowed(other, new View(bytes));
        }
        catch (ArgumentException)
        {
            threw = true;
        }

        Assert.True(threw);
        bytes[0] = 99;
        Assert.True(shard.DeliverBorrowed(a, new View(bytes)));
        Assert.Equal(1, _system.RestartCount);
        a.Stop();
        Assert.False(shard.DeliverBorrowed(a, new View(bytes)));
        Assert.Equal(1, _system.DeadLetters[DeadLetterReason.ActorStopped]);
    }

    [Fact]
    public void Deliver_OfAStruct_AllocatesNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        var counter = new CountingActor();
        ActorRef<Big> actor = shard.Spawn(new Props<Big>(() => counter));
        Assert.Equal(0, AllocatedBy(10_000, i => shard.Deliver(actor, new Big(i, 1, 2, 3))));
        Assert.Equal(Warmed + 10_000, counter.Count);
    }

    [Fact]
    public void Deliver_OfAnObject_AllocatesNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        int count = 0;
        ActorRef<string> actor = shard.Spawn(Fun.Props<string>((_, _) => count++));
        Assert.Equal(0, AllocatedBy(10_000, _ => shard.Deliver(actor, "message")));
        Assert.Equal(Warmed + 10_000, count);
    }

    [Fact]
    public void DeliverBorrowed_OfARefStruct_AllocatesNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        ActorRef<int> actor = shard.Spawn(new Props<int>(static () => new Borrower()));
        byte[] bytes = new byte[4];
        Assert.Equal(0, AllocatedBy(10_000, _ => shard.DeliverBorrowed(actor, new View(bytes))));
    }

    [Fact]
    public void Timer_RestartedAndTold_AllocatesNothing()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        int told = 0;
        ActorRef<string> actor = shard.Spawn(Fun.Props<string>((self, m) =>
        {
            if (m == "tick") told++;
            else self.Ctx.Timers.Start("t", "tick", TimeSpan.FromMicroseconds(10));
        }));
        Assert.Equal(0, AllocatedBy(10_000, i =>
        {
            shard.Deliver(actor, "set");
            shard.Deliver(actor, "set again");
            shard.Advance(i * 20L);
        }));
        Assert.True(told > 9_000);
    }

    [Fact]
    public void StopActors_OfAShard_StopsChildrenFirstAndThenMakesNone()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        shard.Spawn(Fun.Props(() => new FunActor<string>
        {
            OnPreStart = self => self.Ctx.Spawn(Fun.Props(() => new FunActor<string> { OnPostStop = _ => _log.Add("child") })),
            OnPostStop = _ => _log.Add("parent"),
        }));
        Assert.Equal(2, shard.ActorCount - 1);
        Assert.True(shard.StopActors(TimeSpan.Zero));
        Assert.Equal(["child", "parent"], _log);
        Assert.Equal(0, shard.ActorCount);
        Assert.Throws<InvalidOperationException>(() => shard.Spawn(Logger("late")));
    }

    [Fact]
    public void Ask_OfAShardActor_IsAnsweredWhenItsOwnerPumps()
    {
        ShardDispatcher shard = _system.CreateShard("s");
        shard.BindToCurrentThread();
        ActorRef<ActorRef<int>> actor = shard.Spawn(Fun.Props<ActorRef<int>>((_, reply) => reply.Tell(42)));
        Task<int>? answer = null;
        OnAnotherThread(() => answer = actor.Ask<int>(static reply => reply, Fun.Soon));
        Assert.False(answer!.IsCompleted);
        shard.RunPending();
        Assert.True(answer.IsCompletedSuccessfully);
    }

    private const int Warmed = 2_000;

    private Props<string> Logger(string name) => Fun.Props<string>((_, m) => _log.Add($"{name} {m}"));

    private static void OnAnotherThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }

    private static long AllocatedBy(int times, Action<int> action)
    {
        for (int i = 0; i < Warmed; i++) action(i);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < times; i++) action(i + Warmed);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private readonly record struct Big(long A, long B, long C, long D);

    private readonly ref struct View(Span<byte> bytes)
    {
        public Span<byte> Bytes { get; } = bytes;
    }

    private sealed class CountingActor : Actor<Big>
    {
        public int Count { get; private set; }

        protected override void Receive(Big message) => Count++;

        protected override void ReceiveIn(in Big message) => Count += message.B == 1 ? 1 : 0;
    }

    private sealed class Borrower : Actor<int>, IReceiveBorrowed<View>
    {
        public void ReceiveBorrowed(in View message)
        {
            if (message.Bytes[0] == 99) throw new Boom();
            byte sum = 0;
            foreach (byte value in message.Bytes) sum += value;
            message.Bytes[0] = sum;
        }

        protected override void Receive(int message)
        {
        }
    }

    private sealed class PoolHolder : IDisposable
    {
        public ActorSystem System { get; } = new(new ActorSystemOptions { StopTimeout = TimeSpan.FromMilliseconds(50) });

        public void Dispose() => System.ShutdownAsync().Wait();
    }
}
