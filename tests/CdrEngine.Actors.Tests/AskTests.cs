namespace CdrEngine.Actors.Tests;

public sealed class AskTests
{
    private readonly ManualClock _clock = new();
    private readonly ActorSystem _system;

    public AskTests() => _system = Fun.SyncSystem(_clock);

    private sealed record Question(string Text, ActorRef<string> ReplyTo);

    [Fact]
    public async Task Ask_Answered_GivesTheAnswerAndKeepsNothing()
    {
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>(static (_, q) => q.ReplyTo.Tell(q.Text + "!")));
        using var cancellation = new CancellationTokenSource();
        Assert.Equal("hi!", await actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1), cancellation.Token));
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public async Task Ask_WithoutAnswer_TimesOutAndKeepsNothing()
    {
        ActorRef<string>? replyTo = null;
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>((_, q) => replyTo = q.ReplyTo));
        Task<string> answer = actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(0.999));
        Assert.False(answer.IsCompleted);
        Assert.Equal(1, _clock.ActiveTimers);
        _clock.Advance(TimeSpan.FromSeconds(0.001));
        await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
        Assert.Equal(0, _clock.ActiveTimers);
        Assert.False(replyTo!.Tell("late"));
        Assert.Equal(1, _system.DeadLetters.Count);
    }

    [Fact]
    public async Task Ask_Cancelled_IsCancelledAndKeepsNothing()
    {
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>());
        using var cancellation = new CancellationTokenSource();
        Task<string> answer = actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1), cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public async Task Ask_WithATokenCancelledBefore_IsCancelled()
    {
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1), new CancellationToken(canceled: true)));
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public async Task Ask_OfAStoppedActor_FailsAtOnceAndKeepsNothing()
    {
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>());
        actor.Stop();
        await Assert.ThrowsAsync<ActorUnavailableException>(() => actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1)));
        Assert.Equal(0, _clock.ActiveTimers);
    }

    [Fact]
    public async Task Ask_AnsweredTwice_TakesTheFirst()
    {
        bool second = true;
        ActorRef<Question> actor = _system.Spawn(Fun.Props<Question>((_, q) =>
        {
            q.ReplyTo.Tell("one");
            second = q.ReplyTo.Tell("two");
        }));
        Assert.Equal("one", await actor.Ask<string>(static reply => new Question("hi", reply), TimeSpan.FromSeconds(1)));
        Assert.False(second);
    }

    [Fact]
    public async Task Ask_WithATimeoutOfZero_TimesOutUnlessAnsweredAlready()
    {
        ActorRef<Question> silent = _system.Spawn(Fun.Props<Question>());
        Task<string> answer = silent.Ask<string>(static reply => new Question("hi", reply), TimeSpan.Zero);
        _clock.Advance(TimeSpan.Zero);
        await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
    }
}
