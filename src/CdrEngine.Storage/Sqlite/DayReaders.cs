namespace CdrEngine.Storage.Sqlite;

/// <summary>Connections for reading, kept open between queries and shared by all of them: at most so many queries at once, more wait. Any thread.</summary>
/// <param name="seats">Queries at once.</param>
/// <param name="capacity">Connections kept open between queries, in all; the one used longest ago is closed first.</param>
/// <param name="pageBytes">Memory that the page caches of those kept take, in all; the one used longest ago gives its pages back first, and stays open.</param>
/// <param name="open">Opens one; null where there is no such day.</param>
internal sealed class DayReaders(int seats, int capacity, long pageBytes, Func<DateOnly, SqliteDatabase?> open) : IDisposable
{
    // What one query holds at once at least, however few are kept.
    private const int LeastHeld = 16;

    private readonly SemaphoreSlim _seats = new(seats);
    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, Stack<LinkedListNode<Idle>>> _idle = [];
    private readonly LinkedList<Idle> _byUse = new();

    // Those of them that hold pages, in the same order.
    private readonly LinkedList<Idle> _withPages = new();
    private long _pageBytes;
    private int _generation;

    /// <summary>Memory that the page caches of connections take which no query has now, bytes.</summary>
    public long PageBytes
    {
        get
        {
            lock (_lock) return _pageBytes;
        }
    }

    /// <summary>Connections that no query has now.</summary>
    public int Kept
    {
        get
        {
            lock (_lock) return _byUse.Count;
        }
    }

    /// <summary>A day went, or is another than it was: connections opened before do not count on it.</summary>
    public void Renew() => Interlocked.Increment(ref _generation);

    /// <summary>Runs a query. Where it throws, its connections are not used again.</summary>
    public T Read<T>(Func<OpenDays, T> query)
    {
        _seats.Wait();
        try
        {
            int generation = Volatile.Read(ref _generation);
            var held = new OpenDays(Math.Max(LeastHeld, capacity / seats), day => Take(day, generation) ?? open(day), (day, database) => GiveBack(day, database, generation));
            try
            {
                T result = query(held);
                held.LetGo();
                return result;
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        finally
        {
            _seats.Release();
        }
    }

    /// <summary>Waits for the queries that run, and closes all.</summary>
    public void Dispose()
    {
        for (int seat = 0; seat < seats; seat++) _seats.Wait();
        lock (_lock)
        {
            foreach (Idle idle in _byUse) idle.Database.Dispose();
            _byUse.Clear();
            _withPages.Clear();
            _pageBytes = 0;
            _idle.Clear();
        }

        _seats.Dispose();
    }

    private SqliteDatabase? Take(DateOnly day, int generation)
    {
        lock (_lock)
        {
            while (_idle.TryGetValue(day, out Stack<LinkedListNode<Idle>>? idle) && idle.TryPop(out LinkedListNode<Idle>? node))
            {
                Remove(node);
                if (idle.Count == 0) _idle.Remove(day);
                if (node.Value.Generation == generation) return node.Value.Database;
                node.Value.Database.Dispose();
            }
        }

        return null;
    }

    private void GiveBack(DateOnly day, SqliteDatabase database, int generation)
    {
        if (generation != Volatile.Read(ref _generation))
        {
            database.Dispose();
            return;
        }

        long pages = database.PageBytes;
        lock (_lock)
        {
            if (!_idle.TryGetValue(day, out Stack<LinkedListNode<Idle>>? idle)) _idle.Add(day, idle = []);
            var given = new Idle(day, database, generation) { Pages = pages };
            idle.Push(_byUse.AddLast(given));
            given.WithPages = _withPages.AddLast(given);
            _pageBytes += pages;
            if (_byUse.Count > capacity) CloseOldest();
            while (_pageBytes > pageBytes && _withPages.First is { } first) GiveBackPages(first);
        }
    }

    private void GiveBackPages(LinkedListNode<Idle> first)
    {
        Idle idle = first.Value;
        _withPages.Remove(first);
        idle.WithPages = null;
        _pageBytes -= idle.Pages;
        idle.Database.GiveBackPages();
    }

    private void Remove(LinkedListNode<Idle> node)
    {
        _byUse.Remove(node);
        if (node.Value.WithPages is not { } withPages) return;
        _withPages.Remove(withPages);
        _pageBytes -= node.Value.Pages;
    }

    // The oldest of all is the oldest of its day, and so at the bottom of its stack.
    private void CloseOldest()
    {
        LinkedListNode<Idle> oldest = _byUse.First!;
        Remove(oldest);
        Stack<LinkedListNode<Idle>> same = _idle[oldest.Value.Day];
        LinkedListNode<Idle>[] left = [.. same.Where(node => node != oldest).Reverse()];
        if (left.Length == 0) _idle.Remove(oldest.Value.Day);
        else _idle[oldest.Value.Day] = new Stack<LinkedListNode<Idle>>(left);
        oldest.Value.Database.Dispose();
    }

    private sealed record Idle(DateOnly Day, SqliteDatabase Database, int Generation)
    {
        /// <summary>Memory of its page cache when it was given back, bytes.</summary>
        public long Pages { get; init; }

        /// <summary>Its place among those that hold pages; null where it does not.</summary>
        public LinkedListNode<Idle>? WithPages { get; set; }
    }
}
