namespace CdrEngine.Actors.Tests;

/// <summary>Actors on the thread pool: races, timers by a clock, fairness.</summary>
public sealed class PoolDispatcherTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly ActorSystem _system;

    public PoolDispatcherTests() => _system = new ActorSystem(new ActorSystemOptions { TimeProvider = _clock });

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _system.DisposeAsync();

    [Fact]
    public async Task Messages_OfManySenders_AreEachTakenOnceInOrderOfTheirSender()
    {
        const int Senders = 4;
        const int PerSender = 20_000;
        int[] next = new int[Senders];
        bool inOrder = true;
        int inside = 0;
        ActorRef<(int Sender, int Number)> actor = _system.Spawn(Fun.Props<(int Sender, int Number)>((_, m) =>
        {
            if (Interlocked.Increment(ref inside) != 1) inOrder = false;
            if (next[m.Sender]++ != m.Number) inOrder = false;
            Interlocked.Decrement(ref inside);
        }) with
        { Mailbox = new MailboxSettings(1000, MailboxFullPolicy.Block) });
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < PerSender; i++)
                {
                    if (!actor.Tell((sender, i))) inOrder = false;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.True(await actor.StopAsync(Fun.Soon, drain: true));
        Assert.True(inOrder);
        Assert.All(next, static count => Assert.Equal(PerSender, count));
    }

    [Fact]
    public void WakeUps_OneMessageAtATime_AreNeverLost()
    {
        // Each answer finds the other side going idle: the window in which a wake-up could be lost.
        const int Rounds = 50_000;
        var done = new TestProbe<int>(_system, Fun.Soon);
        ActorRef<int>? ping = null;
        ActorRef<int> pong = _system.Spawn(Fun.Props<int>((_, n) => ping!.Tell(n)));
        ping = _system.Spawn(Fun.Props<int>((_, n) =>
        {
            if (n == Rounds) done.Ref.Tell(n);
            else pong.Tell(n + 1);
        }));
        ping.Tell(0);
        done.ExpectMessage(Rounds);
    }

    [Fact]
    public async Task WakeUps_ToldWhileTheActorGoesIdle_AreNeverLost()
    {
        // The next message is told as soon as the last is seen taken, plus a little that varies: it falls into each step of going idle.
        const int Rounds = 300_000;
        int taken = 0;
        int lost = -1;
        ActorRef<int> actor = _system.Spawn(Fun.Props<int>((_, n) => Volatile.Write(ref taken, n)));
        await Task.Factory.StartNew(
            () =>
            {
                for (int round = 1; round <= Rounds && lost < 0; round++)
                {
                    actor.Tell(round);
                    if (!SpinUntilTaken(ref taken, round)) lost = round;
                    for (int spin = round % 16; spin > 0; spin--) Thread.SpinWait(1);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.Equal(-1, lost);
    }

    private static bool SpinUntilTaken(ref int taken, int round)
    {
        long end = Environment.TickCount64 + (long)Fun.Soon.TotalMilliseconds;
        for (int spins = 1; Volatile.Read(ref taken) != round; spins++)
        {
            if (spins % 2_000 != 0) continue;
            if (Environment.TickCount64 > end) return false;
            Thread.Yield();
        }

        return true;
    }

    [Fact]
    public async Task Turns_OfABusyActor_DoNotStarveOthers()
    {
        ActorRef<int>? busy = null;
        busy = _system.Spawn(Fun.Props<int>((_, n) => busy!.Tell(n)));
        for (int i = 0; i < 8; i++) busy.Tell(i);
        var probe = new TestProbe<int>(_system, Fun.Soon);
        ActorRef<int> other = _system.Spawn(Fun.Props<int>((_, n) => probe.Ref.Tell(n)));
        other.Tell(1);
        probe.ExpectMessage(1);
        Assert.True(await busy.StopAsync(Fun.Soon));
    }

    [Fact]
    public void Timer_OnAPool_GoesByTheGivenClock()
    {
        var probe = new TestProbe<string>(_system, Fun.Soon);
        ActorRef<string> actor = _system.Spawn(Fun.Props<string>((self, m) =>
        {
            if (m == "set")
            {
                self.Ctx.Timers.Start("t", "tick", TimeSpan.FromSeconds(5));
                self.Ctx.Timers.Start("c", "cancelled", TimeSpan.FromSeconds(1));
                Assert.True(self.Ctx.Timers.Cancel("c"));
            }

            probe.Ref.Tell($"{m}@{self.Ctx.NowMicroseconds % 60_000_000}");
        }));
        actor.Tell("set");
        probe.ExpectMessage("set@0");
        _clock.Advance(TimeSpan.FromSeconds(4.999));
        probe.ExpectNoMessage(TimeSpan.FromMilliseconds(20));
        _clock.Advance(TimeSpan.FromSeconds(0.001));
        probe.ExpectMessage("tick@5000000");
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public void PeriodicTimer_OfALaggingActor_LeavesOneMessageInItsMailbox()
    {
        var probe = new TestProbe<string>(_system, Fun.Soon);
        using var gate = new ManualResetEventSlim();
        ActorRef<string> actor = _system.Spawn(Fun.Props<string>((self, m) =>
        {
            if (m == "set") self.Ctx.Timers.StartPeriodic("p", "tick", TimeSpan.FromSeconds(1));
            if (m == "end") self.Ctx.Timers.CancelAll();
            probe.Ref.Tell(m);
            if (m == "hold") gate.Wait();
        }));
        actor.Tell("set");
        actor.Tell("hold");
        probe.FishForMessage(static m => m == "hold");
        _clock.Advance(TimeSpan.FromSeconds(10));
        actor.Tell("end");
        gate.Set();
        probe.ExpectMessage("tick");
        probe.ExpectMessage("end");
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public void Timer_CancelledWithItsMessageInTheMailbox_TellsNothing()
    {
        var probe = new TestProbe<string>(_system, Fun.Soon);
        using var gate = new ManualResetEventSlim();
        ActorRef<string> actor = _system.Spawn(Fun.Props<string>((self, m) =>
        {
            probe.Ref.Tell(m);
            if (m != "set") return;
            self.Ctx.Timers.Start("t", "tick", TimeSpan.FromSeconds(1));
            probe.Ref.Tell("is set");
            gate.Wait();
            self.Ctx.Timers.Cancel("t");
        }));
        actor.Tell("set");
        probe.FishForMessage(static m => m == "is set");
        _clock.Advance(TimeSpan.FromSeconds(2));
        actor.Tell("after");
        gate.Set();
        probe.ExpectMessage("after");
    }

    [Fact]
    public async Task Stops_WhileOthersTellAndWatch_LoseNothing()
    {
        // Every message is taken or is a dead letter; every watcher hears of the end, however the three race.
        long taken = 0;
        long told = 0;
        var ends = new List<Task>();
        for (int round = 0; round < 150; round++)
        {
            ActorRef<int> actor = _system.Spawn(Fun.Props<int>((_, _) => Interlocked.Increment(ref taken)));
            var teller = Task.Run(() =>
            {
                for (int i = 0; i < 200; i++)
                {
                    actor.Tell(i);
                    Interlocked.Increment(ref told);
                }
            });
            var watcher = Task.Run(async () => await actor.WhenTerminated());
            actor.Stop();
            ends.Add(Task.WhenAll(teller, watcher));
        }

        await Task.WhenAll(ends).WaitAsync(Fun.Soon);
        Assert.Equal(told, Interlocked.Read(ref taken) + _system.DeadLetters.Count);
        Assert.Equal(30_000, told);
    }

    [Fact]
    public async Task Restarts_UnderFire_KeepEveryOtherMessage()
    {
        const int Messages = 20_000;
        long taken = 0;
        ActorSystem system = new(new ActorSystemOptions { Strategy = new SupervisorStrategy { MaxRestarts = -1 } });
        ActorRef<int> actor = system.Spawn(Fun.Props<int>((_, n) =>
        {
            if (n % 10 == 0) throw new Boom();
            taken++;
        }) with
        { Mailbox = new MailboxSettings(256, MailboxFullPolicy.Block) });
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < Messages / 2; i++) actor.Tell(i);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.True(await actor.StopAsync(Fun.Soon, drain: true));
        Assert.Equal(Messages * 9 / 10, taken);
        Assert.Equal(Messages / 10, system.RestartCount);
        Assert.Equal(0, system.DeadLetters.Count);
        Assert.True((await system.ShutdownAsync()).IsClean);
    }

    [Fact]
    public async Task Trees_MadeAndStoppedAtOnce_LeaveNothing()
    {
        var options = new ActorSystemOptions();
        var system = new ActorSystem(options);
        long started = 0;
        long stopped = 0;
        Props<int> Level(int depth) => Fun.Props(() => new FunActor<int>
        {
            OnPreStart = self =>
            {
                Interlocked.Increment(ref started);
                if (depth == 0) return;
                for (int i = 0; i < 3; i++) self.Ctx.Spawn(Level(depth - 1));
            },
            OnPostStop = _ => Interlocked.Increment(ref stopped),
        });
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => system.Spawn(Level(3)).StopAsync(Fun.Soon)))).WaitAsync(Fun.Soon);
        Assert.Equal(Interlocked.Read(ref started), Interlocked.Read(ref stopped));
        // Root and user guardian.
        Assert.Equal(2, system.Dispatcher.ActorCount);
        Assert.True((await system.ShutdownAsync()).IsClean);
    }

    /// <summary>Some seconds of everything at once, checked by counting.</summary>
    [Fact]
    public async Task Everything_AtOnceForASecond_AddsUp()
    {
        int seed = Environment.TickCount;
        var system = new ActorSystem(new ActorSystemOptions { Strategy = new SupervisorStrategy { MaxRestarts = -1 } });
        long accepted = 0;
        long taken = 0;
        long failed = 0;
        var actors = new ActorRef<int>[64];
        ActorRef<int> Make() => system.Spawn(Fun.Props<int>((self, n) =>
        {
            Interlocked.Increment(ref taken);
            if (n % 97 == 0)
            {
                Interlocked.Increment(ref failed);
                throw new Boom();
            }

            if (n % 89 == 0) self.Ctx.Stop();
            if (n % 3 != 0) return;
            if (Volatile.Read(ref actors[n % actors.Length]) is { } other && other.Tell(n / 3)) Interlocked.Increment(ref accepted);
        }) with
        { Mailbox = new MailboxSettings(128, MailboxFullPolicy.Reject) });
        for (int i = 0; i < actors.Length; i++) actors[i] = Make();
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(seed + worker);
                while (!end.IsCancellationRequested)
                {
                    int index = random.Next(actors.Length);
                    ActorRef<int> actor = Volatile.Read(ref actors[index]);
                    if (actor.Tell(random.Next(1, 1_000_000))) Interlocked.Increment(ref accepted);
                    else if (actor.IsTerminated) Interlocked.CompareExchange(ref actors[index], Make(), actor);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        ShutdownReport report = await system.ShutdownAsync();
        Assert.True(report.IsClean, $"seed {seed}: {string.Join(", ", report.ActorsLeft)}");
        Assert.Equal(0, system.Dispatcher.ActorCount);
        long discarded = system.DeadLetters[DeadLetterReason.DiscardedAtStop];
        // Told and refused in the moment of the stop: those were not accepted.
        Assert.True(accepted == taken + discarded, $"seed {seed}: {accepted} accepted, {taken} taken, {discarded} discarded");
        Assert.Equal(failed, system.FailureCount);
        Assert.True(taken > 10_000, $"seed {seed}: {taken} taken");
    }
}
