using System.Diagnostics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>How the writer gathers and tries again.</summary>
public sealed record BatchedCallWriterOptions
{
    /// <summary>Records of one batch at most; 2,000 by default: each transaction writes most pages of the indexes, a smaller one more in all; a larger
    /// one gains nothing measurable.</summary>
    public int BatchSize { get; init; } = 2000;

    /// <summary>How long the first record of a batch waits for others; 200 ms by default.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Records that wait in memory at most; 20,000 by default. Beyond it they go to the outbox, or the producer waits.</summary>
    public int QueueLimit { get; init; } = 20_000;

    /// <summary>First pause after a failure, doubled up to <see cref="RetryMost"/>; 200 ms by default.</summary>
    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause; 30 s by default.</summary>
    public TimeSpan RetryMost { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Is told of each record once it is in the store, on the writer's thread; must neither throw nor wait. None by default.</summary>
    public Action<StoredCall>? OnWritten { get; init; }
}

/// <summary>Carries records to the store on a thread of its own: in batches, into the outbox when the store fails, out of it again when it
/// works. Capture never waits for a database.</summary>
public sealed class BatchedCallWriter : ICallRecordSink, IDisposable
{
    private readonly ICallBatchStore _store;
    private readonly RecordOutbox _outbox;
    private readonly BatchedCallWriterOptions _options;
    private readonly object _lock = new();
    private readonly Queue<StoredCall> _queue = new();
    private readonly Counters<StorageCounter> _counters = new();
    private readonly Thread _thread;
    private long _accepted;
    private long _settled;
    private long _firstQueuedAt;
    private bool _hurry;
    private bool _closing;
    private long _retryAt;
    private TimeSpan _pause;

    /// <summary>Starts the thread. The writer owns neither the store nor the outbox.</summary>
    public BatchedCallWriter(ICallBatchStore store, RecordOutbox outbox, BatchedCallWriterOptions? options = null)
    {
        _store = store;
        _outbox = outbox;
        _options = options ?? new BatchedCallWriterOptions();
        _pause = _options.RetryFirst;
        _thread = new Thread(Run) { Name = "call writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Why the last batch failed; null while the store works.</summary>
    public string? Fault { get; private set; }

    /// <summary>Records waiting in memory.</summary>
    public int Queued
    {
        get
        {
            lock (_lock) return _queue.Count;
        }
    }

    /// <summary>Records taken into the queue since the start.</summary>
    public long Accepted
    {
        get
        {
            lock (_lock) return _accepted;
        }
    }

    /// <summary>Whether the first <paramref name="accepted"/> records taken into the queue have left it, to the store or to the outbox on disk. What
    /// found no room in the queue went to the outbox at once.</summary>
    public bool IsSettled(long accepted)
    {
        lock (_lock) return _settled >= accepted;
    }

    /// <summary>The counters as they are now.</summary>
    public Counters<StorageCounter> Counters
    {
        get
        {
            var copy = new Counters<StorageCounter>();
            lock (_lock) copy.Add(_counters);
            return copy;
        }
    }

    /// <summary>Takes a record without waiting: queued, else put into the outbox, else refused (false) and counted.</summary>
    public bool TryWrite(StoredCall call)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            if (_queue.Count < _options.QueueLimit)
            {
                Enqueue(call);
                return true;
            }
        }

        bool kept = _outbox.TryAdd(call);
        lock (_lock)
        {
            _counters.Increment(StorageCounter.Accepted);
            _counters.Increment(kept ? StorageCounter.Outboxed : StorageCounter.Refused);
        }

        return kept;
    }

    /// <summary>Takes a record, waiting while the queue is full: for an import, where nothing is lost by being slow.</summary>
    public void Write(StoredCall call)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            while (_queue.Count >= _options.QueueLimit)
            {
                Monitor.Wait(_lock);
                ObjectDisposedException.ThrowIf(_closing, this);
            }

            Enqueue(call);
        }
    }

    /// <inheritdoc />
    public void Emit(CallRecord record, RecordRevision revision) => TryWrite(new StoredCall(record, revision, default));

    /// <summary>Waits until all that was taken before is in the store or in the outbox, and the outbox has been tried; true where nothing is left in it.</summary>
    public bool Flush()
    {
        lock (_lock)
        {
            long upTo = _accepted;
            _hurry = true;
            _retryAt = 0;
            Monitor.PulseAll(_lock);
            while (_settled < upTo || (_hurry && !_closing)) Monitor.Wait(_lock);
        }

        return _outbox.Count == 0;
    }

    /// <summary>Takes no more, writes what is queued (to the outbox where the store fails) and ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closing) return;
            _closing = true;
            Monitor.PulseAll(_lock);
        }

        _thread.Join();
    }

    private void Enqueue(StoredCall call)
    {
        if (_queue.Count == 0) _firstQueuedAt = Stopwatch.GetTimestamp();
        _queue.Enqueue(call);
        _accepted++;
        _counters.Increment(StorageCounter.Accepted);
        if (_queue.Count == 1 || _queue.Count == _options.BatchSize) Monitor.PulseAll(_lock);
    }

    private void Run()
    {
        var batch = new List<StoredCall>(_options.BatchSize);
        while (true)
        {
            bool drain, closing;
            lock (_lock)
            {
                while (Pause() is { } wait) Monitor.Wait(_lock, wait);
                closing = _closing;
                while (batch.Count < _options.BatchSize && _queue.TryDequeue(out StoredCall? call)) batch.Add(call);
                if (batch.Count > 0)
                {
                    _firstQueuedAt = Stopwatch.GetTimestamp();
                    Monitor.PulseAll(_lock);
                }

                drain = _outbox.Count > 0 && (Stopwatch.GetTimestamp() >= _retryAt || closing);
            }

            if (batch.Count > 0) WriteBatch(batch);
            if (drain && (batch.Count == 0 || Works())) Drain();
            lock (_lock)
            {
                _settled += batch.Count;
                if (batch.Count == 0) _hurry = false;
                Monitor.PulseAll(_lock);
                if (batch.Count == 0 && closing && _queue.Count == 0) return;
            }

            batch.Clear();
        }
    }

    private bool Works()
    {
        lock (_lock) return Fault is null;
    }

    // How long there is nothing to do; null where there is something.
    private TimeSpan? Pause()
    {
        if (_closing || _hurry || _queue.Count >= _options.BatchSize) return null;
        TimeSpan wait = Timeout.InfiniteTimeSpan;
        if (_queue.Count > 0)
        {
            wait = _options.BatchDelay - Stopwatch.GetElapsedTime(_firstQueuedAt);
            if (wait <= TimeSpan.Zero) return null;
        }

        if (_outbox.Count == 0) return wait;
        TimeSpan retry = TimeSpan.FromSeconds((_retryAt - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
        if (retry <= TimeSpan.Zero) return null;
        return wait == Timeout.InfiniteTimeSpan || retry < wait ? retry : wait;
    }

    private void WriteBatch(List<StoredCall> batch)
    {
        // While the store is known to fail, only the retry asks it; records go to the outbox at once.
        bool ask;
        lock (_lock) ask = Fault is null || _closing || Stopwatch.GetTimestamp() >= _retryAt;
        IReadOnlyList<StoredCall> failed = ask ? Ask(batch) : batch;
        int kept = 0;
        foreach (StoredCall call in failed)
        {
            if (_outbox.TryAdd(call)) kept++;
        }

        // The journal of open calls lets go of them then.
        _outbox.Sync();

        lock (_lock)
        {
            _counters.Add(StorageCounter.Outboxed, kept);
            _counters.Add(StorageCounter.Refused, failed.Count - kept);
        }
    }

    private void Drain()
    {
        int drained = _outbox.Drain(_options.BatchSize, Ask);
        lock (_lock)
        {
            _counters.Add(StorageCounter.Drained, drained);

            // Something that stays (one day's file is damaged) is tried again no sooner than a pause from now.
            if (_outbox.Count > 0 && drained > 0) BackOff();
        }
    }

    private IReadOnlyList<StoredCall> Ask(IReadOnlyList<StoredCall> batch)
    {
        WriteReport report = _store.Write(batch);
        if (_options.OnWritten is { } written)
        {
            foreach (StoredCall call in report.Failed.Count == 0 ? batch : batch.Except(report.Failed)) written(call);
        }

        lock (_lock)
        {
            _counters.Add(StorageCounter.Inserted, report.Inserted);
            _counters.Add(StorageCounter.Replaced, report.Replaced);
            _counters.Add(StorageCounter.Unchanged, report.Unchanged);
            Fault = report.Fault;
            if (report.Failed.Count > 0)
            {
                _counters.Increment(StorageCounter.FailedBatches);
                BackOff();
            }
            else
            {
                _pause = _options.RetryFirst;
                _retryAt = 0;
            }
        }

        return report.Failed;
    }

    private void BackOff()
    {
        _retryAt = Stopwatch.GetTimestamp() + (long)(_pause.TotalSeconds * Stopwatch.Frequency);
        _pause = _pause * 2 < _options.RetryMost ? _pause * 2 : _options.RetryMost;
    }
}
