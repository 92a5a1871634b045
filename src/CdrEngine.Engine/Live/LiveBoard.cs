using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Engine.Live;

/// <summary>The calls in progress. Lists and sorts by outlines, which the shards make of the calls that changed since
/// somebody looked last, and has only the calls on the page measured.</summary>
public sealed class LiveBoard : ILiveCalls
{
    private readonly Lock _lock = new();
    private readonly LiveOptions _options;
    private readonly LiveCounts _counts;
    private readonly TimeProvider _time;
    private LiveShard[] _shards = [];

    internal LiveBoard(LiveOptions options, LiveCounts counts, TimeProvider time)
    {
        _options = options;
        _counts = counts;
        _time = time;
    }

    /// <inheritdoc />
    public async Task<LivePage> ListAsync(LiveQuery query, CancellationToken stop = default)
    {
        // 1. What the outlines tell. Of all that fit only the best are kept in order: a page of many thousand calls is mostly counting.
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        long afterKey = 0;
        string? afterId = null;
        if (query.Cursor is { } text && !TryReadCursor(text, query, out afterKey, out afterId))
            return new LivePage { Calls = [], Totals = Totals(query.Tenant), CursorRejected = true };
        await RefreshAsync(stop).ConfigureAwait(false);
        var totals = new TotalsSoFar();
        var order = Comparer<(long Key, string Id)>.Create((left, right) => -Compare(left.Key, left.Id, right.Key, right.Id, query.Ascending));
        var best = new PriorityQueue<Found, (long Key, string Id)>(limit + 2, order);
        int matching = 0;
        foreach (LiveEntry entry in Entries())
        {
            // A call that has ended is not outlined anew: its last outline says what it was when somebody looked.
            if (entry.State == LiveState.Ended || entry.Outline is not { } outline || outline.State == CallState.Ended) continue;
            LiveState state = LiveFigures.StateOf(outline);
            LiveMarked marked = entry.Marked(outline);
            if (query.Tenant is { } tenant && marked.Tenant != tenant) continue;
            totals.Add(state, outline.CaptureSource);
            if (!IsOf(marked.Record, state, query)) continue;
            matching++;
            (long Key, string Id) place = (KeyOf(outline, query), entry.Id);
            if (afterId is not null && Compare(place.Key, place.Id, afterKey, afterId, query.Ascending) <= 0) continue;
            if (best.Count <= limit) best.Enqueue(new Found(place.Key, entry, marked), place);
            else best.EnqueueDequeue(new Found(place.Key, entry, marked), place);
        }

        // 2. The page.
        var found = new List<Found>(best.Count);
        while (best.TryDequeue(out Found last, out _)) found.Add(last);
        found.Reverse();
        string? next = found.Count > limit ? Cursor(found[limit - 1], query) : null;
        if (found.Count > limit) found.RemoveRange(limit, found.Count - limit);

        // 3. The figures.
        LiveCall[] calls = new LiveCall[found.Count];
        LiveAnswer?[] answers = query.Quality ? await AskAsync(found.ConvertAll(static item => item.Entry), LiveAsk.Records, stop).ConfigureAwait(false) : new LiveAnswer?[calls.Length];
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i] = answers[i] is { } answer && answer.Record.State != CallState.Ended
                ? LiveFigures.Measured(found[i].Entry.Home.Mark(answer.Record), answer.IsHeld, answer.Now)
                : LiveFigures.Outlined(found[i].Marked, found[i].Entry.Home.Now);
        }

        return new LivePage { Calls = calls, Totals = totals.ToTotals(), Matching = matching, NextCursor = next };
    }

    /// <inheritdoc />
    public LiveTotals Totals(string? tenant = null)
    {
        var totals = new TotalsSoFar();
        foreach (LiveEntry entry in Entries())
        {
            if (entry.State == LiveState.Ended) continue;
            if (tenant is not null && (entry.Outline is not { } outline || entry.Marked(outline).Tenant != tenant)) continue;
            totals.Add(entry.State, entry.Source);
        }

        return totals.ToTotals();
    }

    /// <summary>How many calls go on, by tenant and trunk of the directory.</summary>
    public async Task<IReadOnlyDictionary<(string? Tenant, string? Trunk), int>> CountAsync(CancellationToken stop = default)
    {
        await RefreshAsync(stop).ConfigureAwait(false);
        var counts = new Dictionary<(string? Tenant, string? Trunk), int>();
        foreach (LiveEntry entry in Entries())
        {
            if (entry.State == LiveState.Ended || entry.Outline is not { } outline) continue;
            LiveMarked marked = entry.Marked(outline);
            (string?, string?) key = (marked.Tenant, marked.Record.Marks?.Trunk);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        return counts;
    }

    /// <inheritdoc />
    public async Task<LiveCall?> FindAsync(string id, CancellationToken stop = default)
    {
        if (Find(id) is not { } entry) return null;
        LiveAnswer?[] answers = await AskAsync([entry], LiveAsk.Records, stop).ConfigureAwait(false);
        return answers[0] is { } answer ? LiveFigures.Measured(entry.Home.Mark(answer.Record), answer.IsHeld, answer.Now) : null;
    }

    /// <summary>Whether a call is in progress.</summary>
    public bool IsInProgress(string id) => Find(id) is { } entry && entry.State != LiveState.Ended;

    /// <summary>Where the packets of a call lie that goes on or ended a moment ago, all that were captured so far: they are put on disk first.
    /// Null where there is no such call or no packets are kept.</summary>
    public async Task<byte[]?> ChunksAsync(string id, CancellationToken stop = default)
    {
        if (Find(id) is not { } entry) return null;
        LiveAnswer?[] answers = await AskAsync([entry], LiveAsk.Packets, stop).ConfigureAwait(false);
        return answers[0]?.Chunks;
    }

    internal void Add(LiveShard shard)
    {
        lock (_lock) _shards = [.. _shards, shard];
    }

    internal void Remove(LiveShard shard)
    {
        lock (_lock) _shards = Array.FindAll(_shards, other => other != shard);
    }

    /// <summary>Measures all answered calls, a few at a time.</summary>
    internal async Task MeasureAnsweredAsync(Action<LiveCall> take, CancellationToken stop)
    {
        var entries = new List<LiveEntry>();
        foreach (LiveEntry entry in Entries())
        {
            if (entry.State is LiveState.Answered or LiveState.Held) entries.Add(entry);
        }

        LiveAnswer?[] answers = await AskAsync(entries, LiveAsk.Records, stop).ConfigureAwait(false);
        for (int i = 0; i < answers.Length; i++)
        {
            if (answers[i] is { } answer && answer.Record.State != CallState.Ended) take(LiveFigures.Measured(entries[i].Home.Mark(answer.Record), answer.IsHeld, answer.Now));
        }
    }

    private IEnumerable<LiveEntry> Entries()
    {
        foreach (LiveShard shard in Volatile.Read(ref _shards))
        {
            foreach (LiveEntry? entry in shard.Entries)
            {
                if (entry is not null) yield return entry;
            }
        }
    }

    // One look at each: an index by id would cost every call of every import, for the few that are asked for while they go on.
    private LiveEntry? Find(string id)
    {
        foreach (LiveEntry entry in Entries())
        {
            if (entry.Id == id) return entry;
        }

        return null;
    }

    // Only what changed since somebody looked last is made anew. A call whose shard does not answer stands as it was, or not at all.
    private async Task RefreshAsync(CancellationToken stop)
    {
        var stale = new List<LiveEntry>();
        foreach (LiveEntry entry in Entries())
        {
            if (entry.IsStale && entry.State != LiveState.Ended) stale.Add(entry);
        }

        if (stale.Count > 0) await AskAsync(stale, LiveAsk.Outlines, stop).ConfigureAwait(false);
    }

    private static bool IsOf(CallRecord record, LiveState state, LiveQuery query) =>
        (query.States.Count == 0 || query.States.Contains(state))
        && (query.Source is null || record.CaptureSource == query.Source)
        && (query.Address is not { } address || record.Caller.Address?.Address == address || record.Callee.Address?.Address == address)
        && LiveMatch.IsOf(record, query.Number);

    // The shards side by side, each asked for a few calls at a time: packets come in between.
    private async Task<LiveAnswer?[]> AskAsync(List<LiveEntry> entries, LiveAsk ask, CancellationToken stop)
    {
        var answers = new LiveAnswer?[entries.Count];
        Task[] shards = [.. Enumerable.Range(0, entries.Count).GroupBy(index => entries[index].Home)
            .Select(shard => AskAsync(shard.Key, entries, [.. shard], answers, ask, stop))];
        await Task.WhenAll(shards).ConfigureAwait(false);
        return answers;
    }

    private async Task AskAsync(LiveShard shard, List<LiveEntry> entries, int[] indexes, LiveAnswer?[] answers, LiveAsk ask, CancellationToken stop)
    {
        foreach (int[] part in indexes.Chunk(ask == LiveAsk.Outlines ? _options.OutlinesPerQuestion : _options.CallsPerQuestion))
        {
            var question = new LiveQuestion(Array.ConvertAll(part, index => entries[index]), ask);
            if (!shard.Ask(question)) return;
            try
            {
                LiveAnswer?[] answer = await question.Answer.Task.WaitAsync(_options.AnswerWait, _time, stop).ConfigureAwait(false);
                for (int i = 0; i < part.Length; i++) answers[part[i]] = answer[i];
            }
            catch (TimeoutException)
            {
                // A shard that waits for a slow disk answers later; whoever asks is not held up by it.
                _counts.Add(LiveCounter.Unanswered);
                return;
            }
        }
    }

    private static long KeyOf(CallRecord outline, LiveQuery query) => query.Sort == LiveSort.AnsweredAt
        ? outline.AnsweredAt?.Microseconds ?? (query.Ascending ? long.MaxValue : long.MinValue)
        : outline.StartedAt.Microseconds;

    private static int Compare(long leftKey, string leftId, long rightKey, string rightId, bool ascending)
    {
        int order = leftKey.CompareTo(rightKey);
        if (order == 0) order = string.CompareOrdinal(leftId, rightId);
        return ascending ? order : -order;
    }

    private static string Cursor(in Found last, LiveQuery query) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Seal(query):x8}.{last.Key}.{last.Entry.Id}")));

    private static bool TryReadCursor(string text, LiveQuery query, out long key, out string id)
    {
        key = 0;
        id = "";
        if (!Base64Url.IsValid(text)) return false;
        string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('.');
        if (parts.Length != 3 || parts[0] != Seal(query).ToString("x8", CultureInfo.InvariantCulture)) return false;
        id = parts[2];
        return long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out key) && CallId.IsWellFormed(id);
    }

    // A cursor belongs to the list it came from.
    private static uint Seal(LiveQuery query)
    {
        string text = $"{string.Join(',', query.States)}|{query.Number}|{query.Address}|{query.Source}|{query.Tenant}|{query.Sort}|{query.Ascending}";
        uint hash = 2166136261;
        foreach (char c in text) hash = (hash ^ c) * 16777619;
        return hash;
    }

    private readonly record struct Found(long Key, LiveEntry Entry, LiveMarked Marked);

    private sealed class TotalsSoFar
    {
        private readonly int[] _states = new int[(int)LiveState.Ended];
        private readonly Dictionary<string, int> _sources = new(StringComparer.Ordinal);
        private string? _source;
        private int _ofSource;
        private int _calls;

        public void Add(LiveState state, string source)
        {
            _calls++;
            _states[(int)state]++;

            // Calls of one source come in a row more often than not.
            if (!ReferenceEquals(source, _source))
            {
                Settle();
                _source = source;
            }

            _ofSource++;
        }

        public LiveTotals ToTotals()
        {
            Settle();
            List<(string Source, int Calls)> sources =
                [.. _sources.Select(static pair => (pair.Key, pair.Value)).OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal)];
            if (sources.Count > LiveTotals.MaxSources)
            {
                int rest = sources.Skip(LiveTotals.MaxSources - 1).Sum(static pair => pair.Calls);
                sources.RemoveRange(LiveTotals.MaxSources - 1, sources.Count - LiveTotals.MaxSources + 1);
                sources.Add((LiveTotals.OtherSources, rest));
            }

            _source = null;
            return new LiveTotals(_calls, [.. _states.Select(static (calls, state) => ((LiveState)state, calls))], sources);
        }

        private void Settle()
        {
            if (_source is not null) _sources[_source] = _sources.GetValueOrDefault(_source) + _ofSource;
            _ofSource = 0;
        }
    }
}
