namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>Some records of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">Records; those that are not shown are left out.</param>
/// <param name="Next">Where the list goes on; null at its end.</param>
internal readonly record struct CursorChunk<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A list that goes on by cursors.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Read">Reads on from a cursor (null: from the start), leaving out as many records as said first.</param>
/// <param name="Count">Counts all of it.</param>
/// <param name="CanSkip">Whether the list leaves out records by itself; else they are read and dropped, and zero is always said.</param>
internal sealed record CursorList<T>(Func<string?, int, long, CursorChunk<T>> Read, Func<long> Count, bool CanSkip)
{
    /// <summary>Finds a place before a row, near it, without reading all that stands before; null where the list cannot.</summary>
    public Func<long, (long Row, string? Cursor)>? Seek { get; init; }

    /// <summary>Whether what arrives stands in front.</summary>
    public bool IsNewestFirst { get; init; }
}

/// <summary>Pages by number over lists that know cursors: for each viewer and query the places are remembered at which pages ended, so that the next page
/// goes on there whatever arrives meanwhile. Bounded. Any thread.</summary>
internal sealed class CursorPages(int capacity, TimeSpan age, TimeProvider time)
{
    private const int MostPlaces = 100;
    private const int ReadTogether = 1000;

    // Rows that are as well read and dropped.
    private const int Near = 50;

    private readonly Dictionary<string, Walk> _walks = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>A page and the total.</summary>
    public (IReadOnlyList<T> Items, long Total) Page<T>(string key, long skip, int take, CursorList<T> list)
    {
        Walk walk = Of(key, skip == 0);
        lock (walk)
        {
            long total = walk.Total ??= list.Count();
            if (skip > 0 && skip >= total) return ([], total);
            (long row, string? cursor) = walk.Nearest(skip);
            if (skip - row > Near && list.Seek is { } seek)
            {
                // What arrived since the walk began stands before its first row.
                long came = list.IsNewestFirst ? Math.Max(0, list.Count() - total) : 0;
                (long Row, string? Cursor) place = seek(skip + came);
                if (place.Row - came > row) (row, cursor) = (place.Row - came, place.Cursor);
            }

            while (row < skip && !list.CanSkip)
            {
                CursorChunk<T> passed = list.Read(cursor, (int)Math.Min(ReadTogether, skip - row), 0);
                row += passed.Items.Count;
                cursor = passed.Next;
                if (cursor is null) return ([], total);
            }

            var items = new List<T>(take);
            do
            {
                CursorChunk<T> chunk = list.Read(cursor, take - items.Count, items.Count == 0 ? skip - row : 0);
                row = skip;
                items.AddRange(chunk.Items);
                cursor = chunk.Next;
            }
            while (items.Count < take && cursor is not null);
            if (cursor is not null) walk.Remember(skip + items.Count, cursor, MostPlaces);
            return (items, total);
        }
    }

    private Walk Of(string key, bool anew)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            if (!anew && _walks.TryGetValue(key, out Walk? known) && now - known.Used <= age)
            {
                known.Used = now;
                return known;
            }

            if (_walks.Count >= capacity && !_walks.ContainsKey(key))
            {
                foreach (string old in _walks.Where(walk => now - walk.Value.Used > age).Select(static walk => walk.Key).ToArray()) _walks.Remove(old);
                if (_walks.Count >= capacity) _walks.Remove(_walks.MinBy(static walk => walk.Value.Used).Key);
            }

            return _walks[key] = new Walk { Used = now };
        }
    }

    private sealed class Walk
    {
        private readonly SortedList<long, string> _places = [];

        public DateTimeOffset Used { get; set; }

        public long? Total { get; set; }

        public (long Row, string? Cursor) Nearest(long skip)
        {
            for (int i = _places.Count - 1; i >= 0; i--)
            {
                if (_places.Keys[i] <= skip) return (_places.Keys[i], _places.Values[i]);
            }

            return (0, null);
        }

        public void Remember(long row, string cursor, int most)
        {
            if (_places.Count >= most) _places.RemoveAt(0);
            _places[row] = cursor;
        }
    }
}
