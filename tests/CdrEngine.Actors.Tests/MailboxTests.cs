namespace CdrEngine.Actors.Tests;

/// <summary>Full mailboxes: each policy, on a pool actor that is held at its first message.</summary>
public sealed class MailboxTests : IAsyncLifetime
{
    private readonly ActorSystem _system = new();
    private readonly ManualResetEventSlim _gate = new();
    private readonly ManualResetEventSlim _held = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _gate.Set();
        await _system.DisposeAsync();
    }

    [Fact]
    public void Reject_WhenFull_RefusesAndCounts()
    {
        (ActorRef<int> actor, TestProbe<int> probe) = Held(new MailboxSettings(3, MailboxFullPolicy.Reject));
        Assert.Equal([true, true, true, false, false], Enumerable.Range(1, 5).Select(actor.Tell));
        Assert.Equal(3, actor.QueuedCount);
        Assert.Equal(2, actor.DroppedCount);
        Assert.Equal(2, _system.DeadLetters[DeadLetterReason.Rejected]);
        Assert.Equal([0, 1, 2, 3], Release(probe, 4));
        Assert.True(actor.Tell(9));
    }

    [Fact]
    public void DropNewest_WhenFull_DropsInSilenceAndCounts()
    {
        (ActorRef<int> actor, TestProbe<int> probe) = Held(new MailboxSettings(2, MailboxFullPolicy.DropNewest));
        Assert.All(Enumerable.Range(1, 5), n => Assert.True(actor.Tell(n)));
        Assert.Equal(3, actor.DroppedCount);
        Assert.Equal(3, _system.DeadLetters[DeadLetterReason.DroppedNewest]);
        Assert.Equal([0, 1, 2], Release(probe, 3));
    }

    [Fact]
    public void DropOldest_WhenFull_KeepsTheLastAndCounts()
    {
        (ActorRef<int> actor, TestProbe<int> probe) = Held(new MailboxSettings(2, MailboxFullPolicy.DropOldest));
        Assert.All(Enumerable.Range(1, 5), n => Assert.True(actor.Tell(n)));
        Assert.Equal(2, actor.QueuedCount);
        Assert.Equal(3, actor.DroppedCount);
        Assert.Equal([1, 2, 3], _system.DeadLetters.Sample.Select(static letter => (int)letter.Message!));
        Assert.Equal([0, 4, 5], Release(probe, 3));
    }

    [Fact]
    public async Task DropOldest_WithSignalsInLine_NeverDropsThem()
    {
        ActorRef<int> watched = _system.Spawn(Fun.Props<int>());
        var probe = new TestProbe<int>(_system, Fun.Soon);
        ActorRef<int> actor = _system.Spawn(Fun.Props(() => new FunActor<int>((_, n) =>
        {
            if (n == 0) Hold();
            probe.Ref.Tell(n);
        })
        {
            OnPreStart = self => self.Ctx.Watch(watched),
            OnSignal = (_, _) => probe.Ref.Tell(-1),
        }) with
        { Mailbox = new MailboxSettings(1, MailboxFullPolicy.DropOldest) });
        actor.Tell(0);
        _held.Wait();
        Assert.True(await watched.StopAsync(Fun.Soon));
        for (int n = 1; n <= 4; n++) actor.Tell(n);
        Assert.Equal([0, -1, 4], Release(probe, 3));
    }

    [Fact]
    public async Task Block_WhenFull_HoldsTheSenderUntilThereIsRoom()
    {
        (ActorRef<int> actor, TestProbe<int> probe) = Held(new MailboxSettings(1, MailboxFullPolicy.Block));
        Assert.True(actor.Tell(1));
        var told = Task.Run(() => actor.Tell(2));
        await Assert.ThrowsAsync<TimeoutException>(() => told.WaitAsync(TimeSpan.FromMilliseconds(50)));
        Assert.Equal([0, 1, 2], Release(probe, 3));
        Assert.True(await told.WaitAsync(Fun.Soon));
    }

    [Fact]
    public void Block_WhoseTimeIsOver_Refuses()
    {
        (ActorRef<int> actor, _) = Held(new MailboxSettings(1, MailboxFullPolicy.Block) { BlockTimeout = TimeSpan.FromMilliseconds(20) });
        Assert.True(actor.Tell(1));
        Assert.False(actor.Tell(2));
        Assert.Equal(1, actor.DroppedCount);
    }

    [Fact]
    public async Task Block_OfASenderWhenTheActorStops_EndsAsADeadLetter()
    {
        (ActorRef<int> actor, _) = Held(new MailboxSettings(1, MailboxFullPolicy.Block));
        Assert.True(actor.Tell(1));
        var told = Task.Run(() => actor.Tell(2));
        await Assert.ThrowsAsync<TimeoutException>(() => told.WaitAsync(TimeSpan.FromMilliseconds(50)));
        actor.Stop();
        _gate.Set();
        await told.WaitAsync(Fun.Soon);
        Assert.Equal(2, _system.DeadLetters.Count);
    }

    [Fact]
    public void Block_OfASenderThatIsAnActor_RefusesInstead()
    {
        (ActorRef<int> actor, _) = Held(new MailboxSettings(1, MailboxFullPolicy.Block));
        Assert.True(actor.Tell(1));
        var answers = new TestProbe<bool>(_system, Fun.Soon);
        _system.Spawn(Fun.Props<int>((_, n) => answers.Ref.Tell(actor.Tell(n)))).Tell(2);
        Assert.False(answers.ExpectMessage());
    }

    [Fact]
    public void SystemMessages_ToAFullMailbox_AreNeverDropped()
    {
        (ActorRef<int> actor, _) = Held(new MailboxSettings(1, MailboxFullPolicy.Reject));
        var probe = new TestProbe<int>(_system, Fun.Soon);
        Assert.True(actor.Tell(1));
        Assert.False(actor.Tell(2));
        probe.Watch(actor);
        actor.StopWhenDrained();
        _gate.Set();
        probe.ExpectTerminated(actor);
        Assert.Equal(1, _system.DeadLetters.Count);
    }

    [Theory]
    [InlineData(MailboxFullPolicy.Reject)]
    [InlineData(MailboxFullPolicy.DropOldest)]
    public void Policies_OnAShard_HoldForWhatItsOwnActorsTell(MailboxFullPolicy policy)
    {
        ShardDispatcher shard = _system.CreateShard("s");
        var seen = new List<int>();
        ActorRef<int> small = shard.Spawn(Fun.Props<int>((_, n) => seen.Add(n)) with { Mailbox = new MailboxSettings(2, policy) });
        ActorRef<int> teller = shard.Spawn(Fun.Props<int>((_, n) =>
        {
            for (int i = 0; i < n; i++) small.Tell(i);
        }));
        shard.Deliver(teller, 5);
        Assert.Equal(policy == MailboxFullPolicy.Reject ? [0, 1] : [3, 4], seen);
        Assert.Equal(3, small.DroppedCount);
        Assert.Equal(0, small.QueuedCount);
        Assert.True(shard.StopActors(TimeSpan.Zero));
    }

    [Fact]
    public void Capacity_OfLessThanOne_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => new MailboxSettings(0, MailboxFullPolicy.Reject));

    [Fact]
    public async Task Capacity_UnderManySenders_IsNeverPassed()
    {
        const int Capacity = 8;
        int most = 0;
        ActorRef<int>? actor = null;
        actor = _system.Spawn(Fun.Props<int>((_, _) => most = Math.Max(most, actor!.QueuedCount)) with { Mailbox = new MailboxSettings(Capacity, MailboxFullPolicy.Reject) });
        long accepted = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                if (actor.Tell(i)) Interlocked.Increment(ref accepted);
            }
        })));
        Assert.True(await actor.StopAsync(Fun.Soon, drain: true));
        Assert.InRange(most, 1, Capacity);
        Assert.Equal(80_000, accepted + actor.DroppedCount);
        Assert.Equal(actor.DroppedCount, _system.DeadLetters.Count);
    }

    [Fact]
    public async Task DeadLetters_InAFlood_AreAllCountedAndFewKept()
    {
        ActorRef<int> dead = _system.Spawn(Fun.Props<int>());
        Assert.True(await dead.StopAsync(Fun.Soon));
        var seen = new List<ActorEvent>();
        using IDisposable subscription = _system.Events.Subscribe(seen.Add);
        for (int i = 1; i <= 100_000; i++) dead.Tell(i);
        Assert.Equal(100_000, _system.DeadLetters.Count);
        Assert.Equal(100_000, _system.DeadLetters[DeadLetterReason.ActorStopped]);
        Assert.Equal(100, _system.DeadLetters.Sample.Count);
        Assert.Equal(64 + (100_000 / 256), seen.Count);
    }

    private (ActorRef<int> Actor, TestProbe<int> Probe) Held(MailboxSettings settings)
    {
        var probe = new TestProbe<int>(_system, Fun.Soon);
        ActorRef<int> actor = _system.Spawn(Fun.Props<int>((_, n) =>
        {
            if (n == 0) Hold();
            probe.Ref.Tell(n);
        }) with
        { Mailbox = settings });
        actor.Tell(0);
        _held.Wait();
        return (actor, probe);
    }

    private void Hold()
    {
        _held.Set();
        _gate.Wait();
    }

    private List<int> Release(TestProbe<int> probe, int count)
    {
        _gate.Set();
        var taken = new List<int>();
        for (int i = 0; i < count; i++) taken.Add(probe.ExpectMessage());
        return taken;
    }
}
