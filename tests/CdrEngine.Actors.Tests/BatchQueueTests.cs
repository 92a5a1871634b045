namespace CdrEngine.Actors.Tests;

public sealed class BatchQueueTests
{
    [Fact]
    public void Batches_Put_AreTakenInOrderUpToTheCapacity()
    {
        var queue = new BatchQueue<int>(3);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(queue.TryPut));
        Assert.Equal(3, queue.Count);
        Assert.Equal(3, queue.MaxCount);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(queue.TryTake(out int batch));
            Assert.Equal(i, batch);
        }

        Assert.False(queue.TryTake(out _));
        Assert.Equal(3, queue.PutCount);
        Assert.Equal(3, queue.TakenCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task TwoThreads_OfDifferentSpeeds_HandOverAllInOrder(int capacity)
    {
        const int Batches = 50_000;
        var queue = new BatchQueue<int>(capacity);
        Task producer = Start(() =>
        {
            for (int i = 0; i < Batches; i++)
            {
                Assert.True(queue.Put(i));
                if (i % 5_000 == 0) Thread.Yield();
            }

            queue.Complete();
        });
        int expected = 0;
        Task consumer = Start(() =>
        {
            while (queue.Take(out int batch) == TakeResult.Batch) Assert.Equal(expected++, batch);
        });
        await Task.WhenAll(producer, consumer).WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(Batches, expected);
        Assert.InRange(queue.MaxCount, 1, capacity);
    }

    [Fact]
    public async Task Put_IntoAFullQueue_WaitsAndCountsIt()
    {
        var queue = new BatchQueue<int>(1);
        Assert.True(queue.Put(1));
        Task<bool> second = Start(() => queue.Put(2));
        SpinWait.SpinUntil(() => queue.ProducerWaits == 1, Fun.Soon);
        Assert.Equal(1, queue.ProducerWaits);
        Assert.False(second.IsCompleted);
        Assert.True(queue.TryTake(out int first));
        Assert.Equal(1, first);
        Assert.True(await second.WaitAsync(Fun.Soon));
    }

    [Fact]
    public async Task WaitingConsumer_IsWokenBySeveralBatchesOrInAHurry()
    {
        var queue = new BatchQueue<int>(capacity: 8, wakeAt: 3);
        Task<(TakeResult, int)> taken = Start(() => (queue.Take(out int batch), batch));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 1, Fun.Soon);
        Assert.True(queue.TryPut(1) && queue.TryPut(2));
        await Task.Delay(50);
        Assert.False(taken.IsCompleted);
        Assert.True(queue.TryPut(3));
        Assert.Equal((TakeResult.Batch, 1), await taken.WaitAsync(Fun.Soon));
        Assert.True(queue.TryTake(out _) && queue.TryTake(out _));

        Task<(TakeResult, int)> hurried = Start(() => (queue.Take(out int batch), batch));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 2, Fun.Soon);
        Assert.True(queue.TryPut(4));
        queue.Hurry();
        Assert.Equal((TakeResult.Batch, 4), await hurried.WaitAsync(Fun.Soon));

        // One that waits for a time looks again when it is over.
        Task<(TakeResult, int)> late = Start(() => (queue.Take(out int batch, TimeSpan.FromMilliseconds(50)), batch));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 3, Fun.Soon);
        Assert.True(queue.TryPut(5));
        Assert.Equal((TakeResult.Batch, 5), await late.WaitAsync(Fun.Soon));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchQueue<int>(1, wakeAt: 0));
    }

    [Fact]
    public async Task Take_FromAnEmptyQueue_WaitsAndCountsIt()
    {
        var queue = new BatchQueue<int>(1);
        Task<(TakeResult, int)> taken = Start(() => (queue.Take(out int batch), batch));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 1, Fun.Soon);
        Assert.Equal(1, queue.ConsumerWaits);
        queue.Put(5);
        Assert.Equal((TakeResult.Batch, 5), await taken.WaitAsync(Fun.Soon));
    }

    [Fact]
    public async Task Complete_WhileTheConsumerWaits_EndsItAndLaterPutsAreRefused()
    {
        var queue = new BatchQueue<int>(4);
        Task<TakeResult> taken = Start(() => queue.Take(out _));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 1, Fun.Soon);
        queue.Complete();
        Assert.Equal(TakeResult.Completed, await taken.WaitAsync(Fun.Soon));
        Assert.False(queue.Put(1));
        Assert.Null(queue.Fault);
    }

    [Fact]
    public void Complete_WithBatchesWaiting_LetsThemBeTaken()
    {
        var queue = new BatchQueue<int>(4);
        queue.Put(1);
        queue.Put(2);
        queue.Complete();
        Assert.Equal(TakeResult.Batch, queue.Take(out _));
        Assert.Equal(TakeResult.Batch, queue.Take(out int last));
        Assert.Equal(2, last);
        Assert.Equal(TakeResult.Completed, queue.Take(out _));
    }

    [Fact]
    public async Task Abandon_WhileTheProducerWaits_RefusesItAndDiscardsTheRest()
    {
        var queue = new BatchQueue<int>(2);
        queue.Put(1);
        queue.Put(2);
        Task<bool> third = Start(() => queue.Put(3));
        SpinWait.SpinUntil(() => queue.ProducerWaits == 1, Fun.Soon);
        var discarded = new List<int>();
        queue.Abandon(new Boom(), discarded.Add);
        bool accepted = await third.WaitAsync(Fun.Soon);
        Assert.False(accepted);
        Assert.Equal([1, 2], discarded);
        Assert.Equal(2, queue.DiscardedCount);
        Assert.IsType<Boom>(queue.Fault);
    }

    [Fact]
    public async Task Abandon_RacingWithPuts_LosesNoBatch()
    {
        for (int round = 0; round < 100; round++)
        {
            var queue = new BatchQueue<int>(4);
            int discarded = 0;
            int accepted = 0;
            Task producer = Task.Run(() =>
            {
                while (queue.Put(accepted)) accepted++;
            });
            int taken = 0;
            while (taken < round % 7 && queue.Take(out _) == TakeResult.Batch) taken++;
            queue.Abandon(new Boom(), _ => discarded++);
            await producer.WaitAsync(Fun.Soon);
            Assert.Equal(accepted, taken + discarded);
        }
    }

    [Fact]
    public async Task Cancellation_OfEitherSide_EndsTheWaitAndTheQueueGoesOn()
    {
        var queue = new BatchQueue<int>(1);
        using var takes = new CancellationTokenSource();
        Task<TakeResult> take = Start(() => queue.Take(out _, cancellation: takes.Token));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 1, Fun.Soon);
        await takes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => take.WaitAsync(Fun.Soon));

        queue.Put(1);
        using var puts = new CancellationTokenSource();
        Task<bool> put = Start(() => queue.Put(2, puts.Token));
        SpinWait.SpinUntil(() => queue.ProducerWaits == 1, Fun.Soon);
        await puts.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put.WaitAsync(Fun.Soon));

        Assert.True(queue.TryTake(out int batch));
        Assert.Equal(1, batch);
        Assert.True(queue.Put(3));
        Assert.Equal(TakeResult.Batch, queue.Take(out batch));
        Assert.Equal(3, batch);
    }

    [Fact]
    public void Take_WhoseTimeIsOver_SaysSo()
    {
        var queue = new BatchQueue<int>(1);
        Assert.Equal(TakeResult.TimedOut, queue.Take(out _, TimeSpan.FromMilliseconds(5)));
        Assert.Equal(TakeResult.TimedOut, queue.Take(out _, TimeSpan.Zero));
    }

    [Fact]
    public async Task Wake_OfAWaitingConsumer_ReturnsOnceAndIsKeptForTheNextTake()
    {
        var queue = new BatchQueue<int>(2);
        Task<TakeResult> taken = Start(() => queue.Take(out _));
        SpinWait.SpinUntil(() => queue.ConsumerWaits == 1, Fun.Soon);
        queue.Wake();
        Assert.Equal(TakeResult.Woken, await taken.WaitAsync(Fun.Soon));
        queue.Wake();
        queue.Put(1);
        Assert.Equal(TakeResult.Batch, queue.Take(out _));
        Assert.Equal(TakeResult.Woken, queue.Take(out _));
        Assert.Equal(TakeResult.TimedOut, queue.Take(out _, TimeSpan.Zero));
    }

    [Fact]
    public async Task TimeOuts_RacingWithPuts_LoseNoBatchAndNoWakeUp()
    {
        const int Batches = 1_000;
        var queue = new BatchQueue<int>(1);
        Task producer = Start(() =>
        {
            for (int i = 0; i < Batches; i++)
            {
                queue.Put(i);
                for (int spin = 0; spin < i % 50; spin++) Thread.SpinWait(40);
            }

            queue.Complete();
        });
        int expected = 0;
        Task consumer = Start(() =>
        {
            while (true)
            {
                TakeResult result = queue.Take(out int batch, TimeSpan.FromMilliseconds(1));
                if (result == TakeResult.Completed) return;
                if (result == TakeResult.Batch) Assert.Equal(expected++, batch);
            }
        });
        await Task.WhenAll(producer, consumer).WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(Batches, expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Capacity_OutOfRange_IsRefused(int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchQueue<int>(capacity));

    private static Task Start(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> Start<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
