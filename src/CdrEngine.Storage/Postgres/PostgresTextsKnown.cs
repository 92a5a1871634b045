namespace CdrEngine.Storage.Postgres;

/// <summary>What was last found of texts: which calls of a segment have one, so that the pages that follow, and whoever asks the same, read no texts. A segment never changes, and its number is never given to
/// another. Any thread.</summary>
internal sealed class PostgresTextsKnown
{
    // All together; beyond, everything is forgotten: cheaper than an order of use, and seldom.
    private const long MostBytes = 32L << 20;

    // What one that has no calls takes.
    private const int EntryBytes = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SegmentCalls> _texts = new(StringComparer.Ordinal);
    private long _held;

    /// <summary>What is known of a text.</summary>
    /// <param name="key">The text, with what it is looked for in.</param>
    public SegmentCalls Of(string key)
    {
        lock (_lock)
        {
            if (_texts.TryGetValue(key, out SegmentCalls? known)) return known;
            _held += EntryBytes + (2 * key.Length);
            _texts.Add(key, known = new SegmentCalls());
            return known;
        }
    }

    /// <summary>Keeps the calls of a segment that have it.</summary>
    public void Keep(SegmentCalls known, long segment, long[] documents)
    {
        if (!known.Add(segment, documents)) return;
        lock (_lock)
        {
            _held += EntryBytes + (documents.Length * (long)sizeof(long));
            if (_held <= MostBytes) return;
            _held = 0;
            _texts.Clear();
        }
    }
}

/// <summary>The calls of segments that have one text. Any thread.</summary>
internal sealed class SegmentCalls
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<long, long[]> _calls = new();

    /// <summary>The documents of those of a segment, ascending; null where it was not looked at.</summary>
    public long[]? Find(long segment) => _calls.GetValueOrDefault(segment);

    /// <summary>Notes them; false where they are known.</summary>
    public bool Add(long segment, long[] documents) => _calls.TryAdd(segment, documents);
}

/// <summary>The calls or messages that have a text. One thread.</summary>
internal sealed class FoundTexts
{
    /// <summary>Their documents by day; days that have none are left out.</summary>
    public Dictionary<DateOnly, List<long>> Days { get; } = [];

    /// <summary>How many.</summary>
    public long Count { get; private set; }

    /// <summary>Adds some of a day.</summary>
    public void Add(DateOnly day, long[] documents)
    {
        if (documents.Length == 0) return;
        if (!Days.TryGetValue(day, out List<long>? its)) Days.Add(day, its = new List<long>(documents.Length));
        its.AddRange(documents);
        Count += documents.Length;
    }
}
