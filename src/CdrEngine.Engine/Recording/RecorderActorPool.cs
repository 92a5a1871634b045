using CdrEngine.Actors;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Engine.Recording;

/// <summary>What the pool is told.</summary>
internal abstract record PoolMessage
{
    /// <summary>Somebody asks for a recording and waits.</summary>
    public sealed record Ask(RecorderJob Job, TaskCompletionSource<RecordingAnswer> Reply) : PoolMessage;

    /// <summary>A call is to be recorded when there is time; its row says so.</summary>
    public sealed record Enqueue(string CallId) : PoolMessage;

    /// <summary>A recorder is done; no answer where it was stopped.</summary>
    public sealed record Finished(ActorRef<RecorderMessage> Recorder, RecorderJob Job, RecordingAnswer? Answer) : PoolMessage;

    /// <summary>Ask the store what waits there.</summary>
    public sealed record Look : PoolMessage;

    /// <summary>What waits in the store.</summary>
    public sealed record Found(IReadOnlyList<RecordingEntry> Pending, IReadOnlyList<RecordingEntry> Due) : PoolMessage;

    /// <summary>Tell when nothing waits any more.</summary>
    public sealed record Drain(TaskCompletionSource Done) : PoolMessage;
}

/// <summary>Hands recordings to the recorders: those somebody waits for first, then those to be made of every call, in bounded memory. What does not
/// fit stays in the store and is looked up when there is time.</summary>
internal sealed class RecorderPoolActor(RecordingWorkshop workshop, RecorderCounts counts, CancellationToken stop) : Actor<PoolMessage>
{
    /// <summary>Entries looked up at a time.</summary>
    private const int LookLimit = 256;

    /// <summary>Calls remembered whose row stayed pending although they were done, because the store could not be written.</summary>
    private const int MaxUnsettled = 10_000;

    private readonly Dictionary<RecorderJob, Waiting> _jobs = [];
    private readonly LinkedList<RecorderJob> _asked = new();
    private readonly LinkedList<RecorderJob> _background = new();
    private readonly Queue<ActorRef<RecorderMessage>> _idle = new();
    private readonly List<TaskCompletionSource> _drains = [];
    private readonly HashSet<string> _unsettled = new(StringComparer.Ordinal);
    private bool _looking;
    private bool _mayBeMore = true;

    private bool IsIdle => _jobs.Count == 0;

    protected override void PreStart()
    {
        for (int i = 0; i < workshop.Options.Workers; i++)
            _idle.Enqueue(Context.Spawn(new Props<RecorderMessage>(MakeRecorder(Context.Self)), $"recorder-{i}"));
        Context.Timers.StartPeriodic("look", new PoolMessage.Look(), workshop.Options.RetryFirst);
        Look(withFailures: true);
    }

    protected override void Receive(PoolMessage message)
    {
        switch (message)
        {
            case PoolMessage.Ask ask:
                OnAsk(ask);
                break;
            case PoolMessage.Enqueue { CallId: var id }:
                OnEnqueue(id);
                break;
            case PoolMessage.Finished finished:
                OnFinished(finished);
                break;
            case PoolMessage.Look:
                Look(withFailures: true);
                break;
            case PoolMessage.Found found:
                OnFound(found);
                break;
            case PoolMessage.Drain { Done: var done }:
                _drains.Add(done);
                if (IsIdle) Look(withFailures: false);
                break;
        }
    }

    private Func<Actor<RecorderMessage>> MakeRecorder(ActorRef<PoolMessage> self) => () => new RecorderActor(workshop, self, stop);

    private void OnAsk(PoolMessage.Ask ask)
    {
        if (_jobs.TryGetValue(ask.Job, out Waiting? known))
        {
            known.Replies.Add(ask.Reply);
            if (known.Node.List == _background)
            {
                // Somebody waits for it now.
                _background.Remove(known.Node);
                _asked.AddLast(known.Node);
            }

            return;
        }

        if (_asked.Count + _background.Count >= workshop.Options.Queue)
        {
            counts.Count(RecorderCounter.Busy);
            ask.Reply.TrySetResult(new RecordingAnswer
            {
                Entry = new RecordingEntry { CallId = ask.Job.CallId, State = RecordingState.None },
                IsBusy = true,
                RetryAfter = TimeSpan.FromSeconds(10),
            });
            return;
        }

        Add(ask.Job, _asked).Replies.Add(ask.Reply);
        Dispatch();
    }

    private void OnEnqueue(string id)
    {
        var job = new RecorderJob(id, RecordingVariant.Default);
        _unsettled.Remove(id);
        if (_jobs.ContainsKey(job)) return;
        if (_asked.Count + _background.Count >= workshop.Options.Queue)
        {
            counts.Count(RecorderCounter.Overflowed);
            _mayBeMore = true;
            return;
        }

        Add(job, _background);
        Dispatch();
    }

    private void OnFinished(PoolMessage.Finished finished)
    {
        _idle.Enqueue(finished.Recorder);
        if (_jobs.Remove(finished.Job, out Waiting? waiting))
        {
            RecordingAnswer answer = finished.Answer ?? new RecordingAnswer { Entry = new RecordingEntry { CallId = finished.Job.CallId, State = RecordingState.Pending } };
            Count(finished.Job, finished.Answer);

            // Whether its row says what came of it or could not be written, this program does not take it up by itself again.
            if (_unsettled.Count < MaxUnsettled) _unsettled.Add(finished.Job.CallId);
            foreach (TaskCompletionSource<RecordingAnswer> reply in waiting.Replies) reply.TrySetResult(answer);
        }

        Dispatch();
        if (IsIdle && (_mayBeMore || _drains.Count > 0)) Look(withFailures: false);
    }

    // The store is asked on another thread: an actor does not block. Failures are looked at once in a pause, so that what fails at once does not
    // go round.
    private void Look(bool withFailures)
    {
        if (_looking || stop.IsCancellationRequested) return;
        _looking = true;
        _mayBeMore = false;
        Context.PipeToSelf(
            Task.Run(() => (Pending: workshop.Pending(LookLimit), Due: withFailures ? workshop.Due(LookLimit) : [])),
            PoolMessage (found) => new PoolMessage.Found(found.Pending, found.Due),
            PoolMessage (_) => new PoolMessage.Found([], []));
    }

    private void OnFound(PoolMessage.Found found)
    {
        _looking = false;
        bool any = false;
        foreach (RecordingEntry entry in found.Pending)
        {
            if (_unsettled.Contains(entry.CallId)) continue;
            OnEnqueue(entry.CallId);
            any = true;
        }

        foreach (RecordingEntry entry in found.Due)
        {
            OnEnqueue(entry.CallId);
            counts.Count(RecorderCounter.Retried);
        }

        _mayBeMore |= any;
        if (!IsIdle) return;
        foreach (TaskCompletionSource done in _drains) done.TrySetResult();
        _drains.Clear();
    }

    private Waiting Add(RecorderJob job, LinkedList<RecorderJob> to)
    {
        var waiting = new Waiting(to.AddLast(job));
        _jobs.Add(job, waiting);
        return waiting;
    }

    private void Dispatch()
    {
        while (_idle.Count > 0 && (_asked.First ?? _background.First) is { } next)
        {
            next.List!.Remove(next);
            _idle.Dequeue().Tell(new RecorderMessage.Make(next.Value));
        }
    }

    private void Count(RecorderJob job, RecordingAnswer? answer)
    {
        if (answer is null)
        {
            counts.Count(RecorderCounter.Stopped);
            return;
        }

        bool isKept = job.Variant == RecordingVariant.Default;
        switch (answer.Entry.State)
        {
            case RecordingState.Available:
                counts.Count(isKept ? RecorderCounter.Made : RecorderCounter.Forms);
                counts.Count(RecorderCounter.Bytes, answer.Entry.Bytes);
                break;
            case RecordingState.Failed:
                counts.Count(RecorderCounter.Failed);
                break;
            default:
                counts.Count(RecorderCounter.Nothing);
                break;
        }
    }

    private sealed record Waiting(LinkedListNode<RecorderJob> Node)
    {
        public List<TaskCompletionSource<RecordingAnswer>> Replies { get; } = [];
    }
}

/// <summary>Counters that any thread may count and read.</summary>
internal sealed class RecorderCounts
{
    private readonly Counters<RecorderCounter> _counters = new();
    private readonly Lock _lock = new();

    public void Count(RecorderCounter counter, long by = 1)
    {
        lock (_lock) _counters.Add(counter, by);
    }

    public Counters<RecorderCounter> Copy()
    {
        var copy = new Counters<RecorderCounter>();
        lock (_lock) copy.Add(_counters);
        return copy;
    }
}

/// <summary>Recordings on demand and of every call, made by a pool of recorder actors.</summary>
public sealed class RecorderActorPool : IRecordings, IAsyncDisposable
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    private readonly RecordingWorkshop _workshop;
    private readonly RecorderCounts _counts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ActorSystem _system;
    private readonly ActorRef<PoolMessage> _pool;

    /// <summary>Starts the recorders. What earlier programs left pending is taken up.</summary>
    public RecorderActorPool(RecordingWorkshop workshop)
    {
        _workshop = workshop;
        _system = new ActorSystem(new ActorSystemOptions { Name = "recorders", TimeProvider = workshop.Options.Time, Dispatcher = new PoolDispatcher("recorders") });
        _pool = _system.Spawn(
            new Props<PoolMessage>(() => new RecorderPoolActor(workshop, _counts, _stop.Token))
            {
                // Requests are bounded by the connections, answers by the recorders; what is offered beyond waits in the store.
                Mailbox = new MailboxSettings(Math.Max(1024, 2 * workshop.Options.Queue), MailboxFullPolicy.Reject),
            },
            "pool");
    }

    /// <summary>The workshop behind it.</summary>
    public RecordingWorkshop Workshop => _workshop;

    /// <summary>The counters as they are now.</summary>
    public Counters<RecorderCounter> Counters => _counts.Copy();

    /// <inheritdoc />
    public async Task<RecordingAnswer> GetAsync(string callId, RecordingVariant variant, bool retry, TimeSpan wait, CancellationToken stop = default)
    {
        if (_workshop.Find(callId, variant, retry) is { } known) return known;
        var reply = new TaskCompletionSource<RecordingAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_pool.Tell(new PoolMessage.Ask(new RecorderJob(callId, variant), reply)))
        {
            _counts.Count(RecorderCounter.Busy);
            return new RecordingAnswer { Entry = new RecordingEntry { CallId = callId, State = RecordingState.None }, IsBusy = true, RetryAfter = AskAgain };
        }

        try
        {
            return await reply.Task.WaitAsync(wait, _workshop.Options.Time, stop);
        }
        catch (TimeoutException)
        {
            return new RecordingAnswer { Entry = new RecordingEntry { CallId = callId, State = RecordingState.Pending }, RetryAfter = AskAgain };
        }
    }

    /// <summary>Has a call recorded when there is time; its row in the store must say that it is pending. Never waits.</summary>
    public void Enqueue(string callId)
    {
        if (!_pool.Tell(new PoolMessage.Enqueue(callId))) _counts.Count(RecorderCounter.Overflowed);
    }

    /// <summary>Ends when nothing waits any more, in memory or in the store. Failures that are to be tried again later are not waited for.</summary>
    public Task DrainAsync(CancellationToken stop = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _pool.Tell(new PoolMessage.Drain(done)) ? done.Task.WaitAsync(stop) : Task.CompletedTask;
    }

    /// <summary>Stops: what is being made is given up and stays pending.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _system.DisposeAsync();
        _stop.Dispose();
    }
}
