using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

public sealed class RecorderActorPoolTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Requests_ForTheSameAtOnce_MakeOneRecording()
    {
        using var rig = new RecorderRig(static options => options with { Workers = 4 });
        string id = rig.Add(1);
        var gate = new TaskCompletionSource();
        rig.Maker.Gate = gate.Task;
        await using var pool = new RecorderActorPool(rig.Workshop);
        Task<RecordingAnswer>[] asked = [.. Enumerable.Range(0, 20).Select(_ => pool.GetAsync(id, RecordingVariant.Default, retry: false, Long))];
        await Until(() => rig.Maker.Made > 0);
        gate.SetResult();
        RecordingAnswer[] answers = await Task.WhenAll(asked);
        Assert.All(answers, answer => Assert.Equal(rig.Workshop.Files.PathOf(id), answer.Path));
        Assert.Equal(1, rig.Maker.Made);
        Assert.Equal(1, pool.Counters[RecorderCounter.Made]);
    }

    [Fact]
    public async Task Request_ThatWaitsTooLong_IsPendingAndReadyLater()
    {
        using var rig = new RecorderRig();
        string id = rig.Add(1);
        var gate = new TaskCompletionSource();
        rig.Maker.Gate = gate.Task;
        await using var pool = new RecorderActorPool(rig.Workshop);
        RecordingAnswer early = await pool.GetAsync(id, RecordingVariant.Default, retry: false, TimeSpan.FromMilliseconds(20));
        Assert.Equal(RecordingState.Pending, early.Entry.State);
        Assert.NotNull(early.RetryAfter);
        gate.SetResult();
        Assert.NotNull((await pool.GetAsync(id, RecordingVariant.Default, retry: false, Long)).Path);
        Assert.Equal(1, rig.Maker.Made);
    }

    [Fact]
    public async Task Queue_ThatIsFull_TellsToComeAgainAndKeepsTheRest()
    {
        using var rig = new RecorderRig(static options => options with { Queue = 2 });
        var gate = new TaskCompletionSource();
        rig.Maker.Gate = gate.Task;
        await using var pool = new RecorderActorPool(rig.Workshop);
        string[] ids = [.. Enumerable.Range(0, 5).Select(i => rig.Add(i))];
        Task<RecordingAnswer> first = pool.GetAsync(ids[0], RecordingVariant.Default, retry: false, Long);
        await Until(() => rig.Maker.Made == 1);
        Task<RecordingAnswer>[] others = [.. ids[1..].Select(id => pool.GetAsync(id, RecordingVariant.Default, retry: false, Long))];
        await Until(() => others.Count(static other => other.IsCompleted) == 2);
        Assert.All(others.Where(static other => other.IsCompleted), static other => Assert.True(other.Result is { IsBusy: true, RetryAfter: not null }));
        gate.SetResult();
        Assert.Equal(2, (await Task.WhenAll(others)).Count(static answer => answer.Path is not null));
        Assert.NotNull((await first).Path);
        Assert.Equal(2, pool.Counters[RecorderCounter.Busy]);
    }

    [Fact]
    public async Task Calls_ToBeRecorded_AreAllMadeThoughTheQueueIsShort()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Always, RecordingSides.Both)), Queue = 3, Workers = 2 });
        await using var pool = new RecorderActorPool(rig.Workshop);
        for (int i = 0; i < 50; i++) pool.Enqueue(rig.AddPending(i));
        await pool.DrainAsync().WaitAsync(Long);
        Assert.Equal(50, rig.States.CountOf(RecordingState.Available));
        Assert.Equal(50, rig.Maker.Made);
        Assert.InRange(rig.Maker.MostAtOnce, 1, 2);
    }

    [Fact]
    public async Task Start_TakesUpWhatAnEarlierProgramLeft()
    {
        using var rig = new RecorderRig();
        for (int i = 0; i < 5; i++) rig.AddPending(i);
        await using var pool = new RecorderActorPool(rig.Workshop);
        await pool.DrainAsync().WaitAsync(Long);
        Assert.Equal(5, rig.States.CountOf(RecordingState.Available));
    }

    [Fact]
    public async Task WhoWaits_ComesBeforeWhatIsMadeOfEveryCall()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Always, RecordingSides.Both)) });
        var gate = new TaskCompletionSource();
        rig.Maker.Gate = gate.Task;
        await using var pool = new RecorderActorPool(rig.Workshop);
        await pool.DrainAsync().WaitAsync(Long);
        string[] ids = [.. Enumerable.Range(0, 4).Select(rig.AddPending)];
        pool.Enqueue(ids[0]);
        await Until(() => rig.Maker.Made == 1);
        foreach (string id in ids[1..]) pool.Enqueue(id);
        Task<RecordingAnswer> asked = pool.GetAsync(ids[3], RecordingVariant.Default, retry: false, Long);
        string urgent = rig.Add(9);
        Task<RecordingAnswer> wanted = pool.GetAsync(urgent, RecordingVariant.Default, retry: false, Long);
        gate.SetResult();
        await pool.DrainAsync().WaitAsync(Long);
        Assert.Equal([ids[0], ids[3], urgent, ids[1], ids[2]], rig.Maker.Order);
        Assert.NotNull((await asked).Path);
        Assert.NotNull((await wanted).Path);
    }

    [Fact]
    public async Task Failures_OfOneCall_LeaveTheOthersAndDoNotGoRound()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Always, RecordingSides.Both)) });
        string bad = rig.AddPending(0);
        for (int i = 1; i < 6; i++) rig.AddPending(i);
        rig.Maker.Halfway = id => id == bad ? throw new InvalidOperationException("decoder") : null;
        await using var pool = new RecorderActorPool(rig.Workshop);
        await pool.DrainAsync().WaitAsync(Long);
        Assert.Equal(5, rig.States.CountOf(RecordingState.Available));
        Assert.Equal("fault: InvalidOperationException", rig.States.GetRecording(bad)!.Reason);
        Assert.Equal(6, rig.Maker.Made);

        // Asked for explicitly, it is tried again.
        rig.Maker.Halfway = null;
        Assert.NotNull((await pool.GetAsync(bad, RecordingVariant.Default, retry: true, Long)).Path);
    }

    [Fact]
    public async Task Store_ThatCannotBeWritten_IsNotAskedOverAndOver()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Always, RecordingSides.Both)) });
        for (int i = 0; i < 3; i++) rig.AddPending(i);
        rig.States.Failure = new IOException("locked");
        await using var pool = new RecorderActorPool(rig.Workshop);
        await pool.DrainAsync().WaitAsync(Long);
        Assert.Equal(3, pool.Counters[RecorderCounter.Failed]);
        Assert.Equal(3, rig.States.CountOf(RecordingState.Pending));
    }

    [Fact]
    public async Task Disposal_InTheMiddle_GivesUpAndLeavesItPending()
    {
        using var rig = new RecorderRig(static options => options with { Policy = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.Always, RecordingSides.Both)) });
        string id = rig.AddPending(0);
        rig.Maker.Gate = new TaskCompletionSource().Task;
        var pool = new RecorderActorPool(rig.Workshop);
        await Until(() => rig.Maker.Made == 1);
        await pool.DisposeAsync();
        await Until(() => rig.Files().Length == 0);
        Assert.Equal(RecordingState.Pending, rig.States.GetRecording(id)!.State);
    }

    private static async Task Until(Func<bool> met)
    {
        for (int i = 0; i < 3000 && !met(); i++) await Task.Delay(10);
        Assert.True(met());
    }
}
