using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Texts;

/// <summary>The Call-IDs of a day in order: of each call which of them it has, and of each of them some bytes, which tell where others stand between them. Immutable.</summary>
internal sealed class DayCallIds
{
    /// <summary>Calls of a day of which they are kept at most; days of more are asked by conditions, as are those for which there is no room.</summary>
    public const int MostCalls = 65_536;

    /// <summary>Those of a day that are kept as they are, about.</summary>
    public const int Steps = 128;

    // Bytes a call takes: its rank, and eight of its Call-ID.
    private const int CallSize = sizeof(ushort) + sizeof(ulong);

    // What a day takes beside, about: some of its Call-IDs as they are.
    private const int DaySize = 16 * 1024;

    private readonly byte[] _prefix;
    private readonly ulong[] _keys;

    private DayCallIds(TextRanks ranks, byte[] prefix, ulong[] keys) => (Ranks, _prefix, _keys) = (ranks, prefix, keys);

    /// <summary>Which of them each place has.</summary>
    public TextRanks Ranks { get; }

    /// <summary>Memory that those of so many calls take, about, bytes.</summary>
    public static long SizeOf(int calls) => ((long)calls * CallSize) + DaySize;

    /// <summary>How many stand before a text, and whether it is one of them; null where others stand so close that their first bytes do not tell.</summary>
    public (int Below, bool IsThere)? Find(string text)
    {
        (int below, int behind) = Near(text);
        if (below == behind) return (below, false);

        // Those that are kept as they are lead to others, so that they are asked for again.
        IReadOnlyList<TextStep> steps = Ranks.Steps;
        for (int step = Bisection.First(steps.Count, step => steps[step].Rank > below); step < steps.Count && steps[step].Rank <= behind; step++)
        {
            if (steps[step].Text == text) return (steps[step].Rank - 1, true);
        }

        return null;
    }

    /// <summary>How many stand before a text for sure, and how many do or have the same first bytes.</summary>
    public (int Below, int Behind) Near(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int order = bytes.AsSpan(0, Math.Min(bytes.Length, _prefix.Length)).SequenceCompareTo(_prefix);
        if (order != 0) return order < 0 ? (0, 0) : (_keys.Length, _keys.Length);
        ulong key = KeyOf(bytes, _prefix.Length);
        int below = Array.BinarySearch(_keys, key);
        if (below < 0) return (~below, ~below);
        int behind = below + 1;
        while (below > 0 && _keys[below - 1] == key) below--;
        while (behind < _keys.Length && _keys[behind] == key) behind++;
        return (below, behind);
    }

    /// <summary>The places of a day that meet all of some ranges.</summary>
    /// <param name="ranges">They.</param>
    /// <param name="places">Places the day has.</param>
    public DayPlaces Meeting(IReadOnlyList<PlacedRange> ranges, int places)
    {
        var met = new DayPlaces(places);
        (int first, int last) = Ranks.Within(ranges);
        Ranks.AddTo(met, first, last);
        return met;
    }

    // Bytes behind what all have in common, so that those in order have numbers in order.
    private static ulong KeyOf(ReadOnlySpan<byte> text, int prefix)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        key.Clear();
        text[prefix..Math.Min(text.Length, prefix + sizeof(ulong))].CopyTo(key);
        return BinaryPrimitives.ReadUInt64BigEndian(key);
    }

    /// <summary>Puts one together, call by call in order of their Call-IDs. One thread.</summary>
    /// <param name="places">Places of the day.</param>
    /// <param name="steps">Call-IDs that are kept as they are, about.</param>
    internal sealed class Builder(int places, int steps)
    {
        private readonly TextRanks.Builder _ranks = new(places, places, isLower: false, steps);
        private readonly List<byte[]> _texts = [];

        /// <summary>Adds a call.</summary>
        public void Add(ReadOnlySpan<byte> text, int place)
        {
            if (_texts.Count == 0 || !text.SequenceEqual(_texts[^1]))
            {
                _ranks.Begin(text);
                _texts.Add(text.ToArray());
            }

            _ranks.Add(place);
        }

        /// <summary>All; null where a place has two.</summary>
        public DayCallIds? Build()
        {
            if (_ranks.Build() is not { } ranks) return null;
            byte[] prefix = _texts.Count == 0 ? [] : _texts[0][.._texts[0].AsSpan().CommonPrefixLength(_texts[^1])];
            return new DayCallIds(ranks, prefix, [.. _texts.Select(text => KeyOf(text, prefix.Length))]);
        }
    }
}

/// <summary>The Call-IDs of days, as long as nothing is written to them, and as many as there is room for. Any thread.</summary>
/// <param name="capacity">Bytes.</param>
internal sealed class CallIdsKept(long capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, (string Stamp, DayCallIds? Ids, long Size)> _kept = [];
    private long _held;
    private Tuple<int, TextSpread?>? _spread;

    /// <summary>Changes with what is kept.</summary>
    public int Version { get; private set; }

    /// <summary>How the Call-IDs of days are spread; null where that is not known. As long as nothing else is kept it is the one told before: it is a guess, so that it may be of days of which some were let go of since.</summary>
    /// <param name="all">Those of the days.</param>
    public TextSpread? SpreadOf(IEnumerable<DayCallIds> all)
    {
        int version = Version;
        if (_spread is { } told && told.Item1 == version) return told.Item2;
        TextSpread? spread = TextSpread.Of([.. all.Select(static ids => (ids.Ranks.Steps, ids.Ranks.CountSteps(null)))]);
        _spread = Tuple.Create(version, spread);
        return spread;
    }

    /// <summary>Bytes that are free.</summary>
    public long Room
    {
        get
        {
            lock (_lock) return capacity - _held;
        }
    }

    /// <summary>Those of a day; null where there is no room for more, and where they cannot be read.</summary>
    /// <param name="day">The day.</param>
    /// <param name="stamp">Its state.</param>
    /// <param name="size">Memory they take, bytes.</param>
    /// <param name="read">Reads them.</param>
    public DayCallIds? GetOrAdd(DateOnly day, DayStamp stamp, long size, Func<DayCallIds?> read)
    {
        if (TryFind(day, stamp, out DayCallIds? kept)) return kept;

        // Those of other days stay: whoever asks for all days asks for them again.
        if (!stamp.IsSettled || size > Room) return null;
        DayCallIds? ids = read();
        Keep(day, stamp, size, ids);
        return ids;
    }

    /// <summary>Those of a day, or null for one that has none to be told, where that is known.</summary>
    /// <param name="day">The day.</param>
    /// <param name="stamp">Its state.</param>
    /// <param name="ids">They.</param>
    public bool TryFind(DateOnly day, DayStamp stamp, out DayCallIds? ids)
    {
        lock (_lock)
        {
            ids = null;
            if (!_kept.TryGetValue(day, out (string Stamp, DayCallIds? Ids, long Size) kept)) return false;
            if (kept.Stamp == stamp.Text)
            {
                ids = kept.Ids;
                return true;
            }

            Remove(day);
            return false;
        }
    }

    /// <summary>Keeps those of a day, where there is room.</summary>
    /// <param name="day">The day.</param>
    /// <param name="stamp">Its state.</param>
    /// <param name="size">Memory they take, bytes.</param>
    /// <param name="ids">They; null where they cannot be told.</param>
    public void Keep(DateOnly day, DayStamp stamp, long size, DayCallIds? ids)
    {
        lock (_lock)
        {
            Remove(day);
            if (!stamp.IsSettled || size > capacity - _held) return;
            _kept.Add(day, (stamp.Text, ids, size));
            _held += size;
            Version++;
        }
    }

    /// <summary>Forgets a day that is no more.</summary>
    public void Forget(DateOnly day)
    {
        lock (_lock) Remove(day);
    }

    private void Remove(DateOnly day)
    {
        if (!_kept.Remove(day, out (string Stamp, DayCallIds? Ids, long Size) kept)) return;
        _held -= kept.Size;
        Version++;
    }
}
