namespace CdrEngine.Actors.Tests;

public sealed class TestKitTests
{
    private readonly ActorSystem _system = Fun.SyncSystem();

    [Fact]
    public void Probe_Expectations_HoldOrThrow()
    {
        var probe = new TestProbe<object>(_system);
        probe.ExpectNoMessage();
        Assert.Throws<ProbeException>(() => probe.ExpectMessage());
        probe.Ref.Tell("one");
        Assert.Throws<ProbeException>(() => probe.ExpectNoMessage());
        probe.Ref.Tell("two");
        Assert.Throws<ProbeException>(() => probe.ExpectMessage<Exception>());
        probe.Ref.Tell("three");
        Assert.Equal("three", probe.ExpectMessage<string>());
        probe.Ref.Tell(1);
        probe.Ref.Tell(2);
        probe.Ref.Tell(3);
        Assert.Equal(2, probe.FishForMessage(static m => m is 2));
        Assert.Equal([3], probe.TakeAll());
        Assert.Throws<ProbeException>(() => probe.FishForMessage(static _ => true));
        ActorRef<int> actor = _system.Spawn(Fun.Props<int>());
        probe.Watch(actor);
        Assert.Throws<ProbeException>(() => probe.ExpectTerminated(actor));
        probe.ExpectNoTerminated();
        actor.Stop();
        Assert.Throws<ProbeException>(() => probe.ExpectNoTerminated());
        probe.ExpectTerminated(actor);
    }

    [Fact]
    public async Task Probe_WithADeadline_WaitsForWhatComesFromElsewhere()
    {
        var probe = new TestProbe<int>(_system, Fun.Soon);
        Task<int> expected = Task.Factory.StartNew(() => probe.ExpectMessage(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.Yield();
        probe.Ref.Tell(4);
        Assert.Equal(4, await expected.WaitAsync(Fun.Soon));
    }

    [Fact]
    public void ManualClock_Moved_FiresTimersInOrderWithItsTimeAtTheirDeadline()
    {
        var clock = new ManualClock();
        DateTimeOffset start = clock.GetUtcNow();
        var log = new List<string>();
        void Note(object? name) => log.Add($"{name}@{(clock.GetUtcNow() - start).TotalSeconds}");
        using ITimer late = clock.CreateTimer(Note, "late", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using ITimer tie1 = clock.CreateTimer(Note, "tie 1", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        using ITimer tie2 = clock.CreateTimer(Note, "tie 2", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        using ITimer periodic = clock.CreateTimer(Note, "p", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(["p@1", "tie 1@2", "tie 2@2", "p@2.5", "late@3", "p@4"], log);
        Assert.Equal(1, clock.ActiveTimers);
        Assert.True(periodic.Change(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(6, log.Count);
        periodic.Dispose();
        Assert.False(periodic.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(6, log.Count);
        Assert.Equal(22, clock.GetElapsedTime(0).TotalSeconds, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void TestDispatcher_ToldFromWithin_TakesTurns()
    {
        var log = new List<string>();
        ActorRef<int>? a = null;
        ActorRef<int> b = _system.Spawn(Fun.Props<int>((_, n) => log.Add($"b{n}")));
        a = _system.Spawn(Fun.Props<int>((_, n) =>
        {
            log.Add($"a{n}");
            if (n != 0) return;
            a!.Tell(1);
            b.Tell(2);
            a.Tell(3);
            b.Tell(4);
        }));
        a.Tell(0);
        Assert.Equal(5, log.Count);
        Assert.Equal(["a1", "a3"], log.Where(static entry => entry[0] == 'a').Skip(1));
        Assert.Equal(["b2", "b4"], log.Where(static entry => entry[0] == 'b'));
    }

    [Fact]
    public void Dispatcher_OfAnotherSystem_IsRefused()
    {
        var pool = new PoolDispatcher();
        var one = new ActorSystem(new ActorSystemOptions { Dispatcher = pool });
        Assert.Same(pool, one.Dispatcher);
        Assert.Throws<InvalidOperationException>(() => new ActorSystem(new ActorSystemOptions { Dispatcher = pool }));
        ShardDispatcher shard = _system.CreateShard("s");
        Assert.Throws<ArgumentException>(() => new ActorSystem(new ActorSystemOptions { Dispatcher = shard }));
    }
}
