using System.Runtime.ExceptionServices;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Threads that read beside the one that asks, so that what lies in several places of the disk is waited for at once. They begin with the first that is to be read so. Any thread.</summary>
/// <param name="count">How many.</param>
internal sealed class ReadHelpers(int count) : IDisposable
{
    /// <summary>Threads beside those that ask, for all questions of a store together.</summary>
    public const int Threads = 11;

    /// <summary>Days that are open at once for it; fewer than any query may hold.</summary>
    public const int DaysAtOnce = 12;

    /// <summary>With fewer days one after the other is as fast.</summary>
    public const int LeastDays = 3;

    // What is to be done, of which the first that has anything left is helped with. Helpers wait under a monitor, not a collection's semaphore: that spins first, and many that spin take the processors from those that read.
    private readonly object _gate = new();
    private readonly Queue<IJob> _jobs = [];
    private bool _begun;
    private bool _disposed;

    /// <summary>Reads several days, each on one thread, in no order; so few that they are open at once.</summary>
    /// <param name="days">Opens them.</param>
    /// <param name="all">The days.</param>
    /// <param name="read">Reads one.</param>
    public void InDays(OpenDays days, IReadOnlyList<DateOnly> all, Action<DateOnly, SqliteDatabase> read)
    {
        for (int at = 0; at < all.Count; at += DaysAtOnce)
        {
            var open = new List<(DateOnly Day, SqliteDatabase Database)>();
            foreach (DateOnly day in all.Skip(at).Take(DaysAtOnce))
            {
                if (days.Get(day) is { } database) open.Add((day, database));
            }

            if (open.Count >= LeastDays)
            {
                ForEach(open, one => read(one.Day, one.Database));
                continue;
            }

            foreach ((DateOnly day, SqliteDatabase database) in open) read(day, database);
        }
    }

    /// <summary>Does something with each of some items, in no order; returns when all of it is done. What the first that fails throws is thrown, and the rest is left.</summary>
    public void ForEach<T>(IReadOnlyList<T> items, Action<T> act)
    {
        if (items.Count < 2)
        {
            foreach (T item in items) act(item);
            return;
        }

        var job = new Job<T>(items, act);
        Call(job);
        job.Run();
        job.Wait();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // The threads end when nothing is left; who asks from now on does it all.
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Call(IJob job)
    {
        lock (_gate)
        {
            if (_disposed) return;
            _jobs.Enqueue(job);
            Monitor.Pulse(_gate);
            if (_begun) return;
            _begun = true;
        }

        for (int i = 0; i < count; i++) new Thread(Work) { IsBackground = true, Name = "cdrengine reads" }.Start();
    }

    private void Work()
    {
        while (Next() is { } job) job.Run();
    }

    // Null when the threads are to end.
    private IJob? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                while (_jobs.TryPeek(out IJob? job))
                {
                    if (job.HasMore)
                    {
                        // Each wakes one more: all of them where they wait for the disk, and few where the processors are what is waited for.
                        Monitor.Pulse(_gate);
                        return job;
                    }

                    _jobs.Dequeue();
                }

                if (_disposed) return null;
                Monitor.Wait(_gate);
            }
        }
    }

    private interface IJob
    {
        /// <summary>Whether some of it is not begun.</summary>
        bool HasMore { get; }

        /// <summary>Does of it what nobody else does.</summary>
        void Run();
    }

    private sealed class Job<T>(IReadOnlyList<T> items, Action<T> act) : IJob
    {
        private readonly ManualResetEventSlim _done = new(initialState: false, spinCount: 0);
        private Exception? _fault;
        private int _next;
        private int _finished;

        public bool HasMore => Volatile.Read(ref _next) < items.Count;

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
