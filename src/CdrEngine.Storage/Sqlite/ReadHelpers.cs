using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Threads that read beside the one that asks, so that what lies in several places of the disk is waited for at once. They begin with the first that is to be read so. Any thread.</summary>
/// <param name="count">How many.</param>
internal sealed class ReadHelpers(int count) : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Lock _lock = new();
    private bool _begun;
    private bool _disposed;

    /// <summary>Does something with each of some items, in no order; returns when all of it is done. What the first that fails throws is thrown, and the rest is left.</summary>
    public void ForEach<T>(IReadOnlyList<T> items, Action<T> act)
    {
        if (items.Count < 2 || !Begin())
        {
            foreach (T item in items) act(item);
            return;
        }

        var job = new Job<T>(items, act);
        try
        {
            for (int i = 0; i < Math.Min(count, items.Count - 1); i++) _work.Add(job.Run);
        }
        catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
        {
            // They go; who asks does it all.
        }

        job.Run();
        job.Wait();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
        }

        // The threads end when they have done what they were given.
        _work.CompleteAdding();
    }

    private bool Begin()
    {
        lock (_lock)
        {
            if (_disposed) return false;
            if (_begun) return true;
            _begun = true;
        }

        for (int i = 0; i < count; i++) new Thread(Work) { IsBackground = true, Name = "cdrengine reads" }.Start();
        return true;
    }

    private void Work()
    {
        foreach (Action work in _work.GetConsumingEnumerable()) work();
    }

    private sealed class Job<T>(IReadOnlyList<T> items, Action<T> act)
    {
        private readonly ManualResetEventSlim _done = new();
        private Exception? _fault;
        private int _next;
        private int _finished;

        public void Run()
        {
            for (int at = Interlocked.Increment(ref _next) - 1; at < items.Count; at = Interlocked.Increment(ref _next) - 1)
            {
                try
                {
                    if (Volatile.Read(ref _fault) is null) act(items[at]);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _fault, e, null);
                }

                if (Interlocked.Increment(ref _finished) == items.Count) _done.Set();
            }
        }

        public void Wait()
        {
            _done.Wait();
            if (_fault is { } fault) ExceptionDispatchInfo.Throw(fault);
        }
    }
}
