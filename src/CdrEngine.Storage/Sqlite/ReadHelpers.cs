using System.Collections.Concurrent;
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

    private readonly BlockingCollection<Action> _work = [];
    private readonly Lock _lock = new();
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
